"""Writes records as RIS, BibTeX and JSON that can be imported again without loss.

Each writer takes records and, in the same order, what the review says of each (key, decisions).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from review.formats import plain
from review.formats.author_lists import is_cut_short, list_people
from review.formats.latex import RESERVED_CHARACTERS
from review.models import Record, record_to_dict

ReviewStatuses = Sequence[Mapping[str, str]]
"""One mapping a record in the records' order, e.g. {'key': 'R000001', 'title_abstract': 'include'};
or empty."""

_RIS_TEXT = {
    "title": "TI",
    "journal": "T2",
    "volume": "VL",
    "issue": "IS",
    "abstract": "AB",
    "doi": "DO",
    "language": "LA",
}
_RIS_LISTS = {"authors": "AU", "keywords": "KW", "urls": "UR"}
_RIS_TYPES = (
    ("conference", "CONF"),
    ("proceeding", "CONF"),
    ("book section", "CHAP"),
    ("chapter", "CHAP"),
    ("book", "BOOK"),
    ("thesis", "THES"),
    ("dissertation", "THES"),
    ("report", "RPRT"),
    ("preprint", "UNPB"),
    ("unpublished", "UNPB"),
    ("dataset", "DATA"),
    ("web page", "ELEC"),
)
_ROUND_TRIP_TAGS = ("A2", "A3", "C7", "CY", "ET", "J2", "JA", "JO", "PB", "SN", "ST", "T3")
"""Tags of RIS that an imported record keeps in `extra` and that go out again as they came."""

_ISSN = ("SN", "ISSN", "issn", "IS", "isbn", "ISBN")


def records_to_ris(records: Sequence[Record], status: ReviewStatuses = ()) -> bytes:
    """A RIS file. Each entry's N1 'FUNNEL' note holds what RIS has no exact place for."""
    entries = [_build_ris_entry(r, status[i] if status else {}) for i, r in enumerate(records)]
    return "\r\n".join(entries).encode("utf-8")


def _build_ris_entry(record: Record, status: Mapping[str, str]) -> str:
    lines: list[tuple[str, str]] = [("TY", _get_ris_type(record))]
    exact = []
    for name, tag in _RIS_TEXT.items():
        value = getattr(record, name)
        if value is not None:
            lines.append((tag, plain.clean_line(value)))
            if plain.is_exact_line(value):
                exact.append(name)
    if record.year is not None and 0 <= record.year <= 9999:
        lines.append(("PY", str(record.year)))
        exact.append("year")
    people = list_people(record)
    for name, tag in _RIS_LISTS.items():
        values = getattr(record, name)
        shown = people if name == "authors" else values
        lines += [(tag, plain.clean_line(value)) for value in shown]
        if shown == values and all(plain.is_exact_line(value) for value in values):
            exact.append(name)
    if record.mesh:  # reference managers know keywords only; the note keeps the two apart
        lines += [("KW", plain.clean_line(term)) for term in record.mesh]
        exact.remove("keywords") if "keywords" in exact else None
    lines += _list_extra_tags(record)
    if status:
        lines.append(("N1", f"REVIEW: {plain.format_status(status)}"))
    note_fields = plain.collect_inexact_fields(record, exact)
    if record.mesh:
        note_fields.setdefault("keywords", [])
    lines.append(("N1", f"FUNNEL: {plain.format_note(note_fields)}"))
    return "".join(f"{tag}  - {text}\r\n" for tag, text in lines if text) + "ER  - \r\n"


def _get_ris_type(record: Record) -> str:
    imported_types = record.extra.get("TY", ())
    if imported_types and re.fullmatch(r"[A-Z]{3,7}", imported_types[0]):
        return imported_types[0]
    type_text = " ".join(record.types).lower()
    return next((code for word, code in _RIS_TYPES if word in type_text), "JOUR")


def _list_extra_tags(record: Record) -> list[tuple[str, str]]:
    """Standard tags for other programs; our import takes these fields from the note."""
    first, _, last = (record.pages or "").partition("-")
    lines = [
        ("DA", (record.date or "").replace("-", "/")),
        ("SP", first),
        ("EP", last),
        ("AN", record.source_id or ""),
        ("DB", record.source),
        ("C5", record.pmid or ""),
        ("C2", record.pmcid or ""),
    ]
    lines += [("AD", text) for text in record.affiliations]
    lines += [("M3", text) for text in record.types]
    lines += [(tag, text) for tag in _ROUND_TRIP_TAGS for text in record.extra.get(tag, ())]
    if "SN" not in record.extra:
        lines += [("SN", text) for tag in _ISSN for text in record.extra.get(tag, ())][:1]
    return [(tag, plain.clean_line(text)) for tag, text in lines]


_BIBTEX_TYPES = (
    ("conference", "inproceedings"),
    ("proceeding", "inproceedings"),
    ("book section", "incollection"),
    ("chapter", "incollection"),
    ("book", "book"),
    ("thesis", "phdthesis"),
    ("dissertation", "phdthesis"),
    ("report", "techreport"),
)
_LATEX_ESCAPES = str.maketrans(RESERVED_CHARACTERS)
_VERBATIM = re.compile(r"[^\s{}\\]+")
_AUTHOR_SEPARATOR = re.compile(r"(?:^|\s)and(?:\s|$)")


