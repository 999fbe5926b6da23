"""PDFs of reports that passed screening: sought where open copies are, attempts kept."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from review.errors import FullTextError
from review.sources import pdfs
from review.sources.http import Http, default_cache
from review.sources.rate_limits import PLACES, place
from review.store import files as stored_files
from review.store import links, records, retrievals
from review.store.records import key_of
from review.store.timestamps import now, to_text
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project
from review.workflow.screening import status as standings

ATTEMPTS = 4
"""Tries of one PDF at one place; there are other places, and other days."""
LOST = 5
"""Reports in a row for which a service did not answer, after which a run stops."""
REST = timedelta(days=7)
"""How long a report that was not to be had is left alone, unless asked for again."""
NOT_REACHED = "not reached"
Tell = Callable[[int, int, str], None]
"""Called with (done, in all, what came of the newest)."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What came of seeking one report."""

    key: str
    state: str
    """retrieved, not retrieved, or not reached: a service did not answer, and the report is sought
    again in the next run."""
    place: str | None
    """Where it was found."""
    reason: str | None
    """Why it was not, every place tried."""


def wanted(project: Project, *, again: bool = False) -> list[int]:
    """Reports that passed screening and have no PDF, in order of arrival.

    Args:
        again: also those that were not to be had in the last seven days.
    """
    with project.store.read() as conn:
        found = standings.compute(project, conn)
        have = set(stored_files.every(conn))
        groups = links.all_groups(conn)
        newest = retrievals.newest(conn)
        since = to_text(now() - REST)
        recent = {n for n, at in retrievals.newest_at(conn).items() if at > since}
        everything = records.numbers(conn)
    passed: set[int] | None = None
    for stage in project.protocol.stages:
        if stage.kind == "screening":
            here = found.get(stage.id, {})
            passed = {report for report, one in here.items() if one.status == "included"}
    if passed is None:
        passed = {groups.get(n, (n, n))[0] for n in everything}
    with_pdf = {groups.get(n, (n, n))[0] for n in have}
    left = sorted(passed - with_pdf)
    if again:
        return left
    return [
        n for n in left if not (newest.get(n, ("", None))[0] == "not retrieved" and n in recent)
    ]


def fetch_pdfs(
    project: Project,
    who: str,
    *,
    again: bool = False,
    live: bool = False,
    most: int | None = None,
    tell: Tell | None = None,
) -> list[Sought]:
    """Seeks the PDFs that are wanted; each attempt is kept as soon as it is made.

    A report is sought under all its records. A run that dies goes on with what is left, and one
    that meets no answer several times in a row stops, so that a lost network is waited for.

    Args:
        most: at most so many reports in this run.
    """
    numbers = wanted(project, again=again)[:most]
    with project.store.read() as conn:
        groups = links.all_groups(conn)
    others = project.protocol.search.base_urls
    http = client(project, live)

    def base(service: str) -> str:
        return PLACES[service] if live else place(service, others)

    done: list[Sought] = []
    try:
        for count, number in enumerate(numbers, 1):
            if len(done) >= LOST and {one.state for one in done[-LOST:]} == {NOT_REACHED}:
                break
            members = [number, *(n for n, (r, _) in groups.items() if r == number and n != number)]
            one = _seek(project, number, members, (who, http), base)
            done.append(one)
            if tell is not None:
                tell(count, len(numbers), f"{one.key} {one.state} {one.place or one.reason or ''}")
    finally:
        http.close()
    return done


def client(project: Project, live: bool) -> Http:
    """A client with the review's contact address and few tries."""
    pace = 1.0 if live else float(os.environ.get("FUNNEL_PACE", "1"))
    http = Http(default_cache(), contact=project.protocol.search.contact, pace=pace)
    http.attempts = ATTEMPTS
    return http


def _seek(
    project: Project, number: int, members: list[int], how: tuple[str, Http], base: pdfs.Base
) -> Sought:
    """One report, under each of its records until one gives a PDF."""
    who, http = how
    key = key_of(number)
    with project.store.write() as conn:
        stored = records.many(conn, members)
        dois = records.edits_by_record(conn, "doi")
        before = retrievals.newest(conn).get(number)
        retrievals.add(conn, number, "sought", who, now())
    tried: dict[str, None] = {}
    passing = False
    for member in members:
        record = stored[member].record
        if record.doi is None and member in dois:
            record = replace(record, doi=dois[member])
        found = pdfs.find(record, http, base)
        tried.update(dict.fromkeys(f"{where}: {_short(why, where)}" for where, why in found.tried))
        passing |= found.passing
        if found.pdf is None:
            continue
        try:
            name = f"{key}.pdf"
            attachments.attach(project, number, name, found.pdf, who, origin=found.url or "")
        except FullTextError as error:
            tried[str(error)] = None
            continue
        return Sought(key, "retrieved", found.place, None)
    reason = "; ".join(tried) or "no identifier under which an open copy could be sought"
    if passing and (before is None or before[0] != "not retrieved"):
        return Sought(key, NOT_REACHED, None, reason)
    known = before[1] if passing and before else reason
    with project.store.write() as conn:
        retrievals.add(conn, number, "not retrieved", who, now(), reason=known)
    return Sought(key, NOT_REACHED if passing else "not retrieved", None, reason)


def _short(why: str, place_: str) -> str:
    """A reason without the place it begins with and without the address it ends with."""
    text = why.removeprefix(f"{place_}: ")
    return text.split(" (http")[0][:300]
