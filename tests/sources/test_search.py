"""Searches of the stand-in server: limits, expiry, false ends, wrong totals, resuming."""

from collections import Counter
from datetime import date
from functools import partial

import pytest
from standin import Fault, StandIn, corpus
from standin.web import Limits
from support.harvesting import KINDS

from review.errors import SourceError
from review.sources import pagination
from review.sources.arxiv import search as arxiv_search
from review.sources.europepmc import search as europepmc_search
from review.sources.http import HttpClient
from review.sources.medrxiv.search import search_medrxiv as rxiv
from review.sources.medrxiv.search import search_published_articles
from review.sources.models import HarvestWindow, QueryRejected
from review.sources.pubmed import search as pubmed_search

YEAR = HarvestWindow(date(2020, 1, 1), date(2020, 10, 3))


@pytest.fixture(scope="module")
def library():
    return corpus.make(2_500, 2)


SEARCHES = {
    "arxiv": (arxiv_search.search_arxiv, "abs:covid OR abs:imaging OR abs:lung", "arxiv"),
    "medrxiv": (partial(rxiv, server="medrxiv"), None, "biorxiv"),
    "biorxiv": (partial(rxiv, server="biorxiv"), None, "biorxiv"),
    "pubmed": (pubmed_search.search_pubmed, "covid[tiab] OR lung[tiab]", "eutils"),
    "europepmc": (
        europepmc_search.search_europepmc,
        "TITLE_ABS:covid OR TITLE_ABS:lung",
        "europepmc",
    ),
}


@pytest.fixture
def small_pages(monkeypatch):
    """Pages small enough that every search takes several."""
    monkeypatch.setattr(arxiv_search, "PAGE", 20)
    monkeypatch.setattr(arxiv_search, "SMALL_PAGE", 10)
    monkeypatch.setattr(europepmc_search, "PAGE", 25)
    monkeypatch.setattr(pubmed_search, "BATCH", 25)


def run(server, name, tmp_path, window=YEAR, resume=None):
    find, query, service = SEARCHES[name]
    http = HttpClient(tmp_path, contact="a@b.org", pace=0)
    pages = list(find(query, window, http, server.base[service], resume))
    return pages, http


def ids(pages):
    return [r.source_id for page in pages for r in page.parsed.records]


