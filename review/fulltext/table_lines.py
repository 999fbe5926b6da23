"""The printed lines of a table: words joined to cells, and cells placed in columns."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from review.models import Word

Box = tuple[float, float, float, float]
_NUMBER = re.compile(r"^[<>≤≥~≈±+(\[−-]*\d[\d.,·±–/:-]*[%)\]*†‡§,;°◦a-e]*$")
_CELL_GAP = 0.75
"""Times the height of the print from which a gap parts two cells."""
_APART = 2.0
"""Points between a cell and all columns from which it is in one of its own."""
_CLOSE_GAP = 1.2
_SPREAD_GAP = 2.5
"""The same around a ±, which authors set in a column of its own."""
_PROSE_WORDS = 9
_MARK_GAP = 1.5
"""Points between a word and a mark raised or lowered after it."""
_SMALL = 0.5
"""Share of the usual height under which a word (a dash, a raised mark) makes no line."""


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """Neighbouring words on one line."""

    words: tuple[Word, ...]
    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One printed line of a table's region, its words joined to cells."""

    cells: tuple[PrintedCell, ...]
    top: float
    bottom: float
    is_prose: bool

    @property
    def text(self) -> str:
        """The words of the line."""
        return " ".join(self.list_texts())

    @property
    def middle(self) -> float:
        """Height of its centre on the page, in points."""
        return (self.top + self.bottom) / 2

    def list_texts(self) -> list[str]:
        """The text of each cell."""
        return [cell.text for cell in self.cells]


def is_number(text: str) -> bool:
    """Whether a cell holds a number and no words."""
    words = text.split()
    return bool(words and _NUMBER.match(words[0])) and not re.search(r"[A-Za-z]{3}", text)


def group_lines(words: Sequence[Word], verticals: Sequence[Box] = ()) -> list[PrintedLine]:
    """Words grouped by height on the page, from top to bottom.

    Raised and lowered marks belong to the line of the word they follow; words that run up the
    page (narrow heads) are one line.

    Args:
        verticals: lines drawn down the page, which part cells however near they are.
    """
    turned = [word for word in words if _is_turned(word)]
    level = [word for word in words if not _is_turned(word)]
    rows = _group_by_height(level) if level else []
    usual = median(word.bottom - word.top for word in level) if level else 0.0
    lines = [_join_words(sorted(row, key=lambda w: w.x0), verticals, usual) for row in rows]
    lines += [_join_turned(group) for group in _group_overlapping(turned)]
    return sorted(lines, key=lambda line: line.middle)


def _is_turned(word: Word) -> bool:
    return len(word.text) > 2 and word.bottom - word.top > 1.5 * (word.x1 - word.x0)


def _group_by_height(words: Sequence[Word]) -> list[list[Word]]:
    usual = median(word.bottom - word.top for word in words)
    tall = [word for word in words if word.bottom - word.top >= _SMALL * usual] or list(words)
    rows: list[list[Word]] = []
    for word in sorted(tall, key=lambda w: ((w.top + w.bottom) / 2, w.x0)):
        middle = (word.top + word.bottom) / 2
        if rows:
            height = median(w.bottom - w.top for w in rows[-1])
            centre = median((w.top + w.bottom) / 2 for w in rows[-1])
            if middle - centre < 0.45 * max(height, 4):
                rows[-1].append(word)
                continue
        rows.append([word])
    for word in words:
        if word.bottom - word.top < _SMALL * usual and len(tall) < len(words):
            middle = (word.top + word.bottom) / 2
            min(rows, key=lambda row: _compute_distance(row, middle)).append(word)
    return _attach_marks(rows, usual)


def _attach_marks(rows: Sequence[list[Word]], usual: float) -> list[list[Word]]:
    """The rows with lines of small print moved to the line whose words they touch."""
    for row in rows:
        if any(word.bottom - word.top > 0.9 * usual for word in row):
            continue
        for word in list(row):
            host = next(
                (other for other in rows if other is not row and _touches(word, other)), None
            )
            if host is not None:
                host.append(word)
                row.remove(word)
    return [row for row in rows if row]


