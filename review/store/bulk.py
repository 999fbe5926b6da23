"""Adds many rows in one statement, so that a long import holds the write lock briefly."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, text

CHUNK = 500
"""Rows that are sent at once where each is a set of parameters."""
DOCUMENT = 2_000
"""Rows of one JSON document: bounds the memory."""
FEW = 20
"""Up to this many rows, PostgreSQL is as quick one by one."""


def insert_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds rows to a table; all rows name the same columns, with values as JSON knows them.

    PostgreSQL's driver sends a statement for each row, and everybody's key presses wait until the
    last of thousands is through; so they go as one JSON document. Numbers that the table gives
    (a decision's place in the order) follow the order of the rows.
    """
    part = CHUNK if _sends_sets(conn, rows) else DOCUMENT
    for start in range(0, len(rows), part):
        _insert_part(conn, table, rows[start : start + part])


def _sends_sets(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> bool:
    return conn.dialect.name == "sqlite" or len(rows) <= FEW


def _insert_part(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if len(rows) <= FEW:
        conn.execute(insert(table), rows)
        return
    if conn.dialect.name == "sqlite":
        _insert_sets(conn, table, rows)
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    statement = text(
        f'insert into "{table.name}" ({names}) '
        f'select {names} from json_populate_recordset(null::"{table.name}", :rows) '
        "with ordinality order by ordinality"
    )
    document = json.dumps(list(rows), ensure_ascii=False)
    if "\\u0000" in document:  # PostgreSQL takes no NUL, and here it is out of the driver's sight
        document = json.dumps([_drop_nul(row) for row in rows], ensure_ascii=False)
    conn.execute(statement, {"rows": document})


def _drop_nul(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.replace("\x00", "\ufffd") if isinstance(value, str) else value
        for name, value in row.items()
    }


def _insert_sets(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Sends many rows to SQLite as they are: SQLAlchemy takes as long over a row as SQLite does."""
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    statement = f'insert into "{table.name}" ({columns}) values ({marks})'
    conn.exec_driver_sql(statement, [tuple([row[name] for name in names]) for row in rows])
