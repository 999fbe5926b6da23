"""Each reviewer's work queue at a stage, counted once and then updated row by row.

Counting a large review takes a fifth of a second, and each key press asks. So a process keeps, per
reviewer, which reports wait for them, and looks again only at those that newer decisions are on.
Whatever else may change who judges what (imports, links, acts, a new lay-out) makes it count anew.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from review.models import Decision
from review.store import Connection, Store, decisions, links, revision, screening_queue
from review.store.screening_queue import QueueEntry

MAX_NEW_DECISIONS = 400
"""After more decisions than this at once (a file of them), all is counted anew."""
RELEASE_SECONDS = 600.0
"""A report left open for longer may be taken by others as well (seconds)."""


@dataclass(slots=True)
class _WorkQueue:
    """What a process knows of one reviewer at one stage. Not frozen: it follows the store."""

    last_decision: int
    """The newest decision it has seen."""
    assignment_revision: tuple[int, ...]
    waits: bytearray
    """1 at the number of each report that waits for the reviewer."""
    judged: bytearray
    """1 at the number of each record the reviewer has judged."""
    remaining: int
    done: int
    order_run: int = 0
    """The order run that `first` belongs to."""
    first_position: int = 0
    """No report before this place of the order waits."""


@dataclass(slots=True)
class _QueueSlot:
    """One reviewer at one stage; whoever asks holds the lock, so that two tabs do not interfere."""

    lock: threading.Lock
    queue: _WorkQueue | None = None


_QUEUE_SLOTS: WeakKeyDictionary[Store, dict[tuple[str, str], _QueueSlot]] = WeakKeyDictionary()
_GUARD = threading.Lock()


def count_reports(store: Store, conn: Connection, stage: str, reviewer: str) -> tuple[int, int]:
    """How many records the reviewer has judged at a stage, and how many reports wait for them."""
    slot = _get_slot(store, stage, reviewer)
    with slot.lock:
        queue = _update_queue(slot, conn, stage, reviewer)
        return queue.done, queue.remaining


def find_first_waiting(
    store: Store,
    conn: Connection,
    *,
    stage: str,
    reviewer: str,
    skip: Sequence[int] = (),
    most: int = 1,
) -> list[QueueEntry]:
    """The first reports in the order that wait for the reviewer, as store.orders.next_for."""
    slot = _get_slot(store, stage, reviewer)
    with slot.lock:
        queue = _update_queue(slot, conn, stage, reviewer)
        order_run = screening_queue.get_newest_run_id(conn, stage)
        if queue.order_run != order_run:
            queue.order_run, queue.first_position = order_run, 0
        waiting_reports = screening_queue.list_next_reports(
            conn, stage, reviewer, after=queue.first_position - 1, skip=skip, limit=most
        )
        if waiting_reports and not skip:
            queue.first_position = waiting_reports[0].position
    return waiting_reports


def _get_slot(store: Store, stage: str, reviewer: str) -> _QueueSlot:
    with _GUARD:
        slots = _QUEUE_SLOTS.setdefault(store, {})
        return slots.setdefault((stage, reviewer), _QueueSlot(threading.Lock()))


def _update_queue(slot: _QueueSlot, conn: Connection, stage: str, reviewer: str) -> _WorkQueue:
    """What is known, brought up to the state the transaction sees."""
    assignment_revision = revision.get_assignment_revision(conn, stage)
    queue = slot.queue
    if queue is not None and queue.assignment_revision == assignment_revision:
        new_decisions = decisions.list_after(conn, queue.last_decision, MAX_NEW_DECISIONS + 1)
        if len(new_decisions) <= MAX_NEW_DECISIONS:
            if new_decisions:
                _apply_decisions(conn, queue, new_decisions, stage, reviewer)
            return queue
    slot.queue = _build_queue(conn, assignment_revision, stage, reviewer)
    return slot.queue


def _build_queue(
    conn: Connection, assignment_revision: tuple[int, ...], stage: str, reviewer: str
) -> _WorkQueue:
    waiting_reports = [
        report for report, _ in screening_queue.list_pending_reports(conn, stage, reviewer)
    ]
    judged_records = decisions.list_judged_records(conn, stage, reviewer)
    size = max([*waiting_reports, *judged_records, 0]) + 1
    queue = _WorkQueue(
        last_decision=decisions.get_last_id(conn),
        assignment_revision=assignment_revision,
        waits=bytearray(size),
        judged=bytearray(size),
        remaining=len(waiting_reports),
        done=len(judged_records),
    )
    for number in waiting_reports:
        queue.waits[number] = 1
    for number in judged_records:
        queue.judged[number] = 1
    return queue


def _apply_decisions(
    conn: Connection,
    queue: _WorkQueue,
    new_decisions: Sequence[Decision],
    stage: str,
    reviewer: str,
) -> None:
    """Looks again at the reports that newer decisions are on, at any stage."""
    touched = sorted({decision.record for decision in new_decisions})
    groups = links.get_report_groups(conn, touched)
    reports = sorted({groups.get(n, (n, n))[0] for n in touched} | set(touched))
    waiting_positions = dict(
        screening_queue.list_pending_reports(conn, stage, reviewer, among=reports)
    )
    for report in reports:
        queue.remaining += _set_flag(queue.waits, report, report in waiting_positions)
        position = waiting_positions.get(report)
        if position is not None:
            queue.first_position = min(queue.first_position, position)
    for decision in new_decisions:
        if (
            decision.stage == stage
            and decision.reviewer == reviewer
            and decision.role == "reviewer"
        ):
            queue.done += _set_flag(queue.judged, decision.record, decision.verdict is not None)
    queue.last_decision = new_decisions[-1].id


def _set_flag(flags: bytearray, number: int, on: bool) -> int:
    """Sets one flag; gives by how much the count of those that are on changes."""
    if number >= len(flags):
        flags.extend(bytes(number + 1024 - len(flags)))
    before = flags[number]
    flags[number] = int(on)
    return int(on) - before
