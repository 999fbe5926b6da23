"""Evidence for stopping: recall curve, consecutive irrelevant records, estimate of what is left.

It advises; it never stops anything. Labels are 1 (relevant) and 0, in the order of screening.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

STOPPED_REASON = "Not screened: screening was stopped"
"""The rule that unscreened records are marked with, by the lead's act."""
EXACT_LIMIT = 200
"""Numbers of records left that are weighed one by one; larger ones on a grid."""
GRID_POINTS = 300
"""Points of the grid above EXACT."""
CHUNK_SIZE = 2000
"""Draws weighed at once."""
SIGNIFICANCE = 0.05
"""A stopping test supports stopping below this p-value."""
RANKED_BIAS = 2.0
"""The bias a ranked order is tested with: a relevant record comes up twice as readily."""
BIASED_POINTS = 20
"""Points of the screening that the test with a bias weighs."""
LONG_RUN_SHARE = 0.05
"""Share of all records that must be irrelevant in a row for the recommended rule."""
RECOMMENDED_NAME = "Recommended rule"
SIMULATED_TARGET = 0.95
"""The recall target of the simulations below: 330 runs on eleven labelled reviews, 28 November
2026, by benchmarks/bench_ranking.py; see docs/screening.md."""
SIMULATED_COVERAGE = 0.98
"""Share of the simulated intervals that held the true number left, where it was lowest."""


@dataclass(frozen=True, slots=True)
class SimulatedRule:
    """What a rule has cost and missed in simulated reviews; shares from 0 to 1."""

    read: float
    """Mean share of the records screened when the rule was met."""
    reached: float
    """Share of the runs in which recall had then reached the target."""
    lowest: float
    """The lowest recall of all runs."""


