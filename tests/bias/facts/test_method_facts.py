"""Facts on how a study was done, and facts in the cells of its tables."""

import pytest

from review.bias.facts import add_table_facts, correct_facts
from review.bias.rules import find_facts
from review.models import PrintedTable, Sentence


def find(*lines, section="methods"):
    sentences = [Sentence(line, 3, section) for line in lines]
    return [(fact.field, fact.label, fact.value) for fact in find_facts(sentences)]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("We retrospectively collected the scans of 120 patients.", "population", None),
        ("Consecutive patients referred for biopsy were enrolled.", "population", None),
        ("The mean age was 63 years (range 41 to 80).", "population", None),
        (
            "Images were skull-stripped, resampled to 1 mm voxels and bias field corrected by N4.",
            "preprocessing",
            "skull stripping, resampling, bias field correction",
        ),
        (
            "All images were resized to 224 by 224 and normalized to the range 0 to 1.",
            "preprocessing",
            "resizing, intensity normalisation",
        ),
        (
            "Training images were augmented by random rotation, horizontal flips and noise.",
            "augmentation",
            "rotations, flips, noise",
        ),
        (
            "The images were augmented before the data set was split into parts.",
            "split moment",
            "after augmentation",
        ),
        (
            "The scans were split into training and test sets before augmentation.",
            "split moment",
            "before augmentation",
        ),
        ("We kept the checkpoint with the lowest validation loss.", "model selection", None),
        ("Hyperparameters were tuned by grid search.", "model selection", None),
        ("It was tested on data from a previously unseen site.", "external data", None),
    ],
)
def test_a_sentence_on_methods_fills_its_cell(text, field, value):
    assert (field, "", value or text) in find(text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Two consecutive stages are neighbours.", "population"),
        ("All participants gave their consent.", "population"),
        ("Prospectively, a larger study may help.", "population"),
        ("The embeddings were normalized and images were compared.", "preprocessing"),
        ("Images were taken under standardized conditions.", "preprocessing"),
        ("Augmentation is a common step.", "augmentation"),
        ("The network took 40 minutes to train.", "part size"),
        ("It was trained on a training server with 8 GPUs.", "part size"),
        ("We used 500 × 256 patches of each image.", "images"),
        ("This is an increase in AUC of 0.06.", "performance"),
        ("A prior study reached an accuracy of 99.1%.", "performance"),
    ],
)
def test_other_sentences_do_not(text, field):
    assert field not in {name for name, _, _ in find(text)}


def test_steps_count_in_methods_only():
    text = "Images were resized to 224 by 224."
    assert find(text, section="abstract") == []
    assert ("preprocessing", "", "resizing") in find(text, section="supplement")


def test_vague_sentences_go_where_one_says_it_outright():
    vague = "The accuracy of the ground truth labels was defined as good."
    outright = (
        "Two radiologists labelled all images, and each label was confirmed by a pathologist."
    )
    fields = [value for field, _, value in find(vague, outright) if field == "reference standard"]
    assert fields == [outright]
    assert [value for field, _, value in find(vague) if field == "reference standard"] == [vague]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "We had 415 subjects (PD: 263, healthy controls: 152).",
            {"pd": "263", "healthy controls": "152"},
        ),
        (
            "Data of 415 subjects (263 with Parkinson and 152 healthy) were used.",
            {"parkinson": "263", "normal": "152"},
        ),
        ("We had 415 subjects (PD: 263, healthy controls: 150).", {}),
        ("Each fold has 10 images (5 lesion and 5 healthy).", {}),
        ("There were 66 people (12 children, 54 adults).", {}),
    ],
)
def test_classes_listed_after_their_total_count_if_they_add_up(text, wanted):
    sizes = {label: n for field, label, n in find(text) if field == "class size"}
    assert sizes == wanted


def test_a_part_of_two_classes_has_both():
    text = "There are 110 tumor and 160 normal slides for training."
    assert ("part size", "training", "270") in find(text)


def test_a_figure_keeps_its_counts_and_an_address_its_whole_length():
    assert ("performance", "sensitivity", "92% (46 of 52)") in find(
        "The sensitivity was 92% (46 of 52).", section="results"
    )
    address = "Data are available at https://doi. org/10.1101/2020.11.06."
    assert ("availability", "", "https://doi.org/10.1101/2020.11.06") in find(address)


def table(caption, columns, *rows):
    return PrintedTable("Table 1", f"Table 1. {caption}", 3, tuple(columns), tuple(rows))


