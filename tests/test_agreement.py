"""Agreement figures give the published answers, and say so where they are undefined."""

import pytest
import yaml

from review.agreement import (
    compute_icc_forms,
    fleiss_kappa,
    gwet_ac,
    icc,
    kappa,
    krippendorff_alpha,
    percent_agreement,
    summarize_agreement,
)


@pytest.fixture(scope="module")
def cases(shared):
    path = shared / "reference" / "agreement" / "known_answers.yaml"
    return {one["id"]: one for one in yaml.safe_load(path.read_text())["cases"]}


def ratings_of(case):
    data = case["data"]
    if case["layout"] == "counts":
        return [[str(k) for k, n in enumerate(row) for _ in range(n)] for row in data]
    if case["layout"] == "table":
        return [
            [str(a), str(b)]
            for a, row in enumerate(data)
            for b, n in enumerate(row)
            for _ in range(n)
        ]
    return [[None if one is None else str(one) for one in row] for row in data]


def found(case, wanted):
    rows, stat = ratings_of(case), wanted["stat"]
    labels = sorted({one for row in rows for one in row if one is not None}, key=float)
    if case["layout"] == "table":
        labels = [str(k) for k in range(len(case["data"]))]
    first, second = [row[0] for row in rows], [row[-1] for row in rows]
    weights = wanted.get("weights")
    if stat == "icc":
        return compute_icc_forms(case["data"])[wanted["form"]]
    figure = {
        "fleiss_kappa": lambda: fleiss_kappa(rows),
        "fleiss_kappa_with_gaps": lambda: fleiss_kappa(rows),
        "cohen_kappa": lambda: kappa(first, second, labels=labels),
        "weighted_kappa": lambda: kappa(
            first,
            second,
            labels=labels,
            weights=case["disagreement_weights"] if weights == "given" else weights,
        ),
        "krippendorff_alpha": lambda: krippendorff_alpha(
            rows, labels=labels, level=wanted["level"]
        ),
        "gwet_ac1": lambda: gwet_ac(rows, labels=labels),
        "gwet_ac2": lambda: gwet_ac(rows, labels=labels, weights=weights),
        "percent_agreement": lambda: percent_agreement(rows),
    }[stat]()
    if figure.value is None:
        assert figure.note
    return figure.value


NOT_SHOWN = {"randolph_kappa", "conger_kappa", "brennan_prediger", "pabak"}
"""Figures of the reference that Funnel does not show."""


def test_every_known_answer_is_met(cases):
    checked = 0
    for case in cases.values():
        for wanted in case["expected"]:
            if wanted["stat"] in NOT_SHOWN:
                continue
            value = found(case, wanted)
            if wanted["value"] is None:
                assert value is None, (case["id"], wanted)
            else:
                close = 0.51 * 10 ** -wanted["digits"]
                assert value == pytest.approx(wanted["value"], abs=close), (case["id"], wanted)
            checked += 1
    assert checked >= 35


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
