"""Rules recognise many wordings of a pitfall, and do not fire if it is only mentioned."""

from pathlib import Path

import pytest
import yaml

from review import resources
from review.bias import pitfalls, rules
from review.bias.rules import counts
from review.models import Sentence

READER = rules.compile_rules(
    pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml"), include_disabled=True
)
WORDINGS = yaml.safe_load((Path(__file__).parent / "wordings.yaml").read_text(encoding="utf-8"))


def pitfalls_of(*texts, section="methods"):
    flags = rules.find_flags([Sentence(text, 1, section) for text in texts], READER)
    return {flag.pitfall for flag in flags if flag.mode in ("present", "number")}


@pytest.mark.parametrize(
    ("pitfall", "text"), [(one, text) for one, say in WORDINGS.items() for text in say["says"]]
)
def test_a_pitfall_is_read_in_many_wordings(pitfall, text):
    assert pitfall in pitfalls_of(text)


@pytest.mark.parametrize(
    ("pitfall", "text"), [(one, text) for one, say in WORDINGS.items() for text in say["does_not"]]
)
def test_what_only_sounds_like_a_pitfall_is_not_flagged(pitfall, text):
    assert pitfall not in pitfalls_of(text)


COUNTS = [
    ("A total of 36 patients with glioma were enrolled.", 36),
    ("Fifty-two patients were included.", 52),
    ("Our study had data from 1,062 subjects.", 1062),
    ("The training cohort (n = 59) was small.", 59),
    ("The dataset comprised 25 COVID-19 patients and 130 healthy controls.", 130),
    ("A total of COVID-19 patients were imaged.", None),
    ("In total 64 patients were excluded.", None),
    ("We used 3.5 patients.", None),
    ("About 60% of patients were included.", None),
    ("Two radiologists with 12 years of experience read 8 images each.", None),
]


@pytest.mark.parametrize(("text", "n"), COUNTS)
def test_counts_are_read_in_figures_and_words(text, n):
    found = counts.find_largest_count(text)
    assert (found and found[0]) == n


ADMITTED = [
    "This study has several limitations.",
    "First, external validation would be necessary.",
    "In conclusion, external validation would be necessary.",
]


def test_a_discussion_of_limitations_is_read_as_admissions():
    sentences = [Sentence(text, 1, "discussion") for text in ADMITTED]
    flags = [f for f in rules.find_flags(sentences, READER) if f.mode == "present"]
    assert {(f.sentence, f.section, f.strength) for f in flags} == {(1, "limitations", "strong")}


def test_what_is_only_thought_of_is_not_flagged():
    text = "If the images were randomly split, the same patient may be in both sets."
    assert not pitfalls_of(text)
    assert not pitfalls_of(text, section="limitations")
