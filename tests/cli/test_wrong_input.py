"""Messages of the command line on wrong input: the file, what is wrong, and what to do."""

import json

import pytest
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.workflow.project.project import PROTOCOL_FILE
from review.workflow.setup.loading import init_project


@pytest.fixture
def folder(tmp_path):
    init_project(tmp_path / "review")
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
        ("[pubmed,", "[pubmedd,", "'pubmedd', which Funnel cannot search. Did you mean 'pub"),
        ("from: 2020-01-01", "from: 2020-13-01", "one of its dates is invalid (month must be in"),
    ],
)
def test_check_names_a_slip_in_sources_and_dates(folder, was, now, told):
    path = folder / PROTOCOL_FILE
    path.write_text(path.read_text().replace(was, now))
    line = refused("check", folder)
    assert line.startswith(f"{path}: ")
    assert told in line


def test_a_command_outside_a_review_says_how_to_name_one(tmp_path):
    line = refused("status", folder=tmp_path)
    assert "--review FOLDER" in line
    assert "To start a new review" in line


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert "this folder cannot be created" in refused("init", tmp_path / "file" / "new")


def test_a_table_is_not_written_below_a_file(tmp_path):
    table = tmp_path / "refs.csv"
    table.write_text("record_id,title\n1,a\n2,b\n")
    line = refused("dedupe", "file", table, "--out", table / "groups.csv")
    assert line == f"{table / 'groups.csv'} cannot be written: Not a directory."


@pytest.mark.parametrize("command", ["template", "import"])
def test_forms_are_xlsx_by_name(folder, command):
    path = folder / "forms.csv"
    path.write_text("")
    assert "must end in .xlsx" in refused("appraise", command, path, folder=folder)


def test_missing_forms_and_folders_in_place_of_files_are_told_apart(folder):
    path = folder / "forms.xlsx"
    assert refused("appraise", "import", path, folder=folder) == f"{path}: file not found."
    assert "this file cannot be opened" in refused("flags", folder)


def test_replay_says_which_folder_it_needs(folder):
    assert "it must contain protocol.yaml" in refused("replay", folder / "nothing")


def test_flags_of_a_whole_review_are_json_on_demand(folder):
    assert json.loads(run("flags", "--json", folder=folder).stdout) == []


def test_reading_says_that_nothing_waits(folder):
    assert "No attached PDF needs reading" in run("read", folder=folder).stdout


def test_a_name_without_a_counterpart_is_refused(folder):
    (folder / "d.csv").write_text("record,verdict\n")
    line = refused("import-decisions", folder / "d.csv", "--name", "Ada L", folder=folder)
    assert line.startswith("--name Ada L: expected THEIRS=OURS")


@pytest.mark.parametrize("command", ["keep", "reopen"])
def test_an_unknown_preprint_is_not_said_to_be_judged(folder, command):
    assert "no record R000009" in refused("dedupe", command, "R000009", folder=folder)


def test_an_amendment_that_records_nothing_says_so(folder):
    run("status", folder=folder)
    assert "the reason was not saved" in run("amend", "--why", "no change", folder=folder).stdout
    path = folder / PROTOCOL_FILE
    path.write_text(path.read_text().replace("minimum: 6", "minimum: 7"))
    assert "nothing" not in run("amend", "--why", "a higher bar", folder=folder).stdout
