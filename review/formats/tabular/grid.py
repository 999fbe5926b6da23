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
from review.formats.fields import decoded
from review.models import Rejected

csv.field_size_limit(16_000_000)

DELIMITERS = ",;\t|"
LOOK = 30
"""Rows searched for the header, below a preamble such as a search strategy."""

MAX_UNPACKED = 1 << 30
"""Bytes a workbook may unpack to; a larger one is refused (a zip bomb)."""

Row = tuple[int, list[str], str]
"""Line number in the file, cells, and the row as it stands there."""

Score = Callable[[list[str]], int]
"""How much a row looks like the header that is wanted; 0 where it is not one."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One table: a CSV file, or a sheet of a workbook."""

    header: list[str]
    rows: Iterable[Row | Rejected]
    counted: int | None
    """Rows counted without the parser; None for a workbook, which has no text to count in."""


def grids(data: bytes, score: Score, *, name: str, wanted: str) -> list[Grid]:
    """The tables in a file whose header scores; rows are read as they are asked for.

    Args:
        data: CSV text (UTF-8, \\n) or a workbook.
        score: says which row is the header.
        wanted: what the header must hold, for the message.

    Raises:
        SourceError: no row is such a header, or the workbook cannot be read.
    """
    if data.startswith(b"PK"):
        return _sheets(data, score, name, wanted)
    lines = data.split(b"\n")
    delimiter, at, header = _header(lines, score, name, wanted)
    rows = _csv_rows(lines, at + 1, delimiter, len(header))
    return [Grid(header, rows, _independent_count(lines[at:], delimiter))]


def _refused(name: str, wanted: str, found: list[str]) -> SourceError:
    shown = ", ".join(found)[:300] or "no columns"
    return SourceError(f"{name}: {wanted} Columns found: {shown}.")


def _header(lines: list[bytes], score: Score, name: str, wanted: str) -> tuple[str, int, list[str]]:
    """Delimiter, line and cells of the best row among the first ones."""
    best: tuple[int, int, str, list[str]] | None = None
    first: list[str] = []
    for at, line in enumerate(lines[:LOOK]):
        text = decoded(line)
        for delimiter in DELIMITERS:
            cells = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter), [])]
            if len(cells) > 1 and not first:
                first = cells
            points = score(cells)
            if points and (best is None or points > best[0]):
                best = (points, at, delimiter, cells)
    if best is None:
        raise _refused(name, wanted, first)
    return best[2], best[1], best[3]


def _csv_rows(lines: list[bytes], at: int, delimiter: str, width: int) -> Iterator[Row | Rejected]:
    """Rows from line `at` on; after a quotation mark that never closes, reading starts anew.

    A row with more cells than the header that runs over several lines has met a stray quotation
    mark: its first line is rejected and the next line is read as a new row.
    """
    number = 0
    while at < len(lines):
        start = at
        texts = (decoded(lines[i]) + "\n" for i in range(start, len(lines)))
        reader = csv.reader(texts, delimiter=delimiter)
        for cells in reader:
            begin, at = at, start + reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            torn = at == len(lines) and _never_closes(lines[begin:at], delimiter)
            wide = len(cells) > width and any(cell.strip() for cell in cells[width:])
            if not torn and not wide:
                yield begin + 1, cells, ""
                continue
            again = len([line for line in lines[begin:at] if line.strip()]) > 1
            if again:
                at = begin + 1
            yield Rejected(
                number,
                f"line {begin + 1}: "
                + (
                    "a quotation mark never closes: the file is cut short or the cell is damaged"
                    if torn or again
                    else f"{len(cells)} cells where the header has {width} columns"
                ),
                decoded(b"\n".join(lines[begin:at])).strip(),
            )
            if again:
                break
        else:
            return


def _never_closes(lines: list[bytes], delimiter: str) -> bool:
    """Whether the row's last quoted cell has no closing quotation mark."""
    try:
        list(csv.reader((decoded(x) + "\n" for x in lines), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _independent_count(lines: list[bytes], delimiter: str) -> int:
    """Rows below the header, counted by quotation marks alone, without the csv module."""
    mark = re.escape(delimiter.encode())
    opened = re.compile(rb"(?:^|" + mark + rb')"(?:[^"]|"")*("(?!"))?')
    closing = re.compile(rb'^(?:[^"]|"")*"(?!")')
    blank = b" \t" + delimiter.encode()
    count, inside = 0, False
    for line in lines:
        if inside:
            end = closing.match(line)
            if end is None:
                continue
            inside, line = False, line[end.end() :]
        elif line.strip(blank + b'"'):
            count += 1
        if b'"' in line:
            inside = any(found.group(1) is None for found in opened.finditer(line))
    return count - 1


def _sheets(data: bytes, score: Score, name: str, wanted: str) -> list[Grid]:
    """The sheets of a workbook that have such a header."""
    done: list[Grid] = []
    found: list[str] = []
    for rows in _workbook(data, name):
        points, at = max(((score(row), -at) for at, row in enumerate(rows[:LOOK])), default=(0, 0))
        if points:
            body = enumerate(rows[1 - at :], 2 - at)
            done.append(Grid(rows[-at], ((n, row, "") for n, row in body if any(row)), None))
        else:
            found.extend(cell for cell in (rows[0] if rows else []) if cell)
    if not done:
        raise _refused(name, wanted, found)
    return done


def _workbook(data: bytes, name: str) -> list[list[list[str]]]:
    """The sheets' rows of cells. Raises SourceError if the workbook is damaged or too large."""
    import xml.etree.ElementTree as ET

    import openpyxl

    damage = (zipfile.BadZipFile, zlib.error, ET.ParseError, KeyError, ValueError, TypeError,
              AttributeError, IndexError, OSError, RuntimeError)  # fmt: skip
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
                raise SourceError(f"{name}: the workbook unpacks to over 1 GiB; it is refused.")
            if (bad := packed.testzip()) is not None:
                raise SourceError(f"{name}: the workbook is damaged (in {bad}).")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            return [
                [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
                for sheet in book.worksheets
            ]
        finally:
            book.close()
    except damage as error:
        raise SourceError(f"{name}: not a readable Excel workbook ({error}).") from error


def _cell(value: object) -> str:
    """A workbook cell as text: whole numbers without '.0', dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.removesuffix("T00:00:00").strip()
