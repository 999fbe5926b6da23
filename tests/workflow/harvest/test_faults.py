"""Harvests under adverse conditions: no network for days, folders that cannot be written."""

from datetime import date, timedelta

import pytest
from standin import StandIn, corpus
from support.harvesting import make, surroundings

from review.errors import StoreError
from review.store import harvests
from review.workflow.harvest import HarvestControl, list_open_windows, run_harvest
from review.workflow.harvest.models import get_exit_status

TODAY = date(2020, 10, 10)
NOWHERE = "http://127.0.0.1:9"
"""Port 9 (discard) of this machine, where nobody listens."""


@pytest.fixture(scope="module")
def library():
    return corpus.make(600, 4)


@pytest.fixture
def rehearsal(library, tmp_path, monkeypatch):
    """Points this process at a stand-in."""
    with StandIn(library) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        yield server


def go(project, later=0):
    return run_harvest(project, "ann", control=HarvestControl(today=TODAY + timedelta(days=later)))


def all_of(project):
    with project.store.read() as conn:
        return harvests.list_harvests(conn)


def test_days_without_network_leave_one_open_window_each_and_all_is_made_good(
    tmp_path, rehearsal, monkeypatch
):
    project = make(tmp_path / "r", until="2026-12-31")
    assert get_exit_status(go(project)) == 0
    with monkeypatch.context() as down:
        for name in ("PUBMED", "ARXIV", "MEDRXIV"):
            down.setenv(f"FUNNEL_{name}_URL", NOWHERE)
        for later in (1, 2, 3):
            run = go(project, later)
            assert get_exit_status(run) == 3
            assert len(run.outcomes) == len(list_open_windows(project))
        asked = [(one.source, one.window.by) for one in run.outcomes]
        assert len(asked) == len(set(asked))
    lost = [one for one in all_of(project) if one.verdict == "closed"]
    assert lost
    assert all("these dates were searched again in harvest" in (one.note or "") for one in lost)
    run = go(project, 4)
    assert (get_exit_status(run), list_open_windows(project)) == (0, ())
    for one in run.outcomes:
        same = [h.since for h in lost if (h.source, h.detail["by"]) == (one.source, one.window.by)]
        assert one.window.since.isoformat() <= min(same)
        assert one.window.until == TODAY + timedelta(days=4)


def test_a_window_that_was_read_in_part_goes_on_by_itself(tmp_path, rehearsal, monkeypatch):
    project = make(tmp_path / "r", sources=("medrxiv",))
    stop = HarvestControl()
    stop.progress = lambda _: setattr(stop, "stopped", True)
    run_harvest(project, "ann", control=stop)
    with monkeypatch.context() as down:
        down.setenv("FUNNEL_MEDRXIV_URL", NOWHERE)
        go(project)
    assert next(one.verdict for one in all_of(project)) == "incomplete"
    run = go(project)
    assert get_exit_status(run) == 0
    assert next(one.verdict for one in all_of(project)) == "complete"


def test_a_folder_that_cannot_be_written_ends_in_one_line(tmp_path, rehearsal):
    project = make(tmp_path / "r")
    (tmp_path / "r" / "harvest.owner").mkdir()
    with pytest.raises(
        StoreError, match="harvest was not started because this folder cannot be written"
    ):
        go(project)


def test_a_pace_that_cannot_be_kept_leaves_the_window_open(tmp_path, rehearsal, monkeypatch):
    project = make(tmp_path / "r", sources=("arxiv",))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUNNEL_CACHE", str(tmp_path / "file"))
    run = go(project)
    assert get_exit_status(run) == 3
    assert "the rate limit cannot be recorded there" in run.open[0]
