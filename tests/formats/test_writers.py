"""Records exported in every format are equal when imported again, whatever they contain."""

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.samples import EXPORTS, SAMPLES

from review.formats import read_file
from review.formats.export import EXTENSIONS, RECORD_WRITERS
from review.models import Record, Relation
from review.text.characters import replace_unstorable


def back(form: str, records: list[Record]) -> list[Record]:
    return list(read_file(RECORD_WRITERS[form](records, ())).records)


@pytest.mark.parametrize("form", RECORD_WRITERS)
@pytest.mark.parametrize("name", [name for name, _, _ in SAMPLES])
def test_a_sample_export_comes_back_equal(form: str, name: str) -> None:
    records = list(read_file(EXPORTS / name).records)
    assert back(form, records) == records


def test_every_format_has_an_extension() -> None:
    assert EXTENSIONS.keys() == RECORD_WRITERS.keys()


ODD = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        [
            "=1+1",
            "'=1",
            "-",
            "@type",
            "a; b",
            "a and b",
            "and",
            "{",
            "}",
            "\\&",
            "50% ~ x",
            "line\nline",
            "ER  - ",
            "TY  - JOUR",
            "FUNNEL: {}",
            '"quoted',
            "a,b",
            "_x0041_",
            "\ud800",
            "\x00",
            "\ufeff",
            " padded ",
            "a  b",
            "\\textbackslash{}",
            "--",
            "10.1/x",
            "\u2028",
            "\x85",
            "é",
            "e\u0301",
            "=",
            "x" * 40_000,
            "&amp;",
            "1.0",
            "TRUE",
            "x\r",
            "#N/A",
            "1",
            "\\'e",
        ]
    ),
)
MANY = st.lists(ODD, max_size=3).map(tuple)
RECORDS = st.builds(
    Record,
    source=ODD,
    source_id=st.none() | ODD,
    title=st.none() | ODD,
    authors=MANY,
    year=st.none() | st.integers(-5, 20_000),
    date=st.none() | ODD,
    journal=st.none() | ODD,
    volume=st.none() | ODD,
    issue=st.none() | ODD,
    pages=st.none() | ODD,
    abstract=st.none() | ODD,
    doi=st.none() | ODD,
    pmid=st.none() | ODD,
    pmcid=st.none() | ODD,
    arxiv_id=st.none() | ODD,
    version=st.none() | st.integers(-1, 9),
    language=st.none() | ODD,
    types=MANY,
    keywords=MANY,
    mesh=MANY,
    categories=MANY,
    affiliations=MANY,
    urls=MANY,
    relations=st.lists(st.builds(Relation, ODD, ODD, ODD, st.none() | ODD), max_size=2).map(tuple),
    extra=st.dictionaries(ODD, st.lists(ODD, min_size=1, max_size=2).map(tuple), max_size=3),
)


@pytest.mark.parametrize("form", RECORD_WRITERS)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(records=st.lists(RECORDS, min_size=1, max_size=3))
def test_any_records_come_back_equal(form: str, records: list[Record]) -> None:
    """Characters that no database can store are replaced in reading."""
    assert back(form, records) == [replace_unstorable(record) for record in records]


PAPER = Record(
    source="embase",
    source_id="L1",
    title="Deep learning of 100% {CT} & MRI",
    authors=("Müller, Eva", "Li W."),
    year=2020,
    date="2020-03-01",
    journal="Radiology",
    volume="7",
    issue="2",
    pages="10-19",
    abstract="=HYPERLINK(1) is no formula.",
    doi="10.1/a_b",
    pmid="123",
    keywords=("lung", "COVID-19"),
    mesh=("Humans",),
    urls=("https://e.org/a_b",),
    extra={"SN": ("1234-5678",), "N1": ("Export Date: today",)},
)
SAID = {"key": "R000007", "title_abstract": "include", "full_text": "exclude", "reason": "no AI"}


