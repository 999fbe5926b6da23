"""Arithmetic of the number checks: consistency of reported figures, and precision given the
sizes."""

import math
import re
from dataclasses import dataclass, fields

MIN_VALIDATION_EVENTS = 100
"""Events (and as many non-events) for a validation. Source: Collins et al. 2016,
doi:10.1002/sim.6787; taken up by PROBAST 4.1 (Moons et al. 2019, doi:10.7326/M18-1377)."""
MIN_EVENTS_PER_VARIABLE = 20
"""Below 10 likely biased, 20 and more less so. Source: Moons et al. 2019, doi:10.7326/M18-1377."""


@dataclass(frozen=True, slots=True)
class PrintedProportion:
    """A proportion as printed, for example '87.1%' or '0.871'."""

    value: float
    """0 to 1."""
    slack: float
    """Half a unit of its last printed digit, as a proportion: the rounding error."""
    printed: str


@dataclass(frozen=True, slots=True)
class DiagnosticFigures:
    """Figures reported for one test; None if not reported. Counts are of people or images."""

    tp: int | None = None
    fn: int | None = None
    fp: int | None = None
    tn: int | None = None
    n: int | None = None
    positives: int | None = None
    negatives: int | None = None
    sensitivity: PrintedProportion | None = None
    specificity: PrintedProportion | None = None
    accuracy: PrintedProportion | None = None
    ppv: PrintedProportion | None = None
    npv: PrintedProportion | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two stated figures that cannot both be right."""

    figure: str
    """sensitivity, specificity, accuracy, ppv, npv, n, positives or negatives"""
    text: str
    """One sentence with both values."""


@dataclass(frozen=True, slots=True)
class SentenceFigures:
    """Figures of one sentence, and contradictions among them."""

    sentence: int
    stated: DiagnosticFigures
    problems: tuple[Contradiction, ...]


Finding = tuple[int, Contradiction]
"""Index of a sentence, and what does not agree in it."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A proportion with its interval, 0 to 1."""

    value: float
    low: float
    high: float


def parse_proportion(printed: str) -> PrintedProportion:
    """The figure in '87.1%', '87.1 %', '87.1' (above 1: percent) or '0.871'.

    Raises:
        ValueError: not a number, or not between 0 and 100%.
    """
    match = re.fullmatch(r"\s*(\d+(?:[.,·]\d+)?)\s*(%?)\s*", printed)
    if not match:
        raise ValueError(f"'{printed}' is not a proportion")
    digits = match.group(1).replace(",", ".").replace("·", ".")
    number = float(digits)
    decimals = len(digits.partition(".")[2])
    scale = 100.0 if match.group(2) or number > 1 else 1.0
    if number > scale:
        raise ValueError(f"'{printed}' is more than 100%")
    return PrintedProportion(number / scale, 0.5 * 10**-decimals / scale, printed.strip())


