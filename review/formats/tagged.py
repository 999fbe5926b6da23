"""Reads tagged text: Web of Science (.ciw, .txt) and EndNote's % format (.enw, .enl)."""

import itertools
import re
from collections import Counter

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean_values,
    collect_extra,
    find_date,
    find_doi_in_urls,
    find_merged,
    find_year,
    format_page_range,
    pop_text,
    pop_values,
    split_list,
    unique_values,
)
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, UnreadableEntry
from review.text.encodings import decode_utf8

_WOS_START = re.compile(rb"^PT [A-Z]", re.M)
_WOS_END = re.compile(rb"^ER[ \t]*$", re.M)
_WOS_FILE_END = re.compile(rb"^EF[ \t]*$", re.M)
NO_FILE_END_NOTE = (
    "The file has no EF line, with which Web of Science ends every export, so it may be "
    "truncated: compare the number of records with the search."
)
_ITEMS = ("AU", "AF", "BA", "BF", "CA", "GP", "BE", "ED", "CR", "C1", "C3", "RI", "OI")
"""Web of Science tags whose every line is an item of its own; other lines continue a text."""

_WOS_SINGLE_TAGS = ("TI", "PY", "SO", "VL", "IS", "BP", "EP", "DI", "UT", "AB")
_PERCENT_SINGLE_TAGS = ("T", "D", "J", "V", "N", "P", "R", "M", "X")
"""Tags a record has once; two of them twice are two records run together."""

_PERCENT = re.compile(rb"^%(?=[0-9A-Za-z\[\]@!?$^&(>*~+<#)]( |$))", re.M)
_PERCENT_START = re.compile(rb"(?:\A|\n[ \t]*\n)[ \t\n]*(?=%[0-9A-Z] )")


