"""Rare responses: books, notices, refusals, truncated and hostile bodies, OAI-PMH."""

import json
import time
from pathlib import Path

import pytest

from review.errors import SourceError
from review.models import Relation
from review.sources import arxiv, europepmc, medrxiv, pubmed
from review.sources.arxiv import oai
from review.sources.medrxiv import parsing as medrxiv_parsing
from review.sources.models import QueryRejected
from review.text.markup import strip_tags, to_paragraphs

HEAD = (
    '<?xml version="1.0" ?><!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, '
    '1st January 2031//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_310101.dtd">'
)


def article(pmid="1", inside="", title="A title", more="", dates="<Year>2020</Year>") -> str:
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{pmid}'
        f'</PMID><Article PubModel="Print"><Journal><JournalIssue CitedMedium="Print"><PubDate>'
        f"{dates}</PubDate></JournalIssue><Title>J</Title></Journal><ArticleTitle>{title}"
        f"</ArticleTitle>{inside}</Article>{more}</MedlineCitation></PubmedArticle>"
    )


def answer(*articles: str) -> bytes:
    return f"{HEAD}<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>".encode()


def one(*args: str, **kwargs: str):
    return pubmed.parse(answer(article(*args, **kwargs))).records[0]


def test_an_unknown_document_type_is_not_fetched(monkeypatch):
    def never(*_args, **_kwargs):
        raise AssertionError("the parser reached for the network")

    monkeypatch.setattr("Bio.Entrez.Parser.urlopen", never)
    strange = "<BrandNewElement>x</BrandNewElement>"
    assert one(inside=strange).title == "A title"


def test_pubmed_xml_may_lack_a_declaration_and_a_document_type():
    bare = f"<PubmedArticleSet>{article('77')}</PubmedArticleSet>".encode()
    assert pubmed.parse(bare).records[0].pmid == "77"


def test_group_authors_misprinted_authors_and_suffixes():
    people = (
        '<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Doe</LastName><ForeName>Jo'
        "</ForeName><Suffix>Jr</Suffix></Author><Author ValidYN='N'><LastName>Deo</LastName>"
        "</Author><Author ValidYN='Y'><CollectiveName>RECOVERY &amp; Friends</CollectiveName>"
        "</Author></AuthorList>"
    )
    assert one(inside=people).authors == ("Doe, Jo Jr", "RECOVERY & Friends")


@pytest.mark.parametrize(
    ("dates", "year", "date"),
    [
        ("<MedlineDate>2019 Dec-2020 Jan</MedlineDate>", 2019, "2019"),
        ("<Year>2020</Year><Month>Mar</Month><Day>7</Day>", 2020, "2020-03-07"),
        ("<Year>2020</Year><Month>11</Month>", 2020, "2020-11"),
        ("<Year>2020</Year><Season>Winter</Season>", 2020, "2020"),
    ],
)
def test_dates_keep_their_grain(dates, year, date):
    record = one(dates=dates)
    assert (record.year, record.date) == (year, date)


def test_markup_in_titles_and_abstracts_becomes_text():
    inside = (
        '<Abstract><AbstractText Label="AIM">CO<sub>2</sub> &lt; 5 &amp; <i>p</i>&gt;3'
        "</AbstractText>"
        '<AbstractText Label="UNLABELLED">Rest &lt;b and c&gt; d.</AbstractText></Abstract>'
    )
    record = one(inside=inside, title="On <i>E. coli</i> &amp; more")
    assert record.title == "On E. coli & more"
    assert record.abstract == "AIM: CO2 < 5 & p>3\nRest <b and c> d."


