"""Builds a table from its printed lines: the heads of its columns, and its rows.

Ruled lines say where the head ends, over which columns a merged head or label reaches and which
lines are one row; without them, numbers and the white between lines do.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from review.fulltext.table_frames import Box, Frame
from review.fulltext.table_lines import (
    PrintedCell,
    PrintedLine,
    build_cell,
    build_line,
    find_columns,
    group_lines,
    is_close,
    is_number,
    list_columns,
    place_cells,
)
from review.models import Word

Bounds = Sequence[tuple[float, float]]
Row = list[str]
MIN_SIZE = 2
"""Rows and columns a table has at least."""
_MAX_LEVEL = 3.0
"""Points within which lines across the page are at one height."""
_FULL = 0.97
"""Share of the frame's width from which a line is no part of a head's underlining."""
_MIN_COMPARTMENT = 5.0
_OFF_CENTRE = 8.0
"""Points by which a merged head may be off the middle of its columns."""
_MIN_GRID = 3
"""Bands of a body from which each may be one row."""
_ROW_JUMP = 1.25
"""Times the white between lines of one cell that parts two rows."""
_MAX_CELL_LINES = 9
_SAME_END = 4.0
_SPREAD_SHARE = 0.6
"""Share of the lines between two lines drawn down of which more have gaps if they hold columns."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Heads and rows of equal length."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Band:
    """The lines between two heights at which lines are ruled."""

    lines: tuple[PrintedLine, ...]
    below: tuple[Box, ...]
    """What is ruled under them."""

    def is_closed(self, bounds: Bounds, column: int) -> bool:
        """Whether a line is ruled under a column."""
        middle = sum(bounds[column]) / 2
        return any(x0 - 1 <= middle <= x1 + 1 for x0, _, x1, _ in self.below)


def build_framed_grid(frame: Frame, words: Sequence[Word]) -> Grid | None:
    """The table in a frame; None if its print has no columns in common."""
    lines = group_lines([word for word in words if frame.contains(word)], frame.down)
    if len(lines) < MIN_SIZE:
        return None
    lines = _join_justified(lines, frame)
    bands = _list_bands(lines, frame)
    bounds = _join_parted(find_columns(lines, head=bands[0].lines[-1]), lines, frame.down)
    if len(bounds) < MIN_SIZE:
        return None
    head_count = _count_head_bands(bands, bounds, frame)
    if head_count is None:
        return build_grid(lines, min_filled=1)
    head, body = bands[:head_count], bands[head_count:]
    fullest = max((line for band in head for line in band.lines), key=lambda x: len(x.cells))
    below = [line for band in body for line in band.lines]
    bounds = _join_parted(find_columns(lines, head=fullest, body=below), lines, frame.down)
    columns = _join_heads(
        [heads for band in head for heads in _place_heads(band, frame, bounds)], len(bounds)
    )
    rows = _build_rows(body, bounds)
    return Grid(columns, tuple(map(tuple, rows))) if rows else None


def _join_justified(lines: Sequence[PrintedLine], frame: Frame) -> list[PrintedLine]:
    """The lines with one cell between two lines drawn down, where such a line parts all columns."""
    parts = [_list_compartments(line, frame) for line in lines]
    counts: dict[tuple[int, int], list[list[PrintedCell]]] = {}
    for line, boxes in zip(lines, parts, strict=True):
        for box in boxes:
            if inside := _list_inside(line, box):
                ends = round(box[0] / _SAME_END), round(box[2] / _SAME_END)
                counts.setdefault(ends, []).append(inside)
    if len(counts) < MIN_SIZE or any(map(_holds_columns, counts.values())):
        return list(lines)
    joined = []
    for line, boxes in zip(lines, parts, strict=True):
        cells = list(line.cells)
        for box in boxes:
            inside = _list_inside(line, box)
            if len(inside) > 1:
                whole = build_cell([word for cell in inside for word in cell.words])
                cells = [whole if cell is inside[0] else cell for cell in cells]
                cells = [cell for cell in cells if cell not in inside[1:]]
        joined.append(build_line(cells))
    return joined


