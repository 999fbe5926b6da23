"""Compares the figures that a sentence gives for named methods with the cells of their rows."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.comparison_tables import (
    COSTS,
    METRIC_WORDS,
    MethodComparison,
    find_metrics,
    read_comparisons,
)
from review.bias.number_checks.listed_settings import check_listed_settings
from review.bias.number_checks.method_names import (
    LIMITS,
    MENTIONS,
    find_own_names,
    find_rows,
    has_scope,
    is_name,
    mark_names,
)
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.repeated_figures import differ_by_one_digit
from review.bias.number_checks.repeated_results import check_repeated_results
from review.bias.number_checks.rows import is_row, list_numbers
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import PrintedTable, Sentence

_SECTIONS = frozenset({"", "abstract", "results", "discussion", "conclusion", "supplement"})
_VALUE = r"(?:\d{1,3}\.\d+|\d{2,3}(?=\s?%))(?![\d.]*\d)"
_VALUES = rf"(?P<values>{_VALUE}\s?%?(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_VALUE}\s?%?)*)"
_WORDS = "|".join(words for name, words in METRIC_WORDS.items() if name not in ("error", *COSTS))
_METRIC = (
    rf"(?<![A-Za-z0-9])(?:{_WORDS})(?![A-Za-z])(?:\s(?:scores?|values?|rates?|coefficients?))?"
)
_LINK = (
    r"(?:\s*(?:of|was|were|is|are|=|:|reached|reaching|at|about|approximately|as high as|~|∼|≈|"
    r"\())*\s*"
)
_METRICS_THEN_VALUES = re.compile(
    rf"(?P<metrics>{_METRIC}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)(?:an? )?{_METRIC})*){_LINK}"
    rf"(?<![\d.]){_VALUES}",
    re.I,
)
_VALUE_THEN_METRIC = re.compile(
    rf"(?<![\d.,±])(?P<value>{_VALUE})\s?%?\s*(?:in |for |of |on )?(?P<metric>{_METRIC})", re.I
)
_NAME_WITH_VALUE = re.compile(rf"§(?P<name>\d+)§\s*\((?:\w+\s*=\s*)?(?P<value>{_VALUE})\s?%?\)")
_NAMES_THEN_VALUES = re.compile(
    rf"(?P<names>{MENTIONS})[^§;]{{2,80}}?\s(?:of|were|was|are|with|at|reached|achieved|obtained)\s+"
    rf"{_VALUES}[^§;\d]{{0,60}}?\brespectively\b",
    re.I,
)
_CHANGE = re.compile(
    r"\b(?:increas\w+|gains?|improv\w+|drops?|differen\w+|reduc\w+|decreas\w+|higher|lower|"
    r"better|worse|outperform\w*|rang(?:e[ds]?|ing)|vary\w*|varied|threshold\w*|reported|"
    r"et al|(?:by|from|between|up to|at least|above|below|over)\s+(?:about\s+)?[\d.]+)\b",
    re.I,
)
_SPREAD = re.compile(r"\s*(?:±|\+/-|\+-)\s*[\d.]+|\(?\s*(?:p\s*[<>=≤]\s*[\d.]+|95\s?% CI[^)]*)\)?")
_MIN_DIGITS = 3
_MAX_PRINTED = 2
_NEAR = 0.05


@dataclass(frozen=True, slots=True)
class _Stated:
    """A figure of a sentence: 'DermNet reached a sensitivity of 84.9%'."""

    name: str | None
    """'' for the paper's own method; None if the sentence names none, or several."""
    metric: str
    value: str


def check_results(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid], tables: Sequence[PrintedTable] = ()
) -> Iterator[Finding]:
    """Figures, results and settings of a table that a sentence or another table has otherwise."""
    yield from check_stated_cells(sentences, grids, tables)
    yield from check_repeated_results(grids, tables)
    yield from check_listed_settings(sentences, grids)


def check_stated_cells(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid], tables: Sequence[PrintedTable] = ()
) -> Iterator[Finding]:
    """Figures of named methods that their rows have otherwise."""
    captions = {table.label: table.caption for table in tables}
    comparisons = [one for one in read_comparisons(grids, captions) if one.measures]
    names = {name for one in comparisons for name in one.names if is_name(name)}
    if not grids:
        return
    own = find_own_names(sentences, names)
    in_tables = {
        n for grid in grids for row in grid.texts for cell in row for n in list_numbers(cell)
    }
    for index, sentence in enumerate(sentences):
        is_text = not is_row(sentence.text) or sentence.text.rstrip().endswith(".")
        if sentence.section not in _SECTIONS or not is_text or sentence.text.startswith("Table"):
            continue
        bare = _SPREAD.sub("", sentence.text)
        marked, found = mark_names(bare, names)
        stated = list(_read_values(marked, found))
        if not stated or _CHANGE.search(marked):
            continue
        limits = tuple(LIMITS.findall(marked))
        scoped = [one for one in comparisons if has_scope(limits, one)]
        problem = (
            _compare([one for one in stated if one.name is not None], scoped, own, in_tables)
            or _find_exchange(stated, comparisons, grids)
            or _find_row(stated, comparisons, in_tables)
        )
        if problem:
            yield index, problem


