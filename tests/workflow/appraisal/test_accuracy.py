"""A table of reported accuracy through the command: counts, plot, CSV for other programs."""

import csv
import io
import re
import zipfile

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError, SourceError
from review.formats.tabular.workbook import read_workbook
from review.workflow.appraisal.accuracy import (
    build_csv_files,
    build_forest_rows,
    read_accuracy,
    read_accuracy_table,
    read_model,
)

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


def read_row(**cells):
    """One model from cells by name; a space in a name is an underscore here."""
    return read_model({"study": "Abe"} | {key.replace("_", " "): v for key, v in cells.items()})


def get_counts(model):
    table = model.counts.table
    return (
        table.true_positives,
        table.false_positives,
        table.false_negatives,
        table.true_negatives,
    )


def test_a_figure_is_read_apart_from_the_interval_beside_it():
    model = read_row(
        sensitivity="90% (84-94)",
        specificity="0.80 [0.72, 0.86]",
        positives="100 (50%)",
        negatives="100",
        auc="0.93 (95% CI: 0.90–0.96)",
    )
    assert get_counts(model) == (90, 20, 10, 80)
    assert (model.area.value, model.area.low, model.area.high) == (0.93, 0.90, 0.96)
    assert model.area.method == "reported interval"
    assert model.area.standard_error == pytest.approx(0.06 / 3.92, abs=1e-5)


@pytest.mark.parametrize("unknown", ["NR", "n.r.", "NA", "n/a", "–", "-", "not reported"])
def test_a_placeholder_is_unknown_and_not_a_figure(unknown):
    model = read_row(
        tp=unknown,
        fp=unknown,
        sensitivity=unknown,
        auc="0.9",
        positives="50",
        negatives="50",
        auc_low=unknown,
        auc_high=unknown,
    )
    assert model.counts is None
    assert model.gap == ""
    assert model.area.method == "Hanley and McNeil 1982"


@pytest.mark.parametrize(
    "cells",
    [
        {"tp": "45", "tn": "90", "positives": "50", "negatives": "100"},
        {"tp": "45", "fp": "10", "positives": "50", "cases": "150"},
        {"fn": "5", "tn": "90", "negatives": "100", "cases": "150"},
        {"tp": "45", "fp": "10", "fn": "5", "cases": "150"},
    ],
)
def test_counts_follow_from_the_cases_of_each_class(cells):
    model = read_row(**cells)
    assert get_counts(model) == (45, 10, 5, 90)
    assert model.counts_reported


def test_a_count_beside_figures_must_agree_with_them():
    cells = {"sensitivity": "0.90", "specificity": "0.80", "positives": "50", "negatives": "100"}
    model = read_row(tp="45", sensitivity="0.90", specificity="0.80", cases="150", prevalence="33%")
    assert not model.counts_reported
    assert read_row(tp="45", **cells).counts_reported is False
    with pytest.raises(ReviewError, match="TP is 44, but the reported figures give 45"):
        read_row(tp="44", **cells)


def test_an_auc_is_kept_where_the_table_lacks_figures():
    model = read_row(
        sensitivity="0.9", specificity="0.8", auc="0.91", auc_low="0.85", auc_high="0.95"
    )
    assert model.counts is None
    assert model.area.value == 0.91
    assert model.gap.startswith("only the AUC is used: the number of cases with and without")
    other = read_row(tp="45", auc="0.91", auc_low="0.85", auc_high="0.95")
    assert "FP, FN and TN of the 2×2 table are missing" in other.gap


def test_a_table_is_kept_where_the_auc_lacks_figures():
    model = read_row(tp="45", fp="10", fn="5", tn="90", auc="0.95", auc_low="0.90")
    assert get_counts(model) == (45, 10, 5, 90)
    assert model.area is None
    assert "only one limit of its interval" in model.gap


def test_the_error_of_an_auc_uses_the_prevalence_where_the_classes_are_not_given():
    by_prevalence = read_row(auc="0.85", cases="200", prevalence="25%").area
    by_class = read_row(auc="0.85", positives="50", negatives="150").area
    assert by_prevalence.standard_error == pytest.approx(by_class.standard_error)
    with pytest.raises(ReviewError, match="the cases of both classes"):
        read_row(auc="0.85", cases="200")


