"""The forms of a report whose models are appraised one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from review.checklists import Checklist
from review.checklists.models import FORM_SEPARATOR
from review.store import Connection, answers, links
from review.store.report_models import ReportModel
from review.workflow.appraisal.instruments import (
    RequiredForm,
    get_checklist,
    list_checklist_ids,
)
from review.workflow.appraisal.report_models import get_form_id, list_forms
from review.workflow.project.project import Project


def expand_forms(
    project: Project, required_forms: Iterable[RequiredForm], models: Sequence[ReportModel]
) -> list[RequiredForm]:
    """The forms of a report, with one for each of its models where the checklist asks for it."""
    if not models:
        return list(required_forms)
    expanded = []
    for form in required_forms:
        for form_id, model in list_forms(get_checklist(project, form.checklist), models):
            name = model.name if model is not None else None
            expanded.append(replace(form, checklist=form_id, model=name))
    return expanded


def is_current_form(project: Project, form_id: str, models: Sequence[ReportModel]) -> bool:
    """Whether a form is one of the report's: not of a model that was removed, nor of the whole
    report where each model has its own."""
    if not models:
        return FORM_SEPARATOR not in form_id
    checklist = get_checklist(project, form_id)
    return form_id in [current for current, _ in list_forms(checklist, models)]


def list_model_checklists(project: Project) -> list[Checklist]:
    """The checklists of the review that are filled in for each model."""
    names = list_checklist_ids(project.protocol)
    checklists = [get_checklist(project, name) for name in names]
    return [checklist for checklist in checklists if checklist.unit == "model"]


def find_answering_reviewers(
    project: Project, conn: Connection, report: int, model: ReportModel | None
) -> set[str]:
    """Who has given an answer on a model's forms that is not withdrawn."""
    records = links.list_members(conn, [report])[report]
    reviewers = set()
    for checklist in list_model_checklists(project):
        newest = {
            (row.reviewer, row.item): row.answer
            for row in answers.list_all_answers(conn, records, get_form_id(checklist, model))
        }
        reviewers |= {who for (who, _), answer in newest.items() if answer is not None}
    return reviewers
