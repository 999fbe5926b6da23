"""What a reviewer sees, decides and undoes; what stays hidden; how conflicts are resolved."""

import random
from dataclasses import replace

import pytest

from review.errors import ReviewError
from review.models import Link, Record
from review.protocol.models import find_stage
from review.store import links, records, screening_queue
from review.store.timestamps import utc_now
from review.workflow.screening import reviewing, work_queue
from review.workflow.screening import status as standings
from review.workflow.screening.assignment import enqueue
from review.workflow.setup.loading import init_project, open_project

DAN = ("  - {name: cleo", "  - {name: dan, roles: [reviewer]}\n  - {name: cleo")


def make(folder, *changes, count=30):
    init_project(folder)
    path = folder / "protocol.yaml"
    for old, new in changes:
        path.write_text(path.read_text().replace(old, new))
    project = open_project(folder, who="ada")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [
            (i, Record("embase", title=f"Study {i}", abstract=None if i % 7 == 0 else "Text"))
            for i in range(1, count + 1)
        ]
        records.add_records(conn, batch, given, utc_now())
        standings.rebuild_statuses(project, conn)
    return project, find_stage(project.protocol, "screening")


@pytest.fixture
def made(tmp_path):
    return make(tmp_path)


def run(project, stage, name, verdict, most=1000):
    keys = []
    while len(keys) < most and (one := reviewing.get_next_record(project, stage, name)):
        reviewing.save_decision(project, stage, name, one.number, verdict(one), seen=0)
        keys.append(one.key)
    return keys


def test_each_record_comes_once_until_it_is_decided(made):
    project, stage = made
    first = reviewing.get_next_record(project, stage, "ada")
    assert reviewing.get_next_record(project, stage, "ada").key == first.key
    keys = run(project, stage, "ada", lambda _: "include")
    assert len(keys) == len(set(keys)) == 30
    assert keys != sorted(keys)
    assert reviewing.get_reviewer_progress(project, stage, "ada").remaining == 0
    assert reviewing.get_reviewer_progress(project, stage, "ben").remaining == 30


def test_new_records_go_to_the_end_of_the_order(made):
    project, stage = made
    run(project, stage, "ada", lambda _: "include", most=3)
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="scopus")
        records.add_records(conn, batch, [(1, Record("scopus", title="Late"))], utc_now())
        before = [place.record for place in screening_queue.list_positions(conn, stage.id)]
        standings.rebuild_statuses(project, conn)
        enqueue(project, conn, stage)
        after = [place.record for place in screening_queue.list_positions(conn, stage.id)]
    assert after[:-1] == before
    assert after[-1] == 31


def test_what_others_decided_and_noted_is_not_in_what_a_reviewer_is_given(made):
    project, stage = made
    one = reviewing.get_next_record(project, stage, "ada")
    reviewing.add_note(project, stage, "ada", one.number, "a secret of ada")
    reviewing.save_decision(project, stage, "ada", one.number, "exclude", reason="not imaging")
    bens = reviewing.get_report_view(project, stage, "ben", one.key)
    assert bens.own_decision is None
    assert "ada" not in repr(bens)
    adas = reviewing.get_report_view(project, stage, "ada", one.key)
    assert (adas.own_decision.verdict, adas.note) == ("exclude", "a secret of ada")


def test_undo_brings_the_last_record_back(made):
    project, stage = made
    keys = run(project, stage, "ada", lambda _: "include", most=3)
    assert reviewing.undo_decision(project, stage, "ada") == keys[2]
    assert reviewing.get_next_record(project, stage, "ada").key == keys[2]
    assert reviewing.undo_decision(project, stage, "ada") == keys[1]
    assert reviewing.undo_decision(project, stage, "ada") == keys[0]
    assert reviewing.undo_decision(project, stage, "ada") is None


def test_two_tabs_of_one_reviewer_do_not_count_twice(made):
    project, stage = made
    one = reviewing.get_next_record(project, stage, "ada")
    reviewing.save_decision(project, stage, "ada", one.number, "include")
    with pytest.raises(ReviewError, match="in another tab"):
        reviewing.save_decision(project, stage, "ada", one.number, "exclude")
    mine = reviewing.get_report_view(project, stage, "ada", one.key).own_decision
    changed = reviewing.save_decision(project, stage, "ada", one.number, "exclude", seen=mine.id)
    assert (changed.status, changed.votes) == ("partial", 1)


