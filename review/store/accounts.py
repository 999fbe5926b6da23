"""Local accounts and signed-in sessions. Passwords arrive hashed; cookies are kept as hashes."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables import accounts, session_ends, sessions
from review.store.timestamps import to_text


def set_password(conn: Connection, name: str, hashed: str | None, who: str, at: datetime) -> None:
    """Adds the account's newest password hash; None closes the account."""
    event = "closed" if hashed is None else "password"
    row = {"name": name, "password": hashed, "event": event, "who": who, "at": to_text(at)}
    conn.execute(insert(accounts), row)


def password_of(conn: Connection, name: str) -> str | None:
    """The newest password hash of an account; None if there is none or it is closed."""
    query = select(accounts.c.password).where(accounts.c.name == name)
    return conn.execute(query.order_by(accounts.c.id.desc()).limit(1)).scalar()


def names(conn: Connection) -> list[str]:
    """Names that ever had an account, in alphabetical order."""
    query = select(accounts.c.name).distinct().order_by(accounts.c.name)
    return list(conn.execute(query).scalars())


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(conn: Connection, token: str, name: str, at: datetime, expires: datetime) -> None:
    """Remembers that the holder of the token is signed in until `expires`."""
    row = {
        "token": _hashed(token),
        "name": name,
        "at": to_text(at),
        "expires": to_text(expires),
        "event": "open",
    }
    conn.execute(insert(sessions), row)


def session_name(conn: Connection, token: str, at: datetime) -> str | None:
    """Who holds a token; None where it is unknown, ended or expired."""
    hashed = _hashed(token)
    query = select(sessions.c.name).where(
        sessions.c.token == hashed,
        sessions.c.expires > to_text(at),
        ~select(session_ends.c.id).where(session_ends.c.token == hashed).exists(),
    )
    return conn.execute(query).scalar()


def end_session(conn: Connection, token: str, at: datetime) -> None:
    """Signs the holder of a token out, for good."""
    conn.execute(insert(session_ends), {"token": _hashed(token), "at": to_text(at)})
