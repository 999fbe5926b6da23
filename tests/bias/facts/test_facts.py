"""Facts of a paper: each cell with its sentences, over sentences and tables."""

import pytest

from review import resources
from review.bias import datasets, pitfalls
from review.bias.facts import find_disjoint_sources
from review.bias.rules import compile_rules, find_facts, find_flags
from review.models import Sentence

REGISTRY = datasets.load_registry(resources.get_shipped_path("data") / "datasets.yaml")
RULES = compile_rules(
    pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml"), include_disabled=True
)


def paper(*lines, section="methods"):
    return [Sentence(line, 3, section) for line in lines]


def cells(*lines, section="methods"):
    return {
        (fact.field, fact.label, fact.value)
        for fact in find_facts(paper(*lines, section=section), REGISTRY)
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A total of 1,204 patients were included.", ("patients", "", "1204")),
        ("The study included 1 204 adult patients.", ("patients", "", "1204")),
        ("The cohort comprised 12\u2009345 images.", ("images", "", "12345")),
        ("Overall, 1\u00a0204 patients were included.", ("patients", "", "1204")),
        ("The patients of Table 1 204 patients were included.", ("patients", "", "204")),
        ("The data set contains images from 3 120 patients.", ("patients", "", "3120")),
        ("The data set contains 5,012 axial slices.", ("images", "", "5012")),
        (
            "We had 341 normal, 83 COVID-19 and 94 viral pneumonia films.",
            ("class size", "normal", "341"),
        ),
        (
            "We had 341 normal, 83 COVID-19 and 94 viral pneumonia films.",
            ("class size", "COVID-19", "83"),
        ),
        (
            "They were 293 with high-grade glioma and 76 with low-grade glioma.",
            ("class size", "low grade glioma", "76"),
        ),
        ("Of these, 700 were used for training and 300 for testing.", ("part size", "test", "300")),
        ("Training set (n = 70), test set (n = 30).", ("part size", "training", "70")),
        (
            "The patients were randomly divided into training and test sets.",
            ("split unit", "", "patient"),
        ),
        (
            "The images were randomly divided into training and test sets.",
            ("split unit", "", "image"),
        ),
        ("The minority class was oversampled to 2,698 images.", ("balancing", "", "2698")),
        (
            "Scans were made between January 2010 and March 2012.",
            ("dates", "", "January 2010 and March 2012"),
        ),
        ("Scans came from three hospitals.", ("sites", "", "three hospitals")),
        (
            "Patients were scanned at Northtown General Hospital.",
            ("sites", "", "Northtown General Hospital"),
        ),
        (
            "Two experienced radiologists read all films.",
            ("readers", "radiologist", "Two experienced radiologists"),
        ),
        (
            "The AUC was 0.91 (95% CI 0.88 to 0.94).",
            ("performance", "auc", "0.91 (95% CI 0.88 to 0.94)"),
        ),
        (
            "Code is available at https://github.com/a/b.",
            ("availability", "", "https://github.com/a/b"),
        ),
        ("Data are available on request.", ("availability", "", "on request")),
    ],
)
def test_a_sentence_fills_its_cell(text, wanted):
    assert wanted in cells(text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Previous studies included a total of 900 patients.", "patients"),
        ("Each patient had 12 slices.", "patients"),
        ("COVID-19 cases were collected.", "class size"),
        ("The training set was augmented to 900 images.", "balancing"),
        ("The AUC is the area under a curve.", "performance"),
        ("Radiologists need help.", "readers"),
        ("The images were split by hand.", "split"),
    ],
)
def test_other_sentences_do_not(text, field):
    assert field not in {name for name, _, _ in cells(text)}


@pytest.mark.parametrize("section", ["references", "related work", "discussion"])
def test_other_sections_give_no_facts(section):
    assert cells("A total of 1,204 patients were included.", section=section) == set()


def test_one_cell_has_all_its_sentences():
    [fact] = [
        fact
        for fact in find_facts(
            paper("We included 120 patients.", "It rained.", "All 120 patients were included."),
            REGISTRY,
        )
        if fact.field == "patients"
    ]
    assert fact.sentences == (0, 2)


