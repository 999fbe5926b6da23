"""Agreement figures agree with published values, and say so if they are undefined."""

import pytest

from review.agreement import (
    AgreementFigure,
    compute_icc_forms,
    fleiss_kappa,
    format_figure,
    gwet_ac,
    icc,
    kappa,
    krippendorff_alpha,
    percent_agreement,
    summarize_agreement,
)


def test_intervals_hold_the_value_and_narrow_with_more_units():
    few, many = ["a", "b", "a", "b", "a"] * 4, ["a", "b", "a", "b", "a"] * 80
    wide = kappa(few, ["a", "b", "b", "b", "a"] * 4)
    tight = kappa(many, ["a", "b", "b", "b", "a"] * 80)
    assert wide.low < wide.value < wide.high
    assert tight.high - tight.low < wide.high - wide.low
    assert tight.value == pytest.approx(wide.value)


def test_the_interval_of_kappa_is_the_published_one():
    # Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, table 18.1:
    # 100 subjects, kappa 0.676, standard error 0.087.
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    rows = [(str(a), str(b)) for a in range(3) for b in range(3) for _ in range(table[a][b])]
    figure = kappa([a for a, _ in rows], [b for _, b in rows])
    assert figure.value == pytest.approx(0.676, abs=0.0006)
    assert (figure.high - figure.low) / 2 / 1.96 == pytest.approx(0.087, abs=0.0011)


def test_undefined_figures_say_why():
    for figure in (
        kappa([], []),
        kappa(["a"], [None]),
        gwet_ac([]),
        fleiss_kappa([["a"]]),
        krippendorff_alpha([["a"]]),
    ):
        assert figure.value is None
        assert figure.note
    assert kappa(["a", "a"], ["a", "a"]).note.startswith("undefined")
    assert icc([[1.0, 2.0]]).value is None


def test_only_units_that_both_answered_count():
    figure = kappa(["a", "b", None, "a"], ["a", "b", "b", None])
    assert (figure.n, figure.value) == (2, 1.0)
    with pytest.raises(ValueError, match="argument"):
        kappa(["a"], ["a", "b"])


def test_the_order_of_labels_matters_for_weights():
    first = ["low", "unclear", "high", "high", "low", "unclear"]
    second = ["low", "high", "high", "unclear", "low", "low"]
    right = kappa(first, second, labels=["low", "unclear", "high"], weights="linear")
    wrong = kappa(first, second, labels=["high", "low", "unclear"], weights="linear")
    assert right.value != wrong.value
    with pytest.raises(ValueError, match="'high' is not among"):
        kappa(first, second, labels=["low", "unclear"], weights="linear")


def test_a_summary_fits_the_number_of_raters():
    two = [one.name for one in summarize_agreement([["a", "b"], ["a", "a"]])]
    assert two == ["percent agreement", "Cohen's kappa", "Gwet's AC1"]
    three = [one.name for one in summarize_agreement([["a", "b", None], ["a", "a", "b"]])]
    assert three[-1] == "Krippendorff's alpha"


def test_the_icc_interval_holds_the_value():
    scores = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    figure = icc(scores)
    # McGraw and Wong's case 2 on the data of Shrout and Fleiss: 0.019 to 0.761
    assert figure.low == pytest.approx(0.019, abs=0.002)
    assert figure.high == pytest.approx(0.761, abs=0.002)


