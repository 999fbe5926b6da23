"""Rows that a line end within an unquoted cell broke, and short rows that are whole."""

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