def wilson(successes: int, n: int, level: float = 0.95) -> Interval | None:
    """The Wilson score interval of a proportion; None when n is 0.

    Raises:
        ValueError: impossible counts.

    Source: Wilson 1927, JASA 22:209-212; Newcombe 1998, Statistics in Medicine 17:857-872.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is impossible")
    if n == 0:
        return None
    from scipy.stats import binomtest  # loaded where an interval is asked for: it takes a second

    limits = binomtest(successes, n).proportion_ci(level, method="wilson")
    return Interval(successes / n, float(limits.low), float(limits.high))


def complete_figures(stated: DiagnosticFigures) -> DiagnosticFigures:
    """Counts derived from those reported: positives = TP + FN, n = positives + negatives, ..."""
    tp, fn, fp, tn, n = stated.tp, stated.fn, stated.fp, stated.tn, stated.n
    positives, negatives = stated.positives, stated.negatives
    if positives is None and tp is not None and fn is not None:
        positives = tp + fn
    if negatives is None and tn is not None and fp is not None:
        negatives = tn + fp
    if n is None and positives is not None and negatives is not None:
        n = positives + negatives
    if negatives is None and n is not None and positives is not None and n >= positives:
        negatives = n - positives
    if positives is None and n is not None and negatives is not None and n >= negatives:
        positives = n - negatives
    values = {spec.name: getattr(stated, spec.name) for spec in fields(stated)}
    return DiagnosticFigures(**{**values, "n": n, "positives": positives, "negatives": negatives})


def find_contradictions(stated: DiagnosticFigures) -> list[Contradiction]:
    """Every pair of reported figures that cannot both be correct, allowing for rounding."""
    complete = complete_figures(stated)
    problems = _check_sums(stated)
    problems += _check_table(complete)
    for name, share, denominator in (
        ("sensitivity", complete.sensitivity, complete.positives),
        ("specificity", complete.specificity, complete.negatives),
        ("accuracy", complete.accuracy, complete.n),
    ):
        if name not in {problem.figure for problem in problems}:
            problems += _check_attainable(name, share, denominator)
    return problems + _check_accuracy(complete)


def _check_sums(stated: DiagnosticFigures) -> list[Contradiction]:
    """Counts that do not add up."""
    problems = []
    for name, stated_count, first_part, second_part in (
        ("positives", stated.positives, stated.tp, stated.fn),
        ("negatives", stated.negatives, stated.tn, stated.fp),
        ("n", stated.n, complete_figures(stated).positives, complete_figures(stated).negatives),
    ):
        if (
            stated_count is not None
            and first_part is not None
            and second_part is not None
            and stated_count != first_part + second_part
        ):
            problems.append(
                Contradiction(
                    name,
                    f"{name} is reported as {stated_count}, but its parts add up to "
                    f"{first_part + second_part}.",
                )
            )
    return problems


def _check_table(complete: DiagnosticFigures) -> list[Contradiction]:
    """Proportions against the 2x2 table."""
    problems = []
    tp, fn, fp, tn = complete.tp, complete.fn, complete.fp, complete.tn
    correct = tp + tn if tp is not None and tn is not None else None
    for name, share, part, denominator in (
        ("sensitivity", complete.sensitivity, tp, complete.positives),
        ("specificity", complete.specificity, tn, complete.negatives),
        ("accuracy", complete.accuracy, correct, complete.n),
        ("ppv", complete.ppv, tp, _add_counts(tp, fp)),
        ("npv", complete.npv, tn, _add_counts(tn, fn)),
    ):
        if share is None or part is None or not denominator:
            continue
        if not is_consistent(share, part / denominator):
            text = (
                f"{name} is reported as {share.printed}, but {part} of {denominator} is "
                f"{part / denominator:.1%}."
            )
            problems.append(Contradiction(name, text))
    return problems


def is_consistent(share: PrintedProportion, exact: float) -> bool:
    """Whether a printed proportion can equal the exact one, rounded or truncated."""
    return -share.slack - 1e-9 <= exact - share.value <= 2 * share.slack + 1e-9


def _add_counts(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _check_attainable(
    name: str, share: PrintedProportion | None, denominator: int | None
) -> list[Contradiction]:
    """A proportion that no whole number out of the denominator can give.

    Source: the GRIM idea, Brown and Heathers 2017, doi:10.1177/1948550616673876.
    """
    if share is None or not denominator:
        return []
    low = math.ceil((share.value - share.slack - 1e-9) * denominator)
    high = math.floor((share.value + 2 * share.slack + 1e-9) * denominator)
    if low <= high:
        return []
    nearest = min(denominator, max(0, round(share.value * denominator)))
    text = (
        f"{name} is reported as {share.printed}, but no number out of {denominator} gives that "
        f"value (closest: {nearest} is {nearest / denominator:.1%})."
    )
    return [Contradiction(name, text)]


def _check_accuracy(complete: DiagnosticFigures) -> list[Contradiction]:
    """Accuracy must lie between sensitivity and specificity, weighted by prevalence."""
    se, sp, acc = complete.sensitivity, complete.specificity, complete.accuracy
    if se is None or sp is None or acc is None:
        return []
    slack = acc.slack + 1e-9
    low = min(se.value - se.slack, sp.value - sp.slack)
    high = max(se.value + se.slack, sp.value + sp.slack)
    if not low - slack <= acc.value <= high + slack:
        text = (
            f"accuracy is reported as {acc.printed}, but must lie between sensitivity {se.printed} "
            f"and specificity {sp.printed}."
        )
        return [Contradiction("accuracy", text)]
    if not complete.positives or not complete.n or complete.positives > complete.n:
        return []
    share = complete.positives / complete.n
    expected = share * se.value + (1 - share) * sp.value
    tolerance = share * se.slack + (1 - share) * sp.slack + slack
    if abs(expected - acc.value) <= tolerance:
        return []
    text = (
        f"accuracy is reported as {acc.printed}, but sensitivity {se.printed} and specificity "
        f"{sp.printed} with {complete.positives} of {complete.n} positive give {expected:.1%}."
    )
    return [Contradiction("accuracy", text)]


EXAMPLE_SENSITIVITY = 0.9
"""Assumed if no sensitivity is reported, to show how wide the interval would be."""


def compute_events_per_variable(events: int, predictors: int) -> float | None:
    """Events per candidate predictor; None without predictors."""
    return events / predictors if predictors else None


def find_size_concerns(
    *,
    positives: int | None = None,
    negatives: int | None = None,
    predictors: int | None = None,
    share: float | None = None,
    to_validate: int = MIN_VALIDATION_EVENTS,
    per_variable: float = MIN_EVENTS_PER_VARIABLE,
) -> list[str]:
    """Concerns about the size of a test set, or of a development set given its predictors.

    Args:
        positives, negatives: people with and without the outcome.
        predictors: candidate predictors, if a model was developed on these people.
        share: the reported sensitivity, to show the interval implied by the number of positives.
        to_validate, per_variable: minimum sizes required by the protocol.
    """
    messages = []
    if predictors is not None and positives is not None:
        ratio = compute_events_per_variable(positives, predictors)
        if ratio is not None and ratio < per_variable:
            messages.append(
                f"{positives} events for {predictors} candidate predictors are {ratio:.1f} each "
                f"(at least {per_variable:g} recommended)."
            )
        return messages
    if positives is not None and positives < to_validate:
        messages.append(
            f"{positives} positives (at least {to_validate} recommended)"
            f"{_describe_implied_interval(positives, share)}."
        )
    if negatives is not None and negatives < to_validate:
        messages.append(f"{negatives} negatives (at least {to_validate} recommended).")
    return messages


def _describe_implied_interval(positives: int, share: float | None) -> str:
    """The interval of a sensitivity measured on these positives, in words; '' without positives."""
    sensitivity = EXAMPLE_SENSITIVITY if share is None else share
    interval = wilson(round(sensitivity * positives), positives)
    if interval is None:
        return ""
    verb = "would then have" if share is None else "then has"
    return (
        f": a sensitivity of {interval.value:.1%} {verb} a 95% interval from {interval.low:.1%} "
        f"to {interval.high:.1%}"
    )
