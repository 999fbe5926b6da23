"""An import of decisions that is undone: what each reviewer had decided before counts again."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.store import audit_events, decisions, records, retrievals
from review.store.timestamps import utc_now
from review.workflow.exports import prisma_inputs
from review.workflow.fulltexts.retrieval_statements import RetrievalStatement, mark_retrieval
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.records.decision_undo import (
    DecisionUndoResult,
    format_undo,
    undo_decision_import,
)
from review.workflow.records.import_decisions import import_decisions
from review.workflow.records.imported_files import find_import
from review.workflow.records.imports import import_file
from review.workflow.safety import store_check
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project
from review.workflow.setup.people import retire_person

TA, FT = "title-abstract", "full-text"
HEAD = "record,stage,reviewer,verdict,reason,note\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path / "review")
    opened = open_project(tmp_path / "review", who="ada")
    path = tmp_path / "embase.ris"
    path.write_text(
        "".join(
            f"TY  - JOUR\nTI  - Reading scans of hospital {n}\nPY  - 20{n:02}\n"
            f"DO  - 10.5555/h{n}\nER  - \n\n"
            for n in range(10, 16)
        )
    )
    import_file(opened, path, "ada", source="embase")
    return opened


def enter(project: Project, name: str, *lines: str) -> int:
    """Imports lines of decisions and gives the number of the import."""
    path = project.folder.parent / name
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    batch = import_decisions(project, path, "ada").batch
    assert batch is not None
    return batch


def decide(project: Project, record: int, who: str, verdict: str | None, stage: str = TA) -> None:
    reason = get_reason(project) if (verdict, stage) == ("exclude", FT) else None
    add_decision(project, NewDecision(record, stage, who, verdict, reason))  # type: ignore[arg-type]


def get_reason(project: Project) -> str:
    return next(s for s in project.protocol.stages if s.kind == "eligibility").reasons[0]


def describe_state(project: Project) -> dict[str, object]:
    """What counts: the statuses of every report, the newest verdicts, the flow diagram."""
    with project.store.read() as conn:
        newest = {
            (d.record, d.stage, d.reviewer, d.role): (d.verdict, d.reason, d.note)
            for d in decisions.list_decisions(conn)
        }
        rows = decisions.get_status_rows(conn)
    return {
        "decisions": {key: content for key, content in newest.items() if content[0]},
        "statuses": {
            key: {name: value for name, value in row.items() if name != "at"}
            for key, row in rows.items()
        },
        "flow": prisma_inputs.compute_flow(project),
    }


def assert_sound(project: Project) -> None:
    checked = store_check.verify_store(project, "ada")
    assert (checked.faults, checked.repaired) == ((), ())


def count_entries(project: Project) -> int:
    with project.store.read() as conn:
        return len(decisions.list_decisions(conn))


def test_after_the_undo_all_is_as_it_was_before(project: Project) -> None:
    decide(project, 1, "ada", "include")
    decide(project, 1, "ben", "include")
    decide(project, 2, "ada", "unsure")
    before = describe_state(project)
    batch = enter(
        project,
        "d.csv",
        f"R000002,{TA},ben,include,,",
        f"R000003,{TA},ada,exclude,,",
        f"R000003,{TA},ben,exclude,,",
        f"R000004,{TA},ada,include,,from paper",
        f"R000004,{TA},ben,include,,",
        f"R000004,{FT},ada,exclude,{get_reason(project)},",
        f"R000004,{FT},ben,exclude,{get_reason(project)},",
    )
    between, during = utc_now(), describe_state(project)
    assert during["flow"] != before["flow"]
    result = undo_decision_import(project, batch, "ada")
    assert result == DecisionUndoResult(
        name="d.csv", withdrawn=7, restored=0, kept=(), statements=0
    )
    assert describe_state(project) == before
    assert prisma_inputs.compute_flow(project, until=between) == during["flow"]
    assert count_entries(project) == 3 + 7 + 7
    assert_sound(project)


def test_an_earlier_decision_that_the_file_replaced_counts_again(project: Project) -> None:
    add_decision(project, NewDecision(1, TA, "ada", "exclude", note="mine"))
    decide(project, 2, "ada", "include")
    decide(project, 3, "ada", "include")
    decide(project, 3, "ada", None)
    before = describe_state(project)
    batch = enter(
        project,
        "d.csv",
        f"R000001,{TA},ada,include,,theirs",
        f"R000002,{TA},ada,withdraw,,",
        f"R000003,{TA},ada,exclude,,",
    )
    assert describe_state(project) != before
    result = undo_decision_import(project, batch, "ada")
    assert (result.withdrawn, result.restored) == (1, 2)
    assert describe_state(project) == before
    assert_sound(project)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_imports_are_undone_in_either_order(project: Project, order: tuple[int, int]) -> None:
    decide(project, 1, "ada", "unsure")
    before = describe_state(project)
    batches = [
        enter(project, "a.csv", f"R000001,{TA},ada,include,,", f"R000002,{TA},ada,include,,"),
        enter(project, "b.csv", f"R000001,{TA},ada,exclude,,", f"R000002,{TA},ada,exclude,,"),
    ]
    results = [undo_decision_import(project, batches[position], "ada") for position in order]
    kept = ("R000001", "R000002") if order == (0, 1) else ()
    assert results[0].kept == kept
    assert describe_state(project) == before
    assert_sound(project)


def test_what_a_reviewer_decided_anew_stays_and_is_named(project: Project) -> None:
    batch = enter(
        project,
        "d.csv",
        f"R000001,{TA},ada,include,,",
        f"R000002,{TA},ada,include,,",
        f"R000003,{TA},ben,include,,",
    )
    decide(project, 1, "ada", "exclude")
    decide(project, 3, "ada", "include")
    result = undo_decision_import(project, batch, "ada")
    assert (result.withdrawn, result.kept) == (2, ("R000001",))
    assert "Decided anew since the import, so not changed: R000001." in format_undo(result)
    state = describe_state(project)
    assert state["decisions"] == {
        (1, TA, "ada", "reviewer"): ("exclude", None, None),
        (3, TA, "ada", "reviewer"): ("include", None, None),
    }
    assert_sound(project)


def test_decisions_at_a_later_stage_forbid_the_undo(project: Project) -> None:
    batch = enter(
        project,
        "d.csv",
        *(f"R00000{n},{TA},{who},include,," for n in (1, 2) for who in ("ada", "ben")),
    )
    decide(project, 1, "ben", "include", FT)
    before, entries = describe_state(project), count_entries(project)
    with pytest.raises(ReviewError, match=r"d\.csv: .* on 1 record .*\(decisions at Full text\)"):
        undo_decision_import(project, batch, "ada")
    assert (describe_state(project), count_entries(project)) == (before, entries)
    decide(project, 1, "ben", None, FT)
    assert undo_decision_import(project, batch, "ada").withdrawn == 4


def test_later_work_that_still_counts_does_not_forbid_it(project: Project) -> None:
    """The file only repeated, with another note, what let the record through."""
    decide(project, 1, "ada", "include")
    decide(project, 1, "ben", "include")
    batch = enter(project, "d.csv", f"R000001,{TA},ada,include,,a note")
    decide(project, 1, "ben", "include", FT)
    result = undo_decision_import(project, batch, "ada")
    assert (result.withdrawn, result.restored) == (0, 1)
    with project.store.read() as conn:
        assert decisions.get_status(conn, 1, FT) is not None
    assert_sound(project)


def test_a_conflict_resolved_since_forbids_the_undo(project: Project) -> None:
    decide(project, 1, "ben", "exclude")
    batch = enter(project, "d.csv", f"R000001,{TA},ada,include,,")
    judge = next(p.name for p in project.protocol.team if "adjudicator" in p.roles)
    add_decision(project, NewDecision(1, TA, judge, "exclude", role="adjudicator"))
    with pytest.raises(ReviewError, match="resolved conflicts"):
        undo_decision_import(project, batch, "ada")
    add_decision(project, NewDecision(1, TA, judge, None, role="adjudicator"))
    assert undo_decision_import(project, batch, "ada").withdrawn == 1


def test_statements_on_full_texts_are_taken_back(project: Project) -> None:
    for number in (1, 2, 3):
        decide(project, number, "ada", "include")
        decide(project, number, "ben", "include")
    mark_retrieval(project, RetrievalStatement(2, "not retrieved", "ada", "no loan"))
    before = describe_state(project)
    path = project.folder.parent / "d.csv"
    path.write_text(
        HEAD
        + f"R000001,{FT},ada,not retrieved,closed,\nR000002,{FT},ada,not retrieved,library,\n"
        + f"R000003,{FT},ada,not retrieved,closed,\n"
    )
    done = import_decisions(project, path, "ada")
    assert done.batch is not None and done.retrievals == 3
    mark_retrieval(project, RetrievalStatement(3, "retrieved", "ben"))
    assert describe_state(project) != before
    assert undo_decision_import(project, done.batch, "ada").statements == 2
    assert describe_state(project) == before
    with project.store.read() as conn:
        states = retrievals.list_newest_states(conn)
    assert states[2] == ("not retrieved", "no loan")
    assert (states[1][0], states[3][0]) == ("sought", "retrieved")


def state(project: Project, name: str, *lines: str) -> int:
    """Imports a file of statements on full texts and gives the number of the import."""
    stated = [line.split() for line in lines]
    return enter(project, name, *(f"{key},{FT},ada,not retrieved,{why}," for key, why in stated))


def get_states(project: Project) -> dict[int, tuple[str, str | None]]:
    with project.store.read() as conn:
        return {n: s for n, s in retrievals.list_newest_states(conn).items() if s[0] != "sought"}


@pytest.fixture
def sought(project: Project) -> Project:
    for number in (1, 2, 3):
        decide(project, number, "ada", "include")
        decide(project, number, "ben", "include")
    return project


def test_two_imports_and_a_statement_at_the_same_instant_are_told_apart(
    sought: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 11, 29, 12, 0, 0, 5, tzinfo=UTC)
    for module in ("records.import_decisions", "fulltexts.retrieval_statements"):
        monkeypatch.setattr(f"review.workflow.{module}.utc_now", lambda: at)
    first = state(sought, "a.csv", "R000001 closed")
    mark_retrieval(sought, RetrievalStatement(3, "not retrieved", "ada", "no loan"))
    second = state(sought, "b.csv", "R000002 lost")
    with sought.store.read() as conn:
        times = {row["id"]: row["at"] for row in records.list_batches(conn)}
        attempts = [retrievals.list_attempts(conn, number)[-1].at for number in (1, 3, 2)]
    assert attempts == sorted(set(attempts))
    assert (attempts[0], attempts[2]) == (times[first], times[second])
    assert undo_decision_import(sought, first, "ada").statements == 1
    assert get_states(sought) == {
        2: ("not retrieved", "lost"),
        3: ("not retrieved", "no loan"),
    }
    assert undo_decision_import(sought, second, "ada").statements == 1
    assert get_states(sought) == {3: ("not retrieved", "no loan")}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_statements_of_several_imports_are_undone_in_any_order(
    sought: Project, order: tuple[int, ...]
) -> None:
    """What counts is always the newest statement of a file that is not undone."""
    reasons = ["closed", "lost", "closed"]
    batches = [state(sought, f"{n}.csv", f"R000001 {why}") for n, why in enumerate(reasons)]
    left = dict(enumerate(reasons))
    for number in order:
        undo_decision_import(sought, batches[number], "ada")
        del left[number]
        counts = {1: ("not retrieved", left[max(left)])} if left else {}
        assert get_states(sought) == counts
    assert_sound(sought)


def test_full_texts_that_could_not_be_had_forbid_the_undo(project: Project) -> None:
    batch = enter(project, "d.csv", *(f"R000001,{TA},{who},include,," for who in ("ada", "ben")))
    mark_retrieval(project, RetrievalStatement(1, "not retrieved", "ada", "no loan"))
    with pytest.raises(ReviewError, match="statements on full texts"):
        undo_decision_import(project, batch, "ada")


def test_the_decisions_of_a_retired_reviewer_are_not_undone(project: Project) -> None:
    batch = enter(project, "d.csv", f"R000001,{TA},ben,include,,")
    retire_person(project, "ben", "ada")
    entries = count_entries(project)
    with pytest.raises(ReviewError, match="while ben is retired"):
        undo_decision_import(project, batch, "ada")
    assert count_entries(project) == entries


def test_only_decisions_can_be_undone_once_and_by_the_lead(project: Project) -> None:
    batch = enter(project, "d.csv", f"R000001,{TA},ben,include,,")
    with pytest.raises(ReviewError, match="permission"):
        undo_decision_import(project, batch, "ben")
    with pytest.raises(ReviewError, match="no import of decisions number 1"):
        undo_decision_import(project, 1, "ada")
    undo_decision_import(project, batch, "ada")
    with pytest.raises(ReviewError, match="undone before"):
        undo_decision_import(project, batch, "ada")
    with pytest.raises(ReviewError, match="no decisions of a file"):
        find_import(project, Path("d.csv"), "decisions")
    assert [row["undone"] for row in listing.list_imports(project)] == [True, False]
    with project.store.read() as conn:
        (event,) = audit_events.list_events(conn, kind="decision import undone")
    assert (event["who"], event["subject"], event["detail"]) == (
        "ada",
        str(batch),
        {"file": "d.csv", "decisions": 1, "statements": 0},
    )


def test_the_file_can_be_imported_again(project: Project) -> None:
    lines = [f"R000001,{TA},{who},include,," for who in ("ada", "ben")]
    first = enter(project, "d.csv", *lines)
    during = describe_state(project)
    undo_decision_import(project, first, "ada")
    second = enter(project, "d.csv", *lines)
    assert second != first
    assert describe_state(project) == during
    assert find_import(project, project.folder.parent / "d.csv", "decisions") == second
    assert_sound(project)


def test_the_command_undoes_an_import(project: Project) -> None:
    enter(project, "d.csv", f"R000001,{TA},ben,include,,")
    path = str(project.folder.parent / "d.csv")
    words = ["--review", str(project.folder), "--user", "ada", "import-decisions", "--undo", path]
    run = CliRunner().invoke(app, words)
    assert run.exit_code == 0, run.output
    assert "Import of d.csv undone: 1 decision taken back, 0 earlier" in run.output
    assert describe_state(project)["decisions"] == {}
    assert CliRunner().invoke(app, words).exit_code == 1
