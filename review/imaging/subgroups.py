"""Performance of a score by group, gaps between groups, proxies and controls.

Groups are as recorded, never inferred. A group with fewer than ten images of either class gets no
figure. If patients are known, intervals come from draws of patients.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from review.errors import ReviewError
from review.imaging.discrimination import (
    BOOTSTRAPS,
    FEWEST,
    SEED,
    AreaEstimate,
    Calibration,
    PatientDraws,
    ThresholdFigures,
    Z,
    adjust_holm,
    bootstrap_auc,
    compute_auc,
    draw_patients,
    estimate_auc_by_patient,
    estimate_auc_delong,
    measure_at_threshold,
    measure_calibration,
)
from review.imaging.labels import fold_spelling, get_spelling_words
from review.imaging.predictions import PredictionTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Method = Literal["automatic", "DeLong", "patients"]
Measure = Literal["AUC", "sensitivity", "specificity"]
MEASURES: tuple[Measure, ...] = ("AUC", "sensitivity", "specificity")
SHUFFLES = 20
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """One group; figures are None if it has too few images of a class."""

    attribute: str
    value: str
    model: str
    images: int
    patients: int | None
    positives: int
    negatives: int
    too_few: bool
    auc: AreaEstimate | None
    at_threshold: ThresholdFigures | None
    calibration: Calibration | None
    """None if scores are not between 0 and 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGap:
    """A figure of a group minus that of the reference group."""

    attribute: str
    value: str
    reference: str
    model: str
    measure: Measure
    difference: float
    low: float
    high: float
    p: float | None
    p_holm: float | None = None
    """Adjusted over all gaps of this measure in the run."""


@dataclass(frozen=True, slots=True)
class SubgroupReport:
    """All groups and gaps of a run."""

    overall: tuple[GroupFigures, ...]
    """All images, for each model."""
    groups: tuple[GroupFigures, ...]
    gaps: tuple[GroupGap, ...]
    unknown: Mapping[str, int]
    """Attribute to the images for which it is not recorded."""
    without_score: Mapping[str, int]
    """Model to the images it has no score for."""
    unit: str
    """patients or images: what intervals count as independent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyFigures:
    """How well an attribute predicts the class and varies with the score."""

    attribute: str
    value: str
    """The level against all others; 'years' for age as a number."""
    images: int
    """Images of that level (all with a known age, for age)."""
    label_auc: AreaEstimate | None
    """Of the attribute alone for the class; None if there are too few images."""
    score_auc: Mapping[str, float]
    """Per model: of the score for the level. Empty for age as a number."""
    score_share: Mapping[str, float]
    """Per model: share of the variance of the score's ranks that the attribute explains."""


@dataclass(frozen=True, slots=True)
class AttributePrediction:
    """How well scores predict a level of an attribute."""

    attribute: str
    value: str
    by_model: Mapping[str, AreaEstimate]
    among_positives: Mapping[str, float | None]
    """AUC among images of the positive class; None if there are too few."""
    among_negatives: Mapping[str, float | None]
    together: AreaEstimate | None
    """All scores in one logistic regression, cross-fitted by patient; None for one model."""


@dataclass(frozen=True, slots=True)
class ShuffledControl:
    """AUCs after the labels were shuffled between patients; 0.5 is expected."""

    mean: float
    low: float
    """Smallest and largest of the repeats."""
    high: float
    repeats: int


