"""Tables as office documents: an Excel workbook, a Word document in Word's own table style."""

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from review.formats.deterministic_zip import settled
from review.formats.plain import shown_lines
from review.tables.cells import told
from review.tables.table import Cell, Table

CELL = 32_767
"""Characters an Excel cell holds. Source: Excel specifications and limits, Microsoft."""
STYLED_ROWS = 5000
"""Longer tables go without line breaks in cells, which take most of the time."""
WIDEST, NARROWEST = 60, 8
"""Column widths (characters)."""
TABLE_STYLE = "Light Shading"
"""A style every Word has: lines above and below; its bands are left off."""
LANDSCAPE_FROM = 7
"""Columns from which a Word page lies on its side."""
LINE_CHARACTERS = 110
"""About what a line of a table holds at its size; what words leave free goes to long columns."""
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def xlsx(tables: Sequence[Table]) -> bytes:
    """A workbook with a sheet a table: header frozen, filterable, widths by content; texts that
    begin like a formula stay texts."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    used: set[str] = set()
    for table in tables:
        _sheet(book.create_sheet(_sheet_name(table.name, used)), table)
    if not tables:
        book.create_sheet("empty")
    out = io.BytesIO()
    book.save(out)
    return settled(out.getvalue())


def _sheet_name(name: str, used: set[str]) -> str:
    """A name Excel takes: 31 characters at most, none of []:*?/\\, no two alike."""
    plain = "".join("-" if char in "[]:*?/\\" else char for char in name)[:31] or "table"
    base, number = plain, 2
    while plain.casefold() in used:
        plain = f"{base[:28]}-{number}"
        number += 1
    used.add(plain.casefold())
    return plain


def _sheet(sheet: Any, table: Table) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    top = Alignment(vertical="top", wrap_text=True)
    bold, grey = Font(bold=True), PatternFill("solid", fgColor="E8EDF3")
    for place, name in enumerate(table.columns, 1):
        cell = sheet.cell(1, place)
        _put(cell, name)
        cell.font, cell.fill, cell.alignment = bold, grey, top
        cells = [row[place - 1] for row in table.rows]
        sheet.column_dimensions[get_column_letter(place)].width = _width(name, cells)
    styled = len(table.rows) <= STYLED_ROWS
    for number, row in enumerate(table.rows, 2):
        for place, value in enumerate(row, 1):
            if value is not None:
                cell = sheet.cell(number, place)
                _put(cell, value)
                if styled:
                    cell.alignment = top
    last = f"{get_column_letter(max(len(table.columns), 1))}{len(table.rows) + 1}"
    sheet.freeze_panes = "B2" if len(table.columns) > 4 else "A2"
    sheet.auto_filter.ref = f"A1:{last}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for number, note in enumerate((table.title, *table.notes), len(table.rows) + 3):
        cell = sheet.cell(number, 1)
        _put(cell, note)
        cell.font = Font(italic=True, color="5F6670")


def _put(cell: Any, value: Cell) -> None:
    """Sets a value; text is text whatever it begins with, and Excel is told so."""
    if not isinstance(value, str):
        cell.value = value
        return
    text = shown_lines(value)
    cell.value = text if len(text) <= CELL else text[: CELL - 1] + "…"
    cell.data_type = "s"
    if text.startswith(("=", "+", "-", "@")):
        cell.quotePrefix = True


def _width(name: str, cells: Sequence[Cell]) -> float:
    """Width for the longest word and most of the content, in characters."""
    texts = [str(one) for one in cells if one is not None]
    longest = sorted((max(map(len, text.splitlines() or [""])) for text in texts), reverse=True)
    usual = longest[len(longest) // 10] if longest else 0
    words = max((len(word) for word in name.split()), default=0)
    return float(min(WIDEST, max(NARROWEST, usual + 2, words + 3)))


def docx(tables: Sequence[Table], *, title: str | None = None) -> bytes:
    """A Word document: each table with its caption, a header row repeated on every page, Word's own
    style, and its notes; wide tables lie on their side."""
    import docx as word
    from docx.enum.section import WD_ORIENT, WD_SECTION
    from docx.shared import Cm, Pt

    made = word.Document()
    made.core_properties.author = "Funnel"
    made.core_properties.title = title or (tables[0].title if tables else "")
    made.core_properties.comments = ""
    made.styles["Normal"].font.name = "Calibri"
    made.styles["Normal"].font.size = Pt(10)
    if title:
        made.add_heading(title, level=1)
    style = made.styles[TABLE_STYLE].style_id
    for place, table in enumerate(tables):
        lies = len(table.columns) >= LANDSCAPE_FROM
        if place:
            made.add_section(WD_SECTION.NEW_PAGE)
        page = made.sections[-1]
        short, long = Cm(21), Cm(29.7)
        page.orientation = WD_ORIENT.LANDSCAPE if lies else WD_ORIENT.PORTRAIT
        page.page_width, page.page_height = (long, short) if lies else (short, long)
        page.left_margin = page.right_margin = Cm(1.8)
        made.add_paragraph(
            shown_lines(table.title), style="Caption"
        ).paragraph_format.keep_with_next = True
        _word_table(made, table, style)
        for note in table.notes:
            run = made.add_paragraph().add_run(shown_lines(note))
            run.font.size, run.italic = Pt(8), True
    out = io.BytesIO()
    made.save(out)
    return settled(out.getvalue())


def _word_table(made: Any, table: Table, style: str) -> None:
    """Adds the table as one piece of WordprocessingML, which stays quick with many cells."""
    from docx.oxml import parse_xml

    size = 14 if len(table.columns) > 14 else 16 if len(table.columns) > 6 else 18
    shares = _shares(table)
    grid = "".join(f'<w:gridCol w:w="{share}"/>' for share in shares)
    head = _word_row(table.columns, shares, size, head=True)
    body = "".join(_word_row(row, shares, size) for row in table.rows)
    xml = (
        f'<w:tbl {_W}><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="5000" w:type="pct"/>'
        '<w:tblLook w:val="0620" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0"'
        f' w:noHBand="1" w:noVBand="1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{body}</w:tbl>'
    )
    made.element.body.insert_element_before(parse_xml(xml), "w:sectPr")


def _shares(table: Table) -> list[int]:
    """Column widths in twentieths of a point: the longest word fits, the rest goes by the text."""
    least, wanted = [], []
    for place, name in enumerate(table.columns):
        cells = [told(row[place]) for row in table.rows]
        words = [len(word) for text in (*cells, name) for word in text.split()]
        longest = min(max(words, default=1), 18) * 1.15 + 4
        usual = sum(map(len, cells)) / len(cells) if cells else 0
        least.append(longest)
        wanted.append(min(60.0, max(usual - longest, len(name) * 0.5 - longest, 0)))
    spare = max(LINE_CHARACTERS - sum(least), 0) / (sum(wanted) or 1)
    sizes = [one + more * min(spare, 1.5) for one, more in zip(least, wanted, strict=True)]
    return [int(10_000 * size / sum(sizes)) for size in sizes] if sizes else []


def _word_row(
    cells: Sequence[Cell], shares: Sequence[int], size: int, *, head: bool = False
) -> str:
    mark = "<w:trPr><w:cantSplit/>" + ("<w:tblHeader/>" if head else "") + "</w:trPr>"
    made = (_word_cell(cell, w, size, head) for cell, w in zip(cells, shares, strict=True))
    return f"<w:tr>{mark}{''.join(made)}</w:tr>"


def _word_cell(cell: Cell, wide: int, size: int, head: bool) -> str:
    place = '<w:jc w:val="right"/>' if isinstance(cell, int | float) else ""
    lines = escape(told(cell)).split("\n")
    runs = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in lines)
    bold = "<w:b/>" if head else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{wide // 2}" w:type="pct"/></w:tcPr><w:p><w:pPr>'
        f'<w:spacing w:before="20" w:after="20"/>{place}</w:pPr><w:r><w:rPr>{bold}'
        f'<w:sz w:val="{size}"/></w:rPr>{runs}</w:r></w:p></w:tc>'
    )
