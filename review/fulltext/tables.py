"""Reads the tables of a PDF by position: rows by height, columns by the white between them.

Lines ruled across the page frame a table; a table without any ends where the text goes on.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from review.fulltext.models import FullText
from review.fulltext.table_captions import (
    CAPTION,
    Caption,
    find_captions,
    find_side_rule,
    group_printed_lines,
    turn_upright,
)
from review.fulltext.table_frames import Box, Frame, find_frames
from review.fulltext.table_grid import Grid, build_framed_grid, build_grid
from review.fulltext.table_lines import PrintedLine, group_lines, is_number
from review.models import Page, PrintedTable, Word

_FOOTNOTE = re.compile(
    r"^(?:[*∗†‡§¶⋆]|notes?\b|abbreviations?\b|source\b|\(?[a-c]\)?\s[A-Z])", re.I
)
_NOTE = re.compile(
    r"^(?:[*∗†‡§¶⋆]|(?i:notes?|abbreviations?|source)\b[.:]?|\(?[a-h1-9]\)?\s[A-Z]|[a-h1-9][A-Z][a-z])"
)
_PROSE_SHARE = 0.75
"""Share of the width that a line of running text fills without a wide gap."""
_ROW_GAP = 2.8
"""Times the height of the print from which white below a row ends the table."""
_HEAD_GAP = 5.0
_MAX_ROWS = 150
_BESIDE = 30.0
"""Points by which the captions of two tables side by side may differ in height."""
_COLUMN_WORDS = 5
_MIN_COLUMN_LINES = 4
"""Lines of five words or more that each half of a page in two columns has."""
_NARROW = 0.56
"""Share of the page's width under which a caption belongs to one column of print."""
_FRAME_GAP = 100.0
"""Points at most between a caption and the ruled line of its table."""
_NEXT_ROW_GAP = 1.5
"""Times the height of the print between the last line ruled and a row below it."""
_MAX_NOTES = 8
_NOTE_INDENT = 15.0
_NOTE_GAP = 2.2
"""Times the height of the print between a table, its first footnote and the next ones."""
_EDGE_LINES = 1
"""Lines of print above or below a table that a page break cuts in two."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A table as read on one side of a caption."""

    grid: Grid
    page: Page
    region: Box
    gap: float
    """Points between it and the caption."""
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What is printed below and above a caption."""

    caption: Caption
    below: _Reading | None
    above: _Reading | None


def list_tables(text: FullText) -> tuple[PrintedTable, ...]:
    """The tables of a full text: as the file marks them (JATS), or else as the pages show them.

    Captions are above their tables or below them, as most are in the paper; no table is read for
    two captions. A table whose rows have no columns in common is left out: its numbers would
    be under the wrong heads. A table that goes on over the page is one for each page.
    """
    if text.tables or not text.pages:
        return text.tables
    pages = [turn_upright(page) for page in text.pages]
    frames = {page.number: _list_frames(page) for page in pages}
    candidates = [
        candidate for page in pages for candidate in _list_candidates(page, frames[page.number])
    ]
    readings = _choose_readings(candidates)
    tables: list[PrintedTable] = []
    for candidate, reading in zip(candidates, readings, strict=True):
        if reading is not None:
            tables += _split_parts(_build_table(candidate.caption, reading))
    for number, page in enumerate(pages[1:], start=1):
        table = _continue_table(tables, readings, pages[number - 1], page, frames[page.number])
        if table is not None:
            tables.append(table)
    return tuple(sorted(tables, key=lambda table: table.page))


def list_unread_tables(text: FullText) -> tuple[tuple[str, int], ...]:
    """Label and page of each caption whose table could not be read: a picture, say."""
    read = {table.label for table in list_tables(text)}
    captions = {
        caption.label: page.number
        for page in map(turn_upright, reversed(text.pages))
        for caption in find_captions(page)
    }
    unread = ((label, page) for label, page in captions.items() if label not in read)
    return () if text.tables else tuple(sorted(unread, key=lambda place: place[1]))


def _list_frames(page: Page) -> list[Frame]:
    captions = [caption.box for caption in find_captions(page)]
    beside = [rule for box in captions if (rule := find_side_rule(page, box))]
    return find_frames(page, [*captions, *((a, y - 3, b, y - 1) for a, y, b, _ in beside)])


def _list_candidates(page: Page, frames: Sequence[Frame]) -> Iterator[_Candidates]:
    captions = list(find_captions(page))
    for caption in captions:
        beside = [c.box for c in captions if abs(c.box[1] - caption.box[1]) < _BESIDE]
        part = _crop(page, caption.box, beside)
        yield _Candidates(
            caption,
            _read_beside(page, caption, captions, frames) or _read_below(part, caption, frames),
            _read_above(part, caption, frames),
        )


def _crop(page: Page, box: Box, beside: Sequence[Box]) -> Page:
    """The page without the areas under the captions beside this one."""
    left = max((x1 + box[0] for _, _, x1, _ in beside if x1 <= box[0]), default=0.0) / 2
    right = min((x0 + box[2] for x0, _, _, _ in beside if x0 >= box[2]), default=2 * page.width) / 2
    return replace(page, words=tuple(w for w in page.words if w.x0 >= left and w.x1 <= right))


def _read_beside(
    page: Page, caption: Caption, captions: Sequence[Caption], frames: Sequence[Frame]
) -> _Reading | None:
    """The table right of a narrow caption, if no other caption is over it."""
    rule = find_side_rule(page, caption.box)
    for frame in frames if rule else ():
        is_own = rule and abs(frame.top - rule[1]) < 2 and abs(frame.x0 - rule[0]) < 2
        is_named = any(
            0 <= frame.top - other.box[3] < _BESIDE
            and other.box[0] < frame.x1
            and other.box[2] > frame.x0
            for other in captions
        )
        if is_own and not is_named:
            return _read_frame(page, frame, 0.0)
    return None


def _read_below(page: Page, caption: Caption, frames: Sequence[Frame]) -> _Reading | None:
    x0, _, x1, bottom = caption.box
    near = [f for f in frames if -2 <= f.top - bottom < _FRAME_GAP and f.x0 < x1 and f.x1 > x0]
    if near and not _has_text_between(page, bottom, near[0].top, near[0]):
        frame = _extend_over_head(page, near[0], bottom)
        frame = _extend_to_rows(page, frame, caption.box)
        reading = _read_frame(page, frame, frame.top - bottom)
        if reading is not None:
            return reading
    for left, right in _list_spans(page, x0, x1):
        lines = _list_lines(
            page, left, right, top=bottom - 2, bottom=page.height, caption=caption.box
        )
        reading = _read_lines(page, _take_rows(lines, right - left), caption.box)
        if reading is not None:
            return reading
    return None


def _read_above(page: Page, caption: Caption, frames: Sequence[Frame]) -> _Reading | None:
    x0, top, x1, _ = caption.box
    near = [f for f in frames if -2 <= top - f.bottom < _FRAME_GAP and f.x0 < x1 and f.x1 > x0]
    if near and not _has_text_between(page, near[-1].bottom, top, near[-1]):
        reading = _read_frame(page, near[-1], top - near[-1].bottom)
        if reading is not None:
            return reading
    for left, right in _list_spans(page, x0, x1):
        lines = _list_lines(page, left, right, top=0.0, bottom=top + 2, caption=caption.box)
        reading = _read_lines(page, _take_rows(lines[::-1], right - left)[::-1], caption.box)
        if reading is not None:
            return reading
    return None


def _has_text_between(page: Page, upper: float, lower: float, frame: Frame) -> bool:
    lines = _list_lines_between(page, upper, lower, frame)
    return len(lines) > _EDGE_LINES and any(line.is_prose or len(line.cells) == 1 for line in lines)


def _list_lines_between(page: Page, upper: float, lower: float, frame: Frame) -> list[PrintedLine]:
    return group_lines(
        [
            w
            for w in page.words
            if upper + 1 < (w.top + w.bottom) / 2 < lower - 1
            and frame.x0 - 2 < w.x1
            and w.x0 < frame.x1 + 2
        ]
    )


def _extend_over_head(page: Page, frame: Frame, bottom: float) -> Frame:
    """The frame with the head that is printed above its first line, if nothing is ruled over it."""
    lines = _list_lines_between(page, bottom, frame.top, frame)
    is_head = lines and max(len(line.cells) for line in lines) > 1
    if not is_head or any(line.is_prose for line in lines) or frame.top - lines[-1].bottom > 15:
        return frame
    top = min(line.top for line in lines) - 1
    above = (frame.x0, top, frame.x1, top)
    return replace(frame, top=top, across=(above, *frame.across))


def _extend_to_rows(page: Page, frame: Frame, caption: Box) -> Frame:
    """The frame with the rows of numbers right below it, if nothing is ruled under them."""
    below = _list_lines(
        page, frame.x0 - 4, frame.x1 + 4, top=frame.bottom, bottom=page.height, caption=caption
    )
    rows = _take_rows(below, frame.x1 - frame.x0)
    if not rows or not _is_next_row(rows[0], frame):
        return frame
    bottom = rows[-1].bottom + 1
    under = (frame.x0, bottom, frame.x1, bottom)
    down = tuple(
        box
        for box in page.ruled_lines
        if box[3] - box[1] > box[2] - box[0]
        and frame.top - 3 < box[1]
        and box[3] < bottom + 5
        and frame.x0 - 5 < box[0] < frame.x1 + 5
    )
    return replace(frame, bottom=bottom, across=(*frame.across, under), down=down)


def _is_next_row(line: PrintedLine, frame: Frame) -> bool:
    """Whether a line below a frame is a row: cells with numbers, as near as the next row is."""
    is_near = line.top - frame.bottom < _NEXT_ROW_GAP * max(line.bottom - line.top, 5.0)
    numbers = sum(map(is_number, line.list_texts()))
    return is_near and numbers > 1 and not line.is_prose and not _NOTE.match(line.text)


def _read_frame(page: Page, frame: Frame, gap: float) -> _Reading | None:
    grid = build_framed_grid(frame, page.words)
    return _Reading(grid, page, frame.box, gap, frame) if grid else None


def _read_lines(page: Page, lines: Sequence[PrintedLine], caption: Box) -> _Reading | None:
    grid = build_grid(lines)
    if grid is None:
        return None
    region = (
        min(line.cells[0].x0 for line in lines),
        lines[0].top,
        max(line.cells[-1].x1 for line in lines),
        lines[-1].bottom,
    )
    return _Reading(grid, page, region, max(region[1] - caption[3], caption[1] - region[3]))


def _list_lines(
    page: Page, left: float, right: float, *, top: float, bottom: float, caption: Box
) -> list[PrintedLine]:
    """The printed lines between two heights in one span of the page, without the caption."""
    words = _list_words(page, left, right, caption)
    return group_lines([w for w in words if top <= w.top and w.bottom <= bottom])


def _list_words(page: Page, left: float, right: float, caption: Box) -> list[Word]:
    return [
        w
        for w in page.words
        if left <= w.x0
        and w.x1 <= right
        and not (caption[1] - 1 <= w.top and w.bottom <= caption[3] + 1)
    ]


def _choose_readings(candidates: Sequence[_Candidates]) -> list[_Reading | None]:
    """For each caption the table on the side where the captions of this paper are, or else the
    one on the other side if no other caption has it."""
    votes = sum(map(_compare_sides, candidates))
    sides = [(c.below, c.above) if votes >= 0 else (c.above, c.below) for c in candidates]
    readings: list[_Reading | None] = [None] * len(candidates)
    for choice in (0, 1):
        for n, side in enumerate(sides):
            reading = side[choice]
            if readings[n] is None and reading and not _is_taken(reading, readings):
                readings[n] = reading
    return readings


def _compare_sides(candidate: _Candidates) -> int:
    """1 if the table is clearly below the caption, -1 if it is above, 0 if that is open."""
    below, above = candidate.below, candidate.above
    if below is None or above is None:
        return (below is not None) - (above is not None)
    if (below.frame is None) != (above.frame is None):
        return 1 if below.frame else -1
    return (below.gap < 0.7 * above.gap) - (above.gap < 0.7 * below.gap)


def _is_taken(reading: _Reading, others: Sequence[_Reading | None]) -> bool:
    """Whether another caption has this table."""
    x0, top, x1, bottom = reading.region
    for other in others:
        if other is None or other.page.number != reading.page.number:
            continue
        width = min(x1, other.region[2]) - max(x0, other.region[0])
        height = min(bottom, other.region[3]) - max(top, other.region[1])
        smaller = min(bottom - top, other.region[3] - other.region[1])
        if width > 0 and height > 0.3 * max(smaller, 1.0):
            return True
    return False


def _build_table(caption: Caption, reading: _Reading) -> PrintedTable:
    return PrintedTable(
        caption.label,
        caption.text,
        reading.page.number,
        reading.grid.columns,
        reading.grid.rows,
        tuple(_read_notes(reading, caption)),
    )


def _split_parts(table: PrintedTable) -> list[PrintedTable]:
    """The tables set one below the other under one caption: a row repeats the first head."""
    first = table.columns[0].rsplit(" | ", 1)[-1] if table.columns else ""
    starts = [
        n
        for n, row in enumerate(table.rows)
        if n and first and row[0] == first and all(row) and not any(map(is_number, row))
    ]
    if not starts:
        return [table]
    parts = []
    columns, begin = table.columns, 0
    for start in [*starts, len(table.rows)]:
        above = table.rows[start - 1] if start < len(table.rows) else ()
        has_title = start - begin > 1 and sum(map(bool, above)) == 1
        stop = start - 1 if has_title else start
        parts.append(replace(table, columns=columns, rows=table.rows[begin:stop]))
        if start < len(table.rows):
            title = f"{''.join(above)} | " if has_title else ""
            columns = (first, *(title + name for name in table.rows[start][1:]))
            begin = start + 1
    return parts


def _read_notes(reading: _Reading, caption: Caption) -> list[str]:
    """The footnotes below a table: lines that open with a mark, each with the lines below it."""
    x0, _, x1, bottom = reading.region
    left, right = _list_spans(reading.page, x0, x1)[0]
    words = _list_words(reading.page, left, right, caption.box)
    words = [w for w in words if w.top >= bottom - 1]
    notes: list[str] = []
    last = bottom
    for line in group_lines(words):
        height = max(line.bottom - line.top, 5.0)
        is_apart = line.top - last > _NOTE_GAP * height or line.cells[0].x0 < x0 - _NOTE_INDENT
        if is_apart or CAPTION.match(line.text):
            break
        if _NOTE.match(line.text):
            if len(notes) == _MAX_NOTES:
                break
            notes.append(line.text)
        elif notes and line.top - last < 0.9 * height and not re.search(r"[.]$", notes[-1]):
            notes[-1] += f" {line.text}"
        else:
            break
        last = line.bottom
    return notes


def _continue_table(
    tables: Sequence[PrintedTable],
    readings: Sequence[_Reading | None],
    before: Page,
    page: Page,
    frames: Sequence[Frame],
) -> PrintedTable | None:
    """The rest of the last table of the page before, at the head of this page without a caption."""
    last = [r for r in readings if r is not None and r.page.number == before.number and r.frame]
    table = next((t for t in reversed(tables) if t.page == before.number), None)
    if not last or table is None or not frames:
        return None
    above, frame = max(last, key=lambda r: r.region[3]), frames[0]
    is_cut = _count_lines(before, above.region[3], before.height) <= _EDGE_LINES
    is_first = _count_lines(page, 0.0, frame.top) <= _EDGE_LINES
    is_same = abs(above.region[0] - frame.x0) < 8 and abs(above.region[2] - frame.x1) < 8
    reading = _read_frame(page, frame, 0.0)
    if not (is_cut and is_first and is_same) or reading is None or _is_taken(reading, readings):
        return None
    grid = reading.grid
    if len(grid.columns) != len(table.columns):
        return None
    has_head = grid.columns == table.columns
    rows = grid.rows if has_head or not any(grid.columns) else (grid.columns, *grid.rows)
    return PrintedTable(
        table.label, f"{table.caption} (continued)", page.number, table.columns, rows
    )


def _count_lines(page: Page, top: float, bottom: float) -> int:
    return len(group_lines([w for w in page.words if top + 1 < w.top and w.bottom < bottom - 1]))


def _list_spans(page: Page, x0: float, x1: float) -> list[tuple[float, float]]:
    """Where a table may be: under a caption of one column of print, in that column first."""
    middle, full = page.width / 2, (0.0, page.width)
    is_left, is_right = x1 < middle + 8, x0 > middle - 8
    if x1 - x0 > _NARROW * page.width or not (is_left or is_right):
        return [full]
    half = (0.0, middle + 4) if is_left else (middle - 4, page.width)
    lines = [line for line in group_printed_lines(page.words) if len(line) >= _COLUMN_WORDS]
    left = sum(line[-1].x1 < middle + 8 for line in lines)
    right = sum(line[0].x0 > middle - 8 for line in lines)
    return [half, full] if min(left, right) >= _MIN_COLUMN_LINES else [full]


def _take_rows(lines: Sequence[PrintedLine], width: float) -> list[PrintedLine]:
    """The lines from the caption to where the text goes on."""
    taken: list[PrintedLine] = []
    for index, line in enumerate(lines):
        height = max(line.bottom - line.top, 4.0)
        span = line.cells[-1].x1 - line.cells[0].x0
        is_text = line.is_prose and (len(line.cells) == 1 or span > _PROSE_SHARE * width)
        if is_text and taken and len(line.cells) == 1:
            below = lines[index + 1 : index + 3]
            is_text = not below or not all(any(map(is_number, b.list_texts()[1:])) for b in below)
        if is_text or CAPTION.match(line.text) or (taken and _FOOTNOTE.match(line.text)):
            break
        if re.match(r"^(?:Fig(?:ure|\.)|Algorithm)\s*\d", line.text, re.I):
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
