"""Runs a harvest: the date ranges of each source in parallel, then the update check."""

import json
import logging
import os
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from review.errors import ProtocolError, QueryError, ReviewError, SourceError, StoreError
from review.query.matching import build_text_matcher
from review.sources import SOURCES
from review.sources.http import ATTEMPTS, HttpClient, get_default_cache
from review.sources.models import HarvestWindow, ResultPage
from review.sources.rate_limits import (
    BASE_URLS,
    is_default_address,
    read_api_keys,
    resolve_base_url,
)
from review.store import Connection, harvests, records
from review.store.timestamps import utc_now
from review.workflow.harvest import alerts, locking, status, update_check, windows
from review.workflow.harvest.ingest import IngestTarget, ingest_page
from review.workflow.harvest.models import (
    Counts,
    HarvestControl,
    HarvestProgress,
    HarvestRun,
    WindowOutcome,
    WindowPlan,
)
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

log = logging.getLogger(__name__)
REDUCED_ATTEMPTS = 2
"""Tries of a request where the source gave nothing for the window before."""


def run_harvest(
    project: Project,
    who: str,
    *,
    sources: tuple[str, ...] = (),
    control: HarvestControl | None = None,
) -> HarvestRun:
    """Harvests what is new; two harvests of one review never run at once.

    Args:
        sources: names of sources; the protocol's where empty.

    Raises:
        Busy: another harvest of this review is running.
        ProtocolError, QueryError: the protocol names no source, or its query cannot be read.
    """
    require_role(project, who, "harvest")
    control = control or HarvestControl()
    search = project.protocol.search
    names = windows.select_sources(search, sources)
    for name in names:
        windows.compile_source_query(search, name)
        _require_contact(project, name, control)
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    with locking.hold_lock(project, who):
        with project.store.read() as conn:
            last_known = max(records.list_numbers(conn), default=0)
        with ThreadPoolExecutor(len(names)) as pool:
            try:
                jobs = [
                    pool.submit(_harvest_source, project, name, (who, run, last_known), control)
                    for name in names
                ]
                results = [job.result() for job in jobs]
            except BaseException:
                control.stopped = True
                raise
        new_alerts = alerts.raise_new_alerts(project)
    outcomes = tuple(outcome for source_outcomes, _, _ in results for outcome in source_outcomes)
    updates = sum(learned for _, learned, _ in results)
    still_open = (*status.list_open_windows(project), *(note for _, _, note in results if note))
    return HarvestRun(run, outcomes, tuple(new_alerts), updates, still_open)


def create_client(project: Project, *, live: bool = False) -> HttpClient:
    """A client with the review's contact address; its pace may be scaled for a test server."""
    pace = float(os.environ.get("FUNNEL_PACE", "1"))
    http = HttpClient(
        get_default_cache(), contact=project.protocol.search.contact, pace=1.0 if live else pace
    )
    http.keys.update(read_api_keys())
    return http


def _require_contact(project: Project, name: str, control: HarvestControl) -> None:
    search = project.protocol.search
    uses_live_service = control.live or is_default_address(name, search.base_urls)
    if uses_live_service and not search.contact:
        raise ProtocolError(
            "'search.contact' is missing: the services require a contact e-mail address. Add it "
            "to protocol.yaml."
        )


def _get_base_url(project: Project, name: str, control: HarvestControl) -> str:
    if control.live:
        return BASE_URLS[name]
    return resolve_base_url(name, project.protocol.search.base_urls)


def _harvest_source(
    project: Project, name: str, run_info: tuple[str, str, int], control: HarvestControl
) -> tuple[list[WindowOutcome], int, str | None]:
    """All windows of one source, one after the other, then what became of what was known before;
    a failed window does not stop the others. Gives relations learned and what could not be asked.
    """
    today = control.today or datetime.now(UTC).date()
    who, run, last_known = run_info
    http = create_client(project, live=control.live)
    try:
        with project.store.read() as conn:
            earlier_harvests = harvests.list_harvests(conn, source=name)
            unread_harvests = frozenset(earlier.id for earlier in earlier_harvests) - set(
                harvests.get_totals(conn)
            )
        window_plans = windows.plan_windows(
            project.protocol.search, name, earlier_harvests, today, unread_harvests
        )
        outcomes: list[WindowOutcome] = []
        for plan in window_plans:
            if control.stopped:
                break
            source_failed = bool(outcomes) and not outcomes[-1].pages and bool(outcomes[-1].note)
            http.attempts = REDUCED_ATTEMPTS if source_failed else ATTEMPTS
            outcomes.append(_harvest_window(project, plan, (who, run, today), http, control))
        if control.stopped:
            return outcomes, 0, None
        return outcomes, *_check_known_records(project, name, (http, today, last_known), control)
    finally:
        http.close()


