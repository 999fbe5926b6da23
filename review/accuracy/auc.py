"""The standard error of an area under the ROC curve (AUC) that a report gives without one."""

import math
from dataclasses import dataclass

from review.accuracy.reconstruction import IncompleteFiguresError
from review.errors import ReviewError

Z = 1.959963984540054
"""Two-sided 95% point of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class AreaError:
    """An AUC with its standard error and 95% interval."""

    value: float
    standard_error: float
    low: float
    high: float
    method: str
    """'reported interval', 'reported standard error', both, or 'Hanley and McNeil 1982'."""


def compute_hanley_mcneil_error(value: float, positives: int, negatives: int) -> float:
    """The standard error of an AUC from its class sizes alone.

    Source: Hanley and McNeil 1982, equations 1 to 3 (doi 10.1148/radiology.143.1.7063747).

    Raises:
        ReviewError: an AUC outside 0 to 1, or a class without cases.
    """
    _check_area(value)
    if positives < 1 or negatives < 1:
        raise ReviewError("the standard error of an AUC needs cases of both classes.")
    q1 = value / (2 - value)
    q2 = 2 * value**2 / (1 + value)
    variance = (
        value * (1 - value) + (positives - 1) * (q1 - value**2) + (negatives - 1) * (q2 - value**2)
    ) / (positives * negatives)
    return math.sqrt(max(variance, 0.0))


def estimate_area_error(
    value: float,
    *,
    low: float | None = None,
    high: float | None = None,
    standard_error: float | None = None,
    positives: int | None = None,
    negatives: int | None = None,
) -> AreaError:
    """The standard error and 95% interval of an AUC.

    A reported 95% interval is kept, and so is a reported standard error; without one, it is half
    the interval over 1.96. Without either, the error is Hanley and McNeil's. An interval that is
    not reported is built on the logit scale, so that it stays within 0 to 1.

    Raises:
        ReviewError: an AUC outside 0 to 1, an interval that does not hold it, or neither an
            interval nor the sizes of both classes.
    """
    _check_area(value)
    if low is not None and high is not None:
        if not 0 <= low <= value <= high <= 1:
            raise ReviewError(f"the AUC {value} does not lie in its interval {low} to {high}.")
        if standard_error is not None:
            method = "reported interval and standard error"
            return AreaError(value, standard_error, low, high, method)
        return AreaError(value, (high - low) / (2 * Z), low, high, "reported interval")
    if standard_error is not None:
        return _build_area(value, standard_error, "reported standard error")
    if positives is None or negatives is None:
        raise IncompleteFiguresError(
            "the standard error of an AUC needs its interval, or the cases of both classes."
        )
    error = compute_hanley_mcneil_error(value, positives, negatives)
    return _build_area(value, error, "Hanley and McNeil 1982")


def _build_area(value: float, error: float, method: str) -> AreaError:
    """An AUC with a 95% interval from its standard error, on the logit scale."""
    if value in (0.0, 1.0) or error == 0:
        return AreaError(value, error, value, value, method)
    centre = math.log(value / (1 - value))
    half = Z * error / (value * (1 - value))
    bounds = [1 / (1 + math.exp(-(centre + sign * half))) for sign in (-1, 1)]
    return AreaError(value, error, bounds[0], bounds[1], method)


def _check_area(value: float) -> None:
    if not 0 <= value <= 1:
        raise ReviewError(f"an AUC is between 0 and 1, not {value}.")
