"""Tagged text and BibTeX as databases write them: read correctly, or rejected by name."""

import pytest

from review.errors import SourceError
from review.formats import read_file
from review.formats.markers import count_markers
from review.models import Record


def read(text: str) -> tuple[Record, ...]:
    parsed = read_file(text.encode())
    assert parsed.announced == len(parsed.records)
    assert parsed.rejected == ()
    return parsed.records


@pytest.mark.parametrize("key", ["La Fuente 2020a", "a=b2021", "K{\\'a}roly2019", "x:y/z", ""])
def test_bibtex_keys_of_any_shape_keep_entries_apart(key: str) -> None:
    text = "".join(f"@article{{{k},\n title = {{T {k}}},\n}}\n" for k in ("a", "#", "b"))
    titles = [record.title for record in read(text.replace("#", key, 1).replace("T #", "Mid"))]
    assert titles == ["T a", "Mid", "T b"]


def test_an_open_bibtex_brace_costs_only_its_entry() -> None:
    parsed = read_file(b"@book{a,\n title = {A {x},\n year = 2001\n@book{b,\n title={B}}\n")
    assert [record.title for record in parsed.records] == ["B"]
    assert [entry.number for entry in parsed.rejected] == [1]


def test_pmids_stay_with_the_tags_before_them() -> None:
    text = "OWN - X\nPMID- 41\nTI  - A\n\nOWN - Y\nPMID- 42\nTI  - B\n"
    assert [(r.pmid, r.title, r.extra["OWN"]) for r in read(text)] == [
        ("41", "A", ("X",)),
        ("42", "B", ("Y",)),
    ]


def test_a_medline_record_without_its_pmid_is_rejected() -> None:
    parsed = read_file(b"PMID- 41\nTI  - A\n\nOWN - Y\nTI  - B\nDP  - 2020\n")
    assert [record.title for record in parsed.records] == ["A"]
    assert "no PMID line" in parsed.rejected[0].reason


def test_ovid_numbers_part_tagged_records() -> None:
    first, second = read(
        "<1. >\nTI  - A\nAU  - X Y\n\n<2. >\nTI  - B\nSO  - Chest. 3(4):5-6, 2019.\n"
    )
    assert (first.title, second.journal, second.pages) == ("A", "Chest", "5-6")
    assert second.year == 2019


def test_refworks_and_noteexpress_texts_are_read() -> None:
    (record,) = read("RT Journal Article\nA1 Roe, A;Poe, B\nT1 Ribs\nYR 2011\nOP 3-4\n")
    assert (record.authors, record.year, record.pages) == (("Roe, A", "Poe, B"), 2011, "3-4")
    (record,) = read("{Reference Type}: Thesis\n{Title}: Ribs\n{Year}: 2012\n")
    assert (record.title, record.year) == ("Ribs", 2012)


def test_a_list_of_references_is_refused_by_name() -> None:
    with pytest.raises(SourceError, match="GB/T 7714"):
        read_file(b"[1]Roe A. Ribs[J]. Chest,2011,3(4):5-6.\n")


def test_ris_without_ty_is_never_joined_to_its_neighbour() -> None:
    parsed = read_file(b"TY  - JOUR\nTI  - A\nER  - \nTI  - B\nPY  - 2001\nER  - \n")
    assert [record.title for record in parsed.records] == ["A"]
    assert "TY line is missing" in parsed.rejected[0].reason


def test_markup_and_placeholders_in_ris() -> None:
    (record,) = read(
        "TY\u00a0 \u2013 JOUR\nTI  - CO<sub>2</sub> &amp; &beta;\nAU  - G&ouml;tz, A; Ray, B\n"
        "AB  - N/A\nJO  - n.pag\nL3  - 10.1234/abc\nER  - \n"
    )
    assert record.title == "CO2 & β"
    assert record.authors == ("Götz, A", "Ray, B")
    assert (record.abstract, record.journal, record.doi) == (None, None, "10.1234/abc")


def test_markers_count_apart_from_the_parser() -> None:
    assert count_markers("bibtex", b"@comment{x}\n@string{a={b}}\n@misc{a,} @misc{b,}\n") == 2
    assert count_markers("ris", b"TY  - A\nTY  - B\n") == 2
    assert count_markers("ris", b"\nTY  - A\n\xc2\xa0TY  - B") == 2
    assert count_markers("ris", b"TY - A\nTY - B\nAB - a TY - b\n") == 2
    assert count_markers("ris", b"TY  - A") == 1
    assert count_markers("csv", b"x") is None


@pytest.mark.parametrize(
    "text",
    [
        "{Reference Type}: Journal Article\n{Title}: A\n{Kind}: Journal Article\n{Title}: B\n",
        "RT Journal Article\nSR 1\nT1 A\nXX Journal Article\nT1 B\nYR 2020\n",
    ],
)
def test_an_entry_with_two_titles_is_rejected(text: str) -> None:
    parsed = read_file(text.encode())
    assert parsed.records == ()
    assert "two titles" in parsed.rejected[0].reason


def test_a_noteexpress_file_cut_in_a_mark_is_said_to_lack_an_entry() -> None:
    parsed = read_file(b"{Reference Type}: Journal Article\n{Title}: A\n\n{Reference Type}")
    assert [record.title for record in parsed.records] == ["A"]
    assert [entry.reason for entry in parsed.rejected] == ["an empty entry"]


def test_text_before_the_first_medline_tag_is_the_rest_of_a_lost_record() -> None:
    parsed = read_file(b"Chest. 2001;11.\nPMID- 42\nTI  - B\nSO  - Chest. 2002;12.\n")
    assert [(record.pmid, record.title) for record in parsed.records] == [("42", "B")]
    assert "text before the first tag" in parsed.rejected[0].reason
    assert "Chest. 2001" not in str(parsed.records)


@pytest.mark.parametrize(
    "authors",
    ["AU  - Poe A\nAU  - Roe B\n", "AU  - Poe A\n      Roe B\n", "Authors\n  Poe A.  Roe B.\n"],
)
def test_ovid_authors_are_apart_however_they_are_written(authors: str) -> None:
    record, *_ = read(f"<1. >\nUI  - 1\nTI  - A\n{authors}SO  - Chest. 3(4):5-6, 2019.\n\n")
    assert [name.rstrip(".") for name in record.authors] == ["Poe A", "Roe B"]


@pytest.mark.parametrize(
    ("written", "pages"),
    [("pp 12-19", "12-19"), ("p. e5", "e5"), ("Pages 3-4", "3-4"), ("p1234", "p1234")],
)
def test_the_mark_before_pages_is_left_out(written: str, pages: str) -> None:
    (record,) = read(f"TY  - JOUR\nTI  - A\nSP  - {written}\nER  - \n")
    assert record.pages == pages


def test_a_refworks_entry_with_two_source_types_is_rejected_by_name() -> None:
    whole = "RT Journal Article\nSR 1\nA1 Roe, J\nT1 Nets\nYR 2020\n\n"
    cut = "NJournal Article\nSR 1\nID 2\nA1 Poe, K\n"
    parsed = read_file((whole + whole.replace("Nets", "Films").rstrip() + "\n" + cut).encode())
    assert [record.title for record in parsed.records] == ["Nets"]
    assert "two SR lines" in parsed.rejected[0].reason
