"""The PRISMA-S search appendix, from the protocol and the log.

Source: Rethlefsen 2021, Systematic Reviews 10:39 (PRISMA-S), doi 10.1186/s13643-020-01542-z.
"""

from collections.abc import Sequence

from review.prisma import get_total
from review.store import audit_events
from review.tables.table import Cell, Table
from review.text.wording import format_count
from review.workflow.deduplication.groups import RUN_EVENT
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.exports.search_runs import (
    SearchRun,
    format_run_day,
    list_searches,
    was_run_by_tool,
)
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.harvest.status import list_query_messages
from review.workflow.screening.search_recall import count_found_papers

AUTHORS_PLACEHOLDER = "(to be completed by the authors)"


def build_search_log(search_runs: Sequence[SearchRun]) -> Table:
    """Each search with its day, its query as run and what it brought."""
    rows: list[tuple[Cell, ...]] = [
        (
            search_run.day,
            _format_searched(search_run),
            search_run.source,
            search_run.kind,
            search_run.via,
            search_run.name,
            search_run.query,
            search_run.announced,
            search_run.read,
            search_run.new,
            search_run.rejected,
        )
        for search_run in search_runs
    ]
    return Table(
        "search-log",
        "Searches in chronological order",
        (
            "Day",
            "Searched",
            "Source",
            "By",
            "Identified via",
            "File or date range",
            "Query as run",
            "Announced",
            "Read",
            "New",
            "Unreadable",
        ),
        tuple(rows),
        (
            "Read = new + already in the review. Queries of imported searches are not recorded "
            "here.",
            "A file whose records name several databases has a line for each.",
            "Day is when the records came in; Searched is when the search was run.",
        ),
    )


def _format_searched(search_run: SearchRun) -> str:
    if search_run.searched:
        return search_run.days
    return search_run.day if was_run_by_tool(search_run) else "not recorded"


def build_query_messages_table(snapshot: ReviewSnapshot) -> Table | None:
    """How the sources interpreted the query; None if there are no messages."""
    messages = list_query_messages(snapshot.project, until=snapshot.until)
    if not messages:
        return None
    return Table(
        "search-readings",
        "How the sources interpreted the query",
        ("Source", "Message"),
        tuple((source, message) for source, message in messages),
        (
            "From the most recent search of each source. Some sources modify a query before "
            "running it.",
        ),
    )


def build_prisma_s_table(snapshot: ReviewSnapshot) -> Table:
    """The 16 items of PRISMA-S, filled from the protocol and the log where they can be."""
    protocol = snapshot.project.protocol
    search_runs = list_searches(snapshot.project, snapshot.until)
    search = protocol.search
    window = f"{search.from_} to {search.to or 'the most recent search'}"
    by_via = {
        via: _name_sources([search_run for search_run in search_runs if search_run.via == via])
        for via in ("databases", "registers", "websites", "organisations", "citations")
    }
    identified = get_total(snapshot.flow.main.identified)
    checklist_items = [
        ("Database name", _join_names(by_via["databases"])),
        ("Multi-database searching", AUTHORS_PLACEHOLDER),
        ("Study registries", _join_names(by_via["registers"])),
        (
            "Online resources and browsing",
            _join_names([*by_via["websites"], *by_via["organisations"]]),
        ),
        ("Citation searching", _join_names(by_via["citations"])),
        ("Contacts", AUTHORS_PLACEHOLDER),
        ("Other methods", AUTHORS_PLACEHOLDER),
        ("Full search strategies", _describe_strategies(snapshot, search_runs)),
        ("Limits and restrictions", f"Dates: {window}; no other limits in the protocol"),
        ("Search filters", _describe_rules(snapshot)),
        ("Prior work", AUTHORS_PLACEHOLDER),
        ("Updates", _describe_updates(search_runs)),
        ("Dates of searches", _describe_last_days(search_runs)),
        ("Peer review", AUTHORS_PLACEHOLDER),
        (
            "Total records",
            "not published here"
            if identified is None
            else f"{identified:,} from databases and registers"
            + (
                f", {get_total(snapshot.flow.other.identified):,} by other methods"
                if snapshot.flow.other
                else ""
            ),
        ),
        ("Deduplication", _describe_deduplication(snapshot)),
    ]
    return Table(
        "prisma-s",
        "PRISMA-S search appendix",
        ("Item", "Topic", "Reported"),
        tuple(
            (number, topic, reported) for number, (topic, reported) in enumerate(checklist_items, 1)
        ),
        (
            "Items follow PRISMA-S (Rethlefsen 2021, doi 10.1186/s13643-020-01542-z).",
            "Platforms, strategies and dates of manual searches are to be completed by the "
            "authors.",
        ),
    )


