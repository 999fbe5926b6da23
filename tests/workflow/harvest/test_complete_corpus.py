"""Nothing lost and nothing added twice: faults on every tenth request, kill -9 at random times."""

import json
import random
import time

import pytest
from standin import StandIn, corpus
from standin.web import Limits
from support.harvesting import every_tenth, expected, make, review, stored, surroundings

from review.store import harvests
from review.workflow.harvest import list_harvests

SOURCES = ("pubmed", "arxiv", "medrxiv")


@pytest.fixture(scope="module")
def library():
    return corpus.make(20_000, 1)


@pytest.fixture(scope="module")
def faultless(library, tmp_path_factory):
    """What a harvest without faults brings: ids by source."""
    folder = tmp_path_factory.mktemp("faultless")
    with StandIn(library) as server:
        project = make(folder / "review")
        harvested(folder / "review", surroundings(server, folder / "cache"))
        return held(project)


def documents(ids, source):
    return {one.rsplit("v", 1)[0] if source != "pubmed" else one for one in ids}


@pytest.mark.parametrize("source", SOURCES)
def test_a_harvest_brings_exactly_what_the_source_holds(library, faultless, source):
    with StandIn(library) as server:
        wanted = expected(server, source)
    found = documents(faultless[source], source)
    assert len(wanted) > 20
    assert found == wanted


def harvested(folder, around):
    """Runs a harvest to its end and gives what it says."""
    out, _ = (done := review(folder, around, "harvest", "--json")).communicate(timeout=400)
    assert done.returncode == 0, out
    return json.loads(out)


def held(project):
    """Ids by source, and that none stands there twice."""
    found = {source: stored(project, source) for source in SOURCES}
    for ids in found.values():
        assert len(ids) == len(set(ids))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fault_on_every_tenth_request_changes_nothing_twice_in_a_row(
    library, faultless, tmp_path, seed
):
    with StandIn(library, faults=every_tenth(seed), limits=Limits(rxiv_page=8)) as server:
        project = make(tmp_path / "review")
        around = surroundings(server, tmp_path / "cache")
        first = harvested(tmp_path / "review", around)
        assert held(project) == faultless
        before = len(server.log)
        again = harvested(tmp_path / "review", around)
        assert len(server.log) > before > 80
        assert sum(one.done for one in server.faults) == len(server.log) // 10
    assert sum(one["new"] for one in first["outcomes"]) == sum(map(len, faultless.values()))
    assert [one["new"] for one in again["outcomes"]] == [0] * len(again["outcomes"])
    assert sum(one["known"] for one in again["outcomes"]) > 0
    assert held(project) == faultless


def test_a_harvest_killed_ten_times_at_random_ends_with_the_same(library, faultless, tmp_path):
    dice = random.Random(20260101)
    project = make(tmp_path / "review")
    with StandIn(library, faults=every_tenth(3), limits=Limits(rxiv_page=8)) as server:
        around = surroundings(server, tmp_path / "cache")
        kills = 0
        for _ in range(10):
            before = len(server.log)
            running = review(tmp_path / "review", around, "harvest")
            wanted = before + dice.randint(1, 14)
            deadline = time.monotonic() + 300
            while len(server.log) < wanted and running.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            time.sleep(dice.random() * 0.05)
            if running.poll() is None:
                running.kill()
                kills += 1
            running.communicate()
        harvested(tmp_path / "review", around)
        assert held(project) == faultless
        again = harvested(tmp_path / "review", around)
    assert kills >= 8
    assert held(project) == faultless
    assert sum(one["new"] for one in again["outcomes"]) == 0
    for one in list_harvests(project):
        assert one.state in ("complete", "closed")
        assert one.announced == one.received
    with project.store.read() as conn:
        (killed,) = {one.run for one in harvests.list_harvests(conn)[:1]}
        begun = [one for one in harvests.list_harvests(conn) if one.run == killed]
        for one in begun:
            pages = harvests.list_pages(conn, one.id)
            assert [page["raw"] for page in pages if page["received"] and not page["raw"]] == []
            announced = {page["slice"]: page["announced"] for page in pages}
            assert sum(page["received"] for page in pages) == sum(announced.values())