def _read_values(text: str, found: Sequence[str]) -> Iterator[_Stated]:
    metrics = find_metrics(text)
    metrics.pop("error", None)
    for match in _NAMES_THEN_VALUES.finditer(text):
        named = [found[int(n)] for n in re.findall(r"§(\d+)§", match["names"])]
        values = re.findall(_VALUE, match["values"])
        if len(metrics) == 1 and len(named) == len(values) > 1:
            yield from (
                _Stated(*one)
                for one in zip(named, list(metrics) * len(values), values, strict=True)
            )
            return
    pairs = list(_NAME_WITH_VALUE.finditer(text))
    if pairs and len(metrics) == 1:
        [metric] = metrics
        for match in pairs:
            yield _Stated(found[int(match["name"])], metric, match["value"])
        return
    unique = list(dict.fromkeys(name for name in found if name)) or list(dict.fromkeys(found))
    name = unique[0] if len(unique) == 1 else None
    rest = text
    for match in _METRICS_THEN_VALUES.finditer(text):
        listed = _order_metrics(match["metrics"])
        values = re.findall(_VALUE, match["values"])
        if len(listed) == len(values):
            rest = rest.replace(match.group(), " | ")
            for metric, value in zip(listed, values, strict=True):
                yield _Stated(name, metric, value)
    for match in _VALUE_THEN_METRIC.finditer(rest):
        for metric in _order_metrics(match["metric"])[:1]:
            yield _Stated(name, metric, match["value"])


def _order_metrics(text: str) -> list[str]:
    return [name for name, _ in sorted(find_metrics(text).items(), key=lambda found: found[1])]


def _compare(
    stated: Sequence[_Stated],
    comparisons: Sequence[MethodComparison],
    own: frozenset[str],
    in_tables: set[str],
) -> Contradiction | None:
    """What one table has otherwise; None if any table has all, or nothing is sure."""
    best: Contradiction | None = None
    for one in comparisons:
        cells = [_list_cells(figure, one, own) for figure in stated]
        known = [(f, c) for f, c in zip(stated, cells, strict=True) if c]
        if not known:
            continue
        wrong = [(f, c) for f, c in known if not any(_is_same(f.value, cell) for cell in c)]
        if not wrong:
            return None
        right = len(known) - len(wrong)
        page = f" (p. {one.page})" if one.page else ""
        if len(wrong) == 2 and _are_exchanged(wrong):
            (a, _), (b, _) = wrong
            text = (
                f"{a.metric} {a.value} and {b.metric} {b.value} are exchanged in {one.label}{page}."
            )
            best = best or Contradiction(a.metric.lower(), text)
        if len(wrong) != 1:
            continue
        figure, own_cells = wrong[0]
        cell = _find_meant(figure, own_cells, right, in_tables) or _find_row_of(figure, one, own)
        if cell:
            name = figure.name or "the paper's own method"
            best = best or Contradiction(
                figure.metric.lower(),
                f"{figure.metric} of {shorten(name)} is {figure.value} here, "
                f"{shorten(cell.printed, 25)} in {one.label}{page}.",
            )
    return best


def _list_cells(figure: _Stated, one: MethodComparison, own: frozenset[str]) -> list[NumberCell]:
    rows = find_rows(figure.name or "", one, own)
    return [
        cell
        for measure in one.measures
        if measure.metric == figure.metric
        for row in rows
        if (cell := measure.cells[row])
    ]


def _is_same(value: str, cell: NumberCell) -> bool:
    """Whether a printed value can be the cell's, rounded or as a percentage."""
    decimals = len(value.partition(".")[2])
    return any(
        abs(float(value) - cell.value * scale) <= 1.01 * max(10.0**-decimals, cell.unit * scale)
        for scale in (1.0, 100.0, 0.01)
    )


def _count_digits(value: str) -> int:
    return sum(c.isdigit() for c in value.lstrip("0."))


def _find_meant(
    figure: _Stated, cells: Sequence[NumberCell], right: int, in_tables: set[str]
) -> NumberCell | None:
    """The cell that a figure must be, for it differs by a digit, or the rest of the sentence is
    in the row; None if the figure is that of another table."""
    if figure.value in in_tables or len(cells) != 1:
        return None
    [cell] = cells
    digits = re.match(r"[\d.]+", cell.printed.strip("~≈ "))
    is_slip = bool(digits) and differ_by_one_digit(figure.value, digits[0]) if digits else False
    value = float(figure.value) * (0.01 if float(figure.value) > 1 >= cell.value else 1.0)
    is_near = abs(value - cell.value) <= _NEAR * cell.value
    if is_slip and _count_digits(figure.value) >= _MIN_DIGITS:
        return cell
    return cell if is_near and right >= 1 else None


