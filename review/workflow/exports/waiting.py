"""Which whole sources or files still wait: to be screened, or to be compared for duplicates.

A number alone ("563 awaiting screening") hides that all of them are one database. Only what the
flow itself counts as waiting is named, so that no reviewer learns whether another has begun.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from review.prisma import Flow
from review.store import audit_events, identified, links, records
from review.store.identified import BatchEntry
from review.store.records import format_record_key
from review.text.wording import format_count
from review.workflow.deduplication.groups import RUN_EVENT
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.project.project import Project
from review.workflow.records.source_names import format_source

_Origin = TypeVar("_Origin", str, int)
MAX_NAMED = 10
"""So many sources and files are named; the rest are counted."""


@dataclass(frozen=True, slots=True)
class WaitingSource:
    """A source, or one file or search of it, all of which waits."""

    source: str
    name: str | None
    """The file or window, where only that waits; None for the whole source."""
    count: int
    """Reports that nothing else brought."""


def describe_waiting(
    project: Project,
    flow: Flow,
    groups: Mapping[int, tuple[int, int]],
    until: datetime | None = None,
    *,
    name_files: bool = True,
) -> list[str]:
    """Sentences that name what waits as a whole; none where nothing does.

    Args:
        groups: record -> (report, study) at the moment the flow is of.
        until: that moment; now where None.
        name_files: off for what everybody may read: a file is then named by its source alone.
    """
    with project.store.read() as conn:
        entries = [
            entry
            for entry in identified.list_entries(conn, until=until)
            if entry.record is not None and not (entry.already_known and entry.kind == "harvest")
        ]
        batches = {
            int(row["id"]): row if name_files else {**row, "name": None}
            for row in records.list_batches(conn)
        }
        runs = audit_events.list_events(conn, kind=RUN_EVENT, until=until)
        has_links = any(link.who == "tool" for link in links.list_links(conn, until=until))
    if any(entry.kind == "replay" for entry in entries):
        return []
    sentences = []
    if waiting := find_waiting_sources(flow, groups, entries, batches):
        listing = _join_names([_format_waiting(waiting_group) for waiting_group in waiting])
        sentences.append(f"All records of {listing} still await screening.")
    if runs or not has_links:
        last = int((runs[-1]["detail"] or {}).get("last", 0)) if runs else 0
        if names := _list_uncompared(entries, batches, last):
            verb = "has" if len(names) == 1 else "have"
            listing = _join_names(names)
            sentences.append(f"{listing} {verb} not been compared for duplicates yet.")
    return sentences


def find_waiting_sources(
    flow: Flow,
    groups: Mapping[int, tuple[int, int]],
    entries: Sequence[BatchEntry],
    batches: Mapping[int, Mapping[str, Any]],
) -> list[WaitingSource]:
    """Sources of which every report that nothing else brought awaits screening; of the others, the
    files of which that is so."""
    streams = [stream for stream in (flow.main, flow.other) if stream]
    waiting = {key for stream in streams for key in stream.waiting_screening.ids or ()}
    screened = {key for stream in streams for key in stream.screened.ids or ()}
    sources_by_report: dict[str, set[str]] = {}
    batches_by_report: dict[str, set[int]] = {}
    for entry in entries:
        report = _get_report_key(groups, entry)
        sources_by_report.setdefault(report, set()).add(entry.source)
        batches_by_report.setdefault(report, set()).add(entry.batch)
    waiting_sources = _count_waiting(sources_by_report, waiting, screened)
    source_by_batch = {entry.batch: entry.source for entry in entries}
    waiting_batches = {
        batch: n
        for batch, n in _count_waiting(batches_by_report, waiting, screened).items()
        if source_by_batch[batch] not in waiting_sources
    }
    return [
        *(WaitingSource(source, None, n) for source, n in waiting_sources.items()),
        *(
            WaitingSource(source_by_batch[batch], _name_batch(batches[batch]), n)
            for batch, n in sorted(waiting_batches.items())
        ),
    ]


def _get_report_key(groups: Mapping[int, tuple[int, int]], entry: BatchEntry) -> str:
    number = entry.record or 0
    return format_record_key(groups.get(number, (number, number))[0])


def _count_waiting(
    origins_by_report: Mapping[str, set[_Origin]],
    waiting: Collection[str],
    screened: Collection[str],
) -> dict[_Origin, int]:
    """Origin -> reports that it alone brought, where all of them wait."""
    counts: dict[_Origin, int] = {}
    begun: set[_Origin] = set()
    for report, origins in origins_by_report.items():
        if len(origins) > 1:
            continue
        [origin] = origins
        if report in waiting:
            counts[origin] = counts.get(origin, 0) + 1
        elif report in screened:
            begun.add(origin)
    return {origin: n for origin, n in counts.items() if origin not in begun}


def _list_uncompared(
    entries: Iterable[BatchEntry], batches: Mapping[int, Mapping[str, Any]], last: int
) -> list[str]:
    """Files and searches with records that no search for duplicates has seen, by name."""
    counts: dict[int, int] = {}
    for entry in entries:
        if not entry.already_known and (entry.record or 0) > last:
            counts[entry.batch] = counts.get(entry.batch, 0) + 1
    return [
        f"{_name_batch(batches[batch])} ({format_count(n, 'record')})"
        for batch, n in sorted(counts.items())
    ]


def _name_batch(row: Mapping[str, Any]) -> str:
    """The file's name, or the source and days of a search."""
    if row["kind"] == "harvest":
        return f"the search of {format_source(row['source'])} of {str(row['at'])[:10]}"
    return str(row["name"] or format_source(row["source"]))


def _format_waiting(waiting: WaitingSource) -> str:
    source = DISPLAY_NAMES.get(waiting.source, waiting.source)
    count = format_count(waiting.count, "record")
    if waiting.name is None or waiting.name == source:
        return f"{source} ({count})"
    return f"{waiting.name} ({source}, {count})"


def _join_names(names: Sequence[str]) -> str:
    if len(names) > MAX_NAMED:
        names = [*names[:MAX_NAMED], f"{len(names) - MAX_NAMED} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
