"""Screening decisions: appended rows, undo included. Reviewers never share a row."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select

from review.models import Decision
from review.store.bulk import insert_rows
from review.store.tables.review import decisions, standings, voters
from review.store.timestamps import format_timestamp, parse_timestamp

CHUNK = 500
MARK = "after decision"
"""Key in an event's detail: number of the newest decision when it was added."""


def add_decisions(
    conn: Connection,
    new_decisions: Sequence[Decision],
    *,
    who: str | None = None,
    batch: int | None = None,
    protocol: str | None = None,
) -> None:
    """Add decisions in the given order.

    Args:
        who: the person who entered them, if not the reviewer.
        batch: the file they came with.
        protocol: fingerprint of the current protocol.
    """
    rows = [
        {
            "at": format_timestamp(decision.at),
            "record": decision.record,
            "stage": decision.stage,
            "reviewer": decision.reviewer,
            "role": decision.role,
            "verdict": decision.verdict,
            "reason": decision.reason,
            "note": decision.note,
            "who": who,
            "batch": batch,
            "protocol": protocol,
        }
        for decision in new_decisions
    ]
    insert_rows(conn, decisions, rows)


_COLUMNS = tuple(
    decisions.c[name]
    for name in ("record", "stage", "reviewer", "verdict", "at", "reason", "note", "role", "id")
)
"""The columns of a decision, in the order of its fields: a row by position reads twice as fast as
by name, and tens of thousands are read for one page."""


def _to_decision(row: Any) -> Decision:
    record, stage, reviewer, verdict, at, reason, note, role, number = row
    return Decision(
        record=record,
        stage=stage,
        reviewer=reviewer,
        verdict=verdict,
        at=parse_timestamp(at),
        reason=reason,
        note=note,
        role=role,
        id=number,
    )


def list_decisions(
    conn: Connection,
    *,
    stage: str | None = None,
    reviewer: str | None = None,
    role: str | None = None,
    records: Iterable[int] | None = None,
    until: datetime | None = None,
) -> list[Decision]:
    """Decisions in order of entry, filtered by stage, reviewer, role, records, time (inclusive)."""
    query = select(*_COLUMNS).order_by(decisions.c.id)
    if stage is not None:
        query = query.where(decisions.c.stage == stage)
    if reviewer is not None:
        query = query.where(decisions.c.reviewer == reviewer)
    if role is not None:
        query = query.where(decisions.c.role == role)
    if until is not None:
        query = query.where(decisions.c.at <= format_timestamp(until))
    if records is None:
        return [_to_decision(row) for row in conn.execute(query).all()]
    numbers = list(records)
    matches: list[Decision] = []
    for start in range(0, len(numbers), CHUNK):
        chunk_query = query.where(decisions.c.record.in_(numbers[start : start + CHUNK]))
        matches += [_to_decision(row) for row in conn.execute(chunk_query)]
    return sorted(matches, key=lambda decision: decision.id)


def list_with_batches(
    conn: Connection, records: Iterable[int]
) -> list[tuple[Decision, int | None]]:
    """Decisions on some records in order of entry, each with the import that it came with."""
    numbers = sorted(set(records))
    matches: list[tuple[Decision, int | None]] = []
    for start in range(0, len(numbers), CHUNK):
        query = select(*_COLUMNS, decisions.c.batch)
        query = query.where(decisions.c.record.in_(numbers[start : start + CHUNK]))
        matches += [(_to_decision(row[:-1]), row[-1]) for row in conn.execute(query)]
    return sorted(matches, key=lambda match: match[0].id)


def list_records_of_batch(conn: Connection, batch: int) -> list[int]:
    """Numbers of the records on which an import brought decisions, in ascending order."""
    query = select(decisions.c.record).where(decisions.c.batch == batch).distinct()
    return sorted(conn.execute(query).scalars())


def list_imported_ids(conn: Connection, stage: str) -> set[int]:
    """Numbers of the decisions at a stage that were imported from a file."""
    query = select(decisions.c.id).where(decisions.c.stage == stage, decisions.c.batch.is_not(None))
    return set(conn.execute(query).scalars())


def get_last_id_of_stages(conn: Connection, stages: Sequence[str]) -> int:
    """Number of the newest decision at any of some stages; 0 where there is none."""
    query = select(func.max(decisions.c.id)).where(decisions.c.stage.in_(stages))
    return int(conn.execute(query).scalar() or 0)


