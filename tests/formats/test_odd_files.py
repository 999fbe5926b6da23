"""Unusual files: encodings, line ends, truncated, damaged, of the wrong kind."""

import io
import random
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from support.mutations import FORMATS, find_owners, has_warning, make_file

from review.errors import SourceError
from review.formats import read_file
from review.text.characters import is_storable
from review.workflow.records.imports import refuse_damaged

RIS = (
    "TY  - JOUR\nTI  - Über Röntgen\nAU  - Müller, Eva\nPY  - 2020\nER  - \n\n"
    "TY  - JOUR\nTI  - Second\nAU  - Li, W.\nPY  - 2021\nDO  - 10.1234/x\nER  - \n"
)
NBIB = (
    "PMID- 11111111\nOWN - NLM\nTI  - First title runs over\n      two lines.\nFAU - Li, Wei\n"
    "AU  - Li W\nDP  - 2020 Mar 4\nJT  - Radiology\nSO  - Radiology. 2020.\n\n"
    "PMID- 22222222\nOWN - NLM\nTI  - Second.\nAU  - Wu X\nDP  - 2021\nSO  - Chest. 2021.\n"
)
BIBTEX = (
    '@article{a1,\n  title = {First {CT} paper},\n  author = {M{\\"u}ller, Eva and Li, Wei},\n'
    '  year = 2020,\n  month = mar,\n}\n\n@article{a2,\n  title = "Second",\n  year = {2021}\n}\n'
)
CSV = "Title,Authors,Year,DOI\nFirst,Li W.; Wu X.,2020,10.1/a\nSecond,Wu X.,2021,10.1/b\n"
XML = (
    '<?xml version="1.0" encoding="UTF-8"?><xml><records><record><titles><title>First</title>'
    "</titles></record><record><titles><title>Second</title></titles></record></records></xml>"
)
WOS = "FN X\nVR 1.0\nPT J\nTI First\nPY 2020\nER\n\nPT J\nTI Second\nPY 2021\nER\n\nEF\n"
PERCENT = "%0 Journal Article\n%T First\n%D 2020\n\n%0 Journal Article\n%T Second\n%D 2021\n"
ALL = {
    "ris": RIS,
    "nbib": NBIB,
    "bibtex": BIBTEX,
    "csv": CSV,
    "xml": XML,
    "wos": WOS,
    "percent": PERCENT,
}


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_and_line_ends_do_not_matter(form: str, ends: str, encoding: str) -> None:
    data = ALL[form].replace("\n", ends).encode(encoding)
    assert read_file(data).records == read_file(ALL[form].encode()).records
    assert len(read_file(data).records) == 2


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_encodings_keep_their_letters(encoding: str) -> None:
    record = read_file(RIS.encode(encoding)).records[0]
    assert record.title == "Über Röntgen"
    assert record.authors == ("Müller, Eva",)


def test_one_stray_byte_does_not_spoil_the_other_letters() -> None:
    data = RIS.encode().replace(b"Second", b"Sec\xf6nd")
    titles = [record.title for record in read_file(data).records]
    assert titles == ["Über Röntgen", "Secönd"]


def test_windows_quotes_are_read() -> None:
    record = read_file(RIS.replace("Second", "Don’t – stop").encode("cp1252")).records[1]
    assert record.title == "Don’t – stop"


