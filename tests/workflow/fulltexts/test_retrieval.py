"""PDFs of reports that passed screening: found where open copies are, or the reason why not."""

import dataclasses
import json

import pytest
from standin import Fault, StandIn, corpus
from support.harvesting import make, review, surroundings

from review.errors import SourceError
from review.models import Record
from review.sources.models import QueryRejected
from review.sources.pdfs import (
    check_pdf,
    parse_free_copies,
    parse_pmc_listing,
    parse_pmc_pdf,
)
from review.store import files, records, retrievals
from review.store.timestamps import utc_now
from review.workflow.exports.prisma_inputs import build_inputs
from review.workflow.fulltexts.retrieval import fetch_pdfs, list_missing_pdfs
from review.workflow.fulltexts.retrieval_statements import describe_reason
from review.workflow.screening import decisions
from review.workflow.screening.decisions import NewDecision

PLACES = ("arxiv-pdf", "medrxiv-pdf", "biorxiv-pdf", "pmc-cloud", "unpaywall")


@pytest.fixture(scope="module")
def library():
    return corpus.make(1_500, 5)


@pytest.fixture
def rehearsal(tmp_path, monkeypatch):
    def point(server):
        for name, value in around(server, tmp_path).items():
            monkeypatch.setenv(name, value)

    return point


def around(server, tmp_path):
    found = surroundings(server, tmp_path / "cache")
    for name in PLACES:
        found[f"FUNNEL_{name.upper().replace('-', '_')}_URL"] = server.base[name]
    return found


def of_library(library):
    """One record for each way a PDF can be had or not."""
    arxiv = library.of("arxiv")[0]
    medrxiv = library.of("medrxiv")[0]
    open_one = next(a for a in library.articles if a.open_access and a.pmcid and a.doi)
    closed = next(a for a in library.articles if not a.open_access and a.doi)
    return [
        Record("arxiv", arxiv.id + "v1", title="A", arxiv_id=arxiv.id, version=1),
        Record("medrxiv", medrxiv.id + "v1", title="B", doi=medrxiv.id, version=1),
        Record("pubmed", "1", title="C", pmid="1", pmcid=open_one.pmcid, doi=open_one.doi),
        Record("pubmed", "2", title="D", pmid="2", doi=closed.doi),
        Record("embase", "E1", title="E"),
    ]


def screened(tmp_path, given, verdict="include"):
    project = make(tmp_path / "r")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ann", kind="file", source="x")
        added = records.add_records(conn, batch, list(enumerate(given, 1)), utc_now())
    for number in added.new:
        decisions.add_decision(project, NewDecision(number, "screening", "ann", verdict))
    return project


def test_each_place_gives_its_pdfs_and_the_rest_is_told_why(library, tmp_path, rehearsal):
    project = screened(tmp_path, of_library(library))
    with StandIn(library) as server:
        rehearsal(server)
        done = fetch_pdfs(project, "ann")
    assert [one.location for one in done] == ["arxiv", "medrxiv", "pmc", None, None]
    assert [one.state for one in done] == ["retrieved"] * 3 + ["not retrieved"] * 2
    assert "unpaywall: no open-access PDF found" in done[3].reason
    assert "no identifier" in done[4].reason
    with project.store.read() as conn:
        assert len(files.list_current_files(conn)) == 3
        newest = retrievals.list_newest_states(conn)
    assert newest[4][0] == "not retrieved"
    assert build_inputs(project).not_retrieved["R000004"] == "No open copy found"


def test_a_second_run_seeks_only_what_is_left(library, tmp_path, rehearsal):
    project = screened(tmp_path, of_library(library))
    with StandIn(library) as server:
        rehearsal(server)
        assert len(fetch_pdfs(project, "ann", most=2)) == 2
        assert list_missing_pdfs(project) == [3, 4, 5]
        fetch_pdfs(project, "ann")
        asked = len(server.log)
        assert fetch_pdfs(project, "ann") == []
        assert len(server.log) == asked
        assert [one.key for one in fetch_pdfs(project, "ann", include_recent=True)] == [
            "R000004",
            "R000005",
        ]


def test_reports_that_did_not_pass_screening_are_not_sought(library, tmp_path, rehearsal):
    project = screened(tmp_path, of_library(library), "exclude")
    with StandIn(library) as server:
        rehearsal(server)
        assert fetch_pdfs(project, "ann") == []
        assert server.log == []


