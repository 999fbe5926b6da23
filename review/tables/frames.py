"""A table as a pandas data frame."""

from typing import TYPE_CHECKING

from review.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd


def to_data_frame(table: Table) -> "pd.DataFrame":
    """The table as a data frame; empty cells are missing values."""
    import pandas as pd

    return pd.DataFrame(list(table.rows), columns=list(table.columns))
