"""The end of a queue: nobody is given a record that enough others are reading, and nobody who walks
away keeps one from the others for long."""

from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from streamlit.testing.v1 import AppTest
from support.team import make_review

from review.protocol.models import find_stage
from review.store import Store, audit_events, leases, records
from review.store.timestamps import utc_now
from review.workflow.screening import allocation, reviewing, work_queue
from review.workflow.screening.allocation import get_queue_state
from review.workflow.setup.loading import open_project

NAMES = ("ada", "ben", "dora", "eve")
START = 1_000_000.0


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock of the leases (seconds since the start)."""

    def set_clock(seconds):
        monkeypatch.setattr(leases, "_read_clock", lambda _: START + seconds)

    set_clock(0)
    return set_clock


def give(project, name, kind="screening"):
    """The record a person is given, by its number."""
    stage = find_stage(project.protocol, kind)
    view = reviewing.get_next_record(project, stage, name)
    return view.number if view else None


def test_the_last_record_goes_to_as_many_as_are_needed_and_nobody_else(tmp_path, database, clock):
    project = make_review(tmp_path, NAMES, 1)
    stage = find_stage(project.protocol, "screening")
    assert [give(project, name) for name in NAMES] == [1, 1, None, None]
    assert [get_queue_state(project, stage, name) for name in NAMES] == [
        "waiting",
        "waiting",
        "with others",
        "with others",
    ]
    reviewing.save_decision(project, stage, "ada", 1, "include")
    assert give(project, "dora") is None  # ada's vote and ben's reading are enough
    reviewing.save_decision(project, stage, "ben", 1, "include")
    assert {get_queue_state(project, stage, name) for name in NAMES} == {"finished"}
    project.store.close()


def test_who_walks_away_blocks_nobody_for_longer_than_a_minute(tmp_path, database, clock):
    project = make_review(tmp_path, NAMES, 2)
    given = {}
    for seconds, name in enumerate(NAMES):
        clock(seconds)
        given[name] = give(project, name)
    first, second = given["ada"], ({1, 2} - {given["ada"]}).pop()
    assert sorted(given.values()) == [1, 1, 2, 2]
    stage = find_stage(project.protocol, "screening")
    early = next(name for name in NAMES if name != "ada" and given[name] == first)
    for name in NAMES:  # all but ada decide; only ada's record lacks a decision
        if name != "ada":
            reviewing.save_decision(project, stage, name, given[name], "include")
    other = next(name for name in NAMES if name != "ada" and given[name] == second)
    clock(allocation.PATIENCE_SECONDS - 0.1)
    assert give(project, other) is None
    assert get_queue_state(project, stage, other) == "with others"
    assert get_queue_state(project, stage, early) == "finished"  # judged it already
    clock(allocation.PATIENCE_SECONDS)
    assert give(project, other) == first
    reviewing.save_decision(project, stage, other, first, "include")
    assert get_queue_state(project, stage, "ada") == "finished"
    project.store.close()


def test_of_two_abandoned_records_the_one_open_for_longer_comes_first(tmp_path, clock):
    project = make_review(tmp_path, (*NAMES, "finn"), 2)
    with project.store.write() as conn:
        for seconds, (name, number) in enumerate((("ada", 2), ("ben", 1), ("dora", 2), ("eve", 1))):
            clock(seconds)
            leases.hold_report(conn, "title-abstract", name, number)
    clock(59)
    assert give(project, "finn") is None
    clock(300)
    assert give(project, "finn") == 2
    project.store.close()


def test_a_full_text_is_left_to_its_readers_until_it_is_released(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 1)
    screening, reading = (find_stage(project.protocol, k) for k in ("screening", "eligibility"))
    for name in ("ada", "ben"):
        reviewing.save_decision(project, screening, name, 1, "include")
    assert [give(project, name, "eligibility") for name in NAMES] == [1, 1, None, None]
    clock(work_queue.RELEASE_SECONDS - 0.1)
    assert give(project, "dora", "eligibility") is None
    assert get_queue_state(project, reading, "dora") == "with others"
    clock(work_queue.RELEASE_SECONDS)
    assert give(project, "dora", "eligibility") == 1
    project.store.close()


def test_where_all_are_needed_nobody_waits_for_anybody(tmp_path, clock):
    project = make_review(tmp_path, NAMES[:2], 1)
    assert [give(project, name) for name in NAMES[:2]] == [1, 1]
    project.store.close()


def draw(folder, name):
    def script(folder, name):
        from pathlib import Path

        import streamlit as st

        from review.pages import screening
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser(name, ("reviewer",))
        screening.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder), name), default_timeout=300).run()


def test_the_page_says_that_others_read_the_last_records_and_draws_itself_anew(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 1)
    stage = find_stage(project.protocol, "screening")
    for name in ("ada", "ben"):
        give(project, name)
    app = draw(tmp_path, "dora")
    assert not app.exception
    assert "Other reviewers are reading the last records" in app.info[0].value
    assert not app.success
    clock(allocation.PATIENCE_SECONDS)  # both went for a coffee
    app.run()
    assert "Include" in [button.label for button in app.button]
    again = open_project(tmp_path, who="lea")
    for name in ("ada", "ben"):
        reviewing.save_decision(again, stage, name, 1, "include")
    app = draw(tmp_path, "eve")
    assert "other reviewers have screened every record" in app.success[0].value
    assert not app.info
    again.store.close()
    project.store.close()


def test_a_record_taken_by_others_between_choice_and_note_is_not_given(
    tmp_path, database, clock, monkeypatch
):
    """The choice is made without a lock; what came between is seen when it is noted."""
    project = make_review(tmp_path, NAMES, 1)
    write = Store.write
    pending = ["ben", "dora"]

    def write_after_others(store):
        if pending:
            monkeypatch.setattr(Store, "write", write)
            assert [give(project, name) for name in pending] == [1, 1]
            pending.clear()
        return write(store)

    monkeypatch.setattr(Store, "write", write_after_others)
    assert give(project, "ada") is None
    assert not pending
    project.store.close()


@pytest.mark.parametrize("others", [8, 40])
def test_a_press_asks_the_store_little_however_many_screen_and_import(tmp_path, database, others):
    """Nearly all of a press at work is statements under one lock, so their number is bounded."""
    names = [*NAMES, *(f"r{n}" for n in range(others))]
    project = make_review(tmp_path, names, 200)
    with project.store.write() as conn:
        for number in range(others):  # each day's harvests, an import undone, a file named
            records.add_batch(conn, utc_now(), "lea", kind="harvest", source="pubmed")
            audit_events.add_event(
                conn, "source named", "lea", utc_now(), subject="1", detail={"n": number}
            )
    stage = find_stage(project.protocol, "screening")
    given = {name: give(project, name) for name in names}
    for name in names:  # each has a queue in memory then
        reviewing.save_decision(project, stage, name, given[name], "exclude")
        given[name] = give(project, name)
    with count_statements(project.store) as counts:
        reviewing.save_decision(project, stage, "ada", given["ada"], "exclude")
        saving = sum(counts.values())
        assert give(project, "ada") not in (None, given["ada"])
    assert saving <= 22
    assert sum(counts.values()) <= 46
    assert max(counts.values()) <= 3, counts.most_common(3)  # nothing is asked again and again
    project.store.close()


@contextmanager
def count_statements(store):
    """How often each statement is sent to the database."""
    counts = Counter()

    def note(_conn, _cursor, statement, *_rest):
        counts[statement] += 1

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield counts
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
