"""Looks for open-access PDFs of reports that passed screening, and records each attempt."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from review.errors import FullTextError
from review.sources import pdfs
from review.sources.http import HttpClient, get_default_cache
from review.sources.rate_limits import BASE_URLS, resolve_base_url
from review.store import files as stored_files
from review.store import links, records, retrievals
from review.store.records import format_record_key
from review.store.timestamps import format_timestamp, utc_now
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts.retrieval_statements import (
    BY_PERSON,
    BY_SEARCH,
    NO_IDENTIFIER,
    NOT_RETRIEVED,
)
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.screening import status as standings

MAX_ATTEMPTS = 4
"""Tries of one PDF at one place; there are other places, and other days."""
MAX_UNREACHED = 5
"""Reports in a row for which no service answered at all, after which a run stops."""
RETRY_AFTER = timedelta(days=7)
"""How long a report that was not to be had is left alone, unless asked for again."""
NOT_REACHED = "not reached"
ProgressCallback = Callable[[int, int, str], None]
"""Called with (done, in all, what came of the newest)."""


@dataclass(frozen=True, slots=True)
class RetrievalResult:
    """What came of seeking one report."""

    key: str
    state: str
    """retrieved, not retrieved, or not reached: a service did not answer, and the report is sought
    again in the next run."""
    location: str | None
    """Where it was found."""
    reason: str | None
    """Why it was not, every place tried."""
    was_answered: bool = True
    """Some service answered; False: the network may be lost."""


def list_missing_pdfs(project: Project, *, include_recent: bool = False) -> list[int]:
    """Reports that passed screening and have no PDF, in order of arrival.

    Args:
        again: also those that were not to be had in the last seven days.
    """
    with project.store.read() as conn:
        statuses = standings.compute_statuses(project, conn)
        attached = set(stored_files.list_current_files(conn))
        groups = links.list_groups(conn)
        newest = retrievals.list_newest_states(conn)
        since = format_timestamp(utc_now() - RETRY_AFTER)
        recent = {n for n, at in retrievals.list_newest_timestamps(conn).items() if at > since}
        all_numbers = records.list_numbers(conn)
    passed = standings.list_sought_reports(
        project.protocol, statuses, {groups.get(n, (n, n))[0] for n in all_numbers}
    )
    with_pdf = {groups.get(n, (n, n))[0] for n in attached}
    missing = sorted(passed - with_pdf)
    if include_recent:
        return missing
    return [
        n for n in missing if not (newest.get(n, ("", None))[0] == "not retrieved" and n in recent)
    ]


def fetch_pdfs(
    project: Project,
    who: str,
    *,
    include_recent: bool = False,
    live: bool = False,
    most: int | None = None,
    progress: ProgressCallback | None = None,
) -> list[RetrievalResult]:
    """Seeks the PDFs that are wanted; each attempt is kept as soon as it is made.

    A report is sought under all its records. A run that dies goes on with what is left, and one
    that meets no answer several times in a row stops, so that a lost network is waited for.

    Args:
        most: at most so many reports in this run.
    """
    require_role(project, who, "attach")
    numbers = list_missing_pdfs(project, include_recent=include_recent)[:most]
    with project.store.read() as conn:
        groups = links.list_groups(conn)
    base_urls = project.protocol.search.base_urls
    http = build_client(project, live)

    def get_base_url(service: str) -> str:
        return BASE_URLS[service] if live else resolve_base_url(service, base_urls)

    results: list[RetrievalResult] = []
    unanswered = 0
    try:
        for count, number in enumerate(numbers, 1):
            if unanswered >= MAX_UNREACHED:
                break
            members = [number, *(n for n, (r, _) in groups.items() if r == number and n != number)]
            result = _download_pdf(project, number, members, (who, http), get_base_url)
            results.append(result)
            unanswered = 0 if result.was_answered else unanswered + 1
            if progress is not None:
                progress(
                    count,
                    len(numbers),
                    f"{result.key} {result.state} {result.location or result.reason or ''}",
                )
    finally:
        http.close()
    return results


def build_client(project: Project, live: bool) -> HttpClient:
    """A client with the review's contact address and few tries."""
    pace = 1.0 if live else float(os.environ.get("FUNNEL_PACE", "1"))
    http = HttpClient(get_default_cache(), contact=project.protocol.search.contact, pace=pace)
    http.attempts = MAX_ATTEMPTS
    return http


def _download_pdf(
    project: Project,
    number: int,
    members: list[int],
    person_and_client: tuple[str, HttpClient],
    base: pdfs.AddressLookup,
) -> RetrievalResult:
    """One report, under each of its records until one gives a PDF."""
    who, http = person_and_client
    key = format_record_key(number)
    with project.store.write() as conn:
        stored = records.get_records(conn, members)
        dois = records.get_edited_values(conn, "doi")
        last_attempt = retrievals.get_newest_attempt(conn, number)
        retrievals.add_attempt(conn, number, "sought", who, utc_now())
    failures: dict[str, None] = {}
    is_temporary, was_answered = False, not members
    for member in members:
        record = stored[member].record
        if record.doi is None and member in dois:
            record = replace(record, doi=dois[member])
        search_result = pdfs.find_pdf(record, http, base)
        failures.update(
            dict.fromkeys(
                f"{location}: {_shorten_reason(why, location)}"
                for location, why in search_result.attempts
            )
        )
        is_temporary |= search_result.is_temporary
        was_answered |= search_result.was_answered or not search_result.attempts
        if search_result.pdf is None:
            continue
        try:
            name = f"{key}.pdf"
            attachments.attach_pdf(
                project, number, name, search_result.pdf, who, origin=search_result.url or ""
            )
        except FullTextError as error:
            failures[str(error)] = None
            continue
        return RetrievalResult(key, "retrieved", search_result.service, None)
    reason = "; ".join(failures) or NO_IDENTIFIER
    missed_before = last_attempt if last_attempt and last_attempt.state == NOT_RETRIEVED else None
    if is_temporary and missed_before is None:
        return RetrievalResult(key, NOT_REACHED, None, reason, was_answered)
    with project.store.write() as conn:
        if missed_before and (is_temporary or missed_before.source == BY_PERSON):
            retrievals.repeat_attempt(conn, missed_before, utc_now())
        else:
            retrievals.add_attempt(
                conn, number, NOT_RETRIEVED, who, utc_now(), source=BY_SEARCH, reason=reason
            )
    state = NOT_REACHED if is_temporary else NOT_RETRIEVED
    return RetrievalResult(key, state, None, reason, was_answered or not is_temporary)


def _shorten_reason(why: str, location: str) -> str:
    """A reason without the place it begins with and without the address it ends with."""
    text = why.removeprefix(f"{location}: ")
    return text.split(" (http")[0][:300]
