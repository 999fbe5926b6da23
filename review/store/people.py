"""Who has done anything in a review, by the names that its entries carry."""

from sqlalchemy import Connection, select, union

from review.store.tables import (
    accounts,
    acts,
    image_audit_readers,
    metadata,
    one_time_links,
    protocols,
    sessions,
)

PERSON_COLUMNS = ("who", "reviewer")
"""Columns that name a person in every table that has them."""


def list_active_names(conn: Connection) -> set[str]:
    """Names of those who have written an entry, or who have or had an account, a session or a
    one-time link.

    Who opened a version of the protocol is left out: the tool notes its first one by itself.
    """
    queries = [
        select(table.c[column])
        for table in metadata.sorted_tables
        for column in PERSON_COLUMNS
        if column in table.c and table.name != protocols.name
    ]
    queries += [
        select(column)
        for column in (
            accounts.c.name,
            sessions.c.name,
            one_time_links.c.name,
            image_audit_readers.c.reader,
            acts.c.subject,
        )
    ]
    return {str(name) for name in conn.execute(union(*queries)).scalars() if name is not None}
