"""A table of reported accuracy through the command: counts, plot, CSV for other programs."""

import csv

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError, SourceError
from review.workflow.appraisal.accuracy import build_forest_rows, read_accuracy

TABLE = """Study ID;Model;Dataset;TP;FP;FN;TN;Sens;Spec;diseased;healthy;AUC;AUC lower;AUC upper
Abe 2021;CNN;internal;45;8;5;92;0.90;0.92;;;0.95;0.91;0.98
Berg 2022;ResNet;external;;;;;87%;91.0%;100;200;0.93;;
Cruz 2020;SVM;internal;;;;;;;60;60;0.81;;
Diaz 2023;ViT;internal;40;5;10;45;0.90;;;;;;
"""


def run(*words):
    return CliRunner().invoke(app, ["accuracy", *map(str, words)])


def read_csv(path):
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "reported.csv"
    path.write_text(TABLE)
    return path


def test_every_row_becomes_counts_or_is_named(table, tmp_path):
    done = run(table, "--out", tmp_path / "out")
    assert done.exit_code == 3, done.output
    assert "3 models: 2 with a 2×2 table (1 worked back from figures), 3 with an AUC" in done.output
    assert "line 5 (Diaz 2023): the 2×2 table gives a sensitivity of 40/50 = 0.8000" in done.output
    mada = read_csv(tmp_path / "out" / "mada.csv")
    assert mada[0] == {"names": "Abe 2021, CNN", "TP": "45", "FN": "5", "FP": "8", "TN": "92"}
    assert mada[1] == {
        "names": "Berg 2022, ResNet",
        "TP": "87",
        "FN": "13",
        "FP": "18",
        "TN": "182",
    }
    revman = read_csv(tmp_path / "out" / "revman.csv")
    assert [row["FP"] for row in revman] == ["8", "18"]
    full = read_csv(tmp_path / "out" / "accuracy.csv")
    assert full[0]["sensitivity (95% CI)"] == "0.90 (0.78 to 0.97)"
    assert full[1]["counts"] == "worked back from the figures"
    areas = {row["studlab"]: row for row in read_csv(tmp_path / "out" / "meta-auc.csv")}
    assert areas["Abe 2021, CNN"]["method"] == "reported interval"
    assert areas["Cruz 2020, SVM"]["method"] == "Hanley and McNeil 1982"
    for ending in ("svg", "png", "pdf"):
        assert (tmp_path / "out" / f"paired-forest.{ending}").stat().st_size > 1000


def test_the_plot_groups_by_data_set_and_marks_what_rounding_leaves_open(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "study,data set,sensitivity,specificity,positives,negatives\n"
        "A,one,0.9,0.9,1000,1000\nB,two,0.90,0.90,10,10\nC,one,0.80,0.90,10,10\n"
    )
    models, problems = read_accuracy(path)
    assert not problems
    assert [row.label for row in build_forest_rows(models)] == ["A", "C", "B"]
    done = run(path, "--out", tmp_path / "out")
    assert done.exit_code == 0
    drawn = (tmp_path / "out" / "paired-forest.svg").read_text()
    assert "A *" in drawn and "B *" not in drawn
    assert "Counts worked back from rounded figures" in drawn


def test_a_workbook_is_read_too(tmp_path):
    book = Workbook()
    book.active.append(["Reference", "True positives", "FP", "FN", "TN"])
    book.active.append(["Eco 2019", 9, 1, 1, 9])
    book.save(tmp_path / "t.xlsx")
    [model], problems = read_accuracy(tmp_path / "t.xlsx")
    assert (model.study, model.counts.table.true_positives, problems) == ("Eco 2019", 9, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("author,TP,FP,FN,TN\nA,1,2,3,\n", "TN of the 2×2 table is missing"),
        ("author,TP,FP,FN,TN\nA,1.5,2,3,4\n", "TP '1.5' is no whole number"),
        ("study,TP,FP,FN,TN,n\nA,1,2,3,4,11\n", "has 10 cases, but 11 are reported"),
        ("study,sens,spec,n\nA,0.9,0.9,100\n", "with and without the condition is needed"),
        ("study,AUC\nA,0.9\n", "needs its interval, or the cases of both classes"),
        ("study,AUC,AUC lower,AUC upper\nA,0.9,0.91,0.95\n", "does not lie in its interval"),
        ("study,model,TP,FP,FN,TN\n,x,1,1,1,1\n", "the study is not named"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_reason(tmp_path, text, said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    done = run(path, "--out", tmp_path / "out")
    assert isinstance(done.exception, ReviewError)
    assert said in str(done.exception)
    assert "line 2" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_study_column_says_what_it_has(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="column 'study'"):
        read_accuracy(path)