def compare_subgroups(
    table: PredictionTable,
    attributes: Sequence[str] | None = None,
    *,
    models: Sequence[str] | None = None,
    threshold: float = 0.5,
    references: Mapping[str, str] | None = None,
    method: Method = "automatic",
    draws: int = BOOTSTRAPS,
    seed: int = SEED,
) -> SubgroupReport:
    """Figures of each group of each attribute for each model, and the gaps between groups.

    Args:
        attributes: which; None takes all that are recorded.
        models: which; None takes all.
        threshold: at or above which a score counts as positive.
        references: attribute to the group others are compared with; else the largest group that
            has figures.
        method: automatic draws patients if they are known, else DeLong.

    Raises:
        ReviewError: an unknown attribute, model or reference, no patients although asked for, or
            all images of one class.
    """
    import numpy as np

    attributes = list(table.attributes if attributes is None else attributes)
    models = list(table.scores if models is None else models)
    _check_names("attribute", attributes, table.attributes)
    _check_names("model", models, table.scores)
    by_patient = _decide_method(table, method)
    overall, groups, gaps, unknown, without = [], [], [], {}, {}
    for model in models:
        scored = ~np.isnan(table.scores[model])
        without[model] = int((~scored).sum())
        part = table.select(scored)
        if part.positive.all() or not part.positive.any():
            raise ReviewError(f"{model}: all images with a score are of one class")
        run = _Run(
            table=part,
            model=model,
            threshold=threshold,
            by_patient=by_patient,
            draws=draws,
            seed=seed,
        )
        overall.append(run.measure_group("all", "all images", np.ones(len(part.ids), bool)))
        for attribute in attributes:
            levels = list_levels(part, attribute)
            unknown[attribute] = sum(value is None for value in table.attributes[attribute])
            members = {level: _mark_level(part, attribute, level) for level in levels}
            figures = [run.measure_group(attribute, level, members[level]) for level in levels]
            groups += figures
            reference = _choose_reference(attribute, figures, (references or {}).get(attribute))
            if reference is not None:
                gaps += run.measure_gaps(attribute, figures, members, reference)
    return SubgroupReport(
        overall=tuple(overall),
        groups=tuple(groups),
        gaps=adjust_gaps(gaps),
        unknown=unknown,
        without_score=without,
        unit="patients" if by_patient else "images",
    )


def adjust_gaps(gaps: Sequence[GroupGap]) -> tuple[GroupGap, ...]:
    """The gaps by measure, p values adjusted by Holm over all gaps of one measure."""
    adjusted: list[GroupGap] = []
    for measure in MEASURES:
        family = [gap for gap in gaps if gap.measure == measure]
        p_values = adjust_holm([gap.p for gap in family])
        adjusted += [replace(gap, p_holm=p) for gap, p in zip(family, p_values, strict=True)]
    return tuple(adjusted)


def estimate_auc(
    table: PredictionTable,
    model: str,
    *,
    method: Method = "automatic",
    draws: int = BOOTSTRAPS,
    seed: int = SEED,
) -> AreaEstimate:
    """The AUC of a model over all images with a score.

    Raises:
        ReviewError: one class only, an unknown model, or no patients although asked for.
    """
    import numpy as np

    _check_names("model", [model], table.scores)
    part = table.select(~np.isnan(table.scores[model]))
    if _decide_method(table, method) and part.patients is not None:
        return estimate_auc_by_patient(
            part.positive, part.scores[model], part.patients, draws=draws, seed=seed
        )
    return estimate_auc_delong(part.positive, part.scores[model])


def measure_proxies(
    table: PredictionTable, attributes: Sequence[str] | None = None
) -> tuple[ProxyFigures, ...]:
    """How well each attribute alone predicts the class, and how far the scores vary with it.

    Age counts in years if they are known; its bands are listed as well.

    Raises:
        ReviewError: an unknown attribute.
    """
    import numpy as np

    attributes = list(table.attributes if attributes is None else attributes)
    _check_names("attribute", attributes, table.attributes)
    figures = []
    for attribute in attributes:
        known = np.array([value is not None for value in table.attributes[attribute]])
        part = table.select(known)
        levels = list_levels(part, attribute)
        shares = {
            model: _explain_ranks(scores, part.attributes[attribute])
            for model, scores in part.scores.items()
        }
        for level in levels:
            inside = _mark_level(part, attribute, level)
            figures.append(
                ProxyFigures(
                    attribute=attribute,
                    value=level,
                    images=int(inside.sum()),
                    label_auc=_estimate_if_enough(part, inside.astype(float)),
                    score_auc={
                        model: auc
                        for model, scores in part.scores.items()
                        if (auc := _compute_if_enough(inside, scores)) is not None
                    },
                    score_share=shares,
                )
            )
        if attribute == "age" and table.ages is not None:
            part = table.select(~np.isnan(table.ages))
            assert part.ages is not None
            figures.append(
                ProxyFigures(
                    attribute="age",
                    value="years",
                    images=len(part.ids),
                    label_auc=_estimate_if_enough(part, part.ages),
                    score_auc={},
                    score_share={
                        model: _correlate_ranks(scores, part.ages)
                        for model, scores in part.scores.items()
                    },
                )
            )
    return tuple(figures)


