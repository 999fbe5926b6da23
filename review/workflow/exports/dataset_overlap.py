"""Public data sets of the included studies: the matrix, the graph and the sentence."""

from pathlib import Path

from review.bias import datasets
from review.bias.datasets import DatasetMatrix
from review.store import feedback, files
from review.tables.table import Cell, Table
from review.workflow.bias import flags
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.fulltexts import reading as texts
from review.workflow.fulltexts.attachments import get_file_path

CELL_LABELS = {
    "named": "named",
    "held": "included in a named dataset",
    "possible": "possibly included",
}


def build_matrix(snapshot: ReviewSnapshot) -> DatasetMatrix | None:
    """Included studies by data sets, as the PDFs and words of then say; None without a PDF."""
    with snapshot.project.store.read() as conn:
        attachments = files.list_current_files(conn, until=snapshot.until)
        feedback_rows = feedback.list_newest_entries(conn, "dataset", until=snapshot.until)
    readable: dict[int, Path] = {}
    for number, attachment in sorted(attachments.items()):
        path = get_file_path(snapshot.project, attachment["sha256"])
        if path.exists():
            readable.setdefault(snapshot.groups.get(number, (number, number))[0], path)
    datasets_by_study: dict[str, tuple[str, ...]] = {}
    for report in snapshot.included:
        if report not in readable:
            continue
        text = texts.get_pdf_text(snapshot.project, readable[report])
        manual_verdicts = {
            feedback_row.rule: str(feedback_row.verdict)
            for feedback_row in feedback_rows
            if snapshot.groups.get(feedback_row.record, (feedback_row.record, feedback_row.record))[
                0
            ]
            == report
        }
        study_datasets = flags.find_datasets(text.sentences, manual_verdicts)
        datasets_by_study[snapshot.labels[report]] = study_datasets.used
    return (
        datasets.build_matrix(flags.load_knowledge().registry, datasets_by_study)
        if datasets_by_study
        else None
    )


def build_table(snapshot: ReviewSnapshot, dataset_matrix: DatasetMatrix) -> Table:
    """Study by set: named, included in a named dataset, or possibly included."""
    registry = flags.load_knowledge().registry
    rows: list[tuple[Cell, ...]] = []
    for study in dataset_matrix.studies:
        cells = [
            dataset_matrix.cells.get((study, dataset_id)) for dataset_id in dataset_matrix.datasets
        ]
        rows.append((study, *(CELL_LABELS.get(cell, cell) if cell else None for cell in cells)))
    missing_count = len(snapshot.included) - len(dataset_matrix.studies)
    notes = [datasets.summarize_matrix(registry, dataset_matrix)]
    if missing_count:
        phrase = "report has no PDF" if missing_count == 1 else "reports have no PDF"
        notes.append(f"Not included: {missing_count:,} included {phrase} attached.")
    return Table(
        "dataset-overlap",
        "Public datasets used by the included studies, with shared sources",
        ("Study", *(registry[dataset_id].name for dataset_id in dataset_matrix.datasets)),
        tuple(rows),
        tuple(notes),
    )


def draw_graph(dataset_matrix: DatasetMatrix) -> str:
    """Which sets hold which, and how many studies rest on each, as SVG."""
    return flags.draw_graph(dataset_matrix)
