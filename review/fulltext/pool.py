"""Reads one PDF or many in worker processes with time and memory limits."""

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
from review.fulltext.models import (
    STATE_MESSAGES,
    FullText,
    FullTextState,
    Limits,
    full_text_from_dict,
)
from review.fulltext.worker import OUT_OF_MEMORY

ReadProgressCallback = Callable[[int, int, Path, FullText], None]
"""Called after each file with (files done, files in all, the file, what came of it)."""

_MAX_FILES_PER_PROCESS = 200
"""Files after which a reading process is renewed, so that leaks in a reader never add up."""
DRAWING_SECONDS = 20.0
"""Wall time to draw a page at the first try; a page of a paper takes less than one."""
_START_SECONDS = 20.0
"""In which a new process must begin with its file, however busy the machine is."""


class WorkerFailure(Exception):
    """The reading process ended or was ended: its state for the file, and why."""

    def __init__(self, state: FullTextState, problem: str) -> None:
        super().__init__(problem)
        self.state: FullTextState = state
        self.problem = problem


class Worker:
    """One reading process. Starts by itself, and anew after a file has brought it down."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._output_lines: queue.Queue[bytes] = queue.Queue()
        self._stderr_file: Any = None
        self._file_count = 0

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send_request(self, request: dict[str, Any], limits: Limits) -> Any:
        """The worker's answer. Raises WorkerGone when it died or passed its time."""
        if self._process is None or self._file_count >= _MAX_FILES_PER_PROCESS:
            self.close()
            self._start_process()
        startup_seconds = _START_SECONDS if self._file_count == 0 else 0.0
        self._file_count += 1
        process = self._process
        if process is None or process.stdin is None:
            raise WorkerFailure("damaged", "the reading process did not start")
        request = {
            **request,
            "memory_mb": limits.memory_mb,
            "seconds": limits.seconds + startup_seconds,
        }
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._build_failure() from None
        return self._wait_for_answer(limits, startup_seconds)

    def _wait_for_answer(self, limits: Limits, startup_seconds: float) -> Any:
        """The answer. The time of the file and of its first page begins when the process says so.

        When all pages are read, only the limit of the file holds.
        """
        begin = time.monotonic() + startup_seconds
        page: int | None = 0
        file_deadline, page_deadline = begin + limits.seconds, begin + limits.page_seconds
        while True:
            remaining_seconds = min(file_deadline, page_deadline) - time.monotonic()
            try:
                line = self._output_lines.get(timeout=max(0.0, remaining_seconds))
            except queue.Empty:
                self.close(kill=True)
                if page_deadline < file_deadline and page is not None:
                    problem = f"page {page + 1} took over {limits.page_seconds:g} seconds"
                else:
                    location = "after its last page" if page is None else f"at page {page + 1}"
                    problem = f"the file, {location}, took over {limits.seconds:g} seconds"
                raise WorkerFailure("timeout", problem) from None
            if not line:
                raise self._build_failure()
            answer = json.loads(line)
            if "done" in answer:
                return answer["done"]
            page = answer["page"]
            if page == 0:
                file_deadline = time.monotonic() + limits.seconds
            page_deadline = (
                file_deadline if page is None else time.monotonic() + limits.page_seconds
            )

    def _start_process(self) -> None:
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._stderr_file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        process = subprocess.Popen(
            [sys.executable, "-c", "from review.fulltext.worker import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr_file,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_pump_lines, args=(process, lines), daemon=True).start()
        self._process, self._output_lines, self._file_count = process, lines, 0

    def _build_failure(self) -> WorkerFailure:
        """What the death of the process says about the file."""
        process, errors = self._process, self._stderr_file
        status = process.wait() if process else None
        is_short_of_memory = False
        if errors is not None and not errors.closed:
            errors.seek(0)
            last_line = (errors.read().decode("utf-8", "replace").strip().splitlines() or [""])[-1]
            is_short_of_memory = last_line.startswith("MemoryError")
        self.close()
        if status == OUT_OF_MEMORY or is_short_of_memory:
            return WorkerFailure("too_large", "it needs more memory than allowed")
        if sys.platform != "win32":
            if status == -signal.SIGALRM:
                return WorkerFailure("timeout", "it took too long")
            if status == -signal.SIGKILL:
                return WorkerFailure(
                    "too_large", "reading was stopped by the system because memory ran out"
                )
        if status == -signal.SIGABRT:  # how a reader ends that is given no more memory
            return WorkerFailure(
                "too_large", "it could not be read, probably because memory ran out"
            )
        return WorkerFailure("damaged", "it could not be read")

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
        if self._stderr_file is not None:
            self._stderr_file.close()


def _pump_lines(process: subprocess.Popen[bytes], lines: "queue.Queue[bytes]") -> None:
    """Carries the worker's lines into the queue; an empty one says that it has ended."""
    if process.stdout is not None:
        with process.stdout as stream:
            for line in stream:
                lines.put(line)
    lines.put(b"")


def read_full_text(
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
    problem = _describe_unreadable(path)
    if problem:
        return FullText("missing", "", "", 0, problem=problem)
    request = {
        "do": "read",
        "path": str(path.resolve()),
        "password": password,
        "limits": asdict(limits),
    }
    if worker is None:
        with Worker() as own_worker:
            return _read_in_worker(path, request, limits, own_worker)
    return _read_in_worker(path, request, limits, worker)


def _read_in_worker(
    path: Path, request: dict[str, Any], limits: Limits, worker: Worker
) -> FullText:
    from review.fulltext.reader import compute_file_sha256

    try:
        return full_text_from_dict(_send_patiently(worker, request, limits))
    except WorkerFailure as failure:
        return FullText(failure.state, compute_file_sha256(path), "", 0, problem=failure.problem)


def _send_patiently(worker: Worker, request: dict[str, Any], limits: Limits) -> Any:
    """The answer to a request; after a time-out it is sent once more with twice the time, as a busy
    machine is slow as well. Raises WorkerFailure."""
    try:
        return worker.send_request(request, limits)
    except WorkerFailure as failure:
        if failure.state != "timeout":
            raise
    limits = replace(limits, seconds=2 * limits.seconds, page_seconds=2 * limits.page_seconds)
    return worker.send_request(request, limits)


def _describe_unreadable(path: Path) -> str | None:
    """Why the file cannot even be opened; None when it can."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"{path.name}: {error.strerror or type(error).__name__}"
    return None


def read_full_texts(
    paths: Sequence[Path],
    *,
    limits: Limits | None = None,
    workers: int | None = None,
    progress: ReadProgressCallback | None = None,
) -> list[FullText]:
    """The full texts of many PDFs, read side by side, in the order given.

    Args:
        workers: reading processes; as many as the machine has processors when None.
        progress: called in this thread after each file, in the order they end.
    """
    count = max(1, min(workers or os.cpu_count() or 1, len(paths)))
    idle_workers: queue.Queue[Worker] = queue.Queue()
    all_workers = [Worker() for _ in range(count)]
    for worker in all_workers:
        idle_workers.put(worker)

    def read_in_idle_worker(path: Path) -> FullText:
        worker = idle_workers.get()
        try:
            return read_full_text(path, limits=limits, worker=worker)
        finally:
            idle_workers.put(worker)

    full_texts: dict[int, FullText] = {}
    try:
        with ThreadPoolExecutor(count) as threads:
            futures = {
                threads.submit(read_in_idle_worker, path): path_index
                for path_index, path in enumerate(paths)
            }
            for done_count, future in enumerate(as_completed(futures), 1):
                path_index = futures[future]
                full_texts[path_index] = future.result()
                if progress:
                    progress(done_count, len(paths), paths[path_index], full_texts[path_index])
    finally:
        for worker in all_workers:
            worker.close()
    return [full_texts[path_index] for path_index in range(len(paths))]


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
    return base64.b64decode(_request_page(path, request, password, worker))


def _request_page(
    path: Path, request: dict[str, Any], password: str | None, worker: Worker | None
) -> Any:
    problem = _describe_unreadable(path)
    if problem:  # the file's name in the review's folder tells a reader nothing
        reason = problem.removeprefix(f"{path.name}: ")
        raise FullTextError(f"The PDF cannot be opened ({reason}); attach the file again.")
    full_request = {**request, "path": str(path.resolve()), "password": password}
    limits = replace(Limits(), seconds=DRAWING_SECONDS, page_seconds=DRAWING_SECONDS)
    number = request["number"]
    try:
        if worker is not None:
            return _send_patiently(worker, full_request, limits)
        with Worker() as own_worker:
            return _send_patiently(own_worker, full_request, limits)
    except WorkerFailure as failure:
        if failure.state == "timeout":
            raise FullTextError(
                f"Page {number} took too long to draw, twice: the computer is busy, or the page is "
                "very large. The file need not be damaged; open the page again in a moment."
            ) from None
        state = STATE_MESSAGES[failure.state]
        raise FullTextError(
            f"Page {number} cannot be drawn: {failure.problem}; the file is {state}."
        ) from None
