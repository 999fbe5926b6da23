"""Joins lines into running text (broken words made whole) and splits text into sentences."""

import re
from collections.abc import Set


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ABBREVIATIONS = _set(
    """al fig figs eq eqs ref refs sec sect tab e.g i.e eg ie vs cf resp approx no nos vol pp dr
    prof mr mrs ms st inc ltd co corp dept univ jr sr ca etc viz ed eds suppl ph.d m.d b.sc m.sc
    u.s u.k a.m p.m wt max min avg std dev est incl dipl jan feb mar apr jun jul aug sep sept oct
    nov dec"""
)
_ALWAYS_GO_ON = _set("e.g i.e eg ie vs cf approx resp dr prof mr mrs ca fig figs eq eqs")
_END = re.compile(r"[.!?]+[\"'”’)\]]*(?:\s?\[[\d,;\s–-]+\])?(?=\s|$)")
_KEEP_HYPHEN = _set(
    """self non well cross state pre post multi semi high low large small long short two three four
    five one single end open real fine time patient slice image data hand x t"""
)
"""First parts after which a broken word keeps its hyphen when the text shows neither spelling."""


def join_broken(first: str, second: str, solid: Set[str], hyphened: Set[str]) -> str:
    """A word broken over two lines as one: 'devas-' + 'tating' is 'devastating'.

    Args:
        first: ends with a hyphen.
        second: the word that opens the next line.
        solid, hyphened: words of the same document, lower case, that were not broken.
    """
    head = first[:-1]
    bare_head, bare_tail = _bare(head), _bare(second)
    if not second[:1].islower() or not head[-1:].isalpha() or "-" in head:
        return first + second
    if f"{bare_head}-{bare_tail}" in hyphened:
        return first + second
    if bare_head + bare_tail in solid:
        return head + second
    if bare_head in _KEEP_HYPHEN or len(bare_head) == 1 or bare_head.endswith("ly"):
        return first + second
    if min(len(bare_head), len(bare_tail)) >= 4 and {bare_head, bare_tail} <= solid:
        return first + second
    return head + second


def _bare(word: str) -> str:
    return re.sub(r"^\W+|\W+$", "", word).lower()


def vocabulary(words: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """(solid words, hyphened words) of a document in lower case, without words broken at ends."""
    bare = {_bare(word) for word in words if not word.endswith("-")}
    return (
        frozenset(word for word in bare if "-" not in word),
        frozenset(word for word in bare if "-" in word),
    )


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, stop) of each sentence in a paragraph.

    A full stop ends one only before a capital, digit, bracket or bullet, and not after an
    abbreviation, an initial or inside a number.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for found in _END.finditer(text):
        if _ends(text, found.start(), found.end()):
            spans.append((start, found.end()))
            start = found.end()
    spans.append((start, len(text)))
    out = []
    for begin, stop in spans:
        piece = text[begin:stop]
        begin += len(piece) - len(piece.lstrip())
        stop -= len(piece) - len(piece.rstrip())
        if begin < stop:
            out.append((begin, stop))
    return out


def _ends(text: str, mark: int, after: int) -> bool:
    following = text[after:].lstrip()
    if not following:
        return False
    opener = following.lstrip("\"'“‘([•*–- ")[:1]
    if opener and opener.islower():
        return False
    if text[mark] != "." or text[mark : mark + 2] in ("..", ".)"):
        return text[mark : mark + 2] != ".." or opener.isupper()
    before = re.search(r"(\S+)$", text[:mark])
    word = before.group(1).lstrip("([\"'“‘").lower() if before else ""
    if word in _ALWAYS_GO_ON:
        return False
    if re.fullmatch(r"[a-z]", word) and opener.isupper():
        return word not in ("i", "a") and _is_measure(text, mark)
    if word in _ABBREVIATIONS:
        return opener.isupper() and word in ("al", "etc", "co", "no", "max", "min", "std", "dev")
    return True


def _is_measure(text: str, mark: int) -> bool:
    """Whether a lone letter before the full stop is a symbol ('class C. We') and not an initial."""
    before = text[:mark].split()[-3:-1]
    return bool(before) and before[-1][:1].islower() and before[-1] not in ("and", "by", "of")
