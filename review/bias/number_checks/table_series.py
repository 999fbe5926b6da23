"""A table as lines of cells, along its columns and along its rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from review.bias.number_checks.table_cells import NumberCell, NumberGrid


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A row or a column of a table: what it is called, and its cells by the name of each."""

    name: str
    cells: tuple[NumberCell | None, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A table seen along its rows or along its columns."""

    grid: NumberGrid
    corner: str
    """Head of the names of the lines' cells."""
    names: tuple[str, ...]
    """Name of each position of a line."""
    lines: tuple[SeriesLine, ...]


def list_series(grid: NumberGrid) -> Iterator[Series]:
    """The columns of a table (whose positions are rows), and its rows (positions are columns)."""
    width, height = len(grid.heads), len(grid.texts)
    labels = tuple(texts[0].strip() for texts in grid.texts)
    columns = tuple(
        SeriesLine(grid.full_heads[n], tuple(cells[n] for cells in grid.cells), grid.places)
        for n in range(1, width)
    )
    yield Series(grid, grid.heads[0], labels, columns)
    rows = tuple(
        SeriesLine(labels[n], grid.cells[n][1:], (grid.places[n],) * (width - 1))
        for n in range(height)
    )
    yield Series(grid, "", tuple(head.strip() for head in grid.full_heads[1:]), rows)
