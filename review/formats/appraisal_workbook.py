"""Appraisal forms as workbooks with drop-down lists, written and read back cell by cell.

One worksheet per checklist, one row per question and report. Hidden columns carry record and key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from review.errors import SourceError

README_SHEET, LISTS_SHEET = "Read me", "Lists"
COLUMNS = (
    "Record",
    "Title",
    "No.",
    "Section",
    "Question",
    "Allowed",
    "Answer",
    "Quote",
    "Page",
    "Comment",
    "Key",
)
COLUMN_WIDTHS = (10, 30, 6, 22, 60, 26, 20, 50, 7, 40, 4)
INPUT_COLUMNS = ("Answer", "Quote", "Page", "Comment")
"""Columns a person fills in."""


@dataclass(frozen=True, slots=True)
class WorkbookRow:
    """One question for one report, as written or as read."""

    record: str
    key: str
    answer: str
    quote: str
    page: str
    comment: str
    title: str = ""
    number: str = ""
    section: str = ""
    question: str = ""
    allowed: str = ""
    choices: tuple[str, ...] = ()
    """What the drop-down offers; empty for typed answers."""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Column -> the cell it was read from: 'CLAIM 2020' cell G17."""


@dataclass(frozen=True, slots=True)
class ChecklistSheet:
    """One worksheet: a checklist's questions for some reports."""

    name: str
    checklist: str
    rows: tuple[WorkbookRow, ...]


@dataclass(frozen=True, slots=True)
class AppraisalWorkbook:
    """A whole spreadsheet."""

    reviewer: str
    review: str
    sheets: tuple[ChecklistSheet, ...]


def write_workbook(book: AppraisalWorkbook, path: Path) -> None:
    """Writes the spreadsheet. Raises SourceError where it cannot be written or read back."""
    _require_xlsx(path)
    from openpyxl import Workbook

    workbook = Workbook()
    readme_sheet = workbook.active
    assert readme_sheet is not None
    _fill_readme(readme_sheet, book)
    lists_sheet = workbook.create_sheet(LISTS_SHEET)
    lists_sheet.sheet_state = "hidden"
    ranges: dict[tuple[str, ...], str] = {}
    for sheet in book.sheets:
        _fill_sheet(workbook.create_sheet(sheet.name[:31]), sheet, lists_sheet, ranges)
    try:
        workbook.save(path)
    except OSError as error:
        reason = error.strerror or error
        raise SourceError(
            f"{path}: cannot be written ({reason}). Close the file in other programs."
        ) from error


def _fill_readme(readme_sheet: Any, book: AppraisalWorkbook) -> None:
    from openpyxl.styles import Alignment, Font

    readme_sheet.title = README_SHEET
    readme_sheet.column_dimensions["A"].width = 18
    readme_sheet.column_dimensions["B"].width = 90
    lines = [
        ("Review", book.review),
        ("Reviewer", book.reviewer),
        (
            "Instructions",
            "Choose a value from the drop-down in the column Answer; separate several answers "
            "with semicolons. Quote, Page and Comment are optional. Leave items blank that you "
            "cannot answer yet.",
        ),
        ("Blank cells", "A blank answer does not change the answer in the review."),
        (
            "Then",
            "review appraise import THIS-FILE.xlsx   (add --finish to mark completed forms "
            "as finished)",
        ),
    ]
    lines += [("Checklist", f"{sheet.name}: {sheet.checklist}") for sheet in book.sheets]
    for word, text in lines:
        readme_sheet.append([word, text])
        _force_text(readme_sheet.cell(readme_sheet.max_row, 2))
        readme_sheet.cell(readme_sheet.max_row, 1).font = Font(bold=True)
        readme_sheet.cell(readme_sheet.max_row, 2).alignment = Alignment(
            wrap_text=True, vertical="top"
        )


def _fill_sheet(
    worksheet: Any, sheet: ChecklistSheet, lists_sheet: Any, ranges: dict[tuple[str, ...], str]
) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    worksheet.append(list(COLUMNS))
    for column_index, width in enumerate(COLUMN_WIDTHS, start=1):
        worksheet.column_dimensions[get_column_letter(column_index)].width = width
        worksheet.cell(1, column_index).font = Font(bold=True)
    worksheet.column_dimensions[get_column_letter(len(COLUMNS))].hidden = True
    worksheet.freeze_panes = "H2"
    input_fill = PatternFill("solid", fgColor="FFF8DC")
    wrap_alignment = Alignment(wrap_text=True, vertical="top")
    checks: dict[str, DataValidation] = {}
    for row in sheet.rows:
        worksheet.append(
            [
                row.record,
                row.title,
                row.number,
                row.section,
                row.question,
                row.allowed,
                row.answer,
                row.quote,
                row.page,
                row.comment,
                row.key,
            ]
        )
        row_number = worksheet.max_row
        for column_index, name in enumerate(COLUMNS, start=1):
            cell = worksheet.cell(row_number, column_index)
            _force_text(cell)
            cell.alignment = wrap_alignment
            if name in INPUT_COLUMNS:
                cell.fill = input_fill
        if row.choices:
            choices_range = _get_choices_range(lists_sheet, row.choices, ranges)
            if choices_range not in checks:
                checks[choices_range] = DataValidation(
                    type="list", formula1=choices_range, allow_blank=True, showErrorMessage=True
                )
                worksheet.add_data_validation(checks[choices_range])
            checks[choices_range].add(worksheet.cell(row_number, COLUMNS.index("Answer") + 1))
    worksheet.auto_filter.ref = worksheet.dimensions