def test_a_late_third_vote_does_not_unsettle(tmp_path):
    project, stage = make(tmp_path, DAN)
    one = reviewing.get_next_record(project, stage, "dan")
    for name in ("ada", "ben"):
        reviewing.save_decision(project, stage, name, one.number, "include")
    with pytest.raises(ReviewError, match="resolved by other reviewers"):
        reviewing.save_decision(project, stage, "dan", one.number, "exclude")
    assert reviewing.get_next_record(project, stage, "dan").key != one.key


def test_conflicts_come_in_piles_and_one_decision_settles(tmp_path):
    project, stage = make(tmp_path, ("maybe: include", "maybe: conflict"))
    verdicts = {"ada": ["include", "unsure", "include"], "ben": ["exclude", "unsure", "include"]}
    keys = {}
    for name, given in verdicts.items():
        turn = iter(given)
        keys[name] = run(project, stage, name, lambda _, turn=turn: next(turn), most=3)
    assert keys["ada"] == keys["ben"]
    piles = reviewing.list_conflicts(project, stage)
    assert (piles["verdict"], piles["maybe"], piles["reason"]) == (
        [keys["ada"][0]],
        [keys["ada"][1]],
        [],
    )
    card = reviewing.get_conflict(project, stage, piles["verdict"][0])
    assert [(v.reviewer, v.verdict) for v in card.votes] == [("ada", "include"), ("ben", "exclude")]
    reviewing.settle_conflict(project, stage, "cleo", card.number, "include", note="fits")
    assert reviewing.list_conflicts(project, stage)["verdict"] == []
    with pytest.raises(ReviewError, match="no longer in conflict"):
        reviewing.get_conflict(project, stage, card.key)
    assert reviewing.undo_adjudication(project, stage, "cleo") == card.key
    assert reviewing.list_conflicts(project, stage)["verdict"] == [card.key]
    assert reviewing.undo_adjudication(project, stage, "cleo") is None


def test_a_retired_reviewers_open_records_come_back(tmp_path):
    project, stage = make(tmp_path, DAN)
    run(project, stage, "ada", lambda _: "include", most=10)
    run(project, stage, "ben", lambda _: "exclude", most=6)
    assert reviewing.list_conflicts(project, stage)["verdict"]
    assert reviewing.retire_reviewer(project, "ben", "ada").changed == 6
    assert reviewing.list_conflicts(project, stage)["verdict"] == []
    assert reviewing.get_reviewer_progress(project, stage, "dan").remaining == 30
    run(project, stage, "dan", lambda _: "include")
    assert reviewing.retire_reviewer(project, "ben", "ada", returning=True).changed == 0
    with pytest.raises(ReviewError, match="not on this review's team"):
        reviewing.retire_reviewer(project, "zoe", "ada")


@pytest.mark.parametrize("allocation", ["pairs", "shares"])
def test_allocation_gives_each_record_to_as_many_as_needed(tmp_path, allocation):
    shares = "" if allocation == "pairs" else "\n    shares: {ada: 0.5, ben: 0.3, dan: 0.2}"
    text = f"allocation: {allocation}{shares}\n    pilot: 0 "
    project, stage = make(tmp_path, ("pilot: 0 ", text), DAN, count=200)
    reviewing.get_next_record(project, stage, "ada")
    left = {
        name: reviewing.get_reviewer_progress(project, stage, name).remaining
        for name in ("ada", "ben", "dan")
    }
    assert sum(left.values()) == 400
    if allocation == "shares":
        assert left["ada"] > left["ben"] > left["dan"] > 0
    else:
        assert max(left.values()) - min(left.values()) < 40