def get_last_id_at(conn: Connection, at: str) -> int:
    """Number of the newest decision up to a time (text), for events that do not record it."""
    query = select(func.max(decisions.c.id)).where(decisions.c.at <= at)
    return int(conn.execute(query).scalar() or 0)


def get_mark(conn: Connection, event: dict[str, Any]) -> int:
    """Number of the newest decision when an event was added. This number determines the order, not
    the clock; only events of older versions are placed by time."""
    mark = (event["detail"] or {}).get(MARK)
    return int(mark) if mark is not None else get_last_id_at(conn, event["at"])


def get_last_id(conn: Connection) -> int:
    """Number of the newest decision; 0 if there is none. Changes with every decision."""
    return int(conn.execute(select(func.max(decisions.c.id))).scalar() or 0)


def has_decisions(conn: Connection) -> bool:
    """Whether there are any decisions."""
    return conn.execute(select(decisions.c.id).limit(1)).first() is not None


def count_current(conn: Connection, stage: str, role: str) -> dict[str, int]:
    """Reviewer -> records at a stage on which their newest decision in a role still counts; who
    has taken back every one is counted with 0."""
    newest = (
        select(func.max(decisions.c.id))
        .where(decisions.c.stage == stage, decisions.c.role == role)
        .group_by(decisions.c.reviewer, decisions.c.record)
    )
    query = (
        select(decisions.c.reviewer, func.count(decisions.c.verdict))
        .where(decisions.c.id.in_(newest))
        .group_by(decisions.c.reviewer)
    )
    return {reviewer: int(count) for reviewer, count in conn.execute(query)}