def test_notices_become_relations():
    notes = "".join(
        f'<CommentsCorrections RefType="{kind}"><RefSource>J. 2020;1:2. {where}</RefSource>{pmid}'
        "</CommentsCorrections>"
        for kind, where, pmid in [
            ("RetractionIn", "", "<PMID>11</PMID>"),
            ("RetractionOf", "", "<PMID>12</PMID>"),
            ("UpdateOf", "medRxiv. doi: 10.1101/2020.01.01.20000001", ""),
            ("UpdateIn", "", "<PMID>13</PMID>"),
            ("ErratumIn", "", "<PMID>14</PMID>"),
            ("ExpressionOfConcernIn", "", "<PMID>15</PMID>"),
            ("Cites", "", "<PMID>16</PMID>"),
            ("NewKindOf", "", ""),
        ]
    )
    listed = f"<CommentsCorrectionsList>{notes}</CommentsCorrectionsList>"
    types = (
        "<PublicationTypeList><PublicationType>Retracted Publication</PublicationType>"
        "</PublicationTypeList>"
    )
    record = one(inside=types, more=listed)
    assert [(r.kind, r.target) for r in record.relations] == [
        ("retracted_by", "pmid:11"),
        ("retraction_of", "pmid:12"),
        ("update_of", "doi:10.1101/2020.01.01.20000001"),
        ("update_in", "pmid:13"),
        ("erratum_in", "pmid:14"),
        ("expression_of_concern_in", "pmid:15"),
        ("new_kind_of", "J. 2020;1:2."),
    ]
    assert record.types == ("Retracted Publication",)
    assert record.extra["Cites"] == ("pmid:16",)


def test_a_book_chapter_is_a_record():
    book = (
        '<PubmedBookArticle><BookDocument><PMID Version="1">20301295</PMID><ArticleIdList>'
        '<ArticleId IdType="bookaccession">NBK1116</ArticleId><ArticleId IdType="doi">10.1/NBK'
        "</ArticleId></ArticleIdList><Book><Publisher><PublisherName>University</PublisherName>"
        "</Publisher><BookTitle>GeneReviews</BookTitle><PubDate><Year>1993</Year></PubDate>"
        '<AuthorList Type="editors"><Author><LastName>Adam</LastName><ForeName>M</ForeName>'
        "</Author></AuthorList></Book><ArticleTitle>Some Disease</ArticleTitle><Language>eng"
        '</Language><AuthorList Type="authors"><Author><LastName>Roe</LastName><ForeName>Ann'
        '</ForeName></Author></AuthorList><Abstract><AbstractText Label="CARE">Text.'
        "</AbstractText></Abstract><ContributionDate><Year>2010</Year><Month>02</Month><Day>09"
        "</Day></ContributionDate></BookDocument></PubmedBookArticle>"
    )
    parsed = pubmed.parse(answer(article("5"), book))
    record = parsed.records[1]
    assert (parsed.announced, record.pmid, record.title) == (2, "20301295", "Some Disease")
    assert (record.journal, record.authors) == ("GeneReviews", ("Roe, Ann",))
    assert (record.date, record.abstract) == ("2010-02-09", "CARE: Text.")
    assert record.extra["id.bookaccession"] == ("NBK1116",)


def test_a_broken_article_costs_only_itself():
    broken = article("3", title="<i>never closed")
    parsed = pubmed.parse(answer(article("1"), article("2"), broken, article("4")))
    assert [r.pmid for r in parsed.records] == ["1", "2", "4"]
    assert parsed.announced == 4
    bad = parsed.rejected[0]
    assert bad.number == 3
    assert "PMID 3" in bad.reason
    assert "never closed" in bad.raw


def test_an_article_without_a_number_is_rejected_with_its_text():
    parsed = pubmed.parse(answer(article("1"), article("not a number", title="Lost")))
    assert len(parsed.records) == 1
    assert "no PMID" in parsed.rejected[0].reason
    assert "Lost" in parsed.rejected[0].raw


