"""medRxiv and bioRxiv by days: their service has no keyword search, so whole days are read.

The cursor steps by what was received, because the page size has changed without notice.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from review.errors import SourceError
from review.sources.http import Ask, Got, Http
from review.sources.medrxiv.parsing import paging, parse
from review.sources.models import ResultPage, Window
from review.sources.pagination import Leaf, Road, Slice, start, walk

DAYS = {"medrxiv": 31, "biorxiv": 7}
"""Days in one slice: about 1,300 versions each (15,523 and 60,568 in 2024, as announced)."""


def search(
    query: str | None,
    window: Window,
    http: Http,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
    *,
    server: str,
) -> Iterator[ResultPage]:
    """All versions posted in the window, page by page; `query` is not used.

    Raises:
        SourceError: the service gave no usable answer; pages already given stay good.
    """
    ask = partial(_ask, http, f"{base_url}/details/{server}", server)
    road = Road(server, ask, size=100, small=100, most=20_000)
    return walk(road, http, start(window, DAYS[server], resume))


def articles(
    window: Window,
    http: Http,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
    *,
    server: str,
) -> Iterator[ResultPage]:
    """Preprints whose journal article came out in the window, each with its relation."""
    ask = partial(_ask, http, f"{base_url}/pubs/{server}", server)
    road = Road(server, ask, size=100, small=100, most=20_000, dated=False)
    return walk(road, http, start(window, DAYS[server], resume))


def _ask(http: Http, base: str, server: str, here: Slice, place: int, size: int) -> Got[Leaf]:
    url = f"{base}/{here.since}/{here.until}/{place}/json"
    return http.fetch(Ask("biorxiv", url), partial(_leaf, base, server, here))


def _leaf(base: str, server: str, here: Slice, body: bytes) -> Leaf:
    """The page in an answer. Raises SourceError where the answer is to another question."""
    parsed, told = parse(body, server), paging(body)
    days = re.findall(r"\d{4}-\d\d-\d\d", told.interval or "")
    other_days = len(days) == 2 and days != [here.since.isoformat(), here.until.isoformat()]
    other_server = any(record.source != server for record in parsed.records)
    other_verb = told.verb is not None and f"/{told.verb}/" not in base + "/"
    if other_days or other_server or other_verb:
        raise SourceError(f"{server}: the answer is about other days or another list.")
    return Leaf(parsed, told.total, told.cursor, told.size)
