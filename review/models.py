"""The dataclasses of a review: records as sources gave them, and statements about them.

Identifiers are stored in the normal forms of `review.identifiers`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, make_dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Literal, cast

Verdict = Literal["include", "exclude", "unsure"]
LinkVerdict = Literal["duplicate", "version", "study", "distinct", "maybe"]
Role = Literal["reviewer", "adjudicator", "automation"]

GENERIC_SOURCES = ("ris", "bibtex", "endnote", "table", "various")
"""Source names used if no database is known: the file type, or that it holds several."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between two documents stated by a registry, such as a preprint's journal DOI."""

    kind: str
    """published_as, preprint_of, version_of, update_of, update_in, retraction_of, retracted_by,
    erratum_for, erratum_in, comment_on, comment_in, expression_of_concern_for ..._in"""
    target: str
    """The other document, prefixed: doi:10.1/x, pmid:123, pmcid:PMC1, arxiv:2003.09871, or text."""
    said_by: str
    """Who states it: medrxiv, biorxiv, arxiv, pubmed, europepmc, crossref, openalex."""
    said_at: str | None = None
    """ISO date on which it was stated or retrieved, if known."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry as received from a source. Never edited; None means not reported."""

    source: str
    """Source: pubmed, arxiv, medrxiv, biorxiv, europepmc, embase, scopus, ..."""
    source_id: str | None = None
    """The source's own id for the entry (PMID, arXiv id with version, Embase accession, ...)."""
    title: str | None = None
    authors: tuple[str, ...] = ()
    """'Family, Given' if the source separates them, else as given; in order of authorship."""
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
    """All other values, keyed by the source's own tag."""


RecordDraft: Any = make_dataclass(
    "RecordDraft",
    [(spec.name, spec.type, field(default=spec.default)) for spec in fields(Record)],
    kw_only=True,
    slots=True,
)
"""The fields of a Record while a parser fills them; `extra` has to be given."""


def freeze_record(draft: Any) -> Record:
    """Turns a draft into the Record it describes; the draft itself becomes that record.

    A frozen dataclass sets each of its fields by a call of its own. A draft with the same slots
    takes a third of the time, which counts where a file holds a hundred thousand entries.
    """
    draft.__class__ = Record
    return cast(Record, draft)


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """An entry that could not be read, with its original text."""

    number: int
    """Position in the file or response, from 1."""
    reason: str
    raw: str
    gone: str | None = None
    """The source's id if the source reports the entry as deleted."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """Result of parsing one file or response."""

    records: tuple[Record, ...]
    rejected: tuple[UnreadableEntry, ...] = ()
    announced: int | None = None
    """Number of entries, counted independently of the parser (files) or announced by the source."""
    notes: tuple[str, ...] = ()
    """Notes on how the file was read: which sheet, which column mapping."""


@dataclass(frozen=True, slots=True)
class SearchDate:
    """When a search was run: one day, or from one day to another."""

    first: date
    last: date

    def __str__(self) -> str:
        """2026-03-12, or 2026-03-01..2026-03-12."""
        is_one_day = self.first == self.last
        return f"{self.first}" if is_one_day else f"{self.first}..{self.last}"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with the store's number and key."""

    id: int
    """Number in the store, in order of arrival, from 1."""
    key: str
    """Record number shown on screen and in exports: R000001."""
    batch: int
    """The import or harvest that added it."""
    record: Record


@dataclass(frozen=True, slots=True)
class Link:
    """A verdict on a pair of records by a rule or a person; a person's newest verdict prevails."""

    a: int
    b: int
    """Store numbers, a < b."""
    verdict: LinkVerdict | None
    """None withdraws the same person's earlier verdict."""
    rule: str
    """Rule that decided ('doi', 'title+authors', ...), or 'by hand' for a manual decision."""
    who: str
    """'tool' or the reviewer's name."""
    at: datetime
    score: float | None = None
    """0 to 1; None if an identifier decided."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision of one person (or rule) on one record at one stage; the newest per key counts."""

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
    """Row number in the store, in order of arrival; 0 before it is stored."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One reviewer's answer to one checklist item for one record."""

    record: int
    checklist: str
    """Checklist edition under which the answer was given, e.g. claim-2020."""
    item: str
    """Item id; 'judgement:<domain>' and 'applicability:<domain>' for bias tools."""
    reviewer: str
    answer: str | None
    """Option id; None withdraws. 'unsure' is an answer, distinct from unanswered."""
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
    """A sentence of a full text with its position."""

    text: str
    page: int
    """1 and up; 0 if the text has no pages (JATS, plain text)."""
    section: str
    """Standard name of its section: abstract, introduction, methods, ... or ''."""
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    """One box per line, in PDF points from the top left; empty if unknown."""
    heading: str = ""
    """The nearest heading above it, as printed; '' if there is none."""


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table of a full text: the head of each column, and the cells of each row below them."""

    label: str
    """As printed: 'Table 2'; '' if it has none."""
    caption: str
    page: int
    """1 and up; 0 if the text has no pages."""
    columns: tuple[str, ...]
    """Head of each column; the levels of a head in several rows are joined by ' | '."""
    rows: tuple[tuple[str, ...], ...]
    """Text of each cell; '' if it is empty. Every row is as long as `columns`."""
    notes: tuple[str, ...] = ()
    """Footnotes below the table, each with its mark: '* p < 0.05'."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a full text in reading order."""

    number: int
    text: str
    width: float
    height: float
    words: tuple[Word, ...] = ()
    ruled_lines: tuple[tuple[float, float, float, float], ...] = ()
    """Straight lines drawn across or down the page: x0, top, x1, bottom, as those of words."""


_RECORD_FIELDS = tuple(spec.name for spec in fields(Record))
_get_fields = attrgetter(*_RECORD_FIELDS)
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_FINGERPRINT_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=list)


def record_to_dict(record: Record) -> dict[str, Any]:
    """The record as plain JSON-ready data, silent fields left out."""
    data: dict[str, Any] = {}
    for name, value in zip(_RECORD_FIELDS, _get_fields(record), strict=True):
        if value or value == 0 or value == "":  # None and empty lists are silent
            data[name] = value
    if "relations" in data:
        data["relations"] = tuple(asdict(relation) for relation in record.relations)
    if "extra" in data:
        data["extra"] = {key: list(values) for key, values in record.extra.items()}
    return data


def record_from_dict(data: Mapping[str, Any]) -> Record:
    """Inverse of `record_to_dict`. Raises TypeError for unknown keys."""
    values = dict(data)
    values["relations"] = tuple(Relation(**dict(r)) for r in values.get("relations", ()))
    values["extra"] = {k: tuple(v) for k, v in values.get("extra", {}).items()}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return Record(**values)


def fingerprint_record(record: Record) -> str:
    """SHA-256 (hex) of the record's whole content: equal records have equal fingerprints."""
    return serialize_record(record)[1]


def serialize_record(record: Record) -> tuple[str, str]:
    """The record as JSON that record_from_dict reads, tags of `extra` in their order, and its
    fingerprint."""
    data = record_to_dict(record)
    text = _FINGERPRINT_ENCODER.encode(data)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    tags = list(record.extra)
    return (text if len(tags) < 2 or tags == sorted(tags) else _ENCODER.encode(data)), digest
