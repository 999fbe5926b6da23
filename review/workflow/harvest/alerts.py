"""Alerts on included studies that were retracted or questioned, raised and closed.

An alert is an act of its own and closing it is another one, so that both stay readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.errors import ReviewError
from review.models import Record, Relation
from review.sources.withdrawals import find_retraction_marks
from review.store import Connection, audit_events, harvests, links, records
from review.store.records import format_record_key, parse_record_key
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.screening import status as standings

ALERT_RAISED, ALERT_CLOSED = "alert", "alert closed"
"""Kinds of acts; the subject is the report's key, and the number of the alert that is closed."""
EVENT_BY_RELATION = {
    "retracted_by": "retraction",
    "marked": "retraction",
    "expression_of_concern_in": "concern",
}
"""Notice that calls a document into question -> what became of the document."""
RELATION_PHRASES = {
    "retracted_by": "is retracted",
    "expression_of_concern_in": "has an expression of concern",
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


def list_alerts(project: Project, until: datetime | None = None) -> list[Alert]:
    """All alerts up to a moment (now where None), newest first, with how each was answered."""
    with project.store.read() as conn:
        raised_acts = audit_events.list_events(conn, kind=ALERT_RAISED, until=until)
        closing_acts = audit_events.list_events(conn, kind=ALERT_CLOSED, until=until)
    closures = {act["subject"]: act for act in closing_acts}
    return [_build_alert(act, closures.get(str(act["id"]))) for act in reversed(raised_acts)]


def list_open_alerts(project: Project, until: datetime | None = None) -> list[Alert]:
    """Alerts nobody has answered, newest first."""
    return [alert for alert in list_alerts(project, until) if alert.closed_at is None]


def format_alert(alert: Alert) -> str:
    """An alert in one line."""
    return f"{alert.report}: {alert.text}"


def close_alert(project: Project, number: int, who: str, why: str) -> Alert:
    """Closes an alert with what was done about it; the alert and the answer stay readable.

    Raises:
        ReviewError: there is no such alert, it is closed, or no words are given.
    """
    require_role(project, who, "manage")
    explanation = " ".join(why.split())
    if not explanation:
        raise ReviewError("State briefly what was done about the alert.")
    with project.store.write() as conn:
        matching_acts = [
            act for act in audit_events.list_events(conn, kind=ALERT_RAISED) if act["id"] == number
        ]
        if not matching_acts:
            raise ReviewError(
                f"There is no alert {number}. To list all alerts: review alerts --all"
            )
        earlier_closures = [
            act
            for act in audit_events.list_events(conn, kind=ALERT_CLOSED)
            if act["subject"] == str(number)
        ]
        if earlier_closures:
            raise ReviewError(
                f"Alert {number} was closed by {earlier_closures[0]['who']} on "
                f"{earlier_closures[0]['at'][:10]}: "
                f"{earlier_closures[0]['detail']['why']}"
            )
        audit_events.add_event(
            conn, ALERT_CLOSED, who, utc_now(), subject=str(number), detail={"why": explanation}
        )
        answer = audit_events.list_events(conn, kind=ALERT_CLOSED)[-1]
    return _build_alert(matching_acts[0], answer)


def _build_alert(raised: dict[str, Any], answer: dict[str, Any] | None) -> Alert:
    text = str((raised["detail"] or {}).get("text", ""))
    if answer is None:
        return Alert(raised["id"], raised["at"], raised["subject"], text)
    why = (answer["detail"] or {}).get("why")
    return Alert(
        id=raised["id"],
        at=raised["at"],
        report=raised["subject"],
        text=text,
        closed_at=answer["at"],
        closed_by=answer["who"],
        why=why,
    )


def raise_new_alerts(project: Project) -> list[str]:
    """Raises an alert for each report of an included study that is called into question; gives
    the new ones. What several sources say of one report is one alert."""
    with project.store.read() as conn:
        groups = links.list_groups(conn)
        known_events = {
            _identify_event(act, groups)
            for act in audit_events.list_events(conn, kind=ALERT_RAISED)
        }
        included = _find_included_reports(project, conn)
        included_by_study = {
            groups.get(report, (report, report))[1]: report for report in sorted(included)
        }
        members = {n for n, (_, study) in groups.items() if study in included_by_study} | included
        registry_relations = harvests.list_relations(conn, sorted(members))
        stored = records.get_records(conn, members)
    messages = []
    with project.store.write() as conn:
        for number, stored_record in sorted(stored.items()):
            relations = (
                *stored_record.record.relations,
                *find_retraction_marks(stored_record.record),
                *registry_relations.get(number, ()),
            )
            report, study = groups.get(number, (number, number))
            for relation in relations:
                event = (report, EVENT_BY_RELATION.get(relation.kind))
                if event[1] is None or event in known_events:
                    continue
                known_events.add(event)
                included_report = None if report in included else included_by_study[study]
                text = _describe_event(stored_record.record, relation, included_report)
                detail = {
                    "text": text,
                    "said": f"{relation.kind} {relation.target}",
                    "record": stored_record.key,
                }
                audit_events.add_event(
                    conn,
                    ALERT_RAISED,
                    "tool",
                    utc_now(),
                    subject=format_record_key(report),
                    detail=detail,
                )
                messages.append(f"{format_record_key(report)}: {text}")
    return messages


def _identify_event(
    act: dict[str, Any], groups: Mapping[int, tuple[int, int]]
) -> tuple[int, str | None]:
    """What an alert was about: the report its record belongs to now, and what became of it."""
    detail = act["detail"] or {}
    number = parse_record_key(str(detail.get("record") or act["subject"]))
    kind = str(detail.get("said", "")).split(" ")[0]
    return groups.get(number, (number, number))[0], EVENT_BY_RELATION.get(kind)


def _describe_event(record: Record, relation: Relation, included_report: int | None) -> str:
    """What happened, for people; `whose` is the included report of its study where it is not one
    itself."""
    title = (record.title or "untitled")[:80]
    statement = f"{RELATION_PHRASES[relation.kind]} ({relation.said_by}: {relation.target})"
    if included_report is None:
        return f"the included study '{title}' {statement}"
    return (
        f"another report of the included study {format_record_key(included_report)}, '{title}', "
        f"{statement}"
    )


def _find_included_reports(project: Project, conn: Connection) -> set[int]:
    """Reports included at the last stage they have reached, none of them excluded after it."""
    statuses = standings.compute_statuses(project, conn)
    if not project.protocol.stages:
        return set()
    last_stage_id = project.protocol.stages[-1].id
    return {
        report
        for report, report_status in statuses.get(last_stage_id, {}).items()
        if report_status.status == "included"
    }
