"""Evidence for stopping: the recall curve, the run of irrelevant records, what may be left.

It advises; it never stops anything. Labels are 1 (relevant) and 0, in the order of screening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

EXACT = 200
"""Numbers of records left that are weighed one by one; larger ones on a grid."""
GRID = 300
"""Points of the grid above EXACT."""
CHUNK = 2000
"""Draws weighed at once."""


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
    labels: Sequence[int], drawn: Sequence[bool], unscreened: int
) -> tuple[float, float, float] | None:
    """Relevant records left, with a 95 % interval, from the randomly drawn ones alone.

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

    given, at = np.asarray(labels, dtype=np.int64), np.flatnonzero(np.asarray(drawn, dtype=bool))
    if len(at) == 0:
        return None
    pool = len(given) + unscreened - at
    since = int(given.sum()) - (np.cumsum(given) - given)[at]
    left, width = _numbers_up_to(unscreened)
    log_likelihood = np.zeros(len(left))
    for start in range(0, len(at), CHUNK):
        part = slice(start, start + CHUNK)
        share = (left[:, None] + since[part]) / pool[part]
        chance = np.where(given[at[part]] == 1, share, 1 - share)
        with np.errstate(divide="ignore"):
            log_likelihood += np.log(np.clip(chance, 0, 1)).sum(axis=1)
    weight = np.exp(log_likelihood - log_likelihood.max())
    order = np.argsort(-weight, kind="stable")
    mass = np.cumsum((weight * width)[order])
    inside = order[: int(np.searchsorted(mass, 0.95 * mass[-1])) + 1]
    low, high = inside.min(), inside.max()
    top = left[high + 1] - 1 if high + 1 < len(left) else left[high]
    return float(left[order[0]]), float(left[low]), float(top)


def _numbers_up_to(most: int) -> tuple[Any, Any]:
    """Whole numbers from 0 to `most`, all of them up to EXACT, then ever sparser; and how many
    numbers each stands for."""
    import numpy as np

    numbers = np.arange(min(most, EXACT) + 1)
    if most > EXACT:
        sparse = np.geomspace(EXACT + 1, most, GRID).round().astype(np.int64)
        numbers = np.unique(np.concatenate((numbers, sparse)))
    return numbers, np.diff(np.append(numbers, most + 1))


def evidence(
    labels: Sequence[int], drawn: Sequence[bool], unscreened: int, *, target: float = 0.95
) -> Evidence:
    """All of it for a stage.

    Args:
        labels: 1 or 0 in the order of screening.
        drawn: whether each of them was drawn at random; same length.
    """
    left = estimate_left(labels, drawn, unscreened)
    return Evidence(
        screened=len(labels),
        relevant=sum(labels),
        unscreened=unscreened,
        run=run_of_irrelevant(labels),
        left=left[0] if left else None,
        left_low=left[1] if left else None,
        left_high=left[2] if left else None,
        drawn=sum(drawn),
        p_value=hypergeometric_p(labels, unscreened, target),
        target=target,
    )


def sentences(found: Evidence) -> list[tuple[str, str]]:
    """What the evidence says and what it is worth: a name and a sentence or two for each part."""
    whole = found.screened + found.unscreened
    run = f"{found.run:,} record{'' if found.run == 1 else 's'}"
    return [
        ("Screened", f"{found.screened:,} of {whole:,}, {found.relevant:,} of them relevant."),
        (
            "Irrelevant in a row",
            f"{run} since the last relevant one; a long run alone proves little.",
        ),
        ("Relevant records left", _said_left(found)),
        ("Stopping test", _said_test(found)),
    ]


def _said_left(found: Evidence) -> str:
    if found.left is None or found.left_low is None or found.left_high is None:
        return (
            "not known yet. That takes records drawn at random from all that are here now; those "
            "judged in a file, or before the newest records came, tell nothing about the rest."
        )
    return (
        f"about {found.left:.0f} (95 % interval {found.left_low:.0f} to {found.left_high:.0f}) of "
        f"{found.unscreened:,} unscreened, estimated from the {found.drawn:,} records that were "
        "drawn at random since the newest came."
    )


def _said_test(found: Evidence) -> str:
    if found.p_value is None:
        return "nothing screened yet."
    p = f"= {found.p_value:.3f}" if found.p_value >= 0.001 else "< 0.001"
    return (
        f"p {p} that recall is still under {found.target:.0%}. A small p says "
        "the target is most likely met (Callaghan and Müller-Hansen 2020, "
        "https://doi.org/10.1186/s13643-020-01521-4)."
    )
