"""A sample of each kind of response: each field of every entry agrees with the file."""

import re

import pytest
from support.answers import PARSERS, check_arxiv, check_europepmc, check_preprints, check_pubmed
from support.samples import ANSWERS

from review.errors import SourceError
from review.formats.pubmed import parsing as pubmed_parsing
from review.sources import medrxiv, pubmed

ARXIV = [("search.xml", 3, 314000), ("one.json", 1, 1), ("nothing.json", 0, 0)]
REFUSED = {
    "arxiv/error.json": "incorrect id format for xyz",
    "pubmed/page.html": "web page titled 'PmFetch response'",
    "pubmed/einfo.xml": "contains no records",
    "pubmed/elink.xml": "contains no records",
    "pubmed/epost.xml": "contains no records",
}
COUNTED = {
    "pubmed/esearch-mapped.xml": (0, 2651),
    "pubmed/esearch-dropped.xml": (0, 0),
    "pubmed/esearch.json": (0, 115258),
    "pubmed/esummary.xml": (1, 1),
    "pubmed/medline.txt": (2, 2),
    "pubmed/efetch.xml": (3, 3),
    "medrxiv/details.json": (3, 15523),
    "biorxiv/details.json": (2, 60568),
    "europepmc/search.json": (2, 993768),
}


def sample(name: str) -> bytes:
    return (ANSWERS / name).read_bytes()


def test_every_sample_is_in_a_table():
    there = {str(path.relative_to(ANSWERS)) for path in ANSWERS.glob("*/*")}
    assert there == {f"arxiv/{name}" for name, *_ in ARXIV} | set(REFUSED) | set(COUNTED)


@pytest.mark.parametrize("name", REFUSED)
def test_an_answer_without_records_is_refused_in_words(name):
    with pytest.raises(SourceError, match=re.escape(REFUSED[name])):
        PARSERS[name.split("/")[0]](sample(name))


@pytest.mark.parametrize("name", COUNTED)
def test_an_answer_is_read_and_announces_its_total(name):
    parsed = PARSERS[name.split("/")[0]](sample(name))
    assert (len(parsed.records), parsed.announced) == COUNTED[name]
    assert parsed.rejected == ()


@pytest.mark.parametrize(("name", "count", "total"), ARXIV)
def test_arxiv_entries_say_what_the_file_says(name, count, total):
    check_arxiv(sample(f"arxiv/{name}"), count, total)


def test_pubmed_articles_say_what_the_file_says():
    check_pubmed(sample("pubmed/efetch.xml"), 3)


@pytest.mark.parametrize("server", ["medrxiv", "biorxiv"])
def test_preprints_say_what_the_file_says(server):
    check_preprints(sample(f"{server}/details.json"), server)


def test_europe_pmc_entries_say_what_the_file_says():
    check_europepmc(sample("europepmc/search.json"))


def test_pubmed_keeps_links_dates_grants_and_substances():
    _, linked, plain = pubmed.parse(sample("pubmed/efetch.xml")).records
    assert [(r.kind, r.target, r.said_by) for r in linked.relations] == [
        ("comment_in", "pmid:99000009", "pubmed")
    ]
    assert linked.date == "2017-06"
    assert linked.extra["ArticleDate"] == ("2016-10-21",)
    assert len(linked.extra["GrantList"]) == 2
    assert plain.extra["ChemicalList"] == ("Heme (42VZT0U6YR)",)
    assert plain.abstract is None
    assert (plain.date, plain.year) == ("1990", 1990)


def test_pubmed_search_answers_say_how_the_query_was_read():
    mapped = pubmed_parsing.read_search(sample("pubmed/esearch-mapped.xml"))
    assert (mapped.count, mapped.start, len(mapped.ids)) == (2651, 6, 2)
    assert mapped.translated == (("JINV[ta]", '"J Invent"[Journal:__jid999]'),)
    assert mapped.translation == '"j invent"[Journal] AND "97"[Volume]'
    dropped = pubmed_parsing.read_search(sample("pubmed/esearch-dropped.xml"))
    assert dropped.not_found == ("qwertz",)
    assert dropped.warnings == ("No items found.",)
    told = pubmed_parsing.read_search(sample("pubmed/esearch.json"))
    assert (told.count, told.ids) == (115258, ("99000001", "99000002"))
    assert [a for a, _ in told.translated] == ["film", "reader"]
    posted = pubmed_parsing.read_search(sample("pubmed/epost.xml"))
    assert (posted.webenv, posted.query_key) == ("MCID_invented0000000000000000", "1")


def test_a_pubmed_summary_says_what_the_file_says():
    (record,) = pubmed.parse(sample("pubmed/esummary.xml")).records
    assert (record.pmid, record.date, record.journal) == (
        "99850928",
        "1965-08",
        "Archives of invention",
    )
    assert record.authors == ("LoPiano PJ", "Hamburg GW Jr")
    assert (record.volume, record.issue, record.pages) == ("92", "2", "188-91")
    assert record.extra["HasAbstract"] == ("1",)


def test_preprint_abstracts_are_free_of_codes_and_glued_headings():
    for server in ("medrxiv", "biorxiv"):
        for record in medrxiv.parse(sample(f"{server}/details.json")).records:
            assert record.abstract is not None
            assert not re.search(r"[OC]_[A-Z]{2}|\{[a-z+/-]+\}|FIGDIR|highwire", record.abstract)
            assert not re.search(r"\b(?:Methods|Results|Conclusions?)[A-Z][a-z]", record.abstract)
