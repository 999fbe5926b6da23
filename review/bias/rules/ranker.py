"""Ranks the sentences of a paper by how likely they answer a checklist item, with learned weights.

Two linear steps, so that a suggestion can be traced to words. First, a ridge regression for each
labelled item over the words of a sentence and their meaning, the cue phrases and concepts in it,
the concepts of its neighbours, the heading above it, its section and its place; its weights are in
the file. Second, for the best candidates, one set of weights for all items over that score, the
scores of related items, the rank by cue phrases, the likeness of sentence and item text, and the
form of the sentence. An item that nobody labelled gets the weights of labelled ones worded alike;
the second step also ranks items without any.
benchmarks/train_evidence_ranker.py writes the file.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review.bias.rules.evidence import Suggestion, find_phrases
from review.bias.rules.matching import is_about_others
from review.bias.rules.word_vectors import (
    FILE_NAME,
    NO_VECTORS,
    WordVectors,
    load_word_vectors,
)
from review.bias.weights import read_weights
from review.models import Sentence

SCHEMA = 3
MAX_CANDIDATE_LENGTH = 800
"""Letters above which a 'sentence' is most likely a table or a broken text layer."""
RIDGE_PENALTY = 32.0
"""Of the first step, in training and when it is fitted again; chosen on the labelled papers."""
MAX_CANDIDATES = 30
"""Sentences of the first step that the second ranks, for a labelled item."""
MAX_CUE_CANDIDATES = 3
"""First sentences by cue phrases that it ranks too."""
MAX_ALIKE = 3
MIN_LIKENESS = 0.4
"""Of the wording of an item to that of a labelled item, for it to share the latter's weights; best
when each labelled item in turn was taken for one that nobody labelled."""
MAX_EXAMPLES = 200
"""Examples of one item that are used to fit again, the newest."""
_SKIPPED_SECTIONS = frozenset({"references", "keywords"})
SECTIONS = (
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
_NEAR = (0.25, 0.5, 0.5, 0.25)
"""How much the second sentence before, the one before, and those after count as near."""
_FIRST_SENTENCES = 3
_FAR = 8
"""Sentences from the beginning of a section."""
_WORD = re.compile(r"[a-z]+|\d+")
_ENDINGS = ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s", "ly")
_CAPTION = re.compile(r"\W*(?:Fig|Tab)")
_OWN = re.compile(r"\b(?:we|our)\b", re.I)
_CITATION = re.compile(r"et al|\(\w+,? (?:19|20)\d\d", re.I)

_CUE = ":cue "
"""What the names of features for cue phrases begin with."""
_MEANING = ":meaning "
"""What the names of the features that are word vectors begin with."""
_MEANING_SCALE = 1.5

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
    cues: tuple[str, ...] = ()
    """Cue phrases that are features of the first step."""
    concepts: tuple[tuple[str, str], ...] = ()
    """Name and regular expression of what a sentence can be about."""
    item_texts: Mapping[str, str] = field(default_factory=dict)
    """Key of a labelled item -> its wording, to which items of other checklists are compared."""
    heading_words: frozenset[str] = frozenset()
    """Words of headings that are features of the first step."""
    vectors: WordVectors = NO_VECTORS
    mean_vector: tuple[float, ...] = ()
    """Of the sentences of the labelled papers; as long as a word's vector."""
    related: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Key of an item -> item -> how often a sentence that answers the latter answers the former."""
    presence: Mapping[str, float] = field(default_factory=dict)
    """Weights of a logistic regression: does the paper answer the item at all?"""
    presence_odds: Mapping[str, float] = field(default_factory=dict)
    """Key of an item -> log odds that a labelled paper answers it."""
    least_presence: float = 0.0
    """Probability of an answer under which nothing is suggested."""


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
    ranker = read_weights(path, _parse_ranker, owner="evidence ranker", schema=SCHEMA)
    if not ranker.mean_vector:
        return ranker
    return replace(ranker, vectors=load_word_vectors(path.with_name(FILE_NAME)))


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
        cues=tuple(name.removeprefix(_CUE) for name in names if name.startswith(_CUE)),
        concepts=tuple(data["concepts"].items()),
        item_texts=data["item_texts"],
        heading_words=frozenset(data["heading_words"]),
        mean_vector=tuple(data["mean_vector"]),
        related=data["related"],
        presence=dict(data["presence"]),
        presence_odds=dict(data["presence_odds"]),
        least_presence=float(data["least_presence"]),
    )


def find_item_key(ranker: EvidenceRanker, key: str) -> str:
    """The key under which an item has weights: its own, else that of the same item in another
    edition of the checklist; its own also where there are none."""
    if key in ranker.item_weights:
        return key
    checklist, _, item = key.partition(" ")
    family = checklist.split("-")[0]
    for other in ranker.item_weights:
        other_checklist, _, other_item = other.partition(" ")
        if other_item == item and other_checklist.split("-")[0] == family:
            return other
    return key


def get_item_weights(ranker: EvidenceRanker, key: str) -> Mapping[str, float]:
    """The weights of an item, else of the same item in another edition of the checklist."""
    return ranker.item_weights.get(find_item_key(ranker, key), {})


def adopt_items(ranker: EvidenceRanker, items: Sequence[RankedItem]) -> EvidenceRanker:
    """The ranker with weights for items that nobody labelled, from labelled ones worded alike."""
    missing = [item for item in items if find_item_key(ranker, item.key) not in ranker.item_weights]
    if not missing or not ranker.item_texts:
        return ranker
    labelled = {key: _describe_text(ranker, text) for key, text in ranker.item_texts.items()}
    adopted = dict(ranker.item_weights)
    for item in missing:
        described = _describe_text(ranker, describe_item(item))
        likeness = {key: _compare(described, other) for key, other in labelled.items()}
        nearest = sorted(likeness, key=lambda key: (-likeness[key], key))[:MAX_ALIKE]
        sizes = {
            key: math.exp(10 * likeness[key]) for key in nearest if likeness[key] >= MIN_LIKENESS
        }
        shares = {key: size / sum(sizes.values()) for key, size in sizes.items()}
        if shares:
            adopted[item.key] = _mix_weights(ranker, shares)
    return replace(ranker, item_weights=adopted)


def describe_item(item: RankedItem) -> str:
    """All the wording of an item."""
    return " ".join((item.question, item.guidance, *item.cues))


_TextDescription = tuple[Mapping[str, float], NDArray[np.float64]]
"""Terms by weight, and a vector of length 1: words and meaning."""


def _describe_text(ranker: EvidenceRanker, text: str) -> _TextDescription:
    vector = np.array(encode_meaning(text, ranker))
    return weigh_terms(text, ranker.idf), vector / (np.sqrt(vector @ vector) or 1.0)


def _compare(first: _TextDescription, second: _TextDescription) -> float:
    """How alike two texts are, up to 1."""
    by_terms = sum(value * second[0].get(term, 0.0) for term, value in first[0].items())
    return (by_terms + float(first[1] @ second[1])) / 2


def _mix_weights(ranker: EvidenceRanker, shares: Mapping[str, float]) -> dict[str, float]:
    mixed: dict[str, float] = {}
    for key, share in shares.items():
        for name, weight in ranker.item_weights[key].items():
            mixed[name] = mixed.get(name, 0.0) + share * weight
    return mixed


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
    sentences: Sequence[Sentence], index: int, ranker: EvidenceRanker
) -> dict[str, float]:
    """Features of the first step for one sentence of a paper: its words, their meaning, its cue
    phrases and concepts, the concepts of its neighbours, its heading, section, place and form.

    Args:
        ranker: its words, phrases and concepts are used; its weights are not.
    """
    sentence = sentences[index]
    features = weigh_terms(sentence.text, ranker.idf)
    section = sentence.section if sentence.section in SECTIONS else ""
    features[f":section {section}"] = 0.5
    features[f":place {index * _PLACES // max(len(sentences), 1)}"] = 0.3
    features[f":at {section} {_place_in_section(sentences, index)}"] = 0.3
    if index < _FIRST_SENTENCES:
        features[f":first {index}"] = 0.3
    for name, value in describe_form(sentence, index).items():
        if value and name in ("heading", "long", "table", "digits", "caption", "front"):
            features[f":{name}"] = 0.3
    if "http" in sentence.text:
        features[":link"] = 0.3
    for phrase in find_phrases(sentence.text, ranker.cues):
        features[f"{_CUE}{phrase}"] = 0.3
    for concept in find_concepts(sentence.text, ranker.concepts):
        features[f":about {concept}"] = 0.4
    for prefix, neighbour in (("after", index - 1), ("before", index + 1)):
        if 0 <= neighbour < len(sentences) and is_candidate(sentences[neighbour]):
            for concept in find_concepts(sentences[neighbour].text, ranker.concepts):
                features[f":{prefix} {concept}"] = 0.15
    for concept in find_concepts(sentence.heading, ranker.concepts):
        features[f":under {concept}"] = 0.3
    for word in list_heading_words(sentence.heading) & ranker.heading_words:
        features[f":heading {word}"] = 0.3
    for n, value in enumerate(encode_meaning(sentence.text, ranker)):
        features[f"{_MEANING}{n}"] = _MEANING_SCALE * value
    return features


def is_meaning(name: str) -> bool:
    """Whether a feature is part of a word vector."""
    return name.startswith(_MEANING)


def list_heading_words(heading: str) -> frozenset[str]:
    """The words of a heading without their endings."""
    words = {_stem(word) for word in _WORD.findall(heading.lower())}
    return frozenset(word for word in words if len(word) > 2)


def encode_meaning(text: str, ranker: EvidenceRanker) -> list[float]:
    """The vector of a text's words, relative to that of the labelled papers' sentences."""
    vector = ranker.vectors.encode_text(text)
    return [float(a - b) for a, b in zip(vector, ranker.mean_vector, strict=True)]


def _place_in_section(sentences: Sequence[Sentence], index: int) -> int:
    """0 for the first sentence of a section, then 1, 2 and 3 for those near and far from it."""
    section, place = sentences[index].section, 0
    while place < _FAR and place < index and sentences[index - place - 1].section == section:
        place += 1
    return sum(place >= step for step in (1, 3, _FAR))


@lru_cache(maxsize=20_000)
def find_concepts(text: str, concepts: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The names of the concepts whose expression a text contains."""
    return tuple(name for name, pattern in concepts if _compile_concept(pattern).search(text))


