"""Audits of labels: the images drawn, who reads them, and what each reader said."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.images import (
    image_audit_images,
    image_audit_readers,
    image_audits,
    image_readings,
    images,
)
from review.store.timestamps import format_timestamp


def add_audit(
    conn: Connection,
    who: str,
    at: datetime,
    values: Mapping[str, Any],
    *,
    drawn: Sequence[int],
    readers: Sequence[str],
) -> int:
    """Adds a sample with its readers, and gives its number.

    Args:
        values: image_set, label, definition, asked, seed, images, patients, claim, claim_source.
        drawn: numbers of the images in the order of the sheets.
    """
    row = {**values, "who": who, "at": format_timestamp(at)}
    audit = int(conn.execute(insert(image_audits), row).inserted_primary_key[0])  # type: ignore[index]
    conn.execute(
        insert(image_audit_images),
        [{"audit": audit, "place": place, "image": image} for place, image in enumerate(drawn)],
    )
    conn.execute(
        insert(image_audit_readers), [{"audit": audit, "reader": reader} for reader in readers]
    )
    return audit


def list_audits(conn: Connection) -> list[dict[str, Any]]:
    """All audits in order, each with `readers`."""
    readers: dict[int, list[str]] = {}
    query = select(image_audit_readers.c.audit, image_audit_readers.c.reader)
    for audit, reader in conn.execute(query.order_by(image_audit_readers.c.id)):
        readers.setdefault(audit, []).append(reader)
    rows = conn.execute(select(image_audits).order_by(image_audits.c.id))
    return [{**row._mapping, "readers": tuple(readers.get(row.id, ()))} for row in rows]


def list_drawn_images(conn: Connection, audit: int) -> list[tuple[int, str]]:
    """(number, path) of the drawn images, in the order of the sheets."""
    query = (
        select(images.c.id, images.c.path)
        .join(image_audit_images, image_audit_images.c.image == images.c.id)
        .where(image_audit_images.c.audit == audit)
        .order_by(image_audit_images.c.place)
    )
    return [(number, path) for number, path in conn.execute(query)]


def add_readings(
    conn: Connection,
    audit: int,
    *,
    who: str,
    role: str,
    at: datetime,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Adds what somebody said of images.

    Args:
        rows: image, verdict (None takes it back), strata (a list), note.
    """
    common = {"audit": audit, "who": who, "role": role, "at": format_timestamp(at)}
    conn.execute(
        insert(image_readings),
        [
            {
                **common,
                "image": row["image"],
                "verdict": row["verdict"],
                "strata": json.dumps(sorted(row.get("strata") or ()), ensure_ascii=False),
                "note": row.get("note"),
            }
            for row in rows
        ],
    )


def list_readings(
    conn: Connection, audit: int, *, who: str | None = None, until: datetime | None = None
) -> list[dict[str, Any]]:
    """All rows of an audit in order of arrival, of one person if named; strata as a list."""
    query = select(image_readings).where(image_readings.c.audit == audit)
    if who is not None:
        query = query.where(image_readings.c.who == who)
    if until is not None:
        query = query.where(image_readings.c.at <= format_timestamp(until))
    return [
        {**row._mapping, "strata": json.loads(row.strata or "[]")}
        for row in conn.execute(query.order_by(image_readings.c.id))
    ]