def predict_attribute(
    table: PredictionTable,
    attribute: str,
    value: str,
    *,
    models: Sequence[str] | None = None,
    draws: int = BOOTSTRAPS,
    seed: int = SEED,
) -> AttributePrediction:
    """How well the scores predict whether an image is of a group, such as one race or sex.

    Raises:
        ReviewError: an unknown attribute, group or model, or fewer than ten images in or out.
    """
    import numpy as np

    _check_names("attribute", [attribute], table.attributes)
    models = list(table.scores if models is None else models)
    _check_names("model", models, table.scores)
    known = np.array([level is not None for level in table.attributes[attribute]])
    part = table.select(known)
    if value not in list_levels(part, attribute):
        raise ReviewError(
            f"{attribute} is nowhere {value!r}; it is {', '.join(list_levels(part, attribute))}"
        )
    target = _mark_level(part, attribute, value)
    if min(target.sum(), (~target).sum()) < FEWEST:
        raise ReviewError(f"{attribute} {value}: too few images in the group or outside it")
    as_class = replace(part, positive=target)
    by_model = {model: estimate_auc(as_class, model, draws=draws, seed=seed) for model in models}
    together = None
    if len(models) > 1:
        together = _predict_together(as_class, models, draws, seed)
    return AttributePrediction(
        attribute=attribute,
        value=value,
        by_model=by_model,
        among_positives={
            model: _compute_if_enough(target[part.positive], part.scores[model][part.positive])
            for model in models
        },
        among_negatives={
            model: _compute_if_enough(target[~part.positive], part.scores[model][~part.positive])
            for model in models
        },
        together=together,
    )


def control_by_shuffling(
    table: PredictionTable, model: str, *, repeats: int = SHUFFLES, seed: int = SEED
) -> ShuffledControl:
    """The AUC of a model against labels shuffled between patients, several times.

    Raises:
        ReviewError: one class only, or an unknown model.
    """
    import numpy as np

    _check_names("model", [model], table.scores)
    part = table.select(~np.isnan(table.scores[model]))
    generator = np.random.default_rng(seed)
    patients = part.patients or part.ids
    areas = [
        compute_auc(shuffle_labels(part.positive, patients, generator), part.scores[model])
        for _ in range(repeats)
    ]
    return ShuffledControl(float(np.mean(areas)), min(areas), max(areas), repeats)


def shuffle_labels(
    labels: NDArray[Any], patients: Sequence[str], generator: np.random.Generator
) -> NDArray[Any]:
    """The labels laid end to end, patient by patient in random order, and dealt out again to the
    patients in another random order. Labels of one patient stay side by side, and how many images
    a patient has says nothing about the label any more."""
    import numpy as np

    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, patient in enumerate(patients):
        places[patient].append(place)
    held = list(places.values())
    taken = [place for number in generator.permutation(len(held)) for place in held[number]]
    given = [place for number in generator.permutation(len(held)) for place in held[number]]
    shuffled = labels.copy()
    shuffled[given] = labels[taken]
    return np.asarray(shuffled)


def list_levels(table: PredictionTable, attribute: str) -> list[str]:
    """The groups of an attribute, the largest first."""
    counts = Counter(value for value in table.attributes[attribute] if value is not None)
    return sorted(counts, key=lambda level: (-counts[level], level))


