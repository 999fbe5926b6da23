"""Compares averages with what they average: rows and columns 'Mean', folds, classes, other tables.

A mean of folds or classes is fixed by them; any other average is only held to the mean of its
neighbours if most of its siblings are such means.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.metric_names import name_metric
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.repeated_figures import METRICS
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.bias.number_checks.table_series import Series, SeriesLine, list_series
from review.models import Sentence

_AVERAGE = re.compile(
    r"\b(?:averages?|avg\.?|mean|macro(?:[- ](?:avg|average|mean))?)(?:\b|$)", re.I
)
_PLAIN = re.compile(
    r"(?:overall |total )?(?:averages?|avg\.?|mean)(?: ?(?:values?|over all|all))?", re.I
)
"""An average of what stands beside it, and not a metric as 'mean IoU'."""
_WEIGHTED = re.compile(r"\bweighted\b", re.I)
_FOLD = re.compile(
    r"^(?:(?:cv[- ]?)?(?:fold|split|run|seed|trial)[- #]*(?:no\.? ?)?\d{1,2}|\d(?:st|nd|rd|"
    r"th)[- ]fold|k\s?=\s?\d)$",
    re.I,
)
_FOLD_HEAD = re.compile(
    r"^(?:(?:cv )?folds?|splits?|runs?|seeds?|trials?)(?: ?(?:no\.?|number|#))?$", re.I
)
_CLASS_HEAD = re.compile(
    r"^(?:class(?:es)?|categor(?:y|ies)|labels?|disease|pathology|diagnosis|type)s?$", re.I
)
_SUPPORT = re.compile(r"^(?:support|n|(?:no\.?|number) of \w+|# ?\w+|samples|images|count)$", re.I)
_SPREAD = re.compile(
    r"\b(?:s\.?d\.?|std\.?|deviation|variance|error|range|min|max|ci|p|age|time)\b", re.I
)
_NUMBER = re.compile(r"[\d.,%]+")
_MIN_PARTS = 3
_MIN_AGREEING = 3
_WRONG_SHARE = 4


def check_means(grids: Sequence[NumberGrid], sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Averages of a table, of two tables, or of a sentence, that are not the mean of their "
    "parts."""
    for grid in grids:
        for series in list_series(grid):
            yield from _check_known_parts(series)
            yield from _check_neighbours(series)
    yield from _compare_fold_tables(grids)
    yield from _compare_sentences(grids, sentences)


def _is_mean(parts: Sequence[NumberCell], total: NumberCell) -> bool:
    exact = fmean(cell.value for cell in parts)
    return abs(exact - total.value) <= _compute_slack(parts, total)


def _compute_slack(parts: Sequence[NumberCell], total: NumberCell) -> float:
    """Rounding of the average (or truncation) and of its parts."""
    return 1.0 * total.unit + 0.5 * fmean(cell.unit for cell in parts) + 1e-9


# ---- folds and classes ----


def _check_known_parts(series: Series) -> Iterator[Finding]:
    """A mean of folds, and 'macro average' and 'weighted average' below classes."""
    names = [re.sub(r"[(\[].*", "", name).strip() for name in series.names]
    for position, name in enumerate(names):
        is_average = _AVERAGE.search(name) or _WEIGHTED.search(name)
        parts = _take_parts(series, names, position) if is_average else []
        if len(parts) < _MIN_PARTS or names.count(name) > 1:
            continue
        yield from _check_average(series, name, position, parts)


def _check_average(
    series: Series, name: str, position: int, parts: Sequence[int]
) -> Iterator[Finding]:
    """One average against its parts, in each line of the table."""
    are_folds = all(_is_fold(series, series.names[n]) for n in parts)
    supports = [line for line in series.lines if _SUPPORT.match(line.name.split(" | ")[-1].strip())]
    weights = supports[0].cells if len(supports) == 1 else ()
    right, wrong = 0, []
    for line in series.lines:
        total = line.cells[position]
        cells = [cell for n in parts if (cell := line.cells[n])]
        if total is None or len(cells) != len(parts) or _SPREAD.search(line.name):
            continue
        if line.cells is weights or not _are_alike(cells, total) or _NUMBER.fullmatch(line.name):
            continue
        text = _describe_difference(name, line, cells, total, are_folds=are_folds)
        if text is None and weights and _WEIGHTED.search(name):
            text = _differ_from_weighted(cells, [weights[n] for n in parts], total)
        if text:
            wrong.append((line, total, text))
        elif text is not None:
            right += 1
    if are_folds or _PLAIN.fullmatch(name) or (right and len(wrong) <= right):
        for line, total, text in wrong:
            yield (
                line.places[position],
                Contradiction(
                    "mean",
                    f"{series.grid.label}, '{shorten(name)}', '{shorten(line.name)}': "
                    f"{total.printed} {text}.",
                ),
            )