def test_a_prevalence_that_the_classes_do_not_give_is_a_contradiction():
    cells = {"sensitivity": "0.9", "specificity": "0.8", "positives": "50", "negatives": "50"}
    with pytest.raises(ReviewError, match=r"50 of 100 cases .* prevalence of 20%"):
        read_row(prevalence="20%", **cells)
    assert get_counts(read_row(prevalence="50%", **cells)) == (45, 10, 5, 40)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"positives": "0", "negatives": "90"}, "no whole number of 0 cases gives a sensitivity"),
        ({"positives": "7", "negatives": "90"}, "no whole number of 7 cases gives a sensitivity"),
        ({"positives": "60", "negatives": "50", "cases": "100"}, "make 110 cases, not 100"),
        ({"positives": "60", "cases": "50"}, "more cases of one class than the 50 cases"),
    ],
)
def test_impossible_sizes_are_named(cells, says):
    with pytest.raises(ReviewError, match=says):
        read_row(sensitivity="0.95", specificity="0.9", **cells)


def test_an_auc_below_chance_is_used_and_pointed_out():
    model = read_row(auc="0.42", positives="30", negatives="70")
    assert model.area.low < 0.42 < model.area.high
    assert model.gap == ""
    assert "which class counts as positive" in model.note


def test_rows_of_one_model_have_names_of_their_own():
    counts = {"tp": "9", "fp": "1", "fn": "1", "tn": "9", "model": "CNN"}
    models = [
        read_row(**counts, data_set="internal"),
        read_row(**counts, data_set="external", threshold="0.3"),
        read_row(**counts, data_set="external", threshold="0.5"),
        read_row(**counts, data_set="external", threshold="0.5"),
        read_row(**(counts | {"model": "SVM"})),
    ]
    for name, column in (("mada.csv", "names"), ("revman.csv", "Study ID")):
        rows = list(csv.DictReader(build_csv_files(models)[name].decode().splitlines()))
        assert [row[column] for row in rows] == [
            "Abe, CNN, internal",
            "Abe, CNN, external, 0.3",
            "Abe, CNN, external, 0.5 (1)",
            "Abe, CNN, external, 0.5 (2)",
            "Abe, SVM",
        ]


@pytest.mark.parametrize(
    ("area", "positives", "negatives", "error"),
    [
        ("0.893", "51", "58", 0.0325),
        ("0.5", "50", "50", 0.0580),
    ],
)
def test_the_error_of_an_auc_is_hanley_and_mcneils(area, positives, negatives, error):
    found = read_row(auc=area, positives=positives, negatives=negatives).area
    assert found.standard_error == pytest.approx(error, abs=5e-4)


AREA_WITH_INTERVAL = [
    "0.91 (CI 0.86-0.95)",
    "0.91 (CI: 0.86 to 0.95)",
    "0.91 (95% C.I. 0.86-0.95)",
    "0.91 (CI95: 0.86–0.95)",
    "0.91 [95%-CI 0.86;0.95]",
    "0.91 (95% CIs: 0.86, 0.95)",
    "0.91 (95% CrI 0.86-0.95)",
    "0.91 (0.86~0.95)",
    "0,91 (0,86, 0,95)",
    "0,91 [0,86; 0,95]",
    "91% (86%-95%)",
    "91.0 (95% CI: [86.0, 95.0])",
    "0.91, 95% confidence interval 0.86 to 0.95",
    "0.91 0.86-0.95",
    "AUC 0.91 (95% CI, 0.86-0.95; NR)",
    "0.91 (95% bootstrap CI from 0.86 to 0.95)*",
]


@pytest.mark.parametrize("cell", AREA_WITH_INTERVAL)
def test_an_interval_beside_an_auc_is_read_however_it_is_printed(cell):
    area = read_row(auc=cell).area
    assert (area.value, area.low, area.high) == (0.91, 0.86, 0.95)
    assert area.method == "reported interval"


