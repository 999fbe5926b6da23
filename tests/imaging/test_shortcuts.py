"""The shortcut probe on phantoms of two sites."""

import csv

import numpy as np
import pytest

from review.errors import ReviewError
from review.imaging.shortcuts import ProbedImages, probe_measures, probe_shortcuts


@pytest.fixture(scope="module")
def sites(clean_films, clean_check):
    with (clean_films / "labels.csv").open() as stream:
        site = {row["file"]: row["site"] for row in csv.DictReader(stream)}
    return [site[entry.path] for entry in clean_check.readable]


@pytest.fixture(scope="module")
def images(clean_check, clean_patients):
    return ProbedImages(
        paths=[entry.path for entry in clean_check.readable],
        patients=clean_patients,
        measures=clean_check.measures,
        thumbnails=clean_check.thumbnails,
        entries=clean_check.readable,
    )


def test_a_site_is_told_by_its_blur_and_file_size(images, sites):
    report = probe_shortcuts(images, sites)
    families = {probe.family: probe for probe in report.probes}
    assert set(families) == {"pixels", "container", "thumbnail"}
    pixels = families["pixels"]
    assert pixels.auc.low > 0.9
    # The south blurs its films and writes LEFT where the north writes L.
    strong = {measure.name for measure in pixels.measures if measure.strength > 0.9}
    assert {"sharpness", "corner marks top right"} <= strong
    assert pixels.measures[0].strength >= pixels.measures[1].strength
    assert families["container"].auc.low > 0.5  # blurred films take fewer bytes
    assert "bytes" in families["container"].measures[0].name
    for probe in report.probes:
        assert 0.2 < probe.shuffled.low <= probe.shuffled.mean <= probe.shuffled.high < 0.8
        assert probe.images == len(sites)


def test_examples_are_the_extremes(images, sites):
    report = probe_shortcuts(images, sites, thumbnails=False)
    sharpness = next(one for one in report.probes[0].measures if one.name == "sharpness")
    site_of = dict(zip(images.paths, sites, strict=True))
    target = report.probes[0].target
    ends = (sharpness.lowest, sharpness.highest)
    with_class, without = ends if sharpness.auc < 0.5 else ends[::-1]
    assert {site_of[path] for path in with_class} == {target}
    assert target not in {site_of[path] for path in without}


def test_classes_with_few_images_are_named(images):
    count = len(images.paths)
    classes = ["a" if place < 30 else "b" for place in range(count)]
    classes[:5], classes[5] = ["rare"] * 5, None
    report = probe_shortcuts(images, classes, thumbnails=False)
    assert report.too_few == {"rare": 5} and report.unknown == 1
    assert {probe.target for probe in report.probes} == {"a", "b"}


def test_what_cannot_be_probed(images, clean_patients):
    with pytest.raises(ReviewError, match="nothing can be probed"):
        probe_shortcuts(images, ["a"] * len(clean_patients))
    with pytest.raises(ReviewError, match="differ in number"):
        probe_shortcuts(images, ["a"])
    values = np.zeros((30, 1))
    positive = np.arange(30) < 10
    paths = [str(place) for place in range(30)]
    with pytest.raises(ReviewError, match="needs 5 of them"):
        probe_measures(values, ["x"], positive=positive, paths=paths, patients=["p"] * 30)
    with pytest.raises(ReviewError, match="10 images of either class"):
        probe_measures(values, ["x"], positive=np.arange(30) < 9, paths=paths, patients=paths)


def test_a_feature_of_the_patient_is_no_leak(monkeypatch):
    """Numbers that name the patient must not tell the label of other patients.

    One run of 60 patients scatters by 0.09 around 0.5, so the mean of several counts.
    """
    monkeypatch.setattr("review.imaging.shortcuts.REPEATS", 1)
    patients = [str(place // 5) for place in range(300)]
    images = [str(place) for place in range(300)]
    kept_together, apart = [], []
    for seed in range(6):
        generator = np.random.default_rng(seed)
        label = np.repeat(generator.random(60) < 0.5, 5)
        identity = np.repeat(generator.normal(size=(60, 3)), 5, axis=0)
        names = ["a", "b", "c"]
        kept_together.append(
            probe_measures(
                identity, names, positive=label, paths=images, patients=patients
            ).auc.value
        )
        if seed == 0:
            apart.append(
                probe_measures(
                    identity, names, positive=label, paths=images, patients=images
                ).auc.value
            )
    assert abs(np.mean(kept_together) - 0.5) < 0.12
    assert min(apart) > 0.99  # what the leak would look like
