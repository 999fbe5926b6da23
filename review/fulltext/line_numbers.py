"""Removes the line numbers of a manuscript: numbers that count down a margin of its pages.

A margin is any edge of a column. What a list or a table numbers stays: its numbers share their
margin with other text, skip lines, or fill few pages.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from review.fulltext.lines import PageLines, TextLine, build_line
from review.models import Word

_STEPS = {1: 6, 2: 4, 5: 2, 10: 2}
"""The steps in which lines are numbered; with each, the numbers a page must have at least."""
_MIN_NUMBERS = 6
"""Line numbers in a whole paper."""
_MIN_PAGE_SHARE = 0.4
"""Share of the pages of text that must be numbered."""
_MIN_TEXT_ROWS = 8
"""Rows of print that make a page one of text."""
_ALIGNMENT = 2.0
"""Points by which the numbers of one margin may be out of line."""
_COLUMN_REACH = 160.0
"""Points beside a margin that hold the line numbers."""
_EDGE_SHARE = 0.1
"""Share of the page height at its top and foot where banners may cross a margin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberedMargin:
    """Numbers that count down one margin of a page."""

    words: tuple[Word, ...]
    """From the top down."""
    step: int

    @property
    def x0(self) -> float:
        """Its left edge, in points."""
        return min(word.x0 for word in self.words)

    @property
    def x1(self) -> float:
        """Its right edge, in points."""
        return max(word.x1 for word in self.words)


def strip_line_numbers(pages: Sequence[PageLines]) -> list[PageLines]:
    """The pages without line numbers; as they were unless a good share of the pages has them.

    Where it has, fewer numbers on a page suffice, as on the last page of a manuscript.
    """
    margins_by_page = [_find_margins(page) for page in pages]
    margins = [margin for margins_of_page in margins_by_page for margin in margins_of_page]
    text_page_count = sum(
        1 for page in pages if len(_find_rows(_list_words(page))) >= _MIN_TEXT_ROWS
    )
    numbered_page_count = sum(1 for margins_of_page in margins_by_page if margins_of_page)
    if (
        sum(len(margin.words) for margin in margins) < _MIN_NUMBERS
        or numbered_page_count < _MIN_PAGE_SHARE * text_page_count
    ):
        return list(pages)
    stripped_pages = []
    last_numbers: set[int] = set()
    for page, margins_of_page in zip(pages, margins_by_page, strict=True):
        known = margins_of_page or list(_find_known_margins(page, margins, last_numbers))
        numbers = {id(word) for margin in known for word in margin.words}
        last_numbers = {int(margin.words[-1].text) for margin in known} or last_numbers
        stripped_pages.append(replace(page, lines=tuple(_remove_words(page.lines, numbers))))
    return stripped_pages


def _remove_words(lines: Iterable[TextLine], removed: set[int]) -> Iterator[TextLine]:
    for line in lines:
        words = [word for word in line.words if id(word) not in removed]
        if len(words) == len(line.words):
            yield line
        elif words:
            yield build_line(words, line.size, line.bold, line.angle)


def _list_words(page: PageLines) -> list[Word]:
    return [word for line in page.lines for word in line.words]


def _is_number(word: Word) -> bool:
    return bool(re.fullmatch(r"\d{1,4}", word.text))


def _find_margins(page: PageLines) -> list[NumberedMargin]:
    """The numbered margins of a page, judged by this page alone; no word is in two."""
    words = _list_words(page)
    numbers = [word for word in words if _is_number(word)]
    chains = [
        NumberedMargin(words=tuple(chain), step=step)
        for group in _group_aligned(numbers)
        for step, min_count in _STEPS.items()
        for chain in [_find_chain(group, step)]
        if len(chain) >= min_count
    ]
    margins: list[NumberedMargin] = []
    taken: set[int] = set()
    for margin in sorted(chains, key=lambda chain: -len(chain.words)):
        if taken.isdisjoint(id(word) for word in margin.words) and _is_margin(margin, words, page):
            margins.append(margin)
            taken |= {id(word) for word in margin.words}
    return margins


def _group_aligned(numbers: Sequence[Word]) -> Iterator[list[Word]]:
    """Numbers whose left edges are in line, and those whose right edges are; from the top down."""
    for side in (0, 1):
        edges = sorted(((word.x0, word.x1)[side], index) for index, word in enumerate(numbers))
        group: list[int] = []
        last_edge = 0.0
        for edge, index in [*edges, (float("inf"), -1)]:
            if group and edge - last_edge > _ALIGNMENT:
                yield sorted((numbers[i] for i in group), key=lambda word: word.bottom)
                group = []
            group.append(index)
            last_edge = edge


