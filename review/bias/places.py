"""Ranks the places of a paper that a reviewer should look at for signs of bias.

A place is a match of a rule that is not precise enough for a flag, or a sentence whose words,
section and facts resemble sentences labelled with a pitfall. The weights are written by
benchmarks/train_place_ranker.py.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from review.bias.facts.models import Fact
from review.bias.pitfalls import PLACES, PaperFigures, Pitfall, decide_tier
from review.bias.rules.flags import (
    Flag,
    RuleSet,
    build_place,
    can_show_pitfall,
    find_facts,
    name_passages,
)
from review.bias.rules.ranker import LEARNED_RULE, weigh_terms
from review.bias.weights import read_weights
from review.models import Sentence

SCHEMA = 1
_MATCH_BONUS = 0.4
"""For a sentence that a rule matches."""
_FACT_BONUS = 0.3
"""For a sentence that gives a fact in which the pitfall would show."""
_UNMEASURED_SHARE = 0.5
"""Score of a fact from the registry whose rule has not matched in enough labelled papers."""
_MIN_SCORE = 0.06
"""Score under which a sentence is not offered."""
_MAX_OF_A_PITFALL = 3
"""Places of one pitfall, so that one matter does not fill the list."""
_MANY_TIMES = 10
"""A study with this many times more images than slides or people may count images as cases."""
_MIN_WORDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRanker:
    """Weights of the words and sections of sentences that show a pitfall."""

    version: str
    idf: Mapping[str, float]
    """Inverse document frequency of each known word and pair of words."""
    weights: Mapping[str, Sequence[tuple[str, float]]]
    """Feature of a sentence -> pitfalls and weights."""


def load_place_ranker(path: Path) -> PlaceRanker:
    """The weights in a file.

    Raises:
        ChecklistError: it cannot be read, or another version of Funnel wrote it.
    """
    return read_weights(path, _parse_ranker, owner="place ranker", schema=SCHEMA)


def _parse_ranker(data: Mapping[str, Any]) -> PlaceRanker:
    pitfalls = data["pitfalls"]
    return PlaceRanker(
        version=str(data["version"]),
        idf={term: float(value) for term, value in data["idf"].items()},
        weights={
            feature: [(pitfalls[index], float(weight)) for index, weight in pairs]
            for feature, pairs in data["weights"].items()
        },
    )


def is_candidate(sentence: Sentence) -> bool:
    """Whether a sentence may be a place to look at: about this study, and neither too short nor
    too long."""
    return can_show_pitfall(sentence) and len(sentence.text.split()) >= _MIN_WORDS


def build_place_features(sentence: Sentence, idf: Mapping[str, float]) -> dict[str, float]:
    """Words, section and digits of a sentence."""
    features = weigh_terms(sentence.text, idf)
    features[f":section {sentence.section}"] = 0.5
    if any(letter.isdigit() for letter in sentence.text):
        features[":digits"] = 0.3
    return features


def score_sentence(sentence: Sentence, ranker: PlaceRanker) -> dict[str, float]:
    """Pitfall -> how much a sentence resembles those labelled with it; most lie below 1."""
    scores: dict[str, float] = {}
    for feature, value in build_place_features(sentence, ranker.idf).items():
        for pitfall, weight in ranker.weights.get(feature, ()):
            scores[pitfall] = scores.get(pitfall, 0.0) + value * weight
    return scores


def add_places(
    sentences: Sequence[Sentence],
    flags: Sequence[Flag],
    rule_set: RuleSet,
    ranker: PlaceRanker,
    *,
    facts: Sequence[Fact] | None = None,
) -> list[Flag]:
    """The flags in reading order, then up to nine places to look at, the most likely first, then
    the remaining matches; each with its tier.

    Args:
        flags: of all rules, as find_flags returns them.
        facts: of the paper, corrected if somebody corrected them; else those found in the text.
    """
    named = name_passages(sentences)
    facts = find_facts(sentences) if facts is None else facts
    measured = {rule.id: rule.measured for rule in rule_set.rules}
    sure = [flag for flag in flags if flag.tier == "flag"]
    candidates = [flag for flag in flags if flag.tier != "flag"]
    scores = _Scores(named, ranker, facts)
    ranked = [
        replace(flag, score=scores.rate_match(flag, measured.get(flag.rule))) for flag in candidates
    ]
    matched = {(flag.sentence, flag.pitfall) for flag in flags}
    ranked += scores.list_sentences(rule_set.pitfalls, matched)
    places, rest = _choose_places(ranked)
    numbered = [
        replace(place, tier=decide_tier(measured.get(place.rule), place.mode, rank))
        for rank, place in enumerate(places, 1)
    ]
    return [*sure, *numbered, *(flag for flag in rest if flag.rule != LEARNED_RULE)]


class _Scores:
    """How likely the sentences of one paper show each pitfall."""

    def __init__(
        self, sentences: Sequence[Sentence], ranker: PlaceRanker, facts: Sequence[Fact]
    ) -> None:
        self.sentences = sentences
        self.by_sentence = {
            index: score_sentence(sentence, ranker)
            for index, sentence in enumerate(sentences)
            if is_candidate(sentence)
        }
        for index, pitfall in _list_supported(facts):
            if index in self.by_sentence:
                scores = self.by_sentence[index]
                scores[pitfall] = scores.get(pitfall, 0.0) + _FACT_BONUS

    def rate_match(self, flag: Flag, measured: PaperFigures | None) -> float:
        """The score of a rule's match: of its sentence, or without one by how often it is right."""
        if flag.sentence is None or flag.mode == "registry":
            precision = measured.precision if measured else None
            return round(_UNMEASURED_SHARE * (1.0 if precision is None else precision), 3)
        score = self.by_sentence.get(flag.sentence, {}).get(flag.pitfall, 0.0)
        return round(score + _MATCH_BONUS, 3)

    def list_sentences(
        self, pitfalls: Mapping[str, Pitfall], matched: Set[tuple[int | None, str]]
    ) -> list[Flag]:
        """Sentences that no rule matches, each for the pitfall it shows most likely."""
        places = []
        for index, scores in self.by_sentence.items():
            likely = [
                (score, pitfall)
                for pitfall, score in scores.items()
                if score >= _MIN_SCORE and (index, pitfall) not in matched
            ]
            if likely:
                score, pitfall = max(likely)
                place = build_place(
                    pitfalls[pitfall], self.sentences[index], index, rule=LEARNED_RULE
                )
                places.append(replace(place, score=round(score, 3)))
        return places