BODIES = {
    "cut": answer(article("1"), article("2"))[:-30],
    "empty": b"",
    "page": b"<html><head><title>Sorry</title></head><body>Down</body></html>",
    "error": b'<?xml version="1.0"?><eFetchResult><ERROR>Cannot retrieve history</ERROR>'
    b"</eFetchResult>",
    "limit": b'{"error":"API rate limit exceeded","api-key":"x","count":"4","limit":"3"}',
    "json": b'{"esearchresult":{"ERROR":"Invalid db name specified: x"}}',
    "text": b"something else",
    "bomb": b'<?xml version="1.0"?><!DOCTYPE PubmedArticleSet [<!ENTITY a "aaaa"><!ENTITY b '
    b'"&a;&a;">]><PubmedArticleSet><PubmedArticle>&b;</PubmedArticle></PubmedArticleSet>',
}


@pytest.mark.parametrize("kind", BODIES)
def test_pubmed_refuses_what_holds_no_records_in_one_line(kind):
    with pytest.raises(SourceError) as told:
        pubmed.parse(BODIES[kind])
    assert str(told.value).startswith("pubmed: ")
    assert "\n" not in str(told.value)


def bomb(root: str) -> bytes:
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    return f'<!DOCTYPE {root} [<!ENTITY l0 "lol">{levels}]><{root}>&l11;</{root}>'.encode()


@pytest.mark.parametrize(
    ("parse", "root"), [(arxiv.parse, "feed"), (pubmed.parse, "PubmedArticleSet")]
)
def test_an_entity_bomb_is_refused_at_once(parse, root):
    began = time.monotonic()
    with pytest.raises(SourceError, match="entities"):
        parse(bomb(root))
    assert time.monotonic() - began < 30


def feed(*entries: str, total: int = 1) -> bytes:
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>0</opensearch:startIndex>{''.join(entries)}</feed>"
    ).encode()


def test_arxivs_error_entry_is_no_record():
    error = (
        "<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title>"
        "<summary>start must be non-negative</summary></entry>"
    )
    with pytest.raises(QueryRejected, match="start must be non-negative"):
        arxiv.parse(feed(error))


def test_arxiv_entries_hard_wrapped_and_broken():
    good = (
        "<entry><id>http://arxiv.org/abs/cs/0112017v3</id><title>Wrapped\n  title</title>"
        "<published>2001-12-01T00:00:00Z</published><summary>One\ntwo.\n  Second paragraph."
        "</summary><arxiv:doi>none yet</arxiv:doi></entry>"
    )
    bad = "<entry><id>nonsense</id><title>T</title></entry>"
    parsed = arxiv.parse(feed(good, bad, total=2))
    record = parsed.records[0]
    assert (record.title, record.abstract) == ("Wrapped title", "One two.\nSecond paragraph.")
    assert (record.source_id, record.version) == ("cs/0112017v3", 3)
    assert record.relations == ()
    assert "nonsense" in parsed.rejected[0].reason


@pytest.mark.parametrize("cut", [b"", feed(total=3)[:-5], b"<html><body>x</body></html>", b"Rate"])
def test_arxiv_refuses_what_is_no_whole_feed(cut):
    with pytest.raises(SourceError, match="arxiv: "):
        arxiv.parse(cut)


OAI = """<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<ListRecords><record><header><identifier>oai:arXiv.org:2003.09871</identifier>
<datestamp>2020-04-02</datestamp><setSpec>eess:eess:IV</setSpec></header><metadata>
<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2003.09871</id><created>2020-03-22</created>
<updated>2020-04-01</updated><authors><author><keyname>Wang</keyname><forenames>Linda</forenames>
<affiliation>Waterloo</affiliation></author></authors><title>COVID-Net</title>
<categories>eess.IV cs.CV</categories><doi>10.1038/s41598-020-76550-z</doi>
<license>http://x</license><abstract>An
abstract.</abstract></arXiv></metadata></record>
<record><header status="deleted"><identifier>oai:arXiv.org:2003.00001</identifier></header></record>
<resumptionToken cursor="0" completeListSize="5000">abc|1001</resumptionToken>
</ListRecords></OAI-PMH>"""
RAW = """<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord>
<record><header><identifier>oai:arXiv.org:2003.09871</identifier></header><metadata>
<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2003.09871</id><version version="v1">
<date>Sun, 22 Mar 2020 12:26:36 GMT</date></version><version version="v4"><date>Mon, 11 May 2020
15:05:00 GMT</date></version><title>T</title><authors>Linda Wang, Zhong Qiu Lin (X, Y) and A. Wong
</authors><categories>eess.IV</categories><abstract>A</abstract></arXivRaw></metadata></record>
</GetRecord></OAI-PMH>"""