def records_to_bibtex(records: Sequence[Record], status: ReviewStatuses = ()) -> bytes:
    """A BibTeX file in UTF-8. Each entry's 'funnel' field holds what BibTeX has no place for."""
    used_keys: dict[str, int] = {}
    entries = []
    for i, record in enumerate(records):
        key = _build_cite_key(record, used_keys)
        entries.append(_build_bibtex_entry(record, key, status[i] if status else {}))
    return "\n".join(entries).encode("utf-8")


def _build_cite_key(record: Record, used_keys: dict[str, int]) -> str:
    """Its own key where it came with one, else Family2020; a number is added to a repeated one.

    `used` holds each key given so far, with the last number tried for it.
    """
    base_key = (record.extra.get("ID") or ("",))[0]
    if not re.fullmatch(r"[A-Za-z][\w:./-]*", base_key, re.ASCII):
        people = list_people(record)
        family = re.split(r"[,\s]", people[0])[0] if people else "record"
        base_key = re.sub(r"[^A-Za-z]", "", family) or "record"
        base_key += str(record.year or "")
    key, n = base_key, used_keys.get(base_key.lower(), 1)
    while key.lower() in used_keys:
        n += 1
        key = f"{base_key}-{n}"
    used_keys[base_key.lower()] = n
    used_keys.setdefault(key.lower(), 1)
    return key


def _build_bibtex_entry(record: Record, key: str, status: Mapping[str, str]) -> str:
    type_text = " ".join(record.types).lower()
    default_kind = "article" if record.journal else "misc"
    kind = next((entry for word, entry in _BIBTEX_TYPES if word in type_text), default_kind)
    journal_field = "booktitle" if kind in ("inproceedings", "incollection") else "journal"
    fields, exact = _build_bibtex_fields(record, journal_field)
    for name, value in (
        ("pmid", record.pmid),
        ("pmcid", record.pmcid),
        ("eprint", record.arxiv_id),
        ("archiveprefix", "arXiv" if record.arxiv_id else None),
        ("issn", next((v for t in _ISSN for v in record.extra.get(t, ())), None)),
        ("annote", f"REVIEW: {plain.format_status(status)}" if status else None),
    ):
        if value:
            fields[name] = plain.clean_line(value).translate(_LATEX_ESCAPES)
    fields["funnel"] = _format_bibtex_note(plain.collect_inexact_fields(record, exact))
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{body}}}\n"


def _build_bibtex_fields(record: Record, journal_field: str) -> tuple[dict[str, str], list[str]]:
    """The standard fields, and the names of those that BibTeX holds exactly."""
    fields: dict[str, str] = {}
    exact: list[str] = []
    people = list_people(record)
    names = [plain.clean_line(author).translate(_LATEX_ESCAPES) for author in people]
    fields["author"] = " and ".join([*names, "others"] if is_cut_short(record) else names)
    if people == record.authors and all(
        plain.is_exact_line(a) and not _AUTHOR_SEPARATOR.search(a) for a in people
    ):
        exact.append("authors")
    for name, field in (
        ("title", "title"),
        ("journal", journal_field),
        ("volume", "volume"),
        ("issue", "number"),
        ("abstract", "abstract"),
        ("language", "language"),
    ):
        value = getattr(record, name)
        if value is not None:
            fields[field] = plain.clean_line(value).translate(_LATEX_ESCAPES)
            if plain.is_exact_line(value):
                exact.append(name)
    if record.year is not None and record.year >= 0:
        fields["year"] = str(record.year)
        exact.append("year")
    if record.pages is not None:
        fields["pages"] = (
            plain.clean_line(record.pages).translate(_LATEX_ESCAPES).replace("-", "--")
        )
        if plain.is_exact_line(record.pages) and "--" not in record.pages:
            exact.append("pages")
    if (
        record.doi is not None
        and _VERBATIM.fullmatch(record.doi)
        and plain.is_exact_line(record.doi)
    ):
        fields["doi"] = record.doi
        exact.append("doi")
    links = [url for url in record.urls if _VERBATIM.fullmatch(url) and plain.is_exact_line(url)]
    fields["url"] = links[0] if links else ""
    if len(links) == len(record.urls) <= 1:
        exact.append("urls")
    fields["keywords"] = "; ".join(plain.clean_line(k) for k in record.keywords).translate(
        _LATEX_ESCAPES
    )
    if all(plain.is_exact_line(k) and ";" not in k for k in record.keywords):
        exact.append("keywords")
    return fields, exact


def _format_bibtex_note(data: Mapping[str, Any]) -> str:
    """The note with the braces and '@' inside its texts escaped, so that BibTeX sees none."""

    def escape_text(match: re.Match[str]) -> str:
        text = match.group().replace("{", "\\u007b").replace("}", "\\u007d")
        return text.replace("@", "\\u0040")

    return re.sub(r'"(?:[^"\\]|\\.)*"', escape_text, plain.format_note(data))


def records_to_json(records: Sequence[Record], status: ReviewStatuses = ()) -> bytes:
    """A JSON list, one object a record with all its fields; 'status' holds what the review says."""
    items = []
    for i, record in enumerate(records):
        record_status = dict(status[i]) if status else {}
        key = {"key": record_status.pop("key")} if "key" in record_status else {}
        items.append(
            {
                **key,
                **record_to_dict(record),
                **({"status": record_status} if record_status else {}),
            }
        )
    try:
        return json.dumps(items, ensure_ascii=False, indent=1, default=list).encode("utf-8")
    except UnicodeEncodeError:  # half a character pair from a damaged file
        return json.dumps(items, indent=1, default=list).encode("ascii")


RecordWriter = Callable[[Sequence[Record], ReviewStatuses], bytes]
