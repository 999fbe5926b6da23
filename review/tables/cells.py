"""Formats the cells of a table."""

from review.formats.plain import clean_cell
from review.tables.table import Cell


def format_cell(cell: Cell) -> str:
    """A cell as text: whole numbers without decimals, None as empty text."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.3f}".rstrip("0").rstrip(".")
    return clean_cell(cell) if isinstance(cell, str) else str(cell)
