"""The state of a past day says so where recorded times and the order of entries disagree."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from support.small import studies
from typer.testing import CliRunner

from review.cli import app
from review.models import Decision, Record
from review.store import decisions, log, records
from review.workflow.exports import snapshot
from review.workflow.screening import status

TA = "title-abstract"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def make(folder, *moments):
    """A review from before May 2026 whose decisions were saved in this order, at these times."""
    project = studies(folder, [Record("embase", title=f"Study {n}") for n in range(1, 6)])
    with project.store.write() as conn:
        for table in ("batches", "protocols"):
            conn.exec_driver_sql(f"update {table} set at = '2026-04-01T00:00:00.000000Z'")
        for number, at in enumerate(moments, 1):
            decisions.add_decisions(conn, [Decision(number, TA, "ada", "include", at)])
        status.rebuild_statuses(project, conn)
        assert records.count_records(conn) == 5
    return project


def describe(project, day="2026-05-01"):
    return snapshot.describe_clocks(snapshot.snapshot_at(project, day))


@pytest.mark.parametrize(
    "moments",
    [(NOON, NOON + DAY), (NOON, NOON, NOON), (NOON, NOON - DAY, NOON + DAY, NOON + 2 * DAY)],
    ids=["in order", "ties", "set back within the state"],
)
def test_nothing_is_said_where_the_state_is_the_first_entries(tmp_path, new_store, moments):
    assert describe(make(tmp_path, *moments)) is None


def test_an_entry_dated_later_than_one_that_follows_it_is_counted(tmp_path, new_store):
    project = make(tmp_path, NOON + DAY, NOON + 2 * DAY, NOON, NOON + 3 * DAY)
    sentence = describe(project)
    assert sentence.startswith("2 entries dated after 2026-05-01 were saved before others")
    assert "by the order in which they were saved" in sentence
    assert describe(project, "2026-05-02").startswith("1 entry dated after 2026-05-02 was saved")
    assert describe(project, "2026-05-04") is None
    assert snapshot.describe_clocks(snapshot.snapshot_at(project)) is None  # order alone
    with project.store.read() as conn:
        assert log.count_out_of_order(conn, NOON) == 2
        assert log.count_out_of_order(conn, NOON - timedelta(microseconds=1)) == 0


def test_the_command_says_so(tmp_path, new_store):
    project = make(tmp_path, NOON + DAY, NOON)
    start = ["--review", str(tmp_path), "--user", "lea", "status", "--as-of", "2026-05-01"]
    told = CliRunner().invoke(app, start).output
    assert "1 entry dated after 2026-05-01 was saved before" in " ".join(told.split())
    notes = json.loads(CliRunner().invoke(app, [*start, "--json"]).output)["notes"]
    assert any("a clock was set back" in note for note in notes)
    project.store.close()
