"""Checks the arithmetic of tables read cell by cell: totals, means, shares, F1, repeated rows.

A relation is only held against a cell if it holds in the other rows or columns of the table.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from review.bias.number_checks.arithmetic import (
    Contradiction,
    DiagnosticFigures,
    Finding,
    PrintedProportion,
    find_contradictions,
    parse_proportion,
)
from review.bias.number_checks.printed import parse_count, shorten
from review.models import PrintedTable, Sentence

_MIN_AGREEING = 2
_MIN_SHARES = 5
"""Cells 'n (p)' that must share a total before the one that does not is an error."""
_MIN_EQUAL = 3
"""Figures two rows of one name must share before the one that differs is an error."""
_MEAN_OF_F1 = 0.025
"""Share by which a mean F1 over classes or folds may differ from the F1 of their means."""
_FIGURE = re.compile(r"\d+(?:[.,·]\d+)*")
_NUMBER = re.compile(r"^[~≈(]?\s*([-−]?\d{1,3}(?:,\d{3})+|[-−]?\d*[.·]?\d+)")
_TOTAL = re.compile(r"^(?:grand |over)?(?:totals?|all(?: \w+)?|sum)\b[\s(:]*", re.I)
_MEAN = re.compile(r"^(?:mean|averages?|avg\.?|avreage|macro[- ]average)\b", re.I)
_SHARE_CELL = re.compile(r"^(\d[\d,]*)\s*\(\s*(\d{1,3}(?:\.\d+)?)\s?%?\s*\)$")
_SPREAD = re.compile(
    r"\b(mean|median|average|s\.?d\.?|iqr|range|years|kg|cm|mm|days|months)\b", re.I
)
_HEAD_SIZE = re.compile(r"\bn\s*=\s*(\d[\d,]*)", re.I)
_COLUMN_NAMES = {
    "precision": re.compile(r"^(?:precision|prec\.?|ppv|p)$", re.I),
    "recall": re.compile(r"^(?:recall|rec\.?|sensitivity|sens\.?|r)$", re.I),
    "f1": re.compile(r"^(?:f1?|f1?[- ]?(?:scores?|measure))$", re.I),
}
_FIGURES = {
    "tp": r"tps?|true positives?",
    "fp": r"fps?|false positives?",
    "fn": r"fns?|false negatives?",
    "tn": r"tns?|true negatives?",
    "sensitivity": r"sens(?:itivity|\.)?|recall|tpr|se",
    "specificity": r"spec(?:ificity|\.)?|tnr|sp",
    "accuracy": r"acc(?:uracy|\.)?",
    "ppv": r"ppv|precision|prec\.?",
    "npv": r"npv",
}
_COUNTS = ("tp", "fp", "fn", "tn")


@dataclass(frozen=True, slots=True)
class NumberCell:
    """A number of a table."""

    value: float
    decimals: int
    printed: str

    @property
    def is_count(self) -> bool:
        return self.decimals == 0 and self.value >= 0 and "%" not in self.printed

    @property
    def unit(self) -> float:
        """One unit of its last digit."""
        return 10.0**-self.decimals


@dataclass(frozen=True, slots=True)
class NumberGrid:
    """A table with the numbers of its cells, and where it is in the text."""

    label: str
    caption: str
    page: int
    heads: tuple[str, ...]
    """Last level of each column's head."""
    full_heads: tuple[str, ...]
    labels: tuple[str, ...]
    """First cell of each row that holds words."""
    cells: tuple[tuple[NumberCell | None, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    places: tuple[int, ...]
    """Index of the sentence of each row; of the caption if the row is not found."""
    parts: tuple[Mapping[str, int], ...] = ()
    """For each row, figure -> the piece of the text that holds it, where a row is in pieces."""

    def find_place(self, row: int, figure: str) -> int:
        """The sentence with a figure of a row, or else with the row."""
        place = self.places[row]
        return self.parts[row].get(figure, place) if row < len(self.parts) else place


def build_grids(tables: Sequence[PrintedTable], sentences: Sequence[Sentence]) -> list[NumberGrid]:
    """The tables with their numbers. A table that the text does not show is left out."""
    letters = [re.sub(r"\W", "", sentence.text).lower() for sentence in sentences]
    grids = []
    for table in tables:
        caption = re.sub(r"\W", "", table.caption).lower()[:40]
        label = re.sub(r"\W", "", table.label).lower()
        opening = caption if caption.startswith(label) else f"{label}{caption}"[:40]
        captions = [n for n, text in enumerate(letters) if opening and text.startswith(opening)]
        captions = captions or sorted(
            (n for n, text in enumerate(letters) if text.startswith(label)),
            key=lambda n: (sentences[n].page != table.page, letters[n] != label),
        )
        if not label or not captions:
            continue
        rows = [
            {re.sub(r"\W", "", "".join(cells)).lower() for cells in (dict.fromkeys(row), row)}
            - {""}
            for row in table.rows
        ]
        near = range(max(0, captions[0] - 60), min(len(letters), captions[0] + 120))
        parts = [_find_parts(row, near, sentences) for row in table.rows]
        places = tuple(
            _find_row(row, letters, near, part[0] if part else captions[0])
            for row, part in zip(rows, parts, strict=True)
        )
        grids.append(
            NumberGrid(
                label=table.label,
                caption=table.caption,
                page=table.page,
                heads=tuple(head.split(" | ")[-1].strip() for head in table.columns),
                full_heads=table.columns,
                labels=tuple(_get_label(row) for row in table.rows),
                cells=tuple(tuple(parse_cell(text) for text in row) for row in table.rows),
                texts=table.rows,
                places=places,
                parts=tuple(
                    {printed: n for n in reversed(part) for printed in _list_figures(sentences[n])}
                    for part in parts
                ),
            )
        )
    return grids


_MIN_LETTERS = 10


def _find_row(row: set[str], letters: Sequence[str], near: range, caption: int) -> int:
    """The sentence with a row's cells, or with the last of them; else that of the caption."""
    for n in near:
        if letters[n] in row:
            return n
    ends = [
        n
        for n in near
        if len(letters[n]) >= _MIN_LETTERS and any(text.endswith(letters[n]) for text in row)
    ]
    return ends[0] if len(ends) == 1 else caption


def _find_parts(
    row: Sequence[str], near: Sequence[int], sentences: Sequence[Sentence]
) -> list[int]:
    """The sentences that hold figures of a row and no others, those with most figures first: the
    text may have a row in several pieces."""
    figures = {figure for cell in row for figure in _FIGURE.findall(cell)}
    found = {n: set(_list_figures(sentences[n])) for n in near}
    return sorted(
        (
            n
            for n, held in found.items()
            if len(held) > 1 and held <= figures and any("." in figure for figure in held)
        ),
        key=lambda n: -len(found[n]),
    )


def _list_figures(sentence: Sentence) -> list[str]:
    return _FIGURE.findall(sentence.text)


def _get_label(row: Sequence[str]) -> str:
    return row[0].strip() if row and not parse_cell(row[0]) else ""


def parse_cell(text: str) -> NumberCell | None:
    """The number at the start of a cell ('98.10±0.68', '1,204 (88%)'); None if it has words."""
    match = _NUMBER.match(text.strip())
    if not match or re.search(r"[A-Za-z]{3}|\d\s*[-−–/:x×]\s*\d", text):
        return None
    digits = match[1].replace(",", "").replace("·", ".").replace("−", "-")
    return NumberCell(float(digits), len(digits.partition(".")[2]), text.strip())


def check_grids(grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    """What does not add up inside a table, or between two that give the same row."""
    for grid in grids:
        yield from _check_total_rows(grid)
        yield from _check_total_column(grid)
        yield from _check_mean_rows(grid)
        yield from _check_shares(grid)
        yield from _check_f1(grid)
        yield from _check_tests(grid)
    for first, second in combinations(grids, 2):
        yield from _compare_rows(first, second)


# ---- totals and means ----


def _list_parts(grid: NumberGrid, row: int) -> list[int]:
    """The rows above a total that it may sum: up to the total before it."""
    parts: list[int] = []
    for above in range(row - 1, -1, -1):
        if _TOTAL.match(grid.labels[above]) or _MEAN.match(grid.labels[above]):
            break
        if any(grid.cells[above][1:]):
            parts.insert(0, above)
    return parts


def _compare_with_rows(
    grid: NumberGrid,
    row: int,
    name: str,
    compute: Callable[[Sequence[float]], float],
    *,
    counts: bool,
) -> Iterator[Finding]:
    """A row of totals or means against the rows above it, column by column.

    Speaks of a column that differs if at least two others agree, or one and none else differs.
    """
    parts = _list_parts(grid, row)
    if len(parts) < _MIN_AGREEING:
        return
    right, wrong = [], []
    for column in range(1, len(grid.heads)):
        total = grid.cells[row][column]
        cells = [cell for part in parts if (cell := grid.cells[part][column])]
        if total is None or len(cells) != len(parts):
            continue
        if counts and not all(cell.is_count for cell in (*cells, total)):
            continue
        exact = compute([cell.value for cell in cells])
        slack = 0.0 if counts else total.unit + 0.5 * max(cell.unit for cell in cells)
        if abs(exact - total.value) <= slack + 1e-9:
            right.append(column)
        else:
            wrong.append((column, exact, total))
    if not wrong or len(right) < (_MIN_AGREEING if len(wrong) > 1 or not counts else 1):
        return
    if len(wrong) > max(1, len(right) // 3):
        return
    for column, exact, total in wrong:
        shown = f"{exact:,.0f}" if counts else f"{exact:.{total.decimals + 1}f}"
        yield (
            grid.places[row],
            Contradiction(
                "n" if counts else "mean",
                f"{grid.label}, column '{shorten(grid.full_heads[column] or str(column + 1))}': "
                f"the {len(parts)} rows {name} {shown}, not {total.printed}; "
                f"{len(right)} other column{'s agree' if len(right) > 1 else ' agrees'}.",
            ),
        )


def _check_total_rows(grid: NumberGrid) -> Iterator[Finding]:
    last = len(grid.labels) - 1
    for row, label in enumerate(grid.labels):
        if _TOTAL.match(label) or (row == last and not label and not grid.texts[row][0]):
            yield from _compare_with_rows(grid, row, "add up to", sum, counts=True)


def _check_mean_rows(grid: NumberGrid) -> Iterator[Finding]:
    for row, label in enumerate(grid.labels):
        if _MEAN.match(label) and len(_list_parts(grid, row)) > _MIN_AGREEING:
            yield from _compare_with_rows(grid, row, "have a mean of", fmean, counts=False)


def _check_total_column(grid: NumberGrid) -> Iterator[Finding]:
    """A column 'Total' against the counts before it, if most rows agree."""
    columns = [n for n, head in enumerate(grid.heads) if _TOTAL.match(head)]
    if len(columns) != 1 or columns[0] < _MIN_AGREEING + 1:
        return
    [column] = columns
    right, wrong = 0, []
    for row, cells in enumerate(grid.cells):
        total = cells[column]
        parts = [cell for cell in cells[1:column] if cell]
        if total is None or len(parts) < _MIN_AGREEING or len(parts) != column - 1:
            continue
        if not all(cell.is_count for cell in (*parts, total)):
            continue
        added = sum(int(cell.value) for cell in parts)
        if added == total.value:
            right += 1
        else:
            wrong.append((row, added, total))
    if right < _MIN_AGREEING or len(wrong) > max(1, right // 4):
        return
    for row, added, total in wrong:
        yield (
            grid.places[row],
            Contradiction(
                "n",
                f"{grid.label}, row '{shorten(grid.labels[row])}': its parts add up to {added:,}, "
                f"not {total.printed}; the parts of {right} other rows add up.",
            ),
        )


# ---- shares ----


def _check_shares(grid: NumberGrid) -> Iterator[Finding]:
    """'205 (24.0)' in a column whose other cells are shares of one total."""
    for column in range(1, len(grid.heads)):
        cells = [
            (row, parse_count(match[1]), match[2])
            for row, texts in enumerate(grid.texts)
            if (match := _SHARE_CELL.match(texts[column].strip()))
            and not _SPREAD.search(f"{grid.labels[row]} {grid.full_heads[column]}")
        ]
        if len(cells) <= _MIN_SHARES:
            continue
        size = _HEAD_SIZE.search(grid.full_heads[column])
        total = parse_count(size[1]) if size else _infer_total(cells)
        wrong = [cell for cell in cells if total and not _is_share(cell[1], total, cell[2])]
        if not total or len(wrong) != 1 or len(cells) - 1 < _MIN_SHARES:
            continue
        [(row, count, share)] = wrong
        if count > total:
            continue
        yield (
            grid.places[row],
            Contradiction(
                "a share",
                f"{grid.label}, row '{shorten(grid.labels[row])}': {count} of {total} is "
                f"{count / total:.1%}, not {share}%; {len(cells) - 1} other cells of the column "
                "are shares of that number.",
            ),
        )


def _infer_total(cells: Sequence[tuple[int, int, str]]) -> int | None:
    """The total of which most cells are shares; None if it is not the only one."""
    votes: Counter[int] = Counter()
    for _, count, share in cells:
        slack = 0.5 * 10.0 ** -len(share.partition(".")[2])
        if float(share) > slack and count:
            low, high = 100 * count / (float(share) + slack), 100 * count / (float(share) - slack)
            if high - low < 200:
                votes.update(range(int(low) + (low % 1 > 0), int(high) + 1))
    best = votes.most_common(2)
    if not best or best[0][1] < len(cells) - 1 or (len(best) > 1 and best[1][1] == best[0][1]):
        return None
    return best[0][0]


def _is_share(count: int, total: int, printed: str) -> bool:
    unit = 10.0 ** -len(printed.partition(".")[2])
    return bool(total) and abs(100 * count / total - float(printed)) <= 1.01 * unit


# ---- figures of one test ----


def _check_f1(grid: NumberGrid) -> Iterator[Finding]:
    """F1 against precision and recall, if it is their harmonic mean in the other rows."""
    found = {
        name: [
            n
            for n, head in enumerate(grid.heads)
            if pattern.match(re.sub(r"\(.*", "", head).strip())
        ]
        for name, pattern in _COLUMN_NAMES.items()
    }
    if any(len(columns) != 1 for columns in found.values()):
        return
    right, wrong = 0, []
    for row, cells in enumerate(grid.cells):
        precision, recall, f1 = (cells[found[name][0]] for name in ("precision", "recall", "f1"))
        if precision is None or recall is None or f1 is None or not f1.value:
            continue
        if precision.value <= 0 or recall.value <= 0:
            continue
        exact = 2 * precision.value * recall.value / (precision.value + recall.value)
        if abs(exact - f1.value) <= f1.unit + precision.unit + 1e-9:
            right += 1
        elif abs(exact - f1.value) > _MEAN_OF_F1 * exact:
            wrong.append((row, exact, f1))
    if right <= _MIN_AGREEING or len(wrong) > max(1, right // 4):
        return
    for row, exact, f1 in wrong:
        yield (
            grid.places[row],
            Contradiction(
                "F1",
                f"{grid.label}, row '{shorten(grid.labels[row])}': precision and recall give an "
                f"F1 of {exact:.{f1.decimals + 1}f}, not {f1.printed}; in {right} other rows they "
                "agree.",
            ),
        )


def _name_figure(text: str) -> str | None:
    key = re.sub(r"\(.*?\)|[%:↑]", "", text).strip()
    for name, words in _FIGURES.items():
        if re.fullmatch(words, key, re.I):
            return name
    return None


def _check_tests(grid: NumberGrid) -> Iterator[Finding]:
    """TP, FP, FN and TN with the figures beside them, in rows or in columns."""
    by_column = {name: n for n, head in enumerate(grid.heads) if (name := _name_figure(head))}
    if len(set(_COUNTS) & set(by_column)) > _MIN_AGREEING:
        for row, cells in enumerate(grid.cells):
            figures = {name: cells[n] for name, n in by_column.items()}
            yield from _check_figures(grid, grid.places[row], figures)
    by_row = {name: n for n, label in enumerate(grid.labels) if (name := _name_figure(label))}
    if len(set(_COUNTS) & set(by_row)) > _MIN_AGREEING:
        for column in range(1, len(grid.heads)):
            figures = {name: grid.cells[n][column] for name, n in by_row.items()}
            yield from _check_figures(
                grid, grid.places[by_row["tp" if "tp" in by_row else "fp"]], figures
            )


def _check_figures(
    grid: NumberGrid, place: int, cells: dict[str, NumberCell | None]
) -> Iterator[Finding]:
    counts = {
        name: int(cell.value)
        for name, cell in cells.items()
        if name in _COUNTS and cell and cell.is_count
    }
    shares: dict[str, PrintedProportion] = {}
    for name, cell in cells.items():
        if cell and name not in _COUNTS:
            try:
                shares[name] = parse_proportion(re.sub(r"\s*[±(\[].*", "", cell.printed))
            except ValueError:
                continue
    if len(counts) > _MIN_AGREEING:
        stated = DiagnosticFigures(**counts, **shares)  # type: ignore[arg-type]
        for problem in find_contradictions(stated):
            yield place, Contradiction(problem.figure, f"{grid.label}: {problem.text}")


# ---- one row in two tables ----


def _compare_rows(first: NumberGrid, second: NumberGrid) -> Iterator[Finding]:
    """Rows of one name whose figures under the same heads are equal, but for one."""
    for row, label in enumerate(first.labels):
        others = [n for n, name in enumerate(second.labels) if name and name == label]
        if not label or len(others) != 1 or first.labels.count(label) != 1:
            continue
        if _TOTAL.match(label) or _MEAN.match(label):
            continue  # the totals of two tables are of other rows
        pairs = [
            (head, a, b)
            for column, head in enumerate(first.full_heads)
            if head
            and not re.search(r"\bp\b|p-?values?", head, re.I)
            and second.full_heads.count(head) == 1
            and (a := first.cells[row][column])
            and (b := second.cells[others[0]][second.full_heads.index(head)])
        ]
        equal = [pair for pair in pairs if pair[1].value == pair[2].value and pair[1].value > 1]
        differing = [pair for pair in pairs if pair[1].value != pair[2].value]
        if len(differing) != 1 or len({pair[1].value for pair in equal}) < _MIN_EQUAL:
            continue
        [(head, a, b)] = differing
        if a.decimals == b.decimals:
            yield (
                first.places[row],
                Contradiction(
                    "table",
                    f"{first.label}, row '{shorten(label)}': {shorten(head)} is {a.printed}, "
                    f"{b.printed} in {second.label}; the other {len(equal)} figures of the row "
                    "agree.",
                ),
            )
