"""A DOI printed on the first page finds its record, however it is set; a cited one finds none."""

import pytest
from support.manuscripts import Print, draw_pages, set_lines

from review.fulltext import RecordCandidate, match_record, read_full_text

TITLE = "Counting shadows on films of the lungs by a network of small size"
OWN = RecordCandidate("R000001", TITLE, doi="10.1000/jii.2024.00123")
CITED = RecordCandidate("R000002", "Leaves of wheat under heat", doi="10.1000/wheat.2001.9")
LONGER = RecordCandidate("R000003", "Another title of more words", doi="10.1000/jii.2024.001234")
RECORDS = [CITED, OWN, LONGER]
PROSE = ["Films of the lungs are read by people who are tired at night."] * 9
CITES = "Wheat was counted before (https://doi.org/10.1000/wheat.2001.9) by others."

ANYWHERE = {
    "address": "https://doi.org/10.1000/jii.2024.00123",
    "old address": "http://dx.doi.org/10.1000/jii.2024.00123",
    "address without a scheme": "doi.org/10.1000/jii.2024.00123",
    "label in full": "Digital Object Identifier 10.1000/jii.2024.00123",
    "label": "doi:10.1000/jii.2024.00123",
    "capitals": "DOI 10.1000/JII.2024.00123",
    "in brackets": "(https://doi.org/10.1000/jii.2024.00123)",
    "broken after a slash": "https://doi.org/10.1000/\njii.2024.00123",
    "broken after a point": "https://doi.org/10.1000/jii.\n2024.00123",
    "broken after the prefix": "https://doi.org/10.\n1000/jii.2024.00123",
    "broken in the address": "https://doi.\norg/10.1000/jii.2024.00123",
    "footer with bars": "Invented Imaging | https://doi.org/10.1000/jii.2024.00123 | example.org",
    "citation": "Cite as: Noone A. Invent Imaging 2024;3:1. doi:10.1000/jii.2024.00123.",
    "spaced at the slash": "doi: 10.1000 / jii.2024.00123",
    "spaced in the prefix": "doi: 10. 1000 / jii.2024.00123",
    "spaced at every mark": "DOI 10 . 1000 / jii . 2024 . 00123",
    "spaced in an address": "https://doi.org/ 10. 1000/ jii. 2024. 00123",
    "spaced, with a bar": "Invented Imaging | doi: 10. 1000 / jii.2024. 00123 | 2024",
    "slash as a code": "doi:10.1000%2Fjii.2024.00123",
    "with a date": "10.1000/jii.2024.00123 - Accepted 2020",
    "citation in words": "How to cite this article: Noone A. https://doi.org/10.1000/jii.2024.00123",
}
WITH_TITLE = {
    "broken before a point": "https://doi.org/10.1000/jii\n.2024.00123",
    "broken in a number": "https://doi.org/10.1000/jii.2024.00\n123",
    "broken with a hyphen": "https://doi.org/10.1000/jii.2024.00-\n123",
    "a version": "https://doi.org/10.1000/jii.2024.00123v2",
    "in a sentence": "This is 10.1000/jii.2024.00123, received on 3 March.",
}


def read_front(tmp_path, lines, foot=()):
    path = tmp_path / "paper.pdf"
    pieces = set_lines(lines, y=780)
    pieces += [Print(text=line, x=72, y=40 - 9 * n, size=7) for n, line in enumerate(foot)]
    path.write_bytes(draw_pages([pieces]))
    return read_full_text(path).front


@pytest.mark.parametrize("in_footer", [False, True])
@pytest.mark.parametrize("title", [TITLE, "C0unt1ng Sh4dows"])
@pytest.mark.parametrize("kind", ANYWHERE)
def test_a_printed_doi_finds_its_record(tmp_path, kind, title, in_footer):
    """With its title, and alone where the title was changed or has no letters that can be read."""
    printed = ANYWHERE[kind].split("\n")
    lines = [title, "A. Noone", *([] if in_footer else printed), *PROSE]
    front = read_front(tmp_path, lines, printed if in_footer else ())
    found = match_record(front, RECORDS, file_name="x.pdf")
    assert (found.keys, found.method) == ((OWN.key,), "doi")


