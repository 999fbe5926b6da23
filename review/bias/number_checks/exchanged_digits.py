"""Finds long numbers of which two digits changed places between two statements of a paper.

Sizes of data sets (people, images) are compared with more care, in repeated_figures.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.rows import is_row
from review.bias.number_checks.table_cells import NumberGrid
from review.models import Sentence

_LEFT_OUT = frozenset({"references", "related work", "introduction", "statements", "keywords"})
_LONG = r"(?<![\d.,])(?P<{0}>\d{{1,3}}(?:,\s?\d{{3}})+|\d{{4,8}})(?![\d.,]*\d)"
_NOUN = (
    r"(?:parameters|weights|voxels|genes|pixels|connections|variables|features|neurons|filters|"
    r"edges|nodes|vertices|points|spectra|words|tokens|sentences|questions|steps|iterations)"
)
_COUNTED = re.compile(
    rf"{_LONG.format('n')}\s+(?:[a-z][\w-]*\s+){{0,3}}?(?P<after>{_NOUN})\b|"
    rf"\b(?P<before>{_NOUN})\s*(?:is|are|was|were|of|:|=|\()\s*(?:about\s+)?{_LONG.format('m')}",
    re.I,
)


def check_exchanged_digits(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """'158,760 parameters' once, and 157,860 parameters in another sentence or in a table."""
    texts = [
        (n, s.text)
        for n, s in enumerate(sentences)
        if s.section not in _LEFT_OUT and not is_row(s.text)
    ]
    rows = [(grid.places[n], " ".join(row)) for grid in grids for n, row in enumerate(grid.texts)]
    counts = [
        (index, int(re.sub(r"\D", "", match["n"] or match["m"])), _stem(match))
        for index, text in (*texts, *rows)
        for match in _COUNTED.finditer(text)
    ]
    own = {index for index, _ in texts}
    often = Counter(
        number
        for s in (*(s.text for s in sentences), *(row for _, row in rows))
        for number in {
            int(re.sub(r"\D", "", text)) for text in re.findall(r"\d{1,3}(?:,\s?\d{3})+|\d+", s)
        }
    )
    reported: set[int] = set()
    for (index, number, noun), (other, usual, kind) in combinations(counts, 2):
        for at, rare, place, known in (
            (index, number, other, usual),
            (other, usual, index, number),
        ):
            is_rare = often[rare] == 1 and at in own and rare not in reported
            if noun == kind and is_rare and at != place and _is_exchanged(rare, known):
                reported |= {rare, known}
                text = (
                    f"{rare:,} {noun}s here, {known:,} in the {_format_place(sentences[place])}: "
                    "two digits changed places."
                )
                yield at, Contradiction("n", text)


def _format_place(sentence: Sentence) -> str:
    section = sentence.section or "text"
    return f"{section} (p. {sentence.page})" if sentence.page else section


def _stem(match: re.Match[str]) -> str:
    return (match["after"] or match["before"]).lower().rstrip("s")


def _is_exchanged(first: int, second: int) -> bool:
    """Whether two neighbouring digits of two numbers changed places."""
    a, b = str(first), str(second)
    differ = [n for n, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]]
    if len(a) != len(b) or len(differ) != 2 or differ[1] - differ[0] != 1:
        return False
    return a[differ[0]] == b[differ[1]] and a[differ[1]] == b[differ[0]]
