"""Genuine exports: every record of every sample is read, under the right source."""

from pathlib import Path

import pytest

from review.formats import read_file
from review.formats.export import RECORD_WRITERS
from review.models import Record
from review.store import records
from review.workflow.records.imports import import_file
from review.workflow.setup.loading import init_project, open_project

SAMPLES = [
    ("bibtex/Scopus_bib_example.bib", 3, "scopus"),
    ("bibtex/acm_bib.bib", 2, "bibtex"),
    ("bibtex/ebsco_bib.bib", 2, "ebsco"),
    ("bibtex/europe_pmc_bib.bib", 2, "europepmc"),
    ("bibtex/web_of_science_bib.bib", 2, "wos"),
    ("csv/embase.csv", 6, "embase"),
    ("csv/ieee.csv", 10, "ieee"),
    ("csv/pubmed_csv.csv", 1, "pubmed"),
    ("endnote_xml/copper_head.xml", 30, "embase"),
    ("endnote_xml/tafenoquine_part1.xml", 40, "pubmed"),
    ("nbib/eric_nbib.nbib", 1, "eric"),
    ("nbib/pubmed_set_part1.nbib", 30, "pubmed"),
    ("nbib/single.nbib", 1, "pubmed"),
    ("other/WoS_ciw_example.ciw", 5, "wos"),
    ("other/enl_data.enl", 3, "endnote"),
    ("other/pubmed_endnote.txt", 6, "pubmed"),
    ("ris/Ovid_ris_example.ris", 4, "ris"),
    ("ris/Scopus_ris_example.ris", 3, "scopus"),
    ("ris/embase.ris", 6, "embase"),
    ("ris/example.ris", 25, "ieee"),
    ("ris/example_bom.ris", 1, "ris"),
    ("ris/example_multiline.ris", 3, "ris"),
    ("ris/example_starting_newlines.ris", 1, "ris"),
    ("ris/example_utf_chars.ris", 1, "ris"),
    ("ris/example_wos.ris", 2, "wos"),
    ("ris/ieee_ris.ris", 2, "ris"),
    ("ris/jstor_ris.ris", 4, "jstor"),
    ("ris/ovid_zotero.ris", 6, "ris"),
    ("ris/proquest.ris", 6, "proquest"),
    ("ris/ris_issue_1099.txt", 7, "scopus"),
    ("ris/scopus_asysd.ris", 10, "scopus"),
]


def exports(corpora: Path) -> Path:
    return corpora / "reference" / "api_samples" / "exports"


def first(corpora: Path, name: str) -> Record:
    return read_file(exports(corpora) / name).records[0]


@pytest.mark.parametrize(("name", "count", "source"), SAMPLES)
def test_every_record_of_a_genuine_export_is_read(
    corpora: Path, name: str, count: int, source: str
) -> None:
    parsed = read_file(exports(corpora) / name)
    assert len(parsed.records) == count
    assert parsed.announced == count
    assert parsed.rejected == ()
    assert parsed.records[0].source == source


PUBMED = [("pubmed1.xml", 2), ("pubmed4.xml", 1), ("fastpaper_pubmed_efetch.xml", 1)]


