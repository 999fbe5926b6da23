"""Later entries do not change the report of a past day, and each report is complete: every entry in
the log, data sets from PDFs, a damaged store reported and not drawn."""

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from support import reporting
from support.papers import draw_pdf
from typer.testing import CliRunner

from review import prisma as flow
from review.cli import app
from review.errors import FlowError, ReviewError
from review.store import audit_events, feedback
from review.store.feedback import FeedbackEntry
from review.store.log import EVENT_TABLES, NON_EVENT_TABLES
from review.store.tables.review import metadata
from review.store.timestamps import utc_now
from review.workflow.deduplication import run as dedupe
from review.workflow.exports import bundle, changes, dataset_overlap, prisma, snapshot
from review.workflow.fulltexts import attachments as attached

ROOT = Path(__file__).parents[3]
TWO = {1: "earlier.pdf", 2: "study.pdf", 4: "unrelated.pdf"}


@pytest.fixture
def project(tmp_path):
    return reporting.whole(tmp_path / "review")


@pytest.fixture
def coarse(monkeypatch):
    monkeypatch.setattr(prisma, "DPIS", (20,))


def attach(project, pdfs, on):
    for number, name in pdfs.items():
        attached.attach_pdf(project, number, name, draw_pdf(name), "ada")
    with project.store.write() as conn:
        conn.exec_driver_sql(f"update files set at = '{on}T12:00:00.000000Z' where at > '2021'")


def test_data_sets_of_pdfs_stand_in_the_report(project, coarse):
    attach(project, TWO, "2020-05-20")
    now = snapshot.snapshot_at(project, "2020-06-01")
    found = dataset_overlap.build_matrix(now)
    assert len(found.studies) == 3 and len(found.datasets) > 3
    both = [
        one
        for one in found.datasets
        if all((study, one) in found.cells for study in found.studies[:2])
    ]
    assert both
    files = bundle.build_report_files(now)
    assert {"figures/dataset-overlap.svg", "tables/xlsx/dataset-overlap.xlsx"} <= set(files)
    table = files["tables/csv/dataset-overlap.csv"].decode("utf-8-sig")
    assert "named" in table and table.count("\n") >= 4


def test_a_report_without_its_pdf_is_named_as_left_out(project):
    attach(project, {1: TWO[1], 2: TWO[2]}, "2020-05-20")
    told = dataset_overlap.build_table(*both_of(project)).notes[-1]
    assert told == "Not included: 1 included report has no PDF attached."


def test_words_and_files_of_later_leave_the_data_sets_of_a_past_day(project):
    attach(project, TWO, "2020-05-20")
    named = dataset_overlap.build_matrix(snapshot.snapshot_at(project, "2020-06-01")).datasets[0]
    say(project, named, "confirm", "2020-05-21")
    before = dataset_overlap.build_table(*both_of(project))
    say(project, named, "dismiss", "2020-08-01")
    attach(project, {1: "unknown.pdf"}, "2020-08-01")
    assert dataset_overlap.build_table(*both_of(project)) == before
    now = snapshot.snapshot_at(project)
    assert dataset_overlap.build_table(now, dataset_overlap.build_matrix(now)) != before


def both_of(project):
    then = snapshot.snapshot_at(project, "2020-06-01")
    return then, dataset_overlap.build_matrix(then)


def say(project, rule, verdict, on):
    with project.store.write() as conn:
        said = FeedbackEntry(
            1, "dataset", rule, None, None, None, verdict, "ada", reporting.day(on)
        )
        feedback.add_entry(conn, said)


def test_a_reviewer_who_leaves_later_changes_no_past_day(project, coarse):
    before = bundle.build_report_files(snapshot.snapshot_at(project, "2020-06-01"))
    with project.store.write() as conn:
        audit_events.add_event(conn, "retire", "ada", reporting.day("2020-08-01"), subject="ben")
    after = bundle.build_report_files(snapshot.snapshot_at(project, "2020-06-01"))
    assert [name for name in before if before[name] != after.get(name)] == []


def test_every_table_is_in_the_log_or_is_no_entry():
    assert set(EVENT_TABLES) | set(NON_EVENT_TABLES) == set(metadata.tables)
    assert not set(EVENT_TABLES) & set(NON_EVENT_TABLES)