def test_oai_records_and_how_the_list_goes_on():
    parsed = arxiv.parse(OAI.encode())
    record = parsed.records[0]
    assert (record.arxiv_id, record.title, record.date) == ("2003.09871", "COVID-Net", "2020-03-22")
    assert (record.authors, record.affiliations) == (("Wang, Linda",), ("Waterloo",))
    assert record.categories == ("eess.IV", "cs.CV")
    assert record.relations == (
        Relation("published_as", "doi:10.1038/s41598-020-76550-z", "arxiv"),
    )
    assert "deleted" in parsed.rejected[0].reason
    more = oai.read_resumption_token(OAI.encode())
    assert (more.token, more.total, more.cursor) == ("abc|1001", 5000, 0)


def test_oai_raw_gives_the_newest_version():
    record = arxiv.parse(RAW.encode()).records[0]
    assert (record.source_id, record.version, record.date) == ("2003.09871v4", 4, "2020-03-22")
    assert record.authors == ("Linda Wang", "Zhong Qiu Lin", "A. Wong")


def test_oai_without_news_is_empty_and_other_errors_are_told():
    shell = (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="{}">x</error></OAI-PMH>'
    )
    assert arxiv.parse(shell.format("noRecordsMatch").encode()).announced == 0
    with pytest.raises(SourceError, match="badResumptionToken"):
        arxiv.parse(shell.format("badResumptionToken").encode())


def rxiv(*collection: object, **message: object) -> bytes:
    message = {"status": "ok", "cursor": 0, "total": "1", **message}
    return json.dumps({"messages": [message], "collection": list(collection)}).encode()


def test_no_posts_found_is_an_empty_answer():
    empty = b'{"messages":[{"status":"no posts found"}],"collection":[]}'
    assert medrxiv.parse(empty).records == ()
    assert medrxiv_parsing.read_page_info(empty).status == "no posts found"
    assert medrxiv_parsing.read_page_info(b'{"messages":[{"status":"no posts found"}]}').size == 0


def test_a_preprint_under_the_new_prefix_withdrawn_and_published():
    entry = {
        "doi": "10.64898/2026.01.02.26343210",
        "title": "T",
        "authors": "A, B.; C, D.",
        "version": "2",
        "date": "2026-01-05",
        "type": "withdrawn",
        "server": "medRxiv",
        "published": "10.1000/XYZ",
        "abstract": "ObjectiveTo test. {rho}=1 and <b>bold</b>",
        "category": "radiology and imaging",
    }
    record = medrxiv.parse(rxiv(entry)).records[0]
    assert (record.doi, record.source_id) == (
        "10.64898/2026.01.02.26343210",
        "10.64898/2026.01.02.26343210v2",
    )
    assert record.types == ("withdrawn",)
    assert record.relations == (Relation("published_as", "doi:10.1000/xyz", "medrxiv"),)
    assert record.abstract == "Objective: To test. ρ=1 and bold"