def test_a_table_of_classes_fills_the_sizes():
    table = ("Table 2: Number of images of each class", "Benign 332 Cystic 245", "Other 20")
    assert {(label, n) for field, label, n in cells(*table) if field == "class size"} == {
        ("Benign", "332"),
        ("Cystic", "245"),
        ("Other", "20"),
    }


APART = (
    "COVID-19 images were taken from the COVID-19 Image Data Collection.",
    "Normal films were obtained from CheXpert.",
)


def test_classes_from_different_sources_are_found_over_sentences():
    facts = find_facts(paper(*APART), REGISTRY)
    pair = find_disjoint_sources(facts)
    assert [(f.label, f.value) for f in pair] == [
        ("COVID-19", REGISTRY["cohen_covid_chestxray"].name),
        ("normal", REGISTRY["chexpert"].name),
    ]
    raised = {
        f.sentence
        for f in find_flags(paper(*APART), RULES, REGISTRY)
        if f.rule == "class-by-source"
    }
    assert raised == {0, 1}


@pytest.mark.parametrize(
    "lines",
    [
        APART[:1],
        (*APART, "COVID-19 images were also taken from CheXpert."),
        (APART[0], "Normal films were taken from the COVID-19 Image Data Collection."),
        (APART[0], "Normal films were stored in folders."),
    ],
)
def test_classes_with_a_common_or_unknown_source_are_not(lines):
    assert find_disjoint_sources(find_facts(paper(*lines), REGISTRY)) is None


def test_a_word_in_the_name_of_a_data_set_is_no_class():
    line = (
        "We used the COVID-19 Radiography Database, and pneumonia films were taken from the "
        "Guangzhou paediatric set."
    )
    sources = {(label, value) for field, label, value in cells(line) if field == "class source"}
    assert sources == {("pneumonia", REGISTRY["kermany_cxr"].name)}
    line = "The COVID-19 Radiography Database was extended by films taken from CheXpert."
    assert not {cell for cell in cells(line) if cell[0] == "class source"}


def few(*lines):
    return [
        f.cue for f in find_flags(paper(*lines), RULES, REGISTRY) if f.rule == "few-cases-counted"
    ]


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("The test set had 602 cases (62 malignant) of one hospital.", "62 malignant"),
        (
            "Data of 105 subjects were split (72/5 for training and validation, and 28 test).",
            "28 test",
        ),
        (
            "We used 25 volumes for training, while 5 were kept for testing.",
            "5 were kept for testing",
        ),
        ("We used 250 volumes for training, while 150 were kept for testing.", None),
        ("Of the 300 cases in the data set, 88 malignant ones were correctly detected.", None),
        ("Of the images, 670 were used for training and 65 for validation.", None),
    ],
)
def test_a_small_class_or_test_set_is_flagged_though_the_study_is_large(text, cue):
    assert few(text) == ([cue] if cue else [])


def test_a_class_enlarged_before_the_split_is_flagged():
    lines = (
        "The images of COVID-19 were expanded to 1464 by rotation.",
        "Afterwards the data were split into training (80%) and test sets (20%).",
    )

    def flagged(*texts):
        found = find_flags(paper(*texts), RULES, REGISTRY)
        return [f.sentence for f in found if f.rule == "augmented-first"]

    assert flagged(*lines) == [0]
    assert flagged(*reversed(lines)) == []
    assert flagged(lines[0]) == []


def test_a_split_of_the_data_counts_where_images_outnumber_people():
    split = "The dataset was randomly divided into a training (80%) and a test set (20%)."
    filler = [f"Models are tuned in step {n} of the work." for n in range(25)]
    title = "Deep learning on brain MRI scans of patients with a tumour."

    def flagged(*texts):
        found = find_flags(paper(title, *texts, split, *filler), RULES, REGISTRY)
        return [f.rule for f in found if f.rule == "image-level-split"]

    assert flagged("We collected 4,000 images of 300 patients.") == ["image-level-split"]
    assert flagged("We enrolled 415 patients.") == []


def test_a_class_with_few_cases_is_flagged_though_the_total_is_large():
    text = "The set contains 369 subjects: 293 with high-grade glioma and 76 with low-grade glioma."
    assert few(text) == ["76 with low-grade glioma"]
    assert few(text.replace("76", "176")) == []
    assert "malignant: 58" not in few("The test set has 250 normal and 58 malignant images.")
