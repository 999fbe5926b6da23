"""Figures compared over a paper: text with tables, abstract with text, parts with totals."""

import pytest

from review.bias.number_checks import check_sentences
from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.bias.number_checks.rows import build_row, find_blocks, is_row, list_numbers
from review.models import Sentence


def paper(*lines, section="results"):
    return [line if isinstance(line, Sentence) else Sentence(line, 4, section) for line in lines]


def problems(*lines, section="results"):
    return [
        problem.text for _, problem in find_paper_contradictions(paper(*lines, section=section))
    ]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("ResNet 91.2 88.1 90.4", True),
        ("Fold 3 97.8±0.4 98.0±0.3", True),
        ("Mean 1,204 88", True),
        ("ResNet reached 91.2 and was the best of 3.", False),
        ("Table 2 91.2 88.1", False),
        ("Method Accuracy Recall", False),
        ("We trained for 30 epochs", False),
    ],
)
def test_a_row_has_numbers_and_no_verb(text, row):
    assert is_row(text) is row


def test_numbers_are_read_as_printed():
    assert list_numbers("1,204 (88.0%), 0·5 ± 0.10; U2 x3 v1.2") == ["1204", "88.0", "0.5", "0.10"]
    assert build_row(7, "Lung cancer 12 (30%)").label == "Lung cancer"


def test_a_table_ends_where_text_goes_on():
    lines = [
        "Table 1. Results.",
        "Method A B",
        "One 1.1 2.2",
        "Two 1.3 2.4",
        "We saw 5 of 9.",
        "X 1 2",
    ]
    [block] = find_blocks(paper(*lines))
    assert (block.label, block.heads, [r.label for r in block.rows]) == (
        "Table 1",
        ("Method A B",),
        ["One", "Two"],
    )


ROWS = ("Table 1: Results (%).", "Model Acc Prec Spec Rec", "Ours 98.11 97.42 99.03 98.35")


def test_a_list_is_compared_with_the_row_it_repeats():
    said = "Our model had 98.11, 97.42, 99.30 and 98.35, respectively (Table 1)."
    [text] = problems(said, *ROWS)
    assert "99.30 in the text is 99.03 in the table (p. 4:" in text
    assert problems(said.replace("99.30", "99.03"), *ROWS) == []


@pytest.mark.parametrize(
    "said",
    [
        "Our model had 98.11, 96.42, 99.30 and 98.35.",  # two differ: another test
        "Others had 98.11, 97.42, 99.3 and 98.35.",  # another precision
        "Our model had 98.11, 97.42, 98.35 and 98.35.",  # a figure of the row, in another place
        "Our model had 97.52.",  # nothing else of the row
    ],
)
def test_a_list_that_is_not_the_row_is_left_alone(said):
    assert problems(said, *ROWS) == []


COLUMN = (
    "Table 3: Errors.",
    "A equation 26.04 1.1",
    "B equation 31.71 1.5",
    "C equation 32.21 1.4",
    "D equation 30.74 1.7",
)


def test_a_figure_that_slipped_by_a_digit_is_found_in_its_column():
    [text] = problems("Errors ranged from 26.04 to 36.21, and 31.71 for B (p < 0.01).", *COLUMN)
    assert text == (
        "36.21 in the text is 32.21 in Table 3 (p. 4), which has the other figures of the sentence."
    )
    assert problems("Errors ranged from 26.04 to 32.21, and 31.71 for B.", *COLUMN) == []
    assert problems("Errors ranged from 26.04 to 47.36, and 31.71 for B.", *COLUMN) == []
    assert problems("The error was 36.21 and 30.99.", *COLUMN) == []


CONFUSION = ("Table 5. Results.", "TP 90 80", "TN 95 95", "FP 5 5", "FN 10 20")


def test_counts_of_a_table_are_compared_with_its_figures():
    assert problems(*CONFUSION, "Sensitivity 90.0% 80.0%") == []
    [text] = problems(*CONFUSION, "Sensitivity 90.0% 88.0%")
    assert text.startswith("Table 5: sensitivity is ")


def test_counts_in_columns_are_read_by_their_heads():
    head = ("Table 5. Results.", "Model TP FP FN TN Accuracy")
    assert problems(*head, "A 90 5 10 95 0.925", "B 80 5 20 95 0.875") == []
    [text] = problems(*head, "A 90 5 10 95 0.925", "B 80 5 20 95 0.915")
    assert "accuracy" in text


def test_four_counts_cannot_be_more_than_all_cases():
    size = "The data set has 150 images of the eye."
    [text] = problems(size, *CONFUSION)
    assert "add up to 200, more than the largest number of cases in the text (150)" in text
    assert problems(size.replace("150", "200"), *CONFUSION) == []
    assert problems(*CONFUSION) == []  # no size is stated


SIZES = (
    "Table 2: Number of images of each class",
    "Normal 104",
    "Benign 332",
    "Cystic 245",
    "Other 20",
)


