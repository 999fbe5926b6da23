"""Forms as a spreadsheet with drop-downs, and back: every cell keeps its place for messages.

One worksheet a checklist, one row a question and report. Hidden columns carry record and key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from review.errors import SourceError

README, LISTS = "Read me", "Lists"
COLUMNS = ("Record", "Title", "No.", "Section", "Question", "Allowed", "Answer", "Quote", "Page",
           "Comment", "Key")  # fmt: skip
WIDTHS = (10, 30, 6, 22, 60, 26, 20, 50, 7, 40, 4)
ENTERED = ("Answer", "Quote", "Page", "Comment")
"""Columns a person fills in."""


@dataclass(frozen=True, slots=True)
class Row:
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
class Sheet:
    """One worksheet: a checklist's questions for some reports."""

    name: str
    checklist: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """A whole spreadsheet."""

    reviewer: str
    review: str
    sheets: tuple[Sheet, ...]


def write(book: Book, path: Path) -> None:
    """Writes the spreadsheet. Raises SourceError where it cannot be written or read back."""
    _must_be_xlsx(path)
    from openpyxl import Workbook

    made = Workbook()
    front = made.active
    assert front is not None
    _front(front, book)
    lists = made.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    ranges: dict[tuple[str, ...], str] = {}
    for sheet in book.sheets:
        _table(made.create_sheet(sheet.name[:31]), sheet, lists, ranges)
    try:
        made.save(path)
    except OSError as error:
        why = error.strerror or error
        raise SourceError(f"{path}: cannot be written ({why}). Close it elsewhere.") from error


def _front(front: Any, book: Book) -> None:
    from openpyxl.styles import Alignment, Font

    front.title = README
    front.column_dimensions["A"].width = 18
    front.column_dimensions["B"].width = 90
    lines = [
        ("Review", book.review),
        ("Reviewer", book.reviewer),
        ("How to", "Fill in the column Answer from its drop-down; several answers stand with ; "
         "between them. Quote, Page and Comment are free. Leave alone what you do not know yet."),
        ("Blank cells", "A blank answer leaves the answer in the review as it is."),
        ("Then", "review appraise import THIS-FILE.xlsx   (add --finish to finish full forms)"),
    ]  # fmt: skip
    lines += [("Checklist", f"{sheet.name}: {sheet.checklist}") for sheet in book.sheets]
    for word, said in lines:
        front.append([word, said])
        _as_text(front.cell(front.max_row, 2))
        front.cell(front.max_row, 1).font = Font(bold=True)
        front.cell(front.max_row, 2).alignment = Alignment(wrap_text=True, vertical="top")


def _table(made: Any, sheet: Sheet, lists: Any, ranges: dict[tuple[str, ...], str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    made.append(list(COLUMNS))
    for place, width in enumerate(WIDTHS, start=1):
        made.column_dimensions[get_column_letter(place)].width = width
        made.cell(1, place).font = Font(bold=True)
    made.column_dimensions[get_column_letter(len(COLUMNS))].hidden = True
    made.freeze_panes = "H2"
    yellow = PatternFill("solid", fgColor="FFF8DC")
    wrapped = Alignment(wrap_text=True, vertical="top")
    checks: dict[str, DataValidation] = {}
    for row in sheet.rows:
        made.append([
            row.record, row.title, row.number, row.section, row.question, row.allowed, row.answer,
            row.quote, row.page, row.comment, row.key,
        ])  # fmt: skip
        last = made.max_row
        for place, name in enumerate(COLUMNS, start=1):
            cell = made.cell(last, place)
            _as_text(cell)
            cell.alignment = wrapped
            if name in ENTERED:
                cell.fill = yellow
        if row.choices:
            where = _range(lists, row.choices, ranges)
            if where not in checks:
                checks[where] = DataValidation(
                    type="list", formula1=where, allow_blank=True, showErrorMessage=True
                )
                made.add_data_validation(checks[where])
            checks[where].add(made.cell(last, COLUMNS.index("Answer") + 1))
    made.auto_filter.ref = made.dimensions


def _range(lists: Any, choices: tuple[str, ...], ranges: dict[tuple[str, ...], str]) -> str:
    from openpyxl.utils import get_column_letter

    if choices not in ranges:
        column = len(ranges) + 1
        for place, choice in enumerate(choices, start=1):
            _as_text(lists.cell(place, column, choice))
        letter = get_column_letter(column)
        ranges[choices] = f"{LISTS}!${letter}$1:${letter}${len(choices)}"
    return ranges[choices]


def _as_text(cell: Any) -> None:
    """Keeps a text that begins with = from becoming a formula."""
    if isinstance(cell.value, str):
        cell.data_type = "s"


def _must_be_xlsx(path: Path) -> None:
    """Raises SourceError unless the name ends in .xlsx, as what is read back must."""
    if path.suffix.lower() != ".xlsx":
        raise SourceError(f"{path}: forms are filled in as XLSX; give a name that ends in .xlsx.")


def read(path: Path) -> Book:
    """The spreadsheet as filled in; only the columns people and keys need.

    Raises:
        SourceError: not one of our spreadsheets, or a column is gone; names what is missing.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    if not path.is_file():
        raise SourceError(f"{path}: there is no such file.")
    _must_be_xlsx(path)
    try:
        made = load_workbook(path, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError) as error:
        raise SourceError(f"{path}: cannot be read as an XLSX file ({error}).") from error
    if README not in made.sheetnames:
        raise SourceError(
            f"{path}: the sheet '{README}' is gone. Take a file that 'review appraise template' "
            "wrote."
        )
    told: dict[str, str] = {}
    known: list[tuple[str, str]] = []
    for word, said in made[README].iter_rows(max_col=2, values_only=True):
        told[str(word)] = _text(said)
        if word == "Checklist":
            name, _, checklist = _text(said).rpartition(": ")
            known.append((name, checklist))
    sheets = []
    for name, checklist in known:
        if name[:31] not in made.sheetnames:
            raise SourceError(f"{path}: the sheet '{name}' is gone; leave sheets in place.")
        sheets.append(Sheet(name, checklist, _rows(path, made[name[:31]])))
    return Book(told.get("Reviewer", ""), told.get("Review", ""), tuple(sheets))


def _rows(path: Path, made: Any) -> tuple[Row, ...]:
    from openpyxl.utils import get_column_letter

    table = made.iter_rows(values_only=True)
    head = [_text(value) for value in next(table, ())]
    for column in ("Record", "Key", *ENTERED):
        if column not in head:
            raise SourceError(f"{path}: sheet '{made.title}' has no column '{column}' any more.")
    found = []
    for number, values in enumerate(table, start=2):
        cells = dict(zip(head, values, strict=False))
        if not _text(cells["Record"]) and not _text(cells["Key"]):
            continue
        found.append(
            Row(
                record=_text(cells["Record"]),
                key=_text(cells["Key"]),
                answer=_text(cells["Answer"]),
                quote=_text(cells["Quote"]),
                page=_text(cells["Page"]),
                comment=_text(cells["Comment"]),
                cells={
                    column: f"'{made.title}' cell {get_column_letter(at)}{number}"
                    for at, column in enumerate(head, start=1)
                },
            )
        )
    return tuple(found)


def _text(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return "" if value is None else str(value).strip()
