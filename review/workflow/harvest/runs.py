"""One run: each source's windows side by side, then what became of documents known before."""

import json
import logging
import os
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from review.errors import ProtocolError, QueryError, ReviewError, SourceError, StoreError
from review.query.matching import matcher
from review.sources import SOURCES
from review.sources.http import ATTEMPTS, Http, default_cache
from review.sources.models import ResultPage, Window
from review.sources.rate_limits import PLACES, TERMS, at_home, place
from review.store import Connection, harvests, records
from review.store.timestamps import now
from review.workflow.harvest import alerts, locking, status, update_check, windows
from review.workflow.harvest.ingest import Place, Tally, take
from review.workflow.harvest.models import Control, Outcome, Plan, Run, Step
from review.workflow.project.project import Project

log = logging.getLogger(__name__)
FEW = 2
"""Tries of a request where the source gave nothing for the window before."""
SERVICE = {"pubmed": "ncbi", "medrxiv": "biorxiv", "arxiv-oai": "arxiv"}
"""Name of a source's pace where it differs from its own."""


def harvest(
    project: Project,
    who: str,
    *,
    sources: tuple[str, ...] = (),
    control: Control | None = None,
) -> Run:
    """Harvests what is new; two harvests of one review never run at once.

    Args:
        sources: names of sources; the protocol's where empty.

    Raises:
        Busy: another harvest of this review is running.
        ProtocolError, QueryError: the protocol names no source, or its query cannot be read.
    """
    control = control or Control()
    search = project.protocol.search
    names = windows.sources_of(search, sources)
    for name in names:
        windows.compiled(search, name)
        _known_contact(project, name, control)
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    with locking.held(project, who):
        with project.store.read() as conn:
            known = max(records.numbers(conn), default=0)
        with ThreadPoolExecutor(len(names)) as pool:
            try:
                jobs = [
                    pool.submit(_source, project, name, (who, run, known), control)
                    for name in names
                ]
                done = [job.result() for job in jobs]
            except BaseException:
                control.stopped = True
                raise
        raised = alerts.raise_new(project)
    outcomes = tuple(outcome for one, _, _ in done for outcome in one)
    updates = sum(learned for _, learned, _ in done)
    still = (*status.open_windows(project), *(note for _, _, note in done if note))
    return Run(run, outcomes, tuple(raised), updates, still)


def client(project: Project, *, live: bool = False) -> Http:
    """A client with the review's contact address; its pace may be scaled for a stand-in."""
    pace = float(os.environ.get("FUNNEL_PACE", "1"))
    http = Http(
        default_cache(), contact=project.protocol.search.contact, pace=1.0 if live else pace
    )
    key = os.environ.get("NCBI_API_KEY")
    if key:
        http.keys["ncbi"] = key
    return http


def _known_contact(project: Project, name: str, control: Control) -> None:
    search = project.protocol.search
    home = control.live or at_home(name, search.base_urls)
    if home and not search.contact:
        raise ProtocolError(
            "'search.contact' is missing: the services ask for an e-mail address they can write to "
            "before they block somebody. Add it to protocol.yaml."
        )


def _base(project: Project, name: str, control: Control) -> str:
    if control.live:
        return PLACES[name]
    return place(name, project.protocol.search.base_urls)


def _source(
    project: Project, name: str, told: tuple[str, str, int], control: Control
) -> tuple[list[Outcome], int, str | None]:
    """All windows of one source, one after the other, then what became of what was known before;
    a failed window does not stop the others. Gives relations learned and what could not be asked.
    """
    today = control.today or datetime.now(UTC).date()
    who, run, known = told
    http = client(project, live=control.live)
    try:
        with project.store.read() as conn:
            before = harvests.every(conn, source=name)
            unread = frozenset(one.id for one in before) - set(harvests.totals(conn))
        found = windows.plans(project.protocol.search, name, before, today, unread)
        outcomes: list[Outcome] = []
        for plan in found:
            if control.stopped:
                break
            failed = bool(outcomes) and not outcomes[-1].pages and bool(outcomes[-1].note)
            http.attempts = FEW if failed else ATTEMPTS
            outcomes.append(_window(project, plan, (who, run, today), http, control))
        if control.stopped:
            return outcomes, 0, None
        return outcomes, *_reask(project, name, (http, today, known), control)
    finally:
        http.close()


def _window(
    project: Project, plan: Plan, told: tuple[str, str, date], http: Http, control: Control
) -> Outcome:
    """One window, from its beginning or from where it was left."""
    began = time.monotonic()
    sent, failed = sum(http.requests.values()), http.faults.copy()
    harvest_id, batch, tally, resume = _opened(project, plan, told)
    source = SOURCES[plan.source]
    try:
        matches = matcher(windows.tree(project.protocol.search))
    except QueryError:
        if not source.asks:
            raise
        matches = None
    held = plan.window.posted if plan.source == windows.BULK else None
    where = Place(harvest_id, batch, plan.source, source.asks, matches, held)
    base, stopped = _base(project, plan.source, control), None
    found = source.search(plan.compiled, plan.window, http, base, resume=resume)
    notes: dict[str, None] = {}
    try:
        for page in found:
            notes.update(dict.fromkeys(page.notes))
            new, known = take(project, where, page, tally)
            _tell(control, http, plan, page, (tally.pages, new, known))
            if control.stopped:
                stopped = "stopped by hand; the next run goes on from here"
                break
    except (SourceError, StoreError) as error:
        stopped = str(error)
        log.warning("%s: %s", plan.source, stopped)
    verdict = "incomplete" if stopped or tally.short else "complete"
    note = "; ".join([*tally.why, *([stopped] if stopped else [])]) or None
    outcome = Outcome(
        plan.source, plan.window, verdict, note, sum(tally.announced.values()), tally.received,
        tally.new, tally.known, tally.rejected, tally.unmatched, tally.disagree, tally.pages,
        sum(http.requests.values()) - sent, dict(http.faults - failed), time.monotonic() - began,
        tuple(notes),
    )  # fmt: skip
    _end(project, plan, (harvest_id, bool(stopped)), outcome, tally)
    return outcome