def _find_row_of(figure: _Stated, one: MethodComparison, own: frozenset[str]) -> NumberCell | None:
    """The cell of the named row, if the figure is that of another row in the same column."""
    columns = [m for m in one.measures if m.metric == figure.metric]
    rows = find_rows(figure.name or "", one, own)
    if len(columns) != 1 or len(rows) != 1 or _count_digits(figure.value) <= _MIN_DIGITS:
        return None
    [column] = columns
    others = [
        cell
        for row, cell in enumerate(column.cells)
        if cell and row not in rows and abs(cell.value - float(figure.value)) < 1e-9
    ]
    return column.cells[rows[0]] if len(others) == 1 else None


def _are_exchanged(wrong: Sequence[tuple[_Stated, list[NumberCell]]]) -> bool:
    (a, a_cells), (b, b_cells) = wrong
    return (
        a.name == b.name
        and len(a_cells) == len(b_cells) == 1
        and _is_same(a.value, b_cells[0])
        and _is_same(b.value, a_cells[0])
    )


# ---- rows that the figures of a sentence show ----


def _take_single(stated: Sequence[_Stated]) -> dict[str, str]:
    """Metric -> value, for metrics that a sentence gives once."""
    metrics = Counter(one.metric for one in stated)
    return {one.metric: one.value for one in stated if metrics[one.metric] == 1}


def _find_exchange(
    stated: Sequence[_Stated], comparisons: Sequence[MethodComparison], grids: Sequence[NumberGrid]
) -> Contradiction | None:
    """Two metrics whose values are exchanged in the only row, or cell, that has both."""
    values = _take_single(stated)
    if len(values) != 2 or len(stated) != 2:
        return None
    (a, first), (b, second) = values.items()
    if max(map(_count_digits, (first, second))) < _MIN_DIGITS or first == second:
        return None
    pairs = list(_list_pairs(a, b, comparisons, grids))
    if any(_is_same(first, x) and _is_same(second, y) for x, y, _ in pairs):
        return None
    for x, y, label in pairs:
        if _is_exact(first, y) and _is_exact(second, x):
            return Contradiction(
                a.lower(),
                f"{a} {first} and {b} {second} here, but {a} {shorten(x.printed, 25)} and {b} "
                f"{shorten(y.printed, 25)} in {label}.",
            )
    return None


def _list_pairs(
    a: str, b: str, comparisons: Sequence[MethodComparison], grids: Sequence[NumberGrid]
) -> Iterator[tuple[NumberCell, NumberCell, str]]:
    """The cells of two metrics in one row, or in one cell: '97.8% and 99.9%'."""
    for one in comparisons:
        for x, y in product(one.measures, one.measures):
            if (x.metric, y.metric) == (a, b) and _get_rest(x.head) == _get_rest(y.head):
                for left, right in zip(x.cells, y.cells, strict=True):
                    if left and right:
                        yield left, right, one.label
    for grid in grids:
        for column, head in enumerate(grid.heads):
            if sorted(_order_metrics(head)) != sorted((a, b)):
                continue
            for texts in grid.texts:
                cells = [
                    NumberCell(float(n), len(n.partition(".")[2]), n)
                    for n in list_numbers(texts[column])
                ]
                if len(cells) == 2:
                    ordered = cells if _order_metrics(head) == [a, b] else cells[::-1]
                    yield ordered[0], ordered[1], grid.label


def _get_rest(head: str) -> str:
    return head.rpartition(" | ")[0]


def _is_exact(value: str, cell: NumberCell) -> bool:
    """Whether a value is the cell's, or the cell's cut to fewer digits."""
    unit = 10.0 ** -min(len(value.partition(".")[2]), cell.decimals)
    return any(
        abs(float(value) - cell.value * scale) < unit * scale - 1e-12
        for scale in (1.0, 100.0, 0.01)
    )


def _find_row(
    stated: Sequence[_Stated], comparisons: Sequence[MethodComparison], in_tables: set[str]
) -> Contradiction | None:
    """A row with all figures of a sentence under their metrics but one, which no table has."""
    values = _take_single(stated)
    if len(values) < 3 or len(values) != len(stated):
        return None
    missing = [metric for metric, value in values.items() if value not in in_tables]
    if len(missing) != 1 or _count_digits(values[missing[0]]) < _MIN_DIGITS:
        return None
    [metric] = missing
    for one in comparisons:
        rests = {_get_rest(m.head) for m in one.measures}
        for rest, row in product(rests, range(len(one.names))):
            cells = {
                m.metric: cell
                for m in one.measures
                if m.metric in values and _get_rest(m.head) == rest and (cell := m.cells[row])
            }
            right = [name for name, cell in cells.items() if _is_same(values[name], cell)]
            cell = cells.get(metric)
            if cell and metric not in right and len(right) == len(values) - 1:
                return Contradiction(
                    metric.lower(),
                    f"{metric} is {values[metric]} here, {shorten(cell.printed, 25)} in "
                    f"{one.label}, row '{shorten(one.names[row])}', which has the other figures "
                    "of the sentence.",
                )
    return None
