"""The evidence for stopping: values of the published test, and unbiased estimates."""

import random
import re
from dataclasses import replace
from datetime import date

import pytest
from scipy.stats import hypergeom, nchypergeom_wallenius

from review.stopping import (
    CheckResult,
    build_recall_curve,
    compute_check_bound,
    compute_check_recall,
    compute_check_size,
    compute_hypergeometric_p,
    count_trailing_irrelevant,
    describe_agreement,
    describe_check,
    describe_check_result,
    describe_evidence,
    estimate_remaining,
    gather_evidence,
    list_rules,
    meets_recommended_rule,
    meets_target,
    write_methods_sentence,
)


@pytest.mark.parametrize(
    ("labels", "unscreened", "target", "p"),
    [
        # buscarpy 0.0.2, calculate_h0, by the test's own authors
        ([1] * 10 + [0] * 90, 100, 0.95, 0.5263157894736843),
        ([1] * 20 + [0] * 480, 100, 0.95, 0.02948007861354297),
        ([0] * 50, 20, 0.95, 0.2857142857142857),
    ],
)
def test_the_p_value_is_that_of_the_published_test(labels, unscreened, target, p):
    assert compute_hypergeometric_p(labels, unscreened, target) == pytest.approx(p, rel=1e-9)


def test_screening_everything_rejects_that_much_is_left():
    assert compute_hypergeometric_p([1] * 40 + [0] * 960, 0) == pytest.approx(0, abs=1e-9)
    assert compute_hypergeometric_p([], 100) is None
    with pytest.raises(ValueError, match="recall target"):
        compute_hypergeometric_p([1], 1, 0)


def test_the_p_value_rarely_errs_when_records_come_in_random_order():
    rng, wrong = random.Random(7), 0
    for _ in range(120):
        labels = [1] * 30 + [0] * 470
        rng.shuffle(labels)
        seen = labels[:350]
        p = compute_hypergeometric_p(seen, 150, 0.95)
        wrong += p < 0.05 and sum(seen) / 30 < 0.95
    assert wrong / 120 <= 0.1


def test_the_run_and_the_curve_follow_the_labels():
    assert count_trailing_irrelevant([1, 0, 1, 0, 0, 0]) == 3
    assert count_trailing_irrelevant([0, 0]) == 2
    assert count_trailing_irrelevant([]) == 0
    assert build_recall_curve([1, 0, 1]) == [(0, 0), (1, 1), (2, 1), (3, 2)]


def screened(rng, relevant, whole, most, share, skill):
    """A review screened by a ranking of some skill, with a share of records drawn at random."""
    truth = [1] * relevant + [0] * (whole - relevant)
    rng.shuffle(truth)
    best = sorted(range(whole), key=lambda n: -rng.gauss(skill * truth[n], 1))
    heads = {False: iter(best), True: iter(rng.sample(range(whole), whole))}
    labels, drawn, seen = [], [], set()
    while len(labels) < most:
        by_lot = len(labels) < 60 or rng.random() < share
        place = next(n for n in heads[by_lot] if n not in seen)
        seen.add(place)
        labels.append(truth[place])
        drawn.append(by_lot)
    return labels, drawn


@pytest.mark.parametrize(
    ("relevant", "whole", "most", "share", "skill"),
    [
        (60, 1000, 200, 1.0, 0.0),  # random order throughout
        (60, 1000, 300, 0.1, 2.0),
        (40, 2000, 1000, 0.1, 2.0),  # late: nearly all has been found
        (100, 1000, 200, 0.1, 1.0),  # early, and a poor ranking
    ],
)
def test_the_estimate_of_what_is_left_covers_the_truth(relevant, whole, most, share, skill):
    rng, covered, error = random.Random(11), 0, 0.0
    for _ in range(150):
        labels, drawn = screened(rng, relevant, whole, most, share, skill)
        left, low, high = estimate_remaining(labels, drawn, whole - most)
        rest = relevant - sum(labels)
        covered += low <= rest <= high
        error += (left - rest) / 150
    assert covered / 150 >= 0.92
    assert -0.05 * relevant < error < 0.3 * relevant  # with few draws it errs towards too many


