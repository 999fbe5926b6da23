"""Writes tables as an Excel workbook or a Word document."""

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from review.formats.deterministic_zip import strip_save_times
from review.formats.plain import clean_cell
from review.tables.cells import format_cell
from review.tables.table import Cell, Table

MAX_CELL_LENGTH = 32_767
"""Most characters in an Excel cell. Source: Excel specifications and limits, Microsoft."""
MAX_STYLED_ROWS = 5000
"""Longer tables have no line breaks in cells, because these take most of the time."""
MAX_COLUMN_WIDTH, MIN_COLUMN_WIDTH = 60, 8
"""Column widths (characters)."""
TABLE_STYLE = "Light Shading"
"""A built-in Word style with lines above and below; its banding is switched off."""
LANDSCAPE_COLUMNS = 7
"""Number of columns from which a Word page is set in landscape."""
LINE_CHARACTERS = 110
"""Approximate characters per table line; free space goes to columns with more text."""
_WORD_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def tables_to_xlsx(tables: Sequence[Table]) -> bytes:
    """A workbook with one sheet per table: frozen header, filters, widths by content; text that
    looks like a formula stays text."""
    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    used_names: set[str] = set()
    for table in tables:
        _fill_sheet(workbook.create_sheet(_build_sheet_name(table.name, used_names)), table)
    if not tables:
        workbook.create_sheet("empty")
    buffer = io.BytesIO()
    workbook.save(buffer)
    return strip_save_times(buffer.getvalue())


def _build_sheet_name(name: str, used_names: set[str]) -> str:
    """A valid, unique sheet name: at most 31 characters, none of []:*?/\\."""
    sheet_name = "".join("-" if char in "[]:*?/\\" else char for char in name)[:31] or "table"
    base, number = sheet_name, 2
    while sheet_name.casefold() in used_names:
        sheet_name = f"{base[:28]}-{number}"
        number += 1
    used_names.add(sheet_name.casefold())
    return sheet_name


def _fill_sheet(sheet: Any, table: Table) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    top_alignment = Alignment(vertical="top", wrap_text=True)
    bold, grey_fill = Font(bold=True), PatternFill("solid", fgColor="E8EDF3")
    for column_index, name in enumerate(table.columns, 1):
        cell = sheet.cell(1, column_index)
        _set_value(cell, name)
        cell.font, cell.fill, cell.alignment = bold, grey_fill, top_alignment
        cells = [row[column_index - 1] for row in table.rows]
        sheet.column_dimensions[get_column_letter(column_index)].width = _compute_width(name, cells)
    is_styled = len(table.rows) <= MAX_STYLED_ROWS
    for row_number, row in enumerate(table.rows, 2):
        for column_index, value in enumerate(row, 1):
            if value is not None:
                cell = sheet.cell(row_number, column_index)
                _set_value(cell, value)
                if is_styled:
                    cell.alignment = top_alignment
    last_cell = f"{get_column_letter(max(len(table.columns), 1))}{len(table.rows) + 1}"
    sheet.freeze_panes = "B2" if len(table.columns) > 4 else "A2"
    sheet.auto_filter.ref = f"A1:{last_cell}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for row_number, note in enumerate((table.title, *table.notes), len(table.rows) + 3):
        cell = sheet.cell(row_number, 1)
        _set_value(cell, note)
        cell.font = Font(italic=True, color="5F6670")


def _set_value(cell: Any, value: Cell) -> None:
    """Set a value; text is stored as text even if it looks like a formula."""
    if not isinstance(value, str):
        cell.value = value
        return
    text = clean_cell(value)
    cell.value = text if len(text) <= MAX_CELL_LENGTH else text[: MAX_CELL_LENGTH - 1] + "…"
    cell.data_type = "s"
    if text.startswith(("=", "+", "-", "@")):
        cell.quotePrefix = True


