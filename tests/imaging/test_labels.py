"""Tables of labels, and matching them to files."""

import gzip

import pytest

from review.errors import ReviewError
from review.imaging.labels import (
    SEX_WORDS,
    LabelColumns,
    compare_lists,
    guess_columns,
    match_labels,
    merge_rows,
    parse_age,
    read_file_list,
    read_labels,
    unify_spellings,
)

NIH = """Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position
1_0.png,Mass|Nodule,0,1,058Y,M,PA
1_1.png,No Finding,1,1,58,M,AP
2_0.png,Hernia,0,2,414,F,PA
"""


def write(folder, text, name="labels.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shape_of_nih_is_recognised(tmp_path):
    table = read_labels(write(tmp_path, NIH))
    assert table.columns.patient == "Patient ID" and table.columns.view == "View Position"
    assert table.rows[0].labels == {"Mass", "Nodule"} and table.rows[0].age == 58
    assert table.rows[1].labels == {"No Finding"}
    assert table.rows[2].age is None
    assert [(problem.line, problem.kind) for problem in table.problems] == [
        (4, "age not plausible")
    ]


def test_one_column_per_label(tmp_path):
    text = "Path,Oedema,Effusion,Fracture\na.png,1.0,-1.0,\nb.png,YES,no,maybe not\n"
    columns = LabelColumns(file="Path", labels=("Oedema", "Effusion", "Fracture"))
    table = read_labels(write(tmp_path, text), columns)
    first, second = table.rows
    assert first.labels == {"Oedema"}
    assert first.uncertain == {"Effusion"} and first.not_stated == {"Fracture"}
    assert second.labels == {"Oedema"} and second.not_stated == {"Fracture"}
    assert [problem.kind for problem in table.problems] == ["value not understood"]


def test_one_column_of_yes_and_no_is_one_label(tmp_path):
    table = read_labels(write(tmp_path, "file,target\na.png,1\nb.png,0\n"))
    assert [row.labels for row in table.rows] == [{"target"}, frozenset()]
    assert not table.problems


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_gzip(tmp_path, separator):
    text = NIH.replace(",", separator)
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress(("\ufeff" + text).encode()))
    assert len(read_labels(path).rows) == 3


def test_rows_without_a_file_name_or_label_are_counted(tmp_path):
    text = (
        "file,label,patient\n,Mass,1\nb.png,,2\nc.png,Mass\nd.png,Mass,4,more\n"
        '"./sub/e.png",Mass,NA\n\n'
    )
    table = read_labels(write(tmp_path, text))
    assert len(table.rows) == 4 and table.dropped == 1
    assert [(problem.line, problem.kind) for problem in table.problems] == [
        (2, "no file name"),
        (3, "no label"),
        (4, "too few cells"),
        (5, "too many cells"),
    ]
    assert table.rows[-1].file == "sub/e.png" and table.rows[-1].patient is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "no column is recognised as the image file"),
        ("file,b\n1,2\n", "no column is recognised as the labels"),
        ("file,file,label\n1,2,3\n", "two columns are named 'file'"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path, text, message):
    with pytest.raises(ReviewError, match=message):
        read_labels(write(tmp_path, text))


