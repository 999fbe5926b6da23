"""Nothing lost and nothing twice: faults on every tenth request, kill -9 at random moments."""

import random
import time

import pytest
from harvesting import every_tenth, expected, make, review, stored, surroundings
from standin import StandIn, corpus
from standin.web import Limits

from review.store import harvests
from review.workflow.project import open_project

SOURCES = ("pubmed", "arxiv", "medrxiv")


@pytest.fixture(scope="module")
def library():
    return corpus.make(6_000, 1)


@pytest.fixture(scope="module")
def faultless(library, tmp_path_factory):
    """What a harvest without faults brings: ids by source."""
    folder = tmp_path_factory.mktemp("faultless")
    with StandIn(library) as server:
        project = make(folder / "review")
        done = review(folder / "review", surroundings(server, folder / "cache"), "harvest")
        out, _ = done.communicate(timeout=120)
        assert done.returncode == 0, out
        return {source: stored(project, source) for source in SOURCES}


def documents(ids, source):
    return {one.rsplit("v", 1)[0] if source != "pubmed" else one for one in ids}


@pytest.mark.parametrize("source", SOURCES)
def test_a_harvest_brings_exactly_what_the_source_holds(library, faultless, source):
    with StandIn(library) as server:
        wanted = expected(server, source)
    found = documents(faultless[source], source)
    assert len(wanted) > 20
    assert found == wanted


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fault_on_every_tenth_request_changes_nothing(library, faultless, tmp_path, seed):
    with StandIn(library, faults=every_tenth(seed), limits=Limits(rxiv_page=8)) as server:
        project = make(tmp_path / "review")
        around = surroundings(server, tmp_path / "cache")
        done = review(tmp_path / "review", around, "harvest")
        out, _ = done.communicate(timeout=120)
        assert done.returncode == 0, out
        assert sum(one.done for one in server.faults) >= 8
    for source in SOURCES:
        assert stored(project, source) == faultless[source]


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
            deadline = time.monotonic() + 60
            while len(server.log) < wanted and running.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            time.sleep(dice.random() * 0.05)
            if running.poll() is None:
                running.kill()
                kills += 1
            running.communicate()
        last = review(tmp_path / "review", around, "harvest")
        out, _ = last.communicate(timeout=120)
        assert last.returncode == 0, out
    assert kills >= 8
    for source in SOURCES:
        assert stored(project, source) == faultless[source]
    with open_project(tmp_path / "review").store.read() as conn:
        for one in harvests.every(conn):
            assert one.verdict in ("complete", "closed")
            pages = harvests.pages(conn, one.id)
            assert sum(page["new"] + page["known"] for page in pages) >= 0
            raw = [page["raw"] for page in pages if page["raw"]]
            assert len(raw) == len(pages) or one.source == "pubmed"
