"""Parses responses of Europe PMC's REST search (core and lite, JSON and XML)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.formats.fields import find_year, unique_values
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, Relation, UnreadableEntry
from review.text.markup import parse_json, parse_xml, strip_tags, to_one_line, to_paragraphs

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
_MAPPED_KEYS = {
    "id",
    "source",
    "pmid",
    "pmcid",
    "doi",
    "title",
    "authorString",
    "authorList",
    "journalInfo",
    "pageInfo",
    "abstractText",
    "language",
    "pubTypeList",
    "meshHeadingList",
    "keywordList",
    "fullTextUrlList",
    "commentCorrectionList",
    "pubYear",
    "authorIdList",
    "dataLinksTagsList",
    "citedByCount",
    "nextCursorMark",
    "journalTitle",
    "journalVolume",
    "issue",
    "pubType",
}
"""Keys with a field of their own, and two that change from day to day."""
_LIST_ELEMENT = re.compile(r"List$")
"""Elements of an XML answer that hold several of one kind."""


@dataclass(frozen=True, slots=True)
class EuropePmcPageInfo:
    """How a result goes on."""

    total: int
    next_mark: str | None
    """Cursor mark of the next page; None where the answer gives none."""
    size: int
    """Entries in this answer."""
    query: str | None
    """The query as the service read it."""
    cursor_mark: str | None
    """Cursor mark of this page."""


def parse(body: bytes) -> ParseResult:
    """Records of a search answer.

    Raises:
        SourceError: an error message, a web page, an answer cut short or of another kind.
    """
    answer = _load_answer(body)
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, entry in enumerate(_get_results(answer), 1):
        try:
            records.append(_build_record(entry))
        except (ValueError, TypeError, AttributeError) as error:
            raw = json.dumps(entry, ensure_ascii=False)
            rejected.append(UnreadableEntry(number, str(error), raw))
    return ParseResult(tuple(records), tuple(rejected), _get_hit_count(answer))


def read_page_info(body: bytes) -> EuropePmcPageInfo:
    """Total and next cursor mark of a search answer. Raises SourceError as `parse` does."""
    answer = _load_answer(body)
    request = answer.get("request") or {}
    size = len(_get_results(answer))
    return EuropePmcPageInfo(
        _get_hit_count(answer),
        answer.get("nextCursorMark"),
        size,
        request.get("queryString"),
        request.get("cursorMark"),
    )


def _load_answer(body: bytes) -> Mapping[str, Any]:
    xml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    answer = _xml_to_data(parse_xml(body, "europepmc")) if xml else parse_json(body, "europepmc")
    if not isinstance(answer, Mapping):
        raise SourceError("europepmc: the response is not a search result.")
    if "resultList" not in answer:
        message = answer.get("errMsg") or answer.get("message") or answer.get("error")
        raise SourceError(f"europepmc: {message or 'the response is not a search result'}.")
    return answer


def _xml_to_data(node: Any) -> Any:
    """An element of an XML answer as the JSON answer gives it."""
    attributes = {etree.QName(name).localname: value for name, value in node.attrib.items()}
    if not len(node):
        text = to_one_line(node.text)
        return {**attributes, "value": text} if attributes else text
    children: dict[str, Any] = dict(attributes)
    for child in node:
        name, value = etree.QName(child).localname, _xml_to_data(child)
        if _LIST_ELEMENT.search(etree.QName(node).localname):
            children.setdefault(name, []).append(value)
        else:
            children[name] = value
    return children


def _get_hit_count(answer: Mapping[str, Any]) -> int:
    count = str(answer.get("hitCount"))
    if not count.isdigit():
        raise SourceError("europepmc: the response gives no count.")
    return int(count)


def _get_results(answer: Mapping[str, Any]) -> list[Any]:
    results = answer["resultList"].get("result", []) if answer["resultList"] else []
    return list(results)


def _build_record(entry: Mapping[str, Any]) -> Record:
    ident, origin = to_one_line(entry.get("id")), to_one_line(entry.get("source"))
    if not ident or not origin:
        raise ValueError("it has no id or source")
    title = strip_tags(entry.get("title"))
    if title is None:
        raise ValueError(f"{origin}:{ident} has no title")
    info = entry.get("journalInfo") or {}
    journal = (info.get("journal") or {}).get("title") or entry.get("journalTitle")
    types = _get_list(entry, "pubTypeList", "pubType") or (entry.get("pubType") or "").split(";")
    doi = normalize_doi(entry.get("doi"))
    date = entry.get("firstPublicationDate") or info.get("printPublicationDate")
    return Record(
        source="europepmc",
        source_id=f"{origin}:{ident}",
        title=title,
        authors=_format_authors(entry),
        year=find_year(entry.get("pubYear"), date),
        date=to_one_line(date) or to_one_line(entry.get("pubYear")),
        journal=strip_tags(journal),
        volume=to_one_line(info.get("volume") or entry.get("journalVolume")),
        issue=to_one_line(info.get("issue") or entry.get("issue")),
        pages=to_one_line(entry.get("pageInfo")),
        abstract=to_paragraphs(entry.get("abstractText")),
        doi=doi,
        pmid=normalize_pmid(entry.get("pmid")),
        pmcid=normalize_pmcid(entry.get("pmcid")),
        arxiv_id=normalize_arxiv(doi) if doi and "arxiv" in doi else None,
        version=_find_version(entry, ident),
        language=to_one_line(entry.get("language")),
        types=unique_values(types),
        keywords=unique_values(
            strip_tags(str(word)) for word in _get_list(entry, "keywordList", "keyword")
        ),
        mesh=tuple(
            _format_mesh_heading(h) for h in _get_list(entry, "meshHeadingList", "meshHeading")
        ),
        affiliations=_find_affiliations(entry),
        urls=unique_values(
            u.get("url") for u in _get_list(entry, "fullTextUrlList", "fullTextUrl")
        ),
        relations=_build_relations(entry),
        extra=_collect_extra(entry, info),
    )


def _get_list(entry: Mapping[str, Any], outer: str, inner: str) -> list[Any]:
    return list((entry.get(outer) or {}).get(inner) or ())


def _format_authors(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """'Family, Given' from the list; else the line of names, cut at its commas."""
    names = []
    for person in _get_list(entry, "authorList", "author"):
        family = strip_tags(person.get("lastName"))
        forenames = strip_tags(person.get("firstName")) or strip_tags(person.get("initials"))
        full_name = strip_tags(person.get("collectiveName")) or strip_tags(person.get("fullName"))
        names.append(", ".join(p for p in (family, forenames) if p) if family else full_name)
    if not names:
        names = [
            to_one_line(n) for n in re.split(r",\s*", (entry.get("authorString") or "").rstrip("."))
        ]
    return tuple(name for name in names if name)


def _find_affiliations(entry: Mapping[str, Any]) -> tuple[str, ...]:
    affiliations = [
        detail.get("affiliation")
        for person in _get_list(entry, "authorList", "author")
        for detail in _get_list(person, "authorAffiliationDetailsList", "authorAffiliation")
    ]
    return unique_values(
        [*(strip_tags(p) for p in affiliations), strip_tags(entry.get("affiliation"))]
    )


def _format_mesh_heading(heading: Mapping[str, Any]) -> str:
    """As MEDLINE prints it: 'Heading/qualifier', a star before what the article is mainly on."""

    def format_term(part: Mapping[str, Any], key: str) -> str:
        star = "*" if part.get("majorTopic_YN") == "Y" else ""
        return star + (strip_tags(part.get(key)) or "")

    qualifiers = _get_list(heading, "meshQualifierList", "meshQualifier")
    parts = [
        format_term(heading, "descriptorName"),
        *(format_term(q, "qualifierName") for q in qualifiers),
    ]
    return "/".join(parts)


def _find_version(entry: Mapping[str, Any], ident: str) -> int | None:
    """Version of a preprint, from the list of its versions."""
    version_number = entry.get("versionNumber")
    if version_number is None:
        versions = _get_list(entry, "versionList", "version")
        version_number = next(
            (v.get("versionNumber") for v in versions if v.get("id") == ident), None
        )
    return (
        int(version_number)
        if version_number is not None and str(version_number).isdigit()
        else None
    )


def _build_relations(entry: Mapping[str, Any]) -> tuple[Relation, ...]:
    relations = []
    for note in _get_list(entry, "commentCorrectionList", "commentCorrection"):
        relation_type = to_one_line(note.get("type")) or "related"
        kind = RELATIONS.get(relation_type.lower(), relation_type.lower().replace(" ", "_"))
        relations.append(Relation(kind, _format_target(note), "europepmc"))
    ident = to_one_line(entry.get("id"))
    for other in _get_list(entry, "versionList", "version"):
        if other.get("id") and other.get("id") != ident:
            target = f"{other.get('source', 'PPR')}:{other['id']}"
            relations.append(Relation("version_of", target, "europepmc"))
    return tuple(relations)


def _format_target(note: Mapping[str, Any]) -> str:
    ident, origin = to_one_line(note.get("id")), note.get("source")
    if ident and origin == "MED" and normalize_pmid(ident):
        return f"pmid:{normalize_pmid(ident)}"
    if ident and origin == "PMC" and normalize_pmcid(ident):
        return f"pmcid:{normalize_pmcid(ident)}"
    doi = normalize_doi(note.get("reference"))
    if doi:
        return f"doi:{doi}"
    return f"{origin}:{ident}" if ident else strip_tags(note.get("reference")) or "unnamed"


def _collect_extra(entry: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Everything else the answer says, by Europe PMC's own keys."""
    extra: dict[str, tuple[str, ...]] = {"authorString": _flatten_value(entry.get("authorString"))}
    for key, value in info.items():
        if key not in ("volume", "issue"):
            extra[f"journalInfo.{key}"] = _flatten_value(value)
    for key, value in entry.items():
        if key not in _MAPPED_KEYS:
            extra[key] = _flatten_value(value)
    extra["ORCID"] = tuple(
        f"{person.get('fullName')} {person['authorId'].get('value')}"
        for person in _get_list(entry, "authorList", "author")
        if person.get("authorId")
    )
    return {key: values for key, values in extra.items() if values}


def _flatten_value(value: Any) -> tuple[str, ...]:
    """A value as lines; lists and maps without further depth in one line each."""
    if isinstance(value, Mapping):
        if len(value) == 1 and isinstance(next(iter(value.values())), list):
            return _flatten_value(next(iter(value.values())))
        parts = [f"{key}: {' '.join(_flatten_value(part))}" for key, part in value.items()]
        return ("; ".join(parts),) if parts else ()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(line for part in value for line in _flatten_value(part))
    text = to_one_line(str(value)) if value is not None else None
    return (text,) if text else ()
