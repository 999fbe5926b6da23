"""The 2×2 table behind reported figures: sensitivity, specificity, prevalence, PPV and the like.

A report rounds its figures, so several tables may agree with them. Every whole-number table is
tried; the one nearest to the figures is returned with the range of each count. Figures that no
table satisfies contradict each other, which is said.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from review.accuracy.counts import TwoByTwo
from review.errors import ReviewError

MAX_CASES = 1_000_000
"""Largest number of cases a table is worked out for."""
MAX_TABLES = 50_000
"""Most combinations of class size and true positives that are tried."""
MIN_HALF_WIDTH = Fraction(1, 10**9)
"""A computed figure such as 0.8333333333333334 is exact only to this."""
MIN_PERCENTAGE = 2
"""A number without % is a percentage from here on; between 1 and here it is neither."""


class IncompleteFiguresError(ReviewError):
    """Too little is reported; what is there does not contradict itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFigures:
    """What a report gives for one model on one data set; text as printed, because '0.90' and
    '0.9' are rounded differently. A figure may be a share ('0.91', '91/100') or a percentage
    ('91%', '91.3')."""

    cases: int | None = None
    positives: int | None = None
    negatives: int | None = None
    prevalence: str | None = None
    sensitivity: str | None = None
    specificity: str | None = None
    ppv: str | None = None
    npv: str | None = None
    accuracy: str | None = None


@dataclass(frozen=True, slots=True)
class ReconstructedTable:
    """A 2×2 table worked back from rounded figures."""

    table: TwoByTwo
    ranges: dict[str, tuple[int, int]]
    """TP, FP, FN and TN: least and greatest count that agree with the report."""

    @property
    def is_exact(self) -> bool:
        """Whether the report leaves one table only."""
        return all(low == high for low, high in self.ranges.values())


@dataclass(frozen=True, slots=True)
class _RoundedShare:
    """A share as printed: its value and the interval that rounds to it, ends included."""

    value: Fraction
    low: Fraction
    high: Fraction

    def list_counts(self, total: int) -> range:
        """The whole numbers whose share of the total rounds to the printed one."""
        if total == 0:
            return range(0)  # a share of no cases is undefined, not 0
        low = math.ceil(self.low * total)
        high = math.floor(self.high * total)
        return range(max(0, low), min(total, high) + 1)


@dataclass(frozen=True, slots=True)
class _FirstRow:
    """Class sizes and true positives that agree with the report, with the least and most true
    negatives that go with them."""

    positives: int
    negatives: int
    true_positives: int
    least: int
    most: int


def reconstruct_table(figures: ReportedFigures) -> ReconstructedTable:
    """The 2×2 table nearest to the reported figures, with what the rounding leaves open.

    If more than MAX_TABLES tables agree, those that meet one of the figures most closely are
    compared.

    Sensitivity and specificity are needed, with the cases of each class: `positives` and
    `negatives`, or two of `cases`, `positives` (or `prevalence`) and `negatives`. PPV, NPV and
    accuracy narrow the table down where they are given.

    Raises:
        ReviewError: too little is given, a figure is no share, or no whole-number table agrees
            with all figures.
    """
    if figures.sensitivity is None or figures.specificity is None:
        raise IncompleteFiguresError(
            "sensitivity and specificity are needed to work out a 2×2 table."
        )
    shares = {
        name: parse_share(text, name)
        for name in ("sensitivity", "specificity", "ppv", "npv", "accuracy", "prevalence")
        if (text := getattr(figures, name)) is not None
    }
    nearest: tuple[Fraction, TwoByTwo] | None = None
    ranges: dict[str, tuple[int, int]] = {}
    rows = [
        _FirstRow(*row, *bounds)
        for row in _iter_first_rows(figures, shares)
        if (bounds := _bound_true_negatives(*row, shares)) is not None
    ]
    tries_all = sum(row.most - row.least + 1 for row in rows) <= MAX_TABLES
    for row in rows:
        choices = (
            range(row.least, row.most + 1) if tries_all else _choose_true_negatives(row, shares)
        )
        for true_negatives in choices:
            table = TwoByTwo(
                row.true_positives,
                row.negatives - true_negatives,
                row.positives - row.true_positives,
                true_negatives,
            )
            distance = _measure_distance(table, shares)
            if nearest is None or distance < nearest[0]:
                nearest = (distance, table)
            for name, count in _list_counts(table):
                low, high = ranges.get(name, (count, count))
                ranges[name] = (min(low, count), max(high, count))
    if nearest is None:
        raise ReviewError(_describe_contradiction(figures, shares))
    return ReconstructedTable(nearest[1], ranges)


