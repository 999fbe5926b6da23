"""Reads the cells of CSV, TSV and XLSX files: finds the header and the rows below it.

Rows that do not fit the header, or whose quotation marks never close, come out as rejected.
"""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from review.errors import SourceError
from review.formats.tabular.workbook import MAX_UNPACKED, Sheet, read_workbook
from review.models import UnreadableEntry
from review.text.encodings import decode_utf8

csv.field_size_limit(16_000_000)

DELIMITERS = ",;\t|"
HEADER_SEARCH_ROWS = 30
"""Rows searched for the header, below a preamble such as a search strategy."""

__all__ = ["MAX_UNPACKED", "InputRow", "InputTable", "read_table"]

InputRow = tuple[int, list[str], str]
"""Line number in the file, cells, and the row as written there ('' for the cells joined, unless the
last cell of a CSV row holds a quotation mark)."""

HeaderScorer = Callable[[list[str]], int]
"""How much a row looks like the header that is wanted; 0 where it is not one."""


@dataclass(frozen=True, slots=True)
class InputTable:
    """One table: a CSV file, or a sheet of a workbook."""

    header: list[str]
    rows: Iterable[InputRow | UnreadableEntry]
    row_count: int | None
    """Rows counted without the parser; None where no count is to be had."""


def read_table(
    data: bytes,
    score: HeaderScorer,
    *,
    name: str,
    requirement: str,
    sheet: str | None = None,
    pads_decimals: bool = False,
    fills_merged: bool = False,
    is_other_header: Callable[[list[str]], bool] = lambda cells: False,
) -> tuple[InputTable, tuple[str, ...]]:
    """The table in a file whose header scores, and what a person should know of the choice.

    Args:
        data: CSV text (UTF-8, \\n) or a workbook.
        score: says which row is the header.
        requirement: what the header must hold, for the message.
        sheet: the sheet of a workbook to read; where None the only visible one that fits.
        pads_decimals: a workbook's number keeps the decimals that its cell shows.
        fills_merged: cells of a workbook that are merged downwards all have the text of the first.
        is_other_header: says whether a row below the header names the columns of another table.

    Raises:
        SourceError: no row is such a header, the workbook cannot be read, several sheets fit.
    """
    if data.startswith(b"PK"):
        sheets = read_workbook(data, name, pads_decimals=pads_decimals)
        if fills_merged:
            sheets = [_fill_merged(item, score) for item in sheets]
        table, notes = _read_sheets(sheets, score, name, requirement, sheet)
        rows = _part_tables(table.rows, table.header, is_other_header)
        return InputTable(table.header, rows, table.row_count), notes
    if sheet is not None:
        raise SourceError(f"{name}: this is not a workbook, so it has no sheet {sheet!r}.")
    lines = data.split(b"\n")
    delimiter, header_line, header = _find_header(lines, score, name, requirement)
    _refuse_joined_header(lines, header_line, delimiter, header, name)
    rows = _iter_csv_rows(lines, header_line + 1, delimiter, len(header))
    body = _part_tables(rows, header, is_other_header)
    names = lines[header_line].strip()
    body_lines = enumerate(lines[header_line + 1 :], header_line + 2)
    repeats = [number for number, line in body_lines if line.strip() == names]
    row_count = _count_rows(lines[header_line:], delimiter)
    return InputTable(header, body, row_count), _describe_repeats(repeats)


def _part_tables(
    rows: Iterable[InputRow | UnreadableEntry],
    header: list[str],
    is_other_header: Callable[[list[str]], bool],
) -> Iterator[InputRow | UnreadableEntry]:
    """Leaves out rows that are the header once more, as in exports that were put together, and
    rejects the rows of a table with columns of its own, which this header would misname."""
    other = ""
    for number, row in enumerate(rows, 1):
        if isinstance(row, UnreadableEntry):
            yield row
            continue
        line, cells, text = row
        if _is_header(cells, header):
            other = ""
            continue
        filled = [cell.strip() for cell in cells if cell.strip()]
        if is_other_header(cells):
            other = f"whose columns ({', '.join(filled)[:120]}) are named on line {line}"
        if other:
            reason = (
                f"line {line}: it belongs to another table, {other}. Put that table into a file "
                "of its own."
            )
            yield UnreadableEntry(number, reason, text or ", ".join(filled))
        else:
            yield row


