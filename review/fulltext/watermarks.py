"""Removes watermarks: print at a slant, large print across the text, and lines on every page."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from review.fulltext.lines import PageLines, TextLine

_MIN_SLANT = 3.0
"""Degrees off the horizontal and the vertical from which print runs at a slant."""
_LARGE = 1.3
"""Share of the body's font size from which slanted or repeated print is no body text."""
_CROSSING = 1.8
"""Share of the body's font size from which print that crosses lines of text is a watermark."""
_MIN_LENGTH_SHARE = 0.25
"""Share of the page width that a slanted line must pass; the heads of a table's columns do not."""
_MIN_PAGE_SHARE = 0.6
"""Share of the pages (at least three) on which a line in one place is no part of the text."""
_PLACE_TOLERANCE = 6.0
"""Points within which two lines count as one place."""

Place = tuple[str, int, int]


def strip_watermarks(pages: Sequence[PageLines], body_size: float) -> list[PageLines]:
    """The pages without watermarks. Call it when line numbers are gone."""
    texts = Counter(_normalize(line) for page in pages for line in page.lines if _is_slanted(line))
    page_counts = Counter(
        place for page in pages for place in {_get_place(line) for line in page.lines}
    )
    return [
        replace(
            page,
            lines=tuple(
                line
                for line in page.lines
                if not (_is_slanted(line) and _is_slanted_mark(line, page, body_size, texts))
                and not _crosses_text(line, page, body_size)
                and not _recurs(line, page_counts, len(pages), body_size)
            ),
        )
        for page in pages
    ]


def _normalize(line: TextLine) -> str:
    return re.sub(r"\d+", "#", line.text.casefold())


def _get_place(line: TextLine) -> Place:
    return (
        _normalize(line),
        round(line.x0 / _PLACE_TOLERANCE),
        round(line.bottom / _PLACE_TOLERANCE),
    )


def _is_slanted(line: TextLine) -> bool:
    off = line.angle % 90
    return min(off, 90 - off) > _MIN_SLANT


def _is_slanted_mark(
    line: TextLine, page: PageLines, body_size: float, texts: Counter[str]
) -> bool:
    length = max(line.x1 - line.x0, line.bottom - line.top)
    return (
        line.size >= _LARGE * body_size
        or length >= _MIN_LENGTH_SHARE * page.width
        or (texts[_normalize(line)] >= 3 and len(line.text) > 3)
    )


def _crosses_text(line: TextLine, page: PageLines, body_size: float) -> bool:
    """Whether the large line is printed over two lines of text or more."""
    if line.size < _CROSSING * body_size:
        return False
    crossed_count = sum(
        1
        for other in page.lines
        if other.size < line.size / 1.5
        and min(line.bottom, other.bottom) - max(line.top, other.top) > 0.3 * other.size
        and min(line.x1, other.x1) - max(line.x0, other.x0) > 2 * other.size
    )
    return crossed_count >= 2


def _recurs(line: TextLine, page_counts: Counter[Place], page_count: int, body_size: float) -> bool:
    count = page_counts[_get_place(line)]
    if len(re.findall(r"[^\W\d_]", line.text)) < 4:
        return False
    if line.size >= _LARGE * body_size:
        return count >= 2 and count >= page_count / 2
    return count >= max(3, _MIN_PAGE_SHARE * page_count)
