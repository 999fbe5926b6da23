"""Ranks the sentences of a paper by how likely they answer a checklist item, with learned weights.

Two linear steps, so that a suggestion can be traced to words. First, a ridge regression for each
labelled item over the words of a sentence, its section and its place; its weights are in the file.
Second, one set of weights for all items over that score, the rank by cue phrases, the likeness of
sentence and item text, and the form of the sentence. The second step also ranks items that nobody
labelled. benchmarks/train_evidence_ranker.py writes the file.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from review.bias.rules.evidence import Suggestion
from review.bias.rules.matching import is_about_others
from review.bias.weights import read_weights
from review.models import Sentence

SCHEMA = 1
MAX_CANDIDATE_LENGTH = 800
"""Letters above which a 'sentence' is most likely a table or a broken text layer."""
RIDGE_PENALTY = 8.0
"""Of the first step, in training and when it is fitted again; chosen on the half to learn from."""
MAX_EXAMPLES = 200
"""Examples of one item that are used to fit again, the newest."""
_SKIPPED_SECTIONS = frozenset({"references", "keywords"})
_SECTIONS = (
    "",
    "abstract",
    "introduction",
    "related work",
    "methods",
    "results",
    "discussion",
    "limitations",
    "conclusion",
    "statements",
    "supplement",
)
_FRONT_SENTENCES = 15
"""First sentences, among which the title is."""
_PLACES = 5
_WORD = re.compile(r"[a-z]+|\d+")
_ENDINGS = ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s", "ly")
_CAPTION = re.compile(r"\W*(?:Fig|Tab)")
_OWN = re.compile(r"\b(?:we|our)\b", re.I)
_CITATION = re.compile(r"et al|\(\w+,? (?:19|20)\d\d", re.I)

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedItem:
    """What the ranker knows of a checklist item."""

    id: str
    key: str
    """Checklist and item: 'claim-2020 data-sources'."""
    question: str
    """Its name and question."""
    guidance: str
    cues: Sequence[str]
    preferred_sections: Sequence[str] = ()
    is_in_front: bool = False
    """Whether only the title or the abstract can answer it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRanker:
    """Weights of both steps."""

    version: str
    """Of the file; with '+' and the number of examples if fitted again."""
    idf: Mapping[str, float]
    """Inverse document frequency of each known word and pair of words."""
    item_weights: Mapping[str, Mapping[str, float]]
    """Key of an item -> feature of a sentence -> weight."""
    mixing: Mapping[str, float]
    """Weights of the second step."""
    floor: float
    """Score under which a sentence is not suggested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceExample:
    """A sentence that a reviewer used for an item, or dismissed."""

    key: str
    features: Features
    used: bool


def load_ranker(path: Path) -> EvidenceRanker:
    """The weights in a file.

    Raises:
        ChecklistError: it cannot be read, or another version of Funnel wrote it.
    """
    return read_weights(path, _parse_ranker, owner="evidence ranker", schema=SCHEMA)


def _parse_ranker(data: Mapping[str, Any]) -> EvidenceRanker:
    terms = data["terms"]
    names = [*terms, *data["extra"]]
    return EvidenceRanker(
        version=str(data["version"]),
        idf=dict(zip(terms, data["idf"], strict=True)),
        item_weights={
            key: {names[index]: weight for index, weight in pairs}
            for key, pairs in data["items"].items()
        },
        mixing=dict(data["mixing"]),
        floor=float(data["floor"]),
    )


def get_item_weights(ranker: EvidenceRanker, key: str) -> Mapping[str, float]:
    """The weights of an item, else of the same item in another edition of the checklist."""
    if key in ranker.item_weights:
        return ranker.item_weights[key]
    checklist, _, item = key.partition(" ")
    family = checklist.split("-")[0]
    for other, weights in ranker.item_weights.items():
        other_checklist, _, other_item = other.partition(" ")
        if other_item == item and other_checklist.split("-")[0] == family:
            return weights
    return {}


def is_candidate(sentence: Sentence) -> bool:
    """Whether a sentence may be suggested at all."""
    return sentence.section not in _SKIPPED_SECTIONS and len(sentence.text) <= MAX_CANDIDATE_LENGTH


def count_terms(text: str) -> Counter[str]:
    """Words without their endings, and pairs of neighbouring words; numbers become '#'."""
    words = ["#" if word[0].isdigit() else _stem(word) for word in _WORD.findall(text.lower())]
    words = [word for word in words if word == "#" or len(word) > 1]
    terms = Counter(words)
    terms.update(f"{first} {second}" for first, second in itertools.pairwise(words))
    return terms


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def weigh_terms(text: str, idf: Mapping[str, float]) -> dict[str, float]:
    """The known terms of a text, by frequency and rarity; the vector has length 1."""
    vector = {
        term: (1 + math.log(count)) * idf[term]
        for term, count in count_terms(text).items()
        if term in idf
    }
    length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
    return {term: value / length for term, value in vector.items()}


def build_features(
    sentence: Sentence, index: int, count: int, idf: Mapping[str, float]
) -> Features:
    """Features of the first step: words, section, place and form of a sentence.

    Args:
        index: number of the sentence in the paper.
        count: sentences of the paper.
    """
    features = weigh_terms(sentence.text, idf)
    section = sentence.section if sentence.section in _SECTIONS else ""
    features[f":section {section}"] = 0.5
    features[f":place {index * _PLACES // max(count, 1)}"] = 0.3
    for name, value in describe_form(sentence, index).items():
        if value and name in ("heading", "long", "table", "digits", "caption", "front"):
            features[f":{name}"] = 0.3
    if "http" in sentence.text:
        features[":link"] = 0.3
    return features


def describe_form(sentence: Sentence, index: int) -> dict[str, float]:
    """What a sentence looks like, each 0 or 1."""
    text, words = sentence.text, sentence.text.split()
    lowercase_words = sum(word[:1].islower() for word in words)
    digits = sum(letter.isdigit() for letter in text)
    return {
        "heading": float(len(words) < 6),
        "short": float(len(words) < 12),
        "long": float(len(words) > 45),
        "table": float(lowercase_words < 0.5 * len(words)),
        "digits": float(digits > 0),
        "figures": float(digits > 0.15 * len(text)),
        "caption": float(bool(_CAPTION.match(text))),
        "own": float(bool(_OWN.search(text))),
        "citation": float(bool(_CITATION.search(text))),
        "others": float(is_about_others(text)),
        "front": float(sentence.section == "" and index < _FRONT_SENTENCES),
    }


class PaperIndex:
    """The sentences of one paper, prepared once for all items."""

    def __init__(self, sentences: Sequence[Sentence], idf: Mapping[str, float]) -> None:
        self.sentences = sentences
        self.idf = idf
        self.candidates = [n for n, sentence in enumerate(sentences) if is_candidate(sentence)]
        self.forms = {n: describe_form(sentences[n], n) for n in self.candidates}
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for n in self.candidates:
            for name, value in build_features(sentences[n], n, len(sentences), idf).items():
                self._postings.setdefault(name, []).append((n, value))

    def multiply(self, weights: Mapping[str, float]) -> dict[int, float]:
        """Sum of weight times feature, for each candidate."""
        scores = dict.fromkeys(self.candidates, 0.0)
        for name, weight in weights.items():
            for n, value in self._postings.get(name, ()):
                scores[n] += weight * value
        return scores


def describe_candidates(
    index: PaperIndex,
    item: RankedItem,
    item_weights: Mapping[str, float],
    suggestions: Sequence[Suggestion],
) -> dict[int, dict[str, float]]:
    """Features of the second step, for each candidate of an item.

    Args:
        suggestions: all sentences with a cue phrase, best first.
    """
    relative, above_best, score = _standardize(index.multiply(item_weights))
    likeness = {
        name: index.multiply(weigh_terms(text, index.idf))
        for name, text in (
            ("question", item.question),
            ("guidance", item.guidance),
            ("cues", re.sub(r"[^A-Za-z ]+", " ", " ".join(item.cues))),
        )
    }
    best_cue_score = max((suggestion.score for suggestion in suggestions), default=1.0) or 1.0
    by_cue = {
        suggestion.sentence: (rank, suggestion.score / best_cue_score)
        for rank, suggestion in enumerate(suggestions)
    }
    rows: dict[int, dict[str, float]] = {}
    for n in index.candidates:
        rank, cue_score = by_cue.get(n, (None, 0.0))
        section = index.sentences[n].section
        rows[n] = {
            "item": relative[n],
            "item-score": 5 * score[n],
            "item-best": above_best[n],
            "like-question": 3 * likeness["question"][n],
            "like-guidance": 3 * likeness["guidance"][n],
            "like-cues": 3 * likeness["cues"][n],
            "cue-score": cue_score,
            "cue-rank": 0.0 if rank is None else 1 / (rank + 1),
            "cue": float(rank is not None),
            "cue-many": 0.0 if rank is None else math.log1p(len(by_cue)) / 3,
            "item-and-cue": relative[n] * cue_score,
            "item-and-question": relative[n] * 3 * likeness["question"][n],
            "preferred-section": float(section in item.preferred_sections),
            "place": n / max(len(index.sentences), 1),
            f"in {section}": 1.0,
            **index.forms[n],
        }
    return rows


def _standardize(
    scores: Mapping[int, float],
) -> tuple[dict[int, float], dict[int, float], Mapping[int, float]]:
    """Scores in units of their spread within the paper, also relative to its five best."""
    if not scores:
        return {}, {}, scores
    mean = sum(scores.values()) / len(scores)
    spread = math.sqrt(sum((value - mean) ** 2 for value in scores.values()) / len(scores))
    if spread == 0:
        zeros = dict.fromkeys(scores, 0.0)
        return zeros, zeros, scores
    best = sorted(scores.values())[-5:]
    top = sum(best) / len(best)
    return (
        {n: (value - mean) / spread / 10 for n, value in scores.items()},
        {n: min(max((value - top) / spread / 5, -3.0), 1.0) for n, value in scores.items()},
        scores,
    )


def rank_evidence(
    sentences: Sequence[Sentence],
    items: Sequence[RankedItem],
    suggestions_by_item: Mapping[str, Sequence[Suggestion]],
    ranker: EvidenceRanker,
    *,
    limit: int = 5,
) -> dict[str, list[Suggestion]]:
    """Up to `limit` sentences for each item, best first; ties go to the earlier sentence.

    A sentence without a cue phrase can be suggested; its cue is then ''.

    Args:
        suggestions_by_item: all sentences with a cue phrase, as suggest_evidence returns them.
    """
    index = PaperIndex(sentences, ranker.idf)
    ranked: dict[str, list[Suggestion]] = {}
    for item in items:
        by_cue = {
            suggestion.sentence: suggestion for suggestion in suggestions_by_item.get(item.id, ())
        }
        rows = describe_candidates(
            index, item, get_item_weights(ranker, item.key), tuple(by_cue.values())
        )
        scores = {
            n: _mix(row, ranker.mixing)
            for n, row in rows.items()
            if not item.is_in_front or _is_front(sentences[n], n)
        }
        best = sorted(scores, key=lambda n: (-scores[n], n))[:limit]
        ranked[item.id] = [
            _make_suggestion(item.id, n, sentences[n], by_cue.get(n), scores[n])
            for n in best
            if scores[n] >= ranker.floor
        ]
    return ranked


def _is_front(sentence: Sentence, index: int) -> bool:
    """Whether a sentence is part of the title page or the abstract."""
    return sentence.section == "abstract" or (sentence.section == "" and index < _FRONT_SENTENCES)


def _mix(row: Mapping[str, float], mixing: Mapping[str, float]) -> float:
    return sum(value * mixing.get(name, 0.0) for name, value in row.items())


def _make_suggestion(
    item: str, n: int, sentence: Sentence, by_cue: Suggestion | None, score: float
) -> Suggestion:
    if by_cue is not None:
        return replace(by_cue, score=round(score, 3))
    return Suggestion(
        item=item,
        sentence=n,
        text=sentence.text,
        page=sentence.page,
        boxes=sentence.boxes,
        section=sentence.section,
        cue="",
        words="",
        score=round(score, 3),
        rule=LEARNED_RULE,
    )


LEARNED_RULE = "learned ranking"
"""Name of the method for a sentence without a cue phrase."""


def refit_ranker(ranker: EvidenceRanker, examples: Sequence[EvidenceExample]) -> EvidenceRanker:
    """The ranker, its items moved towards the sentences that reviewers used or dismissed.

    Ridge regression with the shipped weights as its starting point: without examples of an item
    its weights stay, and each example counts as much as one labelled sentence. The same examples
    in the same order give the same weights.

    Args:
        examples: oldest first; of each item the newest 200 count.
    """
    if not examples:
        return ranker
    examples_by_key: dict[str, list[EvidenceExample]] = {}
    for example in examples:
        examples_by_key.setdefault(example.key, []).append(example)
    item_weights = dict(ranker.item_weights)
    for key, group in examples_by_key.items():
        item_weights[key] = _move_weights(get_item_weights(ranker, key), group[-MAX_EXAMPLES:])
    return replace(ranker, item_weights=item_weights, version=f"{ranker.version}+{len(examples)}")


def _move_weights(
    weights: Mapping[str, float], examples: Sequence[EvidenceExample]
) -> dict[str, float]:
    errors = [float(example.used) - _multiply(weights, example.features) for example in examples]
    gram = [
        [_multiply(example.features, other.features) for other in examples] for example in examples
    ]
    for n in range(len(examples)):
        gram[n][n] += RIDGE_PENALTY
    moved = dict(weights)
    for example, share in zip(examples, _solve(gram, errors), strict=True):
        for name, value in example.features.items():
            moved[name] = moved.get(name, 0.0) + share * value
    return moved


def _multiply(weights: Features, features: Features) -> float:
    return sum(value * weights.get(name, 0.0) for name, value in features.items())


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a symmetric, positive definite system, by elimination."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for n in range(size):
        for other in range(n + 1, size):
            factor = rows[other][n] / rows[n][n]
            if factor:
                rows[other][n:] = [
                    a - factor * b for a, b in zip(rows[other][n:], rows[n][n:], strict=True)
                ]
    solution = [0.0] * size
    for n in range(size - 1, -1, -1):
        known = sum(rows[n][k] * solution[k] for k in range(n + 1, size))
        solution[n] = (rows[n][size] - known) / rows[n][n]
    return solution
