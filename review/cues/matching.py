"""Finds compiled cues in sentences, with negation and the speaker of the sentence minded."""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from review.cues.patterns import (
    NEGATORS,
    Need,
    blank,
    compiled,
    holds_negator,
    needs,
    spelled,
)

_WINDOW = 6
"""Words before a cue in which a negator turns it."""
OTHERS = re.compile(
    r"\b(previous|prior|earlier|other|existing|several|many|most|some|these|recent) "
    r"(studies|works?|authors|papers|reports|approaches|systems|publications|research)\b|"
    r"\bet al\b\.?.{0,60}\b(used|use|reported|proposed|trained|achieved|developed|presented)\b|"
    r"\b(in|by) the literature\b",
    re.I,
)
OWN = re.compile(
    r"\b(we|our|us)\b|\b(this|the present|the current|presented) (study|work|paper|article)\b", re.I
)
FUTURE = re.compile(
    r"\bfuture (work|works|stud(y|ies)|research|directions?|development)\b|"
    r"\b(should|could|would|will|may|might|needs? to|remains? to|ought to) be\b"
    r"(?! (noted|mentioned|emphasi|observed|seen|stressed|pointed|acknowledged))|"
    r"\bwe (plan|intend|aim|hope) to\b|\bwill (also )?(include|use|collect|perform|extend)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue met in a sentence."""

    key: str
    """What the caller called the set of cues."""
    words: str
    """The words that met it."""
    negated: bool


@dataclass(frozen=True, slots=True)
class Cue:
    """One compiled cue."""

    key: str
    turns: bool
    """Whether a negator nearby turns it."""
    matcher: Any


@dataclass(frozen=True, slots=True)
class Finder:
    """Compiled cues; made once, used on any number of texts."""

    cues: tuple[Cue, ...]
    index: Mapping[str, tuple[tuple[int, tuple[Need, ...]], ...]]
    """Word, or beginning with a star, to (cue, what else its pattern needs). Most sentences meet
    hardly any, so that the costly matching of gaps runs for few."""


def finder(cues: Mapping[str, Iterable[str]]) -> Finder:
    """Compiles sets of cues, each under its key. Raises ChecklistError on one it cannot read."""
    from spacy.matcher import Matcher

    out: list[Cue] = []
    index: dict[str, list[tuple[int, tuple[Need, ...]]]] = {}
    for key, patterns in cues.items():
        for pattern in patterns:
            tokens = compiled(pattern)
            matcher = Matcher(blank().vocab, validate=False)
            matcher.add(key, tokens)
            for variant in tokens:
                first, *rest = needs(variant) or [(frozenset([""]), ())]
                for word in (*first[0], *(f"{stem}*" for stem in first[1])):
                    index.setdefault(word, []).append((len(out), tuple(rest)))
            out.append(Cue(key, not holds_negator(pattern), matcher))
    return Finder(tuple(out), {word: tuple(entries) for word, entries in index.items()})


def hits(found: Finder, text: str) -> list[Hit]:
    """The cues met in one sentence, each once, in the order they were given."""
    doc = blank()(spelled(text))
    words = {token.lower_ for token in doc}
    starts = {word[:end] for word in words for end in range(2, len(word) + 1)}
    out = []
    for number in sorted(_likely(found, words, starts)):
        cue = found.cues[number]
        best: Hit | None = None
        for _, start, stop in cue.matcher(doc):
            negated = cue.turns and _negated(doc, start, stop)
            if best is None or (best.negated and not negated):
                best = Hit(cue.key, doc[start:stop].text, negated)
        if best is not None:
            out.append(best)
    return out


def _likely(found: Finder, words: Set[str], starts: Set[str]) -> set[int]:
    """The cues of which one pattern has all its words in the sentence."""
    out: set[int] = set()
    keys = [*words, *(f"{start}*" for start in starts), ""]
    for key in keys:
        for number, rest in found.index.get(key, ()):
            if number not in out and all(
                not words.isdisjoint(exact) or any(stem in starts for stem in stems)
                for exact, stems in rest
            ):
                out.add(number)
    return out


def _negated(doc: Any, start: int, stop: int) -> bool:
    """Whether a negator stands shortly before the cue or inside it, in the same clause."""
    for place in range(stop - 1, max(-1, start - _WINDOW - 1), -1):
        word = doc[place].lower_
        if place < start and word in (";", ":", "but", "although", "however", "whereas", "("):
            return False
        if word in NEGATORS and not (
            word == "no" and place + 1 < len(doc) and doc[place + 1].text == "."
        ):
            if word == "not" and place + 1 < len(doc) and doc[place + 1].lower_ == "only":
                continue
            return True
    return False


def of_others(text: str) -> bool:
    """Whether a sentence speaks of other people's work and not of its own."""
    return bool(OTHERS.search(text)) and not OWN.search(text)


def of_future(text: str) -> bool:
    """Whether a sentence speaks of what is yet to be done."""
    return bool(FUTURE.search(text))
