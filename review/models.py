"""The nouns of a review: records as sources gave them, and what people and tools said of them.

Identifiers are kept in one normal form each, so that equal identifiers are equal strings.
"""

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

Verdict = Literal["include", "exclude", "unsure"]
LinkVerdict = Literal["duplicate", "version", "study", "distinct", "maybe"]
Role = Literal["reviewer", "adjudicator", "automation"]

GENERIC_SOURCES = ("ris", "bibtex", "endnote", "table", "various")
"""What stands as a source where neither file nor user names a database: the kind of the file, or
that a file holds several."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What a registry itself says of two documents, for example a preprint's journal DOI."""

    kind: str
    """published_as, preprint_of, version_of, update_of, update_in, retraction_of, retracted_by,
    erratum_for, erratum_in, comment_on, comment_in, expression_of_concern_for ..._in"""
    target: str
    """The other document, prefixed: doi:10.1/x, pmid:123, pmcid:PMC1, arxiv:2003.09871, or text."""
    said_by: str
    """Who states it: medrxiv, biorxiv, arxiv, pubmed, europepmc, crossref, openalex."""
    said_at: str | None = None
    """ISO date on which it was stated or read, where known."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry as a source gave it. Never edited afterwards; None means the source was silent."""

    source: str
    """Where it came from: pubmed, arxiv, medrxiv, biorxiv, europepmc, embase, scopus, ..."""
    source_id: str | None = None
    """The source's own id for the entry (PMID, arXiv id with version, Embase accession, ...)."""
    title: str | None = None
    authors: tuple[str, ...] = ()
    """As 'Family, Given' where the source tells them apart, else as given; in printed order."""
    year: int | None = None
    date: str | None = None
    """ISO date of publication or posting: YYYY, YYYY-MM or YYYY-MM-DD."""
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    abstract: str | None = None
    """Plain text; structured abstracts keep their headings as 'HEADING: text' paragraphs."""
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    arxiv_id: str | None = None
    """Without version: 2003.09871 or cs/0112017."""
    version: int | None = None
    """Version of a preprint, 1 and up."""
    language: str | None = None
    types: tuple[str, ...] = ()
    """Publication types or document type as the source names them."""
    keywords: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Subject categories of a preprint server, primary first."""
    affiliations: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Everything else the source said, by the source's own tag, so that nothing is lost."""


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """An entry that could not be read, kept with its text so that nothing is lost."""

    number: int
    """Position in the file or answer, 1 and up."""
    reason: str
    raw: str
    gone: str | None = None
    """The source's id, where the text is sound and says that the source deleted the entry."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What a pure parser made of one file or answer."""

    records: tuple[Record, ...]
    rejected: tuple[UnreadableEntry, ...] = ()
    announced: int | None = None
    """Entries counted without the parser (files) or announced by the source (answers)."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with the store's number and key."""

    id: int
    """Number in the store, rising with arrival; 1 and up."""
    key: str
    """What people see and spreadsheets carry: R000001."""
    batch: int
    """The import or harvest that brought it."""
    record: Record


@dataclass(frozen=True, slots=True)
class Link:
    """What was said of a pair of records, by a rule or a person. The newest by a person wins."""

    a: int
    b: int
    """Store numbers, a < b."""
    verdict: LinkVerdict | None
    """None withdraws what the same person said before."""
    rule: str
    """Rule that spoke ('doi', 'title+authors', ...) or 'by hand'."""
    who: str
    """'tool' or the reviewer's name."""
    at: datetime
    score: float | None = None
    """0 to 1, None where an identifier decided."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's (or rule's) judgement of one record at one stage; the newest per key counts."""

    record: int
    stage: str
    reviewer: str
    verdict: Verdict | None
    """None withdraws the reviewer's earlier decision (undo)."""
    at: datetime
    reason: str | None = None
    note: str | None = None
    role: Role = "reviewer"
    id: int = 0
    """Row number in the store, rising with arrival; 0 before it is stored."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One reviewer's answer to one checklist item for one record."""

    record: int
    checklist: str
    """Edition id, for example claim-2020: an answer remembers what it was given under."""
    item: str
    """Item id; 'judgement:<domain>' and 'applicability:<domain>' for bias tools."""
    reviewer: str
    answer: str | None
    """Option id; None withdraws. 'unsure' is a value, distinct from unanswered."""
    at: datetime
    quote: str | None = None
    page: int | None = None
    comment: str | None = None
    role: Literal["reviewer", "consensus"] = "reviewer"
    id: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a page. Box in PDF points from the page's top left: x0, top, x1, bottom."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a full text with where it stands."""

    text: str
    page: int
    """1 and up."""
    section: str
    """Normal name of the section it stands in: abstract, introduction, methods, ... or ''."""
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    """One box a line, in PDF points from the top left; empty where the reader gave none."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a full text in reading order."""

    number: int
    text: str
    width: float
    height: float
    words: tuple[Word, ...] = ()


