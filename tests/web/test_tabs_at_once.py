"""Two tabs, or many people, deciding at the same moment: one row each and one clear message."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.postgres import cluster

from review.errors import ReviewError
from review.models import Record
from review.prisma import get_total
from review.protocol.models import find_stage
from review.store import decisions, records
from review.store.timestamps import utc_now
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.screening import reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

ROUNDS = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def project(request, tmp_path, monkeypatch):
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    more = "  - {name: dora, roles: [adjudicator]}\n  - {name: cleo"
    path.write_text(path.read_text().replace("  - {name: cleo", more))
    if request.param == "sqlite":
        monkeypatch.delenv("DATABASE_URL", raising=False)
        yield filled(tmp_path)
        return
    with cluster() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        project = filled(tmp_path)
        yield project
        project.store.close()


def filled(folder):
    project = open_project(folder, who="ada")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n}")) for n in range(1, ROUNDS + 1)]
        records.add_records(conn, batch, given, utc_now())
        standings.rebuild_statuses(project, conn)
    return project


def at_once(*acts):
    """What each act gave, or what it said; all start at the same moment."""
    gate = threading.Barrier(len(acts))

    def run(act):
        gate.wait()
        try:
            return act()
        except ReviewError as error:
            return str(error)

    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(run, act) for act in acts]]


def rows(project, number):
    with project.store.read() as conn:
        return decisions.list_decisions(conn, records=[number])


def test_two_tabs_of_one_reviewer_and_a_colleague_at_the_same_moment(project):
    stage = find_stage(project.protocol, "screening")
    for number in range(1, ROUNDS + 1):
        said = at_once(
            lambda n=number: reviewing.save_decision(project, stage, "ada", n, "include"),
            lambda n=number: reviewing.save_decision(project, stage, "ada", n, "exclude"),
            lambda n=number: reviewing.save_decision(project, stage, "ben", n, "include"),
        )
        assert sum(isinstance(one, str) for one in said[:2]) == 1, said
        (line,) = (one for one in said if isinstance(one, str))
        assert "in another tab" in line
        assert sorted(one.reviewer for one in rows(project, number)) == ["ada", "ben"]
    flow = compute_flow(project)
    with project.store.read() as conn:
        found = standings.compute_statuses(project, conn)[stage.id]
        kept = decisions.count_statuses(conn)
    assert {one.votes for one in found.values()} == {2}
    fresh = sorted(one.status for one in found.values())
    assert fresh == sorted(
        status for (at, status), n in kept.items() if at == stage.id for _ in range(n)
    )
    assert flow.main.screened.n + flow.main.waiting_screening.n == ROUNDS
    assert reviewing.get_reviewer_progress(project, stage, "ada").done == ROUNDS


def test_two_adjudicators_at_the_same_moment_settle_once(project):
    stage = find_stage(project.protocol, "screening")
    for number in range(1, ROUNDS + 1):
        for name, verdict in (("ada", "include"), ("ben", "exclude")):
            add_decision(project, NewDecision(number, stage.id, name, verdict))
        said = at_once(
            lambda n=number: reviewing.settle_conflict(project, stage, "cleo", n, "include"),
            lambda n=number: reviewing.settle_conflict(project, stage, "dora", n, "exclude"),
        )
        (line,) = (one for one in said if isinstance(one, str))
        assert "was already resolved by" in line
        assert len([one for one in rows(project, number) if one.role == "adjudicator"]) == 1
    flow = compute_flow(project)
    assert (
        flow.main.sought.n + get_total(flow.main.excluded_screening)
        == flow.main.screened.n
        == ROUNDS
    )
    assert not any(reviewing.list_conflicts(project, stage).values())


def test_a_tab_that_undoes_while_another_decides_leaves_one_state(project):
    stage = find_stage(project.protocol, "screening")
    for number in range(1, ROUNDS + 1):
        reviewing.save_decision(project, stage, "ada", number, "include")
        at_once(
            lambda: reviewing.undo_decision(project, stage, "ada"),
            lambda n=number: reviewing.save_decision(project, stage, "ben", n, "include"),
            lambda n=number: reviewing.save_decision(project, stage, "ada", n, "exclude"),
        )
        with project.store.read() as conn:
            kept = decisions.get_status(conn, number, stage.id)
            found = standings.compute_statuses(project, conn)[stage.id][number]
        assert kept == found.status
        assert found.votes <= 2
