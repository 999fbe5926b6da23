"""A library of several databases counts, in every figure, for the databases its records name."""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
from support import appraising
from support.samples import EXPORTS, MIXED_LIBRARY
from typer.testing import CliRunner

from review.cli import app
from review.formats import detect_database
from review.models import Record
from review.prisma import get_total
from review.store import identified as arrivals
from review.workflow.exports import bundle, duplicates_report, methods_text, snapshot
from review.workflow.exports.search_runs import list_searches
from review.workflow.project.project import Project
from review.workflow.records.imports import import_file
from review.workflow.setup.loading import open_project

NAMED = MIXED_LIBRARY
PLAIN = "".join(f"TY  - JOUR\nTI  - Title number {n}\nPY  - 2020\nER  - \n\n" for n in range(3))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "protocol.yaml").write_text(appraising.PROTOCOL)
    return open_project(tmp_path / "r", who="ada")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXPORTS / "library.xml", tmp_path))


def counted(project: Project) -> dict[str, int | None]:
    return {one.label: one.n for one in snapshot.snapshot_at(project).flow.main.identified}


def run(project: Project, *words: str) -> str:
    done = CliRunner().invoke(app, ["--review", str(project.folder), "--user", "ada", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_each_record_counts_for_the_database_it_names(project: Project, library: Path) -> None:
    done = import_file(project, library, "ada")
    assert dict(done.named) == NAMED and done.source == "various"
    assert counted(project) == NAMED
    now = snapshot.snapshot_at(project)
    assert get_total(now.flow.main.identified) == 8
    assert {
        one.source: one.found for one in duplicates_report.compute_counts(project).sources
    } == NAMED
    assert {one.source: one.read for one in list_searches(now.project)} == {
        "Embase": 4,
        "PubMed": 2,
        "Cochrane Library": 1,
        "MEDLINE": 1,
    }
    told = re.sub(r" \([\d-]+\)", "", methods_text.write_methods(now))
    assert "Cochrane Library, Embase, MEDLINE and PubMed were imported" in told


def test_all_numbers_of_the_report_agree(project: Project, library: Path) -> None:
    import_file(project, library, "ada")
    tables = {one.name: one for one in bundle.build_all_tables(snapshot.snapshot_at(project))}
    overlap = {row[0]: row[1:] for row in tables["source-overlap"].rows}
    assert set(overlap) == {"Embase", "PubMed", "Cochrane Library", "MEDLINE"}
    log = tables["search-log"]
    read = dict(zip(log.columns, zip(*log.rows, strict=True), strict=True))["Read"]
    assert sum(int(str(n)) for n in read) == 8
    appendix = {row[0]: row[2] for row in tables["prisma-s"].rows}
    named = ("Cochrane Library", "Embase", "MEDLINE", "PubMed")
    assert appendix[1] == "; ".join(f"{one} (search export)" for one in named)


def test_a_person_may_say_that_the_file_is_one_search(project: Project, library: Path) -> None:
    import_file(project, library, "ada", source="embase")
    assert counted(project) == {"embase": 8}


def test_the_same_file_again_with_a_source_names_it_and_adds_nothing(
    project: Project, library: Path
) -> None:
    said = run(project, "import", str(library))
    assert "embase 4, pubmed 2, medline 1, cochrane 1" in said and "--source" in said
    again = run(project, "import", str(library), "--source", "Embase", "--via", "registers")
    assert "Nothing was added." in again
    assert "counted under various and are now counted under embase." in again
    assert "counted under databases and are now counted under registers." in again
    assert counted(project) == {"embase": 8}
    assert snapshot.snapshot_at(project).flow.main.identified[0].group == "registers"
    assert "are now counted" not in run(project, "import", str(library), "--source", "embase")
    with project.store.read() as conn:
        assert len(arrivals.list_manual_sources(conn)) == 1


def test_a_source_named_later_leaves_a_past_day_as_it_was(project: Project, library: Path) -> None:
    import_file(project, library, "ada")
    with project.store.write() as conn:
        for table in ("batches", "records", "protocols"):
            conn.exec_driver_sql(f"update {table} set at = '2020-01-01T00:00:00.000000Z'")
    import_file(project, library, "ada", source="embase")
    then = snapshot.snapshot_at(project, "2020-01-01")
    assert {one.label: one.n for one in then.flow.main.identified} == NAMED
    assert counted(project) == {"embase": 8}


def test_a_file_that_names_no_database_stands_under_its_name(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "ours.ris").write_text(PLAIN)
    said = run(project, "import", str(tmp_path / "ours.ris"))
    assert "ours.ris (database not stated) 3" in said
    assert counted(project) == {"ours.ris (database not stated)": 3}
    rows = csv.reader(io.StringIO(run(project, "status")))
    assert any("ours.ris (database not stated): 3" in "".join(row) for row in rows)


def test_unreadable_entries_of_a_mixed_file_are_given_to_no_database(
    project: Project, tmp_path: Path
) -> None:
    some = PLAIN.replace("PY  - 2020", "DB  - Embase", 1).replace("PY  - 2020", "DB  - Scopus", 1)
    (tmp_path / "cut.ris").write_text(some[:-10])
    import_file(project, tmp_path / "cut.ris", "ada", keep_good=True)
    assert counted(project) == {"embase": 1, "scopus": 1, "cut.ris (database not stated)": 1}


def test_an_entry_that_names_none_gets_a_name_only_where_the_others_agree() -> None:
    assert detect_database.choose_for_file(["embase", "embase", None], "ris") == "embase"
    assert (
        detect_database.choose_for_file(["embase", "embase", "embase", "scopus", None], "ris")
        == "ris"
    )
    assert detect_database.choose_for_file(["embase", None, None], "ris") == "ris"
    assert arrivals.determine_database("scopus", "various", "a.ris") == "scopus"
    assert (
        Record("ris").source == "ris" and arrivals.determine_database("ris", "ris", None) == "ris"
    )
