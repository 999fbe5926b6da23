"""arXiv's OAI-PMH formats: Dublin Core, arXivRaw, and responses to other verbs."""

import pytest

from review.errors import SourceError
from review.sources import parse_answer

OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><request/>{}</OAI-PMH>'
LISTED = (
    "<ListRecords><record><header><identifier>oai:arXiv.org:2003.09871</identifier><datestamp>"
    "2021-05-05</datestamp><setSpec>cs:cs:CV</setSpec></header><metadata>{}</metadata></record>"
    "</ListRecords>"
)
DUBLIN = """<d:dc xmlns:d="http://www.openarchives.org/OAI/2.0/oai_dc/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>COVID-Net</dc:title>
<dc:creator>Wang, Linda</dc:creator><dc:subject>Computer Science - Machine Learning</dc:subject>
<dc:description>  The pandemic.
</dc:description><dc:description>Comment: 12 pages</dc:description><dc:date>2020-05-11</dc:date>
<dc:date>2020-03-22</dc:date><dc:identifier>http://arxiv.org/abs/2003.09871</dc:identifier>
<dc:identifier>Scientific Reports 10, 19549 (2020)</dc:identifier>
<dc:identifier>doi:10.1038/s41598-020-76550-z</dc:identifier><dc:language>fr</dc:language></d:dc>"""
RAW = """<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2003.09871</id>
<submitter>Linda Wang</submitter><version version="v1"><date>Sun, 22 Mar 2020 12:26:36 GMT</date>
<size>2231kb</size></version><version version="v10"><date>Mon, 11 May 2020 17:39:58 GMT</date>
<size>3kb</size></version><title>COVID-Net</title>
<authors>Linda Wang, Zhong Qiu Lin (1 and 2), and A. Wong ((1) Waterloo, Canada, (2) Darwin AI)
</authors><abstract> abc </abstract></arXivRaw>"""


def read(source, body):
    return parse_answer(source, body.encode())


def test_dublin_core_names_the_article_the_comment_and_the_days():
    (one,) = read("arxiv", OAI.format(LISTED.format(DUBLIN))).records
    assert [r.target for r in one.relations] == ["doi:10.1038/s41598-020-76550-z"]
    assert (one.date, one.language, one.abstract) == ("2020-03-22", "fr", "The pandemic.")
    assert one.extra["journal_ref"] == ("Scientific Reports 10, 19549 (2020)",)
    assert one.extra["comment"] == ("12 pages",)
    assert one.extra["updated"] == ("2020-05-11",)


def test_the_raw_format_keeps_all_versions_and_parts_names_from_places():
    (one,) = read("arxiv", OAI.format(LISTED.format(RAW))).records
    assert one.authors == ("Linda Wang", "Zhong Qiu Lin", "A. Wong")
    assert one.affiliations == ("Waterloo, Canada", "Darwin AI")
    assert (one.version, one.date) == (10, "2020-03-22")
    assert one.extra["versions"][0] == "v1 Sun, 22 Mar 2020 12:26:36 GMT 2231kb"


def test_a_parenthesis_that_is_never_closed_swallows_no_author():
    body = RAW.replace("Lin (1 and 2)", "Lin (1 and 2")
    (one,) = read("arxiv", OAI.format(LISTED.format(body))).records
    assert any("A. Wong" in name for name in one.authors)


@pytest.mark.parametrize(
    ("body", "verb"),
    [
        ("<Identify><repositoryName>arXiv</repositoryName></Identify>", "Identify"),
        ("<ListIdentifiers><header/></ListIdentifiers>", "ListIdentifiers"),
    ],
)
def test_an_answer_to_another_verb_is_refused(body, verb):
    with pytest.raises(SourceError, match=f"an OAI-PMH response to {verb} contains no records"):
        read("arxiv", OAI.format(body))
