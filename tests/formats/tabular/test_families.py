"""Tables of related databases: their columns, authors, citation lines and database names."""

import csv
import io
from collections.abc import Mapping

import pytest

from review.formats import detect_database, read_file
from review.models import Record


def read_rows(*rows: Mapping[str, str]) -> tuple[Record, ...]:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return read_file(out.getvalue().encode()).records


FAMILIES: list[tuple[str, dict[str, str], dict[str, object]]] = [
    (
        "ovid medline",
        {
            "VN": "Ovid Technologies",
            "DB": "Ovid MEDLINE(R) ALL",
            "UI": "31234567",
            "TI": "T",
            "SO": "Radiology. 290(2):456-464, 2019 Feb.",
            "AU": "Smith A\n\nJones B",
        },
        {
            "source": "medline",
            "pmid": "31234567",
            "authors": ("Smith A", "Jones B"),
            "journal": "Radiology",
            "volume": "290",
            "issue": "2",
            "pages": "456-464",
            "date": "2019-02",
        },
    ),
    (
        "ovid embase with an issue and no pages",
        {
            "DB": "Embase Classic+Embase",
            "TI": "T",
            "SO": "J. Thorac. Imaging. 12(Supplement 1) (no pagination), 2021. Article Number: 12. "
            "Date of Publication: 01 Mar 2021.",
        },
        {
            "source": "embase",
            "journal": "J. Thorac. Imaging",
            "volume": "12",
            "issue": "Supplement 1",
            "pages": None,
            "date": "2021-03-01",
        },
    ),
    (
        "new ebsco",
        {
            "title": "T",
            "contributors": "Smith, A.; Jones, B.",
            "publicationDate": "20200301",
            "source": "Radiography",
            "longDBName": "CINAHL Ultimate",
            "subjects": "imaging; films",
        },
        {
            "source": "cinahl",
            "authors": ("Smith, A.", "Jones, B."),
            "journal": "Radiography",
            "date": "2020-03-01",
            "keywords": ("imaging", "films"),
        },
    ),
    (
        "lilacs",
        {
            "Title": "T",
            "Authors": "Silva, A.; Costa, B.",
            "Journal": "Rev. bras.",
            "Database": "LILACS",
            "Publication year": "2020",
            "Descriptor(s)": "Radiologia",
            "Publication Country": "Brasil",
        },
        {"source": "lilacs", "journal": "Rev. bras.", "year": 2020, "keywords": ("Radiologia",)},
    ),
    (
        "cnki",
        {
            "Title-题名": "T",
            "Author-作者": "王伟;李娜",
            "Source-文献来源": "放射学",
            "Year-年": "2020",
            "Period-期": "3",
            "PageCount-页码": "12-15",
            "Summary-摘要": "Abs",
        },
        {
            "source": "cnki",
            "authors": ("王伟", "李娜"),
            "journal": "放射学",
            "year": 2020,
            "issue": "3",
            "pages": "12-15",
            "abstract": "Abs",
        },
    ),
    (
        "springer runs names together",
        {
            "Item Title": "T",
            "Publication Title": "Eur Radiol",
            "Item DOI": "10.1007/x.1",
            "Authors": "Anne McDonaldJosé GarcíaÉva LeCunB. de la Cruz",
            "Publication Year": "2020",
        },
        {
            "source": "springer",
            "authors": ("Anne McDonald", "José García", "Éva LeCun", "B. de la Cruz"),
        },
    ),
    (
        "base keeps braces",
        {"title": "{T}", "author": "{Smith, Anne} and {Jones, Bea}", "year": "{2020}"},
        {"authors": ("Smith, Anne", "Jones, Bea"), "year": 2020},
    ),
    (
        "an author a column",
        {"Title": "T", "Author 2": "Jones B", "Author 1": "Smith A", "Year": "2020"},
        {"authors": ("Smith A", "Jones B")},
    ),
    (
        "family and given name a column",
        {
            "Title": "T",
            "Author 1 last name": "Smith",
            "Author 1 first name": "Anne",
            "Author 2 last name": "Jones",
            "Author 2 first name": "",
            "Year": "2020",
        },
        {"authors": ("Smith, Anne", "Jones")},
    ),
    (
        "first author",
        {"Title": "T", "First author": "Smith A", "Year": "2020.0", "PMID": "31234567.0"},
        {"authors": ("Smith A",), "year": 2020, "pmid": "31234567"},
    ),
    (
        "a group beside people",
        {"Title": "T", "Authors": "Smith A; Jones B", "Corporate author": "ABC Group"},
        {"authors": ("Smith A", "Jones B", "ABC Group")},
    ),
    (
        "spanish",
        {"Título": "T", "Autores": "Silva A; Costa B", "Año": "2020", "Resumen": "Abs"},
        {"authors": ("Silva A", "Costa B"), "year": 2020, "abstract": "Abs"},
    ),
    (
        "registry",
        {
            "TrialID": "ACTRN1",
            "Scientific title": "Longer",
            "Public title": "T",
            "Date registration": "2019-05-06",
            "web address": "http://x.example/1",
        },
        {"source": "ictrp", "source_id": "ACTRN1", "date": "2019-05-06"},
    ),
    (
        "placeholders say nothing",
        {"Title": "T", "Authors": "No author listed", "Abstract": "N/A", "Year": "2020"},
        {"authors": (), "abstract": None},
    ),
    (
        "pages that a spreadsheet made a date",
        {"Title": "T", "Authors": "Smith A", "Pages": "2024-10-12"},
        {"pages": None, "extra": {"Pages": ("2024-10-12",)}},
    ),
    (
        "ovid with two-letter columns",
        {
            "VN": "Ovid Technologies",
            "DB": "Embase <1974 to 2026 March 10>",
            "AN": "2020000001",
            "TI": "T",
            "AU": "Poe A; Roe B.",
            "SO": "Chest. 34(2):100-110, 2024 Feb.",
            "AB": "Text",
            "DO": "10.5555/ov.1",
            "YR": "2024",
            "PT": "Article",
        },
        {
            "source": "embase",
            "journal": "Chest",
            "volume": "34",
            "pages": "100-110",
            "year": 2024,
            "doi": "10.5555/ov.1",
            "authors": ("Poe A", "Roe B."),
        },
    ),
    (
        "base",
        {"dctitle": "{T}", "dccreator": "Poe, A", "dcyear": "2024", "dcprovider": "A library"},
        {"source": "base", "title": "T", "year": 2024},
    ),
    (
        "bvs with a source line",
        {
            "ID": "lil-1",
            "Title": "T",
            "Source": "Rev. bras. radiol; 12(3): 45-50 2021.",
            "Journal": "Rev. bras. radiol",
            "Database": "LILACS",
        },
        {"source": "lilacs", "pages": "45-50"},
    ),
    (
        "cnki names a kind of publication",
        {"SrcDatabase-来源库": "期刊", "Title-题名": "T", "Source-文献来源": "J"},
        {"source": "cnki", "title": "T", "journal": "J"},
    ),
    (
        "cochrane reviews",
        {
            "Cochrane Review ID": "CD000001",
            "Title": "T",
            "Source": "Cochrane Database of Systematic Reviews",
        },
        {
            "source": "cochrane",
            "source_id": "CD000001",
            "journal": "Cochrane Database of Systematic Reviews",
        },
    ),
    (
        "eric with a source line",
        {"ERIC Number": "EJ1", "Title": "T", "Source": "J of Films, v12 n3 p45-53 Spr 2024"},
        {"source": "eric", "journal": "J of Films", "volume": "12", "issue": "3", "year": 2024},
    ),
    (
        "engineering village",
        {"Title": "T", "Author": "Poe, A. (1); Roe, B. (1, 2)", "Pages": "p 12-19"},
        {"authors": ("Poe, A.", "Roe, B."), "pages": "12-19"},
    ),
    (
        "article number in place of pages",
        {"Title": "T", "Source title": "J", "Art. No.": "e200", "Page start": "", "EID": "2-s2"},
        {"source": "scopus", "pages": "e200"},
    ),
]


