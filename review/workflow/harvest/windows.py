"""Which windows a run harvests: unfinished ones first, then the whole, then what is new since."""

from dataclasses import replace
from datetime import date, timedelta

from review.errors import ProtocolError
from review.protocol import Search
from review.query.ast import Node
from review.query.parser import parse
from review.sources import SOURCES
from review.sources.arxiv.query import compile_arxiv
from review.sources.europepmc.query import compile_europepmc
from review.sources.models import Window
from review.sources.pubmed.query import compile_pubmed
from review.store.harvests import Harvest
from review.workflow.harvest.models import Plan

OVERLAP = {
    "pubmed": 7, "arxiv": 7, "arxiv-oai": 7, "medrxiv": 7, "biorxiv": 7, "europepmc": 45,
}  # fmt: skip
"""Days asked for again, because sources enter some records late; Europe PMC's index lags weeks."""


BULK = "arxiv-oai"
"""Lists what changed, not what was posted; its own query is an OAI-PMH set."""


def sources_of(search: Search, wanted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The sources to harvest: those asked for, else the protocol's.

    Raises:
        ProtocolError: none is named, or one the tool does not harvest.
    """
    names = wanted or search.sources
    if not names:
        raise ProtocolError(
            f"'search.sources' names no source to harvest. Choose from: {', '.join(SOURCES)}."
        )
    for name in names:
        if name not in SOURCES:
            raise ProtocolError(
                f"{name!r} is no source the tool harvests. Choose from: {', '.join(SOURCES)}; "
                "searches of other databases are imported as files."
            )
    return tuple(dict.fromkeys(names))


def compiled(search: Search, name: str) -> tuple[str, str | None, tuple[str, ...]]:
    """The query as written, as the source is asked, and what could not be asked.

    Raises:
        QueryError: the protocol's query cannot be read.
    """
    own = search.native.get(name)
    if name == BULK:
        return search.query, own, ()
    if own is not None and SOURCES[name].asks:
        return own, own, ()
    node = parse(search.query)
    if name == "pubmed":
        made = compile_pubmed(node)
    elif name == "arxiv":
        made = compile_arxiv(node)
    elif name == "europepmc":
        made = compile_europepmc(node)
    else:
        return search.query, None, ()
    return search.query, made.text, made.lost


def tree(search: Search) -> Node:
    """The protocol's query, read."""
    return parse(search.query)


def plans(
    search: Search,
    name: str,
    before: list[Harvest],
    today: date,
    unread: frozenset[int] = frozenset(),
) -> list[Plan]:
    """The windows of one source this run harvests, in order.

    Args:
        before: the source's harvests so far, oldest first.
        unread: those of which no page was ever stored.
    """
    what = compiled(search, name)
    written, asked, said = what
    same = [one for one in before if one.query == written and one.compiled == asked]
    owing = {one.id for one in same if one.verdict not in ("complete", "closed")}
    open_ = [one for one in same if one.detail.get("closes", one.id) in owing]
    found = [_again(one, said) for one in open_ if one.verdict is None or _stopped(one)]
    resumed = {plan.window for plan in found}
    found += [p for one in open_ for p in _missing(one, said) if p.window not in resumed]
    last = min(search.to, today) if search.to else today
    mine = [one for one in same if "closes" not in one.detail]
    if not any(_whole(one, search) for one in mine):
        if search.from_ <= last and name == BULK:
            window = Window(search.from_, today, "changed", (search.from_, last))
            found.append(Plan(name, window, written, asked, said))
        elif search.from_ <= last:
            found.append(Plan(name, Window(search.from_, last), written, asked, said))
        return found
    return _joined(found, _news(search, name, mine, today, what), mine, unread)


def _joined(
    found: list[Plan], news: list[Plan], mine: list[Harvest], unread: frozenset[int]
) -> list[Plan]:
    """What is taken up again and what is new; days of which nothing was read yet are asked for
    with the new ones, so that a source that is down for long leaves one open window, not many."""
    windows = {one.id: window_of(one) for one in mine}
    joined = []
    for plan in news:
        same = [
            again for again in found
            if again.resumes in unread and again.resumes in windows
            and again.closes is None and again.window.by == plan.window.by
        ]  # fmt: skip
        found = [again for again in found if again not in same]
        since = min([plan.window.since, *(one.window.since for one in same)])
        until = max([plan.window.until, *(one.window.until for one in same)])
        window = replace(plan.window, since=since, until=until)
        ids = tuple(one.resumes for one in same if one.resumes is not None)
        joined.append(replace(plan, window=window, instead=ids))
    return found + joined


def _again(one: Harvest, said: tuple[str, ...]) -> Plan:
    """Takes up a harvest that was cut off or stopped."""
    return Plan(
        one.source, window_of(one), one.query, one.compiled, said, resumes=one.id,
        closes=one.detail.get("closes"),
    )  # fmt: skip


def _stopped(one: Harvest) -> bool:
    return one.verdict == "incomplete" and bool(one.end.get("stopped"))


def _missing(one: Harvest, said: tuple[str, ...]) -> list[Plan]:
    """The slices of an incomplete harvest that fell short, each as a window of its own.

    A harvest that was itself to make another one good owes nothing: the other one's slice is asked
    for again, once.
    """
    if one.verdict != "incomplete" or one.end.get("stopped") or "closes" in one.detail:
        return []
    window = window_of(one)
    return [
        Plan(
            one.source,
            Window(date.fromisoformat(a), date.fromisoformat(b), window.by, window.posted),
            one.query, one.compiled, said, closes=one.id,
        )
        for a, b in one.end.get("short", ())
    ]  # fmt: skip


def window_of(one: Harvest) -> Window:
    """The window of a harvest."""
    posted = one.detail.get("posted")
    return Window(
        date.fromisoformat(one.since),
        date.fromisoformat(one.until),
        one.detail.get("by", "posted"),
        (date.fromisoformat(posted[0]), date.fromisoformat(posted[1])) if posted else None,
    )


def _whole(one: Harvest, search: Search) -> bool:
    """Whether a harvest reads the protocol's days from their first."""
    by_days = one.detail.get("by") == "posted" or one.source == BULK
    return by_days and one.since <= search.from_.isoformat()


def _news(
    search: Search,
    name: str,
    mine: list[Harvest],
    today: date,
    what: tuple[str, str | None, tuple[str, ...]],
) -> list[Plan]:
    """What came since the last runs: posted since, entered late, or changed."""
    written, asked, said = what
    late = timedelta(days=OVERLAP[name])
    last = min(search.to, today) if search.to else today
    covered = max(_covered(one) for one in mine)
    bounds = (search.from_, last)
    found = []
    if name not in ("pubmed", BULK) or (name == "pubmed" and covered < last):
        begin = max(min(covered, last) - late, search.from_)
        found.append(Window(begin, last))
    if name in ("pubmed", "arxiv", BULK):
        # An article may match only later, when its abstract or its MeSH headings are added.
        asked_on = max(
            _asked_on(one) for one in mine if one.detail["by"] == "changed" or _whole(one, search)
        )
        found.append(Window(min(asked_on, today) - late, today, "changed", bounds))
    return [Plan(name, window, written, asked, said) for window in found]


def _covered(one: Harvest) -> date:
    """Last day of publication a harvest read."""
    window = window_of(one)
    return window.posted[1] if window.posted else window.until


def _asked_on(one: Harvest) -> date:
    return date.fromisoformat(str(one.detail["asked_on"]))
