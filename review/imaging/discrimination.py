"""Discrimination and calibration of a score.

Areas under the curve (AUC) come with DeLong's interval or a bootstrap that draws patients. If a
patient has several images, the patient is the unit: intervals over images are too narrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError
from review.imaging.audit import Proportion, estimate_proportion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Z = 1.959963984540054
"""Two-sided 95 % point of the normal law."""
BOOTSTRAPS = 1000
"""Draws of patients."""
SEED = 0
FEWEST = 10
"""Images of a class below which no figure of a group is given."""


@dataclass(frozen=True, slots=True)
class AreaEstimate:
    """An AUC with its 95 % interval."""

    value: float
    low: float
    high: float
    positives: int
    negatives: int
    method: str
    """'DeLong' or 'patient bootstrap, 1,000 draws'."""
    patients: int | None = None


@dataclass(frozen=True, slots=True)
class ThresholdFigures:
    """Sensitivity and specificity at a threshold; scores at or above it count as positive."""

    threshold: float
    sensitivity: Proportion
    specificity: Proportion


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Images of similar score."""

    n: int
    mean_score: float
    observed: Proportion


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far scores can be read as probabilities; 0 and 1 are the best intercept and slope."""

    n: int
    slope: float | None
    """Of the logistic regression of the class on the log odds of the score."""
    slope_low: float | None
    slope_high: float | None
    intercept: float | None
    """With the slope held at 1 (calibration in the large)."""
    intercept_low: float | None
    intercept_high: float | None
    brier: float
    mean_score: float
    observed: float
    """Share of positives."""
    clipped: int
    """Scores of exactly 0 or 1, taken as 0.000001 and 0.999999 for the log odds."""
    bins: tuple[CalibrationBin, ...]
    """Ten groups of equal size by score."""


def compute_auc(
    positive: Sequence[bool] | NDArray[Any], scores: Sequence[float] | NDArray[Any]
) -> float:
    """The chance that a positive image has a higher score than a negative one, ties half.

    Raises:
        ReviewError: one of the classes is empty, or a score is not a number.
    """
    classes, values = _check_scores(positive, scores)
    upper, _ = _place_scores(classes, values)
    return float(upper.mean())


def estimate_auc_delong(
    positive: Sequence[bool] | NDArray[Any], scores: Sequence[float] | NDArray[Any]
) -> AreaEstimate:
    """The AUC with DeLong's interval; images count as independent.

    Raises:
        ReviewError: fewer than two images of a class, or a score is not a number.

    Source: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595; by ranks as in Sun and Xu
        2014, doi:10.1109/LSP.2014.2337313.
    """
    classes, values = _check_scores(positive, scores)
    upper, lower = _place_scores(classes, values)
    if min(len(upper), len(lower)) < 2:
        raise ReviewError("DeLong's interval needs two images of each class")
    value = float(upper.mean())
    variance = upper.var(ddof=1) / len(upper) + lower.var(ddof=1) / len(lower)
    reach = Z * float(variance) ** 0.5
    return AreaEstimate(
        value=value,
        low=max(0.0, value - reach),
        high=min(1.0, value + reach),
        positives=len(upper),
        negatives=len(lower),
        method="DeLong",
    )


def estimate_auc_by_patient(
    positive: Sequence[bool] | NDArray[Any],
    scores: Sequence[float] | NDArray[Any],
    patients: Sequence[str],
    *,
    draws: int = BOOTSTRAPS,
    seed: int = SEED,
) -> AreaEstimate:
    """The AUC with a percentile interval from draws of patients with replacement.

    Raises:
        ReviewError: one of the classes is empty, or fewer than two patients.

    Source: Obuchowski 1997, doi:10.2307/2533958 (why patients); Efron and Tibshirani 1993.
    """
    import numpy as np

    classes, values = _check_scores(positive, scores)
    drawn = draw_patients(patients, draws=draws, seed=seed)
    areas = bootstrap_auc(classes, values, drawn)
    areas = areas[~np.isnan(areas)]
    low, high = np.percentile(areas, [2.5, 97.5]) if len(areas) else (np.nan, np.nan)
    return AreaEstimate(
        value=compute_auc(classes, values),
        low=float(low),
        high=float(high),
        positives=int(classes.sum()),
        negatives=int((~classes).sum()),
        method=f"patient bootstrap, {draws:,} draws",
        patients=drawn.patients,
    )


@dataclass(frozen=True, slots=True, eq=False)
class PatientDraws:
    """Draws of patients with replacement, the same for every figure of a run."""

    groups: NDArray[np.intp]
    """Number of each image's patient, in the order of first appearance."""
    patients: int
    draws: int
    seed: int

    def weigh(self) -> Iterator[NDArray[np.intp]]:
        """Yields, per draw, how often each image's patient was drawn."""
        import numpy as np

        generator = np.random.default_rng(self.seed)
        for _ in range(self.draws):
            chosen = generator.integers(0, self.patients, self.patients)
            yield np.bincount(chosen, minlength=self.patients)[self.groups]


def draw_patients(
    patients: Sequence[str], *, draws: int = BOOTSTRAPS, seed: int = SEED
) -> PatientDraws:
    """Draws for a bootstrap over patients.

    Raises:
        ReviewError: fewer than two patients, or fewer than 100 draws.
    """
    import numpy as np

    number: dict[str, int] = {}
    groups = np.array([number.setdefault(patient, len(number)) for patient in patients], np.intp)
    if len(number) < 2:
        raise ReviewError("a bootstrap over patients needs at least two of them")
    if draws < 100:
        raise ReviewError(f"a bootstrap needs at least 100 draws, not {draws}")
    return PatientDraws(groups, len(number), draws, seed)


