"""Local accounts and sessions. Passwords arrive hashed; cookies are stored as hashes."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables import accounts, session_ends, sessions
from review.store.timestamps import format_timestamp


def set_password(
    conn: Connection, name: str, password_hash: str | None, who: str, at: datetime
) -> None:
    """Adds the account's newest password hash; None closes the account."""
    event = "closed" if password_hash is None else "password"
    row = {
        "name": name,
        "password": password_hash,
        "event": event,
        "who": who,
        "at": format_timestamp(at),
    }
    conn.execute(insert(accounts), row)


def get_password_hash(conn: Connection, name: str) -> str | None:
    """The newest password hash of an account; None if there is none or it is closed."""
    query = select(accounts.c.password).where(accounts.c.name == name)
    return conn.execute(query.order_by(accounts.c.id.desc()).limit(1)).scalar()


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(conn: Connection, token: str, name: str, at: datetime, expires: datetime) -> None:
    """Remembers that the holder of the token is signed in until `expires`."""
    row = {
        "token": _hash_token(token),
        "name": name,
        "at": format_timestamp(at),
        "expires": format_timestamp(expires),
        "event": "open",
    }
    conn.execute(insert(sessions), row)


def get_session_name(conn: Connection, token: str, at: datetime) -> str | None:
    """Who holds a token; None where it is unknown, ended or expired."""
    token_hash = _hash_token(token)
    query = select(sessions.c.name).where(
        sessions.c.token == token_hash,
        sessions.c.expires > format_timestamp(at),
        ~select(session_ends.c.id).where(session_ends.c.token == token_hash).exists(),
    )
    return conn.execute(query).scalar()


def end_session(conn: Connection, token: str, at: datetime) -> None:
    """Signs the holder of a token out, for good."""
    conn.execute(insert(session_ends), {"token": _hash_token(token), "at": format_timestamp(at)})