@pytest.mark.parametrize(
    "cell", ["0.91 (SE 0.03)", "0.91; s.e. = 0.03", "91% [standard error 3]", "0.91 ± 0.03 (SE)"]
)
def test_a_reported_standard_error_is_kept(cell):
    area = read_row(auc=cell).area
    assert area.standard_error == pytest.approx(0.03)
    assert 0.8 < area.low < 0.91 < area.high < 0.97
    assert area.method == "reported standard error"


def test_interval_and_standard_error_are_both_kept():
    for cell in ("0.91 (SE 0.02, 95% CI 0.86-0.95)", "0.91 (0.86-0.95) [SE: 0.02]"):
        area = read_row(auc=cell).area
        assert (area.low, area.high, area.standard_error) == (0.86, 0.95, 0.02)
        assert area.method == "reported interval and standard error"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("0.91 ± 0.03", "'± 0.03' .* standard deviation"),
        ("0.91 +/- 0.03", "standard deviation"),
        ("0.91 (0.03)", "'0.03' .* neither a 95% interval nor a standard error"),
        ("0.91 (90% CI 0.87-0.94)", "only a 95% interval"),
        ("0.91 (p < 0.001)", "'p < 0.001' beside the AUC is not used"),
    ],
)
def test_what_stands_beside_an_auc_is_used_or_named(cell, said):
    model = read_row(auc=cell, positives="60", negatives="60")
    assert (model.area.value, model.area.method) == (0.91, "Hanley and McNeil 1982")
    assert re.search(said, model.gap)
    with pytest.raises(ReviewError, match=f"cases of both classes. .*{said.split(' ')[-1]}"):
        read_row(auc=cell)


def test_a_remark_does_not_take_the_interval_with_it():
    model = read_row(auc="0.91 (0.86-0.95, DeLong)")
    assert (model.area.low, model.area.high) == (0.86, 0.95)
    assert "'DeLong' beside the AUC is not used" in model.gap
    spread = read_row(auc="0.91 ± 0.02 (0.86-0.95)")
    assert (spread.area.low, spread.area.high) == (0.86, 0.95)
    assert "'± 0.02' beside the AUC is not used" in spread.gap


@pytest.mark.parametrize("cell", ["0.86-0.95", "0.86 – 0.95", "0.86 to 0.95", "0.86 / 0.95"])
def test_a_range_is_no_auc(cell):
    with pytest.raises(ReviewError, match="is no number"):
        read_row(auc=cell, positives="60", negatives="60")


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("AUC (95% CI)", ["0.91 (0.86-0.95)"]),
        ("AUROC_95CI", ["0.91 [0.86, 0.95]"]),
        ("AUC|AUC 95% CI", ["0.91", "0.86-0.95"]),
        ("AUC|95% CI", ["0.91", "(0.86; 0.95)"]),
        ("ROC AUC|CI lower|CI upper", ["0.91", "0.86", "0.95"]),
        ("AUC|AUC lower limit (95% CI)|Upper 95% CI of AUC", ["0.91", "0.86", "0.95"]),
    ],
)
def test_the_interval_of_an_auc_is_found_by_the_columns_title(tmp_path, header, cells):
    path = tmp_path / "t.csv"
    path.write_text("|".join(["study", header]) + "\n" + "|".join(["A", *cells]) + "\n")
    table = read_accuracy_table(path)
    assert (table.problems, table.unused_columns) == ((), ())
    (area,) = [model.area for model in table.models]
    assert (area.value, area.low, area.high) == (0.91, 0.86, 0.95)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("AUC;AUC SE", "0.91;0.03"),
        ("AUC (SE)", "0.91 (0.03)"),
        ("AUC;SE", "0.91;0.03"),
        ("AUC, standard error", "0.91 ± 0.03"),
    ],
)
def test_the_error_of_an_auc_is_found_by_the_columns_title(tmp_path, header, cells):
    path = tmp_path / "t.csv"
    separator = "\t"
    path.write_text(f"First author;{header}\nA;{cells}\n".replace(";", separator))
    models, problems = read_accuracy(path)
    assert problems == []
    assert (models[0].area.value, models[0].area.standard_error) == (0.91, 0.03)


