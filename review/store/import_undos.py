"""Imports that were undone: their rows stay, but their records no longer count.

A record is live if any batch that brought it is not undone. Every reading of records asks for the
live ones; the state of a past day counts the imports undone by then.
"""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, true

from review.store import transaction_memory
from review.store.tables.review import (
    acts,
    assignments,
    batches,
    links,
    metadata,
    order_rows,
    records,
    sightings,
)
from review.store.timestamps import format_timestamp

UNDONE_EVENT = "import undone"
"""The event by which a person undoes an import; its subject is the batch."""
DECISIONS_UNDONE_EVENT = "decision import undone"
"""The event by which a person undoes an import of decisions; its subject is the batch."""
CHUNK = 500
WORK_TABLES = {
    "decisions": "decisions",
    "answers": "appraisal answers",
    "forms": "appraisal forms",
    "files": "full texts",
    "retrievals": "retrieval of full texts",
    "feedback": "feedback on suggestions",
    "fact_corrections": "corrections of facts",
    "edits": "corrections",
    "notes": "notes",
    "annotations": "tags and notes for the team",
}
"""Tables of what people do with records, and what to call that."""
_RECORD_KEY = re.compile(r"\bR(\d{6,})\b")


def list_undone_batches(conn: Connection, until: datetime | None = None) -> frozenset[int]:
    """Batches that were undone, now or at a given time (inclusive)."""
    if until is None:
        return transaction_memory.recall(conn, UNDONE_EVENT, lambda: _read_undone(conn, true()))
    return _read_undone(conn, acts.c.at <= format_timestamp(until))


def _read_undone(conn: Connection, is_at_time: ColumnElement[bool]) -> frozenset[int]:
    query = select(acts.c.subject).where(acts.c.kind == UNDONE_EVENT, is_at_time)
    return frozenset(int(subject) for subject in conn.execute(query).scalars())


def list_undone_decision_batches(conn: Connection) -> frozenset[int]:
    """Imports of decisions that were undone."""
    query = select(acts.c.subject).where(acts.c.kind == DECISIONS_UNDONE_EVENT)
    return frozenset(int(subject) for subject in conn.execute(query).scalars())


def has_appraisals(conn: Connection, numbers: Iterable[int]) -> bool:
    """Whether anybody has appraised any of these records."""
    wanted = set(numbers)
    return any(
        _has_rows(conn, metadata.tables[name].c.record, wanted) for name in ("answers", "forms")
    )


def is_live(conn: Connection, until: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a row of the table records counts, now or at a given time."""
    undone = list_undone_batches(conn, until)
    return or_(records.c.batch.not_in(undone), _came_again(undone, until)) if undone else true()


def _came_again(undone: Collection[int], until: datetime | None) -> ColumnElement[bool]:
    arrivals = select(sightings.c.id).where(
        sightings.c.record == records.c.id, sightings.c.batch.not_in(undone)
    )
    if until is not None:
        arrivals = arrivals.join(batches, batches.c.id == sightings.c.batch)
        arrivals = arrivals.where(batches.c.at <= format_timestamp(until))
    return arrivals.exists()


def list_hidden_records(conn: Connection, until: datetime | None = None) -> frozenset[int]:
    """Numbers of records that only undone imports brought, now or at a given time."""
    undone = list_undone_batches(conn, until)
    return _list_brought_only_by(conn, undone, until) if undone else frozenset()


def _list_brought_only_by(
    conn: Connection, undone: Collection[int], until: datetime | None = None
) -> frozenset[int]:
    query = select(records.c.id).where(
        and_(records.c.batch.in_(undone), ~_came_again(undone, until))
    )
    return frozenset(conn.execute(query).scalars())


def list_records_to_hide(conn: Connection, batch: int) -> frozenset[int]:
    """Live records that would no longer count if this batch were undone."""
    undone = list_undone_batches(conn)
    return _list_brought_only_by(conn, undone | {batch}) - list_hidden_records(conn)


def list_work(conn: Connection, numbers: Iterable[int]) -> list[str]:
    """What people have done with any of these records, in words; empty if nothing."""
    wanted = set(numbers)
    dependents = {
        words: None
        for name, words in WORK_TABLES.items()
        if _has_rows(conn, metadata.tables[name].c.record, wanted)
    }
    for column in (links.c.a, links.c.b):
        if _has_rows(conn, column, wanted, links.c.who != "tool"):
            dependents["decisions on duplicates"] = None
    for subject, detail in conn.execute(select(acts.c.subject, acts.c.detail)):
        keys = _RECORD_KEY.findall(f"{subject or ''} {detail or ''}")
        if any(int(key) in wanted for key in keys):
            dependents["events in the review's history"] = None
    return list(dependents)


def _has_rows(
    conn: Connection, column: Any, numbers: Collection[int], *conditions: ColumnElement[bool]
) -> bool:
    ordered = sorted(numbers)
    return any(
        conn.execute(
            select(column).where(column.in_(ordered[start : start + CHUNK]), *conditions).limit(1)
        ).first()
        is not None
        for start in range(0, len(ordered), CHUNK)
    )


def delete_positions(conn: Connection, numbers: Iterable[int]) -> None:
    """Take records out of the order of every stage, a projection."""
    ordered = sorted(numbers)
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        conn.execute(delete(assignments).where(assignments.c.record.in_(chunk)))
        conn.execute(delete(order_rows).where(order_rows.c.record.in_(chunk)))
