"""Every entry of the review as one stream in order of time: what happened, when, by whom."""

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from review.store.moments import to_text
from review.store.records import key_of
from review.store.tables import metadata

EVENTS = (
    "protocols", "harvests", "harvest_pages", "harvest_ends", "batches", "records", "links",
    "decisions", "answers", "forms", "files", "retrievals", "feedback", "edits", "notes", "orders",
    "acts",
)  # fmt: skip
"""Tables whose rows are entries. Accounts and sessions are none; readings and flags are computed
from the files and can be computed again."""
LEFT_OUT = {
    "records": ("data", "title", "authors", "year", "journal", "doi", "pmid", "pmcid", "arxiv_id"),
}
"""Columns that hold content which the exports of records carry whole."""
KEYS = ("record", "a", "b")
"""Columns that name a record, told by its key."""


def events(conn: Connection, *, until: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Entries up to a moment (inclusive), oldest first: at, event, id, then the row's own columns;
    silent ones left out."""
    streams = [
        _rows(conn, place, metadata.tables[name], until) for place, name in enumerate(EVENTS)
    ]
    for _, _, _, row in heapq.merge(*streams, key=lambda one: one[:3]):
        yield row


def _rows(
    conn: Connection, place: int, table: Table, until: datetime | None
) -> Iterator[tuple[str, int, int, dict[str, Any]]]:
    kept = [c for c in table.c if c.name not in LEFT_OUT.get(table.name, ())]
    query = select(*kept).order_by(table.c.at, table.c.id)
    if until is not None:
        query = query.where(table.c.at <= to_text(until))
    for row in conn.execute(query):
        values = dict(row._mapping)
        at, number = str(values.pop("at")), int(values.pop("id"))
        told = {name: value for name, value in values.items() if value is not None}
        for name in KEYS:
            if isinstance(told.get(name), int):
                told[name] = key_of(told[name])
        if table.name == "records":
            told = {"record": key_of(number), **told}
        yield at, place, number, {"at": at, "event": table.name, "id": number, **told}
