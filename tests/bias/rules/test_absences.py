"""Items are found in the words of many fields; what only sounds like an item reports none."""

from pathlib import Path

import pytest
import yaml

from review import resources
from review.bias import datasets, pitfalls, rules
from review.models import Sentence

DATA = resources.get_shipped_path("data")
READER = rules.compile_rules(pitfalls.load_pitfalls(DATA / "cues.yaml"), include_disabled=True)
REGISTRY = datasets.load_registry(DATA / "datasets.yaml")
ABSENCES = yaml.safe_load((Path(__file__).parent / "absences.yaml").read_text(encoding="utf-8"))
PAPER = [
    Sentence("Deep learning classifies pneumonia on chest radiographs", 1, ""),
    Sentence("We trained a convolutional network to diagnose pneumonia.", 1, "abstract"),
    *(Sentence("The weather was recorded each day.", 2, "methods") for _ in range(30)),
    Sentence("Chest radiographs of CheXpert and PadChest were used.", 2, "methods"),
]


def find_absences(text, section="methods"):
    sentences = [*PAPER, Sentence(text, 3, section)]
    return {flag.rule for flag in rules.find_flags(sentences, READER, REGISTRY)}


def test_the_paper_reports_nothing_itself():
    assert set(ABSENCES) <= find_absences("It rained.")


def test_every_absence_rule_has_wordings():
    assert set(ABSENCES) == {rule.id for rule in READER.rules if rule.mode == "absent"}
    assert all(len(say["reports"]) >= 8 and len(say["near"]) >= 8 for say in ABSENCES.values())


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, say in ABSENCES.items() for text in say["reports"]]
)
def test_an_item_is_found_in_many_wordings(rule, text):
    assert rule not in find_absences(text)


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, say in ABSENCES.items() for text in say["near"]]
)
def test_what_only_sounds_like_an_item_does_not_report_it(rule, text):
    assert rule in find_absences(text)


def test_the_background_of_an_abstract_reports_nothing():
    background = Sentence("Radiologists label films in consensus.", 1, "abstract")
    own = Sentence("Five radiologists read all films in consensus.", 1, "abstract")

    def find_rules(*abstract):
        sentences = [PAPER[0], *abstract, *PAPER[1:]]
        return {flag.rule for flag in rules.find_flags(sentences, READER, REGISTRY)}

    assert "clinician-not-found" in find_rules(background)
    assert "clinician-not-found" not in find_rules(PAPER[1], own)
    assert "clinician-not-found" not in find_rules(PAPER[1], background)
