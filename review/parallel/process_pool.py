"""A process pool that survives crashes: a malformed item stops nothing else."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")
R = TypeVar("R")

_ITEMS_PER_PROCESS = 4
"""Items handed out for each process at one time, so that not all are in memory."""


def imap_unordered(
    work: Callable[[T], R], items: Iterable[tuple[K, T]], *, workers: int | None = None
) -> Iterator[tuple[K, R | None]]:
    """(key, what the work gave) in the order they end; None where the process ended on the item.

    When a process ends, what was in hand is done again, each item alone, so that only the one that
    ends its process is lost. What the work raises is raised here.

    Args:
        work: a function of a module, so that a process started afresh can import it.
        workers: processes; as many as the machine has processors when None.
    """
    count, remaining = workers or os.cpu_count() or 1, iter(items)
    batch: list[tuple[K, T]] = []
    while True:
        with _make_pool(count) as pool:
            lost: list[tuple[K, T]] = []
            pending: dict[Future[R], tuple[K, T]] = {}
            while not lost:
                batch = list(islice(remaining, count * _ITEMS_PER_PROCESS - len(pending)))
                for index, item in enumerate(batch):
                    try:
                        pending[pool.submit(work, item[1])] = item
                    except BrokenProcessPool:
                        lost += batch[index:]
                        break
                if not pending:
                    break
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    item = pending.pop(future)
                    try:
                        yield item[0], future.result()
                    except BrokenProcessPool:
                        lost.append(item)
            lost += pending.values()
        if not lost:
            return
        yield from _run_isolated(work, lost)


def _run_isolated(
    work: Callable[[T], R], items: Iterable[tuple[K, T]]
) -> Iterator[tuple[K, R | None]]:
    """Each item in a process of its own."""
    for key, item in items:
        with _make_pool(1) as pool:
            try:
                yield key, pool.submit(work, item).result()
            except BrokenProcessPool:
                yield key, None


def _make_pool(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))
