"""One page into the store: raw answer, records, what was rejected and the place to go on from."""

import re
from dataclasses import dataclass, field, replace
from datetime import date

from review.models import Record, Rejected, Relation
from review.query.matching import Matcher
from review.sources.arxiv.oai import DELETED
from review.sources.models import ResultPage
from review.store import Connection, harvests, raw_answers, records
from review.store.timestamps import now
from review.workflow.project.project import Project

RETRACTED = ("retracted publication", "withdrawn")
"""Types by which PubMed and bioRxiv mark an entry that no longer stands."""
_TITLED = re.compile(r"\W*(withdrawn|retracted)(?:\s+(?:article|paper|preprint))?\s*[:\])]", re.I)
"""How medRxiv and journals mark one: 'WITHDRAWN: x', 'RETRACTED ARTICLE: x', '[Retracted] x'."""
_WITHDRAWN = re.compile(
    r"\b(?:paper|article|submission|manuscript|preprint|work|version)\s+(?:has been|is|was)\s+"
    r"(?:withdrawn|retracted)\b|\bwithdrawn by (?:the )?(?:authors?|arxiv)\b",
    re.I,
)
"""How arXiv marks one, in the comment of its last version."""


@dataclass(slots=True)
class Tally:
    """What a harvest has so far, over all its pages."""

    pages: int = 0
    received: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0
    unmatched: int = 0
    disagree: int = 0
    announced: dict[str, int] = field(default_factory=dict)
    """By slice."""
    short: list[tuple[str, str]] = field(default_factory=list)
    """First and last day of the slices that fell short."""
    why: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a harvest puts its pages."""

    harvest: int
    batch: int
    source: str
    asks: bool
    """The source searched by the query; else what does not match is left out here."""
    matches: Matcher | None
    """The query run here; None where nothing of it can be judged from title and abstract."""
    posted: tuple[date, date] | None = None
    """Days of publication to hold entries to, where the source cannot."""


def take(project: Project, place: Place, page: ResultPage, tally: Tally) -> tuple[int, int]:
    """Keeps a page in one transaction and brings the tally up to date; gives new and known.

    Raises:
        StoreError: the disk is full or the store refuses; nothing of the page was kept.
    """
    digest = raw_answers.keep(project.folder, page.raw) if page.raw else None
    judged = [
        (record, _judged(place.matches, record) if _within(place.posted, record) else False)
        for record in page.parsed.records
    ]
    wanted = [record for record, fits in judged if place.asks or fits is not False]
    doubted = [record.source_id for record, fits in judged if place.asks and fits is not True]
    first = tally.received + 1
    numbers = {id(record): first + i for i, record in enumerate(page.parsed.records)}
    read = len(page.parsed.records)
    at = now()
    with project.store.write() as conn:
        given = [(numbers[id(record)], record) for record in wanted]
        taken = harvests.take(conn, place.batch, given, at, digest)
        note_changes(conn, taken.changed, digest)
        lost = [replace(one, number=first + read + i) for i, one in enumerate(page.parsed.rejected)]
        records.add_rejected(conn, place.batch, lost)
        _note_gone(conn, lost, place.source, digest)
        left = [] if place.asks else [one for one, fits in judged if fits is False and marks(one)]
        _note_marks(conn, left, digest)
        new, known = len(taken.added.new), len(taken.added.known)
        detail = {"url": page.url, "notes": page.notes, "unmatched": read - len(wanted)}
        if doubted:
            detail["disagree"] = doubted
        if page.shortfall:
            detail["short"] = page.shortfall
        harvests.add_page(
            conn, place.harvest, at, cursor=dict(page.token), grown=page.grown, detail=detail,
            slice=page.slice[:60],
            raw=digest, announced=page.announced, received=read + len(lost), parsed=read,
            rejected=len(lost), new=new, known=known,
        )  # fmt: skip
        _count(tally, page, (new, known, len(lost), read - len(wanted), len(doubted)))
        harvests.update_batch(
            conn, place.batch, announced=sum(tally.announced.values()), parsed=tally.received,
            rejected=tally.rejected, new=tally.new, known=tally.known,
        )  # fmt: skip
    return new, known


def _within(posted: tuple[date, date] | None, record: Record) -> bool:
    if posted is None or not record.date:
        return True
    return posted[0].isoformat() <= record.date <= posted[1].isoformat()


def _count(tally: Tally, page: ResultPage, counts: tuple[int, int, int, int, int]) -> None:
    new, known, lost, unmatched, doubted = counts
    tally.pages += 1
    tally.received += len(page.parsed.records)
    tally.new += new
    tally.known += known
    tally.rejected += lost
    tally.unmatched += unmatched
    tally.disagree += doubted
    if page.announced is not None:
        tally.announced[page.slice] = page.announced
    if page.shortfall:
        days = page.slice.split(" ")[0].split("..")
        tally.short.append((days[0], days[-1]))
        tally.why.append(page.shortfall)


def _judged(matches: Matcher | None, record: Record) -> bool | None:
    """Whether the query holds for a record; None where that cannot be told from what it has."""
    if matches is None:
        return None
    abstract = record.abstract
    if record.source == "pubmed" and record.keywords:
        # PubMed's [tiab] reads the authors' keywords too.
        abstract = f"{abstract or ''}\n{'; '.join(record.keywords)}"
    if matches(record.title, abstract):
        return True
    return None if record.abstract is None else False


def note_changes(
    conn: Connection, changed: tuple[tuple[int, Record], ...], digest: str | None
) -> int:
    """Keeps what entries that were here before now say of other documents; gives how much."""
    before = records.many(conn, [number for number, _ in changed])
    added = 0
    for number, record in changed:
        old = before[number].record
        had = {(one.kind, one.target) for one in (*old.relations, *marks(old))}
        said = [
            one for one in (*record.relations, *marks(record)) if (one.kind, one.target) not in had
        ]
        if said:
            added += len(harvests.add_relations(conn, number, said, now(), digest))
    return added


def _note_gone(conn: Connection, lost: list[Rejected], source: str, digest: str | None) -> None:
    """Marks the records we hold of entries that the source has deleted."""
    said = Relation("marked", DELETED, source)
    for one in lost:
        if one.gone is not None and source == "arxiv-oai":
            for number in records.by_identifier(conn, arxiv_id=one.gone):
                harvests.add_relations(conn, number, [said], now(), digest)


def marks(record: Record) -> tuple[Relation, ...]:
    """An entry's own mark that it was retracted or withdrawn, as a relation: its type, the word
    before its title, or, at arXiv, its comment."""
    types = tuple(one.lower() for one in record.types if one.lower() in RETRACTED)
    if types:
        return tuple(Relation("marked", one, record.source) for one in types)
    titled = _TITLED.match(record.title or "")
    if titled:
        return (Relation("marked", titled[1].lower(), record.source),)
    if record.source == "arxiv" and any(map(_WITHDRAWN.search, record.extra.get("comment", ()))):
        return (Relation("marked", "withdrawn", record.source),)
    return ()


def _note_marks(conn: Connection, marked: list[Record], digest: str | None) -> None:
    """Keeps that a preprint was withdrawn where its new version no longer holds the query's words
    and so is no record of ours: the versions we have are marked."""
    for record in marked:
        for number in records.by_identifier(conn, doi=record.doi):
            harvests.add_relations(conn, number, marks(record), now(), digest)
