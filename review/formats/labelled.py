"""Reads RefWorks tagged text and NoteExpress text, as exported by CNKI and others.

Both are put in the tags of RIS, which say the same, and built as RIS records are.
"""

import re
from collections.abc import Callable

from review.formats import detect_database, funnel_note, ris
from review.formats.fields import Fields, find_merged
from review.models import ParseResult, Record, UnreadableEntry
from review.text.encodings import decode_utf8
from review.text.markup import to_plain_text

_REFWORKS_START = re.compile(r"^RT (?=\S)", re.M)
_REFWORKS_LINE = re.compile(r"([A-Za-z][A-Za-z0-9])(?: (.*)|)$")
_REFWORKS_TAGS = {
    "RT": "M3",
    "A1": "AU",
    "T1": "TI",
    "YR": "PY",
    "FD": "DA",
    "VO": "VL",
    "OP": "EP",
    "K1": "KW",
    "LK": "UR",
    "UL": "UR",
    "DS": "DB",
    "ID": "ID",
    "NO": "N1",
}
_REFWORKS_KNOWN = frozenset(
    {
        *("SR", "A2", "A3", "A4", "A5", "A6", "AD", "AB", "AN", "AV", "CA", "CL", "CN", "CR"),
        *("CT", "DB", "DO", "ED", "EP", "IS", "JF", "JO", "L1", "LA", "LL", "OT", "PA", "PB"),
        *("PP", "PN", "PM", "PI", "RD", "RP", "SF", "SL", "SN", "SP", "ST", "T2", "T3", "U1"),
        *("U2", "U3", "U4", "U5", "WP", "WT", "WV", "OL"),
    }
)
_NOTEEXPRESS_START = re.compile(r"^\{Reference Type\}", re.M)
_NOTEEXPRESS_LINE = re.compile(r"\{([^{}\n]{1,40})\}: ?(.*)$")
_NOTEEXPRESS_TAGS = {
    "reference type": "M3",
    "title": "TI",
    "author": "AU",
    "author address": "AD",
    "secondary title": "T2",
    "journal": "JF",
    "year": "PY",
    "date": "DA",
    "volume": "VL",
    "issue": "IS",
    "pages": "EP",
    "keywords": "KW",
    "abstract": "AB",
    "isbn/issn": "SN",
    "notes": "N1",
    "url": "UR",
    "doi": "DO",
    "language": "LA",
    "database provider": "DP",
    "database": "DB",
    "accession number": "AN",
    "publisher": "PB",
}
_SINGLE_TAGS = ("TI", "PY", "JF", "VL", "IS", "SP", "DO", "AB", "AN")
"""Tags a record has once; two of them twice are two records run together."""
_LISTS = ("AU", "KW", "AD")


def parse_refworks(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a RefWorks tagged file (UTF-8, \\n): each begins at an RT line."""
    return _parse(data, source, _REFWORKS_START, _match_refworks_line)


def parse_noteexpress(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a NoteExpress file (UTF-8, \\n): each begins at its {Reference Type}."""
    return _parse(data, source, _NOTEEXPRESS_START, _match_noteexpress_line)


LineMatcher = Callable[[str], tuple[str, str] | None]


def _parse(
    data: bytes, source: str | None, start_pattern: re.Pattern[str], match_line: LineMatcher
) -> ParseResult:
    text = decode_utf8(data)
    starts = [match.start() for match in start_pattern.finditer(text)]
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    head = text[: starts[0]] if starts else text
    if any(match_line(line) for line in head.split("\n")):
        reason = "there are fields before the first entry: its beginning is missing"
        rejected.append(UnreadableEntry(0, reason, head.strip()))
    for number, start in enumerate(starts, 1):
        piece = text[start : starts[number] if number < len(starts) else len(text)]
        fields = _read_fields(piece, match_line)
        if fields.keys() <= {"M3", "SR"}:
            rejected.append(UnreadableEntry(number, "an empty entry", piece.strip()))
        elif problem := (
            find_merged(fields, _SINGLE_TAGS)
            or _find_second_title(fields)
            or _find_second_beginning(fields)
        ):
            rejected.append(UnreadableEntry(number, problem, piece.strip()))
        else:
            records.append(ris.build_record(fields))
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "ris"
    )
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(starts),
    )


def _find_second_title(fields: Fields) -> str | None:
    """Why an entry with two titles is two; both formats write the title once."""
    if len(set(fields.get("TI", ()))) < 2:
        return None
    return "two titles: these are two records, and what separates them is missing"


def _find_second_beginning(fields: Fields) -> str | None:
    """Why a RefWorks entry is two: a source type (SR), which follows RT, comes twice."""
    if len(fields.get("SR", ())) < 2:
        return None
    return "two SR lines: these are two records, and the RT line that separates them is missing"


def _match_refworks_line(line: str) -> tuple[str, str] | None:
    """RIS's tag and the text of a line; None for a line that goes on with the text before."""
    match = _REFWORKS_LINE.match(line)
    if match is None:
        return None
    tag = match.group(1).upper()
    if tag not in _REFWORKS_TAGS and tag not in _REFWORKS_KNOWN:
        return None
    return _REFWORKS_TAGS.get(tag, tag), match.group(2) or ""


def _match_noteexpress_line(line: str) -> tuple[str, str] | None:
    match = _NOTEEXPRESS_LINE.match(line)
    if match is None:
        return None
    label = match.group(1).strip()
    return _NOTEEXPRESS_TAGS.get(label.lower(), label), match.group(2)


def _read_fields(piece: str, match_line: LineMatcher) -> Fields:
    fields: Fields = {}
    values: list[str] = []
    for line in piece.split("\n"):
        pair = match_line(line)
        if pair:
            values = fields.setdefault(pair[0], [])
            values.append(pair[1].strip())
        elif line.strip() and values:
            values[-1] = f"{values[-1]} {line.strip()}".strip()
    for tag in (*_LISTS, "LA"):
        if tag in fields:
            fields[tag] = [
                part for value in fields[tag] for part in re.split("[;；]", to_plain_text(value))
            ]
    return {tag: texts for tag, values in fields.items() if (texts := [v for v in values if v])}
