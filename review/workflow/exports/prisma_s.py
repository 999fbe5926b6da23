"""How the review was searched, from the protocol and the log: the PRISMA-S appendix.

Source: Rethlefsen 2021, Systematic Reviews 10:39 (PRISMA-S), doi 10.1186/s13643-020-01542-z.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from review.prisma import total
from review.store import audit_events, records
from review.store import identified as arrivals
from review.store.identified import Arrival
from review.store.timestamps import from_text
from review.tables.table import Cell, Table
from review.workflow.deduplication.run import RUN
from review.workflow.exports.snapshot import NAMES, Moment
from review.workflow.harvest.status import said_of_queries

AUTHORS = "(for the authors to fill in)"


@dataclass(frozen=True, slots=True)
class Searched:
    """One search of one source: a harvest, or a file fetched by hand."""

    day: str
    source: str
    kind: str
    """harvest, file, by hand or replay."""
    via: str
    name: str
    """The file, or the window that was asked for."""
    query: str | None
    """As run, where the tool ran it."""
    announced: int | None
    """None too for a part of a file that holds records of several databases."""
    read: int
    new: int
    rejected: int


def searches(moment: Moment) -> list[Searched]:
    """Every search up to the moment, oldest first; files of decisions are none.

    A file whose records name several databases is a search of each: one line a database.
    """
    with moment.project.store.read() as conn:
        rows = list(reversed(records.batch_rows(conn)))
        came = arrivals.every(conn, until=moment.until)
    parts: dict[int, dict[str, list[Arrival]]] = {}
    for one in came:
        parts.setdefault(one.batch, {}).setdefault(one.source, []).append(one)
    kept = [row for row in rows if moment.until is None or from_text(row["at"]) <= moment.until]
    return [
        part
        for row in kept
        if row["kind"] != "decisions"
        for part in _searched(row, parts.get(row["id"], {}))
    ]


def _searched(row: Mapping[str, Any], parts: Mapping[str, Sequence[Arrival]]) -> list[Searched]:
    detail = json.loads(row["detail"]) if row["detail"] else {}
    query = detail.get("compiled") or detail.get("query") if isinstance(detail, dict) else None
    [source, *others] = sorted(parts) or [row["source"]]
    via = next((one.via for some in parts.values() for one in some), row["via"])
    whole = Searched(
        str(row["at"])[:10],
        NAMES.get(source, source),
        row["kind"],
        via,
        row["name"] or "",
        str(query) if query else None,
        row["announced"],
        row["parsed"] or 0,
        row["new"] or 0,
        row["rejected"] or 0,
    )
    if not others:
        return [whole]
    return [
        replace(
            whole,
            source=NAMES.get(name, name),
            announced=None,
            read=sum(one.record is not None for one in some),
            new=sum(one.record is not None and not one.again for one in some),
            rejected=sum(one.record is None for one in some),
        )
        for name, some in sorted(parts.items())
    ]


def search_log(found: Sequence[Searched]) -> Table:
    """Each search with its day, its query as run and what it brought."""
    rows: list[tuple[Cell, ...]] = [
        (one.day, one.source, one.kind, one.via, one.name, one.query, one.announced, one.read,
         one.new, one.rejected)
        for one in found
    ]  # fmt: skip
    return Table(
        "search-log",
        "Searches, in order of time",
        ("Day", "Source", "By", "Identified via", "File or window", "Query as run", "Announced",
         "Read", "New", "Not readable"),
        tuple(rows),
        ("Read = new + already here. A search exported by hand keeps its query where it was run.",
         "A file whose records name several databases has a line for each."),
    )  # fmt: skip


def readings(moment: Moment) -> Table | None:
    """What the sources made of the query; None where none said anything."""
    told = said_of_queries(moment.project, until=moment.until)
    if not told:
        return None
    return Table(
        "search-readings",
        "What the sources made of the query",
        ("Source", "Said"),
        tuple((source, said) for source, said in told),
        ("Of the newest search of each source. Some change a query before they run it.",),
    )


def prisma_s(moment: Moment) -> Table:
    """The 16 items of PRISMA-S, filled from the protocol and the log where they can be."""
    protocol, found = moment.project.protocol, searches(moment)
    search = protocol.search
    window = f"{search.from_} to {search.to or 'the last run'}"
    by_via = {
        via: _named([one for one in found if one.via == via])
        for via in ("databases", "registers", "websites", "organisations", "citations")
    }
    identified = total(moment.flow.main.identified)
    told = [
        ("Databases, with platform", _list(by_via["databases"])),
        ("Several databases on one platform", AUTHORS),
        ("Study registries", _list(by_via["registers"])),
        ("Online resources and browsing",
         _list([*by_via["websites"], *by_via["organisations"]])),
        ("Citation searching", _list(by_via["citations"])),
        ("Contacts", AUTHORS),
        ("Other methods", AUTHORS),
        ("Full strategies", _strategies(moment, found)),
        ("Limits and restrictions", f"Date window {window}; no other limit in the protocol"),
        ("Search filters", _rules(moment)),
        ("Earlier strategies reused", AUTHORS),
        ("Updates", _updates(found)),
        ("Dates of the last searches", _last_days(found)),
        ("Peer review of the strategy", AUTHORS),
        ("Total records", "not published here" if identified is None else
         f"{identified:,} from databases and registers"
         + (f", {total(moment.flow.other.identified):,} by other methods"
            if moment.flow.other else "")),
        ("Deduplication", _deduplication(moment)),
    ]  # fmt: skip
    return Table(
        "prisma-s",
        "PRISMA-S search appendix",
        ("Item", "What is asked", "Reported"),
        tuple((number, what, said) for number, (what, said) in enumerate(told, 1)),
        ("Items are those of PRISMA-S (Rethlefsen 2021, doi 10.1186/s13643-020-01542-z).",
         "Platforms, strategies and days of searches that were run by hand are for the authors."),
    )  # fmt: skip


def _ran(one: Searched) -> bool:
    """Whether the tool ran the search itself, so that its day and query are known."""
    return one.kind == "harvest"


def _named(found: Sequence[Searched]) -> list[str]:
    """Sources with the way they were reached."""
    told = {
        f"{one.source} ({'its own interface' if _ran(one) else 'search export'})"
        if one.kind != "replay"
        else one.source
        for one in found
    }
    return sorted(told, key=str.casefold)


def _strategies(moment: Moment, found: Sequence[Searched]) -> str:
    search = moment.project.protocol.search
    told = [f"Written once: {' '.join(search.query.split())}"]
    runs = list(dict.fromkeys((one.source, one.query) for one in found if one.query))
    if runs:
        told.append("As run: " + "; ".join(f"{source}: {query}" for source, query in runs))
    if search.native:
        own = "; ".join(f"{NAMES.get(k, k)}: {v}" for k, v in search.native.items())
        told.append(f"Own queries: {own}")
    hand = sorted(
        {one.source for one in found if one.kind in ("file", "by hand")}, key=str.casefold
    )
    if hand:
        told.append(f"As run by hand for {', '.join(hand)}: {AUTHORS}")
    return ". ".join(told)


def _updates(found: Sequence[Searched]) -> str:
    """Sources that were searched on more than one day."""
    days: dict[str, set[str]] = {}
    for one in found:
        days.setdefault(one.source, set()).add(one.day)
    again = sorted((k for k, v in days.items() if len(v) > 1), key=str.casefold)
    if not again:
        return "No source was searched again" if found else "none yet"
    return "; ".join(f"{k} on {len(days[k])} days, last {max(days[k])}" for k in again)


def _last_days(found: Sequence[Searched]) -> str:
    last = {one.source: one for one in found}
    told = [
        f"{name} {one.day}" + ("" if _ran(one) else " (day of the import)")
        for name, one in sorted(last.items(), key=lambda pair: pair[0].casefold())
        if one.kind != "replay"
    ]
    return "; ".join(told) or ("not published here" if found else "none yet")


def _deduplication(moment: Moment) -> str:
    streams = [one for one in (moment.flow.main, moment.flow.other) if one is not None]
    tool = [one.duplicates_tool.n for one in streams]
    hand = [one.duplicates_hand.n for one in streams]
    if None in tool or None in hand:
        return "not published here"
    with moment.project.store.read() as conn:
        done = bool(audit_events.every(conn, kind=RUN, until=moment.until))
    n, m = sum(one or 0 for one in tool), sum(one or 0 for one in hand)
    if not (done or n or m):
        return "not done yet"
    return (
        "Exact identifiers and a guarded comparison of title, authors, year and journal; "
        f"{n:,} removed by rule, {m:,} by hand"
    )


def _list(names: Sequence[str]) -> str:
    return "; ".join(names) or "none recorded"


def _rules(moment: Moment) -> str:
    rules = moment.project.protocol.rules
    if not rules:
        return "none"
    return "; ".join(f"{one.id}: records must match {one.must_match}" for one in rules)
