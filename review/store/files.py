"""Which PDFs belong to which records; the bytes lie in the review's files/ folder."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables import files
from review.store.timestamps import to_text


def add(
    conn: Connection, record: int, sha256: str, who: str, at: datetime, *,
    name: str, size: int, origin: str, state: str | None = None,
) -> None:  # fmt: skip
    """Attaches a PDF to a record; state 'removed' takes it off again."""
    row = {
        "record": record,
        "sha256": sha256,
        "who": who,
        "at": to_text(at),
        "name": name,
        "bytes": size,
        "origin": origin,
        "state": state,
    }
    conn.execute(insert(files), row)


def newest(conn: Connection, record: int) -> dict[str, Any] | None:
    """The PDF a record has now: sha256, name, bytes, origin, who, at; None where it has none."""
    query = select(files).where(files.c.record == record).order_by(files.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    return None if row is None or row.state == "removed" else dict(row._mapping)


def every(conn: Connection, *, until: datetime | None = None) -> dict[int, dict[str, Any]]:
    """Record -> the PDF it has now, or had at a moment (inclusive)."""
    query = select(files).order_by(files.c.id)
    if until is not None:
        query = query.where(files.c.at <= to_text(until))
    found = {row.record: dict(row._mapping) for row in conn.execute(query)}
    return {record: one for record, one in found.items() if one["state"] != "removed"}
