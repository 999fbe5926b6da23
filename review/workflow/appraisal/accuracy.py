"""A table of reported accuracy, one model a row, becomes 2×2 tables, a forest plot and exports."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from review.accuracy import (
    AreaError,
    IncompleteFiguresError,
    ReconstructedTable,
    ReportedFigures,
    TwoByTwo,
    compute_sensitivity,
    compute_specificity,
    estimate_area_error,
    estimate_class_sizes,
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
from review.workflow.appraisal.accuracy_cells import (
    COUNTS,
    clean_cells,
    complete_counts,
    complete_shares,
    find_unused_keys,
    is_unknown,
    read_area_cells,
    read_area_error,
    read_area_value,
    read_count,
    read_sizes,
)
from review.workflow.appraisal.accuracy_columns import find_columns, score_header

CHANCE = 0.5
"""AUC of a model that separates the classes no better than chance."""
INCOMPLETE_STATUS = 3
"""Exit status when some rows could not be used."""
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
    gap: str = ""
    """The part of the row that cannot be used, with the reason."""

    @property
    def note(self) -> str:
        """What a reader should check: what is not used, and an AUC below chance."""
        if self.area is None or self.area.value >= CHANCE:
            return self.gap
        caution = f"the AUC is {self.area.value:g}; check which class counts as positive."
        return f"{self.gap} {caution}".strip()

    @property
    def name(self) -> str:
        """Study and model in one line."""
        return f"{self.study}, {self.model}" if self.model else self.study


@dataclass(frozen=True, slots=True)
class AccuracyTable:
    """What a table of accuracy holds."""

    models: tuple[ModelAccuracy, ...]
    problems: tuple[str, ...]
    """Rows that cannot be used, or not in full, with the reason."""
    unused_columns: tuple[str, ...]
    """Titles of the filled columns that are not used."""


@dataclass(frozen=True, slots=True)
class AccuracyOutcome:
    """What became of a table."""

    models: tuple[ModelAccuracy, ...]
    problems: tuple[str, ...]
    """Rows that could not be used, or not in full, with the reason."""
    files: tuple[Path, ...]
    unused_columns: tuple[str, ...] = ()
    """Titles of the filled columns that are not used."""

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
    table = read_accuracy_table(path, sheet)
    if not table.models:
        raise ReviewError("no row can be used:\n" + "\n".join(table.problems))
    contents = build_files(table.models)
    try:
        out.mkdir(parents=True, exist_ok=True)
        files = tuple(out / name for name in contents)
        for path, data in zip(files, contents.values(), strict=True):
            path.write_bytes(data)
    except OSError as error:
        raise ReviewError(
            f"{out}: cannot be written ({error.strerror}); choose another file."
        ) from error
    return AccuracyOutcome(table.models, table.problems, files, table.unused_columns)


def read_accuracy(
    path: Path, sheet: str | None = None
) -> tuple[tuple[ModelAccuracy, ...], list[str]]:
    """The models of a CSV or workbook, and a line for each row that cannot be used.

    Raises:
        SourceError: the file cannot be read, or no row names the columns.
    """
    table = read_accuracy_table(path, sheet)
    return table.models, list(table.problems)


def read_accuracy_table(path: Path, sheet: str | None = None) -> AccuracyTable:
    """The models of a CSV or workbook, with the rows and columns that are not used.

    Raises:
        SourceError: the file cannot be read, or no row names the columns.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error
    table, _ = grid.read_table(
        data if data.startswith(b"PK") else convert_to_utf8(data),
        score_header,
        name=str(path),
        requirement="expected a header with a column 'study' and columns such as TP, FP, FN, TN, "
        "sensitivity, specificity or AUC.",
        sheet=sheet,
        pads_decimals=True,
    )
    columns = find_columns(table.header, path)
    models, problems = [], []
    filled: set[int] = set()
    used: set[int] = set()
    for row in table.rows:
        if isinstance(row, UnreadableEntry):
            problems.append(f"{path}: row {row.number}: {row.reason}")
            continue
        line_number, cells, _ = row
        filled |= {index for index, cell in enumerate(cells) if not is_unknown(cell)}
        values = {
            key: cells[index].strip()
            for key, index in columns.items()
            if index < len(cells) and cells[index].strip()
        }
        unused_keys = find_unused_keys(values)
        used |= {columns[key] for key in values if key not in unused_keys}
        place = f"{path}: line {line_number} ({values.get('study', 'no study')})"
        try:
            models.append(read_model(values))
        except ReviewError as error:
            problems.append(f"{place}: {error}")
        else:
            problems += [f"{place}: {models[-1].gap}"] if models[-1].gap else []
    unused = tuple(
        table.header[index] or f"column {index + 1} (no title)"
        for index in sorted(filled - used)
        if index < len(table.header)
    )
    return AccuracyTable(tuple(models), tuple(problems), unused)


