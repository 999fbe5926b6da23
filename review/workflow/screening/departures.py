"""Reviewers who have left, now or on a given day, and what they had decided by then."""

from datetime import datetime

from review.store import Connection, audit_events, decisions


def get_departures(conn: Connection, *, until: datetime | None = None) -> dict[str, int]:
    """Everybody who ever left the review -> the newest decision when they last did."""
    return {
        event["subject"]: decisions.get_mark(conn, event)
        for event in audit_events.list_events(conn, kind="retire", until=until)
        if event["subject"]
    }


def get_departed_reviewers(conn: Connection, *, until: datetime | None = None) -> set[str]:
    """Reviewers who have left the review and not come back, now or at a given time."""
    retire_events = audit_events.list_events(conn, kind="retire", until=until)
    return_events = (
        audit_events.list_events(conn, kind="return", until=until) if retire_events else []
    )
    departed: set[str] = set()
    for event in sorted([*retire_events, *return_events], key=lambda row: int(row["id"])):
        if event["kind"] == "retire":
            departed.add(event["subject"])
        else:
            departed.discard(event["subject"])
    return departed
