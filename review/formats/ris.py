"""RIS files to records: split at TY lines, read by rispy, mapped tag by tag.

rispy drops what it cannot place in silence, so entries are counted and cut here first.
"""

import functools
import re

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean_values,
    collect_extra,
    decode_utf8,
    find_date,
    find_doi_in_urls,
    find_pmid_in_urls,
    find_year,
    format_page_range,
    pop_text,
    pop_values,
    unique_values,
)
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, UnreadableEntry

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

CHUNK = 1_000
"""Entries handed to rispy at once: bounds the memory of a 100 MB file."""

_START = re.compile(rb"^[ \t]*TY  -", re.M)
_LOOSE_START = re.compile(rb"^[ \t]*TY -", re.M)
_END = re.compile(rb"^[ \t]*ER(?:  -.*|[ \t]*-?[ \t]*)$", re.M)
_TAG = re.compile(r"^[ \t]*([A-Z][A-Z0-9]) {1,2}-(?: |$)", re.M)
_INDENTED = re.compile(r"^[ \t]*([A-Z][A-Z0-9]  -) ?", re.M)
_STRAY = re.compile(rb"^[ \t]*(?!ER)[A-Z][A-Z0-9]  -", re.M)
_NOISE = re.compile(rb"^[ \t]*(?:\d+\.?|<\d+>|(?:Provider|Database|Content): .*|)[ \t]*$")


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a RIS file (UTF-8, \\n); an entry without its ER line at the end is rejected."""
    loose = _START.search(data) is None  # the whole file writes one space before the hyphen
    start_pattern = _LOOSE_START if loose else _START
    starts = [match.start() for match in start_pattern.finditer(data)]
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    pieces: list[tuple[int, bytes]] = []
    ends = bool(_END.search(data))
    if starts and _STRAY.search(data, 0, starts[0]):
        reason = "tags stand before the first TY line: its beginning is missing"
        rejected.append(UnreadableEntry(0, reason, decode_utf8(data[: starts[0]]).strip()))
    for number, offset in enumerate(starts, 1):
        piece = data[offset : starts[number] if number < len(starts) else len(data)]
        if ends and number == len(starts) and not _END.search(piece):
            reason = "no ER line at its end: the file is cut short"
            rejected.append(UnreadableEntry(number, reason, decode_utf8(piece).strip()))
            continue
        pieces.append((number, piece))
        if len(pieces) == CHUNK:
            _read_entries(pieces, loose, records, rejected)
            pieces = []
    _read_entries(pieces, loose, records, rejected)
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "ris"
    )
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(starts),
    )


def _read_entries(
    pieces: list[tuple[int, bytes]],
    loose: bool,
    records: list[Record],
    rejected: list[UnreadableEntry],
) -> None:
    """Adds the records of the pieces; what rispy or we cannot read goes to rejected."""
    texts = [_format_entry(piece, loose) for _, piece in pieces]
    entries = _load_entries("\n".join(texts))
    if len(entries) != len(texts):  # one of them misled rispy: read one at a time
        entries = [candidates[0] if len(candidates := _load_entries(t)) == 1 else {} for t in texts]
    for (number, piece), entry in zip(pieces, entries, strict=True):
        fields = {tag: [v for v in values if v] for tag, values in entry.items()}
        if not any(values for tag, values in fields.items() if tag != "TY"):
            reason = "an empty entry" if entry else "rispy could not read it as one entry"
            rejected.append(UnreadableEntry(number, reason, decode_utf8(piece).strip()))
        else:
            records.append(build_record(fields))


def _format_entry(piece: bytes, loose: bool) -> str:
    """One entry's lines with tags at the line start and exactly one ER line, at its end."""
    end_match = _END.search(piece)
    trailing_bytes = piece[end_match.end() :] if end_match else b""
    text = decode_utf8(piece[: end_match.start()] if end_match else piece)
    if loose:
        text = _TAG.sub(lambda m: f"{m.group(1)}  - ", text)
    trailing_lines = [line for line in trailing_bytes.split(b"\n") if not _NOISE.match(line)]
    for line in trailing_lines:  # text after ER belongs to no tag: kept under a tag of its own
        text += f"\nZZ  - {decode_utf8(line).strip()}"
    return text.strip() + "\nER  - \n"


