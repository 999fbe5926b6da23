"""Audit predictions: figures by group, gaps, proxies; and a model against mined and read labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from review.errors import ReviewError
from review.imaging.discrimination import BOOTSTRAPS, AreaEstimate
from review.imaging.label_sources import LabelPair, NonsenseReport, check_nonsense, pair_labels
from review.imaging.labels import GUESSES, LabelRow, merge_rows, read_table
from review.imaging.predictions import (
    PredictionColumns,
    PredictionProblem,
    PredictionTable,
    combine_scores,
    join_scores,
    read_predictions,
    read_scores,
)
from review.imaging.subgroups import (
    SubgroupReport,
    compare_subgroups,
    control_by_shuffling,
    measure_proxies,
)
from review.workflow.imaging.inputs import ColumnChoice, describe_table_problems, load_table
from review.workflow.imaging.outcome import AuditOutcome, OutputFolder, flatten_figures

AREA = ("value", "low", "high", "method")
GROUP_COLUMNS = (
    "model", "attribute", "value", "images", "patients", "positives", "negatives", "too_few",
    *(f"auc.{name}" for name in AREA),
    *(f"at_threshold.{name}" for name in (
        "threshold", "sensitivity.value", "sensitivity.low", "sensitivity.high",
        "specificity.value", "specificity.low", "specificity.high")),
    *(f"calibration.{name}" for name in (
        "slope", "slope_low", "slope_high", "intercept", "intercept_low", "intercept_high",
        "brier", "mean_score", "observed")),
)  # fmt: skip
GAP_COLUMNS = (
    "model", "attribute", "value", "reference", "measure", "difference", "low", "high", "p",
    "p_holm",
)  # fmt: skip
PROXY_COLUMNS = (
    "attribute", "value", "images", *(f"label_auc.{name}" for name in AREA), "score_auc",
    "score_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupRequest:
    """Which columns hold what, and how to judge."""

    scores: tuple[str, ...]
    id: str | None = None
    label: str | None = None
    positive: str | None = None
    patient: str | None = None
    age: str | None = None
    attributes: tuple[str, ...] = ()
    labels: Path | None = None
    """A table of labels to join, if the predictions hold scores only."""
    findings: tuple[str, ...] = ()
    """Labels of that table that make an image positive."""
    threshold: float = 0.5
    references: tuple[str, ...] = ()
    """ATTRIBUTE=GROUP to compare the others with."""
    draws: int = BOOTSTRAPS
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NonsenseRequest:
    """Mined labels, read labels and scores of the same images."""

    mined: Path
    read: Path
    scores: Path
    mined_labels: tuple[str, ...]
    read_labels: tuple[str, ...]
    score_columns: tuple[str, ...]
    """Several are combined as the chance of any, taken as independent."""
    read_columns: tuple[str, ...] = ()
    """Columns of the read labels, if there is one for each."""
    read_split: str | None = None
    """Only rows of the read labels with this split."""
    threshold: float | None = None


def audit_subgroups(
    predictions: Path, out: Path, request: SubgroupRequest, choice: ColumnChoice | None = None
) -> AuditOutcome:
    """Writes figures by group, gaps, calibration, proxies and a shuffled control.

    Raises:
        ReviewError: a column, group or file is missing, or only one class has scores.
    """
    table = _load_predictions(predictions, request, choice)
    references = _read_references(request.references)
    report = compare_subgroups(
        table,
        threshold=request.threshold,
        references=references,
        draws=request.draws,
        seed=request.seed,
    )
    controls = {
        model: control_by_shuffling(table, model, seed=request.seed) for model in table.scores
    }
    output = OutputFolder(out, "subgroups")
    output.write_table("subgroups.csv", GROUP_COLUMNS, [*report.overall, *report.groups])
    output.write_table("subgroups-gaps.csv", GAP_COLUMNS, report.gaps)
    output.write_table(
        "subgroups-calibration.csv",
        ("model", "attribute", "value", "n", "mean_score", "observed.value", "observed.low",
         "observed.high"),
        (
            {**flatten_figures(part), "model": group.model, "attribute": group.attribute,
             "value": group.value}
            for group in (*report.overall, *report.groups)
            for part in (group.calibration.bins if group.calibration else ())
        ),
    )  # fmt: skip
    output.write_table("subgroups-proxies.csv", PROXY_COLUMNS, measure_proxies(table))
    output.write_table(
        "subgroups-shuffled.csv",
        ("model", "mean", "low", "high", "repeats"),
        ({**flatten_figures(control), "model": model} for model, control in controls.items()),
    )
    inputs = [path for path in (predictions, request.labels) if path is not None]
    output.write_manifest(
        inputs,
        {
            "seed": request.seed,
            "draws": request.draws,
            "threshold": request.threshold,
            "references": references,
            "scores": request.scores,
            "findings": request.findings,
            "unit": report.unit,
        },
        {
            "rows": table.read,
            "images": len(table.ids),
            "unknown": report.unknown,
            "without_score": report.without_score,
            "problems": {problem.kind: problem.count for problem in table.problems},
        },
    )
    return AuditOutcome(
        tuple(_describe_subgroups(report, table)), tuple(_describe_problems(table.problems))
    )


def audit_nonsense(out: Path, request: NonsenseRequest) -> AuditOutcome:
    """A model's AUC against mined and read labels, and what its 'errors' truly are.

    Raises:
        ReviewError: a table or column is missing, or no image is in all three.
    """
    mined = load_table(request.mined)
    read = load_table(request.read, ColumnChoice(labels=request.read_columns))
    read_rows = merge_rows(
        row for row in read.rows if request.read_split in (None, row.split)
    )[0]  # fmt: skip
    mined_rows = merge_rows(mined.rows)[0]
    _check_labels(request.mined, mined_rows, request.mined_labels)
    _check_labels(request.read, read_rows, request.read_labels)
    pair = pair_labels(
        mined_rows, read_rows, mined_labels=request.mined_labels, read_labels=request.read_labels
    )
    pair, scores, without, problems = _add_scores(pair, request)
    report = check_nonsense(pair, scores, threshold=request.threshold)
    output = OutputFolder(out, "nonsense")
    areas = (
        ("mined", report.against_mined),
        ("read", report.against_read),
        ("mined", report.against_mined_by_patient),
        ("read", report.against_read_by_patient),
    )
    output.write_table(
        "nonsense-auc.csv",
        ("labels", *AREA, "positives", "negatives"),
        ({**flatten_figures(area), "labels": name} for name, area in areas if area is not None),
    )
    output.write_table(
        "nonsense-cells.csv",
        ("cell", "images", "truly_positive", "share", "low", "high"),
        (
            {"cell": cell.name, "images": cell.truly_positive.n,
             "truly_positive": cell.truly_positive.count, "share": cell.truly_positive.value,
             "low": cell.truly_positive.low, "high": cell.truly_positive.high}
            for cell in report.cells
        ),
    )  # fmt: skip
    output.write_table(
        "nonsense-images.csv",
        ("image", "cell"),
        ({"image": name, "cell": cell.name} for cell in report.cells for name in cell.images),
    )
    accuracy = report.mined_labels
    output.write_table(
        "nonsense-labels.csv",
        ("measure", "count", "n", "value", "low", "high"),
        (
            {**flatten_figures(getattr(accuracy, name)), "measure": name}
            for name in ("ppv", "sensitivity", "specificity", "npv")
        ),
    )
    output.write_manifest(
        [request.mined, request.read, request.scores],
        {
            "mined_labels": request.mined_labels,
            "read_labels": request.read_labels,
            "read_split": request.read_split,
            "scores": request.score_columns,
            "threshold": report.threshold,
        },
        {
            "images": report.images,
            "unknown_class": pair.unknown,
            "one_table_only": pair.one_source,
            "without_score": without,
        },
    )
    shortfalls = [*describe_table_problems(mined), *describe_table_problems(read)]
    shortfalls += _describe_problems(problems)
    if pair.unknown:
        shortfalls.append(f"{pair.unknown:,} images have an uncertain or unstated class.")
    if without:
        shortfalls.append(f"{without:,} images in both label tables have no score.")
    return AuditOutcome(tuple(_describe_nonsense(report, pair)), tuple(shortfalls))


def _load_predictions(
    path: Path, request: SubgroupRequest, choice: ColumnChoice | None
) -> PredictionTable:
    header, _ = read_table(path)
    if not request.scores:
        raise ReviewError(f"{path}: name a column of scores with --score; it has {header}")
    identifier = request.id or _guess(header, "file")
    if identifier is None:
        raise ReviewError(f"{path}: no column is recognised as the image; name it with --id")
    if request.labels is not None:
        if not request.findings:
            raise ReviewError(f"{request.labels}: name the label to predict with --finding")
        scores = read_scores(path, id_column=identifier, score_columns=request.scores)
        labels = load_table(request.labels, choice)
        rows = merge_rows(labels.rows)[0]
        _check_labels(request.labels, rows, request.findings)
        return join_scores(scores, rows, request.findings)
    label = request.label or _guess(header, "labels")
    if label is None:
        raise ReviewError(f"{path}: no column is recognised as the class; name it with --label")
    taken = {identifier, label, *request.scores}
    attributes = request.attributes or tuple(
        column
        for part in ("sex", "view", "site")
        if (column := _guess(header, part)) is not None and column not in taken
    )
    return read_predictions(
        path,
        PredictionColumns(
            id=identifier,
            label=label,
            scores=request.scores,
            patient=request.patient or _guess(header, "patient"),
            age=request.age or _guess(header, "age"),
            attributes=attributes,
            positive=request.positive,
        ),
    )


def _guess(header: Sequence[str], part: str) -> str | None:
    names = {name.lower(): name for name in reversed(header)}
    return next((names[guess] for guess in GUESSES[part] if guess in names), None)


def _read_references(words: Sequence[str]) -> dict[str, str]:
    references = {}
    for word in words:
        attribute, _, group = (piece.strip() for piece in word.partition("="))
        if not attribute or not group:
            raise ReviewError(f"--reference {word!r} is not understood: write ATTRIBUTE=GROUP")
        references[attribute] = group
    return references


def _check_labels(path: Path, rows: Mapping[str, LabelRow], wanted: Sequence[str]) -> None:
    """Raises ReviewError if a label occurs nowhere: a misspelt one would make no image positive."""
    known = {name for row in rows.values() for name in row.labels | row.uncertain | row.not_stated}
    for label in wanted:
        if label not in known:
            raise ReviewError(
                f"{path}: no image has the label {label!r}; there are {', '.join(sorted(known))}"
            )


def _add_scores(
    pair: LabelPair, request: NonsenseRequest
) -> tuple[LabelPair, Sequence[float], int, tuple[PredictionProblem, ...]]:
    """The pair's images that have every score, those scores combined, and how many have not."""
    import numpy as np

    header, _ = read_table(request.scores)
    identifier = _guess(header, "file")
    if identifier is None:
        raise ReviewError(f"{request.scores}: no column is recognised as the image file")
    table = read_scores(request.scores, id_column=identifier, score_columns=request.score_columns)
    columns = [
        {PurePosixPath(name).name: score for name, score in table.scores[model].items()}
        for model in request.score_columns
    ]
    names = [PurePosixPath(name).name for name in pair.ids]
    kept = [place for place, name in enumerate(names) if all(name in column for column in columns)]
    if not kept:
        raise ReviewError(f"{request.scores}: no image of both label tables has a score")
    parts = [np.array([column[names[place]] for place in kept]) for column in columns]
    scores = parts[0] if len(parts) == 1 else combine_scores(parts)
    held = replace(
        pair,
        ids=tuple(pair.ids[place] for place in kept),
        mined=tuple(pair.mined[place] for place in kept),
        read=tuple(pair.read[place] for place in kept),
        patients=None if pair.patients is None else tuple(pair.patients[p] for p in kept),
    )
    return held, scores, len(names) - len(kept), table.problems


