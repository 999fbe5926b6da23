"""Kinds of response without a recorded sample: each is parsed completely or refused in one line."""

import json

import pytest

from review.errors import SourceError
from review.sources import parse_answer

DAY = "<Year>1999</Year><Month>12</Month><Day>17</Day>"
OLD = f"""<PubmedArticle><MedlineCitation Owner="NLM" Status="MEDLINE"><PMID>10540283</PMID>
<DateCreated>{DAY}</DateCreated><Article PubModel="Print">
<Journal><JournalIssue><PubDate><Year>1999</Year></PubDate></JournalIssue></Journal>
<ArticleTitle>Old <i>shape</i>.</ArticleTitle><Affiliation>Harvard.</Affiliation>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Hennig</LastName>
<FirstName>Lars</FirstName><MiddleName>M</MiddleName><Initials>LM</Initials>
<NameID Source="ORCID">0000-1</NameID></Author>
</AuthorList></Article><CommentsCorrections>
<CommentOn><RefSource>J. 1</RefSource><PMID>5</PMID></CommentOn>
<RetractionIn><RefSource>J. 2</RefSource><PMID>6</PMID></RetractionIn>
</CommentsCorrections></MedlineCitation></PubmedArticle>"""
BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">20301420</PMID><ArticleIdList>
<ArticleId IdType="bookaccession">NBK1322</ArticleId></ArticleIdList><Book><Publisher>
<PublisherName>University of Washington</PublisherName></Publisher>
<BookTitle book="gene">GeneReviews<sup>®</sup></BookTitle><PubDate><Year>1993</Year></PubDate>
<AuthorList Type="editors"><Author ValidYN="Y"><LastName>Adam</LastName><ForeName>M</ForeName>
</Author></AuthorList><Edition>2nd</Edition></Book>
<ArticleTitle book="gene" part="aa">BRCA1</ArticleTitle><Language>eng</Language>
<AuthorList Type="authors"><Author ValidYN="Y"><LastName>Petrucelli</LastName>
<ForeName>Nancie</ForeName></Author></AuthorList>
<Sections><Section><SectionTitle book="g" part="a">Diagnosis</SectionTitle>
<Section><SectionTitle book="g" part="b">Tests</SectionTitle></Section></Section></Sections>
<ContributionDate><Year>1998</Year><Month>9</Month><Day>4</Day></ContributionDate>
<ReferenceList><Reference><Citation>Cited work.</Citation></Reference></ReferenceList>
</BookDocument><PubmedBookData><History><PubMedPubDate PubStatus="pubmed"><Year>2010</Year>
<Month>3</Month><Day>20</Day></PubMedPubDate></History></PubmedBookData></PubmedBookArticle>"""
ENTRY = {
    "uid": "31452104",
    "pubdate": "2019 Aug 26",
    "epubdate": "2019 Aug 20",
    "source": "Nat Med",
    "authors": [{"name": "Smith J", "authtype": "Author"}, {"name": "Group", "authtype": "X"}],
    "title": "On &lt;i&gt;TP53&lt;/i&gt;.",
    "volume": "3",
    "issue": "1",
    "pages": "1-3",
    "lang": ["eng"],
    "pubtype": ["Journal Article"],
    "articleids": [
        {"idtype": "doi", "idtypen": 3, "value": "10.1038/s1"},
        {"idtype": "pmc", "idtypen": 8, "value": "PMC123"},
        {"idtype": "pii", "idtypen": 4, "value": "s1"},
    ],
    "history": [{"pubstatus": "entrez", "date": "2019/08/28 06:00"}],
    "fulljournalname": "Nature medicine",
}
SUMMARY = """<eSummaryResult><DocumentSummarySet status="OK"><DocumentSummary uid="31452104">
<PubDate>2019 Aug 26</PubDate><EPubDate>2019 Aug 20</EPubDate><Source>Nat Med</Source>
<Authors><Author><Name>Smith J</Name><AuthType>Author</AuthType></Author>
<Author><Name>Group</Name><AuthType>X</AuthType></Author></Authors>
<Title>On &lt;i&gt;TP53&lt;/i&gt;.</Title><Volume>3</Volume><Issue>1</Issue><Pages>1-3</Pages>
<Lang><string>eng</string></Lang><PubType><flag>Journal Article</flag></PubType><ArticleIds>
<ArticleId><IdType>doi</IdType><IdTypeN>3</IdTypeN><Value>10.1038/s1</Value></ArticleId>
<ArticleId><IdType>pmc</IdType><IdTypeN>8</IdTypeN><Value>PMC123</Value></ArticleId>
<ArticleId><IdType>pii</IdType><IdTypeN>4</IdTypeN><Value>s1</Value></ArticleId></ArticleIds>
<History><PubMedPubDate><PubStatus>entrez</PubStatus><Date>2019/08/28 06:00</Date></PubMedPubDate>
</History><FullJournalName>Nature medicine</FullJournalName></DocumentSummary>
<DocumentSummary uid="7"><error>cannot get document summary</error></DocumentSummary>
</DocumentSummarySet></eSummaryResult>"""
LITE = {
    "id": "33629156",
    "source": "MED",
    "pmid": "33629156",
    "doi": "10.1007/s00330-021-07715-1",
    "title": "Deep.",
    "authorString": "Wang S, Kang B.",
    "journalTitle": "Eur Radiol",
    "issue": "8",
    "journalVolume": "31",
    "pubYear": "2021",
    "pageInfo": "6096-6104",
    "pubType": "research support; journal article",
    "firstPublicationDate": "2021-02-24",
}


def read(source, body):
    return parse_answer(source, body.encode())


def articles(*parts):
    return f"<PubmedArticleSet>{''.join(parts)}</PubmedArticleSet>"


def test_an_article_in_an_older_shape_keeps_names_places_notices_and_days():
    (one,) = read("pubmed", articles(OLD)).records
    assert (one.title, one.authors) == ("Old shape.", ("Hennig, Lars M",))
    assert one.affiliations == ("Harvard.",)
    assert [(r.kind, r.target) for r in one.relations] == [
        ("comment_on", "pmid:5"),
        ("retracted_by", "pmid:6"),
    ]
    assert one.extra["History.created"] == ("1999-12-17",)
    assert one.extra["ORCID"] == ("Hennig, Lars M 0000-1",)


def test_an_affiliation_without_authors_is_kept():
    body = articles(OLD.split("<AuthorList")[0] + OLD.split("</AuthorList>")[1])
    (one,) = read("pubmed", body).records
    assert (one.authors, one.affiliations) == ((), ("Harvard.",))


def test_a_book_chapter_keeps_editors_sections_references_and_history():
    (one,) = read("pubmed", articles(BOOK)).records
    assert (one.title, one.journal, one.authors) == (
        "BRCA1",
        "GeneReviews®",
        ("Petrucelli, Nancie",),
    )
    assert one.date == "1998-09-04"
    assert one.extra["Editors"] == ("Adam, M",)
    assert one.extra["Sections"] == ("Diagnosis", "Tests")
    assert one.extra["ReferenceList"] == ("Cited work.",)
    assert one.extra["Edition"] == ("2nd",)
    assert one.extra["History.pubmed"] == ("2010-03-20",)


def test_books_and_articles_stand_in_the_order_of_the_file():
    found = read("pubmed", articles(BOOK, OLD))
    assert [one.pmid for one in found.records] == ["20301420", "10540283"]


def test_a_bad_article_behind_a_book_is_rejected_with_its_own_text():
    found = read("pubmed", articles(BOOK, OLD.replace("<PMID>10540283</PMID>", "")))
    assert [one.pmid for one in found.records] == ["20301420"]
    assert [one.number for one in found.rejected] == [2]
    assert "Old <i>shape</i>" in found.rejected[0].raw


def test_deleted_citations_are_told_and_counted():
    gone = (
        "<DeleteCitation><PMID Version='1'>99</PMID><PMID Version='1'>100</PMID></DeleteCitation>"
    )
    found = read("pubmed", articles(OLD, gone))
    assert (len(found.records), found.announced) == (1, 3)
    assert [one.reason for one in found.rejected] == [
        "PMID 99: deleted from PubMed",
        "PMID 100: deleted from PubMed",
    ]


def test_summaries_of_version_2_are_read_alike_as_json_and_xml():
    result = {
        "uids": ["31452104", "7"],
        "31452104": ENTRY,
        "7": {"uid": "7", "error": "cannot get document summary"},
    }
    as_json = read("pubmed", json.dumps({"header": {"type": "esummary"}, "result": result}))
    as_xml = read("pubmed", SUMMARY)
    (one,), (other,) = as_json.records, as_xml.records
    assert one == other
    assert (one.title, one.authors) == ("On TP53.", ("Smith J", "Group"))
    assert (one.date, one.journal, one.pages) == ("2019-08-26", "Nature medicine", "1-3")
    assert (one.doi, one.pmcid, one.types) == ("10.1038/s1", "PMC123", ("Journal Article",))
    assert one.extra["history.entrez"] == ("2019/08/28 06:00",)
    assert one.extra["id.pii"] == ("s1",)
    for found in (as_json, as_xml):
        assert found.announced == 2
        assert [r.reason for r in found.rejected] == ["PMID 7: cannot get document summary"]


def test_europe_pmcs_lite_answer_has_journal_and_types():
    body = {"hitCount": 1, "request": {}, "resultList": {"result": [LITE]}}
    (one,) = read("europepmc", json.dumps(body)).records
    assert (one.journal, one.volume, one.issue) == ("Eur Radiol", "31", "8")
    assert one.types == ("research support", "journal article")


def test_europe_pmcs_xml_says_what_its_json_says():
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in LITE.items())
    people = [
        {
            "fullName": "Wang S",
            "firstName": "Shuai",
            "lastName": "Wang",
            "authorId": {"type": "ORCID", "value": "0000-1"},
        }
    ]
    inner += (
        "<authorList><author><fullName>Wang S</fullName><firstName>Shuai</firstName><lastName>Wang"
        "</lastName><authorId type='ORCID'>0000-1</authorId></author></authorList>"
    )
    xml = (
        "<?xml version='1.0'?><responseWrapper><hitCount>1</hitCount><resultList><result>"
        f"{inner}</result></resultList></responseWrapper>"
    )
    body = {"hitCount": 1, "resultList": {"result": [LITE | {"authorList": {"author": people}}]}}
    assert read("europepmc", xml) == read("europepmc", json.dumps(body))


def test_an_older_list_of_articles_names_the_preprint_otherwise():
    one = {
        "biorxiv_doi": "10.1101/000001",
        "published_doi": "10.1038/s1",
        "preprint_title": "T",
        "preprint_platform": "bioRxiv",
        "preprint_date": "2014-01-01",
    }
    body = {"messages": [{"status": "ok", "count": 1}], "collection": [one]}
    (found,) = read("biorxiv", json.dumps(body)).records
    assert (found.doi, found.relations[0].target) == ("10.1101/000001", "doi:10.1038/s1")


@pytest.mark.parametrize(
    ("source", "body", "said"),
    [
        ("arxiv", "Rate exceeded.", r"is text \('Rate exceeded.'\) instead of XML"),
        ("medrxiv", "<?xml version='1.0'?><a/>", "is XML .* instead of JSON"),
        ("europepmc", "<rdf><a/></rdf>", "the response is not a search result"),
        (
            "pubmed",
            '{"header": {"type": "einfo"}, "einforesult": {}}',
            "eInfoResult, which contains",
        ),
        ("pubmed", "<eSpellResult><Query>a</Query></eSpellResult>", "eSpellResult, which contains"),
        ("pubmed", '{"error": "API rate limit exceeded"}', "API rate limit exceeded"),
    ],
)
def test_an_answer_of_another_kind_is_refused_in_one_line(source, body, said):
    with pytest.raises(SourceError, match=said) as refused:
        read(source, body)
    assert "\n" not in str(refused.value)
