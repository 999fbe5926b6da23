"""PubMed by date slices: each search is kept on NCBI's history server and fetched in batches.

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
from review.formats.pubmed.parsing import Found, parse, read_search
from review.models import Parsed, Record, Rejected
from review.sources.http import Ask, Got, Http
from review.sources.models import Refused, ResultPage, Window

WALL = 9_999
"""Most PMIDs one PubMed search gives out. Source: E-utilities help, ESearch, retstart."""
BATCH = 200
"""Articles fetched at once. Source: E-utilities help: larger sets in batches, about 200 a POST."""
LONG_TERM = 1_500
"""Length of a term (characters) above which the search is sent by POST, against HTTP 414."""
TRIES = 4
"""How often a search whose answer contradicts itself, or an absent article, is asked for again."""
TAGS = {"posted": "pdat", "entered": "edat", "changed": "mdat"}
"""Date fields; what changed includes what entered. Source: PubMed help, search field tags."""
EARLIEST = date(1781, 1, 1)
"""Before the oldest entry of PubMed."""
_GONE = re.compile(r"obtain query|history|webenv|query_key", re.I)

_TOLD = re.compile(r"PMID (\d+)")


class Expired(Refused):
    """NCBI no longer knows the stored search."""


@dataclass(frozen=True, slots=True)
class Part:
    """A slice: days of the window's date, and days of creation where one day holds too much."""

    since: date
    until: date
    made_since: date | None = None
    made_until: date | None = None

    def __str__(self) -> str:
        told = f"{self.since}..{self.until}"
        return told + (f" made {self.made_since}..{self.made_until}" if self.made_since else "")


@dataclass(slots=True)
class Stand:
    """Where the harvest of a window stands; stored with each page."""

    todo: list[Part]
    done: dict[str, None]
    """PMIDs of the first part to do that were received or given up."""

    def token(self) -> dict[str, Any]:
        """The stand as plain data."""
        return {
            "todo": [[None if day is None else day.isoformat() for day in _days(p)]
                     for p in self.todo],
            "done": list(self.done),
        }  # fmt: skip


