"""medRxiv through api.biorxiv.org: complete days, without a keyword search.

bioRxiv is the same service for another server: see `build_source`.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from review.models import ParseResult
from review.sources.models import (
    HarvestWindow,
    ListingCheck,
    RateLimit,
    ResultPage,
    Source,
    WithdrawalMarks,
)

RATE_LIMIT = RateLimit(
    1.0, "no published limit; Funnel sends one request per second over one connection"
)
LINKING_DELAY = timedelta(days=30)
"""Days of publication asked for again: servers link articles weeks after they appear."""


def parse(body: bytes, server: str | None = None) -> ParseResult:
    """Records of a details or pubs answer; see `parsing.parse`."""
    from review.sources.medrxiv import parsing

    return parsing.parse(body, server)


def build_source(name: str, title: str) -> Source:
    """The record of one of the two servers."""
    return Source(
        name=name,
        title=title,
        service="biorxiv",
        rate_limit=RATE_LIMIT,
        base_url="https://api.biorxiv.org",
        search=partial(_search, name),
        parse=partial(parse, server=name),
        no_query_reason="This service cannot search by keyword: all records in the date range are "
        "downloaded and the query is applied locally.",
        records_label="medRxiv's and bioRxiv's records",
        takes_native_query=False,
        record_source=name,
        withdrawal_marks=WithdrawalMarks(in_abstract=True),
        check=ListingCheck(search=partial(_list_published_articles, name), delay=LINKING_DELAY),
    )


def _search(
    server: str,
    query: str | None,
    window: HarvestWindow,
    http: Any,
    base_url: str,
    *,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    from review.sources.medrxiv.search import search_medrxiv

    return search_medrxiv(query, window, http, base_url, resume, server=server)


def _list_published_articles(
    server: str, window: HarvestWindow, http: Any, base_url: str
) -> Iterator[ResultPage]:
    from review.sources.medrxiv.search import search_published_articles

    return search_published_articles(window, http, base_url, server=server)


SOURCE = build_source("medrxiv", "medRxiv")
