"""2×2 tables, exact intervals, tables worked back from rounded figures, errors of an AUC."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from review.accuracy import (
    ReportedFigures,
    TwoByTwo,
    compute_exact_proportion,
    compute_hanley_mcneil_error,
    compute_sensitivity,
    compute_specificity,
    estimate_area_error,
    find_mismatch,
    reconstruct_table,
)
from review.accuracy.reconstruction import parse_share
from review.errors import ReviewError


def test_sensitivity_and_specificity_come_with_exact_intervals():
    table = TwoByTwo(45, 8, 5, 92)
    sensitivity, specificity = compute_sensitivity(table), compute_specificity(table)
    assert (sensitivity.value, specificity.value) == (0.9, 0.92)
    assert sensitivity.low == pytest.approx(beta.ppf(0.025, 45, 6))
    assert sensitivity.high == pytest.approx(beta.ppf(0.975, 46, 5))
    assert (round(specificity.low, 4), round(specificity.high, 4)) == (0.8484, 0.9648)


def test_a_class_without_cases_has_no_proportion():
    assert compute_specificity(TwoByTwo(3, 0, 1, 0)).value is None
    assert compute_exact_proportion(0, 12).low == 0
    assert compute_exact_proportion(12, 12).high == 1


@pytest.mark.parametrize("counts", [(-1, 0, 1, 1), (0, 0, 0, 0)])
def test_counts_that_make_no_table_are_refused(counts):
    with pytest.raises(ReviewError):
        TwoByTwo(*counts)


counts = st.integers(0, 80)


@given(counts, counts, counts, counts, st.integers(2, 4))
def test_the_true_table_always_lies_in_the_ranges(tp, fp, fn, tn, decimals):
    if tp + fn == 0 or tn + fp == 0:
        return
    done = reconstruct_table(
        ReportedFigures(
            positives=tp + fn,
            negatives=tn + fp,
            sensitivity=f"{tp / (tp + fn):.{decimals}f}",
            specificity=f"{tn / (tn + fp):.{decimals}f}",
        )
    )
    assert done.ranges["TP"][0] <= tp <= done.ranges["TP"][1]
    assert done.ranges["FP"][0] <= fp <= done.ranges["FP"][1]
    if decimals == 4:
        assert done.is_exact
        assert done.table == TwoByTwo(tp, fp, fn, tn)


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [("0.90", 0.9, 0.005), ("90%", 0.9, 0.005), ("90.1", 0.901, 0.0005), ("1", 1, 0)],
)
def test_the_printed_digits_decide_how_much_the_rounding_hides(text, value, half):
    share = parse_share(text, "sensitivity")
    assert float(share.value) == pytest.approx(value)
    assert float(share.high - share.value) == pytest.approx(half)


@given(
    st.integers(0, 7),
    st.integers(0, 7),
    st.integers(0, 7),
    st.integers(0, 7),
    st.sampled_from([("ppv",), ("npv",), ("accuracy",), ("ppv", "npv", "accuracy")]),
)
def test_the_ranges_are_those_of_trying_every_table(tp, fp, fn, tn, names):
    positives, negatives = tp + fn, tn + fp
    if not positives or not negatives:
        return

    def compute(a, b, c, d):
        shares = {
            "ppv": (a, a + b),
            "npv": (d, d + c),
            "accuracy": (a + d, positives + negatives),
            "sensitivity": (a, positives),
            "specificity": (d, negatives),
        }
        return {key: Fraction(*share) if share[1] else None for key, share in shares.items()}

    real = compute(tp, fp, fn, tn)
    if any(real[name] is None for name in names):
        return
    printed = {name: f"{float(real[name]):.1f}" for name in ("sensitivity", "specificity", *names)}
    done = reconstruct_table(ReportedFigures(positives=positives, negatives=negatives, **printed))
    agreeing = []
    for a in range(positives + 1):
        for d in range(negatives + 1):
            shares = compute(a, negatives - d, positives - a, d)
            if all(
                shares[name] is not None
                and parse_share(text, name).low <= shares[name] <= parse_share(text, name).high
                for name, text in printed.items()
            ):
                agreeing.append((a, negatives - d))
    assert done.ranges["TP"] == (min(agreeing)[0], max(agreeing)[0])
    fps = [fp for _, fp in agreeing]
    assert done.ranges["FP"] == (min(fps), max(fps))
    assert (done.table.true_positives, done.table.false_positives) in agreeing


def test_a_sample_too_large_for_its_rounding_asks_for_more_digits():
    vague = ReportedFigures(cases=900_000, prevalence="30%", sensitivity="0.9", specificity="0.9")
    with pytest.raises(ReviewError, match="more digits"):
        reconstruct_table(vague)


def test_rounding_of_a_large_sample_leaves_several_tables():
    done = reconstruct_table(
        ReportedFigures(cases=2000, prevalence="25%", sensitivity="0.87", specificity="0.91")
    )
    assert not done.is_exact
    assert done.ranges["TP"][1] - done.ranges["TP"][0] > 4
    assert (done.table.true_positives, done.table.positives) == (435, 500)


def test_ppv_narrows_the_table_down():
    loose = ReportedFigures(positives=300, negatives=700, sensitivity="0.90", specificity="0.95")
    tight = ReportedFigures(
        positives=300, negatives=700, sensitivity="0.90", specificity="0.95", ppv="0.8852"
    )
    assert reconstruct_table(loose).ranges["FP"] == (32, 38)
    assert reconstruct_table(tight).table == TwoByTwo(270, 35, 30, 665)


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"positives": 7, "negatives": 90, "sensitivity": "0.95", "specificity": "0.9"}, "of 7"),
        ({"positives": 50, "negatives": 50, "sensitivity": "0.90"}, "are needed"),
        ({"cases": 90, "sensitivity": "0.9", "specificity": "0.9"}, "with and without"),
        (
            {
                "positives": 50,
                "negatives": 50,
                "sensitivity": "0.90",
                "specificity": "0.90",
                "accuracy": "0.97",
            },
            "the report contradicts itself",
        ),
        (
            {
                "cases": 99,
                "positives": 50,
                "negatives": 50,
                "sensitivity": "1",
                "specificity": "1",
            },
            "make 100 cases, not 99",
        ),
        ({"positives": 9, "negatives": 9, "sensitivity": "high", "specificity": "1"}, "no number"),
        ({"positives": 9, "negatives": 9, "sensitivity": "-0.2", "specificity": "1"}, "outside"),
        ({"cases": 3, "prevalence": "0.25", "sensitivity": "1.0", "specificity": "1.0"}, "of 3"),
    ],
)
def test_what_cannot_be_worked_out_is_said(figures, said):
    with pytest.raises(ReviewError, match=said):
        reconstruct_table(ReportedFigures(**figures))


def test_the_error_of_an_auc_is_the_published_one():
    """The worked example of Hanley and McNeil 1982: AUC .893, 51 abnormal and 58 normal images."""
    assert compute_hanley_mcneil_error(0.893, 51, 58) == pytest.approx(0.032, abs=0.001)


def test_a_reported_interval_is_kept_and_gives_the_error():
    area = estimate_area_error(0.9, low=0.85, high=0.95)
    assert (area.low, area.high) == (0.85, 0.95)
    assert area.standard_error == pytest.approx(0.1 / 3.92, abs=1e-4)


@given(st.floats(0.5, 0.999), st.integers(2, 500), st.integers(2, 500))
def test_an_interval_from_class_sizes_stays_within_its_bounds(value, positives, negatives):
    area = estimate_area_error(value, positives=positives, negatives=negatives)
    assert 0 < area.low < value < area.high < 1
    doubled = estimate_area_error(value, positives=2 * positives, negatives=2 * negatives)
    assert doubled.standard_error < area.standard_error
    assert not math.isnan(area.standard_error)


@pytest.mark.parametrize(
    "given_values",
    [{"value": 1.2}, {"value": 0.8}, {"value": 0.8, "low": 0.81, "high": 0.9}],
)
def test_an_auc_that_cannot_be_used_is_refused(given_values):
    with pytest.raises(ReviewError):
        estimate_area_error(**given_values)


@given(st.integers(1, 3000), st.integers(1, 3000), st.data(), st.sampled_from([1, 100]))
def test_computed_figures_give_the_table_they_come_from(positives, negatives, data, scale):
    tp = data.draw(st.integers(0, positives))
    tn = data.draw(st.integers(0, negatives))
    printed = [repr(scale * tp / positives), f"{scale * tn / negatives:.15g}"]
    if scale == 100:
        printed = [f"{text}%" for text in printed]
    figures = ReportedFigures(
        positives=positives, negatives=negatives, sensitivity=printed[0], specificity=printed[1]
    )
    done = reconstruct_table(figures)
    assert done.ranges["TP"][0] <= tp <= done.ranges["TP"][1]
    assert find_mismatch(TwoByTwo(tp, negatives - tn, positives - tp, tn), figures) is None
    if len(printed[0]) > 12 and len(printed[1]) > 12:
        assert done.is_exact


def test_a_computed_figure_still_contradicts_another_count():
    figures = {"positives": 30, "negatives": 70, "specificity": "0.9"}
    good = reconstruct_table(ReportedFigures(**figures, sensitivity="0.8333333333333334"))
    assert good.table.true_positives == 25
    with pytest.raises(ReviewError, match="no whole number of 30 cases"):
        reconstruct_table(ReportedFigures(**figures, sensitivity="0.8333334333333334"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 0.02), ("83.33333333333334", 0.8333333), ("1.0000000000000002", 1), ("5e-05", 5e-5)],
)
def test_what_a_program_writes_is_read_as_a_share(text, value):
    share = parse_share(text, "prevalence")
    assert float(share.value) == pytest.approx(value)
    assert share.low <= share.value <= share.high


@pytest.mark.parametrize("text", ["1.93", "1.2", "1.01", "1.999"])
def test_a_number_between_one_and_two_is_neither_share_nor_percentage(text):
    with pytest.raises(ReviewError, match=f"outside 0 to 1; .* write {text}%"):
        parse_share(text, "AUC")
    assert float(parse_share(f"{text}%", "AUC").value) == pytest.approx(float(text) / 100)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.data(),
    st.sampled_from([("ppv",), ("npv",), ("accuracy",), ("ppv", "npv"), ("npv", "accuracy")]),
)
def test_the_table_is_the_nearest_of_all(positives, negatives, data, names):
    tp = data.draw(st.integers(1, positives))
    tn = data.draw(st.integers(1, negatives))
    digits = data.draw(st.integers(1, 2))

    def compute(a, d):
        return {
            "ppv": Fraction(a, a + negatives - d) if a + negatives - d else None,
            "npv": Fraction(d, d + positives - a) if d + positives - a else None,
            "accuracy": Fraction(a + d, positives + negatives),
            "sensitivity": Fraction(a, positives),
            "specificity": Fraction(d, negatives),
        }

    printed = {
        name: f"{float(compute(tp, tn)[name]):.{digits}f}"
        for name in ("sensitivity", "specificity", *names)
    }
    shares = {name: parse_share(text, name) for name, text in printed.items()}

    def measure(a, d):
        exact = compute(a, d)
        if any(exact[name] is None for name in printed):
            return None
        if not all(share.low <= exact[name] <= share.high for name, share in shares.items()):
            return None
        return sum(abs(exact[name] - share.value) for name, share in shares.items())

    distances = [measure(a, d) for a in range(positives + 1) for d in range(negatives + 1)]
    done = reconstruct_table(ReportedFigures(positives=positives, negatives=negatives, **printed))
    found = measure(done.table.true_positives, done.table.true_negatives)
    assert found == min(distance for distance in distances if distance is not None)


def test_a_large_sample_is_worked_out_from_the_figures_met_most_closely():
    done = reconstruct_table(
        ReportedFigures(
            positives=20_000, negatives=60_000, sensitivity="0.91", specificity="0.9", npv="0.97"
        )
    )
    assert done.table.true_positives == 18_200
    assert abs(done.table.true_negatives - 54_000) < 600
    assert done.ranges["FP"][0] <= done.table.false_positives <= done.ranges["FP"][1]
