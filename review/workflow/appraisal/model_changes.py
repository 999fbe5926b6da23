"""Adds, changes and removes the models of a report; the gates follow."""

from dataclasses import replace

from review.errors import ReviewError
from review.store import Connection, report_models
from review.store.records import format_record_key
from review.store.report_models import ModelDetails, ReportModel
from review.store.timestamps import utc_now
from review.workflow.appraisal.adjudication import refresh_gates
from review.workflow.appraisal.forms import get_due_report, list_due_reports
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.appraisal.model_forms import find_answering_reviewers
from review.workflow.appraisal.report_models import (
    check_details,
    find_model,
    list_forms,
    list_models_by_report,
    list_report_models,
)
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan

REMOVING_ROLES = ("lead", "adjudicator")
"""Who may remove a model that has answers."""


def get_models(project: Project, record: int) -> list[ReportModel]:
    """The models of the report of a record."""
    with project.store.read() as conn:
        return list_report_models(conn, get_due_report(project, conn, record))


def get_model(project: Project, record: int, name: str) -> ReportModel:
    """The model of a report by its name. Raises ReviewError if there is none."""
    with project.store.read() as conn:
        return _require_model(conn, get_due_report(project, conn, record), name)


def list_all_models(project: Project, record: int | None = None) -> dict[int, list[ReportModel]]:
    """Report -> its models, of all that are due for appraisal or of that of one record."""
    with project.store.read() as conn:
        if record is not None:
            report = get_due_report(project, conn, record)
            return list_models_by_report(conn, [report])
        return list_models_by_report(conn, sorted(list_due_reports(project, conn)))


def get_model_name(project: Project, report: int, form_id: str) -> str | None:
    """Name of the model that a form of a report appraises; None for a form of the whole report."""
    checklist = get_checklist(project, form_id)
    with project.store.read() as conn:
        forms = list_forms(checklist, list_report_models(conn, report))
    return next(
        (model.name for stored_form, model in forms if stored_form == form_id and model), None
    )


def add_model(project: Project, record: int, details: ModelDetails, who: str) -> ReportModel:
    """Adds a model to the report of a record. A removed model of that name comes back, with its
    answers.

    Raises:
        ReviewError: the report is not due for appraisal, or already has a model of that name.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        report = get_due_report(project, conn, record)
        known = list_report_models(conn, report, with_removed=True)
        models = [model for model in known if not model.removed]
        checked = check_details(details, models)
        removed = find_model([model for model in known if model.removed], checked.name)
        if removed is not None:
            takes_over = removed.takes_over and not any(model.takes_over for model in models)
            restored = replace(removed, details=checked, removed=False, takes_over=takes_over)
            report_models.add_model_row(conn, restored, who, utc_now())
        else:
            answered = find_answering_reviewers(project, conn, report, None)
            takes_over = not models and bool(answered)
            new_model = ReportModel(id=0, record=report, details=checked, takes_over=takes_over)
            report_models.add_model_row(conn, new_model, who, utc_now(), is_new=True)
        refresh_gates(project, conn, report)
        model = find_model(list_report_models(conn, report), checked.name)
        assert model is not None
        return model


def change_model(
    project: Project, record: int, name: str, details: ModelDetails, who: str
) -> ReportModel:
    """Changes what is entered about a model, its name for example; its answers stay.

    Raises:
        ReviewError: no such model, or another one has the new name.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        report = get_due_report(project, conn, record)
        model = _require_model(conn, report, name)
        others = [other for other in list_report_models(conn, report) if other.id != model.id]
        changed = replace(model, details=check_details(details, others))
        if changed != model:
            report_models.add_model_row(conn, changed, who, utc_now())
            refresh_gates(project, conn, report)
        return changed


def mark_main_model(project: Project, record: int, name: str, who: str) -> None:
    """Makes a model the report's main one, which represents the report if the protocol says so.

    Raises:
        ReviewError: no such model.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        report = get_due_report(project, conn, record)
        chosen = _require_model(conn, report, name)
        for model in list_report_models(conn, report):
            if model.main != (model.id == chosen.id):
                changed = replace(model, main=model.id == chosen.id)
                report_models.add_model_row(conn, changed, who, utc_now())
        refresh_gates(project, conn, report)


def remove_model(project: Project, record: int, name: str, who: str) -> None:
    """Removes a model from its report. Its answers are kept and come back with it.

    Raises:
        ReviewError: no such model; or it has answers, and the person is neither lead nor
            adjudicator.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        report = get_due_report(project, conn, record)
        model = _require_model(conn, report, name)
        member = next(
            (teammate for teammate in project.protocol.team if teammate.name == who), None
        )
        may_remove = member is None or bool(set(REMOVING_ROLES) & set(member.roles))
        if not may_remove and find_answering_reviewers(project, conn, report, model):
            raise ReviewError(
                f"{model.name} has been appraised at least in part, so only the lead or an "
                "adjudicator can remove it. Its answers are kept."
            )
        report_models.add_model_row(conn, replace(model, removed=True, main=False), who, utc_now())
        refresh_gates(project, conn, report)


def _require_model(conn: Connection, report: int, name: str) -> ReportModel:
    models = list_report_models(conn, report)
    model = find_model(models, name)
    if model is None:
        known = ", ".join(model.name for model in models) or "none"
        raise ReviewError(
            f"{format_record_key(report)} has no model called '{name}'. Its models: {known}."
        )
    return model
