"""Harvests: started, page by page, ended; and later statements by registries.

A page, its records and the position to resume from are written in one transaction, so an
interrupted harvest resumes after its last complete page.
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
from review.store import Store, import_undos
from review.store.bulk import insert_rows
from review.store.records import CHUNK, InsertResult, add_records
from review.store.schemas import build_lock_number
from review.store.tables.review import (
    batches,
    harvest_ends,
    harvest_pages,
    harvests,
    records,
    relations,
    sightings,
)
from review.store.timestamps import format_timestamp

OPEN_LISTS_KEY = "goes on"
"""Key of a stored cursor for lists that begin on earlier pages."""
HARVEST_LOCK = 4_710_118
"""Advisory lock (PostgreSQL) held by the harvest of a review."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """One date range of one source, and how far its harvest got."""

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
    """Of the newest end: complete, incomplete or closed; None while running or if interrupted."""
    note: str | None
    end: dict[str, Any]
    """Detail of the newest end."""


@dataclass(frozen=True, slots=True)
class PageTotals:
    """Totals over the pages of a harvest."""

    pages: int
    received: int
    parsed: int
    rejected: int
    new: int
    known: int


def open_harvest(
    conn: Connection, at: datetime, who: str, *, detail: dict[str, Any], **columns: Any
) -> int:
    """Add a harvest (run, source, batch, query, compiled, window_from, window_to)."""
    row = {"at": format_timestamp(at), "who": who, "detail": json.dumps(detail), **columns}
    return int(conn.execute(insert(harvests), row).inserted_primary_key[0])  # type: ignore[index]


def add_page(
    conn: Connection,
    harvest: int,
    at: datetime,
    *,
    cursor: dict[str, Any],
    tail_sizes: Mapping[str, int],
    detail: dict[str, Any],
    **columns: Any,
) -> None:
    """Add a page (slice, raw, announced, received, parsed, rejected, new, known).

    Only the pages needed to resume keep a cursor: the newest, and earlier ones that hold the
    beginnings of lists it continues. A list is thus stored once, however many pages it has.

    Args:
        grown: lists of the cursor, and how many entries at their ends belong to this page.
    """
    tails = {name: cursor[name][len(cursor[name]) - n :] for name, n in tail_sizes.items()}
    open_lists = [name for name, n in tail_sizes.items() if len(cursor[name]) > n]
    if not open_lists:
        pages_with_cursor = (harvest_pages.c.harvest == harvest) & harvest_pages.c.cursor.is_not(
            None
        )
        conn.execute(harvest_pages.update().where(pages_with_cursor).values(cursor=None))
    row = {
        "harvest": harvest,
        "at": format_timestamp(at),
        "cursor": json.dumps({**cursor, **tails, OPEN_LISTS_KEY: open_lists}),
        "detail": json.dumps(detail, ensure_ascii=False),
        **columns,
    }
    conn.execute(insert(harvest_pages), row)


def end_harvest(
    conn: Connection,
    harvest: int,
    *,
    at: datetime,
    verdict: str,
    note: str | None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record how a harvest ended: complete, incomplete, or closed by a later one."""
    row = {
        "harvest": harvest,
        "at": format_timestamp(at),
        "verdict": verdict,
        "note": note,
        "detail": json.dumps(detail or {}, ensure_ascii=False),
    }
    conn.execute(insert(harvest_ends), row)


def list_harvests(
    conn: Connection, *, source: str | None = None, until: datetime | None = None
) -> list[Harvest]:
    """Harvests in the order in which they started, as of a given time."""
    query = select(harvests).order_by(harvests.c.id)
    ends_query = select(harvest_ends).order_by(harvest_ends.c.id)
    if source is not None:
        query = query.where(harvests.c.source == source)
    if until is not None:
        query = query.where(harvests.c.at <= format_timestamp(until))
        ends_query = ends_query.where(harvest_ends.c.at <= format_timestamp(until))
    newest_ends = {row.harvest: row for row in conn.execute(ends_query)}
    return [_to_harvest(row, newest_ends.get(row.id)) for row in conn.execute(query)]


def _to_harvest(row: Any, newest_end: Any) -> Harvest:
    return Harvest(
        id=row.id,
        at=row.at,
        who=row.who,
        run=row.run,
        source=row.source,
        batch=row.batch,
        query=row.query,
        compiled=row.compiled,
        since=row.window_from,
        until=row.window_to,
        detail=json.loads(row.detail or "{}"),
        verdict=newest_end.verdict if newest_end else None,
        note=newest_end.note if newest_end else None,
        end=json.loads(newest_end.detail or "{}") if newest_end else {},
    )


def get_cursor(conn: Connection, harvest: int) -> dict[str, Any] | None:
    """Where a harvest resumes; None if no page is stored."""
    c = harvest_pages.c
    query = select(c.cursor).where(c.harvest == harvest, c.cursor.is_not(None))
    rows = [json.loads(cursor_json) for cursor_json in conn.execute(query.order_by(c.id)).scalars()]
    if not rows:
        return None
    newest = rows[-1]
    lists = {
        name: [entry for row in rows for entry in row[name]]
        for name in newest.pop(OPEN_LISTS_KEY, ())
    }
    return {**newest, **lists}