def read_model(values: Mapping[str, str]) -> ModelAccuracy:
    """One model from what is reported, by what its columns hold.

    If there is too little for a 2×2 table but an AUC, or the other way round, the part that can be
    used is kept, and the note names the other.

    Raises:
        ReviewError: no study is named, too little is given, or figures contradict each other.
    """
    values = clean_cells(values)
    if "study" not in values:
        raise ReviewError("the study is not named.")
    counts: ReconstructedTable | None = None
    area: AreaError | None = None
    gaps: list[str] = []
    reason = ""
    try:
        counts = _read_table(values)
    except IncompleteFiguresError as error:
        gaps.append(f"only the AUC is used: {error}")
        reason = str(error)
    try:
        area, unused = _read_area(values, counts)
        gaps += [unused] if unused else []
    except ReviewError as error:
        if counts is None and not isinstance(error, IncompleteFiguresError):
            raise
        gaps.append(f"the AUC is not used: {error}")
        reason = reason or str(error)
    if counts is None and area is None:
        raise ReviewError(
            reason
            or "neither a 2×2 table (TP, FP, FN, TN), nor sensitivity and specificity with the "
            "number of cases, nor an AUC is given."
        )
    return ModelAccuracy(
        study=values["study"],
        model=values.get("model", ""),
        data_set=values.get("data set", ""),
        threshold=values.get("threshold", ""),
        counts=counts,
        counts_reported=counts is not None and not _is_worked_back(values),
        area=area,
        gap=" ".join(gaps),
    )


def _read_table(values: Mapping[str, str]) -> ReconstructedTable | None:
    """The 2×2 table as reported or from figures; None if the row gives neither."""
    has_figures = "sensitivity" in values or "specificity" in values
    if any(key in values for key in COUNTS):
        try:
            return _read_counts(values)
        except IncompleteFiguresError:
            if not has_figures:
                raise
    return _work_back(values) if has_figures else None


def _is_worked_back(values: Mapping[str, str]) -> bool:
    """Whether the 2×2 table comes from figures, because the counts are not complete."""
    try:
        return not any(key in values for key in COUNTS) or not _read_counts(values)
    except IncompleteFiguresError:
        return True


def _work_back(values: Mapping[str, str]) -> ReconstructedTable:
    """The 2×2 table from figures; counts that are reported as well must agree with it."""
    table = reconstruct_table(_read_figures(values))
    for key in COUNTS:
        if key not in values:
            continue
        name, count = key.upper(), read_count(values[key], key.upper())
        low, high = table.ranges[name]
        if not low <= count <= high:
            expected = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            raise ReviewError(f"{name} is {count:,}, but the reported figures give {expected}.")
    return table


def _read_counts(values: Mapping[str, str]) -> ReconstructedTable:
    """The four counts as reported; every other figure of the row must agree with them."""
    figures = _read_figures(values)
    given = {key: read_count(values[key], key.upper()) for key in COUNTS if key in values}
    sizes = {name: getattr(figures, name) for name in ("cases", "positives", "negatives")}
    counts = complete_counts(given, sizes)
    table = TwoByTwo(*(counts[key] for key in COUNTS))
    mismatch = find_mismatch(table, figures)
    if mismatch:
        raise ReviewError(mismatch)
    return keep_reported_table(table)


