"""The screening order of a stage, and a reviewer's next report; a projection of decisions."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, exists, func, insert, or_, select

from review.store.bulk import insert_rows
from review.store.tables.review import (
    assignments,
    decisions,
    order_rows,
    orders,
    records,
    standings,
    voters,
)
from review.store.timestamps import format_timestamp

OPEN_STATUSES = ("pending", "partial")
CHUNK = 500
RECORD_MARK, DECISION_MARK = "after record", "after decision"
"""Keys of an order run's detail: the newest record and decision when it was made."""


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Position of a report in a stage's order."""

    record: int
    position: int
    score: float | None
    drawn: bool
    """Whether it was drawn at random, for an unbiased estimate of what remains."""
    pilot: bool = False
    assignees: tuple[str, ...] | None = None
    """Who is to judge it, in alphabetical order; None means any reviewer."""
    run: int | None = None
    """Number of the ordering run that placed it; None for the run in progress."""


@dataclass(frozen=True, slots=True)
class OpenReport:
    """An open report, who is to judge it and who has."""

    record: int
    assignees: tuple[str, ...] | None
    """None means any reviewer."""
    voters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A report in the queue of a reviewer."""

    record: int
    position: int
    pilot: bool
    """Whether all reviewers screen it."""
    votes: int
    """Reviewers who have screened it."""


def write_order(
    conn: Connection,
    stage: str,
    positions: Sequence[QueuePosition],
    at: datetime,
    *,
    model: str,
    seed: int,
    trained_on: int = 0,
    detail: dict[str, Any] | None = None,
) -> int:
    """Puts a new order of a stage in place of the one before; the run itself stays on record, and
    so does, for each report that did not move, the run that put it where it is.

    The run keeps the numbers of the newest record and decision it could know, so that what came
    before and after it is distinguished by rows and not by clocks.
    """
    run = _add_run(
        conn, stage, at, model=model, seed=seed, trained_on=trained_on, detail=detail or {}
    )
    _replace_positions(conn, stage, positions, run)
    conn.execute(delete(assignments).where(assignments.c.stage == stage))
    _add_assignments(conn, stage, {p.record: p.assignees for p in positions})
    return run


def move_reports(
    conn: Connection,
    stage: str,
    positions: Sequence[QueuePosition],
    at: datetime,
    *,
    model: str,
    seed: int,
    trained_on: int = 0,
    detail: dict[str, Any] | None = None,
    unchanged: int = 0,
) -> int:
    """Puts the reports of an order in new places, as `write_order`; who is to judge them stays.

    Args:
        unchanged: how many of the first positions are as they were, and are not written again:
            everybody's key presses wait meanwhile.
    """
    run = _add_run(
        conn, stage, at, model=model, seed=seed, trained_on=trained_on, detail=detail or {}
    )
    _replace_positions(conn, stage, positions, run, unchanged)
    return run


def _add_run(
    conn: Connection,
    stage: str,
    at: datetime,
    *,
    model: str,
    seed: int,
    trained_on: int,
    detail: dict[str, Any],
) -> int:
    """Adds an ordering run with the marks of what it could know; gives its number."""
    marks = {
        RECORD_MARK: int(conn.execute(select(func.max(records.c.id))).scalar() or 0),
        DECISION_MARK: int(conn.execute(select(func.max(decisions.c.id))).scalar() or 0),
    }
    run = conn.execute(
        insert(orders),
        {
            "at": format_timestamp(at),
            "stage": stage,
            "model": model,
            "seed": seed,
            "trained_on": trained_on,
            "detail": json.dumps({**detail, **marks}, ensure_ascii=False),
        },
    ).inserted_primary_key[0]  # type: ignore[index]
    return int(run)


def _replace_positions(
    conn: Connection,
    stage: str,
    positions: Sequence[QueuePosition],
    run: int,
    unchanged: int = 0,
) -> None:
    """Writes the positions of a stage's order anew, from the first that changed."""
    are_stale = and_(order_rows.c.stage == stage, order_rows.c.position >= unchanged)
    conn.execute(delete(order_rows).where(are_stale))
    rows = [
        {
            "stage": stage,
            "record": position.record,
            "order_id": run if position.run is None else position.run,
            "position": position.position,
            "score": position.score,
            "drawn": int(position.drawn),
            "pilot": int(position.pilot),
        }
        for position in positions[unchanged:]
    ]
    insert_rows(conn, order_rows, rows)


def _add_assignments(
    conn: Connection, stage: str, assignees_by_report: Mapping[int, tuple[str, ...] | None]
) -> None:
    rows = [
        {"stage": stage, "record": report, "reviewer": name}
        for report, names in assignees_by_report.items()
        for name in names or ()
    ]
    insert_rows(conn, assignments, rows)


def _list_names(conn: Connection, table: Table, *conditions: Any) -> dict[int, tuple[str, ...]]:
    """Report -> the names that a table of reviewers has for it, in alphabetical order."""
    names: dict[int, list[str]] = {}
    for record, reviewer in conn.execute(
        select(table.c.record, table.c.reviewer).where(*conditions)
    ):
        names.setdefault(record, []).append(reviewer)
    return {record: tuple(sorted(people)) for record, people in names.items()}


