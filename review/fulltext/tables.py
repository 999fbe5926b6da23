"""Reads the tables of a PDF by position: rows by height, columns by the white between them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from review.fulltext.models import FullText
from review.models import Page, PrintedTable, Word

_CAPTION = re.compile(r"^(?:Supplementary |Extended Data )?Table\s+([A-Z]?\d+|[IVX]+)\b[.:]?", re.I)
_LABEL = re.compile(r"^(?:supplementary|extended|data|table|tab\.?)$", re.I)
_NUMBER = re.compile(r"^[<>≤≥~≈±+(\[−-]*\d[\d.,·±–/:-]*[%)\]*†‡§,;°◦a-e]*$")
_FOOTNOTE = re.compile(r"^(?:[*†‡§¶]|notes?\b|abbreviations?\b|source\b|\(?[a-c]\)?\s[A-Z])", re.I)
_CELL_GAP = 0.75
"""Times the height of the print from which a gap parts two cells."""
_PROSE_WORDS = 9
_PROSE_SHARE = 0.75
"""Share of the width that a line of running text fills without a wide gap."""
_ROW_GAP = 2.8
"""Times the height of the print from which white below a row ends the table."""
_HEAD_GAP = 5.0
_MAX_ROWS = 150
_MAX_CAPTION_LINES = 12
_MAX_INDENT = 60.0
"""Points by which a further line of a caption may be indented."""
_MIN_ROWS = 2
_BESIDE = 30.0
"""Points by which the captions of two tables side by side may differ in height."""
_COLUMN_WORDS = 5
_MIN_COLUMN_LINES = 4
"""Lines of five words or more that each half of a page in two columns has."""
_NARROW = 0.56
"""Share of the page's width under which a caption belongs to one column of print."""


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Cell:
    words: tuple[Word, ...]
    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class _Line:
    """One printed line of a table's region, its words joined to cells."""

    cells: tuple[_Cell, ...]
    top: float
    bottom: float
    is_prose: bool

    @property
    def text(self) -> str:
        return " ".join(self.list_texts())

    def list_texts(self) -> list[str]:
        return [cell.text for cell in self.cells]


def list_tables(text: FullText) -> tuple[PrintedTable, ...]:
    """The tables of a full text: as the file marks them (JATS), or else as the pages show them.

    A table is looked for below its caption, and above it if there is none below. A table whose
    rows have no columns in common is left out: its numbers would stand under the wrong heads.
    """
    if text.tables or not text.pages:
        return text.tables
    tables: list[PrintedTable] = []
    for page in text.pages:
        upright = _turn_upright(page)
        captions = list(_find_captions(upright))
        for label, caption, box in captions:
            beside = [other for _, _, other in captions if abs(other[1] - box[1]) < _BESIDE]
            table = _read_table(_crop(upright, box, beside), box, label, caption)
            if table is not None:
                tables.append(table)
    return tuple(tables)


def _crop(page: Page, box: Box, beside: Sequence[Box]) -> Page:
    """The page without the areas under the captions beside this one."""
    left = max((x1 + box[0] for _, _, x1, _ in beside if x1 <= box[0]), default=0.0) / 2
    right = min((x0 + box[2] for x0, _, _, _ in beside if x0 >= box[2]), default=2 * page.width) / 2
    return replace(page, words=tuple(w for w in page.words if w.x0 >= left and w.x1 <= right))


def _turn_upright(page: Page) -> Page:
    """The page as it reads: if most words run up or down the page, it is turned by a quarter."""
    long_words = [word for word in page.words if len(word.text) > 3]
    tall = [word for word in long_words if word.bottom - word.top > 1.5 * (word.x1 - word.x0)]
    if len(tall) <= len(long_words) / 2:
        return page
    steps = Counter(
        b.top < a.top for a, b in pairwise(tall) if abs(a.x0 - b.x0) < 2 and a.top != b.top
    )
    if steps[True] >= steps[False]:  # reads upwards
        turned = [
            Word(w.text, page.height - w.bottom, w.x0, page.height - w.top, w.x1)
            for w in page.words
        ]
    else:
        turned = [
            Word(w.text, w.top, page.width - w.x1, w.bottom, page.width - w.x0) for w in page.words
        ]
    return replace(page, words=tuple(turned), width=page.height, height=page.width)


def _find_captions(page: Page) -> Iterator[tuple[str, str, Box]]:
    """Label, caption and box of each line that opens a caption of a table."""
    lines = _group_printed_lines(page.words)
    for index, line in enumerate(lines):
        text = " ".join(word.text for word in line)
        match = _CAPTION.match(text)
        if not match or not _opens_caption(text[match.end() :], match.group()):
            continue
        caption = [line]
        for below in lines[index + 1 : index + _MAX_CAPTION_LINES]:
            last = caption[-1]
            height = max(w.bottom - w.top for w in last)
            gap = min(w.top for w in below) - max(w.bottom for w in last)
            is_next = -0.4 * height <= gap < 0.9 * height
            is_next = is_next and abs(below[0].x0 - last[0].x0) < _MAX_INDENT
            is_full = last[-1].x1 > line[0].x0 + 0.3 * page.width or len(last) > 4
            if not is_next or not is_full or _has_wide_gap(below):
                break
            if re.search(r"[.]$", last[-1].text) and not _continues(below):
                break
            caption.append(below)
        words = [word for part in caption for word in part]
        yield (
            f"Table {match[1]}",
            " ".join(word.text for word in words),
            (
                min(w.x0 for w in words),
                min(w.top for w in words),
                max(w.x1 for w in words),
                max(w.bottom for w in words),
            ),
        )


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


