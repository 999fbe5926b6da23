"""Tags on records and notes for the team. Rows are appended; the newest row of each counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from review.store.tables.review import annotations
from review.store.timestamps import format_timestamp

AnnotationKind = Literal["tag", "note"]
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A tag, or a note for the team."""

    record: int
    stage: str
    """Id of the stage the record was at, as its writer saw it."""
    who: str
    kind: AnnotationKind
    text: str
    shared: bool = True
    """False: for its writer alone."""


def add_annotation(
    conn: Connection, annotation: Annotation, at: datetime, *, present: bool = True
) -> None:
    """Add a tag or note, or state that it was removed."""
    row = {
        "at": format_timestamp(at),
        "who": annotation.who,
        "record": annotation.record,
        "stage": annotation.stage,
        "kind": annotation.kind,
        "shared": int(annotation.shared),
        "text": annotation.text,
        "state": "present" if present else "removed",
    }
    conn.execute(insert(annotations), row)


def list_annotations(conn: Connection, among: Iterable[int] | None = None) -> list[Annotation]:
    """Tags and notes that were not removed, oldest first: of each person each tag once a record,
    and their newest note on it.

    Args:
        among: limit to these records; None for all.
    """
    query = select(annotations).order_by(annotations.c.id)
    if among is None:
        return _keep_newest(conn.execute(query))
    numbers = sorted(set(among))
    rows: list[Any] = []
    for start in range(0, len(numbers), CHUNK):
        chunk = annotations.c.record.in_(numbers[start : start + CHUNK])
        rows += conn.execute(query.where(chunk))
    return _keep_newest(rows)


def _keep_newest(rows: Iterable[Any]) -> list[Annotation]:
    newest: dict[tuple[Any, ...], Annotation] = {}
    for row in rows:
        name = row.text if row.kind == "tag" else None
        key = (row.record, row.who, row.kind, row.shared, name)
        newest.pop(key, None)
        if row.state == "present":
            newest[key] = Annotation(
                record=row.record,
                stage=row.stage,
                who=row.who,
                kind=row.kind,
                text=row.text,
                shared=bool(row.shared),
            )
    return list(newest.values())