def _is_header(cells: list[str], header: list[str]) -> bool:
    return [cell.strip() for cell in cells] == [name.strip() for name in header]


def _describe_repeats(numbers: list[int]) -> tuple[str, ...]:
    if not numbers:
        return ()
    shown = ", ".join(f"{number}" for number in numbers[:10]) + ", …" * (len(numbers) > 10)
    subject = f"Line {shown} repeats" if len(numbers) == 1 else f"Lines {shown} repeat"
    return (f"{subject} the names of the columns, which make no record.",)


def _build_header_error(name: str, requirement: str, column_names: list[str]) -> SourceError:
    column_list = ", ".join(column_names)[:300] or "no columns"
    return SourceError(f"{name}: {requirement} Columns found: {column_list}.")


def _find_header(
    lines: list[bytes], score: HeaderScorer, name: str, requirement: str
) -> tuple[str, int, list[str]]:
    """Delimiter, line and cells of the best row among the first ones."""
    best: tuple[int, int, str, list[str]] | None = None
    first_cells: list[str] = []
    for line_index, line in enumerate(lines[:HEADER_SEARCH_ROWS]):
        text = decode_utf8(line)
        for delimiter in DELIMITERS:
            cells = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter), [])]
            if len(cells) > 1 and not first_cells:
                first_cells = cells
            points = score(cells)
            if points and (best is None or points > best[0]):
                best = (points, line_index, delimiter, cells)
    if best is None:
        raise _build_header_error(name, requirement, first_cells)
    return best[2], best[1], best[3]


_VALUE = re.compile(r"10\.\d{4,9}/\S|(?:1[89]|20)\d\d$|.*(?:;(?: \S|$)|\. [A-Z])|.{80}")
"""What a row's cell may look like, and a column's name hardly."""


def _refuse_joined_header(
    lines: list[bytes], header_line: int, delimiter: str, header: list[str], name: str
) -> None:
    """Raises SourceError for a header whose line goes on with the first record.

    So it is where most rows are narrower than the header, and cells beyond them are values.
    """
    rows = itertools.islice(_iter_csv_rows(lines, header_line + 1, delimiter, len(header)), 20)
    widths = [len(row[1]) for row in rows if not isinstance(row, UnreadableEntry)]
    beyond = header[Counter(widths).most_common(1)[0][0] :] if widths else []
    if any(_VALUE.match(cell) for cell in beyond):
        raise SourceError(
            f"{name}: line {header_line + 1} holds the names of the columns and the first record "
            f"({beyond[-1][:60]!r}) as well. Put a line end between them and import the file again."
        )


def _iter_csv_rows(
    lines: list[bytes], line_index: int, delimiter: str, width: int
) -> Iterator[InputRow | UnreadableEntry]:
    """Rows from a line on; after a quotation mark that never closes, reading starts anew.

    A row whose quoted cells all close is one row, however many lines and cells it has. A row over
    several lines with a stray quotation mark in it may have swallowed its neighbours: its first
    line is rejected and reading goes on with the next line that is as wide as the header, as the
    lines before it are the rest of the damaged row.
    """
    number = 0
    is_resuming = False
    while line_index < len(lines):
        start = line_index
        texts = (decode_utf8(lines[i]) + "\n" for i in range(start, len(lines)))
        reader = csv.reader(texts, delimiter=delimiter)
        for cells in reader:
            begin, line_index = line_index, start + reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            piece = lines[begin:line_index]
            problem = _find_row_problem(piece, cells, width, delimiter)
            if problem is None and is_resuming and len(cells) != width:
                problem = _RowProblem(
                    f"{len(cells)} cells but the header has {width} columns: this may be the rest "
                    "of the damaged row above"
                )
            if problem is None:
                is_resuming = False
                has_mark = '"' in cells[-1]
                yield begin + 1, cells, decode_utf8(b"\n".join(piece)) if has_mark else ""
                continue
            is_resuming = is_resuming or problem.is_stray_quote
            if problem.is_stray_quote and len([line for line in piece if line.strip()]) > 1:
                line_index = begin + 1
            raw = decode_utf8(b"\n".join(lines[begin:line_index])).strip()
            yield UnreadableEntry(number, f"line {begin + 1}: {problem.reason}", raw)
            if line_index == begin + 1 and len(piece) > 1:
                break
        else:
            return


