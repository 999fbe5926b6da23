"""Genuine answers: every entry is read, and each field says what the file says.

What the file says is taken by other means than the parsers: ElementTree, json and plain searching.
"""

import html
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from review.errors import SourceError
from review.formats.pubmed import parsing as pubmed_parsing
from review.identifiers import normalize_doi
from review.sources import arxiv, europepmc, medrxiv, pubmed

ATOM = {"a": "http://www.w3.org/2005/Atom", "x": "http://arxiv.org/schemas/atom"}
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
    "pubmed/einfo1.xml": "holds no records",
    "pubmed/elink1.xml": "holds no records",
    "pubmed/epost1.xml": "holds no records",
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
PARSERS = {
    "arxiv": arxiv.parse,
    "pubmed": pubmed.parse,
    "medrxiv": medrxiv.parse,
    "biorxiv": medrxiv.parse,
    "europepmc": europepmc.parse,
}


def sample(shared: Path, name: str) -> bytes:
    return (shared / "reference" / "api_samples" / name).read_bytes()


def words(text: str | None) -> str:
    return " ".join((text or "").split())


def test_a_genuine_answer_in_no_table_is_read_whole_or_refused_in_one_line(shared):
    folder = shared / "reference" / "api_samples"
    there = {f"{p.parent.name}/{p.name}" for s in PARSERS for p in (folder / s).iterdir()}
    told = {f"arxiv/{n}" for n, *_ in ARXIV} | {f"pubmed/{n}" for n, _ in EFETCH}
    told |= set(REFUSED) | set(COUNTED)
    assert told <= there
    for name in there - told:
        try:
            assert PARSERS[name.split("/")[0]](sample(shared, name)).rejected == (), name
        except SourceError as error:
            assert "\n" not in str(error), name


@pytest.mark.parametrize("name", REFUSED)
def test_an_answer_without_records_is_refused_in_words(shared, name):
    with pytest.raises(SourceError, match=re.escape(REFUSED[name])):
        PARSERS[name.split("/")[0]](sample(shared, name))


@pytest.mark.parametrize("name", COUNTED)
def test_an_answer_is_read_whole_and_announces_its_total(shared, name):
    parsed = PARSERS[name.split("/")[0]](sample(shared, name))
    assert (len(parsed.records), parsed.announced) == COUNTED[name]
    assert parsed.rejected == ()


@pytest.mark.parametrize(("name", "count", "total"), ARXIV)
def test_arxiv_entries_say_what_the_file_says(shared, name, count, total):
    body = sample(shared, f"arxiv/{name}")
    parsed = arxiv.parse(body)
    text = json.loads(body)["body"] if name.endswith("json") else body.decode()
    entries = ElementTree.fromstring(text.encode()).findall("a:entry", ATOM)
    assert (len(parsed.records), parsed.announced, parsed.rejected) == (count, total, ())
    for record, entry in zip(parsed.records, entries, strict=True):

        def said(path, entry=entry):
            return [words("".join(one.itertext())) for one in entry.findall(path, ATOM)]

        ident = said("a:id")[0].split("/abs/")[1]
        assert record.source == "arxiv"
        assert record.source_id == ident
        assert f"{record.arxiv_id}v{record.version}" == ident
        assert record.title == said("a:title")[0]
        assert record.authors == tuple(said("a:author/a:name"))
        assert record.affiliations == tuple(dict.fromkeys(said("a:author/x:affiliation")))
        assert words(record.abstract) == said("a:summary")[0]
        assert record.date == said("a:published")[0][:10]
        assert record.year == int(record.date[:4])
        assert record.extra["updated"] == tuple(said("a:updated"))
        assert list(record.extra.get("comment", ())) == said("x:comment")
        assert list(record.extra.get("journal_ref", ())) == said("x:journal_ref")
        assert record.doi == f"10.48550/arxiv.{record.arxiv_id}"
        primary = [one.get("term") for one in entry.findall("x:primary_category", ATOM)]
        assert list(record.categories[:1]) == primary
        listed = {one.get("term") for one in entry.findall("a:category", ATOM)}
        assert set(record.categories) == listed
        assert list(record.urls) == [one.get("href") for one in entry.findall("a:link", ATOM)]
        named = [f"doi:{doi.lower()}" for doi in said("x:doi")] or said("x:journal_ref")
        assert [one.target for one in record.relations] == named
        assert all(one.kind == "published_as" for one in record.relations)


