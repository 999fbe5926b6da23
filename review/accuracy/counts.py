"""The 2×2 table of a test against its reference standard, with exact intervals."""

from dataclasses import dataclass

from review.errors import ReviewError


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """Patients (or images) by index test and reference standard.

    Raises:
        ReviewError: a count below zero, or no case at all.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    def __post_init__(self) -> None:
        counts = {
            "TP": self.true_positives,
            "FP": self.false_positives,
            "FN": self.false_negatives,
            "TN": self.true_negatives,
        }
        for name, count in counts.items():
            if count < 0:
                raise ReviewError(f"{name} is {count}; a count cannot be below 0.")
        if not sum(counts.values()):
            raise ReviewError("the table has no cases: TP, FP, FN and TN are all 0.")

    @property
    def positives(self) -> int:
        """Cases with the condition."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        """Cases without the condition."""
        return self.true_negatives + self.false_positives


@dataclass(frozen=True, slots=True)
class ExactProportion:
    """A proportion with its exact (Clopper–Pearson) interval. Without cases, all three are None."""

    count: int
    total: int
    value: float | None
    low: float | None
    high: float | None


def compute_exact_proportion(count: int, total: int, level: float = 0.95) -> ExactProportion:
    """The proportion with its exact interval (Clopper and Pearson 1934, doi 10.2307/2331986).

    Raises:
        ReviewError: a count below zero or above the total.
    """
    if not 0 <= count <= total:
        raise ReviewError(f"{count} of {total} is no proportion.")
    if total == 0:
        return ExactProportion(0, 0, None, None, None)
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(confidence_level=level, method="exact")
    return ExactProportion(count, total, count / total, float(interval.low), float(interval.high))


def compute_sensitivity(table: TwoByTwo) -> ExactProportion:
    """True positives among the cases with the condition."""
    return compute_exact_proportion(table.true_positives, table.positives)


def compute_specificity(table: TwoByTwo) -> ExactProportion:
    """True negatives among the cases without the condition."""
    return compute_exact_proportion(table.true_negatives, table.negatives)