def _find_chain(words: Sequence[Word], step: int) -> list[Word]:
    """The longest run of numbers, from the top down, that rise by the step; one may be missing."""
    length_by_number: dict[int, int] = {}
    index_by_number: dict[int, int] = {}
    previous: list[int | None] = []
    best: int | None = None
    best_length = 0
    for index, word in enumerate(words):
        number = int(word.text)
        earlier = [n for n in (number - step, number - 2 * step) if n in length_by_number]
        link = max(earlier, key=lambda n: length_by_number[n]) if earlier else None
        previous.append(index_by_number[link] if link is not None else None)
        length = length_by_number[link] + 1 if link is not None else 1
        if length >= length_by_number.get(number, 0) and (step == 1 or number % step == 0):
            length_by_number[number], index_by_number[number] = length, index
            if length > best_length:
                best, best_length = index, length
    chain: list[Word] = []
    while best is not None:
        chain.append(words[best])
        best = previous[best]
    return chain[::-1]


def _find_rows(words: Iterable[Word]) -> list[float]:
    """The heights of the rows of these words, from the top down."""
    rows: list[float] = []
    for word in sorted(words, key=lambda word: word.bottom):
        if not rows or word.bottom - rows[-1] > 0.5 * max(4.0, word.bottom - word.top):
            rows.append(word.bottom)
    return rows


def _is_margin(margin: NumberedMargin, words: Sequence[Word], page: PageLines) -> bool:
    """Whether there is no text in the margin and the numbers count the lines beside it."""
    numbers = {id(word) for word in margin.words}
    others = [word for word in words if id(word) not in numbers]
    edge = _EDGE_SHARE * page.height
    inner = [word for word in others if word.bottom > edge and word.top < page.height - edge]
    intruders = [
        word
        for word in inner
        if word.x0 < margin.x1 and word.x1 > margin.x0 and not _is_number(word)
    ]
    left = [word for word in inner if word.x1 <= margin.x0 and not _is_number(word)]
    right = [word for word in inner if word.x0 >= margin.x1 and not _is_number(word)]
    is_outer = min(len(left), len(right)) < 0.03 * max(1, len(inner))
    allowed_share = 0.0 if is_outer else 0.2
    if len(_find_rows(intruders)) > allowed_share * len(_find_rows(inner)):
        return False
    return any(
        _counts_rows(margin, _find_rows(side))
        for side in (
            [word for word in left if word.x1 > margin.x0 - _COLUMN_REACH],
            [word for word in right if word.x0 < margin.x1 + _COLUMN_REACH],
        )
    )


def _counts_rows(margin: NumberedMargin, rows: Sequence[float]) -> bool:
    """Whether most numbers rise by as much as there are rows between them."""
    fitting_count = 0
    for first, second in pairwise(margin.words):
        rise = int(second.text) - int(first.text)
        half = 0.5 * (first.bottom - first.top)
        count = sum(1 for row in rows if first.bottom + half < row < second.bottom + half)
        fitting_count += abs(count - rise) <= rise // 5
    return fitting_count >= 0.6 * (len(margin.words) - 1)


def _find_known_margins(
    page: PageLines, margins: Sequence[NumberedMargin], last_numbers: set[int]
) -> Iterator[NumberedMargin]:
    """Numbers of a page in margins that other pages have.

    Three in a row suffice, or fewer that go on from the page before or begin the page anew.
    """
    taken: set[int] = set()
    numbers = [word for word in _list_words(page) if _is_number(word)]
    for margin in sorted(margins, key=lambda margin: -len(margin.words)):
        aligned = [
            word
            for word in numbers
            if id(word) not in taken
            and min(abs(word.x0 - margin.x0), abs(word.x1 - margin.x1)) <= _ALIGNMENT
        ]
        chain = _find_chain(sorted(aligned, key=lambda word: word.bottom), margin.step)
        if not chain:
            continue
        first = int(chain[0].text)
        if len(chain) >= 3 or first - margin.step in last_numbers or first == margin.step:
            taken |= {id(word) for word in chain}
            yield NumberedMargin(words=tuple(chain), step=margin.step)
