"""Figures of named methods, repeated results and listed settings, against tables."""

import pytest

from review.bias.number_checks.listed_settings import check_listed_settings
from review.bias.number_checks.repeated_results import check_repeated_results
from review.bias.number_checks.table_cells import build_grids
from review.bias.number_checks.table_results import check_stated_cells
from review.models import PrintedTable, Sentence


def table(columns, *rows, label="Table 1", caption="Results on the test set."):
    return PrintedTable(label, f"{label}: {caption}", 3, tuple(columns), tuple(map(tuple, rows)))


RESULTS = table(
    ("Method", "Accuracy (%)", "Sensitivity (%)", "F1 (%)"),
    ("ResNet50", "88.12", "81.70", "80.22"),
    ("DermNet", "91.43", "84.91", "85.10"),
    ("LesionNet (ours)", "92.66", "86.03", "87.48"),
)
TESTS = table(
    ("Disease", "Sensitivity & Specificity"),
    ("Asthma", "97.76% and 99.98%"),
    ("Bronchitis", "86.1% and 92.4%"),
)
SETTINGS = table(
    ("Tokens", "Accuracy"),
    ("25", "98.8"),
    ("36", "99.1"),
    ("49", "99.5"),
    ("64", "99.2"),
)


def find(check, sentence, *tables):
    sentences = [
        Sentence("We propose LesionNet, a network for skin lesions.", 1, "abstract"),
        Sentence(sentence, 2, "results"),
    ]
    sentences += [Sentence(one.caption, 3, "results") for one in tables]
    grids = build_grids(tables, sentences)
    given = (sentences, grids, tables) if check is check_stated_cells else (sentences, grids)
    return [problem.text for index, problem in check(*given) if index == 1]


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("DermNet reached an accuracy of 91.34%.", "accuracy of DermNet is 91.34 here, 91.43"),
        ("Our network reached an accuracy of 92.76%.", "92.76 here, 92.66 in Table 1 (p. 3)"),
        ("DermNet had an accuracy of 88.12%.", "accuracy of DermNet is 88.12 here, 91.43"),
        (
            "ResNet50 and DermNet reached accuracies of 88.12% and 91.47%, respectively.",
            "accuracy of DermNet is 91.47 here, 91.43",
        ),
        (
            "In sensitivity, ResNet50 (81.70%) and DermNet (84.97%) follow.",
            "sensitivity of DermNet is 84.97 here, 84.91",
        ),
        (
            "DermNet has an accuracy of 84.91% and a sensitivity of 91.43%.",
            "accuracy 84.91 and sensitivity 91.43 are exchanged in Table 1 (p. 3)",
        ),
        (
            "The best model had an accuracy, sensitivity and F1 of 92.66%, 86.03% and 89.48%.",
            "F1 is 89.48 here, 87.48 in Table 1",
        ),
    ],
)
def test_a_figure_that_the_row_has_otherwise_is_named(sentence, text):
    [problem] = find(check_stated_cells, sentence, RESULTS)
    assert text in problem


@pytest.mark.parametrize(
    "sentence",
    [
        "DermNet reached an accuracy of 91.4%.",
        "DermNet reached an accuracy of 0.914.",
        "DermNet improved on the accuracy of 91.34%.",
        "DermNet reached an accuracy of 91.34% on PH2.",
        "DermNet reached a specificity of 91.34%.",
        "DermNet and ResNet50 exceed an accuracy of 88.0%.",
        "DermNet reached an accuracy of 75.20% when trained on half of the images.",
        "ResNet50 and DermNet reached accuracies of 88.12% and 91.43%, respectively.",
        "DermNet has an accuracy of 91.43% and a sensitivity of 84.91%.",
        "The best model had an accuracy, sensitivity and F1 of 92.7%, 86.0% and 87.5%.",
    ],
)
def test_rounded_figures_and_those_of_other_things_are_left_alone(sentence):
    assert find(check_stated_cells, sentence, RESULTS) == []


def test_a_pair_in_one_cell_may_be_exchanged():
    [text] = find(
        check_stated_cells,
        "Patients were found with 99.98% sensitivity and 97.76% specificity.",
        TESTS,
    )
    assert text.endswith("but sensitivity 97.76 and specificity 99.98 in Table 1.")
    right = "Patients were found with 97.76% sensitivity and 99.98% specificity."
    assert find(check_stated_cells, right, TESTS) == []
    other = "Patients were found with 88.76% sensitivity and 95.98% specificity."
    assert find(check_stated_cells, other, TESTS) == []


def test_a_list_of_settings_has_those_of_the_table():
    [text] = find(check_listed_settings, "We tried {25, 26, 49, 64} tokens.", SETTINGS)
    assert text.startswith("26 here is 36 in Table 1 (p. 3)")
    assert find(check_listed_settings, "We tried 25, 36, 49 and 64 tokens.", SETTINGS) == []
    assert find(check_listed_settings, "We tried 25, 27, 48 and 64 tokens.", SETTINGS) == []
    assert find(check_listed_settings, "Patients 25, 26, 49, 64 and 71 left.", SETTINGS) == []


ORGANS = table(
    ("Method", "Liver", "Spleen", "Kidney", "Pancreas"),
    ("UNet", "93.10", "91.20", "90.05", "74.31"),
    ("base + head", "95.12", "93.04", "92.34", "78.11"),
    label="Table 2",
    caption="Dice coefficient of the models.",
)


def compare(*rows, caption="Dice reported by others, and Ours: base + head."):
    other = table(("", "A", "B", "Ours"), *rows, caption=caption)
    sentences = [Sentence(one.caption, 3, "results") for one in (other, ORGANS)]
    grids = build_grids((other, ORGANS), sentences)
    return [problem.text for _, problem in check_repeated_results(grids, (other, ORGANS))]


def test_results_that_two_tables_print_differently_are_compared_as_rounded():
    rows = [
        ("Liver", "0.91", "0.94", "0.95"),
        ("Spleen", "0.90", "0.92", "0.93"),
        ("Pancreas", "0.71", "0.75", "0.78"),
    ]
    assert compare(*rows, ("Kidney", "0.90", "0.91", "0.92")) == []
    [text] = compare(*rows, ("Kidney", "0.90", "0.91", "0.93"))
    assert "Kidney is 0.93, 92.34 in Table 2 (p. 3); the other 3 figures agree" in text
    assert compare(*rows[:2], ("Kidney", "0.90", "0.91", "0.93")) == []  # too few that agree
    unknown = compare(*rows, ("Kidney", "0.90", "0.91", "0.93"), caption="Dice of all.")
    assert unknown == []