def test_later_draws_narrow_the_estimate_that_a_lucky_start_gave():
    start = [1] * 5 + [0] * 15
    _, _, early = estimate_remaining(start, [True] * 20, 480)
    _, _, late = estimate_remaining([*start, *[0] * 300], [True] * 320, 180)
    assert late < early / 10


def test_an_estimate_needs_drawn_records_and_ends_at_what_is_left():
    assert estimate_remaining([], [], 10) is None
    assert estimate_remaining([1, 0], [False, False], 10) is None
    assert estimate_remaining([1, 0], [True, True], 0) == (0.0, 0.0, 0.0)
    left, low, high = estimate_remaining([1] * 9, [True] * 9, 5000)
    assert 2500 < low < left < high == 5000


def test_the_median_does_not_say_nothing_is_left_where_the_likeliest_number_would():
    labels = [1] * 30 + [0] * 270
    drawn = [n % 20 == 19 for n in range(300)]  # none of the 15 drawn is relevant after the first
    left, low, high = estimate_remaining(labels, drawn, 700)
    assert low == 0
    assert left > 5
    assert left < high


@pytest.mark.parametrize("bias", [1.0, 2.0])
def test_the_test_with_a_bias_is_the_published_one_at_every_point(bias):
    rng = random.Random(3)
    for _ in range(20):
        labels = [int(rng.random() < 0.3) for _ in range(30)] + [0] * rng.randrange(40)
        least = 1.0
        total, found = len(labels) + 50, sum(labels)
        for start in range(len(labels)):
            urn = total - start
            before = sum(labels[:start])
            left = min(int(found / 0.95) + 1 - before, urn)
            given = (found - before, urn, left, len(labels) - start)
            least = min(
                least,
                hypergeom.cdf(*given) if bias == 1 else nchypergeom_wallenius.cdf(*given, bias),
            )
        assert compute_hypergeometric_p(labels, 50, bias=bias) == pytest.approx(least, rel=1e-6)


def test_a_bias_makes_the_test_bolder():
    labels = [1] * 20 + [0] * 300
    assert compute_hypergeometric_p(labels, 300, bias=2) < compute_hypergeometric_p(labels, 300)
    with pytest.raises(ValueError, match="bias"):
        compute_hypergeometric_p(labels, 300, bias=0.5)


@pytest.mark.parametrize(
    ("relevant", "unscreened", "confidence"),
    [(19, 100, 0.95), (57, 1000, 0.95), (5, 40, 0.8), (200, 3000, 0.99)],
)
def test_the_random_check_is_the_smallest_that_gives_its_confidence(
    relevant, unscreened, confidence
):
    size = compute_check_size(relevant, unscreened, 0.95, confidence)
    over = int(relevant / 0.95 + 1e-9) - relevant + 1  # one more than the target allows
    assert hypergeom.pmf(0, unscreened, over, size) <= 1 - confidence + 1e-9
    assert hypergeom.pmf(0, unscreened, over, size - 1) > 1 - confidence


def test_a_random_check_needs_something_relevant_and_may_be_needless():
    assert compute_check_size(0, 100, 0.95, 0.95) is None
    assert compute_check_size(100, 3, 0.95, 0.95) == 0


def test_a_random_check_says_why_none_is_planned_and_never_names_none_of_none():
    def describe(labels, unscreened):
        evidence = gather_evidence(labels, [False] * len(labels), unscreened)
        size = compute_check_size(evidence.relevant, evidence.unscreened, evidence.target, 0.95)
        return describe_check(evidence, size, 0.95)

    everything = "All records have been screened, so there is nothing left to check."
    assert describe([1] * 5 + [0] * 5, 0) == describe([0] * 10, 0) == everything
    assert describe([0] * 10, 40).startswith("A random check can be planned once a relevant")
    needless = describe([1] * 100, 3)
    assert needless.startswith("No random check is needed: even if all 3 unscreened records")
    planned = describe([1] * 5 + [0] * 5, 40)
    assert planned.startswith("Random check: screen 38 of the 40 unscreened records")


