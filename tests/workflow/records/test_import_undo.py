"""An import that is undone counts no more, nowhere; what anybody worked on cannot be undone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError, StoreError
from review.store import decisions as stored_decisions
from review.store import identified, integrity, links, records
from review.store import screening_queue as queue
from review.store.timestamps import utc_now
from review.workflow.deduplication import run as dedupe
from review.workflow.exports import duplicates_report, prisma_inputs, search_runs, snapshot
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.records.import_undo import undo_import
from review.workflow.records.imported_files import find_import
from review.workflow.records.imports import import_file
from review.workflow.safety import store_check
from review.workflow.screening import reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project


def write_ris(folder: Path, name: str, numbers: range, *, journal: str, doi: bool = True) -> Path:
    """A RIS file of studies; the same number in two files is the same study, otherwise written."""
    path = folder / name
    path.write_text(
        "".join(
            f"TY  - JOUR\nTI  - Deep learning on chest radiographs of hospital {n}\n"
            f"AU  - Li, Wei\nAU  - Roy, Ann\nPY  - 2020\nJO  - {journal}\nVL  - {n}\nSP  - {n}01\n"
            f"AB  - We read the scans of hospital {n} with a network.\n"
            + (f"DO  - 10.1234/{n}\n" if doi else "")
            + "ER  - \n\n"
            for n in numbers
        ),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A review with one file of ten records, compared and put in order."""
    init_project(tmp_path / "review")
    opened = open_project(tmp_path / "review", who="ada")
    import_file(opened, write_ris(tmp_path, "a.ris", range(10), journal="Radiology"), "ada")
    dedupe.run_deduplication(opened, "ada")
    return opened


def describe_state(project: Project) -> dict[str, object]:
    """Everything that is counted or shown of the records of a review."""
    with project.store.read() as conn:
        state = {
            "records": {one.id: one.record for one in records.iter_records(conn)},
            "count": records.count_records(conn),
            "sources": records.count_values(conn, "source"),
            "page": records.get_page(conn, words="hospital"),
            "groups": links.list_groups(conn),
            "reports": links.count_reports(conn),
            "links": {(link.a, link.b, link.verdict) for link in links.list_links(conn)},
            "entries": identified.list_entries(conn),
            "statuses": stored_decisions.get_status_rows(conn),
            "faults": integrity.find_faults(conn),
        }
    return state | {
        "flow": prisma_inputs.compute_flow(project),
        "duplicates": duplicates_report.compute_counts(project),
        "searches": search_runs.list_searches(project),
        "pairs": [(link.a, link.b) for link, _, _ in dedupe.find_possible_duplicates(project)],
        "snapshot": snapshot.snapshot_at(project).numbers,
    }


def assert_sound(project: Project) -> None:
    """Nothing that is kept differs from what the entries make."""
    checked = store_check.verify_store(project, "ada")
    assert (checked.faults, checked.repaired) == ((), ())


def test_after_the_undo_all_is_as_it_was_before(project: Project, tmp_path: Path) -> None:
    before = describe_state(project)
    path = write_ris(tmp_path, "b.ris", range(6, 15), journal="European Radiology", doi=False)
    import_file(project, path, "ada", source="embase", via="registers")
    dedupe.run_deduplication(project, "ada")
    assert describe_state(project) != before
    result = undo_import(project, find_import(project, path, "file"), "ada")
    assert (result.name, result.removed, result.kept) == ("b.ris", 9, 0)
    assert describe_state(project) == before
    assert_sound(project)
    dedupe.run_deduplication(project, "ada")
    assert describe_state(project) == before
    with project.store.read() as conn, pytest.raises(StoreError, match="no record R000012"):
        records.get_record(conn, 12)


def test_records_that_another_file_brought_too_stay(project: Project, tmp_path: Path) -> None:
    path = write_ris(tmp_path, "b.ris", range(8, 13), journal="Radiology")
    before = describe_state(project)
    result = import_file(project, path, "ada")
    assert (result.new, result.known) == (3, 2)
    undone = undo_import(project, find_import(project, path, "file"), "ada")
    assert (undone.removed, undone.kept) == (3, 2)
    assert describe_state(project) == before


def test_the_first_of_two_files_is_undone_and_the_second_takes_its_place(
    project: Project, tmp_path: Path
) -> None:
    """What both brought counts for the second, once as new; nothing is counted twice."""
    path = write_ris(tmp_path, "b.ris", range(8, 13), journal="Radiology")
    import_file(project, path, "ada")
    result = undo_import(project, find_import(project, Path("a.ris"), "file"), "ada")
    assert (result.removed, result.kept) == (8, 2)
    flow = prisma_inputs.compute_flow(project)
    assert sum(line.n or 0 for line in flow.main.identified) == 5
    with project.store.read() as conn:
        entries = identified.list_entries(conn)
        assert records.list_numbers(conn) == {9, 10, 11, 12, 13}
    assert [entry.already_known for entry in entries] == [False] * 5
    assert_sound(project)


