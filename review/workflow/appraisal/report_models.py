"""The models of a report, and the ids of the forms that appraise each.

A checklist whose unit is the model is filled in once for each model. The id of such a form is that
of the checklist followed by the model's number: probast-2019@7. A report without models has one
form. If it was begun before the first model was added, it is that model's form from then on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from review.checklists import Checklist
from review.checklists.models import FORM_SEPARATOR
from review.errors import ReviewError
from review.store import Connection, links, report_models
from review.store.records import format_record_key
from review.store.report_models import ModelDetails, ReportModel
from review.text.folding import fold_text

VALIDATIONS = {
    "internal": "Internal",
    "external": "External",
    "both": "Internal and external",
    "none": "None",
}
"""How a model was validated -> in words."""
MAX_NAME_LENGTH = 100


def list_report_models(
    conn: Connection, report: int, *, with_removed: bool = False
) -> list[ReportModel]:
    """The models of a report in the order they were added."""
    return list_models_by_report(conn, [report], with_removed=with_removed).get(report, [])


def list_models_by_report(
    conn: Connection, reports: Iterable[int], *, with_removed: bool = False
) -> dict[int, list[ReportModel]]:
    """Report -> its models, of some reports; reports without any are left out."""
    members = links.list_members(conn, reports)
    report_by_record = {number: report for report, numbers in members.items() for number in numbers}
    return group_models(
        report_models.list_models(conn, report_by_record),
        report_by_record,
        with_removed=with_removed,
    )


def group_models(
    models: Iterable[ReportModel], report_by_record: dict[int, int], *, with_removed: bool = False
) -> dict[int, list[ReportModel]]:
    """Report -> its models. After a merge of reports, only the first model keeps the form that was
    begun before any model, as two models cannot share one."""
    grouped: dict[int, list[ReportModel]] = {}
    for model in models:
        if model.record not in report_by_record or (model.removed and not with_removed):
            continue
        of_report = grouped.setdefault(report_by_record[model.record], [])
        taken = any(other.takes_over and not other.removed for other in of_report)
        of_report.append(replace(model, takes_over=model.takes_over and not taken))
    return grouped


def get_form_id(checklist: Checklist, model: ReportModel | None) -> str:
    """Id of the form on which a model is appraised; the checklist's own for the whole report."""
    if model is None or checklist.unit != "model" or model.takes_over:
        return checklist.edition_id
    return f"{checklist.edition_id}{FORM_SEPARATOR}{model.id}"


def list_forms(
    checklist: Checklist, models: Sequence[ReportModel]
) -> list[tuple[str, ReportModel | None]]:
    """Id and model of every form of a report on a checklist; one without a model for the report."""
    if checklist.unit != "model" or not models:
        return [(checklist.edition_id, None)]
    return [(get_form_id(checklist, model), model) for model in models]


def require_form(conn: Connection, report: int, checklist: Checklist) -> None:
    """Raises ReviewError unless a form is one of the report's, naming those that are."""
    if checklist.unit != "model":
        return
    models = list_report_models(conn, report)
    forms = list_forms(checklist, models)
    if checklist.id in [form_id for form_id, _ in forms]:
        return
    key = format_record_key(report)
    if not models:
        raise ReviewError(f"{key} has no model of its own for '{checklist.id}'; it has no models.")
    named = ", ".join(f"{form_id} ({model.name})" for form_id, model in forms if model is not None)
    raise ReviewError(
        f"{key} is appraised model by model on {checklist.short}. Choose one of its forms: {named}."
    )


def find_model(models: Sequence[ReportModel], name: str) -> ReportModel | None:
    """The model of a name in any case, else the one of a number."""
    wanted = _fold_name(name)
    return next(
        (model for model in models if _fold_name(model.name) == wanted),
        next((model for model in models if str(model.id) == name.strip()), None),
    )


def _fold_name(name: str) -> str:
    """A name as it is compared: U-Net and u-net are one model, U-Net++ is another."""
    return " ".join(name.casefold().split())


def get_representative(models: Sequence[ReportModel]) -> ReportModel | None:
    """The main model of a report, else its first."""
    return next((model for model in models if model.main), next(iter(models), None))


def check_details(details: ModelDetails, others: Sequence[ReportModel]) -> ModelDetails:
    """The details without spaces at the ends; blank ones are unknown.

    Raises:
        ReviewError: no name, one that is too long or taken, or an unknown kind of validation.
    """
    name = " ".join(details.name.split())
    if not name or not fold_text(name):
        raise ReviewError("A model needs a name with at least one letter or digit.")
    if len(name) > MAX_NAME_LENGTH:
        raise ReviewError(f"The name of a model has at most {MAX_NAME_LENGTH} characters.")
    if any(_fold_name(other.name) == _fold_name(name) for other in others):
        raise ReviewError(f"The report already has a model called '{name}'.")
    validation = (details.validation or "").strip().lower() or None
    if validation is not None and validation not in VALIDATIONS:
        raise ReviewError(
            f"Unknown validation '{details.validation}'; expected {', '.join(VALIDATIONS)}, or "
            "nothing if it is unknown."
        )
    texts = {
        key: " ".join((getattr(details, key) or "").split()) or None
        for key in ("kind", "task", "data_sets")
    }
    return ModelDetails(name=name, validation=validation, **texts)
