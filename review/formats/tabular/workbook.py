"""Reads workbooks (XLSX, ODS) as sheets of cells; a second reader counts the rows of each."""

import functools
import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import normpath
from typing import IO, NamedTuple

from review.errors import SourceError

MAX_UNPACKED = 300_000_000
"""Bytes a workbook or archive may unpack to; a larger one is refused (a zip bomb)."""

MAX_REPEATED_CELLS = 5_000_000
"""Cells an ODS file may repeat by a single number before it is refused."""

ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_OTHER_DOCUMENTS = {
    b"application/vnd.oasis.opendocument.text": "an OpenDocument text (.odt)",
    b"application/vnd.oasis.opendocument.presentation": "an OpenDocument presentation (.odp)",
}
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_DAMAGE_ERRORS = (
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


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook."""

    name: str
    is_hidden: bool
    rows: list[list[str]]
    """Cells as text from the first row on; rows may differ in length."""
    filled_rows: frozenset[int] | None
    """Numbers (1 and up) of the rows with text in them, by a second reader."""
    merged: tuple["MergedCells", ...] = ()
    """Cells of one column that are merged downwards."""


class MergedCells(NamedTuple):
    """Cells of one column that are one: only the first holds the text."""

    column: int
    """From 0 on."""
    first_row: int
    """From 1 on."""
    last_row: int


def read_workbook(data: bytes, name: str, *, pads_decimals: bool = False) -> list[Sheet]:
    """The sheets of an XLSX or ODS workbook, hidden ones too, in their order.

    Args:
        pads_decimals: a number keeps the decimals that its cell shows: 0.9 shown as 0.90 or 90%
            is '0.90'. None is cut off.

    Raises:
        SourceError: the workbook is damaged, too large, or of another kind.
    """
    kind = "Excel workbook"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _refuse_oversized(packed, name)
            members = set(packed.namelist())
            if "content.xml" in members and "mimetype" in members:
                kind = "OpenDocument spreadsheet"
                return _read_ods(packed, name, pads_decimals)
            if "xl/workbook.bin" in members:
                raise SourceError(
                    f"{name}: this is a binary Excel workbook (.xlsb). Save it as .xlsx or CSV "
                    "and import that file."
                )
            outlines = _read_outlines(packed)
        return _read_xlsx(data, outlines, pads_decimals)
    except _DAMAGE_ERRORS as error:
        raise SourceError(
            f"{name}: not a readable {kind}. Open it, save it again as .xlsx or CSV and import "
            "that file."
        ) from error


def _refuse_oversized(packed: zipfile.ZipFile, name: str) -> None:
    """Raises SourceError for a zip bomb; what comes out is counted, as a header may lie."""
    total = 0
    for item in packed.infolist():
        with packed.open(item) as member:
            while piece := member.read(1 << 20):
                total += len(piece)
                if total > MAX_UNPACKED:
                    raise SourceError(f"{name}: unpacks to over 300 MB; it is refused.")


def _read_xlsx(
    data: bytes, outlines: dict[str, "_SheetOutline"], pads_decimals: bool
) -> list[Sheet]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    try:
        sheets = []
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some programs state a size that is too small
            if pads_decimals:
                rows = [
                    [_format_shown(cell.value, cell.number_format) for cell in row]
                    for row in sheet.iter_rows()
                ]
            else:
                rows = [
                    [_format_cell(value) for value in row]
                    for row in sheet.iter_rows(values_only=True)
                ]
            is_hidden = sheet.sheet_state != "visible"
            outline = outlines.get(sheet.title, _SheetOutline(None, ()))
            sheets.append(Sheet(sheet.title, is_hidden, rows, *outline))
        return sheets
    finally:
        book.close()


def _format_cell(value: object) -> str:
    """A workbook cell as text: whole numbers without '.0', dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.removesuffix("T00:00:00").strip()


def _format_shown(value: object, number_format: str | None) -> str:
    """A workbook cell as text, with the decimals its number format shows."""
    shown = re.fullmatch(r"[#,]*0(?:\.(0+))?(%?)", (number_format or "").split(";")[0])
    if shown is None or isinstance(value, bool) or not isinstance(value, int | float):
        return _format_cell(value)
    decimals = len(shown[1] or "")
    return _pad_decimals(_format_cell(value), decimals, is_percentage=bool(shown[2]))


def _pad_decimals(text: str, decimals: int, *, is_percentage: bool) -> str:
    """A number with zeros up to the decimals shown; whole numbers stay, unless shown with %."""
    whole, _, fraction = text.partition(".")
    if not (fraction or is_percentage) or not (whole.lstrip("-") + fraction).isdigit():
        return text
    padded = fraction.ljust(decimals + (2 if is_percentage else 0), "0")
    return f"{whole}.{padded}" if padded else whole


class _SheetOutline(NamedTuple):
    filled_rows: frozenset[int] | None
    merged: tuple[MergedCells, ...]


def _read_outlines(packed: zipfile.ZipFile) -> dict[str, _SheetOutline]:
    """Rows with text and merged cells by sheet name, from the XML alone and without openpyxl."""
    relations = {
        item.get("Id"): item.get("Target", "")
        for item in ET.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
    }
    blank_strings = _find_blank_strings(packed)
    outlines = {}
    for sheet in ET.fromstring(packed.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
        target = relations.get(sheet.get(_RELATION_ID), "")
        path = target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")
        if path in packed.namelist() and "chartsheets" not in path:
            with packed.open(path) as stream:
                outlines[sheet.get("name", "")] = _read_outline(stream, blank_strings)
    return outlines


def _find_blank_strings(packed: zipfile.ZipFile) -> set[int]:
    """Numbers of the shared strings that hold no text."""
    if "xl/sharedStrings.xml" not in packed.namelist():
        return set()
    blank, number = set(), 0
    with packed.open("xl/sharedStrings.xml") as stream:
        for _, element in ET.iterparse(stream):
            if element.tag == f"{_MAIN}si":
                if not "".join(t.text or "" for t in element.iter(f"{_MAIN}t")).strip():
                    blank.add(number)
                number += 1
                element.clear()
    return blank


def _read_outline(stream: IO[bytes], blank_strings: set[int]) -> _SheetOutline:
    number = 0
    filled: set[int] = set()
    merged: list[MergedCells] = []
    for _, element in ET.iterparse(stream):
        if element.tag == f"{_MAIN}mergeCell":
            merged.extend(_parse_merged(element.get("ref", "")))
        if element.tag != f"{_MAIN}row":
            continue
        number = int(element.get("r") or number + 1)
        for cell in element.iter(f"{_MAIN}c"):
            value = cell.findtext(f"{_MAIN}v")
            if cell.get("t") == "s":
                is_filled = bool(value) and int(value or 0) not in blank_strings
            elif cell.get("t") == "inlineStr":
                is_filled = bool("".join(t.text or "" for t in cell.iter(f"{_MAIN}t")).strip())
            else:
                is_filled = bool((value or "").strip())
            if is_filled:
                filled.add(number)
                break
        element.clear()
    return _SheetOutline(frozenset(filled), tuple(merged))


def _parse_merged(area: str) -> Iterator[MergedCells]:
    """The area if it is one column high ('B2:B4'); wider ones are headings."""
    ends = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})", area)
    if ends is not None and ends[1] == ends[3] and int(ends[2]) < int(ends[4]):
        column = functools.reduce(lambda n, letter: n * 26 + ord(letter) - 64, ends[1], 0)
        yield MergedCells(column - 1, int(ends[2]), int(ends[4]))