@pytest.mark.parametrize(("name", "count"), EFETCH)
def test_pubmed_articles_say_what_the_file_says(shared, name, count):
    body = sample(shared, f"pubmed/{name}")
    parsed = pubmed.parse(body)
    articles = ElementTree.fromstring(body).findall("PubmedArticle")
    assert (len(parsed.records), parsed.announced, parsed.rejected) == (count, count, ())
    for record, node in zip(parsed.records, articles, strict=True):

        def said(path, node=node):
            return [words("".join(one.itertext())) for one in node.findall(path)]

        main = "MedlineCitation/Article/"
        ids = {
            one.get("IdType"): words(one.text)
            for one in node.findall("PubmedData/ArticleIdList/ArticleId")
        }
        assert record.pmid == record.source_id == said("MedlineCitation/PMID")[0] == ids["pubmed"]
        assert record.doi == normalize_doi(ids.get("doi"))
        assert record.pmcid == ids.get("pmc")
        assert record.title == said(main + "ArticleTitle")[0]
        assert record.journal == said(main + "Journal/Title")[0]
        assert [record.volume] == (said(main + "Journal/JournalIssue/Volume") or [None])
        assert [record.issue] == (said(main + "Journal/JournalIssue/Issue") or [None])
        assert [record.pages] == (said(main + "Pagination/MedlinePgn") or [None])
        assert record.year == int(said(main + "Journal/JournalIssue/PubDate/Year")[0])
        assert record.date.startswith(str(record.year))
        assert record.language == said(main + "Language")[0]
        assert list(record.types) == said(main + "PublicationTypeList/PublicationType")
        assert list(record.keywords) == said("MedlineCitation/KeywordList/Keyword")
        families = said(main + "AuthorList/Author/LastName")
        given = said(main + "AuthorList/Author/ForeName")
        assert list(record.authors) == [f"{a}, {b}" for a, b in zip(families, given, strict=True)]
        places = said(main + "AuthorList/Author/AffiliationInfo/Affiliation")
        assert list(record.affiliations) == list(dict.fromkeys(places))
        headings = said("MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName")
        assert [one.split("/")[0].strip("*") for one in record.mesh] == headings
        lines = []
        for part in node.findall(main + "Abstract/AbstractText"):
            label = part.get("Label")
            lines.append((f"{label}: " if label else "") + words("".join(part.itertext())))
        assert (record.abstract or "").split("\n") == (lines or [""])
        cited = node.findall(".//CommentsCorrections[@RefType='Cites']")
        assert len(record.extra.get("Cites", ())) == len(cited)


def test_pubmed_keeps_links_dates_numbers_and_the_abstract_in_other_languages(shared):
    record = pubmed.parse(sample(shared, "pubmed/pubmed4.xml")).records[0]
    assert [(r.kind, r.target, r.said_by) for r in record.relations] == [
        ("comment_in", "pmid:27920200", "pubmed")
    ]
    assert record.date == "2017-06"
    assert record.extra["ArticleDate"] == ("2016-10-21",)
    assert "Telomerase/*genetics" in record.mesh
    assert len(record.extra["GrantList"]) == 35
    old = pubmed.parse(sample(shared, "pubmed/pubmed1.xml")).records
    assert [one.date for one in old] == ["1990", "1976-09-28"]
    assert old[1].extra["ChemicalList"][2] == "Heme (42VZT0U6YR)"
    assert old[0].abstract is None


def test_pubmed_search_answers_tell_how_the_query_was_read(shared):
    mapped = pubmed_parsing.read_search(sample(shared, "pubmed/esearch3.xml"))
    assert (mapped.count, mapped.start, len(mapped.ids)) == (2651, 6, 6)
    assert mapped.translated == (("PNAS[ta]", '"Proc Natl Acad Sci U S A"[Journal:__jid7505876]'),)
    assert mapped.translation == '"proc natl acad sci u s a"[Journal] AND "97"[Volume]'
    dropped = pubmed_parsing.read_search(sample(shared, "pubmed/esearch8.xml"))
    assert dropped.not_found == ("abcXYZ",)
    assert dropped.warnings == ("No items found.",)
    told = pubmed_parsing.read_search(sample(shared, "pubmed/pubmed_esearch.json"))
    assert (told.count, told.ids) == (115258, ("41884867", "41884779", "41884685"))
    assert [a for a, _ in told.translated] == ["attention", "mechanism"]
    posted = pubmed_parsing.read_search(sample(shared, "pubmed/epost1.xml"))
    assert (posted.webenv, posted.query_key) == ("MCID_692851c130aec64bed0a8c2a", "1")