def _get_choices_range(
    lists_sheet: Any, choices: tuple[str, ...], ranges: dict[tuple[str, ...], str]
) -> str:
    from openpyxl.utils import get_column_letter

    if choices not in ranges:
        column = len(ranges) + 1
        for row_index, choice in enumerate(choices, start=1):
            _force_text(lists_sheet.cell(row_index, column, choice))
        letter = get_column_letter(column)
        ranges[choices] = f"{LISTS_SHEET}!${letter}$1:${letter}${len(choices)}"
    return ranges[choices]


def _force_text(cell: Any) -> None:
    """Keeps a text that begins with = from becoming a formula."""
    if isinstance(cell.value, str):
        cell.data_type = "s"


def _require_xlsx(path: Path) -> None:
    """Raises SourceError unless the name ends in .xlsx, as what is read back must."""
    if path.suffix.lower() != ".xlsx":
        raise SourceError(f"{path}: forms are XLSX files; the name must end in .xlsx.")


def read_workbook(path: Path) -> AppraisalWorkbook:
    """The spreadsheet as filled in; only the columns people and keys need.

    Raises:
        SourceError: not one of our spreadsheets, or a column is gone; names what is missing.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    if not path.is_file():
        raise SourceError(f"{path}: file not found.")
    _require_xlsx(path)
    try:
        workbook = load_workbook(path, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError) as error:
        raise SourceError(f"{path}: cannot be read as an XLSX file.") from error
    if README_SHEET not in workbook.sheetnames:
        raise SourceError(
            f"{path}: the sheet '{README_SHEET}' is missing. Use a file written by 'review "
            "appraise template'."
        )
    readme_values: dict[str, str] = {}
    listed_sheets: list[tuple[str, str]] = []
    for word, value in workbook[README_SHEET].iter_rows(max_col=2, values_only=True):
        readme_values[str(word)] = _format_cell_text(value)
        if word == "Checklist":
            name, _, checklist = _format_cell_text(value).rpartition(": ")
            listed_sheets.append((name, checklist))
    sheets = []
    for name, checklist in listed_sheets:
        if name[:31] not in workbook.sheetnames:
            raise SourceError(
                f"{path}: the sheet '{name}' is missing; do not delete or rename sheets."
            )
        sheets.append(ChecklistSheet(name, checklist, _read_rows(path, workbook[name[:31]])))
    return AppraisalWorkbook(
        readme_values.get("Reviewer", ""), readme_values.get("Review", ""), tuple(sheets)
    )


def _read_rows(path: Path, worksheet: Any) -> tuple[WorkbookRow, ...]:
    from openpyxl.utils import get_column_letter

    table = worksheet.iter_rows(values_only=True)
    head = [_format_cell_text(value) for value in next(table, ())]
    for column in ("Record", "Key", *INPUT_COLUMNS):
        if column not in head:
            raise SourceError(
                f"{path}: sheet '{worksheet.title}' no longer has the column '{column}'."
            )
    form_rows = []
    for number, values in enumerate(table, start=2):
        cells = dict(zip(head, values, strict=False))
        if not _format_cell_text(cells["Record"]) and not _format_cell_text(cells["Key"]):
            continue
        form_rows.append(
            WorkbookRow(
                record=_format_cell_text(cells["Record"]),
                key=_format_cell_text(cells["Key"]),
                answer=_format_cell_text(cells["Answer"]),
                quote=_format_cell_text(cells["Quote"]),
                page=_format_cell_text(cells["Page"]),
                comment=_format_cell_text(cells["Comment"]),
                cells={
                    column: f"'{worksheet.title}' cell {get_column_letter(column_index)}{number}"
                    for column_index, column in enumerate(head, start=1)
                },
            )
        )
    return tuple(form_rows)


def _format_cell_text(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return "" if value is None else str(value).strip()
