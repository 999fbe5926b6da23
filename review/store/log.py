"""The audit log: every entry of the review in order, with what happened, when and by whom."""

import heapq
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from review.store.records import format_record_key
from review.store.tables.review import batches, metadata
from review.store.timestamps import format_timestamp

EVENT_TABLES = (
    "protocols",
    "harvests",
    "harvest_pages",
    "harvest_ends",
    "batches",
    "records",
    "sightings",
    "rejected",
    "relations",
    "links",
    "decisions",
    "answers",
    "forms",
    "report_models",
    "files",
    "retrievals",
    "feedback",
    "edits",
    "notes",
    "annotations",
    "saved_lists",
    "orders",
    "acts",
    "search_dates",
    "image_sets",
    "image_audits",
    "image_readings",
    "image_sieves",
    "image_sieve_marks",
    "image_runs",
    "image_findings",
    "assistant_calls",
    "assistant_answers",
    "editions",
    "export_links",
    "export_link_ends",
    "fact_corrections",
)
"""Tables that are part of the audit trail."""
NON_EVENT_TABLES = (
    "personal_settings",
    "accounts",
    "sessions",
    "session_ends",
    "sign_in_failures",
    "one_time_links",
    "one_time_link_ends",
    "export_link_tokens",
    "web_keys",
    "home_people",
    "home_reviews",
    "home_members",
    "groups",
    "standings",
    "order_rows",
    "assignments",
    "voters",
    "readings",
    "flags",
    "leases",
    "trainings",
    "images",
    "image_labels",
    "image_audit_images",
    "image_audit_readers",
    "image_sieve_scores",
)
"""Tables that are not: sign-in data, never exported; projections, which can be recomputed; and
short-lived claims."""
BATCH_TABLES = ("sightings", "rejected")
"""Tables whose rows have the time of their batch."""
CONTENT_COLUMNS = {
    "records": ("data", "title", "authors", "year", "journal", "doi", "pmid", "pmcid", "arxiv_id"),
    "editions": ("content",),
}
"""Columns whose content is exported with the records, or was published."""
PRIVATE_DETAILS = {"search schedule set": ("recipients", "webhook")}
"""Kind of event -> what of its detail is left out: people's addresses, and addresses with keys."""
RECORD_COLUMNS = ("record", "a", "b")
"""Columns that refer to a record, written as its record number."""


def iter_events(conn: Connection, *, until: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Entries up to a given time (inclusive), oldest first: at, event, id, then the row's columns.

    Entries of one table are in order of entry, even if a clock was set back in between; entries of
    different tables are merged by time.
    """
    streams = [
        _iter_rows(conn, table_index, metadata.tables[name], until)
        for table_index, name in enumerate(EVENT_TABLES)
    ]
    for _, _, _, row in heapq.merge(*streams, key=lambda entry: entry[:3]):
        yield row


def count_out_of_order(conn: Connection, until: datetime) -> int:
    """How many entries on reports are dated after a time although others that are not were saved
    after them: traces of a clock that was set back, or of entries saved with an earlier date."""
    moment, total = format_timestamp(until), 0
    for name in ("decisions", "answers", "links", "retrievals"):
        table = metadata.tables[name]
        newest = select(func.max(table.c.id)).where(table.c.at <= moment).scalar_subquery()
        query = select(func.count()).where(table.c.at > moment, table.c.id < newest)
        total += int(conn.execute(query).scalar_one())
    return total


def _leave_out(detail: str | None, names: Sequence[str]) -> str:
    """An event's detail (JSON) without some of its parts."""
    parts = json.loads(detail or "{}")
    return json.dumps({name: value for name, value in parts.items() if name not in names})


def list_account_events(conn: Connection) -> list[dict[str, Any]]:
    """What was done to accounts, oldest first, without passwords."""
    table = metadata.tables["accounts"]
    columns = [column for column in table.c if column.name != "password"]
    rows = []
    for row in conn.execute(select(*columns).order_by(table.c.id)):
        values = dict(row._mapping)
        what = values.pop("event")
        rows.append({"at": values.pop("at"), "event": "accounts", **values, "what": what})
    return rows


def _iter_rows(
    conn: Connection, table_index: int, table: Table, until: datetime | None
) -> Iterator[tuple[str, int, int, dict[str, Any]]]:
    columns = [c for c in table.c if c.name not in CONTENT_COLUMNS.get(table.name, ())]
    time_column = table.c.at if "at" in table.c else batches.c.at
    query = (
        select(*columns, time_column.label("at"))
        if table.name in BATCH_TABLES
        else select(*columns)
    )
    if table.name in BATCH_TABLES:
        query = query.join(batches, batches.c.id == table.c.batch)
    query = query.order_by(table.c.id)
    if "shared" in table.c:  # what somebody keeps for themselves is nobody else's to read
        query = query.where(table.c.shared == 1)
    if until is not None:
        query = query.where(time_column <= format_timestamp(until))
    latest = ""
    for row in conn.execute(query):
        values = dict(row._mapping)
        at, number = str(values.pop("at")), int(values.pop("id"))
        entry = {name: value for name, value in values.items() if value is not None}
        for name in RECORD_COLUMNS:
            if isinstance(entry.get(name), int):
                entry[name] = format_record_key(entry[name])
        if table.name == "acts" and entry.get("kind") in PRIVATE_DETAILS:
            entry["detail"] = _leave_out(entry.get("detail"), PRIVATE_DETAILS[entry["kind"]])
        if table.name == "records":
            entry = {"record": format_record_key(number), **entry}
        latest = max(latest, at)
        yield latest, table_index, number, {"at": at, "event": table.name, "id": number, **entry}