def _group_printed_lines(words: Sequence[Word]) -> list[list[Word]]:
    """Words in reading order, as the lines that the reader made of them."""
    lines: list[list[Word]] = []
    for word in words:
        last = lines[-1][-1] if lines else None
        if (
            last
            and not (_LABEL.match(word.text) and word.x0 - last.x1 > last.bottom - last.top)
            and word.x0 >= last.x1 - 2
            and min(word.bottom, last.bottom) - max(word.top, last.top)
            > 0.4 * min(word.bottom - word.top, last.bottom - last.top)
        ):
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _has_wide_gap(line: Sequence[Word]) -> bool:
    height = median(word.bottom - word.top for word in line)
    return any(b.x0 - a.x1 > 1.5 * height for a, b in pairwise(line))


def _read_table(page: Page, box: Box, label: str, caption: str) -> PrintedTable | None:
    x0, top, x1, bottom = box
    others = [w for w in page.words if not (top - 1 <= w.top and w.bottom <= bottom + 1)]
    for left, right in _list_spans(page, x0, x1):
        inside = [w for w in others if w.x0 >= left and w.x1 <= right]
        below = _take_rows(_group_rows([w for w in inside if w.top >= bottom - 2]), right - left)
        table = _build_table(below, label, caption, page.number)
        if table is None:
            above = _group_rows([w for w in inside if w.bottom <= top + 2])
            rows = _take_rows(above[::-1], right - left)[::-1]
            table = _build_table(rows, label, caption, page.number)
        if table is not None:
            return table
    return None


def _list_spans(page: Page, x0: float, x1: float) -> list[tuple[float, float]]:
    """Where a table may be: under a caption of one column of print, in that column first."""
    middle, full = page.width / 2, (0.0, page.width)
    is_left, is_right = x1 < middle + 8, x0 > middle - 8
    if x1 - x0 > _NARROW * page.width or not (is_left or is_right):
        return [full]
    half = (0.0, middle + 4) if is_left else (middle - 4, page.width)
    lines = [line for line in _group_printed_lines(page.words) if len(line) >= _COLUMN_WORDS]
    left = sum(line[-1].x1 < middle + 8 for line in lines)
    right = sum(line[0].x0 > middle - 8 for line in lines)
    return [half, full] if min(left, right) >= _MIN_COLUMN_LINES else [full]


