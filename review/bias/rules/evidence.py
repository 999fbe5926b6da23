"""Suggests, for each item of a checklist, the sentences most likely to answer it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from review.bias.rules.matching import Finder, finder, hits, of_others
from review.bias.rules.patterns import compiled, is_pattern, pipeline, spelled
from review.errors import ChecklistError
from review.models import Sentence

_LEFT_OUT = frozenset({"references", "keywords"})
_LESS = {"related work": 0.3, "introduction": 0.6, "conclusion": 0.7, "": 0.9, "statements": 0.8}
"""How much a section counts when the item prefers none; sections not named count fully."""
_PREFERRED = 1.5
PLAIN = "phrases"
"""The rule's name where spellings are compared, without a model."""
_GLUED = re.compile(r"[^\s(|]\(|\)[^\s?|)]|\s\?|[^)]\?")
"""Brackets grown together with a word, as regular expressions have them and cues do not."""
APART = "; "
"""Between the phrases of a suggestion."""
_SHORT = 5
"""Words under which a sentence is most likely a caption or a heading."""
_SMALL = 0.4
"""Share of words with a small first letter under which it is most likely a row of a table."""
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
    words: str
    """The words of the sentence that met them, joined likewise."""
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
    counts half as much again, captions and other people's work less. Ties go to the earlier
    sentence.

    Args:
        cues: item id to its phrases, plain or in the language of patterns.py.
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


def check(cues: Mapping[str, Sequence[str]], name: str) -> None:
    """Raises ChecklistError on the first phrase that cannot be read; `name` stands in messages."""
    for item, phrases in cues.items():
        for phrase in filter(is_pattern, phrases):
            try:
                if _GLUED.search(phrase):
                    raise ChecklistError(f"cue '{phrase}': brackets and '?' stand between blanks")
                compiled(phrase)
            except ChecklistError as error:
                raise ChecklistError(f"{name}: item '{item}': {error}") from error


Met = dict[str, dict[int, str]]
"""Phrase -> sentence -> the words that met it."""


def _met(
    nlp: Any, sentences: Sequence[Sentence], cues: Mapping[str, Sequence[str]], attribute: str
) -> Met:
    """Each phrase to the sentences that hold it, and the words of each that met it."""
    every = sorted({phrase for phrases in cues.values() for phrase in phrases})
    patterns = _finder(tuple(phrase for phrase in every if is_pattern(phrase)))
    phrases = _phrases(nlp, [phrase for phrase in every if not is_pattern(phrase)], attribute)
    places = [
        index
        for index, sentence in enumerate(sentences)
        if sentence.section not in _LEFT_OUT and len(sentence.text) <= _LONGEST
    ]
    out: Met = {}
    texts = (spelled(sentences[index].text) for index in places)
    docs = nlp.pipe(texts) if attribute == "LEMMA" else map(nlp.make_doc, texts)
    for index, doc in zip(places, docs, strict=True):
        for number, start, stop in phrases(doc):
            out.setdefault(nlp.vocab.strings[number], {})[index] = doc[start:stop].text
        for hit in hits(patterns, sentences[index].text):
            out.setdefault(hit.key, {})[index] = hit.words
    return out


@lru_cache(maxsize=16)
def _finder(patterns: tuple[str, ...]) -> Finder:
    return finder({pattern: (pattern,) for pattern in patterns})


def _phrases(nlp: Any, phrases: Sequence[str], attribute: str) -> Any:
    """What finds plain phrases, by spelling or by word form."""
    from spacy.matcher import PhraseMatcher

    matcher = PhraseMatcher(nlp.vocab, attr=attribute)
    make = nlp if attribute == "LEMMA" else nlp.make_doc
    for phrase in phrases:
        matcher.add(phrase, [make(form) for form in _forms(spelled(phrase))])
    return matcher


def _forms(phrase: str) -> list[str]:
    """The phrase and its plural or singular."""
    if len(phrase) < 4 or not phrase[-1].isalpha() or not phrase[-1].islower():
        return [phrase]
    return [phrase, phrase[:-1]] if phrase.endswith("s") else [phrase, phrase + "s"]


def _best(
    item: str,
    sentences: Sequence[Sentence],
    met: Met,
    phrases: Sequence[str],
    prefer: tuple[str, ...],
    rule: str,
) -> list[Suggestion]:
    scores: dict[int, float] = {}
    words: dict[int, list[tuple[str, str]]] = {}
    for phrase in phrases:
        found = met.get(phrase, {})
        weight = (1 + 0.4 * phrase.count(" ")) / (1 + math.log(max(1, len(found))))
        for index, met_by in found.items():
            scores[index] = scores.get(index, 0.0) + weight
            words.setdefault(index, []).append((phrase, met_by))
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
                APART.join(phrase for phrase, _ in words[index]),
                APART.join(dict.fromkeys(told for _, told in words[index])),
                round(score * factor * _telling(sentence), 3),
                rule,
            )
        )
    return sorted(out, key=lambda s: (-s.score, s.sentence))


def _telling(sentence: Sentence) -> float:
    """How much a sentence can tell (0 to 1): less for a bare caption, for the remains of a table,
    and for one on other people's work. A title may have capitals."""
    words = sentence.text.split()
    small = sum(word[:1].islower() for word in words)
    factor = 0.4 if len(words) < _SHORT else 1.0
    factor *= 0.5 if sentence.section and small < _SMALL * len(words) else 1.0
    return factor * (0.5 if of_others(sentence.text) else 1.0)
