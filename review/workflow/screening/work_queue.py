"""What each reviewer still has to judge at a stage: counted once, then followed as rows are added.

Counting a large review takes a fifth of a second, and each key press asks. So a process keeps, per
reviewer, which reports wait for them, and looks again only at those that newer decisions are on.
Whatever else may change who judges what (imports, links, acts, a new lay-out) makes it count anew.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from review.models import Decision
from review.store import Connection, Store, decisions, links, revision, screening_queue
from review.store.screening_queue import Waiting

MOST = 400
"""After more decisions than this at once (a file of them), all is counted anew."""
HAND_SECONDS = 600.0
"""A report that lies before somebody for longer is others' to take as well (seconds)."""


@dataclass(slots=True)
class _Kept:
    """What a process knows of one reviewer at one stage. Not frozen: it follows the store."""

    last: int
    """The newest decision it has seen."""
    others: tuple[int, ...]
    waits: bytearray
    """1 at the number of each report that waits for the reviewer."""
    judged: bytearray
    """1 at the number of each record the reviewer has judged."""
    left: int
    done: int
    order: int = 0
    """The order run that `first` belongs to."""
    first: int = 0
    """No report before this place of the order waits."""


@dataclass(slots=True)
class _Place:
    """One reviewer at one stage; whoever asks holds the lock, so that two tabs do not interfere."""

    lock: threading.Lock
    kept: _Kept | None = None


_KNOWN: WeakKeyDictionary[Store, dict[tuple[str, str], _Place]] = WeakKeyDictionary()
_GUARD = threading.Lock()
_HANDS: WeakKeyDictionary[Store, dict[tuple[str, str], tuple[int, float]]] = WeakKeyDictionary()
"""Stage and reviewer -> the report that lies before them in this process, and since when."""


def take(
    store: Store,
    stage: str,
    reviewer: str,
    number: int | None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Notes the report that a reviewer is given (None: nothing), so that not too many read it."""
    with _GUARD:
        hands = _HANDS.setdefault(store, {})
        held = hands.get((stage, reviewer))
        if number is None:
            hands.pop((stage, reviewer), None)
        elif held is None or held[0] != number:
            hands[stage, reviewer] = (number, clock())


def readers(
    store: Store, stage: str, reviewer: str, clock: Callable[[], float] = time.monotonic
) -> dict[int, int]:
    """Report -> how many others have it before them now."""
    with _GUARD:
        hands = list(_HANDS.get(store, {}).items())
    found: dict[int, int] = {}
    for (where, who), (number, since) in hands:
        if where == stage and who != reviewer and clock() - since < HAND_SECONDS:
            found[number] = found.get(number, 0) + 1
    return found


def counts(store: Store, conn: Connection, stage: str, reviewer: str) -> tuple[int, int]:
    """How many records the reviewer has judged at a stage, and how many reports wait for them."""
    place = _place(store, stage, reviewer)
    with place.lock:
        kept = _followed(place, conn, stage, reviewer)
        return kept.done, kept.left


def first(
    store: Store, conn: Connection, stage: str, reviewer: str, skip: Sequence[int] = (),
    most: int = 1,
) -> list[Waiting]:  # fmt: skip
    """The first reports in the order that wait for the reviewer, as store.orders.next_for."""
    place = _place(store, stage, reviewer)
    with place.lock:
        kept = _followed(place, conn, stage, reviewer)
        run = screening_queue.newest_number(conn, stage)
        if kept.order != run:
            kept.order, kept.first = run, 0
        found = screening_queue.next_for(
            conn, stage, reviewer, after=kept.first - 1, skip=skip, most=most
        )  # fmt: skip
        if found and not skip:
            kept.first = found[0].position
    return found


def _place(store: Store, stage: str, reviewer: str) -> _Place:
    with _GUARD:
        known = _KNOWN.setdefault(store, {})
        return known.setdefault((stage, reviewer), _Place(threading.Lock()))


def _followed(place: _Place, conn: Connection, stage: str, reviewer: str) -> _Kept:
    """What is known, brought up to the state the transaction sees."""
    others = revision.who_judges(conn, stage)
    kept = place.kept
    if kept is not None and kept.others == others:
        fresh = decisions.since(conn, kept.last, MOST + 1)
        if len(fresh) <= MOST:
            if fresh:
                _follow(conn, kept, fresh, stage, reviewer)
            return kept
    place.kept = _counted(conn, others, stage, reviewer)
    return place.kept


def _counted(conn: Connection, others: tuple[int, ...], stage: str, reviewer: str) -> _Kept:
    waiting = [report for report, _ in screening_queue.waiting_for(conn, stage, reviewer)]
    judged = decisions.judged_of(conn, stage, reviewer)
    size = max([*waiting, *judged, 0]) + 1
    kept = _Kept(decisions.last_number(conn), others, bytearray(size), bytearray(size),
                 len(waiting), len(judged))  # fmt: skip
    for number in waiting:
        kept.waits[number] = 1
    for number in judged:
        kept.judged[number] = 1
    return kept


def _follow(
    conn: Connection, kept: _Kept, fresh: Sequence[Decision], stage: str, reviewer: str
) -> None:
    """Looks again at the reports that newer decisions are on, at any stage."""
    touched = sorted({one.record for one in fresh})
    groups = links.groups_of(conn, touched)
    reports = sorted({groups.get(n, (n, n))[0] for n in touched} | set(touched))
    waiting = dict(screening_queue.waiting_for(conn, stage, reviewer, among=reports))
    for report in reports:
        kept.left += _set(kept.waits, report, report in waiting)
        place = waiting.get(report)
        if place is not None:
            kept.first = min(kept.first, place)
    for one in fresh:
        if one.stage == stage and one.reviewer == reviewer and one.role == "reviewer":
            kept.done += _set(kept.judged, one.record, one.verdict is not None)
    kept.last = fresh[-1].id


def _set(flags: bytearray, number: int, on: bool) -> int:
    """Sets one flag; gives by how much the count of those that are on changes."""
    if number >= len(flags):
        flags.extend(bytes(number + 1024 - len(flags)))
    before = flags[number]
    flags[number] = int(on)
    return int(on) - before
