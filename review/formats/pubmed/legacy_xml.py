"""Articles in the shape of PubMed's older document types, brought to today's.

Answers that were saved years ago are read alike. Source: NLM's DTDs of 2001 to 2018 and their
revision notes (affiliations, first names, name ids, notices, days of creation).
"""

import re
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.text.markup import tree

_NOTICES = (
    "CommentOn", "CommentIn", "ErratumIn", "ErratumFor", "RepublishedFrom", "RepublishedIn",
    "RetractionOf", "RetractionIn", "UpdateIn", "UpdateOf", "SummaryForPatientsIn",
    "OriginalReportIn",
)  # fmt: skip
"""Elements that were to become values of RefType."""
_OLD = re.compile(
    rb"<(?:FirstName|MiddleName|NameID|DateCreated|" + "|".join(_NOTICES).encode() + rb")[\s>]"
)
_PLACE = re.compile(rb"<Affiliation[\s>]")
_TODAY = re.compile(rb"<AffiliationInfo[\s>]")


def modern(body: bytes) -> bytes:
    """The answer in today's shape; the same bytes where it has that, or is not whole XML."""
    if not _OLD.search(body) and len(_PLACE.findall(body)) <= len(_TODAY.findall(body)):
        return body
    try:
        root = tree(body, "pubmed")
    except SourceError:
        return body
    for one in root.iter("PubmedArticle", "PubmedBookArticle"):
        _people(one)
        _places(one)
        _notices(one)
        _made(one)
    return bytes(etree.tostring(root, encoding="UTF-8"))


def _people(article: Any) -> None:
    """<FirstName>, <MiddleName> and <NameID> as <ForeName> and <Identifier>."""
    for given in list(article.iter("FirstName")):
        given.tag = "ForeName"
        middle = given.getparent().find("MiddleName")
        if middle is not None:
            given.text = f"{given.text or ''} {middle.text or ''}".strip()
            given.getparent().remove(middle)
    for ident in article.iter("NameID"):
        ident.tag = "Identifier"


def _places(article: Any) -> None:
    """Each affiliation in an <AffiliationInfo>; that of the article is its first author's."""
    for place in list(article.iter("Affiliation")):
        holder = place.getparent()
        if holder.tag == "AffiliationInfo":
            continue
        if holder.tag == "Article":
            first = holder.find("AuthorList/Author")
            if first is None:
                people = holder.find("AuthorList")
                people = etree.SubElement(holder, "AuthorList") if people is None else people
                first = etree.SubElement(people, "Author", ValidYN="N")
            holder.remove(place)
            holder = first
        around = etree.SubElement(holder, "AffiliationInfo")
        around.append(place)


def _notices(article: Any) -> None:
    """<CommentsCorrections> of one element a kind as a list with RefType."""
    for group in list(article.iter("CommentsCorrections")):
        if group.get("RefType") is not None or not len(group):
            continue
        group.tag = "CommentsCorrectionsList"
        for note in group:
            note.set("RefType", str(note.tag))
            note.tag = "CommentsCorrections"


def _made(article: Any) -> None:
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
