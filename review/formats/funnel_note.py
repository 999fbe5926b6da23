"""Reading back what our own exports wrote: fields from the standard places, the rest from JSON.

An export carries one FUNNEL note per record: a JSON object of every field that the format's own
fields cannot hold exactly. So a correction made in a reference manager comes back, and nothing
that the format has no place for is lost.
"""

import dataclasses
import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from review.formats import latex
from review.formats.fields import Fields, clean, each
from review.models import Parsed, Record, Rejected, from_dict

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

COLUMN = "funnel"
"""The column of a table, or field of a BibTeX entry, that holds the note."""

LISTS = ("authors", "keywords", "urls")

_NOTE = re.compile(r"FUNNEL:\s*(\{.*\})", re.S)


def note(text: str) -> dict[str, Any] | None:
    """The object in a FUNNEL note, also when a reference manager wrapped it in HTML; else None."""
    found = _NOTE.search(text)
    if not found:
        return None
    for candidate in (found.group(1), html.unescape(found.group(1))):
        try:
            data, _ = json.JSONDecoder().raw_decode(candidate)
        except ValueError:
            continue
        return data if isinstance(data, dict) else None
    return None


def restored(plain: Mapping[str, Any], kept: Mapping[str, Any]) -> Record | None:
    """The record of the standard fields with what the note kept over them; None if it is no note.

    Unknown keys mean that another version wrote the note: then the entry is read as any other.
    """
    known = {spec.name for spec in dataclasses.fields(Record)}
    values = {k: v for k, v in plain.items() if v not in (None, (), [])} | dict(kept)
    if not set(values) <= known or not isinstance(values.get("source"), str):
        return None
    return from_dict({k: v for k, v in values.items() if v is not None})


def from_lines(fields: Fields, note_tag: str) -> Record | None:
    """The record of a RIS entry that a Funnel export wrote; None for any other entry."""
    kept = next((n for text in fields.get(note_tag, ()) if (n := note(text))), None)
    if kept is None:
        return None
    plain: dict[str, Any] = {}
    for name, tag in RIS_TAGS.items():
        values = fields.get(tag, [])
        plain[name] = each(values) if name in LISTS else clean(" ".join(values))
    if plain["year"] is not None:
        digits = re.search(r"\d{1,4}", plain["year"])
        plain["year"] = int(digits.group()) if digits else None
    return restored(plain, kept)


def named(record: Record, given: str | None, guessed: str) -> Record:
    """The record under the name the user gave, else its own, else the one guessed for the file."""
    name = given or record.source or guessed
    return record if record.source == name else dataclasses.replace(record, source=name)


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


def from_bibtex(fields: Fields) -> Record | None:
    """The record of a BibTeX entry that a Funnel export wrote; None for any other entry."""
    kept = next((n for text in fields.get("funnel", ()) if (n := note("FUNNEL: " + text))), None)
    if kept is None:
        return None
    plain: dict[str, Any] = {}
    for name, tag in BIBTEX_TAGS.items():
        values = fields.get(tag) or (fields.get("booktitle") if name == "journal" else None) or []
        text = clean(" ".join(values))
        if name == "doi" or text is None:
            plain[name] = text
        elif name == "authors":
            plain[name] = each(latex.plain(a) for a in re.split(r"\s+and\s+", text))
        elif name == "keywords":
            plain[name] = each(latex.plain(text).split(";"))
        elif name == "urls":
            plain[name] = each(text.split(" "))
        else:
            plain[name] = latex.plain(text)
    if plain["pages"]:
        plain["pages"] = plain["pages"].replace("--", "-")
    if plain["year"] is not None:
        plain["year"] = int(plain["year"]) if plain["year"].isdecimal() else None
    return restored(plain, kept)


STATUS = "review: "
"""How the columns begin that an export adds from the review (its decisions)."""

_LISTS = tuple(spec.name for spec in dataclasses.fields(Record) if spec.default == ())
_NUMBERS = ("year", "version")


def from_rows(
    rows: Iterable[tuple[int, list[str], str] | Rejected],
    header: list[str],
    source: str | None = None,
) -> Parsed:
    """Records of a table that a Funnel export wrote; columns a person added go to `extra`."""
    known = {spec.name for spec in dataclasses.fields(Record)} - {"extra", "relations"}
    records: list[Record] = []
    rejected: list[Rejected] = []
    for row in rows:
        number = len(records) + len(rejected) + 1
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        cells = dict(zip(header, (_restored_cell(c) for c in row[1]), strict=False))
        text = "".join(v for n, v in cells.items() if n.split(" ")[0] == COLUMN)
        kept = note(f"FUNNEL: {text}") if text else {}
        plain = {n: _typed(n, v) for n, v in cells.items() if n in known and v}
        found = restored(plain, kept) if kept is not None else None
        if found is None:
            reason = f"line {row[0]}: the cells no longer make a record (source or funnel column)"
            rejected.append(Rejected(number, reason, " | ".join(row[1])))
            continue
        more = {
            n: (v,)
            for n, v in cells.items()
            if v and n not in known and n != "key" and not n.startswith((COLUMN, STATUS))
        }
        if more:
            found = dataclasses.replace(found, extra={**found.extra, **more})
        records.append(named(found, source, found.source))
    return Parsed(tuple(records), tuple(rejected), len(records) + len(rejected))


def _restored_cell(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from reading it as a formula."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@\t\r") else cell


def _typed(name: str, cell: str) -> Any:
    if name in _LISTS:
        return each(cell.split(";"))
    if name in _NUMBERS:
        return int(cell) if cell.isdecimal() else None
    return cell
