"""Assigns reports to reviewers, and reassigns them when a reviewer leaves."""

from collections.abc import Sequence

from review import screening
from review.protocol.models import Stage, list_stage_reviewers
from review.store import Connection, screening_queue
from review.store.screening_queue import OpenReport, QueuePosition
from review.store.timestamps import utc_now
from review.workflow.project.project import Project, find_stage, follow_plan
from review.workflow.screening.departures import get_departed_reviewers


def enqueue(project: Project, conn: Connection, stage: Stage) -> None:
    """Gives every report that has reached a stage a place in its order: new ones go to the end,
    drawn from the protocol's seed."""
    project = follow_plan(project, conn)
    stage = find_stage(project.protocol, stage.id)
    new_numbers = screening_queue.list_unqueued_reports(conn, stage.id)
    if not new_numbers:
        return
    seed = project.protocol.ranking.seed
    old_positions = screening_queue.list_positions(conn, stage.id)
    reviewers = active_reviewers(project, conn, stage)
    start = len(old_positions)
    new_positions = [
        QueuePosition(
            record=number,
            position=start + offset,
            score=None,
            drawn=True,
            pilot=start + offset < stage.pilot,
            assignees=choose_assignees(stage, number, reviewers, seed, start + offset),
        )
        for offset, number in enumerate(screening.shuffle_records(new_numbers, seed))
    ]
    screening_queue.write_order(
        conn, stage.id, [*old_positions, *new_positions], utc_now(), model="random", seed=seed
    )


def active_reviewers(project: Project, conn: Connection, stage: Stage) -> tuple[str, ...]:
    """A stage's reviewers who have not left, in the order of the team."""
    departed = get_departed_reviewers(conn)
    return tuple(
        name for name in list_stage_reviewers(project.protocol, stage) if name not in departed
    )


def choose_assignees(
    stage: Stage, number: int, people: Sequence[str], seed: int, position: int
) -> tuple[str, ...] | None:
    """Who is to judge a report, in alphabetical order; None where anybody may.

    Args:
        position: the report's place in the order; the first ones may be a pilot for everybody.
    """
    if stage.allocation == "everyone" or position < stage.pilot:
        return None
    return _sort_names(_draw_reviewers(stage, number, people, stage.reviewers, seed))


def _draw_reviewers(
    stage: Stage, number: int, people: Sequence[str], needed: int, seed: int
) -> tuple[str, ...]:
    shares = stage.shares if stage.allocation == "shares" else {}
    return screening.assign_reviewers(number, people, needed, seed=seed, shares=shares)


def _sort_names(people: Sequence[str]) -> tuple[str, ...] | None:
    """None where nobody can be drawn, as a stage whose reviewers have all left."""
    return tuple(sorted(people)) or None


def reassign(project: Project, conn: Connection) -> int:
    """Gives open reports out anew where those they were given to are too few now; gives how many.

    Who is left of a report's readers keeps it, and others are drawn beside them. So nothing waits
    for somebody who has left, and nothing that is open moves without need.
    """
    project = follow_plan(project, conn)
    changed = 0
    for stage in project.protocol.stages:
        reviewers = active_reviewers(project, conn, stage)
        new_assignments = {
            report.record: after
            for report in screening_queue.list_open_reports(conn, stage.id)
            if (after := _reassign_report(stage, report, reviewers, project)) != report.assignees
        }
        screening_queue.assign_reports(conn, stage.id, new_assignments)
        changed += len(new_assignments)
    return changed


def _reassign_report(
    stage: Stage, report: OpenReport, people: Sequence[str], project: Project
) -> tuple[str, ...] | None:
    if stage.allocation == "everyone":
        return None
    readers = report.voters if report.assignees is None else report.assignees
    remaining = [name for name in people if name in readers]
    needed = min(stage.reviewers, len(people))
    if report.assignees is not None and len(remaining) >= needed:
        return report.assignees
    others = [name for name in people if name not in remaining]
    seed = project.protocol.ranking.seed
    drawn = _draw_reviewers(stage, report.record, others, max(0, needed - len(remaining)), seed)
    return _sort_names([*remaining, *drawn])
