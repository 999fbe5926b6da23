"""Compares labels mined from reports with labels read from images, with and without a model.

A model can reach a good AUC against mined labels and still agree better with what readers see: its
'false positives' are then often right, and the mined label is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError
from review.imaging.audit import Claim, Proportion, estimate_proportion
from review.imaging.discrimination import (
    AreaEstimate,
    estimate_auc_by_patient,
    estimate_auc_delong,
)
from review.imaging.labels import LabelRow, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelAccuracy:
    """One source of labels against another that is taken for the truth."""

    images: int
    ppv: Proportion
    """Of the images with the label, those that truly have it."""
    sensitivity: Proportion
    specificity: Proportion
    npv: Proportion
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelPair:
    """Images with a class from both sources."""

    ids: tuple[str, ...]
    mined: tuple[bool, ...]
    read: tuple[bool, ...]
    patients: tuple[str, ...] | None
    unknown: int
    """Images in both sources whose class is uncertain or not stated in one of them."""
    one_source: int
    """Images in one source only."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table of predictions against mined labels, judged by the readers."""

    name: str
    """true positive, false positive, false negative or true negative"""
    images: tuple[str, ...]
    truly_positive: Proportion


@dataclass(frozen=True, slots=True)
class NonsenseReport:
    """A model against mined and read labels of the same images."""

    images: int
    mined_positive: int
    read_positive: int
    against_mined: AreaEstimate
    """DeLong, as it is usually published."""
    against_read: AreaEstimate
    against_mined_by_patient: AreaEstimate | None
    against_read_by_patient: AreaEstimate | None
    threshold: float
    """At or above which a score counts as positive."""
    cells: tuple[Cell, ...]
    mined_labels: LabelAccuracy


def pair_labels(
    mined: Mapping[str, LabelRow],
    read: Mapping[str, LabelRow],
    *,
    mined_labels: Sequence[str],
    read_labels: Sequence[str],
) -> LabelPair:
    """Images with a class in both sources: positive with any of the labels named.

    Raises:
        ReviewError: no image is in both sources.
    """
    ids = [name for name in mined if name in read]
    if not ids:
        raise ReviewError("no image is in both tables of labels: compare the file names")
    kept, first_values, second_values, patients = [], [], [], []
    for name in ids:
        first = _read_class(mined[name], mined_labels)
        second = _read_class(read[name], read_labels)
        if first is None or second is None:
            continue
        kept.append(name)
        first_values.append(first)
        second_values.append(second)
        patients.append(mined[name].patient or read[name].patient)
    known = any(patient is not None for patient in patients)
    return LabelPair(
        ids=tuple(kept),
        mined=tuple(first_values),
        read=tuple(second_values),
        patients=tuple(
            f"unknown patient of {name}" if patient is None else patient
            for name, patient in zip(kept, patients, strict=True)
        )
        if known
        else None,
        unknown=len(ids) - len(kept),
        one_source=len(mined) + len(read) - 2 * len(ids),
    )


def compare_label_sources(
    mined: Sequence[bool], read: Sequence[bool], *, claims: Sequence[Claim] = ()
) -> LabelAccuracy:
    """How far one source of labels agrees with the one taken for the truth.

    Raises:
        ReviewError: the lists differ in length.
    """
    if len(mined) != len(read):
        raise ReviewError(f"{len(mined)} mined labels are given beside {len(read)} read ones")
    pairs = list(zip(mined, read, strict=True))
    both = sum(a and b for a, b in pairs)
    neither = sum(not a and not b for a, b in pairs)
    labelled, true = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    return LabelAccuracy(
        images=len(pairs),
        ppv=estimate_proportion(both, labelled),
        sensitivity=estimate_proportion(both, true),
        specificity=estimate_proportion(neither, len(pairs) - true),
        npv=estimate_proportion(neither, len(pairs) - labelled),
        claims=tuple(claims),
    )


def check_nonsense(
    pair: LabelPair,
    scores: Sequence[float] | NDArray[Any],
    *,
    threshold: float | None = None,
) -> NonsenseReport:
    """A model's AUC against mined and against read labels, and what its 'errors' truly are.

    Args:
        scores: of the images of the pair, in its order.
        threshold: at or above which a score counts as positive; None takes the score that calls as
            many images positive as the mined labels do (more if scores are equal).

    Raises:
        ReviewError: the lengths differ, a score is missing, or a source has one class only.
    """
    import numpy as np

    values = np.asarray(scores, dtype=float)
    mined, read = np.array(pair.mined, dtype=bool), np.array(pair.read, dtype=bool)
    if len(values) != len(mined):
        raise ReviewError(f"{len(values)} scores are given for {len(mined)} images")
    against_mined = estimate_auc_delong(mined, values)
    against_read = estimate_auc_delong(read, values)
    by_patient: list[AreaEstimate | None] = [None, None]
    if pair.patients is not None and len(set(pair.patients)) > 1:
        by_patient = [
            estimate_auc_by_patient(classes, values, pair.patients) for classes in (mined, read)
        ]
    if threshold is None:
        threshold = float(np.sort(values)[::-1][int(mined.sum()) - 1])
    called = values >= threshold
    cells = (
        _describe_cell("true positive", called & mined, read, pair.ids),
        _describe_cell("false positive", called & ~mined, read, pair.ids),
        _describe_cell("false negative", ~called & mined, read, pair.ids),
        _describe_cell("true negative", ~called & ~mined, read, pair.ids),
    )
    return NonsenseReport(
        images=len(values),
        mined_positive=int(mined.sum()),
        read_positive=int(read.sum()),
        against_mined=against_mined,
        against_read=against_read,
        against_mined_by_patient=by_patient[0],
        against_read_by_patient=by_patient[1],
        threshold=threshold,
        cells=cells,
        mined_labels=compare_label_sources(pair.mined, pair.read),
    )


def read_claims(
    path: Path, *, label_column: str, value_column: str, source: str, measure: str = "precision"
) -> dict[str, Claim]:
    """Published figures per label; values above 1 are per cent.

    Raises:
        ReviewError: no such file or column, or a value that is no share.
    """
    header, lines = read_table(path)
    for column in (label_column, value_column):
        if column not in header:
            raise ReviewError(f"{path}: there is no column {column!r}; it has {', '.join(header)}")
    texts = {
        cells[header.index(label_column)].strip(): (line, cells[header.index(value_column)])
        for line, cells in lines
        if len(cells) >= len(header)
    }
    values: dict[str, float] = {}
    for label, (line, text) in texts.items():
        try:
            values[label] = float(text.strip().rstrip("%"))
        except ValueError as error:
            raise ReviewError(f"{path}, line {line}: {text!r} is not a share") from error
        if not 0 <= values[label] <= 100:
            raise ReviewError(f"{path}, line {line}: {text!r} is not between 0 and 100 %")
    percent = any(value > 1 for value in values.values())
    return {
        label: Claim(label, value / 100 if percent else value, source, measure)
        for label, value in values.items()
    }


def _read_class(row: LabelRow, labels: Sequence[str]) -> bool | None:
    if any(label in row.labels for label in labels):
        return True
    if any(label in row.uncertain or label in row.not_stated for label in labels):
        return None
    return False


def _describe_cell(
    name: str, inside: NDArray[np.bool_], read: NDArray[np.bool_], ids: Sequence[str]
) -> Cell:
    return Cell(
        name,
        tuple(name for name, chosen in zip(ids, inside, strict=True) if chosen),
        estimate_proportion(int((inside & read).sum()), int(inside.sum())),
    )
