"""Agreement figures of a plain CSV of ratings, without a review."""

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from review import agreement
from review.errors import ReviewError

LONG = ("unit", "rater", "answer")
NOTHING = ("", "na", "n/a", "null", "none", ".")
"""Cells that mean 'not rated'."""


def figures(path: Path, levels: Sequence[str] = ()) -> list[dict[str, Any]]:
    """All figures that fit a file of ratings.

    Args:
        path: a unit a row and a rater a column (a first column named unit, id or record is
            the unit's name), or the three columns unit, rater, answer.
        levels: the answers in order; adds weighted and ordinal figures.

    Raises:
        ReviewError: no such file, no two raters, or an answer outside the levels; names the line.
    """
    rows = _read(path)
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
    return [asdict(one) for one in found]


def _numbers(rows: Sequence[Sequence[str | None]]) -> list[list[float | None]] | None:
    try:
        return [[None if one is None else float(one) for one in row] for row in rows]
    except ValueError:
        return None


def _read(path: Path) -> list[list[str | None]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ReviewError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    table = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    if len(table) < 2:
        raise ReviewError(f"{path}: expected a header and at least one row of ratings.")
    header = [cell.strip().lower() for cell in table[0]]
    for line, row in enumerate(table[1:], 2):
        if len(row) != len(header):
            raise ReviewError(
                f"{path} line {line}: {len(row)} cells, the header has {len(header)}."
            )
    if tuple(header) == LONG:
        return _wide(table[1:])
    first = 1 if header[0] in ("unit", "id", "record", "study", "subject", "item") else 0
    if len(header) - first < 2:
        raise ReviewError(f"{path}: needs at least two columns of ratings (found {header}).")
    return [[_cell(cell) for cell in row[first:]] for row in table[1:]]


def _wide(rows: Sequence[Sequence[str]]) -> list[list[str | None]]:
    raters = list(dict.fromkeys(row[1].strip() for row in rows))
    by_unit: dict[str, dict[str, str | None]] = {}
    for unit, rater, answer in rows:
        by_unit.setdefault(unit.strip(), {})[rater.strip()] = _cell(answer)
    return [[given.get(rater) for rater in raters] for given in by_unit.values()]


def _cell(text: str) -> str | None:
    return None if text.strip().lower() in NOTHING else text.strip()
