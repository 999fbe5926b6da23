"""Undoes an import while nobody has worked on its records: an event, nothing is deleted."""

from dataclasses import dataclass

from review.errors import ReviewError
from review.store import audit_events, import_undos
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.deduplication.groups import regroup_records
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.records.imported_files import get_import


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
        row = get_import(conn, batch, "file")
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


def format_undo(result: ImportUndoResult) -> str:
    """What was undone, for the screen."""
    kept = (
        f" {format_count(result.kept, 'entry', 'entries')} of it stay, as another import or search "
        "brought the same records."
        if result.kept
        else ""
    )
    return (
        f"Import of {result.name} undone: {format_count(result.removed, 'record')} removed.{kept}"
    )
