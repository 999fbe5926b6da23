"""Who is to judge which report: given out when a report gets its place, and anew when people go."""

from collections.abc import Sequence

from review import screening
from review.protocol import Stage, stage_reviewers
from review.store import Connection, screening_queue
from review.workflow.project.project import Project
from review.workflow.screening import status


def active(project: Project, conn: Connection, stage: Stage) -> tuple[str, ...]:
    """A stage's reviewers who have not left, in the order of the team."""
    gone = status.away(conn)
    return tuple(one for one in stage_reviewers(project.protocol, stage) if one not in gone)


def given_to(
    stage: Stage, number: int, people: Sequence[str], seed: int, position: int
) -> str | None:
    """Who judges a report, as '|ada|ben|'; None where anybody may.

    Args:
        position: the report's place in the order; the first ones may be a pilot for everybody.
    """
    if stage.allocation == "everyone" or position < stage.pilot:
        return None
    return _named(_draw(stage, number, people, stage.reviewers, seed))


def _draw(
    stage: Stage, number: int, people: Sequence[str], needed: int, seed: int
) -> tuple[str, ...]:
    shares = stage.shares if stage.allocation == "shares" else {}
    return screening.assigned(number, people, needed, seed=seed, shares=shares)


def _named(people: Sequence[str]) -> str:
    return "".join(f"|{name}|" for name in sorted(people))


def give_anew(project: Project, conn: Connection) -> int:
    """Gives open reports out anew where those they were given to are too few now; gives how many.

    Who is left of a report's readers keeps it, and others are drawn beside them. So nothing waits
    for somebody who has left, and nothing that is open moves without need.
    """
    changed = 0
    for stage in project.protocol.stages:
        people = active(project, conn, stage)
        fresh = {
            number: after
            for number, before, voters in screening_queue.open_places(conn, stage.id)
            if (after := _anew(stage, number, before, voters, people, project)) != before
        }
        screening_queue.assign(conn, stage.id, fresh)
        changed += len(fresh)
    return changed


def _anew(
    stage: Stage, number: int, before: str | None, voters: str, people: Sequence[str],
    project: Project,
) -> str | None:  # fmt: skip
    if stage.allocation == "everyone":
        return None
    had = [one for one in people if f"|{one}|" in (voters if before is None else before)]
    needed = min(stage.reviewers, len(people))
    if before is not None and len(had) >= needed:
        return before
    others = [one for one in people if one not in had]
    seed = project.protocol.ranking.seed
    return _named([*had, *_draw(stage, number, others, max(0, needed - len(had)), seed)])
