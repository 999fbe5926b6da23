"""Statements of the text about one thing, and statements about a table."""

import pytest

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import PrintedTable, Sentence

GAP = ("methods", "We now turn to another subject.")


def problems(*lines, tables=()):
    """Contradictions of sentences, each given as (section, text)."""
    sentences = [Sentence(text, 2, section) for section, text in lines]
    for one in tables:
        sentences.append(Sentence(one.caption, 3, "results"))
        sentences += [Sentence(" ".join(filter(None, row)), 3, "results") for row in one.rows]
    return [problem.text for _, problem in find_paper_contradictions(sentences, tables)]


def table(columns, *rows, label="Table 1"):
    caption = f"{label}. Results of the study."
    return PrintedTable(label, caption, 3, tuple(columns), tuple(map(tuple, rows)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It runs at 23.4 FPS and 14.7 FPS, surpassing the threshold of 15 FPS.", "14.7"),
        ("It runs at 23.4 FPS and 16.7 FPS, surpassing the threshold of 15 FPS.", None),
        ("It needs 40 ms, which is below the limit of 30 ms.", "40"),
        ("It runs at 14.7 FPS, but only the first surpasses the threshold of 15 FPS.", None),
    ],
)
def test_a_figure_said_to_pass_a_limit_passes_it(text, found):
    messages = problems(("results", text))
    assert (found in " ".join(messages)) if found else not messages


def test_a_share_of_a_count_named_behind_it():
    right = "In all 64 archives could be run, of the 163 archives (39%), and 12 of them at once."
    assert problems(("results", right)) == []
    assert "39.3%, not 42%" in problems(("results", right.replace("39%", "42%")))[0]


def test_patience_is_the_same_everywhere():
    first = ("methods", "Training stopped early with a patience of 10 epochs.")
    assert problems(first, GAP, ("results", "Early stopping (patience = 10) was used.")) == []
    [text] = problems(first, GAP, ("results", "Early stopping (patience = 7) was used."))
    assert "patience is 7" in text or "patience is 10" in text
    many = [("methods", f"Model {n} had a patience of {n} epochs.") for n in (5, 10, 20)]
    assert problems(*many) == []


def test_so_many_images_come_from_so_many_sources():
    first = ("abstract", "We tested on 128 unseen volumes from three clinical cohorts.")
    same = ("conclusion", "The model held on three different data sets comprising 128 volumes.")
    assert problems(first, same) == []
    other = ("conclusion", "The model held on four different data sets comprising 128 volumes.")
    [text] = problems(first, other)
    assert "from 4 sources here, from 3" in text
    sites = ("conclusion", "The 128 volumes were acquired at 14 hospitals.")
    assert problems(first, sites) == []


def test_the_total_in_the_discussion_is_that_of_the_abstract():
    lines = [
        ("abstract", "A total of 17 studies with 2,309 patients were included."),
        ("results", "The studies comprise 2,309 patients of five countries."),
    ]
    late = "A total of 817 patients may not be enough to show a small effect."
    [text] = problems(*lines, ("discussion", late))
    assert "817 patients here, 2,309" in text
    assert problems(*lines, ("discussion", late.replace("817", "2309"))) == []
    others = "Another study had a total of 817 patients and found no effect."
    assert problems(*lines, ("discussion", others)) == []


def test_a_list_of_names_lacks_one():
    text = "We compare eight networks: {}."
    names = ["VGG16", "VGG19", "ResNet50", "Xception", "MobileNet", "DenseNet201", "NASNet"]
    full = text.format(", ".join(names) + " and InceptionV3")
    short = f"The networks {', '.join(names)}, and InceptionV3 were compared."
    assert problems(("abstract", short), ("methods", full)) == []
    short = short.replace("Xception, ", "")
    [found] = problems(("abstract", short), ("methods", full))
    assert "Xception is missing" in found
    some = short.replace("The networks", "Networks such as")
    assert problems(("abstract", some), ("methods", full)) == []


