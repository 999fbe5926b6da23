"""Writes records as CSV and XLSX tables that can be imported again without loss."""

import csv
import dataclasses
import io
import re
from collections.abc import Mapping, Sequence

from review.formats import plain
from review.formats.author_lists import list_people
from review.formats.deterministic_zip import strip_save_times
from review.models import Record

ReviewStatuses = Sequence[Mapping[str, str]]

FIRST_COLUMNS = (
    "source",
    "source_id",
    "title",
    "authors",
    "year",
    "journal",
    "abstract",
    "doi",
    "pmid",
)
_FIELD_NAMES = [spec.name for spec in dataclasses.fields(Record)]
COLUMNS = [
    *FIRST_COLUMNS,
    *(n for n in _FIELD_NAMES if n not in (*FIRST_COLUMNS, "relations", "extra")),
]
LIST_FIELDS = {spec.name for spec in dataclasses.fields(Record) if spec.default == ()}

MAX_CELL_LENGTH = 32_767
"""Characters an Excel cell holds. Source: Excel specifications and limits, Microsoft."""

MAX_NOTE_LENGTH = 30_000
"""Characters of the note in one cell; a longer note runs on in the next column."""

COLUMN_WIDTHS = {
    "title": 60,
    "abstract": 60,
    "authors": 32,
    "journal": 28,
    "doi": 26,
    "keywords": 30,
}
"""Column widths in characters; 14 for the others."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is read as a formula. Source: OWASP, CSV Injection."""

_EXCEL_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")


def records_to_csv(records: Sequence[Record], status: ReviewStatuses = ()) -> bytes:
    """A CSV file (UTF-8 with mark, for Excel); the last column holds what cells cannot."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    status_names = _list_status_names(status)
    writer.writerow([*_build_header(status_names), "funnel"])
    for i, record in enumerate(records):
        cells, exact = _build_cells(record)
        note_fields = plain.collect_inexact_fields(record, exact)
        status_cells = _format_status_cells(status_names, status[i]) if status else []
        writer.writerow(
            [
                *status_cells[:1],
                *cells,
                *status_cells[1:],
                plain.format_note(note_fields) if note_fields else "",
            ]
        )
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def records_to_xlsx(records: Sequence[Record], status: ReviewStatuses = ()) -> bytes:
    """An Excel workbook: header frozen and filterable, columns of a fit width."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("records")
    status_names = _list_status_names(status)
    rows = []
    for i, record in enumerate(records):
        cells, exact = _build_cells(record)
        exact = [n for n in exact if _fits_excel_cell(record, n)]
        note_fields = plain.collect_inexact_fields(record, exact)
        text = plain.format_note(note_fields) if note_fields else ""
        status_cells = _format_status_cells(status_names, status[i]) if status else []
        note_parts = [
            text[offset : offset + MAX_NOTE_LENGTH]
            for offset in range(0, len(text), MAX_NOTE_LENGTH)
        ]
        rows.append(
            [*status_cells[:1], *(_shorten_cell(c) for c in cells), *status_cells[1:], *note_parts]
        )
    head = _build_header(status_names)
    extra_columns = max((len(row) for row in rows), default=0) - len(head)
    head += ["funnel" if n == 0 else f"funnel {n + 1}" for n in range(max(extra_columns, 1))]
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{len(rows) + 1}"
    for column_index, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(column_index)].width = COLUMN_WIDTHS.get(name, 14)
    titles = [WriteOnlyCell(sheet, value=name) for name in head]
    for cell in titles:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(vertical="top")
    sheet.append(titles)
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return strip_save_times(buffer.getvalue())


def _build_header(status_names: list[str]) -> list[str]:
    key_column = ["key"] if "key" in status_names else []
    return [*key_column, *COLUMNS, *(f"review: {name}" for name in status_names if name != "key")]


def _list_status_names(status: ReviewStatuses) -> list[str]:
    """The names of what the review says, the key first."""
    names = list(dict.fromkeys(name for record_status in status for name in record_status))
    return ["key", *(n for n in names if n != "key")] if names else []


def _format_status_cells(status_names: list[str], record_status: Mapping[str, str]) -> list[str]:
    return [guard_formula(plain.clean_cell(record_status.get(name, ""))) for name in status_names]


def _build_cells(record: Record) -> tuple[list[str], list[str]]:
    """The row's cells in the order of COLUMNS, and the names of the fields they hold exactly."""
    cells: list[str] = []
    exact: list[str] = []
    for name in COLUMNS:
        value = getattr(record, name)
        if name in LIST_FIELDS:
            shown = list_people(record) if name == "authors" else value
            cells.append("; ".join(plain.clean_line(item) for item in shown))
            is_exact = shown == value and all(
                plain.is_exact_line(item) and ";" not in item for item in value
            )
        elif isinstance(value, int):
            cells.append(str(value))
            is_exact = value >= 0
        else:
            cells.append(plain.clean_cell(value or ""))
            is_exact = value is None or plain.is_exact_cell(value)
        if is_exact and not (cells[-1][:1] == "'" and cells[-1][1:2] in _FORMULA_STARTS):
            exact.append(name)
    return [guard_formula(cell) for cell in cells], exact


def _fits_excel_cell(record: Record, name: str) -> bool:
    """Whether Excel keeps the field's cell as it is: short enough, nothing it would decode."""
    value = getattr(record, name)
    text = "; ".join(value) if name in LIST_FIELDS else str(value or "")
    return len(text) < MAX_CELL_LENGTH - 1 and not _EXCEL_ESCAPE.search(text)


def guard_formula(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _shorten_cell(cell: str) -> str:
    """The cell cut to what Excel holds; the note has the whole text."""
    return cell if len(cell) < MAX_CELL_LENGTH else cell[: MAX_CELL_LENGTH - 2] + "…"