def _read_ods(packed: zipfile.ZipFile, name: str, pads_decimals: bool) -> list[Sheet]:
    """Sheets of an OpenDocument spreadsheet. Source: OASIS OpenDocument 1.3, part 3, section 9."""
    kind = packed.read("mimetype").strip()
    if not kind.startswith(ODS_TYPE):
        described = _OTHER_DOCUMENTS.get(kind, "another type of OpenDocument file")
        raise SourceError(
            f"{name}: this is {described}. Save the table as .ods, .xlsx or CSV and import that "
            "file."
        )
    content = packed.read("content.xml")
    root = ET.fromstring(content)
    hidden_styles = {
        style.get(f"{_STYLE}name")
        for style in root.iter(f"{_STYLE}style")
        for properties in style.iter(f"{_STYLE}table-properties")
        if properties.get(f"{_TABLE}display") == "false"
    }
    sheets: list[Sheet] = []
    for table in root.iter(f"{_TABLE}table"):
        rows = list(_iter_ods_rows(table, name, pads_decimals))
        while rows and not any(rows[-1]):
            rows.pop()
        is_hidden = table.get(f"{_TABLE}style-name") in hidden_styles
        sheet_name = table.get(f"{_TABLE}name", "")
        filled_rows = _count_ods_rows(content, len(sheets))
        merged = tuple(_iter_ods_merged(table))
        sheets.append(Sheet(sheet_name, is_hidden, rows, filled_rows, merged))
    return sheets


