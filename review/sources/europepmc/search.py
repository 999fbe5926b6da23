"""Europe PMC by date slices, following its cursor marks."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from review.errors import SourceError
from review.sources.europepmc.parsing import paging, parse
from review.sources.http import Ask, Got, Http
from review.sources.models import ResultPage, Window
from review.sources.pagination import Leaf, Road, Slice, start, walk

PAGE = 500
"""Entries on a page; the service gives at most 1,000. Source: Europe PMC REST API, pageSize."""
MOST = 10_000
"""Entries above which a slice is halved, so that what is kept of a walk stays small."""
FIELDS = {"posted": "FIRST_PDATE", "entered": "CREATION_DATE", "changed": "UPDATE_DATE"}
"""Date fields. Source: Europe PMC search syntax reference."""


def search(
    query: str | None,
    window: Window,
    http: Http,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    """The entries that match a Europe PMC query, page by page.

    Raises:
        SourceError: no usable answer; pages already given stay good.
    """
    marks: dict[str, str] = dict(resume["marks"]) if resume and "marks" in resume else {}
    ask = partial(_ask, http, base_url, (query or "", window), marks)
    road = Road("europepmc", ask, PAGE, 100, MOST, by_place=False, dated=window.by == "posted")
    days = (window.until - window.since).days + 1
    for page in walk(road, http, start(window, days, resume)):
        if page.last:
            marks.clear()
        place = str(page.token["place"])
        kept = {place: marks[place]} if place in marks else {}
        yield replace(page, token={**page.token, "marks": kept})


def _ask(
    http: Http,
    base_url: str,
    what: tuple[str, Window],
    marks: dict[str, str],
    here: Slice,
    place: int,
    size: int,
) -> Got[Leaf]:
    """The page at a place: the service knows it by the mark that the page before gave."""
    mark = "*" if place == 0 else marks.get(str(place))
    if mark is None:
        raise SourceError(f"europepmc: {here}: the mark of place {place} is not known.")
    params = {
        "query": asked(what[0], what[1], here),
        "format": "json",
        "resultType": "core",
        "synonym": "false",
        "pageSize": str(size),
        "cursorMark": mark,
    }
    url = f"{base_url}/search"
    check = partial(_leaf, here, mark, place, marks)
    if len(params["query"]) > 1_500:
        return http.fetch(Ask("europepmc", f"{url}POST", form=params), check)
    return http.fetch(Ask("europepmc", url, params), check)


def asked(query: str, window: Window, here: Slice) -> str:
    """The query with the days of a slice, as Europe PMC reads it."""
    clauses = [f"({query})"] if query else []
    clauses.append(f"{FIELDS[window.by]}:[{here.since} TO {here.until}]")
    if window.posted and window.by != "posted":
        clauses.append(f"FIRST_PDATE:[{window.posted[0]} TO {window.posted[1]}]")
    return " AND ".join(clauses)


def _leaf(here: Slice, mark: str, place: int, marks: dict[str, str], body: bytes) -> Leaf:
    """The page in an answer. Raises SourceError where the answer is to another question."""
    parsed, told = parse(body), paging(body)
    if told.mark is not None and told.mark != mark:
        raise SourceError("europepmc: the answer is another page than was asked for.")
    if told.query and "_DATE:[" in told.query and f"{here.since} TO {here.until}" not in told.query:
        raise SourceError("europepmc: the answer is to another query.")
    if told.next and told.next != mark and told.size:
        marks[str(place + told.size)] = told.next
    return Leaf(parsed, told.total, None, told.size)
