"""Crossref and OpenAlex, asked after works already known: abstracts, DOIs, relations, retractions.

Neither is searched; what they say is added to what the records' own sources said, never in place
of it. Sources: Crossref REST API, https://www.crossref.org/documentation/retrieve-metadata/rest-api/
and OpenAlex, https://docs.openalex.org/api-entities/works.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from review.errors import SourceError
from review.models import Relation, normal_doi, normal_pmid
from review.sources.http import Ask, Got, Http
from review.text.markup import data, paragraphs, plain_text

AT_ONCE = 20
"""DOIs of one request; more make addresses that services refuse (characters)."""
RELATIONS = {
    "is-preprint-of": "published_as",
    "has-preprint": "preprint_of",
    "is-version-of": "version_of",
    "has-version": "version_of",
    "is-comment-on": "comment_on",
    "has-comment": "comment_in",
}
"""Crossref's names of relations -> ours; those that say nothing of the same study are left out."""
UPDATED = {
    "retraction": "retracted_by",
    "withdrawal": "retracted_by",
    "removal": "retracted_by",
    "partial_retraction": "retracted_by",
    "expression_of_concern": "expression_of_concern_in",
    "correction": "erratum_in",
    "corrigendum": "erratum_in",
    "erratum": "erratum_in",
}
"""Kinds of a notice that updates a work -> what the work has; others are update_in."""
UPDATES = {
    "retracted_by": "retraction_of",
    "expression_of_concern_in": "expression_of_concern_for",
    "erratum_in": "erratum_for",
    "update_in": "update_of",
}
"""The same seen from the notice."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a registry says of one document."""

    doi: str | None
    pmid: str | None
    title: str | None
    abstract: str | None
    relations: tuple[Relation, ...]


def from_crossref(dois: Sequence[str], http: Http, base_url: str) -> Got[tuple[Work, ...]]:
    """The works Crossref knows of some DOIs (at most AT_ONCE), in its order.

    Raises:
        SourceError: no usable answer.
    """
    params = {"filter": ",".join(f"doi:{one}" for one in dois), "rows": str(len(dois))}
    if http.contact:
        params["mailto"] = http.contact
    return http.fetch(Ask("crossref", base_url, params), parse_crossref)


def from_openalex(pmids: Sequence[str], http: Http, base_url: str) -> Got[tuple[Work, ...]]:
    """The works OpenAlex knows of some PMIDs (at most AT_ONCE), in its order.

    Raises:
        SourceError: no usable answer.
    """
    params = {"filter": f"pmid:{'|'.join(pmids)}", "per-page": str(len(pmids))}
    if http.contact:
        params["mailto"] = http.contact
    return http.fetch(Ask("openalex", base_url, params), parse_openalex)


def askable(doi: str) -> bool:
    """Whether a DOI can stand in a list of DOIs: commas and bars would end it."""
    return not set(doi) & set(",|")


def parse_crossref(body: bytes) -> tuple[Work, ...]:
    """Works of an answer, of one work or of a list. Raises SourceError where it is neither."""
    found = data(body, "crossref")
    message = found.get("message") if isinstance(found, dict) else None
    if not isinstance(message, dict):
        raise SourceError("crossref: the answer holds no 'message'.")
    items = message.get("items", [message]) if found.get("message-type") != "work" else [message]
    if not isinstance(items, list):
        raise SourceError("crossref: 'items' is not a list.")
    return tuple(_of_crossref(one) for one in items if isinstance(one, dict))


def _of_crossref(one: Mapping[str, Any]) -> Work:
    titles = one.get("title")
    title = titles[0] if isinstance(titles, list) and titles else None
    abstract = one.get("abstract")
    return Work(
        normal_doi(_text(one.get("DOI"))),
        None,
        plain_text(_text(title)),
        paragraphs(_plain(abstract)) if isinstance(abstract, str) else None,
        tuple(dict.fromkeys((*_relations(one), *_updates(one)))),
    )


def _plain(jats: str) -> str:
    """JATS marks as the marks of a web page: its titles are headings."""
    text = jats.replace("<jats:title>", "<h4>").replace("</jats:title>", "</h4>")
    return text.replace("<jats:", "<").replace("</jats:", "</")


def _relations(one: Mapping[str, Any]) -> Iterable[Relation]:
    given = one.get("relation")
    for name, targets in given.items() if isinstance(given, dict) else ():
        kind = RELATIONS.get(name)
        for target in targets if kind and isinstance(targets, list) else ():
            doi = normal_doi(_text(target.get("id"))) if isinstance(target, dict) else None
            if doi and doi != normal_doi(_text(one.get("DOI"))):
                yield Relation(str(kind), f"doi:{doi}", "crossref")


def _updates(one: Mapping[str, Any]) -> Iterable[Relation]:
    for name in ("updated-by", "update-to"):
        given = one.get(name)
        for notice in given if isinstance(given, list) else ():
            doi = normal_doi(_text(notice.get("DOI"))) if isinstance(notice, dict) else None
            if not doi or doi == normal_doi(_text(one.get("DOI"))):
                continue
            kind = UPDATED.get(str(notice.get("type", "")).lower().replace("-", "_"), "update_in")
            kind = kind if name == "updated-by" else UPDATES[kind]
            yield Relation(kind, f"doi:{doi}", "crossref", _day(notice.get("updated")))


def _day(moment: Any) -> str | None:
    """ISO date of Crossref's date-parts; None where the day is not whole."""
    parts = moment.get("date-parts") if isinstance(moment, dict) else None
    first = parts[0] if isinstance(parts, list) and parts else None
    if not isinstance(first, list) or len(first) != 3:
        return None
    if not all(isinstance(part, int) for part in first):
        return None
    return f"{first[0]:04d}-{first[1]:02d}-{first[2]:02d}"


def parse_openalex(body: bytes) -> tuple[Work, ...]:
    """Works of an answer, of one work or of a list. Raises SourceError where it is neither."""
    found = data(body, "openalex")
    items = found.get("results", [found]) if isinstance(found, dict) else None
    if not isinstance(items, list) or (found.get("id") is None and "results" not in found):
        raise SourceError("openalex: the answer holds no works.")
    return tuple(_of_openalex(one) for one in items if isinstance(one, dict))


def _of_openalex(one: Mapping[str, Any]) -> Work:
    ids = one.get("ids")
    pmid = normal_pmid(_text(ids.get("pmid")).rsplit("/", 1)[-1]) if isinstance(ids, dict) else None
    marked = (Relation("marked", "retracted publication", "openalex"),)
    return Work(
        normal_doi(_text(one.get("doi"))),
        pmid,
        plain_text(_text(one.get("title"))),
        _in_order(one.get("abstract_inverted_index")),
        marked if one.get("is_retracted") is True else (),
    )


def _in_order(places: Any) -> str | None:
    """The text of an inverted index: word -> places."""
    if not isinstance(places, dict):
        return None
    words = [
        (place, str(word))
        for word, where in places.items()
        if isinstance(where, list)
        for place in where
        if isinstance(place, int)
    ]
    return " ".join(word for _, word in sorted(words)) or None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