def test_classes_of_a_table_add_up_to_the_size_in_the_text():
    [text] = problems("We collected a data set of 710 images.", *SIZES)
    assert text == "the text has 710, but the 4 classes of Table 2 add up to 701."
    assert problems("We collected a data set of 701 images.", *SIZES) == []
    assert problems("We collected 701 images. Another 710 images were left.", *SIZES) == []
    assert problems("We collected a data set of 900 images.", *SIZES) == []  # another set


def test_columns_add_up_to_their_total():
    parts = ("Table 2: Patients", "Men 40 10", "Women 55 15")
    assert problems(*parts, "Total 95 25") == []
    [text] = problems(*parts, "Total 95 26")
    assert text == "Table 2: the rows add up to 25, but the total is 26."


def test_one_row_that_does_not_add_up_where_the_others_do():
    rows = ["Table 2: Split", "A 10 5 15", "B 20 6 26", "C 30 7 37", "D 40 8 49"]
    [text] = problems(*rows)
    assert text.startswith("Table 2, row 'D': the parts add up to 48, not 49")
    assert problems(*rows[:-1], "D 40 8 48") == []
    assert problems(*rows[:2], "B 20 6 99", "C 30 7 99", "D 40 8 99") == []  # no sums at all


def test_a_fold_with_another_total():
    rows = [
        "Table 4: Folds",
        "Fold 1 50 30 20",
        "Fold 2 51 29 20",
        "Fold 3 49 30 21",
        "Fold 4 50 30 26",
    ]
    [text] = problems(*rows)
    assert "add up to 106; those of the other folds to 100" in text
    assert problems(*rows[:-1], "Fold 4 50 30 20") == []


SHARES = (
    "Table 1: Characteristics",
    "Characteristic Cohort (n = 831)",
    "Glomerular 255 (30.7)",
    "Hypertension 115 (13.8)",
    "Polycystic 27 (3.2)",
    "Age, mean (s.d.) 53 (17)",
)


def test_a_share_of_a_column_is_compared_with_its_n():
    [text] = problems(*SHARES, "Diabetic 205 (24.0)")
    assert "205 of 831 is 24.7%, not 24.0%; 3 other rows of the column agree" in text
    assert problems(*SHARES, "Diabetic 205 (24.7)") == []


def test_a_value_outside_its_own_interval():
    rows = ["Table 3: Bias", "A 1.1 (0.2, 2.0)", "B -0.7 (-1.6, 1.2)", "C 1.8 (0.8, 3.8)"]
    [text] = problems(*rows, "D -1.23 (9.96, 12.25)")
    assert "-1.23 (9.96, 12.25) lies outside its own interval" in text
    assert problems(*rows, "D 10.23 (9.96, 12.25)") == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (
            "The 1,000 images were split into 700 training, 100 validation and 250 test images.",
            True,
        ),
        (
            "The 1,000 images were split into 700 training, 100 validation and 200 test images.",
            False,
        ),
        (
            "The 100 patients were divided into a training set (n = 60) and a test set (n = 30).",
            True,
        ),
        (
            "The 100 patients were divided into a training set (n = 70) and a test set (n = 30).",
            False,
        ),
        (
            "The 100 patients were divided; 5 were excluded: training (n = 60), test (n = 35).",
            False,
        ),
        ("We had 300 patients (120 men and 170 women).", True),
        ("We had 300 patients (130 men and 170 women).", False),
        ("We had 300 patients (130 with diabetes and 20 smokers).", False),
        ("Of the 200 patients, 120 (65%) were men.", True),
        ("Of the 200 patients, 130 (65%) were men.", False),
    ],
)
def test_parts_of_a_sentence(text, wrong):
    assert bool(problems(text, section="methods")) is wrong


def test_the_abstract_is_compared_with_the_text():
    abstract = Sentence("We included 412 patients. The accuracy was 94.2%.", 1, "abstract")
    methods = Sentence("A total of 421 patients were scanned.", 2, "methods")
    results = Sentence("The accuracy was 93.2% overall.", 5, "results")
    size, figure = problems(abstract, methods, results)
    assert size == "412 patients in the abstract, 421 in the methods (p. 2); 412 is nowhere else."
    assert figure == (
        "accuracy is 94.2% in the abstract, 93.2% in the results (p. 5); 94.2% is nowhere else."
    )
    more = paper("Of 412 eligible ones, some left. It was 0.942 for all.")
    assert find_paper_contradictions([abstract, methods, results, *more]) == []


def test_rounding_in_the_abstract_is_no_contradiction():
    abstract = Sentence("The accuracy was 94.2%.", 1, "abstract")
    assert problems(abstract, "The accuracy was 93.2% at first.", "At last it was 0.9418.") == []


def test_the_checks_are_part_of_the_number_checks():
    [figures] = check_sentences(paper("Of the 200 patients, 120 (65%) were men."))
    assert [problem.text for problem in figures.problems] == ["120 of 200 is 60.0%, not 65%."]
