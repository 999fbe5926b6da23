"""What a person may be told of others' decisions: nothing on a report before it is settled, and
nothing on one they are still to judge themselves. Every list, page and export asks here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from review.protocol import Stage, list_stage_reviewers
from review.screening import ScreeningStatus
from review.store import Connection, links, screening_queue
from review.workflow.project.project import Project
from review.workflow.screening.assignment import active_reviewers

SETTLED_STATUSES = ("included", "excluded")
"""Standings after which everybody may see how a report was judged."""
OPEN_STATUS = "open"
"""What a report that is not settled is called to a reviewer: neither how many have judged it nor
whether they differ."""

BLINDED_EVENTS = ("decisions", "notes", "answers", "forms", "feedback", "edits")
"""Entries of the log that tell what somebody thought of a report, or that they looked at it."""


@dataclass(frozen=True, slots=True)
class BlindedReader:
    """Somebody who asks, and what is hidden from them."""

    name: str
    stages: frozenset[str]
    """Stages they are a reviewer of; empty for everybody who is none."""
    adjudicates: bool
    reports_to_judge: Mapping[str, frozenset[int]]
    """Stage id -> reports that wait for them."""


def get_blinded_reader(
    project: Project, conn: Connection, name: str | None, among: Iterable[int] | None = None
) -> BlindedReader | None:
    """What is hidden from a person; None for whom nothing is: who reviews no stage (a lead or
    adjudicator who does not screen, or whoever keeps the machine).

    Args:
        among: only these reports are asked about; all of them where None.
    """
    reviewed_stages = _get_reviewed_stages(project, name)
    if name is None or not reviewed_stages:
        return None
    report_numbers = None if among is None else sorted(among)
    reports_to_judge = {
        stage.id: find_reports_to_judge(project, conn, stage, name, report_numbers)
        for stage in reviewed_stages
    }
    return BlindedReader(
        name, frozenset(reports_to_judge), _is_adjudicator(project, name), reports_to_judge
    )


def _get_reviewed_stages(project: Project, name: str | None) -> list[Stage]:
    protocol = project.protocol
    return [stage for stage in protocol.stages if name in list_stage_reviewers(protocol, stage)]


def _is_adjudicator(project: Project, name: str) -> bool:
    return any(
        member.name == name and "adjudicator" in member.roles for member in project.protocol.team
    )


def mask_counts(project: Project, name: str, statuses: Mapping[str, int]) -> dict[str, int]:
    """How many reports of a stage stand where, as a person may be told it: to a reviewer, one
    conflict more right after their own decision would tell how another judged."""
    if not _get_reviewed_stages(project, name):
        return dict(statuses)
    visible_statuses = (
        *SETTLED_STATUSES,
        *(("conflict",) if _is_adjudicator(project, name) else ()),
    )
    visible_counts = {status: n for status, n in statuses.items() if status in visible_statuses}
    hidden = sum(statuses.values()) - sum(visible_counts.values())
    return visible_counts | ({OPEN_STATUS: hidden} if hidden else {})


def find_reports_to_judge(
    project: Project,
    conn: Connection,
    stage: Stage,
    name: str | None,
    among: Iterable[int] | None = None,
) -> frozenset[int]:
    """Reports that wait for a person's own decision at a stage; none for who does not review it."""
    if name is None or name not in active_reviewers(project, conn, stage):
        return frozenset()
    report_numbers = None if among is None else sorted(among)
    return frozenset(
        n for n, _ in screening_queue.list_pending_reports(conn, stage.id, name, report_numbers)
    )


def may_see(
    blinded_reader: BlindedReader | None, stage: str, report: int, status: str | None
) -> bool:
    """Whether a person may be told what others decided and noted on a report at a stage.

    Args:
        status: where the report stands there; None where it has not come so far.
    """
    if blinded_reader is None:
        return True
    if report in blinded_reader.reports_to_judge.get(stage, ()):
        return False
    return status in SETTLED_STATUSES or (blinded_reader.adjudicates and status == "conflict")


def find_deciding_stages(project: Project, event: Mapping[str, Any]) -> list[str]:
    """Stages at which a report must be settled before an entry that names none may be told: an
    edit at any of them, an answer where appraisals are settled."""
    kinds = ("quality",) if event["event"] != "edits" else ("screening", "eligibility")
    return [stage.id for stage in project.protocol.stages if stage.kind in kinds]


def mask_status(
    blinded_reader: BlindedReader | None, stage: str, report: int, report_status: ScreeningStatus
) -> str:
    """A report's standing as a person may be told it."""
    if (
        may_see(blinded_reader, stage, report, report_status.status)
        or report_status.resolved_by == "automation"
    ):
        return report_status.status
    return OPEN_STATUS


def mask_statuses(
    blinded_reader: BlindedReader | None, stage: str, report_statuses: Mapping[int, ScreeningStatus]
) -> dict[int, ScreeningStatus]:
    """A stage's standings as a person may be told them: of what is open to them, their own
    decision alone, as if nobody else had judged it."""
    return {
        report: report_status
        if _is_visible(blinded_reader, stage, report, report_status)
        else _mask_others(blinded_reader, report_status)
        for report, report_status in report_statuses.items()
    }


def _is_visible(
    blinded_reader: BlindedReader | None, stage: str, report: int, report_status: ScreeningStatus
) -> bool:
    return report_status.resolved_by == "automation" or may_see(
        blinded_reader, stage, report, report_status.status
    )


def _mask_others(
    blinded_reader: BlindedReader | None, report_status: ScreeningStatus
) -> ScreeningStatus:
    own_decisions = tuple(
        d
        for d in report_status.decisions
        if blinded_reader is not None and d.reviewer == blinded_reader.name
    )
    return ScreeningStatus(
        "partial" if own_decisions else "pending", votes=len(own_decisions), decisions=own_decisions
    )


def get_visible_status(
    project: Project, name: str, stage: Stage, number: int, report_status: ScreeningStatus
) -> str:
    """The standing of a record's report as a person may be told it, right after a decision."""
    with project.store.read() as conn:
        report = links.get_study_groups(conn, number).get(number, (number, number))[0]
        return mask_status(get_blinded_reader(project, conn, name), stage.id, report, report_status)
