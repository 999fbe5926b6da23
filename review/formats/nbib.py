"""MEDLINE text (.nbib, PubMed and ERIC) to records, read by Bio.Medline.

Bio.Medline ends an entry at a blank line; entries are also cut here at PMID lines and counted.
"""

import re

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean_values,
    collapse_spaces,
    collect_extra,
    decode_utf8,
    find_date,
    find_year,
    pop_text,
    pop_values,
    unique_values,
)
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, Relation, UnreadableEntry

_TAGGED = re.compile(rb"^[A-Z]{2,4} {0,2}- ?", re.M)
_START = re.compile(rb"^PMID- ?\d", re.M)
_BORDER = re.compile(rb"\n[ \t]*\n(?=\s*[A-Z]{2,4} {0,2}-)|\n<\d+>[ \t]*(?=\n)|^<\d+>[ \t]*(?=\n)")
_CONTINUED = re.compile(r"[ \t]*\n {4,}(?=\S)")
_LINE = re.compile(r"^([A-Z]{2,5})( *)- ?", re.M)

RELATIONS = {
    "CIN": "comment_in",
    "CON": "comment_on",
    "CRF": "update_of",
    "CRI": "update_in",
    "ECF": "expression_of_concern_for",
    "ECI": "expression_of_concern_in",
    "EFR": "erratum_for",
    "EIN": "erratum_in",
    "RIN": "retracted_by",
    "ROF": "retraction_of",
    "UIN": "update_in",
    "UOF": "update_of",
}
"""Links PubMed states. Source: MEDLINE/PubMed data element descriptions, NLM."""


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a MEDLINE text file (UTF-8, \\n); the last is rejected where it is cut short."""
    pieces = _split_entries(data)
    complete_count = sum(1 for piece in pieces if re.search(rb"^SO  -", piece, re.M))
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, piece in enumerate(pieces, 1):
        text = decode_utf8(piece)
        last = number == len(pieces)
        if last and 0 < complete_count == len(pieces) - 1 and not re.search(r"^SO  -", text, re.M):
            reason = "no SO line at its end, unlike all others: the file is cut short"
            rejected.append(UnreadableEntry(number, reason, text.strip()))
            continue
        fields = _read_fields(text)
        if not fields:
            rejected.append(UnreadableEntry(number, "no MEDLINE tag in it", text.strip()))
        else:
            records.append(build_record(fields))
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "medline"
    )
    announced = len(_START.findall(data)) or len(pieces)
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        announced,
    )


def _split_entries(data: bytes) -> list[bytes]:
    """The entries: cut at PMID lines where there are any, else at blank lines or '<1>' lines."""
    starts = [match.start() for match in _START.finditer(data)]
    if starts:
        ends = [*starts[1:], len(data)]
        head = data[: starts[0]]
        first = [head] if _TAGGED.search(head) else []
        return first + [data[a:b] for a, b in zip(starts, ends, strict=True)]
    return [piece for piece in _BORDER.split(data) if piece.strip() and _TAGGED.search(piece)]


def _read_fields(text: str) -> Fields:
    """One entry by tag, every tag a list, through Bio.Medline."""
    from Bio import Medline

    start = _LINE.search(text)
    if start is None:
        return {}
    before, text = text[: start.start()].strip(), _CONTINUED.sub(" ", text[start.start() :])
    # ERIC writes 'ISSN - x' and 'OWN - x': Medline wants the tag in 4 columns, then '- '.
    text = _LINE.sub(lambda m: f"{m.group(1)[:4]:<4}- ", text)
    lines = (line + "\n" for line in text.split("\n") if line.strip())
    fields: Fields = {"ZZ": [before]} if before else {}
    for entry in Medline.parse(lines):  # type: ignore[no-untyped-call]
        for tag, values in entry.items():
            fields.setdefault(tag, []).extend([values] if isinstance(values, str) else values)
    return fields


def build_record(fields: Fields) -> Record:
    """The record of one MEDLINE entry; its source is '' where the entry does not tell."""
    fields = {tag: list(values) for tag, values in fields.items()}
    owner = " ".join(fields.get("OWN", ()))
    pmid = normalize_pmid(pop_text(fields, "PMID"))
    links = [value for tag in ("LID", "AID") for value in fields.get(tag, ())]
    doi = _find_doi([*links, *fields.get("DO", ())])
    if doi and normalize_doi(" ".join(fields.get("DO", ()))) == doi:
        fields.pop("DO")
    date_text = collapse_spaces(" ".join(fields.get("DP", fields.get("YR", ()))))
    year = find_year(date_text)
    date = find_date(year, date_text)
    published = [v for v in fields.get("DEP", ()) if re.fullmatch(r"\d{8}", v)]
    if year is None and published:
        year = int(published[0][:4])
    if date is not None and (date_text == str(year) or date.count("-") == 2):
        fields.pop("DP", None)
        fields.pop("YR", None)
    pmcid = normalize_pmcid(" ".join(fields.get("PMC", ())))
    if pmcid:
        fields.pop("PMC")
    arxiv = next((a for v in links if "arxiv" in v.lower() and (a := normalize_arxiv(v))), None)
    source_id = pmid or pop_text(fields, "UI", "OID", "AN")
    return Record(
        source="pubmed"
        if pmid
        else (detect_database.find_by_name(*fields.get("DB", ()), owner) or ""),
        source_id=source_id,
        title=pop_text(fields, "TI", "BTI", "CTI", "TT"),
        authors=_pick_authors(fields),
        year=year,
        date=date,
        journal=pop_text(fields, "JT", "JN", "TA"),
        volume=pop_text(fields, "VI", "VO"),
        issue=pop_text(fields, "IP"),
        pages=pop_text(fields, "PG"),
        abstract=pop_text(fields, "AB"),
        doi=doi,
        pmid=pmid or normalize_pmid(pop_text(fields, "PM")),
        pmcid=pmcid,
        arxiv_id=arxiv,
        language=pop_text(fields, "LA"),
        types=unique_values(pop_values(fields, "PT")),
        keywords=unique_values(pop_values(fields, "OT", "KW")),
        mesh=unique_values(pop_values(fields, "MH")),
        affiliations=unique_values(pop_values(fields, "AD")),
        urls=unique_values(v for v in [*links, *pop_values(fields, "UR")] if v.startswith("http")),
        relations=_build_relations(fields),
        extra=collect_extra(fields),
    )


def _pick_authors(fields: Fields) -> tuple[str, ...]:
    """Full names where every author has one; group authors (CN) last."""
    full, short = fields.get("FAU", []), fields.get("AU", [])
    authors = full if len(full) >= len(short) else short
    if authors is full:
        fields.pop("FAU", None)
    else:
        fields.pop("AU", None)
    return clean_values([*authors, *pop_values(fields, "CN")])


def _find_doi(links: list[str]) -> str | None:
    """The DOI among the article ids: those marked [doi] first, then any that reads as one."""
    marked_values = [v for v in links if "[doi]" in v]
    for value in (*marked_values, *links):
        if "[pii]" not in value and (doi := normalize_doi(value)):
            return doi
    return None


def _build_relations(fields: Fields) -> tuple[Relation, ...]:
    """What PubMed says of other documents, by their PMID where it is given."""
    relations = []
    for tag, kind in RELATIONS.items():
        for value in pop_values(fields, tag):
            numbers = re.search(r"PMID:\s*(\d+)", value)
            target = f"pmid:{numbers.group(1)}" if numbers else (collapse_spaces(value) or value)
            relations.append(Relation(kind, target, "pubmed"))
    return tuple(relations)
