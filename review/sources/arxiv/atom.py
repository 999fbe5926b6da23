"""Parses arXiv's Atom responses and saved copies of them."""

import json
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.formats.fields import unique_values
from review.identifiers import normalize_arxiv
from review.models import ParseResult, Record, UnreadableEntry
from review.sources.arxiv import oai
from review.sources.arxiv.fields import find_iso_day, find_journal_articles, unwrap_lines
from review.sources.models import QueryRejected
from review.text.markup import get_text, parse_xml, to_one_line

_NS = {
    "a": "http://www.w3.org/2005/Atom",
    "x": "http://arxiv.org/schemas/atom",
    "o": "http://a9.com/-/spec/opensearch/1.1/",
}
_VERSION = re.compile(r"v(\d+)$")


@dataclass(frozen=True, slots=True)
class ArxivPageInfo:
    """Position of an Atom page in its result."""

    total: int
    start: int
    size: int


def parse(body: bytes) -> ParseResult:
    """Records of an Atom page or an OAI-PMH page.

    A saved envelope ({"url", "status_code", "body"}) is read through to its body.

    Raises:
        Refused: arXiv's error entry, sent with status 400 and with 200.
        SourceError: a web page, an answer cut short.
    """
    root = parse_xml(unwrap_envelope(body), "arxiv")
    if root.tag.endswith("}OAI-PMH"):
        return oai.parse_records(root)
    return _parse_feed(root)


def unwrap_envelope(body: bytes) -> bytes:
    """The Atom text inside a saved JSON envelope; any other body as it is."""
    if not body.lstrip().startswith(b"{"):
        return body
    try:
        inner = json.loads(body)["body"]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError("arXiv returned JSON instead of an Atom feed.") from error
    return str(inner).encode("utf-8", "replace")


def read_page_info(body: bytes) -> ArxivPageInfo:
    """Total, start and page size a whole Atom page states. Raises SourceError as `parse` does."""
    root = parse_xml(unwrap_envelope(body), "arxiv")
    return ArxivPageInfo(
        _read_count(root, "totalResults") or 0,
        _read_count(root, "startIndex") or 0,
        _read_count(root, "itemsPerPage") or 0,
    )


def _read_count(root: Any, name: str) -> int | None:
    text = to_one_line(root.findtext(f"o:{name}", namespaces=_NS))
    return int(text) if text and text.isdigit() else None


def _parse_feed(root: Any) -> ParseResult:
    if root.tag != f"{{{_NS['a']}}}feed":
        raise SourceError("arXiv returned XML that is not an Atom feed.")
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, entry in enumerate(root.iterfind("a:entry", _NS), 1):
        entry_id = to_one_line(entry.findtext("a:id", namespaces=_NS)) or ""
        if "/api/errors" in entry_id:
            reason = get_text(entry.find("a:summary", _NS)) or entry_id
            raise QueryRejected(f"arXiv rejected the query: {reason}.")
        try:
            records.append(_build_record(entry, entry_id))
        except ValueError as error:
            raw = etree.tostring(entry, encoding="unicode")
            rejected.append(UnreadableEntry(number, str(error), raw))
    return ParseResult(tuple(records), tuple(rejected), _read_count(root, "totalResults"))


def _build_record(entry: Any, entry_id: str) -> Record:
    ident = normalize_arxiv(entry_id.rsplit("/abs/", 1)[-1])
    if ident is None:
        raise ValueError(f"its id is not an arXiv ID ({entry_id!r})")
    title = get_text(entry.find("a:title", _NS))
    if title is None:
        raise ValueError(f"{ident}: it has no title")
    version = _VERSION.search(entry_id)
    posted = find_iso_day(entry.findtext("a:published", namespaces=_NS))
    primary = entry.find("x:primary_category", _NS)
    terms = [] if primary is None else [primary.get("term")]
    journal_doi = to_one_line(entry.findtext("x:doi", namespaces=_NS))
    journal_ref = get_text(entry.find("x:journal_ref", _NS))
    author_nodes = entry.findall("a:author", _NS)
    extra = {
        "updated": _get_texts(entry, "a:updated"),
        "published": _get_texts(entry, "a:published"),
        "comment": _get_texts(entry, "x:comment"),
        "journal_ref": _get_texts(entry, "x:journal_ref"),
        "journal_doi": _get_texts(entry, "x:doi"),
    }
    return Record(
        source="arxiv",
        source_id=f"{ident}v{version.group(1)}" if version else ident,
        title=title,
        authors=tuple(n for author in author_nodes if (n := get_text(author.find("a:name", _NS)))),
        year=int(posted[:4]) if posted else None,
        date=posted,
        abstract=unwrap_lines(entry.findtext("a:summary", namespaces=_NS)),
        doi=f"10.48550/arxiv.{ident}".lower(),
        arxiv_id=ident,
        version=int(version.group(1)) if version else None,
        categories=unique_values(
            [*terms, *(c.get("term") for c in entry.iterfind("a:category", _NS))]
        ),
        affiliations=unique_values(
            get_text(a) for author in author_nodes for a in author.iterfind("x:affiliation", _NS)
        ),
        urls=unique_values(link.get("href") for link in entry.iterfind("a:link", _NS)),
        relations=find_journal_articles(journal_doi, journal_ref),
        extra={key: values for key, values in extra.items() if values},
    )


def _get_texts(entry: Any, path: str) -> tuple[str, ...]:
    return tuple(t for node in entry.iterfind(path, _NS) if (t := get_text(node)))
