"""Corrections of facts: which sentence a person meant, and what remains when the text changes."""

import pytest

from review.bias.facts import Correction, Fact, correct_facts, list_reported
from review.bias.facts.sources import find_class_sources
from review.models import Sentence

LINES = [
    Sentence("We collected chest radiographs.", 1, "methods"),
    Sentence("The normal images were taken from the Kaggle  collec-tion (see Table 2).", 2, ""),
    Sentence("", 3, "methods"),
]
FACT = Fact("class source", "normal", "Kaggle", (0,))


def correct(sentence, *, page=None, value="SIRM"):
    entry = Correction(
        field="class source", label="normal", found="Kaggle", value=value, sentence=sentence,
        page=page,
    )  # fmt: skip
    (cell,) = correct_facts([FACT], LINES, [entry])
    return cell


@pytest.mark.parametrize(
    "copied",
    [
        "The normal images were taken from the Kaggle collection (see Table 2).",
        "normal images were taken from the Kaggle",
        "We split the data. The normal images were taken from the Kaggle collection (see Table 2).",
    ],
)
def test_a_copied_sentence_is_found_however_it_was_copied(copied):
    cell = correct(copied)
    assert (cell.sentences, cell.page) == ((1,), 2)


def test_a_sentence_that_the_text_does_not_have_keeps_the_correction_for_the_rules():
    cell = correct("From the supplement, sheet 3.", page=9)
    assert (cell.sentence, cell.page) == ("From the supplement, sheet 3.", 9)
    assert list_reported([cell]) == [Fact("class source", "normal", "SIRM", (0,))]


@pytest.mark.parametrize("words", ["...", "images"])
def test_too_few_letters_find_no_other_sentence(words):
    assert correct(words).sentences == FACT.sentences


def test_corrections_remain_without_text_and_of_a_field_that_is_gone():
    entries = [
        Correction(field="colour", label="", found="x", value="blue"),
        Correction(field="patients", label="", found="12", value=None, page=4),
    ]
    cells = correct_facts([], [], entries)
    assert [(cell.field, cell.value, cell.page) for cell in cells] == [
        ("patients", None, 4),
        ("colour", "blue", None),
    ]
    assert list_reported(cells) == []


def test_a_long_chain_of_capitals_is_read_in_no_time():
    chain = "-".join("A" * 400)
    text = f"The healthy images were obtained from {chain} and more."
    assert list(find_class_sources([Sentence(text, 1, "methods")], {0}, {})) != []
