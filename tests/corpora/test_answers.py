"""Genuine responses: every entry is read, and each field agrees with the file."""

import json
import re
from pathlib import Path

import pytest
from support.answers import PARSERS, check_arxiv, check_europepmc, check_preprints, check_pubmed

from review.errors import SourceError
from review.formats.pubmed import parsing as pubmed_parsing
from review.sources import medrxiv, pubmed

ARXIV = [
    ("fastpaper_arxiv_search.xml", 3, 314000),
    ("id_0000.0000_s0_m100_8b51d9633a68.json", 0, 0),
    ("id_0808.05394_1707.08567_s0_m100_42e5aa0ec3af.json", 1, 1),
    ("id_1605.08386_s0_m100_199195aa31ad.json", 1, 1),
    ("id_astro-ph_0601001_s0_m100_3150dca9dc76.json", 1, 1),
    ("q_testing_s0_m10_bc5a6c384fe9.json", 10, 214881),
    ("q_testing_s0_m15_80c242b59d59.json", 15, 214881),
    ("q_testing_s10_m10_34e56e15aaac.json", 10, 214881),
    ("q_testing_s20_m10_348a237fecab.json", 10, 214881),
    ("q_testing_s5_m15_bbcf6b23085b.json", 15, 214881),
]
EFETCH = [
    ("fastpaper_pubmed_efetch.xml", 3),
    ("pubmed1.xml", 2),
    ("pubmed4.xml", 1),
    ("pubmed6.xml", 1),
]
REFUSED = {
    "arxiv/id_abc_s0_m100_b79c8dcf6bc3.json": "incorrect id format for abc",
    "pubmed/pubmed3.html": "web page titled 'PmFetch response'",
    "pubmed/einfo1.xml": "contains no records",
    "pubmed/elink1.xml": "contains no records",
    "pubmed/epost1.xml": "contains no records",
}
COUNTED = {
    "pubmed/esearch1.xml": (0, 63),
    "pubmed/esearch3.xml": (0, 2651),
    "pubmed/esearch6.xml": (0, 1018),
    "pubmed/esearch8.xml": (0, 0),
    "pubmed/pubmed_esearch.json": (0, 115258),
    "pubmed/esummary1.xml": (2, 2),
    "pubmed/pubmed_result1.txt": (1, 1),
    "pubmed/pubmed_result2.txt": (4, 4),
    "medrxiv/medrxiv_details_part1.json": (50, 15523),
    "biorxiv/biorxiv_details_part1.json": (50, 60568),
    "europepmc/europepmc_search.json": (3, 993768),
}


def sample(corpora: Path, name: str) -> bytes:
    return (corpora / "reference" / "api_samples" / name).read_bytes()


def test_a_genuine_answer_in_no_table_is_read_whole_or_refused_in_one_line(corpora):
    folder = corpora / "reference" / "api_samples"
    there = {f"{p.parent.name}/{p.name}" for s in PARSERS for p in (folder / s).iterdir()}
    told = {f"arxiv/{n}" for n, *_ in ARXIV} | {f"pubmed/{n}" for n, _ in EFETCH}
    told |= set(REFUSED) | set(COUNTED)
    assert told <= there
    for name in there - told:
        try:
            assert PARSERS[name.split("/")[0]](sample(corpora, name)).rejected == (), name
        except SourceError as error:
            assert "\n" not in str(error), name


@pytest.mark.parametrize("name", REFUSED)
def test_an_answer_without_records_is_refused_in_words(corpora, name):
    with pytest.raises(SourceError, match=re.escape(REFUSED[name])):
        PARSERS[name.split("/")[0]](sample(corpora, name))


@pytest.mark.parametrize("name", COUNTED)
def test_an_answer_is_read_whole_and_announces_its_total(corpora, name):
    parsed = PARSERS[name.split("/")[0]](sample(corpora, name))
    assert (len(parsed.records), parsed.announced) == COUNTED[name]
    assert parsed.rejected == ()


