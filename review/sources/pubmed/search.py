"""Searches PubMed by date slices: each search stays on NCBI's history server and is fetched in
batches.

Every batch is held against the PMIDs the search announced, so that one that is missing is asked
for again by its number, and told of where PubMed does not give it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from review.errors import SourceError
from review.formats.pubmed.parsing import ESearchResult, parse, read_search
from review.models import ParseResult, Record, UnreadableEntry
from review.sources.http import HttpClient, Request, Response
from review.sources.models import HarvestWindow, QueryRejected, ResultPage

MAX_PMIDS_PER_SEARCH = 9_999
"""Most PMIDs one PubMed search gives out. Source: E-utilities help, ESearch, retstart."""
BATCH = 200
"""Articles fetched at once. Source: E-utilities help: larger sets in batches, about 200 a POST."""
LONG_TERM = 1_500
"""Length of a term (characters) above which the search is sent by POST, against HTTP 414."""
TRIES = 4
"""How often a search whose answer contradicts itself, or an absent article, is asked for again."""
DATE_TAGS = {"posted": "pdat", "entered": "edat", "changed": "mdat"}
"""Date fields; what changed includes what entered. Source: PubMed help, search field tags."""
EARLIEST = date(1781, 1, 1)
"""Before the oldest entry of PubMed."""
_HISTORY_ERROR = re.compile(r"obtain query|history|webenv|query_key", re.I)

_PMID_PREFIX = re.compile(r"PMID (\d+)")


class HistoryExpiredError(QueryRejected):
    """NCBI no longer knows the stored search."""


@dataclass(frozen=True, slots=True)
class PubmedSlice:
    """A slice: days of the window's date, and days of creation where one day holds too much."""

    since: date
    until: date
    created_since: date | None = None
    created_until: date | None = None

    def __str__(self) -> str:
        text = f"{self.since}..{self.until}"
        return text + (
            f" made {self.created_since}..{self.created_until}" if self.created_since else ""
        )


@dataclass(slots=True)
class PubmedPosition:
    """Position of the harvest within a window; stored with each page."""

    todo: list[PubmedSlice]
    finished_pmids: dict[str, None]
    """PMIDs of the first part to do that were received or given up."""

    def to_token(self) -> dict[str, Any]:
        """The position as plain data."""
        return {
            "todo": [
                [None if day is None else day.isoformat() for day in _get_days(p)]
                for p in self.todo
            ],
            "done": list(self.finished_pmids),
        }