@dataclass(frozen=True, slots=True)
class _RowProblem:
    """Why a row cannot be read."""

    reason: str
    is_stray_quote: bool = False


def _find_row_problem(
    piece: list[bytes], cells: list[str], width: int, delimiter: str
) -> _RowProblem | None:
    """What is wrong with the row that these lines are, if anything."""
    quote_error = _find_quote_error(piece, delimiter)
    is_too_wide = len(cells) > width and any(cell.strip() for cell in cells[width:])
    is_multiline = len([line for line in piece if line.strip()]) > 1
    if "unexpected end of data" in quote_error or (is_too_wide and is_multiline and quote_error):
        return _RowProblem(
            "a closing quotation mark is missing: the file is truncated or the cell is damaged",
            True,
        )
    if quote_error and len(cells) < width:
        return _RowProblem(
            f"there is a quotation mark inside a cell, and there are {len(cells)} cells where the "
            f"header has {width} columns",
            True,
        )
    if is_too_wide:
        return _RowProblem(f"{len(cells)} cells, but the header has {width} columns")
    return None


def _find_quote_error(lines: list[bytes], delimiter: str) -> str:
    """What a strict reading says of the row's quotation marks; '' where all is well."""
    if not any(b'"' in line for line in lines):
        return ""
    try:
        list(csv.reader((decode_utf8(x) + "\n" for x in lines), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return str(error)
    return ""


def _count_rows(lines: list[bytes], delimiter: str) -> int:
    """Rows below the header, counted by quotation marks alone, without the csv module.

    A line that is the header's once more is none.
    """
    mark = re.escape(delimiter.encode())
    opening_quote = re.compile(rb"(?:^|" + mark + rb')"(?:[^"]|"")*("(?!"))?')
    closing_quote = re.compile(rb'^(?:[^"]|"")*"(?!")')
    blank = b" \t" + delimiter.encode()
    names = lines[0].strip()
    count, inside = 0, False
    for line in lines:
        if inside:
            end = closing_quote.match(line)
            if end is None:
                continue
            inside, line = False, line[end.end() :]
        elif line.strip(blank + b'"') and (not count or line.strip() != names):
            count += 1
        if b'"' in line:
            inside = any(match.group(1) is None for match in opening_quote.finditer(line))
    return count - 1


def _read_sheets(
    sheets: list[Sheet],
    score: HeaderScorer,
    name: str,
    requirement: str,
    wanted_sheet: str | None,
) -> tuple[InputTable, tuple[str, ...]]:
    """The one sheet asked for, or the one visible sheet with such a header; and what to say of it.

    Raises:
        SourceError: several visible sheets could be meant, none has the header, or no such sheet.
    """
    if wanted_sheet is not None:
        sheet = _get_sheet(sheets, name, wanted_sheet)
        points, row_index = _score_rows(sheet, score)
        if not points:
            first_row = sheet.rows[0] if sheet.rows else []
            raise _build_header_error(
                f"{name}, sheet {sheet.name!r}", requirement, [cell for cell in first_row if cell]
            )
        table, notes = _make_table(sheet, row_index)
        return table, _describe_choice(sheets, sheet) + notes
    scored = [(sheet, *_score_rows(sheet, score)) for sheet in sheets if not sheet.is_hidden]
    candidates = [item for item in scored if item[1]]
    # A sheet with a title and nothing else known is a list of remarks beside a table of records.
    tables = [item for item in candidates if item[1] > 1] or candidates
    if not tables:
        raise _build_no_sheet_error(sheets, name, requirement, score)
    if len(tables) > 1:
        named = ", ".join(f"{sheet.name!r} ({len(sheet.rows)} rows)" for sheet, _, _ in tables)
        raise SourceError(
            f"{name}: {len(tables)} sheets contain such a table: {named}. Choose one with --sheet "
            "NAME; sheets are not combined."
        )
    sheet, _, row_index = tables[0]
    table, notes = _make_table(sheet, row_index)
    return table, _describe_choice(sheets, sheet) + notes


def _fill_merged(sheet: Sheet, score: HeaderScorer) -> Sheet:
    """The sheet with the text of merged cells in each row below the header that holds any."""
    points, header_index = _score_rows(sheet, score)
    if not points or not sheet.merged:
        return sheet
    rows = [list(row) for row in sheet.rows]
    for column, first_row, last_row in sheet.merged:
        first = rows[first_row - 1] if header_index + 1 < first_row <= len(rows) else []
        text = first[column] if column < len(first) else ""
        for row in rows[first_row:last_row] if text else []:
            if any(row):
                row.extend([""] * (column + 1 - len(row)))
                row[column] = row[column] or text
    return replace(sheet, rows=rows)


def _score_rows(sheet: Sheet, score: HeaderScorer) -> tuple[int, int]:
    """Points and position of the row most like the header, the first one where several are."""
    scores = [(score(row), -index) for index, row in enumerate(sheet.rows[:HEADER_SEARCH_ROWS])]
    points, index = max(scores, default=(0, 0))
    return points, -index


def _get_sheet(sheets: list[Sheet], name: str, wanted_sheet: str) -> Sheet:
    for sheet in sheets:
        if sheet.name.strip().casefold() == wanted_sheet.strip().casefold():
            return sheet
    raise SourceError(
        f"{name}: it has no sheet {wanted_sheet!r}. Its sheets: {_list_sheets(sheets)}."
    )


def _list_sheets(sheets: list[Sheet]) -> str:
    return ", ".join(
        f"{sheet.name!r}" + (" (hidden)" if sheet.is_hidden else "") for sheet in sheets
    )


def _describe_choice(sheets: list[Sheet], sheet: Sheet) -> tuple[str, ...]:
    others = [other for other in sheets if other is not sheet and (other.rows or other.is_hidden)]
    if not others:
        return ()
    return (f"Read sheet {sheet.name!r}. Not read: {_list_sheets(others)}.",)


def _build_no_sheet_error(
    sheets: list[Sheet], name: str, requirement: str, score: HeaderScorer
) -> SourceError:
    hidden = [sheet for sheet in sheets if sheet.is_hidden and _score_rows(sheet, score)[0]]
    if hidden:
        sheet_names = ", ".join(repr(sheet.name) for sheet in hidden)
        name = (
            f"{name}: only hidden sheets contain such a table ({sheet_names}). To read one of "
            "them, use --sheet NAME. In the visible sheets"
        )
    visible = [sheet for sheet in sheets if sheet.rows and not (hidden and sheet.is_hidden)]
    header_cells = [cell for sheet in visible for cell in sheet.rows[0] if cell]
    return _build_header_error(name, requirement, header_cells)


def _make_table(sheet: Sheet, row_index: int) -> tuple[InputTable, tuple[str, ...]]:
    """The table below a sheet's header, and what to say of it."""
    header = sheet.rows[row_index]
    body = enumerate(sheet.rows[row_index + 1 :], row_index + 2)
    filled = [(number, row) for number, row in body if any(row)]
    repeats = {number for number, row in filled if _is_header(row, header)}
    rows = [(number, row, "") for number, row in filled]
    filled_rows = sheet.filled_rows
    row_count = (
        None
        if filled_rows is None
        else sum(number > row_index + 1 for number in filled_rows - repeats)
    )
    return InputTable(header, rows, row_count), _describe_repeats(sorted(repeats))