@pytest.mark.parametrize("kind", WITH_TITLE)
def test_a_doubtful_print_counts_beside_the_title(tmp_path, kind):
    printed = WITH_TITLE[kind].split("\n")
    front = read_front(tmp_path, [TITLE, "A. Noone", *printed, *PROSE])
    found = match_record(front, RECORDS, file_name="x.pdf")
    assert (found.keys, found.method) == ((OWN.key,), "doi")
    odd = read_front(tmp_path, ["C0unt1ng Sh4dows", "A. Noone", *printed, *PROSE])
    assert CITED.key not in match_record(odd, RECORDS, file_name="x.pdf").keys
    assert LONGER.key not in match_record(odd, RECORDS, file_name="x.pdf").keys


@pytest.mark.parametrize("title", [TITLE, "C0unt1ng Sh4dows"])
def test_the_own_doi_wins_over_that_of_a_cited_work(tmp_path, title):
    lines = [title, "A. Noone", ANYWHERE["address"], *PROSE, CITES]
    found = match_record(read_front(tmp_path, lines), RECORDS, file_name="x.pdf")
    assert (found.keys, found.method) == ((OWN.key,), "doi")


@pytest.mark.parametrize(
    "lines",
    [
        [*PROSE, CITES],
        [CITES, *PROSE],
        [CITES, *PROSE, "https://doi.org/10.1000/wheat.2001.9", "doi:10.5555/other.7"],
        [*PROSE, "doi:10.5555/other.7", "https://doi.org/10.1000/wheat.2001.9"],
        ["doi:10.5555/its.own.1", *PROSE, "https://doi.org/10.1000/wheat.2001.9"],
        ["doi:10.5555/its.own.1", *PROSE, "See", "10.1000/wheat.2001.9"],
        ["https://doi.org/10.1000/wheat.2001.97", *PROSE],
        [*PROSE, "[1] Noone A. Leaves in summer.", "https://doi.org/10.1000/wheat.2001.9"],
        [*PROSE, "1. Noone A. Leaves.", "Invent Bot. 2001.", "doi:10.1000/wheat.2001.9"],
    ],
)
def test_the_doi_of_a_cited_work_finds_no_record(tmp_path, lines):
    front = read_front(tmp_path, ["A paper that is no record", "B. Nobody", *lines])
    assert match_record(front, RECORDS, file_name="x.pdf").keys == ()


def test_where_blanks_leave_open_how_far_a_doi_goes_the_record_decides(tmp_path):
    short = RecordCandidate("R000004", "A title of three", doi="10.1000/jii")
    lines = ["C0unt1ng", "doi: 10. 1000 / jii. 2024. 00123", *PROSE]
    front = read_front(tmp_path, lines)
    assert match_record(front, [short, OWN], file_name="x.pdf").keys == (OWN.key,)
    lines[1] = "doi: 10. 1000 / jii"
    front = read_front(tmp_path, lines)
    assert match_record(front, [short, OWN], file_name="x.pdf").keys == (short.key,)
    lines[1] = "doi: 10. 1000 / jiii. 2024. 00123"
    front = read_front(tmp_path, lines)
    assert match_record(front, [short, OWN], file_name="x.pdf").keys == ()


@pytest.mark.parametrize("title", [TITLE, "C0unt1ng Sh4dows"])
@pytest.mark.parametrize("slashes", [("/", "//"), ("//", "/"), ("//", "//")])
def test_one_slash_or_two_after_the_prefix_is_one_doi(tmp_path, title, slashes):
    printed, stored = slashes
    record = RecordCandidate("R000005", TITLE, doi=f"10.1037{stored}0022-3514.1.2.3")
    other = RecordCandidate("R000006", "Another title of more words", doi="10.1037/0022-3514.1.2")
    front = read_front(tmp_path, [title, f"doi:10.1037{printed}0022-3514.1.2.3", *PROSE])
    found = match_record(front, [other, record], file_name="x.pdf")
    assert (found.keys, found.method) == ((record.key,), "doi")
