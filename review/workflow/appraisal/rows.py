"""All answers and finished forms of a review, read once for lists and exports."""

from collections.abc import Mapping
from dataclasses import dataclass

from review.checklists import UNSURE, Checklist
from review.models import Answer
from review.protocol import Protocol
from review.store import Connection, answers, links
from review.store.answers import FormEvent
from review.workflow.appraisal.assignment import (
    AppraiserAssignment,
    count_required_forms,
    get_assignment,
    has_enough_appraisers,
)
from review.workflow.appraisal.forms import is_finished, list_due_reports
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    get_checklist,
    get_required_before_unblinding,
)
from review.workflow.project.project import Project

FormKey = tuple[int, str]
"""Report and checklist id."""


@dataclass(frozen=True, slots=True)
class AppraisalRows:
    """Every row of appraisal, by report and checklist, in order of arrival."""

    due: Mapping[int, str]
    """Report -> status at the stage of appraisal, in the order of keys."""
    answers: Mapping[FormKey, list[Answer]]
    events: Mapping[FormKey, list[FormEvent]]
    assignment: AppraiserAssignment
    checklists: Mapping[str, Checklist]


def read_rows(project: Project, conn: Connection, name: str | None = None) -> AppraisalRows:
    """All rows of the reports that are due; of one checklist where it is named."""
    due = dict(sorted(list_due_reports(project, conn).items()))
    report_by_record = {
        number: report
        for report, numbers in links.list_members(conn, due).items()
        for number in numbers
    }
    answers_by_form: dict[FormKey, list[Answer]] = {}
    events: dict[FormKey, list[FormEvent]] = {}
    for answer_row in answers.list_all_answers(conn, None, name):
        if answer_row.record in report_by_record:
            answers_by_form.setdefault(
                (report_by_record[answer_row.record], answer_row.checklist), []
            ).append(answer_row)
    for event in answers.list_form_events(conn, None, name):
        if event.record in report_by_record:
            events.setdefault((report_by_record[event.record], event.checklist), []).append(event)
    names = {form_key[1] for form_key in [*answers_by_form, *events]} | ({name} if name else set())
    checklists = {
        checklist_id: get_checklist(project, checklist_id) for checklist_id in sorted(names)
    }
    return AppraisalRows(
        due, answers_by_form, events, get_assignment(project, conn, due), checklists
    )


def all_forms_finished(rows: AppraisalRows, form_key: FormKey) -> bool:
    """Whether as many reviewers as needed have finished a form."""
    events = rows.events.get(form_key, [])
    return sum(
        is_finished(events, who) for who in {event.reviewer for event in events}
    ) >= count_required_forms(rows.assignment, form_key[0])


def find_busy_reports(protocol: Protocol, rows: AppraisalRows, who: str) -> set[int]:
    """Reports a person is at work on with a form still to be finished (their kind apart)."""
    started_forms: dict[int, dict[str, set[str]]] = {}
    for (report, name), answer_rows in rows.answers.items():
        newest = {
            (answer_row.reviewer, answer_row.item): answer_row.answer
            for answer_row in answer_rows
            if answer_row.role == "reviewer"
        }
        for reviewer in {person for (person, _), answer in newest.items() if answer is not None}:
            started_forms.setdefault(report, {}).setdefault(reviewer, set()).add(name)
    busy_reports = set()
    for report, forms_by_reviewer in started_forms.items():
        if who not in forms_by_reviewer:
            continue
        names = get_required_before_unblinding(
            protocol, _get_kind(rows, report, who), rows.due.get(report), forms_by_reviewer[who]
        )
        for name in names:
            events = rows.events.get((report, name), [])
            finished_reviewers = {
                event.reviewer for event in events if is_finished(events, event.reviewer)
            }
            is_available = name in forms_by_reviewer[who] or not has_enough_appraisers(
                rows.assignment, report, who, forms_by_reviewer, finished_reviewers
            )
            if who not in finished_reviewers and is_available:
                busy_reports.add(report)
    return busy_reports


def _get_kind(rows: AppraisalRows, report: int, who: str) -> str | None:
    """The kind of study as it was settled, or as this person says it."""
    kind_answers = [
        answer_row
        for answer_row in rows.answers.get((report, KIND_CHECKLIST), [])
        if answer_row.item == KIND_ITEM
    ]
    for role in ("consensus", "reviewer"):
        role_answers = [
            answer_row
            for answer_row in kind_answers
            if answer_row.role == role and (role == "consensus" or answer_row.reviewer == who)
        ]
        if role_answers and role_answers[-1].answer not in (None, UNSURE):
            return role_answers[-1].answer
    return None
