"""What deduplication reads of each record, kept in a file beside the store."""

from pathlib import Path

from review.dedupe.cache import append_columns, pack_columns, unpack_columns
from review.dedupe.columns import FeatureColumns
from review.dedupe.features import build_columns
from review.store import Connection, records
from review.workflow.project.project import Project

CACHE_PATH = Path("cache") / "dedupe.npz"
"""What was read of the records, in the review's folder."""


def load_columns(project: Project, conn: Connection) -> FeatureColumns:
    """The columns of all records, reading only those that came since they were last kept."""
    columns = load_kept_columns(project, conn)
    if columns is None:
        return build_columns((stored.id, stored.record) for stored in records.iter_records(conn))
    return columns


def load_kept_columns(project: Project, conn: Connection) -> FeatureColumns | None:
    """The columns of all records as the last run kept them, with those that came since; None if
    none were kept of this store."""
    path = project.folder / CACHE_PATH
    cached = unpack_columns(path.read_bytes()) if path.is_file() else None
    if cached is None or not _is_cache_valid(cached, conn, records.list_numbers(conn)):
        return None
    last = int(cached.ids[-1]) if len(cached) else 0
    new_columns = build_columns(
        (stored.id, stored.record) for stored in records.iter_records(conn, after=last)
    )
    return append_columns(cached, new_columns)


def _is_cache_valid(cached: FeatureColumns, conn: Connection, numbers: set[int]) -> bool:
    """Whether the kept columns are of this store: no gaps, and the ends read as they did."""
    if not len(cached):
        return True
    last = int(cached.ids[-1])
    if {n for n in numbers if n <= last} != set(cached.ids.tolist()):
        return False
    ends = [int(cached.ids[0]), last]
    fresh_columns = build_columns(
        (n, records.get_record(conn, n).record) for n in dict.fromkeys(ends)
    )
    return set(fresh_columns.mark.tolist()) == {int(cached.mark[0]), int(cached.mark[-1])}


def save_columns(project: Project, record_columns: FeatureColumns) -> None:
    """Keeps the columns of all records for the next run."""
    path = project.folder / CACHE_PATH
    path.parent.mkdir(exist_ok=True)
    temporary_path = path.with_suffix(".part")
    temporary_path.write_bytes(pack_columns(record_columns))
    temporary_path.replace(path)
