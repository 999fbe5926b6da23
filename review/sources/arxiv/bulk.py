"""arXiv in bulk, by OAI-PMH: everything whose metadata changed on some days, matched here.

The list goes by the day of the last change; days of posting are held to by who takes it. Source:
https://info.arxiv.org/help/oa/ and the OAI-PMH 2.0 protocol (flow control, resumption tokens).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from review.errors import SourceError
from review.sources.arxiv.atom import parse
from review.sources.arxiv.oai import resumption
from review.sources.http import Ask, Got, Http
from review.sources.models import ResultPage, Window
from review.sources.pagination import Leaf, Road, Slice, start, walk

DAYS = 7
"""Days of one list; an expired token costs at most one list again."""
PAGE = 1300
"""Entries arXiv puts on a page (seen in May 2026); the service decides."""
FORMAT = "arXivRaw"
"""The format that tells versions."""


@dataclass(frozen=True, slots=True)
class _List:
    """One set of one arXiv, and the tokens that lead to its places."""

    http: Http
    base: str
    wanted: str | None
    tokens: dict[str, str]


def search(
    query: str | None,
    window: Window,
    http: Http,
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
    here = _List(http, base_url, query, tokens)
    road = Road("arxiv-oai", partial(_ask, here), PAGE, PAGE, 10**9, by_place=False, dated=False)
    for page in walk(road, http, start(window, DAYS, resume)):
        if page.last:
            tokens.clear()
        place = str(page.token["place"])
        kept = {place: tokens[place]} if place in tokens else {}
        yield replace(page, token={**page.token, "tokens": kept})


def _ask(here: _List, days: Slice, place: int, _size: int) -> Got[Leaf]:
    """The page at a place: by the token the page before gave, or from the beginning again."""
    token = here.tokens.get(str(place))
    if place and token is not None:
        try:
            return _page(here, {"resumptionToken": token}, place)
        except SourceError as error:
            if "badResumptionToken" not in str(error):
                raise
            here.http.fault("token expired")
    got = _page(here, _from_the_start(here, days), 0)
    at = 0
    while at < place:
        at += got.value.size
        token = here.tokens.get(str(at))
        if token is None or not got.value.size:
            raise SourceError(f"arxiv-oai: {days}: the list ends before place {place}.")
        got = _page(here, {"resumptionToken": token}, at)
    if at != place:
        raise SourceError(f"arxiv-oai: {days}: no page begins at place {place} any more.")
    return got


def _from_the_start(here: _List, days: Slice) -> dict[str, str]:
    asked = {"metadataPrefix": FORMAT, "from": str(days.since), "until": str(days.until)}
    return {**asked, "set": here.wanted} if here.wanted else asked


def _page(here: _List, words: dict[str, str], place: int) -> Got[Leaf]:
    ask = Ask("arxiv", here.base, {"verb": "ListRecords", **words})
    return here.http.fetch(ask, partial(_leaf, here, place))


def _leaf(here: _List, place: int, body: bytes) -> Leaf:
    """The page in an answer. Raises SourceError for an empty list, which OAI-PMH does not know."""
    parsed, told = parse(body), resumption(body)
    size = len(parsed.records) + len(parsed.rejected)
    if not size and b"noRecordsMatch" not in body:
        raise SourceError("arxiv-oai: the list is empty, and does not say that nothing matches.")
    if told.token is not None and size:
        here.tokens[str(place + size)] = told.token
    end = None if told.token is not None else place + size
    total = told.total if told.total is not None else end
    return Leaf(parsed, total, place, size)
