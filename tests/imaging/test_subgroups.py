"""Performance by group on synthetic predictions with known truth."""

from dataclasses import replace

import numpy as np
import pytest

from review.errors import ReviewError
from review.imaging.discrimination import compute_auc
from review.imaging.predictions import PredictionTable
from review.imaging.subgroups import (
    compare_subgroups,
    control_by_shuffling,
    estimate_auc,
    measure_proxies,
    predict_attribute,
    shuffle_labels,
)


def make_table(*, n=1200, patients=True, seed=0):
    """A score that works in the north and hardly in the south; sex goes with nothing."""
    generator = np.random.default_rng(seed)
    site = generator.choice(["north", "south"], n, p=[0.6, 0.4])
    positive = generator.random(n) < np.where(site == "north", 0.4, 0.2)
    lift = np.where(site == "north", 2.0, 0.4)
    odds = generator.normal(size=n) + lift * positive - 0.5
    sex = [
        None if generator.random() < 0.05 else str(generator.choice(["F", "M"])) for _ in range(n)
    ]
    scanner = ["rare" if place < 12 else "usual" for place in range(n)]
    return PredictionTable(
        ids=tuple(f"i{place}" for place in range(n)),
        positive=positive,
        scores={"m": 1 / (1 + np.exp(-odds)), "noise": generator.random(n)},
        patients=tuple(f"p{place // 2}" for place in range(n)) if patients else None,
        attributes={"site": tuple(map(str, site)), "sex": tuple(sex), "scanner": tuple(scanner)},
        ages=generator.uniform(20, 80, n),
    )


def find(items, **wanted):
    return next(
        item for item in items if all(getattr(item, key) == value for key, value in wanted.items())
    )


@pytest.fixture(scope="module")
def report():
    return compare_subgroups(make_table(), models=["m"], draws=300)


def test_all_images_and_every_group_have_figures(report):
    overall = report.overall[0]
    assert overall.images == 1200 and overall.patients == 600
    assert "patient bootstrap" in overall.auc.method and report.unit == "patients"
    for group in report.groups:
        assert group.positives + group.negatives == group.images
    north = find(report.groups, value="north")
    assert north.auc.value == pytest.approx(0.92, abs=0.03)
    assert north.at_threshold.threshold == 0.5 and north.calibration.n == north.images


def test_unknown_values_are_counted(report):
    table = make_table()
    missing = sum(value is None for value in table.attributes["sex"])
    assert report.unknown == {"site": 0, "sex": missing, "scanner": 0}
    sexes = [group.images for group in report.groups if group.attribute == "sex"]
    assert sum(sexes) + missing == 1200


def test_a_true_gap_is_found_and_a_false_one_not(report):
    gap = find(report.gaps, attribute="site", measure="AUC")
    assert (gap.value, gap.reference) == ("south", "north")
    assert gap.high < 0 and gap.p_holm < 0.001 and gap.p_holm >= gap.p
    sex = find(report.gaps, attribute="sex", measure="AUC")
    assert sex.low < 0 < sex.high and sex.p_holm > 0.05


def test_too_few_images_of_a_class_give_no_figure(report):
    rare = find(report.groups, value="rare")
    assert rare.too_few and rare.auc is None and rare.calibration is None
    assert rare.images == 12
    assert not [gap for gap in report.gaps if gap.attribute == "scanner"]


@pytest.mark.parametrize(("positives", "few"), [(9, True), (10, False)])
def test_ten_of_either_class_are_enough(positives, few):
    classes = np.array([True] * positives + [False] * 30)
    table = PredictionTable(
        ids=tuple(map(str, range(len(classes)))), positive=classes,
        scores={"m": np.linspace(0, 1, len(classes))}, attributes={"all": ("x",) * len(classes)},
    )  # fmt: skip
    assert compare_subgroups(table).groups[0].too_few is few


def test_without_patients_delong_is_used():
    table = make_table(patients=False)
    report = compare_subgroups(table, ["site"], models=["m"], draws=200)
    assert report.unit == "images" and report.overall[0].auc.method == "DeLong"
    gap = find(report.gaps, measure="AUC")
    figures = {group.value: group.auc for group in report.groups}
    assert gap.difference == pytest.approx(figures["south"].value - figures["north"].value)
    spread = [(area.high - area.low) / 2 for area in figures.values()]
    assert (gap.high - gap.low) / 2 == pytest.approx(np.hypot(*spread), rel=1e-6)
    with pytest.raises(ReviewError, match="name the column that holds the patient"):
        compare_subgroups(table, method="patients")


@pytest.mark.parametrize(("attribute", "asked"), [("site", "SOUTH"), ("site", " south ")])
def test_a_reference_is_known_in_any_case(attribute, asked):
    report = compare_subgroups(make_table(), [attribute], references={attribute: asked}, draws=100)
    assert {gap.reference for gap in report.gaps} == {"south"}


