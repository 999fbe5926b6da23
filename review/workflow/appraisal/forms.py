"""A reviewer's own forms: opened, answered item by item, finished and reopened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from review.checklists import (
    JUDGEMENT_PARTS,
    UNSURE,
    Checklist,
    FormQuestion,
    find_question,
    list_questions,
    read_answer,
)
from review.errors import ReviewError
from review.models import Answer
from review.protocol.models import format_stage_name
from review.scoring.form import FormResult, inactive_items
from review.scoring.judgements import lacks_reason
from review.scoring.result import score_form
from review.store import Connection, answers, decisions, links
from review.store.answers import FormEvent
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.appraisal.assignment import (
    count_required_forms,
    enqueue_new_reports,
    get_appraisal_stage,
    get_assignment,
    has_enough_appraisers,
    may_appraise,
)
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    freeze_edition,
    get_checklist,
)
from review.workflow.appraisal.report_models import require_form
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan


@dataclass(frozen=True, slots=True)
class AppraisalForm:
    """One reviewer's own form, and nobody else's answers."""

    report: int
    checklist: Checklist
    reviewer: str
    entries: Mapping[str, Answer]
    """Key -> newest answer; withdrawn ones left out."""
    finished: bool
    result: FormResult
    drafts: Mapping[str, Answer] = field(default_factory=dict)
    """Key -> quote, page and comment kept before there is an answer, or after it was withdrawn."""


@dataclass(frozen=True, slots=True)
class AnswerInput:
    """What a reviewer enters for one key of a form."""

    record: int
    checklist: str
    key: str
    answer: str | None
    """None withdraws."""
    quote: str | None = None
    page: int | None = None
    comment: str | None = None


def list_due_reports(project: Project, conn: Connection) -> dict[int, str]:
    """Report -> status, for every report that has come as far as appraisal."""
    stage = get_appraisal_stage(project)
    statuses = decisions.list_statuses(conn, stage.id)
    if stage.kind == "quality":
        return statuses
    return {report: status for report, status in statuses.items() if status == "included"}


def get_report(conn: Connection, record: int) -> int:
    """The report a record belongs to."""
    return links.get_study_groups(conn, record).get(record, (record, record))[0]


def list_report_records(conn: Connection, report: int) -> list[int]:
    """The records of a report; answers given before a merge stay with it."""
    return links.list_members(conn, [report])[report]


def open_form(project: Project, record: int, name: str, reviewer: str) -> AppraisalForm:
    """A reviewer's own form for the report of a record. Others' answers are not even read.

    Raises:
        ReviewError: no such checklist, or the report has not come as far as appraisal.
    """
    checklist = get_checklist(project, name)
    with project.store.read() as conn:
        report = get_due_report(project, conn, record)
        require_form(conn, report, checklist)
        return load_own_form(conn, report, checklist, reviewer)


def load_own_form(
    conn: Connection, report: int, checklist: Checklist, reviewer: str
) -> AppraisalForm:
    """As open_form, within a transaction and without asking whether the report is due."""
    numbers = list_report_records(conn, report)
    asked = {question.key for question in list_questions(checklist)}
    newest = answers.get_newest_by_item(
        answer
        for answer in answers.list_own_answers(conn, numbers, reviewer, checklist.id)
        if answer.item in asked  # a field that was removed from a form keeps its answers unseen
    )
    entries = {key: entry for key, entry in newest.items() if entry.answer is not None}
    events = answers.list_form_events(conn, numbers, checklist.id)
    finished = is_finished(events, reviewer)
    drafts = {
        key: entry
        for key, entry in newest.items()
        if entry.answer is None and (entry.quote or entry.page or entry.comment)
    }
    return AppraisalForm(
        report=report,
        checklist=checklist,
        reviewer=reviewer,
        entries=entries,
        finished=finished,
        result=compute_result(checklist, entries),
        drafts=drafts,
    )


def compute_result(checklist: Checklist, entries: Mapping[str, Answer]) -> FormResult:
    """What a form gives; comments of judgements are their sentences."""
    reasons = {key: entry.comment for key, entry in entries.items() if entry.comment}
    return score_form(checklist, {key: entry.answer for key, entry in entries.items()}, reasons)


def is_finished(events: Iterable[FormEvent], reviewer: str) -> bool:
    """Whether a reviewer's newest word on a form is that it is finished."""
    own_states = [event.state for event in events if event.reviewer == reviewer]
    return bool(own_states) and own_states[-1] == "finished"