def _group_rows(words: Sequence[Word]) -> list[_Line]:
    """Words grouped by height on the page, from top to bottom."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda w: ((w.top + w.bottom) / 2, w.x0)):
        middle = (word.top + word.bottom) / 2
        if rows:
            height = median(w.bottom - w.top for w in rows[-1])
            centre = median((w.top + w.bottom) / 2 for w in rows[-1])
            if middle - centre < 0.45 * max(height, 4):
                rows[-1].append(word)
                continue
        rows.append([word])
    return [_join_words(sorted(row, key=lambda w: w.x0)) for row in rows]


def _join_words(row: Sequence[Word]) -> _Line:
    height = median(word.bottom - word.top for word in row)
    groups = [[row[0]]]
    for before, word in pairwise(row):
        if word.x0 - before.x1 > _CELL_GAP * height:
            groups.append([word])
        else:
            groups[-1].append(word)
    cells = tuple(
        _Cell(
            tuple(group),
            " ".join(w.text for w in group),
            group[0].x0,
            group[-1].x1,
        )
        for group in groups
    )
    longest = max(groups, key=len)
    letters = sum(bool(re.search(r"[A-Za-z]{2}", w.text)) for w in row)
    is_prose = (
        len(longest) >= _PROSE_WORDS or (len(groups) < 3 and len(row) >= _PROSE_WORDS)
    ) and letters > 0.6 * len(row)
    return _Line(cells, min(w.top for w in row), max(w.bottom for w in row), is_prose)


def _take_rows(lines: Sequence[_Line], width: float) -> list[_Line]:
    """The lines from the caption to where the text goes on."""
    taken: list[_Line] = []
    for index, line in enumerate(lines):
        height = max(line.bottom - line.top, 4.0)
        span = line.cells[-1].x1 - line.cells[0].x0
        is_text = line.is_prose and (len(line.cells) == 1 or span > _PROSE_SHARE * width)
        if is_text and taken and len(line.cells) == 1:
            below = lines[index + 1 : index + 3]
            is_text = not below or not all(any(map(_is_number, b.list_texts()[1:])) for b in below)
        if is_text or _CAPTION.match(line.text) or (taken and _FOOTNOTE.match(line.text)):
            break
        if re.match(r"^(?:Fig(?:ure|\.)|Algorithm)\s*\d", line.text):
            break
        if taken:
            gap = max(line.top - taken[-1].bottom, taken[-1].top - line.bottom)
            if gap > (_ROW_GAP if len(taken) > 1 else _HEAD_GAP) * height:
                break
        taken.append(line)
        if len(taken) == _MAX_ROWS:
            break
    while taken and len(taken[-1].cells) == 1:
        taken.pop()
    return taken


def _build_table(
    lines: Sequence[_Line], label: str, caption: str, page: int
) -> PrintedTable | None:
    if len(lines) < _MIN_ROWS:
        return None
    bounds = _find_columns(lines)
    if len(bounds) < _MIN_ROWS:
        return None
    placed = [_place_cells(line, bounds) for line in lines]
    is_body = [any(map(_is_number, row[1:])) for row in placed]
    is_head = [
        not body and 2 * sum(map(bool, row)) > len(row)
        for body, row in zip(is_body, placed, strict=True)
    ]
    first = next(
        (n for n, body in enumerate(is_body) if body and not any(is_head[n + 1 : n + 3])), None
    )
    if first is None:
        return None
    while first > 1 and placed[first - 1][0] and not any(placed[first - 1][1:]):
        first -= 1  # the name of a group of rows
    columns = tuple(
        " | ".join(dict.fromkeys(row[c] for row in placed[:first] if row[c]))
        for c in range(len(bounds))
    )
    rows = _join_broken_rows(placed[first:])
    filled = [row for row in rows if sum(map(bool, row)) > 1]
    if len(filled) < _MIN_ROWS or not any(re.search(r"\d", "".join(row)) for row in filled):
        return None
    return PrintedTable(label, caption, page, columns, tuple(rows))


def _is_number(text: str) -> bool:
    """Whether a cell holds a number and no words."""
    words = text.split()
    return bool(words and _NUMBER.match(words[0])) and not re.search(r"[A-Za-z]{3}", text)


def _find_columns(lines: Sequence[_Line]) -> list[tuple[float, float]]:
    """Left and right of each column, by the rows with the usual number of cells."""
    counts = Counter(len(line.cells) for line in lines if len(line.cells) > 1)
    if not counts:
        return []
    often = max(counts.values())
    usual = max(n for n, count in counts.items() if count >= max(2, 0.5 * often) or count == often)
    spans = sorted(
        (cell.x0, cell.x1) for line in lines if len(line.cells) == usual for cell in line.cells
    )
    bounds: list[tuple[float, float]] = []
    for x0, x1 in spans:
        if bounds and x0 < bounds[-1][1] - 1:
            bounds[-1] = (bounds[-1][0], max(bounds[-1][1], x1))
        else:
            bounds.append((x0, x1))
    return bounds


def _place_cells(line: _Line, bounds: Sequence[tuple[float, float]]) -> list[str]:
    """The text of a line by column.

    A cell over several columns (a merged head) stands in each; if it holds a number, it is several
    cells that nearly touch: each word goes to its own column, or stays with the word before.
    """
    row = [""] * len(bounds)
    for cell in line.cells:
        over = _list_columns(cell.x0, cell.x1, bounds)
        if len(over) > 1 and any(_NUMBER.match(word.text) for word in cell.words):
            n = over[0]
            for word in cell.words:
                touched = [
                    (min(word.x1, right) - max(word.x0, left), column)
                    for column, (left, right) in enumerate(bounds)
                ]
                n = max(touched)[1] if max(touched)[0] > 0 else n
                row[n] = f"{row[n]} {word.text}".strip()
            continue
        for n in over:
            row[n] = f"{row[n]} {cell.text}".strip()
    return row


def _list_columns(x0: float, x1: float, bounds: Sequence[tuple[float, float]]) -> list[int]:
    """The columns that a stretch of print covers; the nearest if it covers none."""
    over = [n for n, (left, right) in enumerate(bounds) if min(x1, right) - max(x0, left) > 0.5]
    middle = (x0 + x1) / 2
    return over or [min(range(len(bounds)), key=lambda n: abs(sum(bounds[n]) / 2 - middle))]


def _join_broken_rows(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Rows whose label is broken over two lines as one; names of groups stay rows of their own."""
    joined: list[list[str]] = []
    for row in rows:
        last = joined[-1] if joined else None
        only_label = row[0] and not any(row[1:])
        if last and only_label and any(last[1:]) and row[0][:1].islower():
            last[0] = f"{last[0]} {row[0]}"
        elif last and not row[0] and any(row) and last[0] and not any(last[1:]):
            last[1:] = row[1:]
        else:
            joined.append(list(row))
    return [tuple(row) for row in joined]
