"""When the searches behind imported files were run, as people said it; the newest word counts."""

from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from review.models import SearchDate
from review.store.tables.review import search_dates
from review.store.timestamps import format_timestamp


def add_search_date(
    conn: Connection, batch: int, search_date: SearchDate, who: str, at: datetime
) -> None:
    """Adds when the search of an import was run."""
    row = {
        "batch": batch,
        "searched_from": search_date.first.isoformat(),
        "searched_to": search_date.last.isoformat(),
        "who": who,
        "at": format_timestamp(at),
    }
    conn.execute(insert(search_dates), row)


def list_search_dates(conn: Connection, *, until: datetime | None = None) -> dict[int, SearchDate]:
    """Batch -> when its search was run, for the imports whose search date is known."""
    c = search_dates.c
    query = select(c.batch, c.searched_from, c.searched_to).order_by(c.id)
    if until is not None:
        query = query.where(c.at <= format_timestamp(until))
    return {
        batch: SearchDate(_parse_day(first), _parse_day(last))
        for batch, first, last in conn.execute(query)
    }


def _parse_day(text: str) -> date:
    return date.fromisoformat(text)
