"""Parses responses of api.biorxiv.org: details and pubs of medRxiv and bioRxiv."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review.errors import SourceError
from review.formats.fields import find_year, unique_values
from review.identifiers import normalize_doi
from review.models import ParseResult, Record, Relation, UnreadableEntry
from review.sources.medrxiv.abstracts import clean_preprint_text
from review.text.markup import parse_json, strip_tags, to_one_line

_PLACEHOLDERS = {"", "na", "n/a", "none", "null"}
_MAPPED_KEYS = {
    "title",
    "authors",
    "doi",
    "date",
    "version",
    "type",
    "category",
    "jatsxml",
    "abstract",
    "published",
    "server",
    "author_corresponding_institution",
}
_SERVERS = {"medrxiv": "medrxiv", "biorxiv": "biorxiv"}


@dataclass(frozen=True, slots=True)
class BiorxivPageInfo:
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


def parse(body: bytes, server: str | None = None) -> ParseResult:
    """Records of a details or pubs answer; 'no posts found' gives none.

    Args:
        server: medrxiv or biorxiv, for answers that do not say.

    Raises:
        SourceError: an error message, a web page, an answer cut short or of another kind.
    """
    answer = _load_answer(body)
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, entry in enumerate(answer.get("collection") or (), 1):
        try:
            records.append(
                _build_pubs_record(entry, server)
                if _is_pubs_entry(entry)
                else _build_detail_record(entry, server)
            )
        except (ValueError, TypeError, AttributeError) as error:
            raw = json.dumps(entry, ensure_ascii=False)
            rejected.append(UnreadableEntry(number, str(error), raw))
    return ParseResult(tuple(records), tuple(rejected), _build_page_info(answer).total)


def read_page_info(body: bytes) -> BiorxivPageInfo:
    """What an answer says of its place in the window. Raises SourceError as `parse` does."""
    return _build_page_info(_load_answer(body))


def _load_answer(body: bytes) -> Mapping[str, Any]:
    answer = parse_json(body, "medrxiv")
    if not isinstance(answer, Mapping) or not isinstance(answer.get("messages"), list):
        raise SourceError("medRxiv returned JSON without a messages block.")
    message = _get_message(answer)
    status = str(message.get("status", "")).lower()
    if status not in ("ok", "") and "no posts found" not in status:
        raise SourceError(f"medRxiv reported '{message.get('status')}'.")
    if status in ("ok", "") and not isinstance(answer.get("collection"), list):
        raise SourceError("medRxiv returned no collection.")
    return answer


def _get_message(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    first: Any = next(iter(answer["messages"]), {})
    return first if isinstance(first, Mapping) else {}


def _build_page_info(answer: Mapping[str, Any]) -> BiorxivPageInfo:
    message, entries = _get_message(answer), list(answer.get("collection") or ())
    is_pubs = any(_is_pubs_entry(entry) for entry in entries)
    return BiorxivPageInfo(
        status=str(message.get("status", "ok")),
        cursor=_parse_count(message.get("cursor")),
        size=len(entries),
        total=_parse_count(message.get("total")),
        interval=_drop_placeholder(message.get("interval")),
        verb=("pubs" if is_pubs else "details") if entries else None,
    )


def _is_pubs_entry(entry: Any) -> bool:
    """Whether an entry is about an article; older answers name the preprint biorxiv_doi."""
    return isinstance(entry, Mapping) and ("preprint_doi" in entry or "biorxiv_doi" in entry)


def _parse_count(value: Any) -> int | None:
    """A count; the service writes some as text."""
    text = str(value).strip() if value is not None else ""
    return int(text) if text.isdigit() else None


def _drop_placeholder(value: Any) -> str | None:
    """The value; None for the service's 'NA'."""
    text = to_one_line(str(value)) if value is not None else None
    return None if text is None or text.lower() in _PLACEHOLDERS else text


def _get_server(server_name: Any, default_server: str | None) -> str:
    name = _SERVERS.get(str(server_name or "").strip().lower()) or default_server
    if name is None:
        raise ValueError("it does not state its server")
    return name


