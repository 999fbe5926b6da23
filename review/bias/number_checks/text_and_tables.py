"""Compares sentences with the cells of tables: a figure of a named row, a gain, a size."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.repeated_figures import METRICS, read_metrics
from review.bias.number_checks.rows import is_row, list_numbers
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import Sentence

_OWN = frozenset({"abstract", "results", "discussion", "conclusion"})
_MAX_DIFFERENCE = 0.05
"""Share by which a figure and its cell may differ for both to be meant as the same."""
_MIN_NAME = 3
_COMMON_NAMES = re.compile(
    r"^(?:ours?|proposed(?: \w+)?|baseline|method|model|all|total|mean|average|yes|no|none|"
    r"training|test(?:ing)?|validation|accuracy|sensitivity|specificity|precision|recall|auc|f1|"
    r"normal|positive|negative|patients?|age|male|female|men|women|sex|[a-z]|\d+)$",
    re.I,
)
_OTHERS = re.compile(
    r"\b(et al|they|their (?:study|work|method)|reported by|previous(?:ly)?|prior work|literature|"
    r"compared (?:with|to)|versus|vs|than|over|against|outperform\w*|respectively|average|mean)\b",
    re.I,
)
_GAIN = re.compile(
    r"\b(?:improv\w+|increas\w+|gains?|outperform\w*|higher|boost\w*|exceed\w*|better|lower|"
    r"decreas\w+|drops?|reduc\w+|surpass\w*)\b",
    re.I,
)
_GAIN_VALUE = re.compile(
    r"(?P<about>[~∼≈]|about |around |approximately |nearly |almost |over |more than )?\s*"
    r"(?<![\d.])(?P<v>\d{1,2}(?:\.\d+)?)(?:\s?%)?\s*(?:(?:,|and|or)\s*"
    r"(?P<w>\d{1,2}(?:\.\d+)?)(?:\s?%)?)?\s*(?:percentage |absolute )?(?P<unit>points?\b|(?<=%))",
    re.I,
)
_MAX_SIZE_ERROR = 0.03
_SIZES_CAPTION = re.compile(
    r"\b(statistic\w*|distribution|number of|numbers of|composition|breakdown|details|class\w*|"
    r"categor\w+|split\w*|data ?sets?)\b",
    re.I,
)


def compare_text_with_grids(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """Sentences that name a row of a table and give another figure than its cell."""
    if not grids:
        return
    in_tables = {
        n for grid in grids for row in grid.texts for text in row for n in list_numbers(text)
    }
    printed = Counter(
        n for s in sentences if s.section != "references" for n in list_numbers(s.text)
    )
    names = {name for grid in grids for name in _list_names(grid)}
    patterns = {name: re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])") for name in names}
    for index, sentence in enumerate(sentences):
        if sentence.section not in _OWN or is_row(sentence.text):
            continue
        yield from _check_versus(index, sentence, grids)
        named = [name for name, pattern in patterns.items() if pattern.search(sentence.text)]
        named = [
            name for name in named if not any(name in other for other in named if other != name)
        ]
        if not named:
            continue
        yield from _compare_named_row(
            index, sentence, named=named, grids=grids, in_tables=in_tables, printed=printed
        )
        yield from _check_gains(index, sentence, named, grids)


def _list_names(grid: NumberGrid) -> set[str]:
    """Names of rows or columns by which a sentence may speak of one: 'DenseNet201'."""
    found = {re.sub(r"\s*[(\[].*", "", name).strip() for name in (*grid.labels, *grid.heads[1:])}
    return {
        name
        for name in found
        if len(name) >= _MIN_NAME
        and not _COMMON_NAMES.match(name)
        and _name_metric(name) is None
        and re.search(r"[A-Z]", name)
    }


def _name_metric(text: str) -> str | None:
    key = re.sub(r"\(.*?\)|[%↑↓]", "", text).strip().rstrip(".")
    key = {"acc": "accuracy", "sens": "sensitivity", "spec": "specificity"}.get(key.lower(), key)
    for name, words in METRICS.items():
        if re.fullmatch(rf"(?:{words})(?: score| value)?", key, re.I):
            return name
    return None


def _find_cells(grid: NumberGrid, name: str, metric: str | None) -> Iterator[NumberCell]:
    """The cells of a named row (or column) under a metric; all of its cells if none is given."""
    labels = [re.sub(r"\s*[(\[].*", "", label).strip() for label in grid.labels]
    heads = [re.sub(r"\s*[(\[].*", "", head).strip() for head in grid.heads]
    for row, label in enumerate(labels):
        for column, head in enumerate(heads):
            cell = grid.cells[row][column]
            is_named = label == name or (head == name and column > 0)
            other = head if label == name else label
            if cell and is_named and (metric is None or _name_metric(other) == metric):
                yield cell


def _compare_named_row(
    index: int,
    sentence: Sentence,
    *,
    named: Sequence[str],
    grids: Sequence[NumberGrid],
    in_tables: set[str],
    printed: Counter[str],
) -> Iterator[Finding]:
    """'DenseNet201 reached an accuracy of 99.25%' where its row has 99.68 and no cell 99.25."""
    if len(named) != 1 or _OTHERS.search(sentence.text):
        return
    [name] = named
    for metric, value in read_metrics(sentence.text).items():
        if value in in_tables or printed[value] > _MAX_PRINTED:
            continue
        cells = [(grid, cell) for grid in grids for cell in _find_cells(grid, name, metric)]
        if not cells or any(_can_equal(value, cell) for _, cell in cells):
            continue
        near = [(g, c) for g, c in cells if _is_near(value, c)]
        if len(near) == 1:
            [(grid, cell)] = near
            yield (
                index,
                Contradiction(
                    metric.lower(),
                    f"{metric} of {name} is {value} here, {cell.printed} in {grid.label}"
                    f"{_format_page(grid)}.",
                ),
            )


_MAX_PRINTED = 2


def _can_equal(value: str, cell: NumberCell) -> bool:
    """Whether a printed value can be the cell's, rounded or as a percentage."""
    number, decimals = float(value), len(value.partition(".")[2])
    for scale in (1.0, 100.0, 0.01):
        slack = 1.01 * max(10.0**-decimals, cell.unit * scale)
        if abs(number - cell.value * scale) <= slack:
            return True
    return False


