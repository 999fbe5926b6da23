"""Cells of CSV, TSV and XLSX files: the header found by its names, the rows below it.

Rows that do not fit the header, or whose quotation marks never close, come out as rejected.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from review.errors import SourceError
from review.formats.fields import decode_utf8
from review.models import UnreadableEntry

csv.field_size_limit(16_000_000)

DELIMITERS = ",;\t|"
HEADER_SEARCH_ROWS = 30
"""Rows searched for the header, below a preamble such as a search strategy."""

MAX_UNPACKED = 1 << 30
"""Bytes a workbook may unpack to; a larger one is refused (a zip bomb)."""

InputRow = tuple[int, list[str], str]
"""Line number in the file, cells, and the row as it stands there."""

HeaderScorer = Callable[[list[str]], int]
"""How much a row looks like the header that is wanted; 0 where it is not one."""


@dataclass(frozen=True, slots=True)
class InputTable:
    """One table: a CSV file, or a sheet of a workbook."""

    header: list[str]
    rows: Iterable[InputRow | UnreadableEntry]
    row_count: int | None
    """Rows counted without the parser; None for a workbook, which has no text to count in."""


def read_tables(
    data: bytes, score: HeaderScorer, *, name: str, requirement: str
) -> list[InputTable]:
    """The tables in a file whose header scores; rows are read as they are asked for.

    Args:
        data: CSV text (UTF-8, \\n) or a workbook.
        score: says which row is the header.
        wanted: what the header must hold, for the message.

    Raises:
        SourceError: no row is such a header, or the workbook cannot be read.
    """
    if data.startswith(b"PK"):
        return _read_sheets(data, score, name, requirement)
    lines = data.split(b"\n")
    delimiter, header_line, header = _find_header(lines, score, name, requirement)
    rows = _iter_csv_rows(lines, header_line + 1, delimiter, len(header))
    return [InputTable(header, rows, _count_rows(lines[header_line:], delimiter))]


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


def _iter_csv_rows(
    lines: list[bytes], line_index: int, delimiter: str, width: int
) -> Iterator[InputRow | UnreadableEntry]:
    """Rows from line `at` on; after a quotation mark that never closes, reading starts anew.

    A row with more cells than the header that runs over several lines has met a stray quotation
    mark: its first line is rejected and the next line is read as a new row.
    """
    number = 0
    while line_index < len(lines):
        start = line_index
        texts = (decode_utf8(lines[i]) + "\n" for i in range(start, len(lines)))
        reader = csv.reader(texts, delimiter=delimiter)
        for cells in reader:
            begin, line_index = line_index, start + reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            is_unclosed = line_index == len(lines) and _has_unclosed_quote(
                lines[begin:line_index], delimiter
            )
            is_too_wide = len(cells) > width and any(cell.strip() for cell in cells[width:])
            if not is_unclosed and not is_too_wide:
                yield begin + 1, cells, ""
                continue
            is_multiline = len([line for line in lines[begin:line_index] if line.strip()]) > 1
            if is_multiline:
                line_index = begin + 1
            yield UnreadableEntry(
                number,
                f"line {begin + 1}: "
                + (
                    "a quotation mark never closes: the file is cut short or the cell is damaged"
                    if is_unclosed or is_multiline
                    else f"{len(cells)} cells where the header has {width} columns"
                ),
                decode_utf8(b"\n".join(lines[begin:line_index])).strip(),
            )
            if is_multiline:
                break
        else:
            return


def _has_unclosed_quote(lines: list[bytes], delimiter: str) -> bool:
    """Whether the row's last quoted cell has no closing quotation mark."""
    try:
        list(csv.reader((decode_utf8(x) + "\n" for x in lines), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _count_rows(lines: list[bytes], delimiter: str) -> int:
    """Rows below the header, counted by quotation marks alone, without the csv module."""
    mark = re.escape(delimiter.encode())
    opening_quote = re.compile(rb"(?:^|" + mark + rb')"(?:[^"]|"")*("(?!"))?')
    closing_quote = re.compile(rb'^(?:[^"]|"")*"(?!")')
    blank = b" \t" + delimiter.encode()
    count, inside = 0, False
    for line in lines:
        if inside:
            end = closing_quote.match(line)
            if end is None:
                continue
            inside, line = False, line[end.end() :]
        elif line.strip(blank + b'"'):
            count += 1
        if b'"' in line:
            inside = any(match.group(1) is None for match in opening_quote.finditer(line))
    return count - 1


def _read_sheets(data: bytes, score: HeaderScorer, name: str, requirement: str) -> list[InputTable]:
    """The sheets of a workbook that have such a header."""
    tables: list[InputTable] = []
    other_columns: list[str] = []
    for rows in _read_workbook(data, name):
        points, offset = max(
            ((score(row), -offset) for offset, row in enumerate(rows[:HEADER_SEARCH_ROWS])),
            default=(0, 0),
        )
        if points:
            body = enumerate(rows[1 - offset :], 2 - offset)
            tables.append(
                InputTable(rows[-offset], ((n, row, "") for n, row in body if any(row)), None)
            )
        else:
            other_columns.extend(cell for cell in (rows[0] if rows else []) if cell)
    if not tables:
        raise _build_header_error(name, requirement, other_columns)
    return tables


def _read_workbook(data: bytes, name: str) -> list[list[list[str]]]:
    """The sheets' rows of cells. Raises SourceError if the workbook is damaged or too large."""
    import xml.etree.ElementTree as ET

    import openpyxl

    damage_errors = (
        zipfile.BadZipFile,
        zlib.error,
        ET.ParseError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        RuntimeError,
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
                raise SourceError(f"{name}: the workbook unpacks to over 1 GiB; it is refused.")
            if (bad_member := packed.testzip()) is not None:
                raise SourceError(f"{name}: the workbook is damaged (in {bad_member}).")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            return [
                [
                    [_format_cell(value) for value in row]
                    for row in sheet.iter_rows(values_only=True)
                ]
                for sheet in book.worksheets
            ]
        finally:
            book.close()
    except damage_errors as error:
        raise SourceError(f"{name}: not a readable Excel workbook ({error}).") from error


def _format_cell(value: object) -> str:
    """A workbook cell as text: whole numbers without '.0', dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.removesuffix("T00:00:00").strip()