def _holds_columns(lines: Sequence[Sequence[PrintedCell]]) -> bool:
    """Whether the print between two lines drawn down is more than one column.

    Justified words stand far apart on some lines, and one below the other only at the right
    edge; columns do on most lines.
    """
    wide = [cells for cells in lines if len(cells) > 1]
    edge = max(cells[-1].x1 for cells in lines) - 1
    starts = Counter(round(c.x0) for cells in wide for c in cells[1:] if c.x1 < edge)
    return (
        len(wide) > _SPREAD_SHARE * len(lines)
        or any(sum(is_number(cell.text) for cell in cells) > 1 for cells in wide)
        or any(count > 1 and 3 * count >= len(lines) for count in starts.values())
    )


def _list_inside(line: PrintedLine, box: Box) -> list[PrintedCell]:
    return [cell for cell in line.cells if box[0] - 2 <= cell.x0 and cell.x1 <= box[2] + 2]


def _join_parted(bounds: Bounds, lines: Sequence[PrintedLine], down: Sequence[Box]) -> Bounds:
    """The columns of a table with a line drawn down between all of them.

    Two that no line parts and that are never printed side by side are one: the head in the
    middle of a column, say, and short cells at its left.
    """
    joined: list[tuple[float, float]] = []
    for column in bounds:
        left = joined[-1] if joined else None
        if left is None or any(left[1] - 1 <= x and x1 <= column[0] + 1 for x, _, x1, _ in down):
            joined.append(column)
        elif any(_is_in_both(line, left, column) for line in lines):
            return bounds
        else:
            joined[-1] = (left[0], column[1])
    return joined if len(joined) >= MIN_SIZE else bounds


