"""Harvest status and history: counts, rows for the page, incomplete date ranges."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.models import Record
from review.sources import SOURCES, get_title
from review.store import Connection, harvests, raw_answers, records
from review.store.harvests import Harvest
from review.store.timestamps import parse_timestamp
from review.workflow.harvest import locking
from review.workflow.harvest.models import Counts
from review.workflow.project.project import Project

_UNREACHABLE = re.compile(
    r"no connection|no usable (?:answer|response)|timed? ?out|refused|resolve|unreachable"
    r"|\b(?:429|5\d\d)\b",
    re.I,
)
COMPLETE_VERDICTS = ("complete", "closed")
"""Verdicts of windows of which nothing is missing."""


@dataclass(frozen=True, slots=True)
class HarvestRow:
    """One harvest as the Harvests page shows it."""

    id: int
    run: str
    at: str
    who: str
    source: str
    window: str
    date_kind: str
    """posted, entered or changed."""
    query: str
    """As the source was asked."""
    state: str
    """complete, incomplete, closed, running, or cut off (it died)."""
    needs_rerun: bool
    """Something is missing and no later harvest has made it good."""
    note: str | None
    announced: int
    received: int
    new: int
    known: int
    rejected: int
    pages: int
    requests: int | None
    faults: int | None
    seconds: float | None
    messages: tuple[str, ...]
    """What the source could not be asked, and what it said of the query and its counts."""


def get_counts(conn: Connection, harvest: int) -> Counts:
    """What a harvest has so far, summed from its pages."""
    return _sum_pages(harvests.list_pages(conn, harvest))


def _sum_pages(pages: list[dict[str, Any]]) -> Counts:
    counts = Counts()
    for page in pages:
        detail = page["detail"]
        counts.pages += 1
        counts.received += page["parsed"]
        counts.new += page["new"]
        counts.known += page["known"]
        counts.rejected += page["rejected"]
        counts.unmatched += detail.get("unmatched", 0)
        counts.disagree += len(detail.get("disagree", ()))
        if page["announced"] is not None:
            counts.announced[page["slice"]] = page["announced"]
        if detail.get("short"):
            days = re.findall(r"\d{4}-\d\d-\d\d", page["slice"])
            counts.short_slices.append((days[0], days[1]))
            counts.shortfall_reasons.append(detail["short"])
    return counts


def list_open_windows(project: Project, *, until: datetime | None = None) -> tuple[str, ...]:
    """The windows that are not whole, one sentence each; for the notes of the flow diagram.

    Args:
        until: as it stood at that moment; now if left out.
    """
    with project.store.read() as conn:
        all_harvests = harvests.list_harvests(conn, until=until)
    sentences = []
    for harvest in all_harvests:
        if "closes" in harvest.detail or not _is_incomplete(all_harvests, harvest):
            continue
        reason = harvest.note or "interrupted; the next run resumes after the last complete page"
        sentences.append(
            f"{get_title(harvest.source)} {harvest.since} to {harvest.until}: {reason}"
        )
    return tuple(sentences)


def describe_incomplete_searches(
    project: Project, *, until: datetime | None = None
) -> tuple[str, ...]:
    """A sentence for each source that was not searched in full, for figures, methods and pages.

    It says when the source was last searched in full and which days are still to be fetched, and
    never why a service failed: that is in the log of the run.

    Args:
        until: as it stood at that moment; now if left out.
    """
    with project.store.read() as conn:
        all_harvests = harvests.list_harvests(conn, until=until)
    open_by_source: dict[str, list[Harvest]] = {}
    for harvest in all_harvests:
        if "closes" not in harvest.detail and _is_incomplete(all_harvests, harvest):
            open_by_source.setdefault(harvest.source, []).append(harvest)
    return tuple(
        _describe_incomplete_source(all_harvests, source, open_harvests)
        for source, open_harvests in open_by_source.items()
    )


def _describe_incomplete_source(
    all_harvests: list[Harvest], source: str, open_harvests: list[Harvest]
) -> str:
    title = get_title(source)
    query = (open_harvests[-1].query, open_harvests[-1].compiled)
    complete = [
        harvest
        for harvest in all_harvests
        if harvest.source == source
        and harvest.verdict == "complete"
        and "closes" not in harvest.detail
        and (harvest.query, harvest.compiled) == query
    ]
    since = min(harvest.since for harvest in open_harvests)
    last = max(harvest.until for harvest in open_harvests)
    missing = f"records from {_format_day(since)} to {_format_day(last)} are still to be fetched"
    if complete:
        day = _format_day(complete[-1].at[:10])
        return f"{title} was last searched in full on {day}; {missing}."
    return f"{title} has not been searched in full yet; {missing}."


def _format_day(day: str) -> str:
    """2026-03-12 as 12 March 2026."""
    moment = datetime.fromisoformat(day)
    return f"{moment.day} {moment:%B %Y}"


def describe_shortfall(note: str) -> str:
    """Why a search is incomplete, for a page: the log of the run keeps the service's own words."""
    if _UNREACHABLE.search(note):
        return (
            "The service could not be reached. The next search will resume where this one stopped."
        )
    return (
        "The service's answer was incomplete. The next search will retrieve the missing dates "
        "again."
    )


def _is_incomplete(all_harvests: list[Harvest], harvest: Harvest) -> bool:
    """Whether a window still lacks something. Of a query given up nothing is owed, and a harvest
    that was to make another one good owes as long as that one does."""
    closes = harvest.detail.get("closes")
    if harvest.verdict in COMPLETE_VERDICTS or any(
        other.id == closes and other.verdict in COMPLETE_VERDICTS for other in all_harvests
    ):
        return False
    newest = next(
        other
        for other in reversed(all_harvests)
        if other.source == harvest.source and "closes" not in other.detail
    )
    return (harvest.query, harvest.compiled) == (newest.query, newest.compiled)