def test_the_rules_and_the_methods_sentence_follow_the_evidence():
    early = gather_evidence([1, 0, 1, 0], [True] * 4, 400)
    assert describe_agreement(early) == "No rule supports stopping yet."
    late = gather_evidence([1] * 40 + [0] * 900, [n % 10 == 9 for n in range(940)], 2)
    assert describe_agreement(late) == "All rules support stopping."
    sentence = write_methods_sentence(late)
    assert "Screening stopped after 940 of 942 records, when 40 relevant" in sentence
    assert (
        "fewer than 95% of the relevant records had been found was below 0.001 (hypergeometric"
        in sentence
    )
    assert (
        "From 94 randomly drawn records, 1 relevant record (95% interval 0 to 2) was estimated"
        in sentence
    )
    assert write_methods_sentence(gather_evidence([], [], 5)) == ""


def test_the_methods_sentence_states_a_probability_as_a_plain_number():
    evidence = gather_evidence([1] * 10 + [0] * 90, [False] * 100, 100)
    assert evidence.p_value == pytest.approx(0.526, abs=0.001)
    assert "(hypergeometric stopping test, bias 2) and 0.526 (bias 1)." in write_methods_sentence(
        evidence
    )


def test_every_rule_says_what_it_cost_and_missed_in_simulated_reviews():
    for rule in list_rules(gather_evidence([1, 0, 0, 1], [True] * 4, 40)):
        assert re.search(r"after \d+% of the records", rule.experience), rule.name
        assert re.search(r"had then reached 95% in \d+% of the runs", rule.experience)
        assert re.search(r"was \d+% at the lowest", rule.experience)


def test_the_estimate_says_how_often_such_intervals_held_the_true_number():
    parts = dict(describe_evidence(gather_evidence([1, 0, 0, 1], [True] * 4, 40)))
    assert re.search(r"\d\d% of such intervals held", parts["Relevant records left"])


@pytest.mark.parametrize(
    ("relevant", "most_left", "is_met"),
    [(19, 1, True), (19, 2, False), (18, 1, False), (18, 0, True), (0, 0, False)],
)
def test_the_estimate_speaks_for_stopping_within_what_the_target_allows(
    relevant, most_left, is_met
):
    assert meets_target(relevant, most_left, 0.95) is is_met


def test_what_the_target_allows_is_not_rounded_up():
    # 18 found: 0.95 allows 0.947 more, so a single record left is one too many
    evidence = replace(
        gather_evidence([1] * 18 + [0] * 200, [True] * 218, 5), left=0, left_low=0, left_high=1
    )
    rule = list_rules(evidence)[-1]
    assert not rule.is_met
    assert rule.reason == "At most 1 left by the interval; 95% recall allows 0."


def test_the_recommended_rule_says_what_it_needs_and_how_things_are():
    rule = list_rules(gather_evidence([1] * 10 + [0] * 90, [False] * 100, 100))[0]
    assert not rule.is_met
    assert re.fullmatch(
        r"Needs p below 0\.05 at bias 2 \(now 0\.\d{3}\) and 10 irrelevant records in a row, "
        r"5% of all \(now 90\)\.",
        rule.reason,
    )
    unbegun = list_rules(gather_evidence([], [], 100))[0]
    assert "at bias 2 (nothing screened yet) and 5 irrelevant" in unbegun.reason


def test_the_recommended_rule_needs_both_the_test_and_the_run():
    assert meets_recommended_rule(50, 1000, 0.049)
    assert not meets_recommended_rule(49, 1000, 0.001)
    assert not meets_recommended_rule(500, 1000, 0.05)
    assert not meets_recommended_rule(500, 1000, None)


