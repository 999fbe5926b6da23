"""Counts the entries of an export by the markers of its format, without a parser.

Knows nothing of the parsers and imports none of their code: a parser's own idea of an entry would
hide what that idea gets wrong. The import compares both counts exactly and refuses a difference.
"""

import re
from collections.abc import Callable

_RIS = re.compile(
    rb"\n[ \t\xc2\xa0\xe3\x80]*TY"  # the bytes of blanks, no-break and wide ones too
    rb"(?:\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x80-\x8b\xaf]|[ \t]){1,3}"
    rb"(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xbc\x8d)"
)
_RIS_NARROW = re.compile(rb"\n[ \t]*TY - ")
_PMID = re.compile(rb"^PMID ?- ?", re.M)
_OVID_NUMBER = re.compile(rb"^<\d+\.? ?>[ \t]*$", re.M)
_MEDLINE_TITLE = re.compile(rb"^TI {0,2}- ", re.M)
_AT_SIGN = re.compile(rb"(?:^[ \t]*|[})][ \t]*)@([A-Za-z]\w*)\s*[{(]", re.M)
_NO_ENTRIES = (b"comment", b"string", b"preamble")
_WOS = re.compile(rb"^PT [A-Z]", re.M)
_PERCENT_TYPE = re.compile(rb"^%0 ", re.M)
_PERCENT_TITLE = re.compile(rb"^%T ", re.M)
_REFWORKS = re.compile(rb"^RT ", re.M)
_NOTEEXPRESS = re.compile(rb"^\{Reference Type\}", re.M)
_XML_SILENT = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.S)
_XML_RECORD = re.compile(rb"<record[\s>]")
_XML_ARTICLE = re.compile(rb"<Pubmed(?:Book)?Article[\s>]")


def _count(pattern: re.Pattern[bytes], data: bytes) -> int:
    return len(pattern.findall(data))


def _count_lines(pattern: re.Pattern[bytes], data: bytes) -> int:
    """Matches of a pattern that begins with the line end before; the first line has none."""
    first_line = b"\n" + data[: data.find(b"\n") + 1 or len(data)]
    return _count(pattern, data) + bool(pattern.match(first_line))


def _count_ris(data: bytes) -> int:
    """TY lines; one blank before the hyphen counts only where no line has two."""
    narrow = _count_lines(_RIS_NARROW, data) if b"TY - " in data else 0
    return _count_lines(_RIS, data) - narrow or narrow


def _count_medline(data: bytes) -> int:
    """PMID lines; else Ovid's numbers '<1. >'; else titles."""
    return _count(_PMID, data) or _count(_OVID_NUMBER, data) or _count(_MEDLINE_TITLE, data)


def _count_bibtex(data: bytes) -> int:
    """'@type{' at the start of a line or after a closing brace, but for comments and the like."""
    return sum(1 for match in _AT_SIGN.finditer(data) if match.group(1).lower() not in _NO_ENTRIES)


def _count_percent(data: bytes) -> int:
    return max(_count(_PERCENT_TYPE, data), _count(_PERCENT_TITLE, data))


def _count_endnote_xml(data: bytes) -> int:
    return _count(_XML_RECORD, _XML_SILENT.sub(b"", data))


def _count_pubmed_xml(data: bytes) -> int:
    return _count(_XML_ARTICLE, _XML_SILENT.sub(b"", data))


_COUNTERS: dict[str, Callable[[bytes], int]] = {
    "ris": _count_ris,
    "nbib": _count_medline,
    "bibtex": _count_bibtex,
    "wos": lambda data: _count(_WOS, data),
    "endnote": _count_percent,
    "refworks": lambda data: _count(_REFWORKS, data),
    "noteexpress": lambda data: _count(_NOTEEXPRESS, data),
    "endnote_xml": _count_endnote_xml,
    "pubmed_xml": _count_pubmed_xml,
}


def count_markers(kind: str, data: bytes) -> int | None:
    """Entries of the file by its format's marks; None for a kind without marks of its own.

    Args:
        kind: the kind of file as `detect_format` names it.
        data: the file as UTF-8 with \\n line ends.
    """
    counter = _COUNTERS.get(kind)
    return counter(data) if counter else None
