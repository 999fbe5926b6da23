"""Records to CSV and XLSX tables that open well in a spreadsheet and come back whole."""

import csv
import dataclasses
import io
import re
from collections.abc import Mapping, Sequence

from review.formats import plain
from review.formats.deterministic_zip import settled
from review.models import Record

Status = Sequence[Mapping[str, str]]

FIRST = ("source", "source_id", "title", "authors", "year", "journal", "abstract", "doi", "pmid")
_NAMES = [spec.name for spec in dataclasses.fields(Record)]
COLUMNS = [*FIRST, *(n for n in _NAMES if n not in (*FIRST, "relations", "extra"))]
LISTS = {spec.name for spec in dataclasses.fields(Record) if spec.default == ()}

CELL = 32_767
"""Characters an Excel cell holds. Source: Excel specifications and limits, Microsoft."""

NOTE = 30_000
"""Characters of the note in one cell; a longer note runs on in the next column."""

WIDTHS = {"title": 60, "abstract": 60, "authors": 32, "journal": 28, "doi": 26, "keywords": 30}
"""Column widths in characters; 14 for the others."""

_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is read as a formula. Source: OWASP, CSV Injection."""

_EXCEL_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")


def csv_table(records: Sequence[Record], status: Status = ()) -> bytes:
    """A CSV file (UTF-8 with mark, for Excel); the last column holds what cells cannot."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    names = _status_names(status)
    writer.writerow([*_head(names), "funnel"])
    for i, record in enumerate(records):
        cells, exact = _cells(record)
        kept = plain.rest(record, exact)
        said = _said(names, status[i]) if status else []
        writer.writerow([*said[:1], *cells, *said[1:], plain.note(kept) if kept else ""])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def xlsx(records: Sequence[Record], status: Status = ()) -> bytes:
    """An Excel workbook: header frozen and filterable, columns of a fit width."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("records")
    names = _status_names(status)
    rows = []
    for i, record in enumerate(records):
        cells, exact = _cells(record)
        exact = [n for n in exact if _fits(record, n)]
        kept = plain.rest(record, exact)
        text = plain.note(kept) if kept else ""
        said = _said(names, status[i]) if status else []
        parts = [text[at : at + NOTE] for at in range(0, len(text), NOTE)]
        rows.append([*said[:1], *(_short(c) for c in cells), *said[1:], *parts])
    head = _head(names)
    extra = max((len(row) for row in rows), default=0) - len(head)
    head += ["funnel" if n == 0 else f"funnel {n + 1}" for n in range(max(extra, 1))]
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{len(rows) + 1}"
    for at, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(at)].width = WIDTHS.get(name, 14)
    titles = [WriteOnlyCell(sheet, value=name) for name in head]
    for cell in titles:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(vertical="top")
    sheet.append(titles)
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return settled(out.getvalue())


def _head(names: list[str]) -> list[str]:
    key = ["key"] if "key" in names else []
    return [*key, *COLUMNS, *(f"review: {name}" for name in names if name != "key")]


def _status_names(status: Status) -> list[str]:
    """The names of what the review says, the key first."""
    names = list(dict.fromkeys(name for said in status for name in said))
    return ["key", *(n for n in names if n != "key")] if names else []


def _said(names: list[str], said: Mapping[str, str]) -> list[str]:
    return [guarded(plain.shown_lines(said.get(name, ""))) for name in names]


def _cells(record: Record) -> tuple[list[str], list[str]]:
    """The row's cells in the order of COLUMNS, and the names of the fields they hold exactly."""
    cells: list[str] = []
    exact: list[str] = []
    for name in COLUMNS:
        value = getattr(record, name)
        if name in LISTS:
            cells.append("; ".join(plain.shown(item) for item in value))
            whole = all(plain.one_line(item) and ";" not in item for item in value)
        elif isinstance(value, int):
            cells.append(str(value))
            whole = value >= 0
        else:
            cells.append(plain.shown_lines(value or ""))
            whole = value is None or plain.several_lines(value)
        if whole and not (cells[-1][:1] == "'" and cells[-1][1:2] in _RISKY):
            exact.append(name)
    return [guarded(cell) for cell in cells], exact


def _fits(record: Record, name: str) -> bool:
    """Whether Excel keeps the field's cell as it is: short enough, nothing it would decode."""
    value = getattr(record, name)
    text = "; ".join(value) if name in LISTS else str(value or "")
    return len(text) < CELL - 1 and not _EXCEL_ESCAPE.search(text)


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _short(cell: str) -> str:
    """The cell cut to what Excel holds; the note has the whole text."""
    return cell if len(cell) < CELL else cell[: CELL - 2] + "…"
