"""One sample of each kind of export: every record is read, under the right source."""

import pytest
from support.samples import ANSWERS, EXPORTS, MIXED_LIBRARY, SAMPLES

from review.errors import SourceError
from review.formats import read_file
from review.models import Record


def first(name: str) -> Record:
    return read_file(EXPORTS / name).records[0]


@pytest.mark.parametrize(("name", "count", "source"), SAMPLES)
def test_every_record_of_an_export_is_read(name: str, count: int, source: str) -> None:
    parsed = read_file(EXPORTS / name)
    assert len(parsed.records) == count
    assert parsed.announced == count
    assert parsed.rejected == ()
    assert parsed.records[0].source == source


def test_all_samples_are_in_the_table() -> None:
    assert {path.name for path in EXPORTS.iterdir()} == {name for name, _, _ in SAMPLES}


def test_pubmed_xml_is_read_and_a_cut_file_names_what_is_lost() -> None:
    body = (ANSWERS / "pubmed" / "efetch.xml").read_bytes()
    parsed = read_file(body)
    assert len(parsed.records) == parsed.announced == 3
    cut = read_file(body[: -len(body) // 20])
    assert len(cut.records) == 2
    assert "truncated" in cut.rejected[0].reason


@pytest.mark.parametrize("name", ["scopus.ris", "scopus.bib", "library.xml", "wos.ciw"])
def test_an_export_cut_short_keeps_the_entries_before_the_cut(name: str) -> None:
    whole = read_file(EXPORTS / name).records
    body = (EXPORTS / name).read_bytes()
    cut = read_file(body[: len(body) - 60])
    assert list(cut.records) == list(whole[: len(cut.records)])
    assert len(whole) - 1 <= len(cut.records) + len(cut.rejected) <= len(whole)


def test_a_given_source_names_every_record() -> None:
    parsed = read_file(EXPORTS / "embase.ris", "ovid-embase")
    assert {record.source for record in parsed.records} == {"ovid-embase"}


def test_each_record_of_a_library_names_its_own_database() -> None:
    found = [record.source for record in read_file(EXPORTS / "library.xml").records]
    assert {name: found.count(name) for name in found} == MIXED_LIBRARY


FIELDS = [
    ("acm-library.bib", "journal", "The 25th Invented Conference on Phones"),
    ("acm-library.bib", "keywords", ("films", "phones")),
    ("central.csv", "pmid", "98000002"),
    ("central.csv", "source_id", "CN-09000001"),
    ("central.ris", "pmid", "98000002"),
    ("central.ris", "pages", "12-19"),
    ("cinahl.ris", "doi", "10.5555/inq.2021.9"),
    ("cinahl.ris", "date", "2021-05"),
    ("cnki.enw", "authors", ("王伟", "李娜")),
    ("cnki.enw", "keywords", ("深度学习", "胸片", "诊断")),
    ("cnki.enw", "issue", "03"),
    ("dimensions.csv", "date", "2022-04-05"),
    ("dimensions.csv", "pmcid", "PMC9800001"),
    ("dimensions.csv", "affiliations", ("Invented University", "Invented Clinic")),
    ("ebsco-braces.bib", "abstract", "Nurses read four hundred films."),
    ("ebsco-braces.bib", "journal", "Invented Nursing Quarterly"),
    ("ebsco.csv", "date", "2021-05-01"),
    ("eric.ris", "source_id", "EJ9100001"),
    ("ictrp.csv", "title", "Nets beside readers"),
    ("ictrp.csv", "source_id", "ACTRN90000001"),
    ("koreamed.txt", "source_id", "1000001"),
    ("koreamed.txt", "pages", "201-209"),
    ("lilacs.csv", "pages", "45-50"),
    ("lilacs.csv", "keywords", ("Radiografia", "Redes")),
    ("proquest.csv", "journal", "Journal of Invented Films"),
    ("proquest.csv", "doi", "10.5555/jif.2021.3"),
    ("springer.csv", "authors", ("Anne McDonald", "José García")),
    ("trid.ris", "source_id", "1900001"),
    ("acm.bib", "date", "1900-03"),
    ("citavi.txt", "title", "A rotor and its generator"),
    ("citavi.txt", "journal", "Invented Electrical Engineering"),
    ("cyrillic.ris", "authors", ("Петрова, Анна Е.", "Ivanov, B. O.")),
    ("cyrillic.ris", "volume", "8"),
    ("ebsco.bib", "pages", "1-10"),
    ("embase.csv", "authors", ("Quill R.", "Adder D.G.")),
    ("embase.csv", "doi", "10.5555/us.2020.1"),
    ("embase.csv", "journal", "Invented Ultrasound"),
    ("embase.csv", "pages", "101-110"),
    ("embase.ris", "authors", ("Quill R.", "Adder D.G.")),
    ("embase.ris", "doi", "10.5555/us.2020.1"),
    ("embase.ris", "pages", "101-110"),
    ("embase.ris", "source_id", "L600000001"),
    ("endnote.enl", "date", "2021-09-01"),
    ("endnote.enl", "pages", "1309-1348"),
    ("eric.nbib", "doi", "10.5555/123456789"),
    ("eric.nbib", "source_id", "EJ9131633"),
    ("europepmc.bib", "pmcid", "PMC9777777"),
    ("europepmc.bib", "pmid", "98888888"),
    ("ieee.csv", "pages", "16-26"),
    ("ieee.csv", "source_id", "96634083"),
    ("ieee.csv", "title", 'Trends of Films: Adjusting to the "New Normal"\' of Reading'),
    ("ieee.ris", "date", "2020-08"),
    ("ieee.ris", "volume", None),
    ("jstor.ris", "abstract", "[This is the abstract.]"),
    ("leading-lines.ris", "authors", ("Woodcock,Claudia E.",)),
    ("leading-lines.ris", "date", "1951-07"),
    ("library.xml", "doi", "10.5555/copper.1"),
    ("library.xml", "title", "Copper and films, part 1: what's new in <5 years?"),
    ("multiline.ris", "title", None),
    ("only-a-doi.ris", "doi", "10.5555/s40000-020-0001-0"),
    ("ovid.ris", "doi", "10.5555/ovid.2020.1"),
    ("ovid.ris", "source_id", "20209990001"),
    ("proquest.ris", "doi", "10.5555/jts.1"),
    ("pubmed-endnote.txt", "date", "2011-06"),
    ("pubmed-endnote.txt", "pmid", "91553931"),
    ("pubmed.csv", "authors", ("Smythe A", "Walters B")),
    ("pubmed.csv", "pages", "10-11"),
    ("pubmed.csv", "pmcid", "PMC9122334"),
    ("pubmed.csv", "volume", "1"),
    ("pubmed.nbib", "doi", "10.5555/stroke.118.1"),
    ("pubmed.nbib", "journal", "Stroke; an invented journal"),
    (
        "pubmed.nbib",
        "title",
        "Impact of a second reader on clinical outcomes in the INVENTED registry.",
    ),
    ("scopus.bib", "journal", "Journal of Invented Radiology"),
    ("scopus.ris", "journal", "Journal of Invented Radiology"),
    ("scopus.ris", "source_id", "2-s2.0-85100000001"),
    ("wos.bib", "doi", "10.5555/999-9-999-99999-9_3"),
    ("wos.ciw", "date", "2020-12-16"),
    ("wos.ciw", "title", "Reeds at different stages on an invented shore"),
    ("wos.ris", "pages", "7017-7027"),
    ("wos.ris", "pmid", "90170001"),
    ("zotero.ris", "pages", None),
]


@pytest.mark.parametrize(("name", "field", "value"), FIELDS)
def test_a_field_of_the_first_record_is_mapped(name: str, field: str, value: object) -> None:
    assert getattr(first(name), field) == value


def test_every_kind_of_export_has_a_field_checked() -> None:
    assert {name for name, _, _ in FIELDS} == {name for name, _, _ in SAMPLES}


def test_what_has_no_field_is_kept_by_its_own_tag() -> None:
    extra = first("scopus.ris").extra
    assert extra["PB"] == ("Made-up Press Ltd.",)
    assert extra["N1"][0] == "Export Date: 30 April 2022"


def test_the_same_articles_get_the_same_doi_from_ris_and_csv() -> None:
    ris = read_file(EXPORTS / "embase.ris").records
    csv = read_file(EXPORTS / "embase.csv").records
    assert [r.doi for r in ris] == [r.doi for r in csv]


def test_ebsco_keywords_with_an_at_sign_are_recovered() -> None:
    record = read_file(EXPORTS / "ebsco.bib").records[1]
    assert record.title == "When sharing fixes doses."
    assert "copyrightYear:2018" in record.keywords


def test_a_percent_sign_does_not_cut_a_bibtex_abstract() -> None:
    abstract = first("europepmc.bib").abstract
    assert abstract is not None
    assert abstract.endswith("(P = 0.03)")


def test_lines_that_begin_with_the_end_tag_do_not_end_an_entry() -> None:
    last = read_file(EXPORTS / "multiline.ris").records[2]
    assert last.abstract is not None
    assert "ER then another" in last.abstract
    assert last.abstract.endswith("the last")


SOURCES = [
    ("central.ris", ("cochrane", "cochrane")),
    ("cinahl.ris", ("cinahl", "cinahl")),
    ("ebsco.csv", ("cinahl", "medline")),
    ("eric.ris", ("eric", "eric")),
    ("lilacs.csv", ("lilacs", "medline")),
    ("proquest.csv", ("proquest", "psycinfo")),
    ("trid.ris", ("trid", "trid")),
]


@pytest.mark.parametrize(("name", "sources"), SOURCES)
def test_each_record_counts_for_its_own_database(name: str, sources: tuple[str, ...]) -> None:
    assert tuple(record.source for record in read_file(EXPORTS / name).records) == sources


def test_unbalanced_braces_in_ebsco_keywords_spoil_no_other_field() -> None:
    first, second = read_file(EXPORTS / "ebsco-braces.bib").records
    assert (first.title, first.pages) == ("Nurses who read chest films.", "101-109")
    assert (second.title, second.keywords) == ("Knees of runners.", ("Knee", "Runners"))
    assert (first.year, second.year) == (2021, 2020)


def test_a_proceedings_title_stands_for_the_journal() -> None:
    assert (
        read_file(EXPORTS / "dimensions.csv").records[1].journal == "Proceedings of Invented Nets"
    )


def test_an_ebsco_code_is_a_database_only_from_ebsco() -> None:
    entry = "TY  - JOUR\nTI  - A\nDB  - {0}\nDP  - {1}\nER  - \n"
    read = [("psyh", "EBSCOhost"), ("s3h", "EBSCOhost"), ("rzh", "Library of X"), ("zzz", "EBSCO")]
    sources = [read_file(entry.format(*pair).encode()).records[0].source for pair in read]
    assert sources == ["psycinfo", "SPORTDiscus", "rzh", "zzz"]


UNREAD = [
    ("Record #1 of 2\nID: CN-09000001\nAU: Grey P\nTI: A trial\nYR: 2016\n", "choose Export: RIS"),
    ("DataType: 1\nTitle-题名: 读片\nAuthor-作者: 王伟;\nYear-年: 2020\n", "RefWorks, EndNote"),
    ("<?xml version='1.0'?><Trials_downloaded_from_ICTRP><Trial/>", "Export results to CSV"),
    ("<?xml version='1.0'?><clinical_study rank='1'></clinical_study>", "Download: CSV"),
]


@pytest.mark.parametrize(("text", "way"), UNREAD)
def test_a_text_that_is_not_read_is_named_with_the_way_to_one_that_is(text: str, way: str) -> None:
    with pytest.raises(SourceError, match=way):
        read_file(text.encode())


def test_a_cell_over_two_lines_is_one_title() -> None:
    record = read_file(EXPORTS / "ieee.csv").records[1]
    assert (record.title or "").split() == ["Doses", "and", "Two", "Lines"]
