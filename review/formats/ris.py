"""RIS files to records: split at TY lines, read by rispy, mapped tag by tag.

rispy drops what it cannot place in silence, so entries are counted and cut here first.
"""

import functools
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
    pmid_in,
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


def parse(data: bytes, source: str | None = None) -> Parsed:
    """Records of a RIS file (UTF-8, \\n); an entry without its ER line at the end is rejected."""
    loose = _START.search(data) is None  # the whole file writes one space before the hyphen
    start = _LOOSE_START if loose else _START
    starts = [found.start() for found in start.finditer(data)]
    records: list[Record] = []
    rejected: list[Rejected] = []
    pieces: list[tuple[int, bytes]] = []
    ends = bool(_END.search(data))
    if starts and _STRAY.search(data, 0, starts[0]):
        reason = "tags stand before the first TY line: its beginning is missing"
        rejected.append(Rejected(0, reason, decoded(data[: starts[0]]).strip()))
    for number, at in enumerate(starts, 1):
        piece = data[at : starts[number] if number < len(starts) else len(data)]
        if ends and number == len(starts) and not _END.search(piece):
            reason = "no ER line at its end: the file is cut short"
            rejected.append(Rejected(number, reason, decoded(piece).strip()))
            continue
        pieces.append((number, piece))
        if len(pieces) == CHUNK:
            _read(pieces, loose, records, rejected)
            pieces = []
    _read(pieces, loose, records, rejected)
    named = source or detect_database.of_file((r.source or None for r in records), "ris")
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records), tuple(rejected), len(starts)
    )


def _read(
    pieces: list[tuple[int, bytes]],
    loose: bool,
    records: list[Record],
    rejected: list[Rejected],
) -> None:
    """Adds the records of the pieces; what rispy or we cannot read goes to rejected."""
    texts = [_one_entry(piece, loose) for _, piece in pieces]
    entries = _rispy("\n".join(texts))
    if len(entries) != len(texts):  # one of them misled rispy: read one at a time
        entries = [found[0] if len(found := _rispy(t)) == 1 else {} for t in texts]
    for (number, piece), entry in zip(pieces, entries, strict=True):
        fields = {tag: [v for v in values if v] for tag, values in entry.items()}
        if not any(values for tag, values in fields.items() if tag != "TY"):
            reason = "an empty entry" if entry else "rispy could not read it as one entry"
            rejected.append(Rejected(number, reason, decoded(piece).strip()))
        else:
            records.append(record_of(fields))


def _one_entry(piece: bytes, loose: bool) -> str:
    """One entry's lines with tags at the line start and exactly one ER line, at its end."""
    found = _END.search(piece)
    after = piece[found.end() :] if found else b""
    text = decoded(piece[: found.start()] if found else piece)
    if loose:
        text = _TAG.sub(lambda m: f"{m.group(1)}  - ", text)
    left = [line for line in after.split(b"\n") if not _NOISE.match(line)]
    for line in left:  # text after ER belongs to no tag: kept under a tag of its own
        text += f"\nZZ  - {decoded(line).strip()}"
    return text.strip() + "\nER  - \n"


