"""RIS files to records: cut at TY and ER lines, read line by line, mapped tag by tag.

Nothing is dropped: a line without a tag continues the one before, a tag we do not know is kept,
and text that cannot be given to one record for sure is rejected with its reason.
"""

import re

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean_values,
    collect_extra,
    find_date,
    find_doi_in_urls,
    find_pmid_in_urls,
    find_year,
    format_page_range,
    pop_text,
    pop_values,
    split_names,
    unique_values,
)
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, UnreadableEntry
from review.text.encodings import decode_utf8
from review.text.markup import to_plain_text

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

_BARE_DOI = re.compile(r"\s*(?:doi:?\s*)?10\.\d{4,9}/", re.I)
_DASHES = rb"(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xbc\x8d)"
_BLANKS = rb"(?:[ \t]|\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x80-\x8b\xaf])"
_ODD_TAG = re.compile(
    rb"^(?:[ \t]|\xc2\xa0|\xe3\x80\x80|\xef\xbb\xbf)*([A-Z][A-Z0-9])(?:"
    # a no-break or wide blank, then any hyphen; or two plain blanks, then a dash
    + _BLANKS
    + rb"{0,2}(?:\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x80-\x8b\xaf])"
    + _BLANKS
    + rb"{0,2}"
    + _DASHES
    + rb"|(?:  |\t)[ \t]?(?:\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xbc\x8d)|\t-)"
    + rb"(?:\xc2\xa0)?",
    re.M,
)
"""A tag as a web page or a word processor leaves it: no-break blanks, dashes for the hyphen."""
_START = re.compile(rb"^[ \t]*TY  -", re.M)
_LOOSE_START = re.compile(rb"^[ \t]*TY -", re.M)
_END = re.compile(rb"^[ \t]*ER(?:  -.*|[ \t]*-?[ \t]*)$", re.M)
_STRAY = re.compile(rb"^[ \t]*(?!ER)[A-Z][A-Z0-9]  -", re.M)
_LOOSE_STRAY = re.compile(rb"^[ \t]*(?!ER)[A-Z][A-Z0-9] {1,2}-(?: |$)", re.M)
_NOISE = re.compile(rb"^[ \t]*(?:\d+\.?|<\d+\.? ?>|(?:Provider|Database|Content): .*|)[ \t]*$")
_TAG = re.compile(r"[ \t]*([A-Z][A-Z0-9])  -")
_LOOSE_TAG = re.compile(r"[ \t]*([A-Z][A-Z0-9]) {1,2}-(?= |$)")
_TITLE_TAGS = ("TI", "T1")
_SINGLE_TAGS = ("PY", "Y1", "DO", "SP", "VL", "IS", "JO", "JF", "T2", "AN", "UT", "TY")
"""Tags a record has once; several of them twice are two records run together."""


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a RIS file (UTF-8, \\n); what cannot be parted safely is rejected."""
    if _ODD_TAG.search(data):
        data = _ODD_TAG.sub(rb"\1  - ", data)
    loose = _START.search(data) is None  # the whole file writes one space before the hyphen
    starts = [match.start() for match in (_LOOSE_START if loose else _START).finditer(data)]
    stray_pattern = _LOOSE_STRAY if loose else _STRAY
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    has_ends = bool(_END.search(data))
    if starts and stray_pattern.search(data, 0, starts[0]):
        reason = "tags stand before the first TY line: its beginning is missing"
        rejected.append(UnreadableEntry(0, reason, decode_utf8(data[: starts[0]]).strip()))
    for number, offset in enumerate(starts, 1):
        piece = data[offset : starts[number] if number < len(starts) else len(data)]
        end = _END.search(piece)
        if has_ends and number == len(starts) and not end:
            reason = "no ER line at its end: the file is cut short"
            rejected.append(UnreadableEntry(number, reason, decode_utf8(piece).strip()))
            continue
        body, rest = (piece[: end.start()], piece[end.end() :]) if end else (piece, b"")
        fields, problem = _read_fields(decode_utf8(body), _LOOSE_TAG if loose else _TAG)
        if problem:
            rejected.append(UnreadableEntry(number, problem, decode_utf8(body).strip()))
        else:
            _add_stray_lines(fields, rest, stray_pattern)
            records.append(build_record(fields))
        if stray_pattern.search(rest):
            reason = "its TY line is missing: tags follow the ER line of the record before"
            rejected.append(UnreadableEntry(number, reason, decode_utf8(rest).strip()))
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "ris"
    )
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(starts),
    )


def _add_stray_lines(fields: Fields, rest: bytes, stray_pattern: re.Pattern[bytes]) -> None:
    """Keeps text between an ER line and the next record, which belongs to no tag, under ZZ."""
    if not rest.isspace() and rest and not stray_pattern.search(rest):
        lines = [line for line in rest.split(b"\n") if not _NOISE.match(line)]
        if lines:
            fields.setdefault("ZZ", []).extend(decode_utf8(line).strip() for line in lines)


def _read_fields(text: str, tag_pattern: re.Pattern[str]) -> tuple[Fields, str | None]:
    """One entry by tag, and why it cannot be taken as one record; None where it can."""
    fields: Fields = {}
    values: list[str] = []
    match_tag = tag_pattern.match
    for line in text.split("\n"):
        match = match_tag(line)
        if match:
            values = fields.setdefault(match[1], [])
            values.append(line[match.end() :].strip())
        elif (line := line.strip()) and values:
            values[-1] = f"{values[-1]} {line}" if values[-1] else line
    for tag in [tag for tag, values in fields.items() if "" in values]:
        fields[tag] = [value for value in fields[tag] if value]
        if not fields[tag] and tag != "TY":
            del fields[tag]
    if fields.keys() <= {"TY"}:
        return fields, "an empty entry"
    if any(len(set(fields.get(tag, ()))) > 1 for tag in _TITLE_TAGS):
        repeated = [tag for tag in _SINGLE_TAGS if len(set(fields.get(tag, ()))) > 1]
        if repeated:
            return fields, (
                f"two titles and two {repeated[0]} lines: the lines that part two records "
                "(ER and TY) are missing"
            )
    return fields, None


def build_record(fields: Fields) -> Record:
    """The record of one RIS entry; its source is '' where the entry does not tell."""
    funnel_record = funnel_note.read_ris_entry(fields, "N1")
    if funnel_record is not None:
        return funnel_record
    fields = {tag: list(values) for tag, values in fields.items()}
    code = (fields.get("TY") or [""])[0].strip()
    links = pop_values(fields, "UR", "L1", "L2", "L3", "LK")
    urls = unique_values(link for link in links if not _BARE_DOI.match(link))
    database = detect_database.find_stated(fields.get("DB", ()), fields.get("DP", ()))
    source = database or detect_database.find_by_url(urls) or _detect_ieee(fields)
    doi = _find_doi(fields, links)
    year, date = _parse_dates(fields)
    first, last = pop_text(fields, "SP"), pop_text(fields, "EP")
    kinds = [v for v in fields.pop("M3", []) if not normalize_doi(v)]
    return Record(
        source=source,
        title=pop_text(fields, "TI", "T1", "CT", "BT", "ST"),
        authors=_split_authors(pop_values(fields, "AU", "A1")),
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
            if text.strip("/ ") == str(year) or find_date(year, text) == date:
                fields.pop(tag, None)
    return year, date


def _find_doi(fields: Fields, links: list[str]) -> str | None:
    """The DOI in DO, DI or M3, bare in a link tag (EBSCO's L3), or in a resolver's link."""
    text = pop_text(fields, "DO", "DI")
    bare_links = (link for link in links if _BARE_DOI.match(link))
    candidates = (text, *fields.get("M3", ()), *bare_links)
    doi = next((d for v in candidates if (d := normalize_doi(v))), None)
    if text and doi is None:
        fields["DO"] = [text]
    return doi or find_doi_in_urls(links)


def _split_authors(values: list[str]) -> tuple[str, ...]:
    """The authors, also where one line holds several: at ';', at commas that part whole names."""
    names: list[str] = []
    for value in map(to_plain_text, values):
        if ";" in value:
            names += value.split(";")
        elif value.count(",") > 1 or (" and " in value and value.count(",") == 2):
            names += split_names(value)
        else:
            names.append(value)
    return clean_values(name.strip(" ,;") for name in names)


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
