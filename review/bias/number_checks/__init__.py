"""Number checks: what a paper states, recomputed, and what its sizes cannot bear.

contradictions(stated)     figures of one test that cannot all be right
concerns(positives=...)    sizes below what a review asks for, with the interval they imply
find(sentences)            sentences with figures of one test, and what does not agree in them
counted_in(text)           sizes a sentence states: positives of the test set, events, predictors
"""

from review.bias.number_checks.arithmetic import (
    EXAMPLE_SENSITIVITY,
    FEWEST_EVENTS_PER_VARIABLE,
    FEWEST_EVENTS_TO_VALIDATE,
    Contradiction,
    Figure,
    Interval,
    Stated,
    concerns,
    contradictions,
    events_per_variable,
    figure,
    filled,
    wilson,
)
from review.bias.number_checks.extraction import (
    Counted,
    Found,
    counted_in,
    find,
    sensitivity_in,
    stated_in,
)

__all__ = [
    "EXAMPLE_SENSITIVITY",
    "FEWEST_EVENTS_PER_VARIABLE",
    "FEWEST_EVENTS_TO_VALIDATE",
    "Contradiction",
    "Counted",
    "Figure",
    "Found",
    "Interval",
    "Stated",
    "concerns",
    "contradictions",
    "counted_in",
    "events_per_variable",
    "figure",
    "filled",
    "find",
    "sensitivity_in",
    "stated_in",
    "wilson",
]
