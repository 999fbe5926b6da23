"""Rows that break what the other rows of a study of two classes keep, and the place of figures."""

import pytest

from review.bias.number_checks import check_sentences
from review.bias.number_checks.table_cells import build_grids
from review.bias.number_checks.table_identities import check_identities
from review.models import PrintedTable, Sentence

# 40 of 100 cases are positive: accuracy = .4 sensitivity + .6 specificity.
KEEPING = (
    ("ResNet", "84.0", "90.0", "80.0"),
    ("DenseNet", "80.0", "95.0", "70.0"),
    ("VGG", "86.0", "80.0", "90.0"),
    ("EfficientNet", "73.0", "85.0", "65.0"),
)
RATES = ("Model", "Accuracy (%)", "Sensitivity (%)", "Specificity (%)")
SCORES = ("Model", "Precision", "Recall", "F1-score")
HARMONIC = (("A", "0.912", "0.854", "0.882"), ("B", "0.755", "0.931", "0.834"))


def tell(*tables):
    sentences = [
        Sentence(line, 1, "results")
        for table in tables
        for line in (table.caption, *(" ".join(row) for row in table.rows))
    ]
    found = check_identities(build_grids(tables, sentences))
    return [(sentences[place].text, problem.text) for place, problem in found]


def draw(columns, *rows, number=1):
    return PrintedTable(f"Table {number}", f"Table {number}: Results.", 1, columns, rows)


def turn(columns, *rows, number=1):
    """The same table with a column for each model."""
    names = (columns[0], *(row[0] for row in rows))
    lines = [(name, *(row[n] for row in rows)) for n, name in enumerate(columns[1:], start=1)]
    return draw(names, *lines, number=number)


@pytest.mark.parametrize("make", [draw, turn])
def test_a_row_with_another_share_of_positive_cases_is_named(make):
    [(_, text)] = tell(make(RATES, *KEEPING, ("Ours", "90.0", "80.0", "94.0")))
    assert "'Ours': accuracy 90.0 does not follow" in text
    assert "with 40% positive cases, as in 4 other rows" in text


@pytest.mark.parametrize(
    "rows",
    [
        KEEPING,
        (*KEEPING, ("Ours", "87.5", "80.0", "92.5")),
        (*KEEPING, ("Lee et al. [4]", "90.0", "80.0", "94.0")),
        (*KEEPING, ("Ours", "91.0", "91.1", "90.9")),
        # Averages over three classes, which have no share in common.
        (
            ("A", "84.0", "83.0", "91.0"),
            ("B", "80.0", "78.5", "89.0"),
            ("C", "70.0", "72.0", "85.0"),
        ),
        (*KEEPING[:2], ("Ours", "90.0", "80.0", "94.0")),
    ],
)
def test_rows_that_may_be_right_are_not(rows):
    assert tell(draw(RATES, *rows)) == []


def test_rows_of_one_task_are_compared_over_tables_and_those_of_another_are_not():
    heads = ("Model", "AD vs. NC | ACC", "AD vs. NC | SEN", "AD vs. NC | SPE")
    others = ("Model", "MCI vs. NC | ACC", "MCI vs. NC | SEN", "MCI vs. NC | SPE")
    last = ("Ours", "90.0", "80.0", "94.0")
    found = tell(draw(heads, *KEEPING), draw(heads, last, number=2))
    assert [text.partition(":")[0] for _, text in found] == ["Table 2, 'Ours AD vs. NC'"]
    assert tell(draw(heads, *KEEPING), draw(others, last, number=2)) == []


def test_f1_is_the_harmonic_mean_where_it_is_in_other_rows():
    [(_, text)] = tell(draw(SCORES, *HARMONIC, ("C", "0.903", "0.951", "0.896")))
    assert "precision 0.903 and recall 0.951 give an F1 of 0.926, not 0.896" in text
    assert tell(draw(SCORES, *HARMONIC, ("C", "0.903", "0.951", "0.926"))) == []
    # Means over classes follow in no row.
    means = (("A", "0.912", "0.854", "0.871"), ("B", "0.755", "0.931", "0.812"))
    assert tell(draw(SCORES, *means, ("C", "0.903", "0.951", "0.896"))) == []


def test_hundred_beside_decimals_is_as_exact_as_they_are():
    rows = (("A", "99.30", "98.20", "98.75"), ("B", "99.43", "96.27", "97.82"))
    [(_, text)] = tell(draw(SCORES, *rows, ("C", "99.84", "100", "99.68")))
    assert "give an F1 of 99.92, not 99.68" in text


def test_the_same_models_keep_to_it_in_another_table():
    other = (("A", "0.91", "0.90", "0.95"), ("B", "0.88", "0.92", "0.90"))
    found = tell(draw(SCORES, *HARMONIC), draw(SCORES, *other, number=2))
    assert [text.partition(":")[0] for _, text in found] == ["Table 2, 'A'"]
    assert tell(draw(SCORES, *other)) == []


def test_a_figure_is_found_in_the_piece_of_the_text_that_has_it():
    table = turn(RATES, *KEEPING, ("Ours", "90.0", "80.0", "94.0"))
    pieces = [
        "Table 1: Results.",
        "Accuracy (%) 84.0 80.0 86.0",
        "Sensitivity (%) 90.0 95.0 80.0",
        "Specificity (%) 80.0 70.0 90.0",
        "73.0 90.0",
        "85.0 80.0",
        "65.0 94.0",
    ]
    sentences = [Sentence(piece, 1, "results") for piece in pieces]
    [check] = [c for c in check_sentences(sentences, [table]) if c.problems]
    assert pieces[check.sentence] == "73.0 90.0"