@pytest.fixture(scope="module")
def whole(library, tmp_path_factory):
    """What each search gives without faults."""
    found = {}
    with StandIn(library) as server:
        for name in SEARCHES:
            pages, _ = run(server, name, tmp_path_factory.mktemp(name))
            found[name] = ids(pages)
            assert len(set(found[name])) == len(found[name]) > 10
    return found


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("small_pages")
def test_a_fault_of_any_kind_on_every_third_request_loses_nothing(
    library, whole, tmp_path, name, kind
):
    fault = Fault(kind, every=3, retry_after="0")
    with StandIn(library, faults=[fault], limits=Limits(rxiv_page=40)) as server:
        pages, http = run(server, name, tmp_path)
    assert sorted(ids(pages)) == sorted(whole[name])
    assert [page.shortfall for page in pages if page.shortfall] == []
    assert [page.parsed.rejected for page in pages if page.parsed.rejected] == []
    if kind not in ("missing", "changed-total"):  # seen in notes; or only PubMed's to commit
        assert fault.done == 0 or sum(http.faults.values()) > 0


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.usefixtures("small_pages")
def test_a_search_goes_on_from_any_page(library, whole, tmp_path, name):
    with StandIn(library, limits=Limits(rxiv_page=40)) as server:
        pages, _ = run(server, name, tmp_path)
        assert len(pages) > 2
        for place in (0, len(pages) // 2, len(pages) - 2):
            import json

            token = json.loads(json.dumps(pages[place].token))
            rest, _ = run(server, name, tmp_path, resume=token)
            assert ids(pages[: place + 1]) + ids(rest) == ids(pages)
    assert sorted(ids(pages)) == sorted(whole[name])


@pytest.mark.parametrize("name", SEARCHES)
def test_announced_and_received_agree_on_every_slice(library, tmp_path, name):
    with StandIn(library) as server:
        pages, _ = run(server, name, tmp_path)
    for page in pages:
        if page.last:
            assert page.announced in (None, page.received)


def test_pubmeds_wall_is_passed_by_slices_of_days(library, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(pubmed_search, "MAX_PMIDS_PER_SEARCH", 60)
    with StandIn(library, limits=Limits(pubmed_wall=60)) as server:
        pages, _ = run(server, "pubmed", tmp_path)
    assert set(ids(pages)) == set(whole["pubmed"])
    assert len({page.slice for page in pages}) > 3
    assert all(page.announced <= 60 for page in pages)


def test_a_single_day_beyond_the_wall_is_sliced_by_day_of_creation(
    library, whole, tmp_path, monkeypatch
):
    ours = [one for one in library.articles if str(one.pmid) in whole["pubmed"]]
    busiest = Counter(one.issue_date for one in ours).most_common(1)[0][0]
    window = HarvestWindow(busiest, busiest)
    with StandIn(library) as server:
        plain = set(ids(run(server, "pubmed", tmp_path, window)[0]))
    assert len(plain) >= 2
    monkeypatch.setattr(pubmed_search, "MAX_PMIDS_PER_SEARCH", len(plain) - 1)
    with StandIn(library, limits=Limits(pubmed_wall=len(plain) - 1)) as server:
        pages, _ = run(server, "pubmed", tmp_path, window)
    assert set(ids(pages)) == plain
    assert any("made" in page.slice for page in pages)


@pytest.mark.usefixtures("small_pages")
def test_a_forgotten_history_is_searched_again(library, whole, tmp_path):
    with StandIn(library, limits=Limits(webenv_uses=2)) as server:
        pages, http = run(server, "pubmed", tmp_path)
    assert sorted(ids(pages)) == sorted(whole["pubmed"])
    assert http.faults["history expired"] >= 1


def test_articles_pubmed_announces_and_does_not_give_are_told(library, whole, tmp_path):
    gone = frozenset(int(one) for one in whole["pubmed"][3:6])
    with StandIn(library, limits=Limits(missing_pmids=gone)) as server:
        pages, _ = run(server, "pubmed", tmp_path)
    lost = [one for page in pages for one in page.parsed.rejected]
    assert {int(one.raw) for one in lost} == gone
    assert all("has no such article" in one.reason for one in lost)
    assert set(ids(pages)) == set(whole["pubmed"]) - {str(one) for one in gone}
    assert not [page for page in pages if page.shortfall]


def test_a_long_query_goes_by_post(library, tmp_path):
    terms = " OR ".join(f'"word{n}"[tiab]' for n in range(300))
    with StandIn(library) as server:
        http = HttpClient(tmp_path, pace=0)
        query = f"covid[tiab] OR {terms}"
        pages = list(pubmed_search.search_pubmed(query, YEAR, http, server.base["eutils"]))
        assert {one.method for one in server.log if "esearch" in one.path} == {"POST"}
    assert len(ids(pages)) > 10


def test_what_changed_at_pubmed_includes_what_entered(library, tmp_path):
    since, until = date(2020, 4, 1), date(2020, 5, 31)
    with StandIn(library) as server:
        http, base = HttpClient(tmp_path, pace=0), server.base["eutils"]
        query = pubmed_search.search_pubmed
        window = HarvestWindow(since, until, "changed")
        found = ids(list(query("covid*[tiab]", window, http, base)))
        everything = [a for a in library.articles if a.edat <= library.today]
        due = {
            str(a.pmid)
            for a in everything
            if since <= a.edat <= until or since <= library.modified(a) <= until
        }
        entered = ids(
            list(query("covid*[tiab]", HarvestWindow(since, until, "entered"), http, base))
        )
    assert set(entered) < set(found) <= due


def test_a_long_query_goes_to_arxiv_by_post(library, tmp_path):
    terms = " OR ".join(f'ti:"word{n}"' for n in range(600))
    with StandIn(library) as server:
        http = HttpClient(tmp_path, pace=0)
        query = f"ti:covid OR {terms}"
        pages = list(arxiv_search.search_arxiv(query, YEAR, http, server.base["arxiv"]))
        assert {one.method for one in server.log} == {"POST"}
    assert len(ids(pages)) > 3


def test_what_pubmed_made_of_the_query_is_told(library, tmp_path):
    with StandIn(library) as server:
        http = HttpClient(tmp_path, pace=0)
        query = "(covid[tiab] OR qwertyzzz[tiab])"
        pages = list(pubmed_search.search_pubmed(query, YEAR, http, server.base["eutils"]))
    notes = pages[0].notes
    assert any(note.startswith("PubMed ran: ") for note in notes)
    assert any("does not recognise" in note and "qwertyzzz" in note for note in notes)


def test_a_query_pubmed_cannot_read_ends_in_one_line(library, tmp_path):
    with StandIn(library) as server, pytest.raises(SourceError, match="pubmed: ") as told:
        http = HttpClient(tmp_path, pace=0)
        list(pubmed_search.search_pubmed("(covid[nofield]", YEAR, http, server.base["eutils"]))
    assert "\n" not in str(told.value)


def test_a_query_arxiv_cannot_read_ends_in_one_line(library, tmp_path):
    with StandIn(library) as server, pytest.raises(QueryRejected, match="malformed query") as told:
        http = HttpClient(tmp_path, pace=0)
        list(arxiv_search.search_arxiv("all:(", YEAR, http, server.base["arxiv"]))
    assert "\n" not in str(told.value)


@pytest.mark.usefixtures("small_pages")
def test_arxivs_cap_is_passed_by_slices_of_days(library, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(arxiv_search, "SPLIT_THRESHOLD", 40)
    with StandIn(library, limits=Limits(arxiv_total=60)) as server:
        pages, _ = run(server, "arxiv", tmp_path)
    assert sorted(ids(pages)) == sorted(whole["arxiv"])
    assert len({page.slice for page in pages}) > 2


def test_page_sizes_that_change_under_way_lose_nothing(library, whole, tmp_path):
    with StandIn(library, limits=Limits(rxiv_pages=(100, 30, 7, 64))) as server:
        pages, _ = run(server, "medrxiv", tmp_path)
    assert sorted(ids(pages)) == sorted(whole["medrxiv"])


def test_an_inflated_total_is_seen_through(library, whole, tmp_path):
    with StandIn(library, limits=Limits(rxiv_inflation=3)) as server:
        pages, http = run(server, "medrxiv", tmp_path)
    assert sorted(ids(pages)) == sorted(whole["medrxiv"])
    assert not [page for page in pages if page.shortfall]
    assert any("is too high" in note for page in pages for note in page.notes)
    assert http.faults["empty page"] > 0


def test_a_total_far_too_high_leaves_the_slice_incomplete(library, tmp_path):
    with StandIn(library, limits=Limits(rxiv_inflation=500)) as server:
        pages, _ = run(server, "medrxiv", tmp_path)
    short = [page.shortfall for page in pages if page.shortfall]
    assert len(short) == len([page for page in pages if page.last])
    assert all("announced" in one and "received" in one for one in short)


def test_days_that_stay_empty_are_asked_three_times(library, tmp_path):
    early = HarvestWindow(date(2015, 1, 1), date(2015, 1, 20))
    with StandIn(library) as server:
        pages, _ = run(server, "medrxiv", tmp_path, early)
        assert len(server.log) == pagination.EMPTY_CONFIRMATIONS
    assert [page.last for page in pages] == [True]
    assert pages[0].parsed.records == ()


def test_a_service_that_only_says_no_posts_in_the_middle_is_not_believed(library, tmp_path):
    fault = Fault("empty-page", every=1)
    with StandIn(library, faults=[]) as server:
        find, query, service = SEARCHES["medrxiv"]
        http = HttpClient(tmp_path, pace=0)
        march = HarvestWindow(date(2020, 3, 1), date(2020, 3, 31))
        found = find(query, march, http, server.base[service])
        server.limits.rxiv_page = 5
        pages = [next(found)]
        server.faults.append(fault)
        pages += list(found)
    assert pages[-1].shortfall is not None
    assert "returned no further records" in pages[-1].shortfall


def test_articles_that_followed_preprints_are_listed(library, tmp_path):
    with StandIn(library) as server:
        http = HttpClient(tmp_path, pace=0)
        window = HarvestWindow(date(2020, 1, 1), date(2021, 6, 30))
        pages = list(
            search_published_articles(window, http, server.base["biorxiv"], server="medrxiv")
        )
        wanted = {
            one.id
            for one in library.of("medrxiv")
            if library.published_doi(one)
            and one.published_on
            and window.since <= one.published_on <= window.until
        }
    records = [r for page in pages for r in page.parsed.records]
    assert {r.doi for r in records} == wanted
    assert len(wanted) > 0
    assert all(r.relations[0].kind == "published_as" for r in records)


def test_places_moved_by_a_new_entry_are_walked_again(tmp_path):
    """A window into which an entry slips before the place we have come to."""
    from review.models import ParseResult, Record
    from review.sources.http import Response
    from review.sources.pagination import (
        PagingSpec,
        PagingState,
        ResultBatch,
        iter_pages,
        split_window,
    )

    entries = [f"{n:02d}" for n in range(20)]
    calls = []

    def ask(here, place, size):
        calls.append(place)
        if len(calls) == 2:
            entries.insert(0, "new")
        page = entries[place : place + size]
        records = tuple(Record("x", source_id=one, date="2020-01-01") for one in page)
        leaf = ResultBatch(ParseResult(records), len(entries), place, len(page))
        return Response(b"", leaf, "", 200)

    road = PagingSpec("x", ask, 7, 7, 1000)
    state = PagingState(split_window(date(2020, 1, 1), date(2020, 1, 1), 1))
    pages = list(iter_pages(road, HttpClient(tmp_path, pace=0), state))
    assert sorted(ids(pages)) == sorted(entries)
    assert len(ids(pages)) == 21
    assert pages[-1].shortfall is None
