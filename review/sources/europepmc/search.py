"""Searches Europe PMC by date slices, with its cursor marks."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from review.errors import SourceError
from review.sources.europepmc.parsing import parse, read_page_info
from review.sources.http import HttpClient, Request, Response
from review.sources.models import HarvestWindow, ResultPage
from review.sources.pagination import DateSlice, PagingSpec, ResultBatch, iter_pages, load_state

PAGE = 500
"""Entries on a page; the service gives at most 1,000. Source: Europe PMC REST API, pageSize."""
SPLIT_THRESHOLD = 10_000
"""Entries above which a slice is halved, so that what is kept of a walk stays small."""
DATE_FIELDS = {"posted": "FIRST_PDATE", "entered": "CREATION_DATE", "changed": "UPDATE_DATE"}
"""Date fields. Source: Europe PMC search syntax reference."""


def search_europepmc(
    query: str | None,
    window: HarvestWindow,
    http: HttpClient,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    """The entries that match a Europe PMC query, page by page.

    Raises:
        SourceError: no usable answer; pages already given stay good.
    """
    marks: dict[str, str] = dict(resume["marks"]) if resume and "marks" in resume else {}
    fetch_page = partial(
        _fetch_page, http=http, base_url=base_url, query=query or "", window=window, marks=marks
    )
    paging_spec = PagingSpec(
        "europepmc",
        fetch_page,
        PAGE,
        100,
        SPLIT_THRESHOLD,
        random_access=False,
        has_dates=window.by == "posted",
    )
    days = (window.until - window.since).days + 1
    for page in iter_pages(paging_spec, http, load_state(window, days, resume)):
        if page.last:
            marks.clear()
        offset_key = str(page.token["place"])
        next_marks = {offset_key: marks[offset_key]} if offset_key in marks else {}
        yield replace(page, token={**page.token, "marks": next_marks})


def _fetch_page(
    date_slice: DateSlice,
    offset: int,
    size: int,
    *,
    http: HttpClient,
    base_url: str,
    query: str,
    window: HarvestWindow,
    marks: dict[str, str],
) -> Response[ResultBatch]:
    """The page at a place: the service knows it by the mark that the page before gave."""
    mark = "*" if offset == 0 else marks.get(str(offset))
    if mark is None:
        raise SourceError(f"europepmc: {date_slice}: the cursor for record {offset} is not known.")
    params = {
        "query": build_query(query, window, date_slice),
        "format": "json",
        "resultType": "core",
        "synonym": "false",
        "pageSize": str(size),
        "cursorMark": mark,
    }
    url = f"{base_url}/search"
    parse_page = partial(_parse_page, date_slice, mark, offset, marks)
    if len(params["query"]) > 1_500:
        return http.fetch(Request("europepmc", f"{url}POST", form=params), parse_page)
    return http.fetch(Request("europepmc", url, params), parse_page)


def build_query(query: str, window: HarvestWindow, date_slice: DateSlice) -> str:
    """The query with the days of a slice, as Europe PMC reads it."""
    clauses = [f"({query})"] if query else []
    clauses.append(f"{DATE_FIELDS[window.by]}:[{date_slice.since} TO {date_slice.until}]")
    if window.posted and window.by != "posted":
        clauses.append(f"FIRST_PDATE:[{window.posted[0]} TO {window.posted[1]}]")
    return " AND ".join(clauses)


def _parse_page(
    date_slice: DateSlice, mark: str, offset: int, marks: dict[str, str], body: bytes
) -> ResultBatch:
    """The page in an answer. Raises SourceError where the answer is to another question."""
    parsed, page_info = parse(body), read_page_info(body)
    if page_info.cursor_mark is not None and page_info.cursor_mark != mark:
        raise SourceError("europepmc: the response is not the requested page.")
    if (
        page_info.query
        and "_DATE:[" in page_info.query
        and f"{date_slice.since} TO {date_slice.until}" not in page_info.query
    ):
        raise SourceError("europepmc: the response is for a different query.")
    if page_info.next_mark and page_info.next_mark != mark and page_info.size:
        marks[str(offset + page_info.size)] = page_info.next_mark
    return ResultBatch(parsed, page_info.total, None, page_info.size)
