"""Failed sign-ins of the last hour, and the key that signs the cookies of known browsers: kept in
the store, so that all processes of a review see the same."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select

from review.store.tables.people import sign_in_failures, web_keys
from review.store.timestamps import format_timestamp, parse_timestamp

KEPT = timedelta(hours=1)
"""How long a failure counts."""
MAX_FAILURES_KEPT = 20_000
"""How many failures are kept at most; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures of one kind within the last hour."""

    count: int
    newest: datetime | None
    """The newest one's moment; None where there is none."""


def hash_name(name: str) -> str:
    """What is kept of a name that was typed, which may well be a password in the wrong box."""
    folded = name.strip().lower().encode("utf-8", "surrogatepass")
    return hashlib.sha256(folded).hexdigest()


def add_failure(conn: Connection, name: str, origin: str, at: datetime) -> None:
    """Keeps a failure, and forgets what no longer counts."""
    row = {"name": hash_name(name), "origin": origin[:80], "at": format_timestamp(at)}
    conn.execute(insert(sign_in_failures), row)
    conn.execute(
        delete(sign_in_failures).where(
            or_(
                sign_in_failures.c.at < format_timestamp(at - KEPT),
                sign_in_failures.c.at > format_timestamp(at + KEPT),  # a clock was set back
            )
        )
    )
    newest = conn.execute(select(func.max(sign_in_failures.c.id))).scalar() or 0
    conn.execute(
        delete(sign_in_failures).where(sign_in_failures.c.id <= newest - MAX_FAILURES_KEPT)
    )


def count_failures(
    conn: Connection, at: datetime, *, name: str | None = None, origin: str | None = None
) -> Failures:
    """Failures of a name, of an origin, or of both together, in the last hour."""
    query = select(func.count(), func.max(sign_in_failures.c.at)).where(
        sign_in_failures.c.at >= format_timestamp(at - KEPT),
        sign_in_failures.c.at <= format_timestamp(at + KEPT),
    )
    if name is not None:
        query = query.where(sign_in_failures.c.name == hash_name(name))
    if origin is not None:
        query = query.where(sign_in_failures.c.origin == origin[:80])
    count, newest = conn.execute(query).one()
    return Failures(int(count), parse_timestamp(newest) if newest else None)


def forget_failures(conn: Connection, name: str, origin: str) -> None:
    """Forgets the failures of who has signed in since."""
    conn.execute(
        delete(sign_in_failures).where(
            sign_in_failures.c.name == hash_name(name), sign_in_failures.c.origin == origin[:80]
        )
    )


def get_web_key(conn: Connection, name: str) -> bytes | None:
    """A key of the review's web server; None where it has not been made."""
    value = conn.execute(select(web_keys.c.value).where(web_keys.c.name == name)).scalar()
    return None if value is None else bytes.fromhex(value)


def make_web_key(conn: Connection, name: str, at: datetime) -> bytes:
    """The key of this name, made now where there is none; called in a writing transaction."""
    key = get_web_key(conn, name)
    if key is None:
        key = secrets.token_bytes(32)
        row = {"name": name, "value": key.hex(), "at": format_timestamp(at)}
        conn.execute(insert(web_keys), row)
    return key
