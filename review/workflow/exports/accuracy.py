"""The accuracy of each model, from the consensus of its forms: files for a synthesis, a plot."""

from collections.abc import Sequence

from review.errors import ReviewError
from review.tables.table import Table
from review.workflow.appraisal import accuracy
from review.workflow.appraisal.accuracy import FULL_COLUMNS, ModelAccuracy, build_full_row
from review.workflow.appraisal.accuracy_forms import collect_values
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports.snapshot import ReviewSnapshot, collect_consensus_forms

Accuracy = tuple[tuple[ModelAccuracy, ...], tuple[str, ...]]
"""The models, and a line for each form that cannot be used."""


def collect_accuracy(snapshot: ReviewSnapshot) -> Accuracy:
    """The models of the included reports whose accuracy was extracted, and the forms that cannot be
    used: contradictory, or without enough figures. Forms nobody has filled in are left out."""
    name = snapshot.project.protocol.appraisal.accuracy
    if name is None:
        return (), ()
    checklist = get_checklist(snapshot.project, name)
    models, problems = [], []
    for form in collect_consensus_forms(snapshot, checklist, snapshot.included):
        if not form.entries:
            continue
        study = form.label.removesuffix(f", {form.model}") if form.model else form.label
        values = collect_values(checklist, form.entries) | {"study": study}
        if form.model:
            values["model"] = form.model
        if not form.is_final:
            problems.append(f"{form.label}: no consensus yet.")
            continue
        try:
            models.append(accuracy.read_model(values))
        except ReviewError as error:
            problems.append(f"{form.label}: {error}")
        else:
            problems += [f"{form.label}: {models[-1].gap}"] if models[-1].gap else []
    return tuple(models), tuple(problems)


def build_files(snapshot: ReviewSnapshot) -> dict[str, bytes]:
    """CSV for R's mada and meta and for RevMan, the full table and the paired forest plot; nothing
    without any accuracy."""
    models, _ = collect_accuracy(snapshot)
    return accuracy.build_files(models) if models else {}


def build_csv_files(snapshot: ReviewSnapshot) -> dict[str, bytes]:
    """The CSV files among them."""
    models, _ = collect_accuracy(snapshot)
    return accuracy.build_csv_files(models) if models else {}


def draw_figure(snapshot: ReviewSnapshot) -> str | None:
    """The paired forest plot as SVG; None where no model has a 2×2 table."""
    models, _ = collect_accuracy(snapshot)
    return accuracy.draw_figure(models) if any(model.counts for model in models) else None


def build_tables(snapshot: ReviewSnapshot) -> list[Table]:
    """One row for each model with its counts, intervals and AUC; what is not used is a note."""
    models, problems = collect_accuracy(snapshot)
    if not models and not problems:
        return []
    return [build_model_table(models, problems)]


def build_model_table(models: Sequence[ModelAccuracy], problems: Sequence[str] = ()) -> Table:
    """One row for each model.

    Args:
        problems: lines for the forms that are not used, which become notes.
    """
    notes = ["Exact 95% confidence intervals (Clopper and Pearson)."]
    notes += [f"Not used: {problem}" for problem in problems]
    rows = tuple(tuple(cell or None for cell in build_full_row(model)) for model in models)
    title = "Reported accuracy of each model"
    return Table("accuracy", title, FULL_COLUMNS, rows, tuple(notes))