def list_positions(conn: Connection, stage: str) -> list[QueuePosition]:
    """The current order of a stage, first position first."""
    assignees = _list_names(conn, assignments, assignments.c.stage == stage)
    query = select(order_rows).where(order_rows.c.stage == stage)
    return [
        _to_position(row, assignees.get(row.record))
        for row in conn.execute(query.order_by(order_rows.c.position))
    ]


def _to_position(row: Any, assignees: tuple[str, ...] | None) -> QueuePosition:
    return QueuePosition(
        record=row.record,
        position=row.position,
        score=row.score,
        drawn=bool(row.drawn),
        pilot=bool(row.pilot),
        assignees=assignees,
        run=row.order_id,
    )


def get_position(
    conn: Connection, stage: str, record: int
) -> tuple[QueuePosition, str, int] | None:
    """A report's position with the model and the number of decisions it was trained on."""
    query = (
        select(order_rows, orders.c.model, orders.c.trained_on)
        .join(orders, orders.c.id == order_rows.c.order_id)
        .where(order_rows.c.stage == stage, order_rows.c.record == record)
    )
    row = conn.execute(query).first()
    if row is None:
        return None
    of_report = (assignments.c.stage == stage, assignments.c.record == record)
    assignees = _list_names(conn, assignments, *of_report).get(record)
    return _to_position(row, assignees), row.model, row.trained_on


def list_ranked_reports(conn: Connection, stage: str, reports: Iterable[int]) -> set[int]:
    """Those of some reports that the stage's order has placed, without pilot reports."""
    wanted, ranked = list(reports), set()
    c = order_rows.c
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        query = select(c.record).where(c.stage == stage, c.pilot.is_not(True), c.record.in_(chunk))
        ranked |= set(conn.execute(query).scalars())
    return ranked


