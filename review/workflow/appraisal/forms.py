"""A reviewer's own forms: opened blind, answered item by item, finished and opened again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from review.checklists import PARTS, UNSURE, Asked, Checklist, answerable, asked_of, read_answer
from review.errors import ReviewError
from review.models import Answer
from review.scoring import Result, lacks_reason, score
from review.scoring.form import dead_keys
from review.store import Connection, answers, decisions, links
from review.store.answers import FormEvent
from review.store.records import key_of
from review.store.timestamps import now
from review.workflow.appraisal.assignment import (
    is_taken,
    last_stage,
    may_read,
    needed,
    place_reports,
    readers_of,
)
from review.workflow.appraisal.instruments import KIND, KIND_ITEM, checklist, pin
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class Form:
    """One reviewer's own form, and nobody else's answers."""

    report: int
    checklist: Checklist
    reviewer: str
    entries: Mapping[str, Answer]
    """Key -> newest answer; withdrawn ones left out."""
    finished: bool
    result: Result
    drafts: Mapping[str, Answer] = field(default_factory=dict)
    """Key -> quote, page and comment kept before there is an answer, or after it was withdrawn."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a reviewer enters for one key of a form."""

    record: int
    checklist: str
    key: str
    answer: str | None
    """None withdraws."""
    quote: str | None = None
    page: int | None = None
    comment: str | None = None


def reports_due(project: Project, conn: Connection) -> dict[int, str]:
    """Report -> status, for every report that has come as far as appraisal."""
    stage = last_stage(project)
    found = decisions.statuses(conn, stage.id)
    if stage.kind == "quality":
        return found
    return {report: status for report, status in found.items() if status == "included"}


def report_of(conn: Connection, record: int) -> int:
    """The report a record belongs to."""
    return links.group_of(conn, record).get(record, (record, record))[0]


def family(conn: Connection, report: int) -> list[int]:
    """The records of a report; answers given before a merge stay with it."""
    return links.members(conn, [report])[report]


def open_form(project: Project, record: int, name: str, reviewer: str) -> Form:
    """A reviewer's own form for the report of a record. Others' answers are not even read.

    Raises:
        ReviewError: no such checklist, or the report has not come as far as appraisal.
    """
    one = checklist(project, name)
    with project.store.read() as conn:
        report = due_report(project, conn, record)
        return own_form(conn, report, one, reviewer)


def own_form(conn: Connection, report: int, one: Checklist, reviewer: str) -> Form:
    """As open_form, within a transaction and without asking whether the report is due."""
    numbers = family(conn, report)
    newest = answers.newest(answers.of_reviewer(conn, numbers, reviewer, one.id))
    entries = {key: entry for key, entry in newest.items() if entry.answer is not None}
    events = answers.form_events(conn, numbers, one.id)
    done = is_finished(events, reviewer)
    drafts = {
        key: entry
        for key, entry in newest.items()
        if entry.answer is None and (entry.quote or entry.page or entry.comment)
    }
    return Form(report, one, reviewer, entries, done, result_of(one, entries), drafts)


def result_of(one: Checklist, entries: Mapping[str, Answer]) -> Result:
    """What a form gives; comments of judgements are their sentences."""
    reasons = {key: entry.comment for key, entry in entries.items() if entry.comment}
    return score(one, {key: entry.answer for key, entry in entries.items()}, reasons)


def is_finished(events: Iterable[FormEvent], reviewer: str) -> bool:
    """Whether a reviewer's newest word on a form is that it is finished."""
    mine = [event.state for event in events if event.reviewer == reviewer]
    return bool(mine) and mine[-1] == "finished"


def due_report(project: Project, conn: Connection, record: int) -> int:
    report = report_of(conn, record)
    if report not in reports_due(project, conn):
        stage = last_stage(project).id
        raise ReviewError(
            f"{key_of(record)} is not due for appraisal: it has not come as far as '{stage}'."
        )
    return report


def answer(project: Project, given: Given, reviewer: str) -> Form:
    """Adds one answer and gives the form after it.

    Raises:
        ReviewError: the report is not due, two others appraise it, the form is finished, the item
            does not take the answer, or a judgement that differs from the proposal has no sentence.
    """
    one = checklist(project, given.checklist)
    place_reports(project)
    with project.store.write() as conn:
        return add_answers(project, conn, one, [given], reviewer)


def add_answers(
    project: Project, conn: Connection, one: Checklist, wanted: Iterable[Given], reviewer: str
) -> Form:
    """Adds several answers of one form in one transaction; raises as answer does, then keeps none.

    They are of one report and may come in any order: judgements are checked when all are in.
    """
    at, rows = now(), []
    forms: dict[int, Form] = {}
    for given in wanted:
        if given.record not in forms:
            report = due_report(project, conn, given.record)
            forms[given.record] = _writable(project, conn, report, one, reviewer)
        report = forms[given.record].report
        asked = asked_of(one, given.key)
        said = read_answer(asked, given.answer)
        rows.append(
            Answer(
                report, one.id, asked.key, reviewer, said, at,
                given.quote or None, given.page, given.comment or None,
            )
        )  # fmt: skip
    if not rows:
        raise ReviewError("There is no answer to add.")
    pin(conn, one, reviewer)
    answers.add(conn, rows, protocol=project.fingerprint)
    after = own_form(conn, rows[-1].record, one, reviewer)
    for row in rows:
        check_sentence(one, after.entries, row)
    return after


