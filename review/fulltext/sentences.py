"""Joins lines into running text, with hyphenated words joined, and splits it into sentences."""

import re
from collections.abc import Set


def _split_words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ABBREVIATIONS = _split_words(
    """al fig figs eq eqs ref refs sec sect tab e.g i.e eg ie vs cf resp approx no nos vol pp dr
    prof mr mrs ms st inc ltd co corp dept univ jr sr ca etc viz ed eds suppl ph.d m.d b.sc m.sc
    u.s u.k a.m p.m wt max min avg std dev est incl dipl jan feb mar apr jun jul aug sep sept oct
    nov dec"""
)
_NEVER_AT_SENTENCE_END = _split_words(
    "e.g i.e eg ie vs cf approx resp dr prof mr mrs ca fig figs eq eqs"
)
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*(?:\s?\[[\d,;\s–-]+\])?(?=\s|$)")
_HYPHENATING_PREFIXES = _split_words(
    """self non well cross state pre post multi semi high low large small long short two three four
    five one single end open real fine time patient slice image data hand x t"""
)
"""First parts after which a broken word keeps its hyphen when the text shows neither spelling."""


def join_broken_word(
    first: str, second: str, solid_words: Set[str], hyphenated_words: Set[str]
) -> str:
    """A word broken over two lines as one: 'devas-' + 'tating' is 'devastating'.

    Args:
        first: ends with a hyphen.
        second: the word that opens the next line.
        solid, hyphened: words of the same document, lower case, that were not broken.
    """
    head = first[:-1]
    bare_head, bare_tail = _strip_marks(head), _strip_marks(second)
    if not second[:1].islower() or not head[-1:].isalpha() or "-" in head:
        return first + second
    if f"{bare_head}-{bare_tail}" in hyphenated_words:
        return first + second
    if bare_head + bare_tail in solid_words:
        return head + second
    if bare_head in _HYPHENATING_PREFIXES or len(bare_head) == 1 or bare_head.endswith("ly"):
        return first + second
    if min(len(bare_head), len(bare_tail)) >= 4 and {bare_head, bare_tail} <= solid_words:
        return first + second
    return head + second


def _strip_marks(word: str) -> str:
    return re.sub(r"^\W+|\W+$", "", word).lower()


def build_vocabulary(words: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """(solid words, hyphened words) of a document in lower case, without words broken at ends."""
    plain_words = {_strip_marks(word) for word in words if not word.endswith("-")}
    return (
        frozenset(word for word in plain_words if "-" not in word),
        frozenset(word for word in plain_words if "-" in word),
    )


def find_sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, stop) of each sentence in a paragraph.

    A full stop ends one only before a capital, digit, bracket or bullet, and not after an
    abbreviation, an initial or inside a number.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ends_sentence(text, match.start(), match.end()):
            spans.append((start, match.end()))
            start = match.end()
    spans.append((start, len(text)))
    trimmed_spans = []
    for begin, stop in spans:
        piece = text[begin:stop]
        begin += len(piece) - len(piece.lstrip())
        stop -= len(piece) - len(piece.rstrip())
        if begin < stop:
            trimmed_spans.append((begin, stop))
    return trimmed_spans


def _ends_sentence(text: str, mark_index: int, next_index: int) -> bool:
    following = text[next_index:].lstrip()
    if not following:
        return False
    opener = following.lstrip("\"'“‘([•*–- ")[:1]
    if opener and opener.islower():
        return False
    if text[mark_index] != "." or text[mark_index : mark_index + 2] in ("..", ".)"):
        return text[mark_index : mark_index + 2] != ".." or opener.isupper()
    last_token = re.search(r"(\S+)$", text[:mark_index])
    word = last_token.group(1).lstrip("([\"'“‘").lower() if last_token else ""
    if word in _NEVER_AT_SENTENCE_END:
        return False
    if re.fullmatch(r"[a-z]", word) and opener.isupper():
        return word not in ("i", "a") and _is_symbol(text, mark_index)
    if word in _ABBREVIATIONS:
        return opener.isupper() and word in ("al", "etc", "co", "no", "max", "min", "std", "dev")
    return True


def _is_symbol(text: str, mark_index: int) -> bool:
    """Whether a lone letter before the full stop is a symbol ('class C. We') and not an initial."""
    preceding_words = text[:mark_index].split()[-3:-1]
    return (
        bool(preceding_words)
        and preceding_words[-1][:1].islower()
        and preceding_words[-1] not in ("and", "by", "of")
    )
