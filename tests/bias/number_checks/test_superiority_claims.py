"""Claims that one method is better than others, against the tables that compare them."""

import pytest

from review.bias.number_checks.comparison_tables import parse_figure
from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import PrintedTable, Sentence

INTRO = "We propose LesionNet, a network that finds lesions in skin photographs."


def table(columns, *rows, label="Table 1", caption="Results on the test set."):
    return PrintedTable(label, f"{label}: {caption}", 3, tuple(columns), tuple(map(tuple, rows)))


RESULTS = table(
    ("Method", "Accuracy (%)", "Sensitivity (%)", "HD95 (mm)", "Params"),
    ("ResNet50", "88.1 ± 0.4", "81.7", "6.10", "25.6M"),
    ("DermNet", "91.4 ± 0.6", "84.9", "5.20", "8.1M"),
    ("EfficientNet", "90.2 ± 0.3", "86.3", "4.91", "930k"),
    ("LesionNet (ours)", "92.6 ± 0.5", "86.0", "4.75", "12.2M"),
)
ORGANS = table(
    ("Structure", "Metric", "UNet", "SwinNet"),
    ("Liver", "DSC", "94.1", "95.0"),
    ("Liver", "HD", "5.2", "6.1"),
    ("Spleen", "DSC", "92.2", "91.0"),
    ("Spleen", "HD", "4.4", "4.9"),
    caption="Organs in computed tomography.",
)
READERS = table(
    ("Reader", "Sensitivity", "Specificity", "AUC"),
    ("Logistic regression", "0.78", "0.81", "0.84"),
    ("Random forest", "0.83", "0.79", "0.86"),
    ("Junior radiologist", "0.74", "0.90", "0.88"),
    caption="Fracture on radiographs.",
)


def problems(sentence, *tables, section="results"):
    sentences = [Sentence(INTRO, 1, "abstract"), Sentence(sentence, 2, section)]
    for one in tables:
        sentences.append(Sentence(one.caption, 3, "results"))
        sentences += [Sentence(" ".join(filter(None, row)), 3, "results") for row in one.rows]
    return [
        problem.text
        for index, problem in find_paper_contradictions(sentences, tables)
        if sentences[index].text == sentence
    ]


@pytest.mark.parametrize(
    ("sentence", "rival"),
    [
        ("LesionNet outperforms all other methods in all metrics.", "EfficientNet has 86.3"),
        ("Our method achieves the highest sensitivity.", "EfficientNet has 86.3"),
        ("The best sensitivity was achieved by LesionNet.", "EfficientNet has 86.3"),
        ("The proposed network has the fewest parameters.", "EfficientNet has 930k"),
        ("ResNet50 surpasses DermNet in terms of accuracy.", "DermNet has 91.4"),
        ("ResNet50 and EfficientNet outperform DermNet in accuracy.", "DermNet has 91.4"),
        ("The accuracy of ResNet50 was higher than that of DermNet.", "DermNet has 91.4"),
        ("Accuracy was higher for EfficientNet than for DermNet.", "DermNet has 91.4"),
        ("EfficientNet has a lower HD95 than LesionNet.", "LesionNet (ours) has 4.75"),
        ("DermNet yields better sensitivity compared to EfficientNet.", "EfficientNet has 86.3"),
        ("EfficientNet performs worse than DermNet in sensitivity.", "EfficientNet has 86.3"),
        ("We compare with the second-best method ResNet50 in accuracy.", "DermNet has 91.4"),
        ("LesionNet consistently outperforms the competing methods.", "EfficientNet has 86.3"),
        ("LesionNet has the lowest HD95 and the highest sensitivity.", "EfficientNet has 86.3"),
    ],
)
def test_a_claim_that_the_table_does_not_bear_out_is_named(sentence, rival):
    [text] = problems(sentence, RESULTS)
    assert text.startswith("in Table 1 (p. 3)")
    assert rival in text


@pytest.mark.parametrize(
    "sentence",
    [
        "LesionNet outperforms all other methods in accuracy.",
        "LesionNet outperforms the other methods.",  # better in two of three
        "LesionNet outperforms most other methods in all metrics.",
        "Our method achieves the highest accuracy.",
        "Our method achieves the best performance.",
        "Our method achieves the highest consistency between readers.",
        "LesionNet has fewer parameters than ResNet50.",
        "EfficientNet has the fewest parameters.",
        "ResNet50 does not outperform DermNet in accuracy.",
        "If ResNet50 outperforms DermNet in accuracy, the table is wrong.",
        "ResNet50 outperforms DermNet on Derm7pt in accuracy.",
        "ResNet50 outperforms DermNet in accuracy for lesions below 6 mm.",
        "ResNet50 outperforms DermNet in terms of calibration.",
        "ResNet50 trained with dropout and DermNet outperform EfficientNet in accuracy.",
        "The encoder of ResNet50 outperforms DermNet in accuracy.",
        "LesionNet achieves sensitivity comparable to or better than EfficientNet.",
        "The second-best method DermNet follows in accuracy.",
        "EfficientNet reaches the second best accuracy (89.9%) on our training data.",
        "As Figure 4 shows, ResNet50 outperforms DermNet in accuracy.",
    ],
)
def test_a_claim_that_is_right_hedged_or_about_something_else_is_left_alone(sentence):
    assert problems(sentence, RESULTS) == []


