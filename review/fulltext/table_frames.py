"""The frames of tables: lines ruled across the page, one above the other and equally long."""

from collections.abc import Sequence
from dataclasses import dataclass

from review.fulltext.table_lines import group_lines
from review.models import Page, Word

Box = tuple[float, float, float, float]
_JOIN = 1.6
"""Points between two strokes that make one line."""
_SAME_END = 4.0
"""Points by which the ends of two lines of one frame may differ."""
_MIN_WIDTH = 40.0
_MAX_LINES = 1_500
"""Lines across or down a page from which they are a drawing; ruled tables have a hundred."""
_UNDERLINE_GAP, _UNDERLINE_END = 3.0, 1.5
"""Points between words and the line under them: below, and at each end."""
_TEXT_SHARE = 0.75
_MIN_TEXT_LINES = 3
"""Lines of running text, each over that share of the width, that no table has."""
_MIN_COLUMN_LINES, _MIN_TEXT_WORDS, _WORD_SHARE = 8, 6, 0.6
"""Justified lines in each half of a page in two columns, their words and the share without
digits."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The place of a table whose top and bottom are ruled, with all lines drawn in it."""

    x0: float
    top: float
    x1: float
    bottom: float
    across: tuple[Box, ...]
    """From top to bottom, the first and the last one included."""
    down: tuple[Box, ...]

    @property
    def box(self) -> Box:
        """Its corners: x0, top, x1, bottom."""
        return self.x0, self.top, self.x1, self.bottom

    def contains(self, word: Word) -> bool:
        """Whether the middle of a word is in the frame."""
        x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
        return self.x0 - 4 <= x <= self.x1 + 4 and self.top - 1 <= y <= self.bottom + 1


def find_frames(page: Page, captions: Sequence[Box]) -> list[Frame]:
    """The frames on a page from top to bottom; no frame goes over a caption."""
    across = _join_strokes([box for box in page.ruled_lines if box[2] - box[0] > box[3] - box[1]])
    down = [box for box in page.ruled_lines if box[3] - box[1] > box[2] - box[0]]
    if max(len(across), len(down)) > _MAX_LINES:
        return []
    drawn = [box for box in across if not _is_underline(box, page.words)]
    chains: list[list[Box]] = []
    for line in across:
        if line[2] - line[0] < _MIN_WIDTH:
            continue
        for chain in chains:
            last = chain[-1]
            if abs(last[0] - line[0]) > _SAME_END or abs(last[2] - line[2]) > _SAME_END:
                continue
            is_parted = any(_is_between(box, last, line) for box in captions)
            if not is_parted and not _holds_text(last, line, page.words):
                chain.append(line)
                break
        else:
            chains.append([line])
    frames = []
    for chain in chains:
        kept = _drop_empty_ends(chain, page.words)
        if len(kept) > 1:
            frames.append(_build_frame(kept, drawn, down))
    return sorted(
        (f for f in frames if not any(_is_inside(f, other) for other in frames if other is not f)),
        key=lambda frame: (frame.top, frame.x0),
    )


def _join_strokes(boxes: Sequence[Box]) -> list[Box]:
    """Strokes at one height that touch as one line, from top to bottom; doubles are one."""
    joined: list[Box] = []
    for box in sorted(boxes, key=lambda b: (round(b[1]), b[0])):
        last = joined[-1] if joined else None
        if last and abs(last[1] - box[1]) < _JOIN and box[0] - last[2] < _JOIN:
            joined[-1] = (last[0], min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
        else:
            joined.append(box)
    return sorted(joined, key=lambda b: b[1])


def _is_underline(box: Box, words: Sequence[Word]) -> bool:
    """Whether a line only underlines the words above it, as authors mark the best value."""
    above = [
        w
        for w in words
        if box[0] - 2 <= w.x0 and w.x1 <= box[2] + 2 and -1 < box[1] - w.bottom < _UNDERLINE_GAP
    ]
    return bool(above) and (
        abs(min(w.x0 for w in above) - box[0]) < _UNDERLINE_END
        and abs(max(w.x1 for w in above) - box[2]) < _UNDERLINE_END
    )


def _is_between(box: Box, upper: Box, lower: Box) -> bool:
    middle = (box[1] + box[3]) / 2
    return upper[1] < middle < lower[1] and box[0] < upper[2] and box[2] > upper[0]


def _holds_text(upper: Box, lower: Box, words: Sequence[Word]) -> bool:
    """Whether running text is between two lines, as between a page's head and a table."""
    between = [
        w
        for w in words
        if upper[1] < (w.top + w.bottom) / 2 < lower[1] and upper[0] - 4 <= w.x0 <= upper[2] + 4
    ]
    wide = [
        line
        for line in group_lines(between)
        if line.is_prose
        and len(line.cells) == 1
        and line.cells[0].x1 - line.cells[0].x0 > _TEXT_SHARE * (upper[2] - upper[0])
    ]
    middle = (upper[0] + upper[2]) / 2
    halves = ([w for w in between if w.x1 <= middle], [w for w in between if w.x0 >= middle])
    is_in_columns = all(_count_justified_lines(half) >= _MIN_COLUMN_LINES for half in halves)
    return len(wide) >= _MIN_TEXT_LINES or is_in_columns


def _count_justified_lines(words: Sequence[Word]) -> int:
    """Lines of words that begin and end at the edges of a column, as cells of a table do not."""
    lines = [[word for cell in line.cells for word in cell.words] for line in group_lines(words)]
    left = min((line[0].x0 for line in lines), default=0.0)
    right = max((line[-1].x1 for line in lines), default=0.0)
    return sum(
        len(line) >= _MIN_TEXT_WORDS
        and line[0].x0 - left < _SAME_END
        and right - line[-1].x1 < _SAME_END
        and sum(w.text[:1].isalpha() for w in line) > _WORD_SHARE * len(line)
        for line in lines
    )


def _drop_empty_ends(chain: Sequence[Box], words: Sequence[Word]) -> list[Box]:
    """The lines without those that have no print between them and the next one."""
    kept = list(chain)
    while len(kept) > 1 and not _has_print(kept[0], kept[1], words):
        kept.pop(0)
    while len(kept) > 1 and not _has_print(kept[-2], kept[-1], words):
        kept.pop()
    return kept


def _has_print(upper: Box, lower: Box, words: Sequence[Word]) -> bool:
    return any(
        upper[1] < (w.top + w.bottom) / 2 < lower[1] and w.x1 > upper[0] and w.x0 < upper[2]
        for w in words
    )


def _build_frame(chain: Sequence[Box], across: Sequence[Box], down: Sequence[Box]) -> Frame:
    x0, x1 = min(b[0] for b in chain), max(b[2] for b in chain)
    top, bottom = chain[0][1], chain[-1][1]
    return Frame(
        x0,
        top,
        x1,
        bottom,
        tuple(
            b for b in across if top - 1 <= b[1] <= bottom + 1 and b[0] > x0 - 5 and b[2] < x1 + 5
        ),
        tuple(b for b in down if b[1] > top - 3 and b[3] < bottom + 3 and x0 - 5 < b[0] < x1 + 5),
    )


def _is_inside(frame: Frame, other: Frame) -> bool:
    return (
        other.x0 - 2 <= frame.x0
        and frame.x1 <= other.x1 + 2
        and other.top - 2 <= frame.top
        and frame.bottom <= other.bottom + 2
    )