def search(
    query: str | None,
    window: Window,
    http: Http,
    base_url: str,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    """The articles that match a PubMed query, in batches of 200.

    Raises:
        Refused: PubMed cannot read the query.
        SourceError: no usable answer; pages already given stay good.
    """
    stand = _stand(window, resume)
    while stand.todo:
        part = stand.todo[0]
        found = _found(query or "all[sb]", part, window, (http, base_url))
        smaller = _smaller(part) if found.count > WALL else []
        if smaller:
            stand.todo[:1] = smaller
            continue
        yield from _fetch_all(part, found, stand, (http, base_url), (query, window))


def _stand(window: Window, resume: Mapping[str, Any] | None) -> Stand:
    if resume is None:
        return Stand([Part(window.since, window.until)], {})
    days = [[None if d is None else date.fromisoformat(d) for d in p] for p in resume["todo"]]
    return Stand([_part(p) for p in days], dict.fromkeys(resume["done"]))


def _part(days: list[date | None]) -> Part:
    since, until, made_since, made_until = days
    assert since is not None
    assert until is not None
    return Part(since, until, made_since, made_until)


def _days(part: Part) -> tuple[date | None, ...]:
    return (part.since, part.until, part.made_since, part.made_until)


def _smaller(part: Part) -> list[Part]:
    """Two halves of a part: by its days, else by days of creation; none where it is one day."""
    if part.until > part.since:
        middle = part.since + (part.until - part.since) // 2
        return [Part(part.since, middle), Part(middle + timedelta(days=1), part.until)]
    since, until = part.made_since or EARLIEST, part.made_until or date.today()
    if until <= since:
        return []
    middle = since + (until - since) // 2
    return [
        Part(part.since, part.until, since, middle),
        Part(part.since, part.until, middle + timedelta(days=1), until),
    ]


def term(query: str, part: Part, window: Window) -> str:
    """The query with the days of a part, as PubMed reads it."""
    days = _range(part.since, part.until, TAGS[window.by])
    if window.by == "changed":
        days = f"({_range(part.since, part.until, TAGS['entered'])} OR {days})"
    clauses = [f"({query})", days]
    if window.posted and window.by != "posted":
        clauses.append(_range(*window.posted, "pdat"))
    if part.made_since and part.made_until:
        clauses.append(_range(part.made_since, part.made_until, "crdt"))
    return " AND ".join(clauses)


def _range(since: date, until: date, tag: str) -> str:
    return f'("{since:%Y/%m/%d}"[{tag}] : "{until:%Y/%m/%d}"[{tag}])'


def keys(http: Http) -> dict[str, str]:
    """What NCBI asks each request to carry. Source: NBK25497, 'Usage guidelines'."""
    said = {"db": "pubmed", "tool": "funnel-review"}
    if http.contact:
        said["email"] = http.contact
    if http.keys.get("ncbi"):
        said["api_key"] = http.keys["ncbi"]
    return said


def _found(query: str, part: Part, window: Window, where: tuple[Http, str]) -> Found:
    """The search of a part, once its answer holds together."""
    http, base_url = where
    asked = term(query, part, window)
    params = {
        **keys(http), "term": asked, "usehistory": "y", "retmax": str(WALL), "retmode": "xml",
    }  # fmt: skip
    url = f"{base_url}/esearch.fcgi"
    long = len(asked) > LONG_TERM
    ask = Ask("ncbi", url, form=params) if long else Ask("ncbi", url, params)
    for attempt in range(1, TRIES + 1):
        if attempt > 1:
            http.pause(attempt)
        found = http.fetch(ask, _searched).value
        if len(found.ids) == min(found.count, WALL) and found.start == 0:
            return found
        http.fault("count and list differ")
    raise SourceError(
        f"pubmed: {part}: {TRIES} times the search announced {found.count} articles and listed "
        f"{len(found.ids)}; run the harvest again, it goes on from here."
    )


def _searched(body: bytes) -> Found:
    found = read_search(body)
    if found.count and not found.webenv:
        raise SourceError("pubmed: the search was not kept on the history server.")
    return found


def _fetch_all(
    part: Part,
    found: Found,
    stand: Stand,
    where: tuple[Http, str],
    what: tuple[str | None, Window],
) -> Iterator[ResultPage]:
    """All batches of a part; the search is run again where NCBI has forgotten it."""
    notes = _notes(found)
    asked = term(what[0] or "all[sb]", part, what[1])
    if not found.count:
        stand.todo, stand.done = stand.todo[1:], {}
        body = f"{asked}\n{found.translation or ''}\n".encode()
        yield ResultPage(body, "", Parsed((), (), 0), str(part), 0, 0, stand.token(), notes,
                         None, True)  # fmt: skip
        return
    announced = found.count
    while True:
        wanted = [pmid for pmid in found.ids if pmid not in stand.done]
        if not wanted:
            break
        batch = wanted[:BATCH]
        try:
            got = _batch(batch, found, where)
        except Expired:
            where[0].fault("history expired")
            found = _found(what[0] or "all[sb]", part, what[1], where)
            if found.count != announced:
                notes += (f"{part}: the count changed from {announced} to {found.count}",)
                announced = found.count
            continue
        stand.done.update(dict.fromkeys(batch))
        received, last = len(stand.done), len(wanted) == len(batch)
        short, grown = None, {"done": len(batch)}
        if last:
            short, grown = _short(part, found, received), {}
            stand.todo, stand.done = stand.todo[1:], {}
        yield ResultPage(got.body, got.url, got.value, str(part), announced, received,
                         stand.token(), notes, short, last, grown)  # fmt: skip
        notes = ()
        if last:
            return
    stand.todo, stand.done = stand.todo[1:], {}
    yield ResultPage(b"", "", Parsed((), (), 0), str(part), announced, announced, stand.token(),
                     notes, None, True)  # fmt: skip


def _short(part: Part, found: Found, received: int) -> str | None:
    if received >= found.count:
        return None
    return (
        f"{part}: {found.count} announced, {received} received: PubMed gives at most {WALL} of "
        "one day; narrow the query"
    )


def _notes(found: Found) -> tuple[str, ...]:
    """What PubMed made of the query, for the run's record."""
    notes = []
    if found.translation:
        notes.append(f"PubMed ran: {found.translation}")
    notes += [f"PubMed dropped, because it knows nothing of it: {one}" for one in found.not_found]
    notes += [f"PubMed says: {one}" for one in found.warnings]
    notes += [f"PubMed read {a} as {b}" for a, b in found.translated]
    return tuple(notes)


def _batch(wanted: list[str], found: Found, where: tuple[Http, str]) -> Got[Parsed]:
    """Articles by their place in the stored search, or by number where they do not stand together.

    What a batch lacks is asked for again by number; what then still lacks is told as rejected.
    """
    http = where[0]
    start = found.ids.index(wanted[0])
    together = list(found.ids[start : start + len(wanted)]) == wanted
    stored = {
        "WebEnv": found.webenv or "", "query_key": found.query_key or "1",
        "retstart": str(start), "retmax": str(len(wanted)),
    }  # fmt: skip
    first = _efetch(stored if together else {"id": ",".join(wanted)}, wanted, where)
    bodies, records, rejected = [first.body], dict(_by_pmid(first.value)), first.value.rejected
    for attempt in range(2, TRIES + 1):
        absent = [pmid for pmid in wanted if pmid not in records]
        if not absent:
            rejected = ()
            break
        http.fault("articles missing")
        http.pause(attempt)
        more = _efetch({"id": ",".join(absent)}, absent, where)
        records.update(_by_pmid(more.value))
        rejected = more.value.rejected
        bodies.append(more.body)
    ours = set(wanted) - set(records)
    kept = tuple(r for r in rejected if (m := _TOLD.match(r.reason)) and m.group(1) in ours)
    told = {m.group(1) for r in kept if (m := _TOLD.match(r.reason))}
    lost = [
        Rejected(number, "announced, but PubMed gives no such article (deleted since?)", pmid)
        for number, pmid in enumerate(wanted, 1)
        if pmid not in records and pmid not in told
    ]
    given = tuple(records[pmid] for pmid in wanted if pmid in records)
    parsed = Parsed(given, (*kept, *lost)[: len(wanted) - len(given)], len(wanted))
    return Got(b"\n".join(bodies), parsed, first.url, first.status)


def _by_pmid(parsed: Parsed) -> list[tuple[str, Record]]:
    return [(record.pmid or "", record) for record in parsed.records]


def _efetch(which: Mapping[str, str], wanted: list[str], where: tuple[Http, str]) -> Got[Parsed]:
    http, base_url = where
    form = {**keys(http), **which, "retmode": "xml"}
    url = f"{base_url}/efetch.fcgi"
    return http.fetch(Ask("ncbi", url, form=form), partial(_fetched, frozenset(wanted)))


def _fetched(wanted: frozenset[str], body: bytes) -> Parsed:
    """Articles of an answer, those that were not asked for left out."""
    try:
        parsed = parse(body)
    except SourceError as error:
        if _GONE.search(str(error)):
            raise Expired(str(error)) from error
        raise
    ours = tuple(record for record in parsed.records if record.pmid in wanted)
    if parsed.records and not ours:
        raise SourceError("pubmed: the answer holds other articles than were asked for.")
    return Parsed(ours, parsed.rejected, parsed.announced)


def by_pmids(pmids: list[str], http: Http, base_url: str) -> Got[Parsed]:
    """Articles by number, up to 200 at once; those PubMed does not give are left out."""
    return _efetch({"id": ",".join(pmids)}, pmids, (http, base_url))