def test_a_named_column_must_be_there(tmp_path):
    with pytest.raises(ReviewError, match=r"no column 'race'; it has 'Image Index'"):
        read_labels(
            write(tmp_path, NIH),
            LabelColumns(file="Image Index", labels=("Finding Labels",), others=("race",)),
        )
    with pytest.raises(ReviewError, match="does not exist"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\x00\x00")
    with pytest.raises(ReviewError, match="not a text table"):
        read_labels(tmp_path / "a.xls")


def test_files_and_rows_are_matched_and_add_up(tmp_path):
    text = (
        "file,label,patient\nimages/a.png,Mass,1\nb.png,Mass,1\nc.jpg,Mass,2\nc.jpg,Nodule,3\n"
        "gone.png,Mass,4\n../../etc/passwd,Mass,5\ntwice.png,Mass,6\nx/twice.png,Nodule,7\n"
    )
    table = read_labels(write(tmp_path, text))
    paths = ["images/a.png", "deep/b.png", "c.png", "alone.png", "x/twice.png", "y/twice.png"]
    match = match_labels(table, paths)
    assert list(match.rows) == ["images/a.png", "deep/b.png", "c.png", "x/twice.png"]
    assert match.rows["c.png"].labels == {"Mass", "Nodule"}
    assert match.merged == 1 and match.conflicting == ("c.png",)
    assert [row.file for row in match.rows_without_file] == ["gone.png", "../../etc/passwd"]
    assert [row.file for row in match.ambiguous] == ["twice.png"]
    assert match.files_without_row == ("alone.png", "y/twice.png")
    assert match.matched_by == {"path": 2, "name": 1, "name without suffix": 2}
    total = len(match.rows) + match.merged + len(match.rows_without_file) + len(match.ambiguous)
    assert total == len(table.rows)


def test_dots_in_a_name_are_no_suffix(tmp_path):
    table = read_labels(write(tmp_path, "file,label\n1.2.840.7,Mass\n"))
    assert list(match_labels(table, ["1.2.840.7.dcm"]).rows) == ["1.2.840.7.dcm"]


def test_merged_rows_keep_what_is_stated(tmp_path):
    columns = LabelColumns(file="file", labels=("a", "b"))
    table = read_labels(write(tmp_path, "file,a,b\nx,1,\nx,-1,0\n"), columns)
    merged, repeats, conflicting = merge_rows(table.rows)
    assert repeats == 1 and conflicting == ()
    assert merged["x"].labels == {"a"} and not merged["x"].uncertain
    assert merged["x"].not_stated == frozenset()


def test_lists(tmp_path):
    names = read_file_list(write(tmp_path, "a.png\n\n b.png \na.png\n", "list.txt"))
    assert names == ("a.png", "b.png")
    overlap = compare_lists(names, ["b.png", "c.png"])
    assert (overlap.first, overlap.second, overlap.both) == (2, 2, 1)
    assert overlap.first_only == ("a.png",) and overlap.second_only == ("c.png",)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("57", 57),
        ("057Y", 57),
        ("018M", 1.5),
        ("000D", 0),
        ("old", None),
        ("-3", None),
        ("45 years", 45),
        ("6 months", 0.5),
        ("18 mo.", 1.5),
        ("45 yrs", 45),
        ("3 stones", None),
        ("years", None),
        ("", None),
    ],
)
def test_ages(text, years):
    assert parse_age(text) == years


def test_spellings_of_a_sex_and_a_view_are_one(tmp_path):
    words = ["male", "Female", "M", "f", "male", "female", "female", "O", "W", "unknown"]
    views = ["PA", "pa", "AP", "PA", "", "ap", "AP", "PA", "PA", "LL"]
    lines = [
        f"{n}.png,x,{sex},{view}" for n, (sex, view) in enumerate(zip(words, views, strict=True))
    ]
    table = read_labels(write(tmp_path, "\n".join(["file,label,sex,view", *lines])))
    assert [row.sex for row in table.rows] == [
        "male", "female", "male", "female", "male", "female", "female", "O", "W", None,
    ]  # fmt: skip
    assert [row.view for row in table.rows][:7] == ["PA", "PA", "AP", "PA", None, "AP", "AP"]


def test_a_table_of_one_spelling_keeps_its_words():
    assert unify_spellings(["Male", "Female", None, "Male"], SEX_WORDS) == {}
    assert unify_spellings(["PA", "pa", "pa"]) == {"PA": "pa"}
    assert unify_spellings(["M", "male"]) == {}  # not a sex


def test_weeks_are_years():
    assert parse_age("026W") == pytest.approx(0.498, abs=0.001)


def test_the_first_usual_name_wins():
    columns = guess_columns(["path", "label", "image_id", "Subject_ID", "Sex"])
    assert columns.file == "path" and columns.patient == "Subject_ID" and columns.sex == "Sex"


def test_columns_may_be_named_and_labels_left_out(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("film,who\na.png,P1\nb.png,\n")
    with pytest.raises(ReviewError, match="recognised as the image file"):
        guess_columns(["film", "who"], labels=())
    columns = guess_columns(["film", "who"], chosen={"file": "film", "patient": "who"}, labels=())
    table = read_labels(path, columns)
    assert [(row.file, row.patient, row.labels) for row in table.rows] == [
        ("a.png", "P1", frozenset()),
        ("b.png", None, frozenset()),
    ]
    assert table.problems == ()