def _describe_subgroups(report: SubgroupReport, table: PredictionTable) -> list[str]:
    lines = [f"{len(table.ids):,} of {table.read:,} images have a class; intervals by draws of "
             f"{report.unit}." if report.unit == "patients" else
             f"{len(table.ids):,} of {table.read:,} images have a class; no patient is known, so "
             "intervals are DeLong's."]  # fmt: skip
    for group in (*report.overall, *report.groups):
        name = f"{group.model}, {group.attribute} {group.value}"
        if group.auc is None:
            lines.append(f"{name}: too few images of a class ({group.images:,} images).")
        else:
            lines.append(f"{name}: AUC {_format_area(group.auc)}, {group.images:,} images.")
    telling = [gap for gap in report.gaps if gap.p_holm is not None and gap.p_holm < 0.05]
    lines.append(f"{len(report.gaps):,} gaps, {len(telling):,} with p < 0.05 after Holm.")
    return lines


def _describe_nonsense(report: NonsenseReport, pair: LabelPair) -> list[str]:
    lines = [
        f"{report.images:,} images: {report.mined_positive:,} positive by mined labels, "
        f"{report.read_positive:,} as read.",
        f"AUC against mined labels {_format_area(report.against_mined)}, against read labels "
        f"{_format_area(report.against_read)}.",
    ]
    for cell in report.cells:
        share = cell.truly_positive
        if share.value is not None:
            lines.append(f"{cell.name}: {share.n:,} images, {share.value:.0%} truly positive.")
    if pair.one_source:
        lines.append(f"{pair.one_source:,} images stand in one label table only.")
    return lines


def _describe_problems(problems: Sequence[PredictionProblem]) -> list[str]:
    return [
        f"{problem.kind}: {problem.count:,} images, such as {problem.examples[0]}."
        for problem in problems
        if problem.examples
    ]


def _format_area(area: AreaEstimate) -> str:
    return f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})"
