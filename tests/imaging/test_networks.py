"""Learners of the sieve: any classifier of the interface, and the network without its extra."""

import sys

import numpy as np
import pytest

from review.errors import ReviewError
from review.imaging.sieve import (
    LEARNERS,
    NETWORK,
    REGRESSION,
    Learner,
    fit_detector,
    sieve_images,
    sieve_taught_kind,
)


class NearestMean:
    """Chance by the distance to the mean picture of each class: a learner in six lines."""

    def fit(self, pictures, target):
        self.means = [pictures[target == label].mean(axis=0) for label in (0, 1)]
        return self

    def predict_proba(self, pictures):
        far = [np.abs(pictures - mean).mean(axis=(1, 2)) for mean in self.means]
        return np.column_stack([far[1], far[0]]) / (far[0] + far[1])[:, None]


MEANS = Learner(
    "means", lambda seen: seen.astype(np.float32), lambda _, seen, __: seen, NearestMean
)


def test_any_classifier_of_the_interface_can_learn(clean_check, clean_patients):
    thumbnails = clean_check.thumbnails.copy()
    thumbnails[3:6] = 255 - thumbnails[3:6]
    result = sieve_images(thumbnails, clean_patients, kinds=["inverted"], learner=MEANS)["inverted"]
    assert set(result.rank(3)) == {3, 4, 5} and result.suspected[3:6].all()
    assert result.quality.auc > 0.9  # the three planted films count as good ones
    detector = fit_detector(clean_check.thumbnails, "inverted", learner=MEANS)
    assert (detector.score(thumbnails)[3:6] > 0.5).all()
    marked = [None if place >= 40 else place % 2 == 0 for place in range(len(thumbnails))]
    shown = clean_check.thumbnails.copy()
    shown[:40:2] = 255 - shown[:40:2]
    taught = sieve_taught_kind(shown, clean_patients, marked, kind="negative", learner=MEANS)
    assert taught.suspected[:40:2].all() and not taught.suspected[1:40:2].any()


def test_the_regression_is_taken_unless_another_learner_is_named(clean_check, clean_patients):
    plain, named = (
        sieve_images(clean_check.thumbnails, clean_patients, kinds=["inverted"], learner=learner)
        for learner in (None, REGRESSION)
    )
    assert (plain["inverted"].scores == named["inverted"].scores).all()
    assert list(LEARNERS) == ["regression", "network"]


def test_without_pytorch_the_network_says_what_to_install(clean_check, clean_patients, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ReviewError, match=r"pip install 'funnel-review\[networks\]'"):
        sieve_images(clean_check.thumbnails, clean_patients, kinds=["inverted"], learner=NETWORK)