def test_a_pubmed_summary_says_what_the_file_says(shared):
    first = pubmed.parse(sample(shared, "pubmed/esummary1.xml")).records[0]
    assert (first.pmid, first.date, first.journal) == (
        "11850928",
        "1965-08",
        "Archives of dermatology",
    )
    assert first.authors == ("LoPresti PJ", "Hambrick GW Jr")
    assert (first.volume, first.issue, first.pages) == ("92", "2", "188-91")
    assert first.extra["HasAbstract"] == ("1",)


@pytest.mark.parametrize("server", ["medrxiv", "biorxiv"])
def test_preprints_say_what_the_file_says(shared, server):
    body = sample(shared, f"{server}/{server}_details_part1.json")
    collection = json.loads(body)["collection"]
    for record, one in zip(medrxiv.parse(body).records, collection, strict=True):
        assert record.source == server
        assert (record.doi, record.version) == (one["doi"].lower(), int(one["version"]))
        assert record.source_id == f"{record.doi}v{record.version}"
        assert record.title == words(one["title"])
        assert "; ".join(record.authors) == words(one["authors"]).rstrip(";")
        assert record.date == one["date"]
        assert record.types == (one["type"],)
        assert record.categories == (one["category"],)
        assert record.extra.get("license", ("",))[0] == one["license"]
        assert record.extra["author_corresponding"] == (words(one["author_corresponding"]),)
        assert "funder" in record.extra or one["funder"] == "NA"
        targets = [r.target for r in record.relations]
        assert targets == ([] if one["published"] == "NA" else [f"doi:{one['published'].lower()}"])
        kept = re.findall(r"[a-z]{4,}", record.abstract)
        said = re.sub(r"O_LINKSMALLFIG.*?M_FIG", "", one["abstract"], flags=re.S)
        assert set(kept) >= set(re.findall(r"(?<![a-z{_])[a-z]{4,}(?=[ .,;)])", said))


def test_preprint_abstracts_are_free_of_codes_and_glued_headings(shared):
    glued = 0
    for server in ("medrxiv", "biorxiv"):
        body = sample(shared, f"{server}/{server}_details_part1.json")
        for record, one in zip(
            medrxiv.parse(body).records, json.loads(body)["collection"], strict=True
        ):
            assert not re.search(r"[OC]_[A-Z]{2}|\{[a-z+/-]+\}|FIGDIR|highwire", record.abstract)
            assert not re.search(r"\b(?:Methods|Results|Conclusions?)[A-Z][a-z]", record.abstract)
            glued += bool(re.search(r"(?:Methods|Results|Conclusions?)[A-Z][a-z]", one["abstract"]))
    assert glued > 20


def test_europe_pmc_entries_say_what_the_file_says(shared):
    body = sample(shared, "europepmc/europepmc_search.json")
    results = json.loads(body)["resultList"]["result"]
    for record, one in zip(europepmc.parse(body).records, results, strict=True):
        assert record.source_id == f"{one['source']}:{one['id']}"
        assert (record.doi, record.pmid, record.pmcid) == (
            one.get("doi"),
            one.get("pmid"),
            one.get("pmcid"),
        )
        assert record.title == html.unescape(one["title"])
        people = one["authorList"]["author"]
        assert list(record.authors) == [f"{a['lastName']}, {a['firstName']}" for a in people]
        assert record.journal == one["journalInfo"]["journal"]["title"]
        assert (record.volume, record.issue, record.pages) == (
            one["journalInfo"].get("volume"),
            one["journalInfo"].get("issue"),
            one.get("pageInfo"),
        )
        assert words(record.abstract) == words(one.get("abstractText"))
        assert list(record.types) == one["pubTypeList"]["pubType"]
        assert list(record.keywords) == one["keywordList"]["keyword"]
        assert list(record.urls) == [u["url"] for u in one["fullTextUrlList"]["fullTextUrl"]]
        assert record.date == one["firstPublicationDate"]
        assert record.year == 2026
        assert len(record.extra.get("grantsList", ())) == len(
            one.get("grantsList", {}).get("grant", ())
        )
