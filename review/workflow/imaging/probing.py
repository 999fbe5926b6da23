"""Probe an image set for shortcuts: what pixels, container and a blurred look know of a label."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from review.errors import ReviewError
from review.imaging.shortcuts import ProbedImages, ProbeFigures, probe_shortcuts
from review.workflow.imaging.inputs import ColumnChoice, LabelledSet, Progress, load_set
from review.workflow.imaging.outcome import AuditOutcome, OutputFolder, flatten_figures

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
    output.write_table("shortcuts.csv", PROBE_COLUMNS, report.probes)
    output.write_table(
        "shortcuts-features.csv",
        ("target", "family", "name", "auc", "strength", "lowest", "highest"),
        (
            {**flatten_figures(measure), "target": probe.target, "family": probe.family}
            for probe in report.probes
            for measure in probe.measures
        ),
    )
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