def _touches(mark: Word, row: Sequence[Word]) -> bool:
    return any(
        -2.0 <= mark.x0 - word.x1 <= _MARK_GAP
        and min(mark.bottom, word.bottom) > max(mark.top, word.top) - 0.5
        and word.bottom - word.top > mark.bottom - mark.top
        for word in row
    )


def _compute_distance(row: Sequence[Word], middle: float) -> float:
    top, bottom = min(w.top for w in row), max(w.bottom for w in row)
    return max(top - middle, middle - bottom, 0.0) + 0.01 * abs((top + bottom) / 2 - middle)


def _join_words(row: Sequence[Word], verticals: Sequence[Box], usual: float) -> PrintedLine:
    height = max(median(word.bottom - word.top for word in row), usual, 4.0)
    middle = median((word.top + word.bottom) / 2 for word in row)
    groups = [[row[0]]]
    for before, word in pairwise(row):
        is_spread = word.text.startswith("±") or before.text.endswith("±")
        is_parted = any(
            before.x1 - 1 <= x0 and x1 <= word.x0 + 1 and top - 1 <= middle <= bottom + 1
            for x0, top, x1, bottom in verticals
        )
        if is_parted or word.x0 - before.x1 > (_SPREAD_GAP if is_spread else _CELL_GAP) * height:
            groups.append([word])
        else:
            groups[-1].append(word)
    return build_line([build_cell(group) for group in groups])


def _group_overlapping(words: Sequence[Word]) -> list[list[Word]]:
    """Words that run up the page, grouped by the heights they share."""
    groups: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.top):
        if groups and word.top < max(w.bottom for w in groups[-1]):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _join_turned(words: Sequence[Word]) -> PrintedLine:
    """Words that run up the page, those one above the other as one cell."""
    groups: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.x0):
        if groups and word.x0 < groups[-1][-1].x1 - 0.5:
            groups[-1].append(word)
        else:
            groups.append([word])
    return build_line([build_cell(sorted(group, key=lambda w: -w.bottom)) for group in groups])


def build_cell(words: Sequence[Word]) -> PrintedCell:
    """The cell of these words (at least one)."""
    return PrintedCell(
        tuple(words),
        " ".join(w.text for w in words),
        min(w.x0 for w in words),
        max(w.x1 for w in words),
    )


def build_line(cells: Sequence[PrintedCell]) -> PrintedLine:
    """The line of these cells (at least one)."""
    words = [word for cell in cells for word in cell.words]
    longest = max(len(cell.words) for cell in cells)
    letters = sum(bool(re.search(r"[A-Za-z]{2}", w.text)) for w in words)
    is_prose = (
        longest >= _PROSE_WORDS or (len(cells) < 3 and len(words) >= _PROSE_WORDS)
    ) and letters > 0.6 * len(words)
    return PrintedLine(
        tuple(cells), min(w.top for w in words), max(w.bottom for w in words), is_prose
    )


