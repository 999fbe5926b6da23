"""What citation searching and websites bring goes straight to retrieval, as PRISMA 2020 says."""

from pathlib import Path

import pytest

from review.errors import ReviewError
from review.prisma import get_total, validate
from review.store import decisions
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.fulltexts.retrieval import list_missing_pdfs
from review.workflow.fulltexts.retrieval_statements import RetrievalStatement, mark_retrieval
from review.workflow.project.project import Project
from review.workflow.records.imports import import_file
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path / "review")
    return open_project(tmp_path / "review", who="ada")


def bring(
    project: Project, folder: Path, name: str, numbers: range, via: str = "databases"
) -> None:
    text = "".join(
        f"TY  - JOUR\nTI  - Paper {n} on imaging\nAU  - Li, W.\nPY  - 2020\n"
        f"DO  - 10.5555/o{n}\nAB  - Abstract {n}.\nER  - \n\n"
        for n in numbers
    )
    path = folder / f"{name}.ris"
    path.write_text(text)
    import_file(project, path, "ada", source=name, via=via)  # type: ignore[arg-type]


def decide(project: Project, number: int, stage: str, verdict: str) -> None:
    for who in ("ada", "ben"):
        reason = None
        if verdict == "exclude" and stage == "full-text":
            reason = project.protocol.stages[1].reasons[0]
        add_decision(project, NewDecision(number, stage, who, verdict, reason))  # type: ignore[arg-type]


def list_stages(project: Project, number: int) -> dict[str, str]:
    with project.store.read() as conn:
        kept = {
            stage.id: decisions.list_statuses(conn, stage.id)[number]
            for stage in project.protocol.stages
            if number in decisions.list_statuses(conn, stage.id)
        }
        computed = {
            stage: statuses[number].status
            for stage, statuses in status.compute_statuses(project, conn).items()
            if number in statuses
        }
    assert kept == computed  # the projection says what a recomputation says
    return computed


@pytest.mark.parametrize("via", ["citations", "websites", "organisations"])
def test_other_methods_skip_title_and_abstract(project: Project, tmp_path: Path, via: str) -> None:
    bring(project, tmp_path, "embase", range(1, 3))
    bring(project, tmp_path, "chased", range(3, 6), via)
    assert list_stages(project, 1) == {"title-abstract": "pending"}
    assert list_stages(project, 3) == {"full-text": "pending"}
    with pytest.raises(ReviewError, match="R000003 is not at the stage 'Title and abstract'"):
        decide(project, 3, "title-abstract", "include")
    decide(project, 3, "full-text", "include")
    decide(project, 4, "full-text", "exclude")
    assert mark_retrieval(project, RetrievalStatement(5, "not retrieved", "ada", "No reply"))
    flow = validate(snapshot_at(project).flow)
    assert flow.other is not None
    assert (flow.other.sought.n, flow.other.assessed.n, flow.other.waiting_screening.n) == (3, 2, 0)
    assert [(line.label, line.n) for line in flow.other.not_retrieved] == [("No reply", 1)]
    assert get_total(flow.other.excluded_eligibility) == 1
    assert (flow.main.waiting_screening.n, flow.main.screened.n) == (2, 0)


def test_registers_are_screened_like_databases(project: Project, tmp_path: Path) -> None:
    bring(project, tmp_path, "trials", range(1, 2), "registers")
    assert list_stages(project, 1) == {"title-abstract": "pending"}


def test_full_texts_of_other_methods_are_sought(project: Project, tmp_path: Path) -> None:
    bring(project, tmp_path, "embase", range(1, 3))
    bring(project, tmp_path, "chased", range(3, 5), "citations")
    decide(project, 1, "title-abstract", "include")
    assert list_missing_pdfs(project) == [1, 3, 4]


def test_what_a_database_gives_too_is_screened_unless_it_was_judged(
    project: Project, tmp_path: Path
) -> None:
    bring(project, tmp_path, "chased", range(1, 4), "citations")
    decide(project, 1, "full-text", "include")
    path = tmp_path / "chased.ris"
    (tmp_path / "embase.ris").write_text(path.read_text() + "\n")
    done = import_file(project, tmp_path / "embase.ris", "ada", source="chased")
    assert (done.new, done.known) == (0, 3)
    assert list_stages(project, 2) == {"title-abstract": "pending"}
    assert list_stages(project, 1)["full-text"] == "included"
    assert "title-abstract" not in list_stages(project, 1)
    flow = validate(snapshot_at(project).flow)
    assert flow.other is not None
    assert (flow.main.waiting_screening.n, flow.other.assessed.n) == (2, 1)


def test_a_file_named_anew_moves_and_decisions_stay(project: Project, tmp_path: Path) -> None:
    bring(project, tmp_path, "chased", range(1, 4))
    decide(project, 1, "title-abstract", "exclude")
    add_decision(project, NewDecision(2, "title-abstract", "ada", "include"))
    import_file(project, tmp_path / "chased.ris", "ada", via="citations")
    assert list_stages(project, 1) == {"title-abstract": "excluded"}
    assert list_stages(project, 2) == {"title-abstract": "partial"}
    assert list_stages(project, 3) == {"full-text": "pending"}
    flow = validate(snapshot_at(project).flow)
    assert flow.other is not None
    assert (flow.other.sought.n, flow.other.waiting_screening.n) == (1, 1)
    import_file(project, tmp_path / "chased.ris", "ada", via="databases")
    assert list_stages(project, 3) == {"title-abstract": "pending"}


def test_a_review_without_full_texts_screens_everything(tmp_path: Path) -> None:
    init_project(tmp_path / "review")
    path = tmp_path / "review" / "protocol.yaml"
    text = path.read_text()
    start = text.index("  - id: full-text")
    end = text.index("\n\n", start)
    path.write_text(text[:start].rstrip() + text[end:])
    opened = open_project(tmp_path / "review", who="ada")
    if any(stage.kind != "screening" for stage in opened.protocol.stages):
        pytest.fail("the protocol of this test has other stages")
    bring(opened, tmp_path, "chased", range(1, 2), "citations")
    assert list_stages(opened, 1) == {"title-abstract": "pending"}
