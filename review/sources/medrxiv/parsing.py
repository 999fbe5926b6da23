"""Answers of api.biorxiv.org to records: details and pubs of medRxiv and bioRxiv."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review.errors import SourceError
from review.formats.fields import unique, year_of
from review.models import Parsed, Record, Rejected, Relation, normal_doi
from review.sources.medrxiv.abstracts import readable
from review.text.markup import data, one_line, plain_text

_NONE = {"", "na", "n/a", "none", "null"}
_TAKEN = {
    "title", "authors", "doi", "date", "version", "type", "category", "jatsxml", "abstract",
    "published", "server", "author_corresponding_institution",
}  # fmt: skip
_SERVERS = {"medrxiv": "medrxiv", "biorxiv": "biorxiv"}


@dataclass(frozen=True, slots=True)
class Paging:
    """What the messages block of an answer says."""

    status: str
    """'ok', 'no posts found', ..."""
    cursor: int | None
    size: int
    """Entries in this answer."""
    total: int | None
    """Versions in the window, as announced; may be too high."""
    interval: str | None = None
    """Days the answer is about: 2024-01-01:2024-12-31."""
    verb: str | None = None
    """details or pubs, as the entries show; None where there are none."""


def parse(body: bytes, server: str | None = None) -> Parsed:
    """Records of a details or pubs answer; 'no posts found' gives none.

    Args:
        server: medrxiv or biorxiv, for answers that do not say.

    Raises:
        SourceError: an error message, a web page, an answer cut short or of another kind.
    """
    read = _answer(body)
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, one in enumerate(read.get("collection") or (), 1):
        try:
            records.append(_published(one, server) if _of_pubs(one) else _detail(one, server))
        except (ValueError, TypeError, AttributeError) as error:
            raw = json.dumps(one, ensure_ascii=False)
            rejected.append(Rejected(number, str(error), raw))
    return Parsed(tuple(records), tuple(rejected), _paging(read).total)


def paging(body: bytes) -> Paging:
    """What an answer says of its place in the window. Raises SourceError as `parse` does."""
    return _paging(_answer(body))


def _answer(body: bytes) -> Mapping[str, Any]:
    read = data(body, "medrxiv")
    if not isinstance(read, Mapping) or not isinstance(read.get("messages"), list):
        raise SourceError("medrxiv: the answer is JSON but has no messages block.")
    message = _message(read)
    status = str(message.get("status", "")).lower()
    if status not in ("ok", "") and "no posts found" not in status:
        raise SourceError(f"medrxiv: the service says '{message.get('status')}'.")
    if status in ("ok", "") and not isinstance(read.get("collection"), list):
        raise SourceError("medrxiv: the answer has no collection.")
    return read


def _message(read: Mapping[str, Any]) -> Mapping[str, Any]:
    first: Any = next(iter(read["messages"]), {})
    return first if isinstance(first, Mapping) else {}


def _paging(read: Mapping[str, Any]) -> Paging:
    message, entries = _message(read), list(read.get("collection") or ())
    pubs = any(_of_pubs(one) for one in entries)
    return Paging(
        str(message.get("status", "ok")),
        _number(message.get("cursor")),
        len(entries),
        _number(message.get("total")),
        _said(message.get("interval")),
        ("pubs" if pubs else "details") if entries else None,
    )


def _of_pubs(one: Any) -> bool:
    """Whether an entry is about an article; older answers name the preprint biorxiv_doi."""
    return isinstance(one, Mapping) and ("preprint_doi" in one or "biorxiv_doi" in one)


def _number(value: Any) -> int | None:
    """A count; the service writes some as text."""
    text = str(value).strip() if value is not None else ""
    return int(text) if text.isdigit() else None


def _said(value: Any) -> str | None:
    """The value; None for the service's 'NA'."""
    text = one_line(str(value)) if value is not None else None
    return None if text is None or text.lower() in _NONE else text


def _server(said: Any, given: str | None) -> str:
    name = _SERVERS.get(str(said or "").strip().lower()) or given
    if name is None:
        raise ValueError("it does not say its server")
    return name


def _detail(one: Mapping[str, Any], given: str | None) -> Record:
    server = _server(one.get("server"), given)
    doi, title = normal_doi(one.get("doi")), plain_text(_said(one.get("title")))
    if doi is None:
        raise ValueError(f"its DOI cannot be read ({one.get('doi')!r})")
    if title is None:
        raise ValueError(f"{doi} has no title")
    version = _number(one.get("version"))
    date = _day(one.get("date"))
    page = f"https://www.{server}.org/content/{doi}" + (f"v{version}" if version else "")
    return Record(
        source=server,
        source_id=f"{doi}v{version}" if version else doi,
        title=readable(title),
        authors=_authors(one.get("authors")),
        year=year_of(date),
        date=date,
        abstract=readable(_said(one.get("abstract"))),
        doi=doi,
        version=version,
        types=unique([_said(one.get("type"))]),
        categories=unique([_said(one.get("category"))]),
        affiliations=unique([_said(one.get("author_corresponding_institution"))]),
        urls=unique([page, _said(one.get("jatsxml"))]),
        relations=_article(one.get("published"), server),
        extra={key: values for key, value in one.items() if (values := _other(key, value))},
    )


def _published(one: Mapping[str, Any], given: str | None) -> Record:
    """A pubs entry: the preprint, with the article it became."""
    server = _server(one.get("preprint_platform"), given)
    said = one.get("preprint_doi") or one.get("biorxiv_doi")
    doi = normal_doi(said)
    if doi is None:
        raise ValueError(f"its preprint DOI cannot be read ({said!r})")
    date = _day(one.get("preprint_date"))
    kept = (
        "published_journal", "published_date", "preprint_author_corresponding",
        "published_citation_count",
    )  # fmt: skip
    return Record(
        source=server,
        source_id=doi,
        title=readable(plain_text(_said(one.get("preprint_title")))),
        authors=_authors(one.get("preprint_authors")),
        year=year_of(date),
        date=date,
        abstract=readable(_said(one.get("preprint_abstract"))),
        doi=doi,
        categories=unique([_said(one.get("preprint_category"))]),
        affiliations=unique([_said(one.get("preprint_author_corresponding_institution"))]),
        relations=_article(one.get("published_doi"), server, _day(one.get("published_date"))),
        extra={key: (said,) for key in kept if (said := _said(one.get(key)))},
    )


def _article(said: Any, server: str, at: str | None = None) -> tuple[Relation, ...]:
    doi = normal_doi(_said(said))
    return (Relation("published_as", f"doi:{doi}", server, at),) if doi else ()


def _authors(line: Any) -> tuple[str, ...]:
    """'Family, G.' as the service prints them, between semicolons."""
    return tuple(n for part in str(line or "").split(";") if (n := _said(plain_text(part))))


def _day(value: Any) -> str | None:
    found = re.match(r"\d{4}-\d\d-\d\d", str(value or "").strip())
    return found.group() if found else None


def _other(key: str, value: Any) -> tuple[str, ...]:
    """The lines of a key that has no field of its own."""
    if key in _TAKEN:
        return ()
    values = value if isinstance(value, list) else [value]
    lines = (
        json.dumps(v, ensure_ascii=False) if isinstance(v, Mapping) else _said(v) for v in values
    )
    return tuple(line for line in lines if line)
