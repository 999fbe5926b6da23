"""Walks a window page by page where a service counts places: day slices, then places within each.

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
from review.models import Parsed, Record
from review.sources.http import Got, Http
from review.sources.models import ResultPage, Window

TRIES = 5
"""How often a page out of place, or empty before its time, is asked for again."""
PATIENCE = 2
"""How often a page with an unreadable entry is asked for again before the entry is given up."""
WALKS = 3
"""How often a slice that moves under our feet is walked."""
TOLERATED = 25
TOLERATED_SHARE = 0.15
"""How far a total may be too high (entries; share) once the end of the list was seen twice.
Source: rbiorxiv issue 2, 212 announced and 190 there."""
WITNESSES = 3
"""How often a service must say that some days are empty, where it announces no total."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page as a source reads it."""

    parsed: Parsed
    total: int | None
    """Entries of the slice, as this page announces it."""
    place: int | None
    """Where this page says it begins; None where it does not say."""
    size: int
    """Entries on the page, readable or not."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some days of a window, both ends included."""

    since: date
    until: date

    def __str__(self) -> str:
        return f"{self.since}..{self.until}"


@dataclass(frozen=True, slots=True)
class Road:
    """How one source is walked."""

    source: str
    ask: Callable[[Slice, int, int], Got[Leaf]]
    """A page of a slice: the slice, the place it begins at, how many entries are wanted."""
    size: int
    """Entries wanted on a page."""
    small: int
    """The same, once a page stayed empty."""
    most: int
    """Entries above which a slice of several days is halved."""
    by_place: bool = True
    """Any place can be asked for; False where only the page before tells the way to the next."""
    dated: bool = True
    """Entries bear the date that slices go by, so that a page of other days is found out."""


@dataclass(slots=True)
class Walk:
    """Where a walk stands; to and from the token that is stored with each page."""

    todo: list[Slice]
    place: int = 0
    round: int = 1
    moved: bool = False
    announced: int | None = None
    seen: dict[str, None] = field(default_factory=dict)
    lost: dict[str, None] = field(default_factory=dict)
    """Entries of this slice that cannot be read, by a hash of their text."""
    ends: int = 0
    """How often the list seemed to end and did not."""

    def token(self) -> dict[str, Any]:
        """The walk as plain data."""
        return {
            "todo": [[s.since.isoformat(), s.until.isoformat()] for s in self.todo],
            "place": self.place,
            "round": self.round,
            "moved": self.moved,
            "announced": self.announced,
            "seen": list(self.seen),
            "lost": list(self.lost),
            "ends": self.ends,
        }

    def begin(self, todo: list[Slice]) -> None:
        """Goes on to the first of these slices."""
        self.todo, self.place, self.round, self.moved = todo, 0, 1, False
        self.announced, self.seen, self.lost, self.ends = None, {}, {}, 0


def start(window: Window, days: int, resume: Mapping[str, Any] | None) -> Walk:
    """A walk over a window in slices of so many days, or the one a token tells of."""
    if resume is None:
        return Walk(slices(window.since, window.until, days))
    todo = [Slice(date.fromisoformat(a), date.fromisoformat(b)) for a, b in resume["todo"]]
    seen, lost = dict.fromkeys(resume["seen"]), dict.fromkeys(resume["lost"])
    rest = {key: resume[key] for key in ("place", "round", "moved", "announced", "ends")}
    return Walk(todo, seen=seen, lost=lost, **rest)


def slices(since: date, until: date, days: int) -> list[Slice]:
    """The window cut into slices of at most so many days, in order."""
    found = []
    while since <= until:
        end = min(until, since + timedelta(days=days - 1))
        found.append(Slice(since, end))
        since = end + timedelta(days=1)
    return found


