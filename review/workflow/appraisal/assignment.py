"""Assigns reviewers to the forms of a report: number, pilot, pairs or shares."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from review.protocol.models import Stage, find_stage, list_stage_reviewers
from review.screening import assign_reviewers
from review.store import Connection, screening_queue
from review.workflow.project.project import Project
from review.workflow.screening.assignment import enqueue
from review.workflow.screening.departures import get_departed_reviewers

DEFAULT_REVIEWERS = 2
"""Reviewers a report where the protocol has no quality stage to say so."""


@dataclass(frozen=True, slots=True)
class AppraiserAssignment:
    """Who appraises in a review, as protocol, pilot and allocation have it now."""

    forms_per_report: int
    """Forms each report needs, those of the pilot apart."""
    appraisers: tuple[str, ...]
    """Everybody who appraises and has not left."""
    pilot: Collection[int]
    """Reports that everybody appraises."""
    assignees: Mapping[int, tuple[str, ...]]
    """Report -> who was drawn for it; reports that are not in it are anybody's."""


def get_appraisal_stage(project: Project) -> Stage:
    """The stage appraisal belongs to: quality, else the last one."""
    return find_stage(project.protocol, "quality") or project.protocol.stages[-1]


def enqueue_new_reports(project: Project) -> None:
    """Gives reports that are newly due their place among pilot and allocation, where the protocol
    has either for the quality stage."""
    stage = find_stage(project.protocol, "quality")
    if stage is None or not _uses_placement(stage):
        return
    with project.store.read() as conn:
        unplaced = screening_queue.list_unqueued_reports(conn, stage.id)
    if unplaced:
        with project.store.write() as conn:
            enqueue(project, conn, stage)


def _uses_placement(stage: Stage) -> bool:
    return stage.pilot > 0 or stage.allocation != "everyone"


def get_assignment(
    project: Project,
    conn: Connection,
    due: Iterable[int] = (),
    *,
    until: datetime | None = None,
) -> AppraiserAssignment:
    """Who appraises what.

    Args:
        due: reports to say it of; one that has no place yet is drawn for as it will be.
        until: the moment of which to say it, as to who had left by then; now where None.
    """
    stage = get_appraisal_stage(project)
    all_reviewers = list_stage_reviewers(project.protocol, stage)
    departed = get_departed_reviewers(conn, until=until)
    appraisers = tuple(name for name in all_reviewers if name not in departed)
    quality = stage if stage.kind == "quality" else None
    if quality is None:
        return AppraiserAssignment(DEFAULT_REVIEWERS, appraisers, (), {})
    if not _uses_placement(quality):
        return AppraiserAssignment(quality.reviewers, appraisers, (), {})
    positions = {
        position.record: position for position in screening_queue.list_positions(conn, quality.id)
    }
    pilot = {number for number, position in positions.items() if position.pilot}
    assignees = {
        number: position.assignees for number, position in positions.items() if position.assignees
    }
    if quality.allocation != "everyone":
        shares = quality.shares if quality.allocation == "shares" else {}
        seed = project.protocol.ranking.seed
        for report in set(due) - set(positions):
            assignees[report] = assign_reviewers(
                report, all_reviewers, quality.reviewers, seed=seed, shares=shares
            )
    return AppraiserAssignment(quality.reviewers, appraisers, pilot, assignees)


def count_required_forms(assignment: AppraiserAssignment, report: int) -> int:
    """How many forms a report needs before they are compared: in the pilot everybody's."""
    return (
        max(assignment.forms_per_report, len(assignment.appraisers))
        if report in assignment.pilot
        else assignment.forms_per_report
    )


def has_enough_appraisers(
    assignment: AppraiserAssignment,
    report: int,
    reviewer: str,
    at_work: Iterable[str],
    finished: Iterable[str],
) -> bool:
    """Whether a form has all the readers it needs without this one. A reviewer who has left keeps
    the place of a form they finished, and frees those they did not.

    Args:
        at_work: who has given any answer for the report.
        finished: who has finished this form of it.
    """
    others = {name for name in at_work if name in assignment.appraisers}
    others |= {name for name in finished if name not in assignment.appraisers}
    return len(others - {reviewer}) >= count_required_forms(assignment, report)


def may_appraise(assignment: AppraiserAssignment, report: int, name: str) -> bool:
    """Whether a reviewer may take a report: theirs by allocation, or that of one who has left."""
    if name not in assignment.appraisers:
        return False
    assignees = assignment.assignees.get(report)
    return (
        assignees is None
        or name in assignees
        or any(assignee not in assignment.appraisers for assignee in assignees)
    )