def test_columns_that_are_not_used_are_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "First author;Country;Sensitivity (95% CI);Specificity;Specificity 95% CI;diseased;healthy;"
        "AUC;AUC SD;Empty\n"
        "A;FR;0.90 (0.79-0.96);0.80;0.71-0.87;50;100;0.91;0.02;\n"
        "B;DE;80%;90%;;50;100;0.88;;NR\n"
    )
    done = run(path, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "2 models: 2 with a 2×2 table" in done.output
    assert "Columns not used: Country, Specificity 95% CI, AUC SD" in done.output
    table = read_accuracy_table(path)
    assert get_counts(table.models[0]) == (45, 20, 5, 80)


def test_two_values_of_one_auc_are_a_contradiction():
    counts = {"tp": "45", "fp": "10", "fn": "5", "tn": "90"}
    model = read_row(**counts, auc="0.91", auc_ci="0.93 (0.90-0.95)")
    assert "the AUC is 0.91 in one column and 0.93 in another" in model.gap
    assert read_row(auc="0.91", auc_ci="0.912 (0.86-0.95)").area.high == 0.95


@pytest.mark.parametrize("auc", ["1.93", "high", "9.3", "0.91 (0.95-0.99)", "0.91 (SE 0.9)"])
def test_an_auc_that_cannot_be_used_does_not_take_the_counts_with_it(auc):
    model = read_row(tp="45", fp="10", fn="5", tn="90", auc=auc)
    assert get_counts(model) == (45, 10, 5, 90)
    assert model.area is None
    assert model.gap.startswith("the AUC is not used: ")
    with pytest.raises(ReviewError):
        read_row(auc=auc, positives="50", negatives="100")


@pytest.mark.parametrize("count", ["1.000", "12.000", "3.456"])
def test_a_point_that_may_separate_thousands_is_not_guessed(count):
    with pytest.raises(ReviewError, match=f"write {count.replace('.', '')} if the point"):
        read_row(tp=count, fp="10", fn="5", tn="90")
    with pytest.raises(ReviewError, match="may be"):
        read_row(sensitivity="0.9", specificity="0.9", positives=count, negatives="90")


@pytest.mark.parametrize(
    ("text", "count"), [("12.0", 12), ("12.00", 12), ("1,000", 1000), ("1.234.567", 1_234_567)]
)
def test_other_ways_to_print_a_count_are_read(text, count):
    assert get_counts(read_row(tp=text, fp="10", fn="5", tn="90"))[0] == count


def test_a_small_percentage_is_one_beside_other_percentages():
    sizes = {"positives": "1000", "negatives": "1000"}
    assert get_counts(read_row(sensitivity="1.2", specificity="90", **sizes))[0] == 12
    with pytest.raises(ReviewError, match=r"sensitivity '1.2' lies outside 0 to 1"):
        read_row(sensitivity="1.2", specificity="0.9", **sizes)


@pytest.mark.parametrize(
    "cells",
    [
        {"tp": "36", "fn": "4", "cases": "100", "specificity": "0.90"},
        {"tp": "36", "fn": "4", "negatives": "60", "sensitivity": ".90", "specificity": ".90"},
        {"tp": "36", "positives": "40", "cases": "100", "specificity": "90%"},
        {"fp": "6", "tn": "54", "cases": "100", "sensitivity": "0.90"},
        {"fn": "4", "negatives": "60", "positives": "40", "specificity": "0.90"},
        {"sensitivity": "36/40 (90%)", "specificity": "54/60 (90.0%)"},
        {"sensitivity": "36/40", "specificity": "54 of 60"},
        {"sensitivity": "0.90 (36/40)", "specificity": "90% [54/60, 95% CI 79-96]"},
        {"sensitivity": "36/40 (95% CI 76-97)", "specificity": ".90", "cases": "100"},
        {"sensitivity": "36 / 40", "specificity": "0.90", "accuracy": "90/100"},
        {"sensitivity": "36/40 = 90%", "specificity": "0.90", "prevalence": "40/100"},
    ],
)
def test_class_sizes_follow_from_counts_and_fractions(cells):
    assert get_counts(read_row(**cells)) == (36, 6, 4, 54)


def test_counts_of_one_class_are_enough_for_the_error_of_an_auc():
    by_counts = read_row(tp="36", fn="4", negatives="60", auc="0.82")
    by_sizes = read_row(positives="40", negatives="60", auc="0.82")
    assert by_counts.area == by_sizes.area
    assert "FP and TN of the 2×2 table are missing" in by_counts.gap


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"sensitivity": "36/40 (85%)"}, "36/40 is 0.9000, but 85% is printed beside it"),
        ({"sensitivity": "95% (36/40)"}, "36/40 is 0.9000, but 95% is printed beside it"),
        ({"sensitivity": "36/40", "positives": "50"}, "of 40 cases with the condition, but 50"),
        ({"sensitivity": "36/40", "tp": "36", "fn": "5"}, "of 40 cases with .* but 41"),
        ({"tp": "36", "fn": "4", "sensitivity": "0.8"}, "no whole number|TP is 36"),
        ({"tp": "36", "fn": "4", "positives": "50"}, "FN is 4, but the reported figures give 14"),
    ],
)
def test_fractions_and_counts_that_contradict_the_row_are_named(cells, said):
    with pytest.raises(ReviewError, match=said):
        read_row(**({"specificity": "54/60"} | cells))


