"""Records identified for PRISMA: every imported or harvested entry, and its database."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal, null, or_, select, true, union_all

from review.models import GENERIC_SOURCES
from review.store import audit_events, import_undos
from review.store.tables.review import batches, records, rejected, sightings
from review.store.timestamps import format_timestamp

CHUNK = 500
"""Records asked for at once."""
SOURCE_NAMED_EVENT = "source named"
"""Event by which a person sets the database or PRISMA box of an imported file; its subject is the
batch, its detail has source, via or both."""


MAIN_ROUTES = ("databases", "registers")
"""Routes of PRISMA 2020's main column; records found by the others go straight to retrieval."""


@dataclass(frozen=True, slots=True)
class OtherArrivals:
    """Reports that citation searching, websites or organisations brought."""

    only: frozenset[int] = frozenset()
    """Nothing else brought them."""
    first: frozenset[int] = frozenset()
    """They brought them before anything else did."""


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """An entry of a batch."""

    record: int | None
    """None for an unreadable entry."""
    batch: int
    number: int
    """Position in the file or response."""
    source: str
    """The database under which it is counted, see `choose_source`."""
    via: str
    kind: str
    """Of the batch: file, harvest, by hand, replay."""
    already_known: bool
    """Whether the record was already in the review."""


def list_entries(conn: Connection, *, until: datetime | None = None) -> list[BatchEntry]:
    """Every entry of every batch, including unreadable ones, by batch and position."""
    new_rank, known_rank, rejected_rank = literal(0), literal(1), literal(2)
    r = records.c
    new_rows = select(
        r.id.label("record"),
        r.batch,
        r.number,
        r.source.label("said"),
        new_rank.label("x"),
        r.batch.label("home"),
    )
    known_rows = select(
        sightings.c.record, sightings.c.batch, sightings.c.number, r.source, known_rank, r.batch
    )
    known_rows = known_rows.join(records, r.id == sightings.c.record)
    rejected_rows = select(
        null(), rejected.c.batch, rejected.c.number, null(), rejected_rank, null()
    )
    entries = union_all(new_rows, known_rows, rejected_rows).subquery()
    b = batches.c
    query = select(entries, b.source, b.via, b.kind, b.name)
    query = query.join(batches, b.id == entries.c.batch)
    if until is not None:
        query = query.where(b.at <= format_timestamp(until))
    undone = import_undos.list_undone_batches(conn, until)
    if undone:
        query = query.where(b.id.not_in(undone))
    manual_sources = list_manual_sources(conn, until)
    seen: set[int] = set()
    rows = conn.execute(query.order_by(entries.c.batch, entries.c.number, entries.c.x)).all()
    return [
        BatchEntry(
            record=record,
            batch=batch,
            number=number or 0,
            source=manual_sources.get(batch, {}).get("source")
            or (determine_database(record_source, source, name) if kind == "file" else source),
            via=manual_sources.get(batch, {}).get("via") or via,
            kind=kind,
            already_known=rank == 1 and not _is_first_arrival(record, home, undone, seen),
        )
        for record, batch, number, record_source, rank, home, source, via, kind, name in rows
    ]


def _is_first_arrival(record: int, home: int, undone: Collection[int], seen: set[int]) -> bool:
    """Whether a sighting is the first that counts, as the import that brought the record is undone;
    expects arrivals in order, and keeps what it has seen."""
    if home not in undone or record in seen:
        return False
    seen.add(record)
    return True


def determine_database(record_source: str | None, batch_source: str, file_name: str | None) -> str:
    """The database under which an entry of a file is counted.

    Args:
        said: the database the record names; None if it could not be read.
        batch: the database detected for the file.
        file: its name.

    Returns:
        The database the record names (set for all records by --source), else the file name with a
        note that no database is stated: PRISMA 2020 requires counts by database, and a guess
        could not be verified.
    """
    source = batch_source if record_source is None else record_source
    return (
        f"{file_name} (database not stated)" if file_name and source in GENERIC_SOURCES else source
    )


def list_manual_sources(
    conn: Connection, until: datetime | None = None
) -> dict[int, dict[str, str]]:
    """Batch -> source and via set by a person after the import; the newest values."""
    sources_by_batch: dict[int, dict[str, str]] = {}
    for event in audit_events.list_events(conn, kind=SOURCE_NAMED_EVENT, until=until):
        detail = event["detail"] or {}
        sources = {name: str(detail[name]) for name in ("source", "via") if detail.get(name)}
        sources_by_batch.setdefault(int(event["subject"]), {}).update(sources)
    return sources_by_batch


def find_other_arrivals(
    conn: Connection,
    groups: Mapping[int, tuple[int, int]],
    *,
    numbers: Collection[int] | None = None,
    until: datetime | None = None,
) -> OtherArrivals:
    """The reports that other methods brought, alone or before databases and registers.

    A harvest that meets a record which is here already brings nothing.

    Args:
        groups: record -> (report, study); a record without a group is alone.
        numbers: only reports of these records, which must be all records of their reports.
    """
    other_batches, main_harvests = _list_other_batches(conn, until)
    if not other_batches:
        return OtherArrivals()
    undone = import_undos.list_undone_batches(conn, until)
    wanted = None if numbers is None else set(numbers)
    batches_by_report: dict[int, list[int]] = {}
    for table, column, passed_over in (
        (records, records.c.id, undone),
        (sightings, sightings.c.record, main_harvests | undone),
    ):
        for number, batch in _iter_arrivals(conn, column, table.c.batch, wanted):
            if batch not in passed_over:
                report = groups.get(number, (number, number))[0]
                batches_by_report.setdefault(report, []).append(batch)
    only, first = set(), set()
    for report, report_batches in batches_by_report.items():
        if min(report_batches) in other_batches:
            first.add(report)
            if all(batch in other_batches for batch in report_batches):
                only.add(report)
    return OtherArrivals(frozenset(only), frozenset(first))


def _list_other_batches(
    conn: Connection, until: datetime | None
) -> tuple[frozenset[int], frozenset[int]]:
    """Batches of other methods, and batches that are harvests; neither where all came by
    databases and registers."""
    manual = list_manual_sources(conn, until)
    is_at_time = true() if until is None else batches.c.at <= format_timestamp(until)
    query = select(batches.c.id, batches.c.via).where(
        is_at_time,
        batches.c.kind != "decisions",
        or_(batches.c.via.not_in(MAIN_ROUTES), *([batches.c.id.in_(manual)] if manual else [])),
    )
    other_batches = frozenset(
        batch
        for batch, via in conn.execute(query)
        if manual.get(batch, {}).get("via", via) not in MAIN_ROUTES
    )
    if not other_batches:
        return other_batches, frozenset()
    harvests = select(batches.c.id).where(is_at_time, batches.c.kind == "harvest")
    return other_batches, frozenset(conn.execute(harvests).scalars())


def _iter_arrivals(
    conn: Connection, record_column: Any, batch_column: Any, wanted: Collection[int] | None
) -> Iterable[tuple[int, int]]:
    query = select(record_column, batch_column)
    if wanted is None:
        yield from (tuple(row) for row in conn.execute(query))
        return
    ordered = sorted(wanted)
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        yield from (tuple(row) for row in conn.execute(query.where(record_column.in_(chunk))))