def halves(whole: Slice) -> list[Slice]:
    """The two halves of a slice of at least two days."""
    middle = whole.since + timedelta(days=(whole.until - whole.since).days // 2)
    return [Slice(whole.since, middle), Slice(middle + timedelta(days=1), whole.until)]


def walk(road: Road, http: Http, state: Walk) -> Iterator[ResultPage]:
    """The pages of all slices still to do, each with the token to go on after it."""
    while state.todo:
        here = state.todo[0]
        got, leaf = _page(road, http, here, state)
        if _too_long(road, here, state, leaf):
            state.begin([*halves(here), *state.todo[1:]])
            continue
        yield _taken(road, http, here, state, got, leaf)


def _too_long(road: Road, here: Slice, state: Walk, leaf: Leaf) -> bool:
    first = state.place == 0 and state.round == 1
    return first and (leaf.total or 0) > road.most and here.until > here.since


def _page(road: Road, http: Http, here: Slice, state: Walk) -> tuple[Got[Leaf], Leaf]:
    """The page asked for, or the last of several that were not it, with nothing on it."""
    size, unread = road.size, 0
    for attempt in range(1, TRIES + 1):
        if attempt > 1:
            http.pause(attempt)
        got = road.ask(here, state.place, size)
        leaf = got.value
        wrong = _wrong(road, here, state, leaf)
        unsound = any(one.gone is None for one in leaf.parsed.rejected)
        if wrong is None and unsound and unread < PATIENCE:
            unread += 1
            wrong = "malformed"
        if wrong is None:
            return got, leaf
        http.fault(wrong)
        if wrong == "empty page":
            size = road.small
            if leaf.total is None and state.announced is None and attempt >= WITNESSES:
                return got, leaf
    if wrong in ("malformed", "empty page"):
        return got, leaf
    raise SourceError(
        f"{road.source}: {here} at place {state.place}: {TRIES} times the answer was not the page "
        f"asked for ({wrong}); run the harvest again, it goes on from here."
    )


def _wrong(road: Road, here: Slice, state: Walk, leaf: Leaf) -> str | None:
    """What shows that a page is not the one asked for, in two words; None where it is."""
    if leaf.place is not None and leaf.size and leaf.place != state.place:
        return "page out of place"
    total = leaf.total if leaf.total is not None else state.announced
    if not leaf.size:
        return "empty page" if total is None or state.place < total else None
    records = leaf.parsed.records
    if road.dated and 2 * sum(_outside(record, here) for record in records) > len(records):
        return "page of other days"
    fresh = [record for record in records if record.source_id not in state.seen]
    if records and not fresh and state.round == 1 and state.place:
        return "page twice"
    return None


def _outside(record: Record, here: Slice) -> bool:
    day = record.date
    return bool(day) and not here.since.isoformat() <= str(day) <= here.until.isoformat()


def _taken(
    road: Road, http: Http, here: Slice, state: Walk, got: Got[Leaf], leaf: Leaf
) -> ResultPage:
    """The page as a result, the walk moved on past it."""
    notes = _moved(state, leaf)
    parsed = _fresh(state, leaf.parsed)
    grown = {"seen": len(parsed.records), "lost": len(parsed.rejected)}
    state.place += leaf.size
    ended = not leaf.size or state.announced is None or state.place >= state.announced
    shortfall = None
    if ended and not leaf.size and state.place < (state.announced or 0):
        ended, shortfall, more = _end(road, here, state)
        notes += more
    received = max(state.place, len(state.seen) + len(state.lost))
    announced = state.announced
    if ended and shortfall is None and state.moved and state.round < WALKS:
        state.place, state.moved, ended = 0, False, False
        state.round += 1
        notes += (f"{here} changed while it was read; it is read again",)
    if ended:
        shortfall = shortfall or _short(here, state, received)
        state.begin(state.todo[1:])
        grown = {}
    return ResultPage(
        got.body, got.url, parsed, str(here), announced, received, state.token(), notes,
        shortfall, ended, grown,
    )  # fmt: skip


def _fresh(state: Walk, parsed: Parsed) -> Parsed:
    """What of a page was not on the slice's pages before; all of it is marked as seen."""
    records = {r.source_id or "": r for r in parsed.records if r.source_id not in state.seen}
    state.seen.update(dict.fromkeys(records))
    lost = {hashlib.sha256(r.raw.encode()).hexdigest()[:16]: r for r in parsed.rejected}
    rejected = tuple(r for key, r in lost.items() if key not in state.lost)
    state.lost.update(dict.fromkeys(lost))
    return Parsed(tuple(records.values()), rejected, parsed.announced)


def _moved(state: Walk, leaf: Leaf) -> tuple[str, ...]:
    """Notes a changed total or an overlap with pages before, which show that places shifted."""
    known = [r for r in leaf.parsed.records if (r.source_id or "") in state.seen]
    if known and state.round == 1:
        state.moved = True
    if leaf.total is None or leaf.total == state.announced:
        return ()
    before, state.announced = state.announced, leaf.total
    if before is None:
        return ()
    state.moved = True
    return (f"the announced total changed from {before} to {leaf.total}",)


def _end(road: Road, here: Slice, state: Walk) -> tuple[bool, str | None, tuple[str, ...]]:
    """Whether a slice that stopped early has really ended: its last entry is asked for again.

    Returns:
        Whether it ended; why it is incomplete, or None; notes.
    """
    announced = state.announced or 0
    told = f"{here}: {announced} announced, {state.place} received"
    if state.place == 0:
        return True, f"{told}; the service kept saying that there is nothing", ()
    if not road.by_place:
        return True, f"{told}; the service gave no more, however often it was asked", ()
    leaf = road.ask(here, state.place - 1, road.small).value
    if leaf.size > 1 and state.ends < TRIES:
        state.ends += 1
        return False, None, ()
    if leaf.size == 1 and leaf.total is not None and leaf.total <= state.place:
        state.announced = leaf.total
        return True, None, ()
    missing = announced - state.place
    if leaf.size == 1 and missing <= max(TOLERATED, TOLERATED_SHARE * announced):
        state.announced = state.place
        note = f"{told}; the last entry stands at {state.place}: the service's total is too high"
        return True, None, (note,)
    return True, f"{told}; the service gave no more, however often it was asked", ()


def _short(here: Slice, state: Walk, received: int) -> str | None:
    """Why a slice is not complete; None where all that was announced is here."""
    if state.announced is None or received >= state.announced:
        return None
    read, lost = len(state.seen), len(state.lost)
    return f"{here}: {state.announced} announced, {read} read, {lost} not readable"