@pytest.mark.parametrize(("name", "least"), PUBMED)
def test_pubmed_xml_is_read_as_its_source_reads_it(corpora: Path, name: str, least: int) -> None:
    path = corpora / "reference" / "api_samples" / "pubmed" / name
    parsed = read_file(path)
    assert len(parsed.records) == parsed.announced
    assert len(parsed.records) >= least
    assert all(record.pmid and record.title for record in parsed.records)
    cut = read_file(path.read_bytes()[: -path.stat().st_size // 20])
    assert len(cut.records) == len(parsed.records) - 1
    assert "truncated" in cut.rejected[0].reason


def test_all_samples_are_in_the_table(corpora: Path) -> None:
    there = {str(p.relative_to(exports(corpora))) for p in exports(corpora).glob("*/*")}
    assert there == {name for name, _, _ in SAMPLES}


def test_a_given_source_names_every_record(corpora: Path) -> None:
    parsed = read_file(exports(corpora) / "ris/embase.ris", "ovid-embase")
    assert {record.source for record in parsed.records} == {"ovid-embase"}


FIELDS = [
    ("ris/embase.ris", "doi", "10.4103/2303-9027.138783"),
    ("ris/embase.ris", "source_id", "L373791783"),
    ("ris/embase.ris", "pages", "152-160"),
    ("ris/embase.ris", "authors", ("Liu R.", "Adler D.G.")),
    ("ris/Ovid_ris_example.ris", "source_id", "20203152553"),
    ("ris/Scopus_ris_example.ris", "source_id", "2-s2.0-85079532227"),
    ("ris/Scopus_ris_example.ris", "journal", "Ecosystem Health and Sustainability"),
    ("ris/example_starting_newlines.ris", "date", "1948-07"),
    ("ris/ieee_ris.ris", "date", "2020-08"),
    ("ris/ovid_zotero.ris", "pages", None),
    ("ris/example_multiline.ris", "title", None),
    ("ris/proquest.ris", "doi", "10.1002/jts.22387"),
    ("other/pubmed_endnote.txt", "pmid", "21553931"),
    ("other/pubmed_endnote.txt", "date", "2011-06"),
    ("nbib/single.nbib", "doi", "10.1136/neurintsurg-2017-013179"),
    ("nbib/single.nbib", "journal", "Journal of neurointerventional surgery"),
    ("nbib/eric_nbib.nbib", "doi", "10.1000/123456789"),
    ("nbib/eric_nbib.nbib", "source_id", "EJ1131633"),
    ("other/WoS_ciw_example.ciw", "date", "2020-12-16"),
    ("other/enl_data.enl", "date", "2021-09-01"),
    ("endnote_xml/tafenoquine_part1.xml", "pmcid", "PMC6750137"),
    ("endnote_xml/tafenoquine_part1.xml", "date", "2019-09-18"),
    ("bibtex/europe_pmc_bib.bib", "pmid", "18888888"),
    ("bibtex/europe_pmc_bib.bib", "pmcid", "PMC7777777"),
    ("bibtex/web_of_science_bib.bib", "doi", "10.1007/999-9-999-99999-9_3"),
    ("csv/pubmed_csv.csv", "pmcid", "PMC1122334"),
    ("csv/pubmed_csv.csv", "volume", "1"),
    ("csv/pubmed_csv.csv", "pages", "10-11"),
    ("csv/pubmed_csv.csv", "authors", ("Smith A", "Walter B")),
    ("csv/embase.csv", "journal", "Endoscopic Ultrasound"),
    ("csv/embase.csv", "doi", "10.4103/2303-9027.138783"),
    ("csv/ieee.csv", "pages", "16-26"),
    ("csv/ieee.csv", "source_id", "6634083"),
]


@pytest.mark.parametrize(("name", "field", "value"), FIELDS)
def test_a_field_of_the_first_record_is_mapped(
    corpora: Path, name: str, field: str, value: object
) -> None:
    assert getattr(first(corpora, name), field) == value


def test_what_has_no_field_is_kept_by_its_own_tag(corpora: Path) -> None:
    extra = first(corpora, "ris/Scopus_ris_example.ris").extra
    assert extra["PB"] == ("Taylor and Francis Ltd.",)
    assert extra["N1"][0] == "Export Date: 30 April 2020"


def test_the_same_articles_get_the_same_doi_from_ris_and_csv(corpora: Path) -> None:
    ris = read_file(exports(corpora) / "ris/embase.ris").records
    csv = read_file(exports(corpora) / "csv/embase.csv").records
    assert [r.doi for r in ris] == [r.doi for r in csv]


def test_ebsco_keywords_with_an_at_sign_are_recovered_whole(corpora: Path) -> None:
    record = read_file(exports(corpora) / "bibtex/ebsco_bib.bib").records[1]
    assert record.title == "When sharing fixes prices."
    assert "copyrightYear:2018" in record.keywords[0]


def test_a_percent_sign_does_not_cut_a_bibtex_abstract(corpora: Path) -> None:
    record = first(corpora, "bibtex/europe_pmc_bib.bib")
    assert record.abstract is not None
    assert record.abstract.endswith("(P = 0.03)")


@pytest.mark.parametrize("form", RECORD_WRITERS)
@pytest.mark.parametrize("name", [name for name, _, _ in SAMPLES])
def test_a_genuine_export_comes_back_equal(corpora: Path, form: str, name: str) -> None:
    records = list(read_file(exports(corpora) / name).records)
    assert list(read_file(RECORD_WRITERS[form](records, ())).records) == records


def test_genuine_exports_of_many_sources_arrive_in_full(tmp_path: Path, corpora: Path) -> None:
    init_project(tmp_path / "review")
    project = open_project(tmp_path / "review", who="ada")
    total = 0
    for name, count, _ in SAMPLES:
        done = import_file(project, exports(corpora) / name, "ada")
        assert (done.announced, done.parsed, done.new + done.known) == (count, count, count)
        total += done.new
    with project.store.read() as conn:
        assert sum(1 for _ in records.iter_records(conn)) == total


def test_a_genuine_library_counts_each_record_for_its_database(
    tmp_path: Path, corpora: Path
) -> None:
    init_project(tmp_path / "review")
    project = open_project(tmp_path / "review", who="ada")
    done = import_file(project, exports(corpora) / "endnote_xml/copper_head.xml", "ada")
    assert dict(done.named) == {"embase": 16, "pubmed": 9, "cochrane": 3, "medline": 2}
    assert done.source == "various"
