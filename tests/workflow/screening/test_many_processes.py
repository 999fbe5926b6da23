"""Several app processes on one review: no record screened in vain, one ranking trained at a
time."""

import time

from support.small import studies
from support.team import make_review, screen_together

from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions, leases
from review.workflow.screening import ranking, reviewing, work_queue
from review.workflow.setup.loading import open_project

TA = "title-abstract"


def test_a_team_on_two_processes_wastes_next_to_nothing(tmp_path, database):
    names = [f"r{n}" for n in range(8)]
    project = make_review(tmp_path, names, 240)
    session = screen_together(project, names, 2, think=0.1, seconds=300)
    assert session.presses - session.wasted == 2 * 240  # all is judged, by two each
    assert session.lost == session.double == 0
    assert session.wasted <= 0.03 * session.presses
    project.store.close()


def test_what_lies_before_somebody_is_known_to_every_process(tmp_path, database):
    names = ["ada", "ben", "dora", "eve"]
    first = make_review(tmp_path, names, 4)
    second = open_project(tmp_path, who="lea")
    stage = find_stage(first.protocol, "screening")
    given = [
        reviewing.get_next_record(project, stage, name).number
        for project, name in zip((first, second, first, second), names, strict=True)
    ]
    assert all(given.count(number) <= stage.reviewers for number in given)
    reviewing.save_decision(first, stage, "ada", given[0], "include")
    with second.store.read() as conn:
        assert leases.get_report_in_hand(conn, TA, "ada") is None
        assert sum(leases.count_readers(conn, TA, "ada", 600.0).values()) == 3
        assert leases.count_readers(conn, TA, "ada", 0.0) == {}
    for project in (first, second):
        project.store.close()


def test_a_report_in_hand_runs_out_and_a_clock_set_back_frees_it(tmp_path, database, monkeypatch):
    project = studies(tmp_path, [Record("embase", title="Study")])
    monkeypatch.setattr(leases, "_read_clock", lambda _: 1_000_000.0)
    with project.store.write() as conn:
        leases.hold_report(conn, TA, "ada", 1)
        assert leases.count_readers(conn, TA, "ben", 600.0) == {1: 1}
        assert leases.count_readers(conn, TA, "ada", 600.0) == {}
        for clock, counted in ((1_000_599.9, {1: 1}), (1_000_600.0, {}), (999_000.0, {})):
            monkeypatch.setattr(leases, "_read_clock", lambda _, clock=clock: clock)
            assert leases.count_readers(conn, TA, "ben", 600.0) == counted, clock
    project.store.close()


def test_one_process_at_a_time_learns_an_order(tmp_path, database):
    first = studies(tmp_path, [Record("embase", title="Study")])
    second = open_project(tmp_path, who="ben")
    with first.store.write() as conn:
        assert leases.start_training(conn, TA, "here", 900.0)
    with second.store.write() as conn:
        assert not leases.start_training(conn, TA, "there", 900.0)
        assert leases.start_training(conn, "full-text", "there", 900.0)  # another stage
        leases.end_training(conn, TA, "there")  # not theirs to end
        assert not leases.start_training(conn, TA, "there", 900.0)
        assert leases.start_training(conn, TA, "there", 0.0)  # the first one died long ago
    ranking.retrain_ranking(first, find_stage(first.protocol, "screening"))
    with second.store.write() as conn:
        assert leases.start_training(conn, TA, "here", 900.0)
    for project in (first, second):
        project.store.close()


def test_a_second_process_starts_no_training_while_one_is_under_way(tmp_path, monkeypatch):
    project = studies(tmp_path, [Record("embase", title="Study")])
    stage = find_stage(project.protocol, "screening")
    monkeypatch.setattr(ranking, "is_retraining_due", lambda *_: True)
    with project.store.write() as conn:
        leases.start_training(conn, TA, "another:1", 900.0)
    assert not ranking.retrain_in_background(project, stage)
    with project.store.write() as conn:
        leases.end_training(conn, TA)
    assert ranking.retrain_in_background(project, stage)
    process = ranking._TRAINING_PROCESSES[project.folder, TA]
    assert process.wait(1000) == 0
    with project.store.write() as conn:
        assert leases.start_training(conn, TA, "another:1", 900.0)  # its end was noted


def test_holding_a_report_writes_only_where_it_can_save_a_press(tmp_path):
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2)])
    stage = find_stage(project.protocol, "screening")
    assert reviewing.get_next_record(project, stage, "ada") is not None
    start = time.monotonic()
    with project.store.write():  # two reviewers, both needed: nothing has to be noted
        assert reviewing.get_next_record(project, stage, "ada") is not None
    assert time.monotonic() - start < 50
    with project.store.read() as conn:
        assert decisions.get_last_id(conn) == 0
    assert work_queue.RELEASE_SECONDS == 600.0
