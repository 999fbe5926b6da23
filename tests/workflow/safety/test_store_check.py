"""What is kept computed is compared with its entries, and repaired, with a word."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from support.acts import act_at_random, read_state
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.store import audit_events
from review.workflow.safety import store_check
from review.workflow.setup.loading import open_project

ROOT = Path(__file__).parents[3]


def make(folder, seed=1, acts=60):
    project = studies(folder, [Record("embase", title=f"Study {n}") for n in range(1, 13)])
    act_at_random(project, acts, seed)
    return project


def change(project, statement):
    with project.store.write() as conn:
        assert conn.execute(text(statement)).rowcount != 0


@pytest.mark.parametrize("seed", range(4))
def test_what_the_app_keeps_is_what_its_entries_make(tmp_path, seed):
    """After any acts there is nothing to repair: the check itself raises no false alarm."""
    project = make(tmp_path, seed)
    assert store_check.verify_store(project, "ada") == store_check.StoreCheck((), ())
    assert store_check.check_at_opening(project, "ada") == ()


STANDING = "update standings set {} where record = (select min(record) from standings)"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (STANDING.format("status = 'included'"), "the status of R"),
        (STANDING.format("votes = votes + 1"), "the status of R"),
        (
            "insert into voters (stage, record, reviewer) values ('title-abstract', 2, 'eve')",
            "the status of R000002 at title-abstract",
        ),
        ("delete from voters", "the status of R"),
        (
            "insert into voters (stage, record, reviewer) values ('full-text', 3, 'ada')",
            "the status of R000003 at full-text",
        ),
        (STANDING.format("reason = 'another'"), "the status of R"),
        ("delete from standings where stage = 'title-abstract' and record > 4", "the status of"),
        (
            "insert into standings (record, stage, status, votes) "
            "values (2, 'full-text', 'pending', 0)",
            "at full-text",
        ),
        ("update groups set report = 12, study = 12 where record = 12", "the groups of R000012"),
        ("delete from groups", "the groups of R"),
        ("update order_rows set position = 0", "the order of title-abstract"),
    ],
)
def test_each_kind_of_difference_is_repaired_and_named(tmp_path, database, statement, said):
    from review.protocol.models import find_stage
    from review.workflow.deduplication.run import settle_pair
    from review.workflow.screening import assignment

    project = make(tmp_path, acts=25)
    with project.store.write() as conn:
        assignment.enqueue(project, conn, find_stage(project.protocol, "screening"))
    settle_pair(project, ("R000011", "R000012"), "same", "ada")
    before = read_state(project)
    change(project, statement)
    check = store_check.verify_store(project, "ada")
    assert not check.faults and any(said in line for line in check.repaired), check
    after = read_state(project)
    alone = {n: (n, n) for n in range(1, 13)}
    assert {**alone, **after["groups"]} == {**alone, **before["groups"]}
    assert (after["kept"], after["computed"]) == (before["kept"], before["computed"])
    with project.store.read() as conn:
        (note,) = audit_events.list_events(conn, kind=store_check.REPAIR_EVENT)
    assert note["who"] == "ada" and note["detail"]["what"] == list(check.repaired)
    assert store_check.verify_store(project, "ada").repaired == ()
    project.store.close()


def test_opening_repairs_what_a_writer_of_another_kind_left_behind(tmp_path):
    """A decision without its standing, and records without any, as an older program leaves them."""
    project = make(tmp_path, acts=5)
    change(
        project,
        "insert into decisions (at, record, stage, reviewer, role, verdict) "
        "values ('2026-05-01T12:00:00.000000Z', 3, 'title-abstract', 'ada', 'reviewer', 'include')",
    )
    again = open_project(tmp_path, who="ben")
    assert any("R000003" in notice and "title-abstract" in notice for notice in again.notices)
    assert open_project(tmp_path, who="ben").notices == ()
    change(project, "delete from standings where record = 9")
    again = open_project(tmp_path, who="ben")
    assert any("R000009" in notice for notice in again.notices)
    state = read_state(again)
    assert state["kept"]["title-abstract"] == {
        n: one[0] for n, one in state["computed"]["title-abstract"].items()
    }


def test_lost_entries_are_told_and_nothing_is_written(tmp_path):
    project = make(tmp_path, acts=40)
    with project.store.engine.connect() as conn:
        conn.exec_driver_sql("pragma foreign_keys = off")
        conn.exec_driver_sql("delete from decisions where id = 2")
        conn.exec_driver_sql("update standings set votes = 9")
        conn.commit()
    check = store_check.verify_store(project, "ada")
    assert any("entries are missing in decisions: 2" in line for line in check.faults)
    assert check.repaired == ()
    with project.store.read() as conn:
        assert set(conn.execute(text("select votes from standings")).scalars()) == {9}
    done = run(tmp_path, "verify", "--store")
    assert done.returncode == 1 and "LOST OR WRONG" in done.stdout


def run(folder, *words):
    start = [sys.executable, "-m", "review.cli", "--review", str(folder), "--user", "ada"]
    return subprocess.run([*start, *words], capture_output=True, text=True, cwd=ROOT)


def test_the_command_says_what_it_found(tmp_path):
    project = make(tmp_path, acts=10)
    done = run(tmp_path, "verify", "--store")
    assert done.returncode == 0 and "The store is sound" in done.stdout
    change(project, STANDING.format("pile = 'maybe'"))
    done = run(tmp_path, "verify", "--store")
    assert done.returncode == 0, done.stderr
    assert "recomputed: the status of R000001" in done.stdout + done.stderr
    done = run(tmp_path, "verify")
    assert done.returncode == 1 and "review verify --store" in done.stderr


def test_only_the_lead_repairs(tmp_path):
    with pytest.raises(ReviewError, match="ben does not have permission"):
        store_check.verify_store(make(tmp_path, acts=1), "ben")
