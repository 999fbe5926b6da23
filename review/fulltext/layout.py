"""Puts the lines of a page in reading order and removes running headers and footers.

The file's own order is kept where it is sound; where it jumps between columns it is rebuilt.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from review.fulltext.lines import PageLines, TextLine, build_line, close_spaced_letters, join_words

_EDGE_SHARE = 0.09
"""Share of the page height reserved for a running head or foot."""
_CAPTION_LABEL = re.compile(r"^(?:Table|Fig(?:ure|\.)?|Algorithm|Box)\s*[A-Z]?\d+\b[.:]?", re.I)
"""Stands at the head of page after page in some journals and is no running head."""
_GUTTER_RANGE = (0.38, 0.62)
"""Possible places of the gutter between two columns, as shares of the width."""
_MAX_CROSSING_SHARE = 0.2
"""Share of lines that may cross a gutter: titles, wide figures and tables."""


def arrange_lines(page: PageLines) -> PageLines:
    """The page with fragments of one line joined, glued columns cut, in reading order."""
    whole_lines = [close_spaced_letters(line) for line in _join_fragments(page.lines)]
    gutter = _find_gutter(whole_lines, page.width)
    if gutter is None:
        ordered_lines = (
            _sort_by_height(whole_lines)
            if _compute_upward_share(whole_lines) > _MAX_UPWARD_SHARE
            else whole_lines
        )
    else:
        halves = [half for line in whole_lines for half in _cut_at_gutter(line, gutter)]
        ordered_lines = (
            _order_two_columns(halves, gutter) if _hops_between_columns(halves, gutter) else halves
        )
    return replace(page, lines=tuple(ordered_lines))


_MAX_UPWARD_SHARE = 0.2


def strip_stamps(page: PageLines) -> PageLines:
    """The page without the stamps that preprint servers print up a margin."""
    return replace(page, lines=tuple(x for x in page.lines if not _is_stamp(x, page.width)))


def _is_stamp(line: TextLine, width: float) -> bool:
    """Whether the line runs up the margin, as the stamp of a preprint server does."""
    is_turned = len(line.text) > 5 and (line.bottom - line.top) > 2.5 * (line.x1 - line.x0)
    return is_turned and (line.x1 < 0.1 * width or line.x0 > 0.9 * width)


def _compute_overlap(first: TextLine, second: TextLine) -> float:
    """How far two lines share one height, 0 to 1 of the lower one's height."""
    shared_height = min(first.bottom, second.bottom) - max(first.top, second.top)
    min_height = min(first.bottom - first.top, second.bottom - second.top)
    return (
        shared_height / min_height
        if min_height > 0
        else float(first.top <= second.top <= first.bottom)
    )


def _join_fragments(lines: Sequence[TextLine]) -> list[TextLine]:
    """Neighbours in the file that are side by side in print, such as superscripts, joined."""
    joined_lines: list[TextLine] = []
    for line in lines:
        last = joined_lines[-1] if joined_lines else None
        gap = line.x0 - last.x1 if last else 0.0
        if (
            last
            and _compute_overlap(last, line) > 0.4
            and -2.0 <= gap <= 0.9 * max(last.size, line.size)
        ):
            words = list(last.words)
            wider = last if last.x1 - last.x0 >= line.x1 - line.x0 else line
            new_words = list(line.words)
            if gap < 0.15 * wider.size and words and _is_trailing_mark(new_words[0].text):
                words[-1] = join_words(words[-1], new_words.pop(0))
            joined_lines[-1] = build_line(words + new_words, wider.size, wider.bold)
        else:
            joined_lines.append(line)
    return joined_lines


def _is_trailing_mark(text: str) -> bool:
    return text[0] in ",.;:)]%" and len(text) > 0


def _find_gutter(lines: Sequence[TextLine], width: float) -> float | None:
    """The x of a gutter between two columns, or None for one column.

    The x in the middle of the page that fewest lines cross with ink; both sides must hold text.
    """
    wide_lines = [line for line in lines if line.x1 - line.x0 > 0.15 * width]
    if len(wide_lines) < 8:
        return None
    best, best_crossing_count = None, len(wide_lines) + 1
    low, high = int(width * _GUTTER_RANGE[0]), int(width * _GUTTER_RANGE[1])
    for x in range(low, high, 2):
        crossing_count = sum(
            1 for line in wide_lines if line.x0 < x - 3 and line.x1 > x + 3 and _has_ink_at(line, x)
        )
        if crossing_count < best_crossing_count or (
            crossing_count == best_crossing_count
            and best is not None
            and abs(x - width / 2) < abs(best - width / 2)
        ):
            best, best_crossing_count = float(x), crossing_count
    if best is None or best_crossing_count > _MAX_CROSSING_SHARE * len(wide_lines):
        return None
    left_count = sum(1 for line in wide_lines if line.x1 <= best + 3)
    right_count = sum(1 for line in wide_lines if line.x0 >= best - 3)
    glued_count = (
        sum(1 for line in wide_lines if line.x0 < best - 3 and line.x1 > best + 3)
        - best_crossing_count
    )
    return best if min(left_count + glued_count, right_count + glued_count) >= 4 else None