@pytest.mark.parametrize(("name", "count", "total"), ARXIV)
def test_arxiv_entries_say_what_the_file_says(corpora, name, count, total):
    check_arxiv(sample(corpora, f"arxiv/{name}"), count, total)


@pytest.mark.parametrize(("name", "count"), EFETCH)
def test_pubmed_articles_say_what_the_file_says(corpora, name, count):
    check_pubmed(sample(corpora, f"pubmed/{name}"), count)


def test_pubmed_keeps_links_dates_numbers_and_the_abstract_in_other_languages(corpora):
    record = pubmed.parse(sample(corpora, "pubmed/pubmed4.xml")).records[0]
    assert [(r.kind, r.target, r.said_by) for r in record.relations] == [
        ("comment_in", "pmid:27920200", "pubmed")
    ]
    assert record.date == "2017-06"
    assert record.extra["ArticleDate"] == ("2016-10-21",)
    assert "Telomerase/*genetics" in record.mesh
    assert len(record.extra["GrantList"]) == 35
    old = pubmed.parse(sample(corpora, "pubmed/pubmed1.xml")).records
    assert [one.date for one in old] == ["1990", "1976-09-28"]
    assert old[1].extra["ChemicalList"][2] == "Heme (42VZT0U6YR)"
    assert old[0].abstract is None


def test_pubmed_search_answers_tell_how_the_query_was_read(corpora):
    mapped = pubmed_parsing.read_search(sample(corpora, "pubmed/esearch3.xml"))
    assert (mapped.count, mapped.start, len(mapped.ids)) == (2651, 6, 6)
    assert mapped.translated == (("PNAS[ta]", '"Proc Natl Acad Sci U S A"[Journal:__jid7505876]'),)
    assert mapped.translation == '"proc natl acad sci u s a"[Journal] AND "97"[Volume]'
    dropped = pubmed_parsing.read_search(sample(corpora, "pubmed/esearch8.xml"))
    assert dropped.not_found == ("abcXYZ",)
    assert dropped.warnings == ("No items found.",)
    told = pubmed_parsing.read_search(sample(corpora, "pubmed/pubmed_esearch.json"))
    assert (told.count, told.ids) == (115258, ("41884867", "41884779", "41884685"))
    assert [a for a, _ in told.translated] == ["attention", "mechanism"]
    posted = pubmed_parsing.read_search(sample(corpora, "pubmed/epost1.xml"))
    assert (posted.webenv, posted.query_key) == ("MCID_692851c130aec64bed0a8c2a", "1")


def test_a_pubmed_summary_says_what_the_file_says(corpora):
    first = pubmed.parse(sample(corpora, "pubmed/esummary1.xml")).records[0]
    assert (first.pmid, first.date, first.journal) == (
        "11850928",
        "1965-08",
        "Archives of dermatology",
    )
    assert first.authors == ("LoPresti PJ", "Hambrick GW Jr")
    assert (first.volume, first.issue, first.pages) == ("92", "2", "188-91")
    assert first.extra["HasAbstract"] == ("1",)


@pytest.mark.parametrize("server", ["medrxiv", "biorxiv"])
def test_preprints_say_what_the_file_says(corpora, server):
    check_preprints(sample(corpora, f"{server}/{server}_details_part1.json"), server)


def test_preprint_abstracts_are_free_of_codes_and_glued_headings(corpora):
    glued = 0
    for server in ("medrxiv", "biorxiv"):
        body = sample(corpora, f"{server}/{server}_details_part1.json")
        for record, one in zip(
            medrxiv.parse(body).records, json.loads(body)["collection"], strict=True
        ):
            assert not re.search(r"[OC]_[A-Z]{2}|\{[a-z+/-]+\}|FIGDIR|highwire", record.abstract)
            assert not re.search(r"\b(?:Methods|Results|Conclusions?)[A-Z][a-z]", record.abstract)
            glued += bool(re.search(r"(?:Methods|Results|Conclusions?)[A-Z][a-z]", one["abstract"]))
    assert glued > 20


def test_europe_pmc_entries_say_what_the_file_says(corpora):
    check_europepmc(sample(corpora, "europepmc/europepmc_search.json"))
