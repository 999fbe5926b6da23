"""The arithmetic of tables read cell by cell, and sentences against cells."""

import pytest

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.bias.number_checks.table_cells import parse_cell
from review.models import PrintedTable, Sentence


def table(columns, *rows, label="Table 1", caption="Results."):
    return PrintedTable(label, f"{label}. {caption}", 3, tuple(columns), tuple(map(tuple, rows)))


def problems(*tables, text=(), section="results"):
    sentences = [Sentence(line, 2, section) for line in text]
    for one in tables:
        sentences.append(Sentence(one.caption, 3, "results"))
        sentences += [Sentence(" ".join(filter(None, row)), 3, "results") for row in one.rows]
    return [problem.text for _, problem in find_paper_contradictions(sentences, tables)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("98.10±0.68", 98.1),
        ("1,204 (88%)", 1204),
        ("0·5", 0.5),
        ("−1.23", -1.23),
        ("12–15", None),
        ("3 × 3", None),
        ("5 years", None),
        ("", None),
    ],
)
def test_a_cell_is_its_first_number_unless_it_has_words(text, value):
    cell = parse_cell(text)
    assert (cell.value if cell else None) == value


HEADS = ("Class", "Training", "Validation", "Test")
CLASSES = (
    ("Normal", "3140", "478", "943"),
    ("Mild", "6084", "809", "1816"),
    ("Severe", "246", "36", "85"),
)


def test_a_row_of_totals_is_compared_if_another_column_adds_up():
    right = table(HEADS, *CLASSES, ("Total", "9470", "1323", "2844"))
    assert problems(right) == []
    wrong = table(HEADS, *CLASSES, ("Total", "9470", "1233", "2844"))
    text = " ".join(problems(wrong))
    assert "add up to 1,323" in text and "1,233" in text
    no_label = table(HEADS, *CLASSES, ("", "9470", "1323", "2484"))
    assert any("2,844, not 2484" in message for message in problems(no_label))


def test_totals_that_never_add_up_are_other_totals():
    other = table(HEADS, *CLASSES, ("All images", "19000", "2600", "5600"))
    assert problems(other) == []


def test_a_column_of_totals():
    heads = ("Site", "Benign", "Malignant", "Total")
    rows = [("A", "10", "20", "30"), ("B", "31", "11", "42"), ("C", "5", "5", "10")]
    assert problems(table(heads, *rows)) == []
    [text] = problems(table(heads, *rows, ("D", "17", "13", "31")))
    assert "row 'D'" in text and "add up to 30, not 31" in text


MEANS = (
    ("1", "98.54", "98.57", "99.23"),
    ("2", "97.81", "97.69", "98.88"),
    ("3", "97.32", "97.36", "98.61"),
)


def test_a_row_of_means_is_compared_with_its_rows():
    heads = ("Fold", "Accuracy", "Precision", "Specificity")
    right = table(heads, *MEANS, ("Average", "97.89±0.61", "97.87±0.62", "98.91±0.31"))
    assert problems(right) == []
    wrong = table(heads, *MEANS, ("Average", "97.89±0.61", "97.87±0.62", "99.81±0.31"))
    [text] = problems(wrong)
    assert "'Specificity': the 3 rows have a mean of 98.907, not 99.81" in text


def test_shares_of_a_column_imply_its_total():
    rows = [("Men", "120 (60.0)"), ("Smokers", "50 (25.0)"), ("Diabetes", "31 (15.5)")]
    rows += [("Stroke", "9 (4.5)"), ("Cancer", "44 (22.0)"), ("Asthma", "17 (8.5)")]
    assert problems(table(("", "Patients"), *rows)) == []
    [text] = problems(table(("", "Patients"), *rows, ("Gout", "21 (15.0)")))
    assert "row 'Gout': 21 of 200 is 10.5%, not 15.0%" in text
    ages = ("Age, mean (SD), years", "61 (11.0)")
    assert problems(table(("", "Patients"), *rows, ages)) == []


def test_f1_is_compared_only_where_it_is_the_harmonic_mean_elsewhere():
    heads = ("Model", "Precision", "Recall", "F1-score")
    rows = [
        ("A", "90.0", "80.0", "84.7"),
        ("B", "70.0", "90.0", "78.8"),
        ("C", "95.0", "91.0", "93.0"),
    ]
    [text] = problems(table(heads, *rows, ("D", "88.0", "82.0", "89.4")))
    assert "row 'D'" in text and "84.89" in text
    assert problems(table(heads, *rows, ("D", "88.0", "82.0", "84.9"))) == []
    mean_of_folds = ("D", "88.0", "82.0", "83.9")
    assert problems(table(heads, *rows, mean_of_folds)) == []
    macro = [
        ("A", "90.0", "80.0", "82.0"),
        ("B", "70.0", "90.0", "75.0"),
        ("C", "95.0", "91.0", "90.0"),
    ]
    assert problems(table(heads, *macro)) == []


def test_one_row_in_two_tables():
    heads = ("Model", "Accuracy", "Precision", "Recall", "AUC")
    first = table(heads, ("FilmNet", "98.1", "97.3", "96.2", "99.4"), ("Other", "1", "2", "3", "4"))
    same = table(heads, ("FilmNet", "98.1", "97.3", "96.2", "99.4"), label="Table 2")
    assert problems(first, same) == []
    other = table(heads, ("FilmNet", "98.1", "97.3", "92.6", "99.4"), label="Table 2")
    assert any("Recall is 96.2, 92.6 in Table 2" in text for text in problems(first, other))
    elsewhere = table(heads, ("FilmNet", "98.1", "91.3", "92.6", "99.4"), label="Table 2")
    assert problems(first, elsewhere) == []


RESULTS = table(
    ("Model", "Accuracy (%)", "AUC"), ("DenseNet201", "99.68", "0.991"), ("VGG16", "97.31", "0.972")
)


def test_a_figure_of_a_named_row():
    [text] = problems(RESULTS, text=["DenseNet201 had an accuracy of 99.25%."], section="abstract")
    assert text == "accuracy of DenseNet201 is 99.25 here, 99.68 in Table 1 (p. 3)."
    quiet = [
        "DenseNet201 had an accuracy of 99.68%.",
        "DenseNet201 had an accuracy of 99.7%.",
        "DenseNet201 had an accuracy of 0.9968.",
        "DenseNet201 and VGG16 had an accuracy of 99.25%.",
        "Lee et al. report for DenseNet201 an accuracy of 99.25%.",
        "DenseNet201 had an accuracy of 62.25% on the outside images.",
    ]
    assert [problems(RESULTS, text=[line]) for line in quiet] == [[]] * len(quiet)


def test_gains_are_compared_with_all_rows():
    said = "Compared to VGG16, we improve the accuracy by {} points."
    assert problems(RESULTS, text=[said.format("2.37")]) == []
    assert problems(RESULTS, text=[said.format("about 2")]) == []
    [text] = problems(RESULTS, text=[said.format("3.27")])
    assert text.startswith("3.27 points against VGG16: no row of Table 1 (p. 3)")
