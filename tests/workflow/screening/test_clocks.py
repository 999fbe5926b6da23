"""The order of rows decides: clocks that are set back, jump or differ change nothing of what was
decided, merged, undone or retired."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.small import studies

from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions as stored
from review.workflow.deduplication import run as deduplication
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.screening import decisions, ranking, reviewing, status
from review.workflow.screening.decisions import NewDecision
from review.workflow.setup.loading import open_project

TA = "title-abstract"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ACTS = ("include", "include", "exclude", "undo", "join", "part", "retire", "return")


def set_clock(monkeypatch, clock):
    for module in (decisions, reviewing, deduplication):
        monkeypatch.setattr(module, "utc_now", clock)


def play(folder, seed, clock, monkeypatch):
    """The same random acts, by two openers of one review in turn, under a clock."""
    first = studies(folder, [Record("embase", title=f"Study {n}") for n in range(1, 7)])
    machines = [first, open_project(folder, who="ben")]
    set_clock(monkeypatch, clock)
    dice = random.Random(seed)
    stage = find_stage(first.protocol, "screening")
    for _ in range(25):
        project, name = dice.choice(machines), dice.choice(("ada", "ben"))
        act, number, other = dice.choice(ACTS), dice.randint(1, 6), dice.randint(1, 6)
        pair = (f"R{number:06d}", f"R{other:06d}")
        try:
            if act in ("include", "exclude"):
                decisions.add_decision(project, NewDecision(number, TA, name, act))
            elif act == "undo":
                reviewing.undo_decision(project, stage, name)
            elif act == "join":
                deduplication.settle_pair(project, pair, dice.choice(("same", "different")), name)
            elif act == "part":
                deduplication.undo_answer(project, name)
            else:
                reviewing.retire_reviewer(project, "ben", "ada", returning=act == "return")
        except decisions.ReviewError:
            continue
    with first.store.read() as conn:
        statuses = status.compute_statuses(first, conn)
        kept = {one.id: stored.list_statuses(conn, one.id) for one in first.protocol.stages}
        groups = deduplication.links.list_groups(conn)
    standing = {
        stage_id: {n: (one.status, one.reason, one.votes) for n, one in by_report.items()}
        for stage_id, by_report in statuses.items()
    }
    flow = compute_flow(first)
    first.store.close()
    machines[1].store.close()
    return standing, kept, groups, flow.main.screened, flow.main.sought, flow.new_reports


@pytest.mark.parametrize("seed", range(6))
def test_jumping_clocks_change_nothing(tmp_path, new_store, monkeypatch, seed):
    ticks = iter(range(10_000))
    steady = play(
        tmp_path / "steady", seed, lambda: NOON + timedelta(seconds=next(ticks)), monkeypatch
    )
    new_store()
    dice = random.Random(seed)
    jumping = play(
        tmp_path / "jumping",
        seed,
        lambda: NOON + timedelta(seconds=dice.choice((0, 0, 1, -86_400, 86_400, -5, 400))),
        monkeypatch,
    )
    assert jumping == steady


def test_an_undo_under_a_clock_set_back_counts(tmp_path, new_store, monkeypatch):
    project = studies(tmp_path, [Record("embase", title="Study")])
    stage = find_stage(project.protocol, "screening")
    set_clock(monkeypatch, lambda: NOON)
    decisions.add_decision(project, NewDecision(1, TA, "ada", "include"))
    set_clock(monkeypatch, lambda: NOON - timedelta(hours=3))
    assert reviewing.undo_decision(project, stage, "ada") == "R000001"
    assert reviewing.undo_decision(project, stage, "ada") is None
    with project.store.read() as conn:
        assert stored.get_status(conn, 1, TA) == "pending"


def test_who_retires_under_a_clock_set_back_leaves_what_they_decided_before(
    tmp_path, new_store, monkeypatch
):
    project = studies(tmp_path, [Record("embase", title="Study 1"), Record("embase", title="2")])
    set_clock(monkeypatch, lambda: NOON)
    for number, names in ((1, ("ada", "ben")), (2, ("ben",))):
        for name in names:
            decisions.add_decision(project, NewDecision(number, TA, name, "include"))
    set_clock(monkeypatch, lambda: NOON - timedelta(days=1))
    reviewing.retire_reviewer(project, "ben", "ada")
    with project.store.read() as conn:
        assert stored.list_statuses(conn, TA) == {1: "included", 2: "pending"}


@pytest.mark.parametrize("jump", [0, -86_400, 86_400])
def test_what_was_drawn_by_lot_is_told_by_rows(tmp_path, new_store, monkeypatch, jump):
    """The clock is set back, or forward, after the order was drawn: the evidence is the same."""
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 7)])
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace("model: light", "model: random"))
    project = open_project(tmp_path, who="ada")
    stage = find_stage(project.protocol, "screening")
    set_clock(monkeypatch, lambda: NOON)
    for number in (5, 6):  # judged before there was an order: not drawn by it
        decisions.add_decision(project, NewDecision(number, TA, "ada", "include"))
    assert reviewing.get_next_record(project, stage, "ada") is not None
    set_clock(monkeypatch, lambda: NOON + timedelta(seconds=jump))
    for number in (1, 2, 3):
        decisions.add_decision(project, NewDecision(number, TA, "ada", "include"))
    with project.store.read() as conn:
        statuses = status.compute_statuses(project, conn)[TA]
        drawn = ranking._find_drawn_reports(project, conn, stage, statuses)
    assert drawn == {1, 2, 3}


JUMPS = st.lists(st.integers(-400_000, 400_000), min_size=1, max_size=40)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), first=JUMPS, second=JUMPS)
def test_two_machines_with_any_clocks_give_what_one_right_clock_gives(
    tmp_path_factory, new_store, seed, first, second
):
    """Each machine's clock jumps as it likes, seconds to days, back and forth."""
    folder = tmp_path_factory.mktemp("clocks")
    ticks = itertools.count()
    clocks = [itertools.cycle(first), itertools.cycle(second)]
    with pytest.MonkeyPatch.context() as patch:
        new_store()
        steady = play(folder / "steady", seed, lambda: NOON + timedelta(seconds=next(ticks)), patch)
        new_store()
        jumping = play(
            folder / "jumping",
            seed,
            lambda: NOON + timedelta(seconds=next(clocks[next(ticks) % 2])),
            patch,
        )
    assert jumping == steady
