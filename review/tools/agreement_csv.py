"""Agreement figures for a CSV of ratings, without a review."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from review import agreement
from review.errors import ReviewError
from review.formats.tabular.plain import TableRow, read_table

LONG_HEADER = ("unit", "rater", "answer")
BLANK_VALUES = ("", "na", "n/a", "null", "none", ".")
"""Cells that mean 'not rated', unless the levels name them as an answer."""
UNIT_HEADERS = (
    "",
    "unit",
    "id",
    "record",
    "report",
    "study",
    "subject",
    "item",
    "paper",
    "key",
    "no",
)
"""Headers of a first column that names the units."""
Ratings = list[list[str | None]]


def compute_figures(
    path: Path, levels: Sequence[str] = ()
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """All figures that fit a file of ratings, and the words read as 'not rated' with how often.

    Args:
        path: a unit a row and a rater a column (a first column of names is the units'), or the
            three columns unit, rater, answer.
        levels: the answers in order; adds weighted and ordinal figures.

    Raises:
        ReviewError: no such file, no two raters, a unit rated twice by one of them, or an answer
            outside the levels.
    """
    rows, blank = _read_ratings(path, levels)
    labels = list(levels) or None
    try:
        all_figures = agreement.summarize_agreement(rows, labels=labels)
        if len(rows[0]) == 2:
            first, second = [row[0] for row in rows], [row[1] for row in rows]
            all_figures.append(agreement.krippendorff_alpha(rows, labels=labels))
            if labels:
                all_figures.append(agreement.kappa(first, second, labels=labels, weights="linear"))
                all_figures.append(
                    agreement.kappa(first, second, labels=labels, weights="quadratic")
                )
        if labels:
            all_figures.append(agreement.gwet_ac(rows, labels=labels, weights="quadratic"))
            all_figures.append(agreement.krippendorff_alpha(rows, labels=labels, level="ordinal"))
    except ValueError as error:
        raise ReviewError(f"{path}: {error}.") from error
    numbers = _parse_numbers(rows)
    if numbers is not None:
        all_figures.append(agreement.icc(numbers))
    return [asdict(figure) for figure in all_figures], blank


def _parse_numbers(rows: Ratings) -> list[list[float | None]] | None:
    """The ratings as numbers, a decimal comma as a point; None where one is no number."""
    try:
        return [
            [None if cell is None else float(cell.replace(",", ".")) for cell in row]
            for row in rows
        ]
    except ValueError:
        return None


def _read_ratings(path: Path, levels: Sequence[str]) -> tuple[Ratings, Counter[str]]:
    """The ratings, and how often each word was read as 'not rated'."""
    header, table = read_table(path)
    for line, row in table:
        if len(row) != len(header):
            raise ReviewError(
                f"{path} line {line}: {len(row)} cells, but the header has {len(header)}."
            )
    blank: Counter[str] = Counter()

    def parse_cell(text: str) -> str | None:
        if text in levels or text.lower() not in BLANK_VALUES:
            return text
        blank.update([text] if text else [])
        return None

    if tuple(header) == LONG_HEADER:
        return _pivot_ratings(path, table, parse_cell), blank
    first_column = 1 if header[0] in UNIT_HEADERS or _has_unit_column(table) else 0
    if len(header) - first_column < 2:
        raise ReviewError(f"{path}: needs at least two columns of ratings (found {header}).")
    return [[parse_cell(value) for value in row[first_column:]] for _, row in table], blank


def _has_unit_column(table: Sequence[TableRow]) -> bool:
    """Whether the first column names the units, whatever it is called: words, each of them once,
    none of which is an answer in another column."""
    names = [row[0] for _, row in table]
    answers = {answer for _, row in table for answer in row[1:]}
    is_text = not any(name.replace(".", "").replace(",", "").isdigit() for name in names)
    return is_text and len(set(names)) == len(names) > 2 and answers.isdisjoint(names)


def _pivot_ratings(
    path: Path, table: Sequence[TableRow], parse_cell: Callable[[str], str | None]
) -> list[list[str | None]]:
    """Raises ReviewError where one rater rates a unit twice; no answer is silently dropped."""
    raters = list(dict.fromkeys(row[1] for _, row in table))
    by_unit: dict[str, dict[str, str | None]] = {}
    for line, (unit, rater, answer) in table:
        unit_answers = by_unit.setdefault(unit, {})
        if rater in unit_answers:
            raise ReviewError(f"{path} line {line}: '{rater}' rates '{unit}' twice.")
        unit_answers[rater] = parse_cell(answer)
    if len(raters) < 2:
        raise ReviewError(f"{path}: needs at least two raters (found {raters}).")
    return [[unit_answers.get(rater) for rater in raters] for unit_answers in by_unit.values()]
