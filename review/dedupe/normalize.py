"""Normalises printed titles, journals and pages for comparison."""

import html
import re
import unicodedata
from functools import lru_cache

from review.text.folding import strip_accents
from review.text.greek import GREEK_LETTERS

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,40}>")
_NON_ALNUM_ASCII = re.compile(r"[^a-z0-9]+")
_NON_ALNUM = re.compile(r"[\W_]+")
_PRINTED_BREAK = re.compile(r"\\n(?![a-z])")
"""A line break that a program wrote as a backslash and a letter."""
_THOUSANDS = re.compile(r"(?<=\d)[ ,](?=\d{3}(?!\d))")
_LETTERS = {
    "ø": "o",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "ħ": "h",
    "’": "",
    "'": "",
    "ʼ": "",
}


def _split_words(text: str) -> list[str]:
    return text.split()


_GREEK = {letter: name for name, letter in GREEK_LETTERS.items()} | {"ς": "sigma"}
_LETTER_FOLDS = str.maketrans(_LETTERS)
_NAMED_GREEK = str.maketrans({letter: f" {name} " for letter, name in _GREEK.items()})
_GREEK_PROSE = re.compile(r"[α-ωά-ώ]{4}")
_UNSPACED_SCRIPTS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def normalize_text(text: str | None) -> str:
    """The text as lower-case words with single spaces; accents, tags and punctuation gone.

    Greek letters become their names, and scripts written without spaces are set letter by letter,
    so that they compare like words do.
    """
    if not text:
        return ""
    if "\\n" in text:
        text = _PRINTED_BREAK.sub(" ", text)
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    if "'" in text:
        text = text.replace("'", "")
    text = _THOUSANDS.sub("", text)
    if text.isascii():
        return _NON_ALNUM_ASCII.sub(" ", text.lower()).strip()
    text = unicodedata.normalize("NFKC", text).casefold()
    if not _GREEK_PROSE.search(text):
        text = text.translate(_NAMED_GREEK)
    text = unicodedata.normalize("NFC", strip_accents(text.translate(_LETTER_FOLDS)))
    text = _UNSPACED_SCRIPTS.sub(r" \g<0> ", text)
    return _NON_ALNUM.sub(" ", text).strip()


_SUFFIX = re.compile(
    r"[\s.]*(?:\[[^\[\]]{0,300}\]?|\((?:vol|letter|abstract|editorial|review|retraction of)\b"
    r"[^()]*\)?)[\s.]*$",
    re.I,
)
_FORMAT_NOTE = re.compile(
    r"\s*\((?:(?:panel|tutorial)(?: (?:abstract|session|summary))?|experience paper"
    r"|invited (?:talk|paper))\)",
    re.I,
)
"""How proceedings mark what a contribution was: '(panel session)', before or after a subtitle. A
demo or a poster may have a full paper of the same title, so those words stay."""
_ELLIPSIS = re.compile(r"\s*(?:\.\.\.|…)\s*$")
_RETRACTED = re.compile(r"^\W*(?:retracted|withdrawn)(?:\s+article|\s+paper)?\s*[:.\]]\s*", re.I)
_MIN_TITLE_LETTERS = 12
"""Characters a title must keep when a database's suffix is cut from it."""


def clean_title(text: str | None) -> str:
    """The printed title without what databases and proceedings add: '[Review]', '[German]',
    'RETRACTED:', '(Panel)'."""
    if not text:
        return ""
    text = text.strip().strip('"')
    if text.startswith("[") and text.rstrip(". ").endswith("]") and text.count("[") == 1:
        text = text.rstrip(". ")[1:-1]
    if text.startswith("[") and "]" in text[_MIN_TITLE_LETTERS:]:
        head, _, tail = (
            text[1:].rpartition("]") if text.count("]") == 1 else text[1:].partition("]")
        )
        text = head if len(head) > len(tail) else text
    if "racted" in text[:12].lower() or "ithdrawn" in text[:12].lower():
        text = _RETRACTED.sub("", text)
    if "(" in text:
        text = _FORMAT_NOTE.sub("", text)
    while text[-1:] in "]). \t" or "[" in text:
        shortened = _SUFFIX.sub("", text)
        if shortened == text or len(shortened) < _MIN_TITLE_LETTERS:
            break
        text = shortened
    return text


def is_truncated(text: str | None) -> bool:
    """Whether the source itself shows that the title goes on ('...')."""
    return bool(text) and _ELLIPSIS.search(text or "") is not None


NONE, CORRECTION, RETRACTION, CONCERN, REPLY, COMMENT, PROTOCOL = range(7)
KINDS = ("", "correction", "retraction", "expression of concern", "reply", "comment", "protocol")
"""What a title says its document is; two documents of different kinds are never one report."""

