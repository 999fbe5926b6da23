"""Records identified for PRISMA: every imported or harvested entry, and its database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, literal, null, select, union_all

from review.models import GENERIC_SOURCES
from review.store import audit_events
from review.store.tables import batches, records, rejected, sightings
from review.store.timestamps import format_timestamp

SOURCE_NAMED_EVENT = "source named"
"""The act by which a person names the database, or the PRISMA box, of a file that is here; the
subject is its batch, the detail holds source, via or both."""


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """An entry as a batch brought it."""

    record: int | None
    """None for an entry that could not be read."""
    batch: int
    number: int
    """Position in the file or answer."""
    source: str
    """The database it counts for, see `source_of`."""
    via: str
    kind: str
    """Of the batch: file, harvest, by hand, replay."""
    already_known: bool
    """The record was here already."""


def list_entries(conn: Connection, *, until: datetime | None = None) -> list[BatchEntry]:
    """Every entry every batch brought, unreadable ones too, in order of batch and position."""
    new_rank, known_rank, rejected_rank = literal(0), literal(1), literal(2)
    r = records.c
    new_rows = select(
        r.id.label("record"), r.batch, r.number, r.source.label("said"), new_rank.label("x")
    )
    known_rows = select(
        sightings.c.record, sightings.c.batch, sightings.c.number, r.source, known_rank
    )
    known_rows = known_rows.join(records, r.id == sightings.c.record)
    rejected_rows = select(null(), rejected.c.batch, rejected.c.number, null(), rejected_rank)
    entries = union_all(new_rows, known_rows, rejected_rows).subquery()
    b = batches.c
    query = select(entries, b.source, b.via, b.kind, b.name)
    query = query.join(batches, b.id == entries.c.batch)
    if until is not None:
        query = query.where(b.at <= format_timestamp(until))
    manual_sources = list_manual_sources(conn, until)
    rows = conn.execute(query.order_by(entries.c.batch, entries.c.number, entries.c.x))
    return [
        BatchEntry(
            record,
            batch,
            number or 0,
            manual_sources.get(batch, {}).get("source")
            or (determine_database(record_source, source, name) if kind == "file" else source),
            manual_sources.get(batch, {}).get("via") or via,
            kind,
            rank == 1,
        )
        for record, batch, number, record_source, rank, source, via, kind, name in rows
    ]


def determine_database(record_source: str | None, batch_source: str, file_name: str | None) -> str:
    """The database an entry of a file counts for.

    Args:
        said: what the record names; None where it could not be read.
        batch: what the file as a whole was taken for.
        file: its name.

    Returns:
        What the record names (with --source all records of a file name that), else the file's
        name with a word that no database is stated: PRISMA 2020 asks for counts by database, and
        a guess would be one that nobody can check.
    """
    source = batch_source if record_source is None else record_source
    return (
        f"{file_name} (database not stated)" if file_name and source in GENERIC_SOURCES else source
    )


def list_manual_sources(
    conn: Connection, until: datetime | None = None
) -> dict[int, dict[str, str]]:
    """Batch -> what a person said of all of it after it came, the newest words: source, via."""
    sources_by_batch: dict[int, dict[str, str]] = {}
    for event in audit_events.list_events(conn, kind=SOURCE_NAMED_EVENT, until=until):
        detail = event["detail"] or {}
        sources = {name: str(detail[name]) for name in ("source", "via") if detail.get(name)}
        sources_by_batch.setdefault(int(event["subject"]), {}).update(sources)
    return sources_by_batch
