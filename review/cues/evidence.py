"""Suggests, for each item of a checklist, the sentences most likely to answer it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from review.cues.patterns import pipeline, spelled
from review.records import Sentence

_LEFT_OUT = frozenset({"references", "keywords"})
_LESS = {"related work": 0.3, "introduction": 0.6, "conclusion": 0.7, "": 0.9, "statements": 0.8}
"""How much a section counts when the item prefers none; sections not named count fully."""
_PREFERRED = 1.5
PLAIN = "phrases"
"""The rule's name where spellings are compared, without a model."""
APART = "; "
"""Between the phrases of a suggestion."""
_LONGEST = 400
"""Letters past which a 'sentence' is most likely a table or a list of authors."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A sentence that may answer an item. Possible evidence, never an answer."""

    item: str
    sentence: int
    text: str
    page: int
    boxes: tuple[tuple[float, float, float, float], ...]
    section: str
    cue: str
    """The phrases met, joined by '; '."""
    score: float
    rule: str
    """Which reading found it: 'phrases', or the spaCy model's name and version."""


def suggest(
    sentences: Sequence[Sentence],
    cues: Mapping[str, Sequence[str]],
    *,
    prefer: Mapping[str, Sequence[str]] | None = None,
    most: int = 5,
    model: str | None = None,
) -> dict[str, list[Suggestion]]:
    """Up to `most` sentences for each item, best first; the same text gives the same sentences.

    A phrase counts the more, the longer it is and the rarer in this text; a preferred section
    counts half as much again. Ties go to the earlier sentence.

    Args:
        cues: item id to its phrases.
        prefer: item id to the sections its answer usually stands in.
        model: an installed spaCy model whose word forms are compared instead of spellings.
    """
    nlp = pipeline(model)
    lemmas = "lemmatizer" in nlp.pipe_names
    met = _met(nlp, sentences, cues, "LEMMA" if lemmas else "LOWER")
    rule = PLAIN if model is None else f"{nlp.meta['name']} {nlp.meta['version']}"
    return {
        item: _best(item, sentences, met, phrases, tuple((prefer or {}).get(item, ())), rule)[:most]
        for item, phrases in cues.items()
    }


def _met(
    nlp: Any, sentences: Sequence[Sentence], cues: Mapping[str, Sequence[str]], attribute: str
) -> dict[str, set[int]]:
    """Each phrase to the sentences that hold it."""
    from spacy.matcher import PhraseMatcher

    matcher = PhraseMatcher(nlp.vocab, attr=attribute)
    make = nlp if attribute == "LEMMA" else nlp.make_doc
    for phrase in sorted({phrase for phrases in cues.values() for phrase in phrases}):
        matcher.add(phrase, [make(form) for form in _forms(spelled(phrase))])
    out: dict[str, set[int]] = {}
    places = [
        index
        for index, sentence in enumerate(sentences)
        if sentence.section not in _LEFT_OUT and len(sentence.text) <= _LONGEST
    ]
    texts = (spelled(sentences[index].text) for index in places)
    docs = nlp.pipe(texts) if attribute == "LEMMA" else map(nlp.make_doc, texts)
    for index, doc in zip(places, docs, strict=True):
        for number, _, _ in matcher(doc):
            out.setdefault(nlp.vocab.strings[number], set()).add(index)
    return out


def _forms(phrase: str) -> list[str]:
    """The phrase and its plural or singular."""
    if len(phrase) < 4 or not phrase[-1].isalpha() or not phrase[-1].islower():
        return [phrase]
    return [phrase, phrase[:-1]] if phrase.endswith("s") else [phrase, phrase + "s"]


def _best(
    item: str,
    sentences: Sequence[Sentence],
    met: Mapping[str, set[int]],
    phrases: Sequence[str],
    prefer: tuple[str, ...],
    rule: str,
) -> list[Suggestion]:
    scores: dict[int, float] = {}
    words: dict[int, list[str]] = {}
    for phrase in phrases:
        found = met.get(phrase, set())
        weight = (1 + 0.4 * phrase.count(" ")) / (1 + math.log(max(1, len(found))))
        for index in found:
            scores[index] = scores.get(index, 0.0) + weight
            words.setdefault(index, []).append(phrase)
    out = []
    for index, score in scores.items():
        sentence = sentences[index]
        factor = _PREFERRED if sentence.section in prefer else _LESS.get(sentence.section, 1.0)
        out.append(
            Suggestion(
                item,
                index,
                sentence.text,
                sentence.page,
                sentence.boxes,
                sentence.section,
                APART.join(words[index]),
                round(score * factor, 3),
                rule,
            )
        )
    return sorted(out, key=lambda s: (-s.score, s.sentence))
