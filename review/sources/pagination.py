"""Pages through a date range at services with numbered results: date slices, then positions.

A page counts once it is the one that was asked for: at its place, of its days, and not seen before.
A slice is complete when as many entries came as were announced. Where a slice moved while it was
walked (an entry slipped in), it is walked again and what is known is skipped.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from review.errors import SourceError
from review.models import ParseResult, Record
from review.sources.http import HttpClient, Response
from review.sources.models import HarvestWindow, ResultPage

TRIES = 5
"""How often a page out of place, or empty before its time, is asked for again."""
UNREADABLE_TRIES = 2
"""How often a page with an unreadable entry is asked for again before the entry is given up."""
MAX_PASSES = 3
"""Passes over a slice whose total changes while it is being paged."""
TOLERATED_EXCESS = 25
TOLERATED_EXCESS_SHARE = 0.15
"""How far a total may be too high (entries; share) once the end of the list was seen twice.
Source: rbiorxiv issue 2, 212 announced and 190 there."""
EMPTY_CONFIRMATIONS = 3
"""How often a service must say that some days are empty, where it announces no total."""


@dataclass(frozen=True, slots=True)
class ResultBatch:
    """One page as a source reads it."""

    parsed: ParseResult
    total: int | None
    """Entries of the slice, as this page announces it."""
    offset: int | None
    """Where this page says it begins; None where it does not say."""
    size: int
    """Entries on the page, readable or not."""


@dataclass(frozen=True, slots=True)
class DateSlice:
    """Some days of a window, both ends included."""

    since: date
    until: date

    def __str__(self) -> str:
        return f"{self.since}..{self.until}"


@dataclass(frozen=True, slots=True)
class PagingSpec:
    """How one source is paged."""

    source: str
    fetch_page: Callable[[DateSlice, int, int], Response[ResultBatch]]
    """A page of a slice: the slice, the place it begins at, how many entries are wanted."""
    page_size: int
    """Entries wanted on a page."""
    fallback_size: int
    """The same, once a page stayed empty."""
    split_threshold: int
    """Entries above which a slice of several days is halved."""
    random_access: bool = True
    """Any position can be asked for; False if only a page gives the address of the next."""
    has_dates: bool = True
    """Entries bear the date that slices go by, so that a page of other days is found out."""


@dataclass(slots=True)
class PagingState:
    """Position of a walk through the pages; to and from the token that is stored with each page."""

    todo: list[DateSlice]
    place: int = 0
    round: int = 1
    moved: bool = False
    announced: int | None = None
    seen_ids: dict[str, None] = field(default_factory=dict)
    unreadable: dict[str, None] = field(default_factory=dict)
    """Entries of this slice that cannot be read, by a hash of their text."""
    ends: int = 0
    """How often the list seemed to end and did not."""

    def to_token(self) -> dict[str, Any]:
        """The walk as plain data."""
        return {
            "todo": [[s.since.isoformat(), s.until.isoformat()] for s in self.todo],
            "place": self.place,
            "round": self.round,
            "moved": self.moved,
            "announced": self.announced,
            "seen": list(self.seen_ids),
            "lost": list(self.unreadable),
            "ends": self.ends,
        }

    def start_slices(self, todo: list[DateSlice]) -> None:
        """Goes on to the first of these slices."""
        self.todo, self.place, self.round, self.moved = todo, 0, 1, False
        self.announced, self.seen_ids, self.unreadable, self.ends = None, {}, {}, 0


def load_state(window: HarvestWindow, days: int, resume: Mapping[str, Any] | None) -> PagingState:
    """A walk over a window in slices of days, or the one that a token describes."""
    if resume is None:
        return PagingState(split_window(window.since, window.until, days))
    todo = [DateSlice(date.fromisoformat(a), date.fromisoformat(b)) for a, b in resume["todo"]]
    seen_ids, unreadable = dict.fromkeys(resume["seen"]), dict.fromkeys(resume["lost"])
    rest = {key: resume[key] for key in ("place", "round", "moved", "announced", "ends")}
    return PagingState(todo, seen_ids=seen_ids, unreadable=unreadable, **rest)


def split_window(since: date, until: date, days: int) -> list[DateSlice]:
    """The window cut into slices of at most this many days, in order."""
    date_slices = []
    while since <= until:
        end = min(until, since + timedelta(days=days - 1))
        date_slices.append(DateSlice(since, end))
        since = end + timedelta(days=1)
    return date_slices


def split_in_half(date_slice: DateSlice) -> list[DateSlice]:
    """The two halves of a slice of at least two days."""
    middle = date_slice.since + timedelta(days=(date_slice.until - date_slice.since).days // 2)
    return [
        DateSlice(date_slice.since, middle),
        DateSlice(middle + timedelta(days=1), date_slice.until),
    ]


def iter_pages(spec: PagingSpec, http: HttpClient, state: PagingState) -> Iterator[ResultPage]:
    """The pages of all slices still to do, each with the token to go on after it."""
    while state.todo:
        date_slice = state.todo[0]
        response, batch = _fetch_page(spec, http, date_slice, state)
        if _is_too_long(spec, date_slice, state, batch):
            state.start_slices([*split_in_half(date_slice), *state.todo[1:]])
            continue
        yield _advance_state(
            spec, http, date_slice=date_slice, state=state, response=response, batch=batch
        )


def _is_too_long(
    spec: PagingSpec, date_slice: DateSlice, state: PagingState, batch: ResultBatch
) -> bool:
    is_first_page = state.place == 0 and state.round == 1
    return (
        is_first_page
        and (batch.total or 0) > spec.split_threshold
        and date_slice.until > date_slice.since
    )


def _fetch_page(
    spec: PagingSpec, http: HttpClient, date_slice: DateSlice, state: PagingState
) -> tuple[Response[ResultBatch], ResultBatch]:
    """The page asked for, or the last of several that were not it, with nothing on it."""
    size, unreadable_tries = spec.page_size, 0
    for attempt in range(1, TRIES + 1):
        if attempt > 1:
            http.wait_before_retry(attempt)
        response = spec.fetch_page(date_slice, state.place, size)
        batch = response.value
        fault = _find_page_fault(spec, date_slice, state, batch)
        has_unreadable = any(entry.gone is None for entry in batch.parsed.rejected)
        if fault is None and has_unreadable and unreadable_tries < UNREADABLE_TRIES:
            unreadable_tries += 1
            fault = "malformed"
        if fault is None:
            return response, batch
        http.count_fault(fault)
        if fault == "empty page":
            size = spec.fallback_size
            if batch.total is None and state.announced is None and attempt >= EMPTY_CONFIRMATIONS:
                return response, batch
    if fault in ("malformed", "empty page"):
        return response, batch
    raise SourceError(
        f"{spec.source}: {date_slice} at record {state.place}: the response was not the requested "
        f"page in {TRIES} attempts ({fault}); run the harvest again to resume from here."
    )


def _find_page_fault(
    spec: PagingSpec, date_slice: DateSlice, state: PagingState, batch: ResultBatch
) -> str | None:
    """What shows that a page is not the one asked for, in two words; None where it is."""
    if batch.offset is not None and batch.size and batch.offset != state.place:
        return "page out of place"
    total = batch.total if batch.total is not None else state.announced
    if not batch.size:
        return "empty page" if total is None or state.place < total else None
    records = batch.parsed.records
    if spec.has_dates and 2 * sum(_is_outside(record, date_slice) for record in records) > len(
        records
    ):
        return "page of other days"
    new_records = [record for record in records if record.source_id not in state.seen_ids]
    if records and not new_records and state.round == 1 and state.place:
        return "page twice"
    return None


def _is_outside(record: Record, date_slice: DateSlice) -> bool:
    day = record.date
    return (
        bool(day) and not date_slice.since.isoformat() <= str(day) <= date_slice.until.isoformat()
    )


def _advance_state(
    spec: PagingSpec,
    http: HttpClient,
    *,
    date_slice: DateSlice,
    state: PagingState,
    response: Response[ResultBatch],
    batch: ResultBatch,
) -> ResultPage:
    """The page as a result, the walk moved on past it."""
    notes = _note_changes(state, batch)
    parsed = _drop_seen(state, batch.parsed)
    list_growth = {"seen": len(parsed.records), "lost": len(parsed.rejected)}
    state.place += batch.size
    is_last = not batch.size or state.announced is None or state.place >= state.announced
    shortfall = None
    if is_last and not batch.size and state.place < (state.announced or 0):
        is_last, shortfall, end_notes = _confirm_end(spec, date_slice, state)
        notes += end_notes
    received = max(state.place, len(state.seen_ids) + len(state.unreadable))
    announced = state.announced
    if is_last and shortfall is None and state.moved and state.round < MAX_PASSES:
        state.place, state.moved, is_last = 0, False, False
        state.round += 1
        notes += (f"{date_slice} changed while being read; it is read again",)
    if is_last:
        shortfall = shortfall or _describe_shortfall(date_slice, state, received)
        state.start_slices(state.todo[1:])
        list_growth = {}
    return ResultPage(
        raw=response.body,
        url=response.url,
        parsed=parsed,
        slice=str(date_slice),
        announced=announced,
        received=received,
        token=state.to_token(),
        notes=notes,
        shortfall=shortfall,
        last=is_last,
        list_growth=list_growth,
    )


def _drop_seen(state: PagingState, parsed: ParseResult) -> ParseResult:
    """What of a page was not on the slice's pages before; all of it is marked as seen."""
    records = {r.source_id or "": r for r in parsed.records if r.source_id not in state.seen_ids}
    state.seen_ids.update(dict.fromkeys(records))
    unreadable_by_hash = {
        hashlib.sha256(r.raw.encode()).hexdigest()[:16]: r for r in parsed.rejected
    }
    rejected = tuple(r for key, r in unreadable_by_hash.items() if key not in state.unreadable)
    state.unreadable.update(dict.fromkeys(unreadable_by_hash))
    return ParseResult(tuple(records.values()), rejected, parsed.announced)