_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV_NEW = re.compile(r"(?<!\d)(\d{4}\.\d{4,5})(v\d+)?(?!\d)")
_ARXIV_OLD = re.compile(r"\b([a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?", re.I)
_PMCID = re.compile(r"PMC\s*(\d{3,9})", re.I)
_PREPRINT_DOI = re.compile(
    r"^(10\.(?:1101|64898)/\d{4}\.\d\d\.\d\d\.\d{6,8}|10\.1101/\d{6,8})(?![\d.])(v\d+)?"
)


def normalize_doi(text: str | None) -> str | None:
    """The DOI in lower case without resolver or stray punctuation; None if the text holds none.

    A version suffix of a 10.1101 or 10.64898 preprint DOI ('...v2', '...v2.full') is cut, so that
    all versions of a preprint share one DOI. Source: DOI Handbook 2.4 (DOIs ignore case).
    """
    if not text:
        return None
    match = _DOI.search(html.unescape(text.strip()).replace("%2F", "/").replace("%2f", "/"))
    if not match:
        return None
    doi = match.group().lower()
    # Old Wiley DOIs (SICI) hold < and > themselves; elsewhere they end the DOI.
    ends = r"[\s\"]|\[doi\]" if "(sici)" in doi else r"[\s\"<>]|\[doi\]"
    doi = re.split(ends, doi, maxsplit=1)[0].rstrip(".,;:'")
    while doi.endswith((")", "]", "}")) and doi.count(doi[-1]) > doi.count(
        {")": "(", "]": "[", "}": "{"}[doi[-1]]
    ):
        doi = doi[:-1].rstrip(".,;:'")
    preprint = _PREPRINT_DOI.match(doi)
    return preprint.group(1) if preprint else doi


def normalize_pmid(text: str | int | None) -> str | None:
    """The PMID as digits without leading zeros; None if the text is not one (1 to 8 digits)."""
    match = re.fullmatch(r"(?:pmid:?\s*)?0*([1-9]\d{0,7})", str(text or "").strip(), re.I)
    return match.group(1) if match else None


def normalize_pmcid(text: str | None) -> str | None:
    """The PMCID as PMC and digits; None if the text holds none."""
    match = _PMCID.search(text or "")
    return f"PMC{int(match.group(1))}" if match else None


def normalize_arxiv(text: str | None) -> str | None:
    """The arXiv id without version (2003.09871, cs/0112017); None if the text holds none.

    Reads bare ids, arXiv:ids, abs and pdf links and 10.48550 DOIs. Other DOIs are not arXiv ids.
    """
    if not text:
        return None
    text = text.strip()
    without_prefix = re.sub(r"^.*10\.48550/arxiv\.", "", text, flags=re.I)
    if without_prefix == text and _DOI.search(text):
        return None
    match = _ARXIV_NEW.search(without_prefix) or _ARXIV_OLD.search(without_prefix)
    if not match:
        return None
    ident = match.group(1)
    if "/" not in ident:
        return ident
    return ident.lower() if "." not in ident else re.sub(r"\.[A-Z]{2}/", "/", ident, flags=re.I)


def normalize_text(text: str | None) -> str:
    """Text folded for comparing: no accents, case or punctuation, single spaces; '' for None."""
    folded = unicodedata.normalize("NFKD", text or "").casefold()
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]|_", " ", folded).split())


_RECORD_FIELDS = tuple(spec.name for spec in fields(Record))


def record_to_dict(record: Record) -> dict[str, Any]:
    """The record as plain JSON-ready data, silent fields left out."""
    data: dict[str, Any] = {name: getattr(record, name) for name in _RECORD_FIELDS}
    data["relations"] = tuple(asdict(relation) for relation in record.relations)
    data["extra"] = {key: list(values) for key, values in record.extra.items()}
    return {key: value for key, value in data.items() if value not in (None, (), [], {})}


def record_from_dict(data: Mapping[str, Any]) -> Record:
    """The record that as_dict wrote; unknown keys are refused with TypeError."""
    values = dict(data)
    values["relations"] = tuple(Relation(**dict(r)) for r in values.get("relations", ()))
    values["extra"] = {k: tuple(v) for k, v in values.get("extra", {}).items()}
    for name in _RECORD_FIELDS:
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    return Record(**values)


def fingerprint_record(record: Record) -> str:
    """SHA-256 (hex) of the record's whole content: equal records have equal fingerprints."""
    text = json.dumps(record_to_dict(record), sort_keys=True, ensure_ascii=False, default=list)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
