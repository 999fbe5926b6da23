"""Column names and layouts of tables from databases and tools, as each of them writes."""

import csv
import io

import pytest

from review.formats import read_file
from review.models import Record

LAYOUTS: list[tuple[str, dict[str, str], dict[str, object]]] = [
    (
        "scopus",
        {
            "Authors": "Li W.; Wu X.",
            "Author full names": "Li, Wei (1); Wu, Xin (2)",
            "Title": "T",
            "Year": "2020",
            "Source title": "Radiology",
            "Volume": "1",
            "Issue": "2",
            "Art. No.": "7",
            "Page start": "3",
            "Page end": "9",
            "Cited by": "4",
            "DOI": "10.1234/A",
            "Link": "https://x",
            "Affiliations": "A1; A2",
            "Abstract": "Abs",
            "Author Keywords": "k1; k2",
            "Index Keywords": "k3",
            "PubMed ID": "123",
            "Language of Original Document": "English",
            "Document Type": "Article",
            "Source": "Scopus",
            "EID": "2-s2.0-1",
        },
        {
            "authors": ("Li W.", "Wu X."),
            "journal": "Radiology",
            "pages": "3-9",
            "doi": "10.1234/a",
            "pmid": "123",
            "keywords": ("k1", "k2", "k3"),
            "source_id": "2-s2.0-1",
            "types": ("Article",),
            "language": "English",
            "affiliations": ("A1", "A2"),
        },
    ),
    (
        "wos",
        {
            "Publication Type": "J",
            "Authors": "Li, W; Wu, X",
            "Author Full Names": "Li, Wei; Wu, Xin",
            "Article Title": "T",
            "Source Title": "RADIOLOGY",
            "Language": "English",
            "Document Type": "Article",
            "Author Keywords": "k1; k2",
            "Keywords Plus": "K3",
            "Abstract": "Abs",
            "Addresses": "[Li, Wei] A1",
            "Publication Date": "MAR 4",
            "Publication Year": "2020",
            "Volume": "1",
            "Issue": "2",
            "Start Page": "3",
            "End Page": "9",
            "DOI": "10.1234/a",
            "Pubmed Id": "123",
            "UT (Unique WOS ID)": "WOS:1",
        },
        {
            "authors": ("Li, W", "Wu, X"),
            "date": "2020-03-04",
            "pages": "3-9",
            "pmid": "123",
            "source_id": "WOS:1",
            "keywords": ("k1", "k2", "K3"),
            "types": ("Article",),
        },
    ),
    (
        "wos",
        {
            "PT": "J",
            "AU": "Li, W; Wu, X",
            "AF": "Li, Wei; Wu, Xin",
            "TI": "T",
            "SO": "RADIOLOGY",
            "LA": "English",
            "DT": "Article",
            "DE": "k1; k2",
            "AB": "Abs",
            "BP": "3",
            "EP": "9",
            "PY": "2020",
            "VL": "1",
            "DI": "10.1234/a",
            "PM": "123",
            "UT": "WOS:1",
        },
        {
            "authors": ("Li, Wei", "Wu, Xin"),
            "journal": "RADIOLOGY",
            "pages": "3-9",
            "year": 2020,
            "doi": "10.1234/a",
            "pmid": "123",
            "source_id": "WOS:1",
            "keywords": ("k1", "k2"),
        },
    ),
    (
        "covidence",
        {
            "Title": "T",
            "Authors": "Li, W.; Wu, X.",
            "Abstract": "Abs",
            "Published Year": "2020",
            "Published Month": "3",
            "Journal": "Radiology",
            "Volume": "1",
            "Issue": "2",
            "Pages": "3-9",
            "Accession Number": "",
            "DOI": "10.1234/a",
            "Ref": "1",
            "Covidence #": "#12",
            "Study": "Li 2020",
            "Notes": "",
            "Tags": "x",
        },
        {
            "authors": ("Li, W.", "Wu, X."),
            "date": "2020-03",
            "source_id": "#12",
            "extra": {
                "Published Month": ("3",),
                "Ref": ("1",),
                "Study": ("Li 2020",),
                "Tags": ("x",),
            },
        },
    ),
    (
        "zotero",
        {
            "Key": "AB12",
            "Item Type": "journalArticle",
            "Publication Year": "2020",
            "Author": "Li, Wei; Wu, Xin",
            "Title": "T",
            "Publication Title": "Radiology",
            "ISSN": "1",
            "DOI": "10.1234/a",
            "Url": "https://x",
            "Abstract Note": "Abs",
            "Date": "2020-03-04",
            "Pages": "3-9",
            "Issue": "2",
            "Volume": "1",
            "Language": "en",
            "Library Catalog": "",
            "Manual Tags": "k1; k2",
            "Automatic Tags": "k3",
        },
        {
            "authors": ("Li, Wei", "Wu, Xin"),
            "date": "2020-03-04",
            "journal": "Radiology",
            "abstract": "Abs",
            "types": ("journalArticle",),
            "keywords": ("k1", "k2", "k3"),
        },
    ),
    (
        "eppi",
        {
            "ItemId": "77",
            "TypeName": "Journal, Article",
            "Title": "T",
            "Author": "Li W ; Wu X ;",
            "ParentTitle": "Radiology",
            "Year": "2020",
            "Month": "3",
            "Volume": "1",
            "Issue": "2",
            "Pages": "3-9",
            "DOI": "10.1234/a",
            "Abstract": "Abs",
            "ShortTitle": "Li (2020)",
        },
        {"authors": ("Li W", "Wu X"), "journal": "Radiology", "source_id": "77", "date": "2020-03"},
    ),
    (
        "embase",
        {
            "TITLE": "T",
            "AUTHOR NAMES": "Li W.; Wu X.",
            "SOURCE TITLE": "Radiology",
            "PUBLICATION YEAR": "2020",
            "VOLUME": "1",
            "ISSUE": "2",
            "FIRST PAGE": "3",
            "LAST PAGE": "9",
            "DATE OF PUBLICATION": "4 Mar 2020",
            "PUBLICATION TYPE": "Article",
            "DOI": "10.1234/a",
            "MEDLINE PMID": "123",
            "PUI": "L1",
            "ABSTRACT": "Abs",
            "EMTREE MEDICAL INDEX TERMS": "human; lung",
        },
        {
            "authors": ("Li W.", "Wu X."),
            "date": "2020-03-04",
            "pages": "3-9",
            "pmid": "123",
            "source_id": "L1",
            "keywords": ("human", "lung"),
        },
    ),
    (
        "springer",
        {
            "Item Title": "T",
            "Publication Title": "Radiology",
            "Journal Volume": "1",
            "Journal Issue": "2",
            "Item DOI": "10.1234/a",
            "Authors": "Wei Li, Xin Wu",
            "Publication Year": "2020",
            "URL": "https://x",
            "Content Type": "Article",
        },
        {"authors": ("Wei Li", "Xin Wu"), "volume": "1", "issue": "2", "doi": "10.1234/a"},
    ),
    (
        "ebsco",
        {
            "Article Title": "T",
            "Author": "Li, Wei; Wu, Xin",
            "Journal Title": "Radiology",
            "Publication Date": "20200304",
            "Volume": "1",
            "Issue": "2",
            "First Page": "3",
            "Accession Number": "99",
            "DOI": "10.1234/a",
            "Abstract": "Abs",
            "PLink": "https://x",
        },
        {"authors": ("Li, Wei", "Wu, Xin"), "source_id": "99", "pages": "3", "year": 2020},
    ),
    (
        "table",
        {
            "Title": "T",
            "Authors": "Li W",
            "Source": "Radiology. 290(3):640-648, 2019 03.",
            "Abstract": "Abs",
            "Year of Publication": "2019",
        },
        {
            "journal": "Radiology",
            "volume": "290",
            "issue": "3",
            "pages": "640-648",
            "date": "2019-03",
        },
    ),
    (
        "table",
        {"Authors": "W Li, X Wu", "Title": "T", "Year": "2020", "Source": "Radiology: AI"},
        {"journal": "Radiology: AI", "authors": ("W Li", "X Wu")},
    ),
]


