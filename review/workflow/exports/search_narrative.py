"""Describes the searches of a review in sentences: each source with its dates and query."""

from collections.abc import Sequence

from review.protocol.models import SearchPlan
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.exports.search_runs import SearchRun, format_run_day
from review.workflow.records.search_dates import format_search_date

MAIN_ROUTES = ("databases", "registers")
MAX_LISTED_DAYS = 3
"""So many days of one source are named each; more as a span."""
MAX_LISTED_FILES = 10
"""So many files without a search date are named; the rest are counted."""
TIMES_WORDS = {1: "once", 2: "twice"}


def describe_searches(search_runs: Sequence[SearchRun], search_settings: SearchPlan) -> str:
    """What was searched, how and when; every sentence is true of what the log holds."""
    harvests = [search_run for search_run in search_runs if search_run.kind == "harvest"]
    files = [
        search_run for search_run in search_runs if search_run.kind not in ("harvest", "replay")
    ]
    main_files = [search_run for search_run in files if search_run.via in MAIN_ROUTES]
    other_files = [search_run for search_run in files if search_run.via not in MAIN_ROUTES]
    text_parts = []
    if harvests:
        is_single = len(list_sources(harvests)) == 1
        verb_phrase = "was searched via its API" if is_single else ("were searched via their APIs")
        text_parts.append(f"{join_names(format_dated_sources(harvests))} {verb_phrase}.")
    dated_files = [search_run for search_run in main_files if search_run.searched]
    undated_files = [search_run for search_run in main_files if not search_run.searched]
    if dated_files:
        text_parts.append(_describe_dated_files(dated_files))
    if undated_files:
        text_parts.append(
            f"Records of {join_names(format_dated_sources(undated_files))} were imported from "
            "search exports."
        )
    if other_files:
        runs_by_route = {
            via: [search_run for search_run in other_files if search_run.via == via]
            for via in dict.fromkeys(search_run.via for search_run in other_files)
        }
        route_texts = [
            f"{_format_route(via)} ({'; '.join(format_dated_sources(runs))})"
            for via, runs in runs_by_route.items()
        ]
        text_parts.append(f"Further records were found through {join_names(route_texts)}.")
    text_parts += _describe_missing_dates(files)
    return " ".join([*text_parts, _describe_query(harvests, files, search_settings)])


def _describe_dated_files(search_runs: Sequence[SearchRun]) -> str:
    """'Embase was searched on 12 March 2026 and Scopus on 14 March 2026; ...'"""
    by_source: dict[str, dict[str, None]] = {}
    for search_run in sorted(
        search_runs, key=lambda search_run: (search_run.source.casefold(), search_run.last_day)
    ):
        if search_run.searched:
            text = format_search_date(search_run.searched)
            by_source.setdefault(search_run.source, {})[text] = None
    [first, *others] = [
        f"{source} {{}}{join_names([*dates])}" for source, dates in by_source.items()
    ]
    names = [first.format("was searched "), *(other.format("") for other in others)]
    return f"{join_names(names)}; the search exports were imported."


def _describe_missing_dates(files: Sequence[SearchRun]) -> list[str]:
    """Which files have no search date, by name, and what their days are then."""
    undated = [search_run for search_run in files if not search_run.searched]
    names = list(dict.fromkeys(search_run.name or search_run.source for search_run in undated))
    if not names:
        return []
    listing = join_names(names[:MAX_LISTED_FILES])
    if len(names) > MAX_LISTED_FILES:
        listing = f"{', '.join(names[:MAX_LISTED_FILES])} and {len(names) - MAX_LISTED_FILES} more"
    days = (
        "For imported files the date of import is given."
        if len(undated) == len(files)
        else "Their dates are those of the import."
    )
    return [f"The search date of {listing} is not recorded.", days]


def _format_route(via: str) -> str:
    return {"citations": "citation searching"}.get(via, via)


def _describe_query(
    harvests: Sequence[SearchRun], files: Sequence[SearchRun], search_settings: SearchPlan
) -> str:
    """The query: what the tool ran is distinguished from what was run by hand."""
    window = (
        f"from {search_settings.from_} to {search_settings.to}"
        if search_settings.to
        else f"from {search_settings.from_} onwards"
    )
    query = " ".join(search_settings.query.split())
    if files and not harvests:
        return f"The search in the protocol covers records {window}; its query is: {query}."
    native_sources = {DISPLAY_NAMES.get(source, source) for source in search_settings.native}
    own_query_sources = [source for source in list_sources(harvests) if source in native_sources]
    query_scope = "all sources" if not files else "all APIs"
    sentence = (
        f"Records {window} were eligible. One Boolean query was used for {query_scope}: {query}."
    )
    if own_query_sources:
        sentence += (
            f" {join_names(own_query_sources)} {'was' if len(own_query_sources) == 1 else 'were'} "
            "searched with a separate query"
        )
        sentence += " (see the search appendix)."
    return sentence


def list_sources(search_runs: Sequence[SearchRun]) -> list[str]:
    """The sources of some searches, by name."""
    return sorted({search_run.source for search_run in search_runs}, key=str.casefold)


def format_dated_sources(search_runs: Sequence[SearchRun]) -> list[str]:
    """Each source with the days it was searched on: 'PubMed (2020-02-01 and 2020-03-01)'; for a
    file without a date the day of its import."""
    return [
        f"{name} ({_format_days(runs, [run.days for run in runs])})"
        for name, runs in _group_by_source(search_runs)
    ]


def format_dated_searches(search_runs: Sequence[SearchRun]) -> list[str]:
    """Each source with the days of its searches; days that are only those of an import say so."""
    return [
        f"{name} ({_format_days(runs, [_format_run_days(run) for run in runs])})"
        for name, runs in _group_by_source(search_runs)
    ]


def _group_by_source(search_runs: Sequence[SearchRun]) -> list[tuple[str, list[SearchRun]]]:
    return [
        (source, [run for run in search_runs if run.source == source])
        for source in list_sources(search_runs)
    ]


def _format_run_days(search_run: SearchRun) -> str:
    return format_run_day(search_run).replace(" (date of import)", ", date of import")


def _format_days(search_runs: Sequence[SearchRun], day_texts: Sequence[str]) -> str:
    """The days of a source's searches, each named while they are few."""
    texts = sorted(set(day_texts))
    if len(texts) <= MAX_LISTED_DAYS:
        return join_names(texts)
    first_day = min(run.first_day for run in search_runs)
    last_day = max(run.last_day for run in search_runs)
    are_days = all(run.first_day == run.last_day for run in search_runs)
    count = f"on {len(texts)} days" if are_days else f"{len(texts)} times"
    imported = sum(text.endswith(", date of import") for text in texts)
    ending = {0: "", len(texts): ", dates of import"}.get(imported, ", some by date of import")
    return f"{count} from {first_day} to {last_day}{ending}"


def join_names(names: Sequence[str]) -> str:
    """Names in a sentence: 'a, b and c'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def format_times(n: int) -> str:
    """How often: once, twice, 3 times."""
    return TIMES_WORDS.get(n, f"{n} times")
