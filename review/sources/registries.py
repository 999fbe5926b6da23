"""Looks up known works at Crossref and OpenAlex: abstracts, DOIs, relations, retractions.

Neither is searched; what they say is added to what the records' own sources said, never in place
of it. Sources: Crossref REST API, https://www.crossref.org/documentation/retrieve-metadata/rest-api/
and OpenAlex, https://developers.openalex.org/api-reference/authentication.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from review.errors import SourceError
from review.identifiers import normalize_doi, normalize_pmid
from review.models import Relation
from review.sources.http import HttpClient, Request, Response
from review.text.markup import parse_json, strip_tags, to_paragraphs

BATCH_SIZE = 20
"""DOIs of one request; more make addresses that services refuse (characters)."""
OPENALEX_KEY_HINT = (
    "Without a key OpenAlex allows about 1,000 such requests a day; a free key from "
    "openalex.org/settings/api, set as OPENALEX_API_KEY, allows ten times as many."
)
RELATIONS = {
    "is-preprint-of": "published_as",
    "has-preprint": "preprint_of",
    "is-version-of": "version_of",
    "has-version": "version_of",
    "is-comment-on": "comment_on",
    "has-comment": "comment_in",
}
"""Crossref's names of relations -> ours; those that say nothing of the same study are left out."""
UPDATE_KINDS = {
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
NOTICE_KINDS = {
    "retracted_by": "retraction_of",
    "expression_of_concern_in": "expression_of_concern_for",
    "erratum_in": "erratum_for",
    "update_in": "update_of",
}
"""The same seen from the notice."""


@dataclass(frozen=True, slots=True)
class RegistryRecord:
    """What a registry says of one document."""

    doi: str | None
    pmid: str | None
    title: str | None
    abstract: str | None
    relations: tuple[Relation, ...]


def fetch_from_crossref(
    dois: Sequence[str], http: HttpClient, base_url: str
) -> Response[tuple[RegistryRecord, ...]]:
    """The works Crossref knows of some DOIs (at most AT_ONCE), in its order.

    Raises:
        SourceError: no usable answer.
    """
    params = {"filter": ",".join(f"doi:{doi}" for doi in dois), "rows": str(len(dois))}
    if http.contact:
        params["mailto"] = http.contact
    return http.fetch(Request("crossref", base_url, params), parse_crossref)


def fetch_from_openalex(
    pmids: Sequence[str], http: HttpClient, base_url: str
) -> Response[tuple[RegistryRecord, ...]]:
    """The works OpenAlex knows of some PMIDs (at most AT_ONCE), in its order.

    Raises:
        SourceError: no usable answer.
    """
    params = {"filter": f"pmid:{'|'.join(pmids)}", "per-page": str(len(pmids))}
    key = http.keys.get("openalex")
    if key:
        params["api_key"] = key
    try:
        return http.fetch(Request("openalex", base_url, params), parse_openalex)
    except SourceError as error:
        if key:
            raise
        raise type(error)(f"{error} {OPENALEX_KEY_HINT}") from error


def is_queryable(doi: str) -> bool:
    """Whether a DOI can be part of a list of DOIs: commas and bars would end it."""
    return not set(doi) & set(",|")


def parse_crossref(body: bytes) -> tuple[RegistryRecord, ...]:
    """Works of an answer, of one work or of a list. Raises SourceError where it is neither."""
    answer = parse_json(body, "crossref")
    message = answer.get("message") if isinstance(answer, dict) else None
    if not isinstance(message, dict):
        raise SourceError("Crossref returned no 'message'.")
    items = message.get("items", [message]) if answer.get("message-type") != "work" else [message]
    if not isinstance(items, list):
        raise SourceError("Crossref: 'items' is not a list.")
    return tuple(_build_crossref_record(item) for item in items if isinstance(item, dict))


def _build_crossref_record(item: Mapping[str, Any]) -> RegistryRecord:
    titles = item.get("title")
    title = titles[0] if isinstance(titles, list) and titles else None
    abstract = item.get("abstract")
    return RegistryRecord(
        normalize_doi(_text_or_empty(item.get("DOI"))),
        None,
        strip_tags(_text_or_empty(title)),
        to_paragraphs(_jats_to_html(abstract)) if isinstance(abstract, str) else None,
        tuple(dict.fromkeys((*_iter_relations(item), *_iter_updates(item)))),
    )


def _jats_to_html(jats: str) -> str:
    """JATS marks as the marks of a web page: its titles are headings."""
    text = jats.replace("<jats:title>", "<h4>").replace("</jats:title>", "</h4>")
    return text.replace("<jats:", "<").replace("</jats:", "</")


def _iter_relations(item: Mapping[str, Any]) -> Iterable[Relation]:
    relations = item.get("relation")
    for name, targets in relations.items() if isinstance(relations, dict) else ():
        kind = RELATIONS.get(name)
        for target in targets if kind and isinstance(targets, list) else ():
            doi = (
                normalize_doi(_text_or_empty(target.get("id")))
                if isinstance(target, dict)
                else None
            )
            if doi and doi != normalize_doi(_text_or_empty(item.get("DOI"))):
                yield Relation(str(kind), f"doi:{doi}", "crossref")


def _iter_updates(item: Mapping[str, Any]) -> Iterable[Relation]:
    for name in ("updated-by", "update-to"):
        notices = item.get(name)
        for notice in notices if isinstance(notices, list) else ():
            doi = (
                normalize_doi(_text_or_empty(notice.get("DOI")))
                if isinstance(notice, dict)
                else None
            )
            if not doi or doi == normalize_doi(_text_or_empty(item.get("DOI"))):
                continue
            kind = UPDATE_KINDS.get(
                str(notice.get("type", "")).lower().replace("-", "_"), "update_in"
            )
            kind = kind if name == "updated-by" else NOTICE_KINDS[kind]
            yield Relation(kind, f"doi:{doi}", "crossref", _format_day(notice.get("updated")))


def _format_day(date: Any) -> str | None:
    """ISO date of Crossref's date-parts; None where the day is not whole."""
    parts = date.get("date-parts") if isinstance(date, dict) else None
    first = parts[0] if isinstance(parts, list) and parts else None
    if not isinstance(first, list) or len(first) != 3:
        return None
    if not all(isinstance(part, int) for part in first):
        return None
    return f"{first[0]:04d}-{first[1]:02d}-{first[2]:02d}"


def parse_openalex(body: bytes) -> tuple[RegistryRecord, ...]:
    """Works of an answer, of one work or of a list. Raises SourceError where it is neither."""
    answer = parse_json(body, "openalex")
    items = answer.get("results", [answer]) if isinstance(answer, dict) else None
    if not isinstance(items, list) or (answer.get("id") is None and "results" not in answer):
        raise SourceError("OpenAlex returned no works.")
    return tuple(_build_openalex_record(item) for item in items if isinstance(item, dict))


def _build_openalex_record(item: Mapping[str, Any]) -> RegistryRecord:
    ids = item.get("ids")
    pmid = (
        normalize_pmid(_text_or_empty(ids.get("pmid")).rsplit("/", 1)[-1])
        if isinstance(ids, dict)
        else None
    )
    retraction_mark = (Relation("marked", "retracted publication", "openalex"),)
    return RegistryRecord(
        normalize_doi(_text_or_empty(item.get("doi"))),
        pmid,
        strip_tags(_text_or_empty(item.get("title"))),
        _restore_abstract(item.get("abstract_inverted_index")),
        retraction_mark if item.get("is_retracted") is True else (),
    )


def _restore_abstract(inverted_index: Any) -> str | None:
    """The text of an inverted index: word -> places."""
    if not isinstance(inverted_index, dict):
        return None
    words = [
        (position, str(word))
        for word, positions in inverted_index.items()
        if isinstance(positions, list)
        for position in positions
        if isinstance(position, int)
    ]
    return " ".join(word for _, word in sorted(words)) or None


def _text_or_empty(value: Any) -> str:
    return value if isinstance(value, str) else ""