def _has_ink_at(line: TextLine, x: float) -> bool:
    """Whether a word, or a space narrower than a gutter, covers x."""
    left_end = max((word.x1 for word in line.words if word.x0 <= x), default=line.x0)
    right_start = min((word.x0 for word in line.words if word.x0 > x), default=line.x1)
    return left_end > x or right_start - left_end < max(8.0, 0.9 * line.size)


def _cut_at_gutter(line: TextLine, gutter: float) -> list[TextLine]:
    """A line glued across the gutter as its two halves; others as they are."""
    if line.x1 <= gutter or line.x0 >= gutter or _has_ink_at(line, gutter):
        return [line]
    halves = (
        [word for word in line.words if word.x0 <= gutter],
        [word for word in line.words if word.x0 > gutter],
    )
    return [build_line(half, line.size, line.bold) for half in halves if half]


def _get_side(line: TextLine, gutter: float) -> str:
    if line.x1 <= gutter + 3:
        return "left"
    return "right" if line.x0 >= gutter - 3 else "both"


def _hops_between_columns(lines: Sequence[TextLine], gutter: float) -> bool:
    """Whether the file hops between columns far more often than a reader does."""
    sides = [side for side in (_get_side(line, gutter) for line in lines) if side != "both"]
    hops = sum(1 for a, b in pairwise(sides) if a != b)
    return hops > max(6, 0.2 * len(sides))


def _compute_upward_share(lines: Sequence[TextLine]) -> float:
    """Share of steps that go up the page, in a one-column page's file order."""
    steps = list(pairwise(lines))
    upward_count = sum(1 for a, b in steps if b.bottom < a.top)
    return upward_count / len(steps) if steps else 0.0


def _sort_by_height(lines: Sequence[TextLine]) -> list[TextLine]:
    return sorted(lines, key=lambda line: (round(line.top), line.x0))


def _order_two_columns(lines: Sequence[TextLine], gutter: float) -> list[TextLine]:
    """Bands between full-width lines; in each band the left column, then the right one."""
    ordered_lines: list[TextLine] = []
    band: list[TextLine] = []
    for line in _sort_by_height(lines):
        if _get_side(line, gutter) == "both":
            ordered_lines += _order_band(band, gutter)
            ordered_lines.append(line)
            band = []
        else:
            band.append(line)
    return ordered_lines + _order_band(band, gutter)


def _order_band(lines: Sequence[TextLine], gutter: float) -> list[TextLine]:
    return [line for side in ("left", "right") for line in lines if _get_side(line, gutter) == side]


def strip_headers_footers(pages: Sequence[PageLines]) -> list[PageLines]:
    """The pages without running heads, running feet and page numbers.

    A line at the edge goes when it recurs, digits apart, on at least two pages and a third of them,
    or when it is only a number. Turned text in the margin has gone before.
    """
    shape_counts: Counter[str] = Counter()
    for page in pages:
        shape_counts.update(
            {_normalize_digits(line.text) for line in page.lines if _is_at_edge(line, page)}
        )
    min_pages = max(2, len(pages) / 3)
    return [
        replace(
            page,
            lines=tuple(
                x for x in page.lines if not _is_header_or_footer(x, page, shape_counts, min_pages)
            ),
        )
        for page in pages
    ]


def _is_at_edge(line: TextLine, page: PageLines) -> bool:
    return line.bottom < _EDGE_SHARE * page.height or line.top > (1 - _EDGE_SHARE) * page.height


def _normalize_digits(text: str) -> str:
    return re.sub(r"\d+|\b[ivxl]+\b", "#", text.casefold()).strip()


def _is_header_or_footer(
    line: TextLine, page: PageLines, shape_counts: Counter[str], min_pages: float
) -> bool:
    if not _is_at_edge(line, page) or _CAPTION_LABEL.match(line.text):
        return False
    shape = _normalize_digits(line.text)
    return (
        bool(re.fullmatch(r"(page )?#( of #|/#| / #)?", shape)) or shape_counts[shape] >= min_pages
    )