def _is_in_both(line: PrintedLine, first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether two columns have print on one line."""
    return all(
        any(cell.x0 < right and cell.x1 > left for cell in line.cells)
        for left, right in (first, second)
    )


def build_grid(lines: Sequence[PrintedLine], min_filled: int = MIN_SIZE) -> Grid | None:
    """The table of lines that are not ruled: its head ends where the numbers begin."""
    bounds = find_columns(lines)
    if len(lines) < MIN_SIZE or len(bounds) < MIN_SIZE:
        return None
    placed = [place_cells(line, bounds) for line in lines]
    is_body = [_has_number(row) for row in placed]
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
    if first == 0 and _is_head_of_numbers(placed):
        first = 1
    heads = [
        [(text, over) for text, over in _place_head_line(line, bounds)] for line in lines[:first]
    ]
    columns = _join_heads(heads, len(bounds))
    rows = _join_lines(lines[first:], bounds)
    filled = [row for row in rows if sum(map(bool, row)) > 1]
    has_digit = any(c.isdigit() for row in filled for cell in row for c in cell)
    if len(filled) < min_filled or not has_digit:
        return None
    return Grid(columns, tuple(map(tuple, rows)))


def _has_number(row: Sequence[str]) -> bool:
    return any(map(is_number, row[1:]))


def _is_head_of_numbers(placed: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names its columns by numbers (years, shares): it has no label."""
    first = placed[0]
    return not first[0] and all(first[1:]) and len(placed) > MIN_SIZE and bool(placed[1][0])


def _list_bands(lines: Sequence[PrintedLine], frame: Frame) -> list[_Band]:
    levels: list[list[Box]] = []
    for box in frame.across:
        if levels and box[1] - levels[-1][0][1] < _MAX_LEVEL:
            levels[-1].append(box)
        else:
            levels.append([box])
    bands, rest = [], list(lines)
    for level in levels[1:]:
        height = level[0][1]
        inside = [line for line in rest if line.middle < height]
        rest = rest[len(inside) :]
        if inside:
            bands.append(_Band(tuple(inside), tuple(level)))
        elif bands:
            bands[-1] = _Band(bands[-1].lines, (*bands[-1].below, *level))
    if rest:
        bands.append(_Band(tuple(rest), ()))
    return bands


def _count_head_bands(bands: Sequence[_Band], bounds: Bounds, frame: Frame) -> int | None:
    """How many bands are the head: to the first line under the first column."""
    count = next((n + 1 for n, band in enumerate(bands[:-1]) if band.is_closed(bounds, 0)), None)
    if count is None:
        return None
    placed = [[place_cells(line, bounds) for line in band.lines] for band in bands]
    head_rows = [row for rows in placed[:count] for row in rows]
    if sum(map(_has_number, head_rows)) > max(1, 0.3 * len(head_rows)):
        return None
    widest = max(len(line.cells) for band in bands[:count] for line in band.lines)
    if _is_title(bands[:count], frame) and count < len(bands) - 1:
        widest = len(bounds)
        head_rows += placed[count]
        count += 1
    while (
        count < len(bands) - 1
        and max(len(line.cells) for line in bands[count].lines) > 1
        and (
            _continues_head(head_rows, placed[count])
            or (2 * widest <= len(bounds) and _names_columns(placed[count], placed[count + 1]))
        )
    ):
        widest = len(bounds)
        head_rows += placed[count]
        count += 1
    return count


def _is_title(head: Sequence[_Band], frame: Frame) -> bool:
    """Whether a head is one text in the middle of the frame: the names of columns are below it."""
    middle = (frame.x0 + frame.x1) / 2
    return all(
        len(line.cells) == 1
        and abs((line.cells[0].x0 + line.cells[0].x1) / 2 - middle) < _OFF_CENTRE
        for band in head
        for line in band.lines
    )


def _continues_head(head: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> bool:
    """Whether lines below a ruled line are more of the head: the names of its empty columns."""
    columns = range(len(head[0]))
    empty = [n for n in columns if not any(row[n] for row in head)]
    filled = [n for n in columns if any(row[n] for row in rows)]
    names_by_number = len(rows) == 1 and not rows[0][0] and all(rows[0][1:])
    if any(map(_has_number, rows)):
        return names_by_number and len(empty) > 1
    return len(empty) > 1 and set(empty) <= set(filled)


def _names_columns(rows: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> bool:
    """Whether lines name each column below merged heads: words in all, numbers only below them."""
    named = [any(row[n] for row in rows) for n in range(len(rows[0]))]
    return all(named) and not any(map(_has_number, rows)) and any(map(_has_number, below))


Head = tuple[str, tuple[int, ...]]
"""A piece of a head, and the columns it is over."""


def _place_head_line(line: PrintedLine, bounds: Bounds) -> list[Head]:
    """The heads of one line by the columns they are over; a centred one may reach further."""
    over: list[list[int]] = []
    for n, cell in enumerate(line.cells):
        columns = list_columns(cell.x0, cell.x1, bounds)
        is_apart = not any(cell.x0 < right and cell.x1 > left for left, right in bounds)
        over.append(over[-1] if n and is_apart and is_close(line, n) else columns)
    heads: list[Head] = []
    for number, (cell, columns) in enumerate(zip(line.cells, over, strict=True)):
        others = {n for k, taken in enumerate(over) if k != number for n in taken}
        if len(columns) > 1:
            if all(is_number(w.text) for w in cell.words) and len(cell.words) == len(columns):
                heads += [(w.text, (n,)) for w, n in zip(cell.words, columns, strict=True)]
                continue
            columns = _centre_columns(cell, columns, others, bounds)
        heads.append((cell.text, tuple(columns)))
    return heads


def _centre_columns(
    cell: PrintedCell, columns: Sequence[int], others: set[int], bounds: Bounds
) -> list[int]:
    """The run of columns over whose middle a merged head is printed."""
    middle, first, last = (cell.x0 + cell.x1) / 2, columns[0], columns[-1]
    best, best_distance = (first, last), abs(_get_middle(first, last, bounds) - middle) - 4.0
    for left in range(first, -1, -1):
        if left in others or (left == 0 and first > 0):
            break
        for right in range(last, len(bounds)):
            if right in others:
                break
            distance = abs(_get_middle(left, right, bounds) - middle)
            if distance < best_distance - 1.0:
                best, best_distance = (left, right), distance
    return list(range(best[0], best[1] + 1))


def _get_middle(first: int, last: int, bounds: Bounds) -> float:
    return (bounds[first][0] + bounds[last][1]) / 2


def _place_heads(band: _Band, frame: Frame, bounds: Bounds) -> list[list[Head]]:
    """The heads of each line of a band.

    A merged one reaches as far as the line under it, or the lines drawn left and right of it.
    """
    width = frame.x1 - frame.x0
    partial = [box for box in band.below if box[2] - box[0] < _FULL * width]
    placed = []
    for line in band.lines:
        if len(line.cells) < len(bounds):
            line = _close_gaps(line, [*partial, *_list_compartments(line, frame)])
        heads: list[Head] = []
        under = {
            box: [
                cell for cell in line.cells if box[0] - 2 <= (cell.x0 + cell.x1) / 2 <= box[2] + 2
            ]
            for box in partial
        }
        for box, cells in under.items():
            columns = [
                n for n in range(len(bounds)) if box[0] - 1 <= sum(bounds[n]) / 2 <= box[2] + 1
            ]
            for cell in cells:
                mine = [n for n in columns if _find_nearest(n, cells, bounds) is cell]
                heads.append((cell.text, tuple(mine or list_columns(cell.x0, cell.x1, bounds))))
        taken = {n for _, columns in heads for n in columns}
        underlined = {cell for cells in under.values() for cell in cells}
        rest = [cell for cell in line.cells if cell not in underlined]
        if rest:
            compartments = _list_compartments(line, frame)
            for text, over in _place_head_line(build_line(rest), bounds):
                cell = next(c for c in rest if c.text == text or text in c.text.split())
                wide = _fill_compartment(cell, line, compartments, bounds) or over
                free = tuple(n for n in wide if n not in taken)
                if free:
                    heads.append((text, free))
        placed.append(heads)
    return placed


def _list_compartments(line: PrintedLine, frame: Frame) -> list[Box]:
    """The parts of a line between the lines drawn down the page."""
    crossing = {x0 for x0, top, _, bottom in frame.down if top - 1 <= line.middle <= bottom + 1}
    edges = sorted({frame.x0, *crossing, frame.x1})
    if not crossing:
        return []
    return [(a, line.top, b, line.bottom) for a, b in pairwise(edges) if b - a > _MIN_COMPARTMENT]


def _close_gaps(line: PrintedLine, parts: Sequence[Box]) -> PrintedLine:
    """The line with words that are a little far apart made one cell, if one part holds them all."""
    cells: list[PrintedCell] = []
    height = max(line.bottom - line.top, 4.0)
    for cell in line.cells:
        part = next((box for box in parts if box[0] - 2 <= cell.x0 and cell.x1 <= box[2] + 2), None)
        inside = [c for c in line.cells if part and part[0] - 2 <= c.x0 and c.x1 <= part[2] + 2]
        if (
            cells
            and len(inside) == MIN_SIZE
            and cells[-1] is inside[0]
            and cell.x0 - inside[0].x1 < height
        ):
            cells[-1] = build_cell([*inside[0].words, *cell.words])
        else:
            cells.append(cell)
    return build_line(cells)


def _fill_compartment(
    cell: PrintedCell, line: PrintedLine, compartments: Sequence[Box], bounds: Bounds
) -> list[int]:
    """The columns between two lines drawn down, if a cell is alone and in the middle there."""
    for box in compartments:
        inside = [c for c in line.cells if box[0] - 2 <= c.x0 and c.x1 <= box[2] + 2]
        columns = [n for n in range(len(bounds)) if box[0] <= sum(bounds[n]) / 2 <= box[2]]
        if inside != [cell] or len(columns) < MIN_SIZE:
            continue
        if abs((box[0] + box[2]) / 2 - (cell.x0 + cell.x1) / 2) < _OFF_CENTRE:
            return columns
    return []


def _find_nearest(column: int, cells: Sequence[PrintedCell], bounds: Bounds) -> PrintedCell:
    middle = sum(bounds[column]) / 2
    return min(cells, key=lambda cell: max(cell.x0 - middle, middle - cell.x1, 0.0))


def _join_heads(lines: Sequence[Sequence[Head]], width: int) -> tuple[str, ...]:
    """One head for each column: lines over the same columns are one text, levels are parted."""
    columns = []
    for column in range(width):
        levels: list[Head] = []
        for heads in lines:
            for text, over in heads:
                if column not in over:
                    continue
                if levels and levels[-1][1] == over:
                    levels[-1] = (f"{levels[-1][0]} {text}", over)
                else:
                    levels.append((text, over))
        columns.append(" | ".join(dict.fromkeys(text for text, _ in levels)))
    return tuple(columns)


def _build_rows(bands: Sequence[_Band], bounds: Bounds) -> list[Row]:
    """The rows of a framed body, merged labels repeated in each row they belong to."""
    placed = [[_place_row(line, bounds) for line in band.lines] for band in bands]
    is_grid = len(bands) >= _MIN_GRID and not any(map(_repeats_numbers, placed))
    rows: list[Row] = []
    band_rows: list[list[Row]] = []
    for band, lines in zip(bands, placed, strict=True):
        complete = sum(bool(line[0]) and any(line[1:]) for line in lines)
        is_row = is_grid or (len(bands) > 1 and complete <= 1 and not _repeats_numbers(lines))
        band_rows.append(
            [_merge_lines(lines)] if is_row else _spread_label(_join_lines(band.lines, bounds))
        )
    for column in range(len(bounds)):
        first = 0
        for n, band in enumerate(bands):
            if band.is_closed(bounds, column) or n == len(bands) - 1:
                _spread_cell(band_rows[first : n + 1], column)
                first = n + 1
    for part in band_rows:
        rows += part
    return rows


def _place_row(line: PrintedLine, bounds: Bounds) -> Row:
    """The cells of a line of the body; a text over several columns alone on it names a group."""
    row = place_cells(line, bounds)
    if len(line.cells) == 1 and sum(map(bool, row)) > 1 and len(set(filter(None, row))) == 1:
        return [line.text] + [""] * (len(bounds) - 1)
    return row


def _repeats_numbers(lines: Sequence[Sequence[str]]) -> bool:
    """Whether two lines have a number in the same column: they are two rows.

    A spread or an interval below its value, and a list with a comma at the end, are one cell.
    """
    return any(
        sum(is_number(c) and not _continues_cell(c) and c[-1] not in ",;" for c in column) > 1
        for column in zip(*(row[1:] for row in lines), strict=True)
    )


def _continues_cell(text: str) -> bool:
    return text.startswith(("±", "(", "["))


def _merge_lines(lines: Sequence[Sequence[str]]) -> Row:
    return [" ".join(filter(None, column)) for column in zip(*lines, strict=True)]


def _spread_cell(parts: Sequence[list[Row]], column: int) -> None:
    """Fills a cell that reaches over several bands into the rows that have none."""
    rows = [row for part in parts for row in part]
    texts = [row[column] for row in rows if row[column]]
    if len(parts) < MIN_SIZE or not texts or len(texts) == len(rows):
        return
    filled = [n for n, part in enumerate(parts) if any(row[column] for row in part)]
    if len(filled) == len(parts) or filled != list(range(filled[0], filled[-1] + 1)):
        return
    if not any(c.isalnum() for c in "".join(texts)):
        return
    for row in rows:
        row[column] = " ".join(texts)


def _spread_label(rows: list[Row]) -> list[Row]:
    """Rows between two ruled lines, their common label filled into each of them."""
    full = [row for row in rows if any(row[1:])]
    labels = [row[0] for row in rows if row[0]]
    unnamed = sum(not row[0] for row in full)
    if len(full) < MIN_SIZE or not labels or 2 * unnamed < len(full):
        return rows
    is_between = len(full) < len(rows) and rows[0] in full
    if not is_between and (len(labels) > 1 or full[0][0]):
        return rows
    return [[" ".join(labels), *row[1:]] for row in full]


def _join_lines(lines: Sequence[PrintedLine], bounds: Bounds) -> list[Row]:
    """The rows of lines that no ruled line parts."""
    placed = [_place_row(line, bounds) for line in lines]
    groups = _group_by_labels(placed) or _group_by_white(lines, placed)
    if groups is not None:
        return [_merge_lines(placed[start:stop]) for start, stop in groups]
    joined: list[Row] = []
    size = 0
    for n, row in enumerate(placed):
        last = joined[-1] if joined else None
        only_label = row[0] and not any(row[1:])
        filled = [cell for cell in row if cell]
        if last and only_label and any(last[1:]) and row[0][:1].islower():
            last[0] = f"{last[0]} {row[0]}"
        elif last and not row[0] and any(row) and last[0] and not any(last[1:]):
            last[1:] = row[1:]
        elif last and (
            (not row[0] and all(map(_continues_cell, filled)))
            or (len(filled) < size and _reads_on(lines[n - 1], lines[n], bounds))
        ):
            joined[-1] = _merge_lines([last, row])
        else:
            joined.append(list(row))
            size = len(filled)
    return joined


def _reads_on(before: PrintedLine, line: PrintedLine, bounds: Bounds) -> bool:
    """Whether a line in small letters is the rest of cells of the line above, which were full."""
    above = {list_columns(cell.x0, cell.x1, bounds)[0]: cell for cell in before.cells}
    for cell in line.cells:
        columns = list_columns(cell.x0, cell.x1, bounds)
        host = above.get(columns[0])
        if len(columns) > 1 or host is None or is_number(cell.text) or is_number(host.text):
            return False
        if not cell.text[:1].islower():
            return False
        if host.x1 + cell.words[0].x1 - cell.words[0].x0 < bounds[columns[0]][1]:
            return False
    return True


def _group_by_labels(placed: Sequence[Sequence[str]]) -> list[tuple[int, int]] | None:
    """First and last line of each row, if each label is printed beside the middle of its lines.

    Of the lines without a label between two labels, each label takes as many below it as it has
    above it; if that comes out even at the end, labels are in the middle.
    """
    labels = [n for n, row in enumerate(placed) if row[0]]
    if not labels or len(labels) == len(placed):
        return None
    groups, start = [], 0
    for n in labels:
        stop = n + (n - start) + 1
        following = next((m for m in labels if m > n), len(placed))
        if stop > following:
            return None
        groups.append((start, stop))
        start = stop
    if any(all(map(_continues_cell, filter(None, placed[begin]))) for begin, _ in groups):
        return None
    is_even = start == len(placed) and any(stop - begin > 1 for begin, stop in groups)
    if not is_even or any(_repeats_numbers(placed[a:b]) for a, b in groups):
        return None
    return groups


def _group_by_white(
    lines: Sequence[PrintedLine], placed: Sequence[Sequence[str]]
) -> list[tuple[int, int]] | None:
    """First and last line of each row, if rows are farther apart than the lines of a cell."""
    gaps = [after.middle - before.middle for before, after in pairwise(lines)]
    sizes = sorted(gaps)
    jumps = [(a + b) / 2 for a, b in pairwise(sizes) if b > _ROW_JUMP * a and b - a > 1.5]
    for limit in reversed(jumps):
        starts = [0, *(n + 1 for n, gap in enumerate(gaps) if gap > limit), len(lines)]
        groups = list(pairwise(starts))
        if all(
            stop - start <= _MAX_CELL_LINES
            and not _repeats_numbers(placed[start:stop])
            and any(row[0] for row in placed[start:stop])
            for start, stop in groups
        ):
            return groups
    return None