@functools.cache
def _every_tag() -> dict[str, str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return {a + b: a + b for a in letters for b in letters + "0123456789"}


def _rispy(text: str) -> list[Fields]:
    """rispy's entries with every tag a list under its own name."""
    import rispy

    tags = _every_tag()
    text = _INDENTED.sub(r"\1 ", text)
    entries: list[dict[str, list[str] | str]] = rispy.loads(
        text, mapping=tags, list_tags=tags, delimiter_tags_mapping={}
    )
    return [
        {tag: [v] if isinstance(v, str) else list(v) for tag, v in entry.items()}
        for entry in entries
    ]


def record_of(fields: Fields) -> Record:
    """The record of one RIS entry; its source is '' where the entry does not tell."""
    kept = funnel_note.from_lines(fields, "N1")
    if kept is not None:
        return kept
    fields = {tag: list(values) for tag, values in fields.items()}
    code = (fields.get("TY") or [""])[0].strip()
    urls = unique(take_all(fields, "UR", "L1", "L2", "L3", "LK"))
    database = detect_database.by_name(*fields.get("DB", ()), *fields.get("DP", ()))
    source = database or detect_database.by_url(urls) or _by_habit(fields)
    doi = _doi(fields, urls)
    year, date = _dates(fields)
    first, last = take(fields, "SP"), take(fields, "EP")
    kinds = [v for v in fields.pop("M3", []) if not normal_doi(v)]
    return Record(
        source=source,
        title=take(fields, "TI", "T1", "CT", "BT", "ST"),
        authors=each(a.rstrip(";,") for a in take_all(fields, "AU", "A1")),
        year=year,
        date=date,
        abstract=take(fields, "AB", "N2"),
        journal=take(fields, "JF", "T2", "JO", "BT", "JA", "J2", "J1"),
        volume=take(fields, "VL", "VO"),
        issue=take(fields, "IS", "CP") or _short(fields, "M1"),
        pages=pages_of(first, last),
        doi=doi,
        pmid=_pmid(fields, source, urls),
        pmcid=_pmcid(fields, urls),
        arxiv_id=_arxiv(doi, urls),
        source_id=_source_id(fields, urls),
        language=take(fields, "LA"),
        types=unique([*kinds, *([] if kinds else [TYPES.get(code, code)])]),
        keywords=unique(take_all(fields, "KW", "DE")),
        affiliations=unique(take_all(fields, "AD")),
        urls=urls,
        extra=extra_of(fields),
    )


def _by_habit(fields: Fields) -> str:
    """IEEE Xplore alone writes the volume twice, in VO and VL, under its own DOI prefix."""
    doi = " ".join(fields.get("DO", ()))
    return "ieee" if {"VO", "VL"} <= fields.keys() and "10.1109/" in doi else ""


def _short(fields: Fields, tag: str) -> str | None:
    """EndNote keeps the issue in M1, Embase and Ovid an address: only a short text is an issue."""
    text = " ".join(fields.get(tag, ()))
    return take(fields, tag) if 0 < len(text) <= 20 else None


def _dates(fields: Fields) -> tuple[int | None, str | None]:
    said = [" ".join(fields.get(tag, ())) for tag in ("PY", "Y1", "DA", "Y2")]
    year = year_of(*said[:3])
    date = date_of(year, *said[:3])
    if year is not None:
        for tag, text in zip(("PY", "Y1", "DA"), said, strict=False):
            if re.fullmatch(rf"{year}[/ ]*", text) or date_of(year, text) == date:
                fields.pop(tag, None)
    return year, date


def _doi(fields: Fields, urls: tuple[str, ...]) -> str | None:
    text = take(fields, "DO", "DI")
    doi = next((d for v in (text, *fields.get("M3", ())) if (d := normal_doi(v))), None)
    if text and doi is None:
        fields["DO"] = [text]
    return doi or doi_in(urls)


def _pmid(fields: Fields, source: str, urls: tuple[str, ...]) -> str | None:
    """Embase keeps the PMID in C5, EndNote's PubMed filter in AN, some tools in PM or N1."""
    for tag in ("C5", "PM"):
        if pmid := normal_pmid(" ".join(fields.get(tag, ()))):
            fields.pop(tag)
            return pmid
    if source == "pubmed" and (pmid := normal_pmid(" ".join(fields.get("AN", ())))):
        return pmid
    for note in fields.get("N1", ()):
        if found := re.search(r"\bPMID:?\s*(\d{1,8})\b", note):
            return normal_pmid(found.group(1))
    return pmid_in(urls)


def _pmcid(fields: Fields, urls: tuple[str, ...]) -> str | None:
    for text in (*fields.get("C2", ()), *(u for u in urls if "/pmc" in u.lower())):
        if pmcid := normal_pmcid(text):
            return pmcid
    return None


def _arxiv(doi: str | None, urls: tuple[str, ...]) -> str | None:
    if doi and (found := normal_arxiv(doi)):
        return found
    for url in urls:
        if "arxiv.org/" in url.lower() and (found := normal_arxiv(url)):
            return found
    return None


def _source_id(fields: Fields, urls: tuple[str, ...]) -> str | None:
    """Accession number of the database: AN, U2 (Embase), UT, ID, or the id in a Scopus link."""
    if found := re.search(r"eid=(2-s2\.0-\d+)", " ".join(urls)):
        return found.group(1)
    if found := re.search(r"arnumber=(\d+)", " ".join(urls)):
        return found.group(1)
    return take(fields, "AN", "U2", "UT", "ID")