def test_a_pubs_answer_links_preprint_and_article():
    entry = {
        "preprint_doi": "10.1101/2020.03.24.20042317",
        "published_doi": "10.1016/j.cell.2020.04.045",
        "published_journal": "Cell",
        "preprint_platform": "medRxiv",
        "preprint_title": "T",
        "preprint_authors": "A, B.",
        "preprint_category": "radiology",
        "preprint_date": "2020-03-26",
        "published_date": "2020-06-11",
        "preprint_abstract": "Text",
    }
    record = medrxiv.parse(rxiv(entry)).records[0]
    assert record.relations == (
        Relation("published_as", "doi:10.1016/j.cell.2020.04.045", "medrxiv", "2020-06-11"),
    )
    assert record.extra["published_journal"] == ("Cell",)


def test_a_preprint_without_a_doi_is_rejected():
    parsed = medrxiv.parse(rxiv({"doi": "", "title": "T", "server": "medRxiv"}, "not an object"))
    assert parsed.records == ()
    assert [r.number for r in parsed.rejected] == [1, 2]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"messages":[{"status":"Error: too many"}]}',
        rxiv()[:-4],
        b'{"messages":[{"status":"ok"}]}',
        b"<!DOCTYPE html><html></html>",
        b"[" * 100_000,
    ],
)
def test_medrxiv_refuses_other_answers(body):
    with pytest.raises(SourceError, match=r"(?i)^medrxiv"):
        medrxiv.parse(body)


def test_a_europe_pmc_preprint_with_versions_headings_and_its_article():
    result = {
        "id": "PPR12345",
        "source": "PPR",
        "doi": "10.1101/2020.01.01.20000001",
        "title": "A &amp; B",
        "authorString": "Smith J, The Group.",
        "pubYear": "2020",
        "firstPublicationDate": "2020-01-02",
        "abstractText": "<h4>Background</h4>Some <i>text</i>.<h4>Methods</h4><p>More.</p>",
        "commentCorrectionList": {
            "commentCorrection": [
                {"id": "33000000", "source": "MED", "type": "Preprint in", "reference": "J. 2020"}
            ]
        },
        "versionList": {
            "version": [
                {"id": "PPR12345", "source": "PPR", "versionNumber": 2},
                {"id": "PPR999", "source": "PPR", "versionNumber": 1},
            ]
        },
        "meshHeadingList": {
            "meshHeading": [
                {
                    "majorTopic_YN": "Y",
                    "descriptorName": "Lung",
                    "meshQualifierList": {
                        "meshQualifier": [{"qualifierName": "pathology", "majorTopic_YN": "N"}]
                    },
                }
            ]
        },
    }
    body = json.dumps({"hitCount": 1, "resultList": {"result": [result]}}).encode()
    record = europepmc.parse(body).records[0]
    assert (record.title, record.authors) == ("A & B", ("Smith J", "The Group"))
    assert record.abstract == "Background: Some text.\nMethods: More."
    assert (record.version, record.mesh) == (2, ("*Lung/pathology",))
    assert [(r.kind, r.target) for r in record.relations] == [
        ("published_as", "pmid:33000000"),
        ("version_of", "PPR:PPR999"),
    ]


@pytest.mark.parametrize("body", [b"{}", b'{"errMsg":"Bad query"}', b"", b'{"resultList":{}}'])
def test_europe_pmc_refuses_other_answers(body):
    with pytest.raises(SourceError, match="europepmc: "):
        europepmc.parse(body)


def test_only_known_tags_are_taken_out_of_text():
    assert strip_tags("a <alpha and b> 3, x<sub>2</sub>, p < 0.05 and q > 1") == (
        "a <alpha and b> 3, x2, p < 0.05 and q > 1"
    )
    assert to_paragraphs("<h4>Aim:</h4> one <h4>End</h4>two") == "Aim: one\nEnd: two"


def test_parsers_import_no_client_of_the_network():
    folder = Path(__file__).parents[2] / "review"
    for name in (
        "sources/arxiv/atom.py",
        "formats/pubmed/parsing.py",
        "sources/medrxiv/parsing.py",
        "text/markup.py",
    ):
        assert "import requests" not in (folder / name).read_text()
