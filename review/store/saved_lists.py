"""Filters of the list of records, kept under a name. Rows are appended; the newest of each
person and name counts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.review import saved_lists
from review.store.timestamps import format_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedList:
    """Filters under a name."""

    who: str
    name: str
    shared: bool
    """Whether the team may open it."""
    filters: Mapping[str, Any]


def add_list(conn: Connection, saved: SavedList, at: datetime, *, present: bool = True) -> None:
    """Keep a list, or state that it was deleted."""
    row = {
        "at": format_timestamp(at),
        "who": saved.who,
        "name": saved.name,
        "shared": int(saved.shared),
        "filters": json.dumps(dict(saved.filters), ensure_ascii=False, sort_keys=True),
        "state": "present" if present else "removed",
    }
    conn.execute(insert(saved_lists), row)


def list_lists(conn: Connection, name: str) -> list[SavedList]:
    """A person's own lists and those others share, in order of entry."""
    query = select(saved_lists).order_by(saved_lists.c.id)
    newest: dict[tuple[str, str], Any] = {}
    for row in conn.execute(query):
        newest.pop((row.who, row.name), None)
        newest[row.who, row.name] = row
    return [
        SavedList(
            who=row.who, name=row.name, shared=bool(row.shared), filters=json.loads(row.filters)
        )
        for row in newest.values()
        if row.state == "present" and (row.who == name or row.shared)
    ]
