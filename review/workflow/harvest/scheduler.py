"""Runs the searches of the schedule while the app is served, once for all processes together."""

import logging
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Literal

from review import mail
from review.errors import ReviewError
from review.sources.webhook import post_notice
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.harvest import alerts, background
from review.workflow.harvest.locking import describe_running_harvest
from review.workflow.harvest.models import COMPLETE, INCOMPLETE
from review.workflow.harvest.schedule_settings import (
    SCHEDULER,
    ScheduleSettings,
    claim_due_run,
    get_schedule,
    note_end,
)
from review.workflow.harvest.status import describe_incomplete_searches, list_harvests
from review.workflow.project.project import Project

POLL_SECONDS = 20.0
"""Seconds between two looks whether a search is due."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What came of a scheduled search."""

    outcome: Literal["complete", "incomplete", "failed"]
    new_records: int
    alerts: tuple[str, ...]
    """Retractions and the like of included studies, raised by this search."""
    problems: tuple[str, ...]
    """Sources that were not searched in full, or why nothing was searched."""

    @property
    def is_worth_a_notice(self) -> bool:
        """Whether there are new records, a failure or a retraction."""
        return bool(self.new_records or self.alerts or self.outcome != "complete")

    def describe(self) -> str:
        """The report in sentences."""
        sentences = [f"{format_count(self.new_records, 'new record')}."]
        sentences += [f"Alert: {text}." for text in self.alerts]
        return " ".join([*sentences, *self.problems])


def keep_schedule(project: Project, stopped: Event, *, poll_seconds: float = POLL_SECONDS) -> None:
    """Begins each search when it is due, until stopped. Nothing that fails ends the schedule."""
    while not stopped.is_set():
        try:
            run_due_search(project, utc_now())
        except ReviewError as error:
            _LOG.warning("The schedule could not be kept: %s", error)
        except Exception:  # noqa: BLE001  (the thread goes on: the next look may succeed)
            _LOG.exception("The schedule could not be kept.")
        stopped.wait(poll_seconds)


def run_due_search(project: Project, now: datetime) -> RunReport | None:
    """Runs the search that is due, notifies those it concerns, and keeps what came; None if none
    is."""
    run = claim_due_run(project, now, is_running=describe_running_harvest(project) is not None)
    if run is None:
        return None
    report = _search(project)
    settings = get_schedule(project).settings
    problem = send_notices(project, settings, report) if report.is_worth_a_notice else None
    note_end(project, run, report.outcome, report.describe(), problem)
    return report


def _search(project: Project) -> RunReport:
    """The search in a process of its own, waited for."""
    known_alerts = {alert.id for alert in alerts.list_alerts(project)}
    known_searches = {row.id for row in list_harvests(project)}
    harvest = background.start_harvest(project, SCHEDULER)
    status = harvest.process.wait()
    rows = [
        row
        for row in list_harvests(project)
        if row.who == SCHEDULER and row.id not in known_searches
    ]
    raised = [alert for alert in alerts.list_alerts(project) if alert.id not in known_alerts]
    if status == COMPLETE:
        outcome: Literal["complete", "incomplete", "failed"] = "complete"
    else:
        outcome = "incomplete" if status == INCOMPLETE else "failed"
    problems = list(describe_incomplete_searches(project)) if outcome != "complete" else []
    if outcome == "failed":
        failure = background.describe_failure(project, harvest)
        problems.insert(0, failure or "Another search was running, so this one was not started.")
    return RunReport(
        outcome=outcome,
        new_records=sum(row.new for row in rows),
        alerts=tuple(alerts.format_alert(alert) for alert in raised),
        problems=tuple(problems),
    )


def send_notices(project: Project, settings: ScheduleSettings, report: RunReport) -> str | None:
    """Sends the report by mail and webhook; gives why it could not, None if all was sent."""
    title = project.protocol.title
    problems = []
    if settings.recipients:
        subject = f"{title}: {_format_subject(report)}"
        problems += _send_mails(settings.recipients, subject, report.describe())
    if settings.webhook:
        notice = {
            "review": title,
            "text": f"{title}: {report.describe()}",
            "outcome": report.outcome,
            "new_records": report.new_records,
            "alerts": list(report.alerts),
            "problems": list(report.problems),
        }
        try:
            post_notice(settings.webhook, notice)
        except ReviewError as error:
            problems.append(str(error))
    return " ".join(problems) or None


def _format_subject(report: RunReport) -> str:
    if report.alerts:
        return "an included study was retracted or questioned"
    if report.outcome != "complete":
        return "the scheduled search is not complete"
    return format_count(report.new_records, "new record")


def _send_mails(recipients: tuple[str, ...], subject: str, text: str) -> list[str]:
    try:
        mail_settings = mail.load_mail_settings()
    except ReviewError as error:
        return [str(error)]
    if mail_settings is None:
        return [f"No mail was sent: {mail.ADDRESS_VARIABLE} names no mail server."]
    problems = []
    for address in recipients:
        try:
            mail.send_message(mail_settings, to=address, subject=subject, text=text)
        except ReviewError:
            problems.append(f"The mail server did not take the message to {address}.")
    return problems
