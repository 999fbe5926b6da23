"""All answers and finished forms of a review, read once for lists and exports."""

from collections.abc import Mapping
from dataclasses import dataclass

from review.checklists import UNSURE, Checklist
from review.models import Answer
from review.store import Connection, answers, links
from review.store.answers import FormEvent
from review.store.report_models import ReportModel
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
    list_required_forms,
)
from review.workflow.appraisal.model_forms import expand_forms, is_current_form
from review.workflow.appraisal.report_models import (
    list_models_by_report,
)
from review.workflow.project.project import Project

FormKey = tuple[int, str]
"""Report and id of the form: its checklist's, with the model it appraises."""


@dataclass(frozen=True, slots=True)
class AppraisalRows:
    """Every row of appraisal, by report and checklist, in order of arrival."""

    due: Mapping[int, str]
    """Report -> status at the stage of appraisal, in the order of keys."""
    answers: Mapping[FormKey, list[Answer]]
    events: Mapping[FormKey, list[FormEvent]]
    assignment: AppraiserAssignment
    checklists: Mapping[str, Checklist]
    """By id of the form."""
    models: Mapping[int, list[ReportModel]]
    """Report -> its models; reports without any are left out."""


def read_rows(project: Project, conn: Connection, name: str | None = None) -> AppraisalRows:
    """All rows of the reports that are due; of one checklist where it is named, with its forms for
    single models. Forms of models that were removed are left out."""
    due = dict(sorted(list_due_reports(project, conn).items()))
    report_by_record = {
        number: report
        for report, numbers in links.list_members(conn, due).items()
        for number in numbers
    }
    models = list_models_by_report(conn, due)
    answers_by_form: dict[FormKey, list[Answer]] = {}
    events: dict[FormKey, list[FormEvent]] = {}
    for answer_row in answers.list_all_answers(conn, None, name, with_models=True):
        if answer_row.record in report_by_record:
            answers_by_form.setdefault(
                (report_by_record[answer_row.record], answer_row.checklist), []
            ).append(answer_row)
    for event in answers.list_form_events(conn, None, name, with_models=True):
        if event.record in report_by_record:
            events.setdefault((report_by_record[event.record], event.checklist), []).append(event)
    for form_key in {*answers_by_form, *events}:
        if not is_current_form(project, form_key[1], models.get(form_key[0], ())):
            answers_by_form.pop(form_key, None)
            events.pop(form_key, None)
    names = {form_key[1] for form_key in [*answers_by_form, *events]} | ({name} if name else set())
    checklists = {
        checklist_id: get_checklist(project, checklist_id) for checklist_id in sorted(names)
    }
    return AppraisalRows(
        due=due,
        answers=answers_by_form,
        events=events,
        assignment=get_assignment(project, conn, due),
        checklists=checklists,
        models=models,
    )


def all_forms_finished(rows: AppraisalRows, form_key: FormKey) -> bool:
    """Whether as many reviewers as needed have finished a form."""
    events = rows.events.get(form_key, [])
    return sum(
        is_finished(events, who) for who in {event.reviewer for event in events}
    ) >= count_required_forms(rows.assignment, form_key[0])


def find_busy_reports(project: Project, rows: AppraisalRows, who: str) -> set[int]:
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
        required_forms = list_required_forms(project.protocol, _get_kind(rows, report, who))
        names = get_required_before_unblinding(
            expand_forms(project, required_forms, rows.models.get(report, ())),
            rows.due.get(report),
            forms_by_reviewer[who],
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
