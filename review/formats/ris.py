"""Reads RIS files: split at TY and ER lines, read line by line, mapped tag by tag.

Nothing is dropped: a line without a tag continues the one before, a tag we do not know is kept,
and text that cannot be given to one record for sure is rejected with its reason.
"""

import itertools
import re
from functools import lru_cache

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean_values,
    collect_extra,
    find_date,
    find_doi_in_urls,
    find_merged,
    find_pmid_in_urls,
    find_year,
    format_page_range,
    pop_text,
    pop_values,
    split_names,
    unique_values,
)
from review.identifiers import (
    is_normal_doi,
    normalize_arxiv,
    normalize_doi,
    normalize_pmcid,
    normalize_pmid,
)
from review.models import ParseResult, Record, RecordDraft, UnreadableEntry, freeze_record
from review.text.encodings import decode_utf8
from review.text.markup import to_plain_text

TYPES = {
    "ABST": "Abstract",
    "BOOK": "Book",
    "CHAP": "Book Section",
    "CONF": "Conference Proceedings",
    "CPAPER": "Conference Paper",
    "CTLG": "Catalog",
    "DATA": "Dataset",
    "EBOOK": "Electronic Book",
    "ECHAP": "Electronic Book Section",
    "EJOUR": "Electronic Article",
    "ELEC": "Web Page",
    "GEN": "Generic",
    "INPR": "In Press",
    "JFULL": "Journal",
    "JOUR": "Journal Article",
    "MGZN": "Magazine Article",
    "NEWS": "Newspaper Article",
    "PAMP": "Pamphlet",
    "PAT": "Patent",
    "RPRT": "Report",
    "SER": "Serial",
    "STAND": "Standard",
    "THES": "Thesis",
    "UNPB": "Unpublished Work",
    "UNPD": "Unpublished Work",
}
"""Reference types in words. Source: RIS format specification, Research Information Systems."""

