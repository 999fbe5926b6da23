"""Where a harvest resumes: lists stored once, and records arXiv has deleted."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from standin import StandIn, corpus
from standin.web import Limits
from support.harvesting import expected, make, stored

from review.sources.arxiv import search as arxiv_search
from review.sources.europepmc import search as europepmc_search
from review.sources.pubmed import search as pubmed_search
from review.store import harvests, records
from review.store.tables.review import harvest_pages
from review.store.timestamps import utc_now
from review.workflow.harvest import HarvestControl, get_exit_status, list_harvests, run_harvest
from review.workflow.screening import decisions
from review.workflow.screening.decisions import NewDecision

TODAY = date(2020, 10, 10)


@pytest.fixture(scope="module")
def library():
    return corpus.make(2_500, 4)


def page(conn, number, cursor, grown):
    harvests.add_page(
        conn,
        number,
        utc_now(),
        cursor=cursor,
        tail_sizes=grown,
        detail={},
        slice="s",
        raw=None,
        announced=9,
        received=1,
        parsed=1,
        rejected=0,
        new=1,
        known=0,
    )


def kept(conn, number):
    """The cursors that are kept, oldest first."""
    c = harvest_pages.c
    rows = conn.execute(select(c.cursor).where(c.harvest == number).order_by(c.id)).scalars()
    return [json.loads(one) for one in rows if one is not None]


def test_a_list_that_grows_is_kept_once_and_read_back_whole(tmp_path):
    project = make(tmp_path / "r")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ann", kind="harvest", source="pubmed")
        number = harvests.open_harvest(
            conn,
            utc_now(),
            "ann",
            detail={},
            run="r",
            source="pubmed",
            batch=batch,
            query="q",
            compiled=None,
            window_from="2020-01-01",
            window_to="2020-01-02",
        )
        assert harvests.get_cursor(conn, number) is None
        walked = [
            ({"place": 2, "seen": ["a", "b"], "lost": []}, {"seen": 2, "lost": 0}),
            ({"place": 3, "seen": ["a", "b", "c"], "lost": []}, {"seen": 1, "lost": 0}),
            ({"place": 4, "seen": ["a", "b", "c"], "lost": ["x"]}, {"seen": 0, "lost": 1}),
            ({"place": 5, "seen": ["a", "b", "c", "d"], "lost": ["x"]}, {"seen": 1, "lost": 0}),
        ]
        for cursor, grown in walked:
            page(conn, number, cursor, grown)
            assert harvests.get_cursor(conn, number) == cursor
        assert [one["seen"] for one in kept(conn, number)] == [["a", "b"], ["c"], [], ["d"]]
        ended = {"place": 0, "seen": [], "lost": []}
        page(conn, number, ended, {})
        assert harvests.get_cursor(conn, number) == ended
        assert len(kept(conn, number)) == 1


@pytest.mark.parametrize("source", ["pubmed", "arxiv", "medrxiv", "arxiv-oai", "europepmc"])
def test_a_harvest_stopped_after_each_page_loses_and_doubles_nothing(
    library, tmp_path, rehearsal, monkeypatch, source
):
    monkeypatch.setattr(arxiv_search, "PAGE", 10)
    monkeypatch.setattr(pubmed_search, "BATCH", 10)
    monkeypatch.setattr(europepmc_search, "PAGE", 10)
    name = "arxiv" if source == "arxiv-oai" else source
    project = make(tmp_path / "r", sources=(source,), until="2020-04-30", query="covid* OR lung*")
    calm = make(tmp_path / "calm", sources=(source,), until="2020-04-30", query="covid* OR lung*")
    with StandIn(library, limits=Limits(rxiv_page=15, oai_page=7)) as server:
        rehearsal(server)
        assert get_exit_status(run_harvest(calm, "ann", control=HarvestControl(today=TODAY))) == 0
        asked = len(server.log)
        runs = 0
        while runs == 0 or list_harvests(project)[-1].state != "complete":
            control = HarvestControl(today=TODAY)

            def stop(_step, control=control):
                control.stopped = True

            control.progress = stop
            run_harvest(project, "ann", control=control)
            runs += 1
            assert runs < 100
        assert len(server.log) - asked < 4 * asked
    assert runs > 2
    assert stored(project, name) == stored(calm, name)
    assert len(set(stored(project, name))) == len(stored(project, name)) > 10


def test_what_arxiv_deleted_is_counted_marked_and_told(library, tmp_path, rehearsal):
    world = corpus.make(2_500, 4)
    world.today = date(2020, 10, 10)
    project = make(tmp_path / "r", sources=("arxiv-oai",))
    with StandIn(world) as server:
        rehearsal(server)
        assert (
            get_exit_status(run_harvest(project, "ann", control=HarvestControl(today=world.today)))
            == 0
        )
        wanted = expected(server, "arxiv")
        assert {one.rsplit("v", 1)[0] for one in stored(project, "arxiv")} == wanted
        with project.store.read() as conn:
            ours = next(one for one in records.iter_records(conn) if one.record.source == "arxiv")
        decisions.add_decision(project, NewDecision(ours.id, "screening", "ann", "include"))
        gone = next(one for one in world.of("arxiv") if one.id == ours.record.arxiv_id)
        gone.deleted_on = world.today + timedelta(days=2)
        world.today += timedelta(days=5)
        world.changed()
        before = stored(project, "arxiv")
        run = run_harvest(project, "ann", control=HarvestControl(today=world.today))
    assert get_exit_status(run) == 0
    (outcome,) = [one for one in run.outcomes if one.rejected]
    assert outcome.announced == outcome.received + outcome.rejected
    assert stored(project, "arxiv") == before
    (alert,) = run.alerts
    assert "is marked as retracted, withdrawn or deleted (arxiv-oai: deleted at the source" in alert
    assert {one.state for one in list_harvests(project)} == {"complete"}
