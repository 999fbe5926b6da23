"""Withdrawals as the services serve them over HTTP, and texts that only resemble them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
import requests
from standin import StandIn, corpus
from standin.corpus import Corpus
from support.harvesting import expected, make

from review.sources.arxiv import oai
from review.sources.withdrawals import find_retraction_marks
from review.store import records
from review.text.markup import parse_xml
from review.workflow.harvest import HarvestControl, get_exit_status, run_harvest
from review.workflow.harvest.alerts import raise_new_alerts
from review.workflow.screening import decisions
from review.workflow.screening.decisions import NewDecision

TODAY = date(2020, 10, 10)

COMMENTS = [
    "This paper has been withdrawn by the authors due to an error in the split",
    "Withdrawn",
    "14 pages; this submission has been withdrawn by arXiv administrators",
    "The authors have withdrawn this paper until the data are cleared",
]
OTHER_COMMENTS = [
    "14 pages, 3 figures",
    "Replaces an earlier version, which was withdrawn",
    "Alcohol withdrawal seen on CT, 9 pages",
    "With a list of retracted articles",
]
ABSTRACTS = [
    "The authors have withdrawn this manuscript because of an error in the labels.",
    "Withdrawal Statement: medRxiv has withdrawn this preprint at the request of the hospital.",
    "This preprint has been withdrawn by its authors.",
    "This article has been retracted at the request of the authors.",
]
OTHER_ABSTRACTS = [
    "After two weeks we withdrew the drug, and covid was scored on CT again.",
    "Consent was withdrawn by four participants of 200 with covid.",
    "Of 212 papers on covid imaging, 12 articles were retracted; we read them all on CT.",
    "The catheter was withdrawn under CT guidance, and temporary removal lowered the dose.",
]
TITLES = ["WITHDRAWN: {}", "RETRACTED ARTICLE: {}", "{} [WITHDRAWN]", "[Retracted] {}"]
OTHER_TITLES = [
    "Withdrawn from ventilation: {}",
    "Retracted articles on {}",
    "{}: withdrawal of steroids",
    "We withdrew the drug: {}",
]

Change = Callable[[Corpus, list[str]], None]


def change_comments(world: Corpus, ids: list[str]) -> None:
    """Each wording as the comment of one preprint of arXiv."""
    preprints = {one.id: one for one in world.of("arxiv")}
    for ident, comment in zip(ids, COMMENTS + OTHER_COMMENTS, strict=False):
        preprints[ident].comment = comment


def change_abstracts(world: Corpus, ids: list[str]) -> None:
    """Each wording as the abstract of the newest version of one preprint of medRxiv."""
    preprints = {one.id: one for one in world.of("medrxiv")}
    for ident, abstract in zip(ids, ABSTRACTS + OTHER_ABSTRACTS, strict=False):
        one = preprints[ident]
        title = "Covid on CT, read by a network"
        one.versions[-1] = replace(one.versions[-1], title=title, sections=(("", abstract),))


def change_titles(world: Corpus, ids: list[str]) -> None:
    """Each wording as the title of one article of PubMed."""
    articles = {str(one.pmid): one for one in world.articles}
    for ident, wording in zip(ids, TITLES + OTHER_TITLES, strict=False):
        articles[ident].title = wording.format("covid on CT")


CASES = [
    ("arxiv", change_comments),
    ("arxiv-oai", change_comments),
    ("medrxiv", change_abstracts),
    ("pubmed", change_titles),
]


def list_plain_ids(server: StandIn, source: str) -> list[str]:
    """Ids, without versions, of what the query finds and nothing has withdrawn so far."""
    world = server.corpus
    found = sorted(
        one.rsplit("v", 1)[0] if source == "medrxiv" else one for one in expected(server, source)
    )
    if source == "pubmed":
        raw = {str(one.pmid) for one in world.articles if one.raw or one.retracted_on or one.book}
        return [one for one in found if one not in raw]
    single = {
        one.id for one in world.of(source) if len(one.versions) == 1 and not one.versions[0].raw
    }
    return [one for one in dict.fromkeys(found) if one in single]


@pytest.mark.parametrize(("source", "change"), CASES, ids=[case[0] for case in CASES])
def test_a_harvest_marks_what_is_withdrawn_and_nothing_else(
    tmp_path, rehearsal, source: str, change: Change
) -> None:
    world = corpus.make(2_500, 4)
    world.today = TODAY
    project = make(tmp_path / "r", sources=(source,))
    name = source.removesuffix("-oai")
    with StandIn(world) as server:
        rehearsal(server)
        ids = list_plain_ids(server, name)[:8]
        assert len(ids) == 8
        change(world, ids)
        world.changed()
        run = run_harvest(project, "ann", control=HarvestControl(today=TODAY))
    assert get_exit_status(run) == 0
    with project.store.read() as conn:
        stored = [one for one in records.iter_records(conn) if one.record.source == name]
    marked = set()
    for one in stored:
        ident = (one.record.doi if name == "medrxiv" else one.record.source_id) or ""
        ident = ident.rsplit("v", 1)[0] if name == "arxiv" else ident
        if ident in ids:
            decisions.add_decision(project, NewDecision(one.id, "screening", "ann", "include"))
            if find_retraction_marks(one.record):
                marked.add(ident)
    assert marked == set(ids[:4])
    alerts = raise_new_alerts(project)
    assert len(alerts) == 4
    assert all("is marked as retracted, withdrawn or deleted" in alert for alert in alerts)


def test_arxiv_raw_says_of_the_newest_version_whether_it_is_withdrawn() -> None:
    world = corpus.make(2_500, 4)
    world.today = TODAY
    plain, gone = [
        one
        for one in world.of("arxiv")
        if len(one.versions) == 1
        and not one.versions[0].raw
        and one.first.date() < TODAY - timedelta(days=30)
    ][:2]
    last = gone.versions[-1]
    gone.versions.append(replace(last, number=2, at=last.at + timedelta(days=1), withdrawn=True))
    world.changed()
    marks = {}
    with StandIn(world) as server:
        for one in (plain, gone):
            answer = requests.get(
                server.base["arxiv-oai"],
                params={
                    "verb": "GetRecord",
                    "identifier": f"oai:arXiv.org:{one.id}",
                    "metadataPrefix": "arXivRaw",
                },
                timeout=60,
            )
            (record,) = oai.parse_records(parse_xml(answer.content, "arxiv")).records
            marks[one.id] = find_retraction_marks(record)
    assert marks[plain.id] == ()
    assert [mark.target for mark in marks[gone.id]] == ["withdrawn"]