@pytest.mark.parametrize("asked", ["M", "man", "MALE"])
def test_a_sex_is_known_by_its_letter(asked):
    table = make_table()
    names = {"south": "Female"}
    sexes = tuple(names.get(site or "", "Male") for site in table.attributes["site"])
    table = replace(table, attributes={"sex": sexes})
    report = compare_subgroups(table, ["sex"], references={"sex": asked}, draws=100)
    assert {gap.reference for gap in report.gaps} == {"Male"}


def test_a_reference_may_be_chosen():
    table = make_table()
    report = compare_subgroups(table, ["site"], references={"site": "south"}, draws=100)
    assert {gap.reference for gap in report.gaps} == {"south"}
    assert {gap.model for gap in report.gaps} == {"m", "noise"}
    with pytest.raises(ReviewError, match="has no group 'west'"):
        compare_subgroups(table, ["site"], references={"site": "west"}, draws=100)
    with pytest.raises(ReviewError, match="too few images to compare"):
        compare_subgroups(table, ["scanner"], references={"scanner": "rare"}, draws=100)


def test_images_without_a_score_are_left_out_of_that_model_only():
    table = make_table()
    table.scores["m"][:50] = np.nan
    report = compare_subgroups(table, ["site"], draws=100)
    assert report.without_score == {"m": 50, "noise": 0}
    assert [group.images for group in report.overall] == [1150, 1200]


def test_scores_that_are_no_probabilities_have_no_calibration():
    table = make_table()
    table.scores["m"][:] = table.scores["m"] * 10
    report = compare_subgroups(table, ["site"], models=["m"], draws=100)
    assert all(group.auc and group.calibration is None for group in report.groups)


def test_unknown_names_and_one_class():
    table = make_table()
    with pytest.raises(ReviewError, match="no attribute 'race'"):
        compare_subgroups(table, ["race"])
    with pytest.raises(ReviewError, match="no model 'x'"):
        estimate_auc(table, "x")
    with pytest.raises(ReviewError, match="of one class"):
        compare_subgroups(table.select(table.positive))


def test_proxies():
    proxies = measure_proxies(make_table())
    north = find(proxies, attribute="site", value="north")
    assert north.label_auc.low > 0.5 and north.label_auc.value > 0.55
    assert north.score_auc["m"] > 0.55 and abs(north.score_auc["noise"] - 0.5) < 0.05
    assert north.score_share["m"] > 0.02 > north.score_share["noise"]
    sex = find(proxies, attribute="sex", value="F")
    assert sex.label_auc.low < 0.5 < sex.label_auc.high


def test_age_counts_in_years():
    table = make_table()
    object.__setattr__(table, "attributes", {"age": tuple("x" for _ in table.ids)})
    table.positive[:] = table.ages > 60
    years = find(measure_proxies(table, ["age"]), value="years")
    assert years.label_auc.value == 1


def test_an_attribute_is_read_from_the_score():
    result = predict_attribute(make_table(), "site", "north", draws=200)
    assert result.by_model["m"].low > 0.5
    assert result.by_model["noise"].low < 0.5 < result.by_model["noise"].high
    assert result.among_positives["m"] > 0.8 and abs(result.among_negatives["m"] - 0.5) < 0.06
    assert result.together.value > 0.55
    with pytest.raises(ReviewError, match="nowhere 'west'"):
        predict_attribute(make_table(), "site", "west")
    with pytest.raises(ReviewError, match="too few images in the group"):
        predict_attribute(make_table().select(np.arange(1200) < 9), "scanner", "rare")


def test_shuffled_labels_tell_nothing():
    control = control_by_shuffling(make_table(), "m")
    assert control.mean == pytest.approx(0.5, abs=0.02)
    assert control.low > 0.4 and control.high < 0.6 and control.repeats == 20


def test_labels_of_a_patient_stay_together_when_shuffled():
    patients = [f"p{place // 4}" for place in range(400)]
    labels = np.repeat(np.arange(100) % 2 == 0, 4)
    shuffled = shuffle_labels(labels, patients, np.random.default_rng(0))
    assert sorted(shuffled) == sorted(labels) and (shuffled != labels).any()
    assert all(len(set(block)) == 1 for block in shuffled.reshape(100, 4))


def test_shuffling_undoes_what_the_number_of_images_tells():
    # Patients with many images are positive; each has another number of them.
    sizes = range(1, 60)
    patients = [f"p{size}" for size in sizes for _ in range(size)]
    labels = np.array([size > 40 for size in sizes for _ in range(size)])
    scores = np.array([float(size) for size in sizes for _ in range(size)])
    generator = np.random.default_rng(0)
    areas = [compute_auc(shuffle_labels(labels, patients, generator), scores) for _ in range(60)]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.05)
