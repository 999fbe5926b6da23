"""Checks columns of tables that arithmetic ties to others, and figures that two tables repeat.

As in table_cells, a relation is only held against a cell if it holds in the other rows.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.printed import parse_count, shorten
from review.bias.number_checks.repeated_figures import differ_by_one_digit
from review.bias.number_checks.rows import is_row
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import Sentence

_MIN_RIGHT = 2
"""Rows in which a relation must hold before the one in which it does not is an error."""
_WRONG_SHARE = 4
"""One row in so many may break a relation that is still taken to be meant."""


def check_columns(grids: Sequence[NumberGrid], sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """What does not agree between the columns of a table, or between the rows of two."""
    for grid in grids:
        yield from _check_group_totals(grid)
        yield from _check_changes(grid)
        yield from _check_errors(grid)
        yield from _check_products(grid)
    yield from _check_slashed_rows(sentences)
    yield from _check_slashed_cells(grids)
    yield from _compare_lines(grids)
    yield from _compare_pairs(grids)


def _is_exception(right: int, wrong: int) -> bool:
    return right >= _MIN_RIGHT and 0 < wrong <= max(1, right // _WRONG_SHARE)


# ---- groups of columns and their total ----


def _check_group_totals(grid: NumberGrid) -> Iterator[Finding]:
    """Counts 'Drug | n' and 'Placebo | n' against 'Total | n'."""
    totals = [
        n
        for n, head in enumerate(grid.full_heads)
        if " | " in head and re.match(r"(?:total|all|overall)\b", head, re.I)
    ]
    for total in totals:
        name = grid.heads[total]
        parts = [
            n
            for n, head in enumerate(grid.heads)
            if head == name and n not in totals and " | " in grid.full_heads[n]
        ]
        if len(parts) < 2:
            continue
        right, wrong = 0, []
        for row, cells in enumerate(grid.cells):
            whole, counts = cells[total], [cells[n] for n in parts]
            if whole is None or not whole.is_count or not all(c and c.is_count for c in counts):
                continue
            added = sum(int(cell.value) for cell in counts if cell)
            if added == whole.value:
                right += 1
            else:
                wrong.append((row, added, whole))
        if _is_exception(right, len(wrong)):
            for row, added, whole in wrong:
                yield (
                    grid.places[row],
                    Contradiction(
                        "n",
                        f"{grid.label}, row '{shorten(grid.labels[row])}': the groups add up to "
                        f"{added:,}, not {whole.printed}; those of {right} other rows add up.",
                    ),
                )


# ---- changes from a first row ----

_CHANGE = re.compile(r"\b(?:change|difference|gain|improvement)\b|^[Δ∆]", re.I)


def _check_changes(grid: NumberGrid) -> Iterator[Finding]:
    """A column of changes against the column before it: 60.7% after 62.6% is no change of -0.9."""
    for column, head in enumerate(grid.heads):
        if column < 2 or not _CHANGE.search(head):
            continue
        right, wrong = 0, []
        first: NumberCell | None = None
        for row, cells in enumerate(grid.cells):
            value, change = cells[column - 1], _parse_change(grid.texts[row][column])
            if value and change is None:
                first = value
            if value is None or change is None or first is None:
                continue
            exact = value.value - first.value
            if abs(exact - change) <= value.unit + first.unit + 1e-9:
                right += 1
            else:
                wrong.append((row, first.printed, value.printed, exact, value.decimals))
        if right > _MIN_RIGHT and _is_exception(right, len(wrong)):
            for row, before, after, exact, decimals in wrong:
                yield (
                    grid.places[row],
                    Contradiction(
                        "a difference",
                        f"{grid.label}, row '{shorten(grid.labels[row])}': from {before} to "
                        f"{after} is a change of {exact:+.{decimals}f}, not "
                        f"{grid.texts[row][column]}; {right} other rows agree.",
                    ),
                )


def _parse_change(text: str) -> float | None:
    match = re.match(r"^\s*([+\-−–]?)\s*(\d+(?:[.·]\d+)?)\s?%?\s*$", text)
    if not match:
        return None
    return float(match[2].replace("·", ".")) * (-1 if match[1] in ("-", "−", "–") else 1)


# ---- standard deviation and standard error ----

_DEVIATION = re.compile(r"\bstandard deviations?\b|^s\.?d\.?$", re.I)
_ERROR = re.compile(r"\bstandard errors?\b|^s\.?e\.?m?\.?$", re.I)


def _check_errors(grid: NumberGrid) -> Iterator[Finding]:
    """A standard error of the mean that is larger than the standard deviation."""
    deviations = [n for n, head in enumerate(grid.heads) if _DEVIATION.search(head)]
    errors = [n for n, head in enumerate(grid.heads) if _ERROR.search(head)]
    if len(deviations) != 1 or len(errors) != 1:
        return
    for row, cells in enumerate(grid.cells):
        deviation, error = cells[deviations[0]], cells[errors[0]]
        if deviation and error and 0 < deviation.value < error.value:
            yield (
                grid.places[row],
                Contradiction(
                    "standard error",
                    f"{grid.label}, row '{shorten(grid.labels[row])}': the standard error "
                    f"{error.printed} is larger than the standard deviation {deviation.printed}.",
                ),
            )
            return


# ---- products ----

_FACTORS = (1.0, 24.0, 60.0, 3600.0, 100.0, 1000.0)
_MIN_PRODUCTS = 4
_MAX_SLACK = 0.02
_MAX_COLUMNS = 9


def _check_products(grid: NumberGrid) -> Iterator[Finding]:
    """A column that is the product of two others (epochs, hours an epoch, days), but in a row."""
    columns = [
        n
        for n in range(1, len(grid.heads))
        if sum(bool(cell and cell.value > 0) for cell in _take_column(grid, n)) > _MIN_PRODUCTS
    ][:_MAX_COLUMNS]
    for a, b, c in permutations(columns, 3):
        if a > b:
            continue
        rows = [
            (row, x, y, z)
            for row, cells in enumerate(grid.cells)
            if (x := cells[a]) and (y := cells[b]) and (z := cells[c])
            if min(x.value, y.value, z.value) > 0
        ]
        if len(rows) < _MIN_PRODUCTS or not all(map(_varies, list(zip(*rows, strict=True))[1:])):
            continue
        for factor in _FACTORS:
            exact = [row for row in rows if _is_product(*row[1:], factor)]
            wrong = [
                row
                for row in rows
                if row not in exact
                and _compute_slack(*row[1:]) <= _MAX_SLACK
                and abs(row[1].value * row[2].value / factor / row[3].value - 1) < 0.3
            ]
            close = [row for row in exact if _compute_slack(*row[1:]) <= _MAX_SLACK]
            if len(close) < _MIN_PRODUCTS or len(wrong) != 1 or len(exact) + 1 < len(rows):
                continue
            row, x, y, z = wrong[0]
            yield (
                grid.places[row],
                Contradiction(
                    "a product",
                    f"{grid.label}, row '{shorten(grid.labels[row])}': {x.printed} times "
                    f"{y.printed} makes {x.value * y.value / factor:.{z.decimals}f} by the "
                    f"{len(exact)} other rows, not {z.printed}.",
                ),
            )


def _varies(values: Iterable[NumberCell]) -> bool:
    """Whether figures differ so much that a product of them is no chance, as of shares near 1."""
    numbers = [cell.value for cell in values]
    return len(set(numbers)) >= _MIN_PRODUCTS and max(numbers) >= 2 * min(numbers)


def _take_column(grid: NumberGrid, column: int) -> list[NumberCell | None]:
    return [cells[column] for cells in grid.cells]


def _compute_slack(*cells: NumberCell) -> float:
    return sum(0.0 if cell.is_count else 0.5 * cell.unit / cell.value for cell in cells)


def _is_product(x: NumberCell, y: NumberCell, z: NumberCell, factor: float) -> bool:
    exact = x.value * y.value / factor
    return abs(exact - z.value) <= z.value * (_compute_slack(x, y) * 1.1) + z.unit


# ---- '127/105' and its sum ----

_SLASHED = re.compile(r"(?<![\d.,/])\d{1,6}(?:/\d{1,6}){1,3}(?![\d./])")
_MAX_SMALL_ERROR = 0.02


def _sum_slashed(text: str) -> int:
    return sum(int(part) for part in text.split("/"))


def _check_slashed_rows(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Lines of a table with counts like 143/116, whose sum stands before them."""
    run: list[tuple[int, str, list[int], int]] = []
    for index, sentence in enumerate([*sentences, Sentence("", 0, "")]):
        found = _SLASHED.findall(sentence.text) if is_row(sentence.text) else []
        if len(found) == 1 and not re.search(r"\d{4}-\d\d|\bet al", sentence.text):
            before = sentence.text[: sentence.text.find(found[0])]
            counts = [parse_count(n) for n in re.findall(r"(?<![\w.])\d[\d,]*(?![\w.%])", before)]
            if not run or len(run[0][2]) == len(counts):
                run.append((index, found[0], counts, _sum_slashed(found[0])))
                continue
        if len(run) > 1:
            yield from _compare_slashed(run)
        run = []


