"""Stops the screening of a stage early, as the lead's recorded act, and takes it back."""

from dataclasses import dataclass
from datetime import datetime

from review.errors import ReviewError
from review.protocol.models import Stage, format_stage_name
from review.stopping import STOPPED_REASON
from review.store import audit_events, decisions
from review.store.timestamps import parse_timestamp, utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decisions


def stop_screening(project: Project, stage: Stage, who: str, why: str) -> int:
    """The lead's recorded act: reports nobody has judged are marked ineligible by automation.

    Gives how many. Reversible with resume.

    Raises:
        ReviewError: no reason was given, or the stage is not screening by title and abstract: at
            full text a report is read, or not retrieved.
    """
    require_role(project, who, "manage")
    if stage.kind != "screening":
        raise ReviewError(
            f"Only title and abstract screening can stop early, not {format_stage_name(stage)!r}."
        )
    if not why.strip():
        raise ReviewError("Give a reason for stopping screening.")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        report_statuses = standings.compute_statuses(project, conn)[stage.id]
        unscreened = [
            report
            for report, report_status in report_statuses.items()
            if report_status.status == "pending"
        ]
        audit_events.add_event(
            conn,
            "stop",
            who,
            utc_now(),
            subject=stage.id,
            detail={"why": why, "n": len(unscreened)},
        )
        new_decisions = [
            NewDecision(
                record=n,
                stage=stage.id,
                reviewer="stopping",
                verdict="exclude",
                reason=STOPPED_REASON,
                note=None,
                role="automation",
            )
            for n in sorted(unscreened)
        ]
        add_decisions(project, conn, new_decisions, utc_now(), who=who)
    return len(unscreened)


@dataclass(frozen=True, slots=True)
class StopEvent:
    """The lead's act that holds at a stage."""

    who: str
    at: datetime
    why: str
    reports: int
    """Reports it left unscreened."""


def list_stops(project: Project, stage: Stage, *, until: datetime | None = None) -> list[StopEvent]:
    """The acts by which screening was stopped at a stage and that hold (at a point in time), oldest
    first; more than one where newcomers were left unscreened too."""
    with project.store.read() as conn:
        events = [
            *audit_events.list_events(conn, kind="stop", until=until),
            *audit_events.list_events(conn, kind="resume", until=until),
        ]
    in_force: list[StopEvent] = []
    for event in sorted(events, key=lambda row: int(row["id"])):
        if event["subject"] != stage.id:
            continue
        if event["kind"] == "resume":
            in_force = []
            continue
        detail = event["detail"] or {}
        n, why = int(detail.get("n", 0)), str(detail.get("why", ""))
        in_force.append(StopEvent(event["who"], parse_timestamp(event["at"]), why, n))
    return [stop_event for stop_event in in_force if stop_event.reports]


def resume_screening(project: Project, stage: Stage, who: str) -> int:
    """Takes the lead's stop back: its reports are to be screened again. Gives how many."""
    require_role(project, who, "manage")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        stop_decisions = decisions.list_decisions(conn, stage=stage.id, reviewer="stopping")
        newest_decisions = {decision.record: decision for decision in stop_decisions}
        reopened_numbers = [
            n for n, decision in newest_decisions.items() if decision.verdict is not None
        ]
        audit_events.add_event(
            conn, "resume", who, utc_now(), subject=stage.id, detail={"n": len(reopened_numbers)}
        )
        new_decisions = [
            NewDecision(n, stage.id, "stopping", None, role="automation")
            for n in sorted(reopened_numbers)
        ]
        add_decisions(project, conn, new_decisions, utc_now(), who=who)
    return len(reopened_numbers)
