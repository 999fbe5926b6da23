"""Harvests in the store: opened, page by page, ended; and what registries said afterwards.

A page, its records and the place to go on from are written in one transaction, so that a harvest
that dies goes on after its last whole page.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from review.errors import StoreError
from review.models import Record, Relation
from review.store import Store
from review.store.records import CHUNK, Added, add
from review.store.tables import (
    batches,
    harvest_ends,
    harvest_pages,
    harvests,
    records,
    relations,
    sightings,
)
from review.store.timestamps import to_text

GOES_ON = "goes on"
"""Key of a kept cursor under which the lists stand that begin on the pages before."""
LOCK = 4_710_118
"""Number of the advisory lock on PostgreSQL that one harvest of a review holds."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """One window of one source, as it was opened, with how far it came."""

    id: int
    at: str
    who: str
    run: str
    source: str
    batch: int
    query: str
    compiled: str | None
    since: str
    until: str
    detail: dict[str, Any]
    verdict: str | None
    """Of the newest end: complete, incomplete or closed; None while it runs or was cut off."""
    note: str | None
    end: dict[str, Any]
    """Detail of the newest end."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the pages of a harvest sum to."""

    pages: int
    received: int
    parsed: int
    rejected: int
    new: int
    known: int


def open_one(
    conn: Connection, at: datetime, who: str, *, detail: dict[str, Any], **columns: Any
) -> int:
    """Adds a harvest (run, source, batch, query, compiled, window_from, window_to)."""
    row = {"at": to_text(at), "who": who, "detail": json.dumps(detail), **columns}
    return int(conn.execute(insert(harvests), row).inserted_primary_key[0])  # type: ignore[index]


def add_page(
    conn: Connection,
    harvest: int,
    at: datetime,
    *,
    cursor: dict[str, Any],
    grown: Mapping[str, int],
    detail: dict[str, Any],
    **columns: Any,
) -> None:
    """Adds a page (slice, raw, announced, received, parsed, rejected, new, known).

    Only the pages needed to go on keep where that is: the newest, and those before it that hold
    the beginnings of lists it goes on with. So a list is kept once, however many its pages.

    Args:
        grown: lists of the cursor, and how many entries at their ends are of this page.
    """
    tails = {name: cursor[name][len(cursor[name]) - n :] for name, n in grown.items()}
    goes_on = [name for name, n in grown.items() if len(cursor[name]) > n]
    if not goes_on:
        kept = (harvest_pages.c.harvest == harvest) & harvest_pages.c.cursor.is_not(None)
        conn.execute(harvest_pages.update().where(kept).values(cursor=None))
    row = {
        "harvest": harvest,
        "at": to_text(at),
        "cursor": json.dumps({**cursor, **tails, GOES_ON: goes_on}),
        "detail": json.dumps(detail, ensure_ascii=False),
        **columns,
    }
    conn.execute(insert(harvest_pages), row)