def parse_wos(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a Web of Science export (UTF-8, \\n); one without its ER line is rejected."""
    starts = [match.start() for match in _WOS_START.finditer(data)]
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, start in enumerate(starts, 1):
        piece = data[start : starts[number] if number < len(starts) else len(data)]
        end = _WOS_END.search(piece)
        if end is None:
            reason = "no ER line at its end: the file is truncated"
            rejected.append(UnreadableEntry(number, reason, decode_utf8(piece).strip()))
            continue
        fields = _read_wos_fields(decode_utf8(piece[: end.start()]))
        problem = find_merged(fields, _WOS_SINGLE_TAGS)
        if problem:
            rejected.append(UnreadableEntry(number, problem, decode_utf8(piece).strip()))
        else:
            records.append(build_wos_record(fields))
    default_source = source or "wos"
    is_cut = data.startswith(b"FN ") and not rejected and not _WOS_FILE_END.search(data)
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(starts),
        (NO_FILE_END_NOTE,) if is_cut else (),
    )


def _read_wos_fields(text: str) -> Fields:
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


def build_wos_record(fields: Fields) -> Record:
    """The record of one Web of Science entry by its two-letter tags."""
    fields = {tag: list(values) for tag, values in fields.items()}
    full, short = fields.get("AF", []), fields.get("AU", [])
    authors = pop_values(fields, "AF" if len(full) >= len(short) else "AU")
    year = find_year(*fields.get("PY", ()), *fields.get("EA", ()))
    date = find_date(year, *(f"{day} {year}" for day in fields.get("PD", ())))
    if year is not None:
        fields.pop("PY", None)
    if date and date.count("-") == 2:
        fields.pop("PD", None)
    dois = pop_values(fields, "DI")
    return Record(
        source="wos",
        source_id=pop_text(fields, "UT", "AN"),
        title=pop_text(fields, "TI"),
        authors=clean_values([*authors, *pop_values(fields, "CA", "GP")]),
        year=year,
        date=date,
        journal=pop_text(fields, "SO", "JI", "J9"),
        volume=pop_text(fields, "VL"),
        issue=pop_text(fields, "IS"),
        pages=format_page_range(pop_text(fields, "BP"), pop_text(fields, "EP"))
        or pop_text(fields, "AR"),
        abstract=pop_text(fields, "AB"),
        doi=next((d for v in dois if (d := normalize_doi(v))), None),
        pmid=normalize_pmid(pop_text(fields, "PM")),
        arxiv_id=next(
            (a for v in dois if (a := normalize_arxiv(v)) and "arxiv" in v.lower()), None
        ),
        language=pop_text(fields, "LA"),
        types=unique_values(t for v in pop_values(fields, "DT") for t in v.split(";")),
        keywords=unique_values(t for v in pop_values(fields, "DE", "ID") for t in v.split(";")),
        affiliations=unique_values(pop_values(fields, "C1")),
        extra=collect_extra(fields),
    )


def parse_endnote(data: bytes, source: str | None = None) -> ParseResult:
    """Records of an EndNote % file (UTF-8, \\n): entries are parted by blank lines or %0 lines."""
    pieces = [p for p in _PERCENT_START.split(data) if _PERCENT.search(p)]
    opening_tag = _find_opening_tag(pieces)
    pieces = [part for piece in pieces for part in _split_at_tag(piece, opening_tag)]
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, piece in enumerate(pieces, 1):
        fields = _read_percent_fields(decode_utf8(piece))
        problem = _find_percent_problem(fields)
        if problem is None and opening_tag not in fields and len(pieces) > 2:
            problem = f"no %{opening_tag} line, unlike the others: its beginning is missing"
        if problem:
            rejected.append(UnreadableEntry(number, problem, decode_utf8(piece).strip()))
        else:
            records.append(_build_endnote_record(fields))
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "endnote"
    )
    titles = len(re.findall(rb"^%T ", data, re.M)) or len(pieces)
    announced = max(titles, len(re.findall(rb"^%0 ", data, re.M)))
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        announced,
    )


def _find_percent_problem(fields: Fields) -> str | None:
    """Why an EndNote entry is none, or part of one or of two; None where it is one."""
    if set(fields) <= {"0"}:
        return "an empty entry"
    if not {"0", "T"} & set(fields):
        return "it has no %0 and no %T line: its beginning is missing"
    if len(fields.get("0", ())) > 1:
        return "two %0 lines: these are two records, and the line that separates them is damaged"
    if len(set(fields.get("T", ()))) > 1:
        return "two %T lines: these are two records, and the line that separates them is missing"
    return find_merged(fields, _PERCENT_SINGLE_TAGS)


def _find_opening_tag(pieces: list[bytes]) -> str:
    """The tag that opens most entries of the file, mostly 0; empty if no entry opens with a tag.
    Where as many open with another, because the beginning of one is cut off, 0 or T counts."""
    openings = Counter(piece[1:2].decode("latin-1") for piece in pieces if piece[:1] == b"%")
    most = max(openings.values(), default=0)
    common = [tag for tag, count in openings.items() if count == most]
    return next((tag for tag in ("0", "T") if tag in common), next(iter(common), ""))


def _split_at_tag(piece: bytes, opening_tag: str) -> list[bytes]:
    """The piece cut where %0 or %T opens another entry without a blank line before it.

    That is the tag with which the piece opens; if it opens with another (its beginning is cut off),
    the tag with which the other entries of the file open.
    """
    opening = _PERCENT.search(piece)
    if opening is None:
        return [piece]
    own_tag = piece[opening.end() : opening.end() + 1].decode("latin-1")
    tag = own_tag if own_tag in ("0", "T") else opening_tag
    if tag not in ("0", "T"):
        return [piece]
    starts = [match.start() for match in re.finditer(rf"^%{tag} ".encode(), piece, re.M)]
    cuts = [0, *(starts[1:] if tag == own_tag else starts), len(piece)]
    return [piece[a:b] for a, b in itertools.pairwise(cuts)]


def _read_percent_fields(text: str) -> Fields:
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


def _build_endnote_record(fields: Fields) -> Record:
    """The record of one EndNote % entry. Source of the tags: EndNote 'refer' import format."""
    urls = unique_values(pop_values(fields, "U", ">"))
    year = find_year(*fields.get("D", ()), *fields.get("8", ()))
    date = find_date(year, *fields.get("8", ()), *fields.get("D", ()))
    doi = pop_text(fields, "R")
    if year is not None and " ".join(fields.get("D", ())).strip() == str(year):
        fields.pop("D")
    owner = [*fields.get("~", ()), *fields.get("W", ())]
    accession = pop_text(fields, "M")
    source = detect_database.find_by_name(*owner) or detect_database.find_by_url(urls) or ""
    return Record(
        source=source,
        source_id=accession,
        title=pop_text(fields, "T"),
        authors=clean_values(a.rstrip(",") for a in pop_values(fields, "A")),
        year=year,
        date=date,
        journal=pop_text(fields, "J", "B"),
        volume=pop_text(fields, "V"),
        issue=pop_text(fields, "N"),
        pages=pop_text(fields, "P"),
        abstract=pop_text(fields, "X"),
        doi=normalize_doi(doi) or find_doi_in_urls(urls),
        pmid=normalize_pmid(accession) if source == "pubmed" else None,
        pmcid=next((p for v in fields.get("2", ()) if (p := normalize_pmcid(v))), None),
        arxiv_id=next((a for u in urls if "arxiv.org" in u and (a := normalize_arxiv(u))), None),
        language=pop_text(fields, "G"),
        types=unique_values(pop_values(fields, "0")),
        keywords=unique_values(t for v in pop_values(fields, "K") for t in split_list(v)),
        affiliations=unique_values(pop_values(fields, "+")),
        urls=urls,
        extra={f"%{tag}": values for tag, values in collect_extra(fields).items()},
    )