KRIPPENDORFF_2011 = [
    [1, 1, None, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [None, 5, 5, 5],
    [None, None, 1, 1],
    [None, None, 3, None],
]
"""Example C of Krippendorff 2011: twelve units, four observers, gaps."""


@pytest.mark.parametrize(
    ("level", "alpha"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_equals_the_published_example_on_every_level(level, alpha):
    rows = [[None if one is None else str(one) for one in unit] for unit in KRIPPENDORFF_2011]
    figure = krippendorff_alpha(rows, labels=["1", "2", "3", "4", "5"], level=level)
    assert figure.n == 11
    assert figure.value == pytest.approx(alpha, abs=0.0006)


def test_alpha_of_two_observers_without_gaps_equals_the_published_binary_example():
    """Example A of Krippendorff 2011: ten units, two observers, alpha 0.095."""
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    rows = [[str(a), str(b)] for a, b in zip(first, second, strict=True)]
    assert krippendorff_alpha(rows).value == pytest.approx(0.095, abs=0.0006)


SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def test_icc_forms_are_those_of_shrout_and_fleiss_1979():
    forms = compute_icc_forms(SHROUT_FLEISS)
    published = {"1,1": 0.17, "2,1": 0.29, "3,1": 0.71, "1,k": 0.44, "2,k": 0.62, "3,k": 0.91}
    for form, value in published.items():
        assert forms[form] == pytest.approx(value, abs=0.006), forms


def test_kappa_of_a_two_by_two_table_is_worked_by_hand():
    # 50 units: 20 and 15 agree, 5 and 10 do not; (0.7 - 0.5) / (1 - 0.5)
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert kappa(first, second).value == pytest.approx(0.4)
    rows = list(zip(first, second, strict=True))
    assert percent_agreement(rows).value == pytest.approx(0.7)


def test_fleiss_kappa_of_ten_subjects_and_fourteen_raters():
    # The worked example of Fleiss' method: 10 subjects, 14 raters, 5 categories, kappa 0.210.
    table = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    rows = [[str(k) for k, n in enumerate(row) for _ in range(n)] for row in table]
    assert fleiss_kappa(rows).value == pytest.approx(0.210, abs=0.0005)


def four_coders():
    """Krippendorff 2011, Computing Krippendorff's Alpha-Reliability: four coders, 12 units."""
    coders = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    units = list(zip(*(line.split() for line in coders), strict=True))
    return [[None if one == "." else one for one in unit] for unit in units]


def test_krippendorffs_alpha_of_four_coders_and_gaps():
    rows = four_coders()
    for level, value in (("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)):
        found = krippendorff_alpha(rows, labels=list("12345"), level=level).value
        assert found == pytest.approx(value, abs=0.0006), level


def test_the_interval_of_gwets_ac1_is_the_published_one():
    # Gwet's package irrCAC on the same data: AC1 0.77544, standard error 0.14295.
    figure = gwet_ac(four_coders())
    assert figure.value == pytest.approx(0.77544, abs=0.00001)
    assert (figure.value - figure.low) / 1.959964 == pytest.approx(0.14295, abs=0.00001)
    assert figure.high == 1.0


def test_the_interval_of_gwets_ac1_lies_on_both_sides_and_narrows_with_units():
    rows = [["a", "a"]] * 12 + [["a", "b"]] * 5 + [["b", "b"]] * 8
    few, many = gwet_ac(rows), gwet_ac(rows * 9)
    assert few.low < few.value < few.high < 1.0
    assert many.value == pytest.approx(few.value)
    # The variance divides by n (n - 1): nine times the units, root(9 * 224 / 24) / 3 the width.
    ratio = (few.high - few.low) / (many.high - many.low)
    assert ratio == pytest.approx((224 / 24) ** 0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("value", "low", "high", "n", "text"),
    [
        (0.7428, 0.3034, 1.0, 9, "0.743 (0.303 to 1.000)"),
        (0.7428, 0.3034, 1.0, 2, "0.743 (0.303 to 1.000)"),
        (1.0, 0.2, 1.0, 1, "1.000"),
        (0.5, None, None, 9, "0.500"),
        (None, None, None, 9, "undefined"),
    ],
)
def test_a_figure_is_written_with_three_decimals_and_its_interval(value, low, high, n, text):
    assert format_figure(AgreementFigure("kappa", value, n, low, high)) == text


def test_the_icc_does_not_hang_on_the_unit_of_the_scores():
    wide = icc([[10.0 * score for score in row] for row in SHROUT_FLEISS])
    figure = icc(SHROUT_FLEISS)
    assert (wide.value, wide.low, wide.high) == pytest.approx(
        (figure.value, figure.low, figure.high)
    )


def test_raters_who_differ_within_subjects_only_agree_on_nothing():
    forms = compute_icc_forms([[1, 2], [2, 1], [1, 2], [2, 1]])
    assert forms["between"] == 0
    assert (forms["1,k"], forms["3,k"]) == (0, 0)


def test_the_interval_of_percent_agreement_lies_on_both_sides():
    rows = [["yes", "yes"], ["yes", "no"], ["no", "no"], ["no", "yes"]]
    figure = percent_agreement(rows)
    assert (figure.value, figure.n) == (0.5, 4)
    assert figure.low == pytest.approx(0.5 - 1.96 * 0.25, abs=1e-3)
    assert figure.high == pytest.approx(0.5 + 1.96 * 0.25, abs=1e-3)
    assert percent_agreement([["yes", "no"], ["yes", "yes"]]).low == 0


def test_gwets_ac1_needs_one_unit_with_two_ratings_and_counts_the_others_as_shares():
    assert gwet_ac([["a", "a"]]).value == 1
    # Observed .5 of two units; shares of a and b over all three units are equal, so chance is .5.
    figure = gwet_ac([["a", "b"], ["a", "a"], ["b", None]])
    assert (figure.value, figure.n) == (pytest.approx(0), 2)
