"""A file that takes too long: named as that, tried once more with twice the time, tried later."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from support.hostile import sentence_page, write

from review.fulltext import Limits, Worker, read_full_text

LINES = ["Hedgehogs walk at night through the gardens of the town.", "They eat beetles and worms."]


class RecordingWorker(Worker):
    """A reading process that keeps the limits of each request, and can be held still."""

    def __init__(self, held: int = 0) -> None:
        super().__init__()
        self.limits: list[Limits] = []
        self.held = held

    def send_request(self, request: dict[str, Any], limits: Limits) -> Any:
        self.limits.append(limits)
        if self.held and self._process is not None:
            self.held -= 1
            os.kill(self._process.pid, signal.SIGSTOP)
        return super().send_request(request, limits)


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "paper.pdf"
    path.write_bytes(sentence_page(LINES))
    return path


def test_a_file_that_is_slow_once_is_read_at_the_second_try(paper):
    limits = Limits(seconds=60, page_seconds=3)
    with RecordingWorker() as worker:
        assert read_full_text(paper, worker=worker).state == "ok"
        worker.held = 1
        text = read_full_text(paper, limits=limits, worker=worker)
    assert (text.state, text.problem) == ("ok", None)
    assert [(x.seconds, x.page_seconds) for x in worker.limits[1:]] == [(60, 3), (120, 6)]


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (Limits(seconds=60, page_seconds=0.5), "page 1 took over 0.5 seconds"),
        (Limits(seconds=0.5, page_seconds=60), "the file, at page 1, took over 0.5 seconds"),
    ],
)
def test_a_process_that_stands_still_is_a_time_out_by_its_limit(paper, limits, problem):
    """Neither a damaged nor a large file, and the limit that was passed is named."""
    from review.fulltext.pool import WorkerFailure

    request = {"do": "read", "path": str(paper), "password": None, "limits": {}}
    with RecordingWorker() as worker:
        assert read_full_text(paper, worker=worker).state == "ok"
        worker.held = 1
        with pytest.raises(WorkerFailure) as failure:
            worker.send_request(request, limits)
    assert (failure.value.state, failure.value.problem) == ("timeout", problem)


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (Limits(seconds=100, page_seconds=0.05, memory_mb=6000), "page 1 took over 0.1 seconds"),
        (
            Limits(seconds=0.05, page_seconds=100, memory_mb=6000),
            "the file, at page 1, took over 0.1 seconds",
        ),
    ],
)
def test_the_time_of_a_new_process_to_start_is_not_the_time_of_the_file(tmp_path, limits, problem):
    """A slow page passes its limit in a new process as well, and at the second try."""
    slow = write(tmp_path, "300 MB of drawing in a megabyte")
    with RecordingWorker() as worker:
        text = read_full_text(slow, limits=limits, worker=worker)
        assert (text.state, text.problem) == ("timeout", problem)
        assert [x.page_seconds for x in worker.limits] == [
            limits.page_seconds,
            2 * limits.page_seconds,
        ]
        path = tmp_path / "next.pdf"
        path.write_bytes(sentence_page(LINES))
        assert read_full_text(path, worker=worker).state == "ok"


def test_a_damaged_file_is_not_tried_again(tmp_path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.4\n% cut after the first line of a file")
    with RecordingWorker() as worker:
        assert read_full_text(path, worker=worker).state == "damaged"
        assert len(worker.limits) == 1
