"""Downloads medRxiv and bioRxiv by days, because the service has no keyword search.

The cursor steps by what was received, because the page size has changed without notice.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from review.errors import SourceError
from review.sources.http import HttpClient, Request, Response
from review.sources.medrxiv.parsing import parse, read_page_info
from review.sources.models import HarvestWindow, ResultPage
from review.sources.pagination import DateSlice, PagingSpec, ResultBatch, iter_pages, load_state

DAYS_PER_SLICE = {"medrxiv": 31, "biorxiv": 7}
"""Days in one slice: about 1,300 versions each (15,523 and 60,568 in 2024, as announced)."""


def search_medrxiv(
    query: str | None,
    window: HarvestWindow,
    http: HttpClient,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
    *,
    server: str,
) -> Iterator[ResultPage]:
    """All versions posted in the window, page by page; `query` is not used.

    Raises:
        SourceError: the service gave no usable answer; pages already given stay good.
    """
    fetch_page = partial(_fetch_page, http=http, base=f"{base_url}/details/{server}", server=server)
    paging_spec = PagingSpec(
        server, fetch_page, page_size=100, fallback_size=100, split_threshold=20_000
    )
    return iter_pages(paging_spec, http, load_state(window, DAYS_PER_SLICE[server], resume))


def search_published_articles(
    window: HarvestWindow,
    http: HttpClient,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
    *,
    server: str,
) -> Iterator[ResultPage]:
    """Preprints whose journal article came out in the window, each with its relation."""
    fetch_page = partial(_fetch_page, http=http, base=f"{base_url}/pubs/{server}", server=server)
    paging_spec = PagingSpec(
        server,
        fetch_page,
        page_size=100,
        fallback_size=100,
        split_threshold=20_000,
        has_dates=False,
    )
    return iter_pages(paging_spec, http, load_state(window, DAYS_PER_SLICE[server], resume))


def _fetch_page(
    date_slice: DateSlice, offset: int, size: int, *, http: HttpClient, base: str, server: str
) -> Response[ResultBatch]:
    url = f"{base}/{date_slice.since}/{date_slice.until}/{offset}/json"
    return http.fetch(Request("biorxiv", url), partial(_parse_page, base, server, date_slice))


def _parse_page(base: str, server: str, date_slice: DateSlice, body: bytes) -> ResultBatch:
    """The page in an answer. Raises SourceError where the answer is to another question."""
    parsed, page_info = parse(body, server), read_page_info(body)
    days = re.findall(r"\d{4}-\d\d-\d\d", page_info.interval or "")
    other_days = len(days) == 2 and days != [
        date_slice.since.isoformat(),
        date_slice.until.isoformat(),
    ]
    other_server = any(record.source != server for record in parsed.records)
    other_verb = page_info.verb is not None and f"/{page_info.verb}/" not in base + "/"
    if other_days or other_server or other_verb:
        raise SourceError(f"{server}: the response is for other dates or another list.")
    return ResultBatch(parsed, page_info.total, page_info.cursor, page_info.size)
