"""arXiv over OAI-PMH: the same records as the search, updates, expired tokens."""

from datetime import date

import pytest
from standin import Fault, StandIn, corpus
from standin.oai import in_set
from standin.web import Limits
from support.harvesting import documents, expected, make, stored

from review.sources.arxiv_oai.search import search_arxiv_oai
from review.sources.http import HttpClient
from review.sources.models import HarvestWindow
from review.workflow.harvest import (
    HarvestControl,
    get_exit_status,
    list_harvests,
    list_open_windows,
    run_harvest,
)
from review.workflow.setup.loading import open_project


@pytest.fixture(scope="module")
def library():
    return corpus.make(2_500, 4)


def go(project, today):
    return run_harvest(project, "ann", control=HarvestControl(today=today))


def lists(server):
    return [one.params for one in server.requests("arxiv-oai")]


def test_the_bulk_list_gives_what_the_dated_search_gives(library, tmp_path, rehearsal):
    project = make(tmp_path / "r", sources=("arxiv-oai",))
    with StandIn(library, limits=Limits(oai_page=40)) as server:
        rehearsal(server)
        run = go(project, library.today)
        wanted = expected(server, "arxiv")
    assert get_exit_status(run) == 0
    assert documents(stored(project, "arxiv"), "arxiv") == wanted
    (row,) = list_harvests(project)
    assert row.announced == row.received > len(wanted)
    assert row.pages > 5


def test_the_next_run_asks_only_for_what_changed_since(library, tmp_path, rehearsal, monkeypatch):
    project = make(tmp_path / "r", sources=("arxiv-oai",), until="2020-12-31")
    with StandIn(library) as server:
        rehearsal(server)
        monkeypatch.setattr(library, "today", date(2020, 6, 1))
        go(project, date(2020, 6, 1))
        early = documents(stored(project, "arxiv"), "arxiv")
        server.clear_log()
        monkeypatch.setattr(library, "today", date(2020, 8, 1))
        go(project, date(2020, 8, 1))
        asked = lists(server)
    assert min(one["from"] for one in asked if "from" in one) == "2020-05-25"
    assert early < documents(stored(project, "arxiv"), "arxiv")


def test_an_expired_token_costs_the_list_again_and_no_entry(library, tmp_path):
    window = HarvestWindow(date(2020, 1, 1), date(2020, 10, 10), "changed")
    with StandIn(library, limits=Limits(oai_page=5)) as server:
        http = HttpClient(tmp_path, pace=0)
        whole = [
            r.source_id
            for p in search_arxiv_oai(None, window, http, server.base["arxiv-oai"])
            for r in p.parsed.records
        ]
        found, token = [], None
        pages = search_arxiv_oai(None, window, http, server.base["arxiv-oai"])
        while True:
            page = next(pages, None)
            if page is None:
                break
            found += [r.source_id for r in page.parsed.records]
            if page.token["place"] and token is None:
                token = page.token
                server._state.world.sessions.clear()
                pages = search_arxiv_oai(None, window, http, server.base["arxiv-oai"], token)
        assert http.faults["token expired"] == 1
    assert token is not None and sorted(found) == sorted(whole) == sorted(set(whole))


def test_a_set_of_the_protocol_is_asked_for_and_faults_are_survived(library, tmp_path, rehearsal):
    project = make(tmp_path / "r", sources=("arxiv-oai",))
    text = (project.folder / "protocol.yaml").read_text()
    (project.folder / "protocol.yaml").write_text(
        text.replace("  contact:", "  native: {arxiv-oai: cs}\n  contact:")
    )
    project = open_project(project.folder, who="ann")
    faults = [Fault(kind, every=7) for kind in ("503", "cut", "html", "empty-page")]
    with StandIn(library, limits=Limits(oai_page=60), faults=faults) as server:
        rehearsal(server)
        run = go(project, library.today)
        asked = lists(server)
        inside = {one.id for one in library.of("arxiv") if in_set(one, "cs")}
        wanted = expected(server, "arxiv") & inside
    assert get_exit_status(run) == 0 and list_open_windows(project) == ()
    assert {one["set"] for one in asked if "from" in one} == {"cs"}
    assert documents(stored(project, "arxiv"), "arxiv") == wanted
