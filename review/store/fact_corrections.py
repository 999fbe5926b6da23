"""Corrections of facts that were read from papers; the newest one of each cell counts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables.fulltexts import fact_corrections
from review.store.timestamps import format_timestamp, parse_timestamp

STATES = ("corrected", "not reported", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactCorrection:
    """What a person says of one cell of the facts of a paper."""

    record: int
    field: str
    label: str
    found: str | None
    """Value as found in the text; None for a cell that was added by hand."""
    state: str
    """corrected; not reported; withdrawn: as found again"""
    value: str | None
    """The right value; None unless corrected."""
    sentence: str | None
    """The sentence that gives it, if it is another one than was found."""
    page: int | None
    who: str
    at: datetime


def add_correction(conn: Connection, correction: FactCorrection) -> None:
    """Add a correction; earlier ones of the cell remain."""
    row = {
        "record": correction.record,
        "field": correction.field,
        "label": correction.label,
        "found": correction.found,
        "state": correction.state,
        "value": correction.value,
        "sentence": correction.sentence,
        "page": correction.page,
        "who": correction.who,
        "at": format_timestamp(correction.at),
    }
    conn.execute(insert(fact_corrections), row)


def list_newest_corrections(
    conn: Connection, records: Collection[int], *, until: datetime | None = None
) -> list[FactCorrection]:
    """The newest correction of each cell of a report, by anyone, now or at a given time
    (inclusive), oldest first; withdrawn ones left out.

    Args:
        records: the records of the report.
    """
    query = select(fact_corrections).where(fact_corrections.c.record.in_(records))
    query = query.order_by(fact_corrections.c.id)
    if until is not None:
        query = query.where(fact_corrections.c.at <= format_timestamp(until))
    newest: dict[tuple[object, ...], FactCorrection] = {}
    for row in conn.execute(query):
        # a cell added by hand is identified by its field and label alone
        key = (row.field, row.label, row.found)
        newest.pop(key, None)
        newest[key] = FactCorrection(
            record=row.record,
            field=row.field,
            label=row.label,
            found=row.found,
            state=row.state,
            value=row.value,
            sentence=row.sentence,
            page=row.page,
            who=row.who,
            at=parse_timestamp(row.at),
        )
    return [row for row in newest.values() if row.state != "withdrawn"]
