"""The network of the sieve with PyTorch; collected only where the extra `networks` is installed."""

import numpy as np

from review.imaging.sieve import NETWORK, fit_detector, sieve_images, spoil_thumbnails


def test_the_network_finds_inverted_films_and_repeats_itself(clean_check, clean_patients):
    thumbnails = clean_check.thumbnails.copy()
    thumbnails[3:6] = 255 - thumbnails[3:6]
    first, second = (
        sieve_images(thumbnails, clean_patients, kinds=["inverted"], learner=NETWORK)["inverted"]
        for _ in range(2)
    )
    assert set(first.rank(3)) == {3, 4, 5}
    assert first.quality.auc > 0.9  # the three planted films count as good ones
    assert (first.scores == second.scores).all()
    detector = fit_detector(clean_check.thumbnails, "inverted", learner=NETWORK)
    spoiled = spoil_thumbnails(clean_check.thumbnails, "inverted", np.random.default_rng(0))
    assert detector.score(spoiled).min() > detector.score(clean_check.thumbnails).max()
