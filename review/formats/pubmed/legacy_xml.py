"""Converts articles in PubMed's older document types to today's.

Answers that were saved years ago are read alike. Source: NLM's DTDs of 2001 to 2018 and their
revision notes (affiliations, first names, name ids, notices, days of creation).
"""

import re
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.text.markup import parse_xml

_NOTICES = (
    "CommentOn",
    "CommentIn",
    "ErratumIn",
    "ErratumFor",
    "RepublishedFrom",
    "RepublishedIn",
    "RetractionOf",
    "RetractionIn",
    "UpdateIn",
    "UpdateOf",
    "SummaryForPatientsIn",
    "OriginalReportIn",
)
"""Elements that were to become values of RefType."""
_OLD_ELEMENTS = re.compile(
    rb"<(?:FirstName|MiddleName|NameID|DateCreated|" + "|".join(_NOTICES).encode() + rb")[\s>]"
)
_AFFILIATION = re.compile(rb"<Affiliation[\s>]")
_AFFILIATION_INFO = re.compile(rb"<AffiliationInfo[\s>]")


def modernize_articles(body: bytes) -> bytes:
    """The answer in today's shape; the same bytes where it has that, or is not whole XML."""
    if not _OLD_ELEMENTS.search(body) and len(_AFFILIATION.findall(body)) <= len(
        _AFFILIATION_INFO.findall(body)
    ):
        return body
    try:
        root = parse_xml(body, "pubmed")
    except SourceError:
        return body
    for article in root.iter("PubmedArticle", "PubmedBookArticle"):
        _modernize_names(article)
        _modernize_affiliations(article)
        _modernize_notices(article)
        _modernize_creation_date(article)
    return bytes(etree.tostring(root, encoding="UTF-8"))


def _modernize_names(article: Any) -> None:
    """<FirstName>, <MiddleName> and <NameID> as <ForeName> and <Identifier>."""
    for first_name in list(article.iter("FirstName")):
        first_name.tag = "ForeName"
        middle = first_name.getparent().find("MiddleName")
        if middle is not None:
            first_name.text = f"{first_name.text or ''} {middle.text or ''}".strip()
            first_name.getparent().remove(middle)
    for ident in article.iter("NameID"):
        ident.tag = "Identifier"


def _modernize_affiliations(article: Any) -> None:
    """Each affiliation in an <AffiliationInfo>; that of the article is its first author's."""
    for affiliation in list(article.iter("Affiliation")):
        holder = affiliation.getparent()
        if holder.tag == "AffiliationInfo":
            continue
        if holder.tag == "Article":
            first_author = holder.find("AuthorList/Author")
            if first_author is None:
                author_list = holder.find("AuthorList")
                author_list = (
                    etree.SubElement(holder, "AuthorList") if author_list is None else author_list
                )
                first_author = etree.SubElement(author_list, "Author", ValidYN="N")
            holder.remove(affiliation)
            holder = first_author
        wrapper = etree.SubElement(holder, "AffiliationInfo")
        wrapper.append(affiliation)


def _modernize_notices(article: Any) -> None:
    """<CommentsCorrections> of one element a kind as a list with RefType."""
    for group in list(article.iter("CommentsCorrections")):
        if group.get("RefType") is not None or not len(group):
            continue
        group.tag = "CommentsCorrectionsList"
        for note in group:
            note.set("RefType", str(note.tag))
            note.tag = "CommentsCorrections"


def _modernize_creation_date(article: Any) -> None:
    """<DateCreated> as a day of the history, since today's articles have no place for it."""
    for day in list(article.iter("DateCreated")):
        day.getparent().remove(day)
        day.tag = "PubMedPubDate"
        day.set("PubStatus", "created")
        info = article.find("PubmedData")
        if info is None:
            info = etree.SubElement(article, "PubmedData")
        history = info.find("History")
        if history is None:
            history = etree.Element("History")
            info.insert(0, history)
        history.append(day)
