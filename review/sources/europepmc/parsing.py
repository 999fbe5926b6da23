"""Answers of Europe PMC's REST search (core and lite, JSON and XML) to records."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.formats.fields import unique, year_of
from review.models import (
    Parsed,
    Record,
    Rejected,
    Relation,
    normal_arxiv,
    normal_doi,
    normal_pmcid,
    normal_pmid,
)
from review.text.markup import data, one_line, paragraphs, plain_text, tree

RELATIONS = {
    "preprint in": "published_as",
    "preprint of": "preprint_of",
    "comment in": "comment_in",
    "comment on": "comment_on",
    "erratum in": "erratum_in",
    "erratum for": "erratum_for",
    "expression of concern in": "expression_of_concern_in",
    "expression of concern for": "expression_of_concern_for",
    "retraction in": "retracted_by",
    "retraction of": "retraction_of",
    "republished in": "republished_in",
    "republished from": "republished_from",
    "update in": "update_in",
    "update of": "update_of",
}
"""Types of commentCorrectionList. On a preprint 'Preprint in' names the article that followed.
Source: Europe PMC Articles REST API, field commentCorrectionList."""
_TAKEN = {
    "id", "source", "pmid", "pmcid", "doi", "title", "authorString", "authorList", "journalInfo",
    "pageInfo", "abstractText", "language", "pubTypeList", "meshHeadingList", "keywordList",
    "fullTextUrlList", "commentCorrectionList", "pubYear", "authorIdList", "dataLinksTagsList",
    "citedByCount", "nextCursorMark", "journalTitle", "journalVolume", "issue", "pubType",
}  # fmt: skip
"""Keys with a field of their own, and two that change from day to day."""
_LISTED = re.compile(r"List$")
"""Elements of an XML answer that hold several of one kind."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How a result goes on."""

    total: int
    next: str | None
    """Cursor mark of the next page; None where the answer gives none."""
    size: int
    """Entries in this answer."""
    query: str | None
    """The query as the service read it."""
    mark: str | None
    """Cursor mark of this page."""


def parse(body: bytes) -> Parsed:
    """Records of a search answer.

    Raises:
        SourceError: an error message, a web page, an answer cut short or of another kind.
    """
    read = _answer(body)
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, one in enumerate(_results(read), 1):
        try:
            records.append(_record(one))
        except (ValueError, TypeError, AttributeError) as error:
            raw = json.dumps(one, ensure_ascii=False)
            rejected.append(Rejected(number, str(error), raw))
    return Parsed(tuple(records), tuple(rejected), _hits(read))


def paging(body: bytes) -> Paging:
    """Total and next cursor mark of a search answer. Raises SourceError as `parse` does."""
    read = _answer(body)
    asked = read.get("request") or {}
    size = len(_results(read))
    return Paging(
        _hits(read), read.get("nextCursorMark"), size, asked.get("queryString"),
        asked.get("cursorMark"),
    )  # fmt: skip


def _answer(body: bytes) -> Mapping[str, Any]:
    xml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    read = _plain(tree(body, "europepmc")) if xml else data(body, "europepmc")
    if not isinstance(read, Mapping):
        raise SourceError("europepmc: the answer is not a search result.")
    if "resultList" not in read:
        said = read.get("errMsg") or read.get("message") or read.get("error")
        raise SourceError(f"europepmc: {said or 'the answer is not a search result'}.")
    return read


def _plain(node: Any) -> Any:
    """An element of an XML answer as the JSON answer gives it."""
    marks = {etree.QName(name).localname: value for name, value in node.attrib.items()}
    if not len(node):
        text = one_line(node.text)
        return {**marks, "value": text} if marks else text
    inner: dict[str, Any] = dict(marks)
    for child in node:
        name, value = etree.QName(child).localname, _plain(child)
        if _LISTED.search(etree.QName(node).localname):
            inner.setdefault(name, []).append(value)
        else:
            inner[name] = value
    return inner


def _hits(read: Mapping[str, Any]) -> int:
    count = str(read.get("hitCount"))
    if not count.isdigit():
        raise SourceError("europepmc: the answer announces no count.")
    return int(count)


def _results(read: Mapping[str, Any]) -> list[Any]:
    found = read["resultList"].get("result", []) if read["resultList"] else []
    return list(found)


def _record(one: Mapping[str, Any]) -> Record:
    ident, origin = one_line(one.get("id")), one_line(one.get("source"))
    if not ident or not origin:
        raise ValueError("it has no id or source")
    title = plain_text(one.get("title"))
    if title is None:
        raise ValueError(f"{origin}:{ident} has no title")
    info = one.get("journalInfo") or {}
    journal = (info.get("journal") or {}).get("title") or one.get("journalTitle")
    types = _list(one, "pubTypeList", "pubType") or (one.get("pubType") or "").split(";")
    doi = normal_doi(one.get("doi"))
    date = one.get("firstPublicationDate") or info.get("printPublicationDate")
    return Record(
        source="europepmc",
        source_id=f"{origin}:{ident}",
        title=title,
        authors=_authors(one),
        year=year_of(one.get("pubYear"), date),
        date=one_line(date) or one_line(one.get("pubYear")),
        journal=plain_text(journal),
        volume=one_line(info.get("volume") or one.get("journalVolume")),
        issue=one_line(info.get("issue") or one.get("issue")),
        pages=one_line(one.get("pageInfo")),
        abstract=paragraphs(one.get("abstractText")),
        doi=doi,
        pmid=normal_pmid(one.get("pmid")),
        pmcid=normal_pmcid(one.get("pmcid")),
        arxiv_id=normal_arxiv(doi) if doi and "arxiv" in doi else None,
        version=_version(one, ident),
        language=one_line(one.get("language")),
        types=unique(types),
        keywords=unique(plain_text(str(word)) for word in _list(one, "keywordList", "keyword")),
        mesh=tuple(_heading(h) for h in _list(one, "meshHeadingList", "meshHeading")),
        affiliations=_places(one),
        urls=unique(u.get("url") for u in _list(one, "fullTextUrlList", "fullTextUrl")),
        relations=_relations(one),
        extra=_extra(one, info),
    )


