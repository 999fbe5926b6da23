"""Timestamps as stored: UTC, ISO text of fixed length, so that text sorts by time."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def utc_now() -> datetime:
    """Current time in UTC, to the microsecond."""
    return datetime.now(UTC)


def format_timestamp(at: datetime) -> str:
    """A timestamp as stored text. Raises ValueError if it has no time zone."""
    if at.tzinfo is None:
        raise ValueError("a timestamp needs a time zone")
    return at.astimezone(UTC).strftime(_FORMAT)


def parse_timestamp(text: str) -> datetime:
    """The timestamp stored in a row."""
    return datetime.fromisoformat(text).astimezone(UTC)