def test_the_file_can_be_imported_again(project: Project, tmp_path: Path) -> None:
    path = write_ris(tmp_path, "b.ris", range(6, 15), journal="European Radiology", doi=False)
    import_file(project, path, "ada")
    dedupe.run_deduplication(project, "ada")
    before = describe_state(project)
    undo_import(project, find_import(project, path, "file"), "ada")
    again = import_file(project, path, "ada")
    assert (again.batch, again.new, again.known) == (3, 9, 0)
    after = describe_state(project)
    for name in ("records", "groups", "links", "statuses", "flow", "pairs", "faults", "reports"):
        assert after[name] == before[name], name
    assert_sound(project)
    undo_import(project, find_import(project, path, "file"), "ada")
    assert_sound(project)


def test_records_brought_back_are_compared_with_what_came_meanwhile(
    project: Project, tmp_path: Path
) -> None:
    path = write_ris(tmp_path, "b.ris", range(20, 25), journal="Radiology")
    import_file(project, path, "ada")
    dedupe.run_deduplication(project, "ada")
    undo_import(project, find_import(project, path, "file"), "ada")
    meanwhile = write_ris(tmp_path, "c.ris", range(20, 25), journal="Radiology, online")
    import_file(project, meanwhile, "ada")
    dedupe.run_deduplication(project, "ada")
    assert dedupe.count_uncompared(project) == 0
    import_file(project, path, "ada")
    assert dedupe.count_uncompared(project) == 5
    dedupe.run_deduplication(project, "ada")
    assert dedupe.count_uncompared(project) == 0
    with project.store.read() as conn:
        assert links.count_reports(conn) == 15
    assert_sound(project)


def test_undone_records_leave_every_queue(project: Project, tmp_path: Path) -> None:
    stage = project.protocol.stages[0]
    path = write_ris(tmp_path, "b.ris", range(30, 34), journal="Radiology")
    import_file(project, path, "ada")
    assert reviewing.get_next_record(project, stage, "ada") is not None
    undo_import(project, find_import(project, path, "file"), "ada")
    with project.store.read() as conn:
        queued = {position.record for position in queue.list_positions(conn, stage.id)}
        pending = {n for n, _ in queue.list_pending_reports(conn, stage.id, "ada")}
    assert queued == pending == set(range(1, 11))
    for number in sorted(pending):
        assert reviewing.get_next_record(project, stage, "ada") is not None
        add_decision(project, NewDecision(number, stage.id, "ada", "exclude"))
    assert reviewing.get_next_record(project, stage, "ada") is None


def test_the_state_of_a_past_day_keeps_the_import(project: Project, tmp_path: Path) -> None:
    path = write_ris(tmp_path, "b.ris", range(6, 15), journal="European Radiology", doi=False)
    import_file(project, path, "ada")
    dedupe.run_deduplication(project, "ada")
    between = utc_now()
    before = prisma_inputs.compute_flow(project)
    undo_import(project, find_import(project, path, "file"), "ada")
    assert prisma_inputs.compute_flow(project, until=between) == before
    assert prisma_inputs.compute_flow(project) != before
    with project.store.read() as conn:
        assert len(records.list_numbers_until(conn, between)) == 19
        assert len(records.list_numbers_until(conn, datetime(2000, 1, 1, tzinfo=UTC))) == 0


def test_work_on_one_of_its_records_forbids_the_undo(project: Project, tmp_path: Path) -> None:
    path = write_ris(tmp_path, "b.ris", range(40, 44), journal="Radiology")
    import_file(project, path, "ada")
    stage = project.protocol.stages[0].id
    add_decision(project, NewDecision(1, stage, "ada", "include"))  # a record of another file
    batch = find_import(project, path, "file")
    add_decision(project, NewDecision(12, stage, "ada", "include"))
    before = describe_state(project)
    with pytest.raises(ReviewError, match=r"b\.ris: this import can no longer .*\(decisions\)"):
        undo_import(project, batch, "ada")
    assert describe_state(project) == before


def test_a_person_s_word_on_duplicates_forbids_the_undo(project: Project, tmp_path: Path) -> None:
    path = write_ris(tmp_path, "b.ris", range(40, 44), journal="Radiology")
    import_file(project, path, "ada")
    dedupe.settle_pair(project, ("R000001", "R000011"), "different", "ada")
    with pytest.raises(ReviewError, match="decisions on duplicates"):
        undo_import(project, find_import(project, path, "file"), "ada")


def test_only_a_file_can_be_undone_once_and_by_the_lead(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="permission"):
        undo_import(project, 1, "ben")
    with pytest.raises(ReviewError, match="no imported file number 77"):
        undo_import(project, 77, "ada")
    undo_import(project, 1, "ada")
    with pytest.raises(ReviewError, match="undone before"):
        undo_import(project, 1, "ada")
    with pytest.raises(ReviewError, match="no file of this content or name"):
        find_import(project, Path("a.ris"), "file")
    assert [batch["undone"] for batch in listing.list_imports(project)] == [True]


def test_the_command_undoes_an_import(project: Project, tmp_path: Path) -> None:
    words = ["--review", str(project.folder), "--user", "ada", "import", "--undo"]
    run = CliRunner().invoke(app, [*words, str(tmp_path / "a.ris")])
    assert run.exit_code == 0, run.output
    assert "a.ris: import undone. 10 records no longer count; 0 stay" in run.output
    assert CliRunner().invoke(app, [*words, str(tmp_path / "a.ris")]).exit_code == 1