def test_the_log_has_as_many_entries_as_the_store(project, coarse):
    files = bundle.build_report_files(snapshot.snapshot_at(project))["log.jsonl"]
    told = [json.loads(line)["event"] for line in files.splitlines()]
    with project.store.read() as conn:
        for name in EVENT_TABLES:
            rows = conn.exec_driver_sql(f"select count(*) from {name}").scalar()
            assert told.count(name) == rows, name
    assert told.count("rejected") == 1


@pytest.mark.parametrize("past", [None, "2020-06-01", "2020-02-15"])
def test_whoever_has_only_the_log_counts_every_box_again(project, tmp_path, past, coarse):
    """By the lines the docs print, run in the folder of the log."""
    reporting.updated(project)
    then = snapshot.snapshot_at(project, past)
    (tmp_path / "log.jsonl").write_bytes(bundle.build_report_files(then)["log.jsonl"])
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "reports.md").read_text(), re.S)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    counted = eval(done.stdout, {"Counter": Counter})
    whole, _, boxes = flow.format_conservation(then.flow).partition(" records = ")
    told = {what: int(n) for n, what in (part.split(" ", 1) for part in boxes.split(" + "))}
    assert {what: n for what, n in told.items() if n} == dict(counted)
    assert sum(counted.values()) == int(whole)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("delete from records where id = 3", "R000003"),  # excluded on title and abstract
        ("delete from records where id = 1", "R000001"),  # included
        ("delete from records where id = 8", "R000008"),  # a duplicate
        ("update groups set report = 99 where record = 1", "R000099"),
        ("delete from batches where id = 2", "R000010"),
        ("delete from records where id = 7; delete from groups where record = 7", "R000007"),
        ("delete from rejected", r"import 1 \(pubmed.ris\) added 1 entries .* but 0 are present"),
        ("delete from decisions where id = 3", "decisions: 3"),
        ("delete from links where id = 1", "links: 1"),
        ("update decisions set verdict = 'maybe' where id = 3", "an invalid decision: 3"),
        ("update records set batch = 9 where id = 7", "R000007"),
        ("update answers set record = 77 where id = 1", "R000077"),
    ],
)
def test_a_broken_store_is_not_drawn_and_its_records_are_named(project, tmp_path, broken, named):
    """What another program did to the file behind the software's back."""
    with closing(sqlite3.connect(next(project.folder.rglob("*.db")))) as file:
        file.executescript(broken)
        file.commit()
    for past in (None, "2020-06-01"):
        with pytest.raises(FlowError, match=named):
            bundle.build_report_files(snapshot.snapshot_at(project, past))
    words = ["--review", str(project.folder), "--user", "ada", "export", "all"]
    done = CliRunner().invoke(app, [*words, str(tmp_path / "out")])
    assert done.exit_code != 0 and not (tmp_path / "out").exists()


def test_groups_that_are_not_those_of_the_links_are_not_drawn_and_made_anew(project):
    """The boxes would sum: a record that stands alone is one more report to screen."""
    with closing(sqlite3.connect(next(project.folder.rglob("*.db")))) as file:
        file.execute("update groups set report = 8, study = 8 where record = 8")
        file.commit()
    with pytest.raises(FlowError, match=r"groups .*R000008.* Run 'review dedupe' to rebuild"):
        snapshot.snapshot_at(project)
    dedupe.run_deduplication(project, "ada")
    assert snapshot.snapshot_at(project).groups[8] == (1, 1)


def test_the_update_of_a_living_review_is_drawn_with_its_previous_box(project, tmp_path):
    reporting.updated(project)
    found = changes.compare_since(project, "2020-06-01")
    figure = prisma.build_flow_files(found.update, day=found.day)
    assert b"previous" in figure["prisma.svg"]


def test_checksums_of_a_written_report_hold(project, tmp_path, coarse):
    files = bundle.build_report_files(snapshot.snapshot_at(project))
    told = json.loads(files["manifest.json"])["files"]
    assert {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n in told} == {
        n: one["sha256"] for n, one in told.items()
    }


def test_a_day_that_is_yet_to_come_has_no_state(project):
    tomorrow = (utc_now() + timedelta(days=1)).date().isoformat()
    with pytest.raises(ReviewError, match=f"{tomorrow} is in the future"):
        snapshot.snapshot_at(project, tomorrow)
    with pytest.raises(ReviewError, match="in the future"):
        changes.compare_since(project, "2020-06-01", tomorrow)
    assert (
        snapshot.snapshot_at(project, utc_now().date().isoformat()).flow
        == snapshot.snapshot_at(project).flow
    )
