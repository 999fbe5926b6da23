"""Alerts: an included study that was called into question, raised, answered by the lead, kept.

An alert is an act of its own and closing it is another one, so that both stay readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.errors import ReviewError
from review.models import Record, Relation
from review.store import Connection, audit_events, harvests, links, records
from review.store.records import key_of, number_of
from review.store.timestamps import now
from review.workflow.harvest.ingest import marks
from review.workflow.project.project import Project
from review.workflow.screening import status as standings

RAISED, CLOSED = "alert", "alert closed"
"""Kinds of acts; the subject is the report's key, and the number of the alert that is closed."""
EVENTS = {
    "retracted_by": "retraction", "marked": "retraction", "expression_of_concern_in": "concern",
}  # fmt: skip
"""What is said of a document that calls it into question -> what became of it."""
WORDS = {
    "retracted_by": "is retracted",
    "expression_of_concern_in": "stands under an expression of concern",
    "marked": "is marked as retracted, withdrawn or deleted",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """What was raised, and how it was answered."""

    id: int
    at: str
    report: str
    """Key of the report it is about."""
    text: str
    closed_at: str | None = None
    closed_by: str | None = None
    why: str | None = None
    """What was done about it, in the words of who closed it."""


def every(project: Project, until: datetime | None = None) -> list[Alert]:
    """All alerts up to a moment (now where None), newest first, with how each was answered."""
    with project.store.read() as conn:
        raised = audit_events.every(conn, kind=RAISED, until=until)
        closed = audit_events.every(conn, kind=CLOSED, until=until)
    answers = {one["subject"]: one for one in closed}
    return [_alert(one, answers.get(str(one["id"]))) for one in reversed(raised)]


def open_ones(project: Project, until: datetime | None = None) -> list[Alert]:
    """Alerts nobody has answered, newest first."""
    return [one for one in every(project, until) if one.closed_at is None]


def told(one: Alert) -> str:
    """An alert in one line."""
    return f"{one.report}: {one.text}"


def close(project: Project, number: int, who: str, why: str) -> Alert:
    """Closes an alert with what was done about it; the alert and the answer stay readable.

    Raises:
        ReviewError: there is no such alert, it is closed, or no words are given.
    """
    words = " ".join(why.split())
    if not words:
        raise ReviewError("Say in a few words what was done about the alert.")
    with project.store.write() as conn:
        raised = [one for one in audit_events.every(conn, kind=RAISED) if one["id"] == number]
        if not raised:
            raise ReviewError(f"There is no alert {number}; see: review alerts --all")
        before = [
            one for one in audit_events.every(conn, kind=CLOSED) if one["subject"] == str(number)
        ]
        if before:
            raise ReviewError(
                f"Alert {number} was closed by {before[0]['who']} on {before[0]['at'][:10]}: "
                f"{before[0]['detail']['why']}"
            )
        audit_events.add(conn, CLOSED, who, now(), subject=str(number), detail={"why": words})
        answer = audit_events.every(conn, kind=CLOSED)[-1]
    return _alert(raised[0], answer)


def _alert(raised: dict[str, Any], answer: dict[str, Any] | None) -> Alert:
    text = str((raised["detail"] or {}).get("text", ""))
    if answer is None:
        return Alert(raised["id"], raised["at"], raised["subject"], text)
    why = (answer["detail"] or {}).get("why")
    return Alert(raised["id"], raised["at"], raised["subject"], text, answer["at"],
                 answer["who"], why)  # fmt: skip


def raise_new(project: Project) -> list[str]:
    """Raises an alert for each report of an included study that is called into question; gives
    the new ones. What several sources say of one report is one alert."""
    with project.store.read() as conn:
        groups = links.all_groups(conn)
        told = {_event_of(one, groups) for one in audit_events.every(conn, kind=RAISED)}
        included = _included(project, conn)
        ours = {groups.get(report, (report, report))[1]: report for report in sorted(included)}
        members = {n for n, (_, study) in groups.items() if study in ours} | included
        later = harvests.relations_of(conn, sorted(members))
        stored = records.many(conn, members)
    raised = []
    with project.store.write() as conn:
        for number, one in sorted(stored.items()):
            said = (*one.record.relations, *marks(one.record), *later.get(number, ()))
            report, study = groups.get(number, (number, number))
            for what in said:
                event = (report, EVENTS.get(what.kind))
                if event[1] is None or event in told:
                    continue
                told.add(event)
                whose = None if report in included else ours[study]
                text = _words(one.record, what, whose)
                detail = {"text": text, "said": f"{what.kind} {what.target}", "record": one.key}
                audit_events.add(conn, RAISED, "tool", now(), subject=key_of(report), detail=detail)
                raised.append(f"{key_of(report)}: {text}")
    return raised


def _event_of(act: dict[str, Any], groups: Mapping[int, tuple[int, int]]) -> tuple[int, str | None]:
    """What an alert was about: the report its record stands under now, and what became of it."""
    detail = act["detail"] or {}
    number = number_of(str(detail.get("record") or act["subject"]))
    kind = str(detail.get("said", "")).split(" ")[0]
    return groups.get(number, (number, number))[0], EVENTS.get(kind)


def _words(record: Record, what: Relation, whose: int | None) -> str:
    """What happened, for people; `whose` is the included report of its study where it is not one
    itself."""
    title = (record.title or "without title")[:80]
    said = f"{WORDS[what.kind]} ({what.said_by}: {what.target})"
    if whose is None:
        return f"the included study '{title}' {said}"
    return f"another report of the included study {key_of(whose)}, '{title}', {said}"


def _included(project: Project, conn: Connection) -> set[int]:
    """Reports included at the last stage they have reached, none of them excluded after it."""
    found = standings.compute(project, conn)
    if not project.protocol.stages:
        return set()
    last = project.protocol.stages[-1].id
    return {report for report, one in found.get(last, {}).items() if one.status == "included"}