def find_columns(
    lines: Sequence[PrintedLine],
    *,
    head: PrintedLine | None = None,
    body: Sequence[PrintedLine] = (),
) -> list[tuple[float, float]]:
    """Left and right of each column, by the rows with the usual number of cells.

    A cell that stands apart from all of them (a label beside several rows) adds a column.

    Args:
        head: a line that names every column, if it is known.
        body: the lines below the head, if it is known; all lines otherwise.
    """
    counts = Counter(len(line.cells) for line in lines if len(line.cells) > 1)
    if not counts:
        return []
    often = max(counts.values())
    usual = max(n for n, count in counts.items() if count >= max(2, 0.5 * often) or count == often)
    basis = [line for line in lines if len(line.cells) == usual]
    bounds = _merge_spans([(cell.x0, cell.x1) for line in basis for cell in line.cells])
    if head is None:
        return bounds
    is_head_fuller = len(head.cells) > len(bounds) and not _splits_column(head, bounds)
    if is_head_fuller:
        bounds = _merge_spans([(cell.x0, cell.x1) for cell in head.cells])
    for line in lines:
        for cell in line.cells:
            over = [
                n for n, (left, right) in enumerate(bounds) if cell.x0 < right and cell.x1 > left
            ]
            if len(over) == 1 and is_head_fuller:
                left, right = bounds[over[0]]
                bounds[over[0]] = (min(left, cell.x0), max(right, cell.x1))
    apart = [
        (cell.x0, cell.x1)
        for line in (body or lines)
        for n, cell in enumerate(line.cells)
        if all(cell.x1 + _APART < left or cell.x0 - _APART > right for left, right in bounds)
        and not (n and is_close(line, n))
    ]
    return sorted([*bounds, *_merge_spans(apart)])


def _splits_column(head: PrintedLine, bounds: Sequence[tuple[float, float]]) -> bool:
    """Whether two cells of a head are the words of one: over one column, or close together."""
    over = [
        {n for n, (left, right) in enumerate(bounds) if cell.x0 < right and cell.x1 > left}
        for cell in head.cells
    ]
    return any(
        first & second or (is_close(head, n) and not (first and second))
        for n, (first, second) in enumerate(pairwise(over), start=1)
    )


def is_close(line: PrintedLine, n: int) -> bool:
    """Whether a cell is hardly farther from the one before than two words are."""
    gap = line.cells[n].x0 - line.cells[n - 1].x1
    height = median(word.bottom - word.top for cell in line.cells for word in cell.words)
    return gap < _CLOSE_GAP * max(height, 4.0)


def _merge_spans(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    bounds: list[tuple[float, float]] = []
    for x0, x1 in sorted(spans):
        if bounds and x0 < bounds[-1][1] - 1:
            bounds[-1] = (bounds[-1][0], max(bounds[-1][1], x1))
        else:
            bounds.append((x0, x1))
    return bounds


def place_cells(line: PrintedLine, bounds: Sequence[tuple[float, float]]) -> list[str]:
    """The text of a line by column.

    A cell over several columns (a merged head) is in each; if it holds a number, it is several
    cells that nearly touch: each word goes to its own column, or stays with the word before.
    """
    row = [""] * len(bounds)
    last = 0
    for number, cell in enumerate(line.cells):
        over = list_columns(cell.x0, cell.x1, bounds)
        is_apart = not any(cell.x0 < right and cell.x1 > left for left, right in bounds)
        if number and is_apart and is_close(line, number):
            over = [last]
        last = over[-1]
        if len(over) > 1 and any(_NUMBER.match(word.text) for word in cell.words):
            for n, text in _part_words(cell, over[0], bounds):
                row[n] = f"{row[n]} {text}".strip()
            continue
        for n in over:
            row[n] = f"{row[n]} {cell.text}".strip()
    return row


def _part_words(
    cell: PrintedCell, first: int, bounds: Sequence[tuple[float, float]]
) -> list[tuple[int, str]]:
    """Column and text of each word of cells that nearly touch."""
    parts, n = [], first
    for word in cell.words:
        touched = [
            (min(word.x1, right) - max(word.x0, left), column)
            for column, (left, right) in enumerate(bounds)
        ]
        n = max(touched)[1] if max(touched)[0] > 0 else n
        parts.append((n, word.text))
    return parts


def list_columns(x0: float, x1: float, bounds: Sequence[tuple[float, float]]) -> list[int]:
    """The columns that a stretch of print covers; the nearest if it covers none."""
    over = [n for n, (left, right) in enumerate(bounds) if min(x1, right) - max(x0, left) > 0.5]
    middle = (x0 + x1) / 2
    return over or [min(range(len(bounds)), key=lambda n: abs(sum(bounds[n]) / 2 - middle))]