def _harvest_window(
    project: Project,
    plan: WindowPlan,
    run_info: tuple[str, str, date],
    http: HttpClient,
    control: HarvestControl,
) -> WindowOutcome:
    """One window, from its beginning or from where it was left."""
    started = time.monotonic()
    requests_before, faults_before = sum(http.requests.values()), http.faults.copy()
    harvest_id, batch, counts, resume = _open_harvest(project, plan, run_info)
    source = SOURCES[plan.source]
    try:
        matches = build_text_matcher(windows.parse_query(project.protocol.search))
    except QueryError:
        if not source.takes_query:
            raise
        matches = None
    posted_days = plan.window.posted if "posted" not in source.windows else None
    target = IngestTarget(
        harvest=harvest_id,
        batch=batch,
        source=plan.source,
        runs_query=source.takes_query,
        matches=matches,
        posted_days=posted_days,
    )
    base, stopped = _get_base_url(project, plan.source, control), None
    result_pages = source.search(plan.compiled, plan.window, http, base, resume=resume)
    notes: dict[str, None] = {}
    try:
        for page in result_pages:
            notes.update(dict.fromkeys(page.notes))
            new, known = ingest_page(project, target, page, counts)
            _report_progress(control, http, plan, page, (counts.pages, new, known))
            if control.stopped:
                stopped = "stopped by a user; the next run resumes here"
                break
    except (SourceError, StoreError) as error:
        stopped = str(error)
        log.warning("%s: %s", plan.source, stopped)
    verdict = "incomplete" if stopped or counts.short_slices else "complete"
    note = "; ".join([*counts.shortfall_reasons, *([stopped] if stopped else [])]) or None
    outcome = WindowOutcome(
        source=plan.source,
        window=plan.window,
        verdict=verdict,
        note=note,
        announced=sum(counts.announced.values()),
        received=counts.received,
        new=counts.new,
        known=counts.known,
        rejected=counts.rejected,
        unmatched=counts.unmatched,
        disagree=counts.disagree,
        pages=counts.pages,
        requests=sum(http.requests.values()) - requests_before,
        faults=dict(http.faults - faults_before),
        seconds=time.monotonic() - started,
        notes=tuple(notes),
    )
    _end_harvest(project, plan, (harvest_id, bool(stopped)), outcome, counts)
    return outcome


def _open_harvest(
    project: Project, plan: WindowPlan, run_info: tuple[str, str, date]
) -> tuple[int, int, Counts, dict[str, object] | None]:
    """The harvest's number, batch, tally so far and where to go on."""
    who, run, today = run_info
    if plan.resumes is not None:
        with project.store.read() as conn:
            interrupted = next(
                harvest_row
                for harvest_row in harvests.list_harvests(conn)
                if harvest_row.id == plan.resumes
            )
            return (
                interrupted.id,
                interrupted.batch,
                status.get_counts(conn, interrupted.id),
                harvests.get_cursor(conn, interrupted.id),
            )
    window = plan.window
    detail: dict[str, object] = {
        "by": window.by,
        "asked_on": today.isoformat(),
        "could not be asked": plan.unsupported,
    }
    if window.posted:
        detail["posted"] = [day.isoformat() for day in window.posted]
    if plan.closes is not None:
        detail["closes"] = plan.closes
    at = utc_now()
    name = f"{window.since} to {window.until}" + (
        "" if window.by == "posted" else f" ({window.by})"
    )
    query_info = {"query": plan.query, "compiled": plan.compiled}
    with project.store.write() as conn:
        batch = records.add_batch(
            conn,
            at,
            who,
            kind="harvest",
            source=plan.source,
            name=name,
            announced=0,
            parsed=0,
            rejected=0,
            new=0,
            known=0,
            detail=json.dumps(query_info),
        )
        number = harvests.open_harvest(
            conn,
            at,
            who,
            detail=detail,
            run=run,
            source=plan.source,
            batch=batch,
            query=plan.query,
            compiled=plan.compiled,
            window_from=window.since.isoformat(),
            window_to=window.until.isoformat(),
        )
        for replaced_id in plan.replaces:
            reason = f"nothing was retrieved; these dates were searched again in harvest {number}"
            harvests.end_harvest(conn, replaced_id, at=at, verdict="closed", note=reason)
    return number, batch, Counts(), None


