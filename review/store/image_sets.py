"""Image sets of a review: what was read of a folder, image by image."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.images import image_labels, image_sets, images
from review.store.timestamps import format_timestamp

PART = 2000
"""Rows written at once."""


def add_image_set(
    conn: Connection, who: str, at: datetime, values: Mapping[str, Any], detail: Mapping[str, Any]
) -> int:
    """Adds a set as it was read now, and gives its number.

    Args:
        values: name, dataset, manifest, files, readable, unreadable, skipped, labels.
    """
    row = {
        **values,
        "who": who,
        "at": format_timestamp(at),
        "detail": json.dumps(detail, ensure_ascii=False),
    }
    return int(conn.execute(insert(image_sets), row).inserted_primary_key[0])  # type: ignore[index]


def add_images(
    conn: Connection, image_set: int, rows: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    """Adds the images of a set; gives path -> number.

    Args:
        rows: path, sha256, fault, patient, age, sex, view, site, split of each.
    """
    for start in range(0, len(rows), PART):
        part = [{**row, "image_set": image_set} for row in rows[start : start + PART]]
        conn.execute(insert(images), part)
    return get_image_numbers(conn, image_set)


def add_image_labels(conn: Connection, labels: Iterable[tuple[int, str, str]]) -> None:
    """Adds (image, label, state) rows; state is present, uncertain or not stated."""
    rows = [{"image": image, "label": label, "state": state} for image, label, state in labels]
    for start in range(0, len(rows), PART):
        conn.execute(insert(image_labels), rows[start : start + PART])


def list_image_sets(conn: Connection, *, all_readings: bool = False) -> list[dict[str, Any]]:
    """The newest row of every name, in the order the names came; or all rows."""
    rows = [_parse(row._mapping) for row in conn.execute(select(image_sets).order_by("id"))]
    if all_readings:
        return rows
    newest: dict[str, dict[str, Any]] = {}
    for row in rows:
        newest[row["name"]] = row
    return list(newest.values())


def get_image_numbers(conn: Connection, image_set: int) -> dict[str, int]:
    """Path -> number of the images of a set."""
    query = select(images.c.path, images.c.id).where(images.c.image_set == image_set)
    return {path: number for path, number in conn.execute(query.order_by(images.c.id))}


def list_images(conn: Connection, image_set: int) -> list[dict[str, Any]]:
    """The images of a set in order of their paths, each with `labels`: name -> state."""
    query = select(images).where(images.c.image_set == image_set).order_by(images.c.id)
    rows = {row.id: {**row._mapping, "labels": {}} for row in conn.execute(query)}
    labels = (
        select(image_labels.c.image, image_labels.c.label, image_labels.c.state)
        .join(images, images.c.id == image_labels.c.image)
        .where(images.c.image_set == image_set)
        .order_by(image_labels.c.id)
    )
    for image, label, state in conn.execute(labels):
        rows[image]["labels"][label] = state
    return list(rows.values())


def _parse(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "detail": json.loads(row["detail"]) if row["detail"] else {}}
