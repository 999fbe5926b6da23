"""Gains over a named method, against the table that has both."""

import pytest

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import PrintedTable, Sentence


def table(columns, *rows, label="Table 1", caption="Results on the test set."):
    return PrintedTable(label, f"{label}: {caption}", 3, tuple(columns), tuple(map(tuple, rows)))


RESULTS = table(
    ("Method", "Accuracy (%)", "F1 (%)", "AUC"),
    ("ResNet50", "80.0", "70.2", "0.801"),
    ("DermNet", "84.0", "75.1", "0.852"),
    ("LesionNet", "88.4", "79.0", "0.913"),
)
SETS = table(
    ("Method", "Hearts | Dice", "Lungs | Dice"),
    ("UNet", "80.0", "90.0"),
    ("SwinNet", "84.0", "92.0"),
    ("OrganNet", "88.2", "94.3"),
)
COUNTS = table(
    ("", "Training", "Balanced", "Validation", "Test", "All"),
    ("Left", "74", "74", "8", "20", "102"),
    ("Right", "124", "74", "14", "20", "158"),
    ("Overall", "198", "148", "22", "40", "260"),
)
OTHER_COUNTS = table(
    ("", "Training", "Balanced", "Validation", "Test", "All"),
    ("Left", "168", "30", "18", "20", "206"),
    ("Right", "30", "30", "4", "20", "54"),
    ("Overall", "198", "60", "22", "40", "260"),
    label="Table 2",
)


def problems(sentence, *tables, section="results"):
    sentences = [
        Sentence("We propose LesionNet, a network for skin lesions.", 1, "abstract"),
        Sentence(sentence, 2, section),
    ]
    for one in tables:
        sentences.append(Sentence(one.caption, 3, "results"))
        sentences += [Sentence(" ".join(filter(None, row)), 3, "results") for row in one.rows]
    return [
        problem.text
        for index, problem in find_paper_contradictions(sentences, tables)
        if sentences[index].text == sentence or not sentence
    ]


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("LesionNet outperforms ResNet50 and DermNet in accuracy by 8.4% and 4.7%.", "4.7%"),
        ("Compared to DermNet, accuracy and F1 are improved by 4.4% and 8.9%.", "8.9%"),
        ("LesionNet improves accuracy by 8.4% and F1 by 5.8% over ResNet50.", "5.8%"),
        ("LesionNet gains 4.4 points in accuracy and 5.9 points in F1 over DermNet.", "5.9"),
    ],
)
def test_one_gain_of_a_sentence_that_no_row_has_is_named(sentence, wrong):
    [text] = problems(sentence, RESULTS)
    assert text.startswith(wrong.rstrip("%"))
    assert "Table 1 (p. 3)" in text


@pytest.mark.parametrize(
    "sentence",
    [
        "LesionNet outperforms ResNet50 and DermNet in accuracy by 8.4% and 4.4%.",
        "LesionNet outperforms ResNet50 and DermNet in accuracy by 10.5% and 5.2%.",  # relative
        "Compared to DermNet, accuracy and F1 are improved by about 4% and 4%.",
        "Compared to DermNet, accuracy and F1 are improved by 4.4% and up to 6.9%.",
        "LesionNet gains 4.4 points in accuracy and 3.9 points in F1 over DermNet.",
        "LesionNet improves AUC by 11.2 points and 6.1 points over ResNet50 and DermNet.",
        "LesionNet outperforms VGG16 and AlexNet in accuracy by 8.1% and 4.9%.",
        "Compared to DermNet, cost and training time are reduced by 4.4% and 6.9%.",
    ],
)
def test_gains_in_points_or_relative_and_of_other_things_are_left_alone(sentence):
    assert problems(sentence, RESULTS) == []


def test_gains_over_the_second_best_are_taken_data_set_by_data_set():
    right = (
        "OrganNet shows a 5% and 2.5% improvement in Dice on hearts and lungs over the second-best."
    )
    assert problems(right, SETS) == []
    [text] = problems(right.replace("2.5%", "4.2%"), SETS)
    assert text.startswith("4.2% is not")
    relative = right.replace("improvement", "relative improvement").replace("2.5%", "3.9%")
    [text] = problems(relative, SETS)
    assert text.startswith("3.9% is not")


def test_a_single_gain_is_compared_in_points_and_relative():
    [text] = problems("LesionNet improves accuracy by 5.6% over DermNet.", RESULTS)
    assert text.startswith("5.6")
    assert problems("LesionNet improves accuracy by 5.2% over DermNet.", RESULTS) == []


def test_a_value_reached_is_no_gain():
    sentence = "LesionNet reached a mean F1 of 79.0% on the test set, surpassing DermNet clearly."
    assert problems(sentence, RESULTS) == []


def test_two_samples_with_alike_totals_are_not_one_row_printed_twice():
    assert problems("", COUNTS, OTHER_COUNTS) == []
