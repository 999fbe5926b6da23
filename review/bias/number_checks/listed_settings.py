"""Compares the settings that a sentence lists ('4, 8, 16 and 32 tokens') with those of a table."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.rows import NO_OWN_TEXT, is_row
from review.bias.number_checks.table_cells import NumberGrid
from review.models import Sentence

_NUMBER = r"\d+(?:\.\d+)?"
_LIST = re.compile(
    rf"(?<![\d.,])(?P<list>{_NUMBER}(?:\s*,\s*(?:and\s+|or\s+)?{_NUMBER}|\s+(?:and|or)\s+{_NUMBER}){{3,11}})"
    rf"(?![\d.]*\d|\s?%)"
)
_MIN_SETTINGS = 4


def check_listed_settings(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """A list of rising settings that differs in one from the labels or heads of a table."""
    settings = [(grid, values) for grid in grids for values in _list_settings(grid)]
    if not settings:
        return
    for index, sentence in enumerate(sentences):
        if sentence.section in NO_OWN_TEXT or is_row(sentence.text):
            continue
        for match in _LIST.finditer(sentence.text):
            values = re.findall(_NUMBER, match["list"])
            if not _is_rising(values):
                continue
            found = [(grid, other) for grid, other in settings if len(other) == len(values)]
            if any(_count_equal(values, other) == len(values) for _, other in found):
                continue
            for grid, other in found:
                if _count_equal(values, other) != len(values) - 1:
                    continue
                here, there = next(
                    (a, b) for a, b in zip(values, other, strict=True) if float(a) != float(b)
                )
                page = f" (p. {grid.page})" if grid.page else ""
                yield (
                    index,
                    Contradiction(
                        "a setting",
                        f"{here} here is {there} in {grid.label}{page}, which has the other "
                        f"{len(values) - 1} settings.",
                    ),
                )
                break


def _list_settings(grid: NumberGrid) -> Iterator[list[str]]:
    """The rising numbers of the first column, and of the heads of columns."""
    for texts in ([row[0] for row in grid.texts], [*grid.heads[1:]]):
        values = [match[1] for text in texts if (match := re.fullmatch(rf"\W*({_NUMBER})", text))]
        if len(values) == len([text for text in texts if text]) and _is_rising(values):
            yield values


def _is_rising(values: Sequence[str]) -> bool:
    numbers = [float(value) for value in values]
    pairs = list(pairwise(numbers))
    is_counting = numbers == [numbers[0] + n for n in range(len(numbers))] if numbers else True
    return len(numbers) >= _MIN_SETTINGS and not is_counting and all(a < b for a, b in pairs)


def _count_equal(values: Sequence[str], others: Sequence[str]) -> int:
    return sum(float(a) == float(b) for a, b in zip(values, others, strict=True))
