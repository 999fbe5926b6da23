"""Probes for shortcuts: whether irrelevant properties predict a label, a site or a source.

Trivial measures of the pixels (brightness, borders, corner marks, sharpness), measures of the
container (bytes, size, mode, tags) and a blurred look at a thumbnail are each set against a class,
patients kept together and beside shuffled labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from review.errors import ReviewError
from review.imaging.discrimination import (
    FEWEST,
    AreaEstimate,
    compute_auc,
    estimate_auc_by_patient,
    estimate_auc_delong,
)
from review.imaging.features import (
    CONTAINER_MEASURES,
    MEASURES,
    PIXEL_MEASURES,
    describe_thumbnails,
)
from review.imaging.manifest import ImageEntry
from review.imaging.subgroups import ShuffledControl, shuffle_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 5
REPEATS = 5
MOST_IMAGES = 4000
"""Images of a probe; of larger sets as many are drawn."""
EXAMPLES = 6
DRAWS = 300
Family = Literal["pixels", "container", "thumbnail"]


@dataclass(frozen=True, slots=True)
class MeasureFigures:
    """One measure alone."""

    name: str
    auc: float
    """Of the measure for the class, as it is: below 0.5 lower values go with the class."""
    strength: float
    """The AUC after turning it so that it is at least 0.5."""
    lowest: tuple[str, ...]
    """Images with the lowest values."""
    highest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """A family of features against one class."""

    family: Family
    target: str
    images: int
    positives: int
    auc: AreaEstimate
    """All features of the family together, cross-fitted with patients kept together."""
    shuffled: ShuffledControl
    """The same with labels shuffled between patients."""
    measures: tuple[MeasureFigures, ...]
    """Each measure alone, the most telling first; empty for thumbnails."""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """All probes of a set, and what could not be probed."""

    probes: tuple[ProbeFigures, ...]
    too_few: Mapping[str, int]
    """Classes with too few images inside or outside, and how many images they have."""
    unknown: int
    """Images whose class is not known."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ProbedImages:
    """Images to be probed; all lists run in one order."""

    paths: Sequence[str]
    patients: Sequence[str | None]
    measures: NDArray[np.float32]
    """Columns are `features.MEASURES`."""
    thumbnails: NDArray[np.uint8]
    entries: Sequence[ImageEntry] = ()
    """For the container's format, mode and tags."""


def probe_shortcuts(
    images: ProbedImages,
    classes: Sequence[str | None],
    *,
    seed: int = 0,
    thumbnails: bool = True,
) -> ProbeReport:
    """Probes every class with ten images inside and ten outside against all others.

    Args:
        classes: label, site or source of each image; None where unknown.
        thumbnails: whether to train the small model on thumbnails as well.

    Raises:
        ReviewError: the lists differ in length, or no class has enough images.
    """
    import numpy as np

    if not len(images.paths) == len(classes) == len(images.patients) == len(images.measures):
        raise ReviewError("paths, patients, measures and classes differ in number")
    counts = Counter(value for value in classes if value is not None)
    total = sum(counts.values())
    enough = [name for name, n in counts.most_common() if min(n, total - n) >= FEWEST]
    if not enough:
        raise ReviewError(
            f"no class has {FEWEST} images and {FEWEST} others beside it: nothing can be probed"
        )
    if len(counts) == 2:
        enough = enough[-1:]  # the rarer of two classes; the other is its mirror image
    places = [place for place, value in enumerate(classes) if value is not None]
    if len(places) > MOST_IMAGES:
        drawn = np.random.default_rng(seed).choice(places, MOST_IMAGES, replace=False)
        places = sorted(int(place) for place in drawn)
    paths = [images.paths[place] for place in places]
    patients = _name_patients(paths, [images.patients[place] for place in places])
    measures = images.measures[places]
    container, container_names = _list_container(images, places)
    probes = []
    for name in enough:
        positive = np.array([classes[place] == name for place in places])
        if min(positive.sum(), (~positive).sum()) < FEWEST:
            continue
        pixels = measures[:, : len(PIXEL_MEASURES)]
        probes.append(
            probe_measures(
                pixels,
                PIXEL_MEASURES,
                positive=positive,
                paths=paths,
                patients=patients,
                family="pixels",
                target=name,
                seed=seed,
            )
        )
        probes.append(
            probe_measures(
                container,
                container_names,
                positive=positive,
                paths=paths,
                patients=patients,
                family="container",
                target=name,
                seed=seed,
            )
        )
        if thumbnails:
            probes.append(
                _probe_thumbnails(images.thumbnails[places], positive, patients, name, seed)
            )
    return ProbeReport(
        tuple(probes),
        {name: count for name, count in counts.items() if min(count, total - count) < FEWEST},
        len(classes) - total,
    )