def test_two_sentences_have_all_figures_but_one():
    first = (
        "The groups were told apart with 93.6% sensitivity and 88.5% specificity (99.83%, 99.1%)."
    )
    second = "Sensitivity and specificity were 93.6% and {}%; for the others 99.83% and 99.1%."
    assert problems(("results", first), GAP, ("results", second.format("88.5"))) == []
    [text] = problems(("results", first), GAP, ("results", second.format("89.5")))
    assert "88.5 here is 89.5" in text


def test_two_long_figures_are_enough_beside_the_same_names():
    first = "Slice Thickness and Echo Time were hardest (76.66% and 51.21%, respectively)."
    second = "Echo Time was hard as well as Slice Thickness ({}% against 51.21% for the former)."
    assert problems(("results", first), GAP, ("discussion", second.format("76.66"))) == []
    assert (
        "76.66 here is 76.77"
        in problems(("results", first), GAP, ("discussion", second.format("76.77")))[0]
    )


def test_an_interval_without_brackets_is_compared_with_a_table():
    rows = table(("Variable", "HR (95% CI)", "p"), ("Narrow stent", "0.54 (0.31–0.96)", "0.036"))
    text = "A narrow stent lowered the risk (HR {}, 95% CI 0.31–0.96)."
    assert problems(("discussion", text.format("0.54")), GAP, tables=[rows]) == []
    assert problems(("discussion", text.format("0.55")), GAP, tables=[rows])


AVERAGES = table(
    ("Data set", "Accuracy (%)", "Recall (%)"),
    ("North", "97.7", "96.2"),
    ("South", "96.4", "95.8"),
    ("Average", "97.1", "96.0"),
)


def test_an_average_is_no_other_row():
    text = "The system held its performance (average accuracy = {}%) at all sites."
    assert problems(("abstract", text.format("97.1")), tables=[AVERAGES]) == []
    assert "97.1 in Table 1" in problems(("abstract", text.format("97.7")), tables=[AVERAGES])[0]


def test_a_sentence_that_names_a_row_has_its_figures():
    rows = table(
        ("Task", "Model (%)", "Readers (%)", "Kappa"),
        ("Detection", "97.3", "96.1", "0.89"),
        ("Severity grading", "90.4", "84.6", "0.84"),
    )
    text = "For severity grading, the model reached 90.4% against {}% of readers (kappa 0.84)."
    assert problems(("results", text.format("84.6")), tables=[rows]) == []
    [found] = problems(("results", text.format("89.6")), tables=[rows])
    assert "89.6" in found and "84.6" in found


STUDIES = table(
    ("Study", "Country", "Number of patients"),
    ("Able", "China", "72"),
    ("Baker", "Norway", "224"),
    ("Cole", "Spain", "15"),
    ("Dane", "Austria", "1287"),
    ("Elm", "Italy", "92"),
)


def test_a_range_is_that_of_the_column():
    text = "The number of patients ranged from {} to 1287."
    assert problems(("results", text.format("15")), tables=[STUDIES]) == []
    assert "15 to 1287 in Table 1" in problems(("results", text.format("4")), tables=[STUDIES])[0]
    assert problems(("results", "The age ranged from 4 to 1287 days."), tables=[STUDIES]) == []


def test_a_peak_is_where_the_row_has_its_maximum():
    rows = table(
        ("", "2019", "2020", "2021"),
        ("Public Data (%)", "57.4", "80.0", "69.5"),
        ("Licence named (%)", "35.7", "57.1", "38.2"),
    )
    text = "The use of public data sets peaked in {}."
    assert problems(("discussion", text.format("2020")), tables=[rows]) == []
    assert "2020 has 80" in problems(("discussion", text.format("2021")), tables=[rows])[0]


SIZES = table(
    ("Set", "Volumes", "Images"),
    ("North", "30", "1260"),
    ("South", "80", "3840"),
    ("East", "30", "1440"),
    ("West", "30", "1440"),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The target sets have 90 volumes, 4140 images in all.", None),
        ("The target sets have 90 volumes, 4500 images in all.", "4,140"),
        ("We used 80 volumes with 3840 images for training.", None),
        ("We used 80 volumes with 3480 images for training.", "3,840"),
    ],
)
def test_two_counts_of_one_set_are_those_of_its_rows(text, found):
    messages = " ".join(problems(("methods", text), tables=[SIZES]))
    assert (found in messages) if found else not messages


