"""What registries add to records: abstracts, DOIs, relations, retractions."""

import json

import pytest
from standin import Fault, StandIn, corpus
from support.harvesting import make, review, surroundings

from review.errors import SourceError
from review.models import Record, Relation
from review.sources.registries import is_queryable, parse_crossref, parse_openalex
from review.store import audit_events, harvests, raw_answers, records
from review.store.timestamps import utc_now
from review.workflow.harvest import HarvestInProgress, enrich_records, locking


@pytest.fixture(scope="module")
def library():
    return corpus.make(2_500, 4)


@pytest.fixture
def stage(library, tmp_path, monkeypatch):
    """A stand-in and a review with four records: an article by PMID alone, one retracted, a
    preprint that became an article, and one that no registry knows."""
    with StandIn(library) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        for name in ("crossref", "openalex"):
            monkeypatch.setenv(f"FUNNEL_{name.upper()}_URL", server.base[name])
        articles = [one for one in library.articles if one.doi and "Preprint" not in one.types]
        bare = next(one for one in articles if one.abstract and not library.retracted(one))
        gone = next(
            one
            for one in articles
            if library.retracted(one)
            and any(a.pmid == one.notice and a.doi for a in library.articles)
        )
        early = next(one for one in library.of("medrxiv") if library.published_doi(one))
        given = [
            Record("scopus", "1", bare.title, pmid=str(bare.pmid)),
            Record("embase", "2", gone.title, abstract="Its own.", doi=gone.doi),
            Record("medrxiv", "3", early.versions[-1].title, doi=early.id),
            Record("scopus", "4", "Unknown anywhere", doi="10.5555/nowhere"),
        ]
        project = make(tmp_path / "r")
        with project.store.write() as conn:
            batch = records.add_batch(conn, utc_now(), "ann", kind="file", source="scopus")
            records.add_records(conn, batch, list(enumerate(given, 1)), utc_now())
        yield project, server, (bare, gone, early), library


def said(project, number):
    with project.store.read() as conn:
        found = harvests.list_relations(conn, [number]).get(number, [])
        return {(one.kind, one.target, one.said_by) for one in found}, records.get_edits(
            conn, number
        )


def test_missing_values_and_relations_are_added_beside_the_record(stage):
    project, _, (bare, _, early), library = stage
    found = enrich_records(project, "ann")
    assert (found.asked, found.unknown, found.failed) == (5, 1, ())
    relations, added = said(project, 1)
    assert added["doi"] == bare.doi
    assert added["abstract"].split() == bare.abstract.split()
    relations, added = said(project, 2)
    assert "retracted_by" in {kind for kind, _, _ in relations}
    assert added == {}, "an abstract of its own is kept"
    relations, added = said(project, 3)
    assert ("published_as", f"doi:{library.published_doi(early)}", "crossref") in relations
    assert added["abstract"]
    assert said(project, 4) == (set(), {})
    with project.store.read() as conn:
        assert next(records.iter_records(conn)).record.doi is None, "records are not edited"
        rows = records.list_edits(conn, 1)
        assert {row[2] for row in rows} == {"openalex"}
        (act, *_) = [
            one for one in audit_events.list_events(conn) if one["kind"] == "registry asked"
        ]
    kept = raw_answers.get_path(project.folder, act["detail"]["raw"])
    assert kept.exists()


def test_a_second_run_asks_nothing_and_a_forced_one_learns_nothing_twice(stage):
    project, server, _, _ = stage
    enrich_records(project, "ann")
    server.clear_log()
    assert enrich_records(project, "ann").asked == 0
    assert not server.requests("crossref") and not server.requests("openalex")
    once = said(project, 2)
    again = enrich_records(project, "ann", again=True)
    assert again.asked == 4 and (again.abstracts, again.dois, again.relations) == (0, 0, 0)
    assert said(project, 2) == once