def write_statuses(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Replace the computed screening statuses of records at stages (keys: record, stage, status,
    reason, pile, votes, voters as a sequence of names, at as text)."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        by_stage: dict[str, list[int]] = {}
        for row in chunk:
            by_stage.setdefault(row["stage"], []).append(row["record"])
        for stage, numbers in by_stage.items():
            first, last = min(numbers), max(numbers)
            for table in (standings, voters):
                column = table.c.record
                are_these = (
                    column.between(first, last)
                    if last - first + 1 == len(set(numbers))
                    else column.in_(numbers)
                )
                conn.execute(delete(table).where(table.c.stage == stage, are_these))
        insert_statuses(conn, chunk)


def insert_statuses(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write screening statuses, as write_statuses, where none is left of those before."""
    columns = [{k: v for k, v in row.items() if k != "voters"} for row in rows]
    insert_rows(conn, standings, columns)
    voter_rows = [
        {"stage": row["stage"], "record": row["record"], "reviewer": name}
        for row in rows
        for name in row.get("voters", ())
    ]
    insert_rows(conn, voters, voter_rows)


def count_statuses(conn: Connection) -> dict[tuple[str, str], int]:
    """Number of records per (stage, status), from the projection."""
    query = select(standings.c.stage, standings.c.status, func.count()).group_by(
        standings.c.stage, standings.c.status
    )
    return {(stage, status): n for stage, status, n in conn.execute(query)}


def count_placed_reports(conn: Connection) -> int:
    """How many reports have a stored status at some stage."""
    query = select(func.count(func.distinct(standings.c.record)))
    return int(conn.execute(query).scalar_one())


def get_status_rows(
    conn: Connection, reports: Iterable[int] | None = None
) -> dict[tuple[str, int], dict[str, Any]]:
    """(stage, report) -> the stored status with all its columns and `voters`, the names of who
    judged it in alphabetical order; of some reports or of all."""
    names: dict[tuple[str, int], list[str]] = {}
    for row in _select_rows(conn, voters, reports):
        names.setdefault((row.stage, row.record), []).append(row.reviewer)
    rows = {
        (row.stage, row.record): dict(row._mapping)
        for row in _select_rows(conn, standings, reports)
    }
    return {
        key: {**rows.get(key, {}), "voters": tuple(sorted(names.get(key, ())))}
        for key in {**rows, **names}
    }


def _select_rows(conn: Connection, table: Table, reports: Iterable[int] | None) -> Iterator[Any]:
    """The rows of a projection of some reports, or of all."""
    if reports is None:
        yield from conn.execute(select(table))
        return
    numbers = list(reports)
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        yield from conn.execute(select(table).where(table.c.record.in_(chunk)))


def clear_statuses(conn: Connection) -> None:
    """Empty the projection before it is recomputed."""
    conn.execute(delete(voters))
    conn.execute(delete(standings))


def get_status(conn: Connection, record: int, stage: str) -> str | None:
    """A report's status at a stage, from the projection; None if it has none."""
    query = select(standings.c.status).where(
        standings.c.record == record, standings.c.stage == stage
    )
    return conn.execute(query).scalar()


def count_by_reviewer(conn: Connection) -> list[tuple[str, str, int]]:
    """Number of records each reviewer has screened: stage, reviewer, records."""
    newest_ids = select(func.max(decisions.c.id)).group_by(
        decisions.c.record, decisions.c.stage, decisions.c.reviewer
    )
    query = (
        select(decisions.c.stage, decisions.c.reviewer, func.count())
        .where(decisions.c.id.in_(newest_ids), decisions.c.verdict.is_not(None))
        .group_by(decisions.c.stage, decisions.c.reviewer)
        .order_by(decisions.c.stage, decisions.c.reviewer)
    )
    return [tuple(row) for row in conn.execute(query)]


def delete_statuses(conn: Connection, reports: Iterable[int]) -> None:
    """Remove the statuses of some reports from the projection before they are recomputed."""
    numbers = list(reports)
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        for table in (voters, standings):
            conn.execute(delete(table).where(table.c.record.in_(chunk)))


def list_statuses(conn: Connection, stage: str) -> dict[int, str]:
    """Report -> status for every report that has reached a stage, from the projection."""
    query = select(standings.c.record, standings.c.status).where(standings.c.stage == stage)
    return {record: status for record, status in conn.execute(query.order_by(standings.c.record))}


def list_reasons(conn: Connection, stage: str) -> dict[int, str]:
    """Report -> why it is excluded at a stage, where a reason is given."""
    query = select(standings.c.record, standings.c.reason).where(
        standings.c.stage == stage, standings.c.reason.is_not(None)
    )
    return {record: reason for record, reason in conn.execute(query)}


def list_voted_reports(conn: Connection, stage: str) -> set[int]:
    """Reports at a stage with a current decision by the reviewer, from the projection."""
    query = select(standings.c.record).where(standings.c.stage == stage, standings.c.votes > 0)
    return set(conn.execute(query).scalars())


def list_judged_records(conn: Connection, stage: str, reviewer: str) -> list[int]:
    """Records a reviewer has screened at a stage and not undone."""
    newest_ids = (
        select(func.max(decisions.c.id))
        .where(
            decisions.c.stage == stage,
            decisions.c.reviewer == reviewer,
            decisions.c.role == "reviewer",
        )
        .group_by(decisions.c.record)
    )
    query = select(decisions.c.record).where(
        decisions.c.id.in_(newest_ids), decisions.c.verdict.is_not(None)
    )
    return list(conn.execute(query).scalars())


def list_after(conn: Connection, after_id: int, limit: int) -> list[Decision]:
    """The first decisions after a row number, in order of entry."""
    query = select(*_COLUMNS).where(decisions.c.id > after_id)
    query = query.order_by(decisions.c.id).limit(limit)
    return [_to_decision(row) for row in conn.execute(query)]


def count_judged_records(conn: Connection, stage: str) -> int:
    """Number of records with a decision at a stage."""
    query = select(func.count(func.distinct(decisions.c.record))).where(
        decisions.c.stage == stage, decisions.c.role == "reviewer"
    )
    return int(conn.execute(query).scalar_one())


def count_decided_since(conn: Connection, stage: str, reviewer: str, since: datetime) -> int:
    """How many records a reviewer has decided at a stage since a given time, each once; decisions
    taken back are left out."""
    query = (
        select(decisions.c.record, decisions.c.verdict)
        .where(
            decisions.c.stage == stage,
            decisions.c.reviewer == reviewer,
            decisions.c.role == "reviewer",
            decisions.c.at >= format_timestamp(since),
        )
        .order_by(decisions.c.id)
    )
    verdicts = {record: verdict for record, verdict in conn.execute(query)}
    return sum(verdict is not None for verdict in verdicts.values())
