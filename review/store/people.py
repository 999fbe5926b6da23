"""Who has done anything in a review, by the names that its entries carry."""

from datetime import datetime

from sqlalchemy import Connection, Table, func, select, union

from review.store.tables.images import image_audit_readers
from review.store.tables.people import accounts, one_time_links, sessions
from review.store.tables.review import acts, metadata, protocols
from review.store.timestamps import parse_timestamp

PERSON_COLUMNS = ("who", "reviewer")
"""Columns that name a person in every table that has them."""


def list_working_names(conn: Connection) -> set[str]:
    """Names of those who have written an entry, or who have or had an account or a session.

    Who opened a version of the protocol is left out: the tool notes its first one by itself.
    """
    queries = [
        select(table.c[column])
        for table, column in _list_person_columns()
        if table.name != one_time_links.name
    ]
    queries += [
        select(column)
        for column in (
            accounts.c.name,
            sessions.c.name,
            image_audit_readers.c.reader,
            acts.c.subject,
        )
    ]
    return {str(name) for name in conn.execute(union(*queries)).scalars() if name is not None}


def list_active_names(conn: Connection) -> set[str]:
    """The same, with those who were given a one-time link."""
    names = conn.execute(select(one_time_links.c.name)).scalars()
    return list_working_names(conn) | set(names)


def list_last_entries(conn: Connection) -> dict[str, datetime]:
    """Person -> when they wrote their newest entry of any kind."""
    last: dict[str, str] = {}
    for table, column in _list_person_columns():
        if "at" not in table.c:
            continue
        query = select(table.c[column], func.max(table.c.at)).group_by(table.c[column])
        for name, at in conn.execute(query):
            if name is not None:
                last[name] = max(at, last.get(name, ""))
    return {name: parse_timestamp(at) for name, at in last.items()}


def _list_person_columns() -> list[tuple[Table, str]]:
    return [
        (table, column)
        for table in metadata.sorted_tables
        for column in PERSON_COLUMNS
        if column in table.c and table.name != protocols.name
    ]
