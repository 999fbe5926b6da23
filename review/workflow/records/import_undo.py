"""Undoes an import while nobody has worked on its records: an event, nothing is deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.store import Connection, audit_events, import_undos, records
from review.store.timestamps import utc_now
from review.workflow.deduplication.groups import regroup_records
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.records.imports import compute_digest


@dataclass(frozen=True, slots=True)
class ImportUndoResult:
    """What undoing an import did."""

    name: str
    """The file."""
    removed: int
    """Records that no longer count."""
    kept: int
    """Entries of the file whose records stay, as another import or search brought them too."""


def undo_import(project: Project, batch: int, who: str) -> ImportUndoResult:
    """Undoes the import of a file, as if it had not been imported; importing it again is possible.

    Counts, groups of duplicates and the flow diagram follow; those of past days stay.

    Raises:
        ReviewError: there is no such import, it is no file, it was undone already, or somebody has
            worked on its records.
    """
    require_role(project, who, "import")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        row = _get_import(conn, batch)
        hidden = import_undos.list_records_to_hide(conn, batch)
        if work := import_undos.list_work(conn, hidden):
            raise ReviewError(
                f"{row['name']}: this import can no longer be undone, because its records have "
                f"been worked on ({', '.join(work)}). Nothing was changed."
            )
        detail = {"file": row["name"], "records": len(hidden)}
        audit_events.add_event(
            conn,
            import_undos.UNDONE_EVENT,
            who,
            utc_now(),
            subject=str(batch),
            detail=detail,
        )
        import_undos.delete_positions(conn, hidden)
        regroup_records(project, conn)
    return ImportUndoResult(str(row["name"]), len(hidden), int(row["parsed"] or 0) - len(hidden))


def _get_import(conn: Connection, batch: int) -> Mapping[str, Any]:
    row = next((row for row in records.list_batches(conn) if row["id"] == batch), None)
    if row is None or row["kind"] != "file":
        raise ReviewError(f"There is no imported file number {batch}. Nothing was changed.")
    if batch in import_undos.list_undone_batches(conn):
        raise ReviewError(f"{row['name']}: this import was undone before. Nothing was changed.")
    return row


def find_import(project: Project, file: Path) -> int:
    """The number of the newest import of a file that is not undone, by its content if it is still
    there, else by its name.

    Raises:
        ReviewError: it was not imported.
    """
    digest = compute_digest(file.read_bytes()) if file.is_file() else None
    with project.store.read() as conn:
        undone = import_undos.list_undone_batches(conn)
        rows = [
            row
            for row in records.list_batches(conn)
            if row["kind"] == "file" and row["id"] not in undone
        ]
    same = [row for row in rows if digest and row["sha256"] == digest]
    for row in same or [row for row in rows if row["name"] == file.name]:
        return int(row["id"])
    raise ReviewError(f"{file}: no file of this content or name has been imported.")