@pytest.mark.parametrize("allocation", ["pairs", "shares"])
def test_who_leaves_strands_nothing_that_was_given_to_them(tmp_path, allocation):
    shares = "" if allocation == "pairs" else "\n    shares: {ada: 0.4, ben: 0.4, dan: 0.2}"
    text = f"allocation: {allocation}{shares}\n    pilot: 3 "
    project, stage = make(tmp_path, ("pilot: 0 ", text), DAN, count=60)
    run(project, stage, "ben", lambda _: "exclude", most=10)
    run(project, stage, "ada", lambda one: "exclude" if one.number % 3 else "include", most=25)
    run(project, stage, "dan", lambda _: "exclude", most=4)
    settled = {n: one for n, one in now_at(project, stage).items() if one.status == "excluded"}
    assert reviewing.list_conflicts(project, stage)["verdict"]
    assert settled
    left = reviewing.retire_reviewer(project, "ben", "ada")
    assert left.reassigned > 10
    assert left.understaffed_stages == ()
    assert reviewing.get_next_record(project, stage, "ben") is None
    for name in ("ada", "dan"):
        run(project, stage, name, lambda _: "include")
    found = now_at(project, stage)
    assert {one.status for one in found.values()} <= {"included", "excluded", "conflict"}
    assert all(found[number] == one for number, one in settled.items())
    for pile in reviewing.list_conflicts(project, stage).values():
        for key in pile:
            names = [one.reviewer for one in reviewing.get_conflict(project, stage, key).votes]
            assert {"ada", "dan"} <= set(names)


def now_at(project, stage):
    with project.store.read() as conn:
        return standings.compute_statuses(project, conn)[stage.id]


def test_a_stage_with_too_few_reviewers_left_is_named_and_a_new_one_takes_over(tmp_path):
    text = "allocation: pairs\n    pilot: 0 "
    project, stage = make(tmp_path, ("pilot: 0 ", text), count=20)
    run(project, stage, "ada", lambda _: "include", most=5)
    short = reviewing.retire_reviewer(project, "ben", "ada").understaffed_stages
    assert short == ("Title and abstract", "Full text", "Quality")
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace(*DAN))
    project = open_project(tmp_path, who="ada")
    assert reviewing.get_reviewer_progress(project, stage, "dan").remaining == 20
    assert reviewing.get_reviewer_progress(project, stage, "ada").remaining == 15
    assert len(run(project, stage, "dan", lambda _: "include")) == 20


def test_a_plan_that_gives_records_out_later_gives_out_the_open_ones(tmp_path):
    project, stage = make(tmp_path, DAN, count=30)
    run(project, stage, "ada", lambda _: "include", most=6)
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace("pilot: 0 ", "allocation: pairs\n    pilot: 0 ", 1))
    project = open_project(tmp_path, who="ada")
    stage = find_stage(project.protocol, "screening")
    left = {
        name: reviewing.get_reviewer_progress(project, stage, name).remaining
        for name in ("ada", "ben", "dan")
    }
    assert sum(left.values()) == 60 - 6
    path.write_text(path.read_text().replace("allocation: pairs", "allocation: everyone"))
    project = open_project(tmp_path, who="ada")
    assert reviewing.get_reviewer_progress(project, stage, "ben").remaining == 30


def test_everybody_judges_the_pilot_records(tmp_path):
    project, stage = make(tmp_path, ("pilot: 0 ", "pilot: 5 "), DAN)
    first = run(project, stage, "ada", lambda _: "include", most=5)
    assert run(project, stage, "ben", lambda _: "include", most=5) == first
    assert run(project, stage, "dan", lambda _: "include", most=5) == first
    assert reviewing.get_reviewer_progress(project, stage, "dan").remaining == 25


def test_an_abstract_may_be_added_where_the_source_gave_none(made):
    project, stage = made
    reviewing.add_abstract(project, "ada", 7, " Found on paper. ")
    assert reviewing.get_report_view(project, stage, "ben", "R000007").abstract == "Found on paper."
    with project.store.read() as conn:
        assert records.get_record(conn, 7).record.abstract is None
    for number, text, said in ((1, "x", "has an abstract"), (14, "  ", "is empty")):
        with pytest.raises(ReviewError, match=said):
            reviewing.add_abstract(project, "ada", number, text)


@pytest.mark.parametrize(("bare", "other"), [(7, 8), (7, 6), (14, 13), (14, 15)])
def test_a_record_without_an_abstract_shows_that_of_its_duplicate(made, bare, other):
    project, stage = made
    with project.store.write() as conn:
        links.add_links(conn, [Link(bare, other, "duplicate", "hand", "ada", utc_now())])
        first = min(bare, other)
        links.replace_some_groups(conn, {bare: (first, first), other: (first, first)})
        standings.rebuild_statuses(project, conn)
    view = reviewing.get_report_view(project, stage, "ben", records.format_record_key(bare))
    assert view.abstract == "Text"


