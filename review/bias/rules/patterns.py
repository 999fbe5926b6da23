"""The little language of cues, compiled into spaCy token patterns.

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
_GAP = 8
_MOST_VARIANTS = 400
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


def spelled(text: str) -> str:
    """Text as cues are compared with it: hyphens and slashes between words become blanks, and words
    broken at the end of a line are whole again."""
    return " ".join(_JOINERS.sub(" ", _BROKEN.sub("", text)).split())


_BROKEN = re.compile(r"\u00ad\s*|(?<=[a-z])-[ \t]*\n\s*(?=[a-z])")
_JOINERS = re.compile(r"://|(?<=\w)[-–—/‐‑](?=\w)|(?<=\d)%")


@cache
def blank() -> Any:
    """spaCy's English tokeniser alone: no model, no network, the same everywhere."""
    import spacy

    return spacy.blank("en")


def pipeline(model: str | None) -> Any:
    """The spaCy pipeline to read with: blank for None, else an installed package or a folder.

    Raises:
        ChecklistError: it is not installed; nothing is ever downloaded.
    """
    if model is None:
        return blank()
    import spacy

    try:
        return spacy.load(model)
    except OSError as error:
        raise ChecklistError(
            f"the spaCy model '{model}' is not installed here; install it, or leave the option out "
            "to use the built-in rules"
        ) from error


def is_pattern(cue: str) -> bool:
    """Whether a cue uses the language above, and is not just a phrase."""
    return bool(re.search(r"\*|\.\.|#|\([^()]*\|", cue))


def compiled(pattern: str) -> list[list[dict[str, Any]]]:
    """The token patterns of one cue. Raises ChecklistError on one that cannot be read."""
    slots: list[list[list[dict[str, Any]]]] = []
    for part in _TOKEN.findall(spelled(pattern)):
        slots.append(_slot(part))
    if not slots or _nested(pattern):
        raise ChecklistError(
            f"cue '{pattern}': cannot be read; brackets close, do not stand in each other, and "
            "hold a choice: (one|two)"
        )
    count = 1
    for slot in slots:
        count *= len(slot)
    if count > _MOST_VARIANTS:
        raise ChecklistError(f"cue '{pattern}': {count} variants; write it as several cues")
    return [[token for part in choice for token in part] for choice in product(*slots)]


def _nested(pattern: str) -> bool:
    """Whether brackets stand inside brackets, or do not close."""
    flat = re.sub(r"\([^()]*\)", "", pattern)
    return "(" in flat or ")" in flat


def _slot(part: str) -> list[list[dict[str, Any]]]:
    """The choices of one place of a pattern, each a run of token patterns."""
    if part == "...":
        return [[{"OP": f"{{0,{_GAP}}}"}]]
    if part.startswith(".."):
        return [[{"OP": f"{{0,{part[2:]}}}"}]]
    if part in _NUMBERS:
        return [[_word(part)]]
    if not part.startswith("("):
        return [[_word(word) for word in _words(part)]]
    optional = part.endswith("?")
    choices = [choice.split() for choice in part.rstrip("?")[1:-1].split("|")]
    single = [words[0] for words in choices if len(words) == 1 and len(_words(words[0])) == 1]
    out: list[list[dict[str, Any]]] = []
    plain = sorted(word.lower() for word in single if not word.endswith("*"))
    stems = sorted(word[:-1].lower() for word in single if word.endswith("*"))
    if "#" in plain:
        plain.remove("#")
        out.append([_word("#")])
    if plain:
        out.append([{"LOWER": {"IN": plain}}])
    if stems:
        out.append([{"LOWER": {"REGEX": "^(?:" + "|".join(map(re.escape, stems)) + ")"}}])
    for words in choices:
        if len(words) > 1 or len(_words(words[0])) > 1:
            out.append([_word(one) for word in words for one in _words(word)])
    return [*out, []] if optional else out


def _words(text: str) -> list[str]:
    """A piece of a pattern as the tokeniser will cut the text; a stem is never cut."""
    if text.endswith("*"):
        return [text]
    return [token.text for token in blank()(text)]


def _word(text: str) -> dict[str, Any]:
    if text.endswith("*") and len(text) > 1:
        return {"LOWER": {"REGEX": "^" + re.escape(text[:-1].lower())}}
    if text in _NUMBERS:
        return {"TEXT": {"REGEX": _NUMBERS[text]}}
    return {"LOWER": text.lower()}


def own_negators(pattern: str) -> frozenset[str]:
    """The negators among a cue's words; a 'no' nearby does not turn a cue that says no itself."""
    words = re.findall(r"[a-z']+", pattern.lower())
    if "cannot" in words:  # which the tokeniser cuts in two
        words.append("not")
    return frozenset(words) & NEGATORS


Need = tuple[frozenset[str], tuple[str, ...]]
"""Words of which one must stand in a sentence, and beginnings of which one must begin a word."""


def needs(tokens: Sequence[Mapping[str, Any]]) -> list[Need]:
    """What a sentence must hold for a token pattern to match it; the hardest to meet first."""
    out: list[Need] = []
    for token in tokens:
        lower = token.get("LOWER")
        if isinstance(lower, str):
            out.append((frozenset([lower]), ()))
        elif isinstance(lower, dict) and "IN" in lower:
            out.append((frozenset(lower["IN"]), ()))
        elif isinstance(lower, dict):
            stems = lower["REGEX"].removeprefix("^").removeprefix("(?:").removesuffix(")")
            out.append(
                (frozenset(), tuple(re.sub(r"\\(.)", r"\1", one) for one in stems.split("|")))
            )
    return sorted(out, key=lambda need: (len(need[0]) + len(need[1]), -_length(need)))


def _length(need: Need) -> int:
    return min(map(len, (*need[0], *need[1])), default=0)
