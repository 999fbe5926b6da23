"""Compiles the pattern language of cues into spaCy token patterns.

    images were (randomly|arbitrarily) split     words, with choices of words or phrases
    augment*                                     any word that begins so
    combined ... public                          up to eight words between
    test ..3 set                                 up to three words between
    (the)? split                                 may be left out
    #                                            a number
    ##                                           a number of a thousand or more

Hyphens, slashes and spaces are the same, and so are capitals and small letters.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

from review.errors import ChecklistError

_TOKEN = re.compile(r"\.\.\.|\.\.\d+|\([^()]*\)\??|##?|[^\s()]+")
_NUMBERS = {"#": r"^\d[\d,.:]*$", "##": r"^\d{1,3}(?:,\d{3})+$|^\d{4,}$"}
_MAX_GAP_WORDS = 8
_MAX_VARIANTS = 400
NEGATORS = frozenset(
    {
        "no",
        "not",
        "zero",
        "without",
        "never",
        "neither",
        "nor",
        "lack",
        "lacks",
        "lacked",
        "lacking",
    }
    | {"absence", "unavailable", "cannot", "n't", "none", "nothing"}
)


def normalize_spelling(text: str) -> str:
    """Text normalised for matching: hyphens and slashes between words become spaces, and words
    hyphenated at line ends are joined."""
    text = _PLUS_MINUS.sub(" ± ", _LINE_BREAK_HYPHEN.sub("", text))
    return " ".join(_JOINERS.sub(" ", text).split())


_LINE_BREAK_HYPHEN = re.compile(r"\u00ad\s*|(?<=[a-z])-[ \t]*\n\s*(?=[a-z])")
_PLUS_MINUS = re.compile(r"\s*(?:±|\+\s?/\s?[-−])\s*")
_JOINERS = re.compile(r"://|(?<=\w)[-–—/‐‑](?=\w)|(?<=\d)%")


@cache
def get_tokenizer() -> Any:
    """The English tokeniser of spaCy only: no model, no network, the same everywhere."""
    import spacy

    return spacy.blank("en")


def load_pipeline(model: str | None) -> Any:
    """The spaCy pipeline: blank for None, else an installed package or a folder.

    Raises:
        ChecklistError: it is not installed; nothing is ever downloaded.
    """
    if model is None:
        return get_tokenizer()
    import spacy

    try:
        return spacy.load(model)
    except OSError as error:
        raise ChecklistError(
            f"the spaCy model '{model}' is not installed; install it, or omit the option to use "
            "the built-in rules"
        ) from error


def is_pattern(cue: str) -> bool:
    """Whether a cue uses the pattern language and is not just a phrase."""
    return bool(re.search(r"\*|\.\.|#|\([^()]*\|", cue))


def compile_pattern(pattern: str) -> list[list[dict[str, Any]]]:
    """The token patterns of one cue. Raises ChecklistError if it is invalid."""
    slots: list[list[list[dict[str, Any]]]] = []
    for part in _TOKEN.findall(normalize_spelling(pattern)):
        slots.append(_expand_slot(part))
    if not slots or _has_nested_brackets(pattern):
        raise ChecklistError(
            f"cue '{pattern}': is invalid; brackets must be closed, not nested, and contain a "
            "choice: (one|two)"
        )
    count = 1
    for slot in slots:
        count *= len(slot)
    if count > _MAX_VARIANTS:
        raise ChecklistError(f"cue '{pattern}': {count} variants; write it as several cues")
    return [[token for part in choice for token in part] for choice in product(*slots)]


def _has_nested_brackets(pattern: str) -> bool:
    """Whether brackets are nested or not closed."""
    without_brackets = re.sub(r"\([^()]*\)", "", pattern)
    return "(" in without_brackets or ")" in without_brackets


def _expand_slot(part: str) -> list[list[dict[str, Any]]]:
    """The alternatives at one position of a pattern, each a sequence of token patterns."""
    if part == "...":
        return [[{"OP": f"{{0,{_MAX_GAP_WORDS}}}"}]]
    if part.startswith(".."):
        return [[{"OP": f"{{0,{part[2:]}}}"}]]
    if part in _NUMBERS:
        return [[_build_token_pattern(part)]]
    if not part.startswith("("):
        return [[_build_token_pattern(word) for word in _tokenize_part(part)]]
    optional = part.endswith("?")
    choices = [choice.split() for choice in part.rstrip("?")[1:-1].split("|")]
    single_words = [
        words[0] for words in choices if len(words) == 1 and len(_tokenize_part(words[0])) == 1
    ]
    alternatives: list[list[dict[str, Any]]] = []
    exact_words = sorted(word.lower() for word in single_words if not word.endswith("*"))
    stems = sorted(word[:-1].lower() for word in single_words if word.endswith("*"))
    if "#" in exact_words:
        exact_words.remove("#")
        alternatives.append([_build_token_pattern("#")])
    if exact_words:
        alternatives.append([{"LOWER": {"IN": exact_words}}])
    if stems:
        alternatives.append([{"LOWER": {"REGEX": "^(?:" + "|".join(map(re.escape, stems)) + ")"}}])
    for words in choices:
        if len(words) > 1 or len(_tokenize_part(words[0])) > 1:
            alternatives.append(
                [_build_token_pattern(token) for word in words for token in _tokenize_part(word)]
            )
    return [*alternatives, []] if optional else alternatives


@cache
def _tokenize_part(text: str) -> tuple[str, ...]:
    """A piece of a pattern, tokenised like the text; a stem is never split."""
    if text.endswith("*"):
        return (text,)
    return tuple(token.text for token in get_tokenizer()(text))


def _build_token_pattern(text: str) -> dict[str, Any]:
    if text.endswith("*") and len(text) > 1:
        return {"LOWER": {"REGEX": "^" + re.escape(text[:-1].lower())}}
    if text in _NUMBERS:
        return {"TEXT": {"REGEX": _NUMBERS[text]}}
    return {"LOWER": text.lower()}


def list_own_negators(pattern: str) -> frozenset[str]:
    """The negators among a cue's words; a nearby 'no' does not negate a cue that has one itself."""
    words = re.findall(r"[a-z']+", pattern.lower())
    if "cannot" in words:  # which the tokeniser splits in two
        words.append("not")
    return frozenset(words) & NEGATORS


TokenRequirement = tuple[frozenset[str], tuple[str, ...]]
"""Words of which one must occur in a sentence, and stems of which one must begin a word."""


def list_requirements(tokens: Sequence[Mapping[str, Any]]) -> list[TokenRequirement]:
    """What a sentence must contain for a token pattern to match; the most selective first."""
    requirements: list[TokenRequirement] = []
    for token in tokens:
        lower = token.get("LOWER")
        if isinstance(lower, str):
            requirements.append((frozenset([lower]), ()))
        elif isinstance(lower, dict) and "IN" in lower:
            requirements.append((frozenset(lower["IN"]), ()))
        elif isinstance(lower, dict):
            stems = lower["REGEX"].removeprefix("^").removeprefix("(?:").removesuffix(")")
            requirements.append(
                (frozenset(), tuple(re.sub(r"\\(.)", r"\1", stem) for stem in stems.split("|")))
            )
    return sorted(
        requirements,
        key=lambda requirement: (
            len(requirement[0]) + len(requirement[1]),
            -_get_min_length(requirement),
        ),
    )


def _get_min_length(requirement: TokenRequirement) -> int:
    return min(map(len, (*requirement[0], *requirement[1])), default=0)
