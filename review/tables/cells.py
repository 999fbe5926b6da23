"""How one cell of a table reads."""

from review.formats.plain import shown_lines
from review.tables.table import Cell


def told(cell: Cell) -> str:
    """A cell as people read it: whole numbers without decimals, None as nothing."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.3f}".rstrip("0").rstrip(".")
    return shown_lines(cell) if isinstance(cell, str) else str(cell)