@pytest.mark.parametrize("kind", ["503", "cut", "cut-quiet", "empty", "reset", "429-retry-after"])
def test_a_passing_fault_does_not_cost_a_pdf(library, tmp_path, rehearsal, kind):
    project = screened(tmp_path, of_library(library)[:3])
    fault = Fault(kind, every=2, retry_after="0")
    with StandIn(library, faults=[fault]) as server:
        rehearsal(server)
        done = fetch_pdfs(project, "ann")
    assert [one.state for one in done] == ["retrieved"] * 3
    assert fault.done


def test_a_lost_network_makes_no_report_not_retrieved(library, tmp_path, rehearsal, monkeypatch):
    project = screened(tmp_path, of_library(library))
    with monkeypatch.context() as down:
        for name in PLACES:
            down.setenv(f"FUNNEL_{name.upper().replace('-', '_')}_URL", "http://127.0.0.1:9")
        down.setenv("FUNNEL_PACE", "0")
        done = fetch_pdfs(project, "ann")
    assert {one.state for one in done[:4]} == {"not reached"}
    assert done[4].state == "not retrieved"  # it has no identifier; no network could help
    assert build_inputs(project).not_retrieved.keys() == {"R000005"}
    assert list_missing_pdfs(project) == [1, 2, 3, 4]
    with StandIn(library) as server:
        rehearsal(server)
        again = fetch_pdfs(project, "ann")
    assert [one.state for one in again] == ["retrieved"] * 3 + ["not retrieved"]
    reason = build_inputs(project).not_retrieved["R000004"]
    with monkeypatch.context() as down:
        for name in PLACES:
            down.setenv(f"FUNNEL_{name.upper().replace('-', '_')}_URL", "http://127.0.0.1:9")
        assert fetch_pdfs(project, "ann", include_recent=True)[0].state == "not reached"
    assert build_inputs(project).not_retrieved["R000004"] == reason


def test_a_run_stops_where_nobody_answers(library, tmp_path, rehearsal, monkeypatch):
    one = of_library(library)[1]
    many = [Record("medrxiv", f"{n}", title=f"T{n}", doi=one.doi, version=1) for n in range(9)]
    project = screened(tmp_path, many)
    for name in PLACES:
        monkeypatch.setenv(f"FUNNEL_{name.upper().replace('-', '_')}_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FUNNEL_PACE", "0")
    monkeypatch.setenv("FUNNEL_CACHE", str(tmp_path / "cache"))
    assert len(fetch_pdfs(project, "ann")) == 5
    assert len(list_missing_pdfs(project)) == 9


def test_a_page_in_place_of_a_pdf_is_no_pdf(library, tmp_path, rehearsal):
    project = screened(tmp_path, of_library(library)[1:2])
    with StandIn(library, faults=[Fault("html", nth=(1,))]) as server:
        rehearsal(server)
        (one,) = fetch_pdfs(project, "ann")
    assert one.state == "not retrieved"
    assert "web page" in one.reason


def test_the_command_tells_how_many(library, tmp_path):
    screened(tmp_path, of_library(library))
    with StandIn(library) as server:
        done = review(tmp_path / "r", around(server, tmp_path), "fetch-pdfs")
        out, _ = done.communicate(timeout=300)
        assert done.returncode == 0, out
        told = review(tmp_path / "r", around(server, tmp_path), "fetch-pdfs", "--again", "--json")
        data = json.loads(told.communicate(timeout=300)[0])
    assert "5 reports sought, 3 retrieved, 2 not retrieved." in out
    assert {one["state"] for one in data} == {"not retrieved"}


def test_the_newest_version_at_pubmed_central_and_its_pdf():
    keys = "".join(
        f"<Contents><Key>metadata/{name}.json</Key></Contents>"
        for name in ("PMC12.9", "PMC12.10", "PMC12.2", "PMC123.11")
    )
    head = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    listing = f"{head}{keys}</ListBucketResult>".encode()
    assert parse_pmc_listing("PMC12", listing) == "PMC12.10"
    with pytest.raises(QueryRejected, match="not open access"):
        parse_pmc_listing("PMC7", listing)
    with pytest.raises(SourceError, match="not a file listing") as error:
        parse_pmc_listing("PMC12", b"<Error><Code>NoSuchBucket</Code></Error>")
    assert not isinstance(error.value, QueryRejected)
    pdf = b'{"pmcid": "PMC12", "pdf_url": "s3://pmc-oa-opendata/PMC12.1/main%20a.pdf?md5=1f"}'
    assert parse_pmc_pdf(pdf) == "PMC12.1/main%20a.pdf"
    for without in (b'{"pmcid": "PMC12", "pdf_url": null}', b'{"pmcid": "PMC12"}'):
        with pytest.raises(QueryRejected, match="but no PDF"):
            parse_pmc_pdf(without)
    with pytest.raises(SourceError, match="not article metadata") as error:
        parse_pmc_pdf(b"[]")
    assert not isinstance(error.value, QueryRejected)