def test_the_evidence_names_what_it_rests_on():
    found = gather_evidence([1, 0, 0, 1, 0], [True, False, True, False, True], 20)
    assert (found.screened, found.relevant, found.run, found.drawn) == (5, 2, 1, 3)
    assert 0 <= found.left_low <= found.left <= found.left_high <= 20
    assert gather_evidence([1, 0], [False, False], 5).left is None


@pytest.mark.parametrize(
    ("population", "drawn", "relevant", "confidence"),
    [
        (100, 20, 0, 0.95),
        (100, 20, 3, 0.95),
        (1000, 299, 0, 0.99),
        (40, 40, 7, 0.9),
        (5, 1, 1, 0.8),
    ],
)
def test_the_bound_of_a_check_is_the_largest_number_that_is_not_refuted(
    population, drawn, relevant, confidence
):
    bound = compute_check_bound(population, drawn, relevant, confidence)
    assert relevant <= bound <= population - (drawn - relevant)
    if bound > relevant:
        assert hypergeom.cdf(relevant, population, bound, drawn) > 1 - confidence
    if bound < population - (drawn - relevant):
        assert hypergeom.cdf(relevant, population, bound + 1, drawn) <= 1 - confidence


def test_a_check_of_everything_leaves_nothing_unknown():
    assert compute_check_bound(40, 40, 7, 0.95) == 7
    assert compute_check_bound(0, 0, 0, 0.95) == 0


@pytest.mark.parametrize("given", [(10, 11, 0, 0.95), (10, 5, 6, 0.95), (10, 5, 0, 1.0)])
def test_an_impossible_check_is_refused(given):
    with pytest.raises(ValueError, match="a check draws no more than there is"):
        compute_check_bound(*given)


@pytest.mark.parametrize(
    ("relevant", "unscreened", "confidence"), [(38, 500, 0.95), (190, 3000, 0.9), (57, 80, 0.99)]
)
def test_a_check_of_the_planned_size_without_a_find_reaches_the_target(
    relevant, unscreened, confidence
):
    size = compute_check_size(relevant, unscreened, 0.95, confidence)
    result = build_check(
        drawn=size, screened=size, population=unscreened, found=relevant, confidence=confidence
    )
    assert compute_check_recall(result) >= 0.95
    smaller = build_check(
        drawn=size - 1,
        screened=size - 1,
        population=unscreened,
        found=relevant,
        confidence=confidence,
    )
    assert compute_check_recall(smaller) < 0.95


def build_check(*, drawn, screened, population, found, confidence=0.95, relevant=0, **others):
    return CheckResult(
        day=date(2026, 11, 3),
        drawn=drawn,
        screened=screened,
        relevant=relevant,
        population=population,
        found_before=found,
        found_now=found + relevant,
        later=others.pop("later", 0),
        confidence=confidence,
        **others,
    )


def test_a_check_is_described_with_its_day_and_what_it_does_not_cover():
    begun = build_check(drawn=30, screened=12, population=200, found=20, relevant=1)
    assert describe_check_result(begun) == (
        "Random check of 3 November 2026: 12 of 30 drawn records screened, 1 relevant. It counts "
        "once all of them are screened and resolved."
    )
    assert compute_check_recall(begun) is None
    complete = build_check(
        drawn=30, screened=30, population=200, found=20, relevant=1, number=2, later=1
    )
    bound = compute_check_bound(200, 30, 1, 0.95)
    assert describe_check_result(complete) == (
        "Random check of 3 November 2026 (check 2 of this stage): of 200 unscreened records, 30 "
        "were drawn at random and screened; 1 of these was relevant. At 95% confidence, at most "
        f"{bound} of the 200 were relevant; at least {100 * 21 // (20 + bound)}% of the relevant "
        "records have been found. 1 record came later and is not covered."
    )


def test_a_check_without_anything_relevant_gives_no_recall():
    result = build_check(drawn=10, screened=10, population=10, found=0)
    assert compute_check_recall(result) is None
    assert "records have been found" not in describe_check_result(result)
