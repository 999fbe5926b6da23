"""Do the figures a paper states agree, and how much can its sizes bear? Plain arithmetic."""

import math
import re
from dataclasses import dataclass, fields
from statistics import NormalDist

FEWEST_EVENTS_TO_VALIDATE = 100
"""Events (and as many non-events) for a validation. Source: Collins et al. 2016,
doi:10.1002/sim.6787; taken up by PROBAST 4.1 (Moons et al. 2019, doi:10.7326/M18-1377)."""
FEWEST_EVENTS_PER_VARIABLE = 20
"""Below 10 likely biased, 20 and more less so. Source: Moons et al. 2019, doi:10.7326/M18-1377."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A proportion as printed, for example '87.1%' or '0.871'."""

    value: float
    """0 to 1."""
    slack: float
    """Half a unit of its last printed digit, as a share: what rounding may hide."""
    printed: str


@dataclass(frozen=True, slots=True)
class Stated:
    """What a paper states of one test; None where it is silent. Counts are of people or images."""

    tp: int | None = None
    fn: int | None = None
    fp: int | None = None
    tn: int | None = None
    n: int | None = None
    positives: int | None = None
    negatives: int | None = None
    sensitivity: Figure | None = None
    specificity: Figure | None = None
    accuracy: Figure | None = None
    ppv: Figure | None = None
    npv: Figure | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two stated figures that cannot both be right."""

    figure: str
    """sensitivity, specificity, accuracy, ppv, npv, n, positives or negatives"""
    text: str
    """One sentence with both values."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A proportion with its interval, 0 to 1."""

    value: float
    low: float
    high: float


def figure(printed: str) -> Figure:
    """The figure in '87.1%', '87.1 %', '87.1' (above 1: per cent) or '0.871'.

    Raises:
        ValueError: no number, or not between 0 and 100 per cent.
    """
    found = re.fullmatch(r"\s*(\d+(?:[.,·]\d+)?)\s*(%?)\s*", printed)
    if not found:
        raise ValueError(f"'{printed}' is not a proportion")
    digits = found.group(1).replace(",", ".").replace("·", ".")
    number = float(digits)
    decimals = len(digits.partition(".")[2])
    scale = 100.0 if found.group(2) or number > 1 else 1.0
    if number > scale:
        raise ValueError(f"'{printed}' is more than 100 per cent")
    return Figure(number / scale, 0.5 * 10**-decimals / scale, printed.strip())


