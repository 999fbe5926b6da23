"""Reads the FUNNEL note of our own exports: fields from their usual places, the rest from JSON.

An export carries one FUNNEL note per record: a JSON object of every field that the format's own
fields cannot hold exactly. So a correction made in a reference manager comes back, and nothing
that the format has no place for is lost.
"""

import dataclasses
import html
import json
import re
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from review.formats import latex
from review.formats.fields import Fields, clean_exact_values, collapse_spaces
from review.models import ParseResult, Record, UnreadableEntry, record_from_dict

RIS_TAGS = {
    "title": "TI",
    "year": "PY",
    "journal": "T2",
    "volume": "VL",
    "issue": "IS",
    "abstract": "AB",
    "doi": "DO",
    "language": "LA",
    "authors": "AU",
    "keywords": "KW",
    "urls": "UR",
}
"""Fields a RIS export holds in standard tags, when they are plain enough for a line."""

NOTE_COLUMN = "funnel"
"""The column of a table, or field of a BibTeX entry, that holds the note."""

RIS_LISTS = ("authors", "keywords", "urls")

_NOTE = re.compile(r"FUNNEL:\s*(\{.*\})", re.S)


def parse_note(text: str) -> dict[str, Any] | None:
    """The object in a FUNNEL note, also when a reference manager wrapped it in HTML; else None."""
    match = _NOTE.search(text)
    if not match:
        return None
    for candidate in (match.group(1), html.unescape(match.group(1))):
        try:
            data, _ = json.JSONDecoder().raw_decode(candidate)
        except ValueError:
            continue
        return data if isinstance(data, dict) else None
    return None


def restore_record(
    standard_fields: Mapping[str, Any], note_fields: Mapping[str, Any]
) -> Record | None:
    """The record of the standard fields with what the note kept over them; None if it is no note.

    Unknown keys mean that another version wrote the note: then the entry is read as any other.
    """
    field_names = {spec.name for spec in dataclasses.fields(Record)}
    values = {k: v for k, v in standard_fields.items() if v not in (None, (), [])} | dict(
        note_fields
    )
    if not set(values) <= field_names or not isinstance(values.get("source"), str):
        return None
    return record_from_dict({k: v for k, v in values.items() if v is not None})


def read_ris_entry(fields: Fields, note_tag: str) -> Record | None:
    """The record of a RIS entry that a Funnel export wrote; None for any other entry."""
    note_fields = next((n for text in fields.get(note_tag, ()) if (n := parse_note(text))), None)
    if note_fields is None:
        return None
    standard_fields: dict[str, Any] = {}
    for name, tag in RIS_TAGS.items():
        values = fields.get(tag, [])
        standard_fields[name] = (
            clean_exact_values(values) if name in RIS_LISTS else collapse_spaces(" ".join(values))
        )
    if standard_fields["year"] is not None:
        digits = re.search(r"\d{1,4}", standard_fields["year"])
        standard_fields["year"] = int(digits.group()) if digits else None
    return restore_record(standard_fields, note_fields)


_get_other_fields = attrgetter(*(spec.name for spec in dataclasses.fields(Record)[1:]))


def assign_source(record: Record, user_source: str | None, file_source: str) -> Record:
    """The record under the name the user gave, else its own, else the one guessed for the file."""
    name = user_source or record.source or file_source
    return record if record.source == name else Record(name, *_get_other_fields(record))


BIBTEX_TAGS = {
    "title": "title",
    "year": "year",
    "journal": "journal",
    "volume": "volume",
    "issue": "number",
    "pages": "pages",
    "abstract": "abstract",
    "doi": "doi",
    "language": "language",
    "authors": "author",
    "keywords": "keywords",
    "urls": "url",
}


def read_bibtex_entry(fields: Fields) -> Record | None:
    """The record of a BibTeX entry that a Funnel export wrote; None for any other entry."""
    note_fields = next(
        (n for text in fields.get("funnel", ()) if (n := parse_note("FUNNEL: " + text))), None
    )
    if note_fields is None:
        return None
    standard_fields: dict[str, Any] = {}
    for name, tag in BIBTEX_TAGS.items():
        values = fields.get(tag) or (fields.get("booktitle") if name == "journal" else None) or []
        text = collapse_spaces(" ".join(values))
        if name == "doi" or text is None:
            standard_fields[name] = text
        elif name == "authors":
            standard_fields[name] = clean_exact_values(
                latex.to_plain_text(a) for a in re.split(r"\s+and\s+", text)
            )
        elif name == "keywords":
            standard_fields[name] = clean_exact_values(latex.to_plain_text(text).split(";"))
        elif name == "urls":
            standard_fields[name] = clean_exact_values(text.split(" "))
        else:
            standard_fields[name] = latex.to_plain_text(text)
    if standard_fields["pages"]:
        standard_fields["pages"] = standard_fields["pages"].replace("--", "-")
    if standard_fields["year"] is not None:
        standard_fields["year"] = (
            int(standard_fields["year"]) if standard_fields["year"].isdecimal() else None
        )
    return restore_record(standard_fields, note_fields)


STATUS_PREFIX = "review: "
"""How the columns begin that an export adds from the review (its decisions)."""

_LIST_FIELDS = tuple(spec.name for spec in dataclasses.fields(Record) if spec.default == ())
_NUMBER_FIELDS = ("year", "version")


def read_rows(
    rows: Iterable[tuple[int, list[str], str] | UnreadableEntry],
    header: list[str],
    source: str | None = None,
) -> ParseResult:
    """Records of a table that a Funnel export wrote; columns a person added go to `extra`."""
    field_names = {spec.name for spec in dataclasses.fields(Record)} - {"extra", "relations"}
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for row in rows:
        number = len(records) + len(rejected) + 1
        if isinstance(row, UnreadableEntry):
            rejected.append(row)
            continue
        cells = dict(zip(header, (_unescape_cell(c) for c in row[1]), strict=False))
        text = "".join(v for n, v in cells.items() if n.split(" ")[0] == NOTE_COLUMN)
        note_fields = parse_note(f"FUNNEL: {text}") if text else {}
        standard_fields = {
            n: _convert_cell(n, v) for n, v in cells.items() if n in field_names and v
        }
        record = restore_record(standard_fields, note_fields) if note_fields is not None else None
        if record is None:
            reason = f"line {row[0]}: the cells no longer form a record (column source or funnel)"
            rejected.append(UnreadableEntry(number, reason, " | ".join(row[1])))
            continue
        user_columns = {
            n: (v,)
            for n, v in cells.items()
            if v
            and n not in field_names
            and n != "key"
            and not n.startswith((NOTE_COLUMN, STATUS_PREFIX))
        }
        if user_columns:
            record = dataclasses.replace(record, extra={**record.extra, **user_columns})
        records.append(assign_source(record, source, record.source))
    return ParseResult(tuple(records), tuple(rejected), len(records) + len(rejected))


def _unescape_cell(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from reading it as a formula."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@\t\r") else cell


def _convert_cell(name: str, cell: str) -> Any:
    if name in _LIST_FIELDS:
        return clean_exact_values(cell.split(";"))
    if name in _NUMBER_FIELDS:
        return int(cell) if cell.isdecimal() else None
    return cell