def _compute_width(name: str, cells: Sequence[Cell]) -> float:
    """Width that fits the longest word and most of the content (characters)."""
    texts = [str(cell) for cell in cells if cell is not None]
    line_lengths = sorted(
        (max(map(len, text.splitlines() or [""])) for text in texts), reverse=True
    )
    usual_length = line_lengths[len(line_lengths) // 10] if line_lengths else 0
    longest_word = max((len(word) for word in name.split()), default=0)
    return float(min(MAX_COLUMN_WIDTH, max(MIN_COLUMN_WIDTH, usual_length + 2, longest_word + 3)))


def tables_to_docx(tables: Sequence[Table], *, title: str | None = None) -> bytes:
    """A Word document: each table with caption, a header row repeated on every page, a built-in
    style, and notes; wide tables are set in landscape."""
    import docx as word
    from docx.enum.section import WD_ORIENT, WD_SECTION
    from docx.shared import Cm, Pt

    document = word.Document()
    document.core_properties.author = "Funnel"
    document.core_properties.title = title or (tables[0].title if tables else "")
    document.core_properties.comments = ""
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(10)
    if title:
        document.add_heading(title, level=1)
    style = document.styles[TABLE_STYLE].style_id
    for table_index, table in enumerate(tables):
        is_landscape = len(table.columns) >= LANDSCAPE_COLUMNS
        if table_index:
            document.add_section(WD_SECTION.NEW_PAGE)
        page = document.sections[-1]
        short, long = Cm(21), Cm(29.7)
        page.orientation = WD_ORIENT.LANDSCAPE if is_landscape else WD_ORIENT.PORTRAIT
        page.page_width, page.page_height = (long, short) if is_landscape else (short, long)
        page.left_margin = page.right_margin = Cm(1.8)
        document.add_paragraph(
            clean_cell(table.title), style="Caption"
        ).paragraph_format.keep_with_next = True
        _add_word_table(document, table, style)
        for note in table.notes:
            run = document.add_paragraph().add_run(clean_cell(note))
            run.font.size, run.italic = Pt(8), True
    buffer = io.BytesIO()
    document.save(buffer)
    return strip_save_times(buffer.getvalue())


def _add_word_table(document: Any, table: Table, style: str) -> None:
    """Add the table as one piece of WordprocessingML, which is fast even with many cells."""
    from docx.oxml import parse_xml

    size = 14 if len(table.columns) > 14 else 16 if len(table.columns) > 6 else 18
    shares = _compute_column_shares(table)
    grid = "".join(f'<w:gridCol w:w="{share}"/>' for share in shares)
    head = _build_word_row(table.columns, shares, size, head=True)
    body = "".join(_build_word_row(row, shares, size) for row in table.rows)
    xml = (
        f'<w:tbl {_WORD_NAMESPACE}><w:tblPr><w:tblStyle w:val="{style}"/>'
        '<w:tblW w:w="5000" w:type="pct"/>'
        '<w:tblLook w:val="0620" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0"'
        f' w:noHBand="1" w:noVBand="1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{body}</w:tbl>'
    )
    document.element.body.insert_element_before(parse_xml(xml), "w:sectPr")


def _compute_column_shares(table: Table) -> list[int]:
    """Column widths in twentieths of a point: the longest word fits, the rest by length of text."""
    min_widths, extra_widths = [], []
    for column_index, name in enumerate(table.columns):
        cells = [format_cell(row[column_index]) for row in table.rows]
        words = [len(word) for text in (*cells, name) for word in text.split()]
        longest = min(max(words, default=1), 18) * 1.15 + 4
        mean_length = sum(map(len, cells)) / len(cells) if cells else 0
        min_widths.append(longest)
        extra_widths.append(min(60.0, max(mean_length - longest, len(name) * 0.5 - longest, 0)))
    spare = max(LINE_CHARACTERS - sum(min_widths), 0) / (sum(extra_widths) or 1)
    sizes = [
        min_width + more * min(spare, 1.5)
        for min_width, more in zip(min_widths, extra_widths, strict=True)
    ]
    return [int(10_000 * size / sum(sizes)) for size in sizes] if sizes else []


def _build_word_row(
    cells: Sequence[Cell], shares: Sequence[int], size: int, *, head: bool = False
) -> str:
    row_properties = "<w:trPr><w:cantSplit/>" + ("<w:tblHeader/>" if head else "") + "</w:trPr>"
    row_cells = (
        _build_word_cell(cell, w, size, head) for cell, w in zip(cells, shares, strict=True)
    )
    return f"<w:tr>{row_properties}{''.join(row_cells)}</w:tr>"


def _build_word_cell(cell: Cell, share: int, size: int, head: bool) -> str:
    alignment = '<w:jc w:val="right"/>' if isinstance(cell, int | float) else ""
    lines = escape(format_cell(cell)).split("\n")
    runs = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in lines)
    bold = "<w:b/>" if head else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{share // 2}" w:type="pct"/></w:tcPr><w:p><w:pPr>'
        f'<w:spacing w:before="20" w:after="20"/>{alignment}</w:pPr><w:r><w:rPr>{bold}'
        f'<w:sz w:val="{size}"/></w:rPr>{runs}</w:r></w:p></w:tc>'
    )