def get_due_report(project: Project, conn: Connection, record: int) -> int:
    report = get_report(conn, record)
    if report not in list_due_reports(project, conn):
        stage = format_stage_name(get_appraisal_stage(project))
        raise ReviewError(
            f"{format_record_key(record)} cannot be appraised yet: it has not reached the stage "
            f"{stage}."
        )
    return report


def add_answer(project: Project, answer_input: AnswerInput, reviewer: str) -> AppraisalForm:
    """Adds one answer and gives the form after it.

    Raises:
        ReviewError: the report is not due, two others appraise it, the form is finished, the item
            does not take the answer, or a judgement that differs from the proposal has no sentence.
    """
    require_role(project, reviewer, "contribute")
    enqueue_new_reports(project)
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        checklist = get_checklist(project, answer_input.checklist)
        return add_answers(project, conn, checklist, [answer_input], reviewer)


def add_answers(
    project: Project,
    conn: Connection,
    checklist: Checklist,
    answer_inputs: Iterable[AnswerInput],
    reviewer: str,
) -> AppraisalForm:
    """Adds several answers of one form in one transaction; raises as answer does, then keeps none.

    They are of one report and may come in any order: judgements are checked when all are in.
    """
    at, rows = utc_now(), []
    forms: dict[int, AppraisalForm] = {}
    for answer_input in answer_inputs:
        if answer_input.record not in forms:
            report = get_due_report(project, conn, answer_input.record)
            forms[answer_input.record] = _require_writable_form(
                project, conn, report, checklist, reviewer
            )
        report = forms[answer_input.record].report
        question = find_question(checklist, answer_input.key)
        parsed_answer = read_answer(question, answer_input.answer)
        rows.append(
            Answer(
                record=report,
                checklist=checklist.id,
                item=question.key,
                reviewer=reviewer,
                answer=parsed_answer,
                at=at,
                quote=answer_input.quote or None,
                page=answer_input.page,
                comment=answer_input.comment or None,
            )
        )
    if not rows:
        raise ReviewError("No answers were given.")
    freeze_edition(conn, checklist, reviewer)
    answers.add_answers(conn, rows, protocol=project.fingerprint)
    after = load_own_form(conn, rows[-1].record, checklist, reviewer)
    for row in rows:
        check_justification(checklist, after.entries, row)
    return after


def _require_writable_form(
    project: Project, conn: Connection, report: int, checklist: Checklist, reviewer: str
) -> AppraisalForm:
    require_form(conn, report, checklist)
    assignment = get_assignment(project, conn, [report])
    if reviewer not in assignment.appraisers:
        raise ReviewError(
            f"{reviewer} does not appraise in this review. Appraisers: "
            f"{', '.join(assignment.appraisers)}."
        )
    form = load_own_form(conn, report, checklist, reviewer)
    if not form.entries and not may_appraise(assignment, report, reviewer):
        raise ReviewError(
            f"{format_record_key(report)} is assigned to "
            f"{' and '.join(assignment.assignees[report])}; choose the next report in your own "
            "list."
        )
    finished_by = (
        find_finishers(conn, report, checklist) if checklist.id != KIND_CHECKLIST else set()
    )
    if has_enough_appraisers(
        assignment, report, reviewer, find_appraisers(conn, report), finished_by
    ):
        raise ReviewError(
            f"{format_record_key(report)} is appraised by "
            f"{count_required_forms(assignment, report)} other reviewers already; choose the next "
            "report."
        )
    if form.finished:
        raise ReviewError(
            f"You have finished {checklist.short} for {format_record_key(report)}. Reopen it to "
            "make changes."
        )
    return form


