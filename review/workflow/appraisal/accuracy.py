"""A table of reported accuracy, one model a row, becomes 2×2 tables, a forest plot and exports."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from review.accuracy import (
    AreaError,
    ReconstructedTable,
    ReportedFigures,
    TwoByTwo,
    compute_sensitivity,
    compute_specificity,
    estimate_area_error,
    find_mismatch,
    keep_reported_table,
    parse_share,
    reconstruct_table,
)
from review.errors import ReviewError, SourceError
from review.figures.convert import render_pdf, render_png
from review.figures.paired_forest import PairedForestRow, draw_paired_forest, format_proportion
from review.formats.tabular import grid
from review.models import UnreadableEntry
from review.text.encodings import convert_to_utf8

INCOMPLETE_STATUS = 3
"""Exit status when some rows could not be used."""
COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "study": ("study", "study id", "author", "reference", "paper", "record"),
    "model": ("model", "model name", "algorithm", "index test"),
    "data set": ("data set", "dataset", "test set", "cohort", "validation"),
    "threshold": ("threshold", "cut off", "cutoff", "operating point"),
    "tp": ("tp", "true positives", "true positive"),
    "fp": ("fp", "false positives", "false positive"),
    "fn": ("fn", "false negatives", "false negative"),
    "tn": ("tn", "true negatives", "true negative"),
    "cases": ("cases", "n", "total", "sample size", "n total"),
    "positives": ("positives", "n positive", "positive cases", "diseased", "with condition"),
    "negatives": ("negatives", "n negative", "negative cases", "healthy", "without condition"),
    "prevalence": ("prevalence",),
    "sensitivity": ("sensitivity", "sens", "recall", "tpr"),
    "specificity": ("specificity", "spec", "tnr"),
    "ppv": ("ppv", "precision", "positive predictive value"),
    "npv": ("npv", "negative predictive value"),
    "accuracy": ("accuracy", "acc"),
    "auc": ("auc", "auroc", "roc auc"),
    "auc low": ("auc low", "auc lower", "auc ci low", "auc lcl"),
    "auc high": ("auc high", "auc upper", "auc ci high", "auc ucl"),
}
"""What is read -> the column names it goes by, in small letters without punctuation."""
_COUNTS = ("tp", "fp", "fn", "tn")
_FILES = {
    "full": "accuracy.csv",
    "mada": "mada.csv",
    "revman": "revman.csv",
    "auc": "meta-auc.csv",
    "figure": "paired-forest",
}


@dataclass(frozen=True, slots=True)
class ModelAccuracy:
    """One model on one data set at one threshold, as a report gives it."""

    study: str
    model: str
    data_set: str
    threshold: str
    counts: ReconstructedTable | None
    """None: only an AUC is reported."""
    counts_reported: bool
    """Whether the four counts were in the table; False: worked back from figures."""
    area: AreaError | None

    @property
    def name(self) -> str:
        """Study and model in one line."""
        return f"{self.study}, {self.model}" if self.model else self.study


@dataclass(frozen=True, slots=True)
class AccuracyOutcome:
    """What became of a table."""

    models: tuple[ModelAccuracy, ...]
    problems: tuple[str, ...]
    """Rows that could not be used, with the reason."""
    files: tuple[Path, ...]

    @property
    def exit_status(self) -> int:
        """0 if every row was used, else 3."""
        return INCOMPLETE_STATUS if self.problems else 0


def export_accuracy(path: Path, out: Path, sheet: str | None = None) -> AccuracyOutcome:
    """Reads a table of accuracy and writes CSV for R's mada and meta and for RevMan, with a plot.

    Raises:
        SourceError: the file cannot be read or has no column for the study.
        ReviewError: no row can be used, or the folder cannot be written.
    """
    models, problems = read_accuracy(path, sheet)
    if not models:
        raise ReviewError("no row can be used:\n" + "\n".join(problems))
    contents = build_files(models)
    try:
        out.mkdir(parents=True, exist_ok=True)
        files = tuple(out / name for name in contents)
        for path, data in zip(files, contents.values(), strict=True):
            path.write_bytes(data)
    except OSError as error:
        raise ReviewError(
            f"{out}: cannot be written ({error.strerror}); choose another file."
        ) from error
    return AccuracyOutcome(models, tuple(problems), files)


def read_accuracy(
    path: Path, sheet: str | None = None
) -> tuple[tuple[ModelAccuracy, ...], list[str]]:
    """The models of a CSV or workbook, and a line for each row that cannot be used.

    Raises:
        SourceError: the file cannot be read, or no row names the columns.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error
    table, _ = grid.read_table(
        data if data.startswith(b"PK") else convert_to_utf8(data),
        _score_header,
        name=str(path),
        requirement="expected a header with a column 'study' and columns such as TP, FP, FN, TN, "
        "sensitivity, specificity or AUC.",
        sheet=sheet,
    )
    columns = _find_columns(table.header, path)
    models, problems = [], []
    for row in table.rows:
        if isinstance(row, UnreadableEntry):
            problems.append(f"{path}: row {row.number}: {row.reason}")
            continue
        line_number, cells, _ = row
        values = {
            key: cells[index].strip()
            for key, index in columns.items()
            if index < len(cells) and cells[index].strip()
        }
        try:
            models.append(read_model(values))
        except ReviewError as error:
            named = values.get("study", "no study")
            problems.append(f"{path}: line {line_number} ({named}): {error}")
    return tuple(models), problems


