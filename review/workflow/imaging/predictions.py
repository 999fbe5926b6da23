"""Audits predictions: by group, gaps, proxies, and against mined and read labels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

from review.errors import ReviewError
from review.imaging.audit import SHEET_SIZE
from review.imaging.contact_sheets import Tile, draw_sheet
from review.imaging.discrimination import BOOTSTRAPS, AreaEstimate
from review.imaging.label_sources import LabelPair, NonsenseReport, check_nonsense
from review.imaging.labels import GUESSES, merge_rows, read_table
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
    Method,
    SubgroupReport,
    adjust_gaps,
    compare_subgroups,
    control_by_shuffling,
    list_levels,
    measure_proxies,
    predict_attribute,
)
from review.workflow.imaging.inputs import (
    ColumnChoice,
    check_labels,
    describe_table_problems,
    load_table,
)
from review.workflow.imaging.label_tables import (
    ACCURACY_COLUMNS,
    LabelTables,
    list_accuracy,
    load_pair,
)
from review.workflow.imaging.model_plots import draw_subgroup_figures
from review.workflow.imaging.outcome import (
    AuditOutcome,
    OutputFolder,
    flatten_figures,
    make_slug,
)
from review.workflow.imaging.sieving import read_pixels

AREA = ("value", "low", "high", "method")
METHODS: Mapping[str, Method] = {
    "automatic": "automatic", "patients": "patients", "images": "DeLong",
}  # fmt: skip
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
ATTRIBUTE_COLUMNS = (
    "attribute", "value", "model", *(f"auc.{name}" for name in AREA),
    "auc_in_positives", "auc_in_negatives",
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
    pairs: tuple[str, ...] = ()
    """LABEL=SCORE: each label of that table beside the score that is to predict it."""
    probabilities: bool = True
    """Whether scores must lie between 0 and 1; others are counted and left out."""
    threshold: float = 0.5
    references: tuple[str, ...] = ()
    """ATTRIBUTE=GROUP to compare the others with."""
    draws: int = BOOTSTRAPS
    unit: str = "automatic"
    """What intervals count as independent: patients (if known), or images, by DeLong."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NonsenseRequest:
    """Mined labels, read labels and scores of the same images."""

    tables: LabelTables
    scores: Path
    score_columns: tuple[str, ...]
    """Several are combined as the chance of any, taken as independent."""
    threshold: float | None = None
    images: Path | None = None
    """Folder of the images, for a sheet of each cell; None draws none."""
    seed: int = 0
    """Of the draw of the images on the sheets."""


def audit_subgroups(
    predictions: Path, out: Path, request: SubgroupRequest, choice: ColumnChoice | None = None
) -> AuditOutcome:
    """Writes figures by group, gaps, calibration, proxies and a shuffled control.

    Raises:
        ReviewError: a column, group or file is missing, or only one class has scores.
    """
    if request.unit not in METHODS:
        raise ReviewError(f"--unit {request.unit!r} is not understood: use {', '.join(METHODS)}")
    tables = _load_predictions(predictions, request, choice)
    references = _read_references(request.references)
    report = _compare_tables(tables, references, request)
    controls = {
        model: control_by_shuffling(table, model, seed=request.seed)
        for table in tables
        for model in table.scores
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
    output.write_table(
        "subgroups-proxies.csv",
        PROXY_COLUMNS,
        [row for table in tables for row in measure_proxies(table)],
    )
    output.write_table(
        "subgroups-attributes.csv",
        ATTRIBUTE_COLUMNS,
        [row for table in tables for row in _list_attribute_predictions(table, request)],
    )
    output.write_table(
        "subgroups-shuffled.csv",
        ("model", "mean", "low", "high", "repeats"),
        ({**flatten_figures(control), "model": model} for model, control in controls.items()),
    )
    for name, figure in draw_subgroup_figures(report).items():
        output.write_file(name, figure)
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
            "rows": tables[0].read,
            "images": len(tables[0].ids),
            "unknown": report.unknown,
            "without_score": report.without_score,
            "problems": {problem.kind: problem.count for problem in tables[0].problems},
        },
    )
    lines = _describe_subgroups(report, tables[0])
    for model, control in controls.items():
        lines.append(f"{model} against shuffled labels: AUC {control.mean:.2f}; 0.5 is expected.")
    return AuditOutcome(tuple(lines), tuple(_describe_problems(tables[0].problems)))


