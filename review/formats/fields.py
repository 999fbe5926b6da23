"""Cleans the text of export files: encodings, line ends, names, dates.

In: whatever a database wrote. Out: text with newline line ends, lists of names, ISO dates.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote

from review.identifiers import normalize_doi, normalize_pmid
from review.text.markup import to_plain_text
from review.text.other_authors import split_off_mark
from review.text.placeholders import CLEAR_STARTS, is_placeholder

Fields = dict[str, list[str]]
"""One entry of a file by the file's own tags, in the order the tags came."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(
    r"\b(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b",
    re.I,
)
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d|21\d\d)(?!\d)")
_NUMERIC = re.compile(r"(?<!\d)(\d{4})[-/. ](\d{1,2})(?:[-/. ](\d{1,2}))?(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_DOI_LINK = re.compile(r"(?:doi\.org/|id=doi:|info:doi/|[?&]doi=)(10\.\S+)", re.I)
_PMID_LINK = re.compile(
    r"(?:pubmed(?:\.ncbi\.nlm\.nih\.gov)?/|id=pmid:|info:pmid/)(\d{1,8})(?!\d)", re.I
)
_PAGE_MARK = re.compile(r"^(?:pp\.?\s*|p\.\s*|p\s+|pages?\s+)(?=[A-Za-z]?\d)", re.I)
_INITIALS = re.compile(r"[A-Z]{1,4}|(?:-?[A-Z][a-z]?\.[ -]?){1,5}(?:[JS]r\.?)?")


def collapse_spaces(text: str) -> str | None:
    """The text with single spaces and no space around; None when nothing is left."""
    if "  " not in text and text[:1] != " " and text[-1:] != " " and not _has_other_space(text):
        return text or None
    return " ".join(text.split()) or None


def _has_other_space(text: str) -> bool:
    """Whether white space other than blanks may be in the text; most texts have none."""
    if not text.isascii():
        return not text.isprintable()
    return (
        "\n" in text
        or "\t" in text
        or "\r" in text
        or "\x0b" in text
        or "\x0c" in text
        or "\x1c" in text
        or "\x1d" in text
        or "\x1e" in text
        or "\x1f" in text
    )


def clean_text(text: str) -> str | None:
    """The text cleaned: no inline markup, &amp; &#233; and the like as characters."""
    return collapse_spaces(to_plain_text(text) if "&" in text or "<" in text else text)


def clean_value(value: str) -> str | None:
    """The text cleaned; None for a placeholder ('NA', '[No abstract available]')."""
    if (
        "&" in value
        or "<" in value
        or "  " in value
        or value[:1] == " "
        or value[-1:] == " "
        or (_has_other_space(value) if len(value) > LONG else not value.isprintable())
    ):
        text = clean_text(value)
        return None if is_placeholder(text) else text
    if value[:2] in CLEAR_STARTS:
        return value
    return None if is_placeholder(value) else value


@lru_cache(maxsize=20_000)
def _clean_short_value(value: str) -> str | None:
    return clean_value(value)


SHORT = 24
"""Up to here a text (a journal, a volume, a keyword) often comes again: it is cleaned once."""
LONG = 200
"""From here on it takes less time to look for each kind of white space apart."""


def unique_values(values: Iterable[str | None]) -> tuple[str, ...]:
    """The values cleaned; empty ones, placeholders and repeats dropped, in their order."""
    texts = []
    for value in values:
        if value:
            text = _clean_short_value(value) if len(value) <= SHORT else clean_value(value)
            if text is not None:
                texts.append(text)
    return tuple(dict.fromkeys(texts) if len(texts) > 1 else texts)


def clean_values(values: Iterable[str | None]) -> tuple[str, ...]:
    """The values cleaned; empty ones and placeholders dropped, repeats kept (two authors may
    share a name)."""
    texts = []
    for value in values:
        if value and (text := clean_value(value)) is not None:
            texts.append(text)
    return tuple(texts)


def clean_exact_values(values: Iterable[str | None]) -> tuple[str, ...]:
    """The values with single spaces, empty ones dropped; nothing else is changed."""
    return tuple(tidy for value in values if value and (tidy := collapse_spaces(value)))


def pop_text(fields: Fields, *tags: str) -> str | None:
    """The text of the first tag that says something; it and what repeats it leave `fields`.

    Placeholders ('NA', '[No abstract available]') leave `fields` as well: they say nothing.
    """
    chosen = None
    for tag in tags:
        values = fields.get(tag)
        if values is None:
            continue
        value = values[0] if len(values) == 1 else " ".join(values)
        if value.isdigit():
            text: str | None = value
        else:
            text = _clean_short_value(value) if len(value) <= SHORT else clean_value(value)
        if text is None or text == chosen:
            del fields[tag]
        elif chosen is None:
            chosen = text
            del fields[tag]
    return chosen


def pop_values(fields: Fields, *tags: str) -> list[str]:
    """The values of all the tags in turn; the tags leave `fields`."""
    values: list[str] = []
    for tag in tags:
        if tag in fields:
            values += fields.pop(tag)
    return [value for value in values if not value.isspace() and value]


def find_merged(fields: Mapping[str, Sequence[str]], single_tags: Iterable[str]) -> str | None:
    """Why an entry is two that ran together, where two of its tags say two things; else None.

    Args:
        fields: the entry by tag.
        single_tags: tags that a record of the format has once.
    """
    repeated = [tag for tag in single_tags if tag in fields and len(set(fields[tag])) > 1]
    if len(repeated) < 2:
        return None
    return (
        f"two {repeated[0]} and two {repeated[1]} fields: these are two records, and what "
        "separates them is missing"
    )


def collect_extra(fields: Fields) -> dict[str, tuple[str, ...]]:
    """What no field of a Record took, without its empty values."""
    extra: dict[str, tuple[str, ...]] = {}
    for tag, values in fields.items():
        if texts := tuple([text for value in values if (text := value.strip())]):
            extra[tag] = texts
    return extra


def find_year(*texts: str | None) -> int | None:
    """The first year (1400 to 2199) in the texts; None if there is none."""
    return _find_year(texts)


@lru_cache(maxsize=5_000)
def _find_year(texts: tuple[str | None, ...]) -> int | None:
    for text in texts:
        if text and (match := _YEAR.search(text) or _COMPACT.search(text)):
            return int(match.group(1))
    return None


def find_date(year: int | None, *texts: str | None) -> str | None:
    """The finest ISO date the texts give in that year: YYYY, YYYY-MM or YYYY-MM-DD.

    Knows 2020/12/16, 20201216, 2019///, 2018 Apr 3, DEC 16 2020, 1 September 2021, Sep 18. A
    span of days gives the month, a span of months or a season the year. None when the year is
    unknown.
    """
    return _find_date(year, texts)


@lru_cache(maxsize=5_000)
def _find_date(year: int | None, texts: tuple[str | None, ...]) -> str | None:
    best = f"{year:04d}" if year else None
    for text in texts:
        date = _parse_date(year, text) if text and year else None
        if date and len(date) > len(best or ""):
            best = date
    return best


def _parse_date(year: int, text: str) -> str | None:
    numeric = _NUMERIC.search(text) or _COMPACT.search(text)
    if numeric:
        if int(numeric.group(1)) != year or not 1 <= int(numeric.group(2)) <= 12:
            return None
        month = f"{year:04d}-{int(numeric.group(2)):02d}"
        day = int(numeric.group(3) or 0)
        return f"{month}-{day:02d}" if 1 <= day <= 31 else month
    year_match = _YEAR.search(text)
    if year_match and int(year_match.group()) != year:
        return None
    months = {name[:3].lower() for name in _MONTH.findall(text)}
    if len(months) != 1:
        return None
    month = f"{year:04d}-{_MONTHS.index(months.pop()) + 1:02d}"
    days = [int(n) for n in re.findall(r"(?<!\d)\d{1,2}(?!\d)", text)]
    if len(days) == 1 and 1 <= days[0] <= 31 and "(" not in text:
        return f"{month}-{days[0]:02d}"
    return month


def find_doi_in_urls(urls: Iterable[str]) -> str | None:
    """The DOI a link names as the entry's own: a resolver's link or an OpenURL."""
    for url in urls:
        if "10." not in url:
            continue
        match = _DOI_LINK.search(url)
        if match and (doi := normalize_doi(unquote(match.group(1).split("&")[0]))):
            return doi
    return None


def find_pmid_in_urls(urls: Iterable[str]) -> str | None:
    """The PMID a PubMed link or an OpenURL names as the entry's own."""
    text = " ".join(urls)
    match = _PMID_LINK.search(text) if "pm" in text.lower() else None
    return normalize_pmid(match.group(1)) if match else None


def format_page_range(first: str | None, last: str | None) -> str | None:
    """'first-last', or the one that is there; 'No'-'Specified' (PsycINFO) is unknown."""
    if first and last and first.isdigit() and last.isdigit():
        return f"{first}-{last}" if first != last else first
    if (first, last) == ("No", "Specified"):
        return None
    first = None if is_placeholder(first) else strip_page_mark(first)
    last = None if is_placeholder(last) else last
    if first and last and first != last and "-" not in first:
        return f"{first}-{last}"
    return first or last


def strip_page_mark(pages: str | None) -> str | None:
    """The pages without the 'pp.' before them; 'p1234' (a number of the BMJ) stays."""
    return _PAGE_MARK.sub("", pages) if pages and pages[0] in "pP" else pages


def split_names(text: str) -> tuple[str, ...]:
    """The authors in one cell: split at ';', ' and ', or at commas that part whole names.

    'Li W., Dou Z.' and 'Smith A, Walter B' are two each; 'Smith, John' is one;
    'Smith, J., Doe, K.' is two. Where commas stay ambiguous the text is kept whole. 'et al.' at the
    end stays an item of its own.
    """
    text = to_plain_text(text).strip()  # an entity's semicolon parts no names
    listing, mark = split_off_mark(text)
    if mark:
        return (*split_names(listing), mark)
    if ";" in text:
        return clean_values(part.strip(" ,") for part in text.split(";"))
    if "|" in text:
        return clean_values(text.split("|"))
    if re.search(r"\sand\s", text):
        parts = re.split(r",?\s+and\s+", text)
        if len(parts) == 2 and len(before := split_names(parts[0])) > 1:
            return before + clean_values(parts[1:])
        return clean_values(parts)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) < 2:
        return clean_values(parts)
    if all(_INITIALS.fullmatch(part) for part in parts[1::2]) and len(parts) % 2 == 0:
        return clean_values(f"{a}, {b}" for a, b in zip(parts[::2], parts[1::2], strict=True))
    if all(" " in part for part in parts):
        return clean_values(parts)
    return clean_values([text])


def split_list(text: str) -> list[str]:
    """The items of a cell: split at ';' or '|' or newline where there are any, else at commas."""
    text = to_plain_text(text)
    for mark in (";", "|", "\n"):
        if mark in text:
            return [part for part in text.split(mark) if part.strip()]
    if "," not in text:
        return [text] if text.strip() else []
    # A comma inside brackets belongs to its term: 'cyst (diagnosis, therapy), child'.
    return [part for part in re.split(r",\s*(?![^()]*\))", text) if part.strip()]
