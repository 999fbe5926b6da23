"""What a person may be told of others' decisions: nothing on a report before it is settled, and
nothing on one they are still to judge themselves. Every list, page and export asks here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from review.protocol import Stage, stage_reviewers
from review.screening import Standing
from review.store import Connection, links, screening_queue
from review.workflow.project.project import Project
from review.workflow.screening.assignment import active

SETTLED = ("included", "excluded")
"""Standings after which everybody may see how a report was judged."""
OPEN = "open"
"""What a report that is not settled is called to a reviewer: neither how many have judged it nor
whether they differ."""

OF_OTHERS = ("decisions", "notes", "answers", "forms", "feedback", "edits")
"""Entries of the log that tell what somebody thought of a report, or that they looked at it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who asks, and what is hidden from them."""

    name: str
    stages: frozenset[str]
    """Stages they are a reviewer of; empty for everybody who is none."""
    adjudicates: bool
    still_to_judge: Mapping[str, frozenset[int]]
    """Stage id -> reports that wait for them."""


def reader(
    project: Project, conn: Connection, name: str | None, among: Iterable[int] | None = None
) -> Reader | None:
    """What is hidden from a person; None for whom nothing is: who reviews no stage (a lead or
    adjudicator who does not screen, or whoever keeps the machine).

    Args:
        among: only these reports are asked about; all of them where None.
    """
    mine = _reviews(project, name)
    if name is None or not mine:
        return None
    asked = None if among is None else sorted(among)
    waits = {one.id: still_to_judge(project, conn, one, name, asked) for one in mine}
    return Reader(name, frozenset(waits), _adjudicates(project, name), waits)


def _reviews(project: Project, name: str | None) -> list[Stage]:
    protocol = project.protocol
    return [one for one in protocol.stages if name in stage_reviewers(protocol, one)]


def _adjudicates(project: Project, name: str) -> bool:
    return any(one.name == name and "adjudicator" in one.roles for one in project.protocol.team)


def counted(project: Project, name: str, statuses: Mapping[str, int]) -> dict[str, int]:
    """How many reports of a stage stand where, as a person may be told it: to a reviewer, one
    conflict more right after their own decision would tell how another judged."""
    if not _reviews(project, name):
        return dict(statuses)
    known = (*SETTLED, *(("conflict",) if _adjudicates(project, name) else ()))
    found = {status: n for status, n in statuses.items() if status in known}
    hidden = sum(statuses.values()) - sum(found.values())
    return found | ({OPEN: hidden} if hidden else {})


def still_to_judge(
    project: Project,
    conn: Connection,
    stage: Stage,
    name: str | None,
    among: Iterable[int] | None = None,
) -> frozenset[int]:
    """Reports that wait for a person's own decision at a stage; none for who does not review it."""
    if name is None or name not in active(project, conn, stage):
        return frozenset()
    wanted = None if among is None else sorted(among)
    return frozenset(n for n, _ in screening_queue.waiting_for(conn, stage.id, name, wanted))


def may_see(one: Reader | None, stage: str, report: int, status: str | None) -> bool:
    """Whether a person may be told what others decided and noted on a report at a stage.

    Args:
        status: where the report stands there; None where it has not come so far.
    """
    if one is None:
        return True
    if report in one.still_to_judge.get(stage, ()):
        return False
    return status in SETTLED or (one.adjudicates and status == "conflict")


def stages_of(project: Project, event: Mapping[str, Any]) -> list[str]:
    """Stages at which a report must be settled before an entry that names none may be told: an
    edit at any of them, an answer where appraisals are settled."""
    kinds = ("quality",) if event["event"] != "edits" else ("screening", "eligibility")
    return [one.id for one in project.protocol.stages if one.kind in kinds]


def status_for(one: Reader | None, stage: str, report: int, here: Standing) -> str:
    """A report's standing as a person may be told it."""
    if may_see(one, stage, report, here.status) or here.settled_by == "automation":
        return here.status
    return OPEN


def standings_for(
    one: Reader | None, stage: str, found: Mapping[int, Standing]
) -> dict[int, Standing]:
    """A stage's standings as a person may be told them: of what is open to them, their own
    decision alone, as if nobody else had judged it."""
    return {
        report: here if _known(one, stage, report, here) else _own(one, here)
        for report, here in found.items()
    }


def _known(one: Reader | None, stage: str, report: int, here: Standing) -> bool:
    return here.settled_by == "automation" or may_see(one, stage, report, here.status)


def _own(one: Reader | None, here: Standing) -> Standing:
    mine = tuple(d for d in here.decisions if one is not None and d.reviewer == one.name)
    return Standing("partial" if mine else "pending", votes=len(mine), decisions=mine)


def told(project: Project, name: str, stage: Stage, number: int, here: Standing) -> str:
    """The standing of a record's report as a person may be told it, right after a decision."""
    with project.store.read() as conn:
        report = links.group_of(conn, number).get(number, (number, number))[0]
        return status_for(reader(project, conn, name), stage.id, report, here)
