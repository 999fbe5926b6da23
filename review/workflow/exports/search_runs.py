"""The searches of a review, from its log: every harvest and every file, with its counts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from review.models import SearchDate
from review.store import identified, import_undos, records, search_dates
from review.store.identified import BatchEntry
from review.store.timestamps import parse_timestamp
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class SearchRun:
    """One search of one source: a harvest, or a file fetched by hand."""

    day: str
    source: str
    kind: str
    """harvest, file, by hand or replay."""
    via: str
    name: str
    """The file, or the window that was asked for."""
    query: str | None
    """As run, where the tool ran it."""
    announced: int | None
    """None too for a part of a file that holds records of several databases."""
    read: int
    new: int
    rejected: int
    searched: SearchDate | None = None
    """When the search behind a file was run; None where nobody said."""

    @property
    def first_day(self) -> str:
        """The first day it was searched on, as far as known, else the day it came; ISO."""
        return str(self.searched.first) if self.searched else self.day

    @property
    def last_day(self) -> str:
        """The last day it was searched on, as far as known, else the day it came; ISO."""
        return str(self.searched.last) if self.searched else self.day

    @property
    def days(self) -> str:
        """2026-03-12, or 2026-03-01 to 2026-03-12 for a search of several days."""
        is_one_day = self.first_day == self.last_day
        return self.last_day if is_one_day else f"{self.first_day} to {self.last_day}"


def list_searches(project: Project, until: datetime | None = None) -> list[SearchRun]:
    """Every search up to the moment, oldest first; files of decisions are none.

    A file whose records name several databases is a search of each: one line per database.
    """
    with project.store.read() as conn:
        undone = import_undos.list_undone_batches(conn, until)
        rows = [row for row in reversed(records.list_batches(conn)) if row["id"] not in undone]
        all_arrivals = identified.list_entries(conn, until=until)
        dates_by_batch = search_dates.list_search_dates(conn, until=until)
    arrivals_by_batch: dict[int, dict[str, list[BatchEntry]]] = {}
    for arrival in all_arrivals:
        arrivals_by_batch.setdefault(arrival.batch, {}).setdefault(arrival.source, []).append(
            arrival
        )
    batch_rows = [row for row in rows if until is None or parse_timestamp(row["at"]) <= until]
    return [
        replace(search_run, searched=dates_by_batch.get(row["id"]))
        for row in batch_rows
        if row["kind"] != "decisions"
        for search_run in _build_search_runs(row, arrivals_by_batch.get(row["id"], {}))
    ]


def _build_search_runs(
    row: Mapping[str, Any], arrivals_by_source: Mapping[str, Sequence[BatchEntry]]
) -> list[SearchRun]:
    detail = json.loads(row["detail"]) if row["detail"] else {}
    query = detail.get("compiled") or detail.get("query") if isinstance(detail, dict) else None
    [source, *other_sources] = sorted(arrivals_by_source) or [row["source"]]
    via = next(
        (
            arrival.via
            for source_arrivals in arrivals_by_source.values()
            for arrival in source_arrivals
        ),
        row["via"],
    )
    search_run = SearchRun(
        day=str(row["at"])[:10],
        source=DISPLAY_NAMES.get(source, source),
        kind=row["kind"],
        via=via,
        name=row["name"] or "",
        query=str(query) if query else None,
        announced=row["announced"],
        read=row["parsed"] or 0,
        new=row["new"] or 0,
        rejected=row["rejected"] or 0,
    )
    if not other_sources:
        return [search_run]
    return [
        replace(
            search_run,
            source=DISPLAY_NAMES.get(name, name),
            announced=None,
            read=sum(arrival.record is not None for arrival in source_arrivals),
            new=sum(
                arrival.record is not None and not arrival.already_known
                for arrival in source_arrivals
            ),
            rejected=sum(arrival.record is None for arrival in source_arrivals),
        )
        for name, source_arrivals in sorted(arrivals_by_source.items())
    ]


def was_run_by_tool(search_run: SearchRun) -> bool:
    """Whether the tool ran the search itself, so that its day and query are known."""
    return search_run.kind == "harvest"


def format_run_day(search_run: SearchRun) -> str:
    """The days of a search, or that of the import with a word that it is that."""
    if search_run.searched or was_run_by_tool(search_run):
        return search_run.days
    return f"{search_run.day} (date of import)"
