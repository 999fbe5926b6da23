"""Tiers: flags by measured precision, and up to nine ranked places to look at."""

import json

import pytest

from review import resources
from review.bias import datasets, pitfalls, rules
from review.bias.pitfalls import PLACES, PaperFigures, decide_tier
from review.bias.places import add_places, load_place_ranker
from review.errors import ChecklistError
from review.models import Sentence

DATA = resources.get_shipped_path("data")
CATALOG = pitfalls.load_pitfalls(DATA / "cues.yaml")
RULES = rules.compile_rules(CATALOG, include_disabled=True)
REGISTRY = datasets.load_registry(DATA / "datasets.yaml")
RANKER = load_place_ranker(DATA / "place-ranker.json")
TITLE = Sentence("Deep learning for pneumonia on chest radiographs: a convolutional network", 1, "")


def figures(right, wrong, read=None):
    return PaperFigures(right=right, wrong=wrong, missed=0, quiet=5, read=read)


@pytest.mark.parametrize(
    ("measured", "mode", "rank", "tier"),
    [
        (figures(9, 1), "present", None, "flag"),
        (figures(8, 1), "present", None, "other"),
        (figures(3, 0), "absent", None, "flag"),
        (figures(2, 0), "absent", None, "other"),
        (figures(2, 0), "absent", 1, "look"),
        (figures(2, 0), "registry", None, "flag"),
        (figures(1, 0), "registry", None, "other"),
        (figures(8, 1), "present", PLACES, "look"),
        (figures(8, 1), "present", PLACES + 1, "other"),
        (None, "present", 1, "look"),
        (None, "present", None, "other"),
        (figures(0, 0), "present", None, "other"),
        (figures(9, 1), "present", PLACES + 1, "flag"),
        (figures(1, 0, read=[2, 0]), "present", None, "flag"),
        (figures(0, 0, read=[5, 0]), "present", None, "flag"),
        (figures(1, 0, read=[8, 1]), "present", None, "flag"),
        (figures(1, 0, read=[3, 1]), "present", None, "other"),
        (figures(0, 1, read=[20, 0]), "present", None, "other"),
        (figures(2, 1, read=[20, 0]), "present", None, "other"),
        (figures(3, 0, read=[0, 9]), "present", None, "flag"),
        (figures(0, 0, read=[2, 0]), "registry", None, "flag"),
        (figures(0, 0, read=[1, 0]), "registry", None, "other"),
    ],
)
def test_the_tier_follows_from_the_figures_of_the_rule_and_the_rank(measured, mode, rank, tier):
    assert decide_tier(measured, mode, rank) == tier


def find(*texts, section="methods"):
    sentences = [TITLE, *(Sentence(text, 2, section) for text in texts)]
    matches = rules.find_flags(sentences, RULES, REGISTRY)
    return matches, add_places(sentences, matches, RULES, RANKER)


def test_no_match_is_lost_or_doubled_and_places_are_few_and_ranked():
    texts = [
        f"We combined {n} public datasets from Kaggle and GitHub in step {n}." for n in range(2, 14)
    ]
    texts += [
        "The images were converted to JPEG files.",
        "Some images were removed.",
        "Only patients from our hospital were included, most of them white.",
        "The controls were children aged one to five years.",
    ]
    matches, found = find(*texts)
    assert {(f.rule, f.sentence, f.text) for f in matches} <= {
        (f.rule, f.sentence, f.text) for f in found
    }
    assert len({(f.rule, f.sentence, f.text) for f in found}) == len(found)
    places = [flag for flag in found if flag.tier == "look"]
    assert 4 <= len(places) <= PLACES
    scores = [place.score for place in places]
    assert scores == sorted(scores, reverse=True)
    assert len([f for f in places if f.pitfall == "frankenstein_dataset"]) <= 3
    tiers = [flag.tier for flag in found]
    assert tiers == sorted(tiers, key=["flag", "look", "other"].index)
    rules_of_flags = {flag.rule for flag in found if flag.tier == "flag"}
    assert rules_of_flags <= {rule.id for rule in CATALOG.rules if rule.enabled}


def test_a_sentence_without_a_match_is_found_by_the_fact_it_gives():
    text = "Rotated copies balanced the classes, and the pneumonia images were expanded to 1,500."
    matches, found = find("The network has 18 layers and ends in a softmax.", text)
    assert "augmentation_before_split" not in {flag.pitfall for flag in matches}
    first, *others = [f for f in found if f.tier == "look"]
    assert (first.pitfall, first.text) == ("augmentation_before_split", text)
    assert all(f.score < first.score / 2 for f in others)


def test_sentences_on_other_studies_and_references_are_no_places():
    other = "Li et al. randomly split 500 slices of 20 patients into training and test sets."
    for section in ("references", "related work"):
        _, found = find(other, section=section)
        assert other not in {f.text for f in found}


def test_an_empty_text_has_no_places():
    assert add_places([], [], RULES, RANKER) == []


def test_bad_weights_are_named(tmp_path):
    path = tmp_path / "weights.json"
    for text in ("", "[]", json.dumps({"schema": 9}), json.dumps({"schema": 1})):
        path.write_text(text)
        with pytest.raises(ChecklistError, match=r"weights\.json"):
            load_place_ranker(path)