def _note_changes(state: PagingState, batch: ResultBatch) -> tuple[str, ...]:
    """Notes a changed total or an overlap with pages before, which show that places shifted."""
    known_records = [r for r in batch.parsed.records if (r.source_id or "") in state.seen_ids]
    if known_records and state.round == 1:
        state.moved = True
    if batch.total is None or batch.total == state.announced:
        return ()
    previous_total, state.announced = state.announced, batch.total
    if previous_total is None:
        return ()
    state.moved = True
    return (f"the announced total changed from {previous_total} to {batch.total}",)


def _confirm_end(
    spec: PagingSpec, date_slice: DateSlice, state: PagingState
) -> tuple[bool, str | None, tuple[str, ...]]:
    """Whether a slice that stopped early has really ended: its last entry is asked for again.

    Returns:
        Whether it ended; why it is incomplete, or None; notes.
    """
    announced = state.announced or 0
    summary = f"{date_slice}: {announced} announced, {state.place} received"
    if state.place == 0:
        return True, f"{summary}; the service repeatedly returned no records", ()
    if not spec.random_access:
        return True, f"{summary}; the service returned no further records in repeated attempts", ()
    batch = spec.fetch_page(date_slice, state.place - 1, spec.fallback_size).value
    if batch.size > 1 and state.ends < TRIES:
        state.ends += 1
        return False, None, ()
    if batch.size == 1 and batch.total is not None and batch.total <= state.place:
        state.announced = batch.total
        return True, None, ()
    missing = announced - state.place
    if batch.size == 1 and missing <= max(TOLERATED_EXCESS, TOLERATED_EXCESS_SHARE * announced):
        state.announced = state.place
        note = (
            f"{summary}; the last record is number {state.place}: the total reported by the "
            "service is too high"
        )
        return True, None, (note,)
    return True, f"{summary}; the service returned no further records in repeated attempts", ()


def _describe_shortfall(date_slice: DateSlice, state: PagingState, received: int) -> str | None:
    """Why a slice is not complete; None where all that was announced is here."""
    if state.announced is None or received >= state.announced:
        return None
    read_count, unreadable_count = len(state.seen_ids), len(state.unreadable)
    return (
        f"{date_slice}: {state.announced} announced, {read_count} read, {unreadable_count} "
        "unreadable"
    )