def keep_reported_table(table: TwoByTwo) -> ReconstructedTable:
    """A table whose counts are reported: every range is one number."""
    return ReconstructedTable(table, {name: (count, count) for name, count in _list_counts(table)})


def find_mismatch(table: TwoByTwo, figures: ReportedFigures) -> str | None:
    """The first reported figure that the table's counts do not give; None if all agree."""
    sizes = {
        "cases": (table.positives + table.negatives, figures.cases),
        "positives": (table.positives, figures.positives),
        "negatives": (table.negatives, figures.negatives),
    }
    for name, (count, stated) in sizes.items():
        if stated is not None and stated != count:
            return f"the 2×2 table has {count:,} {name}, but {stated:,} are reported."
    for name, (count, total) in _list_shares(table).items():
        text = getattr(figures, name)
        if text is None:
            continue
        share = parse_share(text, name)
        if not total or not share.low <= Fraction(count, total) <= share.high:
            exact = f"{count / total:.4f}" if total else "undefined"
            return (
                f"the 2×2 table gives a {name} of {count:,}/{total:,} = {exact}, but {text} is "
                "reported."
            )
    return None


def parse_share(text: str, name: str) -> _RoundedShare:
    """A share or percentage as printed, with the interval its rounding leaves.

    Raises:
        ReviewError: no number, or outside 0 to 100 per cent.
    """
    cleaned = text.strip().replace("·", ".").replace(",", ".").replace(" ", "")
    is_percentage = cleaned.endswith("%")
    digits = cleaned.rstrip("%")
    mantissa, _, exponent = digits.lower().partition("e")
    try:
        if "e" in digits.lower() and not re.fullmatch(r"[+-]?\d{1,3}", exponent):
            raise ValueError(digits)
        value = Fraction(digits)
    except (ValueError, ZeroDivisionError):
        raise ReviewError(f"{name} '{text}' is no number.") from None
    is_exact = "/" in digits or (digits in ("0", "1") and not is_percentage)
    half = Fraction(1, 2) / Fraction(10) ** (len(mantissa.partition(".")[2]) - int(exponent or 0))
    if is_percentage or value >= MIN_PERCENTAGE:
        value, half = value / 100, half / 100
    elif value > 1 + MIN_HALF_WIDTH:
        raise ReviewError(
            f"{name} '{text}' lies outside 0 to 1; if it is a percentage, write {digits}%."
        )
    if not 0 <= value <= 1 + MIN_HALF_WIDTH:
        raise ReviewError(f"{name} '{text}' lies outside 0 to 1 (0 to 100%).")
    value, half = min(value, Fraction(1)), max(half, MIN_HALF_WIDTH)
    return (
        _RoundedShare(value, value, value)
        if is_exact
        else _RoundedShare(value, value - half, value + half)
    )


