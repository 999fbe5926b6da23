"""The published editions of a review's page, with what each showed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.review import editions
from review.store.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One published edition."""

    number: int
    """From 1, in the order of publication."""
    uid: str
    """A UUID: the edition's own name in the feed."""
    at: datetime
    day: str
    """The day whose state it shows; ISO."""
    digest: str
    """SHA-256 (hex) of what it showed."""
    changes: tuple[str, ...]
    """Sentences: what is new against the edition before."""


def add_edition(
    conn: Connection, edition: Edition, content: Mapping[str, Any], *, who: str
) -> None:
    """Adds an edition; its number is that of its row among all of them."""
    row = {
        "at": format_timestamp(edition.at),
        "who": who,
        "uid": edition.uid,
        "day": edition.day,
        "digest": edition.digest,
        "changes": _to_json(edition.changes),
        "content": _to_json(content),
    }
    conn.execute(insert(editions), row)


def list_editions(conn: Connection) -> list[Edition]:
    """All editions, oldest first."""
    columns = [column for column in editions.c if column.name != "content"]
    return [
        Edition(
            number=number,
            uid=row.uid,
            at=parse_timestamp(row.at),
            day=row.day,
            digest=row.digest,
            changes=tuple(json.loads(row.changes)),
        )
        for number, row in enumerate(conn.execute(select(*columns).order_by(editions.c.id)), 1)
    ]


def list_given_labels(conn: Connection, until: datetime | None = None) -> dict[str, str]:
    """Record key -> how the newest edition that showed it called it, up to a time (inclusive)."""
    query = select(editions.c.uid, editions.c.at, editions.c.content).order_by(editions.c.id)
    if until is not None:
        query = query.where(editions.c.at <= format_timestamp(until))
    labels: dict[str, str] = {}
    for row in conn.execute(query):
        labels |= _read_labels(row.uid, row.content)
    return labels


@lru_cache(maxsize=256)
def _read_labels(uid: str, content: str) -> dict[str, str]:
    """The labels of an edition; none where the folder that it was taken from showed none."""
    studies = json.loads(content).get("studies", ())
    return {study["key"]: study["label"] for study in studies}


def get_newest_content(conn: Connection) -> dict[str, Any] | None:
    """What the newest edition showed; None before the first."""
    query = select(editions.c.content).order_by(editions.c.id.desc()).limit(1)
    text = conn.execute(query).scalar()
    return None if text is None else dict(json.loads(text))


def _to_json(value: Mapping[str, Any] | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
