"""Columns that arithmetic ties together, and figures that two tables repeat."""

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import PrintedTable, Sentence


def table(columns, *rows, label="Table 1"):
    caption = f"{label}. Results of the study."
    return PrintedTable(label, caption, 3, tuple(columns), tuple(map(tuple, rows)))


def problems(*tables):
    sentences = []
    for one in tables:
        sentences.append(Sentence(one.caption, 3, "results"))
        sentences += [Sentence(" ".join(filter(None, row)), 3, "results") for row in one.rows]
    return [
        (sentences[index].text, problem.text)
        for index, problem in find_paper_contradictions(sentences, tables)
    ]


ARMS = ("Month", "Drug | n", "Drug | Mean", "Sham | n", "Sham | Mean", "Total | n", "Total | Mean")


def test_the_groups_of_a_row_are_added_up():
    rows = [
        ("Start", "301", "15.3", "302", "16.6", "603", "16.0"),
        ("Month 3", "249", "9.4", "237", "10.9", "486", "10.1"),
        ("Month 6", "235", "9.1", "228", "10.2", "463", "9.6"),
    ]
    assert problems(table(ARMS, *rows)) == []
    wrong = ("Month 9", "226", "9.7", "211", "10.4", "347", "10.0")
    [(row, text)] = problems(table(ARMS, *rows, wrong))
    assert row.startswith("Month 9") and "437, not 347" in text


def test_a_change_is_compared_with_the_figures_it_is_between():
    heads = ("Month", "n", "Percent", "Change from start")
    rows = [
        ("Start", "189", "62.6%", "–"),
        ("Month 6", "126", "54.6%", "−8.0%"),
        ("Month 9", "123", "54.0%", "−8.6%"),
        ("Month 12", "121", "52.4%", "−10.2%"),
    ]
    assert problems(table(heads, *rows)) == []
    [(row, text)] = problems(table(heads, *rows, ("Month 15", "120", "60.7%", "−0.9%")))
    assert row.startswith("Month 15") and "-1.9, not −0.9%" in text


def test_a_standard_error_is_no_larger_than_the_standard_deviation():
    heads = ("Volume", "Mean difference", "Standard deviation", "Standard error of mean")
    assert problems(table(heads, ("Cortex", "12.2", "25.1", "4.3"))) == []
    [(_, text)] = problems(table(heads, ("Cortex", "12.2", "25.1", "44.3")))
    assert "44.3 is larger" in text


TIMES = (
    ("Alpha", "30", "1.63", "2.04"),
    ("Beta", "40", "3.34", "5.57"),
    ("Gamma", "300", "0.274", "3.43"),
    ("Delta", "115", "3.12", "14.95"),
    ("Epsilon", "200", "0.571", "4.76"),
)


def test_a_product_of_two_columns_is_computed_in_the_row_that_breaks_it():
    heads = ("Model", "Epochs", "Hours per epoch", "Days")
    assert problems(table(heads, *TIMES)) == []
    [(row, text)] = problems(table(heads, *TIMES, ("Zeta", "46", "2.66", "5.24")))
    assert row.startswith("Zeta") and "5.10" in text


def test_slashed_counts_add_up_to_the_count_of_their_row():
    heads = ("Group", "People", "Scans", "Men/women", "Age")
    early = ("Early", "259", "1880", "143/116", "71.0")
    assert problems(table(heads, early, ("Late", "232", "2156", "127/105", "74.1"))) == []
    [(row, text)] = problems(table(heads, early, ("Late", "233", "2156", "127/105", "74.1")))
    assert row.startswith("Late") and "makes 232, not 233" in text


def test_slashed_counts_are_compared_with_another_table():
    sizes = table(("Set", "Volumes"), ("North", "30"), ("South", "80"), ("East", "45"))
    rows = [("North", "10/10/10", "0.86"), ("East", "15/15/15", "0.94")]
    vendors = ("Set", "A/B/C", "Spacing")
    right = table(vendors, *rows, ("South", "30/30/20", "0.43"), label="Table 2")
    assert problems(sizes, right) == []
    wrong = table(vendors, *rows, ("South", "20/20/20", "0.43"), label="Table 2")
    [(row, text)] = problems(sizes, wrong)
    assert row.startswith("South") and "makes 60, 80" in text


