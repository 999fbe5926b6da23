"""Finds a quotation in a full text again, whatever line breaks and hyphens stand in it."""

import re
import unicodedata
from collections.abc import Sequence

from review.fulltext.models import FullText
from review.models import Word

Box = tuple[float, float, float, float]

_ENDS = 30
"""Letters at either end by which a quotation is found when something stands in its middle."""
_FEWEST = 8
"""Letters under which a quotation would be found everywhere."""


def find_quote(text: FullText, quote: str) -> list[tuple[int, tuple[Box, ...]]]:
    """(page, boxes one a line) of the first place where the quotation stands; [] if nowhere.

    Only letters and figures are compared, so hyphens, breaks, spaces and typographic signs never
    matter. A figure or footnote between its lines is tolerated: then only its own words count.
    """
    wanted = _letters(quote)
    if len(wanted) < _FEWEST:
        return []
    stream, owners = _stream(text)
    start = stream.find(wanted)
    if start >= 0:
        return _places(owners[start : start + len(wanted)])
    first = stream.find(wanted[:_ENDS])
    last = stream.find(wanted[-_ENDS:], max(first, 0))
    if len(wanted) < 2 * _ENDS or first < 0 or last < 0:
        return []
    head = _common(stream, first, wanted)
    tail = _common_back(stream, last + _ENDS, wanted)
    if head + tail < 0.9 * len(wanted):
        return []
    return _places(owners[first : first + head] + owners[last + _ENDS - tail : last + _ENDS])


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]+", "", folded)


def _stream(text: FullText) -> tuple[str, list[tuple[int, Word]]]:
    """All letters of the paper in reading order, and the page and word of each."""
    letters: list[str] = []
    owners: list[tuple[int, Word]] = []
    for page in text.pages:
        for word in page.words:
            bare = _letters(word.text)
            letters.append(bare)
            owners += [(page.number, word)] * len(bare)
    return "".join(letters), owners


def _common(stream: str, start: int, wanted: str) -> int:
    count = 0
    while count < len(wanted) and start + count < len(stream):
        if stream[start + count] != wanted[count]:
            break
        count += 1
    return count


def _common_back(stream: str, stop: int, wanted: str) -> int:
    count = 0
    while count < len(wanted) and stop - count > 0:
        if stream[stop - count - 1] != wanted[-count - 1]:
            break
        count += 1
    return count


def _places(owners: Sequence[tuple[int, Word]]) -> list[tuple[int, tuple[Box, ...]]]:
    pages: dict[int, list[Word]] = {}
    for page, word in owners:
        words = pages.setdefault(page, [])
        if not words or words[-1] is not word:
            words.append(word)
    return [(page, line_boxes(words)) for page, words in pages.items()]


def line_boxes(words: Sequence[Word]) -> tuple[Box, ...]:
    """One box around each run of words that stand on one line."""
    boxes: list[list[float]] = []
    previous: Word | None = None
    for word in words:
        middle = (word.top + word.bottom) / 2
        same = (
            previous is not None
            and word.x0 >= previous.x0
            and boxes[-1][1] - 1 <= middle <= boxes[-1][3] + 1
        )
        if same:
            box = boxes[-1]
            box[1], box[2], box[3] = (
                min(box[1], word.top),
                max(box[2], word.x1),
                max(box[3], word.bottom),
            )
        else:
            boxes.append([word.x0, word.top, word.x1, word.bottom])
        previous = word
    return tuple((box[0], box[1], box[2], box[3]) for box in boxes)
