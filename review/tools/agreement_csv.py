"""Agreement figures of a plain CSV of ratings, without a review."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from review import agreement
from review.errors import ReviewError
from review.formats.tabular.plain import Row, read_table

LONG = ("unit", "rater", "answer")
NOTHING = ("", "na", "n/a", "null", "none", ".")
"""Cells that mean 'not rated', unless the levels name them as an answer."""
NAMES = ("", "unit", "id", "record", "report", "study", "subject", "item", "paper", "key", "no")
"""Headers of a first column that names the units."""
Ratings = list[list[str | None]]


def figures(path: Path, levels: Sequence[str] = ()) -> tuple[list[dict[str, Any]], Counter[str]]:
    """All figures that fit a file of ratings, and the words read as 'not rated' with how often.

    Args:
        path: a unit a row and a rater a column (a first column of names is the units'), or the
            three columns unit, rater, answer.
        levels: the answers in order; adds weighted and ordinal figures.

    Raises:
        ReviewError: no such file, no two raters, a unit rated twice by one of them, or an answer
            outside the levels.
    """
    rows, blank = _read(path, levels)
    labels = list(levels) or None
    try:
        found = agreement.summary(rows, labels=labels)
        if len(rows[0]) == 2:
            first, second = [row[0] for row in rows], [row[1] for row in rows]
            found.append(agreement.alpha(rows, labels=labels))
            if labels:
                found.append(agreement.kappa(first, second, labels=labels, weights="linear"))
                found.append(agreement.kappa(first, second, labels=labels, weights="quadratic"))
        if labels:
            found.append(agreement.gwet(rows, labels=labels, weights="quadratic"))
            found.append(agreement.alpha(rows, labels=labels, level="ordinal"))
    except ValueError as error:
        raise ReviewError(f"{path}: {error}.") from error
    numbers = _numbers(rows)
    if numbers is not None:
        found.append(agreement.icc(numbers))
    return [asdict(one) for one in found], blank


def _numbers(rows: Ratings) -> list[list[float | None]] | None:
    """The ratings as numbers, a decimal comma as a point; None where one is no number."""
    try:
        return [
            [None if one is None else float(one.replace(",", ".")) for one in row] for row in rows
        ]
    except ValueError:
        return None


def _read(path: Path, levels: Sequence[str]) -> tuple[Ratings, Counter[str]]:
    """The ratings, and how often each word was read as 'not rated'."""
    header, table = read_table(path)
    for line, row in table:
        if len(row) != len(header):
            raise ReviewError(
                f"{path} line {line}: {len(row)} cells, the header has {len(header)}."
            )
    blank: Counter[str] = Counter()

    def cell(text: str) -> str | None:
        if text in levels or text.lower() not in NOTHING:
            return text
        blank.update([text] if text else [])
        return None

    if tuple(header) == LONG:
        return _wide(path, table, cell), blank
    first = 1 if header[0] in NAMES or _names_units(table) else 0
    if len(header) - first < 2:
        raise ReviewError(f"{path}: needs at least two columns of ratings (found {header}).")
    return [[cell(one) for one in row[first:]] for _, row in table], blank


def _names_units(table: Sequence[Row]) -> bool:
    """Whether the first column names the units, whatever it is called: words, each of them once,
    none of which is an answer in another column."""
    names = [row[0] for _, row in table]
    answers = {one for _, row in table for one in row[1:]}
    worded = not any(name.replace(".", "").replace(",", "").isdigit() for name in names)
    return worded and len(set(names)) == len(names) > 2 and answers.isdisjoint(names)


def _wide(
    path: Path, table: Sequence[Row], cell: Callable[[str], str | None]
) -> list[list[str | None]]:
    """Raises ReviewError where one rater rates a unit twice; no answer is silently dropped."""
    raters = list(dict.fromkeys(row[1] for _, row in table))
    by_unit: dict[str, dict[str, str | None]] = {}
    for line, (unit, rater, answer) in table:
        given = by_unit.setdefault(unit, {})
        if rater in given:
            raise ReviewError(f"{path} line {line}: '{rater}' rates '{unit}' a second time.")
        given[rater] = cell(answer)
    if len(raters) < 2:
        raise ReviewError(f"{path}: needs at least two raters (found {raters}).")
    return [[given.get(rater) for rater in raters] for given in by_unit.values()]