_BARE_DOI = re.compile(r"\s*(?:doi:?\s*)?10\.\d{4,9}/", re.I)
_DASHES = rb"(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xbc\x8d)"
_BLANKS = rb"(?:[ \t]|\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x80-\x8b\xaf])"
_ODD_TAG = re.compile(
    rb"\n(?:[ \t]|\xc2\xa0|\xe3\x80\x80|\xef\xbb\xbf)*([A-Z][A-Z0-9])(?:"
    # a no-break or wide blank, then any hyphen; or two plain blanks, then a dash
    + _BLANKS
    + rb"{0,2}(?:\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x80-\x8b\xaf])"
    + _BLANKS
    + rb"{0,2}"
    + _DASHES
    + rb"|(?:  |\t)[ \t]?(?:\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xbc\x8d)|\t-)"
    + rb"(?:\xc2\xa0)?"
)
"""A tag as a web page or a word processor leaves it: no-break blanks, dashes for the hyphen.

This and the patterns below begin with the line end before a line: that is searched many times
faster than the beginning of a line, so `parse` puts one before the first line."""
_START = re.compile(rb"\n[ \t]*TY  -")
_LOOSE_START = re.compile(rb"\n[ \t]*TY -")
_ANY_END = re.compile(rb"\n[ \t]*ER(?:  -|[ \t]*-?[ \t]*(?:\n|\Z))")
_END = re.compile(r"\n[ \t]*ER(?:  -[^\n]*|[ \t]*-?[ \t]*)(?=\n|\Z)")
_STRAY = re.compile(r"\n[ \t]*(?!ER)[A-Z][A-Z0-9]  -")
_LOOSE_STRAY = re.compile(r"\n[ \t]*(?!ER)[A-Z][A-Z0-9] {1,2}-(?= |\n|\Z)")
_TRID_PAGE = re.compile(r"trid\.trb\.org/view/(\d+)", re.I)
_CENTRAL_NUMBER = re.compile(r"CN-\d{8}")
_ODD_SIGNS = (b"\t", b"\xc2", b"\xe2", b"\xe3", b"\xef")
"""First bytes of the blanks and dashes of an odd tag; a single byte is looked for fastest."""
_DATE_TAGS = ("PY", "Y1", "DA")
_NOISE = re.compile(
    r"[ \t]*(?:\d+\.?|<\d+\.? ?>|Record #\d+ of \d+|(?:Provider|Database|Content): .*|)[ \t]*"
)
_TAG = re.compile(r"\n[ \t]*([A-Z][A-Z0-9])  -")
_LOOSE_TAG = re.compile(r"\n[ \t]*([A-Z][A-Z0-9]) {1,2}-(?= |\n|\Z)")
_TITLE_TAGS = ("TI", "T1")
_TWO_COMMAS = re.compile(r",[^,\n]*,")
_SINGLE_TAGS = frozenset(("PY", "Y1", "DO", "SP", "EP", "VL", "IS", "AN", "UT", "TY", "AB"))
"""Tags a record has once; two of them twice are two records run together."""
_UNREPEATED_TAGS = _SINGLE_TAGS.union(_TITLE_TAGS)
_JOURNAL_TAGS = ("JO", "JF", "T2")
"""Tags that may hold a journal's name in full and short; beside two titles they tell as well."""


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a RIS file (UTF-8, \\n); what cannot be parted safely is rejected."""
    if any(sign in data for sign in _ODD_SIGNS) and _has_line(_ODD_TAG, data):
        data = _ODD_TAG.sub(rb"\n\1  - ", b"\n" + data)
    starts = _find_starts(data, _START)
    loose = not starts  # the whole file writes one space before the hyphen
    if loose:
        starts = _find_starts(data, _LOOSE_START)
    stray_pattern = _LOOSE_STRAY if loose else _STRAY
    tag_pattern = _LOOSE_TAG if loose else _TAG
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    has_ends = _has_line(_ANY_END, data)
    if starts and stray_pattern.search(head := _decode_piece(data, -1, starts[0])):
        reason = "there are tags before the first TY line: its beginning is missing"
        rejected.append(UnreadableEntry(0, reason, head.strip()))
    for number, (offset, stop) in enumerate(itertools.pairwise([*starts, len(data)]), 1):
        piece = _decode_piece(data, offset, stop)
        end = _END.search(piece)
        if has_ends and number == len(starts) and not end:
            reason = "no ER line at its end: the file is truncated"
            rejected.append(UnreadableEntry(number, reason, piece.strip()))
            continue
        body, rest = (piece[: end.start()], piece[end.end() :]) if end else (piece, "")
        fields, problem = _read_fields(body, tag_pattern)
        if problem:
            rejected.append(UnreadableEntry(number, problem, body.strip()))
        else:
            if rest and not rest.isspace():
                _add_stray_lines(fields, rest, stray_pattern)
            records.append(build_record(fields, _UNNAMED))
        if rest and not rest.isspace() and stray_pattern.search(rest):
            reason = "its TY line is missing: tags follow the ER line of the previous record"
            rejected.append(UnreadableEntry(number, reason, rest.strip()))
    return ParseResult(
        tuple(_assign_sources(records, source)),
        tuple(rejected),
        len(starts),
        () if has_ends or not starts else (NO_ENDS_NOTE,),
    )


def _has_line(pattern: re.Pattern[bytes], data: bytes) -> bool:
    """Whether a line of the file matches a pattern that begins with the line end before."""
    return bool(pattern.search(data) or pattern.match(_get_first_line(data)))


def _find_starts(data: bytes, pattern: re.Pattern[bytes]) -> list[int]:
    """Where the line ends before the matching lines are; -1 for the first line of the file."""
    first = [-1] if pattern.match(_get_first_line(data)) else []
    return first + [match.start() for match in pattern.finditer(data)]


def _get_first_line(data: bytes) -> bytes:
    """The first line with a line end on either side; to put one before the file would copy it."""
    return b"\n" + data[: data.find(b"\n") + 1 or len(data)]


def _decode_piece(data: bytes, start: int, stop: int) -> str:
    """The text from a line end on; -1 is the one before the file."""
    return decode_utf8(data[start:stop] if start >= 0 else b"\n" + data[: max(stop, 0)])


NO_ENDS_NOTE = (
    "No record in the file ends with an ER line, so the last one may be truncated: compare it "
    "with the database."
)


_UNNAMED = "ris"
"""The source of entries that name no database, where the rest of the file does not say."""


def _assign_sources(records: list[Record], source: str | None) -> list[Record]:
    """The records under the name given, else their own, else what the others of the file say."""
    default_source = detect_database.choose_for_file(
        (None if record.source == _UNNAMED else record.source for record in records), _UNNAMED
    )
    if source is None and default_source == _UNNAMED:
        return records  # a copy of each takes a tenth of the time
    return [
        funnel_note.assign_source(
            record, source or (default_source if record.source == _UNNAMED else None), _UNNAMED
        )
        for record in records
    ]


def _add_stray_lines(fields: Fields, rest: str, stray_pattern: re.Pattern[str]) -> None:
    """Keeps text between an ER line and the next record, which belongs to no tag, under ZZ."""
    if not stray_pattern.search(rest):
        lines = [line.strip() for line in rest.split("\n") if not _NOISE.fullmatch(line)]
        if lines:
            fields.setdefault("ZZ", []).extend(lines)


def _read_fields(text: str, tag_pattern: re.Pattern[str]) -> tuple[Fields, str | None]:
    """One entry by tag, and why it cannot be taken as one record; None where it can."""
    fields: Fields = {}
    has_repeats = False
    parts = tag_pattern.split(text)
    values = [value.strip() for value in parts[2::2]]
    if text.count("\n") > len(values):  # a line without a tag goes on with the text before
        values = [_join_lines(value) if "\n" in value else value for value in values]
    for tag, value in zip(parts[1::2], values, strict=True):
        if value:
            if tag not in fields:
                fields[tag] = [value]
            else:
                fields[tag].append(value)
                has_repeats = has_repeats or tag in _UNREPEATED_TAGS
    if fields.keys() <= {"TY"}:
        return fields, "an empty entry"
    if has_repeats:
        return fields, find_merged(fields, _SINGLE_TAGS) or _find_second_title(fields)
    return fields, None


def _join_lines(value: str) -> str:
    return " ".join(filter(None, map(str.strip, value.split("\n"))))


def _find_second_title(fields: Fields) -> str | None:
    """Why an entry with two titles is two; None where nothing else comes twice."""
    if any(len(set(fields.get(tag, ()))) > 1 for tag in _TITLE_TAGS):
        return find_merged(fields, (*_TITLE_TAGS, *_SINGLE_TAGS, *_JOURNAL_TAGS))
    return None


def build_record(fields: Fields, unnamed: str = "") -> Record:
    """The record of one RIS entry; its source is `unnamed` where the entry does not say."""
    if "N1" in fields and (note_record := funnel_note.read_ris_entry(fields, "N1")):
        return note_record
    fields = dict(fields)
    code = (fields.get("TY") or [""])[0].strip()
    links = pop_values(fields, "UR", "L1", "L2", "L3", "LK")
    urls = unique_values([link for link in links if not _BARE_DOI.match(link)])
    database = (
        detect_database.find_stated(fields.get("DB", ()), fields.get("DP", ()))
        if "DB" in fields or "DP" in fields
        else None
    )
    source = database or detect_database.find_by_url(urls) or _detect_by_fields(fields)
    doi = _find_doi(fields, links)
    year, date = _parse_dates(fields)
    first, last = pop_text(fields, "SP"), pop_text(fields, "EP")
    kinds = [v for v in fields.pop("M3", ()) if not normalize_doi(v)]
    draft = RecordDraft(
        source=source or unnamed,
        title=pop_text(fields, "TI", "T1", "CT", "BT", "ST"),
        authors=_split_authors(pop_values(fields, "AU", "A1")),
        year=year,
        date=date,
        abstract=pop_text(fields, "AB", "N2"),
        journal=pop_text(fields, "JF", "T2", "JO", "BT", "JA", "J2", "J1"),
        volume=pop_text(fields, "VL", "VO"),
        issue=pop_text(fields, "IS", "CP") or _pop_short_text(fields, "M1"),
        pages=format_page_range(first, last),
        doi=doi,
        pmid=_find_pmid(fields, source, urls),
        pmcid=_find_pmcid(fields, urls),
        arxiv_id=_find_arxiv_id(doi, urls),
        source_id=_find_source_id(fields, urls),
        language=pop_text(fields, "LA"),
        types=unique_values(kinds or [TYPES.get(code, code)]),
        keywords=unique_values(pop_values(fields, "KW", "DE")),
        affiliations=unique_values(pop_values(fields, "AD")) if "AD" in fields else (),
        urls=urls,
        extra=collect_extra(fields),
    )
    return freeze_record(draft)


def _detect_by_fields(fields: Fields) -> str:
    """The database that alone writes such fields: CENTRAL's numbers, IEEE Xplore's two volumes."""
    if any(_CENTRAL_NUMBER.fullmatch(number) for number in fields.get("AN", ())):
        return "cochrane"
    if "VO" not in fields or "VL" not in fields:
        return ""
    return "ieee" if "10.1109/" in " ".join(fields.get("DO", ())) else ""


def _pop_short_text(fields: Fields, tag: str) -> str | None:
    """EndNote keeps the issue in M1, Embase and Ovid an address: only a short text is an issue."""
    text = " ".join(fields.get(tag, ()))
    return pop_text(fields, tag) if 0 < len(text) <= 20 else None


def _parse_dates(fields: Fields) -> tuple[int | None, str | None]:
    texts = tuple([" ".join(fields[tag]) if tag in fields else "" for tag in _DATE_TAGS])
    year, date, read_tags = _read_dates(texts)
    for tag in read_tags:
        fields.pop(tag, None)
    return year, date


@lru_cache(maxsize=5_000)
def _read_dates(texts: tuple[str, ...]) -> tuple[int | None, str | None, tuple[str, ...]]:
    """Year and date that the texts of the date tags give, and the tags that say no more."""
    year = find_year(*texts)
    if year is None:
        return None, None, ()
    date = find_date(year, *texts)
    return (
        year,
        date,
        tuple(
            tag
            for tag, text in zip(_DATE_TAGS, texts, strict=True)
            if text.strip("/ ") == str(year) or find_date(year, text) == date
        ),
    )


def _find_doi(fields: Fields, links: list[str]) -> str | None:
    """The DOI in DO, DI or M3, bare in a link tag (EBSCO's L3), or in a resolver's link."""
    values = fields.get("DO", ())
    if len(values) == 1 and "DI" not in fields and is_normal_doi(values[0]):
        del fields["DO"]
        return values[0]
    text = pop_text(fields, "DO", "DI")
    if text and (doi := normalize_doi(text)):
        return doi
    if text:
        fields["DO"] = [text]
    bare_links = [link for link in links if _BARE_DOI.match(link)]
    for value in (*fields.get("M3", ()), *bare_links):
        if doi := normalize_doi(value):
            return doi
    return find_doi_in_urls(links)


def _hold_several(values: list[str]) -> bool:
    """Whether one of the lines may hold several names, or markup."""
    text = "\n".join(values)
    return (
        ";" in text
        or "&" in text  # an entity's semicolon
        or "<" in text
        or " and " in text
        or _TWO_COMMAS.search(text) is not None
    )


def _split_authors(values: list[str]) -> tuple[str, ...]:
    """The authors, also where one line holds several: at ';', at commas that part whole names."""
    if not _hold_several(values):
        return clean_values([name.strip(" ,") for name in values])
    names: list[str] = []
    for value in map(to_plain_text, values):
        if ";" in value:
            names += value.split(";")
        elif value.count(",") > 1 or (" and " in value and value.count(",") == 2):
            names += split_names(value)
        else:
            names.append(value)
    return clean_values(name.strip(" ,;") for name in names)


def _find_pmid(fields: Fields, source: str, urls: tuple[str, ...]) -> str | None:
    """Embase keeps the PMID in C5, CENTRAL in C3 ('PUBMED 123'), EndNote's PubMed filter in AN,
    some tools in PM or N1."""
    for text in fields.get("C3", ()) if source == "cochrane" else ():
        if pmid := normalize_pmid(text.removeprefix("PUBMED").strip()):
            return pmid
    for tag in ("C5", "PM"):
        if tag in fields and (pmid := normalize_pmid(" ".join(fields[tag]))):
            fields.pop(tag)
            return pmid
    if source == "pubmed" and (pmid := normalize_pmid(" ".join(fields.get("AN", ())))):
        return pmid
    for note in fields.get("N1", ()):
        if match := re.search(r"\bPMID:?\s*(\d{1,8})\b", note):
            return normalize_pmid(match.group(1))
    return find_pmid_in_urls(urls)


def _find_pmcid(fields: Fields, urls: tuple[str, ...]) -> str | None:
    for text in fields.get("C2", ()):
        if pmcid := normalize_pmcid(text):
            return pmcid
    for url in urls:
        if "/pmc" in url.lower() and (pmcid := normalize_pmcid(url)):
            return pmcid
    return None


def _find_arxiv_id(doi: str | None, urls: tuple[str, ...]) -> str | None:
    if doi and doi.startswith("10.48550/") and (arxiv_id := normalize_arxiv(doi)):
        return arxiv_id
    for url in urls:
        if "arxiv.org/" in url.lower() and (arxiv_id := normalize_arxiv(url)):
            return arxiv_id
    return None


def _find_source_id(fields: Fields, urls: tuple[str, ...]) -> str | None:
    """Accession number of the database: AN, U2 (Embase), UT, ID, or the id in a Scopus link."""
    for url in urls:
        if "eid=" in url and (match := re.search(r"eid=(2-s2\.0-\d+)", url)):
            return match.group(1)
    for url in urls:
        if "arnumber=" in url and (match := re.search(r"arnumber=(\d+)", url)):
            return match.group(1)
        if "trid" in url.lower() and (match := _TRID_PAGE.search(url)):
            return match.group(1)
    return pop_text(fields, "AN", "U2", "UT", "ID")
