"""Every entry of the review as one stream in order of time: what happened, when, by whom."""

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from review.store.records import key_of
from review.store.tables import batches, metadata
from review.store.timestamps import to_text

EVENTS = (
    "protocols", "harvests", "harvest_pages", "harvest_ends", "batches", "records", "sightings",
    "rejected", "relations", "links", "decisions", "answers", "forms", "files", "retrievals",
    "feedback", "edits", "notes", "orders", "acts",
)  # fmt: skip
"""Tables whose rows are entries."""
NO_EVENTS = (
    "accounts", "sessions", "session_ends", "groups", "standings", "order_rows", "readings",
    "flags",
)  # fmt: skip
"""The others: who may sign in, which never leaves the house, and what is computed from the entries
and the files, and can be computed again."""
OF_BATCH = ("sightings", "rejected")
"""Tables whose rows came at the moment of their batch."""
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
    moment = table.c.at if "at" in table.c else batches.c.at
    query = select(*kept, moment.label("at")) if table.name in OF_BATCH else select(*kept)
    if table.name in OF_BATCH:
        query = query.join(batches, batches.c.id == table.c.batch)
    query = query.order_by(moment, table.c.id)
    if until is not None:
        query = query.where(moment <= to_text(until))
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