def _name_sources(search_runs: Sequence[SearchRun]) -> list[str]:
    """Sources with the way they were reached."""
    source_names = {
        f"{search_run.source} ({'API' if was_run_by_tool(search_run) else 'search export'})"
        if search_run.kind != "replay"
        else search_run.source
        for search_run in search_runs
    }
    return sorted(source_names, key=str.casefold)


def _describe_strategies(snapshot: ReviewSnapshot, search_runs: Sequence[SearchRun]) -> str:
    search = snapshot.project.protocol.search
    sentences = [f"Query: {' '.join(search.query.split())}"]
    runs = list(
        dict.fromkeys(
            (search_run.source, search_run.query) for search_run in search_runs if search_run.query
        )
    )
    if runs:
        sentences.append("As run: " + "; ".join(f"{source}: {query}" for source, query in runs))
    if search.native:
        native_queries = "; ".join(
            f"{DISPLAY_NAMES.get(source_id, source_id)}: {query_text}"
            for source_id, query_text in search.native.items()
        )
        sentences.append(f"Source-specific queries: {native_queries}")
    manual_sources = sorted(
        {search_run.source for search_run in search_runs if search_run.kind in ("file", "by hand")},
        key=str.casefold,
    )
    if manual_sources:
        sentences.append(f"Run manually in {', '.join(manual_sources)}: {AUTHORS_PLACEHOLDER}")
    sentences.extend(_describe_key_papers(snapshot))
    return ". ".join(sentences)


def _describe_key_papers(snapshot: ReviewSnapshot) -> list[str]:
    """How many of the key papers were found; nothing for a past day, whose records differ."""
    if snapshot.until is not None:
        return []
    found_papers, named = count_found_papers(snapshot.project)
    if not named:
        return []
    papers = format_count(named, "paper")
    verb = "was" if found_papers == 1 else "were"
    return [f"Checked with {papers} known to be relevant, of which {found_papers:,} {verb} found"]


def _describe_updates(search_runs: Sequence[SearchRun]) -> str:
    """Sources that were searched on more than one day."""
    days: dict[str, set[str]] = {}
    for search_run in search_runs:
        days.setdefault(search_run.source, set()).add(search_run.last_day)
    repeated_sources = sorted(
        (source for source, source_days in days.items() if len(source_days) > 1), key=str.casefold
    )
    if not repeated_sources:
        return "No source was searched more than once" if search_runs else "none yet"
    return "; ".join(
        f"{source} on {len(days[source])} days, last {max(days[source])}"
        for source in repeated_sources
    )


def _describe_last_days(search_runs: Sequence[SearchRun]) -> str:
    last_runs: dict[str, SearchRun] = {}
    for search_run in search_runs:
        known = last_runs.get(search_run.source)
        if known is None or search_run.last_day >= known.last_day:
            last_runs[search_run.source] = search_run
    source_days = [
        f"{name} {format_run_day(search_run)}"
        for name, search_run in sorted(last_runs.items(), key=lambda pair: pair[0].casefold())
        if search_run.kind != "replay"
    ]
    return "; ".join(source_days) or ("not published here" if search_runs else "none yet")


def _describe_deduplication(snapshot: ReviewSnapshot) -> str:
    streams = [stream for stream in (snapshot.flow.main, snapshot.flow.other) if stream is not None]
    tool_counts = [stream.duplicates_tool.n for stream in streams]
    hand_counts = [stream.duplicates_hand.n for stream in streams]
    if None in tool_counts or None in hand_counts:
        return "not published here"
    with snapshot.project.store.read() as conn:
        was_run = bool(audit_events.list_events(conn, kind=RUN_EVENT, until=snapshot.until))
    tool_total, hand_total = (
        sum(count or 0 for count in tool_counts),
        sum(count or 0 for count in hand_counts),
    )
    if not (was_run or tool_total or hand_total):
        return "not done yet"
    return (
        "By identifiers and comparison of title, authors, year and journal; "
        f"{tool_total:,} removed automatically, {hand_total:,} manually"
    )


def _join_names(names: Sequence[str]) -> str:
    return "; ".join(names) or "none recorded"


def _describe_rules(snapshot: ReviewSnapshot) -> str:
    rules = snapshot.project.protocol.rules
    if not rules:
        return "none"
    return "; ".join(f"{rule.id}: records must match {rule.must_match}" for rule in rules)
