"""'et al.' is no author in any format, is not lost, and does not come out as a person."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.formats import read_file
from review.formats.author_lists import PRINTED_AUTHORS, is_cut_short, keep_people, list_people
from review.formats.export import RECORD_WRITERS
from review.models import Record

FILES = {
    "ris": "TY  - JOUR\nTI  - One\nAU  - Fox, A.\nAU  - Hu, B.\nAU  - et al.\nER  - \n",
    "ris, one line": "TY  - JOUR\nTI  - One\nAU  - Fox, A., Hu, B., et al.\nER  - \n",
    "ris of EndNote": "TY  - JOUR\nTI  - One\nAU  - Fox, A.\nAU  - Hu, B.\nAU  - al., et\nER  - \n",
    "bibtex": "@article{a, title={One}, author={Fox, A. and Hu, B. and others}, year=2020}\n",
    "medline": "PMID- 123\nTI  - One\nAU  - Fox, A.\nAU  - Hu, B.\nAU  - et al.\nSO  - X. 2020.\n",
    "web of science": "FN X\nVR 1.0\n"
    "PT J\nAU Fox, A.\n   Hu, B.\n   et al\nTI One\nUT W:1\nER\nEF\n",
    "endnote": "%0 Journal Article\n%T One\n%A Fox, A.\n%A Hu, B.\n%A et al.\n",
    "csv": 'Title,Authors,Year\nOne,"Fox, A., Hu, B. et al.",2020\n',
    "csv, semicolons": "Title;Authors;Year\nOne;Fox, A.| Hu, B.| and others;2020\n",
    "json": '[{"title": "One", "authors": ["Fox, A.", "Hu, B.", "et al."]}]',
}


@pytest.mark.parametrize("name", FILES)
def test_et_al_is_no_author_of_a_file_and_is_kept_as_printed(name: str) -> None:
    [record] = read_file(FILES[name].encode()).records
    assert record.authors == ("Fox, A.", "Hu, B.")
    [printed] = record.extra[PRINTED_AUTHORS]
    assert printed.startswith("Fox, A.; Hu, B.; ")
    assert is_cut_short(record)


CUT = keep_people(Record("embase", title="One", authors=("Fox, A.", "Hu, B.", "et al."), year=2020))
OLD = Record("embase", title="One", authors=("Fox, A.", "Hu B. et al."), year=2020)


@pytest.mark.parametrize("form", RECORD_WRITERS)
def test_a_list_cut_short_comes_back_equal(form: str) -> None:
    [record] = read_file(RECORD_WRITERS[form]([CUT], ())).records
    assert record == CUT


@pytest.mark.parametrize("form", RECORD_WRITERS)
def test_a_record_kept_with_et_al_comes_back_with_the_people_only(form: str) -> None:
    [record] = read_file(RECORD_WRITERS[form]([OLD], ())).records
    assert record.authors == ("Fox, A.", "Hu B.")
    assert record.extra[PRINTED_AUTHORS] == ("Fox, A.; Hu B. et al.",)


@pytest.mark.parametrize("record", [CUT, OLD], ids=["cut", "kept"])
def test_no_export_names_et_al_as_a_person(record: Record) -> None:
    ris = RECORD_WRITERS["ris"]([record], ()).decode()
    names = [line[6:].strip() for line in ris.splitlines() if line.startswith("AU  - ")]
    assert [name.replace(",", "") for name in names] == ["Fox A.", "Hu B."]
    bibtex = RECORD_WRITERS["bibtex"]([record], ()).decode()
    assert " B. and others}" in bibtex
    assert "et al" not in bibtex.split("funnel")[0]
    table = RECORD_WRITERS["csv"]([record], ()).decode("utf-8-sig")
    assert "et al" not in table.split("{")[0]
    assert json.loads(RECORD_WRITERS["json"]([CUT], ()))


@given(st.lists(st.text(max_size=12), max_size=4).map(tuple))
def test_people_are_never_more_and_a_record_without_a_mark_is_the_same(names) -> None:
    record = Record("x", authors=names)
    kept = keep_people(record)
    assert kept.authors == list_people(record)
    assert (kept is record) == (kept.authors == names)
    assert len(kept.authors) <= len(names)