def _compare_slashed(run: Sequence[tuple[int, str, list[int], int]]) -> Iterator[Finding]:
    for position in range(len(run[0][2])):
        wrong = [line for line in run if line[2][position] != line[3]]
        right = len(run) - len(wrong)
        if len(wrong) != 1 or not right:
            continue
        index, printed, counts, added = wrong[0]
        count = counts[position]
        is_small = count > 20 and abs(count - added) <= max(1, _MAX_SMALL_ERROR * count)
        if right >= _MIN_RIGHT or is_small:
            yield (
                index,
                Contradiction(
                    "n",
                    f"{printed} makes {added:,}, not {count:,} as in the row; "
                    f"{right} other row{'s add' if right > 1 else ' adds'} up.",
                ),
            )
            return


def _check_slashed_cells(grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    """'20/20/20' against the count of the row with the same name, here or in another table."""
    for grid in grids:
        for column in range(1, len(grid.heads)):
            sums = {
                label: (row, text, _sum_slashed(text))
                for row, label in enumerate(grid.labels)
                if label and _SLASHED.fullmatch(text := grid.texts[row][column].strip())
            }
            if len(sums) <= _MIN_RIGHT:
                continue
            for other in grids:
                yield from _compare_sums(grid, sums, other)


def _compare_sums(
    grid: NumberGrid, sums: dict[str, tuple[int, str, int]], other: NumberGrid
) -> Iterator[Finding]:
    for column in range(1, len(other.heads)):
        counts = {
            label: cell
            for row, label in enumerate(other.labels)
            if label in sums
            and (cell := other.cells[row][column])
            and cell.is_count
            and "/" not in cell.printed
        }
        wrong = [label for label, cell in counts.items() if cell.value != sums[label][2]]
        right = len(counts) - len(wrong)
        distinct = {cell.value for cell in counts.values()}
        parts = [label for label in wrong if not re.match(r"total|all\b|sum", label, re.I)]
        if right < _MIN_RIGHT or len(parts) != 1 or len(wrong) > 2 or len(distinct) < 2:
            continue
        row, text, added = sums[parts[0]]
        yield (
            grid.places[row],
            Contradiction(
                "n",
                f"{grid.label}, row '{shorten(parts[0])}': {text} makes {added:,}, "
                f"{counts[parts[0]].printed} in {other.label}; {right} other rows agree.",
            ),
        )
        return


# ---- figures that two tables repeat ----

_MIN_SAME = 3
_MIN_SAME_DIGITS = 9
_NEAR = 0.05
_MIN_DIGITS = 3
"""Digits of a figure that does not come near another one by chance."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row or a column of a table as a sequence of figures."""

    grid: NumberGrid
    name: str
    figures: tuple[str, ...]
    places: tuple[int, ...]
    """Sentence of each figure."""
    is_column: bool


def _list_lines(grid: NumberGrid) -> Iterator[_Line]:
    """Rows and columns as sequences of figures with decimals; 'a/b' gives two sequences."""
    count = len(grid.texts)
    rows = [
        (grid.labels[n], [(text, grid.places[n]) for text in grid.texts[n]]) for n in range(count)
    ]
    columns = [
        (grid.heads[n], [(grid.texts[row][n], grid.places[row]) for row in range(count)])
        for n in range(1, len(grid.heads))
    ]
    for number, (name, cells) in enumerate((*rows, *columns)):
        if _NO_FIGURE.search(name):
            continue
        for part in (0, 1):
            kept = [
                (figure, place) for text, place in cells if (figure := _take_figure(text, part))
            ]
            if len(kept) > _MIN_SAME:
                figures, places = zip(*kept, strict=True)
                yield _Line(grid, name, figures, places, is_column=number >= count)


_NO_FIGURE = re.compile(r"\bCIs?\b|\bconfidence\b|\bp\b|\bp-?values?\b", re.I)
"""Heads of columns of intervals and of p values."""
_PAIR = re.compile(r"^(\d+(?:\.\d+)?)\s?/\s?(\d+(?:\.\d+)?)$")


def _take_figure(text: str, part: int) -> str:
    pair = _PAIR.match(text.strip())
    if pair:
        return pair[part + 1]
    match = re.match(r"^[^\d]{0,3}(\d+[.·]\d+)", text.strip())
    return match[1].replace("·", ".") if match and not part else ""


def _count_digits(value: str) -> int:
    return sum(c.isdigit() for c in value.lstrip("0.")) if "." in value else 0


def _compare_lines(grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    """Two tables with the same figures in the same order, but for one."""
    lines = [line for grid in grids for line in _list_lines(grid)]
    sets = [set(line.figures) for line in lines]
    reported: set[frozenset[str]] = set()
    for (n, first), (m, second) in combinations(enumerate(lines), 2):
        if first.grid is second.grid or len(sets[n] & sets[m]) < _MIN_SAME:
            continue
        if first.is_column and second.is_column:
            continue  # rivals that two experiments share, and a model that has another figure
        match = _align_lines(first.figures, second.figures)
        if match is None or not (_is_rare(first, second) and _is_rare(second, first)):
            continue
        at, other, same = match
        here, there = second.figures[other], first.figures[at]
        is_near = abs(float(here) - float(there)) <= _NEAR * max(float(here), float(there))
        is_slip = is_near or differ_by_one_digit(here, there)
        if (first.is_column or second.is_column) and not is_slip:
            continue
        if frozenset((here, there)) in reported:
            continue
        reported.add(frozenset((here, there)))
        yield (
            second.places[other],
            Contradiction(
                "table",
                f"{second.grid.label}, '{shorten(second.name)}': {here} is {there} in "
                f"{first.grid.label}, '{shorten(first.name)}', with the same {same} other figures.",
            ),
        )


def _is_rare(line: _Line, other: _Line) -> bool:
    """Whether enough of what two lines share stands once in a table: variants of one model have
    many figures in common by chance."""
    shared = set(line.figures) & set(other.figures)
    printed = Counter(
        figure for texts in line.grid.texts for text in texts if (figure := _take_figure(text, 0))
    )
    return sum(printed[figure] <= 1 for figure in shared) >= _MIN_SAME - 1


def _align_lines(first: Sequence[str], second: Sequence[str]) -> tuple[int, int, int] | None:
    """The places of the pair that differs, and how many figures beside it agree.

    None if one line stands complete in the other. A pair at the end of what agrees must differ by
    one digit, for the lines may go on with figures of another kind.
    """
    best: tuple[int, int, int] | None = None
    for shift in range(-len(second) + _MIN_SAME + 1, len(first) - _MIN_SAME):
        start_a, start_b = max(0, shift), max(0, -shift)
        pairs = list(zip(first[start_a:], second[start_b:], strict=False))
        equal = [a == b for a, b in pairs]
        if all(equal) and len(pairs) > _MIN_SAME:
            return None
        for at, is_equal in enumerate(equal):
            start, stop = at, at + 1
            while start > 0 and equal[start - 1]:
                start -= 1
            while stop < len(equal) and equal[stop]:
                stop += 1
            same = {pairs[n][0] for n in range(start, stop) if n != at}
            is_rare = len(same) >= _MIN_SAME and sum(map(_count_digits, same)) >= _MIN_SAME_DIGITS
            if is_equal or not is_rare or not _may_be_one(*pairs[at]):
                continue
            is_complete = start == 0 and stop == len(equal) and len(first) == len(second)
            if start < at < stop - 1 or is_complete or differ_by_one_digit(*pairs[at]):
                best = (start_a + at, start_b + at, stop - start - 1)
    return best


def _may_be_one(first: str, second: str) -> bool:
    """Whether two figures are long, and printed alike."""
    digits = min(_count_digits(first), _count_digits(second))
    return digits >= _MIN_DIGITS and len(first.partition(".")[2]) == len(second.partition(".")[2])


def _compare_pairs(grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    """'90.6/36.6' once, where other tables have '90.6/30.6'."""
    places: dict[str, list[tuple[NumberGrid, int]]] = {}
    for grid in grids:
        for row, texts in enumerate(grid.texts):
            for text in texts:
                if _PAIR.match(text.strip()):
                    places.setdefault(text.strip(), []).append((grid, row))
    by_first: dict[str, Counter[str]] = {}
    for text, where in places.items():
        first, second = text.split("/")
        if _count_digits(first) >= _MIN_SAME and _count_digits(second) >= _MIN_SAME:
            by_first.setdefault(first, Counter())[second] += len({id(grid) for grid, _ in where})
    for first, seconds in by_first.items():
        if len(seconds) != 2:
            continue
        (usual, often), (rare, once) = seconds.most_common()
        different = [a + b for a, b in zip(usual, rare, strict=False) if a != b]
        if often > 1 and once == 1 and len(usual) == len(rare) and len(different) == 1:
            grid, row = places[f"{first}/{rare}"][0]
            yield (
                grid.places[row],
                Contradiction(
                    "table",
                    f"{grid.label}, row '{shorten(grid.labels[row])}': {first}/{rare} is "
                    f"{first}/{usual} in {often} other tables.",
                ),
            )
