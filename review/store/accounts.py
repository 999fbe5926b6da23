"""Local accounts and sessions. Passwords arrive hashed; cookies are stored as hashes."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, func, insert, or_, select

from review.store.tables.people import accounts, session_ends, sessions
from review.store.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that is open."""

    id: int
    name: str
    opened: datetime
    expires: datetime
    address: str | None
    """Network address it was opened from; None where it is not known."""
    browser: str | None
    """What the browser calls itself; None where it is not known."""
    token_hash: str


def set_password(
    conn: Connection, name: str, password_hash: str | None, who: str, at: datetime
) -> None:
    """Add the account's new password hash; None closes the account."""
    event = "closed" if password_hash is None else "password"
    row = {
        "name": name,
        "password": password_hash,
        "event": event,
        "who": who,
        "at": format_timestamp(at),
    }
    conn.execute(insert(accounts), row)


def _is_of(column: Column[str], name: str, email: str | None) -> ColumnElement[bool]:
    """Whether a row is a person's: under their name or, as older versions did, their address."""
    if not email:
        return column == name
    return or_(column == name, func.lower(column) == email.lower())


def get_password_hash(conn: Connection, name: str, email: str | None = None) -> str | None:
    """The newest password hash of a person's account; None if there is none or it is closed."""
    query = select(accounts.c.password).where(_is_of(accounts.c.name, name, email))
    return conn.execute(query.order_by(accounts.c.id.desc()).limit(1)).scalar()


def is_closed(conn: Connection, name: str, email: str | None = None) -> bool:
    """Whether a person's account was closed, and not opened again since."""
    query = select(accounts.c.event).where(_is_of(accounts.c.name, name, email))
    return conn.execute(query.order_by(accounts.c.id.desc()).limit(1)).scalar() == "closed"


def reopen(conn: Connection, name: str, who: str, at: datetime) -> None:
    """Opens a closed account again, still without a password."""
    row = {"name": name, "password": None, "event": "reopened", "who": who}
    conn.execute(insert(accounts), row | {"at": format_timestamp(at)})


def hash_token(token: str) -> str:
    """What the store keeps of a secret that only its holder knows."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def open_session(
    conn: Connection,
    token: str,
    name: str,
    at: datetime,
    expires: datetime,
    *,
    address: str | None = None,
    browser: str | None = None,
) -> None:
    """Remembers that the holder of the token is signed in until `expires`."""
    row = {
        "token": hash_token(token),
        "name": name,
        "at": format_timestamp(at),
        "expires": format_timestamp(expires),
        "event": "open",
        "address": address and address[:64],
        "browser": browser and browser[:200],
    }
    conn.execute(insert(sessions), row)


def get_session_name(conn: Connection, token: str, at: datetime) -> str | None:
    """Who holds a token; None where it is unknown, ended or expired."""
    token_hash = hash_token(token)
    query = select(sessions.c.name).where(
        sessions.c.token == token_hash,
        sessions.c.expires > format_timestamp(at),
        ~select(session_ends.c.id).where(session_ends.c.token == token_hash).exists(),
    )
    return conn.execute(query).scalar()


def list_open_sessions(
    conn: Connection, name: str, email: str | None, at: datetime
) -> list[Session]:
    """Sessions of a person that are neither ended nor expired, newest first."""
    query = (
        select(sessions)
        .where(
            _is_of(sessions.c.name, name, email),
            sessions.c.expires > format_timestamp(at),
            ~select(session_ends.c.id).where(session_ends.c.token == sessions.c.token).exists(),
        )
        .order_by(sessions.c.id.desc())
    )
    return [
        Session(
            id=row.id,
            name=row.name,
            opened=parse_timestamp(row.at),
            expires=parse_timestamp(row.expires),
            address=row.address,
            browser=row.browser,
            token_hash=row.token,
        )
        for row in conn.execute(query)
    ]


def find_last_session(conn: Connection, name: str, email: str | None) -> datetime | None:
    """When a person last signed in; None where they never have."""
    at = conn.execute(
        select(func.max(sessions.c.at)).where(_is_of(sessions.c.name, name, email))
    ).scalar()
    return None if at is None else parse_timestamp(at)


def end_session(conn: Connection, token: str, at: datetime) -> None:
    """Signs the holder of a token out, for good."""
    end_sessions(conn, [hash_token(token)], at)


def end_sessions(conn: Connection, token_hashes: Iterable[str], at: datetime) -> int:
    """Ends sessions by what the store keeps of their tokens; gives how many."""
    rows = [{"token": token_hash, "at": format_timestamp(at)} for token_hash in token_hashes]
    if rows:
        conn.execute(insert(session_ends), rows)
    return len(rows)


def end_all_sessions(conn: Connection, name: str, email: str | None, at: datetime) -> int:
    """Ends every session of a person, also those that a wrong clock calls expired: which of them
    are open is read from the rows. Returns how many."""
    query = select(sessions.c.token).where(
        _is_of(sessions.c.name, name, email),
        ~select(session_ends.c.id).where(session_ends.c.token == sessions.c.token).exists(),
    )
    return end_sessions(conn, list(conn.execute(query).scalars()), at)
