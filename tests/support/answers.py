"""Checks of parsed responses against what the response files say.

The expected values are read without our parsers, by ElementTree, json and plain searching. The same
checks run on our own samples and on the genuine responses.
"""

import html
import json
import re
from xml.etree import ElementTree

from review.identifiers import normalize_doi
from review.sources import arxiv, europepmc, medrxiv, pubmed

ATOM = {"a": "http://www.w3.org/2005/Atom", "x": "http://arxiv.org/schemas/atom"}
PARSERS = {
    "arxiv": arxiv.parse,
    "pubmed": pubmed.parse,
    "medrxiv": medrxiv.parse,
    "biorxiv": medrxiv.parse,
    "europepmc": europepmc.parse,
}


def words(text: str | None) -> str:
    return " ".join((text or "").split())


def check_arxiv(body: bytes, count: int, total: int) -> None:
    """Compares each entry of an arXiv response, saved as XML or inside JSON, with its record."""
    parsed = arxiv.parse(body)
    text = json.loads(body)["body"] if body.startswith(b"{") else body.decode()
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


def check_pubmed(body: bytes, count: int) -> None:
    """Compares each article of a PubMed response with its record."""
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


def check_preprints(body: bytes, server: str) -> None:
    """Compares each row of a medRxiv or bioRxiv response with its record."""
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


def check_europepmc(body: bytes) -> None:
    """Compares each result of a Europe PMC response with its record."""
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
        place = one.get("journalInfo", {"journal": {"title": None}})
        assert record.journal == place["journal"]["title"]
        assert (record.volume, record.issue, record.pages) == (
            place.get("volume"),
            place.get("issue"),
            one.get("pageInfo"),
        )
        plain = re.sub(r"<h4>(.*?)</h4>", r"\1: ", one.get("abstractText", ""))
        assert words(record.abstract) == words(plain)
        assert list(record.types) == one["pubTypeList"]["pubType"]
        assert list(record.keywords) == one["keywordList"]["keyword"]
        assert list(record.urls) == [u["url"] for u in one["fullTextUrlList"]["fullTextUrl"]]
        assert record.date == one["firstPublicationDate"]
        assert record.year == 2026
        assert len(record.extra.get("grantsList", ())) == len(
            one.get("grantsList", {}).get("grant", ())
        )
