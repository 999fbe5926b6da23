"""Rows that a line end within an unquoted cell broke, and short rows that are whole."""

from pathlib import Path

import openpyxl
import pytest

from review.formats import read_file

HEADER = "Title\tAuthors\tYear\tDOI\tNotes\n"
FIRST = "Nets\tRoe, A\t2020\t10.5555/a\tx\n"


@pytest.mark.parametrize(
    "broken",
    [
        "Deep nets\tPoe,\nB\t2021\t10.5555/b\ty\n",
        "Deep\nnets\tPoe,\nB\t2021\t10.5555/b\ty\n",
    ],
)
@pytest.mark.parametrize("mark", ["\t", ";", "|"])
def test_a_row_broken_within_a_cell_is_rejected_with_its_lines(broken: str, mark: str) -> None:
    text = (HEADER + FIRST + broken + FIRST.replace("Nets", "Last")).replace("\t", mark)
    parsed = read_file(text.encode())
    assert [record.title for record in parsed.records] == ["Nets", "Last"]
    assert len(parsed.rejected) == broken.count("\n")
    assert all("breaks the record of line 3" in entry.reason for entry in parsed.rejected)
    assert parsed.rejected[1].reason.startswith("line 4:")
    assert parsed.announced == len(parsed.records) + len(parsed.rejected)


def test_short_rows_that_are_whole_are_read() -> None:
    rows = "A\tRoe, A\t2020\nB\tPoe, B\t2021\nC\tRay, C\nD\tRex, D\t2019\t10.5555/d\n"
    parsed = read_file((HEADER + rows).encode())
    assert [record.title for record in parsed.records] == ["A", "B", "C", "D"]
    assert (parsed.rejected, parsed.announced) == ((), 4)


def test_a_quoted_cell_over_two_lines_breaks_no_row() -> None:
    parsed = read_file(b'Title,Authors,Year\n"Deep\nnets","Roe, A",2020\n')
    assert [record.title for record in parsed.records] == ["Deep nets"]


LINKED = "Title,Authors,Journal,Year,Abstract,DOI,URL\n"
LAST = "Nets,Roe A,Chest,2020,Text,10.5555/a,https://x.org/a\n"


@pytest.mark.parametrize(
    "row",
    [
        "Deep nets Poe B,Chest,2021,Text,10.5555/b,https://x.org/b\n",
        "Deep nets,https://x.org/b,2021,,10.5555/b\n",
    ],
)
def test_a_row_that_lacks_a_cell_midway_is_rejected(row: str) -> None:
    parsed = read_file((LINKED + LAST + row + LAST.replace("Nets", "Last")).encode())
    assert [record.title for record in parsed.records] == ["Nets", "Last"]
    assert "line 3" in parsed.rejected[0].reason
    assert "a separator is missing" in parsed.rejected[0].reason


@pytest.mark.parametrize(
    "row", ["B,Poe B,Chest\n", "C,Ray C,2019,2020\n", "D,Rex D,,,In 2015 we read films\n"]
)
def test_a_row_whose_last_cells_are_missing_is_read(row: str) -> None:
    parsed = read_file((LINKED + LAST + row).encode())
    assert (len(parsed.records), parsed.rejected) == (2, ())


def test_rows_run_together_at_a_quotation_mark_are_rejected() -> None:
    rows = '"A","Roe A","seen""Deep nets"\n"B","Poe B","a 5"" film"\n"C","Ray","an ""odd"" one"\n'
    parsed = read_file(f"Title,Authors,Notes\n{rows}".encode())
    assert [record.title for record in parsed.records] == ["B", "C"]
    assert parsed.rejected[0].reason == "line 2: its last cell goes on with the next record"