def _is_near(value: str, cell: NumberCell) -> bool:
    number, decimals = float(value), len(value.partition(".")[2])
    return (
        decimals == cell.decimals
        and decimals > 0
        and abs(number - cell.value) <= _MAX_DIFFERENCE * abs(number)
    )


_BY = re.compile(
    r"\b(?:by|(?:improvements?|increases?|gains?|boosts?|margins?|drops?|reductions?|decreases?|"
    r"differences?)\s+of)\s+(?:about |around |approximately |~|up to )?$",
    re.I,
)
_AGAINST = "to|than|over|with"
_AGAINST_IN_PERCENT = "compared (?:to|with)|than|over"


def _check_gains(
    index: int, sentence: Sentence, named: Sequence[str], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """'14 points more than ST-GCN' where no row has 14 points more in any column.

    A gain in per cent may be one of points, or a share of either figure.
    """
    text = sentence.text
    gains = list(_GAIN_VALUE.finditer(text)) if _GAIN.search(text) else []
    gains = [match for match in gains if match["unit"] or _BY.search(text[: match.start("v")])]
    words = _AGAINST if any(match["unit"] for match in gains) else _AGAINST_IN_PERCENT
    against = [
        name
        for name in named
        if re.search(
            rf"\b(?i:{words}|outperform\w*|surpass\w*|exceed\w*|against)\s+(?:the |our )?"
            rf"{re.escape(name)}(?![\w-])(?!\s*(?:,|and|or)\s+(?:the )?[A-Z])",
            text,
        )
    ]
    if not gains or len(against) != 1:
        return
    [name] = against
    pairs = [(cell.value, o.value) for grid in grids for cell, o in _pair_cells(grid, name)]
    differences = [abs(a - b) for a, b in pairs]
    if not differences:
        return
    scale = 100.0 if max(differences) < 1 else 1.0
    shares = [100 * abs(a - b) / base for a, b in pairs for base in (a, b) if base > 0]
    wrong = []
    for match in gains:
        possible = [scale * d for d in differences] + (shares if not match["unit"] else [])
        for value in filter(None, (match["v"], match["w"])):
            unit = 10.0 ** -len(value.partition(".")[2])
            slack = unit * (2.0 if match["about"] else 1.0) + 1e-9
            if not any(abs(one - float(value)) <= slack for one in possible):
                wrong.append(value)
    if wrong:
        unit_name = "points" if gains[0]["unit"] else "per cent"
        grid = next(grid for grid in grids if any(_pair_cells(grid, name)))
        yield (
            index,
            Contradiction(
                "a difference",
                f"{' and '.join(wrong)} {unit_name} against {name}: no row of {grid.label}"
                f"{_format_page(grid)} or another table differs from {name} by that much.",
            ),
        )


_VERSUS = re.compile(r"(?<![\d.])(\d{1,3}\.\d+)\s?%?\s*(?:vs\.?|versus)\s*(\d{1,3}\.\d+)(?![\d.])")
_MIN_VERSUS = 2


def _check_versus(index: int, sentence: Sentence, grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    """'Drug against sham: 0.77 vs. 0.71, 0.66 vs. 0.62', where no table has both figures of a pair
    in the two rows, but one has the first beside another second."""
    stated = _VERSUS.findall(sentence.text)
    if len(stated) < _MIN_VERSUS:
        return
    text = sentence.text.lower()
    pairs: set[tuple[float, float]] = set()
    names: tuple[str, ...] = ()
    for grid in grids:
        named = [
            row
            for row, label in enumerate(grid.labels)
            if len(label) > _MIN_NAME
            and re.search(rf"(?<![\w-]){re.escape(label.lower())}(?![\w-])", text)
        ]
        if len(named) != 2:
            continue
        rows = sorted(named, key=lambda row: text.find(grid.labels[row].lower()))
        names = tuple(grid.labels[row] for row in rows)
        cells = zip(*(grid.cells[row] for row in rows), strict=True)
        pairs |= {(a.value, b.value) for a, b in cells if a and b}
    right = [pair for pair in stated if (float(pair[0]), float(pair[1])) in pairs]
    wrong = []
    for first, second in (pair for pair in stated if pair not in right):
        a, b = float(first), float(second)
        near = [
            p
            for p in pairs
            if (p[0] == a) != (p[1] == b) and abs(p[0] - a) + abs(p[1] - b) <= _MAX_DIFFERENCE * a
        ]
        wrong += [f"{first} vs. {second}"] if near else []
    if right and wrong:
        yield (
            index,
            Contradiction(
                "table",
                f"{' and '.join(wrong)} is not what the tables give for {' and '.join(names)}; "
                f"{len(right)} other pair{'s agree' if len(right) > 1 else ' agrees'}.",
            ),
        )


def _pair_cells(grid: NumberGrid, name: str) -> Iterator[tuple[NumberCell, NumberCell]]:
    """Each cell of a named row (or column) with the other cells of its column (or row)."""
    labels = [re.sub(r"\s*[(\[].*", "", label).strip() for label in grid.labels]
    heads = [re.sub(r"\s*[(\[].*", "", head).strip() for head in grid.heads]
    for row, column in ((r, c) for r in range(len(labels)) for c in range(1, len(heads))):
        cell = grid.cells[row][column]
        if cell and labels[row] == name:
            yield from ((cell, o) for cells in grid.cells if (o := cells[column]) and o is not cell)
        if cell and heads[column] == name:
            yield from ((cell, o) for o in grid.cells[row][1:] if o and o is not cell)


def _format_page(grid: NumberGrid) -> str:
    return f" (p. {grid.page})" if grid.page else ""
