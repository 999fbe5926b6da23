"""arXiv's answers to records: Atom pages of the query API, and saved envelopes of them."""

import json
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.formats.fields import unique
from review.models import Parsed, Record, Rejected, normal_arxiv
from review.sources.arxiv import oai
from review.sources.arxiv.fields import day_of, published_as, unwrapped_lines
from review.sources.models import Refused
from review.text.markup import one_line, text_of, tree

_NS = {
    "a": "http://www.w3.org/2005/Atom",
    "x": "http://arxiv.org/schemas/atom",
    "o": "http://a9.com/-/spec/opensearch/1.1/",
}
_VERSION = re.compile(r"v(\d+)$")


@dataclass(frozen=True, slots=True)
class Paging:
    """Where an Atom page stands in its result."""

    total: int
    start: int
    size: int


def parse(body: bytes) -> Parsed:
    """Records of an Atom page or an OAI-PMH page.

    A saved envelope ({"url", "status_code", "body"}) is read through to its body.

    Raises:
        Refused: arXiv's error entry, sent with status 400 and with 200.
        SourceError: a web page, an answer cut short.
    """
    root = tree(unwrapped(body), "arxiv")
    if root.tag.endswith("}OAI-PMH"):
        return oai.records_of(root)
    return _atom(root)


def unwrapped(body: bytes) -> bytes:
    """The Atom text inside a saved JSON envelope; any other body as it is."""
    if not body.lstrip().startswith(b"{"):
        return body
    try:
        inner = json.loads(body)["body"]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError("arxiv: the answer is JSON where an Atom feed was expected.") from error
    return str(inner).encode("utf-8", "replace")


def paging(body: bytes) -> Paging:
    """Total, start and page size a whole Atom page states. Raises SourceError as `parse` does."""
    root = tree(unwrapped(body), "arxiv")
    return Paging(
        _count(root, "totalResults") or 0,
        _count(root, "startIndex") or 0,
        _count(root, "itemsPerPage") or 0,
    )


def _count(root: Any, name: str) -> int | None:
    said = one_line(root.findtext(f"o:{name}", namespaces=_NS))
    return int(said) if said and said.isdigit() else None


def _atom(root: Any) -> Parsed:
    if root.tag != f"{{{_NS['a']}}}feed":
        raise SourceError("arxiv: the answer is XML but no Atom feed.")
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, entry in enumerate(root.iterfind("a:entry", _NS), 1):
        said = one_line(entry.findtext("a:id", namespaces=_NS)) or ""
        if "/api/errors" in said:
            why = text_of(entry.find("a:summary", _NS)) or said
            raise Refused(f"arxiv: the query was refused: {why}.")
        try:
            records.append(_entry(entry, said))
        except ValueError as error:
            raw = etree.tostring(entry, encoding="unicode")
            rejected.append(Rejected(number, str(error), raw))
    return Parsed(tuple(records), tuple(rejected), _count(root, "totalResults"))


def _entry(entry: Any, said: str) -> Record:
    ident = normal_arxiv(said.rsplit("/abs/", 1)[-1])
    if ident is None:
        raise ValueError(f"its id is not an arXiv id ({said!r})")
    title = text_of(entry.find("a:title", _NS))
    if title is None:
        raise ValueError(f"{ident}: it has no title")
    version = _VERSION.search(said)
    posted = day_of(entry.findtext("a:published", namespaces=_NS))
    primary = entry.find("x:primary_category", _NS)
    terms = [] if primary is None else [primary.get("term")]
    journal_doi = one_line(entry.findtext("x:doi", namespaces=_NS))
    journal_ref = text_of(entry.find("x:journal_ref", _NS))
    people = entry.findall("a:author", _NS)
    extra = {
        "updated": _texts(entry, "a:updated"),
        "published": _texts(entry, "a:published"),
        "comment": _texts(entry, "x:comment"),
        "journal_ref": _texts(entry, "x:journal_ref"),
        "journal_doi": _texts(entry, "x:doi"),
    }
    return Record(
        source="arxiv",
        source_id=f"{ident}v{version.group(1)}" if version else ident,
        title=title,
        authors=tuple(n for one in people if (n := text_of(one.find("a:name", _NS)))),
        year=int(posted[:4]) if posted else None,
        date=posted,
        abstract=unwrapped_lines(entry.findtext("a:summary", namespaces=_NS)),
        doi=f"10.48550/arxiv.{ident}".lower(),
        arxiv_id=ident,
        version=int(version.group(1)) if version else None,
        categories=unique([*terms, *(c.get("term") for c in entry.iterfind("a:category", _NS))]),
        affiliations=unique(
            text_of(a) for one in people for a in one.iterfind("x:affiliation", _NS)
        ),
        urls=unique(link.get("href") for link in entry.iterfind("a:link", _NS)),
        relations=published_as(journal_doi, journal_ref),
        extra={key: values for key, values in extra.items() if values},
    )


def _texts(entry: Any, path: str) -> tuple[str, ...]:
    return tuple(t for node in entry.iterfind(path, _NS) if (t := text_of(node)))
