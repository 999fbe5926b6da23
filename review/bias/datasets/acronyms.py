"""Short names of data sets that mean something else in a paper: MSD as 'mixed-scale dense'."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

_IN_BRACKETS = re.compile(r"\(\s*([A-Z][A-Za-z]{1,6}?)s?\s*[),;]")
_PHRASE_BREAK = re.compile(r"[.;:,()\[\]]")
_SKIPPED_WORDS = frozenset(
    {"of", "the", "and", "for", "in", "on", "to", "a", "an", "with", "by", "at", "network"}
    | {"networks", "model", "models", "method", "methods", "architecture", "algorithm"}
)
"""Words that need no letter in an acronym."""
_DATA_WORD = re.compile(
    r"dataset|database|challenge|cohort|initiative|series|collection|consortium|project|study|"
    r"studies|trial|registry|archive|repository|benchmark|biobank|images?$",
    re.I,
)


def find_other_meanings(texts: Iterable[str], names: Mapping[str, Sequence[str]]) -> set[str]:
    """The short names that a paper spells out as something that is no data set.

    A name that it also spells out as the data set is left out.

    Args:
        names: short name as printed -> letters and digits of all names of these data sets.
    """
    others: set[str] = set()
    known: set[str] = set()
    for text in texts:
        for acronym, meaning in _list_definitions(text):
            if acronym in names:
                is_known = _is_name(meaning, names[acronym])
                (known if is_known or _DATA_WORD.search(meaning) else others).add(acronym)
    return others - known


def _list_definitions(text: str) -> Iterator[tuple[str, str]]:
    """Each acronym in brackets, with the words before it that spell it out."""
    for match in _IN_BRACKETS.finditer(text):
        phrase = _PHRASE_BREAK.split(text[: match.start()])[-1]
        words = re.findall(r"[A-Za-z]+", phrase)
        meaning = _take_initials(words, match[1].lower())
        if meaning:
            yield match[1], " ".join(meaning)


def _take_initials(words: list[str], letters: str) -> list[str]:
    """The last words that begin with the letters in turn; some words need no letter."""
    place = len(words)
    for letter in reversed(letters):
        place -= 1
        while place >= 0 and words[place][0].lower() != letter:
            if words[place].lower() not in _SKIPPED_WORDS:
                return []
            place -= 1
        if place < 0:
            return []
    return words[place:]


def _is_name(meaning: str, names: Sequence[str]) -> bool:
    wanted = "".join(meaning.lower().split())
    return any(wanted in name or (len(name) > len(wanted) / 2 and name in wanted) for name in names)
