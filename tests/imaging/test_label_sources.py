"""Mined labels compared with labels read from images."""

import numpy as np
import pytest

from review.errors import ReviewError
from review.imaging.label_sources import (
    check_nonsense,
    compare_label_sources,
    pair_labels,
    read_claims,
)
from review.imaging.labels import LabelRow


def rows(**labels):
    return {
        name: LabelRow(file=name, labels=frozenset(held), patient=name[0])
        for name, held in labels.items()
    }


def test_pairs_add_up():
    mined = rows(a1={"Mass"}, a2=set(), b1={"Nodule"}, c1=set())
    read = rows(a1={"Mass"}, a2={"Mass"}, b1=set(), d1=set())
    read["b1"] = LabelRow(file="b1", labels=frozenset(), uncertain=frozenset({"Mass"}))
    pair = pair_labels(mined, read, mined_labels=["Mass", "Nodule"], read_labels=["Mass"])
    assert pair.ids == ("a1", "a2")
    assert (pair.mined, pair.read) == ((True, False), (True, True))
    assert pair.unknown == 1 and pair.one_source == 2
    assert pair.patients == ("a", "a")
    with pytest.raises(ReviewError, match="no image is in both"):
        pair_labels(mined, {}, mined_labels=["Mass"], read_labels=["Mass"])


def test_accuracy_of_labels():
    accuracy = compare_label_sources(
        [True, True, True, False, False, False, False],
        [True, False, False, True, False, False, False],
    )
    counts = [
        (figure.count, figure.n)
        for figure in (accuracy.ppv, accuracy.sensitivity, accuracy.specificity, accuracy.npv)
    ]
    assert counts == [(1, 3), (1, 2), (3, 5), (3, 4)]
    with pytest.raises(ReviewError, match="1 mined labels are given beside 2"):
        compare_label_sources([True], [True, False])


def make_nonsense(n=2000, seed=0):
    """Readers are right; half of the mined labels are missed or made up; the model sees truth."""
    generator = np.random.default_rng(seed)
    truth = generator.random(n) < 0.4
    mined = np.where(generator.random(n) < 0.6, truth, generator.random(n) < 0.4)
    scores = generator.normal(size=n) + 2.5 * truth
    mined_rows = {
        f"i{place}": LabelRow(file=f"i{place}", labels=frozenset({"x"} if mined[place] else ()))
        for place in range(n)
    }
    read_rows = {
        f"i{place}": LabelRow(
            file=f"i{place}", labels=frozenset({"x"} if truth[place] else ()),
            patient=f"p{place // 4}",
        )
        for place in range(n)
    }  # fmt: skip
    pair = pair_labels(mined_rows, read_rows, mined_labels=["x"], read_labels=["x"])
    return pair, scores


def test_a_model_may_know_more_than_its_labels():
    pair, scores = make_nonsense()
    report = check_nonsense(pair, scores)
    assert 0.65 < report.against_mined.value < 0.85
    assert report.against_read.value > 0.94
    cells = {cell.name: cell for cell in report.cells}
    assert sum(len(cell.images) for cell in report.cells) == 2000
    # What the model calls positive against the mined label is more often right than the label.
    assert cells["false positive"].truly_positive.low > 0.5
    assert cells["false negative"].truly_positive.high < 0.5
    called = len(cells["true positive"].images) + len(cells["false positive"].images)
    assert called == report.mined_positive
    assert report.against_read_by_patient.patients == 500
    assert report.mined_labels.ppv.n == report.mined_positive


def test_a_threshold_may_be_given():
    pair, scores = make_nonsense(200)
    report = check_nonsense(pair, scores, threshold=1e9)
    assert [len(cell.images) for cell in report.cells[:2]] == [0, 0]
    assert report.cells[0].truly_positive.value is None
    with pytest.raises(ReviewError, match="3 scores are given for 200"):
        check_nonsense(pair, [1, 2, 3])


def test_claims(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("label,precision\nMass,92.5%\nHernia,0.5\n")
    claims = read_claims(path, label_column="label", value_column="precision", source="a paper")
    assert claims["Mass"].value == pytest.approx(0.925)
    assert claims["Hernia"].value == pytest.approx(0.005)
    path.write_text("label,precision\nMass,0.9\n")
    claims = read_claims(path, label_column="label", value_column="precision", source="a paper")
    assert claims["Mass"].value == 0.9 and claims["Mass"].source == "a paper"
    for text, message in (("Mass,high", "not a share"), ("Mass,120", "0 and 100")):
        path.write_text(f"label,precision\n{text}\n")
        with pytest.raises(ReviewError, match=message):
            read_claims(path, label_column="label", value_column="precision", source="x")
    with pytest.raises(ReviewError, match="no column 'f'"):
        read_claims(path, label_column="label", value_column="f", source="x")
