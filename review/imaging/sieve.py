"""Ranks the images of a folder by how much each looks like a known problem.

A detector learns from the folder itself: the images as they are against copies it has spoiled
(turned, inverted, mirrored, bordered), or against images that a person marked. Detectors are
cross-fitted by patient: no image is scored by a model that saw another image of its patient. They
rank; a person decides.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError
from review.imaging.features import SIDE, describe_margins, describe_thumbnails
from review.imaging.labels import LabelRow
from review.imaging.networks import ThumbnailNetwork

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPOILED_KINDS = ("rotated", "inverted", "upside down", "mirrored", "over-bordered")
"""Problems whose examples Funnel makes itself."""
RULE_KINDS = ("blank or grey",)
"""Problems found by a rule."""
KINDS = SPOILED_KINDS + RULE_KINDS
RANKING_ONLY = frozenset({"mirrored"})
"""Kinds that give no verdict: a mirrored image and situs inversus look alike."""
FOLDS = 5
FEWEST_IMAGES = 50
"""Images a detector needs to learn from spoiled copies."""
FEWEST_EXAMPLES = 20
"""Marked examples a taught detector needs."""
MOST_LEARNED = 1500
"""Good images that one model learns from; more add time and hardly any quality."""
MOST_SUSPECTED = 0.05
"""Share of suspected images above which the folder is not clean enough to learn from."""
STRENGTH = 1.0
"""Inverse strength of the penalty of the logistic regression."""
PART = 2000
"""Images described at once."""
GREY = 48.0
"""Grey levels (of 255) between the 2nd and 98th percentile at which the score is one half."""


@dataclass(frozen=True, slots=True)
class Learner:
    """What a detector learns with."""

    name: str
    describe: Callable[[NDArray[np.uint8]], NDArray[Any]]
    """Thumbnails to what a classifier sees of each, whatever the kind of problem."""
    add: Callable[[str, NDArray[Any], NDArray[np.uint8]], NDArray[Any]]
    """Kind, description and thumbnails to the description with what the kind needs besides."""
    make: Callable[[], Any]
    """A classifier with `fit` and `predict_proba`, as those of scikit-learn."""


@dataclass(frozen=True, slots=True)
class DetectorQuality:
    """How a detector did on images of patients it had not seen; good images as they are against
    their spoiled copies (or the marked ones)."""

    auc: float
    accuracy: float
    """Mean of the shares right among good and among bad images, at a score of one half."""
    good: int
    bad: int


@dataclass(frozen=True, slots=True, eq=False)
class SieveScores:
    """Scores of every image for one kind of problem."""

    kind: str
    scores: NDArray[np.float64]
    """0 (looks as usual) to 1 (looks like the problem), in the order of the images."""
    suspected: NDArray[np.bool_]
    """Scores above one half; all false for a kind that only ranks."""
    ranking_only: bool
    quality: DetectorQuality | None
    """None for a rule."""
    warnings: tuple[str, ...]

    def rank(self, most: int | None = None) -> NDArray[np.intp]:
        """Places of the images, the most suspect first; ties stay in the order of the images."""
        import numpy as np

        return np.argsort(-self.scores, kind="stable")[:most]


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """A fitted detector for images of another folder of the same kind."""

    kind: str
    model: Any
    """A fitted classifier."""
    learner: Learner

    def score(self, thumbnails: NDArray[np.uint8]) -> NDArray[np.float64]:
        """0 to 1 for each thumbnail."""
        import numpy as np

        parts = [
            self.model.predict_proba(
                _describe(self.kind, thumbnails[start : start + PART], self.learner)
            )[:, 1]
            for start in range(0, len(thumbnails), PART)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """An image that a person rejected."""

    path: str
    sha256: str
    problem: str
    score: float | None
    reader: str


@dataclass(frozen=True, slots=True)
class GroupComparison:
    """A share (or mean) among the rejected images beside the rest."""

    attribute: str
    """label, sex, view, site or age"""
    value: str
    """The label or level; 'mean' for age."""
    rejected: float | None
    rest: float | None
    rejected_n: int
    """Rejected images with the attribute known."""
    rest_n: int


def spoil_thumbnails(
    thumbnails: NDArray[np.uint8], kind: str, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Copies with a problem: one copy each, or three for rotated (90, 180 and 270 degrees).

    Raises:
        ReviewError: copies of that kind cannot be made.
    """
    import numpy as np

    if kind == "rotated":
        return np.concatenate([np.rot90(thumbnails, turns, (1, 2)) for turns in (1, 2, 3)])
    if kind == "inverted":
        return 255 - thumbnails
    if kind == "upside down":
        return np.ascontiguousarray(thumbnails[:, ::-1, ::-1])
    if kind == "mirrored":
        return np.ascontiguousarray(thumbnails[:, :, ::-1])
    if kind == "over-bordered":
        return np.stack([_add_border(thumbnail, generator) for thumbnail in thumbnails])
    raise ReviewError(
        f"no spoiled copies can be made for {kind!r}; the kinds are {', '.join(SPOILED_KINDS)}"
    )


