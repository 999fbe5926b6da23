"""Progress on standard error: a bar for a person, nothing for a file or a timer."""

import io
import sys

from review.cli.base import show_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_person_sees_a_bar_with_count_and_file(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with show_bar("Reading PDFs") as report:
        report(3, 8, "paper [3].pdf")
    drawn = sys.stderr.getvalue()
    assert "Reading PDFs" in drawn
    assert "3/8" in drawn
    assert "paper [3].pdf" in drawn
    assert capsys.readouterr().out == ""


def test_no_bar_is_drawn_where_nobody_watches(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with show_bar("Reading PDFs") as report:
        assert report is None
    assert sys.stderr.getvalue() == ""
