"""Detectors on phantoms; genuine films are in tests/corpora."""

import csv

import numpy as np
import pytest

from review.errors import ReviewError
from review.imaging.labels import LabelRow
from review.imaging.sieve import (
    KINDS,
    Reject,
    assign_folds,
    compare_rejects,
    fit_detector,
    sieve_images,
    sieve_taught_kind,
    spoil_thumbnails,
    write_rejects,
)


@pytest.fixture(scope="module")
def results(clean_check, clean_patients):
    return sieve_images(clean_check.thumbnails, clean_patients)


def test_all_kinds_are_scored(results, clean_check):
    assert tuple(results) == KINDS
    for result in results.values():
        assert result.scores.shape == (len(clean_check.readable),)
        assert ((result.scores >= 0) & (result.scores <= 1)).all()


@pytest.mark.parametrize("kind", ["rotated", "inverted", "upside down", "over-bordered"])
def test_copies_of_unseen_patients_are_told(results, kind):
    assert results[kind].quality.auc >= 0.99
    assert results[kind].quality.accuracy >= 0.95


def test_mirrored_is_a_ranking(results):
    mirrored = results["mirrored"]
    assert mirrored.quality.auc >= 0.9
    assert mirrored.ranking_only and not mirrored.suspected.any()
    assert "situs inversus" in mirrored.warnings[0]


@pytest.mark.parametrize("kind", ["rotated", "inverted", "upside down", "over-bordered"])
def test_planted_faults_are_found(clean_check, clean_patients, kind):
    thumbnails = clean_check.thumbnails.copy()
    planted = [3, 40, 70]
    copies = spoil_thumbnails(thumbnails[planted], kind, np.random.default_rng(1))
    thumbnails[planted] = copies[:3]
    result = sieve_images(thumbnails, clean_patients, kinds=[kind])[kind]
    assert result.suspected[planted].all()
    assert result.suspected.sum() <= 3 + len(thumbnails) // 50
    assert set(result.rank(6)) >= set(planted)


def test_blank_and_grey_are_found_by_rule(clean_check, clean_patients):
    thumbnails = clean_check.thumbnails.copy()
    thumbnails[5] = 3
    thumbnails[6] = 118 + thumbnails[6] // 24
    result = sieve_images(thumbnails, clean_patients, kinds=["blank or grey"])["blank or grey"]
    assert list(np.flatnonzero(result.suspected)) == [5, 6]
    assert result.scores[5] == 1 and result.quality is None


def test_scores_do_not_depend_on_the_order(clean_check, clean_patients):
    order = np.random.default_rng(0).permutation(len(clean_patients))
    one = sieve_images(clean_check.thumbnails, clean_patients, kinds=["inverted"])["inverted"]
    two = sieve_images(
        clean_check.thumbnails[order], [clean_patients[place] for place in order],
        kinds=["inverted"],
    )["inverted"]  # fmt: skip
    assert np.abs(one.scores[order] - two.scores).max() < 0.01


def test_a_dirty_folder_is_warned_of(clean_check, clean_patients):
    thumbnails = clean_check.thumbnails.copy()
    thumbnails[::7] = 255 - thumbnails[::7]
    result = sieve_images(thumbnails, clean_patients, kinds=["inverted"])["inverted"]
    assert "hand" in result.warnings[0] and "inverted" in result.warnings[0]


def test_no_image_is_judged_by_a_model_that_saw_its_patient(clean_check):
    folds = assign_folds(["a", "b", "a", None, None, "b"], 5, 0)
    assert folds[0] == folds[2] and folds[1] == folds[5]
    many = assign_folds([f"p{number}" for number in range(100)], 5, 0)
    assert np.bincount(many).tolist() == [20] * 5


