"""Tagged text to records: Web of Science (.ciw, .txt) and EndNote's % format (.enw, .enl)."""

import itertools
import re

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    date_of,
    decoded,
    doi_in,
    each,
    extra_of,
    pages_of,
    split_list,
    take,
    take_all,
    unique,
    year_of,
)
from review.models import (
    Parsed,
    Record,
    Rejected,
    normal_arxiv,
    normal_doi,
    normal_pmcid,
    normal_pmid,
)

_WOS_START = re.compile(rb"^PT [A-Z]", re.M)
_WOS_END = re.compile(rb"^ER[ \t]*$", re.M)
_ITEMS = ("AU", "AF", "BA", "BF", "CA", "GP", "BE", "ED", "CR", "C1", "C3", "RI", "OI")
"""Web of Science tags whose every line is an item of its own; other lines continue a text."""

_PERCENT = re.compile(rb"^%(?=[0-9A-Za-z\[\]@!?$^&(>*~+<#)]( |$))", re.M)
_PERCENT_START = re.compile(rb"(?:\A|\n[ \t]*\n)[ \t\n]*(?=%[0-9A-Z] )")


def parse_wos(data: bytes, source: str | None = None) -> Parsed:
    """Records of a Web of Science export (UTF-8, \\n); one without its ER line is rejected."""
    starts = [found.start() for found in _WOS_START.finditer(data)]
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, start in enumerate(starts, 1):
        piece = data[start : starts[number] if number < len(starts) else len(data)]
        end = _WOS_END.search(piece)
        if end is None:
            reason = "no ER line at its end: the file is cut short"
            rejected.append(Rejected(number, reason, decoded(piece).strip()))
        else:
            records.append(web_of_science(_wos_fields(decoded(piece[: end.start()]))))
    named = source or "wos"
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records), tuple(rejected), len(starts)
    )


def _wos_fields(text: str) -> Fields:
    fields: Fields = {}
    tag = ""
    for line in text.split("\n"):
        if re.match(r"[A-Z][A-Z0-9](?: |$)", line):
            tag = line[:2]
            fields.setdefault(tag, []).append(line[3:].strip())
        elif line.strip() and tag:
            if tag in _ITEMS:
                fields[tag].append(line.strip())
            else:
                fields[tag][-1] += " " + line.strip()
    return fields


def web_of_science(fields: Fields) -> Record:
    """The record of one Web of Science entry by its two-letter tags."""
    fields = {tag: list(values) for tag, values in fields.items()}
    full, short = fields.get("AF", []), fields.get("AU", [])
    people = take_all(fields, "AF" if len(full) >= len(short) else "AU")
    year = year_of(*fields.get("PY", ()), *fields.get("EA", ()))
    date = date_of(year, *(f"{day} {year}" for day in fields.get("PD", ())))
    if year is not None:
        fields.pop("PY", None)
    if date and date.count("-") == 2:
        fields.pop("PD", None)
    dois = take_all(fields, "DI")
    return Record(
        source="wos",
        source_id=take(fields, "UT", "AN"),
        title=take(fields, "TI"),
        authors=each([*people, *take_all(fields, "CA", "GP")]),
        year=year,
        date=date,
        journal=take(fields, "SO", "JI", "J9"),
        volume=take(fields, "VL"),
        issue=take(fields, "IS"),
        pages=pages_of(take(fields, "BP"), take(fields, "EP")) or take(fields, "AR"),
        abstract=take(fields, "AB"),
        doi=next((d for v in dois if (d := normal_doi(v))), None),
        pmid=normal_pmid(take(fields, "PM")),
        arxiv_id=next((a for v in dois if (a := normal_arxiv(v)) and "arxiv" in v.lower()), None),
        language=take(fields, "LA"),
        types=unique(t for v in take_all(fields, "DT") for t in v.split(";")),
        keywords=unique(t for v in take_all(fields, "DE", "ID") for t in v.split(";")),
        affiliations=unique(take_all(fields, "C1")),
        extra=extra_of(fields),
    )


def parse_endnote(data: bytes, source: str | None = None) -> Parsed:
    """Records of an EndNote % file (UTF-8, \\n): entries are parted by blank lines or %0 lines."""
    pieces = [p for p in _PERCENT_START.split(data) if _PERCENT.search(p)]
    pieces = [part for piece in pieces for part in _at_kind(piece)]
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, piece in enumerate(pieces, 1):
        fields = _percent_fields(decoded(piece))
        if set(fields) <= {"0"}:
            rejected.append(Rejected(number, "an empty entry", decoded(piece).strip()))
        else:
            records.append(_endnote(fields))
    named = source or detect_database.of_file((r.source or None for r in records), "endnote")
    titles = len(re.findall(rb"^%T ", data, re.M)) or len(pieces)
    announced = max(titles, len(re.findall(rb"^%0 ", data, re.M)))
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records), tuple(rejected), announced
    )


def _at_kind(piece: bytes) -> list[bytes]:
    """The piece cut where a second %0 or %T line begins another entry without a blank line."""
    for mark in (b"%0 ", b"%T "):
        starts = [m.start() for m in re.finditer(rb"^" + mark, piece, re.M)]
        if len(starts) > 1:
            cuts = [0, *starts[1:], len(piece)]
            return [piece[a:b] for a, b in itertools.pairwise(cuts)]
    return [piece]


def _percent_fields(text: str) -> Fields:
    fields: Fields = {}
    tag = ""
    for line in text.split("\n"):
        if re.match(r"%\S(?: |$)", line):
            tag = line[1]
            fields.setdefault(tag, []).append(line[3:].strip())
        elif line.strip() and tag:
            if tag in "AKE":
                fields[tag].append(line.strip())
            else:
                fields[tag][-1] += " " + line.strip()
    return fields


def _endnote(fields: Fields) -> Record:
    """The record of one EndNote % entry. Source of the tags: EndNote 'refer' import format."""
    urls = unique(take_all(fields, "U", ">"))
    year = year_of(*fields.get("D", ()), *fields.get("8", ()))
    date = date_of(year, *fields.get("8", ()), *fields.get("D", ()))
    doi = take(fields, "R")
    if year is not None and " ".join(fields.get("D", ())).strip() == str(year):
        fields.pop("D")
    owner = [*fields.get("~", ()), *fields.get("W", ())]
    accession = take(fields, "M")
    source = detect_database.by_name(*owner) or detect_database.by_url(urls) or ""
    return Record(
        source=source,
        source_id=accession,
        title=take(fields, "T"),
        authors=each(a.rstrip(",") for a in take_all(fields, "A")),
        year=year,
        date=date,
        journal=take(fields, "J", "B"),
        volume=take(fields, "V"),
        issue=take(fields, "N"),
        pages=take(fields, "P"),
        abstract=take(fields, "X"),
        doi=normal_doi(doi) or doi_in(urls),
        pmid=normal_pmid(accession) if source == "pubmed" else None,
        pmcid=next((p for v in fields.get("2", ()) if (p := normal_pmcid(v))), None),
        arxiv_id=next((a for u in urls if "arxiv.org" in u and (a := normal_arxiv(u))), None),
        language=take(fields, "G"),
        types=unique(take_all(fields, "0")),
        keywords=unique(t for v in take_all(fields, "K") for t in split_list(v)),
        affiliations=unique(take_all(fields, "+")),
        urls=urls,
        extra={f"%{tag}": values for tag, values in extra_of(fields).items()},
    )
