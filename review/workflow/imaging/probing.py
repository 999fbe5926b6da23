"""Probes an image set for shortcuts in pixels, files and thumbnails."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.imaging.contact_sheets import Tile, draw_sheet
from review.imaging.labels import LabelRow, merge_rows, read_table
from review.imaging.shortcuts import ProbedImages, ProbeFigures, probe_measures, probe_shortcuts
from review.workflow.imaging.inputs import (
    ColumnChoice,
    LabelledSet,
    Progress,
    check_labels,
    describe_table_problems,
    load_set,
    load_table,
)
from review.workflow.imaging.outcome import (
    AuditOutcome,
    OutputFolder,
    flatten_figures,
    make_slug,
)
from review.workflow.imaging.sieving import read_pixels

DEFAULT_MEASURES = ("bytes", "width", "height", "mode")
"""Columns of a table of files that are measures of the container."""
TARGETS = ("label", "site", "view", "sex", "split")
PROBE_COLUMNS = (
    "target", "family", "images", "positives", "auc.value", "auc.low", "auc.high", "auc.method",
    "shuffled.mean", "shuffled.low", "shuffled.high", "shuffled.repeats",
)  # fmt: skip


def probe_set(
    folder: Path,
    labels: Path,
    out: Path,
    choice: ColumnChoice | None = None,
    *,
    target: str = "label",
    finding: str | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> AuditOutcome:
    """Sets trivial features against a label, site, view, sex or split; writes figures by feature.

    Args:
        finding: the label set against all others; needed if images have several labels.

    Raises:
        ReviewError: an unknown target or label, or too few images of each class.
    """
    if target not in TARGETS:
        raise ReviewError(f"--by {target!r} is not understood: use {', '.join(TARGETS)}")
    output = OutputFolder(out, "shortcuts")
    held = load_set(
        folder, output, labels, choice, workers=workers, progress=progress,
        need_labels=target == "label",
    )  # fmt: skip
    classes = _list_classes(held, target, finding)
    readable = held.check.readable
    report = probe_shortcuts(
        ProbedImages(
            paths=[entry.path for entry in readable],
            patients=held.patients,
            measures=held.check.measures,
            thumbnails=held.check.thumbnails,
            entries=readable,
        ),
        classes,
        seed=seed,
    )
    _write_probes(output, report.probes)
    for probe in report.probes:
        _write_examples(output, held.check.root, probe)
    output.write_manifest(
        [folder, labels],
        {"seed": seed, "by": target, "finding": finding},
        {"images": len(readable), "unknown": report.unknown, "too_few": report.too_few},
    )
    lines = [*held.notes, *map(_describe_probe, report.probes)]
    lines += _describe_few(report.too_few)
    shortfalls = [*held.shortfalls]
    if report.unknown:
        shortfalls.append(f"{report.unknown:,} images have no known {finding or target}.")
    return AuditOutcome(tuple(lines), tuple(shortfalls))


def probe_table(
    table: Path,
    out: Path,
    choice: ColumnChoice | None = None,
    *,
    finding: str,
    against: str | None = None,
    measures: Sequence[str] = (),
    seed: int = 0,
) -> AuditOutcome:
    """Sets measures of a table of files (bytes, width, height, mode) against a label.

    Args:
        against: the label of the negative class; None takes all other images.
        measures: columns of numbers or of words; empty takes bytes, width, height and mode.

    Raises:
        ReviewError: a column or label is missing, a cell is no number, or too few images.
    """
    import numpy as np

    held = load_table(table, choice)
    rows = merge_rows(held.rows)[0]
    check_labels(table, rows, [finding, *([against] if against else [])])
    chosen = [
        row
        for row in rows.values()
        if finding in row.labels or (against is None or against in row.labels)
    ]
    values, names = _read_measures(table, chosen, measures)
    positive = np.array([finding in row.labels for row in chosen])
    paths = [row.file for row in chosen]
    patients = [row.patient or f"image {row.file}" for row in chosen]
    probe = probe_measures(
        values,
        names,
        positive=positive,
        paths=paths,
        patients=patients,
        family="container",
        target=finding,
        seed=seed,
    )
    output = OutputFolder(out, "shortcuts")
    _write_probes(output, [probe])
    output.write_manifest(
        [table],
        {"seed": seed, "finding": finding, "against": against, "measures": names},
        {"images": len(chosen), "positives": int(positive.sum())},
    )
    patient_note = "" if any(row.patient for row in chosen) else (
        "No patient is known: each image counts as a patient of its own."
    )  # fmt: skip
    lines = [f"{len(chosen):,} images.", *([patient_note] if patient_note else [])]
    return AuditOutcome((*lines, _describe_probe(probe)), tuple(describe_table_problems(held)))


def _read_measures(
    path: Path, rows: Sequence[LabelRow], wanted: Sequence[str]
) -> tuple[Any, tuple[str, ...]]:
    """Images by measures: numbers as they are, words as one column each; bytes per pixel added."""
    import numpy as np

    header, lines = read_table(path)
    columns = list(wanted) or [name for name in DEFAULT_MEASURES if name in header]
    for name in columns or ["bytes"]:
        if name not in header:
            raise ReviewError(
                f"{path}: there is no column {name!r}; it has {', '.join(header)}. Name columns "
                "of measures with --measure"
            )
    by_line = dict(lines)
    held: dict[str, list[float]] = {}
    for name in columns:
        place = header.index(name)
        cells = [by_line[row.line][place].strip() for row in rows]
        try:
            held[name] = [float(cell) if cell else math.nan for cell in cells]
        except ValueError:
            for word, count in Counter(cells).most_common(8):
                if word and count < len(cells):
                    held[f"{name} {word}"] = [float(cell == word) for cell in cells]
    if {"bytes", "width", "height"} <= set(held):
        pixels = np.maximum(np.array(held["width"]) * np.array(held["height"]), 1)
        held["bytes per pixel"] = list(np.array(held["bytes"]) / pixels)
    return np.array(list(held.values())).T, tuple(held)


def _list_classes(held: LabelledSet, target: str, finding: str | None) -> list[str | None]:
    rows = [held.rows.get(entry.path) for entry in held.check.readable]
    if target != "label":
        return [None if row is None else getattr(row, target) for row in rows]
    known = sorted({name for row in rows if row is not None for name in row.labels})
    if finding is None:
        if any(row is not None and len(row.labels) > 1 for row in rows):
            raise ReviewError(
                f"images have several labels: name one with --finding, of {', '.join(known)}"
            )
        return [next(iter(row.labels), None) if row is not None else None for row in rows]
    if finding not in known:
        raise ReviewError(f"no image has the label {finding!r}; there are {', '.join(known)}")
    return [
        None
        if row is None or finding in row.uncertain | row.not_stated
        else finding
        if finding in row.labels
        else f"not {finding}"
        for row in rows
    ]


def _write_probes(output: OutputFolder, probes: Sequence[ProbeFigures]) -> None:
    output.write_table("shortcuts.csv", PROBE_COLUMNS, probes)
    output.write_table(
        "shortcuts-features.csv",
        ("target", "family", "name", "auc", "strength", "lowest", "highest"),
        (
            {**flatten_figures(measure), "target": probe.target, "family": probe.family}
            for probe in probes
            for measure in probe.measures
        ),
    )


def _write_examples(output: OutputFolder, root: Path, probe: ProbeFigures) -> None:
    """Draws the films with the lowest and the highest values of the most telling feature."""
    for measure in probe.measures[:1]:
        ends = (("lowest", measure.lowest), ("highest", measure.highest))
        tiles = [
            Tile(pixels=read_pixels(root, path), caption=f"{end} {measure.name}: {path}")
            for end, paths in ends
            for path in paths
        ]
        name = f"shortcuts-{make_slug(probe.target)}-{probe.family}.png"
        output.write_file(name, draw_sheet(tiles))


def _describe_probe(probe: ProbeFigures) -> str:
    best: Sequence[str] = [
        f"{measure.name} alone {measure.strength:.2f}" for measure in probe.measures[:1]
    ]
    return (
        f"{probe.target}, {probe.family}: AUC {probe.auc.value:.2f} ({probe.auc.low:.2f} to "
        f"{probe.auc.high:.2f}), with shuffled labels {probe.shuffled.mean:.2f}"
        f"{'; ' + best[0] if best else ''}."
    )


def _describe_few(too_few: Mapping[str, int]) -> list[str]:
    return [f"{name}: too few images to probe ({count:,})." for name, count in too_few.items()]