def _are_alike(cells: Sequence[NumberCell], total: NumberCell) -> bool:
    """Whether figures are of one kind: as many decimals, and no counts."""
    return total.decimals > 0 and all(abs(c.decimals - total.decimals) <= 1 for c in cells)


def _describe_difference(
    name: str, line: SeriesLine, cells: Sequence[NumberCell], total: NumberCell, *, are_folds: bool
) -> str | None:
    """What is wrong with an average that is a plain mean; '' if nothing; None if it may be "
    "another."""
    is_macro = re.search(r"\bmacro\b", name, re.I) and not re.search(
        r"f-?1|f-score", line.name, re.I
    )
    if are_folds or is_macro:
        return _differ_from_mean(cells, total, are_folds=are_folds)
    if _PLAIN.fullmatch(name):
        values = [cell.value for cell in cells]
        if min(values) - total.unit <= total.value <= max(values) + total.unit:
            return ""
        return f"lies outside its parts, which go from {min(values):g} to {max(values):g}"
    return None


def _take_parts(series: Series, names: Sequence[str], position: int) -> list[int]:
    """The positions before an average, up to another average or an empty name."""
    parts: list[int] = []
    for n in range(position - 1, -1, -1):
        if not names[n] or (names[n][0].isdigit() and not _is_fold(series, names[n])):
            if parts:
                break
            continue
        if not any(line.cells[n] for line in series.lines):
            if parts:
                break
            continue
        if _AVERAGE.search(names[n]) or _WEIGHTED.search(names[n]):
            if parts:
                break
            continue
        if re.match(r"^(?:accuracy|total|all|overall|std|s\.?d\.?)\b", names[n], re.I):
            continue
        parts.insert(0, n)
    return parts


def _is_fold(series: Series, name: str) -> bool:
    last = name.split(" | ")[-1].strip()
    return bool(_FOLD.match(last)) or bool(
        _FOLD_HEAD.match(series.corner) and re.fullmatch(r"#?\d{1,2}", last)
    )


_MIN_SPREAD_SHARE = 0.03
"""Share of the range of the folds by which folds of unlike size may move the mean of all cases."""


def _differ_from_mean(cells: Sequence[NumberCell], total: NumberCell, *, are_folds: bool) -> str:
    values = [cell.value for cell in cells]
    exact = fmean(values)
    slack = _compute_slack(cells, total)
    if are_folds:
        slack = max(slack, _MIN_SPREAD_SHARE * (max(values) - min(values)))
    if abs(exact - total.value) <= slack:
        return ""
    return f"is not the mean of the {len(cells)} parts, which is {exact:.{total.decimals + 1}f}"


def _differ_from_weighted(
    cells: Sequence[NumberCell], weights: Sequence[NumberCell | None], total: NumberCell
) -> str:
    counts = [weight.value for weight in weights if weight]
    if len(counts) != len(cells) or not sum(counts):
        return ""
    values = [cell.value for cell in cells]
    exact = sum(v * w for v, w in zip(values, counts, strict=True)) / sum(counts)
    if abs(exact - total.value) <= _compute_slack(cells, total):
        return ""
    return f"is not the weighted mean of the parts, which is {exact:.{total.decimals + 1}f}"


# ---- any other average ----


