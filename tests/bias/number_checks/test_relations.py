"""Figures of one statement that arithmetic ties together, and parts with a total nearby."""

import pytest

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.bias.number_checks.relations import check_relations
from review.models import Sentence


def write(*texts, section="methods"):
    return [Sentence(text, 1, section) for text in texts]


def list_problems(sentences):
    return [problem.text for _, problem in check_relations(sentences)]


WRONG = [
    ("Precision was 0.90, recall 0.85 and F1-score 0.95.", "above both"),
    ("The model had a Dice score of 0.80 and an IoU of 0.85.", "must lie between"),
    ("Dice was 95.0% and IoU was 80.0%.", "and 88.9"),
    ("Accuracy rose from 85.2% to 91.3%, an improvement of 5.1%.", "is 6.1 points"),
    ("Errors fell from 20% to 15%, a reduction of 45%.", "is 5 points"),
    ("We included 100 patients (52 men and 41 women).", "make 93, not 100"),
    ("A total of 100 patients, 52 males, 41 females, were scanned.", "make 93, not 100"),
    ("We read 210 lesions (100 benign and 120 malignant).", "make 220, not 210"),
    ("We compared five networks: VGG16, ResNet50, DenseNet121 and Xception.", "4 are listed"),
    ("Three classes (normal, mild, moderate, and severe) were used.", "4 are listed"),
    ("The mean age was 45.2 years (range 50-80).", "outside the range 50 to 80"),
]
RIGHT = [
    "Precision was 0.90, recall 0.85 and F1-score 0.87.",
    "The model had a Dice score of 0.90 and an IoU of 0.82.",
    "Accuracy rose from 85.2% to 91.3%, an improvement of 6.1%.",
    "Accuracy rose from 80.0% to 88.0%, a relative improvement of 10%.",
    "Errors fell from 20% to 15%, a reduction of 25%.",
    "We included 100 patients (52 men and 48 women).",
    "We included 100 patients (52 men, 41 women, 7 unknown).",
    "We included 100 patients (52 men and 41 women; 7 unknown).",
    "We compared five networks: VGG16, ResNet50, DenseNet121, MobileNet and Xception.",
    "We used four classes: black and white, red, green, and blue.",
    "Three types (e.g., A, B, C, and D) were used.",
    "The mean age was 55.2 years (range 50-80).",
    "The mean age was 80 years (range 50-80).",
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_statement_that_contradicts_itself_is_reported(text, words):
    [problem] = list_problems(write(text))
    assert words in problem


@pytest.mark.parametrize("text", RIGHT)
def test_a_statement_that_adds_up_is_not_reported(text):
    assert list_problems(write(text)) == []


SPLIT = "They were split into 700 for training, 100 for validation and {} for test."


@pytest.mark.parametrize(
    ("before", "test", "wrong"),
    [
        (["We collected 1,000 images."], 150, True),
        (["We collected 1,000 images.", "All were resized."], 150, True),
        (["We collected 1,000 images.", "All were resized.", "They were read."], 150, False),
        (["We collected 1,000 images."], 200, False),
        (["We collected 1,000 images and excluded some."], 150, False),
        (["We collected 1,000 images.", "Only 950 were sharp."], 150, False),
        (["We collected 5,000 images."], 150, False),
        (["We collected 1,000 patients.", "They had 950 images."], 150, False),
    ],
)
def test_parts_of_a_split_are_compared_with_the_total_before(before, test, wrong):
    problems = list_problems(write(*before, SPLIT.format(test)))
    assert bool(problems) is wrong
    assert all("add up to 950, not to the 1,000" in problem for problem in problems)


def test_the_size_of_a_part_may_follow_its_name():
    sentences = write(
        "The data set has 500 patients.",
        "The training set contained 350 patients, the validation set contained 75 and the test "
        "set contained 85.",
    )
    assert "add up to 510, not to the 500" in list_problems(sentences)[0]


@pytest.mark.parametrize(
    ("inside", "body", "wrong"),
    [
        ("Eight pre-trained models were compared.", ["We use nine pre-trained models."], True),
        ("Eight pre-trained models were compared.", ["We use eight pre-trained models."], False),
        ("Eight pre-trained models were compared.", ["We use nine fine-tuned models."], False),
        ("Eight models were compared.", ["Eight models ran.", "Nine models ran."], False),
        ("ResNet50 had an AUC of 0.951.", ["ResNet50 had an AUC of 0.915."], True),
        ("ResNet50 had an AUC of 0.951.", ["ResNet50 had an AUC of 0.951."], False),
        ("ResNet50 had an AUC of 0.951.", ["ResNet50 had an AUC of 0.95."], False),
        ("ResNet50 had an AUC of 0.951.", ["VGG16 had an AUC of 0.915."], False),
        ("ResNet50 had an AUC of 0.951.", ["ResNet50 had a test AUC of 0.915."], False),
    ],
)
def test_the_abstract_is_compared_with_the_text(inside, body, wrong):
    sentences = [*write(inside, section="abstract"), *write(*body, section="results")]
    assert bool(list_problems(sentences)) is wrong


def test_both_places_are_named_among_the_findings_of_a_paper():
    sentences = [
        Sentence("ResNet50 had an AUC of 0.951.", 1, "abstract"),
        Sentence("ResNet50 had an AUC of 0.915.", 7, "results"),
    ]
    texts = [problem.text for _, problem in find_paper_contradictions(sentences)]
    assert any("0.951 in the abstract, 0.915 in the results (p. 7)" in text for text in texts)
