"""Finds an import of a file, of records or of decisions, that can be undone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from review.errors import ReviewError
from review.store import Connection, import_undos, records
from review.workflow.project.project import Project
from review.workflow.records.imports import compute_digest

ImportKind = Literal["file", "decisions"]
"""What a file holds: records or decisions."""
_NO_SUCH_NUMBER = {
    "file": "There is no imported file number {}. Nothing was changed.",
    "decisions": "There is no import of decisions number {}. Nothing was changed.",
}
_NEVER_IMPORTED = {
    "file": "no file of this content or name has been imported.",
    "decisions": "no decisions of a file of this content or name were imported.",
}


def get_import(conn: Connection, batch: int, kind: ImportKind) -> Mapping[str, Any]:
    """The row of an import that is not undone yet.

    Raises:
        ReviewError: there is no such import of that kind, or it was undone already.
    """
    row = next((row for row in records.list_batches(conn) if row["id"] == batch), None)
    if row is None or row["kind"] != kind:
        raise ReviewError(_NO_SUCH_NUMBER[kind].format(batch))
    if batch in _list_undone(conn, kind):
        raise ReviewError(f"{row['name']}: this import was undone before. Nothing was changed.")
    return row


def find_import(project: Project, file: Path, kind: ImportKind) -> int:
    """The number of the newest import of a file that is not undone, by its content if it is still
    there, else by its name.

    Raises:
        ReviewError: nothing of that kind was imported from it.
    """
    digest = compute_digest(file.read_bytes()) if file.is_file() else None
    with project.store.read() as conn:
        undone = _list_undone(conn, kind)
        rows = [
            row
            for row in records.list_batches(conn)
            if row["kind"] == kind and row["id"] not in undone
        ]
    same = [row for row in rows if digest and row["sha256"] == digest]
    for row in same or [row for row in rows if row["name"] == file.name]:
        return int(row["id"])
    raise ReviewError(f"{file}: {_NEVER_IMPORTED[kind]}")


def _list_undone(conn: Connection, kind: ImportKind) -> frozenset[int]:
    if kind == "decisions":
        return import_undos.list_undone_decision_batches(conn)
    return import_undos.list_undone_batches(conn)
