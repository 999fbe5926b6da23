"""A file of decisions is matched before the store is locked: what others change in between counts,
and they are not kept waiting meanwhile."""

from pathlib import Path

import pytest
from support.small import studies

from review.formats.tabular.decisions import DecisionDefaults
from review.models import Link, Record
from review.store import decisions, links, records
from review.store.timestamps import utc_now
from review.workflow.deduplication.groups import regroup_records
from review.workflow.project.project import Project
from review.workflow.records import import_decisions as matching
from review.workflow.records.import_undo import undo_import
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision

COUNT = 60
DEFAULTS = DecisionDefaults(stage="screening", reviewer="ben")


@pytest.fixture
def project(tmp_path: Path, database: str) -> Project:
    made = studies(
        tmp_path / "review", [Record("embase", title=f"Study {n}") for n in range(1, COUNT + 1)]
    )
    with made.store.write() as conn:  # two more records, which come with a file of their own
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="scopus")
        late = [Record("scopus", title=f"Late study {n}") for n in range(2)]
        records.add_records(conn, batch, list(enumerate(late, 1)), utc_now())
        status.rebuild_statuses(made, conn)
    return made


def write_table(folder: Path, verdicts: dict[int, str]) -> Path:
    path = folder / "decisions.csv"
    lines = [f"R{number:06d},{verdict}" for number, verdict in verdicts.items()]
    path.write_text("record,verdict\n" + "\n".join(lines) + "\n")
    return path


def interrupt(monkeypatch, act) -> list[int]:
    """Lets somebody else act once the lines are matched, before the import takes the lock."""
    match_lines, calls = matching._match_lines, []

    def match_and_act(*args):
        matched = match_lines(*args)
        calls.append(len(calls))
        if len(calls) == 1:
            act()
        return matched

    monkeypatch.setattr(matching, "_match_lines", match_and_act)
    return calls


def list_votes(project: Project) -> list[tuple[int, str, str | None]]:
    with project.store.read() as conn:
        return [(d.record, d.reviewer, d.verdict) for d in decisions.list_decisions(conn)]


def test_a_key_pressed_while_lines_are_matched_is_saved_and_nothing_is_matched_again(
    project, tmp_path, monkeypatch
):
    def press():
        add_decision(project, NewDecision(1, "screening", "ada", "exclude"), "ada")

    calls = interrupt(monkeypatch, press)
    path = write_table(tmp_path, dict.fromkeys(range(COUNT, 0, -1), "include"))
    result = matching.import_decisions(project, path, "ada", defaults=DEFAULTS)
    assert (result.added, len(calls)) == (COUNT, 1)
    # in the order of the file, after the key that was pressed first
    expected = [(1, "ada", "exclude")]
    expected += [(n, "ben", "include") for n in range(COUNT, 0, -1)]
    assert list_votes(project) == expected


def test_records_joined_meanwhile_have_one_decision_not_two(project, tmp_path, monkeypatch):
    def join():
        with project.store.write() as conn:
            links.add_links(conn, [Link(1, 2, "duplicate", "manual", "ada", utc_now())])
            regroup_records(project, conn)
            status.rebuild_statuses(project, conn)

    calls = interrupt(monkeypatch, join)
    path = write_table(tmp_path, {1: "include", 2: "exclude", 3: "include"})
    with pytest.raises(matching.DecisionFileError) as refused:
        matching.import_decisions(project, path, "ada", defaults=DEFAULTS)
    assert len(calls) == 2
    assert len(refused.value.result.rejected) == 2  # they contradict each other on one report
    assert list_votes(project) == []


def test_a_record_that_is_gone_meanwhile_gets_no_decision(project, tmp_path, monkeypatch):
    with project.store.read() as conn:
        (newest, *_) = [batch["id"] for batch in records.list_batches(conn)]
    interrupt(monkeypatch, lambda: undo_import(project, newest, "ada"))
    path = write_table(tmp_path, {COUNT + 1: "include", 1: "include"})
    with pytest.raises(matching.DecisionFileError, match="no record"):
        matching.import_decisions(project, path, "ada", defaults=DEFAULTS)
    assert list_votes(project) == []