def search_pubmed(
    query: str | None,
    window: HarvestWindow,
    http: HttpClient,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    """The articles that match a PubMed query, in batches of 200.

    Raises:
        Refused: PubMed cannot read the query.
        SourceError: no usable answer; pages already given stay good.
    """
    position = _load_position(window, resume)
    while position.todo:
        part = position.todo[0]
        search_result = _run_search(query or "all[sb]", part, window, (http, base_url))
        smaller_parts = _split_slice(part) if search_result.count > MAX_PMIDS_PER_SEARCH else []
        if smaller_parts:
            position.todo[:1] = smaller_parts
            continue
        yield from _fetch_slice(part, search_result, position, (http, base_url), (query, window))


def _load_position(window: HarvestWindow, resume: Mapping[str, Any] | None) -> PubmedPosition:
    if resume is None:
        return PubmedPosition([PubmedSlice(window.since, window.until)], {})
    days = [[None if d is None else date.fromisoformat(d) for d in p] for p in resume["todo"]]
    return PubmedPosition([_build_slice(p) for p in days], dict.fromkeys(resume["done"]))


def _build_slice(days: list[date | None]) -> PubmedSlice:
    since, until, created_since, created_until = days
    assert since is not None
    assert until is not None
    return PubmedSlice(since, until, created_since, created_until)


def _get_days(part: PubmedSlice) -> tuple[date | None, ...]:
    return (part.since, part.until, part.created_since, part.created_until)


def _split_slice(part: PubmedSlice) -> list[PubmedSlice]:
    """Two halves of a part: by its days, else by days of creation; none where it is one day."""
    if part.until > part.since:
        middle = part.since + (part.until - part.since) // 2
        return [
            PubmedSlice(part.since, middle),
            PubmedSlice(middle + timedelta(days=1), part.until),
        ]
    since, until = part.created_since or EARLIEST, part.created_until or date.today()
    if until <= since:
        return []
    middle = since + (until - since) // 2
    return [
        PubmedSlice(part.since, part.until, since, middle),
        PubmedSlice(part.since, part.until, middle + timedelta(days=1), until),
    ]


def build_term(query: str, part: PubmedSlice, window: HarvestWindow) -> str:
    """The query with the days of a part, as PubMed reads it."""
    days = _format_range(part.since, part.until, DATE_TAGS[window.by])
    if window.by == "changed":
        days = f"({_format_range(part.since, part.until, DATE_TAGS['entered'])} OR {days})"
    clauses = [f"({query})", days]
    if window.posted and window.by != "posted":
        clauses.append(_format_range(*window.posted, "pdat"))
    if part.created_since and part.created_until:
        clauses.append(_format_range(part.created_since, part.created_until, "crdt"))
    return " AND ".join(clauses)


def _format_range(since: date, until: date, tag: str) -> str:
    return f'("{since:%Y/%m/%d}"[{tag}] : "{until:%Y/%m/%d}"[{tag}])'


def build_common_params(http: HttpClient) -> dict[str, str]:
    """What NCBI asks each request to carry. Source: NBK25497, 'Usage guidelines'."""
    params = {"db": "pubmed", "tool": "funnel-review"}
    if http.contact:
        params["email"] = http.contact
    if http.keys.get("ncbi"):
        params["api_key"] = http.keys["ncbi"]
    return params


def _run_search(
    query: str, part: PubmedSlice, window: HarvestWindow, client_and_url: tuple[HttpClient, str]
) -> ESearchResult:
    """The search of a part, once its answer is consistent."""
    http, base_url = client_and_url
    search_term = build_term(query, part, window)
    params = {
        **build_common_params(http),
        "term": search_term,
        "usehistory": "y",
        "retmax": str(MAX_PMIDS_PER_SEARCH),
        "retmode": "xml",
    }
    url = f"{base_url}/esearch.fcgi"
    is_long = len(search_term) > LONG_TERM
    request = Request("ncbi", url, form=params) if is_long else Request("ncbi", url, params)
    for attempt in range(1, TRIES + 1):
        if attempt > 1:
            http.wait_before_retry(attempt)
        search_result = http.fetch(request, _parse_search).value
        if (
            len(search_result.ids) == min(search_result.count, MAX_PMIDS_PER_SEARCH)
            and search_result.start == 0
        ):
            return search_result
        http.count_fault("count and list differ")
    raise SourceError(
        f"pubmed: {part}: in {TRIES} attempts the search announced {search_result.count} articles "
        f"but listed {len(search_result.ids)}; run the harvest again to resume from here."
    )


def _parse_search(body: bytes) -> ESearchResult:
    search_result = read_search(body)
    if search_result.count and not search_result.webenv:
        raise SourceError("pubmed: the history server did not keep the search.")
    return search_result


def _fetch_slice(
    part: PubmedSlice,
    search_result: ESearchResult,
    position: PubmedPosition,
    client_and_url: tuple[HttpClient, str],
    query_and_window: tuple[str | None, HarvestWindow],
) -> Iterator[ResultPage]:
    """All batches of a part; the search is run again where NCBI has forgotten it."""
    notes = _build_notes(search_result)
    search_term = build_term(query_and_window[0] or "all[sb]", part, query_and_window[1])
    if not search_result.count:
        position.todo, position.finished_pmids = position.todo[1:], {}
        body = f"{search_term}\n{search_result.translation or ''}\n".encode()
        yield ResultPage(
            raw=body,
            url="",
            parsed=ParseResult((), (), 0),
            slice=str(part),
            announced=0,
            received=0,
            token=position.to_token(),
            notes=notes,
            shortfall=None,
            last=True,
        )
        return
    announced = search_result.count
    while True:
        pending_pmids = [pmid for pmid in search_result.ids if pmid not in position.finished_pmids]
        if not pending_pmids:
            break
        batch = pending_pmids[:BATCH]
        try:
            response = _fetch_batch(batch, search_result, client_and_url)
        except HistoryExpiredError:
            client_and_url[0].count_fault("history expired")
            search_result = _run_search(
                query_and_window[0] or "all[sb]", part, query_and_window[1], client_and_url
            )
            if search_result.count != announced:
                notes += (f"{part}: the count changed from {announced} to {search_result.count}",)
                announced = search_result.count
            continue
        position.finished_pmids.update(dict.fromkeys(batch))
        received, last = len(position.finished_pmids), len(pending_pmids) == len(batch)
        shortfall, list_growth = None, {"done": len(batch)}
        if last:
            shortfall, list_growth = _describe_shortfall(part, search_result, received), {}
            position.todo, position.finished_pmids = position.todo[1:], {}
        yield ResultPage(
            raw=response.body,
            url=response.url,
            parsed=response.value,
            slice=str(part),
            announced=announced,
            received=received,
            token=position.to_token(),
            notes=notes,
            shortfall=shortfall,
            last=last,
            list_growth=list_growth,
        )
        notes = ()
        if last:
            return
    position.todo, position.finished_pmids = position.todo[1:], {}
    yield ResultPage(
        raw=b"",
        url="",
        parsed=ParseResult((), (), 0),
        slice=str(part),
        announced=announced,
        received=announced,
        token=position.to_token(),
        notes=notes,
        shortfall=None,
        last=True,
    )


def _describe_shortfall(
    part: PubmedSlice, search_result: ESearchResult, received: int
) -> str | None:
    if received >= search_result.count:
        return None
    return (
        f"{part}: {search_result.count} announced, {received} received: PubMed returns at most "
        f"{MAX_PMIDS_PER_SEARCH} records per day; narrow the query"
    )


def _build_notes(search_result: ESearchResult) -> tuple[str, ...]:
    """What PubMed made of the query, for the run's record."""
    notes = []
    if search_result.translation:
        notes.append(f"PubMed ran: {search_result.translation}")
    notes += [
        f"PubMed ignored a phrase it does not recognise: {phrase}"
        for phrase in search_result.not_found
    ]
    notes += [f"PubMed reports: {warning}" for warning in search_result.warnings]
    notes += [f"PubMed interpreted {a} as {b}" for a, b in search_result.translated]
    return tuple(notes)


def _fetch_batch(
    pmids: list[str], search_result: ESearchResult, client_and_url: tuple[HttpClient, str]
) -> Response[ParseResult]:
    """Articles by their place in the stored search, or by number where they are not adjacent.

    What a batch lacks is asked for again by number; what is still missing then is reported as
    rejected.
    """
    http = client_and_url[0]
    start = search_result.ids.index(pmids[0])
    is_contiguous = list(search_result.ids[start : start + len(pmids)]) == pmids
    history_params = {
        "WebEnv": search_result.webenv or "",
        "query_key": search_result.query_key or "1",
        "retstart": str(start),
        "retmax": str(len(pmids)),
    }
    first_response = _run_efetch(
        history_params if is_contiguous else {"id": ",".join(pmids)}, pmids, client_and_url
    )
    bodies, records, rejected = (
        [first_response.body],
        dict(_pair_with_pmids(first_response.value)),
        first_response.value.rejected,
    )
    for attempt in range(2, TRIES + 1):
        absent = [pmid for pmid in pmids if pmid not in records]
        if not absent:
            rejected = ()
            break
        http.count_fault("articles missing")
        http.wait_before_retry(attempt)
        response = _run_efetch({"id": ",".join(absent)}, absent, client_and_url)
        records.update(_pair_with_pmids(response.value))
        rejected = response.value.rejected
        bodies.append(response.body)
    missing_pmids = set(pmids) - set(records)
    unreadable = tuple(
        r for r in rejected if (m := _PMID_PREFIX.match(r.reason)) and m.group(1) in missing_pmids
    )
    reported_pmids = {m.group(1) for r in unreadable if (m := _PMID_PREFIX.match(r.reason))}
    missing_entries = [
        UnreadableEntry(
            number, "announced, but PubMed has no such article (it may have been deleted)", pmid
        )
        for number, pmid in enumerate(pmids, 1)
        if pmid not in records and pmid not in reported_pmids
    ]
    articles = tuple(records[pmid] for pmid in pmids if pmid in records)
    parsed = ParseResult(
        articles, (*unreadable, *missing_entries)[: len(pmids) - len(articles)], len(pmids)
    )
    return Response(b"\n".join(bodies), parsed, first_response.url, first_response.status)


def _pair_with_pmids(parsed: ParseResult) -> list[tuple[str, Record]]:
    return [(record.pmid or "", record) for record in parsed.records]


def _run_efetch(
    selection: Mapping[str, str], pmids: list[str], client_and_url: tuple[HttpClient, str]
) -> Response[ParseResult]:
    http, base_url = client_and_url
    form = {**build_common_params(http), **selection, "retmode": "xml"}
    url = f"{base_url}/efetch.fcgi"
    return http.fetch(Request("ncbi", url, form=form), partial(_parse_batch, frozenset(pmids)))


def _parse_batch(pmids: frozenset[str], body: bytes) -> ParseResult:
    """Articles of an answer, those that were not asked for left out."""
    try:
        parsed = parse(body)
    except SourceError as error:
        if _HISTORY_ERROR.search(str(error)):
            raise HistoryExpiredError(str(error)) from error
        raise
    requested_records = tuple(record for record in parsed.records if record.pmid in pmids)
    if parsed.records and not requested_records:
        raise SourceError("pubmed: the response contains other articles than those requested.")
    return ParseResult(requested_records, parsed.rejected, parsed.announced)


def fetch_by_pmids(pmids: list[str], http: HttpClient, base_url: str) -> Response[ParseResult]:
    """Articles by number, up to 200 at once; those PubMed does not give are left out."""
    return _run_efetch({"id": ",".join(pmids)}, pmids, (http, base_url))