HEADS = ("Method", "AUC", "F1", "Precision", "Recall", "Accuracy")
OURS = ("Ours", "81.0", "89.4", "81.9", "80.7", "74.8")


def test_a_row_that_two_tables_repeat_but_for_one_figure():
    first = table(HEADS, ("Plain", "76.2", "86.3", "77.8", "70.6", "67.1"), OURS)
    heads = ("Model", "Frozen layers", *HEADS[1:])
    same = table(heads, ("Ours, first", "9 layers", *OURS[1:]), label="Table 2")
    assert problems(first, same) == []
    other = ("Ours, first", "9 layers", "81.1", *OURS[2:])
    [(row, text)] = problems(first, table(heads, other, label="Table 2"))
    assert row.startswith("Ours, first") and "81.1 is 81.0 in Table 1" in text


def test_variants_of_a_model_share_figures_by_chance():
    rows = [
        ("One view", "94.3", "86.0", "89.2", "80.3", "69.5"),
        ("Five views", "94.3", "86.1", "89.2", "80.3", "69.5"),
        ("Ten views", "94.4", "86.1", "89.2", "80.3", "69.6"),
    ]
    more = ("Twenty views", "94.5", "86.1", "89.2", "80.3", "69.6")
    assert problems(table(HEADS, *rows), table(HEADS, more, label="Table 2")) == []


def test_pairs_of_figures_in_one_cell_are_compared_as_well():
    first = table(("Model", "A", "B", "C"), ("Hit rate", "90.6", "67.5", "93.2", "80.5"))
    heads = ("Threshold", "A", "B", "C", "D")
    right = ("0.95", "90.6/30.1", "67.5/13.3", "93.2/43.5", "80.5/25.6")
    first = table(("Figure", "A", "B", "C", "D"), ("Hit rate", "90.6", "67.5", "93.2", "80.5"))
    assert problems(first, table(heads, right, label="Table 2")) == []
    wrong = ("0.95", "90.6/30.1", "67.6/13.3", "93.2/43.5", "80.5/25.6")
    [(row, text)] = problems(first, table(heads, wrong, label="Table 2"))
    assert row.startswith("0.95") and "67.6 is 67.5" in text


def test_one_cell_with_two_figures_is_the_same_in_all_tables():
    tables = [
        table(("Model", "Figures"), ("Base", "90.6/30.6"), label=f"Table {n}") for n in (1, 2, 3)
    ]
    assert problems(*tables[:2]) == []
    other = table(("Model", "Figures"), ("Base", "90.6/36.6"), label="Table 4")
    [(_, text)] = problems(*tables[:2], other)
    assert "90.6/36.6 is 90.6/30.6 in 2 other tables" in text


def test_shares_near_one_are_no_factors():
    heads = ("Set", "Accuracy", "Precision", "AUC")
    rows = [
        ("North", "97.7", "97.3", "0.996"),
        ("South", "96.9", "96.3", "0.994"),
        ("East", "97.2", "96.9", "0.997"),
        ("West", "96.4", "95.9", "0.995"),
        ("Centre", "98.4", "98.1", "0.997"),
        ("Coast", "97.5", "96.8", "0.996"),
    ]
    assert problems(table(heads, *rows)) == []


def test_rivals_of_two_experiments_do_not_tie_the_model():
    heads = ("Method", "Feet", "Hands")
    rivals = [("Source", "164.2", "31.0"), ("Mapped", "151.8", "32.4"), ("Paired", "148.3", "33.9")]
    first = table(heads, *rivals, ("Ours", "131.5", "22.7"))
    second = table(heads, *rivals, ("Ours", "104.6", "28.3"), label="Table 2")
    assert problems(first, second) == []


def test_intervals_of_two_tables_are_not_rows_of_figures():
    heads = ("Set", "Dice", "95% CI")
    rows = [("North", "0.896", "0.912"), ("South", "0.872", "0.904"), ("East", "0.861", "0.893")]
    first = table(heads, *rows, ("West", "0.855", "0.887"))
    swapped = [(name, high, low) for name, low, high in rows]
    second = table(heads, *swapped, ("West", "0.886", "0.854"), label="Table 2")
    assert problems(first, second) == []
