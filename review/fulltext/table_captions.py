"""Finds the captions of tables on a page, and turns rotated pages upright."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from review.models import Page, Word

Box = tuple[float, float, float, float]
CAPTION = re.compile(r"^(?:Supplementary |Extended Data )?Table\s+([A-Z]?\d+|[IVX]+)\b[.:]?", re.I)
_LABEL = re.compile(r"^(?:supplementary|extended|data|table|tab\.?)$", re.I)
_MAX_CAPTION_LINES = 12
_MAX_INDENT = 60.0
"""Points by which a further line of a caption may be indented."""
_TITLE_GAP = 1.6
"""Times the height of the print between 'Table 2' on a line of its own and its title."""
_OFF_CENTRE = 30.0
"""Twice the points by which the middle of a title may be beside that of its label."""
_COLUMN_WORDS = 5
_JUSTIFIED_WORDS = 8
_LABEL_GAP = 1.6
"""Times the height of the print from which white before 'Table' parts two columns of print."""

_SIDE_WIDTH, _SIDE_INDENT = 0.3, 3.0
"""Of a caption left of its table: share of the page's width, and points between its lines' ends."""
_SIDE_HEIGHT, _SIDE_FREE = 12.0, 60.0
"""Points from its top to the line ruled over the table, and to any line ruled under it."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption of a table."""

    label: str
    text: str
    box: Box


def turn_upright(page: Page) -> Page:
    """The page as it reads: if most words run up or down the page, it is turned by a quarter."""
    long_words = [word for word in page.words if len(word.text) > 3]
    tall = [word for word in long_words if word.bottom - word.top > 1.5 * (word.x1 - word.x0)]
    if len(tall) <= len(long_words) / 2:
        return page
    steps = Counter(
        b.top < a.top for a, b in pairwise(tall) if abs(a.x0 - b.x0) < 2 and a.top != b.top
    )
    reads_upwards = steps[True] >= steps[False]

    def turn(x0: float, top: float, x1: float, bottom: float) -> Box:
        if reads_upwards:
            return page.height - bottom, x0, page.height - top, x1
        return top, page.width - x1, bottom, page.width - x0

    return replace(
        page,
        words=tuple(Word(w.text, *turn(w.x0, w.top, w.x1, w.bottom)) for w in page.words),
        ruled_lines=tuple(turn(*box) for box in page.ruled_lines),
        width=page.height,
        height=page.width,
    )


def find_captions(page: Page) -> Iterator[Caption]:
    """Each caption of a table on the page."""
    lines = group_printed_lines(page.words)
    for index, line in enumerate(lines):
        text = " ".join(word.text for word in line)
        match = CAPTION.match(text)
        if not match or not _opens_caption(text[match.end() :], match.group()):
            continue
        if index and _is_amid_text(lines[index - 1], line):
            continue
        end = next((a for a, b in pairwise(line) if _is_far(a, b)), line[-1])
        rule = find_side_rule(page, (line[0].x0, line[0].top, end.x1, line[0].bottom))
        caption = (
            _take_caption(lines, index, match.end() >= len(text.rstrip()), page.width)
            if rule is None
            else _take_side_caption(lines, index, rule[0])
        )
        words = [word for part in caption for word in part]
        yield Caption(
            f"Table {match[1]}",
            " ".join(word.text for word in words),
            (
                min(w.x0 for w in words),
                min(w.top for w in words),
                max(w.x1 for w in words),
                max(w.bottom for w in words),
            ),
        )


def _take_caption(
    lines: Sequence[Sequence[Word]], index: int, is_label: bool, page_width: float
) -> list[Sequence[Word]]:
    """The lines of a caption; a first line that is only a label has its title below."""
    caption = [lines[index]]
    for n in range(1, _MAX_CAPTION_LINES):
        last = caption[-1]
        is_only_label = is_label and n == 1
        following = lines[index + n] if index + n < len(lines) else None
        if following is None or not _is_next_line(last, following, is_only_label):
            nearest = [line for line in lines if _is_next_line(last, line, is_only_label)]
            following = min(nearest, key=lambda line: line[0].top, default=None)
        is_full = last[-1].x1 > caption[0][0].x0 + 0.3 * page_width or len(last) > 4
        if following is None or _has_wide_gap(following) or not (is_full or is_only_label):
            break
        if not is_only_label and last[-1].text.endswith(".") and not _continues(following):
            break
        caption.append(following)
    return caption


