"""What a table is made of before it is read: its sheets, and the columns a person can map."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from review.errors import SourceError
from review.formats import read_content
from review.formats.tabular.grid import DELIMITERS, HEADER_SEARCH_ROWS
from review.formats.tabular.workbook import Sheet, read_workbook
from review.text.encodings import decode_utf8

MAX_NAME_LENGTH = 80
"""A longer cell is a value, not the name of a column (characters)."""


@dataclass(frozen=True, slots=True)
class SheetSummary:
    """A sheet of a workbook."""

    name: str
    row_count: int
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class TableOutline:
    """The sheets and columns of a file; both are empty for a file that is no table."""

    sheets: tuple[SheetSummary, ...] = ()
    """Sheets of a workbook with anything in them, hidden ones too; none for a CSV file."""
    columns: tuple[str, ...] = ()
    """Names in the row most like a header, of the sheet asked for or the first visible one."""


def outline_table(data: bytes, name: str, sheet: str | None = None) -> TableOutline:
    """The sheets and columns of a table; an empty outline for any other or unreadable file."""
    try:
        content, kind = read_content(data, name)
        if kind == "csv":
            return TableOutline((), _find_header(_split_rows(content)))
        if kind != "xlsx":
            return TableOutline()
        sheets = [sheet for sheet in read_workbook(content, name) if any(map(any, sheet.rows))]
    except SourceError:
        return TableOutline()
    summaries = tuple(
        SheetSummary(sheet.name, sum(map(any, sheet.rows)), sheet.is_hidden) for sheet in sheets
    )
    chosen = _choose_sheet(sheets, sheet)
    return TableOutline(summaries, _find_header(chosen.rows) if chosen else ())


def _choose_sheet(sheets: Sequence[Sheet], wanted: str | None) -> Sheet | None:
    if wanted is not None:
        return next((sheet for sheet in sheets if sheet.name == wanted), None)
    return next((sheet for sheet in sheets if not sheet.is_hidden), None)


def _split_rows(content: bytes) -> list[list[str]]:
    """The first rows of a CSV file, split at the delimiter that gives most cells."""
    text = decode_utf8(b"\n".join(content.split(b"\n")[:HEADER_SEARCH_ROWS]))
    candidates = [list(csv.reader(text.split("\n"), delimiter=mark)) for mark in DELIMITERS]
    return max(candidates, key=lambda rows: sum(len(row) for row in rows))


def _find_header(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The first row as wide as most rows are whose cells are all short."""
    head = rows[:HEADER_SEARCH_ROWS]
    widths = Counter(width for row in head if (width := _count_cells(row)) > 1)
    if not widths:
        return ()
    common_width = max(widths, key=lambda width: (widths[width], width))
    for row in head:
        cells = [" ".join(cell.split()) for cell in row]
        is_header = all(len(cell) <= MAX_NAME_LENGTH for cell in cells)
        if is_header and _count_cells(row) * 2 >= common_width and _count_cells(row) > 1:
            return tuple(dict.fromkeys(cell for cell in cells if cell))
    return ()


def _count_cells(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)
