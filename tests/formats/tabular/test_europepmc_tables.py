"""Tables of Europe PMC's fields, and columns whose name may mean two things."""

from review.formats import read_file
from review.workflow.records.field_check import check_fields

ROWS = (
    '"30000001","MED","30000001","PMC6000001","10.5555/a.1","Nets read films.","Roe J, Müller K.",'
    '"J Films","2","3","2019","e10-e15","2019-06-20","Y"\n'
    '"PPR77","PPR",NA,NA,"10.1101/2020.01.01.1","Nets read scans.","Li W.","medRxiv",NA,NA,"2020",'
    'NA,"2020-01-03","N"\n'
)


def test_europe_pmc_tables_are_known_in_either_spelling() -> None:
    camel = (
        "id,source,pmid,pmcid,doi,title,authorString,journalTitle,issue,journalVolume,pubYear,"
        "pageInfo,firstPublicationDate,inEPMC\n"
    )
    snake = (
        "ID,SOURCE,PMID,PMCID,DOI,TITLE,AUTHOR_STRING,JOURNAL_TITLE,ISSUE,JOURNAL_VOLUME,PUB_YEAR,"
        "PAGE_INFO,FIRST_PUBLICATION_DATE,IN_EPMC\n"
    )
    for header in (camel, snake):
        first, second = read_file((header + ROWS).encode()).records
        assert first.source == second.source == "europepmc"
        assert first.authors == ("Roe J", "Müller K.")
        assert (first.journal, first.volume, first.issue) == ("J Films", "3", "2")
        assert (first.pages, first.date, first.pmid) == ("e10-e15", "2019-06-20", "30000001")
        assert (second.source_id, second.pmid, second.pages) == ("PPR77", None, None)


def test_a_year_in_a_column_of_the_journal_is_the_year() -> None:
    text = "Title,Publication,Published in\nNets,2020,Chest\nFilms,2021,Heart\n"
    records = read_file(text.encode()).records
    assert [(record.year, record.journal) for record in records] == [
        (2020, "Chest"),
        (2021, "Heart"),
    ]
    journals = "Title,Publication,Year\nNets,Computer,2020\n"
    assert read_file(journals.encode()).records[0].journal == "Computer"


def test_text_in_the_column_of_the_year_is_kept() -> None:
    record = read_file(b"Title,Authors,Year\nNets,Roe J,in press\n").records[0]
    assert record.year is None
    assert record.extra["Year"] == ("in press",)


def test_a_column_without_years_is_not_proposed_for_the_year() -> None:
    text = "Title,Authors,Published where\nNets,Roe J,Chest\nFilms,Poe K,Heart\n"
    check = check_fields(read_file(text.encode()).records)
    assert [(column.name, column.field) for column in check.unused] == []
    assert ("year", 2) in check.lacking
