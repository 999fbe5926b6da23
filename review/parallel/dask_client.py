"""Connects to Dask, for deduplication and full texts beyond one machine.

An optional part: `pip install 'funnel-review[cluster]'`. What a lost worker held is worked again
by another.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError

if TYPE_CHECKING:
    from review.fulltext import FullText

FILES_PER_TASK = 8
"""PDFs one task reads with one reading process; a lost task costs as many to read again."""


@contextmanager
def open_client(workers: int = 0, address: str | None = None) -> Iterator[Any]:
    """A Dask client: of a running scheduler where an address is given, else of worker processes on
    this machine; None where neither is wanted. Closed at the end.

    Raises:
        ReviewError: the optional part is not installed, or no scheduler answers.
    """
    if address:
        client = connect_client(address)
    elif workers:
        client = start_local_client(workers)
    else:
        yield None
        return
    with client:
        yield client


def start_local_client(workers: int) -> Any:
    """A Dask client with worker processes on this machine.

    Raises:
        ReviewError: the optional part is not installed, or fewer than one worker.
    """
    if workers < 1:
        raise ReviewError(f"At least 1 worker is required, not {workers}.")
    return _import_distributed().Client(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
    )


def connect_client(address: str) -> Any:
    """A Dask client of a running scheduler ('tcp://host:8786'). Raises ReviewError."""
    distributed = _import_distributed()
    try:
        return distributed.Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise ReviewError(f"No Dask scheduler answers at {address}: {error}.") from error


def _import_distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ReviewError(
            "Running on a cluster requires an optional package: pip install "
            "'funnel-review[cluster]'."
        ) from error
    return distributed


def read_many(
    paths: Sequence[Path], client: Any, *, progress: Callable[[int, int, Path, "FullText"], None]
) -> "list[FullText]":
    """The full texts of PDFs in a folder all workers see, in the order given.

    Each file is read in a process of its own under the limits of fulltext.read, as on one machine.

    Args:
        progress: called after each file with (done, in all, the file, its text).
    """
    from review.fulltext import full_text_from_dict

    distributed = _import_distributed()
    bundles = [
        range(i, min(i + FILES_PER_TASK, len(paths))) for i in range(0, len(paths), FILES_PER_TASK)
    ]
    tasks = {
        client.submit(
            _read_texts, [str(paths[index].resolve()) for index in bundle], pure=False
        ): bundle
        for bundle in bundles
    }
    texts: dict[int, FullText] = {}
    for future in distributed.as_completed(list(tasks)):
        for index, data in zip(tasks[future], future.result(), strict=True):
            texts[index] = full_text_from_dict(data)
            progress(len(texts), len(paths), paths[index], texts[index])
    return [texts[index] for index in range(len(paths))]


def _read_texts(paths: list[str]) -> list[dict[str, Any]]:
    """On a worker: some full texts as plain data."""
    from review.fulltext import Worker, full_text_to_dict, read_full_text

    with Worker() as worker:
        return [full_text_to_dict(read_full_text(Path(path), worker=worker)) for path in paths]