SHOWN = [
    (0.9, "0%", "0.90"),
    (0.9, "0.00", "0.90"),
    (0.5, "0.0%", "0.500"),
    (0.8333333333, "0%", "0.8333333333"),
    (1, "0%", "1.00"),
    (45, "0.000", "45"),
    (45.0, "0.00", "45"),
    (0.9, "General", "0.9"),
    (0.9, "yyyy-mm-dd", None),
]


def test_a_workbook_gives_the_decimals_that_its_cells_show():
    book = Workbook()
    for value, number_format, _ in SHOWN:
        book.active.append(["x", value])
        book.active.cell(book.active.max_row, 2).number_format = number_format
    stream = io.BytesIO()
    book.save(stream)
    data = stream.getvalue()
    (shown,) = read_workbook(data, "t.xlsx", pads_decimals=True)
    (plain,) = read_workbook(data, "t.xlsx")
    for row, plain_row, (value, _, text) in zip(shown.rows, plain.rows, SHOWN, strict=True):
        if text is not None:
            assert row[1] == text
            assert float(plain_row[1]) == value
            assert len(plain_row[1]) <= len(row[1])
        else:
            assert row == plain_row


def test_percentages_of_a_workbook_are_rounded_as_shown(tmp_path):
    book = Workbook()
    book.active.append(["study", "sensitivity", "specificity", "positives", "negatives"])
    book.active.append(["A", 0.9, 0.8, 50, 100])
    for column in (2, 3):
        book.active.cell(2, column).number_format = "0%"
    book.save(tmp_path / "t.xlsx")
    [model], problems = read_accuracy(tmp_path / "t.xlsx")
    assert problems == []
    assert model.counts.is_exact
    assert get_counts(model) == (45, 20, 5, 80)


def test_an_opendocument_sheet_gives_the_decimals_that_its_cells_show():
    cells = [("percentage", "0.9", "90%"), ("float", "0.9", "0,90"), ("float", "45", "45.00")]
    body = "".join(
        f'<table:table-cell office:value-type="{kind}" office:value="{value}">'
        f"<text:p>{shown}</text:p></table:table-cell>"
        for kind, value, shown in cells
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr(
            "content.xml",
            f'<office:document-content {names}><table:table table:name="t"><table:table-row>'
            f"{body}</table:table-row></table:table></office:document-content>",
        )
    (shown,) = read_workbook(stream.getvalue(), "t.ods", pads_decimals=True)
    (plain,) = read_workbook(stream.getvalue(), "t.ods")
    assert shown.rows == [["0.90", "0.90", "45"]]
    assert plain.rows == [["0.9", "0.9", "45"]]


def test_a_share_may_be_named_with_its_fraction(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "Study (year);Sensitivity (n/N);Specificity (n/N);Specificity (95% CI);"
        "Area under the ROC curve\n"
        "A 2020;36/40;54/60;0.90 (0.80-0.96);0.9\n"
    )
    table = read_accuracy_table(path)
    assert table.unused_columns == ("Specificity (95% CI)",)
    assert get_counts(table.models[0]) == (36, 6, 4, 54)
    assert table.models[0].area.value == 0.9
