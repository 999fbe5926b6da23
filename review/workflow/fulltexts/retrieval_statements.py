"""Statements by people that a report's full text is not available, and why, or that it is.

PRISMA 2020 draws such reports as not retrieved. What the search for open copies found is reported
by `retrieval`; a person's word comes after it and can be taken back.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from review.errors import ReviewError
from review.protocol.models import list_stage_reviewers
from review.store import Connection, records, retrievals
from review.store.records import format_record_key
from review.store.retrievals import RetrievalAttempt
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import status as standings

BY_PERSON = "person"
"""Source of an attempt that a person entered."""
BY_SEARCH = "open copies"
"""Source of an attempt that the search for open copies ended without a copy."""
NOT_RETRIEVED, RETRIEVED, SOUGHT = "not retrieved", "retrieved", "sought"
NO_COPY_REASON = "No open copy found"
NOT_SEARCHED_REASON = "No open copy found; Unpaywall was not searched"
NO_IDENTIFIER_REASON = "No identifier to search for an open copy"
NO_IDENTIFIER = "no identifier under which an open copy could be sought"
"""What the search keeps of a report that has no identifier."""
_SERVICE = r"(?:arxiv|medrxiv|biorxiv|pmc(?:-cloud)?|unpaywall|europepmc|preprint server): "
_SERVICE_ANSWER = re.compile(rf"{_SERVICE}|[\w.-]+\.pdf: ")
"""How the search for open copies begins what a service answered it."""
_NOT_SEARCHED = "unpaywall: not searched"
"""How the search for open copies begins that it could not ask Unpaywall."""
_PLAIN_ANSWER = re.compile(
    _SERVICE + r"(?:no free PDF is known|the DOI is not known there|the article is not open there|"
    r"open access, but without a PDF|the answer is no PDF)"
)
"""Answers that tell a reader something; all others are the words of machines."""


def describe_reason(attempt: RetrievalAttempt) -> str | None:
    """Why a report was not retrieved, for figures and tables; None where nobody said.

    A person's reason is kept as it is. Of what services answered to the search for open copies,
    only plain refusals are reported; failures of machines stay in the log of the run.
    """
    reason = attempt.reason
    if reason is None or attempt.source == BY_PERSON:
        return reason
    if reason == NO_IDENTIFIER:
        return NO_IDENTIFIER_REASON
    if any(part.startswith(_NOT_SEARCHED) for part in reason.split("; ")):
        return NOT_SEARCHED_REASON
    if all(_PLAIN_ANSWER.fullmatch(part) for part in reason.split("; ")):
        return reason
    if attempt.source == BY_SEARCH or _SERVICE_ANSWER.match(reason):
        return NO_COPY_REASON
    return reason


@dataclass(frozen=True, slots=True)
class RetrievalStatement:
    """Who says what of a report's full text."""

    record: int
    state: Literal["retrieved", "not retrieved", "sought"]
    """sought takes the word before back."""
    reviewer: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MissedReport:
    """A report that a person marked as not retrieved."""

    number: int
    key: str
    title: str
    reviewer: str
    reason: str | None


def list_missed_reports(project: Project) -> list[MissedReport]:
    """The reports marked as not retrieved by people, in order of arrival."""
    with project.store.read() as conn:
        missed = retrievals.list_missed_by_person(conn)
        stored = records.get_records(conn, [attempt.record for attempt in missed])
    return [
        MissedReport(
            attempt.record,
            format_record_key(attempt.record),
            stored[attempt.record].record.title or "(no title)",
            attempt.who,
            attempt.reason,
        )
        for attempt in missed
    ]


def mark_retrieval(project: Project, statement: RetrievalStatement) -> bool:
    """Adds a statement in a transaction of its own; False where it was known. Raises as
    add_statement."""
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        at = retrievals.pick_statement_time(conn, utc_now())
        return add_statement(project, conn, statement, at, entered_by=statement.reviewer)


def add_statement(
    project: Project,
    conn: Connection,
    statement: RetrievalStatement,
    at: datetime,
    *,
    entered_by: str,
) -> bool:
    """Adds a statement; False where the newest one says the same already.

    Raises:
        ReviewError: the report was not sought, was judged by its full text already, or the person
            is not a reviewer of the full texts.
    """
    require_role(project, entered_by, "contribute")
    key = format_record_key(statement.record)
    stage = next((stage for stage in project.protocol.stages if stage.kind == "eligibility"), None)
    if stage is None:
        raise ReviewError(f"{key}: the protocol has no stage at which full texts are judged.")
    allowed = list_stage_reviewers(project.protocol, stage)
    if statement.reviewer not in allowed:
        raise ReviewError(
            f"{statement.reviewer!r} is not a reviewer of stage {stage.id!r}; these are: "
            f"{', '.join(allowed) or 'nobody'}."
        )
    report_decisions = standings.load_report_decisions(conn, [statement.record])
    report = report_decisions.report_of[statement.record]
    statuses = standings.get_report_statuses(project.protocol, report_decisions, report)
    if stage.id not in statuses:
        last_stage = next(s for s in reversed(project.protocol.stages) if s.id in statuses)
        raise ReviewError(
            f"{key} was not sought for retrieval: it is {statuses[last_stage.id].status} at "
            f"{last_stage.id!r}."
        )
    if statement.state == NOT_RETRIEVED and statuses[stage.id].status in ("included", "excluded"):
        raise ReviewError(f"{key} was judged by its full text already, so it was retrieved.")
    previous = retrievals.get_newest_attempt(conn, report)
    reason = (statement.reason or "").strip() or None
    if previous is not None and (previous.state, previous.reason, previous.source) == (
        statement.state,
        reason,
        BY_PERSON,
    ):
        return False
    retrievals.add_attempt(
        conn, report, statement.state, statement.reviewer, at, source=BY_PERSON, reason=reason
    )
    return True