@pytest.mark.parametrize("kind", ["404", "410", "html"])
@pytest.mark.parametrize("service", ["pmc-cloud", "unpaywall"])
def test_a_service_that_is_gone_leaves_the_report_sought(
    library, tmp_path, rehearsal, kind, service
):
    open_one = next(a for a in library.articles if a.open_access and a.pmcid and a.doi)
    closed = next(a for a in library.articles if a.pmcid and not a.open_access and a.doi)
    article = open_one if service == "pmc-cloud" else closed
    record = Record(
        "pubmed", "9", title="Z", pmid="9", pmcid=article.pmcid,
        doi=None if service == "pmc-cloud" else article.doi,
    )  # fmt: skip
    project = screened(tmp_path, [record])
    with StandIn(library, faults=[Fault(kind, service=service, every=1)]) as server:
        rehearsal(server)
        (result,) = fetch_pdfs(project, "ann")
        assert result.state == "not reached"
        assert build_inputs(project).not_retrieved == {}
        assert list_missing_pdfs(project) == [1]
        server.faults.clear()
        (result,) = fetch_pdfs(project, "ann")
    assert result.state == ("retrieved" if service == "pmc-cloud" else "not retrieved")


def test_a_gone_service_does_not_keep_later_reports_from_being_sought(library, tmp_path, rehearsal):
    open_articles = [a for a in library.articles if a.open_access and a.pmcid][:6]
    preprint = library.of("arxiv")[0]
    given = [
        Record("pubmed", f"{n}", title=f"T{n}", pmid=f"{n}", pmcid=article.pmcid, doi=f"10.9/{n}")
        for n, article in enumerate(open_articles)
    ]
    given.append(Record("arxiv", f"{preprint.id}v1", title="A", arxiv_id=preprint.id, version=1))
    project = screened(tmp_path, given)
    with StandIn(library, faults=[Fault("404", service="pmc-cloud", every=1)]) as server:
        rehearsal(server)
        results = fetch_pdfs(project, "ann")
    assert [one.state for one in results] == ["not reached"] * 6 + ["retrieved"]


def test_free_copies_best_first_and_each_once():
    body = {
        "best_oa_location": {"url_for_pdf": "b"},
        "oa_locations": [{"url_for_pdf": one} for one in ("a", "b", None)],
    }
    assert parse_free_copies(json.dumps(body).encode()) == ["b", "a"]
    with pytest.raises(QueryRejected):
        parse_free_copies(b'{"error": true, "message": "no"}')


def test_only_a_whole_pdf_is_taken():
    whole = b"%PDF-1.4\n" + b"x" * 9000 + b"\n%%EOF\n"
    assert check_pdf("x", whole) == whole
    with pytest.raises(SourceError, match="truncated"):
        check_pdf("x", whole[:-10])
    with pytest.raises(QueryRejected, match="web page titled 'Sign in'"):
        check_pdf("x", b"<!doctype html><html><head><title>Sign in</title></head></html>")
    with pytest.raises(QueryRejected, match="not a PDF"):
        check_pdf("x", b"GIF89a")


def test_without_a_contact_address_it_says_that_unpaywall_was_not_searched(
    library, tmp_path, rehearsal
):
    given = of_library(library)
    project = screened(tmp_path, [given[3], given[4]])
    search = dataclasses.replace(project.protocol.search, contact=None)
    protocol = dataclasses.replace(project.protocol, search=search)
    with StandIn(library) as server:
        rehearsal(server)
        done = fetch_pdfs(dataclasses.replace(project, protocol=protocol), "ann")
    assert done[0].reason == "unpaywall: not searched, as the protocol has no contact address"
    assert "no identifier" in done[1].reason
    with project.store.read() as conn:
        reasons = [
            describe_reason(attempt)
            for _, attempt in sorted(retrievals.list_newest_attempts(conn).items())
        ]
    assert reasons == [
        "No open copy found; Unpaywall was not searched",
        "No identifier to search for an open copy",
    ]