def test_a_kind_is_taught_by_examples(clean_check, clean_patients):
    thumbnails = clean_check.thumbnails.copy()
    odd = np.zeros(len(thumbnails), bool)
    odd[::3] = True
    thumbnails[odd] = np.sort(thumbnails[odd], axis=1)  # another body part, as it were
    marked = [True if is_odd else None for is_odd in odd]
    missed = np.flatnonzero(odd)[:4]
    for place in missed:
        marked[place] = None
    result = sieve_taught_kind(thumbnails, clean_patients, marked, kind="lateral")
    assert result.quality.auc > 0.95
    assert result.suspected[missed].all()
    assert not result.suspected[~odd].any()


def test_examples_are_counted(clean_check, clean_patients):
    count = len(clean_patients)
    few = [place < 19 for place in range(count)]
    with pytest.raises(ReviewError, match=r"19 examples .* needs 20 of each"):
        sieve_taught_kind(clean_check.thumbnails, clean_patients, few, kind="lateral")
    marked = [place < 20 for place in range(count)]
    assert sieve_taught_kind(clean_check.thumbnails, clean_patients, marked, kind="lateral")
    one_patient = ["x" if place < 20 else patient for place, patient in enumerate(clean_patients)]
    with pytest.raises(ReviewError, match="all of one patient"):
        sieve_taught_kind(clean_check.thumbnails, one_patient, marked, kind="lateral")


def test_a_detector_serves_another_folder(clean_check, phantoms, tmp_path):
    from review.imaging.manifest import check_images

    phantoms.write_phantoms(tmp_path, patients=20, seed=9, faults_each=0)
    other = check_images(tmp_path / "films").thumbnails
    detector = fit_detector(clean_check.thumbnails, "rotated")
    assert (detector.score(other) > 0.5).mean() <= 0.05
    turned = spoil_thumbnails(other, "rotated", np.random.default_rng(0))
    assert (detector.score(turned) > 0.5).mean() >= 0.95


def test_what_cannot_be_sieved(clean_check, clean_patients):
    with pytest.raises(ReviewError, match="49 images: a detector needs 50"):
        sieve_images(clean_check.thumbnails[:49], clean_patients[:49], kinds=["rotated"])
    with pytest.raises(ReviewError, match="no kind of problem"):
        sieve_images(clean_check.thumbnails, clean_patients, kinds=["wobbly"])
    with pytest.raises(ReviewError, match="2 patients are given"):
        sieve_images(clean_check.thumbnails, ["a", "b"])
    with pytest.raises(ReviewError, match="all images are of one patient"):
        sieve_images(clean_check.thumbnails, ["a"] * len(clean_patients), kinds=["inverted"])
    with pytest.raises(ReviewError, match="no spoiled copies"):
        fit_detector(clean_check.thumbnails, "lateral")


def test_rejects_are_described_beside_the_rest():
    rejected = [
        LabelRow(file="a", labels=frozenset({"Mass"}), sex="F", age=80),
        LabelRow(file="b", labels=frozenset({"Mass"}), sex=None, age=None),
    ]
    rest = [LabelRow(file="c", labels=frozenset({"Hernia"}), sex="M", age=40)]
    rows = {(row.attribute, row.value): row for row in compare_rejects(rejected, rest)}
    assert (rows["label", "Mass"].rejected, rows["label", "Mass"].rest) == (1, 0)
    assert (rows["sex", "F"].rejected, rows["sex", "F"].rejected_n) == (1, 1)
    assert (rows["age", "mean"].rejected, rows["age", "mean"].rest) == (80, 40)
    assert not any(row.attribute == "view" for row in rows.values())


def test_rejects_are_written(tmp_path):
    rejects = [Reject(path="a.png", sha256="ab", problem="rotated", score=0.98765, reader="Ann")]
    write_rejects(tmp_path / "rejects.csv", rejects)
    with (tmp_path / "rejects.csv").open() as stream:
        assert list(csv.DictReader(stream)) == [
            {"path": "a.png", "sha256": "ab", "problem": "rotated", "score": "0.9877",
             "reader": "Ann"}
        ]  # fmt: skip
