"""Tables of predictions and their unusable rows."""

import math

import numpy as np
import pytest

from review.errors import ReviewError
from review.imaging.labels import LabelRow
from review.imaging.predictions import (
    PredictionColumns,
    ScoreTable,
    combine_scores,
    join_scores,
    name_age_band,
    read_predictions,
    read_scores,
)

COLUMNS = PredictionColumns(
    id="id", label="label", scores=("one", "two"), patient="patient", age="age",
    attributes=("sex",),
)  # fmt: skip
TABLE = """id,label,one,two,patient,age,sex
a,1,0.9,0.8,P1,17,F
b,0,1.2,0.1,P1,18,M
c,YES,,abc,,40,
d,,0.5,0.5,P2,50,F
e,-1,0.5,0.5,P2,50,F
f,perhaps,0.5,0.5,P2,50,F
a,0,0.1,0.1,P3,30,F
,0,0.1,0.1,P3,30,F
g,no,-0.1,nan,P3,old,F
"""


def write(folder, text):
    path = folder / "predictions.csv"
    path.write_text(text)
    return path


def test_everything_that_cannot_be_used_is_counted(tmp_path):
    table = read_predictions(write(tmp_path, TABLE), COLUMNS)
    assert table.ids == ("a", "b", "c", "g") and table.read == 9
    assert table.positive.tolist() == [True, False, True, False]
    assert [math.isnan(score) for score in table.scores["one"]] == [False, True, True, True]
    assert table.patients == ("P1", "P1", "unknown patient of c", "P3")
    assert table.attributes["sex"] == ("F", "M", None, "F")
    assert table.attributes["age"] == ("under 18", "18 to 39", "40 to 64", None)
    assert {problem.kind: problem.count for problem in table.problems} == {
        "label missing": 1,
        "label uncertain": 1,
        "label not understood": 1,
        "repeated id": 1,
        "no id": 1,
        "score outside 0 to 1": 2,
        "score missing": 2,
        "score not a number": 1,
        "patient missing": 1,
        "age not understood": 1,
    }
    outside = next(one for one in table.problems if one.kind == "score outside 0 to 1")
    assert outside.examples[0] == "b (line 3, one): 1.2"


def test_groups_written_in_several_ways_are_one(tmp_path):
    text = (
        "id,label,one,Patient Sex,site\na,1,.9,male,M\nb,0,.2,M,m\nc,0,.1,male,M\nd,1,.8,F,male\n"
    )
    columns = PredictionColumns(
        id="id", label="label", scores=("one",), attributes=("Patient Sex", "site")
    )
    table = read_predictions(write(tmp_path, text), columns)
    assert table.attributes["Patient Sex"] == ("male", "male", "male", "F")
    assert table.attributes["site"] == ("M", "M", "M", "male")  # words of a sex name no site


def test_a_comma_may_be_the_decimal_point(tmp_path):
    text = "id;label;one\na;1;0,93\nb;0;1,7\nc;0;,2\nd;1;0,1,2\n"
    columns = PredictionColumns(id="id", label="label", scores=("one",))
    table = read_predictions(write(tmp_path, text), columns)
    assert table.scores["one"][[0, 2]].tolist() == [0.93, 0.2]
    assert np.isnan(table.scores["one"][[1, 3]]).all()
    assert {problem.kind for problem in table.problems} == {
        "score outside 0 to 1", "score not a number",
    }  # fmt: skip


def test_scores_need_not_be_probabilities(tmp_path):
    table = read_predictions(write(tmp_path, TABLE), COLUMNS, probabilities=False)
    assert table.scores["one"][1] == 1.2


