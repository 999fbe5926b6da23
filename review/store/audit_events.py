"""Review-level audit events, and the versions of the protocol."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from review.store import transaction_memory
from review.store.tables.review import acts, metadata, protocols
from review.store.timestamps import format_timestamp

STANDING_KINDS = (
    "retire",
    "return",
    "study reopened",
    "study kept as judged",
    "source named",
    "random check",
    "random check withdrawn",
)
"""Kinds of events that decide what counts now. They are few, and a key press asks for them again
and again, so a transaction reads them once, all together."""
_STANDING_EVENTS, _NEWEST_PROTOCOL = "standing events", "newest protocol"


def add_event(
    conn: Connection,
    kind: str,
    who: str,
    at: datetime,
    *,
    subject: str | None = None,
    detail: dict[str, Any] | None = None,
) -> int:
    """Add an event (retire, return, stop, rule, alert, ...) and return its number."""
    row = {
        "kind": kind,
        "who": who,
        "at": format_timestamp(at),
        "subject": subject,
        "detail": None if detail is None else json.dumps(detail, ensure_ascii=False),
    }
    transaction_memory.forget(conn)
    return int(conn.execute(insert(acts), row).inserted_primary_key[0])  # type: ignore[index]


def list_events(
    conn: Connection, *, kind: str | None = None, until: datetime | None = None
) -> list[dict[str, Any]]:
    """Events in order of entry: id, at (text), who, kind, subject, detail (dict or None)."""
    if kind in STANDING_KINDS and until is None:
        events = transaction_memory.recall(conn, _STANDING_EVENTS, lambda: _read_standing(conn))
        return [dict(event) for event in events if event["kind"] == kind]
    query = select(acts).order_by(acts.c.id)
    if kind is not None:
        query = query.where(acts.c.kind == kind)
    if until is not None:
        query = query.where(acts.c.at <= format_timestamp(until))
    return _read_events(conn, query)


def _read_standing(conn: Connection) -> list[dict[str, Any]]:
    return _read_events(
        conn, select(acts).where(acts.c.kind.in_(STANDING_KINDS)).order_by(acts.c.id)
    )


def _read_events(conn: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    rows = [dict(row._mapping) for row in conn.execute(query)]
    return [
        {**event, "detail": json.loads(event["detail"]) if event["detail"] else None}
        for event in rows
    ]


def add_protocol_version(
    conn: Connection,
    text: str,
    fingerprint: str,
    who: str,
    at: datetime,
    *,
    amendment: str | None = None,
    why: str | None = None,
) -> None:
    """Add a protocol version; `amendment` describes what changed after screening began."""
    row = {
        "text": text,
        "hash": fingerprint,
        "who": who,
        "at": format_timestamp(at),
        "amendment": amendment,
        "why": why,
    }
    transaction_memory.forget(conn)
    conn.execute(insert(protocols), row)


def get_newest_protocol(conn: Connection) -> tuple[str, str] | None:
    """Fingerprint and text of the current protocol; None before the first."""
    return transaction_memory.recall(conn, _NEWEST_PROTOCOL, lambda: _read_newest_protocol(conn))


def _read_newest_protocol(conn: Connection) -> tuple[str, str] | None:
    query = select(protocols.c.hash, protocols.c.text).order_by(protocols.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    return None if row is None else (row.hash, row.text)


def list_protocol_versions(conn: Connection) -> list[dict[str, Any]]:
    """All versions, oldest first: id, at, who, hash, text, amendment, why."""
    return [dict(row._mapping) for row in conn.execute(select(protocols).order_by(protocols.c.id))]


REPORT_TABLES = (
    "batches",
    "links",
    "decisions",
    "answers",
    "forms",
    "report_models",
    "retrievals",
    "files",
    "feedback",
    "fact_corrections",
    "notes",
    "annotations",
    "acts",
    "edits",
    "harvests",
    "harvest_ends",
    "relations",
    "search_dates",
    "assistant_calls",
    "assistant_answers",
)
"""Tables whose rows affect a report."""


def get_newest_rows(conn: Connection) -> list[int]:
    """Number of the newest entry of each kind that affects a report."""
    tables = [metadata.tables[name] for name in REPORT_TABLES]
    query = select(*(select(func.max(table.c.id)).scalar_subquery() for table in tables))
    return [int(number or 0) for number in conn.execute(query).one()]


def list_newest_timestamps(conn: Connection) -> list[str]:
    """Timestamp (text) of the newest entry of each kind that affects a report."""
    timestamps = []
    for name in REPORT_TABLES:
        timestamp = conn.execute(select(func.max(metadata.tables[name].c.at))).scalar()
        timestamps += [str(timestamp)] if timestamp else []
    return timestamps