def _score_header(cells: list[str]) -> int:
    keys = {key for cell in cells for key, names in COLUMN_NAMES.items() if _plain(cell) in names}
    return len(keys) if "study" in keys and len(keys) > 1 else 0


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", " ", title.lower()).strip()


def _find_columns(header: Sequence[str], path: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, title in enumerate(header):
        for key, names in COLUMN_NAMES.items():
            if _plain(title) in names:
                if key in found:
                    raise SourceError(
                        f"{path}: the columns '{header[found[key]]}' and '{title}' both give "
                        f"{key}; rename or remove one."
                    )
                found[key] = index
    return found


def read_model(values: dict[str, str]) -> ModelAccuracy:
    """One model from what is reported, by the keys of COLUMN_NAMES.

    Raises:
        ReviewError: no study is named, too little is given, or figures contradict each other.
    """
    if "study" not in values:
        raise ReviewError("the study is not named.")
    given = [key for key in _COUNTS if key in values]
    counts: ReconstructedTable | None = None
    if given:
        counts = _read_counts(values)
    elif "sensitivity" in values or "specificity" in values:
        counts = reconstruct_table(_read_figures(values))
    area = _read_area(values, counts) if "auc" in values else None
    if counts is None and area is None:
        raise ReviewError(
            "neither a 2×2 table (TP, FP, FN, TN), nor sensitivity and specificity with the number "
            "of cases, nor an AUC is given."
        )
    return ModelAccuracy(
        study=values["study"],
        model=values.get("model", ""),
        data_set=values.get("data set", ""),
        threshold=values.get("threshold", ""),
        counts=counts,
        counts_reported=bool(given),
        area=area,
    )


def _read_counts(values: dict[str, str]) -> ReconstructedTable:
    """The four counts as reported; every other figure of the row must agree with them."""
    missing = [key.upper() for key in _COUNTS if key not in values]
    if missing:
        raise ReviewError(f"{' and '.join(missing)} of the 2×2 table is missing.")
    table = TwoByTwo(*(_read_count(values[key], key.upper()) for key in _COUNTS))
    mismatch = find_mismatch(table, _read_figures(values))
    if mismatch:
        raise ReviewError(mismatch)
    return keep_reported_table(table)


def _read_figures(values: dict[str, str]) -> ReportedFigures:
    sizes = {
        key: _read_count(values[key], key) if key in values else None
        for key in ("cases", "positives", "negatives")
    }
    return ReportedFigures(
        **sizes,
        prevalence=values.get("prevalence"),
        sensitivity=values.get("sensitivity"),
        specificity=values.get("specificity"),
        ppv=values.get("ppv"),
        npv=values.get("npv"),
        accuracy=values.get("accuracy"),
    )


def _read_count(text: str, name: str) -> int:
    cleaned = re.sub(r"(?<=\d)[,' \u00a0\u202f](?=\d{3}\b)", "", text)
    if not re.fullmatch(r"\d+(\.0+)?", cleaned):
        raise ReviewError(f"{name} '{text}' is no whole number.")
    return int(float(cleaned))


def _read_area(values: dict[str, str], counts: ReconstructedTable | None) -> AreaError:
    area = float(parse_share(values["auc"], "AUC").value)
    low, high = (
        float(parse_share(values[key], key).value) if key in values else None
        for key in ("auc low", "auc high")
    )
    sizes = _read_figures(values)
    positives, negatives = sizes.positives, sizes.negatives
    if counts is not None:
        positives, negatives = counts.table.positives, counts.table.negatives
    elif sizes.cases is not None:
        positives = sizes.cases - negatives if positives is None and negatives else positives
        negatives = sizes.cases - positives if negatives is None and positives else negatives
    return estimate_area_error(area, low=low, high=high, positives=positives, negatives=negatives)


def build_files(models: Sequence[ModelAccuracy]) -> dict[str, bytes]:
    """File name -> content: the full table, CSV for mada, RevMan and meta, and the forest plot."""
    files = build_csv_files(models)
    if any(model.counts is not None for model in models):
        figure = draw_figure(models)
        files |= {
            f"{_FILES['figure']}.{ending}": data
            for ending, data in (
                ("svg", figure.encode()),
                ("png", render_png(figure)),
                ("pdf", render_pdf(figure)),
            )
        }
    return files


def build_csv_files(models: Sequence[ModelAccuracy]) -> dict[str, bytes]:
    """File name -> CSV: the full table, and what mada, RevMan and meta read."""
    files = {_FILES["full"]: _format_csv(FULL_COLUMNS, map(build_full_row, models))}
    tables = [(model, model.counts.table) for model in models if model.counts is not None]
    if tables:
        files[_FILES["mada"]] = _format_csv(
            ("names", "TP", "FN", "FP", "TN"),
            (
                (
                    model.name,
                    table.true_positives,
                    table.false_negatives,
                    table.false_positives,
                    table.true_negatives,
                )
                for model, table in tables
            ),
        )
        files[_FILES["revman"]] = _format_csv(
            ("Study ID", "TP", "FP", "FN", "TN"),
            (
                (
                    model.name,
                    table.true_positives,
                    table.false_positives,
                    table.false_negatives,
                    table.true_negatives,
                )
                for model, table in tables
            ),
        )
    areas = [(model, model.area) for model in models if model.area is not None]
    if areas:
        files[_FILES["auc"]] = _format_csv(
            ("studlab", "TE", "seTE", "lower", "upper", "method"),
            (
                (
                    model.name,
                    f"{area.value:g}",
                    f"{area.standard_error:.6f}",
                    f"{area.low:.4f}",
                    f"{area.high:.4f}",
                    area.method,
                )
                for model, area in areas
            ),
        )
    return files


def draw_figure(models: Iterable[ModelAccuracy]) -> str:
    """The paired forest plot of the models with a 2×2 table, as SVG."""
    return draw_paired_forest(
        build_forest_rows(models), title="Sensitivity and specificity of each model"
    )


def build_forest_rows(models: Iterable[ModelAccuracy]) -> list[PairedForestRow]:
    """The models with a 2×2 table, as rows of the plot, by data set in order of appearance."""
    rows = [
        PairedForestRow(
            label=f"{model.name} (threshold {model.threshold})" if model.threshold else model.name,
            table=model.counts.table,
            group=model.data_set,
            is_exact=model.counts.is_exact,
        )
        for model in models
        if model.counts is not None
    ]
    order = {group: index for index, group in enumerate(dict.fromkeys(row.group for row in rows))}
    return sorted(rows, key=lambda row: order[row.group])


FULL_COLUMNS = (
    *("study", "model", "data set", "threshold", "TP", "FP", "FN", "TN", "counts"),
    *("sensitivity (95% CI)", "specificity (95% CI)"),
    *("AUC", "AUC standard error", "AUC 95% CI low", "AUC 95% CI high", "AUC error from"),
)


def build_full_row(model: ModelAccuracy) -> tuple[str, ...]:
    """A model as a row of the full table."""
    counts: tuple[str, ...] = ("",) * 7
    if model.counts is not None:
        table = model.counts.table
        counts = (
            *map(
                str,
                (
                    table.true_positives,
                    table.false_positives,
                    table.false_negatives,
                    table.true_negatives,
                ),
            ),
            describe_counts(model),
            format_proportion(compute_sensitivity(table)),
            format_proportion(compute_specificity(table)),
        )
    area: tuple[str, ...] = ("",) * 5
    if model.area is not None:
        area = (
            f"{model.area.value:g}",
            f"{model.area.standard_error:.4f}",
            f"{model.area.low:.3f}",
            f"{model.area.high:.3f}",
            model.area.method,
        )
    return (model.study, model.model, model.data_set, model.threshold, *counts, *area)


def describe_counts(model: ModelAccuracy) -> str:
    """Whether the counts are reported, worked back, or worked back with what rounding leaves."""
    if model.counts is None:
        return ""
    if model.counts_reported:
        return "reported"
    if model.counts.is_exact:
        return "worked back from the figures"
    left = ", ".join(
        f"{name} {low} to {high}"
        for name, (low, high) in model.counts.ranges.items()
        if low != high
    )
    return f"worked back from rounded figures; {left} agree as well"


def _format_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_guard_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8")


def _guard_cell(cell: object) -> object:
    """A name that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell[1:] else cell