def ten(tmp_path, count):
    more = "".join(f"  - {{name: r{n}, roles: [reviewer]}}\n" for n in range(8))
    project, stage = make(tmp_path, ("  - {name: cleo", more + "  - {name: cleo"), count=count)
    return project, stage, ["ada", "ben", *(f"r{n}" for n in range(8))]


def test_many_reviewers_at_once_do_not_read_in_vain(tmp_path):
    project, stage, team = ten(tmp_path, 300)
    rng, made, refused = random.Random(3), 0, []
    hand = {name: reviewing.get_next_record(project, stage, name) for name in team}
    while any(hand.values()):
        name = rng.choice([one for one in team if hand[one]])
        try:
            reviewing.save_decision(project, stage, name, hand[name].number, "include")
            made += 1
        except ReviewError as error:
            assert "resolved by other reviewers" in str(error)
            refused.append(made)
        hand[name] = reviewing.get_next_record(project, stage, name)
    assert made == 600
    assert sum(at < 560 for at in refused) == 0  # 48 of 450 without a word on who reads what
    assert len(refused) <= 20  # the last ones are few, and all there is to read


def test_who_leaves_a_record_open_holds_nobody_up(tmp_path, monkeypatch):
    project, stage, team = ten(tmp_path, 1)
    assert reviewing.get_next_record(project, stage, "ada").key == "R000001"
    assert reviewing.get_next_record(project, stage, "ben").key == "R000001"
    assert reviewing.get_next_record(project, stage, "r0") is None  # two read it, and are enough
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="scopus")
        records.add_records(conn, batch, [(1, Record("scopus", title="Another"))], utc_now())
        standings.rebuild_statuses(project, conn)
        enqueue(project, conn, stage)
    assert {reviewing.get_next_record(project, stage, one).key for one in team[3:5]} == {"R000002"}
    monkeypatch.setattr(work_queue, "RELEASE_SECONDS", -1.0)
    given = {reviewing.get_next_record(project, stage, one).key for one in team[5:]}
    assert given == {"R000001", "R000002"}


def test_nobody_waits_for_the_absent(tmp_path):
    project, stage, _ = ten(tmp_path, 100)
    assert len(run(project, stage, "ada", lambda _: "include")) == 100
    assert len(run(project, stage, "r5", lambda _: "include")) == 100
    assert reviewing.get_next_record(project, stage, "ben") is None


def test_the_record_in_hand_stays_while_others_judge_and_the_order_changes(tmp_path):
    project, stage = make(tmp_path, DAN)
    one = reviewing.get_next_record(project, stage, "ada")
    with project.store.write() as conn:
        turned = screening_queue.list_positions(conn, stage.id)[::-1]
        places = [replace(place, position=at) for at, place in enumerate(turned)]
        screening_queue.write_order(
            conn, stage.id, places, utc_now(), model="light", seed=1, trained_on=12
        )
    assert reviewing.get_next_record(project, stage, "ada", current_key=one.key).key == one.key
    for name in ("ben", "dan"):
        reviewing.save_decision(project, stage, name, one.number, "include")
    assert reviewing.get_next_record(project, stage, "ada", current_key=one.key).key != one.key
    for odd in ("", "R", "R0", "nonsense", "R999999", "R" + "9" * 40, "R١"):
        assert reviewing.get_next_record(project, stage, "ada", current_key=odd) is not None


def test_a_record_given_to_others_is_refused(tmp_path):
    project, stage = make(tmp_path, ("pilot: 0 ", "allocation: pairs\n    pilot: 0 "), DAN)
    reviewing.get_next_record(project, stage, "ada")
    with project.store.read() as conn:
        theirs = next(
            p for p in screening_queue.list_positions(conn, stage.id) if "ada" not in p.assignees
        )
    with pytest.raises(ReviewError, match="not assigned to ada"):
        reviewing.save_decision(project, stage, "ada", theirs.record, "include")