def test_thousands_are_rounded_from_the_count():
    rows = table(
        ("Part", "Slides", "Mitotic events"), ("Training", "61", "42,203"), ("Test", "5", "612")
    )
    text = "The models were trained with all {}K mitotic events."
    assert problems(("results", text.format("42")), tables=[rows]) == []
    assert "43K events here, 42,203" in problems(("results", text.format("43")), tables=[rows])[0]


def test_the_p_value_beside_an_interval_is_that_of_its_row():
    rows = table(
        ("Analysis", "Difference", "95% CI", "p-value"),
        ("Month 3", "-2.46", "-3.72 to -1.21", "0.008"),
        ("Month 6", "-0.76", "-1.77 to 0.25", "0.140"),
    )
    text = "The difference of -0.76 points (p = {}, 95% CI -1.77 to 0.25) was small."
    assert problems(("results", text.format("0.14")), tables=[rows]) == []
    assert "p is 0.41" in problems(("results", text.format("0.41")), tables=[rows])[0]


ARMS = table(
    ("", "Dice", "Error"),
    ("Original", "0.71", "13.4"),
    ("Corrected", "0.76", "12.1"),
    label="Table 1",
)
MORE = table(
    ("", "Dice", "Error"),
    ("Original", "0.62", "16.4"),
    ("Corrected", "0.66", "10.2"),
    label="Table 2",
)


def test_two_rows_are_compared_as_the_tables_have_them():
    text = "Dice of corrected scans was above original ones ({} vs. 0.71; small: 0.66 vs. 0.62)."
    assert problems(("abstract", text.format("0.76")), tables=[ARMS, MORE]) == []
    [found] = problems(("abstract", text.format("0.77")), tables=[ARMS, MORE])
    assert "0.77 vs. 0.71 is not what the tables give" in found
    other = "Corrected and original scans had ages of 44.76 vs. 44.71 and 61.9 vs. 61.4 years."
    assert problems(("abstract", other), tables=[ARMS, MORE]) == []


SPLIT = table(
    ("", "", "Train", "Val.", "Test"),
    ("Slides", "normal", "40", "11", "81"),
    ("", "tumour", "10", "11", "49"),
    ("Patches", "normal", "5000", "2000", "9000"),
    ("", "tumour", "500", "2000", "9000"),
)


@pytest.mark.parametrize(("count", "is_right"), [("130", True), ("81", True), ("128", False)])
def test_a_part_has_the_size_of_its_column(count, is_right):
    text = f"The other {count} slides are used as test data."
    messages = problems(("methods", text), tables=[SPLIT])
    assert (messages == []) if is_right else "130 in Table 1" in messages[0]


def test_a_metric_of_a_clause_is_that_of_its_names():
    inside = "DenseNet201 is best, with an accuracy of {}% with the AO and 97.27% with the GTO."
    late = "The DenseNet201 model achieved an accuracy of 99.68% with the optimizer of eagles (AO)."
    assert problems(("abstract", inside.format("99.68")), GAP, ("conclusion", late)) == []
    found = problems(("abstract", inside.format("99.25")), GAP, ("conclusion", late))
    assert any("DenseNet201 is 99.25 in the abstract, 99.68" in text for text in found)
    another = late.replace("DenseNet201", "ResNet50")
    found = problems(("abstract", inside.format("99.25")), GAP, ("conclusion", another))
    assert not any("DenseNet201 is" in text for text in found)


GAINS = table(
    ("Method", "Accuracy", "F1"),
    ("PlainNet", "0.648", "0.485"),
    ("OtherNet", "0.702", "0.533"),
    ("OurNet", "0.842", "0.657"),
)


@pytest.mark.parametrize(
    ("gains", "is_right"),
    [
        ("19% and 17%", True),  # points
        ("30% and 35%", True),  # of the first figure
        ("11% and 4%", False),
    ],
)
def test_a_gain_in_per_cent_is_one_of_points_or_a_share(gains, is_right):
    text = f"Compared to PlainNet, accuracy and F1 are improved by {gains}, respectively."
    messages = problems(("results", text), tables=[GAINS])
    assert (messages == []) if is_right else "against PlainNet" in messages[0]