def find_side_rule(page: Page, caption: Box) -> Box | None:
    """The line ruled over a table that is right of its narrow caption."""
    x0, top, x1, _ = caption
    if x1 - x0 > _SIDE_WIDTH * page.width:
        return None
    across = [box for box in page.ruled_lines if box[2] - box[0] > box[3] - box[1]]
    if any(box[0] < x1 and box[2] > x0 and 0 < box[1] - top < _SIDE_FREE for box in across):
        return None
    level = [
        box
        for box in across
        if x1 < box[0] < x1 + _SIDE_WIDTH * page.width and abs(box[1] - top) < _SIDE_HEIGHT
    ]
    return min(level, default=None)


def _take_side_caption(
    lines: Sequence[Sequence[Word]], index: int, edge: float
) -> list[Sequence[Word]]:
    """The lines of a caption left of its table, each right below the one before."""
    parts = [[word for word in line if word.x1 < edge] for line in lines]
    caption: list[Sequence[Word]] = [parts[index]]
    while len(caption) < _MAX_CAPTION_LINES:
        last = caption[-1]
        below = [
            part
            for part in parts
            if part
            and _is_next_line(last, part, False)
            and abs(part[0].x0 - last[0].x0) < _SIDE_INDENT
        ]
        if not below:
            break
        caption.append(min(below, key=lambda part: part[0].top))
    return caption


def _is_next_line(last: Sequence[Word], line: Sequence[Word], is_label: bool) -> bool:
    """Whether a line is right below the last one of a caption."""
    height = max(w.bottom - w.top for w in last)
    gap = min(w.top for w in line) - max(w.bottom for w in last)
    is_near = -0.4 * height <= gap < (_TITLE_GAP if is_label else 0.9) * height
    is_centred = is_label and abs(line[0].x0 + line[-1].x1 - last[0].x0 - last[-1].x1) < _OFF_CENTRE
    is_under = is_centred or abs(line[0].x0 - last[0].x0) < _MAX_INDENT
    return is_near and is_under and line is not last


def _is_amid_text(before: Sequence[Word], line: Sequence[Word]) -> bool:
    """Whether a line goes on with a sentence of the line above: 'as shown in / Table 5. These'."""
    height = max(w.bottom - w.top for w in line)
    gap = min(w.top for w in line) - max(w.bottom for w in before)
    is_next = -0.5 * height < gap < 0.9 * height and abs(before[0].x0 - line[0].x0) < _MAX_INDENT
    is_text = len(before) >= _COLUMN_WORDS and not _has_wide_gap(before)
    return is_next and is_text and not re.search(r"[.:!?)\d%]$", before[-1].text)


def _opens_caption(rest: str, label: str) -> bool:
    """Whether the words after 'Table 2' are a caption and no sentence about the table."""
    if label[-1] in ".:" or not rest.strip():
        return True
    first = rest.split()[0]
    return first[:1].isupper() or first in "|–—-"


def _continues(line: Sequence[Word]) -> bool:
    """Whether a line below a full stop is more of the caption: words, and few numbers."""
    words = sum(bool(re.search(r"[A-Za-z]{2}", word.text)) for word in line)
    return words > 3 and words > 0.7 * len(line)


def group_printed_lines(words: Sequence[Word]) -> list[list[Word]]:
    """Words in reading order, as the lines that the reader made of them."""
    lines: list[list[Word]] = []
    for word in words:
        last = lines[-1][-1] if lines else None
        if (
            last
            and not (_LABEL.match(word.text) and _is_far(last, word))
            and word.x0 >= last.x1 - 2
            and min(word.bottom, last.bottom) - max(word.top, last.top)
            > 0.4 * min(word.bottom - word.top, last.bottom - last.top)
        ):
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _is_far(before: Word, word: Word) -> bool:
    return word.x0 - before.x1 > _LABEL_GAP * (before.bottom - before.top)


def _has_wide_gap(line: Sequence[Word]) -> bool:
    """Whether a line has the gaps of a row of cells; justified text may have one."""
    height = median(word.bottom - word.top for word in line)
    gaps = sum(b.x0 - a.x1 > 1.5 * height for a, b in pairwise(line))
    return gaps > (1 if len(line) >= _JUSTIFIED_WORDS and _continues(line) else 0)
