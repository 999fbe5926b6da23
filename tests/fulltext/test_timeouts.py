"""A file that takes too long: named as that, tried once more with twice the time, tried later."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from support.hostile import sentence_page, write

from review.errors import FullTextError
from review.fulltext import Limits, Worker, read_full_text, render_page

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


class StoppedWorker(RecordingWorker):
    """A reading process that is held still from its start, and each one after it."""

    def _start_process(self) -> None:
        super()._start_process()
        os.kill(self._process.pid, signal.SIGSTOP)


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


def test_a_page_that_is_slow_once_is_drawn_at_the_second_try(paper, monkeypatch):
    monkeypatch.setattr("review.fulltext.pool.DRAWING_SECONDS", 3.0)
    with RecordingWorker() as worker:
        picture = render_page(paper, 1, worker=worker)
        worker.held = 1
        assert render_page(paper, 1, worker=worker) == picture
    assert [limits.page_seconds for limits in worker.limits] == [3.0, 3.0, 6.0]


def test_a_page_that_takes_too_long_twice_is_not_called_damaged(paper, monkeypatch):
    monkeypatch.setattr("review.fulltext.pool.DRAWING_SECONDS", 0.5)
    monkeypatch.setattr("review.fulltext.pool._START_SECONDS", 0.2)
    with StoppedWorker() as worker:
        with pytest.raises(FullTextError) as failure:
            render_page(paper, 1, worker=worker)
        assert [limits.page_seconds for limits in worker.limits] == [0.5, 1.0]
    words = str(failure.value)
    assert words.startswith("Page 1 took too long to draw, twice")
    assert "open the page again" in words
    assert paper.name not in words and "signal" not in words


def test_a_damaged_page_is_named_without_the_name_of_its_copy(tmp_path):
    path = tmp_path / "0123abcd.pdf"
    path.write_bytes(b"%PDF-1.4\n% cut after the first line of a file")
    with pytest.raises(FullTextError, match=r"^Page 1 cannot be drawn: .*; the file is damaged"):
        render_page(path, 1)
    with pytest.raises(FullTextError, match=r"^The PDF cannot be opened \(No such file"):
        render_page(tmp_path / "4567.pdf", 1)