def as_table(row: dict[str, str], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(row)
    writer.writerow(row.values())
    return out.getvalue()


@pytest.mark.parametrize(("source", "row", "wanted"), LAYOUTS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_known_without_a_mapping(
    source: str, row: dict[str, str], wanted: dict[str, object], delimiter: str
) -> None:
    (record,) = read_file(as_table(row, delimiter).encode()).records
    assert record.source == source
    assert record.title == "T"
    assert {name: getattr(record, name) for name in wanted} == wanted


@pytest.mark.parametrize(("source", "row", "wanted"), LAYOUTS)
def test_a_workbook_is_read_as_the_csv_is(
    source: str, row: dict[str, str], wanted: dict[str, object]
) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Search of today, 1 result"])
    sheet.append(list(row))
    sheet.append([int(cell) if cell.isdecimal() else cell for cell in row.values()])
    out = io.BytesIO()
    book.save(out)
    assert read_file(out.getvalue()).records == read_file(as_table(row).encode()).records


@pytest.mark.parametrize(("source", "row", "wanted"), LAYOUTS)
def test_no_cell_is_lost(source: str, row: dict[str, str], wanted: dict[str, object]) -> None:
    (record,) = read_file(as_table(row).encode()).records
    kept = repr(record).lower()
    for name, cell in row.items():
        for part in cell.replace(",", ";").split(";"):
            if part.strip() and not part.strip().isdecimal() and name not in DERIVED:
                assert part.strip().lower() in kept, f"{name}: {part}"


DERIVED = ("Publication Type", "PT", "Publication Date", "DATE OF PUBLICATION", "Date", "Source")
"""Columns whose text comes back in another form (dates), or says nothing (type J)."""

VERTICAL = (
    '"TITLE","First, of all"\n"AUTHOR NAMES","Li W.","Wu X."\n"SOURCE TITLE","Radiology"\n'
    '"PUBLICATION YEAR","2020"\n"FIRST PAGE","3"\n"LAST PAGE","9"\n"DOI","10.1234/a"\n'
    '"EMBASE LINK","https://www.embase.com/a?id=L1"\n"EMTREE MEDICAL INDEX TERMS","human","lung"\n'
    '"PUI","L1"\n\n"TITLE","Second"\n"AUTHOR NAMES","Roe R."\n"PUBLICATION YEAR","2021"\n'
)


def test_embase_with_a_field_a_row_is_read() -> None:
    first, second = read_file(VERTICAL.encode()).records
    assert first == Record(
        source="embase",
        source_id="L1",
        title="First, of all",
        authors=("Li W.", "Wu X."),
        year=2020,
        date="2020",
        journal="Radiology",
        pages="3-9",
        doi="10.1234/a",
        keywords=("human", "lung"),
        urls=("https://www.embase.com/a?id=L1",),
    )
    assert (second.title, second.year) == ("Second", 2021)


def test_a_field_a_row_cut_short_is_rejected() -> None:
    parsed = read_file(VERTICAL.rstrip()[:-20].encode() + b'"DOI","10.12')
    assert len(parsed.records) == 1
    assert parsed.rejected[0].number == 2


def test_a_preamble_above_the_header_is_passed_over() -> None:
    text = (
        "About the data: exported today\n\nRank,Publication ID,DOI,Title,PubYear\n1,pub.1,,T,2020\n"
    )
    (record,) = read_file(text.encode()).records
    assert (record.source, record.source_id, record.title, record.year) == (
        "dimensions",
        "pub.1",
        "T",
        2020,
    )


AUTHORS = [
    ("Li W., Dou Z.", ("Li W.", "Dou Z.")),
    ("Smith A, Walter B", ("Smith A", "Walter B")),
    ("Smith, John", ("Smith, John",)),
    ("Smith, J., Doe, K. L.", ("Smith, J.", "Doe, K. L.")),
    ("Doe, J. and Roe, R.", ("Doe, J.", "Roe, R.")),
    ("Li W; Wu X;", ("Li W", "Wu X")),
    ("World Health Organization", ("World Health Organization",)),
    ("P. Kogge; J. -P. Nominé", ("P. Kogge", "J. -P. Nominé")),
    ("A. One, B. Two, and C. Three", ("A. One", "B. Two", "C. Three")),
]


@pytest.mark.parametrize(("cell", "wanted"), AUTHORS)
def test_authors_in_one_cell_are_parted(cell: str, wanted: tuple[str, ...]) -> None:
    assert (
        read_file(as_table({"Title": "T", "Authors": cell}).encode()).records[0].authors == wanted
    )


def test_identifiers_that_are_none_stay_in_extra() -> None:
    row = {"Title": "T", "DOI": "see website", "PMID": "n/a"}
    (record,) = read_file(as_table(row).encode()).records
    assert (record.doi, record.pmid) == (None, None)
    assert record.extra == {"DOI": ("see website",), "PMID": ("n/a",)}


OVID_TEXT = (
    "<1>\nVN  - Ovid Technologies\nDB  - Embase\nAN  - 2001\nTI  - First\nAU  - Li W.\n"
    "AU  - Wu X.\n"
    "JN  - Radiology\nYR  - 2020\nDO  - http://dx.doi.org/10.1234/a\n\n"
    "<2>\nVN  - Ovid Technologies\nDB  - Embase\nAN  - 2002\nTI  - Second\nYR  - 2021\n"
)


def test_ovid_tagged_text_is_read() -> None:
    first, second = read_file(OVID_TEXT.encode()).records
    assert (first.source, first.source_id, first.title) == ("embase", "2001", "First")
    assert (first.journal, first.year, first.doi) == ("Radiology", 2020, "10.1234/a")
    assert first.authors == ("Li W.", "Wu X.")
    assert second.title == "Second"


def test_pubmeds_plain_text_is_refused_with_advice() -> None:
    text = "1. Radiology. 2020 Mar;1(2):3-9.\n\nA title.\n\nLi W, Wu X.\n\nPMID: 12345678\n"
    with pytest.raises(Exception, match="Format: PubMed"):
        read_file(text.encode())


ZOTERO_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><xml><records><record><database name="MyLibrary">'
    'MyLibrary</database><source-app name="Zotero">Zotero</source-app><ref-type '
    'name="Journal Article">17</ref-type><contributors><authors><author>Li, Wei</author>'
    "<author>Wu, Xin</author></authors></contributors><titles><title>A <i>b</i> c</title>"
    "<secondary-title>Radiology</secondary-title></titles><periodical><full-title>Radiology"
    "</full-title></periodical><pages>3-9</pages><volume>1</volume><issue>2</issue><dates>"
    "<year>2020</year><pub-dates><date>2020-03-04</date></pub-dates></dates>"
    "<electronic-resource-num>10.1234/a</electronic-resource-num><abstract>Abs</abstract><urls>"
    "<web-urls><url>https://x</url></web-urls></urls></record></records></xml>"
)


def test_zoteros_endnote_xml_is_read() -> None:
    (record,) = read_file(ZOTERO_XML.encode()).records
    assert record.title == "A b c"
    assert record.authors == ("Li, Wei", "Wu, Xin")
    assert (record.journal, record.volume, record.issue, record.pages) == (
        "Radiology",
        "1",
        "2",
        "3-9",
    )
    assert (record.date, record.doi, record.urls) == ("2020-03-04", "10.1234/a", ("https://x",))


def test_csl_json_and_eppi_json_are_read() -> None:
    csl = (
        '[{"id": "a", "type": "article-journal", "title": "T", "container-title": "Radiology",'
        '"author": [{"family": "Li", "given": "Wei"}], "issued": {"date-parts": [[2020, 3, 4]]},'
        '"DOI": "10.1234/a", "page": "3-9"}]'
    )
    (record,) = read_file(csl.encode()).records
    assert (record.title, record.journal, record.doi) == ("T", "Radiology", "10.1234/a")
    assert (record.authors, record.date, record.pages) == (("Li, Wei",), "2020-03-04", "3-9")
    eppi = '{"CodeSets": [], "References": [{"ItemId": 5, "Title": "T", "Year": "2020"}]}'
    assert read_file(eppi.encode()).records[0].source_id == "5"