def list_harvests(project: Project, limit: int = 200) -> list[HarvestRow]:
    """The newest harvests, newest first."""
    started_at = locking.get_start_time(project)
    with project.store.read() as conn:
        all_harvests = harvests.list_harvests(conn)
        harvest_rows = []
        for harvest in reversed(all_harvests[-limit:]):
            pages = harvests.list_pages(conn, harvest.id)
            last_activity = pages[-1]["at"] if pages else harvest.at
            is_running = (
                started_at is not None
                and max(last_activity, harvest.at) >= started_at
                and harvest.verdict is None
            )
            state = harvest.verdict or ("running" if is_running else "cut off")
            harvest_rows.append(
                _build_row(
                    harvest,
                    pages,
                    state,
                    needs_rerun=not is_running and _is_incomplete(all_harvests, harvest),
                )
            )
        return harvest_rows


def list_query_messages(
    project: Project, *, until: datetime | None = None
) -> tuple[tuple[str, str], ...]:
    """Source and what it said of the query in its newest harvest: how it was read, and what of it
    could not be asked or was dropped.

    Args:
        until: as it stood at that moment; now if left out.
    """
    messages: list[tuple[str, str]] = []
    with project.store.read() as conn:
        newest_by_source = {
            harvest.source: harvest
            for harvest in harvests.list_harvests(conn, until=until)
            if "closes" not in harvest.detail
        }
        for source, harvest in sorted(newest_by_source.items()):
            pages = harvests.list_pages(conn, harvest.id)
            current_pages = [
                page for page in pages if until is None or parse_timestamp(page["at"]) <= until
            ]
            messages += [
                (get_title(source), note) for note in _list_messages(harvest, current_pages)
            ]
    return tuple(messages)


def _list_messages(harvest: Harvest, pages: list[dict[str, Any]]) -> list[str]:
    messages = list(harvest.detail.get("could not be asked", ()))
    for page in pages:
        messages += [note for note in page["detail"].get("notes", ()) if note not in messages]
    return messages


def _build_row(
    harvest: Harvest, pages: list[dict[str, Any]], state: str, *, needs_rerun: bool
) -> HarvestRow:
    counts = _sum_pages(pages)
    messages = _list_messages(harvest, pages)
    faults = harvest.end.get("faults")
    return HarvestRow(
        id=harvest.id,
        run=harvest.run,
        at=harvest.at,
        who=harvest.who,
        source=harvest.source,
        window=f"{harvest.since} to {harvest.until}",
        date_kind=harvest.detail.get("by", "posted"),
        query=harvest.compiled or harvest.query,
        state=state,
        needs_rerun=needs_rerun,
        note=harvest.note,
        announced=sum(counts.announced.values()),
        received=counts.received + counts.rejected,
        new=counts.new,
        known=counts.known,
        rejected=counts.rejected,
        pages=counts.pages,
        requests=harvest.end.get("requests"),
        faults=None if faults is None else sum(faults.values()),
        seconds=harvest.end.get("seconds"),
        messages=tuple(messages),
    )


@dataclass(frozen=True, slots=True)
class QueryDisagreement:
    """An entry that a source's search found and the query run here does not, or cannot judge."""

    key: str
    source: str
    id: str
    """As the source calls it."""
    title: str | None
    why: str
    harvest: int
    """The first harvest that met it."""


def _get_record_source(name: str) -> str:
    """`Record.source` of a source's records."""
    return SOURCES[name].record_source if name in SOURCES else name


def list_disagreements(project: Project) -> list[QueryDisagreement]:
    """Entries a source's search found though the query run here does not hold, or cannot tell.

    The two read differently (a source also searches authors' keywords, or maps words); the records
    are kept all the same.
    """
    first_harvests: dict[tuple[str, str], int] = {}
    with project.store.read() as conn:
        for past_harvest in harvests.list_harvests(conn):
            for page in harvests.list_pages(conn, past_harvest.id):
                for entry_id in page["detail"].get("disagree", ()):
                    first_harvests.setdefault((past_harvest.source, entry_id), past_harvest.id)
        lookup_records = [
            Record(_get_record_source(source), source_id=entry_id)
            for source, entry_id in first_harvests
        ]
        numbers = harvests.find_numbers(conn, lookup_records)
        stored = records.get_records(conn, numbers.values())
    results = []
    for (source, entry_id), harvest in first_harvests.items():
        stored_record = stored.get(numbers.get((_get_record_source(source), entry_id), 0))
        if stored_record is None:
            continue
        record = stored_record.record
        reason = "has no abstract to match against" if record.abstract is None else "does not match"
        results.append(
            QueryDisagreement(
                key=stored_record.key,
                source=source,
                id=entry_id,
                title=record.title,
                why=reason,
                harvest=harvest,
            )
        )
    return results


@dataclass(frozen=True, slots=True)
class RawResultPage:
    """A page as the source answered it."""

    slice: str
    sha256: str
    path: str
    """Within the review's folder."""
    entries: int


def list_raw_pages(project: Project, harvest: int) -> list[RawResultPage]:
    """The kept answers of a harvest, in order."""
    with project.store.read() as conn:
        return [
            RawResultPage(
                page["slice"],
                page["raw"],
                raw_answers.get_path(project.folder, page["raw"])
                .relative_to(project.folder)
                .as_posix(),
                page["received"],
            )
            for page in harvests.list_pages(conn, harvest)
            if page["raw"]
        ]


def read_raw_page(project: Project, sha256: str) -> bytes:
    """A kept answer as it came. Raises StoreError where it is gone or damaged."""
    return raw_answers.load_response(project.folder, sha256)
