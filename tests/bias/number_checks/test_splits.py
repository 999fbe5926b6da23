"""Shares of a split against 100%, counts and other places."""

import pytest

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import Sentence


def problems(*lines):
    sentences = [Sentence(text, 1, section) for section, text in lines]
    return [p.text for _, p in find_paper_contradictions(sentences) if p.figure == "a split"]


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("We used 70% for training, 20% for validation and 20% for testing.", "110"),
        ("The training (70%), validation (15%) and test (10%) sets were drawn at random.", "95"),
    ],
)
def test_shares_of_a_split_make_a_hundred(text, total):
    assert problems(("methods", text)) == [f"the shares of the split add up to {total}%."]


@pytest.mark.parametrize(
    "text",
    [
        "We used 70% for training, 20% for validation and 10% for testing.",
        "We used 80% for training and 20% of the training data for validation, 20% for testing.",
        "Training accuracy was 95%, validation accuracy 91% and test accuracy 90%.",
        "We split the images 80:20 into 4,000 training and 1,000 test images.",
        "We split the images in a ratio of 8:1:1 for training, validation and testing.",
    ],
)
def test_splits_that_agree_are_left_alone(text):
    assert problems(("methods", text)) == []


def test_counts_of_a_split_are_its_shares():
    text = "The images were split 80:20 into 4,000 training images and 1,500 test images."
    assert problems(("methods", text)) == [
        "the split is 80:20, but its parts have 4,000 (73%), 1,500 (27%)."
    ]
    augmented = text.replace("images.", "images after augmentation.")
    assert problems(("methods", augmented)) == []


def test_the_ratio_of_the_abstract_is_that_of_the_text():
    said = "The data were split in a ratio of {} for training and testing."
    abstract = ("abstract", said.format("80:20"))
    assert problems(abstract, ("methods", said.format("8:2"))) == []
    assert problems(abstract, ("methods", said.format("70:30"))) == [
        "the split is 80:20 in the abstract, 70:30 in the methods (p. 1)."
    ]
    two = ("methods", said.format("70:30"))
    assert problems(abstract, two, ("results", said.format("80:20"))) == []
