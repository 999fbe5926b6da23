"""The stand-in server under rate limits and faults."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date

import pytest
import requests
from support.asking import atom, details, esearch, get
from support.samples import ANSWERS

from standin import Fault, Limits, StandIn, make
from standin.corpus import Corpus


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return make(3_000, seed=5)


@pytest.fixture
def server(corpus: Corpus) -> Iterator[StandIn]:
    corpus.today = date(2026, 11, 20)
    with StandIn(corpus, stall=0.3) as running:
        yield running


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("service", "path", "gap", "allowed", "said"),
    [
        ("arxiv", "", 2.0, 1, b"Rate exceeded."),
        ("eutils", "/einfo.fcgi", 0.1, 3, b"API rate limit exceeded"),
    ],
)
def test_too_fast_is_refused_and_logged(corpus, service, path, gap, allowed, said):
    clock = Clock()
    with StandIn(corpus, pace=1.0, clock=clock) as server:
        statuses = []
        for _ in range(allowed + 1):
            answer = get(server, service, path, search_query="ti:a")
            statuses.append(answer.status_code)
            clock.now += gap
        assert statuses == [200] * allowed + [429]
        assert said in answer.content
        assert "Retry-After" not in answer.headers
        assert server.log[-1].too_fast
        clock.now += 3.0
        assert get(server, service, path, search_query="ti:a").status_code == 200


def test_a_key_allows_ten_a_second(corpus):
    clock = Clock()
    with StandIn(corpus, pace=1.0, clock=clock) as server:
        answers = [get(server, "eutils", "/einfo.fcgi", api_key="k").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_the_log_says_who_asked_what_and_when(server):
    with requests.Session() as session:
        session.headers["User-Agent"] = "funnel-test (a@example.org)"
        for _ in range(2):
            session.get(server.base["arxiv"], params={"search_query": "ti:ct"}, timeout=20)
    first, second = server.requests("arxiv")
    assert first.agent == "funnel-test (a@example.org)"
    assert first.client == second.client
    assert first.at <= second.at
    assert (first.number, second.number) == (1, 2)
    assert first.params == {"search_query": "ti:ct"}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_status_faults_strike_by_number(corpus, status):
    with StandIn(corpus, faults=[Fault(str(status), nth=(2,))]) as server:
        answers = [get(server, "arxiv", search_query="ti:ct").status_code for _ in range(3)]
    assert answers == [200, status, 200]


def test_every_tenth_request_fails_and_only_on_the_named_service(corpus):
    with StandIn(corpus, faults=[Fault("503", every=10, service="eutils")]) as server:
        bad = [get(server, "eutils", "/einfo.fcgi").status_code for _ in range(20)]
        good = [get(server, "arxiv", search_query="ti:ct").status_code for _ in range(10)]
    assert [n for n, status in enumerate(bad, start=1) if status == 503] == [10, 20]
    assert good == [200] * 10


def test_a_rate_of_faults_repeats_by_seed(corpus):
    def run(seed: int) -> list[int]:
        with StandIn(corpus, faults=[Fault("500", rate=0.3, seed=seed)]) as server:
            return [get(server, "eutils", "/einfo.fcgi").status_code for _ in range(30)]

    assert run(1) == run(1)
    assert 3 < run(1).count(500) < 18


def test_retry_after_is_given_when_asked_for(corpus):
    with StandIn(corpus, faults=[Fault("429-retry-after", nth=(1,), retry_after="7")]) as server:
        assert get(server, "eutils", "/einfo.fcgi").headers["Retry-After"] == "7"


def test_broken_bodies_break_as_they_do_in_the_wild(corpus):
    query = {"search_query": "all:covid*", "max_results": 200}
    with StandIn(corpus, stall=0.3) as server:
        whole = get(server, "arxiv", **query).content
        server.faults.append(Fault("cut", nth=(1,)))
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            get(server, "arxiv", **query)
        server.faults[:] = [Fault("cut-quiet", nth=(1,))]
        quiet = get(server, "arxiv", **query)
        assert quiet.status_code == 200
        assert whole.startswith(quiet.content)
        assert len(quiet.content) < len(whole)
        server.faults[:] = [Fault("reset", nth=(1,))]
        with pytest.raises(requests.exceptions.RequestException):
            get(server, "arxiv", **query)
        server.faults[:] = [Fault("stall", nth=(1,))]
        with pytest.raises(requests.exceptions.RequestException):
            requests.get(server.base["arxiv"], params=query, timeout=0.1)
        server.faults[:] = [Fault("slow", nth=(1,))]
        assert get(server, "arxiv", **query).content == whole


def test_faults_of_content_are_committed(corpus):
    query = {"search_query": "all:covid*", "max_results": 50}
    with StandIn(corpus) as server:
        total, ids = atom(get(server, "arxiv", **query))
        server.faults[:] = [Fault("empty-page", nth=(1,))]
        assert atom(get(server, "arxiv", **query)) == (total, [])
        server.faults[:] = [Fault("changed-total", nth=(1,))]
        assert atom(get(server, "arxiv", **query))[0] == total + 7
        server.faults[:] = [Fault("malformed", nth=(1,))]
        assert len(atom(get(server, "arxiv", **query))[1]) == len(ids) - 1
        server.faults[:] = [Fault("duplicate", nth=(1,))]
        assert atom(get(server, "arxiv", start=50, **query))[1] == ids
        server.faults[:] = [Fault("html", nth=(1,)), Fault("empty", nth=(1,))]
        assert b"<html>" in get(server, "arxiv", **query).content
        assert get(server, "arxiv", **query).content == b""
        server.faults[:] = [Fault("bomb", nth=(1,))]
        assert b"<!ENTITY" in get(server, "arxiv", **query).content
        server.faults[:] = [Fault("empty-page", nth=(1,), service="biorxiv")]
        data = get(server, "biorxiv", "/details/medrxiv/2020-01-01/2020-02-01/0/json").json()
        assert data["messages"] == [{"status": "no posts found"}]
        pmids = ",".join(str(one.pmid) for one in corpus.articles[:5])
        server.faults[:] = [Fault("missing", nth=(1,))]
        text = get(server, "eutils", "/efetch.fcgi", db="pubmed", id=pmids).text
        assert len(re.findall(r"<PubmedArticle>|<PubmedBookArticle>", text)) == 4


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="unknown fault 'boom'"):
        Fault("boom")


def test_small_limits_serve_small_tests(corpus):
    with StandIn(corpus, limits=Limits(arxiv_total=100, arxiv_page=50)) as server:
        answer = get(server, "arxiv", search_query="all:covid*", start=100, max_results=50)
        assert "start must be less than 100" in answer.text


def test_it_runs_by_itself(tmp_path):
    import subprocess
    import sys
    from pathlib import Path

    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.standin", "--size", "300", "--fault", "503:2:eutils"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            bases = json.loads(process.stdout.readline())
            answers = [
                requests.get(bases["eutils"] + "/einfo.fcgi", timeout=120).status_code
                for _ in range(2)
            ]
            assert answers == [200, 503]
        finally:
            process.terminate()
        assert process.wait(120) == 0


def test_recorded_answers_are_served_as_recorded():
    corpus = make(200, recorded=ANSWERS)
    rows = json.loads((ANSWERS / "medrxiv/details.json").read_text())["collection"]
    page = (ANSWERS / "arxiv/search.xml").read_text()
    with StandIn(corpus) as server:
        given = details(server, "2024-01-01", "2024-01-03")
        assert [row for row in rows if row not in given] == []
        _, ids = atom(get(server, "arxiv", id_list="2999.00741"))
        assert ids == ["http://arxiv.org/abs/2999.00741v1"]
        text = get(server, "arxiv", id_list="2999.00741").text
        entry = re.search(r"  <entry>.*?</entry>\n", page, re.S)
        assert entry
        assert entry[0] in text
        found = esearch(server, term='"endogenous films"[ti]')
        assert found["idlist"] == ["99000001"]
        fetched = get(server, "eutils", "/efetch.fcgi", db="pubmed", id="99000001,99000002").text
        assert len(ET.fromstring(fetched)) == 2
        assert "Invented imaging (Example, Mass.)" in fetched


def test_a_preprint_posted_while_paging_shifts_the_pages():
    corpus = make(1_500, seed=6)
    with StandIn(corpus, limits=Limits(rxiv_page=20)) as server:
        server.faults.append(Fault("inserted", nth=(1,)))
        first = get(server, "biorxiv", "/details/medrxiv/2020-01-01/2020-12-31/0/json").json()
        after = get(server, "biorxiv", "/details/medrxiv/2020-01-01/2020-12-31/20/json").json()
    assert int(after["messages"][0]["total"]) == int(first["messages"][0]["total"]) + 1
    assert after["collection"][0]["doi"] == first["collection"][-1]["doi"]


def test_old_addresses_lead_to_the_new(server):
    answer = requests.get(
        f"{server.url}/http/arxiv/api/query", params={"search_query": "ti:ct"}, timeout=20
    )
    assert [one.status_code for one in answer.history] == [301]
    assert atom(answer)[0] > 0
    old = requests.get(f"{server.url}/arxiv/oai2", params={"verb": "Identify"}, timeout=120)
    assert "<repositoryName>arXiv</repositoryName>" in old.text


def test_two_requests_at_once_are_one_too_many_for_arxiv(corpus):
    from concurrent.futures import ThreadPoolExecutor

    clock = Clock()
    slow = Fault("slow", nth=(1,), service="arxiv")
    with StandIn(corpus, pace=1.0, clock=clock, faults=[slow], stall=4.0) as server:
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(get, server, "arxiv", search_query="all:covid*")
            while not server.requests("arxiv"):
                pass
            clock.now += 10
            second = get(server, "arxiv", search_query="all:covid*")
        assert first.result().status_code == 200
        assert second.status_code == 429
        assert [one.at_once for one in server.requests("arxiv")] == [1, 2]


def test_medrxiv_gives_the_newest_and_one_category(server, corpus):
    rows = get(server, "biorxiv", "/details/medrxiv/5").json()["collection"]
    days = [row["date"] for row in rows]
    assert len(days) == 5
    assert days == sorted(days, reverse=True)
    path = "/details/medrxiv/2020-01-01/2020-12-31/0/json"
    some = get(server, "biorxiv", path, category="radiology_and_imaging").json()
    assert {row["category"] for row in some["collection"]} == {"radiology and imaging"}
    assert 0 < int(some["messages"][0]["total"]) < len(details(server, "2020-01-01", "2020-12-31"))
    week = get(server, "biorxiv", "/details/medrxiv/300d").json()
    assert min(row["date"] for row in week["collection"]) >= "2026-01-24"
