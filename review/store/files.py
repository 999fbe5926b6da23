"""Which PDFs belong to which records; the files themselves are in the review's files/ folder."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.fulltexts import files
from review.store.timestamps import format_timestamp


def attach_file(
    conn: Connection,
    record: int,
    sha256: str,
    who: str,
    at: datetime,
    *,
    name: str,
    size: int,
    origin: str,
    state: str | None = None,
) -> None:
    """Attach a PDF to a record; state 'removed' detaches it."""
    row = {
        "record": record,
        "sha256": sha256,
        "who": who,
        "at": format_timestamp(at),
        "name": name,
        "bytes": size,
        "origin": origin,
        "state": state,
    }
    conn.execute(insert(files), row)


def get_current_file(conn: Connection, record: int) -> dict[str, Any] | None:
    """The current PDF of a record: sha256, name, bytes, origin, who, at; None if it has none."""
    query = select(files).where(files.c.record == record).order_by(files.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    return None if row is None or row.state == "removed" else dict(row._mapping)


def list_file_events(
    conn: Connection, record_numbers: Sequence[int]
) -> list[tuple[int, str, str, str, bool]]:
    """Each PDF attached to or removed from some records: record, time, who, name, removed."""
    query = select(files).where(files.c.record.in_(record_numbers)).order_by(files.c.id)
    return [
        (row.record, row.at, row.who, row.name, row.state == "removed")
        for row in conn.execute(query)
    ]


def list_current_files(
    conn: Connection, *, until: datetime | None = None
) -> dict[int, dict[str, Any]]:
    """Record -> its PDF, now or at a given time (inclusive)."""
    query = select(files).order_by(files.c.id)
    if until is not None:
        query = query.where(files.c.at <= format_timestamp(until))
    files_by_record = {row.record: dict(row._mapping) for row in conn.execute(query)}
    return {record: file for record, file in files_by_record.items() if file["state"] != "removed"}
