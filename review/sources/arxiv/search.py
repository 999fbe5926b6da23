"""Searches arXiv's query API by date slices, oldest first, so that positions stay fixed."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from review.sources.arxiv.atom import parse, read_page_info
from review.sources.http import HttpClient, Request, Response
from review.sources.models import HarvestWindow, ResultPage
from review.sources.pagination import DateSlice, PagingSpec, ResultBatch, iter_pages, load_state

PAGE = 500
"""Entries on a page. The manual allows 2,000 and asks for 3 s between pages; large pages are the
ones that come back empty. Source: arXiv API user's manual; arxiv.py issue 43."""
SMALL_PAGE = 100
LONG_QUERY = 4_000
"""Characters of a query above which it is sent by POST, against HTTP 414. Source: the manual, 3.1:
GET and POST are answered; arxiv.py issue 15: 414 for an address of some 8,000 characters."""
SPLIT_THRESHOLD = 10_000
"""Entries above which a slice is halved. Source: the manual: at most 30,000 a query, and results
above 1,000 had better be refined."""
DATE_FIELDS = {"posted": "submittedDate", "entered": "submittedDate", "changed": "lastUpdatedDate"}


def search_arxiv(
    query: str | None,
    window: HarvestWindow,
    http: HttpClient,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    """The entries that match an arXiv query, page by page.

    Raises:
        Refused: arXiv cannot read the query.
        SourceError: no usable answer; pages already given stay good.
    """
    fetch_page = partial(
        _fetch_page,
        http=http,
        base_url=base_url,
        query=_limit_to_posted(query or "", window),
        field=DATE_FIELDS[window.by],
    )
    paging_spec = PagingSpec(
        "arxiv", fetch_page, PAGE, SMALL_PAGE, SPLIT_THRESHOLD, has_dates=window.by != "changed"
    )
    days = (window.until - window.since).days + 1
    return iter_pages(paging_spec, http, load_state(window, days, resume))


def fetch_by_ids(ids: list[str], http: HttpClient, base_url: str) -> Response[ResultBatch]:
    """The newest version of up to 100 arXiv ids."""
    params = {"id_list": ",".join(ids), "max_results": str(len(ids)), "start": "0"}
    return http.fetch(Request("arxiv", base_url, params), _parse_page)


def _limit_to_posted(query: str, window: HarvestWindow) -> str:
    """The query, held to days of first submission where the window is about something else."""
    if not window.posted or window.by == "posted":
        return query
    since, until = window.posted
    days = f"submittedDate:[{since:%Y%m%d}0000 TO {until:%Y%m%d}2359]"
    return f"({query}) AND {days}" if query else days


def _fetch_page(
    date_slice: DateSlice,
    offset: int,
    size: int,
    *,
    http: HttpClient,
    base_url: str,
    query: str,
    field: str,
) -> Response[ResultBatch]:
    days = f"{field}:[{date_slice.since:%Y%m%d}0000 TO {date_slice.until:%Y%m%d}2359]"
    params = {
        "search_query": f"({query}) AND {days}" if query else days,
        "sortBy": field,
        "sortOrder": "ascending",
        "start": str(offset),
        "max_results": str(size),
    }
    if len(params["search_query"]) > LONG_QUERY:
        return http.fetch(Request("arxiv", base_url, form=params), _parse_page)
    return http.fetch(Request("arxiv", base_url, params), _parse_page)


def _parse_page(body: bytes) -> ResultBatch:
    parsed, page_info = parse(body), read_page_info(body)
    return ResultBatch(
        parsed, page_info.total, page_info.start, len(parsed.records) + len(parsed.rejected)
    )
