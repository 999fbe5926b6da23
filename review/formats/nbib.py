"""MEDLINE text (.nbib, PubMed and ERIC) to records, read by Bio.Medline.

Bio.Medline ends an entry at a blank line; entries are also cut here at PMID lines and counted.
"""

import re

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean,
    date_of,
    decoded,
    each,
    extra_of,
    take,
    take_all,
    unique,
    year_of,
)
from review.models import (
    Parsed,
    Record,
    Rejected,
    Relation,
    normal_arxiv,
    normal_doi,
    normal_pmcid,
    normal_pmid,
)

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


def parse(data: bytes, source: str | None = None) -> Parsed:
    """Records of a MEDLINE text file (UTF-8, \\n); the last is rejected where it is cut short."""
    pieces = _pieces(data)
    whole = sum(1 for piece in pieces if re.search(rb"^SO  -", piece, re.M))
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, piece in enumerate(pieces, 1):
        text = decoded(piece)
        last = number == len(pieces)
        if last and 0 < whole == len(pieces) - 1 and not re.search(r"^SO  -", text, re.M):
            reason = "no SO line at its end, unlike all others: the file is cut short"
            rejected.append(Rejected(number, reason, text.strip()))
            continue
        fields = _fields(text)
        if not fields:
            rejected.append(Rejected(number, "no MEDLINE tag in it", text.strip()))
        else:
            records.append(record_of(fields))
    named = source or detect_database.of_file((r.source or None for r in records), "medline")
    announced = len(_START.findall(data)) or len(pieces)
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records), tuple(rejected), announced
    )


def _pieces(data: bytes) -> list[bytes]:
    """The entries: cut at PMID lines where there are any, else at blank lines or '<1>' lines."""
    starts = [found.start() for found in _START.finditer(data)]
    if starts:
        ends = [*starts[1:], len(data)]
        head = data[: starts[0]]
        first = [head] if _TAGGED.search(head) else []
        return first + [data[a:b] for a, b in zip(starts, ends, strict=True)]
    return [piece for piece in _BORDER.split(data) if piece.strip() and _TAGGED.search(piece)]


def _fields(text: str) -> Fields:
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


def record_of(fields: Fields) -> Record:
    """The record of one MEDLINE entry; its source is '' where the entry does not tell."""
    fields = {tag: list(values) for tag, values in fields.items()}
    owner = " ".join(fields.get("OWN", ()))
    pmid = normal_pmid(take(fields, "PMID"))
    links = [value for tag in ("LID", "AID") for value in fields.get(tag, ())]
    doi = _doi([*links, *fields.get("DO", ())])
    if doi and normal_doi(" ".join(fields.get("DO", ()))) == doi:
        fields.pop("DO")
    said = clean(" ".join(fields.get("DP", fields.get("YR", ()))))
    year = year_of(said)
    date = date_of(year, said)
    published = [v for v in fields.get("DEP", ()) if re.fullmatch(r"\d{8}", v)]
    if year is None and published:
        year = int(published[0][:4])
    if date is not None and (said == str(year) or date.count("-") == 2):
        fields.pop("DP", None)
        fields.pop("YR", None)
    pmcid = normal_pmcid(" ".join(fields.get("PMC", ())))
    if pmcid:
        fields.pop("PMC")
    arxiv = next((a for v in links if "arxiv" in v.lower() and (a := normal_arxiv(v))), None)
    source_id = pmid or take(fields, "UI", "OID", "AN")
    return Record(
        source="pubmed" if pmid else (detect_database.by_name(*fields.get("DB", ()), owner) or ""),
        source_id=source_id,
        title=take(fields, "TI", "BTI", "CTI", "TT"),
        authors=_authors(fields),
        year=year,
        date=date,
        journal=take(fields, "JT", "JN", "TA"),
        volume=take(fields, "VI", "VO"),
        issue=take(fields, "IP"),
        pages=take(fields, "PG"),
        abstract=take(fields, "AB"),
        doi=doi,
        pmid=pmid or normal_pmid(take(fields, "PM")),
        pmcid=pmcid,
        arxiv_id=arxiv,
        language=take(fields, "LA"),
        types=unique(take_all(fields, "PT")),
        keywords=unique(take_all(fields, "OT", "KW")),
        mesh=unique(take_all(fields, "MH")),
        affiliations=unique(take_all(fields, "AD")),
        urls=unique(v for v in [*links, *take_all(fields, "UR")] if v.startswith("http")),
        relations=_relations(fields),
        extra=extra_of(fields),
    )


def _authors(fields: Fields) -> tuple[str, ...]:
    """Full names where every author has one; group authors (CN) last."""
    full, short = fields.get("FAU", []), fields.get("AU", [])
    people = full if len(full) >= len(short) else short
    if people is full:
        fields.pop("FAU", None)
    else:
        fields.pop("AU", None)
    return each([*people, *take_all(fields, "CN")])


def _doi(links: list[str]) -> str | None:
    """The DOI among the article ids: those marked [doi] first, then any that reads as one."""
    marked = [v for v in links if "[doi]" in v]
    for value in (*marked, *links):
        if "[pii]" not in value and (doi := normal_doi(value)):
            return doi
    return None


def _relations(fields: Fields) -> tuple[Relation, ...]:
    """What PubMed says of other documents, by their PMID where it is given."""
    found = []
    for tag, kind in RELATIONS.items():
        for value in take_all(fields, tag):
            numbers = re.search(r"PMID:\s*(\d+)", value)
            target = f"pmid:{numbers.group(1)}" if numbers else (clean(value) or value)
            found.append(Relation(kind, target, "pubmed"))
    return tuple(found)