def get_newest_run(conn: Connection, stage: str) -> dict[str, Any] | None:
    """The stage's newest ordering run: id, at, model, seed, trained_on, detail."""
    query = select(orders).where(orders.c.stage == stage).order_by(orders.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    return None if row is None else dict(row._mapping)


def read_detail(run: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an ordering run says of itself; {} for no run, or one that says nothing."""
    return dict(json.loads(run["detail"])) if run and run["detail"] else {}


def list_trained_orders(conn: Connection, *, until: datetime | None = None) -> list[dict[str, Any]]:
    """Every order that was learned from decisions (stage, model, trained_on, at), oldest first, now
    or up to a given time (inclusive)."""
    query = select(orders.c.stage, orders.c.model, orders.c.trained_on, orders.c.at)
    query = query.where(orders.c.trained_on > 0).order_by(orders.c.id)
    if until is not None:
        query = query.where(orders.c.at <= format_timestamp(until))
    return [dict(row._mapping) for row in conn.execute(query)]


def find_complete_run(
    conn: Connection, stage: str, *, newest_record: int = 0, newest_decision: int = 0
) -> int | None:
    """The newest decision there was when a stage's order first drew from all that is there now;
    None if it never did.

    The stage's very first order draws from the whole pool, and so does every one by question or
    decisions; one that only puts newcomers behind the others does not. Runs of older versions,
    which do not say after which rows they came, are placed by the clock.

    Args:
        newest_record: number of the newest record that has reached the stage.
        newest_decision: number of the newest decision that let one reach it.
    """
    query = select(orders.c.at, orders.c.model, orders.c.detail)
    rows = conn.execute(query.where(orders.c.stage == stage).order_by(orders.c.id))
    for run_index, (at, model, detail) in enumerate(rows):
        if run_index and model == "random":
            continue
        record_mark, decision_mark = _get_marks(conn, at, detail)
        if record_mark >= newest_record and decision_mark >= newest_decision:
            return decision_mark
    return None


def _get_marks(conn: Connection, at: str, detail: str | None) -> tuple[int, int]:
    marks = json.loads(detail) if detail else {}
    if RECORD_MARK in marks and DECISION_MARK in marks:
        return int(marks[RECORD_MARK]), int(marks[DECISION_MARK])
    last_record = select(func.max(records.c.id)).where(records.c.at <= at)
    last_decision = select(func.max(decisions.c.id)).where(decisions.c.at < at)
    return (
        int(conn.execute(last_record).scalar() or 0),
        int(conn.execute(last_decision).scalar() or 0),
    )


def _build_pending_filter(stage: str, reviewer: str) -> Any:
    """Reports this reviewer still has to screen: open and pilot reports assigned to them; reports
    without a position may go to any reviewer."""
    return and_(
        standings.c.stage == stage,
        or_(standings.c.status.in_(OPEN_STATUSES), order_rows.c.pilot == 1),
        or_(_names_reviewer(assignments, reviewer), ~_names_reviewer(assignments)),
        ~_names_reviewer(voters, reviewer),
    )


def _names_reviewer(table: Table, reviewer: str | None = None) -> Any:
    """Whether a table of reviewers has a row for the status row's report: of a reviewer, or any."""
    conditions = [table.c.stage == standings.c.stage, table.c.record == standings.c.record]
    if reviewer is not None:
        conditions.append(table.c.reviewer == reviewer)
    return exists().where(*conditions).correlate(standings)


_SAME_REPORT = and_(
    standings.c.record == order_rows.c.record, standings.c.stage == order_rows.c.stage
)


def list_next_reports(
    conn: Connection,
    stage: str,
    reviewer: str,
    *,
    after: int = -1,
    skip: Iterable[int] = (),
    among: Sequence[int] | None = None,
    limit: int = 1,
) -> list[QueueEntry]:
    """The first reports after a position that this reviewer still has to screen.

    Args:
        among: limit to these reports; None for all.
    """
    query = (
        select(order_rows.c.record, order_rows.c.position, order_rows.c.pilot, standings.c.votes)
        .select_from(order_rows.join(standings, _SAME_REPORT))
        .where(
            order_rows.c.stage == stage,
            order_rows.c.position > after,
            _build_pending_filter(stage, reviewer),
        )
        .order_by(order_rows.c.position)
        .limit(limit)
    )
    excluded = list(skip)
    if excluded:
        query = query.where(order_rows.c.record.not_in(excluded))
    if among is not None:
        query = query.where(order_rows.c.record.in_(among))
    return [
        QueueEntry(record, position, bool(pilot), votes)
        for record, position, pilot, votes in conn.execute(query)
    ]


def list_pending_reports(
    conn: Connection, stage: str, reviewer: str, among: Sequence[int] | None = None
) -> list[tuple[int, int | None]]:
    """Reports this reviewer still has to screen, with their positions (None if not placed yet).

    Args:
        among: limit to these reports; None for all.
    """
    query = (
        select(standings.c.record, order_rows.c.position)
        .select_from(standings.outerjoin(order_rows, _SAME_REPORT))
        .where(_build_pending_filter(stage, reviewer))
    )
    if among is not None:
        query = query.where(standings.c.record.in_(among))
    return [(record, position) for record, position in conn.execute(query)]


def list_open_reports(conn: Connection, stage: str) -> list[OpenReport]:
    """Open reports of a stage that are not in the pilot."""
    query = (
        select(order_rows.c.record)
        .select_from(order_rows.join(standings, _SAME_REPORT))
        .where(
            order_rows.c.stage == stage,
            order_rows.c.pilot == 0,
            standings.c.status.in_(OPEN_STATUSES),
        )
    )
    assignees = _list_names(conn, assignments, assignments.c.stage == stage)
    judged_by = _list_names(conn, voters, voters.c.stage == stage)
    return [
        OpenReport(number, assignees.get(number), judged_by.get(number, ()))
        for number in conn.execute(query).scalars()
    ]


def assign_reports(
    conn: Connection, stage: str, assignees_by_report: Mapping[int, tuple[str, ...] | None]
) -> None:
    """Reassign some reports of a stage (None for any reviewer)."""
    numbers = list(assignees_by_report)
    for start in range(0, len(numbers), CHUNK):
        of_chunk = assignments.c.record.in_(numbers[start : start + CHUNK])
        conn.execute(delete(assignments).where(assignments.c.stage == stage, of_chunk))
    _add_assignments(conn, stage, assignees_by_report)


def get_newest_run_id(conn: Connection, stage: str) -> int:
    """Number of the stage's newest ordering run; 0 if there is none."""
    query = select(func.max(orders.c.id)).where(orders.c.stage == stage)
    return int(conn.execute(query).scalar() or 0)


def list_conflicts(conn: Connection, stage: str) -> list[tuple[int, str]]:
    """Reports in conflict at a stage with the type of conflict, in order of arrival."""
    query = select(standings.c.record, standings.c.pile).where(
        standings.c.stage == stage, standings.c.status == "conflict"
    )
    rows = conn.execute(query.order_by(standings.c.record))
    return [(record, pile or "verdict") for record, pile in rows]


def list_unqueued_reports(conn: Connection, stage: str) -> list[int]:
    """Reports that have reached a stage but have no position in its order yet."""
    queued = select(order_rows.c.record).where(order_rows.c.stage == stage)
    query = select(standings.c.record).where(
        standings.c.stage == stage, standings.c.record.not_in(queued)
    )
    return list(conn.execute(query.order_by(standings.c.record)).scalars())


def list_recent_decisions(
    conn: Connection, stage: str, reviewer: str, limit: int = 60
) -> list[tuple[int, str, str | None]]:
    """A reviewer's newest decisions at a stage: record, timestamp (text), verdict; newest first."""
    query = (
        select(decisions.c.record, decisions.c.at, decisions.c.verdict)
        .where(
            decisions.c.stage == stage,
            decisions.c.reviewer == reviewer,
            decisions.c.role == "reviewer",
        )
        .order_by(decisions.c.id.desc())
        .limit(limit)
    )
    return [(record, at, verdict) for record, at, verdict in conn.execute(query)]
