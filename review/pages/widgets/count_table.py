"""Tables of counts, written as in the sentences around them: 1,454."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def format_counts(rows: Sequence[dict[str, Any]]) -> "Styler":
    """Rows as a table for st.dataframe; columns of whole numbers have commas at the thousands and
    stay numbers, so that they are sorted as such. An unknown value is left empty."""
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    counts = [name for name in frame.columns if _are_counts([row.get(str(name)) for row in rows])]
    frame = frame.astype(dict.fromkeys(counts, "Int64"))
    return frame.style.format(dict.fromkeys(counts, "{:,}"), na_rep="")


def _are_counts(values: list[Any]) -> bool:
    numbers = [value for value in values if value is not None]
    return bool(numbers) and all(type(value) is int for value in numbers)
