"""The engine for work beyond one machine: Dask, for deduplication and for reading full texts.

An optional part: `pip install 'funnel-review[cluster]'`. What a lost worker held is worked again
by another.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from review import fulltext
from review.errors import ReviewError
from review.fulltext import FullText, Worker

FILES_A_TASK = 8
"""PDFs one task reads with one reading process; a lost task costs as many to read again."""


@contextmanager
def opened(workers: int = 0, address: str | None = None) -> Iterator[Any]:
    """A Dask client: of a running scheduler where an address is given, else of worker processes on
    this machine; None where neither is wanted. Closed at the end.

    Raises:
        ReviewError: the optional part is not installed, or no scheduler answers.
    """
    if address:
        client = remote_client(address)
    elif workers:
        client = local_client(workers)
    else:
        yield None
        return
    with client:
        yield client


def local_client(workers: int) -> Any:
    """A Dask client with worker processes on this machine.

    Raises:
        ReviewError: the optional part is not installed, or fewer than one worker.
    """
    if workers < 1:
        raise ReviewError(f"{workers} workers can do nothing; give 1 or more.")
    return _distributed().Client(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
    )


def remote_client(address: str) -> Any:
    """A Dask client of a running scheduler ('tcp://host:8786'). Raises ReviewError."""
    distributed = _distributed()
    try:
        return distributed.Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise ReviewError(f"No Dask scheduler answers at {address}: {error}.") from error


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ReviewError(
            "Work on a cluster needs an optional part: pip install 'funnel-review[cluster]'."
        ) from error
    return distributed


def read_many(
    paths: Sequence[Path], client: Any, *, progress: Callable[[int, int, Path, FullText], None]
) -> list[FullText]:
    """The full texts of PDFs in a folder all workers see, in the order given.

    Each file is read in a process of its own under the limits of fulltext.read, as on one machine.

    Args:
        progress: called after each file with (done, in all, the file, its text).
    """
    distributed = _distributed()
    bundles = [range(i, min(i + FILES_A_TASK, len(paths)))
               for i in range(0, len(paths), FILES_A_TASK)]  # fmt: skip
    sent = {
        client.submit(_read, [str(paths[at].resolve()) for at in bundle], pure=False): bundle
        for bundle in bundles
    }
    found: dict[int, FullText] = {}
    for future in distributed.as_completed(list(sent)):
        for at, data in zip(sent[future], future.result(), strict=True):
            found[at] = fulltext.from_dict(data)
            progress(len(found), len(paths), paths[at], found[at])
    return [found[at] for at in range(len(paths))]


def _read(paths: list[str]) -> list[dict[str, Any]]:
    """On a worker: some full texts as plain data."""
    with Worker() as worker:
        return [fulltext.as_dict(fulltext.read(Path(one), worker=worker)) for one in paths]