def _iter_ods_rows(
    table: ET.Element, name: str, pads_decimals: bool = False
) -> Iterator[list[str]]:
    repeated_cells = 0
    for row in table.iter(f"{_TABLE}table-row"):
        cells: list[str] = []
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            text = _read_ods_cell(cell, pads_decimals)
            times = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
            cells.extend([text] * (times if text else min(times, 1000)))
        while cells and not cells[-1]:
            cells.pop()
        times = int(row.get(f"{_TABLE}number-rows-repeated", "1"))
        times = times if cells else min(times, 1000)
        repeated_cells += times * len(cells)
        if repeated_cells > MAX_REPEATED_CELLS:
            raise SourceError(f"{name}: the spreadsheet repeats too many cells; it was not read.")
        for _ in range(times):
            yield list(cells)


def _iter_ods_merged(table: ET.Element) -> Iterator[MergedCells]:
    number = 1
    for row in table.iter(f"{_TABLE}table-row"):
        column = 0
        for cell in row:
            high = int(cell.get(f"{_TABLE}number-rows-spanned", "1"))
            if high > 1 and cell.get(f"{_TABLE}number-columns-spanned", "1") == "1":
                yield MergedCells(column, number, number + high - 1)
            if cell.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                column += int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        number += int(row.get(f"{_TABLE}number-rows-repeated", "1"))


def _read_ods_cell(cell: ET.Element, pads_decimals: bool = False) -> str:
    kind = cell.get(f"{_OFFICE}value-type")
    if kind in ("float", "percentage", "currency"):
        value = cell.get(f"{_OFFICE}value", "")
        text = re.sub(r"\.0+$", "", value)
        if not pads_decimals:
            return text
        printed = "".join("".join(cell.itertext()).split())
        shown = re.fullmatch(r"-?\d+(?:[.,](\d+))?(%?)", printed)
        if shown is None:
            return text
        return _pad_decimals(text, len(shown[1] or ""), is_percentage=bool(shown[2]))
    if kind == "date":
        return cell.get(f"{_OFFICE}date-value", "").removesuffix("T00:00:00")
    lines = [_read_ods_text(line) for line in cell.findall(f"{_TEXT}p")]
    return "\n".join(lines).strip()


def _read_ods_text(element: ET.Element) -> str:
    """The text of a paragraph; notes are left out, <text:s text:c="3"/> is three spaces."""
    pieces = [element.text or ""]
    for child in element:
        if child.tag == f"{_TEXT}s":
            pieces.append(" " * min(int(child.get(f"{_TEXT}c", "1")), 1000))
        elif child.tag == f"{_TEXT}line-break":
            pieces.append("\n")
        elif child.tag == f"{_TEXT}tab":
            pieces.append("\t")
        else:
            pieces.append(_read_ods_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _count_ods_rows(content: bytes, position: int) -> frozenset[int] | None:
    """Rows with text of the n-th sheet, by the marks in the XML text and without its tree."""
    prefix = re.search(rb'xmlns:(\w+)="urn:oasis:names:tc:opendocument:xmlns:table:1\.0"', content)
    if prefix is None:
        return None
    table = re.escape(prefix.group(1))
    pieces = re.split(rb"<" + table + rb":table[\s>]", content)[1:]
    row_pattern = re.compile(
        rb"<" + table + rb":table-row\b([^>]*?)(?:/>|>(.*?)</" + table + rb":table-row>)", re.S
    )
    repeat = re.compile(rb'number-rows-repeated="(\d+)"')
    filled: set[int] = set()
    number = 1
    for match in row_pattern.finditer(pieces[position]):
        repeated = repeat.search(match[1])
        times = int(repeated.group(1)) if repeated else 1
        body = match[2] or b""
        has_text = re.sub(rb"<[^>]*>|&#?\w+;|\s", b"", body) or b'office:value="' in body
        if has_text and times <= MAX_REPEATED_CELLS:
            filled.update(range(number, number + times))
        number += times if has_text else min(times, 1000)
    return frozenset(filled)