@lru_cache(maxsize=1_000)
def _compile_concept(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


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

    def __init__(self, sentences: Sequence[Sentence], ranker: EvidenceRanker) -> None:
        self.sentences = sentences
        self.idf = ranker.idf
        self.candidates = [n for n, sentence in enumerate(sentences) if is_candidate(sentence)]
        self.forms = {n: describe_form(sentences[n], n) for n in self.candidates}
        self._ranker = ranker
        self._postings: dict[str, list[tuple[int, float]]] = {}
        self._meanings = np.zeros((len(self.candidates), len(ranker.mean_vector)))
        for place, n in enumerate(self.candidates):
            for name, value in build_features(sentences, n, ranker).items():
                if is_meaning(name):
                    self._meanings[place, int(name.removeprefix(_MEANING))] = value
                else:
                    self._postings.setdefault(name, []).append((n, value))

    def multiply(self, weights: Mapping[str, float]) -> dict[int, float]:
        """Sum of weight times feature, for each candidate."""
        vector = [weights.get(f"{_MEANING}{n}", 0.0) for n in range(self._meanings.shape[1])]
        by_meaning = (self._meanings @ np.array(vector)).tolist()
        scores = dict(zip(self.candidates, by_meaning, strict=True))
        for name, weight in weights.items():
            for n, value in self._postings.get(name, ()):
                scores[n] += weight * value
        return scores

    def compare_meaning(self, text: str) -> dict[int, float]:
        """How alike each candidate and a text are in meaning; 0 where no words are known."""
        vector = np.array(encode_meaning(text, self._ranker))
        products = (self._meanings @ vector / _MEANING_SCALE).tolist()
        return dict(zip(self.candidates, products, strict=True))

    def score_items(
        self, item_weights: Mapping[str, Mapping[str, float]]
    ) -> dict[str, dict[int, float]]:
        """Key of an item -> candidate -> score of the first step."""
        return {key: self.multiply(weights) for key, weights in item_weights.items()}


def describe_candidates(
    index: PaperIndex,
    item: RankedItem,
    scores: Mapping[str, Mapping[int, float]],
    suggestions: Sequence[Suggestion],
    *,
    related: Mapping[str, float] | None = None,
) -> dict[int, dict[str, float]]:
    """Features of the second step, for the best candidates of an item.

    Args:
        scores: of the first step, by the key of the item; an item that nobody labelled has none.
        suggestions: all sentences with a cue phrase, best first.
        related: key of another item -> how much a sentence that answers it speaks for this one.
    """
    nothing = dict.fromkeys(index.candidates, 0.0)
    score = scores.get(item.key, nothing)
    relative = _standardize(score)
    related_scores = dict(nothing)
    for key, share in (related or {}).items():
        for n, value in scores.get(key, {}).items():
            related_scores[n] += share * value
    relative_related = _standardize(related_scores)
    ordered = sorted(index.candidates, key=lambda n: (-score[n], n))
    ranks = {n: rank for rank, n in enumerate(ordered)}
    third = score[ordered[min(2, len(ordered) - 1)]] if ordered else 0.0
    likeness = {
        name: index.multiply(weigh_terms(text, index.idf))
        for name, text in (
            ("question", item.question),
            ("guidance", item.guidance),
            ("cues", re.sub(r"[^A-Za-z ]+", " ", " ".join(item.cues))),
        )
    }
    meaning = {
        "question": index.compare_meaning(item.question),
        "guidance": index.compare_meaning(f"{item.guidance} {' '.join(item.cues)}"),
    }
    best_cue_score = max((suggestion.score for suggestion in suggestions), default=1.0) or 1.0
    by_cue = {
        suggestion.sentence: (rank, suggestion.score / best_cue_score)
        for rank, suggestion in enumerate(suggestions)
    }
    rows: dict[int, dict[str, float]] = {}
    for place, n in enumerate(index.candidates):
        is_early = item.key not in scores or ranks[n] < MAX_CANDIDATES
        if not _is_ranked(index.sentences[n], n, item, by_cue.get(n), is_early=is_early):
            continue
        rank, cue_score = by_cue.get(n, (None, 0.0))
        section = index.sentences[n].section
        near = [_get_near(index.candidates, place + step, relative) for step in (-2, -1, 1, 2)]
        rows[n] = {
            "item": relative[n],
            "item-score": 5 * score[n],
            "item-rank": 1 / (ranks[n] + 1),
            "item-best": float(ranks[n] == 0),
            "item-gap": 5 * (score[n] - third),
            "item-square": relative[n] * abs(relative[n]),
            "related": relative_related[n],
            "previous": near[1],
            "next": near[2],
            "near": sum(w * max(value, 0.0) for w, value in zip(_NEAR, near, strict=True)),
            "like-question": 3 * likeness["question"][n],
            "like-guidance": 3 * likeness["guidance"][n],
            "like-cues": 3 * likeness["cues"][n],
            "meaning-question": meaning["question"][n],
            "meaning-guidance": meaning["guidance"][n],
            "cue-score": cue_score,
            "cue-rank": 0.0 if rank is None else 1 / (rank + 1),
            "cue": float(rank is not None),
            "cue-many": 0.0 if rank is None else math.log1p(len(by_cue)) / 3,
            "item-and-cue": relative[n] * cue_score,
            "item-and-question": relative[n] * 3 * likeness["question"][n],
            "preferred-section": float(section in item.preferred_sections),
            "place": n / max(len(index.sentences), 1),
            "length": math.log1p(len(index.sentences[n].text)) / 6,
            f"in {section}": 1.0,
            **index.forms[n],
        }
    return rows


def _is_ranked(
    sentence: Sentence,
    n: int,
    item: RankedItem,
    by_cue: tuple[int, float] | None,
    *,
    is_early: bool,
) -> bool:
    """Whether the second step ranks a candidate: of a labelled item only the first of the first
    step and those by cue phrases, of an item on the title only the front page."""
    if item.is_in_front:
        return _is_front(sentence, n)
    return is_early or (by_cue is not None and by_cue[0] < MAX_CUE_CANDIDATES)


def _get_near(candidates: Sequence[int], place: int, values: Mapping[int, float]) -> float:
    """The value of the candidate at a place; 0 beyond the first and the last."""
    return values[candidates[place]] if 0 <= place < len(candidates) else 0.0


def _standardize(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores in units of ten times their spread within the paper; 0 where they do not differ."""
    mean = sum(scores.values()) / max(len(scores), 1)
    spread = math.sqrt(sum((value - mean) ** 2 for value in scores.values()) / max(len(scores), 1))
    return {n: (value - mean) / spread / 10 if spread else 0.0 for n, value in scores.items()}


def rank_evidence(
    sentences: Sequence[Sentence],
    items: Sequence[RankedItem],
    suggestions_by_item: Mapping[str, Sequence[Suggestion]],
    ranker: EvidenceRanker,
    *,
    limit: int = 5,
    keep_all: bool = False,
) -> dict[str, list[Suggestion]]:
    """Up to `limit` sentences for each item, best first; ties go to the earlier sentence.

    A sentence without a cue phrase can be suggested; its cue is then ''.

    Args:
        suggestions_by_item: all sentences with a cue phrase, as suggest_evidence returns them.
        keep_all: keep the best sentences of items that the paper most likely does not answer, too.
    """
    ranker = adopt_items(ranker, items)
    index = PaperIndex(sentences, ranker)
    item_scores = index.score_items(ranker.item_weights)
    ranked: dict[str, list[Suggestion]] = {}
    for item in items:
        by_cue = {
            suggestion.sentence: suggestion for suggestion in suggestions_by_item.get(item.id, ())
        }
        key = find_item_key(ranker, item.key)
        rows = describe_candidates(
            index,
            replace(item, key=key),
            item_scores,
            tuple(by_cue.values()),
            related=ranker.related.get(key),
        )
        scores = {n: mix_features(row, ranker.mixing) for n, row in rows.items()}
        best = sorted(scores, key=lambda n: (-scores[n], n))[:limit]
        is_answered = estimate_presence(ranker, key, rows, scores) >= ranker.least_presence
        # For an item on the title, the front page is all that there is to suggest.
        ranked[item.id] = [
            _make_suggestion(item.id, n, sentences[n], by_cue.get(n), scores[n])
            for n in best
            if keep_all or item.is_in_front or (is_answered and scores[n] >= ranker.floor)
        ]
    return ranked


def describe_presence(
    rows: Mapping[int, Mapping[str, float]], scores: Mapping[int, float]
) -> dict[str, float]:
    """What speaks for an answer anywhere in the paper.

    Args:
        rows: features of the second step for each candidate.
        scores: of the second step; of the candidates that may be suggested.
    """
    ordered = sorted(scores.values(), reverse=True)
    others = ordered[1:10]
    item_scores = sorted((rows[n]["item-score"] for n in scores), reverse=True)
    best = max(scores, key=lambda n: (scores[n], -n))
    return {
        "best": ordered[0] / 10,
        "margin": (ordered[0] - sum(others) / len(others)) / 3 if others else 0.0,
        "item-score": item_scores[0],
        "item-score-next": sum(item_scores[1:4]) / 3,
        "item-score-best": rows[best]["item-score"],
        "cue-best": rows[best]["cue"],
        "cue-many": max(rows[n]["cue-many"] for n in scores),
        "like-question": max(rows[n]["like-question"] for n in scores),
        "always": 1.0,
    }


def estimate_presence(
    ranker: EvidenceRanker,
    key: str,
    rows: Mapping[int, Mapping[str, float]],
    scores: Mapping[int, float],
) -> float:
    """The probability that a paper answers an item; 1 for an item that nobody labelled."""
    if key not in ranker.presence_odds or not scores:
        return 1.0
    features = describe_presence(rows, scores)
    odds = ranker.presence_odds[key] * ranker.presence.get("odds", 0.0)
    odds += mix_features(features, ranker.presence)
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


def _is_front(sentence: Sentence, index: int) -> bool:
    """Whether a sentence is part of the title page or the abstract."""
    return sentence.section == "abstract" or (sentence.section == "" and index < _FRONT_SENTENCES)


def mix_features(row: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Sum of weight times feature."""
    return sum(value * weights.get(name, 0.0) for name, value in row.items())


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
