"""Plans the date ranges of a run: unfinished ones first, then what is new since."""

from dataclasses import replace
from datetime import date, timedelta

from review.errors import ProtocolError
from review.protocol.models import SearchPlan
from review.query.ast import Node
from review.query.parser import parse
from review.sources import SOURCES
from review.sources.models import HarvestWindow
from review.store.harvests import Harvest
from review.workflow.harvest.models import WindowPlan


def select_sources(search: SearchPlan, requested: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The sources to harvest: those asked for, else the protocol's.

    Raises:
        ProtocolError: none is named, or one the tool does not harvest.
    """
    names = requested or search.sources
    if not names:
        raise ProtocolError(
            "'search.sources' lists no source that Funnel can search. Choose from: "
            f"{', '.join(SOURCES)}."
        )
    for name in names:
        if name not in SOURCES:
            raise ProtocolError(
                f"{name!r} is not a source that Funnel can search. Choose from: "
                f"{', '.join(SOURCES)}; import searches of other databases as files."
            )
    return tuple(dict.fromkeys(names))


def compile_source_query(search: SearchPlan, name: str) -> tuple[str, str | None, tuple[str, ...]]:
    """The query as written, as the source is asked, and what could not be asked.

    Raises:
        QueryError: the protocol's query cannot be read.
    """
    source = SOURCES[name]
    native_query = search.native.get(name) if source.takes_native_query else None
    if source.compile_query is None:
        if native_query is None:
            parse(search.query)  # it is run here
        return search.query, native_query, ()
    if native_query is not None:
        return native_query, native_query, ()
    compilation = source.compile_query(parse(search.query))
    return search.query, compilation.text, compilation.unsupported


def parse_query(search: SearchPlan) -> Node:
    """The protocol's query, read."""
    return parse(search.query)


def plan_windows(
    search: SearchPlan,
    name: str,
    earlier_harvests: list[Harvest],
    today: date,
    unread_harvests: frozenset[int] = frozenset(),
) -> list[WindowPlan]:
    """The windows of one source this run harvests, in order.

    Args:
        before: the source's harvests so far, oldest first.
        unread: those of which no page was ever stored.
    """
    source_query = compile_source_query(search, name)
    query_text, compiled_query, unsupported = source_query
    same_query_harvests = [
        harvest
        for harvest in earlier_harvests
        if harvest.query == query_text and harvest.compiled == compiled_query
    ]
    incomplete_ids = {
        harvest.id
        for harvest in same_query_harvests
        if harvest.verdict not in ("complete", "closed")
    }
    open_harvests = [
        harvest
        for harvest in same_query_harvests
        if harvest.detail.get("closes", harvest.id) in incomplete_ids
    ]
    window_plans = [
        _resume_harvest(harvest, unsupported)
        for harvest in open_harvests
        if harvest.verdict is None or _was_stopped(harvest)
    ]
    resumed_windows = {plan.window for plan in window_plans}
    window_plans += [
        slice_plan
        for harvest in open_harvests
        for slice_plan in _plan_missing_slices(harvest, unsupported)
        if slice_plan.window not in resumed_windows
    ]
    last_day = min(search.to, today) if search.to else today
    main_harvests = [harvest for harvest in same_query_harvests if "closes" not in harvest.detail]
    if not any(_covers_start(harvest, search) for harvest in main_harvests):
        if search.from_ <= last_day and "posted" not in SOURCES[name].windows:
            window = HarvestWindow(search.from_, today, "changed", (search.from_, last_day))
            window_plans.append(WindowPlan(name, window, query_text, compiled_query, unsupported))
        elif search.from_ <= last_day:
            window_plans.append(
                WindowPlan(
                    name,
                    HarvestWindow(search.from_, last_day),
                    query_text,
                    compiled_query,
                    unsupported,
                )
            )
        return window_plans
    return _merge_windows(
        window_plans,
        _plan_new_windows(search, name, main_harvests, today, source_query),
        main_harvests,
        unread_harvests,
    )


def _merge_windows(
    resumed_plans: list[WindowPlan],
    new_plans: list[WindowPlan],
    main_harvests: list[Harvest],
    unread_harvests: frozenset[int],
) -> list[WindowPlan]:
    """What is taken up again and what is new; days of which nothing was read yet are asked for
    with the new ones, so that a source that is down for long leaves one open window, not many."""
    windows = {harvest.id: get_window(harvest) for harvest in main_harvests}
    merged_plans = []
    for plan in new_plans:
        absorbed_plans = [
            earlier_plan
            for earlier_plan in resumed_plans
            if earlier_plan.resumes in unread_harvests
            and earlier_plan.resumes in windows
            and earlier_plan.closes is None
            and earlier_plan.window.by == plan.window.by
        ]
        resumed_plans = [
            earlier_plan for earlier_plan in resumed_plans if earlier_plan not in absorbed_plans
        ]
        since = min(
            [plan.window.since, *(earlier_plan.window.since for earlier_plan in absorbed_plans)]
        )
        until = max(
            [plan.window.until, *(earlier_plan.window.until for earlier_plan in absorbed_plans)]
        )
        window = replace(plan.window, since=since, until=until)
        ids = tuple(
            earlier_plan.resumes
            for earlier_plan in absorbed_plans
            if earlier_plan.resumes is not None
        )
        merged_plans.append(replace(plan, window=window, replaces=ids))
    return resumed_plans + merged_plans


def _resume_harvest(harvest: Harvest, unsupported: tuple[str, ...]) -> WindowPlan:
    """Takes up a harvest that was cut off or stopped."""
    return WindowPlan(
        harvest.source,
        get_window(harvest),
        harvest.query,
        harvest.compiled,
        unsupported,
        resumes=harvest.id,
        closes=harvest.detail.get("closes"),
    )


def _was_stopped(harvest: Harvest) -> bool:
    return harvest.verdict == "incomplete" and bool(harvest.end.get("stopped"))


def _plan_missing_slices(harvest: Harvest, unsupported: tuple[str, ...]) -> list[WindowPlan]:
    """The slices of an incomplete harvest that fell short, each as a window of its own.

    A harvest that was itself to make another one good owes nothing: the other one's slice is asked
    for again, once.
    """
    if harvest.verdict != "incomplete" or harvest.end.get("stopped") or "closes" in harvest.detail:
        return []
    window = get_window(harvest)
    return [
        WindowPlan(
            harvest.source,
            HarvestWindow(
                date.fromisoformat(first_day),
                date.fromisoformat(last_day),
                window.by,
                window.posted,
            ),
            harvest.query,
            harvest.compiled,
            unsupported,
            closes=harvest.id,
        )
        for first_day, last_day in harvest.end.get("short", ())
    ]


def get_window(harvest: Harvest) -> HarvestWindow:
    """The window of a harvest."""
    posted = harvest.detail.get("posted")
    return HarvestWindow(
        date.fromisoformat(harvest.since),
        date.fromisoformat(harvest.until),
        harvest.detail.get("by", "posted"),
        (date.fromisoformat(posted[0]), date.fromisoformat(posted[1])) if posted else None,
    )


def _covers_start(harvest: Harvest, search: SearchPlan) -> bool:
    """Whether a harvest reads the protocol's days from their first."""
    by_days = (
        harvest.detail.get("by") == "posted" or "posted" not in SOURCES[harvest.source].windows
    )
    return by_days and harvest.since <= search.from_.isoformat()


def _plan_new_windows(
    search: SearchPlan,
    name: str,
    main_harvests: list[Harvest],
    today: date,
    source_query: tuple[str, str | None, tuple[str, ...]],
) -> list[WindowPlan]:
    """What came since the last runs: posted since, entered late, or changed."""
    query_text, compiled_query, unsupported = source_query
    source = SOURCES[name]
    overlap = timedelta(days=source.overlap_days)
    last_day = min(search.to, today) if search.to else today
    covered = max(_get_last_covered_day(harvest) for harvest in main_harvests)
    bounds = (search.from_, last_day)
    windows = []
    if "posted" in source.windows and (not source.changes_include_new or covered < last_day):
        begin = max(min(covered, last_day) - overlap, search.from_)
        windows.append(HarvestWindow(begin, last_day))
    if "changed" in source.windows:
        # An article may match only later, when its abstract or its MeSH headings are added.
        last_asked = max(
            _get_search_date(harvest)
            for harvest in main_harvests
            if harvest.detail["by"] == "changed" or _covers_start(harvest, search)
        )
        windows.append(HarvestWindow(min(last_asked, today) - overlap, today, "changed", bounds))
    return [WindowPlan(name, window, query_text, compiled_query, unsupported) for window in windows]


def _get_last_covered_day(harvest: Harvest) -> date:
    """Last day of publication a harvest read."""
    window = get_window(harvest)
    return window.posted[1] if window.posted else window.until


def _get_search_date(harvest: Harvest) -> date:
    return date.fromisoformat(str(harvest.detail["asked_on"]))