def audit_nonsense(out: Path, request: NonsenseRequest) -> AuditOutcome:
    """A model's AUC against mined and read labels, and what its 'errors' truly are.

    Raises:
        ReviewError: a table or column is missing, or no image is in all three.
    """
    mined, read, pair = load_pair(request.tables)
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
    output.write_table("nonsense-labels.csv", ACCURACY_COLUMNS, list_accuracy(report.mined_labels))
    missing = _write_cell_sheets(output, request, report)
    output.write_manifest(
        [request.tables.mined, request.tables.read, request.scores],
        {
            "mined_labels": request.tables.mined_labels,
            "read_labels": request.tables.read_labels,
            "read_split": request.tables.read_split,
            "scores": request.score_columns,
            "threshold": report.threshold,
            "seed": request.seed,
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
    if missing:
        shortfalls.append(f"{missing:,} images drawn for the sheets are not in {request.images}.")
    return AuditOutcome(tuple(_describe_nonsense(report, pair)), tuple(shortfalls))


def _write_cell_sheets(
    output: OutputFolder, request: NonsenseRequest, report: NonsenseReport
) -> int:
    """One sheet a cell, of images drawn at random; gives how many of them cannot be read."""
    missing = 0
    if request.images is None:
        return missing
    for cell in report.cells:
        if not cell.images:
            continue
        draw = Random(f"{request.seed} {cell.name}")
        names = draw.sample(sorted(cell.images), min(SHEET_SIZE, len(cell.images)))
        tiles = []
        for name in names:
            pixels = read_pixels(request.images, name)
            missing += pixels is None
            tiles.append(Tile(pixels=pixels, caption=name))
        output.write_file(f"nonsense-{make_slug(cell.name)}.png", draw_sheet(tiles))
    return missing


def _list_attribute_predictions(
    table: PredictionTable, request: SubgroupRequest
) -> Iterator[dict[str, Any]]:
    """How well each score predicts each level of an attribute; levels with too few images are
    left out, and of two levels the second, which is the first the other way round."""
    for attribute in table.attributes:
        levels = list_levels(table, attribute)
        for value in levels[:1] if len(levels) == 2 else levels:
            try:
                result = predict_attribute(
                    table, attribute, value, draws=request.draws, seed=request.seed
                )
            except ReviewError:  # too few images in the group or outside it
                continue
            for model, area in result.by_model.items():
                yield {
                    "attribute": attribute,
                    "value": value,
                    "model": model,
                    **{f"auc.{name}": getattr(area, name) for name in AREA},
                    "auc_in_positives": result.among_positives[model],
                    "auc_in_negatives": result.among_negatives[model],
                }


def _compare_tables(
    tables: Sequence[PredictionTable], references: Mapping[str, str], request: SubgroupRequest
) -> SubgroupReport:
    """One report over all tables; p values are adjusted over the gaps of all of them."""
    reports = [
        compare_subgroups(
            table,
            threshold=request.threshold,
            references=references,
            method=METHODS[request.unit],
            draws=request.draws,
            seed=request.seed,
        )
        for table in tables
    ]
    return SubgroupReport(
        overall=tuple(group for report in reports for group in report.overall),
        groups=tuple(group for report in reports for group in report.groups),
        gaps=adjust_gaps([gap for report in reports for gap in report.gaps]),
        unknown=reports[0].unknown,
        without_score={
            model: count for report in reports for model, count in report.without_score.items()
        },
        unit=reports[0].unit,
    )


def _load_predictions(
    path: Path, request: SubgroupRequest, choice: ColumnChoice | None
) -> list[PredictionTable]:
    """One table; with LABEL=SCORE pairs one of each."""
    header, _ = read_table(path)
    pairs = [_read_pair(word) for word in request.pairs]
    if not request.scores and not pairs:
        raise ReviewError(
            f"{path}: name a column of scores with --score; it has {', '.join(header)}"
        )
    identifier = request.id or _guess(header, "file")
    if identifier is None:
        raise ReviewError(f"{path}: no column is recognised as the image; name it with --id")
    if request.labels is not None:
        if bool(request.findings) == bool(pairs):
            raise ReviewError(
                f"{request.labels}: name the label to predict with --finding, or --pair LABEL=SCORE"
            )
        columns = dict.fromkeys([*request.scores, *(score for _, score in pairs)])
        scores = read_scores(
            path,
            id_column=identifier,
            score_columns=tuple(columns),
            probabilities=request.probabilities,
        )
        rows = merge_rows(load_table(request.labels, choice).rows)[0]
        check_labels(request.labels, rows, [*request.findings, *(label for label, _ in pairs)])
        if not pairs:
            return [join_scores(scores, rows, request.findings)]
        return [join_scores(scores, rows, [label], models=[score]) for label, score in pairs]
    if pairs:
        raise ReviewError("--pair needs a table of labels: add --labels")
    label = request.label or _guess(header, "labels")
    if label is None:
        raise ReviewError(f"{path}: no column is recognised as the class; name it with --label")
    taken = {identifier, label, *request.scores}
    attributes = request.attributes or tuple(
        column
        for part in ("sex", "view", "site")
        if (column := _guess(header, part)) is not None and column not in taken
    )
    columns_chosen = PredictionColumns(
        id=identifier,
        label=label,
        scores=request.scores,
        patient=request.patient or _guess(header, "patient"),
        age=request.age or _guess(header, "age"),
        attributes=attributes,
        positive=request.positive,
    )
    return [read_predictions(path, columns_chosen, probabilities=request.probabilities)]


def _read_pair(word: str) -> tuple[str, str]:
    label, _, score = (piece.strip() for piece in word.partition("="))
    if not label or not score:
        raise ReviewError(f"--pair {word!r} is not understood: write LABEL=SCORE")
    return label, score


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


def _add_scores(
    pair: LabelPair, request: NonsenseRequest
) -> tuple[LabelPair, Any, int, tuple[PredictionProblem, ...]]:
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
        where = "all images" if group.attribute == "all" else f"{group.attribute} {group.value}"
        name = f"{group.model}, {where}"
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
            lines.append(
                f"{cell.name}: {share.n:,} images, {100 * share.value:.0f} % truly positive."
            )
    if pair.one_source:
        lines.append(f"{pair.one_source:,} images are in one label table only.")
    return lines


def _describe_problems(problems: Sequence[PredictionProblem]) -> list[str]:
    return [
        f"{problem.kind}: {problem.count:,} images, such as {problem.examples[0]}."
        for problem in problems
        if problem.examples
    ]


def _format_area(area: AreaEstimate) -> str:
    return f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})"
