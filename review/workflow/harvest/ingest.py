"""Ingests one result page: raw response, records, rejected entries and the position to resume
at."""

from dataclasses import dataclass, replace
from datetime import date

from review.formats.author_lists import keep_people
from review.models import Record, Relation, UnreadableEntry
from review.query.matching import TextMatcher
from review.sources.models import DELETED_MESSAGE, ResultPage
from review.sources.registry import SOURCES
from review.sources.withdrawals import find_retraction_marks
from review.store import Connection, harvests, raw_answers, records
from review.store.timestamps import utc_now
from review.workflow.harvest.models import Counts
from review.workflow.project.project import Project
from review.workflow.screening import status


@dataclass(frozen=True, slots=True)
class IngestTarget:
    """Where a harvest puts its pages."""

    harvest: int
    batch: int
    source: str
    runs_query: bool
    """The source searched by the query; else what does not match is left out here."""
    matches: TextMatcher | None
    """The query run here; None where nothing of it can be judged from title and abstract."""
    posted_days: tuple[date, date] | None = None
    """Days of publication to hold entries to, where the source cannot."""


def ingest_page(
    project: Project, target: IngestTarget, page: ResultPage, counts: Counts
) -> tuple[int, int]:
    """Keeps a page in one transaction and brings the tally up to date; gives new and known.

    Raises:
        StoreError: the disk is full or the store refuses; nothing of the page was kept.
    """
    digest = raw_answers.save_response(project.folder, page.raw) if page.raw else None
    parsed = replace(page.parsed, records=tuple(map(keep_people, page.parsed.records)))
    page = replace(page, parsed=parsed)
    judged_records = [
        (
            record,
            _judge_match(target.matches, record)
            if _is_within(target.posted_days, record)
            else False,
        )
        for record in page.parsed.records
    ]
    matching = [record for record, fits in judged_records if target.runs_query or fits is not False]
    disputed_ids = [
        record.source_id
        for record, fits in judged_records
        if target.runs_query and fits is not True
    ]
    first_number = counts.received + 1
    numbers = {id(record): first_number + i for i, record in enumerate(page.parsed.records)}
    read_count = len(page.parsed.records)
    at = utc_now()
    with project.store.write() as conn:
        numbered_records = [(numbers[id(record)], record) for record in matching]
        ingested = harvests.add_page_records(conn, target.batch, numbered_records, at, digest)
        status.mark_pending(project, conn, ingested.added.new)
        status.refresh_known(project, conn, ingested.added.known)
        if ingested.added.revived:  # an import of them was undone; their links count again
            _restore_groups(project, conn)
        store_changes(conn, ingested.changed, digest)
        rejected = [
            replace(entry, number=first_number + read_count + i)
            for i, entry in enumerate(page.parsed.rejected)
        ]
        records.add_rejected(conn, target.batch, rejected)
        _mark_deleted_records(conn, rejected, target.source, digest)
        unmatched_records = (
            []
            if target.runs_query
            else [
                record
                for record, fits in judged_records
                if fits is False and find_retraction_marks(record)
            ]
        )
        _mark_withdrawn_preprints(conn, unmatched_records, digest)
        new, known = len(ingested.added.new), len(ingested.added.known)
        detail = {"url": page.url, "notes": page.notes, "unmatched": read_count - len(matching)}
        if disputed_ids:
            detail["disagree"] = disputed_ids
        if page.shortfall:
            detail["short"] = page.shortfall
        harvests.add_page(
            conn,
            target.harvest,
            at,
            cursor=dict(page.token),
            tail_sizes=page.list_growth,
            detail=detail,
            slice=page.slice[:60],
            raw=digest,
            announced=page.announced,
            received=read_count + len(rejected),
            parsed=read_count,
            rejected=len(rejected),
            new=new,
            known=known,
        )
        _add_counts(
            counts, page, (new, known, len(rejected), read_count - len(matching), len(disputed_ids))
        )
        harvests.update_batch(
            conn,
            target.batch,
            announced=sum(counts.announced.values()),
            parsed=counts.received,
            rejected=counts.rejected,
            new=counts.new,
            known=counts.known,
        )
    return new, known


def _is_within(posted_days: tuple[date, date] | None, record: Record) -> bool:
    if posted_days is None or not record.date:
        return True
    return posted_days[0].isoformat() <= record.date <= posted_days[1].isoformat()


def _add_counts(totals: Counts, page: ResultPage, counts: tuple[int, int, int, int, int]) -> None:
    new, known, rejected, unmatched, disputed = counts
    totals.pages += 1
    totals.received += len(page.parsed.records)
    totals.new += new
    totals.known += known
    totals.rejected += rejected
    totals.unmatched += unmatched
    totals.disagree += disputed
    if page.announced is not None:
        totals.announced[page.slice] = page.announced
    if page.shortfall:
        days = page.slice.split(" ")[0].split("..")
        totals.short_slices.append((days[0], days[-1]))
        totals.shortfall_reasons.append(page.shortfall)


def _judge_match(matches: TextMatcher | None, record: Record) -> bool | None:
    """Whether the query holds for a record; None where its fields do not suffice to decide."""
    if matches is None:
        return None
    abstract = record.abstract
    source = SOURCES.get(record.source)
    if source is not None and source.searches_keywords and record.keywords:
        abstract = f"{abstract or ''}\n{'; '.join(record.keywords)}"
    if matches(record.title, abstract):
        return True
    return None if record.abstract is None else False


def store_changes(
    conn: Connection, changed: tuple[tuple[int, Record], ...], digest: str | None
) -> int:
    """Keeps what entries that were here before now say of other documents; gives how much."""
    stored_records = records.get_records(conn, [number for number, _ in changed])
    added_count = 0
    for number, record in changed:
        old_record = stored_records[number].record
        known_pairs = {
            (relation.kind, relation.target)
            for relation in (*old_record.relations, *find_retraction_marks(old_record))
        }
        new_relations = [
            relation
            for relation in (*record.relations, *find_retraction_marks(record))
            if (relation.kind, relation.target) not in known_pairs
        ]
        if new_relations:
            added_count += len(
                harvests.add_relations(conn, number, new_relations, utc_now(), digest)
            )
    return added_count


def _restore_groups(project: Project, conn: Connection) -> None:
    from review.workflow.deduplication.groups import regroup_records

    regroup_records(project, conn)


def _mark_deleted_records(
    conn: Connection, rejected: list[UnreadableEntry], source: str, digest: str | None
) -> None:
    """Marks the records we hold of entries that the source has deleted."""
    deletion = Relation("marked", DELETED_MESSAGE, source)
    id_field = SOURCES[source].deleted_id_field
    for entry in rejected:
        if entry.gone is not None and id_field is not None:
            for number in records.find_by_identifier(conn, **{id_field: entry.gone}):
                harvests.add_relations(conn, number, [deletion], utc_now(), digest)


def _mark_withdrawn_preprints(
    conn: Connection, withdrawn_records: list[Record], digest: str | None
) -> None:
    """Keeps that a preprint was withdrawn where its new version no longer holds the query's words
    and so is no record of ours: the versions we have are marked."""
    for record in withdrawn_records:
        for number in records.find_by_identifier(conn, doi=record.doi):
            harvests.add_relations(conn, number, find_retraction_marks(record), utc_now(), digest)
