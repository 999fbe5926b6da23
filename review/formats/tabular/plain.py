"""Reads plain CSV files for commands that need no review, whatever program wrote them."""

import csv
import io
from pathlib import Path

from review.errors import SourceError
from review.text.encodings import convert_to_utf8, decode_utf8

TableRow = tuple[int, list[str]]
"""Line number in the file, and cells."""


def read_table(path: Path) -> tuple[list[str], list[TableRow]]:
    """Header (small letters, no space around) and the rows below it that are not blank.

    Commas, semicolons or tabs part the cells; UTF-8, UTF-16 and Windows-1252 are read.

    Raises:
        SourceError: no such file, a workbook, or no header with a row below it.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SourceError(f"{path}: file not found.") from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error
    if data.startswith(b"PK") or b"\0" in convert_to_utf8(data[:2000]):
        raise SourceError(f"{path}: this is not a text file. Save the table as CSV and try again.")
    text = decode_utf8(convert_to_utf8(data)).lstrip("\n")
    skipped = decode_utf8(convert_to_utf8(data)).count("\n") - text.count("\n")
    first_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first_line.count))
    header: list[str] = []
    rows: list[TableRow] = []
    line_number = 1 + skipped
    try:
        for cells in reader:
            if not header:
                header = [cell.strip().lower() for cell in cells]
            elif any(cell.strip() for cell in cells):
                rows.append((line_number, [cell.strip() for cell in cells]))
            line_number = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise SourceError(f"{path}: line {line_number}: cannot be read as CSV.") from error
    if not rows:
        raise SourceError(f"{path}: expected a header and at least one row below it.")
    return header, rows