def bootstrap_auc(
    classes: NDArray[np.bool_], scores: NDArray[np.float64], drawn: PatientDraws
) -> NDArray[np.float64]:
    """The AUC of every draw; nan where a draw holds one class only."""
    import numpy as np

    levels, place = np.unique(scores, return_inverse=True)
    areas = np.full(drawn.draws, np.nan)
    for number, weights in enumerate(drawn.weigh()):
        upper = np.bincount(place, weights * classes, len(levels))
        lower = np.bincount(place, weights * ~classes, len(levels))
        pairs = upper.sum() * lower.sum()
        if pairs:
            areas[number] = upper @ (np.cumsum(lower) - lower / 2) / pairs
    return areas


def measure_at_threshold(
    positive: Sequence[bool] | NDArray[Any],
    scores: Sequence[float] | NDArray[Any],
    threshold: float,
) -> ThresholdFigures:
    """Sensitivity and specificity, a score at or above the threshold counting as positive.

    The intervals are Wilson's, over images.
    """
    import numpy as np

    classes = np.asarray(positive, dtype=bool)
    called = np.asarray(scores, dtype=float) >= threshold
    return ThresholdFigures(
        threshold,
        estimate_proportion(int((called & classes).sum()), int(classes.sum())),
        estimate_proportion(int((~called & ~classes).sum()), int((~classes).sum())),
    )


def measure_calibration(
    positive: Sequence[bool] | NDArray[Any], scores: Sequence[float] | NDArray[Any]
) -> Calibration:
    """Calibration slope, intercept and Brier score, with ten bins for the plot.

    Slope and intercept are None if they cannot be estimated (one class, equal scores, classes that
    the score tells apart without error).

    Raises:
        ReviewError: a score is not between 0 and 1, or there is none.

    Source: Van Calster et al. 2019, doi:10.1186/s12916-019-1466-7; Brier 1950.
    """
    import numpy as np

    classes = np.asarray(positive, dtype=bool)
    values = np.asarray(scores, dtype=float)
    if not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ReviewError("calibration needs scores between 0 and 1")
    tiny = 1e-6
    clipped = np.clip(values, tiny, 1 - tiny)
    odds = np.log(clipped / (1 - clipped))
    slope = _fit_logistic(np.column_stack([np.ones(len(odds)), odds]), classes, np.zeros(len(odds)))
    large = _fit_logistic(np.ones((len(odds), 1)), classes, odds)
    slope_value = slope_error = large_value = large_error = None
    if slope is not None:
        slope_value, slope_error = float(slope[0][1]), float(slope[1][1])
    if large is not None:
        large_value, large_error = float(large[0][0]), float(large[1][0])
    return Calibration(
        n=len(values),
        slope=slope_value,
        slope_low=_shift(slope_value, slope_error, -Z),
        slope_high=_shift(slope_value, slope_error, Z),
        intercept=large_value,
        intercept_low=_shift(large_value, large_error, -Z),
        intercept_high=_shift(large_value, large_error, Z),
        brier=float(((values - classes) ** 2).mean()),
        mean_score=float(values.mean()),
        observed=float(classes.mean()),
        clipped=int(((values <= 0) | (values >= 1)).sum()),
        bins=_bin_scores(classes, values),
    )


def adjust_holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P values adjusted for their number by Holm's method; None stays None and does not count.

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65-70.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        adjusted[place] = largest
    return adjusted


def _check_scores(positive: Any, scores: Any) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    import numpy as np

    classes, values = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=np.float64)
    if classes.shape != values.shape:
        raise ReviewError(f"{len(values)} scores are given for {len(classes)} images")
    if not np.isfinite(values).all():
        raise ReviewError("a score is not a number: leave out images without a score first")
    if classes.all() or not classes.any():
        which = "positive" if len(classes) and classes.all() else "negative"
        raise ReviewError(f"all {len(classes)} images are {which}: an AUC needs both classes")
    return classes, values


def _place_scores(
    classes: NDArray[np.bool_], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each positive the share of negatives below it, for each negative that of positives
    above it; ties half. The mean of either is the AUC."""
    from scipy.stats import rankdata

    ranks = rankdata(values)
    positives, negatives = values[classes], values[~classes]
    upper = (ranks[classes] - rankdata(positives)) / len(negatives)
    lower = 1 - (ranks[~classes] - rankdata(negatives)) / len(positives)
    return upper, lower


def _fit_logistic(
    design: NDArray[np.float64], classes: NDArray[np.bool_], offset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Coefficients and standard errors by Newton's method; None if it does not settle."""
    import numpy as np

    if classes.all() or not classes.any():
        return None
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        line = np.clip(design @ weights + offset, -35, 35)
        chance = 1 / (1 + np.exp(-line))
        gradient = design.T @ (classes - chance)
        information = (design * (chance * (1 - chance))[:, None]).T @ design
        if not np.isfinite(information).all() or np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, gradient)
        scale = min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        weights = weights + scale * step
        if float(np.abs(step).max()) < 1e-9:
            errors = np.sqrt(np.diag(np.linalg.inv(information)))
            return weights, errors
    return None


def _shift(value: float | None, error: float | None, factor: float) -> float | None:
    return None if value is None or error is None else value + factor * error


def _bin_scores(
    classes: NDArray[np.bool_], values: NDArray[np.float64]
) -> tuple[CalibrationBin, ...]:
    import numpy as np

    order = np.argsort(values, kind="stable")
    return tuple(
        CalibrationBin(
            len(part),
            float(values[part].mean()),
            estimate_proportion(int(classes[part].sum()), len(part)),
        )
        for part in np.array_split(order, 10)
        if len(part)
    )