def _build_detail_record(entry: Mapping[str, Any], default_server: str | None) -> Record:
    server = _get_server(entry.get("server"), default_server)
    doi, title = normalize_doi(entry.get("doi")), strip_tags(_drop_placeholder(entry.get("title")))
    if doi is None:
        raise ValueError(f"its DOI cannot be read ({entry.get('doi')!r})")
    if title is None:
        raise ValueError(f"{doi} has no title")
    version = _parse_count(entry.get("version"))
    date = _find_day(entry.get("date"))
    page = f"https://www.{server}.org/content/{doi}" + (f"v{version}" if version else "")
    return Record(
        source=server,
        source_id=f"{doi}v{version}" if version else doi,
        title=clean_preprint_text(title),
        authors=_split_authors(entry.get("authors")),
        year=find_year(date),
        date=date,
        abstract=clean_preprint_text(_drop_placeholder(entry.get("abstract"))),
        doi=doi,
        version=version,
        types=unique_values([_drop_placeholder(entry.get("type"))]),
        categories=unique_values([_drop_placeholder(entry.get("category"))]),
        affiliations=unique_values(
            [_drop_placeholder(entry.get("author_corresponding_institution"))]
        ),
        urls=unique_values([page, _drop_placeholder(entry.get("jatsxml"))]),
        relations=_build_article_relation(entry.get("published"), server),
        extra={
            key: values for key, value in entry.items() if (values := _format_other(key, value))
        },
    )


def _build_pubs_record(entry: Mapping[str, Any], default_server: str | None) -> Record:
    """A pubs entry: the preprint, with the article it became."""
    server = _get_server(entry.get("preprint_platform"), default_server)
    preprint_doi = entry.get("preprint_doi") or entry.get("biorxiv_doi")
    doi = normalize_doi(preprint_doi)
    if doi is None:
        raise ValueError(f"its preprint DOI cannot be read ({preprint_doi!r})")
    date = _find_day(entry.get("preprint_date"))
    extra_keys = (
        "published_journal",
        "published_date",
        "preprint_author_corresponding",
        "published_citation_count",
    )
    return Record(
        source=server,
        source_id=doi,
        title=clean_preprint_text(strip_tags(_drop_placeholder(entry.get("preprint_title")))),
        authors=_split_authors(entry.get("preprint_authors")),
        year=find_year(date),
        date=date,
        abstract=clean_preprint_text(_drop_placeholder(entry.get("preprint_abstract"))),
        doi=doi,
        categories=unique_values([_drop_placeholder(entry.get("preprint_category"))]),
        affiliations=unique_values(
            [_drop_placeholder(entry.get("preprint_author_corresponding_institution"))]
        ),
        relations=_build_article_relation(
            entry.get("published_doi"), server, _find_day(entry.get("published_date"))
        ),
        extra={
            key: (preprint_doi,)
            for key in extra_keys
            if (preprint_doi := _drop_placeholder(entry.get(key)))
        },
    )


def _build_article_relation(
    article_doi: Any, server: str, published_on: str | None = None
) -> tuple[Relation, ...]:
    doi = normalize_doi(_drop_placeholder(article_doi))
    return (Relation("published_as", f"doi:{doi}", server, published_on),) if doi else ()


def _split_authors(line: Any) -> tuple[str, ...]:
    """'Family, G.' as the service prints them, between semicolons."""
    return tuple(
        n for part in str(line or "").split(";") if (n := _drop_placeholder(strip_tags(part)))
    )


def _find_day(value: Any) -> str | None:
    match = re.match(r"\d{4}-\d\d-\d\d", str(value or "").strip())
    return match.group() if match else None


def _format_other(key: str, value: Any) -> tuple[str, ...]:
    """The lines of a key that has no field of its own."""
    if key in _MAPPED_KEYS:
        return ()
    values = value if isinstance(value, list) else [value]
    lines = (
        json.dumps(v, ensure_ascii=False) if isinstance(v, Mapping) else _drop_placeholder(v)
        for v in values
    )
    return tuple(line for line in lines if line)
