"""Attempts to get a report's full text."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables import retrievals
from review.store.timestamps import format_timestamp


def add_attempt(
    conn: Connection,
    record: int,
    state: str,
    who: str,
    at: datetime,
    *,
    source: str | None = None,
    reason: str | None = None,
) -> None:
    """Adds an attempt; state is sought, retrieved or not retrieved."""
    row = {
        "record": record,
        "state": state,
        "who": who,
        "at": format_timestamp(at),
        "source": source,
        "reason": reason,
    }
    conn.execute(insert(retrievals), row)


def list_newest_states(
    conn: Connection, *, until: datetime | None = None
) -> dict[int, tuple[str, str | None]]:
    """Record -> state and reason of its newest attempt."""
    query = select(retrievals.c.record, retrievals.c.state, retrievals.c.reason)
    if until is not None:
        query = query.where(retrievals.c.at <= format_timestamp(until))
    rows = conn.execute(query.order_by(retrievals.c.id))
    return {record: (state, reason) for record, state, reason in rows}


def list_newest_timestamps(conn: Connection) -> dict[int, str]:
    """Record -> moment (text) of its newest attempt."""
    rows = conn.execute(select(retrievals.c.record, retrievals.c.at).order_by(retrievals.c.id))
    return dict(tuple(row) for row in rows)