_KIND_PATTERNS = [
    (CONCERN, r"^\W*(?:editorial )?expression of concern\b|\[expression of concern"),
    (
        RETRACTION,
        r"^\W*(?:notice of )?retraction(?: notice| note)?(?:\s*[:\-]| to\b| for\b|: |\W*$)"
        r"|^\W*notice of retraction\b|^\W*retraction(?: notice| note)\b",
    ),
    (
        CORRECTION,
        r"^\W*(?:author'?s?'? |publisher'?s? |editorial )?correction(?:s)?"
        r"(?:\s*[:\-]| to\b| for\b|\W*$)"
        r"|^\W*(?:errat(?:um|a)|corrigend(?:um|a)|addendum)\b"
        r"|[:\-.]\s*(?:errat(?:um|a)|corrigend(?:um|a))\W*$",
    ),
    (
        REPLY,
        r"^\W*(?:the )?(?:authors?'?s?'? )?(?:in )?repl(?:y|ies)\b"
        r"|^\W*(?:the )?authors?'?s?'? respon(?:se|d)"
        r"|^\W*response (?:to|:)"
        r"|[:\-.(\[]\s*(?:the )?(?:authors?'?s?'? )?(?:reply|response)\W*$",
    ),
    (
        COMMENT,
        r"^\W*(?:a )?comment(?:s|ary)?(?:\s*[:\-]| on\b| to\b)|^\W*re\s*:|^\W*regarding\b"
        r"|^\W*letter(?:s)?(?: to the editor)?(?:\s*[:\-]| regarding| re\b| on\b)"
        r"|[:\-.(]\s*(?:a |invited )?comment(?:ary)?\W*$",
    ),
    (
        PROTOCOL,
        r"\bprotocols?\b.{0,40}\b(?:study|trial|review|meta-?analysis|cohort)\b"
        r"|\b(?:study|trial|review|meta-?analysis|research) protocol\b"
        r"|[:\-.]\s*(?:a )?protocol\b|^\W*protocol (?:for|of)\b",
    ),
]
_KINDS = [(kind, re.compile(pattern, re.I)) for kind, pattern in _KIND_PATTERNS]
_KIND_HINT = re.compile(
    r"concern|retract|correct|errat|corrigend|addend|repl|respon|comment|\bre\s*:|regard|letter"
    r"|protocol",
    re.I,
)


def classify_title(title: str | None) -> int:
    """What the title says its document is: an index into KINDS, 0 for an ordinary document."""
    if not title or not _KIND_HINT.search(title):
        return NONE
    for number, pattern in _KINDS:
        if pattern.search(title):
            return number
    return NONE


_ROMAN = {"ii": 2, "iii": 3, "iv": 4, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "xi": 11, "xii": 12}
_SERIES_NUMERALS = {
    "i": 1,
    "v": 5,
    "x": 10,
    "a": 1,
    "b": 2,
    "c": 3,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "first": 1,
    "second": 2,
    "third": 3,
}
_SERIES_WORDS = frozenset(
    _split_words(
        "part parts study trial phase stage volume chapter paper report wave "
        "cohort type class number no section experiment series grade"
    )
)
_DIGITS = re.compile(r"\d+")


def extract_numerals(title: str) -> frozenset[str]:
    """The numbers in folded words: digit runs, Roman numerals, and 'a' or 'one' after 'part'.

    'phase II' and 'phase 2' give the same set; 'FOCUS 1' and 'FOCUS 2' do not.
    """
    numbers = {str(int(digits)) for digits in _DIGITS.findall(title) if len(digits) < 10}
    previous_word = ""
    for word in title.split():
        if word in _ROMAN:
            numbers.add(str(_ROMAN[word]))
        elif previous_word in _SERIES_WORDS and word in _SERIES_NUMERALS:
            numbers.add(str(_SERIES_NUMERALS[word]))
        previous_word = word
    return frozenset(numbers)


_COMMON_WORDS = frozenset(
    _split_words(
        "a an and are as at by can do does for from has have how in into is it its of on or our "
        "than "
        "that the their this to under using versus via vs was we what when where which who why "
        "with "
        "der die das und des la le les et el los de del en un una"
    )
)
_GENERIC_WORDS = frozenset(
    _split_words(
        "abstract abstracts acknowledgement acknowledgements acknowledgments address advertisement "
        "announcement announcements annual answer answers article articles author authors award "
        "awards "
        "board book books briefs calendar case chair chairman chief clinical column comment "
        "comments "
        "commentary committee conclusion conference congress contents contributors correction "
        "corrections correspondence corrigendum cover current dear discussion editor editorial "
        "editorials editors errata erratum events ed foreword forthcoming forum front general "
        "guest "
        "highlights image images index information instructions interview introduction "
        "introductory "
        "invited issue issues journal letter letters list masthead matter meeting meetings "
        "memoriam "
        "message minutes month news newsletter note notes notice obituary opinion overview page "
        "papers perspective perspectives point poster preface prefatory president presidential "
        "proceedings program question questions quiz reader readers reading recent remarks reply "
        "report reports response responses retraction review reviewer reviewers reviews section "
        "session special spotlight statement summary supplement symposium table thank thanks "
        "thematic theme toc topic update upcoming view viewpoint views vol volume website week "
        "welcome "
        "word year part number no new january february march april may june july august september "
        "october november december spring summer autumn fall winter"
    )
)
"""Words of which recurring titles are made: 'Editorial introduction', 'Letter to the editor'."""


