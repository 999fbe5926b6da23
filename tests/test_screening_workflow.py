"""What a reviewer is shown, decides and undoes; what stays hidden; how conflicts are settled."""

from dataclasses import replace

import pytest

from review.errors import ReviewError
from review.protocol import stage_of
from review.records import Record
from review.store import orders, records
from review.store.moments import now
from review.workflow import screening, standings
from review.workflow.project import init, open_project

DAN = ("  - {name: cleo", "  - {name: dan, roles: [reviewer]}\n  - {name: cleo")


def make(folder, *changes, count=30):
    init(folder)
    path = folder / "protocol.yaml"
    for old, new in changes:
        path.write_text(path.read_text().replace(old, new))
    project = open_project(folder, who="ada")
    with project.store.write() as conn:
        batch = records.add_batch(conn, now(), "ada", kind="file", source="embase")
        given = [
            (i, Record("embase", title=f"Study {i}", abstract=None if i % 7 == 0 else "Text"))
            for i in range(1, count + 1)
        ]
        records.add(conn, batch, given, now())
        standings.rebuild(project, conn)
    return project, stage_of(project.protocol, "screening")


@pytest.fixture
def made(tmp_path):
    return make(tmp_path)


def run(project, stage, name, verdict, most=1000):
    keys = []
    while len(keys) < most and (one := screening.next_record(project, stage, name)):
        screening.vote(project, stage, name, one.number, verdict(one), seen=0)
        keys.append(one.key)
    return keys


def test_each_record_comes_once_until_it_is_decided(made):
    project, stage = made
    first = screening.next_record(project, stage, "ada")
    assert screening.next_record(project, stage, "ada").key == first.key
    keys = run(project, stage, "ada", lambda _: "include")
    assert len(keys) == len(set(keys)) == 30
    assert keys != sorted(keys)
    assert screening.pace(project, stage, "ada").left == 0
    assert screening.pace(project, stage, "ben").left == 30


def test_new_records_go_to_the_end_of_the_order(made):
    project, stage = made
    run(project, stage, "ada", lambda _: "include", most=3)
    with project.store.write() as conn:
        batch = records.add_batch(conn, now(), "ada", kind="file", source="scopus")
        records.add(conn, batch, [(1, Record("scopus", title="Late"))], now())
        before = [place.record for place in orders.places(conn, stage.id)]
        standings.rebuild(project, conn)
        screening.lay_out(project, conn, stage)
        after = [place.record for place in orders.places(conn, stage.id)]
    assert after[:-1] == before
    assert after[-1] == 31


def test_what_others_decided_and_noted_is_not_in_what_a_reviewer_is_given(made):
    project, stage = made
    one = screening.next_record(project, stage, "ada")
    screening.add_note(project, stage, "ada", one.number, "a secret of ada")
    screening.vote(project, stage, "ada", one.number, "exclude", reason="not imaging")
    bens = screening.shown(project, stage, "ben", one.key)
    assert bens.mine is None
    assert "ada" not in repr(bens)
    adas = screening.shown(project, stage, "ada", one.key)
    assert (adas.mine.verdict, adas.note) == ("exclude", "a secret of ada")


def test_undo_brings_the_last_record_back(made):
    project, stage = made
    keys = run(project, stage, "ada", lambda _: "include", most=3)
    assert screening.undo(project, stage, "ada") == keys[2]
    assert screening.next_record(project, stage, "ada").key == keys[2]
    assert screening.undo(project, stage, "ada") == keys[1]
    assert screening.undo(project, stage, "ada") == keys[0]
    assert screening.undo(project, stage, "ada") is None


def test_two_tabs_of_one_reviewer_do_not_count_twice(made):
    project, stage = made
    one = screening.next_record(project, stage, "ada")
    screening.vote(project, stage, "ada", one.number, "include")
    with pytest.raises(ReviewError, match="in another tab"):
        screening.vote(project, stage, "ada", one.number, "exclude")
    mine = screening.shown(project, stage, "ada", one.key).mine
    changed = screening.vote(project, stage, "ada", one.number, "exclude", seen=mine.id)
    assert (changed.status, changed.votes) == ("partial", 1)


def test_a_late_third_vote_does_not_unsettle(tmp_path):
    project, stage = make(tmp_path, DAN)
    one = screening.next_record(project, stage, "dan")
    for name in ("ada", "ben"):
        screening.vote(project, stage, name, one.number, "include")
    with pytest.raises(ReviewError, match="others judged it meanwhile"):
        screening.vote(project, stage, "dan", one.number, "exclude")
    assert screening.next_record(project, stage, "dan").key != one.key


def test_conflicts_come_in_piles_and_one_decision_settles(made):
    project, stage = made
    verdicts = {"ada": ["include", "unsure", "include"], "ben": ["exclude", "unsure", "include"]}
    keys = {}
    for name, given in verdicts.items():
        turn = iter(given)
        keys[name] = run(project, stage, name, lambda _, turn=turn: next(turn), most=3)
    assert keys["ada"] == keys["ben"]
    piles = screening.conflicts(project, stage)
    assert (piles["verdict"], piles["maybe"], piles["reason"]) == (
        [keys["ada"][0]],
        [keys["ada"][1]],
        [],
    )
    card = screening.conflict(project, stage, piles["verdict"][0])
    assert [(v.reviewer, v.verdict) for v in card.votes] == [("ada", "include"), ("ben", "exclude")]
    screening.settle(project, stage, "cleo", card.number, "include", note="fits")
    assert screening.conflicts(project, stage)["verdict"] == []
    with pytest.raises(ReviewError, match="not in conflict"):
        screening.conflict(project, stage, card.key)
    assert screening.unsettle(project, stage, "cleo") == card.key
    assert screening.conflicts(project, stage)["verdict"] == [card.key]
    assert screening.unsettle(project, stage, "cleo") is None