@pytest.mark.parametrize(
    ("row", "wanted"), [case[1:] for case in FAMILIES], ids=[case[0] for case in FAMILIES]
)
def test_a_family_of_columns_is_known(row: dict[str, str], wanted: dict[str, object]) -> None:
    (record,) = read_rows(row)
    assert record.title == "T"
    assert {name: getattr(record, name) for name in wanted} == wanted


@pytest.mark.parametrize("column", ["Databases", "DB", "Database name", "Source database"])
def test_a_mixed_table_counts_by_its_parts(column: str) -> None:
    names = ["Scopus", "Scopus", "PubMed/MEDLINE", "Global Health", "Scopus; Embase", "", "Scopus"]
    rows = [{"Title": f"T{n}", "Year": "2020", column: name} for n, name in enumerate(names)]
    sources = [record.source for record in read_rows(*rows)]
    assert sources == [
        "scopus",
        "scopus",
        "pubmed",
        "Global Health",
        "Scopus; Embase",
        "table",
        "scopus",
    ]


OPEN_LINKS = (
    "https://arxiv.org/abs/2301.00001",
    "https://www.medrxiv.org/content/10.1101/1",
    "https://pubmed.ncbi.nlm.nih.gov/31234567/",
    "https://europepmc.org/article/MED/1",
    "https://dl.acm.org/doi/10.1145/1",
    "https://www.jstor.org/stable/1",
)


