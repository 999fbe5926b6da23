"""The day on which a search was run, as a person types it."""

from datetime import date, datetime

from review.errors import SourceError
from review.models import SearchDate
from review.store.timestamps import utc_now

EARLIEST_YEAR = 1950
"""No database could be searched before."""
DATE_FORMATS = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d.%m.%Y")
"""Ways of writing a day that cannot be taken for another day."""
RANGE_MARK = ".."


def parse_search_date(text: str) -> SearchDate:
    """The day of a search (2026-03-12 or 12 March 2026), or its days (2026-03-01..2026-03-12).

    Raises:
        SourceError: it cannot be read, is yet to come, or ends before it begins.
    """
    first_text, mark, last_text = text.partition(RANGE_MARK)
    first = _parse_day(first_text, text)
    last = _parse_day(last_text, text) if mark else first
    if last < first:
        raise SourceError(f"--searched {text}: it ends before it begins.")
    return SearchDate(first, last)


def _parse_day(day_text: str, text: str) -> date:
    for date_format in DATE_FORMATS:
        try:
            day = datetime.strptime(" ".join(day_text.split()), date_format).date()
        except ValueError:
            continue
        if day > max(utc_now().date(), date.today()):
            raise SourceError(f"--searched {text}: {day} is yet to come.")
        if day.year >= EARLIEST_YEAR:
            return day
    raise SourceError(
        f"--searched {text!r}: not a day; write it as 2026-03-12, or 2026-03-01..2026-03-12 for a "
        "search of several days."
    )


def format_day(day: date) -> str:
    """12 March 2026."""
    return f"{day.day} {day:%B %Y}"


def format_search_date(search_date: SearchDate) -> str:
    """on 12 March 2026, or from 1 March 2026 to 12 March 2026."""
    if search_date.first == search_date.last:
        return f"on {format_day(search_date.first)}"
    return f"from {format_day(search_date.first)} to {format_day(search_date.last)}"