def _end_harvest(
    project: Project,
    plan: WindowPlan,
    end_state: tuple[int, bool],
    outcome: WindowOutcome,
    counts: Counts,
) -> None:
    """Notes how a window ended, and what it makes good."""
    number, stopped = end_state
    detail = {
        "stopped": stopped,
        "short": counts.short_slices,
        "requests": outcome.requests,
        "faults": outcome.faults,
        "seconds": round(outcome.seconds, 3),
    }
    try:
        with project.store.write() as conn:
            harvests.end_harvest(
                conn,
                number,
                at=utc_now(),
                verdict=outcome.verdict,
                note=outcome.note,
                detail=detail,
            )
            if plan.closes is not None and outcome.verdict == "complete":
                _close_slice(project, conn, plan, number)
    except StoreError as error:
        log.warning("%s: the end of the harvest could not be recorded: %s", plan.source, error)


def _close_slice(
    project: Project, conn: Connection, plan: WindowPlan, closing_harvest: int
) -> None:
    """Takes a slice that was made good off the harvest that fell short."""
    short_harvest = next(
        harvest_row for harvest_row in harvests.list_harvests(conn) if harvest_row.id == plan.closes
    )
    completed_days = [plan.window.since.isoformat(), plan.window.until.isoformat()]
    remaining = [
        days for days in short_harvest.end.get("short", []) if list(days) != completed_days
    ]
    verdict = "incomplete" if remaining else "closed"
    note = f"{completed_days[0]}..{completed_days[1]} completed by harvest {closing_harvest}"
    harvests.end_harvest(
        conn,
        short_harvest.id,
        at=utc_now(),
        verdict=verdict,
        note=f"{short_harvest.note}; {note}",
        detail={**short_harvest.end, "short": remaining},
    )


def _report_progress(
    control: HarvestControl,
    http: HttpClient,
    plan: WindowPlan,
    page: ResultPage,
    counts: tuple[int, int, int],
) -> None:
    pages, new, known = counts
    if control.progress is None:
        return
    rate_limit = SOURCES[plan.source].rate_limit
    control.progress(
        HarvestProgress(
            source=plan.source,
            slice=page.slice,
            page=pages,
            announced=page.announced,
            received=page.received,
            new=new,
            known=known,
            rejected=len(page.parsed.rejected),
            requests=sum(http.requests.values()),
            faults=sum(http.faults.values()),
            gap=rate_limit.gap,
            share=_compute_share(plan.window, page),
        )
    )


def _compute_share(window: HarvestWindow, page: ResultPage) -> float:
    """Part of a window that is read once this page is, by days."""
    first_day, last_day = (
        date.fromisoformat(day) for day in re.findall(r"\d{4}-\d\d-\d\d", page.slice)[:2]
    )
    slice_share = (
        1.0 if page.last or not page.announced else min(1.0, page.received / page.announced)
    )
    days_read = (first_day - window.since).days + slice_share * ((last_day - first_day).days + 1)
    return min(1.0, days_read / ((window.until - window.since).days + 1))


def _check_known_records(
    project: Project, name: str, check_info: tuple[HttpClient, date, int], control: HarvestControl
) -> tuple[int, str | None]:
    """What a source says today of documents known before; a failure is reported, not raised."""
    http, today, last_known = check_info
    endpoint = (http, _get_base_url(project, name, control))
    try:
        return update_check.check_known_records(project, name, endpoint, today, last_known), None
    except ReviewError as error:
        return 0, f"{name}: existing records could not be checked for updates: {error}"