def _read_figures(values: Mapping[str, str]) -> ReportedFigures:
    sizes = read_sizes(values)
    shares = complete_shares(values, sizes)
    return ReportedFigures(
        cases=sizes["cases"],
        positives=sizes["positives"],
        negatives=sizes["negatives"],
        prevalence=shares["prevalence"],
        sensitivity=shares["sensitivity"],
        specificity=shares["specificity"],
        ppv=shares["ppv"],
        npv=shares["npv"],
        accuracy=shares["accuracy"],
    )


def _read_area(
    values: Mapping[str, str], counts: ReconstructedTable | None
) -> tuple[AreaError | None, str]:
    """The AUC with its error, None if the row has none; and what beside it is not used."""
    figures = read_area_cells(values)
    if figures.value is None:
        if figures.low or figures.high or figures.error:
            raise IncompleteFiguresError("its interval or standard error is given, but no AUC.")
        return None, ""
    area, is_percentage = read_area_value(figures.value)
    low, high = (
        float(parse_share(text, name).value) if text is not None else None
        for text, name in ((figures.low, "AUC low"), (figures.high, "AUC high"))
    )
    if (low is None) != (high is None):
        raise IncompleteFiguresError(
            "only one limit of its interval is given; enter both, or neither."
        )
    error = None
    if figures.error is not None:
        error = read_area_error(figures.error, of_percentage=is_percentage)
    sizes = (
        (counts.table.positives, counts.table.negatives)
        if counts is not None
        else estimate_class_sizes(_read_figures(values))
    )
    try:
        return estimate_area_error(
            area,
            low=low,
            high=high,
            standard_error=error,
            positives=sizes[0],
            negatives=sizes[1],
        ), figures.unused
    except IncompleteFiguresError as problem:
        raise IncompleteFiguresError(f"{problem} {figures.unused}".strip()) from None


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
    tables = [
        (name, model.counts.table)
        for name, model in name_rows([model for model in models if model.counts is not None])
        if model.counts is not None
    ]
    if tables:
        files[_FILES["mada"]] = _format_csv(
            ("names", "TP", "FN", "FP", "TN"),
            (
                (
                    name,
                    table.true_positives,
                    table.false_negatives,
                    table.false_positives,
                    table.true_negatives,
                )
                for name, table in tables
            ),
        )
        files[_FILES["revman"]] = _format_csv(
            ("Study ID", "TP", "FP", "FN", "TN"),
            (
                (
                    name,
                    table.true_positives,
                    table.false_positives,
                    table.false_negatives,
                    table.true_negatives,
                )
                for name, table in tables
            ),
        )
    areas = [
        (name, model.area)
        for name, model in name_rows([model for model in models if model.area is not None])
        if model.area is not None
    ]
    if areas:
        files[_FILES["auc"]] = _format_csv(
            ("studlab", "TE", "seTE", "lower", "upper", "method"),
            (
                (
                    name,
                    f"{area.value:g}",
                    f"{area.standard_error:.6f}",
                    f"{area.low:.4f}",
                    f"{area.high:.4f}",
                    area.method,
                )
                for name, area in areas
            ),
        )
    return files


def name_rows(models: Sequence[ModelAccuracy]) -> list[tuple[str, ModelAccuracy]]:
    """Each model with a name of its own, since mada, meta and RevMan tell rows apart by name: study
    and model, where needed with data set, threshold and a number."""
    names = [model.name for model in models]
    for detail in ("data_set", "threshold"):
        counts = Counter(names)
        names = [
            f"{name}, {getattr(model, detail)}"
            if counts[name] > 1 and getattr(model, detail)
            else name
            for name, model in zip(names, models, strict=True)
        ]
    counts, seen = Counter(names), Counter[str]()
    unique_names: list[str] = []
    for name in names:
        seen[name] += 1
        unique_names.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    return list(zip(unique_names, models, strict=True))


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
    *("AUC", "AUC standard error", "AUC 95% CI low", "AUC 95% CI high", "AUC error from", "note"),
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
    names = (model.study, model.model, model.data_set, model.threshold)
    return (*names, *counts, *area, model.note)


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
