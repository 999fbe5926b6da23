"""Adds decisions on records at a stage, one or a file of them, and updates the status."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from review.errors import ReviewError
from review.models import Decision, Role, Verdict
from review.protocol.models import Stage, format_stage_name, list_stage_reviewers
from review.screening import ScreeningStatus
from review.store import Connection, decisions, records
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, find_stage, follow_plan
from review.workflow.screening import status as standings
from review.workflow.screening.status import ReportDecisions

UNSAVED_ID_START = 1 << 40
"""Row numbers of decisions that are not stored yet begin here, so that they sort as newest."""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision somebody wants to enter."""

    record: int
    stage: str
    reviewer: str
    verdict: Verdict | None
    """None withdraws the decision this reviewer made before."""
    reason: str | None = None
    note: str | None = None
    role: Role = "reviewer"


def add_decision(
    project: Project, new_decision: NewDecision, who: str | None = None
) -> ScreeningStatus:
    """Add one decision and return the report's screening status after it.

    Raises:
        ReviewError: unknown record, stage, reviewer or reason, the record is not at the stage, or
            somebody else has adjudicated it already. Nothing is added then.
    """
    with project.store.write() as conn:
        return add_decisions(project, conn, [new_decision], utc_now(), who=who)[0]


def add_decisions(
    project: Project,
    conn: Connection,
    new_decisions: Sequence[NewDecision],
    at: datetime,
    *,
    who: str | None = None,
    batch: int | None = None,
    loaded: ReportDecisions | None = None,
) -> list[ScreeningStatus]:
    """Adds decisions in one transaction, each checked against the plan in force at this moment and
    the state that the ones before it made.

    Args:
        loaded: the decisions on their reports, if this transaction has loaded it already.

    Raises:
        ReviewError: as decide, naming the record; the transaction then keeps none of them.
    """
    project = follow_plan(project, conn)
    if who is not None:
        require_role(project, who, "contribute")
    report_decisions = loaded or standings.load_report_decisions(
        conn, [new_decision.record for new_decision in new_decisions]
    )
    rows: list[Decision] = []
    statuses: list[ScreeningStatus] = []
    for new_decision in new_decisions:
        if new_decision.record not in report_decisions.report_of:
            records.get_record(conn, new_decision.record)
        stage, reason = _check_decision(project, report_decisions, new_decision)
        row = Decision(
            record=new_decision.record,
            stage=stage.id,
            reviewer=new_decision.reviewer,
            verdict=new_decision.verdict,
            at=at,
            reason=reason,
            note=new_decision.note,
            role=new_decision.role,
            id=len(rows) + UNSAVED_ID_START,
        )
        rows.append(row)
        report = report_decisions.report_of[new_decision.record]
        report_decisions.by_report[report].setdefault(stage.id, []).append(row)
        statuses.append(
            standings.get_report_statuses(project.protocol, report_decisions, report)[stage.id]
        )
    decisions.add_decisions(conn, rows, who=who, batch=batch, protocol=project.fingerprint)
    standings.save_statuses(project, conn, report_decisions)
    return statuses


def _check_decision(
    project: Project, report_decisions: ReportDecisions, new_decision: NewDecision
) -> tuple[Stage, str | None]:
    """The stage of a decision, and its reason as worded in the protocol."""
    stage = find_stage(project.protocol, new_decision.stage)
    _check_person(project, stage, new_decision, report_decisions.departed)
    reason = _check_reason(stage, new_decision)
    statuses = standings.get_report_statuses(
        project.protocol, report_decisions, report_decisions.report_of[new_decision.record]
    )
    if stage.id not in statuses:
        last_stage = next(s for s in reversed(project.protocol.stages) if s.id in statuses)
        raise ReviewError(
            f"{format_record_key(new_decision.record)} is not at the stage "
            f"{format_stage_name(stage)!r}: it is {statuses[last_stage.id].status} at "
            f"{format_stage_name(last_stage)!r}."
        )
    if new_decision.role == "adjudicator":
        _check_adjudication(new_decision, statuses[stage.id])
    return stage, reason


def _check_person(
    project: Project, stage: Stage, new_decision: NewDecision, departed: set[str]
) -> None:
    if new_decision.role == "automation":
        return
    if new_decision.role == "reviewer":
        allowed_names = [
            name for name in list_stage_reviewers(project.protocol, stage) if name not in departed
        ]
        description = f"a reviewer at the stage {format_stage_name(stage)!r}"
    else:
        allowed_names = [p.name for p in project.protocol.team if "adjudicator" in p.roles]
        description = "an adjudicator"
    if new_decision.reviewer not in allowed_names:
        close_matches = difflib.get_close_matches(new_decision.reviewer, allowed_names, n=1)
        hint = f" Did you mean {close_matches[0]!r}?" if close_matches else ""
        raise ReviewError(
            f"{new_decision.reviewer!r} is not {description}. Choose from: "
            f"{', '.join(allowed_names) or 'nobody'}.{hint}"
        )


def _check_reason(stage: Stage, new_decision: NewDecision) -> str | None:
    if new_decision.verdict != "exclude":
        return None
    if not new_decision.reason:
        if stage.kind == "eligibility":
            raise ReviewError(
                f"{format_record_key(new_decision.record)}: an exclusion at the stage "
                f"{format_stage_name(stage)!r} needs one of these reasons: "
                f"{'; '.join(stage.reasons)}."
            )
        return None
    if not stage.reasons or new_decision.role == "automation" or stage.kind == "quality":
        return new_decision.reason
    for reason in stage.reasons:
        if reason.casefold() == new_decision.reason.strip().casefold():
            return reason
    close_matches = difflib.get_close_matches(new_decision.reason, stage.reasons, n=1)
    hint = f" Did you mean {close_matches[0]!r}?" if close_matches else ""
    raise ReviewError(
        f"{format_record_key(new_decision.record)}: {new_decision.reason!r} is not an exclusion "
        f"reason at the stage {format_stage_name(stage)!r}. Choose from: "
        f"{'; '.join(stage.reasons)}.{hint}"
    )


def _check_adjudication(new_decision: NewDecision, report_status: ScreeningStatus) -> None:
    others = [
        d
        for d in report_status.decisions
        if d.role == "adjudicator" and d.reviewer != new_decision.reviewer
    ]
    if others:
        raise ReviewError(
            f"{format_record_key(new_decision.record)} was already resolved by "
            f"{others[-1].reviewer}, who can undo it first."
        )
    if (
        new_decision.verdict is not None
        and report_status.status != "conflict"
        and report_status.resolved_by != "adjudicator"
    ):
        raise ReviewError(
            f"{format_record_key(new_decision.record)} is not in conflict at this stage (status: "
            f"{report_status.status}), so there is nothing to resolve."
        )