def end(
    conn: Connection, harvest: int, at: datetime, verdict: str, note: str | None,
    detail: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Adds how a harvest ended: complete, incomplete, or closed by a later one."""
    row = {
        "harvest": harvest,
        "at": to_text(at),
        "verdict": verdict,
        "note": note,
        "detail": json.dumps(detail or {}, ensure_ascii=False),
    }
    conn.execute(insert(harvest_ends), row)


def every(
    conn: Connection, *, source: str | None = None, until: datetime | None = None
) -> list[Harvest]:
    """Harvests in the order they were opened, as they stood at a moment."""
    query = select(harvests).order_by(harvests.c.id)
    ended = select(harvest_ends).order_by(harvest_ends.c.id)
    if source is not None:
        query = query.where(harvests.c.source == source)
    if until is not None:
        query = query.where(harvests.c.at <= to_text(until))
        ended = ended.where(harvest_ends.c.at <= to_text(until))
    ends = {row.harvest: row for row in conn.execute(ended)}
    return [_harvest(row, ends.get(row.id)) for row in conn.execute(query)]


def _harvest(row: Any, last: Any) -> Harvest:
    return Harvest(
        row.id, row.at, row.who, row.run, row.source, row.batch, row.query, row.compiled,
        row.window_from, row.window_to, json.loads(row.detail or "{}"),
        last.verdict if last else None, last.note if last else None,
        json.loads(last.detail or "{}") if last else {},
    )  # fmt: skip


def cursor(conn: Connection, harvest: int) -> dict[str, Any] | None:
    """Where a harvest goes on; None where no page is stored."""
    c = harvest_pages.c
    query = select(c.cursor).where(c.harvest == harvest, c.cursor.is_not(None))
    rows = [json.loads(one) for one in conn.execute(query.order_by(c.id)).scalars()]
    if not rows:
        return None
    newest = rows[-1]
    lists = {name: [x for row in rows for x in row[name]] for name in newest.pop(GOES_ON, ())}
    return {**newest, **lists}


def totals(conn: Connection) -> dict[int, Totals]:
    """What the pages of each harvest sum to."""
    c = harvest_pages.c
    sums = (func.sum(c.parsed), func.sum(c.rejected), func.sum(c.new), func.sum(c.known))
    query = select(c.harvest, func.count(), func.sum(c.parsed + c.rejected), *sums)
    rows = conn.execute(query.group_by(c.harvest))
    return {row[0]: Totals(*(int(value or 0) for value in row[1:])) for row in rows}


def announced(conn: Connection, harvest: int) -> dict[str, int]:
    """Slice -> what its newest page says the source announced."""
    c = harvest_pages.c
    query = select(c.slice, c.announced).where(c.harvest == harvest).order_by(c.id)
    return {name: number for name, number in conn.execute(query) if number is not None}


def pages(conn: Connection, harvest: int) -> list[dict[str, Any]]:
    """The pages of a harvest as plain rows, detail as a dict; the place to go on left out."""
    query = select(harvest_pages).where(harvest_pages.c.harvest == harvest)
    rows = [dict(row._mapping) for row in conn.execute(query.order_by(harvest_pages.c.id))]
    for row in rows:
        row["detail"] = json.loads(row["detail"] or "{}")
        del row["cursor"]
    return rows


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page of records did to the store."""

    added: Added
    changed: tuple[tuple[int, Record], ...]
    """Known entries that the source now describes otherwise: number here, the entry as it is."""


def take(
    conn: Connection, batch: int, given: Sequence[tuple[int, Record]], at: datetime, raw: str | None
) -> Taken:
    """Adds the entries of a page; an entry whose source and id are here is known, not new.

    Args:
        given: position in the window and record; one source and its own ids.
    """
    known = numbers_by_id(conn, [record for _, record in given])
    fresh = [(n, r) for n, r in given if (r.source, r.source_id) not in known]
    again = [(known[r.source, r.source_id], n, r) for n, r in given
             if (r.source, r.source_id) in known]  # fmt: skip
    added = add(conn, batch, fresh, at, raw=raw)
    if again:
        rows = [{"record": here, "batch": batch, "number": n} for here, n, _ in again]
        conn.execute(insert(sightings), rows)
    changed = tuple((here, record) for here, _, record in again)
    numbers = tuple(here for here, _, _ in again)
    return Taken(Added(added.new, (*added.known, *numbers)), changed)


def numbers_by_id(conn: Connection, wanted: Sequence[Record]) -> dict[tuple[str, str | None], int]:
    """(source, source's id) -> number of the first record that has them."""
    found: dict[tuple[str, str | None], int] = {}
    for source in {record.source for record in wanted}:
        ids = [r.source_id for r in wanted if r.source == source and r.source_id]
        for start in range(0, len(ids), CHUNK):
            query = select(records.c.source_id, records.c.id).where(
                records.c.source == source, records.c.source_id.in_(ids[start : start + CHUNK])
            )
            for ident, number in conn.execute(query.order_by(records.c.id)):
                found.setdefault((source, ident), number)
    return found


def update_batch(conn: Connection, batch: int, **counts: Any) -> None:
    """Brings the counts of a harvest's batch up to date, in the transaction of its page."""
    conn.execute(batches.update().where(batches.c.id == batch).values(**counts))


def add_relations(
    conn: Connection, record: int, said: Sequence[Relation], at: datetime, raw: str | None
) -> list[Relation]:
    """Adds what was not said of a record before; gives what was added."""
    before = {(one.kind, one.target, one.said_by) for one in relations_of(conn, [record])
              .get(record, [])}  # fmt: skip
    fresh = [one for one in said if (one.kind, one.target, one.said_by) not in before]
    rows = [
        {
            "record": record, "at": to_text(at), "kind": one.kind, "target": one.target,
            "said_by": one.said_by, "said_at": one.said_at, "raw": raw,
        }
        for one in fresh
    ]  # fmt: skip
    if rows:
        conn.execute(insert(relations), rows)
    return fresh


def relations_of(
    conn: Connection, wanted: Sequence[int] | None = None
) -> dict[int, list[Relation]]:
    """Record -> what was said of it after it had come; all records where None."""
    query = select(relations).order_by(relations.c.id)
    found: dict[int, list[Relation]] = {}
    parts = [None] if wanted is None else [
        list(wanted[i : i + CHUNK]) for i in range(0, len(wanted), CHUNK)
    ]  # fmt: skip
    for part in parts:
        asked = query if part is None else query.where(relations.c.record.in_(part))
        for row in conn.execute(asked):
            one = Relation(row.kind, row.target, row.said_by, row.said_at)
            found.setdefault(row.record, []).append(one)
    return found


@contextlib.contextmanager
def alone(store: Store) -> Iterator[None]:
    """On PostgreSQL, holds the lock that keeps a second harvest of this review out.

    Raises:
        StoreError: another process holds it.
    """
    if store.is_sqlite:
        yield
        return
    with store.engine.connect() as conn:
        got = conn.execute(text("select pg_try_advisory_lock(:n)"), {"n": LOCK}).scalar()
        conn.commit()
        if not got:
            raise StoreError("another harvest of this review is running, perhaps elsewhere.")
        try:
            yield
        finally:
            conn.execute(text("select pg_advisory_unlock(:n)"), {"n": LOCK})
            conn.commit()