@functools.cache
def _build_tag_map() -> dict[str, str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return {a + b: a + b for a in letters for b in letters + "0123456789"}


def _load_entries(text: str) -> list[Fields]:
    """rispy's entries with every tag a list under its own name."""
    import rispy

    tags = _build_tag_map()
    text = _INDENTED.sub(r"\1 ", text)
    entries: list[dict[str, list[str] | str]] = rispy.loads(
        text, mapping=tags, list_tags=tags, delimiter_tags_mapping={}
    )
    return [
        {tag: [v] if isinstance(v, str) else list(v) for tag, v in entry.items()}
        for entry in entries
    ]


def build_record(fields: Fields) -> Record:
    """The record of one RIS entry; its source is '' where the entry does not tell."""
    funnel_record = funnel_note.read_ris_entry(fields, "N1")
    if funnel_record is not None:
        return funnel_record
    fields = {tag: list(values) for tag, values in fields.items()}
    code = (fields.get("TY") or [""])[0].strip()
    urls = unique_values(pop_values(fields, "UR", "L1", "L2", "L3", "LK"))
    database = detect_database.find_by_name(*fields.get("DB", ()), *fields.get("DP", ()))
    source = database or detect_database.find_by_url(urls) or _detect_ieee(fields)
    doi = _find_doi(fields, urls)
    year, date = _parse_dates(fields)
    first, last = pop_text(fields, "SP"), pop_text(fields, "EP")
    kinds = [v for v in fields.pop("M3", []) if not normalize_doi(v)]
    return Record(
        source=source,
        title=pop_text(fields, "TI", "T1", "CT", "BT", "ST"),
        authors=clean_values(a.rstrip(";,") for a in pop_values(fields, "AU", "A1")),
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
        types=unique_values([*kinds, *([] if kinds else [TYPES.get(code, code)])]),
        keywords=unique_values(pop_values(fields, "KW", "DE")),
        affiliations=unique_values(pop_values(fields, "AD")),
        urls=urls,
        extra=collect_extra(fields),
    )


def _detect_ieee(fields: Fields) -> str:
    """IEEE Xplore alone writes the volume twice, in VO and VL, under its own DOI prefix."""
    doi = " ".join(fields.get("DO", ()))
    return "ieee" if {"VO", "VL"} <= fields.keys() and "10.1109/" in doi else ""


def _pop_short_text(fields: Fields, tag: str) -> str | None:
    """EndNote keeps the issue in M1, Embase and Ovid an address: only a short text is an issue."""
    text = " ".join(fields.get(tag, ()))
    return pop_text(fields, tag) if 0 < len(text) <= 20 else None


def _parse_dates(fields: Fields) -> tuple[int | None, str | None]:
    texts = [" ".join(fields.get(tag, ())) for tag in ("PY", "Y1", "DA", "Y2")]
    year = find_year(*texts[:3])
    date = find_date(year, *texts[:3])
    if year is not None:
        for tag, text in zip(("PY", "Y1", "DA"), texts, strict=False):
            if re.fullmatch(rf"{year}[/ ]*", text) or find_date(year, text) == date:
                fields.pop(tag, None)
    return year, date


def _find_doi(fields: Fields, urls: tuple[str, ...]) -> str | None:
    text = pop_text(fields, "DO", "DI")
    doi = next((d for v in (text, *fields.get("M3", ())) if (d := normalize_doi(v))), None)
    if text and doi is None:
        fields["DO"] = [text]
    return doi or find_doi_in_urls(urls)


def _find_pmid(fields: Fields, source: str, urls: tuple[str, ...]) -> str | None:
    """Embase keeps the PMID in C5, EndNote's PubMed filter in AN, some tools in PM or N1."""
    for tag in ("C5", "PM"):
        if pmid := normalize_pmid(" ".join(fields.get(tag, ()))):
            fields.pop(tag)
            return pmid
    if source == "pubmed" and (pmid := normalize_pmid(" ".join(fields.get("AN", ())))):
        return pmid
    for note in fields.get("N1", ()):
        if match := re.search(r"\bPMID:?\s*(\d{1,8})\b", note):
            return normalize_pmid(match.group(1))
    return find_pmid_in_urls(urls)


def _find_pmcid(fields: Fields, urls: tuple[str, ...]) -> str | None:
    for text in (*fields.get("C2", ()), *(u for u in urls if "/pmc" in u.lower())):
        if pmcid := normalize_pmcid(text):
            return pmcid
    return None


def _find_arxiv_id(doi: str | None, urls: tuple[str, ...]) -> str | None:
    if doi and (arxiv_id := normalize_arxiv(doi)):
        return arxiv_id
    for url in urls:
        if "arxiv.org/" in url.lower() and (arxiv_id := normalize_arxiv(url)):
            return arxiv_id
    return None


def _find_source_id(fields: Fields, urls: tuple[str, ...]) -> str | None:
    """Accession number of the database: AN, U2 (Embase), UT, ID, or the id in a Scopus link."""
    if match := re.search(r"eid=(2-s2\.0-\d+)", " ".join(urls)):
        return match.group(1)
    if match := re.search(r"arnumber=(\d+)", " ".join(urls)):
        return match.group(1)
    return pop_text(fields, "AN", "U2", "UT", "ID")
