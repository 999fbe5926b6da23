"""Every entry every import and harvest brought, and the database each counts for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, literal, null, select, union_all

from review.models import UNSTATED
from review.store import audit_events
from review.store.tables import batches, records, rejected, sightings
from review.store.timestamps import to_text

NAMED = "source named"
"""The act by which a person names the database, or the PRISMA box, of a file that is here; the
subject is its batch, the detail holds source, via or both."""


@dataclass(frozen=True, slots=True)
class Arrival:
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
    again: bool
    """The record was here already."""


def every(conn: Connection, *, until: datetime | None = None) -> list[Arrival]:
    """Every entry every batch brought, unreadable ones too, in order of batch and position."""
    new, no, unread = literal(0), literal(1), literal(2)
    r = records.c
    first = select(r.id.label("record"), r.batch, r.number, r.source.label("said"), new.label("x"))
    again = select(sightings.c.record, sightings.c.batch, sightings.c.number, r.source, no)
    again = again.join(records, r.id == sightings.c.record)
    lost = select(null(), rejected.c.batch, rejected.c.number, null(), unread)
    both = union_all(first, again, lost).subquery()
    b = batches.c
    query = select(both, b.source, b.via, b.kind, b.name)
    query = query.join(batches, b.id == both.c.batch)
    if until is not None:
        query = query.where(b.at <= to_text(until))
    given = named(conn, until)
    rows = conn.execute(query.order_by(both.c.batch, both.c.number, both.c.x))
    return [
        Arrival(
            record, batch, number or 0,
            given.get(batch, {}).get("source")
            or (source_of(said, source, name) if kind == "file" else source),
            given.get(batch, {}).get("via") or via, kind, x == 1,
        )
        for record, batch, number, said, x, source, via, kind, name in rows
    ]  # fmt: skip


def source_of(said: str | None, batch: str, file: str | None) -> str:
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
    name = batch if said is None else said
    return f"{file} (database not stated)" if file and name in UNSTATED else name


def named(conn: Connection, until: datetime | None = None) -> dict[int, dict[str, str]]:
    """Batch -> what a person said of all of it after it came, the newest words: source, via."""
    found: dict[int, dict[str, str]] = {}
    for one in audit_events.every(conn, kind=NAMED, until=until):
        detail = one["detail"] or {}
        said = {name: str(detail[name]) for name in ("source", "via") if detail.get(name)}
        found.setdefault(int(one["subject"]), {}).update(said)
    return found