def test_the_majority_is_counted():
    caption = "Table 1: Organs in computed tomography."
    assert ORGANS.caption == caption
    [text] = problems("In the majority of measures, SwinNet outperforms UNet.", ORGANS)
    assert "UNet has 5.2 under 'Liver | HD'" in text
    assert problems("In the majority of measures, UNet outperforms SwinNet.", ORGANS) == []


def test_methods_in_columns_are_compared_under_the_metric_and_organ_of_the_row():
    [text] = problems("SwinNet has a higher DSC than UNet for the spleen.", ORGANS)
    assert "UNet has 92.2 under 'Spleen | DSC', SwinNet 91.0" in text
    assert problems("SwinNet has a higher DSC than UNet for the liver.", ORGANS) == []
    assert problems("SwinNet has a higher DSC than UNet for the kidney.", ORGANS) == []


def test_what_a_claim_leaves_out_is_left_out():
    text = "LesionNet has the best results in all metrics except {}."
    assert problems(text.format("sensitivity"), RESULTS) == []
    [wrong] = problems(text.format("HD95"), RESULTS)
    assert "EfficientNet has 86.3" in wrong
    assert problems(text.format("kappa"), RESULTS) == []  # no such column


def test_a_group_of_rows_that_is_called_like_a_metric_is_none():
    errors = table(
        ("", "", "ModelA", "ModelB"),
        ("Specificity", "HD", "5.2", "4.8"),
        ("Specificity", "MAE", "2.2", "2.1"),
        ("Recall", "HD", "7.2", "6.8"),
        ("Recall", "MAE", "3.2", "3.1"),
    )
    assert problems("ModelB outperforms ModelA in all measures.", errors) == []
    [text] = problems("ModelA outperforms ModelB in all measures.", errors)
    assert "ModelB has 4.8 under 'Specificity | HD'" in text


def test_readers_and_classic_models_are_methods_too():
    [text] = problems(
        "Sensitivity was higher for logistic regression than for random forest.", READERS
    )
    assert "Random forest has 0.83" in text
    right = "Specificity was higher for logistic regression than for random forest."
    assert problems(right, READERS) == []


def test_only_the_table_that_a_sentence_names_counts():
    other = table(
        ("Method", "Accuracy"),
        ("LesionNet", "80.0"),
        ("DermNet", "84.0"),
        ("ResNet50", "83.0"),
        label="Table 2",
        caption="Results on the external set.",
    )
    assert problems("LesionNet outperforms the other methods in accuracy.", RESULTS, other) == []
    [text] = problems(
        "In Table 2, LesionNet outperforms the other methods in accuracy.", RESULTS, other
    )
    assert "in Table 2" in text


def test_an_upper_bound_and_a_variant_of_the_method_are_no_rivals():
    bounds = table(
        ("Method", "Dice"),
        ("Oracle", "0.93"),
        ("LesionNet-Large", "0.92"),
        ("UNet", "0.88"),
        ("LesionNet", "0.91"),
    )
    assert problems("LesionNet outperforms all other methods.", bounds) == []


def test_rows_of_other_groups_are_not_compared():
    groups = table(
        ("Data set", "Method", "Dice"),
        ("Prostate", "UNet", "0.91"),
        ("Prostate", "LesionNet", "0.93"),
        ("Heart", "UNet", "0.95"),
        ("Heart", "LesionNet", "0.96"),
    )
    assert problems("LesionNet outperforms all other methods.", groups) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("84.04∗ (4.87)", 84.04),
        ("702.54 MMACs", 702.54e6),
        ("6.20 G", 6.2e9),
        ("0.89*", 0.89),
        ("1,204", 1204.0),
        ("90.77(2.47) 86.78(6.60)", None),
        ("65.25/14.19", None),
        ("n/a", None),
        ("", None),
    ],
)
def test_the_figure_of_a_cell(text, value):
    cell = parse_figure(text)
    assert (cell and cell.value) == value
