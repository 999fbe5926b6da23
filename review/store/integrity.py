"""Integrity checks: rows deleted or altered outside Funnel.

Entries are only ever added, so a missing number, an import with fewer rows than it counted, or a
reference to a missing row means that data were lost.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, get_args

from sqlalchemy import Connection, ScalarSelect, Table, func, select

from review.models import LinkVerdict, Verdict
from review.store.import_undos import list_undone_batches
from review.store.log import EVENT_TABLES
from review.store.records import format_record_key
from review.store.tables.review import batches, groups, metadata, records, rejected, sightings

MAX_LISTED = 20
"""Number of items listed in a message; the rest are counted."""


def find_faults(conn: Connection) -> list[str]:
    """One line per fault, with the records or entries concerned; empty if the store is intact."""
    messages = [
        *_find_dangling_references(conn),
        *_find_gaps(conn),
        *_find_short_batches(conn),
        *_find_unknown_verdicts(conn),
    ]
    return list(dict.fromkeys(messages))


def _find_dangling_references(conn: Connection) -> list[str]:
    """Records and imports that are referenced but missing."""
    missing: set[int] = set()
    tables = [metadata.tables[name] for name in EVENT_TABLES]
    table_columns = [
        (t, name) for t in (*tables, groups) for name in ("record", "a", "b") if name in t.c
    ]
    for table, name in [*table_columns, (groups, "report"), (groups, "study")]:
        column = table.c[name]
        known_numbers = select(records.c.id)
        query = select(column).where(column.is_not(None), column.not_in(known_numbers)).distinct()
        missing |= set(conn.execute(query).scalars())
    messages = (
        [f"records with decisions or duplicate links are missing: {_format_keys(missing)}"]
        if missing
        else []
    )
    orphan_query = select(records.c.id).where(records.c.batch.not_in(select(batches.c.id)))
    if orphans := conn.execute(orphan_query).scalars().all():
        messages.append(f"the import of these records is missing: {_format_keys(orphans)}")
    for table in (sightings, rejected):
        query = select(table.c.id).where(table.c.batch.not_in(select(batches.c.id)))
        if numbers := conn.execute(query).scalars().all():
            messages.append(
                f"the import of these rows of {table.name} is missing: {_format_list(numbers)}"
            )
    return messages


def _find_gaps(conn: Connection) -> list[str]:
    """Missing entry numbers. SQLite only: on PostgreSQL a failed insert also uses up a number."""
    if conn.dialect.name != "sqlite":
        return []
    messages = []
    for name in EVENT_TABLES:
        table = metadata.tables[name]
        n, last = conn.execute(select(func.count(), func.max(table.c.id))).one()
        if n != (last or 0):
            present_ids = set(conn.execute(select(table.c.id)).scalars())
            missing_ids = [number for number in range(1, last + 1) if number not in present_ids]
            listing = _format_keys(missing_ids) if table is records else _format_list(missing_ids)
            messages.append(f"entries are missing in {name}: {listing}")
    return messages


def _find_short_batches(conn: Connection) -> list[str]:
    """Imports and harvests with fewer rows than they added."""
    undone = list_undone_batches(conn)
    messages = []
    for table, count, what in (
        (records, batches.c.new, "new records"),
        (rejected, batches.c.rejected, "entries that could not be read"),
    ):
        stored_count: Any = _count_per_batch(table)
        if table is records and undone:
            stored_count = stored_count + _count_revived(undone)
        query = select(batches.c.id, batches.c.name, count, stored_count).where(
            batches.c.kind != "decisions", count > stored_count
        )
        for number, name, expected, stored in conn.execute(query.order_by(batches.c.id)):
            messages.append(
                f"import {number} ({name}) added {expected:,} {what}, but {stored:,} are present"
            )
    return messages


def _count_per_batch(table: Table) -> ScalarSelect[int]:
    batch_count = select(func.count()).select_from(table).where(table.c.batch == batches.c.id)
    return batch_count.scalar_subquery()


def _count_revived(undone: Collection[int]) -> ScalarSelect[int]:
    """Records of undone imports that a batch brought again, which it counted as new."""
    count = select(func.count(func.distinct(sightings.c.record))).join(
        records, records.c.id == sightings.c.record
    )
    return count.where(
        sightings.c.batch == batches.c.id, records.c.batch.in_(undone)
    ).scalar_subquery()


def _find_unknown_verdicts(conn: Connection) -> list[str]:
    """Invalid decisions, which a count would ignore."""
    messages = []
    for name, verdicts in (("decisions", get_args(Verdict)), ("links", get_args(LinkVerdict))):
        table = metadata.tables[name]
        is_unknown = table.c.verdict.is_not(None) & table.c.verdict.not_in(verdicts)
        if numbers := conn.execute(select(table.c.id).where(is_unknown)).scalars().all():
            messages.append(f"{name} with an invalid decision: {_format_list(numbers)}")
    return messages


def _format_keys(numbers: Iterable[int]) -> str:
    return _format_list([format_record_key(number) for number in sorted(numbers)])


def _format_list(items: Sequence[object]) -> str:
    hidden_count = len(items) - MAX_LISTED
    listing = ", ".join(str(item) for item in items[:MAX_LISTED])
    return listing + (f" and {hidden_count:,} more" if hidden_count > 0 else "")