def sieve_images(
    thumbnails: NDArray[np.uint8],
    patients: Sequence[str | None],
    *,
    kinds: Sequence[str] = KINDS,
    seed: int = 0,
    learner: Learner | None = None,
) -> dict[str, SieveScores]:
    """Scores every image for each kind of problem.

    Args:
        thumbnails: 64 x 64 bytes for each image.
        patients: of each image, in the same order; None where unknown (a patient of its own).
        learner: one of `LEARNERS`; None takes the regression.

    Raises:
        ReviewError: an unknown kind, or too few images to learn from.
    """
    import numpy as np

    _check_input(thumbnails, patients)
    for kind in kinds:
        if kind not in KINDS:
            raise ReviewError(f"{kind!r} is no kind of problem; use {', '.join(KINDS)}")
    learned = [kind for kind in kinds if kind in SPOILED_KINDS]
    learner = learner or REGRESSION
    folds = assign_folds(patients, FOLDS, seed)
    pool = _limit(
        np.arange(len(thumbnails)),
        MOST_LEARNED * FOLDS // (FOLDS - 1),
        np.random.default_rng(seed),
    )
    trained = {
        kind: _train_on_copies(thumbnails[pool], folds[pool], kind, seed, learner)
        for kind in learned
    }
    scores = {kind: np.zeros(len(thumbnails)) for kind in learned}
    for start in range(0, len(thumbnails) if learned else 0, PART):
        part = slice(start, start + PART)
        described = learner.describe(thumbnails[part])
        for kind, (models, _) in trained.items():
            full = learner.add(kind, described, thumbnails[part])
            for fold, model in models.items():
                inside = np.flatnonzero(folds[part] == fold)
                if len(inside):
                    scores[kind][start + inside] = model.predict_proba(full[inside])[:, 1]
    results: dict[str, SieveScores] = {}
    for kind in kinds:
        if kind in RULE_KINDS:
            results[kind] = _score_blank(thumbnails)
            continue
        ranking_only = kind in RANKING_ONLY
        suspected = scores[kind] > (1.0 if ranking_only else 0.5)
        results[kind] = SieveScores(
            kind=kind,
            scores=scores[kind],
            suspected=suspected,
            ranking_only=ranking_only,
            quality=trained[kind][1],
            warnings=_warn(kind, float(suspected.mean())),
        )
    return results


def sieve_taught_kind(
    thumbnails: NDArray[np.uint8],
    patients: Sequence[str | None],
    marked: Sequence[bool | None],
    *,
    kind: str,
    seed: int = 0,
    learner: Learner | None = None,
) -> SieveScores:
    """Scores every image for a kind of problem that a person taught by examples.

    Args:
        marked: True for a marked example, False for an image a person found free of the problem,
            None for one nobody looked at (learned from as if free of it).
        learner: one of `LEARNERS`; None takes the regression.

    Raises:
        ReviewError: fewer than 20 examples, examples of fewer than two patients, or fewer than 20
            other images.
    """
    import numpy as np

    _check_input(thumbnails, patients)
    if len(marked) != len(thumbnails):
        raise ReviewError(f"{len(marked)} marks are given for {len(thumbnails)} images")
    bad = np.array([mark is True for mark in marked])
    looked_at = np.array([mark is not None for mark in marked])
    if bad.sum() < FEWEST_EXAMPLES or (~bad).sum() < FEWEST_EXAMPLES:
        raise ReviewError(
            f"{kind}: {int(bad.sum())} examples and {int((~bad).sum())} other images; a detector "
            f"needs {FEWEST_EXAMPLES} of each: mark more"
        )
    folds = assign_folds(patients, FOLDS, seed)
    folds = _balance_folds(folds, patients, bad, seed)
    learner = learner or REGRESSION
    described = _describe_all(kind, thumbnails, learner)
    generator = np.random.default_rng(seed)
    scores = np.zeros(len(thumbnails))
    trusted = np.ones(len(thumbnails), dtype=bool)
    for round_number in range(2):
        for fold in range(FOLDS):
            inside, outside = folds == fold, folds != fold
            if not inside.any():
                continue
            good = np.flatnonzero(outside & ~bad & trusted)
            good = _limit(good, MOST_LEARNED, generator)
            examples = np.flatnonzero(outside & bad)
            if not len(examples) or not len(good):
                raise ReviewError(f"{kind}: the examples are all of one patient; mark others too")
            model = _fit(described[good], described[examples], learner)
            scores[inside] = model.predict_proba(described[inside])[:, 1]
        if round_number == 0:
            # Examples that nobody marked must not teach the model that they are fine.
            trusted = looked_at | (scores <= 0.5)
    quality = _judge_scores(scores[~bad], scores[bad])
    suspected = scores > 0.5
    return SieveScores(
        kind=kind,
        scores=scores,
        suspected=suspected,
        ranking_only=False,
        quality=quality,
        warnings=_warn(kind, float((suspected & ~bad).mean())),
    )


