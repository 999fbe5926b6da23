"""Timestamps as stored: UTC, ISO text of fixed length, so that text sorts by time."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def utc_now() -> datetime:
    """This moment in UTC, to the microsecond."""
    return datetime.now(UTC)


def format_timestamp(at: datetime) -> str:
    """The moment as the tables keep it. Raises ValueError for a moment without a time zone."""
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.astimezone(UTC).strftime(_FORMAT)


def parse_timestamp(text: str) -> datetime:
    """The moment a row holds."""
    return datetime.fromisoformat(text).astimezone(UTC)