def test_names_as_labels_need_a_positive_one(tmp_path):
    text = "id,label,one\na,benign,0.1\nb,malignant,0.9\nc,benign|malignant,0.4\n"
    columns = PredictionColumns(id="id", label="label", scores=("one",))
    with pytest.raises(ReviewError, match="say which one is positive"):
        read_predictions(write(tmp_path, text), columns)
    columns = PredictionColumns(id="id", label="label", scores=("one",), positive="Malignant")
    table = read_predictions(write(tmp_path, text), columns)
    assert table.positive.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,label\na,1\n", "no column 'one'"),
        ("id,label,one\na,1,7\nb,0,9\n", r"score outside 0 to 1, .*line 2: 7; .*no probabilities"),
        ("id,label,one\na,1,high\nb,0,low\n", "not a number, .*line 2: high; .*column of numbers"),
        ("id,label,one\na,1,\nb,0,NA\n", "score missing, such as line 2; name another column"),
        ("id,label,one\na,,0.7\n", "no row has an id and a class"),
    ],
)
def test_tables_without_use(tmp_path, text, message):
    with pytest.raises(ReviewError, match=message):
        read_predictions(
            write(tmp_path, text), PredictionColumns(id="id", label="label", scores=("one",))
        )


def test_scores_are_joined_with_labels(tmp_path):
    text = "image,m\na.jpg,0.9\nb.png,0.2\nz.png,0.5\nb.png,0.3\nu.png,0.1\n"
    scores = read_scores(write(tmp_path, text), id_column="image", score_columns=["m"])
    rows = {
        "a.png": LabelRow(file="a.png", labels=frozenset({"Mass"}), patient="1", age=30, sex="F"),
        "b.png": LabelRow(file="b.png", labels=frozenset({"Hernia"}), patient=None),
        "u.png": LabelRow(file="u.png", labels=frozenset(), uncertain=frozenset({"Mass"})),
        "x.png": LabelRow(file="x.png", labels=frozenset({"Mass"})),
    }
    table = join_scores(scores, rows, ["Mass", "Nodule"])
    assert table.ids == ("a.jpg", "b.png") and table.positive.tolist() == [True, False]
    assert table.patients == ("1", "unknown patient of b.png")
    assert table.attributes == {"sex": ("F", None), "age": ("18 to 39", None)}
    assert {problem.kind: problem.count for problem in table.problems} == {
        "repeated id": 1, "score without label": 1, "label uncertain": 1,
        "label without score": 2,
    }  # fmt: skip
    with pytest.raises(ReviewError, match="no scores of 'n'"):
        join_scores(scores, rows, ["Mass"], models=["n"])
    with pytest.raises(ReviewError, match="no image has both"):
        join_scores(scores, {}, ["Mass"])


def test_models_may_write_the_names_of_images_differently():
    rows = {
        f"data/{name}.png": LabelRow(file=f"data/{name}.png", labels=frozenset({"Mass"}))
        for name in ("im1", "im2", "x", "X")
    }
    scores = {
        "one": {"data/im1.png": 0.9, "im2.dcm": 0.2, "im1": 0.7, "x": 0.1},
        "two": {"IM2": 0.4, "IM1": 0.3, "X.jpg": 0.6},
    }
    table = join_scores(ScoreTable(scores, (), 7), rows, ["Mass"])
    assert table.ids == ("data/im1.png", "im2.dcm", "x", "X.jpg")
    assert table.scores["one"][:3].tolist() == [0.9, 0.2, 0.1] and math.isnan(
        table.scores["one"][3]
    )
    assert table.scores["two"][[0, 1, 3]].tolist() == [0.3, 0.4, 0.6]
    assert [(one.kind, one.examples) for one in table.problems] == [("repeated id", ("im1",))]
    with pytest.raises(ReviewError, match="no image has both"):
        join_scores(ScoreTable({"one": {"XX": 0.1}}, (), 1), rows, ["Mass"])


def test_combined_scores():
    combined = combine_scores([np.array([0.5, 0.0]), np.array([0.5, 0.2])])
    assert combined.tolist() == pytest.approx([0.75, 0.2])
    with pytest.raises(ReviewError, match="between 0 and 1"):
        combine_scores([np.array([1.5])])
    with pytest.raises(ReviewError, match="no scores"):
        combine_scores([])


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "under 18"), (17.9, "under 18"), (18, "18 to 39"), (79.9, "65 to 79"),
     (80, "80 and over"), (math.nan, None)],
)  # fmt: skip
def test_age_bands(age, band):
    assert name_age_band(age) == band
