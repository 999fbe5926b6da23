"""What the command line says of wrong input: the file, what is wrong there, and what to do."""

import pytest
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.workflow.opening import init
from review.workflow.project import PROTOCOL


@pytest.fixture
def folder(tmp_path):
    init(tmp_path / "review")
    return tmp_path / "review"


def run(*words, folder=None):
    before = ["--review", str(folder)] if folder else []
    return CliRunner().invoke(app, [*before, "--user", "ada", *map(str, words)])


def refused(*words, folder=None):
    """The line a command ends with."""
    done = run(*words, folder=folder)
    assert isinstance(done.exception, ReviewError), done.output
    return str(done.exception)


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("[pubmed,", "[pubmedd,", "'pubmedd', which the tool does not harvest. Did you mean 'pub"),
        ("from: 2020-01-01", "from: 2020-13-01", "one of its dates is no day (month must be in"),
    ],
)
def test_check_names_a_slip_in_sources_and_dates(folder, was, now, told):
    path = folder / PROTOCOL
    path.write_text(path.read_text().replace(was, now))
    line = refused("check", folder)
    assert line.startswith(f"{path}: ")
    assert told in line


def test_a_command_outside_a_review_says_how_to_name_one(tmp_path):
    line = refused("status", folder=tmp_path)
    assert "review --review FOLDER" in line
    assert "begins a new review" in line


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert "this folder cannot be made" in refused("init", tmp_path / "file" / "new")
