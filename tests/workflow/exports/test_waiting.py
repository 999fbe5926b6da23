"""A source or file that waits as a whole is named in every text, figure and command."""

import json
import re

import pytest
from support import reporting
from support.reporting import STAGES, bring, decide
from typer.testing import CliRunner

from review.cli import app
from review.store import audit_events, harvests, retrievals
from review.workflow.deduplication.groups import RUN_EVENT
from review.workflow.exports import bundle, methods_text, prisma
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.fulltexts.retrieval_statements import describe_reason
from review.workflow.project.project import Project


@pytest.fixture
def project(tmp_path) -> Project:
    begun = reporting.started(tmp_path / "r")
    bring(begun, "pubmed", range(1, 4), "2020-02-01")
    bring(begun, "scopus", range(4, 6), "2020-02-02")
    bring(begun, "embase", range(6, 13), "2020-02-03")
    for number in range(1, 6):
        decide(begun, number, STAGES[0], "exclude", "2020-03-01")
    note_run(begun, 12)
    return begun


def note_run(project: Project, last: int) -> None:
    with project.store.write() as conn:
        audit_events.add_event(
            conn, RUN_EVENT, "ada", reporting.day("2020-02-04"), detail={"last": last}
        )


TOLD = "All records of Embase (7 records) still await screening."


def test_the_source_nobody_screened_is_named_everywhere(project: Project, tmp_path) -> None:
    snapshot = snapshot_at(project)
    assert prisma.list_waiting(snapshot) == [TOLD]
    assert TOLD in methods_text.write_methods(snapshot)
    files = prisma.build_files(snapshot)
    drawn = " ".join(re.sub(r"<[^>]+>", " ", files["prisma.svg"].decode()).split())
    assert TOLD in drawn
    assert "All records of Embase" in files["prisma.mmd"].decode()
    report = bundle.build_report_files(snapshot)
    assert TOLD in report["methods.md"].decode()
    result = CliRunner().invoke(app, ["-r", str(project.folder), "-u", "ada", "status"])
    assert TOLD in result.stdout
    result = CliRunner().invoke(app, ["-r", str(project.folder), "-u", "ada", "status", "--json"])
    assert TOLD in json.loads(result.stdout)["notes"]


def test_one_judged_record_ends_it(project: Project) -> None:
    decide(project, 6, STAGES[0], "include", "2020-03-02")
    assert prisma.list_waiting(snapshot_at(project)) == []


def test_duplicates_of_screened_records_do_not_hide_that_the_rest_waits(project: Project) -> None:
    reporting.link(project, 1, 6, "duplicate", "2020-02-05", "ada")
    reporting.link(project, 4, 7, "duplicate", "2020-02-05", "ada")
    assert prisma.list_waiting(snapshot_at(project)) == [TOLD.replace("7 rec", "5 rec")]


def test_a_file_of_a_source_that_was_begun_is_named_by_its_file(project: Project) -> None:
    bring(project, "pubmed", range(13, 16), "2020-04-01")
    with project.store.write() as conn:
        conn.exec_driver_sql("update batches set name = 'update.nbib' where id = 4")
    note_run(project, 15)
    told = prisma.list_waiting(snapshot_at(project))
    assert told == [
        "All records of Embase (7 records) and update.nbib (PubMed, 3 records) still await "
        "screening."
    ]


def test_files_no_run_has_compared_are_named(project: Project) -> None:
    decide(project, 6, STAGES[0], "include", "2020-03-02")
    note_run(project, 5)
    told = prisma.list_waiting(snapshot_at(project))
    assert told == ["embase.ris (7 records) has not been compared for duplicates yet."]
    assert told[0] in methods_text.write_methods(snapshot_at(project))


def test_a_past_day_is_told_as_it_was(project: Project) -> None:
    decide(project, 6, STAGES[0], "include", "2020-05-02")
    assert prisma.list_waiting(snapshot_at(project, "2020-04-01")) == [TOLD]


RAW = (
    "unpaywall: HTTP 503 <urlopen error [Errno -2] Name or service not known>; pmc: the answer is "
    "XML but not a listing of files"
)


@pytest.mark.parametrize("source", [None, "open copies"])
def test_what_a_service_said_reaches_no_figure_and_no_table(project: Project, source) -> None:
    decide(project, 1, STAGES[0], "include", "2020-03-03")
    with project.store.write() as conn:
        at = reporting.day("2020-03-04")
        retrievals.add_attempt(conn, 1, "not retrieved", "ada", at, source=source, reason=RAW)
    snapshot = snapshot_at(project)
    assert [line.label for line in snapshot.flow.main.not_retrieved] == ["No open copy found"]
    for name, data in bundle.build_report_files(snapshot).items():
        if not name.startswith("log") and name.endswith(("svg", "md", "csv", "html", "tex", "mmd")):
            assert b"urlopen" not in data and b"Errno" not in data, name


def test_a_persons_reason_stands_as_it_is(project: Project) -> None:
    with project.store.write() as conn:
        at = reporting.day("2020-03-04")
        reason = "pmc: embargo until May"
        retrievals.add_attempt(conn, 1, "not retrieved", "ada", at, source="person", reason=reason)
        attempt = retrievals.get_newest_attempt(conn, 1)
    assert attempt is not None and describe_reason(attempt) == reason


def test_a_search_that_stopped_is_told_without_the_services_words(project: Project) -> None:
    with project.store.write() as conn:
        at = reporting.day("2020-03-12")
        number = harvests.open_harvest(
            conn,
            at,
            "ada",
            detail={},
            run="x",
            source="pubmed",
            batch=1,
            query="q",
            compiled="q",
            window_from="2020-01-01",
            window_to="2020-03-12",
        )
        note = "HTTPSConnectionPool(host='eutils'): Read timed out. sha256 9f86d081884c7d65 SIGKILL"
        harvests.end_harvest(conn, number, at=at, verdict="incomplete", note=note)
    snapshot = snapshot_at(project)
    files = bundle.build_report_files(snapshot)
    assert "PubMed has not been searched in full yet" in files["methods.md"].decode()
    for name, data in files.items():
        if not name.startswith("log") and name.endswith(("svg", "md", "csv", "html", "tex", "mmd")):
            assert b"HTTPSConnectionPool" not in data and b"SIGKILL" not in data, name