def fit_detector(
    thumbnails: NDArray[np.uint8],
    kind: str,
    *,
    marked: Sequence[bool] | None = None,
    seed: int = 0,
    learner: Learner | None = None,
) -> Detector:
    """A detector learned from all images of a folder, for use on another folder.

    Args:
        marked: which images are examples of a taught kind; None for a kind with spoiled copies.
        learner: one of `LEARNERS`; None takes the regression.

    Raises:
        ReviewError: too few images or examples, or a kind that cannot be learned.
    """
    import numpy as np

    learner = learner or REGRESSION
    generator = np.random.default_rng(seed)
    if marked is not None:
        bad = np.asarray(marked, dtype=bool)
        if bad.sum() < FEWEST_EXAMPLES or (~bad).sum() < FEWEST_EXAMPLES:
            raise ReviewError(f"{kind}: a detector needs {FEWEST_EXAMPLES} examples: mark more")
        good_part, bad_part = thumbnails[~bad], thumbnails[bad]
        return _learn_detector(kind, good_part, bad_part, learner)
    if len(thumbnails) < FEWEST_IMAGES:
        raise ReviewError(
            f"{len(thumbnails)} images: a detector needs {FEWEST_IMAGES} to learn from"
        )
    chosen = thumbnails[_limit(np.arange(len(thumbnails)), MOST_LEARNED, generator)]
    spoiled = spoil_thumbnails(chosen, kind, generator)
    return _learn_detector(kind, chosen, spoiled, learner)


def assign_folds(patients: Sequence[str | None], folds: int, seed: int) -> NDArray[np.intp]:
    """The fold (0 to folds - 1) of each image; all images of a patient share one.

    The fold depends on the patients and the seed, not on the order of the images.
    """
    import numpy as np

    names = [
        f"image {place}" if patient is None else f"p {patient}"
        for place, patient in enumerate(patients)
    ]
    distinct = sorted(set(names))
    order = np.random.default_rng(seed).permutation(len(distinct))
    fold_of = {name: int(order[place]) % folds for place, name in enumerate(distinct)}
    return np.array([fold_of[name] for name in names], dtype=np.intp)


