"""The schedule of searches that the app keeps: how often, whom to notify, when the next one is due.

Everything is an event in the store, so that a restart loses nothing and all processes agree.
"""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from review.errors import ReviewError
from review.sources.webhook import check_webhook_url
from review.store import Connection, audit_events
from review.store.timestamps import parse_timestamp, utc_now
from review.workflow.project.account_fields import check_email
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

Interval = Literal["off", "daily", "weekly", "monthly"]
SET_EVENT, BEGUN_EVENT, ENDED_EVENT = (
    "search schedule set",
    "scheduled search begun",
    "scheduled search ended",
)
"""Kinds of events; the subject of an end is the number of the event that it ends."""
SCHEDULER = "schedule"
"""Who runs scheduled searches."""
RETRY_AFTER = timedelta(minutes=15)
"""How long after its begin a search that never ended, as its process died, is begun again."""
MAX_RECIPIENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """How often the review's sources are searched, and who is notified."""

    interval: Interval = "off"
    recipients: tuple[str, ...] = ()
    """E-mail addresses that get a message on new records, a failure or a retraction."""
    webhook: str | None = None
    """Address that the same notices are posted to as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRun:
    """One search that the schedule began."""

    id: int
    begun: datetime
    ended: datetime | None = None
    outcome: Literal["complete", "incomplete", "failed"] | None = None
    """None while it runs."""
    summary: str = ""
    """What came, in sentences."""
    notice_problem: str | None = None
    """Why a message could not be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """The schedule as it is now."""

    settings: ScheduleSettings
    last: ScheduledRun | None
    next_run: datetime | None
    """When the next search is due; None if the schedule is off."""


def save_settings(project: Project, settings: ScheduleSettings, who: str) -> None:
    """Sets the schedule anew.

    Raises:
        ReviewError: an address or the interval cannot be used.
    """
    require_role(project, who, "harvest")
    if settings.interval not in get_args(Interval):
        raise ReviewError(f"{settings.interval!r}: choose off, daily, weekly or monthly.")
    if settings.interval != "off" and not project.protocol.search.sources:
        raise ReviewError("The protocol names no sources to search, so no schedule can be set.")
    if len(settings.recipients) > MAX_RECIPIENTS:
        raise ReviewError(f"At most {MAX_RECIPIENTS} e-mail addresses can be notified.")
    for address in settings.recipients:
        if check_email(address) != address:
            raise ReviewError(f"{address!r} is not an e-mail address.")
    webhook = check_webhook_url(settings.webhook) if settings.webhook else None
    detail = {
        "interval": settings.interval,
        "recipients": list(settings.recipients),
        "webhook": webhook,
    }
    with project.store.write() as conn:
        audit_events.add_event(conn, SET_EVENT, who, utc_now(), detail=detail)


def get_schedule(project: Project) -> ScheduleState:
    """The schedule, the newest scheduled search, and when the next one is due."""
    with project.store.read() as conn:
        return read_schedule(conn)


def read_schedule(conn: Connection) -> ScheduleState:
    """As get_schedule, as a transaction sees it."""
    events = audit_events.list_events(conn, kind=SET_EVENT)
    if not events:
        return ScheduleState(settings=ScheduleSettings(), last=None, next_run=None)
    detail = events[-1]["detail"] or {}
    settings = ScheduleSettings(
        interval=detail.get("interval", "off"),
        recipients=tuple(detail.get("recipients", ())),
        webhook=detail.get("webhook"),
    )
    last = _get_last_run(conn)
    next_run = None
    if settings.interval != "off":
        changed = parse_timestamp(events[-1]["at"])
        next_run = changed if last is None else add_interval(last.begun, settings.interval)
        if last is not None and last.ended is None:
            next_run = last.begun + RETRY_AFTER
    return ScheduleState(settings=settings, last=last, next_run=next_run)


def _get_last_run(conn: Connection) -> ScheduledRun | None:
    begun = audit_events.list_events(conn, kind=BEGUN_EVENT)
    if not begun:
        return None
    newest = begun[-1]
    at = parse_timestamp(newest["at"])
    ends = audit_events.list_events(conn, kind=ENDED_EVENT)
    end = next((event for event in reversed(ends) if event["subject"] == str(newest["id"])), None)
    if end is None:
        return ScheduledRun(id=newest["id"], begun=at)
    detail = end["detail"] or {}
    return ScheduledRun(
        id=newest["id"],
        begun=at,
        ended=parse_timestamp(end["at"]),
        outcome=detail.get("outcome"),
        summary=str(detail.get("summary", "")),
        notice_problem=detail.get("notice_problem"),
    )


def add_interval(moment: datetime, interval: Interval) -> datetime:
    """The moment one interval later; a month later is the same day, or the month's last."""
    if interval == "monthly":
        year, month = moment.year + moment.month // 12, moment.month % 12 + 1
        day = min(moment.day, calendar.monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day)
    return moment + timedelta(days=7 if interval == "weekly" else 1)


def claim_due_run(project: Project, now: datetime, *, is_running: bool = False) -> int | None:
    """Begins the search that is due and gives its number; None if none is due.

    Only one of several processes gets it, as the store lets one write at a time.

    Args:
        is_running: whether a search of this review runs now; then none is begun.
    """
    if is_running or project.store.read_only or not _is_due(get_schedule(project), now):
        return None
    with project.store.write() as conn:
        if not _is_due(read_schedule(conn), now):
            return None  # another process began it a moment ago
        return audit_events.add_event(conn, BEGUN_EVENT, SCHEDULER, now)


def _is_due(state: ScheduleState, now: datetime) -> bool:
    return state.next_run is not None and state.next_run <= now


def note_end(
    project: Project,
    run: int,
    outcome: Literal["complete", "incomplete", "failed"],
    summary: str,
    notice_problem: str | None,
) -> None:
    """Keeps what came of a scheduled search."""
    detail = {"outcome": outcome, "summary": summary, "notice_problem": notice_problem}
    with project.store.write() as conn:
        audit_events.add_event(
            conn, ENDED_EVENT, SCHEDULER, utc_now(), subject=str(run), detail=detail
        )
