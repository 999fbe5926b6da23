"""Extracted full texts by file content: state, and the text as compressed JSON."""

import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.fulltexts import readings
from review.store.timestamps import format_timestamp


def add_fulltext(
    conn: Connection,
    sha256: str,
    at: datetime,
    *,
    state: str,
    reader: str,
    pages: int,
    note: str | None,
    data: dict[str, Any],
) -> None:
    """Add the extracted text of a file; the newest one from the same PDF reader counts."""
    compressed = gzip.compress(json.dumps(data, ensure_ascii=False).encode(), mtime=0)
    row = {
        "sha256": sha256,
        "at": format_timestamp(at),
        "state": state,
        "reader": reader,
        "pages": pages,
        "note": note,
        "data": compressed,
    }
    conn.execute(insert(readings), row)


def get_newest_fulltext(conn: Connection, sha256: str) -> dict[str, Any] | None:
    """The newest extraction: state, reader, pages, note, at, data; None if not read."""
    query = select(readings).where(readings.c.sha256 == sha256).order_by(readings.c.id.desc())
    row = conn.execute(query.limit(1)).first()
    if row is None:
        return None
    return {**row._mapping, "data": json.loads(gzip.decompress(row.data))}


def list_states(
    conn: Connection, hashes: Iterable[str]
) -> dict[str, tuple[str, str, int, str | None]]:
    """SHA-256 -> (state, reader, pages, note) of the newest extraction, without the texts."""
    columns = (
        readings.c.sha256,
        readings.c.state,
        readings.c.reader,
        readings.c.pages,
        readings.c.note,
    )
    wanted_hashes = set(hashes)
    rows = conn.execute(select(*columns).order_by(readings.c.id))
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows if row[0] in wanted_hashes}
