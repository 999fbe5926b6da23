"""Checks the figures of many rows against an identity that most of them keep.

F1 is the harmonic mean of precision and recall, and accuracy lies between sensitivity and
specificity as far from each as the cases are many: in a study of two classes all models that were
tested on the same cases have the same share of positive ones. Averages over several classes keep
neither, so a row is only wrong if others keep the identity to the last digit.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.table_bounds import MetricRow, list_metric_rows
from review.bias.number_checks.table_cells import NumberGrid

_OTHER_WORK = re.compile(r"\bet al\b|\[\d+\]|\(\d{4}\)", re.I)
"""A row of other authors, whose models were tested on other cases."""
_MIN_KEEPING_F1 = 2
_MIN_KEEPING_SHARE = 3
_APART = 4.0
"""Last digits by which precision and recall differ in a row that shows what F1 is."""
_MAX_WIDTH = 0.12
"""Width of the range that rounding leaves to the share of positive cases in a row that counts."""
_SLACK = 0.02


@dataclass(frozen=True, slots=True)
class _Share:
    """The share of positive cases that one row implies."""

    label: str
    row: MetricRow
    low: float
    high: float


def check_identities(grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    """Rows that break an identity that the other rows keep, each figure once."""
    seen: set[tuple[int, str]] = set()
    for place, problem in _list_breaks(grids):
        key = (place, problem.text.partition(": ")[0] + problem.figure)
        if key not in seen:
            seen.add(key)
            yield place, problem


def _list_breaks(grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    groups: dict[str, list[_Share]] = {}
    kept_names: list[frozenset[str]] = []
    tables = [
        (grid, [row for row in list_metric_rows(grid) if not _OTHER_WORK.search(row.name)])
        for grid in grids
    ]
    for number, (grid, rows) in enumerate(tables):
        findings, keeping = _check_harmonic_means(grid.label, rows)
        yield from findings
        if len(keeping) >= _MIN_KEEPING_F1:
            kept_names.append(frozenset(row.name for row in rows))
        for row in rows:
            share = _imply_share(grid.label, row)
            if share:
                groups.setdefault(row.group.casefold() or f"table {number}", []).append(share)
    for shares in groups.values():
        yield from _check_shares(shares)
    for grid, rows in tables:
        names = {row.name for row in rows}
        if any(len(names & known) >= _MIN_KEEPING_F1 for known in kept_names):
            for row in rows:
                yield from _check_order(grid.label, row)


def _check_order(label: str, row: MetricRow) -> Iterator[Finding]:
    """Figures of a study of two classes that do not lie between the two that make them up."""
    shares = row.list_shares()
    for name, first, second in (
        ("accuracy", "sensitivity", "specificity"),
        ("F1", "precision", "sensitivity"),
    ):
        if not {name, first, second} <= shares.keys():
            continue
        (value, unit), (one, _), (other, _) = shares[name], shares[first], shares[second]
        if min(one, other) - 2 * unit <= value <= max(one, other) + 2 * unit:
            continue
        printed = [row.cells[metric].printed for metric in (name, first, second)]
        yield (
            row.find_place(name),
            Contradiction(
                name,
                f"{label}, '{shorten(row.name)}': {name} {printed[0]} does not lie between {first} "
                f"{printed[1]} and {second} {printed[2]}; the same models keep to it elsewhere.",
            ),
        )


def _check_harmonic_means(
    label: str, rows: Sequence[MetricRow]
) -> tuple[list[Finding], list[MetricRow]]:
    """The rows whose F1 is another than their precision and recall give, and the rows that show
    that it follows from them."""
    keeping: list[MetricRow] = []
    breaking: list[tuple[MetricRow, float]] = []
    for row in rows:
        shares = row.list_shares()
        if not {"F1", "precision", "sensitivity"} <= shares.keys():
            continue
        (f1, unit), (p, other), (r, third) = (shares[n] for n in ("F1", "precision", "sensitivity"))
        if not f1 or not p or not r:
            continue
        exact, coarsest = 2 * p * r / (p + r), max(unit, other, third)
        if abs(exact - f1) <= 1.01 * coarsest:
            if abs(p - r) >= _APART * coarsest:
                keeping.append(row)
        elif f1 > exact + 2 * coarsest or f1 < min(p, r) - 2 * coarsest:  # no mean over folds
            breaking.append((row, exact))
    if len(keeping) < _MIN_KEEPING_F1 or len(breaking) > len(keeping):
        return [], keeping
    findings = []
    for row, exact in breaking:
        printed = [row.cells[name].printed for name in ("precision", "sensitivity", "F1")]
        value = exact * (100 if row.cells["F1"].value > 1 else 1)
        text = (
            f"{label}, '{shorten(row.name)}': precision {printed[0]} and recall {printed[1]} give "
            f"an F1 of {value:.{row.cells['F1'].decimals}f}, not {printed[2]}; it follows from "
            f"them in {len(keeping)} other rows."
        )
        findings.append((row.find_place("F1"), Contradiction("F1", text)))
    return findings, keeping


def _imply_share(label: str, row: MetricRow) -> _Share | None:
    """The share of positive cases by which sensitivity and specificity give the accuracy."""
    shares: Mapping[str, tuple[float, float]] = row.list_shares()
    if not {"accuracy", "sensitivity", "specificity"} <= shares.keys():
        return None
    (accuracy, unit), (se, other), (sp, third) = (
        shares[n] for n in ("accuracy", "sensitivity", "specificity")
    )
    doubt = (unit + other + third) / 2
    if abs(se - sp) <= 2 * doubt:
        return None
    share, width = (accuracy - sp) / (se - sp), doubt / (abs(se - sp) - doubt)
    return _Share(label, row, share - width, share + width)


def _check_shares(shares: Sequence[_Share]) -> Iterator[Finding]:
    """The rows whose share differs from the one that most rows have in common."""
    exact = [one for one in shares if one.high - one.low <= 2 * _MAX_WIDTH]
    best: list[_Share] = []
    for one in exact:
        middle = (one.low + one.high) / 2
        having = [other for other in exact if other.low <= middle <= other.high]
        best = max(best, having, key=len)
    low = max((one.low for one in best), default=0.0)
    high = min((one.high for one in best), default=1.0)
    middle = (low + high) / 2
    wrong = [one for one in exact if not one.low - _SLACK <= middle <= one.high + _SLACK]
    if len(best) < _MIN_KEEPING_SHARE or not 0 < middle < 1 or len(wrong) >= len(best):
        return
    for one in wrong:
        printed = [
            one.row.cells[name].printed for name in ("accuracy", "sensitivity", "specificity")
        ]
        yield (
            one.row.find_place("accuracy"),
            Contradiction(
                "accuracy",
                f"{one.label}, '{shorten(one.row.name)}': accuracy {printed[0]} does not follow "
                f"from sensitivity {printed[1]} and specificity {printed[2]} with "
                f"{middle:.0%} positive cases, as in {len(best)} other rows.",
            ),
        )