def test_a_registry_that_is_down_is_told_and_asked_again_by_the_next_run(stage):
    project, server, _, _ = stage
    server.faults.append(Fault("503", every=1, service="crossref"))
    found = enrich_records(project, "ann")
    assert any("crossref" in one and "503" in one for one in found.failed)
    assert said(project, 1)[1], "what the other registry said is kept"
    server.faults.clear()
    assert enrich_records(project, "ann").failed == ()
    assert "retracted_by" in {kind for kind, _, _ in said(project, 2)[0]}


def test_a_harvest_under_way_keeps_it_out(stage):
    project, *_ = stage
    with locking.hold_lock(project, "ann"), pytest.raises(HarvestInProgress):
        enrich_records(project, "ben")


def test_the_command_tells_what_was_learned(stage):
    project, *_ = stage
    child = review(project.folder, {}, "enrich")
    out, _ = child.communicate(timeout=300)
    assert child.returncode == 0
    assert "1 abstracts, 1 DOIs" in out or "2 abstracts, 1 DOIs" in out, out
    assert "1 records not found" in out


def crossref(**work):
    return json.dumps({"status": "ok", "message-type": "work", "message": work}).encode()


def test_crossref_words_become_ours():
    (work,) = parse_crossref(
        crossref(
            DOI="10.1000/A",
            title=["A <i>title</i> &amp; more"],
            abstract="<jats:title>Purpose</jats:title><jats:p>To see.</jats:p><jats:p>B</jats:p>",
            relation={
                "is-preprint-of": [{"id": "10.2000/B", "id-type": "doi"}, {"id": 5}, "odd"],
                "is-supplemented-by": [{"id": "10.3000/C", "id-type": "doi"}],
                "has-preprint": "odd",
            },
            **{
                "updated-by": [
                    {
                        "DOI": "10.4000/N",
                        "type": "retraction",
                        "updated": {"date-parts": [[2021, 3, 4]]},
                    },
                    {"DOI": "10.4000/E", "type": "Expression-of-Concern", "updated": {}},
                    {"DOI": "10.4000/X", "type": "new_edition"},
                ],
                "update-to": [{"DOI": "10.5000/O", "type": "correction"}],
            },
        )
    )
    assert (work.doi, work.title) == ("10.1000/a", "A title & more")
    assert work.abstract == "Purpose: To see.\nB"
    assert set(work.relations) == {
        Relation("published_as", "doi:10.2000/b", "crossref"),
        Relation("retracted_by", "doi:10.4000/n", "crossref", "2021-03-04"),
        Relation("expression_of_concern_in", "doi:10.4000/e", "crossref"),
        Relation("update_in", "doi:10.4000/x", "crossref"),
        Relation("erratum_for", "doi:10.5000/o", "crossref"),
    }


def test_openalex_words_become_ours():
    body = json.dumps(
        {
            "results": [
                {
                    "id": "https://openalex.org/W1",
                    "doi": "https://doi.org/10.1000/A",
                    "title": None,
                    "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/123"},
                    "is_retracted": True,
                    "abstract_inverted_index": {
                        "sees": [1],
                        "It": [0],
                        "all": [2, 4],
                        "odd": "x",
                        "and": [3],
                    },
                }
            ]
        }
    ).encode()
    (work,) = parse_openalex(body)
    assert (work.doi, work.pmid, work.title) == ("10.1000/a", "123", None)
    assert work.abstract == "It sees all and all"
    assert work.relations == (Relation("marked", "retracted publication", "openalex"),)


@pytest.mark.parametrize("parse", [parse_crossref, parse_openalex])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><title>Maintenance</title></html>",
        b'{"message": ',
        b"[]",
        b"{}",
        b'"text"',
        b'{"message": {"items": 3}}',
    ],
)
def test_what_is_no_answer_is_refused(parse, body):
    if parse is parse_crossref and body == b'{"message": {"items": 3}}':
        body = b'{"message-type": "work-list", "message": {"items": 3}}'
    with pytest.raises(SourceError):
        parse(body)


def test_dois_that_would_end_the_list_are_left_out():
    assert (
        is_queryable("10.1000/a(b)c")
        and not is_queryable("10.1000/a,b")
        and not is_queryable("10.1000/a|b")
    )
