"""A new order is put in place while the team screens: what they judge meanwhile stays where it was,
newcomers keep a place, and the store is locked for few statements."""

import random

import pytest
from sqlalchemy import event
from support.team import make_review

from review.models import Record
from review.protocol.models import find_stage
from review.store import records, screening_queue
from review.store.screening_queue import QueuePosition
from review.store.timestamps import utc_now
from review.workflow.screening import ranking, reviewing, status
from review.workflow.screening.assignment import enqueue

NAMES = ("ada", "ben", "dora")
COUNT = 60


@pytest.fixture
def project(tmp_path, database):
    opened = make_review(tmp_path, NAMES, COUNT)
    stage = find_stage(opened.protocol, "screening")
    with opened.store.write() as conn:
        enqueue(opened, conn, stage)
    yield opened
    opened.store.close()


def list_order(project, stage):
    with project.store.read() as conn:
        return screening_queue.list_positions(conn, stage.id)


def draw_order(project, stage):
    """All reports that wait, in a new order of scores."""
    numbers = [position.record for position in list_order(project, stage)]
    random.Random(3).shuffle(numbers)
    return [(number, 1 - index / COUNT, index % 9 == 0) for index, number in enumerate(numbers)]


def save(project, stage, ranked):
    ranking._save_order(project, stage, ranked, ("light", 4), judged=4)


def interrupt(monkeypatch, act):
    """Does something after the new order was made ready, before the store is locked."""
    place, acts = ranking._place_reports, [act]

    def place_reports(*given):
        places = place(*given)
        if acts:
            acts.pop()()
        return places

    monkeypatch.setattr(ranking, "_place_reports", place_reports)


def test_the_ranked_reports_stand_in_their_new_order(project):
    stage = find_stage(project.protocol, "screening")
    ranked = draw_order(project, stage)
    save(project, stage, ranked)
    order = list_order(project, stage)
    assert [(p.record, p.score, p.drawn) for p in order] == ranked
    assert [p.position for p in order] == list(range(COUNT))
    with project.store.read() as conn:
        assert {p.run for p in order} == {screening_queue.get_newest_run_id(conn, stage.id)}


def test_what_was_judged_stays_in_front_with_its_run(project):
    stage = find_stage(project.protocol, "screening")
    before = list_order(project, stage)
    ranked = draw_order(project, stage)
    for position in before[:3]:
        reviewing.save_decision(project, stage, "ada", position.record, "exclude")
    save(project, stage, ranked)
    order = list_order(project, stage)
    judged = {p.record for p in before[:3]}
    assert order[:3] == before[:3]
    assert [p.record for p in order[3:]] == [n for n, _, _ in ranked if n not in judged]


def test_a_record_judged_while_the_order_was_made_ready_keeps_its_place(project, monkeypatch):
    stage = find_stage(project.protocol, "screening")
    before = list_order(project, stage)
    number = before[7].record

    def judge():
        reviewing.save_decision(project, stage, "ben", number, "include")

    interrupt(monkeypatch, judge)
    ranked = draw_order(project, stage)
    save(project, stage, ranked)
    order = list_order(project, stage)
    assert order[0].record == number and order[0].run == before[7].run
    assert order[0].score is None  # it was shown for no score
    assert [p.record for p in order[1:]] == [n for n, _, _ in ranked if n != number]


def test_newcomers_of_that_moment_keep_a_place_before_the_ranked_ones(project, monkeypatch):
    stage = find_stage(project.protocol, "screening")

    def arrive():
        with project.store.write() as conn:
            batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
            records.add_records(conn, batch, [(1, Record("embase", title="A newcomer"))], utc_now())
            status.rebuild_statuses(project, conn)
            enqueue(project, conn, stage)

    interrupt(monkeypatch, arrive)
    ranked = draw_order(project, stage)
    save(project, stage, ranked)
    order = list_order(project, stage)
    assert len(order) == COUNT + 1
    assert order[0].record == COUNT + 1
    assert [p.record for p in order[1:]] == [n for n, _, _ in ranked]


def test_what_does_not_move_is_not_written_again(project):
    stage = find_stage(project.protocol, "screening")
    before = list_order(project, stage)
    for position in before[:20]:
        reviewing.save_decision(project, stage, "ada", position.record, "exclude")
    places = ranking._place_reports(
        before, draw_order(project, stage), {p.record for p in before[:20]}
    )
    assert places.unchanged == 20


def test_places_that_two_reports_share_are_written_anew():
    shared = [QueuePosition(n, place, None, True, run=1) for n, place in ((1, 0), (2, 1), (3, 1))]
    places = ranking._place_reports(shared, [(2, 0.5, False)], set())
    assert [(p.record, p.position) for p in places.positions] == [(1, 0), (3, 1), (2, 2)]
    assert places.unchanged == 1
    places = ranking._place_reports(shared, [(3, 0.5, False)], set())
    assert places.unchanged == 0


def test_the_order_of_many_reports_is_written_in_one_statement(project):
    stage = find_stage(project.protocol, "screening")
    ranked = draw_order(project, stage)
    sent = []

    def note(_conn, _cursor, statement, parameters, _context, _many):
        if "order_rows" in statement and statement.lower().startswith("insert"):
            sent.append(len(parameters) if isinstance(parameters, list) else 1)

    event.listen(project.store.engine, "before_cursor_execute", note)
    try:
        save(project, stage, ranked)
    finally:
        event.remove(project.store.engine, "before_cursor_execute", note)
    # SQLite takes the rows of one statement in this process; PostgreSQL would be sent each.
    assert sent == ([COUNT] if project.store.is_sqlite else [1])