def compare_rejects(
    rejected: Sequence[LabelRow], rest: Sequence[LabelRow]
) -> tuple[GroupComparison, ...]:
    """Label, sex, view, site and age of the rejected images beside the rest: rejecting biases too.

    Shares are of the images whose attribute is known.
    """
    comparisons = []
    for attribute in ("label", "sex", "view", "site"):
        rejected_levels, kept_levels = (
            _count_levels(rejected, attribute),
            _count_levels(rest, attribute),
        )
        for value in sorted(set(rejected_levels[0]) | set(kept_levels[0])):
            comparisons.append(
                GroupComparison(
                    attribute=attribute,
                    value=value,
                    rejected=rejected_levels[0][value] / rejected_levels[1]
                    if rejected_levels[1]
                    else None,
                    rest=kept_levels[0][value] / kept_levels[1] if kept_levels[1] else None,
                    rejected_n=rejected_levels[1],
                    rest_n=kept_levels[1],
                )
            )
    ages = [[row.age for row in rows if row.age is not None] for rows in (rejected, rest)]
    if ages[0] or ages[1]:
        means = [sum(known) / len(known) if known else None for known in ages]
        comparisons.append(
            GroupComparison(
                attribute="age",
                value="mean",
                rejected=means[0],
                rest=means[1],
                rejected_n=len(ages[0]),
                rest_n=len(ages[1]),
            )
        )
    return tuple(comparisons)


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """Writes rejected images as CSV: path, hash, problem, score and who."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "sha256", "problem", "score", "reader"])
        for reject in rejects:
            score = "" if reject.score is None else f"{reject.score:.4f}"
            writer.writerow([reject.path, reject.sha256, reject.problem, score, reject.reader])


def _train_on_copies(
    thumbnails: NDArray[np.uint8],
    folds: NDArray[np.intp],
    kind: str,
    seed: int,
    learner: Learner,
) -> tuple[dict[int, Any], DetectorQuality]:
    """A model for each fold, learned from the images of the other folds and their spoiled copies.

    Two rounds: images that the first round suspects do not count as good in the second.
    """
    import numpy as np

    count = len(thumbnails)
    if count < FEWEST_IMAGES:
        raise ReviewError(f"{count} images: a detector needs {FEWEST_IMAGES} to learn from")
    spoiled = spoil_thumbnails(thumbnails, kind, np.random.default_rng([seed, 1]))
    good, bad = _describe(kind, thumbnails, learner), _describe(kind, spoiled, learner)
    copies = np.arange(len(bad)) % count
    trusted = np.ones(count, dtype=bool)
    models: dict[int, Any] = {}
    good_scores, bad_scores = np.zeros(count), np.zeros(len(bad))
    for _ in range(1 if kind in RANKING_ONLY else 2):
        for fold in range(FOLDS):
            learned = (folds != fold) & trusted
            if not learned.any():
                raise ReviewError("all images are of one patient: a detector needs several")
            models[fold] = _fit(good[learned], bad[learned[copies]], learner)
            inside = folds == fold
            if inside.any():
                good_scores[inside] = models[fold].predict_proba(good[inside])[:, 1]
                bad_scores[inside[copies]] = models[fold].predict_proba(bad[inside[copies]])[:, 1]
        trusted = good_scores <= 0.5
        if trusted.mean() < 0.5:
            break  # most images look bad: what is left would teach nothing
    return models, _judge_scores(good_scores, bad_scores)


def _score_blank(thumbnails: NDArray[np.uint8]) -> SieveScores:
    import numpy as np

    low, high = np.percentile(thumbnails.reshape(len(thumbnails), -1), [2, 98], axis=1)
    scores = np.clip(1 - (high - low) / (2 * GREY), 0, 1)
    suspected = scores > 0.5
    kind = "blank or grey"
    return SieveScores(
        kind=kind,
        scores=scores,
        suspected=suspected,
        ranking_only=False,
        quality=None,
        warnings=_warn(kind, float(suspected.mean())),
    )


def _warn(kind: str, share: float) -> tuple[str, ...]:
    warnings = []
    if share > MOST_SUSPECTED:
        warnings.append(
            f"{share:.1%} of the images look {kind}: above {MOST_SUSPECTED:.0%} the folder is not "
            "clean enough to learn from; give a set of good images chosen by hand."
        )
    if kind == "mirrored":
        warnings.append(
            "This is a ranking, not a verdict: a mirrored image looks the same as one of a "
            "patient with situs inversus."
        )
    return tuple(warnings)


def _judge_scores(good: NDArray[np.float64], bad: NDArray[np.float64]) -> DetectorQuality:
    from scipy.stats import rankdata

    ranks = rankdata([*good, *bad])
    upper = float(ranks[len(good) :].sum()) - len(bad) * (len(bad) + 1) / 2
    accuracy = (float((good <= 0.5).mean()) + float((bad > 0.5).mean())) / 2
    return DetectorQuality(upper / (len(good) * len(bad)), accuracy, len(good), len(bad))


def _learn_detector(
    kind: str, good: NDArray[np.uint8], bad: NDArray[np.uint8], learner: Learner
) -> Detector:
    model = _fit(_describe(kind, good, learner), _describe(kind, bad, learner), learner)
    return Detector(kind, model, learner)


def _describe(kind: str, thumbnails: NDArray[np.uint8], learner: Learner) -> NDArray[Any]:
    return learner.add(kind, learner.describe(thumbnails), thumbnails)


def _add_margins(
    kind: str, described: NDArray[np.float32], thumbnails: NDArray[np.uint8]
) -> NDArray[np.float32]:
    import numpy as np

    if kind != "over-bordered":
        return described
    return np.hstack([described, describe_margins(thumbnails)])


def _describe_all(kind: str, thumbnails: NDArray[np.uint8], learner: Learner) -> NDArray[Any]:
    import numpy as np

    starts = range(0, len(thumbnails), PART)
    return np.concatenate([_describe(kind, thumbnails[at : at + PART], learner) for at in starts])


def _fit(good: NDArray[Any], bad: NDArray[Any], learner: Learner) -> Any:
    import numpy as np

    target = np.r_[np.zeros(len(good)), np.ones(len(bad))]
    return learner.make().fit(np.concatenate([good, bad]), target)


def _make_regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000)


def _limit(places: NDArray[np.intp], most: int, generator: np.random.Generator) -> NDArray[np.intp]:
    if len(places) <= most:
        return places
    chosen: NDArray[np.intp] = generator.choice(places, most, replace=False)
    chosen.sort()
    return chosen


def _balance_folds(
    folds: NDArray[np.intp], patients: Sequence[str | None], bad: NDArray[np.bool_], seed: int
) -> NDArray[np.intp]:
    """Folds in which the patients with examples are spread evenly."""
    import numpy as np

    names = [
        f"image {place}" if patient is None else f"p {patient}"
        for place, patient in enumerate(patients)
    ]
    with_examples = sorted({name for name, is_bad in zip(names, bad, strict=True) if is_bad})
    order = np.random.default_rng([seed, 1]).permutation(len(with_examples))
    fold_of = {with_examples[place]: turn % FOLDS for turn, place in enumerate(order)}
    return np.array(
        [fold_of.get(name, int(fold)) for name, fold in zip(names, folds, strict=True)],
        dtype=np.intp,
    )


def _add_border(thumbnail: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """The picture made smaller inside a dark (rarely grey or bright) border on one to four
    sides."""
    import numpy as np
    from PIL import Image

    sides = generator.uniform(0.06, 0.25, 4)
    pattern = int(generator.integers(5))
    if pattern == 1:
        sides[2:] = 0
    elif pattern == 2:
        sides[:2] = 0
    elif pattern == 3:
        kept = int(generator.integers(4))
        sides[np.arange(4) != kept] = 0
    elif pattern == 4:
        sides[:] = sides[0]
    top, bottom, left, right = (round(share * SIDE) for share in sides)
    level = 0 if generator.random() < 0.85 else int(generator.integers(256))
    bordered = np.full_like(thumbnail, level)
    height, width = SIDE - top - bottom, SIDE - left - right
    inner = Image.fromarray(thumbnail).resize((width, height), Image.Resampling.BOX)
    bordered[top : top + height, left : left + width] = np.asarray(inner)
    return bordered


def _count_levels(rows: Sequence[LabelRow], attribute: str) -> tuple[Counter[str], int]:
    """How many rows have each level, and how many have any."""
    if attribute == "label":
        known = [row for row in rows if row.labels]
        return Counter(label for row in known for label in row.labels), len(known)
    values = [getattr(row, attribute) for row in rows]
    counts = Counter(value for value in values if value is not None)
    return counts, sum(counts.values())


def _check_input(thumbnails: NDArray[np.uint8], patients: Sequence[str | None]) -> None:
    if len(thumbnails) != len(patients):
        raise ReviewError(f"{len(patients)} patients are given for {len(thumbnails)} images")
    if thumbnails.ndim != 3 or thumbnails.shape[1:] != (SIDE, SIDE):
        raise ReviewError(f"thumbnails are {SIDE} x {SIDE} bytes each")


def count_suspected(scores: Mapping[str, SieveScores]) -> dict[str, int]:
    """Suspected images per kind of problem."""
    return {kind: int(result.suspected.sum()) for kind, result in scores.items()}


REGRESSION = Learner("regression", describe_thumbnails, _add_margins, _make_regression)
"""Logistic regression on gradients and a coarse picture."""
NETWORK = Learner("network", lambda seen: seen, lambda _, seen, __: seen, ThumbnailNetwork)
"""A convolutional network on the thumbnails; needs the extra `networks`."""
LEARNERS = {learner.name: learner for learner in (REGRESSION, NETWORK)}
