"""Reads PDFs in worker processes under limits of time and memory: one, or many at once."""

import base64
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from review.errors import FullTextError
from review.fulltext.models import STATE_WORDS, FullText, Limits, State, from_dict
from review.fulltext.worker import OUT_OF_MEMORY

Progress = Callable[[int, int, Path, FullText], None]
"""Called after each file with (files done, files in all, the file, what came of it)."""

_FILES_A_PROCESS = 200
"""Files after which a reading process is renewed, so that leaks in a reader never add up."""
_START_SECONDS = 20.0
"""Added to the first limit of a new process, for its imports on a busy machine."""


class WorkerGone(Exception):
    """The reading process ended or was ended: its state for the file, and why."""

    def __init__(self, state: State, problem: str) -> None:
        super().__init__(problem)
        self.state: State = state
        self.problem = problem


class Worker:
    """One reading process. Starts by itself, and anew after a file has brought it down."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._errors: Any = None
        self._files = 0

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, request: dict[str, Any], limits: Limits) -> Any:
        """The worker's answer. Raises WorkerGone when it died or passed its time."""
        if self._process is None or self._files >= _FILES_A_PROCESS:
            self.close()
            self._start()
        fresh = _START_SECONDS if self._files == 0 else 0.0
        self._files += 1
        process = self._process
        if process is None or process.stdin is None:
            raise WorkerGone("damaged", "the reading process did not start")
        request = {**request, "memory_mb": limits.memory_mb, "seconds": limits.seconds + fresh}
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._gone() from None
        return self._wait(limits, fresh)

    def _wait(self, limits: Limits, fresh: float) -> Any:
        end = time.monotonic() + limits.seconds + fresh
        page, page_end = 0, time.monotonic() + limits.page_seconds + fresh
        while True:
            left = min(end, page_end) - time.monotonic()
            try:
                line = self._lines.get(timeout=max(0.0, left))
            except queue.Empty:
                self.close(kill=True)
                spent = limits.seconds if end <= page_end else limits.page_seconds
                where = f"page {page + 1}" if page_end < end else f"the file, at page {page + 1},"
                raise WorkerGone("timeout", f"{where} took over {spent:g} seconds") from None
            if not line:
                raise self._gone()
            answer = json.loads(line)
            if "done" in answer:
                return answer["done"]
            page, page_end = answer["page"], time.monotonic() + limits.page_seconds

    def _start(self) -> None:
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        process = subprocess.Popen(
            [sys.executable, "-c", "from review.fulltext.worker import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
        self._process, self._lines, self._files = process, lines, 0

    def _gone(self) -> WorkerGone:
        """What the death of the process says about the file."""
        process, errors = self._process, self._errors
        status = process.wait() if process else None
        said = ""
        if errors is not None and not errors.closed:
            errors.seek(0)
            said = (errors.read().decode("utf-8", "replace").strip().splitlines() or [""])[-1]
        self.close()
        if status == OUT_OF_MEMORY or said.startswith("MemoryError"):
            return WorkerGone("too_large", "it needs more memory than the limit")
        if status == -signal.SIGABRT:  # how a reader ends that is given no more memory
            return WorkerGone("too_large", "the reader gave up on it, most likely short of memory")
        how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        return WorkerGone("damaged", f"the reader gave up on it ({said or how})")

    def close(self, *, kill: bool = False) -> None:
        """Ends the process; by force when it does not end within a second or kill is set."""
        process, self._process = self._process, None
        if process is not None:
            if kill:
                process.kill()
            if process.stdin is not None and not process.stdin.closed:
                try:
                    process.stdin.close()
                except BrokenPipeError:
                    process.kill()
            try:
                process.wait(timeout=1.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._errors is not None:
            self._errors.close()


def _pump(process: subprocess.Popen[bytes], lines: "queue.Queue[bytes]") -> None:
    """Carries the worker's lines into the queue; an empty one says that it has ended."""
    if process.stdout is not None:
        with process.stdout as stream:
            for line in stream:
                lines.put(line)
    lines.put(b"")


def read(
    path: Path,
    *,
    password: str | None = None,
    limits: Limits | None = None,
    worker: Worker | None = None,
) -> FullText:
    """The full text of one PDF. Never raises for a bad file: its state says what is wrong.

    Args:
        worker: an open reading process to use again; a new one is started and ended without it.
    """
    limits = limits or Limits()
    problem = _unreadable(path)
    if problem:
        return FullText("missing", "", "", 0, problem=problem)
    request = {
        "do": "read",
        "path": str(path.resolve()),
        "password": password,
        "limits": asdict(limits),
    }
    if worker is None:
        with Worker() as own:
            return _read(path, request, limits, own)
    return _read(path, request, limits, worker)


def _read(path: Path, request: dict[str, Any], limits: Limits, worker: Worker) -> FullText:
    from review.fulltext.reader import file_sha256

    try:
        return from_dict(worker.ask(request, limits))
    except WorkerGone as gone:
        return FullText(gone.state, file_sha256(path), "", 0, problem=gone.problem)


def _unreadable(path: Path) -> str | None:
    """Why the file cannot even be opened; None when it can."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"{path.name}: {error.strerror or type(error).__name__}"
    return None


def read_many(
    paths: Sequence[Path],
    *,
    limits: Limits | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[FullText]:
    """The full texts of many PDFs, read side by side, in the order given.

    Args:
        workers: reading processes; as many as the machine has processors when None.
        progress: called in this thread after each file, in the order they end.
    """
    count = max(1, min(workers or os.cpu_count() or 1, len(paths)))
    idle: queue.Queue[Worker] = queue.Queue()
    crew = [Worker() for _ in range(count)]
    for worker in crew:
        idle.put(worker)

    def one(path: Path) -> FullText:
        worker = idle.get()
        try:
            return read(path, limits=limits, worker=worker)
        finally:
            idle.put(worker)

    out: dict[int, FullText] = {}
    try:
        with ThreadPoolExecutor(count) as threads:
            waiting = {threads.submit(one, path): place for place, path in enumerate(paths)}
            for done, future in enumerate(as_completed(waiting), 1):
                place = waiting[future]
                out[place] = future.result()
                if progress:
                    progress(done, len(paths), paths[place], out[place])
    finally:
        for worker in crew:
            worker.close()
    return [out[place] for place in range(len(paths))]


def render_page(
    path: Path,
    number: int,
    boxes: Sequence[tuple[float, float, float, float]] = (),
    *,
    scale: float = 1.5,
    password: str | None = None,
    worker: Worker | None = None,
) -> bytes:
    """One page as PNG with the boxes highlighted; 72 dots an inch at scale 1.

    Raises:
        FullTextError: the page cannot be drawn.
    """
    request = {
        "do": "draw",
        "number": number,
        "boxes": [list(box) for box in boxes],
        "scale": scale,
    }
    return base64.b64decode(_asked(path, request, password, worker))


def read_tables(
    path: Path, number: int, *, password: str | None = None
) -> list[list[list[str | None]]]:
    """The ruled tables of one page, rows of cells, by pdfplumber. Raises FullTextError."""
    found: list[list[list[str | None]]] = _asked(
        path, {"do": "tables", "number": number}, password, None
    )
    return found


def _asked(path: Path, request: dict[str, Any], password: str | None, worker: Worker | None) -> Any:
    problem = _unreadable(path)
    if problem:
        raise FullTextError(f"{problem}; attach the file again")
    whole = {**request, "path": str(path.resolve()), "password": password}
    limits = replace(Limits(), seconds=40.0, page_seconds=40.0)
    try:
        if worker is not None:
            return worker.ask(whole, limits)
        with Worker() as own:
            return own.ask(whole, limits)
    except WorkerGone as gone:
        state = STATE_WORDS[gone.state]
        raise FullTextError(
            f"{path.name}, page {request['number']}: {gone.problem}; the file is {state}"
        ) from None
