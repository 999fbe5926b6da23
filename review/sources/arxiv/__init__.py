"""arXiv's query API (Atom): searched by query and date of submission."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from review.models import ParseResult, Record
from review.sources.models import (
    HarvestWindow,
    LookupCheck,
    RateLimit,
    ResultPage,
    Source,
    WithdrawalMarks,
)

if TYPE_CHECKING:
    from review.query.ast import Node
    from review.query.compiler import CompiledQuery, DateWindow

RATE_LIMIT = RateLimit(
    3.0,
    "arXiv API terms of use: at most one request every three seconds over one connection, "
    "for query API, OAI-PMH and RSS together. https://info.arxiv.org/help/api/tou.html",
)


def parse(body: bytes) -> ParseResult:
    """Records of an Atom or OAI-PMH page; see `atom.parse`."""
    from review.sources.arxiv import atom

    return atom.parse(body)


def _search(
    query: str | None,
    window: HarvestWindow,
    http: Any,
    base_url: str,
    *,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    from review.sources.arxiv.search import search_arxiv

    return search_arxiv(query, window, http, base_url, resume)


def _compile_query(node: "Node", window: "DateWindow | None" = None) -> "CompiledQuery":
    from review.sources.arxiv.query import compile_arxiv

    return compile_arxiv(node, window)


def _get_arxiv_id(record: Record) -> str | None:
    return record.arxiv_id if record.source == "arxiv" else None


def _fetch_newest_versions(ids: list[str], http: Any, base_url: str) -> tuple[ParseResult, bytes]:
    from review.sources.arxiv.search import fetch_by_ids

    response = fetch_by_ids(ids, http, base_url)
    return response.value.parsed, response.body


WITHDRAWAL_MARKS = WithdrawalMarks(extra_keys=("comment",), in_abstract=True)
SOURCE = Source(
    name="arxiv",
    title="arXiv",
    service="arxiv",
    rate_limit=RATE_LIMIT,
    base_url="https://export.arxiv.org/api/query",
    search=_search,
    parse=parse,
    compile_query=_compile_query,
    records_label="arXiv's records",
    record_source="arxiv",
    windows=frozenset({"posted", "changed"}),
    withdrawal_marks=WITHDRAWAL_MARKS,
    check=LookupCheck(get_id=_get_arxiv_id, batch_size=100, fetch=_fetch_newest_versions),
)