def _opened(
    project: Project, plan: Plan, told: tuple[str, str, date]
) -> tuple[int, int, Tally, dict[str, object] | None]:
    """The harvest's number, batch, tally so far and where to go on."""
    who, run, today = told
    if plan.resumes is not None:
        with project.store.read() as conn:
            one = next(h for h in harvests.every(conn) if h.id == plan.resumes)
            return one.id, one.batch, status.tally(conn, one.id), harvests.cursor(conn, one.id)
    window = plan.window
    detail: dict[str, object] = {
        "by": window.by, "asked_on": today.isoformat(), "could not be asked": plan.said,
    }  # fmt: skip
    if window.posted:
        detail["posted"] = [day.isoformat() for day in window.posted]
    if plan.closes is not None:
        detail["closes"] = plan.closes
    at = now()
    name = f"{window.since} to {window.until}" + (
        "" if window.by == "posted" else f" ({window.by})"
    )
    asked = {"query": plan.query, "compiled": plan.compiled}
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, at, who, kind="harvest", source=plan.source, name=name, announced=0, parsed=0,
            rejected=0, new=0, known=0, detail=json.dumps(asked),
        )  # fmt: skip
        number = harvests.open_one(
            conn, at, who, detail=detail, run=run, source=plan.source, batch=batch,
            query=plan.query, compiled=plan.compiled, window_from=window.since.isoformat(),
            window_to=window.until.isoformat(),
        )  # fmt: skip
        for old in plan.instead:
            why = f"nothing of it was read; its days are asked for by harvest {number}"
            harvests.end(conn, old, at, "closed", why)
    return number, batch, Tally(), None


def _end(
    project: Project, plan: Plan, ended: tuple[int, bool], outcome: Outcome, tally: Tally
) -> None:
    """Notes how a window ended, and what it makes good."""
    number, stopped = ended
    detail = {
        "stopped": stopped, "short": tally.short, "requests": outcome.requests,
        "faults": outcome.faults, "seconds": round(outcome.seconds, 3),
    }  # fmt: skip
    try:
        with project.store.write() as conn:
            harvests.end(conn, number, now(), outcome.verdict, outcome.note, detail)
            if plan.closes is not None and outcome.verdict == "complete":
                _close(project, conn, plan, number)
    except StoreError as error:
        log.warning("%s: the end of the harvest could not be noted: %s", plan.source, error)


def _close(project: Project, conn: Connection, plan: Plan, by: int) -> None:
    """Takes a slice that was made good off the harvest that fell short."""
    old = next(one for one in harvests.every(conn) if one.id == plan.closes)
    made_good = [plan.window.since.isoformat(), plan.window.until.isoformat()]
    left = [days for days in old.end.get("short", []) if list(days) != made_good]
    verdict = "incomplete" if left else "closed"
    note = f"{made_good[0]}..{made_good[1]} made good by harvest {by}"
    harvests.end(conn, old.id, now(), verdict, f"{old.note}; {note}", {**old.end, "short": left})


def _tell(
    control: Control, http: Http, plan: Plan, page: ResultPage, counts: tuple[int, int, int]
) -> None:
    pages, new, known = counts
    if control.tell is None:
        return
    terms = TERMS[SERVICE.get(plan.source, plan.source)]
    control.tell(
        Step(
            plan.source, page.slice, pages, page.announced, page.received, new, known,
            len(page.parsed.rejected), sum(http.requests.values()), sum(http.faults.values()),
            terms.gap, _share(plan.window, page),
        )
    )  # fmt: skip


def _share(window: Window, page: ResultPage) -> float:
    """Part of a window that is read once this page is, by days."""
    first, last = (
        date.fromisoformat(day) for day in re.findall(r"\d{4}-\d\d-\d\d", page.slice)[:2]
    )
    within = 1.0 if page.last or not page.announced else min(1.0, page.received / page.announced)
    done = (first - window.since).days + within * ((last - first).days + 1)
    return min(1.0, done / ((window.until - window.since).days + 1))


def _reask(
    project: Project, name: str, told: tuple[Http, date, int], control: Control
) -> tuple[int, str | None]:
    """What a source says today of documents known before; a failure is told, not raised."""
    http, today, known = told
    where = (http, _base(project, name, control))
    try:
        return update_check.reask(project, name, where, today, known), None
    except ReviewError as error:
        return 0, f"{name}: known documents could not be asked after: {error}"