def test_an_indented_line_that_begins_midway_takes_the_line_before_with_it() -> None:
    text = HEADER + FIRST + FIRST.replace("Nets", "  in deep water")
    parsed = read_file((text + FIRST.replace("Nets", "  Deep nets")).encode())
    assert [record.title for record in parsed.records] == ["Deep nets"]
    assert [entry.reason for entry in parsed.rejected] == [
        "line 2: line 3 goes on with its text",
        "line 3: it goes on with the text of the line before",
    ]


def test_a_single_quotation_mark_in_the_last_cell_is_part_of_its_text() -> None:
    rows = 'A,Roe A,He calls it a"Smith sign\nB,Poe B,fine\nC,Ray C,"by O""Brien"\n'
    parsed = read_file(f"Title,Authors,Notes\n{rows}".encode())
    assert [record.title for record in parsed.records] == ["A", "B", "C"]
    assert parsed.rejected == ()
    assert parsed.records[0].extra["Notes"] == ('He calls it a"Smith sign',)


GOES_ON = [
    "line 3: line 4 goes on with its text",
    "line 4: it goes on with the text of the line before",
]


@pytest.mark.parametrize(
    "rows",
    [
        # The line end and the last cell were lost, and the next title is broken.
        "B\tPoe, B\t2021\t10.5555/bDeep learning of\nlung films\tRex, D\t2019\t10.5555/d\tz\n",
        "B\tPoe, B\t2021\t10.5555/b\tnoteDeep nets\nread films\tRex, D\t2019\t10.5555/d\tz\n",
        "B\tPoe, B\t2021\t10.5555/b\tseen.Deep nets\nread films\tRex, D\t2019\t10.5555/d\tz\n",
        "B\tPoe, B\t2021\t10.5555/b\ty Deep nets\nfor lung films\tRex, D\t2019\t10.5555/d\tz\n",
    ],
)
@pytest.mark.parametrize("mark", ["\t", ";", "|"])
def test_a_title_that_lands_in_the_row_before_is_rejected_with_both_rows(
    rows: str, mark: str
) -> None:
    text = (HEADER + FIRST + rows + FIRST.replace("Nets", "Last")).replace("\t", mark)
    parsed = read_file(text.encode())
    assert [record.title for record in parsed.records] == ["Nets", "Last"]
    assert [entry.reason for entry in parsed.rejected] == GOES_ON
    assert parsed.announced == 4


@pytest.mark.parametrize(
    "rows",
    [
        # Sound rows: a title in lower case, names of genes and programs, rows that all lack notes.
        "B\tPoe, B\t2021\t10.5555/b\ty\ndeep nets read films\tRex, D\t2019\t10.5555/d\tz\n",
        "B\tPoe, B\t2021\t10.5555/b\ty\nin vivo films\tRex, D\t2019\t10.5555/d\tz\n",
        "B\tPoe, B\t2021\t10.5555/b\nmTOR in films\tRex, D\t2019\t10.5555/d\tz\n",
        "B\tPoe, B\t2021\t10.5555/b\nscikit-learn in use\tRex, D\t2019\t10.5555/d\tz\n",
        "B\tPoe, B\t2021\t10.5555/b\np53 films\tRex, D\t2019\t10.5555/d\tz\n",
        "deep\tPoe, B\t2021\t10.5555/b\nof films\tRex, D\t2019\t10.5555/d\tz\n",
    ],
)
def test_a_title_in_lower_case_breaks_no_sound_table(rows: str) -> None:
    parsed = read_file((HEADER + FIRST + rows).encode())
    assert (len(parsed.records), parsed.rejected) == (3, ())


def test_a_workbook_has_no_line_ends_to_lose(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER.strip().split("\t"))
    book.active.append(["Nets", "Roe, A", "2020", "10.5555/a", "written in PyTorch, TensorFlow"])
    book.active.append(["deep nets", "Poe, B", "2021", "10.5555/b", "y"])
    book.save(tmp_path / "records.xlsx")
    parsed = read_file(tmp_path / "records.xlsx")
    assert ([record.title for record in parsed.records], parsed.rejected) == (
        ["Nets", "deep nets"],
        (),
    )
