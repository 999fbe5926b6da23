"""Patients, splits and the people behind each label."""

import pytest

from review.errors import ReviewError
from review.imaging.labels import LabelRow, read_labels
from review.imaging.splits import (
    describe_people,
    find_overlaps,
    group_by_split,
    measure_concentration,
)


def row(file, patient=None, **values):
    labels = frozenset(values.pop("labels", ()))
    return LabelRow(file=file, labels=labels, patient=patient, **values)


def test_patients_in_two_splits_are_named():
    splits = {
        "train": [row("a", "1"), row("b", "1"), row("c", "2")],
        "test": [row("d", "1"), row("e", "3")],
        "validation": [row("f", "4"), row("g")],
    }
    first, second, third = find_overlaps(splits)
    assert (first.first, first.second, first.shared) == ("train", "test", ("1",))
    assert (first.first_images, first.second_images) == (2, 1)
    assert (first.first_patients, first.second_patients) == (2, 2)
    assert second.shared == third.shared == ()


def test_overlap_needs_two_splits_and_patients():
    with pytest.raises(ReviewError, match="second one"):
        find_overlaps({"train": [row("a", "1")]})
    with pytest.raises(ReviewError, match="no patient is known in 'test'"):
        find_overlaps({"train": [row("a", "1")], "test": [row("b")]})
    with pytest.raises(ReviewError, match="no row names a split"):
        group_by_split([row("a")])


def test_phantoms_over_two_splits_are_found(clean_films):
    table = read_labels(clean_films / "labels.csv")
    overlap = find_overlaps(group_by_split(table.rows))[0]
    assert set(overlap.shared) == {"P1", "P2"}


def test_patients_with_many_images():
    rows = [row(f"a{number}", "1") for number in range(11)]
    rows += [row(f"b{number}", "2") for number in range(10)] + [row("c", "3"), row("d")]
    figures = measure_concentration(rows)
    assert (figures.images, figures.unknown, figures.patients) == (22, 1, 3)
    assert (figures.repeated, figures.most) == (2, 11)
    assert (figures.many_patients, figures.many_images) == (1, 11)
    assert figures.share_of_patients == pytest.approx(1 / 3)
    assert figures.share_of_images == 0.5
    nobody = measure_concentration([row("a")])
    assert nobody.share_of_patients is None and nobody.share_of_images is None


def test_people_behind_each_label():
    rows = [
        row("a", "1", labels=["Mass"], age=9.9, sex="F", view="AP", site="north"),
        row("b", "1", labels=["Mass", "Hernia"], age=10.0, sex="F", view="PA"),
        row("c", "2", labels=["Mass"], sex="M"),
    ]
    people = describe_people(rows)
    assert [label.label for label in people.labels] == ["Mass", "Hernia"]
    mass = people.labels[0]
    assert (mass.images, mass.patients, mass.ages, mass.children) == (3, 2, 2, 1)
    assert mass.age_mean == pytest.approx(9.95)
    assert mass.sex == {"F": 2, "M": 1} and mass.view == {"AP": 1, "PA": 1}
    assert people.all.site == {"north": 1}
    assert describe_people([row("a")]).all.patients is None