SIMULATED_RULES = {
    "recommended": SimulatedRule(0.642, 0.991, 0.931),
    "2": SimulatedRule(0.634, 0.982, 0.931),
    "1": SimulatedRule(0.768, 1.0, 0.966),
    "estimate": SimulatedRule(0.998, 1.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class StoppingEvidence:
    """What can be said about the records that nobody has screened."""

    screened: int
    relevant: int
    unscreened: int
    run: int
    """Irrelevant records since the last relevant one."""
    left: float | None
    """Median estimate of the relevant records among the unscreened; None without randomly drawn
    records."""
    left_low: float | None
    left_high: float | None
    """95% interval of `left`."""
    drawn: int
    """Randomly drawn records the estimate rests on."""
    p_value: float | None
    """Probability of what was seen if recall were still under the target, as if records came in
    random order (bias 1); None until a record has been screened."""
    biased_p_value: float | None
    """The same if relevant records come up twice as readily as others (bias 2)."""
    target: float


def build_recall_curve(labels: Sequence[int]) -> list[tuple[int, int]]:
    """(records screened, relevant ones found) after each record, starting at (0, 0)."""
    points, relevant_count = [(0, 0)], 0
    for position, label in enumerate(labels, 1):
        relevant_count += label
        points.append((position, relevant_count))
    return points


def count_trailing_irrelevant(labels: Sequence[int]) -> int:
    """Irrelevant records since the last relevant one."""
    for position, label in enumerate(reversed(labels)):
        if label:
            return position
    return len(labels)


def compute_hypergeometric_p(
    labels: Sequence[int], unscreened: int, target: float = 0.95, *, bias: float = 1.0
) -> float | None:
    """The p-value of the stopping test at a recall target.

    For every point of the screening so far, the records after it are taken as a draw without
    replacement from those that were unscreened there; the null is that recall is under the target,
    so that at least K relevant ones were left there. The least p over all points counts; it is at
    the first record or right after a relevant one, because a longer run of irrelevant records only
    makes p smaller.

    Args:
        labels: 1 or 0 in the order of screening.
        unscreened: records not screened yet.
        target: recall, above 0 up to 1.
        bias: how many times likelier a relevant record is screened next than an irrelevant one; 1
            for records in random order. Above 1, only the points after the last BIASED_POINTS
            relevant records are weighed, which can make p larger, never smaller.

    Raises:
        ValueError: the target is not above 0 and at most 1, or the bias is under 1.

    Source: Callaghan and Mueller-Hansen 2020, Systematic Reviews 9:273,
        doi 10.1186/s13643-020-01521-4 (equations 6 to 10); with a bias, Wallenius' noncentral
        hypergeometric distribution, as in the authors' package buscarpy.
    """
    import numpy as np
    from scipy.stats import hypergeom, nchypergeom_wallenius

    if not 0 < target <= 1:
        raise ValueError(f"the recall target must be above 0 and at most 1, not {target}")
    if bias < 1:
        raise ValueError(f"the bias must be 1 or more, not {bias}")
    if not labels:
        return None
    label_array = np.asarray(labels)
    n, relevant_count = len(label_array), int(label_array.sum())
    # Hypothetical relevant total under the null: the least that puts recall under the target.
    null_total = int(np.floor(relevant_count / target)) + 1
    starts = np.concatenate(([0], np.flatnonzero(label_array) + 1))
    starts = starts[starts < n]
    if bias > 1:
        starts = starts[-BIASED_POINTS:]
    relevant_before = np.concatenate(([0], np.cumsum(label_array)))[starts]
    unscreened_then = n + unscreened - starts
    relevant_after = relevant_count - relevant_before
    relevant_remaining = np.minimum(null_total - relevant_before, unscreened_then)
    draw_sizes = n - starts
    if not len(starts):
        return 1.0
    if bias == 1:
        p = hypergeom.cdf(relevant_after, unscreened_then, relevant_remaining, draw_sizes)
    else:
        p = nchypergeom_wallenius.cdf(
            relevant_after, unscreened_then, relevant_remaining, draw_sizes, bias
        )
    return float(min(1.0, p.min()))


def estimate_remaining(
    labels: Sequence[int], random_flags: Sequence[bool], unscreened: int
) -> tuple[float, float, float] | None:
    """Relevant records left, with a 95% interval, from the randomly drawn ones alone.

    A record drawn when U were unscreened and K of them relevant is relevant with probability K / U,
    whatever was learned before; K is what was found from there on plus what is left. So each number
    left has a likelihood over all draws, early and late, however the others were picked.

    Args:
        labels: 1 or 0 in the order of screening.
        drawn: whether each of them was drawn at random from those unscreened then; same length.
        unscreened: records not screened yet.

    Returns:
        The median, and the shortest interval that holds 95 % of the likelihood (every number
        counted alike before); None where no record was drawn. The likeliest number would be 0 in
        most reviews long before 95 % are found.

    Source: partial likelihood, Cox 1975, doi 10.1093/biomet/62.2.269; the coverage is tested.
    """
    import numpy as np

    label_array, draw_indexes = (
        np.asarray(labels, dtype=np.int64),
        np.flatnonzero(np.asarray(random_flags, dtype=bool)),
    )
    if len(draw_indexes) == 0:
        return None
    unscreened_pool = len(label_array) + unscreened - draw_indexes
    relevant_since = int(label_array.sum()) - (np.cumsum(label_array) - label_array)[draw_indexes]
    candidates, width = _build_number_grid(unscreened)
    log_likelihood = np.zeros(len(candidates))
    for start in range(0, len(draw_indexes), CHUNK_SIZE):
        chunk = slice(start, start + CHUNK_SIZE)
        share = (candidates[:, None] + relevant_since[chunk]) / unscreened_pool[chunk]
        probability = np.where(label_array[draw_indexes[chunk]] == 1, share, 1 - share)
        with np.errstate(divide="ignore"):
            log_likelihood += np.log(np.clip(probability, 0, 1)).sum(axis=1)
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    order = np.argsort(-likelihood, kind="stable")
    mass = np.cumsum((likelihood * width)[order])
    likely_indexes = order[: int(np.searchsorted(mass, 0.95 * mass[-1])) + 1]
    low, high = likely_indexes.min(), likely_indexes.max()
    top = candidates[high + 1] - 1 if high + 1 < len(candidates) else candidates[high]
    cumulative = np.cumsum(likelihood * width)
    median = candidates[int(np.searchsorted(cumulative, 0.5 * cumulative[-1]))]
    return float(median), float(candidates[low]), float(top)


def _build_number_grid(maximum: int) -> tuple[Any, Any]:
    """Whole numbers from 0 to `most`, all of them up to EXACT, then ever sparser; and how many
    numbers each represents."""
    import numpy as np

    numbers = np.arange(min(maximum, EXACT_LIMIT) + 1)
    if maximum > EXACT_LIMIT:
        sparse = np.geomspace(EXACT_LIMIT + 1, maximum, GRID_POINTS).round().astype(np.int64)
        numbers = np.unique(np.concatenate((numbers, sparse)))
    return numbers, np.diff(np.append(numbers, maximum + 1))


def gather_evidence(
    labels: Sequence[int], random_flags: Sequence[bool], unscreened: int, *, target: float = 0.95
) -> StoppingEvidence:
    """All of it for a stage.

    Args:
        labels: 1 or 0 in the order of screening.
        drawn: whether each of them was drawn at random; same length.
    """
    estimate = estimate_remaining(labels, random_flags, unscreened)
    return StoppingEvidence(
        screened=len(labels),
        relevant=sum(labels),
        unscreened=unscreened,
        run=count_trailing_irrelevant(labels),
        left=estimate[0] if estimate else None,
        left_low=estimate[1] if estimate else None,
        left_high=estimate[2] if estimate else None,
        drawn=sum(random_flags),
        p_value=compute_hypergeometric_p(labels, unscreened, target),
        biased_p_value=compute_hypergeometric_p(labels, unscreened, target, bias=RANKED_BIAS),
        target=target,
    )


def compute_check_size(
    relevant: int, unscreened: int, target: float, confidence: float
) -> int | None:
    """Size of a random check of the unscreened records.

    If so many of them are drawn at random and none is relevant, recall is at the target or above,
    at this confidence.

    Args:
        relevant: relevant records found so far.
        confidence: above 0, under 1.

    Returns:
        Records; None if even reading them all would not help, because nothing relevant was found.

    Source: hypergeometric distribution; the least n with P(0 relevant among n drawn) at most
        1 - confidence if one more were left than the target allows.
    """
    if not 0 < target <= 1 or not 0 < confidence < 1:
        raise ValueError("target and confidence must be shares")
    if relevant == 0:
        return None
    allowed = int(relevant / target + 1e-9) - relevant
    if allowed >= unscreened:
        return 0
    log_missed, left = 0.0, allowed + 1
    for drawn in range(unscreened):
        if log_missed <= math.log(1 - confidence):
            return drawn
        irrelevant = unscreened - left - drawn
        if irrelevant <= 0:
            return drawn + 1
        log_missed += math.log(irrelevant / (unscreened - drawn))
    return unscreened


def describe_check(evidence: StoppingEvidence, size: int | None, confidence: float) -> str:
    """What a random check of this size would show, or why none can be or need be drawn.

    Args:
        size: from compute_check_size.
    """
    if not evidence.unscreened:
        return "All records have been screened, so there is nothing left to check."
    if size is None:
        return "A random check can be planned once a relevant record has been found."
    if not size:
        return (
            f"No random check is needed: even if all {evidence.unscreened:,} unscreened records "
            f"were relevant, at least {evidence.target:.0%} of the relevant records have been "
            "found."
        )
    return (
        f"Random check: screen {size:,} of the {evidence.unscreened:,} unscreened records, drawn "
        f"at random. If none is relevant, at least {evidence.target:.0%} of the relevant records "
        f"have been found, at {confidence:.0%} confidence."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """A random check that was drawn, and what it has shown so far."""

    day: date
    """Day it was drawn."""
    drawn: int
    screened: int
    relevant: int
    """Relevant records among those screened."""
    population: int
    """Unscreened records it was drawn from."""
    found_before: int
    """Relevant records found before it was drawn."""
    found_now: int
    """Relevant records found so far, in the check and outside."""
    later: int
    """Records that came after it was drawn, on which it says nothing."""
    confidence: float
    number: int = 1
    """1 for the first check of a stage, 2 for the second."""

    @property
    def is_complete(self) -> bool:
        """Whether all that was drawn is screened; only then does it count."""
        return self.drawn > 0 and self.screened >= self.drawn


def compute_check_bound(population: int, drawn: int, relevant: int, confidence: float) -> int:
    """The most relevant records there can be among those a check was drawn from.

    Args:
        population: records it was drawn from, without replacement.
        relevant: relevant ones among the `drawn`.
        confidence: above 0, under 1.

    Source: exact one-sided upper bound of the hypergeometric distribution; the largest number with
        which so few relevant records are drawn with a probability above 1 - confidence.
    """
    if not 0 <= relevant <= drawn <= population or not 0 < confidence < 1:
        raise ValueError("a check draws no more than there is, and confidence is a share")
    from scipy.stats import hypergeom

    low, high = relevant, population - (drawn - relevant)
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeom.cdf(relevant, population, middle, drawn) > 1 - confidence:
            low = middle
        else:
            high = middle - 1
    return low


def compute_check_recall(result: CheckResult) -> float | None:
    """The least recall so far at the check's confidence, 0 to 1; None until it is complete, or
    where nothing relevant was found."""
    if not result.is_complete or not result.found_now:
        return None
    bound = compute_check_bound(result.population, result.drawn, result.relevant, result.confidence)
    return min(1.0, result.found_now / (result.found_before + bound))


def describe_check_result(result: CheckResult) -> str:
    """What a random check has shown so far, in a few sentences."""
    ordinal = "" if result.number == 1 else f" (check {result.number} of this stage)"
    name = f"Random check of {result.day.day} {result.day:%B %Y}{ordinal}"
    if not result.is_complete:
        return (
            f"{name}: {result.screened:,} of {result.drawn:,} drawn records screened, "
            f"{result.relevant:,} relevant. It counts once all of them are screened and resolved."
        )
    bound = compute_check_bound(result.population, result.drawn, result.relevant, result.confidence)
    recall = compute_check_recall(result)
    text = (
        f"{name}: of {result.population:,} unscreened records, "
        f"{result.drawn:,} were drawn at random and screened; {result.relevant:,} of these "
        f"{'was' if result.relevant == 1 else 'were'} relevant. At {result.confidence:.0%} "
        f"confidence, at most {bound:,} of the {result.population:,} were relevant"
    )
    if recall is not None:
        share = math.floor(100 * recall + 1e-9)
        text += f"; at least {share}% of the relevant records have been found"
    text += "."
    if result.later:
        noun, verb = ("record", "is") if result.later == 1 else ("records", "are")
        text += f" {result.later:,} {noun} came later and {verb} not covered."
    return text


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """One rule, whether it supports stopping now, and why."""

    name: str
    is_met: bool
    reason: str
    experience: str
    """What it has cost and missed in simulated reviews."""


def list_rules(evidence: StoppingEvidence) -> list[StoppingRule]:
    """The stopping rules with their present verdicts, the recommended one first."""
    long_run = math.ceil(LONG_RUN_SHARE * (evidence.screened + evidence.unscreened))
    target = f"{evidence.target:.0%}"
    rules = [
        StoppingRule(
            RECOMMENDED_NAME,
            is_recommended(evidence),
            _describe_recommended_rule(evidence, long_run),
            _describe_experience("recommended"),
        )
    ]
    for name, p, key in (
        (
            "Test at bias 2 (relevant records come up twice as readily)",
            evidence.biased_p_value,
            "2",
        ),
        ("Test at bias 1 (as if in random order; cautious)", evidence.p_value, "1"),
    ):
        is_met = p is not None and p < SIGNIFICANCE
        reason = (
            "No records screened yet."
            if p is None
            else f"p {format_p_value(p)} for recall still below {target}."
        )
        rules.append(StoppingRule(name, is_met, reason, _describe_experience(key)))
    high = evidence.left_high
    if high is None or evidence.left is None:
        reason, is_met = "Too few randomly drawn records for an estimate.", False
    else:
        allowed = evidence.relevant / evidence.target - evidence.relevant
        is_met = meets_target(evidence.relevant, high, evidence.target)
        reason = (
            f"At most {high:,.0f} left by the interval; {target} recall allows "
            f"{math.floor(allowed):,}."
        )
    experience = _describe_experience("estimate")
    rules.append(StoppingRule("Estimate from random records", is_met, reason, experience))
    return rules


def _describe_recommended_rule(evidence: StoppingEvidence, long_run: int) -> str:
    """What the recommended rule asks for, and how things are now."""
    p = evidence.biased_p_value
    now = "nothing screened yet" if p is None else f"now {_format_probability(p)}"
    return (
        f"Needs p below {SIGNIFICANCE} at bias 2 ({now}) and {long_run:,} irrelevant records in a "
        f"row, {LONG_RUN_SHARE:.0%} of all (now {evidence.run:,})."
    )


def is_recommended(evidence: StoppingEvidence) -> bool:
    """Whether the recommended rule supports stopping: the test at bias 2 is significant, and the
    last LONG_RUN_SHARE of all records brought nothing relevant."""
    total = evidence.screened + evidence.unscreened
    return meets_recommended_rule(evidence.run, total, evidence.biased_p_value)


def meets_recommended_rule(run: int, total: int, biased_p_value: float | None) -> bool:
    """The recommended rule on its numbers; see is_recommended.

    Args:
        run: irrelevant records since the last relevant one.
        total: all records, screened or not.
    """
    return (
        biased_p_value is not None
        and biased_p_value < SIGNIFICANCE
        and run >= LONG_RUN_SHARE * total
    )


def meets_target(relevant: int, most_left: float, target: float) -> bool:
    """Whether recall is at the target if so many relevant records are left.

    Args:
        relevant: relevant records found so far.
        target: recall, above 0 up to 1.
    """
    return relevant > 0 and most_left <= relevant / target - relevant


def _describe_experience(key: str) -> str:
    rule = SIMULATED_RULES[key]
    return (
        f"In simulated reviews, it was met after {rule.read:.0%} of the records on average; recall "
        f"had then reached {SIMULATED_TARGET:.0%} in {rule.reached:.0%} of the runs, and was "
        f"{rule.lowest:.0%} at the lowest."
    )


def describe_agreement(evidence: StoppingEvidence) -> str:
    """How far the rules agree, in one sentence."""
    rules = list_rules(evidence)
    met = [rule for rule in rules if rule.is_met]
    if not met:
        return "No rule supports stopping yet."
    if len(met) == len(rules):
        return "All rules support stopping."
    verdict = "The recommended rule" if rules[0].is_met else "The recommended rule does not"
    return (
        f"{len(met)} of {len(rules)} rules support stopping. {verdict}"
        f"{' is among them' if rules[0].is_met else ''}."
    )


def write_methods_sentence(evidence: StoppingEvidence) -> str:
    """A sentence for the methods section, should screening stop now; '' before it has begun."""
    if evidence.biased_p_value is None or evidence.p_value is None:
        return ""
    total = evidence.screened + evidence.unscreened
    sentence = (
        f"Screening stopped after {evidence.screened:,} of {total:,} records, when "
        f"{evidence.relevant:,} relevant records had been found and the last {evidence.run:,} "
        f"records were irrelevant; the probability of this if fewer than {evidence.target:.0%} of "
        f"the relevant records had been found was {_format_probability(evidence.biased_p_value)} "
        f"(hypergeometric stopping test, bias 2) and {_format_probability(evidence.p_value)} "
        "(bias 1)."
    )
    if evidence.left is None or evidence.left_low is None or evidence.left_high is None:
        return sentence
    left = f"{evidence.left:,.0f}"
    noun, verb = ("record", "was") if left == "1" else ("records", "were")
    return (
        f"{sentence} From {evidence.drawn:,} randomly drawn records, {left} relevant {noun} (95% "
        f"interval {evidence.left_low:,.0f} to {evidence.left_high:,.0f}) {verb} estimated to be "
        "left."
    )


def format_p_value(p: float) -> str:
    """'= 0.031', '< 0.001'."""
    return f"= {p:.3f}" if p >= 0.001 else "< 0.001"


def _format_probability(p: float) -> str:
    """'0.031', 'below 0.001'."""
    return f"{p:.3f}" if p >= 0.001 else "below 0.001"


def describe_evidence(evidence: StoppingEvidence) -> list[tuple[str, str]]:
    """The stopping evidence in words: a name and a sentence for each part."""
    total_records = evidence.screened + evidence.unscreened
    run = f"{evidence.run:,} record{'' if evidence.run == 1 else 's'}"
    return [
        (
            "Screened",
            f"{evidence.screened:,} of {total_records:,}, {evidence.relevant:,} of them relevant.",
        ),
        (
            "Consecutive irrelevant",
            f"{run} since the last relevant one; on its own, a long run is weak evidence.",
        ),
        ("Relevant records left", _describe_remaining(evidence)),
        ("Stopping test", _describe_stopping_test(evidence)),
        ("Rules", describe_agreement(evidence)),
    ]


def _describe_remaining(evidence: StoppingEvidence) -> str:
    if evidence.left is None or evidence.left_low is None or evidence.left_high is None:
        return (
            "unknown. Not enough randomly chosen records have been screened since the last "
            "import to estimate this."
        )
    return (
        f"between {evidence.left_low:,.0f} and {evidence.left_high:,.0f} (95% interval; median "
        f"{evidence.left:,.0f}) of {evidence.unscreened:,} unscreened, estimated from the "
        f"{evidence.drawn:,} records that were screened in random order since the last import. "
        f"In simulated reviews, {SIMULATED_COVERAGE:.0%} of such intervals held the true number."
    )


def _describe_stopping_test(evidence: StoppingEvidence) -> str:
    if evidence.p_value is None or evidence.biased_p_value is None:
        return "no records screened yet."
    return (
        f"p {format_p_value(evidence.biased_p_value)} at bias 2 and "
        f"p {format_p_value(evidence.p_value)} at bias 1 for recall still below "
        f"{evidence.target:.0%}. A small p-value suggests the recall target has been reached "
        "(Callaghan and Müller-Hansen 2020, https://doi.org/10.1186/s13643-020-01521-4)."
    )