def _iter_first_rows(
    figures: ReportedFigures, shares: Mapping[str, _RoundedShare]
) -> Iterator[tuple[int, int, int]]:
    """Cases with and without the condition, and true positives, that agree with the report."""
    rows: list[tuple[int, int, range]] = []
    count = 0
    for positives, negatives in _iter_agreeing_sizes(figures):
        rows.append((positives, negatives, shares["sensitivity"].list_counts(positives)))
        count += len(rows[-1][2])
        if count > MAX_TABLES:
            raise ReviewError(
                f"more than {MAX_TABLES:,} tables agree with these rounded figures; give the "
                "number of cases with the condition, or figures with more digits."
            )
    for positives, negatives, possible in rows:
        for true_positives in possible:
            yield positives, negatives, true_positives


def _bound_true_negatives(
    positives: int, negatives: int, true_positives: int, shares: Mapping[str, _RoundedShare]
) -> tuple[int, int] | None:
    """Least and greatest number of true negatives that agree with every figure; None if none."""
    counts = shares["specificity"].list_counts(negatives)
    low, high = Fraction(counts.start), Fraction(counts.stop - 1)
    false_negatives = positives - true_positives
    if "accuracy" in shares:
        share, cases = shares["accuracy"], positives + negatives
        low = max(low, share.low * cases - true_positives)
        high = min(high, share.high * cases - true_positives)
    if "npv" in shares:
        share = shares["npv"]
        if share.low > 0:
            if share.low >= 1 and false_negatives:
                return None
            low = max(low, false_negatives * share.low / (1 - share.low) if share.low < 1 else low)
            low = max(low, Fraction(1))
        if share.high < 1:
            if false_negatives == 0:
                return None
            high = min(high, false_negatives * share.high / (1 - share.high))
    if "ppv" in shares:
        share = shares["ppv"]
        if share.low > 0:
            if true_positives == 0:
                return None
            low = max(low, negatives - true_positives * (1 - share.low) / share.low)
        if share.high < 1:
            fewest = true_positives * (1 - share.high) / share.high if share.high > 0 else 0
            high = min(high, negatives - max(Fraction(fewest), Fraction(1)))
            if share.high <= 0 and true_positives:
                return None
    least, greatest = math.ceil(low), math.floor(high)
    return (least, greatest) if least <= greatest else None


def _choose_true_negatives(row: _FirstRow, shares: Mapping[str, _RoundedShare]) -> set[int]:
    """The bounds, and the true negatives that meet one of the figures most closely."""
    false_negatives = row.positives - row.true_positives
    wanted = [shares["specificity"].value * row.negatives]
    if "accuracy" in shares:
        cases = row.positives + row.negatives
        wanted.append(shares["accuracy"].value * cases - row.true_positives)
    if "ppv" in shares and (share := shares["ppv"].value):
        wanted.append(row.negatives - row.true_positives * (1 - share) / share)
    if "npv" in shares and (share := shares["npv"].value) < 1:
        wanted.append(false_negatives * share / (1 - share))
    nearby = {number for count in wanted for number in (math.floor(count), math.ceil(count))}
    return {row.least, row.most, *(min(max(number, row.least), row.most) for number in nearby)}


def _iter_agreeing_sizes(figures: ReportedFigures) -> Iterator[tuple[int, int]]:
    """Cases with and without the condition that also give the reported prevalence."""
    if figures.prevalence is None:
        yield from _iter_class_sizes(figures)
        return
    share = parse_share(figures.prevalence, "prevalence")
    for positives, negatives in _iter_class_sizes(figures):
        if positives in share.list_counts(positives + negatives):
            yield positives, negatives


