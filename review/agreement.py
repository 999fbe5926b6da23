"""Inter-rater agreement: per cent, kappas, Gwet's AC, Krippendorff's alpha, intraclass correlation.

Answers come as units by raters, None where a rater did not answer. Where a figure is undefined its
value is None and the note says why. Intervals are 95 %, by the large-sample normal law, ICC's by F.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Ratings = Sequence[Sequence[str | None]]
"""Units by raters."""
Weights = Literal["linear", "quadratic"]
Z_95 = 1.959963984540054
"""Two-sided 95 % point of the normal law."""


@dataclass(frozen=True, slots=True)
class AgreementFigure:
    """One statistic."""

    name: str
    value: float | None
    n: int
    """Units that at least two raters answered (for ICC: units all raters answered)."""
    low: float | None = None
    high: float | None = None
    note: str | None = None
    """Why it is undefined, or what to mind."""


def pair_answers(
    first: Sequence[str | None], second: Sequence[str | None]
) -> list[tuple[str, str]]:
    """Answers of two raters to the units both answered.

    Raises:
        ValueError: the lists differ in length.
    """
    answer_pairs = zip(first, second, strict=True)
    return [(a, b) for a, b in answer_pairs if a is not None and b is not None]


def percent_agreement(ratings: Ratings) -> AgreementFigure:
    """Share (0 to 1) of the pairs of answers to one unit that are equal, mean over the units."""
    rows = [[answer for answer in row if answer is not None] for row in ratings]
    rows = [row for row in rows if len(row) > 1]
    if not rows:
        return AgreementFigure("percent agreement", None, 0, note="no unit has two ratings")
    shares = [
        sum(row.count(answer) - 1 for answer in row) / (len(row) * (len(row) - 1)) for row in rows
    ]
    value = sum(shares) / len(shares)
    spread = (value * (1 - value) / len(shares)) ** 0.5
    return AgreementFigure(
        "percent agreement", value, len(shares), *_compute_limits(value, spread, 0.0)
    )


def kappa(
    first: Sequence[str | None],
    second: Sequence[str | None],
    *,
    labels: Sequence[str] | None = None,
    weights: Weights | Sequence[Sequence[float]] | None = None,
) -> AgreementFigure:
    """Cohen's kappa of two raters, weighted where weights are given.

    Args:
        labels: the answers in order, needed for linear and quadratic weights; else as they appear.
        weights: linear, quadratic, or a table of disagreement weights (0 on the diagonal).

    Raises:
        ValueError: the lists differ in length, or an answer is not among the labels.

    Source: Cohen 1960, doi 10.1177/001316446002000104; weights Cohen 1968, doi 10.1037/h0026256;
        interval Fleiss, Cohen and Everitt 1969, doi 10.1037/h0028106.
    """
    import numpy as np

    name = f"weighted kappa ({weights})" if isinstance(weights, str) else "Cohen's kappa"
    answer_pairs = pair_answers(first, second)
    names = _resolve_labels(labels, [answer for pair in answer_pairs for answer in pair])
    n = len(answer_pairs)
    if n == 0:
        return AgreementFigure(name, None, 0, note="no unit was rated by both")
    table = np.zeros((len(names), len(names)))
    for a, b in answer_pairs:
        table[names.index(a), names.index(b)] += 1
    w = _build_agreement_weights(len(names), weights)
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float((w * p).sum()), float((w * np.outer(rows, columns)).sum())
    if 1 - expected < 1e-12:
        return AgreementFigure(
            name, None, n, note="undefined: both raters always gave the same answer"
        )
    value = (observed - expected) / (1 - expected)
    bars = (w @ columns)[:, None] + (rows @ w)[None, :]
    inner = float((p * (w - bars * (1 - value)) ** 2).sum())
    spread = inner - (value - expected * (1 - value)) ** 2
    error = (max(spread, 0.0) / n) ** 0.5 / (1 - expected)
    return AgreementFigure(name, value, n, *_compute_limits(value, error, -1.0))


def gwet_ac(
    ratings: Ratings, *, labels: Sequence[str] | None = None, weights: Weights | None = None
) -> AgreementFigure:
    """Gwet's AC1, or AC2 with weights, for two or more raters with gaps.

    Source: Gwet 2008, doi 10.1348/000711006X126600; gaps and variance Gwet 2014, Handbook of
        Inter-Rater Reliability, 4th ed., chapter 5.
    """
    import numpy as np

    name = f"Gwet's AC2 ({weights})" if weights else "Gwet's AC1"
    counts = _count_answers(ratings, labels)
    answered = counts.sum(axis=1)
    counts = counts[answered > 0]
    answered = counts.sum(axis=1)
    n, usable = len(counts), int((answered > 1).sum())
    if usable == 0:
        return AgreementFigure(name, None, 0, note="no unit has two ratings")
    q = max(counts.shape[1], 2)
    w = _build_agreement_weights(counts.shape[1], weights)
    observed = _compute_observed(counts, w)
    scale = float(_build_agreement_weights(q, weights).sum()) / (q * (q - 1))
    shares = (counts / answered[:, None]).mean(axis=0)
    expected = scale * float((shares * (1 - shares)).sum())
    pa = float(observed[answered > 1].mean())
    value = (pa - expected) / (1 - expected)
    contributions = np.where(
        answered > 1, (n / usable) * (observed - expected) / (1 - expected), 0.0
    )
    own_expected = scale * ((counts / answered[:, None]) * (1 - shares)).sum(axis=1)
    contributions = contributions - 2 * (1 - value) * (own_expected - expected) / (1 - expected)
    error = float(((contributions - value) ** 2).sum() / (n * (n - 1))) ** 0.5 if n > 1 else 0.0
    return AgreementFigure(name, value, usable, *_compute_limits(value, error, -1.0))


def fleiss_kappa(ratings: Ratings, *, labels: Sequence[str] | None = None) -> AgreementFigure:
    """Fleiss' kappa for two or more raters; with gaps in Gwet's form.

    Source: Fleiss 1971, doi 10.1037/h0031619.
    """
    counts = _count_answers(ratings, labels)
    counts = counts[counts.sum(axis=1) > 0]
    answered = counts.sum(axis=1)
    usable = int((answered > 1).sum())
    if usable == 0:
        return AgreementFigure("Fleiss' kappa", None, 0, note="no unit has two ratings")
    observed = _compute_observed(counts, _build_agreement_weights(counts.shape[1], None))
    shares = (counts / answered[:, None]).mean(axis=0)
    expected, pa = float((shares**2).sum()), float(observed[answered > 1].mean())
    if 1 - expected < 1e-12:
        return AgreementFigure(
            "Fleiss' kappa", None, usable, note="undefined: all answers are the same"
        )
    return AgreementFigure("Fleiss' kappa", (pa - expected) / (1 - expected), usable)


def krippendorff_alpha(
    ratings: Ratings,
    *,
    labels: Sequence[str] | None = None,
    level: Literal["nominal", "ordinal", "interval", "ratio"] = "nominal",
) -> AgreementFigure:
    """Krippendorff's alpha for two or more raters with gaps; labels in order for ordered levels.

    For the levels interval and ratio the answers are numbers.
    Source: Krippendorff 2011, Computing Krippendorff's alpha-reliability, sections C to E
        (https://repository.upenn.edu/asc_papers/43).
    """
    import numpy as np

    name = "Krippendorff's alpha" + ("" if level == "nominal" else f" ({level})")
    rows = [row for row in ratings if sum(answer is not None for answer in row) > 1]
    answers = [answer for row in rows for answer in row if answer is not None]
    if not answers:
        return AgreementFigure(name, None, 0, note="no unit has two ratings")
    if len(set(answers)) == 1:
        return AgreementFigure(name, None, len(rows), note="undefined: all answers are the same")
    if level in ("interval", "ratio"):
        rows = [[None if answer is None else str(float(answer)) for answer in row] for row in rows]
        names = sorted({answer for row in rows for answer in row if answer is not None}, key=float)
    else:
        names = _resolve_labels(labels, answers)
    counts = _count_answers(rows, names)
    answered = counts.sum(axis=1)
    pairs = (counts / (answered - 1)[:, None]).T @ counts
    pairs -= np.diag((counts / (answered - 1)[:, None]).sum(axis=0))
    totals = pairs.sum(axis=1)
    differences = _compute_differences(names, totals, level)
    observed = float((pairs * differences).sum())
    expected = float((np.outer(totals, totals) * differences).sum()) / (totals.sum() - 1)
    return AgreementFigure(name, 1 - observed / expected, len(rows))


def _compute_differences(names: Sequence[str], totals: Any, level: str) -> Any:
    """Squared differences between every two answers on a level of measurement (n x n).

    Args:
        totals: how often each answer was given within the pairs; ordinal differences rest on it.
    """
    import numpy as np

    if level == "nominal":
        return 1.0 - np.eye(len(names))
    if level == "ordinal":
        middles = np.cumsum(totals) - totals / 2
        return np.square(middles[:, None] - middles[None, :])
    values = np.array([float(name) for name in names])
    gaps = values[:, None] - values[None, :]
    if level == "ratio":
        sums = values[:, None] + values[None, :]
        gaps = np.divide(gaps, sums, out=np.zeros_like(gaps), where=sums != 0)
    return np.square(gaps)


def icc(scores: Sequence[Sequence[float | None]]) -> AgreementFigure:
    """ICC(A,1): absolute agreement of single totals, two-way; units with gaps are left out.

    Source: McGraw and Wong 1996, doi 10.1037/1082-989X.1.1.30, table 4 and 7 (case 2).
    """
    forms = compute_icc_forms(scores)
    rows = [row for row in scores if all(total is not None for total in row)]
    if forms is None:
        return AgreementFigure(
            "ICC(A,1)",
            None,
            len(rows),
            note="undefined: needs at least two completely rated units that differ",
        )
    low, high = _compute_icc_limits(forms, len(rows), len(rows[0]))
    return AgreementFigure("ICC(A,1)", forms["2,1"], len(rows), low, high)


def compute_icc_forms(scores: Sequence[Sequence[float | None]]) -> dict[str, float] | None:
    """All six forms of Shrout and Fleiss 1979, doi 10.1037/0033-2909.86.2.420, and the mean
    squares behind them; None where they are undefined."""
    import numpy as np

    rows = [
        [float(total) for total in row if total is not None] for row in scores if None not in row
    ]
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    x = np.array(rows)
    n, k = x.shape
    grand = x.mean()
    between = k * float(((x.mean(axis=1) - grand) ** 2).sum()) / (n - 1)
    judges = n * float(((x.mean(axis=0) - grand) ** 2).sum()) / (k - 1)
    within = float(((x - x.mean(axis=1, keepdims=True)) ** 2).sum()) / (n * (k - 1))
    error = (within * n * (k - 1) - judges * (k - 1)) / ((n - 1) * (k - 1))
    if between + within < 1e-12:
        return None
    return {
        "1,1": (between - within) / (between + (k - 1) * within),
        "2,1": (between - error) / (between + (k - 1) * error + k * (judges - error) / n),
        "3,1": (between - error) / (between + (k - 1) * error),
        "1,k": (between - within) / between if between else 0.0,
        "2,k": (between - error) / (between + (judges - error) / n),
        "3,k": (between - error) / between if between else 0.0,
        "between": between,
        "judges": judges,
        "error": error,
    }


def _compute_icc_limits(
    forms: dict[str, float], n: int, k: int
) -> tuple[float | None, float | None]:
    from scipy.stats import f

    value, msr, msc, mse = forms["2,1"], forms["between"], forms["judges"], forms["error"]
    if mse <= 0 or value >= 1:
        return None, None
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    bottom = (a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1))
    v = (a * msc + b * mse) ** 2 / bottom
    upper, lower = float(f.ppf(0.975, n - 1, v)), float(f.ppf(0.975, v, n - 1))
    rest = k * msc + (k * n - k - n) * mse
    low = n * (msr - upper * mse) / (upper * rest + n * msr)
    high = n * (lower * msr - mse) / (rest + n * lower * msr)
    return low, high


def summarize_agreement(
    ratings: Ratings, *, labels: Sequence[str] | None = None
) -> list[AgreementFigure]:
    """What is shown for a stage or an instrument: percent, kappa (two raters) and AC1, or percent,
    AC1, Fleiss and alpha for more."""
    raters = max((len(row) for row in ratings), default=0)
    figures = [percent_agreement(ratings)]
    if raters == 2:
        first, second = [row[0] for row in ratings], [row[1] for row in ratings]
        figures.append(kappa(first, second, labels=labels))
    figures.append(gwet_ac(ratings, labels=labels))
    if raters > 2:
        figures += [
            fleiss_kappa(ratings, labels=labels),
            krippendorff_alpha(ratings, labels=labels),
        ]
    return figures


def format_value(figure: AgreementFigure) -> str:
    """The value with three decimals, as the tables of an export give it; else 'undefined'."""
    return "undefined" if figure.value is None else f"{figure.value:.3f}"


def format_interval(figure: AgreementFigure) -> str:
    """The 95 % interval: '0.303 to 1.000'; '' for a single unit or an unknown limit."""
    if figure.n < 2 or figure.low is None or figure.high is None:
        return ""
    return f"{figure.low:.3f} to {figure.high:.3f}"


def format_figure(figure: AgreementFigure) -> str:
    """Value and interval: '0.743 (0.303 to 1.000)'."""
    interval = "" if figure.value is None else format_interval(figure)
    return format_value(figure) + (f" ({interval})" if interval else "")


def _resolve_labels(labels: Sequence[str] | None, answers: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(answers)) if labels is None else list(labels)
    unknown_answers = sorted(set(answers) - set(names))
    if unknown_answers:
        raise ValueError(f"{unknown_answers[0]!r} is not among the answers {names}")
    return names


def _build_agreement_weights(q: int, weights: Weights | Sequence[Sequence[float]] | None) -> Any:
    """Weights of agreement, 1 on the diagonal; given tables are of disagreement."""
    import numpy as np

    if weights is None:
        return np.eye(q)
    if isinstance(weights, str):
        disagreement = np.abs(np.subtract.outer(np.arange(q), np.arange(q))).astype(float)
        disagreement = disagreement**2 if weights == "quadratic" else disagreement
    else:
        disagreement = np.array(weights, dtype=float)
    largest = float(disagreement.max()) or 1.0
    return 1 - disagreement / largest


def _count_answers(ratings: Ratings, labels: Sequence[str] | None) -> Any:
    """Units by answers: how many raters gave each."""
    import numpy as np

    names = _resolve_labels(
        labels, [answer for row in ratings for answer in row if answer is not None]
    )
    counts = np.zeros((len(ratings), max(len(names), 1)))
    for unit_index, row in enumerate(ratings):
        for answer in row:
            if answer is not None:
                counts[unit_index, names.index(answer)] += 1
    return counts


def _compute_observed(counts: Any, w: Any) -> Any:
    """Weighted agreement within each unit; 0 where it has fewer than two answers."""
    import numpy as np

    answered = counts.sum(axis=1)
    pair_counts = answered * (answered - 1)
    return (counts * (counts @ w - 1)).sum(axis=1) / np.where(pair_counts > 0, pair_counts, 1)


def _compute_limits(value: float, error: float, floor: float) -> tuple[float, float]:
    return max(floor, value - Z_95 * error), min(1.0, value + Z_95 * error)