def _list_supported(facts: Sequence[Fact]) -> Iterator[tuple[int, str]]:
    """(sentence, pitfall) where a fact makes a pitfall likely."""
    by_patient = any(f.field == "split unit" and f.value in ("patient", "site") for f in facts)
    for fact in facts:
        if fact.field == "balancing":
            yield from ((index, "augmentation_before_split") for index in fact.sentences)
        elif fact.field == "split" and not by_patient:
            yield from ((index, "train_test_leakage") for index in fact.sentences)
    sizes = [f for f in facts if f.field in ("patients", "images") and f.value.isdigit()]
    largest = max((int(fact.value) for fact in sizes), default=0)
    if any(int(fact.value) * _MANY_TIMES <= largest for fact in sizes):
        for fact in sizes:
            yield from ((index, "slices_as_patients") for index in fact.sentences)


def _choose_places(ranked: Sequence[Flag]) -> tuple[list[Flag], list[Flag]]:
    """The best places, one a sentence and few of a pitfall, and what is left over."""
    places: list[Flag] = []
    rest: list[Flag] = []
    counts: Counter[tuple[str, str]] = Counter()
    seen: set[int] = set()
    for flag in sorted(ranked, key=_sort_key):
        is_full = len(places) == PLACES or counts[flag.pitfall, flag.mode] == _MAX_OF_A_PITFALL
        if is_full or flag.sentence in seen:
            rest.append(flag)
            continue
        places.append(flag)
        counts[flag.pitfall, flag.mode] += 1
        if flag.sentence is not None:
            seen.add(flag.sentence)
    return places, rest


def _sort_key(flag: Flag) -> tuple[float, int, str, str]:
    return (
        -(flag.score or 0.0),
        -1 if flag.sentence is None else flag.sentence,
        flag.rule,
        flag.text,
    )
