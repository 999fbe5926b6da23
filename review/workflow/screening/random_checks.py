"""A random check of what is unscreened: drawn by the lead, screened first, and then judged.

The records drawn come before all others, for every reviewer, and stay there however often the order
is learned again. Once all of them are screened, the check says how many relevant records can be
left among those it was drawn from.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from review.errors import ReviewError
from review.protocol.models import Stage, format_stage_name
from review.screening import ScreeningStatus
from review.stopping import CheckResult
from review.store import Connection, audit_events, decisions, links, screening_queue
from review.store.timestamps import parse_timestamp, utc_now
from review.text.wording import format_count
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, find_stage, follow_plan
from review.workflow.screening import status as standings
from review.workflow.screening.assignment import enqueue

DRAWN, WITHDRAWN = "random check", "random check withdrawn"
"""Kinds of audit events."""


@dataclass(frozen=True, slots=True)
class RandomCheck:
    """A draw that holds at a stage."""

    at: datetime
    reports: tuple[int, ...]
    population: int
    """Unscreened reports they were drawn from."""
    total: int
    """Reports that had reached the stage."""
    last_decision: int
    """Number of the newest decision when they were drawn."""
    confidence: float
    number: int
    """1 for the stage's first check, 2 for its second."""


def require_random_check(project: Project, stage: Stage, who: str) -> None:
    """Refuses a random check to who may not draw one, and at other stages than the first.

    Raises:
        ReviewError: not title and abstract screening, or not the lead.
    """
    require_role(project, who, "manage")
    if stage.kind != "screening":
        raise ReviewError(
            "A random check is drawn at title and abstract screening, not at "
            f"{format_stage_name(stage)!r}."
        )


def draw_random_check(
    project: Project, stage: Stage, who: str, size: int, *, confidence: float = 0.95
) -> int:
    """Draws unscreened reports at random and puts them before all others. Returns how many.

    An earlier check of the stage no longer counts. Reports that somebody has already screened, and
    those of a pilot, are not drawn.

    Args:
        size: reports to draw, at least 1.
        confidence: above 0, under 1; what the check is to be judged at.

    Raises:
        ReviewError: not title and abstract screening, too many or too few to draw, or not the lead.
    """
    require_random_check(project, stage, who)
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        stage = find_stage(project.protocol, stage.id)
        enqueue(project, conn, stage)
        report_statuses = standings.compute_statuses(project, conn)[stage.id]
        voted = decisions.list_voted_reports(conn, stage.id)
        positions = screening_queue.list_positions(conn, stage.id)
        unscreened = [
            position
            for position in positions
            if position.record in report_statuses
            and report_statuses[position.record].status == "pending"
            and position.record not in voted
            and not position.pilot
        ]
        if not 1 <= size <= len(unscreened):
            raise ReviewError(
                f"A random check needs between 1 and {len(unscreened):,} records, as "
                f"{format_count(len(unscreened), 'record')} can be drawn; {size:,} were asked for."
            )
        last_decision = decisions.get_last_id(conn)
        generator = random.Random(f"{project.protocol.ranking.seed}:{stage.id}:{last_decision}")
        drawn = generator.sample(sorted(unscreened, key=lambda place: place.record), size)
        _put_first(project, conn, stage, [position.record for position in drawn], voted)
        audit_events.add_event(
            conn,
            DRAWN,
            who,
            utc_now(),
            subject=stage.id,
            detail={
                "records": [position.record for position in drawn],
                "population": len(unscreened),
                "total": len(report_statuses),
                "decision": last_decision,
                "confidence": confidence,
            },
        )
    return size


def _put_first(
    project: Project, conn: Connection, stage: Stage, drawn: list[int], voted: Iterable[int]
) -> None:
    """Moves the drawn reports before all that nobody has judged; the rest keeps its order."""
    positions = {place.record: place for place in screening_queue.list_positions(conn, stage.id)}
    moved, settled = set(drawn), set(voted)
    front = [place for place in positions.values() if place.pilot or place.record in settled]
    check = [replace(positions[n], score=None, drawn=True, run=None) for n in drawn]
    taken = moved | {place.record for place in front}
    rest = [place for place in positions.values() if place.record not in taken]
    newest_run = screening_queue.get_newest_run(conn, stage.id)
    screening_queue.write_order(
        conn,
        stage.id,
        [replace(p, position=index) for index, p in enumerate([*front, *check, *rest])],
        utc_now(),
        model="random",
        seed=project.protocol.ranking.seed,
        detail=screening_queue.read_detail(newest_run),
    )


def withdraw_random_check(project: Project, stage: Stage, who: str) -> int:
    """Takes the stage's check back: its reports are ordered like all others when the order is next
    learned. Returns how many there were.

    Raises:
        ReviewError: there is none, or who asks is not the lead.
    """
    require_role(project, who, "manage")
    with project.store.write() as conn:
        check = get_random_check(conn, stage.id)
        if check is None:
            raise ReviewError("There is no random check to withdraw.")
        audit_events.add_event(conn, WITHDRAWN, who, utc_now(), subject=stage.id)
    return len(check.reports)


def get_random_check(
    conn: Connection, stage: str, *, until: datetime | None = None
) -> RandomCheck | None:
    """The check that holds at a stage, now or at a point in time; None if there is none."""
    events = [
        event
        for kind in (DRAWN, WITHDRAWN)
        for event in audit_events.list_events(conn, kind=kind, until=until)
        if event["subject"] == stage
    ]
    check, number = None, 0
    for event in sorted(events, key=lambda row: int(row["id"])):
        if event["kind"] == WITHDRAWN:
            check = None
            continue
        number += 1
        detail = event["detail"] or {}
        check = RandomCheck(
            at=parse_timestamp(event["at"]),
            reports=tuple(int(n) for n in detail["records"]),
            population=int(detail["population"]),
            total=int(detail["total"]),
            last_decision=int(detail["decision"]),
            confidence=float(detail["confidence"]),
            number=number,
        )
    return check


def summarize_check(
    check: RandomCheck,
    report_statuses: Mapping[int, ScreeningStatus],
    labels: Mapping[int, int],
    groups: Mapping[int, tuple[int, int]],
) -> CheckResult:
    """What a check has shown so far. A drawn report counts as screened once it is resolved.

    Args:
        report_statuses: status of every report of the stage, as the reader may see it.
        labels: report -> 1 (relevant) or 0, for those somebody has judged.
        groups: record -> (report, study); a drawn record may have been joined to another since.
    """
    drawn = {groups.get(n, (n, n))[0] for n in check.reports}
    screened = {
        report
        for report in drawn
        if report in labels and report_statuses[report].status in ("included", "excluded")
    }
    found_before = sum(
        label
        for report, label in labels.items()
        if min(decision.id for decision in report_statuses[report].decisions) <= check.last_decision
    )
    return CheckResult(
        day=check.at.date(),
        drawn=len(drawn),
        screened=len(screened),
        relevant=sum(labels[report] for report in screened),
        population=check.population,
        found_before=found_before,
        found_now=sum(labels.values()),
        later=max(0, len(report_statuses) - check.total),
        confidence=check.confidence,
        number=check.number,
    )


def list_drawn_reports(conn: Connection, stage: str) -> set[int]:
    """The reports of the check that holds at a stage, which keep their place before all others."""
    check = get_random_check(conn, stage)
    if check is None:
        return set()
    groups = links.get_report_groups(conn, check.reports)
    return {groups.get(n, (n, n))[0] for n in check.reports}
