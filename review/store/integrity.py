"""What a store lacks or holds wrongly of what was entered: rows another program took or changed.

Entries are only ever added, so a number that is missing among them, a count of an import that its
rows do not reach, or a row that names one that is not there is a loss.
"""

from collections.abc import Iterable, Sequence
from typing import get_args

from sqlalchemy import Connection, ScalarSelect, Table, func, select

from review.models import LinkVerdict, Verdict
from review.store.log import EVENTS
from review.store.records import key_of
from review.store.tables import batches, groups, metadata, records, rejected, sightings

MOST = 20
"""So many are named; the rest are counted."""


def faults(conn: Connection) -> list[str]:
    """A line for each thing that is wrong, with the records or entries it concerns; empty where
    the store is whole."""
    found = [*_nameless(conn), *_gaps(conn), *_short(conn), *_unknown_words(conn)]
    return list(dict.fromkeys(found))


def _nameless(conn: Connection) -> list[str]:
    """Records and imports that rows name and that are not there."""
    lost: set[int] = set()
    tables = [metadata.tables[name] for name in EVENTS]
    places = [(t, name) for t in (*tables, groups) for name in ("record", "a", "b") if name in t.c]
    for table, name in [*places, (groups, "report"), (groups, "study")]:
        column = table.c[name]
        there = select(records.c.id)
        query = select(column).where(column.is_not(None), column.not_in(there)).distinct()
        lost |= set(conn.execute(query).scalars())
    told = [f"records that were joined or judged are gone: {_keys(lost)}"] if lost else []
    homeless = select(records.c.id).where(records.c.batch.not_in(select(batches.c.id)))
    if orphans := conn.execute(homeless).scalars().all():
        told.append(f"the import that brought these records is gone: {_keys(orphans)}")
    for table in (sightings, rejected):
        query = select(table.c.id).where(table.c.batch.not_in(select(batches.c.id)))
        if numbers := conn.execute(query).scalars().all():
            told.append(f"the import of these rows of {table.name} is gone: {_named(numbers)}")
    return told


def _gaps(conn: Connection) -> list[str]:
    """Numbers missing among entries. SQLite only: elsewhere an addition that failed uses one up."""
    if conn.dialect.name != "sqlite":
        return []
    told = []
    for name in EVENTS:
        table = metadata.tables[name]
        n, last = conn.execute(select(func.count(), func.max(table.c.id))).one()
        if n != (last or 0):
            there = set(conn.execute(select(table.c.id)).scalars())
            gone = [one for one in range(1, last + 1) if one not in there]
            shown = _keys(gone) if table is records else _named(gone)
            told.append(f"entries are missing in {name}: {shown}")
    return told


def _short(conn: Connection) -> list[str]:
    """Imports and harvests of which fewer rows are here than they brought."""
    told = []
    for table, count, what in (
        (records, batches.c.new, "new records"),
        (rejected, batches.c.rejected, "entries that could not be read"),
    ):
        here = _per_batch(table)
        query = select(batches.c.id, batches.c.name, count, here).where(
            batches.c.kind != "decisions", count > here
        )
        for number, name, brought, left in conn.execute(query.order_by(batches.c.id)):
            told.append(f"import {number} ({name}) brought {brought:,} {what}, {left:,} are here")
    return told


def _per_batch(table: Table) -> ScalarSelect[int]:
    mine = select(func.count()).select_from(table).where(table.c.batch == batches.c.id)
    return mine.scalar_subquery()


def _unknown_words(conn: Connection) -> list[str]:
    """Verdicts that are none, so that a count would pass them over."""
    told = []
    for name, words in (("decisions", get_args(Verdict)), ("links", get_args(LinkVerdict))):
        table = metadata.tables[name]
        odd = table.c.verdict.is_not(None) & table.c.verdict.not_in(words)
        if numbers := conn.execute(select(table.c.id).where(odd)).scalars().all():
            told.append(f"{name} with a verdict that is none: {_named(numbers)}")
    return told


def _keys(numbers: Iterable[int]) -> str:
    return _named([key_of(one) for one in sorted(numbers)])


def _named(which: Sequence[object]) -> str:
    more = len(which) - MOST
    shown = ", ".join(str(one) for one in which[:MOST])
    return shown + (f" and {more:,} more" if more > 0 else "")
