"""Public data sets of the included studies: study by set, the graph, and the sentence for it."""

from pathlib import Path

from review.bias import datasets
from review.bias.datasets import Matrix
from review.store import feedback, files
from review.tables.table import Cell, Table
from review.workflow.bias import flags
from review.workflow.exports.snapshot import Moment
from review.workflow.fulltexts import reading as texts
from review.workflow.fulltexts.attachments import path_of

WORDS = {"named": "named", "held": "held by a named set", "possible": "possibly held"}


def matrix(moment: Moment) -> Matrix | None:
    """Included studies by data sets, as the PDFs and words of then say; None without a PDF."""
    with moment.project.store.read() as conn:
        attached = files.every(conn, until=moment.until)
        said = feedback.newest(conn, "dataset", until=moment.until)
    readable: dict[int, Path] = {}
    for n, one in sorted(attached.items()):
        path = path_of(moment.project, one["sha256"])
        if path.exists():
            readable.setdefault(moment.groups.get(n, (n, n))[0], path)
    named: dict[str, tuple[str, ...]] = {}
    for report in moment.included:
        if report not in readable:
            continue
        text = texts.text_in(moment.project, readable[report])
        hand = {
            one.rule: str(one.verdict)
            for one in said
            if moment.groups.get(one.record, (one.record, one.record))[0] == report
        }
        found = flags.datasets_in(text.sentences, hand)
        named[moment.labels[report]] = found.used
    return datasets.matrix(flags.knowledge().registry, named) if named else None


def table(moment: Moment, found: Matrix) -> Table:
    """Study by set: named, held by a named set, or possibly held."""
    registry = flags.knowledge().registry
    rows: list[tuple[Cell, ...]] = []
    for study in found.studies:
        cells = [found.cells.get((study, one)) for one in found.datasets]
        rows.append((study, *(WORDS.get(cell, cell) if cell else None for cell in cells)))
    missing = len(moment.included) - len(found.studies)
    notes = [datasets.sentence(registry, found)]
    if missing:
        told = "report has no PDF" if missing == 1 else "reports have no PDF"
        notes.append(f"Left out: {missing:,} included {told} attached.")
    return Table(
        "dataset-overlap",
        "Public data sets of the included studies, with shared ancestry",
        ("Study", *(registry[one].name for one in found.datasets)),
        tuple(rows),
        tuple(notes),
    )


def graph(found: Matrix) -> str:
    """Which sets hold which, and how many studies rest on each, as SVG."""
    return flags.graph(found)
