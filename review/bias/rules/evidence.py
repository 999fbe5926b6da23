"""Suggests, for each checklist item, the sentences most likely to answer it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from review.bias.rules.matching import CueMatcher, compile_cues, find_hits, is_about_others
from review.bias.rules.patterns import (
    compile_pattern,
    is_pattern,
    load_pipeline,
    normalize_spelling,
)
from review.errors import ChecklistError
from review.models import Sentence

_SKIPPED_SECTIONS = frozenset({"references", "keywords"})
_SECTION_WEIGHTS = {
    "related work": 0.3,
    "introduction": 0.6,
    "conclusion": 0.7,
    "": 0.9,
    "statements": 0.8,
}
"""Weight of a section if the item has no preferred ones; other sections count fully."""
_PREFERRED_WEIGHT = 1.5
PHRASE_RULE = "phrases"
"""Name of the method that compares spellings, without a model."""
_ATTACHED_BRACKETS = re.compile(r"[^\s(|]\(|\)[^\s?|)]|\s\?|[^)]\?")
"""Brackets grown together with a word, as regular expressions have them and cues do not."""
PHRASE_SEPARATOR = "; "
"""Between the phrases of a suggestion."""
_CAPTION_WORDS = 5
"""Words under which a sentence is most likely a caption or a heading."""
_MIN_LOWERCASE_SHARE = 0.4
"""Share of words with a small first letter under which it is most likely a row of a table."""
_MAX_SENTENCE_LENGTH = 400
"""Length above which a 'sentence' is most likely a table or a list of authors."""


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
    """The matching phrases, joined by '; '."""
    words: str
    """The matching words of the sentence, joined likewise."""
    score: float
    rule: str
    """Method that found it: 'phrases', or the name and version of the spaCy model."""


def suggest_evidence(
    sentences: Sequence[Sentence],
    cues: Mapping[str, Sequence[str]],
    *,
    preferred_sections: Mapping[str, Sequence[str]] | None = None,
    limit: int = 5,
    model: str | None = None,
) -> dict[str, list[Suggestion]]:
    """Up to `most` sentences for each item, best first; the same text gives the same sentences.

    Longer phrases and those rarer in this text count more; a preferred section counts 1.5 times,
    captions and other studies less. Ties are resolved in favour of the earlier sentence.

    Args:
        cues: item id to its phrases, plain or in the language of patterns.py.
        prefer: item id to the sections in which its answer usually occurs.
        model: an installed spaCy model, whose lemmas are compared instead of spellings.
    """
    nlp = load_pipeline(model)
    has_lemmas = "lemmatizer" in nlp.pipe_names
    matches = _match_phrases(nlp, sentences, cues, "LEMMA" if has_lemmas else "LOWER")
    rule = PHRASE_RULE if model is None else f"{nlp.meta['name']} {nlp.meta['version']}"
    return {
        item: _rank_suggestions(
            item,
            sentences,
            matches=matches,
            phrases=phrases,
            preferred_sections=tuple((preferred_sections or {}).get(item, ())),
            rule=rule,
        )[:limit]
        for item, phrases in cues.items()
    }


def check_cues(cues: Mapping[str, Sequence[str]], name: str) -> None:
    """Raise ChecklistError on the first invalid phrase; `name` is used in messages."""
    for item, phrases in cues.items():
        for phrase in filter(is_pattern, phrases):
            try:
                if _ATTACHED_BRACKETS.search(phrase):
                    raise ChecklistError(
                        f"cue '{phrase}': brackets and '?' must be surrounded by spaces"
                    )
                compile_pattern(phrase)
            except ChecklistError as error:
                raise ChecklistError(f"{name}: item '{item}': {error}") from error


@lru_cache(maxsize=20_000)
def find_phrases(text: str, phrases: tuple[str, ...]) -> frozenset[str]:
    """Those of the phrases, compared by spelling, that a sentence contains; none if it is too long
    to be one."""
    if len(text) > _MAX_SENTENCE_LENGTH:
        return frozenset()
    nlp, phrase_matcher, pattern_matcher = _compile_phrases(phrases)
    hits = phrase_matcher(nlp.make_doc(normalize_spelling(text)))
    return frozenset(
        (
            *(nlp.vocab.strings[phrase_id] for phrase_id, _, _ in hits),
            *(hit.key for hit in find_hits(pattern_matcher, text)),
        )
    )


@lru_cache(maxsize=4)
def _compile_phrases(phrases: tuple[str, ...]) -> tuple[Any, Any, CueMatcher]:
    nlp = load_pipeline(None)
    plain = [phrase for phrase in phrases if not is_pattern(phrase)]
    patterns = tuple(phrase for phrase in phrases if is_pattern(phrase))
    return nlp, _build_phrase_matcher(nlp, plain, "LOWER"), _compile_patterns(patterns)


PhraseMatches = dict[str, dict[int, str]]
"""Phrase -> sentence -> the matching words."""


def _match_phrases(
    nlp: Any, sentences: Sequence[Sentence], cues: Mapping[str, Sequence[str]], attribute: str
) -> PhraseMatches:
    """Each phrase with the sentences that contain it, and the matching words of each."""
    all_phrases = sorted({phrase for phrases in cues.values() for phrase in phrases})
    pattern_matcher = _compile_patterns(
        tuple(phrase for phrase in all_phrases if is_pattern(phrase))
    )
    phrase_matcher = _build_phrase_matcher(
        nlp, [phrase for phrase in all_phrases if not is_pattern(phrase)], attribute
    )
    sentence_indexes = [
        index
        for index, sentence in enumerate(sentences)
        if sentence.section not in _SKIPPED_SECTIONS and len(sentence.text) <= _MAX_SENTENCE_LENGTH
    ]
    matches: PhraseMatches = {}
    texts = (normalize_spelling(sentences[index].text) for index in sentence_indexes)
    docs = nlp.pipe(texts) if attribute == "LEMMA" else map(nlp.make_doc, texts)
    for index, doc in zip(sentence_indexes, docs, strict=True):
        for phrase_id, start, stop in phrase_matcher(doc):
            matches.setdefault(nlp.vocab.strings[phrase_id], {})[index] = doc[start:stop].text
        for hit in find_hits(pattern_matcher, sentences[index].text):
            matches.setdefault(hit.key, {})[index] = hit.words
    return matches


@lru_cache(maxsize=16)
def _compile_patterns(patterns: tuple[str, ...]) -> CueMatcher:
    return compile_cues({pattern: (pattern,) for pattern in patterns})


def _build_phrase_matcher(nlp: Any, phrases: Sequence[str], attribute: str) -> Any:
    """Matcher for plain phrases, by spelling or by lemma."""
    from spacy.matcher import PhraseMatcher

    matcher = PhraseMatcher(nlp.vocab, attr=attribute)
    make_doc = nlp if attribute == "LEMMA" else nlp.make_doc
    for phrase in phrases:
        matcher.add(
            phrase, [make_doc(form) for form in _list_word_forms(normalize_spelling(phrase))]
        )
    return matcher


def _list_word_forms(phrase: str) -> list[str]:
    """The phrase and its plural or singular."""
    if len(phrase) < 4 or not phrase[-1].isalpha() or not phrase[-1].islower():
        return [phrase]
    return [phrase, phrase[:-1]] if phrase.endswith("s") else [phrase, phrase + "s"]


def _rank_suggestions(
    item: str,
    sentences: Sequence[Sentence],
    *,
    matches: PhraseMatches,
    phrases: Sequence[str],
    preferred_sections: tuple[str, ...],
    rule: str,
) -> list[Suggestion]:
    scores: dict[int, float] = {}
    words_by_sentence: dict[int, list[tuple[str, str]]] = {}
    for phrase in phrases:
        phrase_matches = matches.get(phrase, {})
        weight = (1 + 0.4 * phrase.count(" ")) / (1 + math.log(max(1, len(phrase_matches))))
        for index, matched_text in phrase_matches.items():
            scores[index] = scores.get(index, 0.0) + weight
            words_by_sentence.setdefault(index, []).append((phrase, matched_text))
    suggestions = []
    for index, score in scores.items():
        sentence = sentences[index]
        factor = (
            _PREFERRED_WEIGHT
            if sentence.section in preferred_sections
            else _SECTION_WEIGHTS.get(sentence.section, 1.0)
        )
        suggestions.append(
            Suggestion(
                item=item,
                sentence=index,
                text=sentence.text,
                page=sentence.page,
                boxes=sentence.boxes,
                section=sentence.section,
                cue=PHRASE_SEPARATOR.join(phrase for phrase, _ in words_by_sentence[index]),
                words=PHRASE_SEPARATOR.join(
                    dict.fromkeys(matched_words for _, matched_words in words_by_sentence[index])
                ),
                score=round(score * factor * _weigh_sentence(sentence), 3),
                rule=rule,
            )
        )
    return sorted(suggestions, key=lambda s: (-s.score, s.sentence))


def _weigh_sentence(sentence: Sentence) -> float:
    """How informative a sentence is (0 to 1): less for a caption, a table fragment or a sentence on
    other studies. A title may be in capitals."""
    words = sentence.text.split()
    lowercase_words = sum(word[:1].islower() for word in words)
    factor = 0.4 if len(words) < _CAPTION_WORDS else 1.0
    factor *= (
        0.5 if sentence.section and lowercase_words < _MIN_LOWERCASE_SHARE * len(words) else 1.0
    )
    return factor * (0.5 if is_about_others(sentence.text) else 1.0)
