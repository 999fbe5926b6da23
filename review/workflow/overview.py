"""Numbers for the overview: progress by stage and reviewer, last imports, open alerts."""

from dataclasses import dataclass

from review.protocol import Stage, stage_reviewers
from review.store import decisions
from review.store.stamps import stamp as newest_rows
from review.workflow.accounts import Signed
from review.workflow.project import Project


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage is."""

    stage: Stage
    reports: int
    """Reports that have reached the stage."""
    settled: int
    statuses: dict[str, int]
    """Status -> reports."""
    by_reviewer: dict[str, int]
    """Reviewer -> records judged; only one's own for a reviewer, all for the lead."""


def progress(project: Project, person: Signed) -> list[Progress]:
    """Progress of each stage that has begun, in the order of the protocol."""
    with project.store.read() as conn:
        counts = decisions.standings_count(conn)
        judged = decisions.counts_by_reviewer(conn)
    found = []
    for stage in project.protocol.stages:
        statuses = {status: n for (name, status), n in counts.items() if name == stage.id}
        mine = {who: n for name, who, n in judged if name == stage.id}
        people = stage_reviewers(project.protocol, stage)
        shown = {who: mine.get(who, 0) for who in people if _sees(person, who)}
        settled = statuses.get("included", 0) + statuses.get("excluded", 0)
        found.append(Progress(stage, sum(statuses.values()), settled, statuses, shown))
    return found


def _sees(person: Signed, who: str) -> bool:
    return who == person.name or "lead" in person.roles or "adjudicator" in person.roles


def stamp(project: Project) -> tuple[int, ...]:
    """Changes whenever anything the overview shows has changed."""
    with project.store.read() as conn:
        return newest_rows(conn)
