"""A home: the people of a server with many reviews, its reviews, and who may open which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from review.store.tables.people import home_members, home_people, home_reviews
from review.store.timestamps import format_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePerson:
    """Somebody who has an account on the server, or a link to make one."""

    name: str
    full_name: str
    email: str | None
    administrator: bool
    """Whether theirs was the first account."""
    made_by: str
    """Who made the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReview:
    """A review of the server."""

    review: str
    """The name of its folder."""
    archived: bool


def add_person(
    conn: Connection,
    name: str,
    full_name: str,
    email: str | None,
    *,
    administrator: bool = False,
    who: str,
    at: datetime,
) -> None:
    """Adds somebody to the server's people."""
    row = {
        "name": name,
        "full_name": full_name,
        "email": email,
        "administrator": int(administrator),
        "who": who,
        "at": format_timestamp(at),
    }
    conn.execute(insert(home_people), row)


def list_people(conn: Connection) -> list[HomePerson]:
    """Everybody on the server, in the order in which they came."""
    return [
        HomePerson(
            name=row.name,
            full_name=row.full_name,
            email=row.email,
            administrator=bool(row.administrator),
            made_by=row.who,
        )
        for row in _list_newest(conn, home_people, "name")
    ]


def find_person(conn: Connection, name: str) -> HomePerson | None:
    """The person of exactly this name; None where the server has nobody of it."""
    return next((person for person in list_people(conn) if person.name == name), None)


def note_review(conn: Connection, review: str, event: str, who: str, at: datetime) -> None:
    """Notes that a review was created, archived or restored."""
    row = {"review": review, "event": event, "who": who, "at": format_timestamp(at)}
    conn.execute(insert(home_reviews), row)


def list_reviews(conn: Connection) -> list[HomeReview]:
    """All reviews of the server, archived ones too, in the order in which they were created."""
    return [
        HomeReview(review=row.review, archived=row.event == "archived")
        for row in _list_newest(conn, home_reviews, "review")
    ]


def is_open(conn: Connection, review: str) -> bool:
    """Whether the server has this review and it is not archived."""
    query = select(home_reviews.c.event).where(home_reviews.c.review == review)
    event = conn.execute(query.order_by(home_reviews.c.id.desc()).limit(1)).scalar()
    return event is not None and event != "archived"


def note_member(
    conn: Connection, review: str, *, name: str, event: str, who: str, at: datetime
) -> None:
    """Notes that somebody may open a review from now on (added), or no longer (removed)."""
    row = {"review": review, "name": name, "event": event, "who": who}
    conn.execute(insert(home_members), row | {"at": format_timestamp(at)})


def is_member(conn: Connection, review: str, name: str) -> bool:
    """Whether somebody may open a review."""
    query = select(home_members.c.event).where(
        home_members.c.review == review, home_members.c.name == name
    )
    event = conn.execute(query.order_by(home_members.c.id.desc()).limit(1)).scalar()
    return event == "added"


def list_reviews_ever(conn: Connection, name: str) -> set[str]:
    """Every review that somebody could ever open."""
    query = select(home_members.c.review).where(home_members.c.name == name).distinct()
    return set(conn.execute(query).scalars())


def _list_newest(conn: Connection, table: Table, key: str) -> Sequence[Any]:
    """The newest row of each key, in the order of each key's first row."""
    spans = (
        select(func.min(table.c.id).label("first"), func.max(table.c.id).label("last"))
        .group_by(table.c[key])
        .subquery()
    )
    query = select(table).join(spans, table.c.id == spans.c.last).order_by(spans.c.first)
    return conn.execute(query).all()