def count_distinctive_words(title: str) -> int:
    """How many words of a folded title tell it from others: common and column words left out."""
    return sum(
        1
        for word in title.split()
        if word not in _COMMON_WORDS and word not in _GENERIC_WORDS and not word.isdigit()
    )


def is_common(word: str) -> bool:
    """Whether a folded word carries no meaning of its own."""
    return word in _COMMON_WORDS


_VOLUME = re.compile(r"\d+")
_PAGE = re.compile(r"([a-z]{0,5}\.?)\s?0*(\d+)[a-z]?")
_MONTHS = {
    m: n for n, m in enumerate(_split_words("jan feb mar apr may jun jul aug sep oct nov dec"), 1)
}
_DATE_PAGE = re.compile(r"^(?:0*(\d{1,2})-([a-z]{3})|([a-z]{3})-0*(\d{1,2}))$")
_NO_PAGE = re.compile(r"no pagination|^n/?a$|^-+$|^unknown", re.I)


@lru_cache(maxsize=200_000)
def parse_volume(text: str | None) -> str:
    """The first number of a volume ('32 (Supplement 2)' -> '32'); '' where there is none or where
    the text is the tail of a torn one ('2)')."""
    if not text:
        return ""
    if ")" in text and "(" not in text:
        return ""
    match = _VOLUME.search(text)
    return match.group().lstrip("0") if match else ""


_IN_VOLUME = re.compile(r"\d+\s*\(([^()]*)\)")
_SUPPLEMENT = re.compile(r"suppl", re.I)
SUPPLEMENT_OFFSET = 10**9
"""Added to a supplement's number, so that 'Suppl 1' is not issue 1."""


def parse_issue(issue: str | None, volume: str | None = None) -> int:
    """The number of an issue, of '57(6)' where the volume holds it; 0 where there is none.

    Where the volume holds it, a number in the field of the issue is often that of the article. A
    supplement's number is above SUPPLEMENT_OFFSET.
    """
    match = _IN_VOLUME.match(volume.strip()) if volume and "(" in volume else None
    text = match.group(1) if match and parse_volume(match.group(1)) else issue
    number = parse_volume(text)
    if not text or not number or len(number) > 9:
        return 0
    return int(number) + (SUPPLEMENT_OFFSET if _SUPPLEMENT.search(text) else 0)


_ROMAN_PAGE = re.compile(r"(?=[ivx])x{0,3}(?:ix|iv|v?i{0,3})")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10}


def _parse_roman(text: str) -> int:
    values = [_ROMAN_DIGITS[letter] for letter in text]
    next_values = [*values[1:], 0]
    return sum(
        -value if value < next_value else value
        for value, next_value in zip(values, next_values, strict=True)
    )


def parse_pages(text: str | None) -> tuple[str, str, str]:
    """Prefix and number of the first page, and the number of the last one; '' where unknown.

    'pp. S30--S31' gives ('s', '30', '31'), '1881-9' ('', '1881', '1889'), 'e24' ('e', '24', ''),
    'iii-ix' ('roman', '3', ''), the spreadsheet's dates '01-Oct' ('', '1', '10') and '21-Aug' ('',
    '21', '28'); a torn first page ('Suppl-87') is unknown.
    """
    if not text:
        return "", "", ""
    lowered = _NO_PAGE.sub("", text.strip().lower()).split(";")[0]
    date_match = _DATE_PAGE.match(lowered)
    month = _MONTHS.get(date_match.group(2) or date_match.group(3)) if date_match else None
    if date_match and month:
        day = date_match.group(1) or date_match.group(4)
        first, last = (day, str(month)) if date_match.group(1) else (str(month), day)
        return "", first, _complete_last_page(first, last)
    lowered = re.sub(r"^(?:pp?|pages?|art(?:icle)?)\b[. ]*(?:no\b[. ]*)?", "", lowered)
    parts = [part.strip() for part in re.split(r"\s*[-–—]+\s*", lowered) if part.strip()]
    if parts and all(_ROMAN_PAGE.fullmatch(part) for part in parts[:2]):
        return (
            "roman",
            str(_parse_roman(parts[0])),
            "",
        )  # begun anew in each issue, so no span counts
    page_match = _PAGE.search(parts[0]) if parts else None
    if not page_match:
        return "", "", ""
    prefix, first = page_match.group(1).strip("."), page_match.group(2)
    last_match = _PAGE.search(parts[1]) if len(parts) > 1 else None
    return prefix, first, _complete_last_page(first, last_match.group(2) if last_match else "")


def _complete_last_page(first: str, last: str) -> str:
    """A last page in full: '28' for '8' after '21'."""
    return first[: len(first) - len(last)] + last if last else ""