def _writable(
    project: Project, conn: Connection, report: int, one: Checklist, reviewer: str
) -> Form:
    who = readers_of(project, conn, [report])
    if reviewer not in who.people:
        raise ReviewError(
            f"{reviewer} does not appraise in this review; these do: {', '.join(who.people)}."
        )
    form = own_form(conn, report, one, reviewer)
    if not form.entries and not may_read(who, report, reviewer):
        raise ReviewError(
            f"{key_of(report)} was drawn for {' and '.join(who.drawn[report])}; "
            "take the next report of your own list."
        )
    ended = finishers(conn, report, one) if one.id != KIND else set()
    if is_taken(who, report, reviewer, readers(conn, report), ended):
        raise ReviewError(
            f"{key_of(report)} is appraised by {needed(who, report)} others already; "
            "take the next report."
        )
    if form.finished:
        raise ReviewError(
            f"You have finished {one.short} for {key_of(report)}. Open it again to change it."
        )
    return form


def readers(conn: Connection, report: int) -> set[str]:
    """Reviewers who have given any answer for a report."""
    numbers = set(family(conn, report))
    return {who for record, who in answers.writers(conn, numbers)}


def finishers(conn: Connection, report: int, one: Checklist) -> set[str]:
    """Reviewers whose form of a report is finished now."""
    events = answers.form_events(conn, family(conn, report), one.id)
    return {event.reviewer for event in events if is_finished(events, event.reviewer)}


def check_sentence(one: Checklist, entries: Mapping[str, Answer], row: Answer) -> None:
    """Raises ReviewError where a judgement differs from the proposal and says no sentence why."""
    form = {key: entry.answer for key, entry in entries.items()}
    if row.item.split(":")[0] in PARTS and lacks_reason(one, form, row.item, row.comment):
        raise ReviewError(
            f"{asked_of(one, row.item).name}: the answers propose another judgement. "
            "Say in a sentence why yours differs."
        )


def mark_finished(conn: Connection, report: int, one: Checklist, reviewer: str) -> Form:
    """Notes that a form is finished.

    Raises:
        ReviewError: something that must be answered is not, or a judgement that differs from the
            proposal has no sentence; names them.
    """
    form = own_form(conn, report, one, reviewer)
    if form.result.unanswered:
        raise ReviewError(_left(one, form.result.unanswered))
    if not form.entries:
        raise ReviewError(f"{one.short}: nothing is answered yet.")
    for entry in form.entries.values():
        check_sentence(one, form.entries, entry)
    if not form.finished:
        answers.add_form(conn, FormEvent(report, one.id, reviewer, "finished", now()))
    return own_form(conn, report, one, reviewer)


def mark_reopened(conn: Connection, report: int, one: Checklist, reviewer: str) -> Form:
    """Notes that a finished form is open again."""
    if own_form(conn, report, one, reviewer).finished:
        answers.add_form(conn, FormEvent(report, one.id, reviewer, "reopened", now()))
    return own_form(conn, report, one, reviewer)


def _left(one: Checklist, keys: tuple[str, ...]) -> str:
    shown = [f"{a.number} {a.name}".strip() for a in (asked_of(one, key) for key in keys[:5])]
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return f"{one.short} is not finished: {'; '.join(shown)}{more} not answered."


def own_kind(conn: Connection, report: int, reviewer: str) -> str | None:
    """The kind of study as this reviewer sees it, or as it was settled."""
    numbers = family(conn, report)
    settled = [
        one
        for one in answers.of_everybody(conn, numbers, KIND)
        if one.role == "consensus" and one.item == KIND_ITEM
    ]
    if settled and settled[-1].answer is not None:
        return settled[-1].answer
    mine = answers.newest(answers.of_reviewer(conn, numbers, reviewer, KIND)).get(KIND_ITEM)
    return mine.answer if mine and mine.answer != UNSURE else None


def counted(one: Checklist, entries: Mapping[str, Answer]) -> tuple[int, int]:
    """Answers given and answers asked, of what applies and must be answered."""
    must = [asked for asked in asked_now(one, entries) if not asked.optional]
    return sum(asked.key in entries for asked in must), len(must)


def asked_now(one: Checklist, entries: Mapping[str, Answer]) -> list[Asked]:
    """What a form asks under the facts answered so far; items that wait for a fact are in."""
    dead = dead_keys(one, {key: entry.answer for key, entry in entries.items()})
    return [asked for asked in answerable(one) if asked.key not in dead]