@pytest.mark.parametrize("link", OPEN_LINKS)
def test_an_open_link_never_decides_the_database(link: str) -> None:
    (record,) = read_rows({"Title": "T", "Authors": "Smith A", "Year": "2020", "URL": link})
    assert record.source == "table"
    ris = f"TY  - JOUR\nTI  - T\nUR  - {link}\nER  - \n"
    assert read_file(ris.encode()).records[0].source == "ris"
    stated = f"TY  - JOUR\nTI  - T\nDB  - Global Health\nUR  - {link}\nER  - \n"
    assert read_file(stated.encode()).records[0].source == "Global Health"


@pytest.mark.parametrize(
    ("name", "database"),
    [
        ("Embase_2024-03.csv", "embase"),
        ("search of web-of-science.ris", "wos"),
        ("pubmed and embase.ris", None),
        ("arxivist.csv", None),
        ("library.ris", None),
    ],
)
def test_the_name_of_a_file_may_say_its_database(name: str, database: str | None) -> None:
    assert detect_database.find_by_file_name(name) == database
    assert detect_database.find_by_file_name(f"/home/scopus/{name}") == database, (
        "folders say nothing"
    )


def test_a_well_formed_row_that_is_too_wide_is_one_rejected_row() -> None:
    text = (
        'Authors,Title,Year,Abstract\n"A, B",One,2020,"First,\nsecond, third\nfourth",more\n'
        "C,Two,2021,Text\n"
    )
    parsed = read_file(text.encode())
    assert [record.title for record in parsed.records] == ["Two"]
    (rejection,) = parsed.rejected
    assert "5 cells, but the header has 4" in rejection.reason
    assert "fourth" in rejection.raw
    assert parsed.announced == 2


def test_the_rest_of_a_damaged_row_makes_no_record() -> None:
    text = (
        'Authors,Title,Year,Abstract\nA,"One,2020,"First\nsecond, third\n'
        "B,Two,2021,Text\nC,Three,2022,Text\n"
    )
    parsed = read_file(text.encode())
    assert [record.title for record in parsed.records] == ["Two", "Three"]
    assert parsed.rejected


def test_exports_put_one_after_the_other_are_read_as_one() -> None:
    export = b'Title,Authors,Year\nStudy %d,"Poe, A.",2021\n'
    parsed = read_file(b"".join(export % number for number in range(1, 4)))
    assert [record.title for record in parsed.records] == ["Study 1", "Study 2", "Study 3"]
    assert (parsed.announced, parsed.rejected) == (3, ())
    assert parsed.notes == ("Lines 3, 5 repeat the names of the columns, which make no record.",)


def test_a_second_table_with_other_columns_is_never_read_under_the_first_ones_names() -> None:
    parsed = read_file(
        b'Title,Authors,Year\nOne,"Poe, A.",2020\n\n'
        b'Authors,Title,DOI\n"Lee, B.",Other,10.5555/1\n'
        b'Title,Authors,Year\nTwo,"Kim, C.",2021\n'
    )
    assert [record.title for record in parsed.records] == ["One", "Two"]
    assert parsed.announced == 4
    assert [entry.reason.split(",")[0] for entry in parsed.rejected] == [
        "line 4: it belongs to another table",
        "line 5: it belongs to another table",
    ]
    assert "(Authors, Title, DOI)" in parsed.rejected[0].reason


def test_a_record_about_titles_and_authors_is_a_record() -> None:
    parsed = read_file(b'Title,Authors,Year,Notes\nTitle,"Author, A.",2020,Abstract\n')
    assert (len(parsed.records), parsed.rejected) == (1, ())