def _list(one: Mapping[str, Any], outer: str, inner: str) -> list[Any]:
    return list((one.get(outer) or {}).get(inner) or ())


def _authors(one: Mapping[str, Any]) -> tuple[str, ...]:
    """'Family, Given' from the list; else the line of names, cut at its commas."""
    found = []
    for person in _list(one, "authorList", "author"):
        family = plain_text(person.get("lastName"))
        given = plain_text(person.get("firstName")) or plain_text(person.get("initials"))
        whole = plain_text(person.get("collectiveName")) or plain_text(person.get("fullName"))
        found.append(", ".join(p for p in (family, given) if p) if family else whole)
    if not found:
        found = [
            one_line(n) for n in re.split(r",\s*", (one.get("authorString") or "").rstrip("."))
        ]
    return tuple(name for name in found if name)


def _places(one: Mapping[str, Any]) -> tuple[str, ...]:
    listed = [
        place.get("affiliation")
        for person in _list(one, "authorList", "author")
        for place in _list(person, "authorAffiliationDetailsList", "authorAffiliation")
    ]
    return unique([*(plain_text(p) for p in listed), plain_text(one.get("affiliation"))])


def _heading(one: Mapping[str, Any]) -> str:
    """As MEDLINE prints it: 'Heading/qualifier', a star before what the article is mainly on."""

    def marked(part: Mapping[str, Any], key: str) -> str:
        star = "*" if part.get("majorTopic_YN") == "Y" else ""
        return star + (plain_text(part.get(key)) or "")

    qualifiers = _list(one, "meshQualifierList", "meshQualifier")
    parts = [marked(one, "descriptorName"), *(marked(q, "qualifierName") for q in qualifiers)]
    return "/".join(parts)


def _version(one: Mapping[str, Any], ident: str) -> int | None:
    """Version of a preprint, from the list of its versions."""
    said = one.get("versionNumber")
    if said is None:
        listed = _list(one, "versionList", "version")
        said = next((v.get("versionNumber") for v in listed if v.get("id") == ident), None)
    return int(said) if said is not None and str(said).isdigit() else None


def _relations(one: Mapping[str, Any]) -> tuple[Relation, ...]:
    found = []
    for note in _list(one, "commentCorrectionList", "commentCorrection"):
        said = one_line(note.get("type")) or "related"
        kind = RELATIONS.get(said.lower(), said.lower().replace(" ", "_"))
        found.append(Relation(kind, _target(note), "europepmc"))
    ident = one_line(one.get("id"))
    for other in _list(one, "versionList", "version"):
        if other.get("id") and other.get("id") != ident:
            target = f"{other.get('source', 'PPR')}:{other['id']}"
            found.append(Relation("version_of", target, "europepmc"))
    return tuple(found)


def _target(note: Mapping[str, Any]) -> str:
    ident, origin = one_line(note.get("id")), note.get("source")
    if ident and origin == "MED" and normal_pmid(ident):
        return f"pmid:{normal_pmid(ident)}"
    if ident and origin == "PMC" and normal_pmcid(ident):
        return f"pmcid:{normal_pmcid(ident)}"
    doi = normal_doi(note.get("reference"))
    if doi:
        return f"doi:{doi}"
    return f"{origin}:{ident}" if ident else plain_text(note.get("reference")) or "unnamed"


def _extra(one: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Everything else the answer says, by Europe PMC's own keys."""
    extra: dict[str, tuple[str, ...]] = {"authorString": _flat(one.get("authorString"))}
    for key, value in info.items():
        if key not in ("volume", "issue"):
            extra[f"journalInfo.{key}"] = _flat(value)
    for key, value in one.items():
        if key not in _TAKEN:
            extra[key] = _flat(value)
    extra["ORCID"] = tuple(
        f"{person.get('fullName')} {person['authorId'].get('value')}"
        for person in _list(one, "authorList", "author")
        if person.get("authorId")
    )
    return {key: values for key, values in extra.items() if values}


def _flat(value: Any) -> tuple[str, ...]:
    """A value as lines; lists and maps without further depth in one line each."""
    if isinstance(value, Mapping):
        if len(value) == 1 and isinstance(next(iter(value.values())), list):
            return _flat(next(iter(value.values())))
        parts = [f"{key}: {' '.join(_flat(part))}" for key, part in value.items()]
        return ("; ".join(parts),) if parts else ()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(line for part in value for line in _flat(part))
    text = one_line(str(value)) if value is not None else None
    return (text,) if text else ()