def _check_neighbours(series: Series) -> Iterator[Finding]:
    """'Average' beside eight organs, which in most lines is the mean of the eight."""
    for position, name in enumerate(series.names):
        if not _AVERAGE.search(name) or _SPREAD.search(name):
            continue
        best: tuple[int, list[tuple[SeriesLine, float, NumberCell]], int] = (0, [], 0)
        for start in range(len(series.names)):
            for stop in range(start + _MIN_PARTS, len(series.names) + 1):
                if start <= position < stop:
                    continue
                right, wrong = _hold_window(series, position, range(start, stop))
                if right > best[0]:
                    best = (right, wrong, stop - start)
        right, wrong, count = best
        if right < _MIN_AGREEING or not wrong or len(wrong) > max(1, right // _WRONG_SHARE):
            continue
        for line, exact, total in wrong:
            yield (
                line.places[position],
                Contradiction(
                    "mean",
                    f"{series.grid.label}, '{shorten(line.name)}': the {count} figures averaged "
                    f"have a mean of {exact:.{total.decimals + 1}f}, not {total.printed}; {right} "
                    "other averages agree.",
                ),
            )


def _hold_window(
    series: Series, position: int, window: range
) -> tuple[int, list[tuple[SeriesLine, float, NumberCell]]]:
    right, wrong = 0, []
    for line in series.lines:
        total = line.cells[position]
        cells = [cell for n in window if (cell := line.cells[n])]
        if total is None or len(cells) != len(window) or len({c.value for c in cells}) == 1:
            continue
        if not _are_alike(cells, total):
            continue
        if _is_mean(cells, total):
            right += 1
        else:
            wrong.append((line, fmean(cell.value for cell in cells), total))
    return right, wrong


# ---- folds here, their mean in another table or in the text ----


def _list_fold_means(grid: NumberGrid) -> Mapping[tuple[str, str], list[NumberCell]]:
    """(Row, head) -> the cells of that row in each fold; rows '' if the folds are the rows."""
    groups: dict[tuple[str, str], list[NumberCell]] = {}
    fold = ""
    for texts, cells in zip(grid.texts, grid.cells, strict=True):
        filled = [text.strip() for text in texts if text.strip()]
        if filled and all(_FOLD.match(text) for text in filled):
            fold = filled[0]
            continue
        is_row = bool(_FOLD.match(texts[0].strip())) or bool(
            _FOLD_HEAD.match(grid.heads[0]) and re.fullmatch(r"\d{1,2}", texts[0].strip())
        )
        if not fold and not is_row:
            continue
        label = "" if is_row else texts[0].strip()
        for head, cell in zip(grid.heads[1:], cells[1:], strict=True):
            if cell and cell.decimals:
                groups.setdefault((label.lower(), head), []).append(cell)
    return {key: cells for key, cells in groups.items() if len(cells) >= _MIN_PARTS}


def _normalize(head: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(.*?\)", "", head).lower())


def _compare_fold_tables(grids: Sequence[NumberGrid]) -> Iterator[Finding]:
    """'0.691' for a method, where its five folds in another table have a mean of 0.680."""
    for folds in grids:
        means = _list_fold_means(folds)
        often = max((len(cells) for cells in means.values()), default=0)
        means = {
            (label, _normalize(head)): cells
            for (label, head), cells in means.items()
            if len(cells) == often
        }
        for other in grids if means else ():
            if other is folds or _list_fold_means(other):
                continue
            right, wrong = 0, []
            for row, label in enumerate(other.labels):
                for column, head in enumerate(other.heads):
                    parts = means.get((label.lower(), _normalize(head)))
                    cell = other.cells[row][column]
                    if not parts or not cell or not label or column == 0:
                        continue
                    if _is_mean(parts, cell):
                        right += 1
                    else:
                        wrong.append((row, head, parts, cell))
            if right < 2:
                continue
            for row, head, parts, cell in wrong:
                yield (
                    other.places[row],
                    Contradiction(
                        "mean",
                        f"{other.label}, row '{shorten(other.labels[row])}': {shorten(head)} is "
                        f"{cell.printed}, but the {often} folds of {folds.label} have a mean of "
                        f"{fmean(c.value for c in parts):.{cell.decimals + 1}f}; {right} other "
                        "figures agree.",
                    ),
                )


_STATED_MEAN = re.compile(
    r"\b(?:average|mean|averaged|overall)\s+(?:[a-z-]+\s+){0,3}?"
    rf"(?P<metric>{'|'.join(METRICS.values())})(?:\s+(?:scores?|values?|rates?))?"
    r"(?:\s+(?:of|was|is|reached|across|over|the|all|five|ten|\d+(?=[- ]folds?)|folds?|"
    r"[a-z]+-fold|cross-validation))*\s*[=:]?\s*(?<![\d.])(?P<v>\d{1,3}\.\d+)\s?%?",
    re.I,
)


def _compare_sentences(
    grids: Sequence[NumberGrid], sentences: Sequence[Sentence]
) -> Iterator[Finding]:
    """'A mean accuracy of 95.8% over the five folds', whose table has a mean of 94.8."""
    columns: dict[str, list[tuple[NumberGrid, list[NumberCell]]]] = {}
    for grid in grids:
        for (label, head), cells in _list_fold_means(grid).items():
            metric = name_metric(head)
            if metric and not label:
                columns.setdefault(metric, []).append((grid, cells))
    if not columns:
        return
    printed = {cell.value for grid in grids for cells in grid.cells for cell in cells if cell}
    for index, sentence in enumerate(sentences):
        if sentence.section in ("references", "related work", "introduction"):
            continue
        if not re.search(r"\bfolds?\b|cross-?validation", sentence.text, re.I):
            continue
        for match in _STATED_MEAN.finditer(sentence.text):
            metric = name_metric(match["metric"])
            found = columns.get(metric or "", [])
            value = match["v"]
            if len(found) != 1 or float(value) in printed:
                continue
            [(grid, cells)] = found
            exact = fmean(cell.value for cell in cells)
            scale = 100.0 if exact <= 1 < float(value) else 1.0
            unit = 10.0 ** -len(value.partition(".")[2])
            slack = unit + 0.5 * scale * fmean(cell.unit for cell in cells)
            if slack < abs(scale * exact - float(value)) <= 0.05 * float(value):
                yield (
                    index,
                    Contradiction(
                        "mean",
                        f"the mean {metric} is {value} here, but the {len(cells)} folds of "
                        f"{grid.label} have a mean of {scale * exact:.2f}.",
                    ),
                )
