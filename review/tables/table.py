"""A plain table, as builders create it and writers take it."""

from dataclasses import dataclass

Cell = str | int | float | None
"""None is an empty cell; numbers stay numbers, so that spreadsheets can sort and sum them."""


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table."""

    name: str
    """File stem and worksheet name: excluded, characteristics, probast-2019."""
    title: str
    """Caption, without a number."""
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    """Notes below the table: abbreviations, omissions."""

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.name}: row {number} has {len(row)} cells, not {len(self.columns)}"
                )
