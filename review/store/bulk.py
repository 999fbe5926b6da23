"""Adds many rows in one statement, so that a long projection holds the write lock briefly."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, text

CHUNK = 500
"""Rows that are sent at once where each is a set of parameters."""
FEW = 20
"""PostgreSQL takes up to so many rows as quickly one by one."""


def insert_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds rows to a table; all rows name the same columns, with values as JSON knows them.

    PostgreSQL's driver sends a statement for each row, and everybody's key presses wait until the
    last of thousands is through; so they go as one JSON document.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite" or len(rows) <= FEW:
        for start in range(0, len(rows), CHUNK):
            conn.execute(insert(table), rows[start : start + CHUNK])
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    statement = text(
        f'insert into "{table.name}" ({names}) '
        f'select {names} from json_populate_recordset(null::"{table.name}", :rows)'
    )
    conn.execute(statement, {"rows": json.dumps(list(rows), ensure_ascii=False)})
