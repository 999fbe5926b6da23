"""The cached work queue of a reviewer always equals a fresh count."""

import random

import pytest

from review.errors import ReviewError
from review.models import Link, Record
from review.protocol.models import find_stage
from review.store import decisions, links, records, screening_queue
from review.store.timestamps import utc_now
from review.workflow.screening import reviewing, status, work_queue
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

NAMES = ("ada", "Ada", "b_n", "ben")


def make(folder, text="pilot: 0 ", count=25):
    init_project(folder)
    path = folder / "protocol.yaml"
    team = "".join(f"  - {{name: {name}, roles: [reviewer]}}\n" for name in ("Ada", "b_n"))
    written = path.read_text().replace("pilot: 0 ", text)
    path.write_text(written.replace("  - {name: cleo", f"{team}  - {{name: cleo"))
    project = open_project(folder, who="ada")
    come(project, count)
    return project


def come(project, count):
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        start = max([0, *records.list_numbers(conn)])
        given = [(n, Record("embase", title=f"Study {start + n}")) for n in range(1, count + 1)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(project, conn)


def agrees(project):
    """Compares every reviewer's remembered figures with fresh ones, at both stages."""
    for kind in ("screening", "eligibility"):
        stage = find_stage(project.protocol, kind)
        for name in NAMES:
            with project.store.read() as conn:
                found = work_queue.count_reports(project.store, conn, stage.id, name)
                fresh = (
                    len(decisions.list_judged_records(conn, stage.id, name)),
                    len(screening_queue.list_pending_reports(conn, stage.id, name)),
                )
                assert found == fresh, (kind, name)
                first = work_queue.find_first_waiting(
                    project.store, conn, stage=stage.id, reviewer=name
                )
                plain = screening_queue.list_next_reports(conn, stage.id, name)
                assert first == plain, (kind, name)


def join(project, a, b):
    with project.store.write() as conn:
        links.add_links(conn, [Link(a, b, "duplicate", "hand", "ada", utc_now())])
        links.replace_some_groups(conn, {a: (a, a), b: (a, a)})
        status.rebuild_statuses(project, conn)


def one_act(project, rng):
    """Something that happens in a review, drawn by lot."""
    kind = rng.choice(["screening", "screening", "screening", "eligibility"])
    stage = find_stage(project.protocol, kind)
    name = rng.choice(NAMES)
    what = rng.random()
    if what < 0.6:
        one = reviewing.get_next_record(project, stage, name)
        verdict = rng.choice(["include", "include", "exclude", "unsure"])
        reason = stage.reasons[0] if verdict == "exclude" and stage.reasons else None
        if one is not None:
            reviewing.save_decision(project, stage, name, one.number, verdict, reason=reason)
    elif what < 0.72:
        reviewing.undo_decision(project, stage, name)
    elif what < 0.84:
        for keys in reviewing.list_conflicts(project, stage).values():
            for key in keys[:1]:
                number = int(key[1:])
                reviewing.settle_conflict(project, stage, "cleo", number, "include", note="fits")
    elif what < 0.9:
        reviewing.undo_adjudication(project, stage, "cleo")
    elif what < 0.95:
        rule = NewDecision(
            rng.randint(1, 25),
            stage.id,
            "rule x",
            rng.choice(["exclude", None]),
            "x",
            None,
            "automation",
        )
        add_decision(project, rule, "ada")
    elif what < 0.97:
        come(project, 2)
    elif what < 0.985:
        join(project, *sorted(rng.sample(range(1, 26), 2)))
    else:
        reviewing.retire_reviewer(project, "ben", "ada", returning=rng.random() < 0.5)


@pytest.mark.parametrize(
    "text", ["pilot: 0 ", "pilot: 6 ", "allocation: pairs\n    pilot: 4 "], ids=str.split
)
def test_after_any_act_the_queue_is_what_a_fresh_count_gives(tmp_path, text):
    project = make(tmp_path, text)
    rng = random.Random(5)
    refused = 0
    for _ in range(120):
        try:
            one_act(project, rng)
        except ReviewError:
            refused += 1
        agrees(project)
    assert refused < 60


def test_a_file_of_many_decisions_is_followed_too(tmp_path, monkeypatch):
    project = make(tmp_path)
    stage = find_stage(project.protocol, "screening")
    agrees(project)
    monkeypatch.setattr(work_queue, "MAX_NEW_DECISIONS", 3)
    for number in range(1, 10):
        add_decision(project, NewDecision(number, stage.id, "ada", "include"))
    agrees(project)
    assert reviewing.get_reviewer_progress(project, stage, "ada").done == 9


def test_names_that_differ_in_case_or_by_an_underscore_are_different_people(tmp_path):
    project = make(tmp_path)
    stage = find_stage(project.protocol, "screening")
    one = reviewing.get_next_record(project, stage, "Ada")
    reviewing.save_decision(project, stage, "Ada", one.number, "include")
    assert reviewing.get_next_record(project, stage, "ada").key == one.key
    assert [reviewing.get_reviewer_progress(project, stage, name).remaining for name in NAMES] == [
        25,
        24,
        25,
        25,
    ]