def test_plain_rispy_reads_the_ris() -> None:
    import rispy

    (entry,) = rispy.loads(RECORD_WRITERS["ris"]([PAPER], [SAID]).decode().replace("\r\n", "\n"))
    assert entry["title"] == PAPER.title
    assert entry["authors"] == list(PAPER.authors)
    assert entry["year"] == "2020"
    assert entry["secondary_title"] == "Radiology"
    assert (entry["start_page"], entry["end_page"]) == ("10", "19")
    assert entry["doi"] == PAPER.doi
    assert entry["keywords"] == ["lung", "COVID-19", "Humans"]
    assert entry["issn"] == "1234-5678"


def test_plain_bibtexparser_reads_the_bibtex() -> None:
    import bibtexparser

    library = bibtexparser.parse_string(RECORD_WRITERS["bibtex"]([PAPER, PAPER], ()).decode())
    assert library.failed_blocks == []
    entry = library.entries[0]
    assert entry.entry_type == "article"
    assert entry["author"] == "Müller, Eva and Li W."
    assert entry["pages"] == "10--19"
    assert entry["doi"] == "10.1/a_b"
    assert [e.key for e in library.entries] == ["Mller2020", "Mller2020-2"]


def test_bibtex_leaves_no_sign_that_acts_in_tex() -> None:
    data = RECORD_WRITERS["bibtex"]([Record("pubmed", title="R^2 of ~5%", year=2020)], ())
    assert b"R\\textasciicircum{}2 of \\textasciitilde{}5\\%" in data
    assert next(iter(read_file(data).records)).title == "R^2 of ~5%"


@pytest.mark.parametrize("form", RECORD_WRITERS)
def test_decisions_beside_a_record_do_not_change_it(form: str) -> None:
    data = RECORD_WRITERS[form]([PAPER, PAPER], [SAID, {}])
    assert list(read_file(data).records) == [PAPER, PAPER]


@pytest.mark.parametrize("form", ["ris", "bibtex", "csv", "json"])
def test_decisions_stand_in_the_file(form: str) -> None:
    text = RECORD_WRITERS[form]([PAPER], [SAID]).decode("utf-8-sig")
    assert "R000007" in text
    assert "no AI" in text


def test_a_csv_cell_is_never_a_formula() -> None:
    wild = Record(source="x", title="+1", authors=("@a",), journal="-2", abstract="=cmd()", year=-3)
    (row,) = csv.DictReader(io.StringIO(RECORD_WRITERS["csv"]([wild], ()).decode("utf-8-sig")))
    assert not [cell for cell in row.values() if cell and cell[0] in "=+-@\t\r"]


def test_an_xlsx_has_a_frozen_header_and_no_formula() -> None:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(RECORD_WRITERS["xlsx"]([PAPER], [SAID])))
    sheet = book.active
    assert sheet is not None
    assert sheet.freeze_panes == "A2"
    assert [c.value for c in sheet[1]][:4] == ["key", "source", "source_id", "title"]
    assert sheet["A2"].value == "R000007"
    assert all(cell.data_type != "f" for row in sheet for cell in row)


def test_a_column_added_in_a_spreadsheet_is_kept() -> None:
    lines = RECORD_WRITERS["csv"]([PAPER], ()).decode("utf-8-sig").splitlines()
    text = "\n".join(
        f"{line},{cell}" for line, cell in zip(lines, ["my note", "ask Eva"], strict=True)
    )
    assert read_file(text.encode()).records[0].extra["my note"] == ("ask Eva",)


def test_a_correction_in_the_file_comes_back() -> None:
    data = RECORD_WRITERS["ris"]([PAPER], ()).replace(b"Radiology", b"European Radiology")
    assert read_file(data).records[0].journal == "European Radiology"


def test_a_note_wrapped_by_a_reference_manager_is_still_read() -> None:
    text = RECORD_WRITERS["ris"]([PAPER], ()).decode()
    head, _, note = text.partition("N1  - FUNNEL: ")
    body = note.split("\r\n")[0].replace('"', "&quot;")
    wrapped = f"{head}N1  - <p>FUNNEL: {body}</p>\r\nER  - \r\n"
    assert read_file(wrapped.encode()).records[0] == PAPER


def test_json_keeps_the_key_and_the_decisions() -> None:
    (item,) = json.loads(RECORD_WRITERS["json"]([PAPER], [SAID]))
    assert item["key"] == "R000007"
    assert item["status"]["full_text"] == "exclude"
