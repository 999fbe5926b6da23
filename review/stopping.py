"""Evidence for stopping: recall curve, consecutive irrelevant records, estimate of what is left.

It advises; it never stops anything. Labels are 1 (relevant) and 0, in the order of screening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

EXACT_LIMIT = 200
"""Numbers of records left that are weighed one by one; larger ones on a grid."""
GRID_POINTS = 300
"""Points of the grid above EXACT."""
CHUNK_SIZE = 2000
"""Draws weighed at once."""


@dataclass(frozen=True, slots=True)
class StoppingEvidence:
    """What can be said about the records that nobody has screened."""

    screened: int
    relevant: int
    unscreened: int
    run: int
    """Irrelevant records since the last relevant one."""
    left: float | None
    """Estimated relevant records among the unscreened; None without randomly drawn records."""
    left_low: float | None
    left_high: float | None
    """95% interval of `left`."""
    drawn: int
    """Randomly drawn records the estimate rests on."""
    p_value: float | None
    """Probability of what was seen if recall were still under the target; None until a record
    has been screened."""
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
    labels: Sequence[int], unscreened: int, target: float = 0.95
) -> float | None:
    """The p-value of the stopping test at a recall target.

    For every point of the screening so far, the records after it are taken as a draw without
    replacement from those that were unscreened there; the null is that recall is under the target,
    so that at least K relevant ones were left there. The least p over all points counts.

    Args:
        labels: 1 or 0 in the order of screening.
        unscreened: records not screened yet.
        target: recall, above 0 up to 1.

    Raises:
        ValueError: the target is not above 0 and at most 1.

    Source: Callaghan and Mueller-Hansen 2020, Systematic Reviews 9:273,
        doi 10.1186/s13643-020-01521-4 (equations 6 to 10).
    """
    import numpy as np
    from scipy.stats import hypergeom

    if not 0 < target <= 1:
        raise ValueError(f"the recall target must be above 0 and at most 1, not {target}")
    if not labels:
        return None
    label_array = np.asarray(labels)
    n, relevant_count = len(label_array), int(label_array.sum())
    total_records = n + unscreened
    # Hypothetical relevant total under the null: the least that puts recall under the target.
    null_total = int(np.floor(relevant_count / target)) + 1
    relevant_before = np.concatenate(([0], np.cumsum(label_array)[:-1]))
    unscreened_then = total_records - np.arange(n)
    draw_sizes = n - np.arange(n)
    relevant_after = relevant_count - relevant_before
    relevant_remaining = np.minimum(null_total - relevant_before, unscreened_then)
    p = hypergeom.cdf(relevant_after, unscreened_then, relevant_remaining, draw_sizes)
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
        The likeliest number, and the shortest interval that holds 95 % of the likelihood (every
        number counted alike before); None where no record was drawn.

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
    return float(candidates[order[0]]), float(candidates[low]), float(top)


def _build_number_grid(maximum: int) -> tuple[Any, Any]:
    """Whole numbers from 0 to `most`, all of them up to EXACT, then ever sparser; and how many
    numbers each stands for."""
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
        target=target,
    )


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
    ]


def _describe_remaining(evidence: StoppingEvidence) -> str:
    if evidence.left is None or evidence.left_low is None or evidence.left_high is None:
        return (
            "unknown. Not enough randomly chosen records have been screened since the last "
            "import to estimate this."
        )
    return (
        f"about {evidence.left:.0f} (95% interval {evidence.left_low:.0f} to "
        f"{evidence.left_high:.0f}) of {evidence.unscreened:,} unscreened, estimated from the "
        f"{evidence.drawn:,} records that were screened in random order since the last import."
    )


def _describe_stopping_test(evidence: StoppingEvidence) -> str:
    if evidence.p_value is None:
        return "no records screened yet."
    p = f"= {evidence.p_value:.3f}" if evidence.p_value >= 0.001 else "< 0.001"
    return (
        f"p {p} for recall still below {evidence.target:.0%}. A small p-value suggests "
        "the recall target has been reached (Callaghan and Müller-Hansen 2020, "
        "https://doi.org/10.1186/s13643-020-01521-4)."
    )
