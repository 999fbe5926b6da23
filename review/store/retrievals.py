"""Attempts to get a report's full text."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, union_all

from review.store.tables.fulltexts import retrievals
from review.store.tables.review import batches
from review.store.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class RetrievalAttempt:
    """One attempt."""

    record: int
    state: str
    """sought, retrieved or not retrieved."""
    who: str
    at: str
    source: str | None
    """Where it was found; 'person' if entered manually."""
    reason: str | None


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
    """Add an attempt; state is sought, retrieved or not retrieved."""
    row = {
        "record": record,
        "state": state,
        "who": who,
        "at": format_timestamp(at),
        "source": source,
        "reason": reason,
    }
    conn.execute(insert(retrievals), row)


def repeat_attempt(conn: Connection, attempt: RetrievalAttempt, at: datetime) -> None:
    """Adds an attempt again, unchanged: a new search changed nothing about it."""
    add_attempt(
        conn,
        attempt.record,
        attempt.state,
        attempt.who,
        at,
        source=attempt.source,
        reason=attempt.reason,
    )


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
    """Record -> timestamp (text) of its newest attempt."""
    rows = conn.execute(select(retrievals.c.record, retrievals.c.at).order_by(retrievals.c.id))
    return dict(tuple(row) for row in rows)


def list_newest_attempts(
    conn: Connection, *, until: datetime | None = None
) -> dict[int, RetrievalAttempt]:
    """Record -> its newest attempt, with the person."""
    query = select(retrievals)
    if until is not None:
        query = query.where(retrievals.c.at <= format_timestamp(until))
    return {row.record: _to_attempt(row) for row in conn.execute(query.order_by(retrievals.c.id))}


def list_missed_by_person(conn: Connection) -> list[RetrievalAttempt]:
    """The reports of which a person said last that they could not be had, in order of arrival."""
    return [
        attempt
        for _, attempt in sorted(list_newest_attempts(conn).items())
        if attempt.state == "not retrieved" and attempt.source == "person"
    ]


def pick_statement_time(conn: Connection, at: datetime) -> datetime:
    """The time, or the next microsecond after it at which no decisions were imported and no person
    made a statement: an import is undone by the time that it shares with its statements."""
    while True:
        text = format_timestamp(at)
        statement = select(retrievals.c.id).where(
            retrievals.c.at == text, retrievals.c.source == "person"
        )
        decision_file = select(batches.c.id).where(
            batches.c.at == text, batches.c.kind == "decisions"
        )
        if conn.execute(union_all(statement, decision_file).limit(1)).first() is None:
            return at
        at += timedelta(microseconds=1)


def list_attempts_entered_at(conn: Connection, at: str) -> list[int]:
    """Records on whose full texts a person made a statement at this very time (text), as all
    statements of one file have the time of its import."""
    query = select(retrievals.c.record).where(
        retrievals.c.at == at, retrievals.c.source == "person"
    )
    return sorted(set(conn.execute(query).scalars()))


def list_attempts(conn: Connection, record: int) -> list[RetrievalAttempt]:
    """All attempts to get a record's full text, in order of entry."""
    query = select(retrievals).where(retrievals.c.record == record).order_by(retrievals.c.id)
    return [_to_attempt(row) for row in conn.execute(query)]


def get_newest_attempt(conn: Connection, record: int) -> RetrievalAttempt | None:
    """A record's newest attempt; None if there was none."""
    query = select(retrievals).where(retrievals.c.record == record)
    row = conn.execute(query.order_by(retrievals.c.id.desc()).limit(1)).first()
    return None if row is None else _to_attempt(row)


def _to_attempt(row: Any) -> RetrievalAttempt:
    return RetrievalAttempt(
        record=row.record,
        state=row.state,
        who=row.who,
        at=row.at,
        source=row.source,
        reason=row.reason,
    )
