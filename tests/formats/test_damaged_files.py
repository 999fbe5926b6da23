"""Damaged files of every format: read right, or said to be damaged; records never mix."""

import random
import re
from pathlib import Path

import pytest
from support.mutations import (
    FORMATS,
    check_reading,
    find_faults,
    find_owners,
    find_sample_faults,
    has_warning,
    make_file,
)
from support.samples import EXPORTS

from review import formats
from review.errors import SourceError
from review.formats import read_file


@pytest.mark.parametrize("name", FORMATS)
def test_a_sound_file_is_read_in_full_and_apart(name: str) -> None:
    text, words = make_file(name, random.Random(name))
    parsed = read_file(text.encode())
    assert [find_owners(record, words) for record in parsed.records] == [[1], [2], [3], [4], [5]]
    assert (parsed.rejected, has_warning(parsed), parsed.notes) == ((), False, ())


@pytest.mark.parametrize("name", FORMATS)
def test_damage_is_said_and_mixes_no_records(name: str) -> None:
    assert list(find_faults(name, 40, 1)) == []


@pytest.mark.parametrize("path", sorted(EXPORTS.iterdir()), ids=lambda path: path.name)
def test_a_damaged_sample_is_said_and_mixes_no_records(path: Path) -> None:
    assert list(find_sample_faults(path, 12, 1)) == []


def test_the_check_sees_a_record_that_holds_words_of_two() -> None:
    text, words = make_file("json_lines", random.Random(1))
    lines = text.splitlines()
    mixed = lines[0].replace('"note": "', '"note": "' + lines[1].split('"note": "')[1][:10])
    fault = check_reading("json_lines", "\n".join([mixed, *lines[2:]]), words)
    assert fault is not None
    assert fault.kind == "mixed"


def test_the_check_sees_a_lost_record() -> None:
    text, words = make_file("csv", random.Random(1))
    fault = check_reading("csv", text, words, marker="^.")
    assert fault is not None
    assert (fault.kind, fault.detail) == ("lost", "5 read, 6 marks")


BETWEEN = {
    "ris": ("ER  - \n\nTY  - JOUR\nTI  - ", "", "records"),
    "nbib": ("\n\nPMID- ", " ", "fields"),
    "bibtex": ("\n}\n\n@article{key2,\n  title = {", ",\n  title = {", "fields"),
    "wos": ("ER\n\nPT J\n", "", "fields"),
    "percent": ("\n\n%0 Journal Article\n%T ", "\n%A ", "fields"),
    "refworks": ("\n\nRT Journal Article\n", "\n", "fields"),
    "noteexpress": ("\n\n{Reference Type}: Journal Article\n", "\n", "fields"),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_two_records_run_together_are_rejected_by_name(name: str) -> None:
    separator, replacement, word = BETWEEN[name]
    text, words = make_file(name, random.Random(3))
    assert separator in text
    parsed = read_file(text.replace(separator, replacement, 1).encode())
    assert [find_owners(record, words) for record in parsed.records] == [[3], [4], [5]]
    assert len(parsed.rejected) == 1
    assert word in parsed.rejected[0].reason
    assert has_warning(parsed)


@pytest.mark.parametrize(("name", "mark"), [("csv", ","), ("tsv", "\t")])
def test_a_header_that_runs_into_the_first_record_is_refused(name: str, mark: str) -> None:
    text, _ = make_file(name, random.Random(2))
    with pytest.raises(SourceError, match="line 1 holds the names of the columns and the first"):
        read_file(text.replace("note\n", "note" + mark, 1).encode())


def test_the_end_of_a_lost_medline_record_stays_out_of_the_next() -> None:
    text, words = make_file("nbib", random.Random(7))
    tail = text[text.index("OT  - ") :].replace("\n\nPMID", "\nPMID", 1)
    parsed = read_file(tail.encode())
    assert [find_owners(record, words) for record in parsed.records] == [[2], [3], [4], [5]]
    assert "tags before the PMID line" in parsed.rejected[0].reason


def test_an_endnote_title_before_its_type_stays_with_its_record() -> None:
    first = "%T First\n%0 Journal Article\n%D 2001\n"
    parsed = read_file((first + first.replace("First", "Second")).encode())
    assert [record.title for record in parsed.records] == ["First", "Second"]


def test_columns_that_no_row_fills_are_no_joined_header() -> None:
    parsed = read_file(b"Title,Authors,Year,My own remarks,Tags\nA,Li W.,2020\nB,Wu X.,2021\n")
    assert [record.title for record in parsed.records] == ["A", "B"]


@pytest.mark.parametrize("name", ["ris", "nbib", "ovid", "wos", "bibtex"])
def test_a_file_cut_at_a_line_end_within_its_last_record_says_so(name: str) -> None:
    text, words = make_file(name, random.Random(4))
    starts = [match.start() for match in re.finditer(FORMATS[name].marker, text, re.M)]
    last_record = text[starts[-1] : len(text) - len(FORMATS[name].tail)].rstrip()
    line_ends = [match.end() for match in re.finditer("\n", last_record)]
    assert len(line_ends) > 8
    for end in line_ends:
        parsed = read_file(text[: starts[-1] + end].encode())
        owners = [find_owners(record, words) for record in parsed.records]
        assert owners == [[1], [2], [3], [4]]
        assert len(parsed.rejected) == 1
        assert has_warning(parsed)


def test_a_lone_record_cut_at_a_line_end_says_so() -> None:
    ris, _ = make_file("ris", random.Random(5))
    lone = ris[: ris.index("KW  - ")]
    parsed = read_file(lone.encode())
    assert "truncated" in parsed.notes[0]
    medline, _ = make_file("nbib", random.Random(5))
    parsed = read_file(medline[: medline.index("JT  - ")].encode())
    assert "truncated" in parsed.rejected[0].reason
    two = medline[: medline.index("JT  - ", medline.index("SO  - "))]
    assert "truncated" in read_file(two.encode()).rejected[0].reason


def test_two_records_of_which_the_last_lacks_its_citation_are_read_with_a_note() -> None:
    parsed = read_file(b"UI  - 1\nTI  - A\nSO  - Chest. 3, 2019.\n\nUI  - 2\nTI  - B\n")
    assert [record.title for record in parsed.records] == ["A", "B"]
    assert "may be truncated" in parsed.notes[0]


def test_a_web_of_science_file_cut_between_records_says_so() -> None:
    text, _ = make_file("wos", random.Random(6))
    parsed = read_file(text[: text.index("PT J", 200)].encode())
    assert len(parsed.records) == 1
    assert "no EF line" in parsed.notes[0]


@pytest.mark.parametrize("before", [0, 1, 7, 30])
@pytest.mark.parametrize(
    ("length", "is_refused"), [(39, False), (40, True), (41, True), (95, True)]
)
def test_a_line_is_refused_by_its_own_length_wherever_it_stands(
    monkeypatch: pytest.MonkeyPatch, before: int, length: int, is_refused: bool
) -> None:
    monkeypatch.setattr(formats, "MAX_LINE", 40)
    lines = ["TY  - JOUR", *["N1  - note"] * before, "TI  - " + "x" * (length - 6), "ER  - ", ""]
    data = "\n".join(lines).encode()
    if is_refused:
        with pytest.raises(SourceError, match=f"line {before + 2} is longer"):
            read_file(data)
    else:
        assert len(read_file(data).records) == 1