def read(printed, *, facts=()):
    """The facts of a table whose rows are the lines of the text."""
    lines = [Sentence(" ".join(filter(None, row)), 3, "methods") for row in printed.rows]
    found = add_table_facts(facts, (printed,), lines)
    return found, lines


SIZES = table(
    "Number of images of each class.",
    ("Class", "Training", "Validation", "Test"),
    ("Melanoma", "1,161", "204", "554"),
    ("Nevus", "1,638", "182", "780"),
    ("Total", "2,799", "386", "1,334"),
)


def test_classes_and_parts_are_read_from_their_cells():
    found, lines = read(SIZES)
    assert [(f.field, f.label, f.value) for f in found] == [
        ("class size", "Melanoma, training", "1161"),
        ("class size", "Melanoma, validation", "204"),
        ("class size", "Melanoma, test", "554"),
        ("class size", "Nevus, training", "1638"),
        ("class size", "Nevus, validation", "182"),
        ("class size", "Nevus, test", "780"),
        ("part size", "training", "2799"),
        ("part size", "validation", "386"),
        ("part size", "test", "1334"),
    ]
    assert found[0].cell == "Table 1: Melanoma, Training"
    assert found[0].sentences == (0,)
    [cell] = [c for c in correct_facts(found, lines, ()) if c.label == "test"]
    assert (cell.cell, cell.page, cell.sentence) == ("Table 1: Total, Test", 3, lines[2].text)


def test_classes_in_two_columns_of_a_list():
    printed = table(
        "Statistics of the data set by class.",
        ("Class", "Kind", "#Images", "Class", "Kind", "#Images"),
        ("Monocyte", "B", "104", "Myelocyte", "N", "378"),
        ("Band", "B", "809", "Platelet", "N", "175"),
        ("Blast", "B", "82", "", "", ""),
    )
    found, _ = read(printed)
    assert {(f.label, f.value) for f in found} == {
        ("Monocyte", "104"),
        ("Myelocyte", "378"),
        ("Band", "809"),
        ("Platelet", "175"),
        ("Blast", "82"),
    }


def test_parts_as_rows():
    printed = table(
        "Labelled data.",
        ("Partition", "Type", "# Slides", "# Events"),
        ("Train", "Crowd", "61", "42,203"),
        ("Test", "Expert", "5", "612"),
    )
    found, _ = read(printed)
    assert [(f.field, f.label, f.value) for f in found] == [
        ("part size", "training, # Slides", "61"),
        ("part size", "training, # Events", "42203"),
        ("part size", "test, # Slides", "5"),
        ("part size", "test, # Events", "612"),
    ]


def test_cohorts_as_rows():
    printed = table(
        "Data sets.",
        ("Database", "Volumes", "Images", "Patients", "Age"),
        ("ADNI", "35", "1225", "35", "71"),
        ("CAIN", "63", "3024", "63", "64"),
        ("Total", "98", "4249", "98", "66"),
    )
    found, _ = read(printed)
    assert [(f.field, f.label, f.value) for f in found] == [
        ("patients", "ADNI", "35"),
        ("patients", "CAIN", "63"),
        ("patients", "", "98"),
        ("images", "ADNI", "1225"),
        ("images", "CAIN", "3024"),
        ("images", "", "4249"),
    ]


def test_performance_is_that_of_the_studys_own_row():
    rows = [(f"Net {n}", f"9{n}.1", "0.88") for n in range(4)]
    printed = table(
        "Comparison.", ("Model", "Accuracy (%)", "AUC"), *rows, ("Ours", "95.0", "0.95")
    )
    found, _ = read(printed)
    assert [(f.field, f.label, f.value) for f in found] == [
        ("performance", "Accuracy (%) (Ours)", "95.0"),
        ("performance", "AUC (Ours)", "0.95"),
    ]
    assert (
        read(table("Comparison.", ("Model", "Accuracy (%)"), *(row[:2] for row in rows)))[0] == []
    )


def test_a_model_is_known_by_the_name_its_authors_give_it():
    rows = [("NetA", "91.0"), ("NetB", "92.0"), ("NetC", "93.0"), ("ScanVAE", "95.0")]
    printed = table("Comparison.", ("Model", "Accuracy (%)"), *rows)
    lines = [Sentence(" ".join(row), 3, "results") for row in rows]
    named = Sentence("We propose a network called ScanVAE for this.", 1, "abstract")
    other = Sentence("Others propose a network called NetB.", 1, "abstract")
    found = add_table_facts((), (printed,), [named, other, *lines])
    assert [(f.label, f.value) for f in found] == [("Accuracy (%) (ScanVAE)", "95.0")]