@dataclass(frozen=True, slots=True)
class _Run:
    """One model over the images it scored."""

    table: PredictionTable
    model: str
    threshold: float
    by_patient: bool
    draws: int
    seed: int

    def measure_group(self, attribute: str, value: str, members: NDArray[np.bool_]) -> GroupFigures:
        part = self.table.select(members)
        scores, positive = part.scores[self.model], part.positive
        positives, negatives = int(positive.sum()), int((~positive).sum())
        too_few = min(positives, negatives) < FEWEST
        auc = figures = calibration = None
        if not too_few:
            if self.by_patient and part.patients is not None and len(set(part.patients)) > 1:
                auc = estimate_auc_by_patient(
                    positive, scores, part.patients, draws=self.draws, seed=self.seed
                )
            else:
                auc = estimate_auc_delong(positive, scores)
            figures = measure_at_threshold(positive, scores, self.threshold)
            if ((scores >= 0) & (scores <= 1)).all():
                calibration = measure_calibration(positive, scores)
        return GroupFigures(
            attribute=attribute,
            value=value,
            model=self.model,
            images=len(part.ids),
            patients=None if part.patients is None else len(set(part.patients)),
            positives=positives,
            negatives=negatives,
            too_few=too_few,
            auc=auc,
            at_threshold=figures,
            calibration=calibration,
        )

    def measure_gaps(
        self,
        attribute: str,
        figures: Sequence[GroupFigures],
        members: Mapping[str, NDArray[np.bool_]],
        reference: str,
    ) -> list[GroupGap]:
        """Gaps of all groups with figures; a patient in two groups is drawn into both at once."""
        import numpy as np

        usable = [group.value for group in figures if not group.too_few]
        if len(usable) < 2:
            return []
        known: NDArray[np.bool_] = np.array([members[value] for value in usable]).max(axis=0)
        part = self.table.select(known)
        units = part.patients if self.by_patient and part.patients is not None else part.ids
        drawn = draw_patients(units, draws=self.draws, seed=self.seed)
        values = {
            value: self._measure_draws(part, members[value][known], drawn) for value in usable
        }
        points = {group.value: _list_points(group) for group in figures if group.value in values}
        gaps = []
        for value in usable:
            if value == reference:
                continue
            for measure in MEASURES:
                difference = points[value][measure] - points[reference][measure]
                spread = values[value][measure] - values[reference][measure]
                spread = spread[~np.isnan(spread)]
                low, high = np.percentile(spread, [2.5, 97.5])
                error = float(spread.std(ddof=1))
                if measure == "AUC" and not self.by_patient:
                    low, high, error = self._compare_delong(part, members, known, value, reference)
                gaps.append(
                    GroupGap(
                        attribute=attribute,
                        value=value,
                        reference=reference,
                        model=self.model,
                        measure=measure,
                        difference=difference,
                        low=float(low),
                        high=float(high),
                        p=_test_difference(difference, error),
                    )
                )
        return gaps

    def _measure_draws(
        self, part: PredictionTable, inside: NDArray[np.bool_], drawn: PatientDraws
    ) -> dict[Measure, NDArray[np.float64]]:
        import numpy as np

        scores, positive = part.scores[self.model][inside], part.positive[inside]
        own = replace(drawn, groups=drawn.groups[inside])
        called = scores >= self.threshold
        sensitivity, specificity = np.full(drawn.draws, np.nan), np.full(drawn.draws, np.nan)
        for number, weights in enumerate(own.weigh()):
            upper, lower = weights[positive], weights[~positive]
            if upper.sum():
                sensitivity[number] = upper @ called[positive] / upper.sum()
            if lower.sum():
                specificity[number] = lower @ ~called[~positive] / lower.sum()
        return {
            "AUC": bootstrap_auc(positive, scores, own),
            "sensitivity": sensitivity,
            "specificity": specificity,
        }

    def _compare_delong(
        self,
        part: PredictionTable,
        members: Mapping[str, NDArray[np.bool_]],
        known: NDArray[np.bool_],
        value: str,
        reference: str,
    ) -> tuple[float, float, float]:
        """Limits and standard error of a gap between two groups without common images."""
        areas = []
        for name in (value, reference):
            group = part.select(members[name][known])
            areas.append(estimate_auc_delong(group.positive, group.scores[self.model]))
        errors = [_recover_error(area) for area in areas]
        error = math.hypot(*errors)
        difference = areas[0].value - areas[1].value
        return difference - Z * error, difference + Z * error, error


def _recover_error(area: AreaEstimate) -> float:
    """The standard error of a DeLong interval, from the limit that was not cut off at 0 or 1."""
    return max(area.value - area.low, area.high - area.value) / Z


def _list_points(group: GroupFigures) -> dict[Measure, float]:
    assert group.auc is not None and group.at_threshold is not None
    return {
        "AUC": group.auc.value,
        "sensitivity": group.at_threshold.sensitivity.value or 0.0,
        "specificity": group.at_threshold.specificity.value or 0.0,
    }