def find_appraisers(conn: Connection, report: int) -> set[str]:
    """Reviewers who have given any answer for a report."""
    numbers = set(list_report_records(conn, report))
    return {who for record, who in answers.list_answering_reviewers(conn, numbers)}


def find_finishers(conn: Connection, report: int, checklist: Checklist) -> set[str]:
    """Reviewers whose form of a report is finished now."""
    events = answers.list_form_events(conn, list_report_records(conn, report), checklist.id)
    return {event.reviewer for event in events if is_finished(events, event.reviewer)}


def check_justification(checklist: Checklist, entries: Mapping[str, Answer], row: Answer) -> None:
    """Raises ReviewError where a judgement differs from the proposal and says no sentence why."""
    form = {key: entry.answer for key, entry in entries.items()}
    if row.item.split(":")[0] in JUDGEMENT_PARTS and lacks_reason(
        checklist, form, row.item, row.comment
    ):
        raise ReviewError(
            f"{find_question(checklist, row.item).name}: your judgement differs from the one your "
            "answers suggest. Give a reason."
        )


def mark_finished(
    conn: Connection, report: int, checklist: Checklist, reviewer: str
) -> AppraisalForm:
    """Notes that a form is finished.

    Raises:
        ReviewError: something that must be answered is not, or a judgement that differs from the
            proposal has no sentence; names them.
    """
    require_form(conn, report, checklist)
    form = load_own_form(conn, report, checklist, reviewer)
    if form.result.unanswered:
        raise ReviewError(_describe_unanswered(checklist, form.result.unanswered))
    if not form.entries:
        raise ReviewError(f"{checklist.short}: no item has been answered yet.")
    for entry in form.entries.values():
        check_justification(checklist, form.entries, entry)
    if not form.finished:
        answers.add_form_event(
            conn, FormEvent(report, checklist.id, reviewer, "finished", utc_now())
        )
    return load_own_form(conn, report, checklist, reviewer)


def mark_reopened(
    conn: Connection, report: int, checklist: Checklist, reviewer: str
) -> AppraisalForm:
    """Notes that a finished form is open again."""
    if load_own_form(conn, report, checklist, reviewer).finished:
        answers.add_form_event(
            conn, FormEvent(report, checklist.id, reviewer, "reopened", utc_now())
        )
    return load_own_form(conn, report, checklist, reviewer)


def _describe_unanswered(checklist: Checklist, keys: tuple[str, ...]) -> str:
    item_names = [
        f"{question.number} {question.name}".strip()
        for question in (find_question(checklist, key) for key in keys[:5])
    ]
    remainder = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return f"{checklist.short} is not complete: {'; '.join(item_names)}{remainder} not answered."


def get_own_kind(conn: Connection, report: int, reviewer: str) -> str | None:
    """The kind of study as this reviewer sees it, or as it was settled."""
    numbers = list_report_records(conn, report)
    consensus_entries = [
        entry
        for entry in answers.list_all_answers(conn, numbers, KIND_CHECKLIST)
        if entry.role == "consensus" and entry.item == KIND_ITEM
    ]
    if consensus_entries and consensus_entries[-1].answer is not None:
        return consensus_entries[-1].answer
    own_entry = answers.get_newest_by_item(
        answers.list_own_answers(conn, numbers, reviewer, KIND_CHECKLIST)
    ).get(KIND_ITEM)
    return own_entry.answer if own_entry and own_entry.answer != UNSURE else None


def count_answered(checklist: Checklist, entries: Mapping[str, Answer]) -> tuple[int, int]:
    """Answers given and answers asked, of what applies and must be answered."""
    required = [
        question for question in active_questions(checklist, entries) if not question.optional
    ]
    return sum(question.key in entries for question in required), len(required)


def active_questions(checklist: Checklist, entries: Mapping[str, Answer]) -> list[FormQuestion]:
    """What a form asks under the facts answered so far; items that wait for a fact are in."""
    inactive_keys = inactive_items(checklist, {key: entry.answer for key, entry in entries.items()})
    return [question for question in list_questions(checklist) if question.key not in inactive_keys]