def wilson(successes: int, n: int, level: float = 0.95) -> Interval | None:
    """The Wilson score interval of a proportion; None when n is 0.

    Raises:
        ValueError: counts that cannot be.

    Source: Wilson 1927, JASA 22:209-212; Newcombe 1998, Statistics in Medicine 17:857-872.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} cannot be")
    if n == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p = successes / n
    middle = p + z * z / (2 * n)
    reach = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    return Interval(p, max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole))


def filled(stated: Stated) -> Stated:
    """What follows from the counts stated: positives = TP + FN, n = positives + negatives, ..."""
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
    others = {spec.name: getattr(stated, spec.name) for spec in fields(stated)}
    return Stated(**{**others, "n": n, "positives": positives, "negatives": negatives})


def contradictions(stated: Stated) -> list[Contradiction]:
    """Every pair of stated figures that cannot both be right, rounding allowed for."""
    whole = filled(stated)
    out = _sums(stated)
    out += _table(whole)
    for name, share, of in (
        ("sensitivity", whole.sensitivity, whole.positives),
        ("specificity", whole.specificity, whole.negatives),
        ("accuracy", whole.accuracy, whole.n),
    ):
        if name not in {one.figure for one in out}:
            out += _possible(name, share, of)
    return out + _accuracy(whole)


def _sums(stated: Stated) -> list[Contradiction]:
    """Counts that do not add up."""
    out = []
    for name, said, a, b in (
        ("positives", stated.positives, stated.tp, stated.fn),
        ("negatives", stated.negatives, stated.tn, stated.fp),
        ("n", stated.n, filled(stated).positives, filled(stated).negatives),
    ):
        if said is not None and a is not None and b is not None and said != a + b:
            out.append(Contradiction(name, f"{name} is given as {said}, its parts sum to {a + b}."))
    return out


def _table(whole: Stated) -> list[Contradiction]:
    """Proportions against the 2x2 table."""
    out = []
    tp, fn, fp, tn = whole.tp, whole.fn, whole.fp, whole.tn
    right = tp + tn if tp is not None and tn is not None else None
    for name, share, part, of in (
        ("sensitivity", whole.sensitivity, tp, whole.positives),
        ("specificity", whole.specificity, tn, whole.negatives),
        ("accuracy", whole.accuracy, right, whole.n),
        ("ppv", whole.ppv, tp, _sum(tp, fp)),
        ("npv", whole.npv, tn, _sum(tn, fn)),
    ):
        if share is None or part is None or not of:
            continue
        if not agrees(share, part / of):
            text = f"{name} is given as {share.printed}, {part} of {of} is {part / of:.1%}."
            out.append(Contradiction(name, text))
    return out


def agrees(share: Figure, exact: float) -> bool:
    """Whether a printed share can be that exact one, rounded or cut off after its last digit."""
    return -share.slack - 1e-9 <= exact - share.value <= 2 * share.slack + 1e-9


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _possible(name: str, share: Figure | None, of: int | None) -> list[Contradiction]:
    """A proportion that no whole number of that many can give.

    Source: the GRIM idea, Brown and Heathers 2017, doi:10.1177/1948550616673876.
    """
    if share is None or not of:
        return []
    low = math.ceil((share.value - share.slack - 1e-9) * of)
    high = math.floor((share.value + 2 * share.slack + 1e-9) * of)
    if low <= high:
        return []
    near = min(of, max(0, round(share.value * of)))
    text = (
        f"{name} is given as {share.printed}, but no number out of {of} gives it "
        f"({near} is {near / of:.1%})."
    )
    return [Contradiction(name, text)]


def _accuracy(whole: Stated) -> list[Contradiction]:
    """Accuracy lies between sensitivity and specificity, where the mix of cases puts it."""
    se, sp, acc = whole.sensitivity, whole.specificity, whole.accuracy
    if se is None or sp is None or acc is None:
        return []
    slack = acc.slack + 1e-9
    low = min(se.value - se.slack, sp.value - sp.slack)
    high = max(se.value + se.slack, sp.value + sp.slack)
    if not low - slack <= acc.value <= high + slack:
        text = (
            f"accuracy is given as {acc.printed}; it must lie between sensitivity {se.printed} "
            f"and specificity {sp.printed}."
        )
        return [Contradiction("accuracy", text)]
    if not whole.positives or not whole.n or whole.positives > whole.n:
        return []
    share = whole.positives / whole.n
    expected = share * se.value + (1 - share) * sp.value
    reach = share * se.slack + (1 - share) * sp.slack + slack
    if abs(expected - acc.value) <= reach:
        return []
    text = (
        f"accuracy is given as {acc.printed}; sensitivity {se.printed} and specificity "
        f"{sp.printed} with {whole.positives} of {whole.n} positive give {expected:.1%}."
    )
    return [Contradiction("accuracy", text)]


EXAMPLE_SENSITIVITY = 0.9
"""Shown where a paper gives no sensitivity, so that the interval of few positives is still seen."""


def events_per_variable(events: int, predictors: int) -> float | None:
    """Events for each candidate predictor; None without predictors."""
    return events / predictors if predictors else None


def concerns(
    *,
    positives: int | None = None,
    negatives: int | None = None,
    predictors: int | None = None,
    share: float | None = None,
    to_validate: int = FEWEST_EVENTS_TO_VALIDATE,
    per_variable: float = FEWEST_EVENTS_PER_VARIABLE,
) -> list[str]:
    """What the sizes of a test set, or of a development set with its predictors, cannot bear.

    Args:
        positives, negatives: people with and without the outcome.
        predictors: candidate predictors, where a model was developed on these people.
        share: the sensitivity claimed, to show the interval that so few positives imply.
        to_validate, per_variable: the fewest a review asks for, by its protocol.
    """
    out = []
    if predictors is not None and positives is not None:
        ratio = events_per_variable(positives, predictors)
        if ratio is not None and ratio < per_variable:
            out.append(
                f"{positives} events for {predictors} candidate predictors are {ratio:.1f} each "
                f"({per_variable:g} are asked for)."
            )
        return out
    if positives is not None and positives < to_validate:
        out.append(
            f"{positives} positives ({to_validate} are asked for){_implied(positives, share)}."
        )
    if negatives is not None and negatives < to_validate:
        out.append(f"{negatives} negatives ({to_validate} are asked for).")
    return out


def _implied(positives: int, share: float | None) -> str:
    """The interval of a sensitivity measured on so few, in words; '' without positives."""
    wanted = EXAMPLE_SENSITIVITY if share is None else share
    found = wilson(round(wanted * positives), positives)
    if found is None:
        return ""
    then = "would then have" if share is None else "then has"
    return (
        f": a sensitivity of {found.value:.1%} {then} a 95% interval from {found.low:.1%} "
        f"to {found.high:.1%}"
    )
