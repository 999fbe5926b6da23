"""Values that two places give differently: denominators, symbols, roles and rows."""

from review.bias.number_checks.repeated_values import check_repeated_values
from review.bias.number_checks.table_cells import build_grids
from review.models import PrintedTable, Sentence


def _check(*texts: str, table: PrintedTable | None = None) -> list[str]:
    sentences = [Sentence(text, 1, "results") for text in texts]
    if table:
        sentences.append(Sentence(table.caption, 2, "results"))
    grids = build_grids([table] if table else [], sentences)
    return [problem.text for _, problem in check_repeated_values(sentences, grids)]


def test_a_class_has_the_same_number_of_cases_for_each_model():
    usual = ("AlexNet was right in 380/401 glioma images.", "VGG in 390/401 glioma images.")
    assert _check(*usual, "LeNet was right in 372/401 glioma images.") == []
    [text] = _check(*usual, "LeNet was right in 372/402 glioma images.")
    assert text == "of 402 glioma images here, of 401 in 2 other places (results (p. 1))."
    assert _check(*usual, "LeNet was right in 390/419 meningioma images.") == []
    assert _check(*usual, "In training, LeNet was right in 900/920 glioma images.") == []


def test_a_symbol_keeps_its_value():
    first = "We selected T = 378 scans of 17 sites."
    last = "The age of 378 subjects was analysed."
    [text] = _check(first, "The matrix is T x P with T = 387 and P = 1213.", last)
    assert text == "T is 387 here, 378 in the results (p. 1)."
    assert _check(first, "We also ran it with T = 500 scans.", last) == []


def test_the_sets_of_a_role_make_its_total():
    sets = "Lung2 (n = 225), HN1 (n = 136) and HN2 (n = 95) were used as validation data sets."
    [text] = _check(sets, "It was tested on 545 patients in the independent validation data sets.")
    assert text == "545 for validation here, the sets of the results (p. 1) make 456."
    assert _check(sets, "It was tested on 456 patients in the validation data sets.") == []
    assert _check(sets, "It was built on 422 patients of the training data sets.") == []


def test_a_total_is_not_the_number_of_each_class():
    total = "This gave a total of 4,117 images."
    [text] = _check(total, "We used 4,117 images for each tumour type.")
    assert text.startswith("4,117 for each here")
    assert _check(total, "We used 920 images for each tumour type.") == []


RESULTS = PrintedTable(
    "Table 2",
    "Table 2: Results",
    2,
    ("No.", "Model", "Accuracy (%)", "Precision (%)", "Recall (%)"),
    (
        ("1", "Hybrid LSTM-FNN", "99.82", "99.80", "99.81"),
        ("2", "Standalone LSTM", "89.44", "89.31", "89.44"),
        ("3", "Standalone FNN", "89.50", "90.08", "89.50"),
    ),
)


def test_the_results_of_a_named_row_are_those_of_the_sentence():
    text = "The standalone LSTM achieved {} accuracy, {} precision and {} recall."
    assert _check(text.format("89.44%", "89.31%", "89.44%"), table=RESULTS) == []
    [problem] = _check(text.format("89.41%", "90.03%", "89.41%"), table=RESULTS)
    assert "row 'Standalone LSTM'" in problem
    assert _check(text.format("69.41%", "70.03%", "69.41%"), table=RESULTS) == []
    other = "The GRU achieved 89.41% accuracy, 90.03% precision and 89.41% recall."
    assert _check(other, table=RESULTS) == []


CASES = PrintedTable(
    "Table 1",
    "Table 1: Performance",
    2,
    ("Model", "True negative", "True positive", "False negative", "False positive"),
    (("CNN", "14", "14", "0", "0"), ("VGG-16", "13", "14", "0", "1")),
)


def test_the_cases_of_a_table_are_those_of_the_test_set():
    [text] = _check("185 images were for training and 20 images for testing.", table=CASES)
    assert text == "20 for testing here, but each row of Table 1 counts 28 cases."
    assert _check("185 images were for training and 28 images for testing.", table=CASES) == []
    both = "20 images were used for testing, and all 28 images with augmentation."
    assert _check(both, table=CASES) == []
