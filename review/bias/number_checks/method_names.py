"""Finds the methods of a comparison in sentences, and what a sentence is limited to."""

import re
from collections.abc import Sequence
from functools import cache, partial

from review.bias.number_checks.comparison_tables import (
    MethodComparison,
    find_metrics,
    squeeze_method,
    strip_setting,
)
from review.models import Sentence

OWN_NOUN = (
    r"(?:methods?|models?|approach(?:es)?|networks?|frameworks?|algorithms?|architectures?|"
    r"systems?|techniques?|strateg(?:y|ies)|pipelines?|schemes?|modules?|variants?|designs?)"
)
_OWN = re.compile(
    rf"\b(?:(?:our|the proposed|proposed)\s+(?:(?-i:[a-z]+(?:-[a-z]+)*)\s+){{0,2}}?{OWN_NOUN}|"
    r"we|ours)\b",
    re.I,
)
_OWN_LABEL = re.compile(r"\b(?:ours?|proposed|this work|this study)\b", re.I)
MENTIONS = r"(?:§\d+§(?:\s*(?:,\s*and|,|and|&)\s*(?:the\s+)?)?)+"


def is_name(name: str) -> bool:
    """Whether a label can be found in sentences as the name of a method."""
    bare = re.sub(r"\(.*?\)", "", name).strip()
    return (
        1 < len(bare) <= 40
        and bool(re.search(r"[A-Z].*[A-Z\d]|^[A-Z][a-z]{3,}", bare))
        and not re.search(r"\bw/o?\b|[=≤≥<>]", bare)
        and not re.match(r"(?:all|mean|average|total|avg|none|full|model|method)\b", bare, re.I)
        and not find_metrics(bare)
    )


@cache
def build_pattern(name: str) -> re.Pattern[str]:
    """Finds the name of a method in a text: 'SwinNet' in any case, 'Joint' only as printed."""
    bare = strip_setting(name)
    parts = [re.escape(part) for part in re.split(r"[\s\-_]+", bare) if part]
    is_word = re.fullmatch(r"[A-Z]?[a-z]+", bare)
    flags = re.NOFLAG if is_word else re.I
    words = re.sub(r"(\\\([A-Za-z]+\\\))$", r"(?:\1)", r"[\s_-]*".join(parts))
    return re.compile(rf"(?<![\w+-]){words}(?![\w+])(?!-\w)", flags)


def find_own_names(sentences: Sequence[Sentence], names: set[str]) -> frozenset[str]:
    """The names that the paper gives its own methods: 'our SegPrompt', 'we propose SegPrompt', and
    their variants: 'SegPrompt-Deep'."""
    text = " ".join(s.text for s in sentences if s.section != "references")
    stems = {re.split(r"[-\s(]", name)[0] for name in names}
    own = _find_own(text, names | {stem for stem in stems if is_name(stem) and len(stem) > 3})
    return own | {name for name in names if re.split(r"[-\s(]", name)[0] in own}


def _find_own(text: str, names: set[str]) -> frozenset[str]:
    own = set()
    for name in names:
        if _OWN_LABEL.search(name):
            own.add(name)
            continue
        pattern = build_pattern(name)
        words = pattern.pattern if pattern.flags & re.I else f"(?-i:{pattern.pattern})"
        said = re.compile(
            r"\b(?:(?:our|(?:the|our|a) (?:proposed|novel)|proposed)\s+(?:[a-z-]+\s+){0,2}?|"
            r"we (?:therefore |thus |further |also )?"
            r"(?:propose|present|introduce|develop|name|call|term|dub)\w*\s+(?:(?!(?:based|on|upon|over|from|with|to|by|of|than|compared|in|and)\b)"
            r"[\w-]+,?\s+){0,7}?\(?)" + words,
            re.I,
        )
        count = len(said.findall(text))
        if count and not re.search(rf"\b(?:over|than|baseline) (?:our )?{pattern.pattern}", text):
            own.add(name)
    return frozenset(own)


def mark_names(text: str, names: set[str]) -> tuple[str, list[str]]:
    """The text with the names of methods replaced by numbers, and these names; '' is our own."""
    found: list[str] = []

    def mark(name: str, _: re.Match[str]) -> str:
        found.append(name)
        return f"§{len(found) - 1}§"

    for name in sorted(names, key=len, reverse=True):
        text = build_pattern(name).sub(partial(mark, name), text)
    text = re.sub(
        r"\b(?:(?:our|the|proposed)\s+){1,2}(?:[a-z]+\s+)?(?=§\d+§)", "", text, flags=re.I
    )
    text = re.sub(r"\b(?:both|all|two|three)?\s*variants of (?=§)", " ", text, flags=re.I)
    return _OWN.sub(partial(mark, ""), text), found


# ---- limits ----

_LIMIT = r"\b(?:on|for|in|at|under|within|when|during|among|across|over|from)"
LIMITS = re.compile(rf"{_LIMIT}\s+(?P<words>[^,;.:§]+?)(?=\s+{_LIMIT}\s|[,;.:§]|$)", re.I)
_NO_SCOPE = re.compile(
    r"^(?:addition|particular|contrast|example|instance|summary|fact|comparison|conclusion|turn|"
    r"terms|our|this|these|all|both|each|every|any|the (?:other|experiments?|results?|tables?|"
    r"same)|performance|general|(?:an? )?(?:large|wide|considerable|significant) margin)\b|"
    r"\b(?:data ?sets?|metrics?|tasks?|experiments?|settings?|scenarios?|measures?|methods?|"
    r"models?|benchmarks?|categor(?:y|ies)|forward pass|inference|testing|"
    r"tested|evaluated|compar(?:ed|ing)|experimental|evaluation|table)\b",
    re.I,
)


def has_scope(limits: Sequence[str], one: MethodComparison) -> bool:
    """Whether the table is about all that a claim limits itself to: data sets, organs, settings."""
    heads = (*one.groups, *(m.head for m in one.measures))
    known = {_stem(word) for head in heads for word in _WORD.findall(head)}
    squeezed = squeeze_method(" ".join((one.caption, *one.names, *heads)))
    for phrase in limits:
        words = _WORD.findall(phrase)
        names = [word for word in words if re.search(r"[A-Z\d]", word) and not find_metrics(word)]
        if not all(squeeze_method(name) in squeezed for name in names):
            return False
        is_known = any(_stem(word) in known for word in words)
        if words and not is_known and not find_metrics(phrase) and not _NO_SCOPE.search(phrase):
            return False
    return True


_WORD = re.compile(r"[A-Za-z][\w-]{2,}|[A-Z][A-Z\d]")


def _stem(word: str) -> str:
    return squeeze_method(word)[:5]


def is_named(head: str, text: str) -> bool:
    """Whether a text has a word of a head that is no metric: a data set, an organ."""
    words = [
        word
        for word in re.findall(r"[A-Za-z][\w-]{2,}|[A-Z][A-Z\d]", head)
        if not find_metrics(word) and not re.match(r"(?:mean|avg|average|score)s?$", word, re.I)
    ]
    return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.I) for word in words)


def find_rows(name: str, one: MethodComparison, own: frozenset[str]) -> list[int]:
    """The rows of a method of a comparison; of the paper's own methods if the name is ''."""
    if name:
        wanted = squeeze_method(name)
        return [row for row, other in enumerate(one.names) if squeeze_method(other) == wanted]
    return [row for row, other in enumerate(one.names) if other in own]
