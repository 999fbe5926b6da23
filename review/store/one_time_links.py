"""Links that work once: invitations and new passwords. The secret is kept as its hash alone."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from review.store.accounts import hash_token
from review.store.tables.people import one_time_link_ends, one_time_links
from review.store.timestamps import format_timestamp, parse_timestamp


def add_link(
    conn: Connection, token: str, name: str, kind: str, *, who: str, at: datetime, expires: datetime
) -> None:
    """Keeps a new link of a person."""
    row = {
        "token": hash_token(token),
        "name": name,
        "kind": kind,
        "who": who,
        "at": format_timestamp(at),
        "expires": format_timestamp(expires),
    }
    conn.execute(insert(one_time_links), row)


def get_link_name(conn: Connection, token: str, kind: str, at: datetime) -> str | None:
    """Whose link a secret opens; None where it is unknown, used, replaced or expired."""
    token_hash = hash_token(token)
    query = select(one_time_links.c.name).where(
        one_time_links.c.token == token_hash,
        one_time_links.c.kind == kind,
        one_time_links.c.expires > format_timestamp(at),
        ~select(one_time_link_ends.c.id).where(one_time_link_ends.c.token == token_hash).exists(),
    )
    return conn.execute(query).scalar()


def find_expiry(conn: Connection, name: str, kind: str, at: datetime) -> datetime | None:
    """When a person's newest link expires; None if none is valid."""
    query = select(func.max(one_time_links.c.expires)).where(
        one_time_links.c.name == name,
        one_time_links.c.kind == kind,
        one_time_links.c.expires > format_timestamp(at),
        ~select(one_time_link_ends.c.id)
        .where(one_time_link_ends.c.token == one_time_links.c.token)
        .exists(),
    )
    expires = conn.execute(query).scalar()
    return None if expires is None else parse_timestamp(expires)


def end_links(conn: Connection, name: str, kind: str, at: datetime) -> None:
    """Ends all links of a kind that a person has."""
    query = select(one_time_links.c.token).where(
        one_time_links.c.name == name,
        one_time_links.c.kind == kind,
        ~select(one_time_link_ends.c.id)
        .where(one_time_link_ends.c.token == one_time_links.c.token)
        .exists(),
    )
    rows = [{"token": token, "at": format_timestamp(at)} for token in conn.execute(query).scalars()]
    if rows:
        conn.execute(insert(one_time_link_ends), rows)
