"""Which report a reviewer is given next, so that no two people read one in vain.

Where more people may judge a report than are needed, each takes another of the first that wait. A
report that enough others have judged or have open is given to nobody else; if nothing else is left,
the reviewer waits until one of them has had theirs open for a while.
"""

from collections.abc import Sequence
from typing import Literal

from review import screening
from review.protocol.models import Stage
from review.store import Connection, leases, retrievals, screening_queue
from review.store.decisions import count_statuses
from review.store.screening_queue import QueueEntry
from review.workflow.project.project import Project
from review.workflow.screening import random_checks, work_queue
from review.workflow.screening.assignment import active_reviewers

PATIENCE_SECONDS = 60.0
"""At the end of a queue, a title and abstract that others have had open for longer is given out as
well (seconds); a full text takes longer to read, and is given out once it is released."""

QueueState = Literal["waiting", "with others", "finished"]
"""Whether a report can be given to a reviewer, all that wait for them are being read by enough
others, or none waits for them."""


def choose_next(
    project: Project, conn: Connection, stage: Stage, reviewer: str, skip: Sequence[int]
) -> int | None:
    """The first report that waits for a reviewer; where more may judge than are needed, one of the
    first that not enough others have judged or have open, those of a random check before others.
    None where there is none to give."""
    candidates = _find_candidates(project, conn, stage, reviewer, skip)
    if not candidates or not is_shared(project, conn, stage) or candidates[0].pilot:
        return candidates[0].record if candidates else None
    open_candidates = [candidate for candidate in candidates if not candidate.pilot]
    available = _list_available(conn, stage, reviewer, open_candidates, work_queue.RELEASE_SECONDS)
    if not available:
        return _find_longest_open(conn, stage, reviewer, open_candidates)
    check = random_checks.get_random_check(conn, stage.id)
    drawn_reports = set(check.reports) if check else set()
    return screening.pick_waiting_report(
        [number for number in available if number in drawn_reports] or available,
        reviewer,
        active_reviewers(project, conn, stage),
        stage.reviewers,
        seed=project.protocol.ranking.seed,
    )


def choose_several(
    project: Project,
    conn: Connection,
    *,
    stage: Stage,
    reviewer: str,
    count: int,
    skip: Sequence[int] = (),
) -> list[int]:
    """As many reports as asked for, each as choose_next would give it; fewer at the end."""
    chosen: list[int] = []
    while len(chosen) < count:
        number = choose_next(project, conn, stage, reviewer, (*skip, *chosen))
        if number is None:
            break
        chosen.append(number)
    return chosen


def get_queue_state(project: Project, stage: Stage, reviewer: str) -> QueueState:
    """Whether a reviewer can be given a report now; nothing is given, and nothing is written."""
    with project.store.read() as conn:
        skip = list_unavailable_texts(conn, stage)
        if choose_next(project, conn, stage, reviewer, skip) is not None:
            return "waiting"
        candidates = _find_candidates(project, conn, stage, reviewer, skip)
    return "with others" if candidates else "finished"


def is_available(conn: Connection, stage: Stage, reviewer: str, number: int) -> bool:
    """Whether a report still waits for the reviewer, and too few others have judged or opened it:
    it can then be given out as it was chosen, a moment ago and without a lock."""
    entries = screening_queue.list_next_reports(conn, stage.id, reviewer, among=[number])
    if any(entry.pilot for entry in entries):
        return True
    return bool(_list_available(conn, stage, reviewer, entries, work_queue.RELEASE_SECONDS))


def has_reports(project: Project, stage: Stage) -> bool:
    """Whether any report has reached a stage, whoever it waits for."""
    with project.store.read() as conn:
        return any(stage_id == stage.id and n for (stage_id, _), n in count_statuses(conn).items())


def list_unavailable_texts(conn: Connection, stage: Stage) -> list[int]:
    """Reports whose full text could not be had, at the stage that reads it: given to nobody."""
    if stage.kind != "eligibility":
        return []
    return [attempt.record for attempt in retrievals.list_missed_by_person(conn)]


def is_shared(project: Project, conn: Connection, stage: Stage) -> bool:
    """Whether more people may judge a report than are needed."""
    reviewers = active_reviewers(project, conn, stage)
    return stage.allocation == "everyone" and len(reviewers) > stage.reviewers


def _find_candidates(
    project: Project, conn: Connection, stage: Stage, reviewer: str, skip: Sequence[int]
) -> list[QueueEntry]:
    """The first reports that wait for a reviewer: where they are shared, more than all others can
    have open, so that if none of these is to be had, none is."""
    limit = 1
    if is_shared(project, conn, stage):
        people = len(active_reviewers(project, conn, stage))
        others_reports = leases.count_others_reports(conn, stage.id, reviewer)
        limit = max(screening.QUEUE_SPREAD, 2 * people, others_reports + people)
    return work_queue.find_first_waiting(
        project.store, conn, stage=stage.id, reviewer=reviewer, skip=skip, most=limit
    )


def _list_available(
    conn: Connection, stage: Stage, reviewer: str, candidates: Sequence[QueueEntry], seconds: float
) -> list[int]:
    """Those that nobody has opened within so many seconds, or too few others have judged or
    opened."""
    reader_counts = leases.count_readers(conn, stage.id, reviewer, seconds)
    return [
        candidate.record
        for candidate in candidates
        if candidate.record not in reader_counts
        or candidate.votes + reader_counts[candidate.record] < stage.reviewers
    ]


def _find_longest_open(
    conn: Connection, stage: Stage, reviewer: str, candidates: Sequence[QueueEntry]
) -> int | None:
    """The report that others have had open for longest, if that is long enough."""
    if stage.kind != "screening":
        return None
    overdue = set(_list_available(conn, stage, reviewer, candidates, PATIENCE_SECONDS))
    return next(
        (n for n in leases.list_longest_open(conn, stage.id, reviewer) if n in overdue), None
    )
