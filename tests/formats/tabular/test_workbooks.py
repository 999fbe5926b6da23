"""Workbooks: one sheet is read, hidden ones only on request, rows counted by a second reader."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import openpyxl
import pytest

from review.errors import SourceError
from review.formats import read_file
from review.formats.tabular.workbook import read_workbook

HEADER = ["Title", "Authors", "Year"]
ONE = [HEADER, ["One", "Smith A", 2020]]
TWO = [HEADER, ["Two", "Jones B", 2021], ["Three", "Kim C", 2022]]


def make_xlsx(
    sheets: Mapping[str, Sequence[Sequence[object]]], hidden: Sequence[str] = ()
) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hidden:
            sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def make_ods(sheets: Mapping[str, Sequence[Sequence[object]]], hidden: Sequence[str] = ()) -> bytes:
    def cell(value: object) -> str:
        if isinstance(value, int):
            return (
                f'<table:table-cell office:value-type="float" office:value="{value}">'
                f"<text:p>{value}</text:p></table:table-cell>"
            )
        return f"<table:table-cell><text:p>{value}</text:p></table:table-cell>"

    tables = "".join(
        f'<table:table table:name="{name}" table:style-name="{"off" if name in hidden else "on"}">'
        + "".join(
            f"<table:table-row>{''.join(cell(value) for value in row)}"
            '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
            for row in rows
        )
        + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/>'
        "</table:table-row></table:table>"
        for name, rows in sheets.items()
    )
    names = {
        "office": "office",
        "table": "table",
        "text": "text",
        "style": "style",
    }
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in names
    )
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>"
        '<style:style style:name="on"><style:table-properties table:display="true"/></style:style>'
        '<style:style style:name="off"><style:table-properties table:display="false"/>'
        f"</style:style></office:automatic-styles><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", content)
    return out.getvalue()


MAKERS = pytest.mark.parametrize("make", [make_xlsx, make_ods])


@MAKERS
def test_the_one_sheet_with_records_is_read_and_the_others_are_named(make) -> None:
    data = make({"Remarks": [["Title", "Remark"], ["x", "y"]], "All": ONE, "Old": TWO}, ["Old"])
    parsed = read_file(data)
    assert [(record.title, record.year) for record in parsed.records] == [("One", 2020)]
    assert parsed.notes == ("Read sheet 'All'. Not read: 'Remarks', 'Old' (hidden).",)


@MAKERS
def test_of_several_sheets_one_must_be_named(make) -> None:
    data = make({"First": ONE, "Second": TWO})
    with pytest.raises(SourceError, match=r"'First' .*'Second' .*--sheet") as error:
        read_file(data, name="all.xlsx")
    assert str(error.value).startswith("all.xlsx: ")
    assert len(read_file(data, sheet="second").records) == 2
    with pytest.raises(SourceError, match=r"no sheet 'Third'.*'First', 'Second'"):
        read_file(data, sheet="Third")


@MAKERS
def test_a_hidden_sheet_is_read_only_when_named(make) -> None:
    data = make({"Cover": [["Hello"]], "Raw": TWO}, ["Raw"])
    with pytest.raises(SourceError, match=r"only hidden sheets .*'Raw'\).*use --sheet NAME"):
        read_file(data)
    assert [record.title for record in read_file(data, sheet="Raw").records] == ["Two", "Three"]


@MAKERS
def test_a_visible_sheet_of_unknown_columns_beside_a_hidden_one_can_be_mapped(make) -> None:
    data = make({"Raw": TWO, "List": [["Bezeichnung", "Jahr"], ["Vier", "2004"]]}, ["Raw"])
    with pytest.raises(SourceError) as refusal:
        read_file(data, name="list.xlsx")
    words = str(refusal.value)
    assert words.startswith("list.xlsx: only hidden sheets contain such a table ('Raw')")
    assert "To read one of them, use --sheet NAME. In the visible sheets: no title column" in words
    assert "map it with --map 'COLUMN=title'" in words
    assert words.endswith("Columns found: Bezeichnung, Jahr.")
    parsed = read_file(data, sheet="List", mapping={"Bezeichnung": "title"})
    assert [record.title for record in parsed.records] == ["Vier"]


@MAKERS
def test_a_header_that_stands_there_again_is_no_record(make) -> None:
    parsed = read_file(make({"S": [*ONE, ["", "", ""], *TWO]}))
    assert [record.title for record in parsed.records] == ["One", "Two", "Three"]
    assert (parsed.announced, parsed.rejected) == (3, ())
    assert parsed.notes[-1] == "Line 4 repeats the names of the columns, which make no record."


@MAKERS
def test_the_rows_are_counted_without_the_reader(make) -> None:
    rows = [["Search of today"], HEADER, ["A", "B", 2020], ["", " ", ""], ["C", "D", 2021]]
    parsed = read_file(make({"S": rows}))
    assert (parsed.announced, len(parsed.records)) == (2, 2)
    (sheet,) = read_workbook(make({"S": rows}), "x")
    assert sheet.filled_rows == {1, 2, 3, 5}


def test_a_sheet_that_states_too_small_a_size_loses_no_row() -> None:
    data = make_xlsx({"S": TWO})
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.namelist():
            new.writestr(item, old.read(item).replace(b'ref="A1:C3"', b'ref="A1:C2"'))
    parsed = read_file(out.getvalue())
    assert (parsed.announced, len(parsed.records)) == (2, 2)


def test_a_count_that_differs_is_kept_for_the_import_to_refuse(monkeypatch) -> None:
    from review.formats.tabular import workbook

    real = workbook._read_outlines
    monkeypatch.setattr(
        workbook,
        "_read_outlines",
        lambda packed: {
            name: outline._replace(filled_rows=outline.filled_rows | {9})
            for name, outline in real(packed).items()
        },
    )
    parsed = read_file(make_xlsx({"S": TWO}))
    assert (parsed.announced, len(parsed.records)) == (3, 2)


def test_a_sheet_of_a_text_file_is_refused() -> None:
    with pytest.raises(SourceError, match="not a workbook"):
        read_file(b"Title,Authors,Year\nA,B,2020\n", sheet="S")


def test_other_office_files_are_refused_by_their_name() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        packed.writestr("content.xml", "<x/>")
    with pytest.raises(SourceError, match=r"OpenDocument text .*Save the table as"):
        read_file(out.getvalue(), name="notes.odt")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("xl/workbook.bin", b"x")
    with pytest.raises(SourceError, match=r"binary Excel workbook .*Save it as \.xlsx"):
        read_file(out.getvalue(), name="a.xlsb")