def test_a_retired_reviewers_open_records_come_back(tmp_path):
    project, stage = make(tmp_path, DAN)
    run(project, stage, "ada", lambda _: "include", most=10)
    run(project, stage, "ben", lambda _: "exclude", most=6)
    assert screening.conflicts(project, stage)["verdict"]
    assert screening.retire(project, "ben", "ada") == 6
    assert screening.conflicts(project, stage)["verdict"] == []
    assert screening.pace(project, stage, "dan").left == 30
    run(project, stage, "dan", lambda _: "include")
    assert screening.retire(project, "ben", "ada", back=True) == 0
    with pytest.raises(ReviewError, match="not in this review's team"):
        screening.retire(project, "zoe", "ada")


@pytest.mark.parametrize("allocation", ["pairs", "shares"])
def test_allocation_gives_each_record_to_as_many_as_needed(tmp_path, allocation):
    shares = "" if allocation == "pairs" else "\n    shares: {ada: 0.5, ben: 0.3, dan: 0.2}"
    text = f"allocation: {allocation}{shares}\n    pilot: 0 "
    project, stage = make(tmp_path, ("pilot: 0 ", text), DAN, count=200)
    screening.next_record(project, stage, "ada")
    left = {name: screening.pace(project, stage, name).left for name in ("ada", "ben", "dan")}
    assert sum(left.values()) == 400
    if allocation == "shares":
        assert left["ada"] > left["ben"] > left["dan"] > 0
    else:
        assert max(left.values()) - min(left.values()) < 40


def test_everybody_judges_the_pilot_records(tmp_path):
    project, stage = make(tmp_path, ("pilot: 0 ", "pilot: 5 "), DAN)
    first = run(project, stage, "ada", lambda _: "include", most=5)
    assert run(project, stage, "ben", lambda _: "include", most=5) == first
    assert run(project, stage, "dan", lambda _: "include", most=5) == first
    assert screening.pace(project, stage, "dan").left == 25


def test_an_abstract_may_be_added_where_the_source_gave_none(made):
    project, stage = made
    screening.add_abstract(project, "ada", 7, " Found on paper. ")
    assert screening.shown(project, stage, "ben", "R000007").abstract == "Found on paper."
    with project.store.read() as conn:
        assert records.get(conn, 7).record.abstract is None
    for number, text, said in ((1, "x", "has an abstract"), (14, "  ", "is empty")):
        with pytest.raises(ReviewError, match=said):
            screening.add_abstract(project, "ada", number, text)


def test_many_reviewers_at_once_do_not_all_read_the_same_record(tmp_path):
    more = "".join(f"  - {{name: r{n}, roles: [reviewer]}}\n" for n in range(8))
    project, stage = make(tmp_path, ("  - {name: cleo", more + "  - {name: cleo"), count=300)
    team = ["ada", "ben", *(f"r{n}" for n in range(8))]
    refused = given = 0
    while True:
        shown = {name: screening.next_record(project, stage, name) for name in team}
        for name, one in shown.items():
            if one is not None:
                given += 1
                try:
                    screening.vote(project, stage, name, one.number, "include")
                except ReviewError:
                    refused += 1
        if not any(shown.values()):
            break
    assert given - refused == 600
    assert refused < 60  # 2400 of 3000 where all read the order from its front


def test_nobody_waits_for_the_absent(tmp_path):
    more = "".join(f"  - {{name: r{n}, roles: [reviewer]}}\n" for n in range(8))
    project, stage = make(tmp_path, ("  - {name: cleo", more + "  - {name: cleo"), count=100)
    assert len(run(project, stage, "ada", lambda _: "include")) == 100
    assert len(run(project, stage, "r5", lambda _: "include")) == 100
    assert screening.next_record(project, stage, "ben") is None


def test_the_record_in_hand_stays_while_others_judge_and_the_order_changes(tmp_path):
    project, stage = make(tmp_path, DAN)
    one = screening.next_record(project, stage, "ada")
    with project.store.write() as conn:
        turned = orders.places(conn, stage.id)[::-1]
        places = [replace(place, position=at) for at, place in enumerate(turned)]
        orders.put(conn, stage.id, places, now(), model="light", seed=1, trained_on=12)
    assert screening.next_record(project, stage, "ada", at=one.key).key == one.key
    for name in ("ben", "dan"):
        screening.vote(project, stage, name, one.number, "include")
    assert screening.next_record(project, stage, "ada", at=one.key).key != one.key
    for odd in ("", "R", "R0", "nonsense", "R999999", "R" + "9" * 40, "R١"):
        assert screening.next_record(project, stage, "ada", at=odd) is not None


def test_a_record_given_to_others_is_refused(tmp_path):
    project, stage = make(tmp_path, ("pilot: 0 ", "allocation: pairs\n    pilot: 0 "), DAN)
    screening.next_record(project, stage, "ada")
    with project.store.read() as conn:
        theirs = next(p for p in orders.places(conn, stage.id) if "|ada|" not in p.assigned)
    with pytest.raises(ReviewError, match="not among the records given to ada"):
        screening.vote(project, stage, "ada", theirs.record, "include")
