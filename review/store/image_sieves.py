"""Runs of the image sieve, their scores, and which images people kept or rejected."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.image_sets import PART
from review.store.tables.images import image_sieve_marks, image_sieve_scores, image_sieves, images
from review.store.timestamps import format_timestamp


def add_sieve(
    conn: Connection,
    who: str,
    *,
    at: datetime,
    values: Mapping[str, Any],
    detail: Mapping[str, Any],
    scores: Sequence[Mapping[str, Any]],
) -> int:
    """Adds a run with its scores, and gives its number.

    Args:
        values: image_set, problem, seed.
        scores: image, rank, score, suspected of each image.
    """
    row = {
        **values,
        "who": who,
        "at": format_timestamp(at),
        "detail": json.dumps(detail, ensure_ascii=False),
    }
    number = int(conn.execute(insert(image_sieves), row).inserted_primary_key[0])  # type: ignore[index]
    for start in range(0, len(scores), PART):
        part = [{**score, "sieve": number} for score in scores[start : start + PART]]
        conn.execute(insert(image_sieve_scores), part)
    return number


def list_sieves(conn: Connection, image_set: int) -> dict[str, dict[str, Any]]:
    """Problem -> its newest run over a set."""
    query = select(image_sieves).where(image_sieves.c.image_set == image_set)
    return {
        row.problem: {**row._mapping, "detail": json.loads(row.detail or "{}")}
        for row in conn.execute(query.order_by(image_sieves.c.id))
    }


def list_scores(
    conn: Connection, sieve: int, *, first: int = 1, most: int | None = None
) -> list[dict[str, Any]]:
    """The images of a run from a rank on, the most suspect first: image, path, rank, score,
    suspected."""
    query = (
        select(
            images.c.id.label("image"),
            images.c.path,
            images.c.sha256,
            image_sieve_scores.c.rank,
            image_sieve_scores.c.score,
            image_sieve_scores.c.suspected,
        )
        .join(images, images.c.id == image_sieve_scores.c.image)
        .where(image_sieve_scores.c.sieve == sieve, image_sieve_scores.c.rank >= first)
        .order_by(image_sieve_scores.c.rank)
    )
    return [dict(row._mapping) for row in conn.execute(query.limit(most) if most else query)]


def add_sieve_marks(
    conn: Connection, who: str, at: datetime, problem: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Adds what a person decided on images: image, verdict (reject, keep or None), score."""
    common = {"who": who, "at": format_timestamp(at), "problem": problem}
    conn.execute(insert(image_sieve_marks), [{**common, **row} for row in rows])


def list_sieve_marks(
    conn: Connection, image_set: int, *, until: datetime | None = None
) -> list[dict[str, Any]]:
    """The newest word on each image and problem, by whoever said it: image, path, sha256, problem,
    verdict, score, who, at; those taken back are left out."""
    query = (
        select(image_sieve_marks, images.c.path, images.c.sha256)
        .join(images, images.c.id == image_sieve_marks.c.image)
        .where(images.c.image_set == image_set)
        .order_by(image_sieve_marks.c.id)
    )
    if until is not None:
        query = query.where(image_sieve_marks.c.at <= format_timestamp(until))
    newest = {(row.image, row.problem): dict(row._mapping) for row in conn.execute(query)}
    return [row for row in newest.values() if row["verdict"] is not None]


def find_last_marks(conn: Connection, image_set: int, who: str, problem: str) -> list[int]:
    """Images of the newest rows that one person wrote at one moment, for an undo."""
    query = (
        select(image_sieve_marks)
        .join(images, images.c.id == image_sieve_marks.c.image)
        .where(
            images.c.image_set == image_set,
            image_sieve_marks.c.who == who,
            image_sieve_marks.c.problem == problem,
        )
        .order_by(image_sieve_marks.c.id)
    )
    undone: dict[int, Any] = {}
    for row in conn.execute(query):
        undone[row.image] = row
    standing = [row for row in undone.values() if row.verdict is not None]
    if not standing:
        return []
    latest = max(standing, key=lambda row: row.id).at
    return [row.image for row in standing if row.at == latest]
