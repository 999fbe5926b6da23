"""Processes of the app, and PostgreSQL itself, killed in the middle of a team's work: whatever was
acknowledged is in the store, once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from support import postgres
from support.team import make_review

from review.errors import StoreError
from review.protocol.models import find_stage
from review.store import decisions
from review.store.timestamps import utc_now
from review.workflow.harvest import scheduler
from review.workflow.safety import store_check
from review.workflow.screening import reviewing
from review.workflow.setup.loading import open_project

ROOT = Path(__file__).parents[3]
STARTS = count()
NAMES = ("ada", "ben", "dora", "eve")
COUNT = 400
"""Records; more than the team screens before it is killed."""
ENOUGH = 8
"""Acknowledged decisions after which somebody is killed."""

SCREEN = """
import json, sys, time
from pathlib import Path
from review.errors import ReviewError
from review.protocol.models import find_stage
from review.workflow.screening import reviewing
from review.workflow.setup.loading import open_project

def press():
    view = reviewing.get_next_record(project, stage, name)
    if view is None:
        raise SystemExit
    reviewing.save_decision(project, stage, name, view.number, "exclude")
    print(json.dumps([view.number, name]), flush=True)  # what the reviewer was told

project, name = None, sys.argv[2]
while True:
    try:
        if project is None:
            project = open_project(Path(sys.argv[1]), who=name)
            stage = find_stage(project.protocol, "screening")
        press()
    except SystemExit:
        raise
    except ReviewError as error:
        if "resolved by other" in str(error):
            continue
        time.sleep(0.2)
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("sqlalchemy", "psycopg"):
            raise
        time.sleep(0.2)  # the database is away
"""


def start(folder, name):
    """One process in which a reviewer presses keys until it is stopped; it notes each answer."""
    return subprocess.Popen(
        [sys.executable, "-c", SCREEN, str(folder), name],
        stdout=(folder / f"told-{next(STARTS)}").open("wb"),
        stderr=(folder / f"errors-{name}").open("ab"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def read_acknowledged(folder):
    """All decisions that anybody was told are saved; a line cut short by a kill is none."""
    pairs = []
    for path in folder.glob("told-*"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            pairs.append(tuple(json.loads(line)))
    return pairs


def wait_for(folder, count):
    """Waits until so many decisions were acknowledged."""
    end = time.monotonic() + 300
    while len(read_acknowledged(folder)) < count:
        assert time.monotonic() < end, [p.read_text()[-500:] for p in folder.glob("errors-*")]
        time.sleep(0.05)


def check(folder):
    """Every acknowledged decision is in the store once; its projections are what they should be."""
    told = read_acknowledged(folder)
    project = open_project(folder, who="lea")
    stage = find_stage(project.protocol, "screening")
    with project.store.read() as conn:
        stored = Counter(
            (d.record, d.reviewer) for d in decisions.list_decisions(conn, stage=stage.id)
        )
    assert [pair for pair in told if pair not in stored] == []
    assert max(stored.values()) == 1
    assert len(told) == len(set(told))
    # a decision may be stored whose answer never arrived, at most one for each kill and reviewer
    unacknowledged = len(stored) - len(told)
    assert 0 <= unacknowledged <= 2 * len(NAMES)
    votes = Counter(number for number, _ in stored)
    assert max(votes.values()) <= stage.reviewers
    assert store_check.verify_store(project, "lea") == store_check.StoreCheck((), ())
    project.store.close()
    return len(told)


def test_a_killed_process_loses_nothing_it_acknowledged(tmp_path, database):
    make_review(tmp_path, NAMES, COUNT).store.close()
    team = {name: start(tmp_path, name) for name in NAMES}
    try:
        for round_number, name in enumerate(NAMES[:3], 1):
            wait_for(tmp_path, ENOUGH * round_number)
            team[name].send_signal(signal.SIGKILL)
            team[name].wait()
            team[name] = start(tmp_path, name)  # the reviewer opens the page again
        wait_for(tmp_path, ENOUGH * 4)
    finally:
        for child in team.values():
            child.kill()
            child.wait()
    assert check(tmp_path) >= ENOUGH * 4
    project = open_project(tmp_path, who="lea")
    stage = find_stage(project.protocol, "screening")
    assert reviewing.get_next_record(project, stage, "ada") is not None  # nobody is blocked
    project.store.close()


@pytest.fixture
def durable_server(tmp_path):
    """A PostgreSQL that writes to disk before it answers, so that killing it may lose nothing."""
    with postgres.durable_cluster() as server:
        yield server


def test_a_server_that_is_away_is_said_in_one_line_and_found_again(
    tmp_path, monkeypatch, durable_server
):
    monkeypatch.setenv("DATABASE_URL", durable_server.url)
    project = make_review(tmp_path, NAMES, 2)
    stage = find_stage(project.protocol, "screening")
    durable_server.kill()
    for act in (
        lambda: reviewing.get_next_record(project, stage, "ada"),
        lambda: reviewing.save_decision(project, stage, "ada", 1, "exclude"),
        lambda: scheduler.run_due_search(project, utc_now()),
    ):
        with pytest.raises(StoreError, match=r"^The store could not be (read|written to) ") as told:
            act()
        assert "\n" not in str(told.value)
    durable_server.start()
    assert reviewing.get_next_record(project, stage, "ada") is not None
    project.store.close()


def test_a_killed_postgresql_loses_nothing_it_acknowledged(tmp_path, monkeypatch, durable_server):
    monkeypatch.setenv("DATABASE_URL", durable_server.url)
    make_review(tmp_path, NAMES, COUNT).store.close()
    team = [start(tmp_path, name) for name in NAMES]
    try:
        for round_number in (1, 2):
            wait_for(tmp_path, ENOUGH * round_number)
            durable_server.kill()
            before = len(read_acknowledged(tmp_path))
            durable_server.start()
            wait_for(tmp_path, before + ENOUGH)  # the same processes go on by themselves
        assert [child.poll() for child in team] == [None] * len(team)
    finally:
        for child in team:
            child.kill()
            child.wait()
    assert check(tmp_path) >= ENOUGH * 3