@pytest.mark.parametrize("form", ["ris", "nbib", "bibtex", "xml", "wos"])
def test_a_file_cut_short_gives_its_last_record_back_as_rejected(form: str) -> None:
    text = ALL[form].rstrip()
    parsed = read_file(text[: -len(text) // 8].rstrip().encode())
    assert [record.title for record in parsed.records] == [
        read_file(ALL[form].encode()).records[0].title
    ]
    assert [bad.number for bad in parsed.rejected] == [2]
    assert "Seco" in parsed.rejected[0].raw
    assert parsed.announced == 2


def test_a_csv_cut_inside_quotes_rejects_the_row() -> None:
    text = 'Title,Authors,Abstract\nFirst,Li W.,"All, of it."\nSecond,Wu X.,"Cut in the mid'
    parsed = read_file(text.encode())
    assert [record.title for record in parsed.records] == ["First"]
    assert "line 3" in parsed.rejected[0].reason
    assert "quotation mark" in parsed.rejected[0].reason
    assert parsed.announced == 2


def test_a_stray_quote_costs_one_row_not_the_rest() -> None:
    rows = "".join(f'Title {n},Li W.,"Abstract {n}, whole."\n' for n in range(3, 30))
    text = f'Title,Authors,Abstract\nGood,Li W.,"ok"\nBad,Wu X.,"never closed\n{rows}'
    parsed = read_file(text.encode())
    assert len(parsed.rejected) == 1
    assert parsed.rejected[0].raw.startswith("Bad,Wu X.")
    assert len(parsed.records) == 28


def test_a_row_with_too_many_cells_is_rejected_by_line() -> None:
    parsed = read_file(b"Title,Authors,Year\nGood,Li W.,2020\nBad,Li,W.,2020,x\n")
    assert len(parsed.records) == 1
    assert "line 3" in parsed.rejected[0].reason
    assert parsed.rejected[0].raw == "Bad,Li,W.,2020,x"


def test_a_short_row_is_fine() -> None:
    assert read_file(b"Title,Authors,Year\nOnly a title\n").records[0].title == "Only a title"


def test_a_ris_entry_without_er_amid_others_is_still_one_record() -> None:
    text = RIS.replace("ER  - \n\nTY", "TY", 1)
    assert [record.title for record in read_file(text.encode()).records] == [
        "Über Röntgen",
        "Second",
    ]


def test_an_empty_ris_entry_is_rejected() -> None:
    parsed = read_file((RIS + "\nTY  - JOUR\nER  - \n").encode())
    assert len(parsed.records) == 2
    assert parsed.rejected[0].number == 3


def test_ris_tags_before_the_first_ty_are_not_lost() -> None:
    parsed = read_file(("TI  - Headless\nAU  - Li, W.\nER  - \n" + RIS).encode())
    assert len(parsed.records) == 2
    assert "Headless" in parsed.rejected[0].raw


def test_a_percent_file_without_its_beginning_gives_no_tags_to_the_next_record() -> None:
    rest = "".join(
        f"%0 Journal Article\n%T Lung study {n}\n%A Poe, Ann\n%D 202{n}\n%M 4000{n}\n\n"
        for n in range(3)
    )
    parsed = read_file(f"and so it ended.\n%Z a note of another record\n%M 49999\n{rest}".encode())
    assert [record.source_id for record in parsed.records] == ["40000", "40001", "40002"]
    assert "a note of another record" in parsed.rejected[0].raw
    assert "its beginning is missing" in parsed.rejected[0].reason


def test_a_percent_entry_may_name_its_kind_late() -> None:
    parsed = read_file(b"%A Poe, Ann\n%T One lung study\n%D 2021\n%0 Journal Article\n")
    assert [record.title for record in parsed.records] == ["One lung study"]


def test_an_abstract_that_quotes_tags_is_one_abstract() -> None:
    text = RIS.replace(
        "PY  - 2020", "AB  - The ER - positive\nER - negative and\nTY - typed\nPY  - 2020"
    )
    parsed = read_file(text.encode())
    assert parsed.records[0].abstract == "The ER - positive ER - negative and TY - typed"


def test_repeated_bibtex_keys_and_fields_lose_nothing() -> None:
    text = BIBTEX.replace("a2", "a1").replace(
        "year = {2021}", "year = {2021},\n note = {x},\n note = {y}"
    )
    parsed = read_file(text.encode())
    assert [record.title for record in parsed.records] == ["First CT paper", "Second"]
    assert parsed.records[1].extra["note"] == ("x", "y")
    assert parsed.records[0].authors == ("Müller, Eva", "Li, Wei")
    assert parsed.records[0].date == "2020-03"


def test_bibtex_strings_are_resolved() -> None:
    text = '@string{rad = "Radiology"}\n@article{k, title={T}, journal = rad # " AI", year=2020}\n'
    assert read_file(text.encode()).records[0].journal == "Radiology AI"


REFUSED = [
    (b"", "empty"),
    (b"  \n\n", "empty"),
    (b"\x00\x01\x02\x03" * 50, "binary"),
    (b"%PDF-1.7 ...", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
    (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
    (b"<?xml version='1.0'?><feed></feed>", "unknown type of XML"),
    (b"Dear all,\nplease find attached.\n", "no title column found"),
    (b"Name,Size\na,1\n", "found: Name, Size"),
    (b'{"records": [', "JSON"),
    (b"Title,Authors\n", "no references"),
]


@pytest.mark.parametrize(("data", "said"), REFUSED)
def test_what_is_no_export_is_refused_in_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "search.ris"
    path.write_bytes(data)
    with pytest.raises(SourceError) as error:
        read_file(path)
    assert said in str(error.value)
    assert "search.ris" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_file(tmp_path / "nowhere.ris")


def test_xml_entities_are_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    parsed = read_file((bomb + XML[XML.index("<xml>") :].replace("First", "&b;")).encode())
    assert parsed.records == ()
    assert "entities" in parsed.rejected[0].reason


def zipped(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return out.getvalue()


def test_the_one_export_in_a_zip_is_read_as_rayyan_sends_it() -> None:
    data = zipped({"articles.csv": CSV, "customizations_log.csv": "key,value\n1,2\n"})
    assert read_file(data).records == read_file(CSV.encode()).records


def test_a_zip_of_several_exports_is_refused_with_their_names() -> None:
    with pytest.raises(SourceError, match=r"2 exports \(a\.ris, b\.ris\)"):
        read_file(zipped({"a.ris": RIS, "b.ris": RIS}))


@pytest.mark.parametrize("data", [b"PK\x03\x04 xl/ nothing here", zipped({"xl/workbook.xml": "<"})])
def test_a_damaged_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match="workbook"):
        read_file(data)


def test_a_csv_whose_text_looks_like_ris_is_still_a_table() -> None:
    text = 'Title,Authors,Abstract\nFirst,Li W.,"x\nTY  - JOUR\nER  - "\n'
    assert [record.title for record in read_file(text.encode()).records] == ["First"]


PIECES = [
    b'"',
    b"{",
    b"}",
    b"@",
    b"\n",
    b"ER  - \n",
    b"TY  - JOUR\n",
    b"\x00",
    b"\xff",
    b",",
    b"<",
    b"      x",
    b"PMID- ",
    b"%0 ",
    b"\\",
    b"<1>\n",
    b"PT J\n",
    b"@article{",
]


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The file with a few bytes cut out, put in, doubled or changed.

    Doubled bytes end with their line: a copy of several lines can hold the end of one record and
    the start of the next, and then the file itself says that they are one.
    """
    text = bytearray(data)
    for _ in range(dice.randint(1, 10)):
        at = dice.randrange(len(text) + 1)
        match dice.randrange(4):
            case 0:
                text[at:at] = dice.choice(PIECES)
            case 1:
                del text[at : at + dice.randint(1, 40)]
            case 2:
                text[at:at] = text[at : at + dice.randint(1, 80)].split(b"\n")[0]
            case _:
                text[at : at + 1] = bytes([dice.randrange(256)])
    return bytes(text)


@pytest.mark.parametrize("form", ALL)
def test_damage_of_any_kind_is_an_answer_not_a_crash(form: str) -> None:
    dice = random.Random(form)
    for _ in range(400):
        try:
            parsed = read_file(damaged(ALL[form].encode(), dice))
        except SourceError as error:
            assert "\n" not in str(error)
        else:
            assert parsed.records or parsed.rejected
            if parsed.announced != len(parsed.records):
                with pytest.raises(SourceError):
                    refuse_damaged(Path(form), parsed)


@pytest.mark.parametrize("form", FORMATS)
def test_heavy_damage_mixes_no_records_whether_the_file_is_accepted_or_not(form: str) -> None:
    """A file that the import refuses must not mix records either: --keep-good imports the rest."""
    dice = random.Random(form)
    outcomes = Counter[str]()
    for _ in range(80):
        text, words = make_file(form, dice)
        data = damaged(text.encode(), dice)
        try:
            parsed = read_file(data)
        except SourceError as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
            continue
        for record in parsed.records:
            owners = find_owners(record, words)
            assert len(owners) <= 1, (owners, record, data)
        refused = has_warning(parsed)
        assert refused or parsed.announced == len(parsed.records), data
        outcomes["refused" if refused else "accepted"] += 1
    assert outcomes["refused"] >= 5
    assert outcomes["accepted"] >= 1


def test_quotes_inside_unquoted_cells_are_letters() -> None:
    parsed = read_file(b'Title,Size,Year\nThe 5" gun,9" long,2020\nSecond,"a ""b"" c",2021\n')
    assert [record.title for record in parsed.records] == ['The 5" gun', "Second"]
    assert (parsed.announced, parsed.rejected) == (2, ())


def test_json_objects_that_ran_together_are_rejected_by_name() -> None:
    lines = (
        b'{"title": "A", "year": "2001", "note": "x"}\n'
        b'{"title": "B", "year": "2004", "note": "seen in nets", "year": "2005", "note": "y"}\n'
        b'{"title": "C", "year": "2006", "year": "2006"}\n'
    )
    for text in (lines, b"[" + b",".join(lines.splitlines()) + b"]"):
        parsed = read_file(text)
        assert [record.title for record in parsed.records] == ["A", "C"]
        reason = (
            "it has 'year', 'note' twice with different values: two records may have run together"
        )
        assert [(entry.number, entry.reason) for entry in parsed.rejected] == [(2, reason)]


def test_a_name_with_two_values_inside_a_json_record_is_rejected_with_both() -> None:
    row = '{"title": "A", "identifiers": {"DOI": "10.1000/a", "DOI": "10.1000/b"}}'
    parsed = read_file(f'[{row}, {{"title": "B"}}]'.encode())
    assert [record.title for record in parsed.records] == ["B"]
    [rejected] = parsed.rejected
    assert rejected.reason.startswith("it has 'identifiers.DOI' twice with different values")
    assert rejected.raw == row


def test_two_json_lists_of_records_under_one_name_are_refused() -> None:
    with pytest.raises(SourceError, match="two lists named 'records'"):
        read_file(b'{"records": [{"title": "A"}], "records": [{"title": "B"}]}')


@pytest.mark.parametrize("opening", ["%0 Journal Article\n%T ", "%T "])
def test_the_end_of_a_cut_endnote_entry_is_not_part_of_the_next(opening: str) -> None:
    """Also where only one other entry follows a blank line, so that as many open otherwise."""
    entries = [f"{opening}Study {name}\n%A Fox, Ann\n%M 3000{name}\n" for name in "2345"]
    data = "%Z the end of a note\n%M 30001\n" + entries[0] + "\n" + "".join(entries[1:])
    parsed = read_file(data.encode())
    assert [(record.title, record.source_id) for record in parsed.records] == [
        (f"Study {name}", f"3000{name}") for name in "2345"
    ]
    [rejected] = parsed.rejected
    assert "its beginning is missing" in rejected.reason
    assert "30001" in rejected.raw


@pytest.mark.parametrize("head", ["%0\nJournal Article\n", "%0\n\nJournal Article\n"])
def test_an_endnote_entry_with_two_types_is_two_that_ran_together(head: str) -> None:
    data = (
        "%0 Journal Article\n%T Study 1\n%R 10.1000/a\n\n%0 %X Aims: one.\n%M 30001\n"
        f"{head}%T Study 2\n%M 30002\n\n%0 Journal Article\n%T Study 3\n%M 30003\n"
    )
    parsed = read_file(data.encode())
    assert [(record.title, record.source_id) for record in parsed.records] == [
        ("Study 1", None),
        ("Study 3", "30003"),
    ]
    assert [entry.reason.split(":")[0] for entry in parsed.rejected] == ["two %0 lines"]


@pytest.mark.parametrize(
    "line",
    [
        "UR  - https://doi.org/10.1234/a%00b",
        "AB  - One &#0; two",
    ],
)
def test_no_character_that_a_store_refuses_comes_out_of_a_file(line):
    parsed = read_file(RIS.replace("ER  - ", f"{line}\nER  - ", 1).encode(), source="embase")
    assert is_storable(parsed) and len(parsed.records) == 2
