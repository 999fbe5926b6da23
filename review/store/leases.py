"""Records currently open and rankings being trained, shared by all processes for a limited time.

These rows are replaced, not added: they say what goes on, not what was done. Each runs out by
itself, by the database's own clock, so that a process that dies holds nobody up. A row from the
future was written before the clock was set back, and counts as run out.
"""

import time

from sqlalchemy import Connection, delete, func, insert, select, text

from review.store.tables import leases, trainings

CLOCK_SLACK = 5.0
"""A row may be this much ahead of the clock (seconds)."""


def _read_clock(conn: Connection) -> float:
    """Seconds since 1970 by the clock of the database, which all processes share."""
    if conn.dialect.name == "sqlite":
        return time.time()
    return float(conn.execute(text("select extract(epoch from clock_timestamp())")).scalar_one())


def hold_report(conn: Connection, stage: str, reviewer: str, record: int) -> None:
    """Notes that a report lies before a reviewer from now on; what lay there before is free."""
    release_report(conn, stage, reviewer)
    row = {"stage": stage, "reviewer": reviewer, "record": record, "since": _read_clock(conn)}
    conn.execute(insert(leases), row)


def release_report(conn: Connection, stage: str, reviewer: str) -> None:
    """Notes that nothing lies before a reviewer."""
    conn.execute(delete(leases).where(leases.c.stage == stage, leases.c.reviewer == reviewer))


def get_report_in_hand(conn: Connection, stage: str, reviewer: str) -> int | None:
    """The report that was given to a reviewer last, run out or not; None where none was."""
    query = select(leases.c.record).where(leases.c.stage == stage, leases.c.reviewer == reviewer)
    return conn.execute(query).scalar()


def count_readers(conn: Connection, stage: str, reviewer: str, seconds: float) -> dict[int, int]:
    """Report -> how many others have had it before them for less than `seconds`."""
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


def start_training(conn: Connection, stage: str, holder: str, seconds: float) -> bool:
    """Notes who learns a stage's order; False, and nothing noted, while somebody else does."""
    now = _read_clock(conn)
    since = conn.execute(select(trainings.c.since).where(trainings.c.stage == stage)).scalar()
    if since is not None and now - seconds < since <= now + CLOCK_SLACK:
        return False
    end_training(conn, stage)
    conn.execute(insert(trainings), {"stage": stage, "holder": holder, "since": now})
    return True


def end_training(conn: Connection, stage: str, holder: str | None = None) -> None:
    """Notes that nobody learns a stage's order any more; only a holder's own word where given."""
    statement = delete(trainings).where(trainings.c.stage == stage)
    if holder is not None:
        statement = statement.where(trainings.c.holder == holder)
    conn.execute(statement)
