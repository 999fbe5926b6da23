"""Puts a page's lines in the order people read them, and takes running heads and feet away.

The file's own order is kept where it is sound; where it jumps between columns it is rebuilt.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from review.fulltext.lines import Line, RawPage, line_of
from review.models import Word

_EDGE = 0.09
"""Share of the page height in which a running head or foot may stand."""
_MIDDLE = (0.38, 0.62)
"""Where the gutter of two columns may stand, as shares of the width."""
_CROSSING = 0.2
"""Share of lines that may cross a gutter: titles, wide figures and tables."""


def arrange(page: RawPage) -> RawPage:
    """The page with fragments of one line joined, glued columns cut, in reading order."""
    joined = _join_fragments([line for line in page.lines if not _is_stamp(line, page.width)])
    gutter = _gutter(joined, page.width)
    if gutter is None:
        ordered = _by_height(joined) if _rises(joined) > _TOLERATED_RISES else joined
    else:
        cut = [piece for line in joined for piece in _cut(line, gutter)]
        ordered = _two_columns(cut, gutter) if _switches(cut, gutter) else cut
    return replace(page, lines=tuple(ordered))


_TOLERATED_RISES = 0.2


def _is_stamp(line: Line, width: float) -> bool:
    """Whether the line runs up the margin, as the stamp of a preprint server does."""
    turned = len(line.text) > 5 and (line.bottom - line.top) > 2.5 * (line.x1 - line.x0)
    return turned and (line.x1 < 0.1 * width or line.x0 > 0.9 * width)


def _overlap(first: Line, second: Line) -> float:
    """How far two lines stand on one height, 0 to 1 of the lower one's height."""
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    least = min(first.bottom - first.top, second.bottom - second.top)
    return shared / least if least > 0 else float(first.top <= second.top <= first.bottom)


def _join_fragments(lines: Sequence[Line]) -> list[Line]:
    """Neighbours in the file that stand side by side in print, such as superscripts, joined."""
    out: list[Line] = []
    for line in lines:
        last = out[-1] if out else None
        gap = line.x0 - last.x1 if last else 0.0
        if last and _overlap(last, line) > 0.4 and -2.0 <= gap <= 0.9 * max(last.size, line.size):
            words = list(last.words)
            bigger = last if last.x1 - last.x0 >= line.x1 - line.x0 else line
            rest = list(line.words)
            if gap < 0.15 * bigger.size and words and _sticks(rest[0].text):
                words[-1] = _glue(words[-1], rest.pop(0))
            out[-1] = line_of(words + rest, bigger.size, bigger.bold)
        else:
            out.append(line)
    return out


def _sticks(text: str) -> bool:
    return text[0] in ",.;:)]%" and len(text) > 0


def _glue(first: Word, second: Word) -> Word:
    return Word(
        first.text + second.text,
        min(first.x0, second.x0),
        min(first.top, second.top),
        max(first.x1, second.x1),
        max(first.bottom, second.bottom),
    )


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    """The x of a gutter between two columns, or None for one column.

    The x in the middle of the page that fewest lines cross with ink; both sides must hold text.
    """
    full = [line for line in lines if line.x1 - line.x0 > 0.15 * width]
    if len(full) < 8:
        return None
    best, best_crossed = None, len(full) + 1
    low, high = int(width * _MIDDLE[0]), int(width * _MIDDLE[1])
    for x in range(low, high, 2):
        crossed = sum(1 for line in full if line.x0 < x - 3 and line.x1 > x + 3 and _inks(line, x))
        if crossed < best_crossed or (
            crossed == best_crossed
            and best is not None
            and abs(x - width / 2) < abs(best - width / 2)
        ):
            best, best_crossed = float(x), crossed
    if best is None or best_crossed > _CROSSING * len(full):
        return None
    left = sum(1 for line in full if line.x1 <= best + 3)
    right = sum(1 for line in full if line.x0 >= best - 3)
    glued = sum(1 for line in full if line.x0 < best - 3 and line.x1 > best + 3) - best_crossed
    return best if min(left + glued, right + glued) >= 4 else None


def _inks(line: Line, x: float) -> bool:
    """Whether a word, or a space narrower than a gutter, lies on x."""
    before = max((word.x1 for word in line.words if word.x0 <= x), default=line.x0)
    after = min((word.x0 for word in line.words if word.x0 > x), default=line.x1)
    return before > x or after - before < max(8.0, 0.9 * line.size)


def _cut(line: Line, gutter: float) -> list[Line]:
    """A line glued across the gutter as its two halves; others as they are."""
    if line.x1 <= gutter or line.x0 >= gutter or _inks(line, gutter):
        return [line]
    halves = (
        [word for word in line.words if word.x0 <= gutter],
        [word for word in line.words if word.x0 > gutter],
    )
    return [line_of(half, line.size, line.bold) for half in halves if half]


def _side(line: Line, gutter: float) -> str:
    if line.x1 <= gutter + 3:
        return "left"
    return "right" if line.x0 >= gutter - 3 else "both"


def _switches(lines: Sequence[Line], gutter: float) -> bool:
    """Whether the file hops between columns far more often than a reader does."""
    sides = [side for side in (_side(line, gutter) for line in lines) if side != "both"]
    hops = sum(1 for a, b in pairwise(sides) if a != b)
    return hops > max(6, 0.2 * len(sides))


def _rises(lines: Sequence[Line]) -> float:
    """Share of steps that go up the page, in a one-column page's file order."""
    steps = list(pairwise(lines))
    up = sum(1 for a, b in steps if b.bottom < a.top)
    return up / len(steps) if steps else 0.0


def _by_height(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (round(line.top), line.x0))


def _two_columns(lines: Sequence[Line], gutter: float) -> list[Line]:
    """Bands between full-width lines; in each band the left column, then the right one."""
    out: list[Line] = []
    band: list[Line] = []
    for line in _by_height(lines):
        if _side(line, gutter) == "both":
            out += _band(band, gutter)
            out.append(line)
            band = []
        else:
            band.append(line)
    return out + _band(band, gutter)


def _band(lines: Sequence[Line], gutter: float) -> list[Line]:
    return [line for side in ("left", "right") for line in lines if _side(line, gutter) == side]


def without_furniture(pages: Sequence[RawPage]) -> list[RawPage]:
    """The pages without running heads, running feet and page numbers.

    A line at the edge goes when it recurs, digits apart, on at least two pages and a third of them,
    or when it is only a number. Turned text in the margin has gone before.
    """
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_shape(line.text) for line in page.lines if _at_edge(line, page)})
    needed = max(2, len(pages) / 3)
    return [
        replace(
            page, lines=tuple(x for x in page.lines if not _is_furniture(x, page, seen, needed))
        )
        for page in pages
    ]


def _at_edge(line: Line, page: RawPage) -> bool:
    return line.bottom < _EDGE * page.height or line.top > (1 - _EDGE) * page.height


def _shape(text: str) -> str:
    return re.sub(r"\d+|\b[ivxl]+\b", "#", text.casefold()).strip()


def _is_furniture(line: Line, page: RawPage, seen: Counter[str], needed: float) -> bool:
    if not _at_edge(line, page):
        return False
    shape = _shape(line.text)
    return bool(re.fullmatch(r"(page )?#( of #|/#| / #)?", shape)) or seen[shape] >= needed
