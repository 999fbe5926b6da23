"""Numbers for the overview: progress by stage and reviewer, last imports, open alerts."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from review.prisma import Flow
from review.protocol import Stage, stage_of, stage_reviewers
from review.store import Connection, decisions
from review.store.revision import stamp as newest_rows
from review.store.timestamps import now
from review.workflow.appraisal import tasks
from review.workflow.exports.prisma_inputs import flow_of
from review.workflow.project.accounts import Signed
from review.workflow.project.project import Project
from review.workflow.screening import blinding

QUICK = 1.0
"""A flow counted in less time is counted anew at each change (seconds)."""
REST = 20
"""A slower one rests so many times as long as it took: whoever screens meanwhile is not slowed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage is."""

    stage: Stage
    reports: int
    """Reports that have reached the stage."""
    settled: int
    statuses: dict[str, int]
    """Status -> reports; to who reviews, what is not settled is 'open'."""
    by_reviewer: dict[str, int]
    """Reviewer -> records judged, at the quality stage reports whose appraisal is finished; only
    one's own for a reviewer, all for the lead."""


@dataclass(slots=True)
class Kept:
    """The flow as it was last counted."""

    lock: Lock = field(default_factory=Lock)
    stamp: tuple[int, ...] = ()
    flow: Flow | None = None
    at: datetime | None = None
    rests_until: float = 0.0
    """By the clock that measures (seconds)."""


def flow_lately(
    project: Project, kept: Kept, *, clock: Callable[[], float] = time.monotonic
) -> tuple[Flow, datetime | None]:
    """The flow, and when it was counted where that was before the last change.

    Counting a review of 100,000 records takes seconds, in which all pages of the process are slow.
    """
    with kept.lock:
        newest = stamp(project)
        if kept.flow is None or (newest != kept.stamp and clock() >= kept.rests_until):
            began = clock()
            kept.at, kept.flow, kept.stamp = now(), flow_of(project), newest
            took = clock() - began
            kept.rests_until = clock() + (REST * took if took >= QUICK else 0.0)
        return kept.flow, kept.at if newest != kept.stamp else None


def progress(project: Project, person: Signed) -> list[Progress]:
    """Progress of each stage that has begun, in the order of the protocol."""
    with project.store.read() as conn:
        counts = decisions.standings_count(conn)
        judged = decisions.counts_by_reviewer(conn)
        appraised = _appraised(project, conn, person)
    found = []
    for stage in project.protocol.stages:
        statuses = {status: n for (name, status), n in counts.items() if name == stage.id}
        mine = {who: n for name, who, n in judged if name == stage.id}
        mine = appraised if stage.kind == "quality" else mine
        people = stage_reviewers(project.protocol, stage)
        shown = {who: mine.get(who, 0) for who in people if _sees(person, who)}
        settled = statuses.get("included", 0) + statuses.get("excluded", 0)
        told = blinding.counted(project, person.name, statuses)
        found.append(Progress(stage, sum(statuses.values()), settled, told, shown))
    return found


def _appraised(project: Project, conn: Connection, person: Signed) -> dict[str, int]:
    """Reviewer of the quality stage the person may see -> reports whose appraisal they have
    finished."""
    stage = stage_of(project.protocol, "quality")
    people = [] if stage is None else stage_reviewers(project.protocol, stage)
    return tasks.finished_by(project, conn, [who for who in people if _sees(person, who)])


def _sees(person: Signed, who: str) -> bool:
    return who == person.name or "lead" in person.roles or "adjudicator" in person.roles


def stamp(project: Project) -> tuple[int, ...]:
    """Changes whenever anything the overview shows has changed."""
    with project.store.read() as conn:
        return newest_rows(conn)