def get_totals(conn: Connection) -> dict[int, PageTotals]:
    """Totals over the pages of each harvest."""
    c = harvest_pages.c
    sums = (func.sum(c.parsed), func.sum(c.rejected), func.sum(c.new), func.sum(c.known))
    query = select(c.harvest, func.count(), func.sum(c.parsed + c.rejected), *sums)
    rows = conn.execute(query.group_by(c.harvest))
    return {row[0]: PageTotals(*(int(value or 0) for value in row[1:])) for row in rows}


def list_pages(conn: Connection, harvest: int) -> list[dict[str, Any]]:
    """The pages of a harvest as plain rows, detail as a dict, without the cursor."""
    query = select(harvest_pages).where(harvest_pages.c.harvest == harvest)
    rows = [dict(row._mapping) for row in conn.execute(query.order_by(harvest_pages.c.id))]
    for row in rows:
        row["detail"] = json.loads(row["detail"] or "{}")
        del row["cursor"]
    return rows


@dataclass(frozen=True, slots=True)
class PageInsertResult:
    """Result of adding a page of records."""

    added: InsertResult
    changed: tuple[tuple[int, Record], ...]
    """Known entries that the source has since changed: our number, and the entry as it is now."""


def add_page_records(
    conn: Connection,
    batch: int,
    page_records: Sequence[tuple[int, Record]],
    at: datetime,
    raw: str | None,
) -> PageInsertResult:
    """Add the entries of a page; an entry whose source and id are already stored is known.

    Args:
        given: position in the window and record; one source and its own ids.
    """
    known = find_numbers(conn, [record for _, record in page_records])
    new_records = [(n, r) for n, r in page_records if (r.source, r.source_id) not in known]
    known_records = [
        (known[r.source, r.source_id], n, r)
        for n, r in page_records
        if (r.source, r.source_id) in known
    ]
    added = add_records(conn, batch, new_records, at, raw=raw)
    if known_records:
        rows = [
            {"record": record_number, "batch": batch, "number": n}
            for record_number, n, _ in known_records
        ]
        insert_rows(conn, sightings, rows)
    changed = tuple((record_number, record) for record_number, _, record in known_records)
    known_numbers = tuple(record_number for record_number, _, _ in known_records)
    known_records_added = (*added.known, *known_numbers)
    return PageInsertResult(InsertResult(added.new, known_records_added, added.revived), changed)


def find_numbers(
    conn: Connection, candidates: Sequence[Record]
) -> dict[tuple[str, str | None], int]:
    """(source, source's id) -> number of the first record with both."""
    live = import_undos.is_live(conn)
    numbers: dict[tuple[str, str | None], int] = {}
    for source in {record.source for record in candidates}:
        ids = [r.source_id for r in candidates if r.source == source and r.source_id]
        for start in range(0, len(ids), CHUNK):
            query = select(records.c.source_id, records.c.id).where(
                records.c.source == source,
                records.c.source_id.in_(ids[start : start + CHUNK]),
                live,
            )
            for source_id, number in conn.execute(query.order_by(records.c.id)):
                numbers.setdefault((source, source_id), number)
    return numbers


def update_batch(conn: Connection, batch: int, **counts: Any) -> None:
    """Update the counts of a harvest's batch, in the transaction of its page."""
    conn.execute(batches.update().where(batches.c.id == batch).values(**counts))


def add_relations(
    conn: Connection, record: int, statements: Sequence[Relation], at: datetime, raw: str | None
) -> list[Relation]:
    """Add relations not yet stated for a record; returns those added."""
    known_keys = {
        (statement.kind, statement.target, statement.said_by)
        for statement in list_relations(conn, [record]).get(record, [])
    }
    new_statements = [
        statement
        for statement in statements
        if (statement.kind, statement.target, statement.said_by) not in known_keys
    ]
    rows = [
        {
            "record": record,
            "at": format_timestamp(at),
            "kind": statement.kind,
            "target": statement.target,
            "said_by": statement.said_by,
            "said_at": statement.said_at,
            "raw": raw,
        }
        for statement in new_statements
    ]
    if rows:
        conn.execute(insert(relations), rows)
    return new_statements


def list_relations(
    conn: Connection, numbers: Sequence[int] | None = None
) -> dict[int, list[Relation]]:
    """Record -> relations stated after it was added; for all records if None."""
    query = select(relations).order_by(relations.c.id)
    relations_by_record: dict[int, list[Relation]] = {}
    chunks = (
        [None]
        if numbers is None
        else [list(numbers[i : i + CHUNK]) for i in range(0, len(numbers), CHUNK)]
    )
    for chunk in chunks:
        chunk_query = query if chunk is None else query.where(relations.c.record.in_(chunk))
        for row in conn.execute(chunk_query):
            relation = Relation(row.kind, row.target, row.said_by, row.said_at)
            relations_by_record.setdefault(row.record, []).append(relation)
    return relations_by_record


@contextlib.contextmanager
def advisory_lock(store: Store) -> Iterator[None]:
    """On PostgreSQL, hold the lock that prevents a second harvest of this review.

    Raises:
        StoreError: another process holds it.
    """
    if store.is_sqlite:
        yield
        return
    number = build_lock_number(HARVEST_LOCK, store.schema)
    with store.engine.connect() as conn:
        acquired = conn.execute(text("select pg_try_advisory_lock(:n)"), {"n": number}).scalar()
        conn.commit()
        if not acquired:
            raise StoreError(
                "another harvest of this review is running, possibly on another computer."
            )
        try:
            yield
        finally:
            conn.execute(text("select pg_advisory_unlock(:n)"), {"n": number})
            conn.commit()
