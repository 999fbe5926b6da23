"""Rules recognise how authors of several fields say that a study has a pitfall, and what only comes
near it."""

from pathlib import Path

import pytest
import yaml

from review import resources
from review.bias import datasets, pitfalls, rules
from review.models import Sentence

DATA = resources.get_shipped_path("data")
CATALOG = pitfalls.load_pitfalls(DATA / "cues.yaml")
READER = rules.compile_rules(CATALOG, include_disabled=True)
REGISTRY = datasets.load_registry(DATA / "datasets.yaml")
FIELDS = yaml.safe_load((Path(__file__).parent / "fields.yaml").read_text(encoding="utf-8"))


def rules_of(text):
    sentences = [Sentence(part.strip(), 1, "methods") for part in text.split("|")]
    return {flag.rule for flag in rules.find_flags(sentences, READER, REGISTRY)}


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, say in FIELDS.items() for text in say["says"]]
)
def test_a_rule_reads_the_wordings_of_many_fields(rule, text):
    assert rule in rules_of(text)


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, say in FIELDS.items() for text in say["does_not"]]
)
def test_what_comes_near_is_not_flagged(rule, text):
    assert rule not in rules_of(text)


def test_every_rule_on_the_text_has_wordings():
    wanted = {rule.id for rule in CATALOG.rules if rule.mode in ("present", "number")}
    assert set(FIELDS) == wanted
    assert min(len(say["says"]) for say in FIELDS.values()) >= 4
