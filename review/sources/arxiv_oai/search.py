"""Downloads arXiv in bulk over OAI-PMH: everything whose metadata changed in a date range.

The list goes by the day of the last change; days of posting are held to by who takes it. Source:
https://info.arxiv.org/help/oa/ and the OAI-PMH 2.0 protocol (flow control, resumption tokens).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from review.errors import SourceError
from review.sources.arxiv.atom import parse
from review.sources.arxiv.oai import read_resumption_token
from review.sources.http import HttpClient, Request, Response
from review.sources.models import HarvestWindow, ResultPage
from review.sources.pagination import DateSlice, PagingSpec, ResultBatch, iter_pages, load_state

DAYS_PER_LIST = 7
"""Days of one list; an expired token costs at most one list again."""
PAGE = 1300
"""Entries arXiv puts on a page (seen in May 2026); the service decides."""
METADATA_PREFIX = "arXivRaw"
"""The format that gives versions."""


@dataclass(frozen=True, slots=True)
class _OaiList:
    """One set of one arXiv, and the tokens that lead to its places."""

    http: HttpClient
    base_url: str
    set_spec: str | None
    tokens: dict[str, str]


def search_arxiv_oai(
    query: str | None,
    window: HarvestWindow,
    http: HttpClient,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    """All entries changed in the window, page by page, on whatever day they were posted.

    Args:
        query: an OAI-PMH set such as 'cs' or 'eess:eess:IV'; None for all of arXiv.

    Raises:
        SourceError: no usable answer; pages already given stay good.
    """
    tokens: dict[str, str] = dict(resume["tokens"]) if resume and "tokens" in resume else {}
    oai_list = _OaiList(http, base_url, query, tokens)
    paging_spec = PagingSpec(
        "arxiv-oai",
        partial(_fetch_at_offset, oai_list),
        PAGE,
        PAGE,
        10**9,
        random_access=False,
        has_dates=False,
    )
    for page in iter_pages(paging_spec, http, load_state(window, DAYS_PER_LIST, resume)):
        if page.last:
            tokens.clear()
        offset_key = str(page.token["place"])
        next_tokens = {offset_key: tokens[offset_key]} if offset_key in tokens else {}
        yield replace(page, token={**page.token, "tokens": next_tokens})


def _fetch_at_offset(
    oai_list: _OaiList, date_slice: DateSlice, offset: int, _size: int
) -> Response[ResultBatch]:
    """The page at a place: by the token the page before gave, or from the beginning again."""
    token = oai_list.tokens.get(str(offset))
    if offset and token is not None:
        try:
            return _fetch_page(oai_list, {"resumptionToken": token}, offset)
        except SourceError as error:
            if "badResumptionToken" not in str(error):
                raise
            oai_list.http.count_fault("token expired")
    response = _fetch_page(oai_list, _build_list_params(oai_list, date_slice), 0)
    position = 0
    while position < offset:
        position += response.value.size
        token = oai_list.tokens.get(str(position))
        if token is None or not response.value.size:
            raise SourceError(f"arxiv-oai: {date_slice}: the list ends before record {offset}.")
        response = _fetch_page(oai_list, {"resumptionToken": token}, position)
    if position != offset:
        raise SourceError(
            f"arxiv-oai: {date_slice}: there is no longer a page starting at record {offset}."
        )
    return response


def _build_list_params(oai_list: _OaiList, date_slice: DateSlice) -> dict[str, str]:
    params = {
        "metadataPrefix": METADATA_PREFIX,
        "from": str(date_slice.since),
        "until": str(date_slice.until),
    }
    return {**params, "set": oai_list.set_spec} if oai_list.set_spec else params


def _fetch_page(oai_list: _OaiList, params: dict[str, str], offset: int) -> Response[ResultBatch]:
    request = Request("arxiv", oai_list.base_url, {"verb": "ListRecords", **params})
    return oai_list.http.fetch(request, partial(_parse_page, oai_list, offset))


def _parse_page(oai_list: _OaiList, offset: int, body: bytes) -> ResultBatch:
    """The page in an answer. Raises SourceError for an empty list, which OAI-PMH does not know."""
    parsed, resumption_token = parse(body), read_resumption_token(body)
    size = len(parsed.records) + len(parsed.rejected)
    if not size and b"noRecordsMatch" not in body:
        raise SourceError(
            "arxiv-oai: the list is empty, but the service did not report that "
            "there are no matches."
        )
    if resumption_token.token is not None and size:
        oai_list.tokens[str(offset + size)] = resumption_token.token
    end_offset = None if resumption_token.token is not None else offset + size
    total = resumption_token.total if resumption_token.total is not None else end_offset
    return ResultBatch(parsed, total, offset, size)
