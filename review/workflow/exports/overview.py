"""Figures of the overview: progress by stage and reviewer, last imports, open alerts."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from review.prisma import Flow
from review.protocol.models import Stage, find_stage, list_stage_reviewers
from review.store import Connection, decisions, links
from review.store.revision import get_revision as newest_rows
from review.store.timestamps import utc_now
from review.workflow.appraisal import tasks
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.exports.waiting import describe_waiting
from review.workflow.harvest.status import describe_incomplete_searches
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.project import Project
from review.workflow.screening import blinding

QUICK_SECONDS = 1.0
"""A flow counted in less time is counted anew at each change (seconds)."""
REST_FACTOR = 20
"""A slower one waits this many times its own duration, so that it does not slow screening."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far one stage is."""

    stage: Stage
    reports: int
    """Reports that have reached the stage."""
    settled: int
    statuses: dict[str, int]
    """Status -> reports; to who reviews, what is not settled is 'open'."""
    by_reviewer: dict[str, int]
    """Reviewer -> records judged, at the quality stage reports whose appraisal is finished; only
    one's own for a reviewer, all for the lead; a lead who reviews too sees others' work on
    settled records alone."""


@dataclass(slots=True)
class FlowCache:
    """The flow as it was last counted."""

    lock: Lock = field(default_factory=Lock)
    stamp: tuple[int, ...] = ()
    flow: Flow | None = None
    notes: tuple[str, ...] = ()
    """What a reader of the flow must know: what waits as a whole, and what was not searched in
    full."""
    at: datetime | None = None
    rests_until: float = 0.0
    """By the clock that measures (seconds)."""


def get_recent_flow(
    project: Project,
    cache: FlowCache,
    *,
    reader: str | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Flow, datetime | None]:
    """The flow, and when it was counted where that was before the last change.

    Counting a review of 100,000 records takes seconds, in which all pages of the process are slow.

    Args:
        cache: of this reader; one for all whose view is that of everybody.
        reader: who asks, where blinding.find_own_view names them.
    """
    with cache.lock:
        newest = get_revision(project)
        if cache.flow is None or (newest != cache.stamp and clock() >= cache.rests_until):
            began = clock()
            cache.at, cache.stamp = utc_now(), newest
            cache.flow = compute_flow(project, reader=reader)
            cache.notes = tuple(_list_notes(project, cache.flow))
            duration = clock() - began
            cache.rests_until = clock() + (
                REST_FACTOR * duration if duration >= QUICK_SECONDS else 0.0
            )
        return cache.flow, cache.at if newest != cache.stamp else None


def _list_notes(project: Project, flow: Flow) -> list[str]:
    with project.store.read() as conn:
        groups = links.list_groups(conn)
    return [*describe_incomplete_searches(project), *describe_waiting(project, flow, groups)]


def get_progress(project: Project, person: CurrentUser) -> list[StageProgress]:
    """Progress of each stage that has begun, in the order of the protocol."""
    with project.store.read() as conn:
        all_counts = decisions.count_statuses(conn)
        counts = blinding.mask_counts(project, conn, person.name, all_counts)
        decision_counts = _count_decisions(project, conn, person)
        appraisal_counts = _count_appraisals(project, conn, person)
    results = []
    for stage in project.protocol.stages:
        statuses = {status: n for (name, status), n in counts.items() if name == stage.id}
        reviewer_counts = {who: n for name, who, n in decision_counts if name == stage.id}
        reviewer_counts = appraisal_counts if stage.kind == "quality" else reviewer_counts
        reviewers = list_stage_reviewers(project.protocol, stage)
        visible_counts = {
            who: reviewer_counts.get(who, 0) for who in reviewers if _can_see(person, who)
        }
        settled = statuses.get("included", 0) + statuses.get("excluded", 0)
        results.append(
            StageProgress(stage, sum(statuses.values()), settled, statuses, visible_counts)
        )
    return results


def _count_appraisals(project: Project, conn: Connection, person: CurrentUser) -> dict[str, int]:
    """Reviewer of the quality stage the person may see -> reports whose appraisal they have
    finished."""
    stage = find_stage(project.protocol, "quality")
    if stage is None:
        return {}
    reviewers = list_stage_reviewers(project.protocol, stage)
    return tasks.count_finished_reports(
        project,
        conn,
        [who for who in reviewers if _can_see(person, who)],
        blinded_reader=person.name if person.name in reviewers else None,
    )


def _can_see(person: CurrentUser, who: str) -> bool:
    return who == person.name or "lead" in person.roles or "adjudicator" in person.roles


def _count_decisions(
    project: Project, conn: Connection, person: CurrentUser
) -> list[tuple[str, str, int]]:
    """Stage, reviewer, records judged. Of others, a lead or adjudicator who reviews sees those
    on settled records alone: one more would tell who has just judged the record before them."""
    reader = None
    if "lead" in person.roles or "adjudicator" in person.roles:
        reader = blinding.get_blinded_reader(project, conn, person.name)
    if reader is None:
        return decisions.count_by_reviewer(conn)
    newest = {
        (decision.record, decision.stage, decision.reviewer, decision.role): decision
        for decision in decisions.list_decisions(conn)
    }
    visible_decisions = blinding.mask_decisions(
        reader,
        [decision for decision in newest.values() if decision.verdict is not None],
        links.list_groups(conn),
        {stage.id: decisions.list_statuses(conn, stage.id) for stage in project.protocol.stages},
    )
    judged = {
        (decision.stage, decision.reviewer, decision.record) for decision in visible_decisions
    }
    counts = Counter((stage, reviewer) for stage, reviewer, _ in judged)
    return [(stage, reviewer, n) for (stage, reviewer), n in sorted(counts.items())]


def get_revision(project: Project) -> tuple[int, ...]:
    """Changes whenever anything the overview shows has changed."""
    with project.store.read() as conn:
        return newest_rows(conn)
