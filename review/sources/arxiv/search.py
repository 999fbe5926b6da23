"""arXiv's query API by date slices, oldest first, so that places do not move while we page."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from review.sources.arxiv.atom import paging, parse
from review.sources.http import Ask, Got, Http
from review.sources.models import ResultPage, Window
from review.sources.pagination import Leaf, Road, Slice, start, walk

PAGE = 500
"""Entries on a page. The manual allows 2,000 and asks for 3 s between pages; large pages are the
ones that come back empty. Source: arXiv API user's manual; arxiv.py issue 43."""
SMALL_PAGE = 100
LONG_QUERY = 4_000
"""Characters of a query above which it is sent by POST, against HTTP 414. Source: the manual, 3.1:
GET and POST are answered; arxiv.py issue 15: 414 for an address of some 8,000 characters."""
MOST = 10_000
"""Entries above which a slice is halved. Source: the manual: at most 30,000 a query, and results
above 1,000 had better be refined."""
FIELDS = {"posted": "submittedDate", "entered": "submittedDate", "changed": "lastUpdatedDate"}


def search(
    query: str | None,
    window: Window,
    http: Http,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    """The entries that match an arXiv query, page by page.

    Raises:
        Refused: arXiv cannot read the query.
        SourceError: no usable answer; pages already given stay good.
    """
    ask = partial(_ask, http, base_url, _within(query or "", window), FIELDS[window.by])
    road = Road("arxiv", ask, PAGE, SMALL_PAGE, MOST, dated=window.by != "changed")
    days = (window.until - window.since).days + 1
    return walk(road, http, start(window, days, resume))


def by_ids(ids: list[str], http: Http, base_url: str) -> Got[Leaf]:
    """The newest version of up to 100 arXiv ids."""
    params = {"id_list": ",".join(ids), "max_results": str(len(ids)), "start": "0"}
    return http.fetch(Ask("arxiv", base_url, params), _leaf)


def _within(query: str, window: Window) -> str:
    """The query, held to days of first submission where the window is about something else."""
    if not window.posted or window.by == "posted":
        return query
    since, until = window.posted
    days = f"submittedDate:[{since:%Y%m%d}0000 TO {until:%Y%m%d}2359]"
    return f"({query}) AND {days}" if query else days


def _ask(
    http: Http, base_url: str, query: str, field: str, here: Slice, place: int, size: int
) -> Got[Leaf]:
    days = f"{field}:[{here.since:%Y%m%d}0000 TO {here.until:%Y%m%d}2359]"
    params = {
        "search_query": f"({query}) AND {days}" if query else days,
        "sortBy": field,
        "sortOrder": "ascending",
        "start": str(place),
        "max_results": str(size),
    }
    if len(params["search_query"]) > LONG_QUERY:
        return http.fetch(Ask("arxiv", base_url, form=params), _leaf)
    return http.fetch(Ask("arxiv", base_url, params), _leaf)


def _leaf(body: bytes) -> Leaf:
    parsed, told = parse(body), paging(body)
    return Leaf(parsed, told.total, told.start, len(parsed.records) + len(parsed.rejected))
