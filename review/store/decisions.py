"""Decisions in the store: added rows; undo is a row too. Reviewers never share a row."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from review.models import Decision
from review.store.tables import decisions, standings
from review.store.timestamps import from_text, to_text

CHUNK = 500


def add(
    conn: Connection,
    given: Sequence[Decision],
    *,
    who: str | None = None,
    batch: int | None = None,
    protocol: str | None = None,
) -> None:
    """Adds decisions in the order given.

    Args:
        who: the person who entered them, where not the reviewer.
        batch: the file they came with.
        protocol: fingerprint of the protocol in force.
    """
    rows = [
        {
            "at": to_text(one.at),
            "record": one.record,
            "stage": one.stage,
            "reviewer": one.reviewer,
            "role": one.role,
            "verdict": one.verdict,
            "reason": one.reason,
            "note": one.note,
            "who": who,
            "batch": batch,
            "protocol": protocol,
        }
        for one in given
    ]
    for start in range(0, len(rows), CHUNK):
        conn.execute(insert(decisions), rows[start : start + CHUNK])


def _decision(row: Any) -> Decision:
    return Decision(
        record=row.record,
        stage=row.stage,
        reviewer=row.reviewer,
        verdict=row.verdict,
        at=from_text(row.at),
        reason=row.reason,
        note=row.note,
        role=row.role,
        id=row.id,
    )


def every(
    conn: Connection,
    *,
    stage: str | None = None,
    reviewer: str | None = None,
    records: Iterable[int] | None = None,
    until: datetime | None = None,
) -> list[Decision]:
    """Decisions in order of arrival, narrowed by stage, reviewer, records or moment (inclusive)."""
    query = select(decisions).order_by(decisions.c.id)
    if stage is not None:
        query = query.where(decisions.c.stage == stage)
    if reviewer is not None:
        query = query.where(decisions.c.reviewer == reviewer)
    if until is not None:
        query = query.where(decisions.c.at <= to_text(until))
    if records is None:
        return [_decision(row) for row in conn.execute(query)]
    wanted = list(records)
    found: list[Decision] = []
    for start in range(0, len(wanted), CHUNK):
        part = query.where(decisions.c.record.in_(wanted[start : start + CHUNK]))
        found += [_decision(row) for row in conn.execute(part)]
    return sorted(found, key=lambda one: one.id)


def from_files(conn: Connection, stage: str) -> set[int]:
    """Numbers of the decisions at a stage that came in with a file."""
    query = select(decisions.c.id).where(decisions.c.stage == stage, decisions.c.batch.is_not(None))
    return set(conn.execute(query).scalars())


def newest_moment(conn: Connection, stages: Sequence[str]) -> str | None:
    """When the newest decision at any of some stages was made (text)."""
    query = select(func.max(decisions.c.at)).where(decisions.c.stage.in_(stages))
    return conn.execute(query).scalar()


def last_number(conn: Connection) -> int:
    """Number of the newest decision; 0 where there is none. Changes with every decision."""
    return int(conn.execute(select(func.max(decisions.c.id))).scalar() or 0)


def begun(conn: Connection) -> bool:
    """Whether any decision was ever made."""
    return conn.execute(select(decisions.c.id).limit(1)).first() is not None


def put_standings(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the computed standing of records at stages (keys: record, stage, status, reason,
    votes, at as text), in place of the ones before."""
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        by_stage: dict[str, list[int]] = {}
        for row in part:
            by_stage.setdefault(row["stage"], []).append(row["record"])
        for stage, numbers in by_stage.items():
            conn.execute(
                delete(standings).where(standings.c.stage == stage, standings.c.record.in_(numbers))
            )
        conn.execute(insert(standings), list(part))


def standings_count(conn: Connection) -> dict[tuple[str, str], int]:
    """How many records have each (stage, status), from the projection."""
    query = select(standings.c.stage, standings.c.status, func.count()).group_by(
        standings.c.stage, standings.c.status
    )
    return {(stage, status): n for stage, status, n in conn.execute(query)}


def clear_standings(conn: Connection) -> None:
    """Empties the projection, before it is computed anew."""
    conn.execute(delete(standings))


def standing(conn: Connection, record: int, stage: str) -> str | None:
    """A report's status at a stage, from the projection; None where it has none."""
    query = select(standings.c.status).where(
        standings.c.record == record, standings.c.stage == stage
    )
    return conn.execute(query).scalar()


def counts_by_reviewer(conn: Connection) -> list[tuple[str, str, int]]:
    """How many records each reviewer has judged: stage, reviewer, records."""
    newest = select(func.max(decisions.c.id)).group_by(
        decisions.c.record, decisions.c.stage, decisions.c.reviewer
    )
    query = (
        select(decisions.c.stage, decisions.c.reviewer, func.count())
        .where(decisions.c.id.in_(newest), decisions.c.verdict.is_not(None))
        .group_by(decisions.c.stage, decisions.c.reviewer)
        .order_by(decisions.c.stage, decisions.c.reviewer)
    )
    return [tuple(row) for row in conn.execute(query)]


def drop_standings(conn: Connection, reports: Iterable[int]) -> None:
    """Takes the standings of some reports off the projection, before they are computed anew."""
    wanted = list(reports)
    for start in range(0, len(wanted), CHUNK):
        conn.execute(delete(standings).where(standings.c.record.in_(wanted[start : start + CHUNK])))


def statuses(conn: Connection, stage: str) -> dict[int, str]:
    """Report -> status for every report that has reached a stage, from the projection."""
    query = select(standings.c.record, standings.c.status).where(standings.c.stage == stage)
    return {record: status for record, status in conn.execute(query.order_by(standings.c.record))}


def voted_on(conn: Connection, stage: str) -> set[int]:
    """Reports of a stage that a reviewer's decision counts on now, from the projection."""
    query = select(standings.c.record).where(standings.c.stage == stage, standings.c.votes > 0)
    return set(conn.execute(query).scalars())


def judged_of(conn: Connection, stage: str, reviewer: str) -> list[int]:
    """Records a reviewer has judged at a stage and not taken back."""
    newest = (
        select(func.max(decisions.c.id))
        .where(
            decisions.c.stage == stage,
            decisions.c.reviewer == reviewer,
            decisions.c.role == "reviewer",
        )
        .group_by(decisions.c.record)
    )
    query = select(decisions.c.record).where(
        decisions.c.id.in_(newest), decisions.c.verdict.is_not(None)
    )
    return list(conn.execute(query).scalars())


def since(conn: Connection, number: int, most: int) -> list[Decision]:
    """The first decisions after a row number, in order of arrival."""
    query = select(decisions).where(decisions.c.id > number).order_by(decisions.c.id).limit(most)
    return [_decision(row) for row in conn.execute(query)]


def judged_count(conn: Connection, stage: str) -> int:
    """How many records somebody has judged at a stage."""
    query = select(func.count(func.distinct(decisions.c.record))).where(
        decisions.c.stage == stage, decisions.c.role == "reviewer"
    )
    return int(conn.execute(query).scalar_one())