def _test_difference(difference: float, error: float) -> float | None:
    if error <= 0 or math.isnan(error):
        return None
    return math.erfc(abs(difference) / error / 2**0.5)


def _choose_reference(
    attribute: str, figures: Sequence[GroupFigures], asked: str | None
) -> str | None:
    usable = [group for group in figures if not group.too_few]
    if asked is not None:
        words = get_spelling_words(attribute)
        values = {fold_spelling(group.value, words): group.value for group in figures}
        value = values.get(fold_spelling(asked.strip(), words))
        if value is None:
            names = ", ".join(group.value for group in figures)
            raise ReviewError(f"{attribute} has no group {asked!r}; it has {names}")
        if value in {group.value for group in usable}:
            return value
        raise ReviewError(f"{attribute} {value}: too few images to compare others with it")
    return usable[0].value if usable else None


def _decide_method(table: PredictionTable, method: Method) -> bool:
    if method == "patients" and table.patients is None:
        raise ReviewError("patients cannot be drawn: name the column that holds the patient")
    return method == "patients" or (method == "automatic" and table.patients is not None)


def _check_names(what: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise ReviewError(f"there is no {what} {name!r} in the predictions; there is {listed}")


def _mark_level(table: PredictionTable, attribute: str, level: str) -> NDArray[np.bool_]:
    import numpy as np

    return np.array([value == level for value in table.attributes[attribute]], dtype=bool)


def _estimate_if_enough(table: PredictionTable, values: NDArray[np.float64]) -> AreaEstimate | None:
    """AUC of an attribute for the class; None with fewer than ten images of a class."""
    if min(table.positive.sum(), (~table.positive).sum()) < FEWEST or values.min() == values.max():
        return None
    if table.patients is not None and len(set(table.patients)) > 1:
        return estimate_auc_by_patient(table.positive, values, table.patients, draws=200)
    return estimate_auc_delong(table.positive, values)


def _compute_if_enough(target: NDArray[np.bool_], scores: NDArray[np.float64]) -> float | None:
    import numpy as np

    known = ~np.isnan(scores)
    target, scores = target[known], scores[known]
    if min(target.sum(), (~target).sum()) < FEWEST:
        return None
    return compute_auc(target, scores)


def _explain_ranks(scores: NDArray[np.float64], levels: Sequence[str | None]) -> float:
    """Share of the variance of the ranks between levels (eta squared)."""
    import numpy as np
    from scipy.stats import rankdata

    known = ~np.isnan(scores)
    ranks = rankdata(scores[known])
    total = float(((ranks - ranks.mean()) ** 2).sum()) if len(ranks) else 0.0
    if total == 0:
        return 0.0
    _, place = np.unique(np.array(levels, dtype=str)[known], return_inverse=True)
    counts = np.bincount(place)
    means = np.bincount(place, ranks) / counts
    return float((counts * (means - ranks.mean()) ** 2).sum()) / total


def _correlate_ranks(scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Squared rank correlation."""
    import numpy as np
    from scipy.stats import spearmanr

    known = ~np.isnan(scores)
    if known.sum() < 3 or np.ptp(scores[known]) == 0 or np.ptp(values[known]) == 0:
        return 0.0
    return float(spearmanr(scores[known], values[known]).statistic) ** 2


def _predict_together(
    table: PredictionTable, models: Sequence[str], draws: int, seed: int
) -> AreaEstimate | None:
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    stacked = np.column_stack([table.scores[model] for model in models])
    complete: NDArray[np.bool_] = ~np.isnan(stacked.sum(axis=1))
    part = table.select(complete)
    units = part.patients or part.ids
    target = part.positive
    if min(target.sum(), (~target).sum()) < FEWEST or len(set(units)) < FOLDS:
        return None
    values = np.column_stack([part.scores[model] for model in models])
    out = np.zeros(len(values))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for learned, tested in folds.split(values, target, units):
        if target[learned].all() or not target[learned].any():
            return None
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(values[learned], target[learned])
        out[tested] = model.predict_proba(values[tested])[:, 1]
    joined = replace(part, scores={"together": out})
    return estimate_auc(joined, "together", draws=draws, seed=seed)
