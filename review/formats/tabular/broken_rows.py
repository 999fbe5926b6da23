"""Rows of a table that a line end within a cell broke in two, with no quotation marks round it."""

import re
from collections.abc import Iterable, Iterator, Mapping

from review.formats.tabular.grid import InputRow
from review.models import UnreadableEntry

MAX_PARTS = 5
"""Lines that one broken row is looked for in."""

_TELLING = {
    "year": re.compile(r"(?:1[5-9]|20)\d\d"),
    "date": re.compile(r".*(?:1[5-9]|20)\d\d.*"),
    "doi": re.compile(r"(?:https?://\S*)?10\.\d{4,9}/\S+"),
    "urls": re.compile(r"https?://\S+"),
}
"""Fields whose cells can be told from others by what they look like."""


def reject_broken_rows(
    rows: Iterable[InputRow | UnreadableEntry], keys: list[str], fields: Mapping[str, str]
) -> Iterator[InputRow | UnreadableEntry]:
    """The rows, with the lines of a broken row as rejected.

    Lines are one broken row where each has too few cells, together they fill the header exactly,
    and the year, DOI or link stands in its own column only in the joined row.

    Args:
        rows: rows in the order of the file.
        keys: the header's names as they are compared.
        fields: compared column name -> our field.
    """
    patterns = {
        index: _TELLING[fields[key]]
        for index, key in enumerate(keys)
        if fields.get(key) in _TELLING
    }
    parts: list[InputRow] = []
    for row in rows:
        if isinstance(row, UnreadableEntry) or len(row[1]) >= len(keys):
            yield from parts
            parts = []
            yield row
            continue
        parts.append(row)
        while len(parts) > 1 and (len(parts) > MAX_PARTS or len(_join_cells(parts)) > len(keys)):
            yield parts.pop(0)
        if len(parts) > 1 and _is_one_row(parts, len(keys), patterns):
            yield from _reject(parts)
            parts = []
    yield from parts


def _join_cells(parts: list[InputRow]) -> list[str]:
    """The cells of the joined row: each line goes on with the last cell of the line before."""
    cells = list(parts[0][1])
    for _, more, _ in parts[1:]:
        cells[-1] = f"{cells[-1]} {more[0]}"
        cells += more[1:]
    return cells


def _is_one_row(parts: list[InputRow], width: int, patterns: dict[int, re.Pattern[str]]) -> bool:
    joined = _join_cells(parts)
    return len(joined) == width and _count_telling(joined, patterns) > max(
        _count_telling(cells, patterns) for _, cells, _ in parts
    )


def _count_telling(cells: list[str], patterns: dict[int, re.Pattern[str]]) -> int:
    """How many cells look as the column they stand in wants."""
    return sum(
        1
        for index, pattern in patterns.items()
        if index < len(cells) and pattern.fullmatch(cells[index].strip())
    )


def _reject(parts: list[InputRow]) -> Iterator[UnreadableEntry]:
    first = parts[0][0]
    for line, cells, _ in parts:
        reason = (
            f"line {line}: a line end within a cell breaks the record of line {first}; put the "
            "cell in quotation marks, or take the line end out"
        )
        yield UnreadableEntry(0, reason, " | ".join(cells))
