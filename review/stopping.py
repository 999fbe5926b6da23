"""Evidence for stopping: the recall curve, the run of irrelevant records, what may be left.

It advises; it never stops anything. Labels are 1 (relevant) and 0, in the order of screening.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959963984540054
"""Two-sided 95 % point of the normal law."""


@dataclass(frozen=True, slots=True)
class Evidence:
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
    """95 % interval of `left`."""
    drawn: int
    """Randomly drawn records the estimate rests on."""
    p_value: float | None
    """Probability of what was seen if recall were still under the target; None until a record
    has been screened."""
    target: float


def curve(labels: Sequence[int]) -> list[tuple[int, int]]:
    """(records screened, relevant ones found) after each record, starting at (0, 0)."""
    points, found = [(0, 0)], 0
    for place, label in enumerate(labels, 1):
        found += label
        points.append((place, found))
    return points


def run_of_irrelevant(labels: Sequence[int]) -> int:
    """Irrelevant records since the last relevant one."""
    for place, label in enumerate(reversed(labels)):
        if label:
            return place
    return len(labels)


def hypergeometric_p(labels: Sequence[int], unscreened: int, target: float = 0.95) -> float | None:
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
        raise ValueError(f"a recall target lies above 0 and up to 1, not {target}")
    if not labels:
        return None
    given = np.asarray(labels)
    n, found = len(given), int(given.sum())
    whole = n + unscreened
    # Hypothetical relevant total under the null: the least that puts recall under the target.
    total = int(np.floor(found / target)) + 1
    before = np.concatenate(([0], np.cumsum(given)[:-1]))
    left_then = whole - np.arange(n)
    drawn = n - np.arange(n)
    hits = found - before
    relevant_left = np.minimum(total - before, left_then)
    p = hypergeom.cdf(hits, left_then, relevant_left, drawn)
    return float(min(1.0, p.min()))


def estimate_left(
    drawn: Sequence[int], unscreened: int, labels: Sequence[int]
) -> tuple[float, float, float] | None:
    """Relevant records left, with a 95 % interval, from the randomly drawn ones alone.

    Args:
        drawn: labels of the records that were drawn at random from those unscreened at the time.
        unscreened: records not screened yet.
        labels: all labels; what was found beside the draw is known and is taken off.

    Source: Wilson 1927, doi 10.1080/01621459.1927.10502953, for the share among the drawn.
    """
    n = len(drawn)
    if n == 0:
        return None
    share = sum(drawn) / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * (share * (1 - share) / n + Z**2 / (4 * n**2)) ** 0.5
    whole, found = unscreened + len(labels), sum(labels)

    def left(at: float) -> float:
        return min(max(at * whole - found, 0.0), float(unscreened))

    return left(share), left(middle - half), left(middle + half)


def evidence(
    labels: Sequence[int], drawn: Sequence[bool], unscreened: int, *, target: float = 0.95
) -> Evidence:
    """All of it for a stage.

    Args:
        labels: 1 or 0 in the order of screening.
        drawn: whether each of them was drawn at random; same length.
    """
    sample = [label for label, by_lot in zip(labels, drawn, strict=True) if by_lot]
    left = estimate_left(sample, unscreened, labels)
    return Evidence(
        screened=len(labels),
        relevant=sum(labels),
        unscreened=unscreened,
        run=run_of_irrelevant(labels),
        left=left[0] if left else None,
        left_low=left[1] if left else None,
        left_high=left[2] if left else None,
        drawn=len(sample),
        p_value=hypergeometric_p(labels, unscreened, target),
        target=target,
    )