def estimate_class_sizes(figures: ReportedFigures) -> tuple[int | None, int | None]:
    """Cases with and without the condition, for the error of an AUC; the middle of those that agree
    with a rounded prevalence, and None where too little is reported."""
    try:
        sizes = list(_iter_agreeing_sizes(figures))
    except IncompleteFiguresError:
        return None, None
    if not sizes:
        raise ReviewError(_describe_prevalence(figures))
    return sizes[len(sizes) // 2]


def _describe_prevalence(figures: ReportedFigures) -> str:
    sizes = next(_iter_class_sizes(figures), None)
    if (
        figures.prevalence is None
        or sizes is None
        or (figures.positives is None and figures.negatives is None)
    ):
        return (
            f"no whole number of {figures.cases} cases gives a prevalence of {figures.prevalence}."
        )
    positives, negatives = sizes
    return (
        f"{positives:,} of {positives + negatives:,} cases have the condition, which is not the "
        f"reported prevalence of {figures.prevalence}."
    )


def _iter_class_sizes(figures: ReportedFigures) -> Iterator[tuple[int, int]]:
    """Cases with and without the condition: one pair, or several where prevalence is rounded."""
    cases, positives, negatives = figures.cases, figures.positives, figures.negatives
    for name, count in (("cases", cases), ("positives", positives), ("negatives", negatives)):
        if count is not None and not 0 <= count <= MAX_CASES:
            raise ReviewError(f"{name} {count:,} lies outside 0 to {MAX_CASES:,}.")
    if positives is not None and negatives is not None:
        if cases is not None and cases != positives + negatives:
            raise ReviewError(
                f"{positives} with and {negatives} without the condition make "
                f"{positives + negatives} cases, not {cases}."
            )
        yield positives, negatives
    elif cases is not None and (positives is not None or negatives is not None):
        known = positives if positives is not None else cases - (negatives or 0)
        if not 0 <= known <= cases:
            raise ReviewError(f"more cases of one class than the {cases} cases in all.")
        yield known, cases - known
    elif cases is not None and figures.prevalence is not None:
        prevalence = parse_share(figures.prevalence, "prevalence")
        for count in prevalence.list_counts(cases):
            yield count, cases - count
    else:
        raise IncompleteFiguresError(
            "the number of cases with and without the condition is needed (or the number of cases "
            "with one of them, or with the prevalence)."
        )


def _list_counts(table: TwoByTwo) -> tuple[tuple[str, int], ...]:
    return (
        ("TP", table.true_positives),
        ("FP", table.false_positives),
        ("FN", table.false_negatives),
        ("TN", table.true_negatives),
    )


def _list_shares(table: TwoByTwo) -> dict[str, tuple[int, int]]:
    """Figure -> count and total it is the share of."""
    cases = table.positives + table.negatives
    return {
        "sensitivity": (table.true_positives, table.positives),
        "specificity": (table.true_negatives, table.negatives),
        "prevalence": (table.positives, cases),
        "ppv": (table.true_positives, table.true_positives + table.false_positives),
        "npv": (table.true_negatives, table.true_negatives + table.false_negatives),
        "accuracy": (table.true_positives + table.true_negatives, cases),
    }


def _measure_distance(table: TwoByTwo, shares: Mapping[str, _RoundedShare]) -> Fraction:
    """How far the exact figures of a table lie from the printed ones, summed."""
    exact = _list_shares(table)
    return sum(
        (
            abs(Fraction(*exact[name]) - share.value)
            for name, share in shares.items()
            if exact[name][1]
        ),
        Fraction(0),
    )


def _describe_contradiction(figures: ReportedFigures, shares: Mapping[str, _RoundedShare]) -> str:
    """Which figures no whole-number table satisfies; the smallest clash that can be named."""
    sizes = list(_iter_agreeing_sizes(figures))
    if not sizes:
        return _describe_prevalence(figures)
    for name, index in (("sensitivity", 0), ("specificity", 1)):
        if not any(shares[name].list_counts(size[index]) for size in sizes):
            group = f"{sizes[0][index]}" if len(sizes) == 1 else "these"
            return f"no whole number of {group} cases gives a {name} of {getattr(figures, name)}."
    named = ", ".join(
        f"{label} {text}"
        for label, text in (
            ("sensitivity", figures.sensitivity),
            ("specificity", figures.specificity),
            ("PPV", figures.ppv),
            ("NPV", figures.npv),
            ("accuracy", figures.accuracy),
        )
        if text is not None
    )
    return f"no 2×2 table agrees with all of {named}: the report contradicts itself."
