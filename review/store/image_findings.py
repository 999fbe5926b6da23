"""What was found out about data sets by looking at images, and the runs it came from."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from review.store.tables.images import image_findings, image_runs
from review.store.timestamps import format_timestamp


def add_run(
    conn: Connection,
    kind: str,
    who: str,
    at: datetime,
    *,
    image_set: int | None,
    input_hash: str,
    seed: int | None,
    result: dict[str, Any],
) -> int:
    """Adds the result of a run (doubles, splits, subgroups, shortcuts), and gives its number."""
    row = {
        "kind": kind,
        "who": who,
        "at": format_timestamp(at),
        "image_set": image_set,
        "input": input_hash,
        "seed": seed,
        "result": json.dumps(result, ensure_ascii=False),
    }
    return int(conn.execute(insert(image_runs), row).inserted_primary_key[0])  # type: ignore[index]


def list_runs(conn: Connection, kind: str | None = None) -> list[dict[str, Any]]:
    """Runs in order, of one kind if named; the result as it was kept."""
    query = select(image_runs).order_by(image_runs.c.id)
    if kind is not None:
        query = query.where(image_runs.c.kind == kind)
    return [{**row._mapping, "result": json.loads(row.result)} for row in conn.execute(query)]


def add_finding(
    conn: Connection,
    who: str,
    at: datetime,
    *,
    dataset: str,
    kind: str,
    text: str,
    image_set: int | None = None,
    withdraws: int | None = None,
) -> int:
    """Adds a finding, or the withdrawal of one; gives its number."""
    row = {
        "who": who,
        "at": format_timestamp(at),
        "dataset": dataset,
        "kind": kind,
        "text": text,
        "image_set": image_set,
        "withdraws": withdraws,
    }
    return int(conn.execute(insert(image_findings), row).inserted_primary_key[0])  # type: ignore[index]


def list_findings(conn: Connection) -> list[dict[str, Any]]:
    """Findings that nobody withdrew, in order."""
    rows = [dict(row._mapping) for row in conn.execute(select(image_findings).order_by("id"))]
    withdrawn = {row["withdraws"] for row in rows if row["withdraws"] is not None}
    return [row for row in rows if row["id"] not in withdrawn and row["withdraws"] is None]
