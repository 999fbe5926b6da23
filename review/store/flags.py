"""Bias flags raised on a file; a run without flags is a row too."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.fulltexts import flags
from review.store.timestamps import format_timestamp

RUN_MARKER = "(run)"
"""Value of the column rule in the row that records that the rules have run."""


def add_run(
    conn: Connection,
    record: int,
    *,
    sha256: str,
    engine: str,
    new_flags: Sequence[tuple[str, dict[str, Any]]],
    at: datetime,
) -> None:
    """Add a run on one file: each flag as (rule, data), and the run itself."""
    common_columns = {
        "record": record,
        "sha256": sha256,
        "engine": engine,
        "at": format_timestamp(at),
    }
    rows = [
        {**common_columns, "rule": rule, "data": json.dumps(data, ensure_ascii=False)}
        for rule, data in new_flags
    ]
    run = {**common_columns, "rule": RUN_MARKER, "data": json.dumps({"flags": len(new_flags)})}
    conn.execute(insert(flags), [*rows, run])


def get_file_flags(
    conn: Connection, record: int, sha256: str, engine: str
) -> list[dict[str, Any]] | None:
    """The data of a run's flags in order; None if the rules have not been run on this file."""
    query = (
        select(flags.c.rule, flags.c.data)
        .where(flags.c.record == record, flags.c.sha256 == sha256, flags.c.engine == engine)
        .order_by(flags.c.id)
    )
    rows = list(conn.execute(query))
    if not any(rule == RUN_MARKER for rule, _ in rows):
        return None
    flag_rows = [(rule, data) for rule, data in rows if rule != RUN_MARKER]
    flag_count = json.loads(next(data for rule, data in reversed(rows) if rule == RUN_MARKER))[
        "flags"
    ]
    return [json.loads(data) for _, data in (flag_rows[-flag_count:] if flag_count else [])]


def list_runs(
    conn: Connection, engine: str, records: Iterable[int], *, until: datetime | None = None
) -> set[tuple[int, str]]:
    """(record, SHA-256) of every run of this engine among these records, now or up to a time."""
    numbers = set(records)
    query = select(flags.c.record, flags.c.sha256).where(
        flags.c.rule == RUN_MARKER, flags.c.engine == engine
    )
    if until is not None:
        query = query.where(flags.c.at <= format_timestamp(until))
    return {(record, sha) for record, sha in conn.execute(query) if record in numbers}
