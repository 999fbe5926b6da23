"""Lists of abstracts: others are given other records while somebody reads a list, a decision frees
its record alone, and a list that is begun anew passes over nothing."""

import pytest
from support.team import make_review

from review.errors import ReviewError
from review.protocol.models import find_stage
from review.store import leases
from review.workflow.screening import allocation, reviewing

NAMES = ("ada", "ben", "dora")
TA = "title-abstract"


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock of the leases (seconds since the start)."""

    def set_clock(seconds):
        monkeypatch.setattr(leases, "_read_clock", lambda _: 1_000_000.0 + seconds)

    set_clock(0)
    return set_clock


def start(project, name, size):
    return reviewing.start_list(project, find_stage(project.protocol, "screening"), name, size)


def decide(project, name, key, verdict="include", seen=0):
    stage = find_stage(project.protocol, "screening")
    reviewing.save_decision(project, stage, name, int(key[1:]), verdict, seen=seen)


def give(project, name):
    view = reviewing.get_next_record(project, find_stage(project.protocol, "screening"), name)
    return view.key if view else None


def in_hand(project, name):
    with project.store.read() as conn:
        return leases.list_reports_in_hand(conn, TA, name)


def test_two_lists_leave_the_third_reviewer_what_they_do_not_hold(tmp_path, database, clock):
    project = make_review(tmp_path, NAMES, 60)
    first = start(project, "ada", 25)
    second = start(project, "ben", 25)
    third = start(project, "dora", 50)
    assert len(set(first)) == len(set(second)) == 25
    both = set(first) & set(second)  # two readers are enough
    assert not both & set(third)
    assert set(third) == {f"R{n:06d}" for n in range(1, 61)} - both
    project.store.close()


def test_a_long_list_of_others_hides_no_record_that_is_free(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 120)
    held = [f"R{n:06d}" for n in range(1, 121)]
    stage = find_stage(project.protocol, "screening")
    given = start(project, "ada", 50)
    with project.store.write() as conn:  # the same fifty before two people, the next to be given
        leases.hold_reports(conn, TA, "ben", [int(key[1:]) for key in given])
    assert allocation.get_queue_state(project, stage, "dora") == "waiting"
    rest = start(project, "dora", 50)
    assert len(rest) == 50 and not set(rest) & set(given) and set(rest) < set(held)


def test_a_decision_frees_its_record_and_leaves_the_rest_of_the_list(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 10)
    keys = start(project, "ada", 5)
    decide(project, "ada", keys[1])
    assert in_hand(project, "ada") == [int(key[1:]) for key in (keys[0], *keys[2:])]
    stage = find_stage(project.protocol, "screening")
    listed = reviewing.list_report_views(project, stage, "ada", keys)
    assert [report.view.key for report in listed] == keys
    assert [report.waits for report in listed] == [True, False, True, True, True]
    assert listed[1].view.own_decision.verdict == "include"


def test_a_list_begun_anew_begins_with_what_is_undecided(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 20)
    keys = start(project, "ada", 5)
    decide(project, "ada", keys[0])
    again = start(project, "ada", 5)
    assert again[:4] == keys[1:]
    assert again[4] not in keys
    assert start(project, "ada", 2) == again[:2]
    assert len(in_hand(project, "ada")) == 2
    assert give(project, "ada")
    assert len(in_hand(project, "ada")) == 1  # one record at a time holds one


def test_somebody_who_reads_on_keeps_the_list_and_who_leaves_does_not(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 4)
    stage = find_stage(project.protocol, "screening")
    keys = start(project, "ada", 4)
    for name in ("ben", "dora"):
        given = start(project, name, 4)
        if name == "dora":
            assert given == []  # ada and ben are enough for each
    clock(300)
    decide(project, "ada", keys[0])
    reviewing.renew_list(project, stage, "ada")
    assert in_hand(project, "ada") == [int(key[1:]) for key in keys[1:]]
    clock(500)
    with project.store.read() as conn:
        assert set(leases.count_readers(conn, TA, "dora", 400).values()) == {1}  # ada's alone
    clock(2_000)
    assert len(start(project, "dora", 4)) == 4


def test_at_the_end_of_the_queue_others_begin_at_the_end_of_a_list(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 4)
    keys = start(project, "ada", 4)
    with project.store.write() as conn:
        leases.hold_reports(conn, TA, "ben", [int(key[1:]) for key in keys])
    assert give(project, "dora") is None
    clock(allocation.PATIENCE_SECONDS)
    assert give(project, "dora") == keys[-1]


def test_what_others_resolve_meanwhile_waits_no_more_and_is_not_decided(tmp_path, clock):
    project = make_review(tmp_path, NAMES, 3)
    stage = find_stage(project.protocol, "screening")
    keys = start(project, "ada", 3)
    for name in ("ben", "dora"):
        decide(project, name, keys[0], "exclude")
    listed = reviewing.list_report_views(project, stage, "ada", keys)
    assert [report.waits for report in listed] == [False, True, True]
    assert listed[0].view.own_decision is None
    with pytest.raises(ReviewError, match="resolved by other reviewers"):
        decide(project, "ada", keys[0])
