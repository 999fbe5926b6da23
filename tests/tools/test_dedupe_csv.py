"""A table is grouped without a review."""

import csv
import gzip
import random
import subprocess
import sys

import pytest

from review.dedupe import blocking, build_columns
from review.errors import SourceError
from review.tools.dedupe_csv import COLUMNS, dedupe_file, iter_records


def table(path, rows, columns=COLUMNS):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def groups_in(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8") as handle:
        return {row["record_id"]: row["cluster_id"] for row in csv.DictReader(handle)}


ROWS = [
    {
        "record_id": "a",
        "title": "Networks for chest radiographs in triage",
        "authors": "Fox, A.; Hu, B.",
        "year": "2020",
        "journal": "Radiology",
        "volume": "3",
        "pages": "7-9",
    },
    {
        "record_id": "b",
        "title": "Networks for chest radiographs in triage.",
        "authors": "Fox A, Hu B",
        "year": "2020",
        "journal": "RADIOLOGY",
        "volume": "3",
        "pages": "7-9",
    },
    {"record_id": "c", "title": "Wages in coastal towns", "authors": "Ray C", "doi": "10.1016/x"},
    {"record_id": "d", "title": "Rivers of the north", "authors": "Sun D", "doi": "10.1016/x"},
]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_groups_are_written_in_the_order_of_the_input(tmp_path, suffix):
    out = tmp_path / f"groups{suffix}"
    done = dedupe_file(table(tmp_path / f"in{suffix}", ROWS), out, tmp_path / "pairs.csv")
    found = groups_in(out)
    assert list(found) == ["a", "b", "c", "d"]
    assert found["a"] == found["b"]
    assert len(set(found.values())) == 3
    assert (done.records, done.studies, done.doubtful) == (4, 3, 1)
    with (tmp_path / "pairs.csv").open(newline="") as handle:
        [pair] = csv.DictReader(handle)
    assert (pair["record_a"], pair["record_b"]) == ("c", "d")
    assert pair["rule"] == "one doi, two documents"
    assert 0 <= float(pair["score"]) <= 1


def test_a_column_called_cluster_id_is_not_looked_at(tmp_path):
    rows = [{**row, "cluster_id": "same"} for row in ROWS]
    dedupe_file(table(tmp_path / "in.csv", rows, (*COLUMNS, "cluster_id")), tmp_path / "out.csv")
    assert len(set(groups_in(tmp_path / "out.csv").values())) == 3


def test_a_table_may_be_empty_or_hold_a_single_column(tmp_path):
    done = dedupe_file(table(tmp_path / "in.csv", []), tmp_path / "out.csv")
    assert done.records == 0
    assert groups_in(tmp_path / "out.csv") == {}
    rows = [{"record_id": "1"}, {"record_id": "2"}]
    dedupe_file(table(tmp_path / "ids.csv", rows, ["record_id"]), tmp_path / "out.csv")
    assert groups_in(tmp_path / "out.csv") == {"1": "1", "2": "2"}


BAD = {
    "no column record_id": b"title,authors\nA,B\n",
    "appears twice": b"record_id,title\n1,A\n1,B\n",
    "record_id is empty": b"record_id,title\n,A\n",
    "not UTF-8": b"record_id,title\n1,M\xfcller\n",
    "is empty": b"",
    "column title twice": b"record_id,title,title\n1,A,B\n",
    "closing quotation mark is missing": b'record_id,title\n1,"A\n2,B\n3,C\n',
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_table_is_refused_with_its_reason_and_nothing_is_written(tmp_path, message):
    path = tmp_path / "in.csv"
    path.write_bytes(BAD[message])
    with pytest.raises(SourceError, match=message):
        dedupe_file(path, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


MESSY = {
    "a byte order mark and capitals": b'\xef\xbb\xbf"Record_ID",Title\r\n1,A\r\n\r\n2,B\r\n',
    "semicolons": b"record_id;title;authors\n1;A, in short;Fox A\n2;B;\n",
    "tabs": b"record_id\ttitle\n1\tA\n2\tB\n",
    "short and long rows": b"record_id,title,year\n1\n2,B,2020,more,and more\n",
    "other columns and spaces": b" shelf , record_id ,title\nx, 1 ,A\ny,2,B\n",
    "line breaks in a cell": b'record_id,title\n1,"A\nb"\n2,B\n',
    "quotes within a cell": b'record_id,title\n1,A 5" film\n2,B\n',
}


@pytest.mark.parametrize("name", MESSY)
def test_a_messy_table_is_read(tmp_path, name):
    (tmp_path / "in.csv").write_bytes(MESSY[name])
    with gzip.open(tmp_path / "in.csv.gz", "wb") as handle:
        handle.write(MESSY[name])
    for path in ("in.csv", "in.csv.gz"):
        dedupe_file(tmp_path / path, tmp_path / "out.csv")
        assert groups_in(tmp_path / "out.csv") == {"1": "1", "2": "2"}


def test_the_line_of_a_bad_id_is_named(tmp_path):
    (tmp_path / "in.csv").write_text("record_id,title\n1,A\n2,B\n1,C\n")
    with pytest.raises(SourceError, match="line 4: record_id '1' appears twice"):
        dedupe_file(tmp_path / "in.csv", tmp_path / "out.csv")


def test_the_table_itself_is_never_written_over(tmp_path):
    path = table(tmp_path / "in.csv", ROWS)
    before = path.read_bytes()
    for out, pairs in ((path, None), (tmp_path / "o.csv", path), (tmp_path / "o", tmp_path / "o")):
        with pytest.raises(SourceError, match="different files"):
            dedupe_file(path, out, pairs)
    assert path.read_bytes() == before


YEARS = {"2020.0": True, "2020-05-01": True, "c2020": True, "99999": False, "in press": False}


@pytest.mark.parametrize("year", YEARS)
def test_a_year_is_read_out_of_what_stands_there(tmp_path, year):
    rows = [{**ROWS[0], "year": "2020"}, {**ROWS[0], "record_id": "b", "year": year, "pages": ""}]
    dedupe_file(table(tmp_path / "in.csv", rows), tmp_path / "out.csv")
    assert (groups_in(tmp_path / "out.csv")["b"] == "a") is YEARS[year]


def test_the_order_of_rows_does_not_change_the_groups(tmp_path):
    """Rows alike in all but their id, some of which fit two documents equally."""
    column = "Comments on radiology education, questions and answers of the northern editors"
    rows = [
        {
            "record_id": str(n),
            "title": column,
            "authors": "Fox, A.",
            "year": "2020",
            "journal": "Radiology",
            "volume": "3",
            "issue": ["1", "2", "", ""][n % 4],
            "pages": ["1-2", "", "10"][n % 3],
            "doi": ["", "10.1016/a", "", "10.1016/b", ""][n % 5],
        }
        for n in range(120)
    ]
    found = set()
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        dedupe_file(table(tmp_path / "in.csv", rows), tmp_path / "out.csv")
        groups: dict[str, set[str]] = {}
        for one, lead in groups_in(tmp_path / "out.csv").items():
            groups.setdefault(lead, set()).add(one)
        found.add(frozenset(map(frozenset, groups.values())))
    assert len(found) == 1
    assert 1 < len(next(iter(found))) < 120


def test_what_stands_for_a_doi_and_is_none_joins_nothing_and_is_said(tmp_path):
    cells = ["see print", "see print", "10.", "n/a", "https://doi.org/10.1016/j.x", "10.1016%2Fj.y"]
    rows = [
        {"record_id": str(n), "title": f"{'Rivers' if n % 2 else 'Wages'} of ward {n}", "doi": cell}
        for n, cell in enumerate(cells)
    ]
    path = table(tmp_path / "in.csv", rows)
    done = dedupe_file(path, tmp_path / "out.csv")
    assert done.no_dois == (("0", "see print"), ("1", "see print"), ("2", "10."))
    assert (done.studies, done.doubtful) == (6, 0)
    words = [
        sys.executable,
        "-m",
        "review.cli",
        "dedupe",
        "file",
        str(path),
        "--out",
        str(tmp_path / "o.csv"),
    ]
    told = subprocess.run(words, capture_output=True, text=True, timeout=300).stdout
    assert (
        "3 invalid values in the doi column were ignored, for example 'see print' (record 0)"
        in told
    )


def test_a_missing_file_and_a_torn_archive_say_so(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        dedupe_file(tmp_path / "none.csv", tmp_path / "out.csv")
    whole = table(tmp_path / "in.csv.gz", ROWS * 1).read_bytes()
    (tmp_path / "torn.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be read"):
        dedupe_file(tmp_path / "torn.csv.gz", tmp_path / "out.csv")


def test_an_output_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(SourceError, match="cannot be written"):
        dedupe_file(table(tmp_path / "in.csv", ROWS), tmp_path / "no" / "out.csv")


def test_ten_thousand_equal_titles_are_no_more_work_than_ten_thousand_others(tmp_path):
    """Work and memory go with the pairs compared; a crowd is thinned to its neighbours."""
    plain = [
        {
            "record_id": str(n),
            "title": f"Study {n} of network {n * 7} in ward {n * 13}",
            "year": "2020",
            "authors": f"Fox{n}, A",
            "journal": "Radiology",
            "volume": str(n),
            "pages": str(n),
        }
        for n in range(10_000)
    ]
    same = [{**row, "title": "Letter to the editor"} for row in plain]
    blank = [{"record_id": row["record_id"], "title": "Letter to the editor"} for row in same]
    for name, rows in (("plain", plain), ("same", same), ("blank", blank)):
        path = table(tmp_path / f"{name}.csv", rows)
        assert len(
            blocking.find_pairs(build_columns(enumerate(iter_records(path, []))))
        ) < 45 * len(rows), name
        done = dedupe_file(path, tmp_path / "out.csv")
        assert done.studies == 10_000
        crowd = ("Letter to the editor", 10_000)
        assert [(title.capitalize(), n) for title, n in done.crowds] == [crowd] * (name != "plain")


def test_a_crowd_under_one_telling_title_is_asked_about_once(tmp_path):
    rows = [
        {
            "record_id": str(n),
            "title": "Case of a swallowed coin in northern trainees",
            "year": "2020",
        }
        for n in range(200)
    ]
    done = dedupe_file(table(tmp_path / "in.csv", rows), tmp_path / "o.csv", tmp_path / "p.csv")
    assert (done.studies, done.doubtful) == (200, 1)
    assert "one title on 200 different records" in (tmp_path / "p.csv").read_text()


def test_the_command_groups_a_table_outside_any_review(tmp_path):
    path = table(tmp_path / "in.csv", ROWS)
    words = [
        sys.executable,
        "-m",
        "review.cli",
        "dedupe",
        "file",
        str(path),
        "--out",
        str(tmp_path / "out.csv"),
        "--pairs",
        str(tmp_path / "p.csv"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "4 records, 3 groups" in done.stdout
    assert groups_in(tmp_path / "out.csv")["b"] == "a"
    words = [*words[:5], "none.csv", "--out", "o.csv"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 1
    assert done.stderr.startswith("review: none.csv cannot be read")