def probe_measures(
    values: NDArray[Any],
    names: Sequence[str],
    *,
    positive: NDArray[np.bool_],
    paths: Sequence[str],
    patients: Sequence[str],
    family: Family = "pixels",
    target: str = "positive",
    seed: int = 0,
) -> ProbeFigures:
    """Probes a table of measures, each alone and all together in a forest.

    Args:
        values: images by measures.

    Raises:
        ReviewError: fewer than ten images of either class, or fewer than five patients.
    """
    import numpy as np

    _check_classes(positive, patients)
    clean = np.nan_to_num(np.asarray(values, dtype=np.float64))

    def make_model() -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(60, min_samples_leaf=3, random_state=seed, n_jobs=1)

    auc, shuffled = _cross_fit(make_model, clean, positive, patients, seed)
    alone = [
        _describe_measure(name, clean[:, column], positive, paths)
        for column, name in enumerate(names)
    ]
    return ProbeFigures(
        family=family,
        target=target,
        images=len(clean),
        positives=int(positive.sum()),
        auc=auc,
        shuffled=shuffled,
        measures=tuple(sorted(alone, key=lambda figures: -figures.strength)),
    )


def _probe_thumbnails(
    thumbnails: NDArray[np.uint8],
    positive: NDArray[np.bool_],
    patients: Sequence[str],
    target: str,
    seed: int,
) -> ProbeFigures:
    """What a blurred look knows: a logistic regression on coarse pixels and gradients."""
    _check_classes(positive, patients)

    def make_model() -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=0.03, class_weight="balanced", max_iter=500)

    described = describe_thumbnails(thumbnails)
    auc, shuffled = _cross_fit(make_model, described, positive, patients, seed)
    return ProbeFigures(
        family="thumbnail",
        target=target,
        images=len(thumbnails),
        positives=int(positive.sum()),
        auc=auc,
        shuffled=shuffled,
        measures=(),
    )


def _cross_fit(
    make_model: Any,
    values: NDArray[Any],
    positive: NDArray[np.bool_],
    patients: Sequence[str],
    seed: int,
) -> tuple[AreaEstimate, ShuffledControl]:
    import numpy as np

    scores = _score_held_out(make_model, values, positive, patients, seed)
    if len(set(patients)) < len(patients):
        auc = estimate_auc_by_patient(positive, scores, patients, draws=DRAWS, seed=seed)
    else:
        auc = estimate_auc_delong(positive, scores)
    generator = np.random.default_rng([seed, 1])
    areas = []
    for _ in range(REPEATS):
        shuffled = shuffle_labels(positive, patients, generator)
        held_out = _score_held_out(make_model, values, shuffled, patients, seed)
        areas.append(compute_auc(shuffled, held_out))
    return auc, ShuffledControl(float(np.mean(areas)), min(areas), max(areas), REPEATS)


def _score_held_out(
    make_model: Any,
    values: NDArray[Any],
    positive: NDArray[np.bool_],
    patients: Sequence[str],
    seed: int,
) -> NDArray[np.float64]:
    """Scores from models that saw no image of the patient; ranked within each fold, so that folds
    with other levels can be put together."""
    import numpy as np
    from scipy.stats import rankdata
    from sklearn.model_selection import StratifiedGroupKFold

    scores = np.full(len(values), 0.5)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for learned, tested in folds.split(values, positive, patients):
        if positive[learned].all() or not positive[learned].any() or not len(tested):
            continue
        model = make_model().fit(values[learned], positive[learned])
        held_out = model.predict_proba(values[tested])[:, 1]
        scores[tested] = (rankdata(held_out) - 0.5) / len(tested)
    return scores


def _describe_measure(
    name: str, values: NDArray[np.float64], positive: NDArray[np.bool_], paths: Sequence[str]
) -> MeasureFigures:
    import numpy as np

    auc = compute_auc(positive, values)
    order = np.argsort(values, kind="stable")
    return MeasureFigures(
        name,
        auc,
        max(auc, 1 - auc),
        tuple(paths[place] for place in order[:EXAMPLES]),
        tuple(paths[place] for place in order[::-1][:EXAMPLES]),
    )


def _list_container(
    images: ProbedImages, places: Sequence[int]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Measures of the container, with one column for each frequent format, mode and maker."""
    import numpy as np

    columns = [images.measures[places][:, len(PIXEL_MEASURES) : len(MEASURES)].astype(np.float64)]
    names = list(CONTAINER_MEASURES)
    if images.entries:
        entries = [images.entries[place] for place in places]
        words = {
            "format": [entry.format for entry in entries],
            "mode": [entry.mode for entry in entries],
            "maker": [entry.tags.get("Manufacturer") for entry in entries],
            "view tag": [entry.tags.get("ViewPosition") for entry in entries],
        }
        for kind, values in words.items():
            counts = Counter(word for word in values if word)
            for word, count in counts.most_common(8):
                if FEWEST <= count <= len(entries) - FEWEST:
                    columns.append(np.array([[value == word] for value in values], dtype=float))
                    names.append(f"{kind} {word}")
    return np.hstack(columns), tuple(names)


def _name_patients(paths: Sequence[str], patients: Sequence[str | None]) -> list[str]:
    return [
        f"image {path}" if patient is None else f"patient {patient}"
        for path, patient in zip(paths, patients, strict=True)
    ]


def _check_classes(positive: NDArray[np.bool_], patients: Sequence[str]) -> None:
    if min(positive.sum(), (~positive).sum()) < FEWEST:
        raise ReviewError(f"a probe needs {FEWEST} images of either class")
    if len(set(patients)) < FOLDS:
        raise ReviewError(f"a probe keeps patients together and needs {FOLDS} of them")
