"""AUC, thresholds, calibration and Holm's method against brute force and published values."""

import numpy as np
import pytest

from review.errors import ReviewError
from review.imaging.discrimination import (
    Z,
    adjust_holm,
    compute_auc,
    estimate_auc_by_patient,
    estimate_auc_delong,
    measure_at_threshold,
    measure_calibration,
)


@pytest.fixture
def data():
    generator = np.random.default_rng(1)
    classes = generator.random(300) < 0.3
    scores = np.round(generator.normal(size=300) + classes, 1)  # with ties
    return classes, scores


def count_pairs(classes, scores):
    above = scores[classes][:, None] - scores[~classes][None]
    return (above > 0) + 0.5 * (above == 0)


def test_auc_is_the_share_of_pairs(data):
    assert compute_auc(*data) == pytest.approx(count_pairs(*data).mean(), abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "auc"), [([1, 2, 3, 4], 1), ([4, 3, 2, 1], 0), ([1, 1, 1, 1], 0.5)]
)
def test_auc_at_the_ends(scores, auc):
    assert compute_auc([False, False, True, True], scores) == auc


def test_delong_by_brute_force(data):
    pairs = count_pairs(*data)
    upper, lower = pairs.mean(axis=1), pairs.mean(axis=0)
    error = (upper.var(ddof=1) / len(upper) + lower.var(ddof=1) / len(lower)) ** 0.5
    area = estimate_auc_delong(*data)
    assert area.low == pytest.approx(area.value - Z * error, abs=1e-12)
    assert area.high == pytest.approx(area.value + Z * error, abs=1e-12)
    assert (area.positives, area.negatives) == (len(upper), len(lower))


def test_an_interval_stays_within_0_and_1():
    area = estimate_auc_delong([False] * 3 + [True] * 3, [1, 2, 4, 3, 5, 6])
    assert area.high == 1 and 0 < area.low < 1


def test_patients_of_one_image_are_like_images(data):
    one = estimate_auc_delong(*data)
    two = estimate_auc_by_patient(*data, [str(place) for place in range(300)], draws=2000)
    assert two.value == pytest.approx(one.value)
    assert two.low == pytest.approx(one.low, abs=0.01)
    assert two.high == pytest.approx(one.high, abs=0.01)
    assert two.patients == 300


def test_repeated_images_of_a_patient_add_no_information(data):
    classes, scores = np.repeat(data[0], 4), np.repeat(data[1], 4)
    patients = [str(place // 4) for place in range(1200)]
    single = estimate_auc_delong(*data)
    by_image = estimate_auc_delong(classes, scores)
    by_patient = estimate_auc_by_patient(classes, scores, patients)
    assert by_image.high - by_image.low == pytest.approx((single.high - single.low) / 2, rel=0.02)
    assert by_patient.high - by_patient.low == pytest.approx(single.high - single.low, rel=0.1)


def test_the_bootstrap_repeats_with_its_seed(data):
    patients = [str(place // 3) for place in range(300)]
    one = estimate_auc_by_patient(*data, patients, draws=200, seed=5)
    assert one == estimate_auc_by_patient(*data, patients, draws=200, seed=5)
    assert one != estimate_auc_by_patient(*data, patients, draws=200, seed=6)


@pytest.mark.parametrize(
    ("classes", "scores", "message"),
    [
        ([True, True], [1, 2], "all 2 images are positive"),
        ([False], [1], "all 1 images are negative"),
        ([], [], "an AUC needs both classes"),
        ([True, False], [1, float("nan")], "not a number"),
        ([True, False], [1], "1 scores are given for 2 images"),
    ],
)
def test_no_auc(classes, scores, message):
    with pytest.raises(ReviewError, match=message):
        compute_auc(classes, scores)


def test_no_interval():
    with pytest.raises(ReviewError, match="two images of each class"):
        estimate_auc_delong([True, False, False], [1, 2, 3])
    with pytest.raises(ReviewError, match="at least two of them"):
        estimate_auc_by_patient([True, False], [1, 2], ["a", "a"])
    with pytest.raises(ReviewError, match="at least 100 draws"):
        estimate_auc_by_patient([True, False], [1, 2], ["a", "b"], draws=99)


def test_a_score_at_the_threshold_is_positive():
    figures = measure_at_threshold([True, True, False, False], [0.5, 0.4, 0.5, 0.1], 0.5)
    assert (figures.sensitivity.count, figures.sensitivity.n) == (1, 2)
    assert (figures.specificity.count, figures.specificity.n) == (1, 2)


def test_calibration_of_true_probabilities():
    generator = np.random.default_rng(2)
    chance = generator.uniform(0.02, 0.98, 20_000)
    classes = generator.random(20_000) < chance
    figures = measure_calibration(classes, chance)
    assert figures.slope == pytest.approx(1, abs=0.05)
    assert figures.intercept == pytest.approx(0, abs=0.05)
    assert figures.slope_low < 1 < figures.slope_high
    assert figures.brier == pytest.approx((chance * (1 - chance)).mean(), abs=0.005)
    assert sum(part.n for part in figures.bins) == 20_000 and len(figures.bins) == 10
    for part in figures.bins:
        assert part.mean_score == pytest.approx(part.observed.value, abs=0.04)


def test_calibration_of_scores_that_are_too_bold_and_too_high():
    generator = np.random.default_rng(3)
    odds = generator.normal(0, 1, 20_000)
    classes = generator.random(20_000) < 1 / (1 + np.exp(-odds))
    bold = measure_calibration(classes, 1 / (1 + np.exp(-2 * odds)))
    assert bold.slope == pytest.approx(0.5, abs=0.03)
    high = measure_calibration(classes, 1 / (1 + np.exp(-(odds + 1))))
    assert high.intercept == pytest.approx(-1, abs=0.05)
    assert high.slope == pytest.approx(1, abs=0.05)


def test_calibration_agrees_with_scikit_learn(data):
    from sklearn.linear_model import LogisticRegression

    classes, scores = data
    chance = 1 / (1 + np.exp(-scores))
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    model.fit(scores[:, None], classes)
    assert measure_calibration(classes, chance).slope == pytest.approx(model.coef_[0, 0], rel=1e-3)


def test_calibration_where_there_is_none():
    apart = measure_calibration([False] * 5 + [True] * 5, [0.1] * 5 + [0.9] * 5)
    assert apart.slope is None and apart.slope_low is None
    assert measure_calibration([True] * 4, [0.2, 0.4, 0.6, 0.8]).intercept is None
    assert measure_calibration([True, False] * 4, [0.5] * 8).slope is None
    ends = measure_calibration([True, False, True], [1.0, 0.0, 0.5])
    assert ends.clipped == 2
    with pytest.raises(ReviewError, match="between 0 and 1"):
        measure_calibration([True, False], [2, 0])


def test_holm_as_published():
    # Holm 1979: the smallest p is multiplied by the number of tests, and so on down.
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjust_holm([0.5, None, 0.9]) == [1.0, None, 1.0]
    assert adjust_holm([]) == []
