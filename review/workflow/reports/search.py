"""How the review was searched, from the protocol and the log: the PRISMA-S appendix.

Source: Rethlefsen 2021, Systematic Reviews 10:39 (PRISMA-S), doi 10.1186/s13643-020-01542-z.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from review.flow import total
from review.store import records
from review.store.moments import from_text
from review.table import Cell, Table
from review.workflow.reports.moment import NAMES, Moment

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
    read: int
    new: int
    rejected: int


def searches(moment: Moment) -> list[Searched]:
    """Every search up to the moment, oldest first; files of decisions are none."""
    with moment.project.store.read() as conn:
        rows = list(reversed(records.batch_rows(conn)))
    kept = [row for row in rows if moment.until is None or from_text(row["at"]) <= moment.until]
    return [_searched(row) for row in kept if row["kind"] != "decisions"]


def _searched(row: Mapping[str, Any]) -> Searched:
    detail = json.loads(row["detail"]) if row["detail"] else {}
    query = detail.get("compiled") or detail.get("query") if isinstance(detail, dict) else None
    return Searched(
        str(row["at"])[:10],
        NAMES.get(row["source"], row["source"]),
        row["kind"],
        row["via"],
        row["name"] or "",
        str(query) if query else None,
        row["announced"],
        row["parsed"] or 0,
        row["new"] or 0,
        row["rejected"] or 0,
    )


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
        ("Read = new + already here. A search exported by hand keeps its query where it was run.",),
    )  # fmt: skip


def prisma_s(moment: Moment) -> Table:
    """The 16 items of PRISMA-S, filled from the protocol and the log where they can be."""
    protocol, found = moment.project.protocol, searches(moment)
    search = protocol.search
    window = f"{search.from_} to {search.to or 'the last run'}"
    by_via = {
        via: sorted({one.source for one in found if one.via == via})
        for via in ("databases", "registers", "websites", "organisations", "citations")
    }
    days = sorted({one.day for one in found})
    last = {one.source: one.day for one in found}
    own = "; ".join(f"{NAMES.get(k, k)}: {v}" for k, v in search.native.items())
    runs = "; ".join(f"{one.source} ({one.day}): {one.query}" for one in found if one.query)
    tool, hand = moment.flow.main.duplicates_tool.n, moment.flow.main.duplicates_hand.n
    removed = "not published here" if tool is None or hand is None else f"{tool + hand:,}"
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
        ("Full strategies", f"Written once: {' '.join(search.query.split())}"
         + (f" As run: {runs}" if runs else "") + (f" Own queries: {own}" if own else "")),
        ("Limits and restrictions", f"Date window {window}; no other limit in the protocol"),
        ("Search filters", _rules(moment)),
        ("Earlier strategies reused", AUTHORS),
        ("Updates", f"{len(found)} searches on {len(days)} days, see the search log"
         if len(days) > 1 else "One day of searching"),
        ("Dates of the last searches", "; ".join(f"{k} {v}" for k, v in sorted(last.items()))
         or "none yet"),
        ("Peer review of the strategy", AUTHORS),
        ("Total records", "not published here" if identified is None else
         f"{identified:,} from databases and registers"
         + (f", {total(moment.flow.other.identified):,} by other methods"
            if moment.flow.other else "")),
        ("Deduplication", "Exact identifiers and guarded comparison of title, authors, year and "
         f"journal, doubtful pairs settled by hand; {removed} duplicates removed"),
    ]  # fmt: skip
    return Table(
        "prisma-s",
        "PRISMA-S search appendix",
        ("Item", "What is asked", "Reported"),
        tuple((number, what, said) for number, (what, said) in enumerate(told, 1)),
        ("Items are those of PRISMA-S (Rethlefsen 2021, doi 10.1186/s13643-020-01542-z).",),
    )


def _list(names: Sequence[str]) -> str:
    return "; ".join(names) or "none recorded"


def _rules(moment: Moment) -> str:
    rules = moment.project.protocol.rules
    if not rules:
        return "none"
    return "; ".join(f"{one.id}: records must match {one.must_match}" for one in rules)
