"""Records currently open and rankings being trained, shared by all processes for a limited time.

These rows are replaced, not appended: they describe the present, not history. Each expires by the
database's clock, so a crashed process blocks nobody. A row from the future was written before the
clock was set back and counts as expired.
"""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, text

from review.store import transaction_memory
from review.store.tables.review import leases, trainings

CLOCK_SLACK = 5.0
"""Tolerated clock difference (seconds)."""
_CLOCK = "clock"


def _read_clock(conn: Connection) -> float:
    """Seconds since 1970 by the database clock, shared by all processes; one moment for all that a
    transaction does."""
    if conn.dialect.name == "sqlite":
        return time.time()
    clock = text("select extract(epoch from clock_timestamp())")
    return transaction_memory.recall(conn, _CLOCK, lambda: float(conn.execute(clock).scalar_one()))


def hold_report(conn: Connection, stage: str, reviewer: str, record: int) -> None:
    """Record that a reviewer has opened a report; their previous ones are released."""
    hold_reports(conn, stage, reviewer, [record])


def hold_reports(conn: Connection, stage: str, reviewer: str, numbers: Sequence[int]) -> None:
    """Record that a reviewer has opened a list of reports; their previous ones are released.

    The further down the list a report is, the longer it counts as open: where others are given
    what has been open for longest, they begin at the end that the reviewer reaches last.
    """
    release_reports(conn, stage, reviewer)
    now = _read_clock(conn)
    rows = [
        {"stage": stage, "reviewer": reviewer, "record": number, "since": now - index / 1000}
        for index, number in enumerate(numbers)
    ]
    if rows:
        conn.execute(insert(leases), rows)


def release_reports(
    conn: Connection, stage: str, reviewer: str, *, record: int | None = None
) -> None:
    """Release a reviewer's open reports, or one of them."""
    statement = delete(leases).where(leases.c.stage == stage, leases.c.reviewer == reviewer)
    if record is not None:
        statement = statement.where(leases.c.record == record)
    conn.execute(statement)


def list_reports_in_hand(conn: Connection, stage: str, reviewer: str) -> list[int]:
    """The reports a reviewer has open, expired or not, in the order of their list."""
    query = select(leases.c.record).where(leases.c.stage == stage, leases.c.reviewer == reviewer)
    return list(conn.execute(query.order_by(leases.c.since.desc())).scalars())


def get_report_in_hand(conn: Connection, stage: str, reviewer: str) -> int | None:
    """The one report a reviewer has open, expired or not; None if there is none or a list."""
    numbers = list_reports_in_hand(conn, stage, reviewer)
    return numbers[0] if len(numbers) == 1 else None


def count_others_reports(conn: Connection, stage: str, reviewer: str) -> int:
    """How many reports other reviewers have open, expired or not."""
    query = select(func.count(leases.c.record.distinct())).where(
        leases.c.stage == stage, leases.c.reviewer != reviewer
    )
    return int(conn.execute(query).scalar_one())


def count_readers(conn: Connection, stage: str, reviewer: str, seconds: float) -> dict[int, int]:
    """Report -> number of other reviewers who opened it less than `seconds` ago."""
    now = _read_clock(conn)
    query = (
        select(leases.c.record, func.count())
        .where(
            leases.c.stage == stage,
            leases.c.reviewer != reviewer,
            leases.c.since > now - seconds,
            leases.c.since <= now + CLOCK_SLACK,
        )
        .group_by(leases.c.record)
    )
    return {record: count for record, count in conn.execute(query)}


def list_longest_open(conn: Connection, stage: str, reviewer: str) -> list[int]:
    """Reports that other reviewers have open, expired or not; the longest open first."""
    query = select(leases.c.record).where(leases.c.stage == stage, leases.c.reviewer != reviewer)
    return list(dict.fromkeys(conn.execute(query.order_by(leases.c.since)).scalars()))


def start_training(conn: Connection, stage: str, holder: str, seconds: float) -> bool:
    """Claim the training of a stage's order; False if someone else holds the claim."""
    now = _read_clock(conn)
    since = conn.execute(select(trainings.c.since).where(trainings.c.stage == stage)).scalar()
    if since is not None and now - seconds < since <= now + CLOCK_SLACK:
        return False
    end_training(conn, stage)
    conn.execute(insert(trainings), {"stage": stage, "holder": holder, "since": now})
    return True


def end_training(conn: Connection, stage: str, holder: str | None = None) -> None:
    """Release the claim on training a stage's order; if a holder is given, only that holder's."""
    statement = delete(trainings).where(trainings.c.stage == stage)
    if holder is not None:
        statement = statement.where(trainings.c.holder == holder)
    conn.execute(statement)