def test_availability_stands_anywhere_and_a_refusal_is_one():
    text = "All code of our study is available at https://example.org/code."
    assert ("availability", "", "https://example.org/code") in find(text, section="introduction")
    others = "A tool is available at https://example.org/tool."
    assert find(others, section="introduction") == []
    refusal = "The code for this study will not be released."
    wanted = ("availability", "", "not released: code for this study will not be released")
    assert wanted in find(refusal)


@pytest.mark.parametrize(
    "printed",
    [
        table("Ages by diagnosis.", ("Diagnosis", "Age"), ("AD", "71"), ("MCI", "69")),
        table("Patients.", ("Race", "Patient #"), ("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")),
        table("Settings.", ("Layer", "No. features"), ("One", "64"), ("Two", "128")),
    ],
)
def test_other_numbers_are_no_sizes(printed):
    assert read(printed)[0] == []


def test_a_cell_whose_row_is_no_line_of_the_text_is_left_out():
    assert add_table_facts((), (SIZES,), [Sentence("Something else.", 3, "methods")]) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Sensitivity and specificity were 93.1% and 88.4%.",
            ["sensitivity 93.1%", "specificity 88.4%"],
        ),
        (
            "Accuracy, recall and F1-score of 0.91, 0.88 and 0.89.",
            ["accuracy 0.91", "f1-score 0.89", "recall 0.88"],
        ),
        ("The accuracy for 10 kinds of lesion on the test set was 85.2%.", ["accuracy 85.2%"]),
        ("The best accuracy (92.5%) came from the second scanner.", ["accuracy 92.5%"]),
        ("The network reached 97 percent accuracy.", ["accuracy 97%"]),
        ("It was 89 percent accurate with the test data.", ["accuracy 89%"]),
        ("We obtained 98.7% accuracy and 98.1% precision.", ["accuracy 98.7%", "precision 98.1%"]),
        (
            "The balanced accuracy of the radiomic model was 0.71 ± 0.04.",
            ["balanced accuracy 0.71 ± 0.04"],
        ),
        ("The accuracy rose by 4% with larger images.", []),
        ("An increase in accuracy of 2.1% was seen.", []),
        ("The training accuracy was 99.9%.", []),
        ("A previous study reported an accuracy of 99%.", []),
        ("Accuracy, recall and precision were 0.91 and 0.88.", []),
    ],
)
def test_measures_have_the_values_printed_for_them(text, wanted):
    found = [
        f"{label} {value}"
        for field, label, value in find(text, section="results")
        if field == "performance"
    ]
    assert sorted(found) == wanted


@pytest.mark.parametrize(
    ("text", "field", "wanted"),
    [
        ("Thirty-eight individuals were enrolled (20 patients, 18 controls).", "patients", ["38"]),
        (
            "It contains 155 scans of malignant and 98 shots of benign tumours.",
            "class size",
            ["155", "98"],
        ),
        (
            "500 films of 410 people: 300 slices of glioma, 120 of meningioma, 80 normal.",
            "class size",
            ["300", "80", "120"],
        ),
        (
            "The training cohort comprised 210 women and the validation cohort 90 women.",
            "part size",
            ["210", "90"],
        ),
        (
            "Of 300 eyes, 200 formed the training set and 100 the test set.",
            "part size",
            ["200", "100"],
        ),
        ("Augmentation increased the number of films from 253 to 2,065.", "balancing", ["2065"]),
        ("It was 96 percent accurate in training and 89 percent in testing.", "part size", []),
        ("A permutation test with 10,000 repetitions was run.", "part size", []),
        ("Of 300 eyes, 200 formed the training set and 100 the test set.", "class size", []),
    ],
)
def test_sizes_in_words_and_lists(text, field, wanted):
    assert [value for name, _, value in find(text) if name == field] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "All diagnoses were confirmed by histopathology after surgery.",
        "Images were labelled by three ophthalmologists on the ICDR scale.",
        "Lesions were annotated by two dermatologists.",
        "The tumours were diagnosed by histological examination of the tissue.",
    ],
)
def test_the_reference_standard_of_other_fields(text):
    assert ("reference standard", "", text) in find(text)


def test_hair_and_grey_levels_are_steps_of_preprocessing():
    assert find("CLAHE was applied to the images and hair was removed.")[-1] == (
        "preprocessing",
        "",
        "contrast enhancement, hair removal",
    )
    assert find("Features were extracted after discretisation with a bin width of 25.") == [
        ("preprocessing", "", "grey-level discretisation")
    ]
