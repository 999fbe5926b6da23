"""Checks figures of one row against bounds that hold whatever the data are.

F1 cannot exceed the mean of precision and recall, Dice and IoU bound each other, a mean absolute
error cannot exceed the root mean squared error. The bounds hold for means over classes, folds and
cases as well, if all figures are means over the same ones; so a table in which many rows leave them
has other definitions, and only the exception is an error.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.metric_names import name_metric
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import Sentence

_SHARES = frozenset(
    {"balanced accuracy", "accuracy", "sensitivity", "specificity", "precision", "F1", "Dice"}
    | {"IoU", "AUC"}
)
_SPREAD = re.compile(r"(?:±|\+/-|\+-)\s*(\d*[.·]?\d+)")
_MAX_BREAKS = 4
"""One row in so many may break a bound that the others keep."""
_MIN_KEPT = 2
_CLASS_HEAD = re.compile(
    r"^(?:class(?:es| ?names?| ?labels?)?|categor(?:y|ies)|labels?|diseases?|diagnosis|grades?|"
    r"stages?)$",
    re.I,
)
_OTHERS = re.compile(r"^[A-Z][\w'’-]+,? et al\b")
"""Rows with results of other papers, which nobody can correct here."""
_AVERAGE = re.compile(r"\b(?:averages?|avg|mean|macro|micro|weighted|overall|total|all)\b", re.I)


@dataclass(frozen=True, slots=True)
class MetricRow:
    """The metrics of one row (or column) of a table, under one head."""

    name: str
    place: int
    cells: Mapping[str, NumberCell]
    group: str = ""
    """Head above the metrics: 'AD vs. NC'."""
    is_class: bool = False
    """Whether the row is one class, so that F1 is exactly the harmonic mean."""
    places: Mapping[str, int] = field(default_factory=dict)
    """Metric -> sentence, where each metric has a row of its own."""

    def find_place(self, metric: str) -> int:
        """The sentence with the figure of a metric."""
        return self.places.get(metric, self.place)

    def list_shares(self) -> dict[str, tuple[float, float]]:
        """Metric -> value from 0 to 1, and one unit of its last digit on that scale."""
        is_percent = any(cell.value > 1 for name, cell in self.cells.items() if name in _SHARES)
        units = [cell.unit for name, cell in self.cells.items() if name in _SHARES]
        shares = {}
        for name, cell in self.cells.items():
            if name in _SHARES:
                scale = 100.0 if cell.value > 1 or (is_percent and "%" in cell.printed) else 1.0
                is_whole = cell.value in (scale, 0.0)  # 100 beside 99.44 is 100.00
                shares[name] = (cell.value / scale, (min(units) if is_whole else cell.unit) / scale)
        return shares


_TWO_CLASSES = re.compile(
    r"\bbinary (?:classif\w+|task|problem|label\w*|cross-?entropy)|\btwo[- ]class\b|"
    r"binary_crossentropy|"
    r"\bbenign (?:and|or|versus|vs\.?|from) malignant|\bsigmoid (?:output|classifier)",
    re.I,
)
_MORE_CLASSES = re.compile(
    r"\b(?:macro|weighted[- ](?:average|precision|recall|f1)|multi-?class|multi-?label|"
    r"(?:three|four|five|six|seven|"
    r"eight|nine|ten|[3-9]|1\d)[- ](?:way |different |distinct |tumou?r )?(?:class(?:es)?|"
    r"categories|types))\b",
    re.I,
)


_MAX_MENTIONS = 2
"""Mentions of more classes that may be of future work or of other papers."""


def check_bounds(
    grids: Sequence[NumberGrid], sentences: Sequence[Sentence] = ()
) -> Iterator[Finding]:
    """Figures of a row that cannot stand beside each other.

    In a paper that speaks of two classes only, a row needs no others that keep the bounds.
    """
    text = " ".join(s.text for s in sentences if s.section not in ("references", "related work"))
    more = [match[0].lower() for match in _MORE_CLASSES.finditer(text)]
    has_averages = any(re.match("macro|weighted", words) for words in more)
    is_binary = bool(_TWO_CLASSES.search(text)) and not has_averages and len(more) <= _MAX_MENTIONS
    for grid in grids:
        figures = list(list_metric_rows(grid))
        for figure, check in _CHECKS:
            yield from _report_exceptions(grid, figures, figure, check)
        if is_binary:
            yield from _check_two_classes(grid, figures)
        yield from _check_spreads(grid, figures)


def list_metric_rows(grid: NumberGrid) -> Iterator[MetricRow]:
    """The rows whose columns are metrics, by group of columns; or the columns if rows are."""
    groups: dict[str, dict[str, int]] = {}
    for column, head in enumerate(grid.full_heads):
        group, _, last = head.rpartition(" | ")
        if name := name_metric(last):
            if name in groups.setdefault(group, {}):
                return  # two columns of one name: nothing shows which belongs to which
            groups[group][name] = column
    for row, cells in enumerate(grid.cells):
        for group, columns in groups.items():
            found = {name: cell for name, n in columns.items() if (cell := cells[n])}
            label = grid.labels[row] or grid.texts[row][0]
            if found and not _OTHERS.search(label):
                is_class = bool(_CLASS_HEAD.match(grid.heads[0])) and not _AVERAGE.search(label)
                name = f"{label} {group}".strip()
                yield MetricRow(name, grid.places[row], found, group, is_class)
    names = [name_metric(label) for label in grid.labels]
    known = [name for name in names if name]
    if not groups and len(known) > 1 and len(set(known)) == len(known):
        for column in range(1, len(grid.heads)):
            found = {
                name: cell
                for row, name in enumerate(names)
                if name and (cell := grid.cells[row][column])
            }
            if found:
                places = {
                    name: grid.find_place(row, cell.printed.strip("% "))
                    for row, name in enumerate(names)
                    if name and (cell := grid.cells[row][column])
                }
                first = next(place for place in places.values())
                yield MetricRow(grid.full_heads[column], first, found, places=places)


_CLEAR = 0.0025
"""Distance from a bound, as a share of 1, that rounding and folds of unlike size do not explain."""


def _check_two_classes(grid: NumberGrid, figures: Sequence[MetricRow]) -> Iterator[Finding]:
    """Accuracy outside sensitivity and specificity, F1 above precision and recall."""
    for one in figures:
        shares = {name: value for name, (value, _) in one.list_shares().items()}
        for name, first, second in (
            ("accuracy", "sensitivity", "specificity"),
            ("F1", "precision", "sensitivity"),
        ):
            if not {name, first, second} <= shares.keys() or min(shares.values()) < 0.3:
                continue
            low, high = sorted((shares[first], shares[second]))
            if name == "F1" and "±" in one.cells[name].printed:
                low = 0.0  # a mean of F1 may lie below both means
            if not low - _CLEAR <= shares[name] <= high + _CLEAR:
                printed = [one.cells[n].printed for n in (name, first, second)]
                yield (
                    one.find_place(name),
                    Contradiction(
                        name,
                        f"{grid.label}, '{shorten(one.name)}': {name} {printed[0]} does not lie "
                        f"between {first} {printed[1]} and {second} {printed[2]}.",
                    ),
                )


_Check = Callable[[MetricRow], str | None]
"""What is wrong; '' if the bound is kept; None if the row does not have the figures."""


def _report_exceptions(
    grid: NumberGrid, figures: Sequence[MetricRow], figure: str, check: _Check
) -> Iterator[Finding]:
    results = [(one, text) for one in figures if (text := check(one)) is not None]
    wrong = [(one, text) for one, text in results if text]
    kept = len(results) - len(wrong)
    if kept < _MIN_KEPT or len(wrong) > max(1, kept // _MAX_BREAKS):
        return
    for one, text in wrong:
        yield (
            one.place,
            Contradiction(
                figure, f"{grid.label}, '{shorten(one.name)}': {text}; {kept} other rows agree."
            ),
        )


def _exceed_mean_of_both(one: MetricRow) -> str | None:
    shares = one.list_shares()
    if not {"F1", "precision", "sensitivity"} <= shares.keys():
        return None
    (f1, _), (p, _), (r, _) = (shares[n] for n in ("F1", "precision", "sensitivity"))
    coarsest = max(u for _, u in shares.values())
    highest = min((p + r) / 2 + 3 * coarsest, max(p, r) + 1.5 * coarsest)
    printed = [one.cells[n].printed for n in ("F1", "precision", "sensitivity")]
    if f1 and f1 < p + r - 1 - 3 * coarsest:
        return (
            f"F1 {printed[0]} is below what precision {printed[1]} and recall {printed[2]} allow, "
            f"at least {p + r - 1:.3f}"
        )
    if not f1 or not p or not r or f1 <= highest:
        return ""
    return (
        f"F1 {printed[0]} is above the mean of precision {printed[1]} and recall {printed[2]}, "
        "which it cannot exceed"
    )


def _miss_harmonic_mean(one: MetricRow) -> str | None:
    shares = one.list_shares()
    if not one.is_class or not {"F1", "precision", "sensitivity"} <= shares.keys():
        return None
    (f1, unit), (p, other), (r, _) = (shares[n] for n in ("F1", "precision", "sensitivity"))
    if not f1 or not p or not r:
        return None
    exact = 2 * p * r / (p + r)
    if abs(exact - f1) <= unit + other:
        return ""
    printed = [one.cells[n].printed for n in ("F1", "precision", "sensitivity")]
    return (
        f"precision {printed[1]} and recall {printed[2]} give an F1 of {exact:.3f}, not "
        f"{printed[0]}"
    )


def _break_overlap_bounds(one: MetricRow) -> str | None:
    shares = one.list_shares()
    if not {"Dice", "IoU"} <= shares.keys():
        return None
    (dice, unit), (iou, other) = shares["Dice"], shares["IoU"]
    if iou - 0.6 * (unit + other) <= dice <= 2 * iou / (1 + iou) + 0.6 * unit + 1.2 * other:
        return ""
    return (
        f"Dice {one.cells['Dice'].printed} with IoU {one.cells['IoU'].printed}, which allows "
        f"{iou:.3f} to {2 * iou / (1 + iou):.3f}"
    )


_MIN_DISTANCE = 0.01
"""Distance from both rates at which an accuracy is no effect of averages over three classes."""


def _leave_accuracy_between(one: MetricRow) -> str | None:
    shares = one.list_shares()
    if not {"accuracy", "sensitivity", "specificity"} <= shares.keys():
        return None
    (accuracy, unit), (se, _), (sp, _) = (
        shares[n] for n in ("accuracy", "sensitivity", "specificity")
    )
    slack = max(_MIN_DISTANCE, 2 * unit)
    if min(se, sp) - slack <= accuracy <= max(se, sp) + slack:
        return ""
    printed = [one.cells[n].printed for n in ("accuracy", "sensitivity", "specificity")]
    return (
        f"accuracy {printed[0]} does not lie between sensitivity {printed[1]} and specificity "
        f"{printed[2]}"
    )


def _exceed_root_of_squares(one: MetricRow) -> str | None:
    cells = one.cells
    mae, rmse, mse = (cells.get(name) for name in ("MAE", "RMSE", "MSE"))
    if mae and rmse:
        if mae.value <= rmse.value + rmse.unit:
            return ""
        return f"the mean absolute error {mae.printed} is above the RMSE {rmse.printed}"
    if mae and mse:
        if mae.value - mae.unit <= math.sqrt(mse.value + mse.unit):
            return ""
        return f"the mean absolute error {mae.printed} is above the root of the MSE {mse.printed}"
    return None


def _miss_mean_of_rates(one: MetricRow) -> str | None:
    shares = one.list_shares()
    if not {"balanced accuracy", "sensitivity", "specificity"} <= shares.keys():
        return None
    (balanced, unit), (se, _), (sp, other) = (
        shares[n] for n in ("balanced accuracy", "sensitivity", "specificity")
    )
    if abs((se + sp) / 2 - balanced) <= unit + other:
        return ""
    printed = [one.cells[n].printed for n in ("balanced accuracy", "sensitivity", "specificity")]
    return (
        f"balanced accuracy {printed[0]} is not the mean of sensitivity {printed[1]} and "
        f"specificity {printed[2]}"
    )


def _miss_whole_number(one: MetricRow) -> str | None:
    """A recall that no whole number of the cases of the row gives.

    Source: the GRIM idea, Brown and Heathers 2017, doi:10.1177/1948550616673876.
    """
    count, shares = one.cells.get("n"), one.list_shares()
    if count is None or not count.is_count or "sensitivity" not in shares:
        return None
    if _AVERAGE.search(one.name):
        return None
    value, unit = shares["sensitivity"]
    n = int(count.value)
    if not 1 < n < 0.5 / unit:
        return None
    low = math.ceil((value - 0.5 * unit - 1e-9) * n)
    high = math.floor((value + unit + 1e-9) * n)
    if low <= high:
        return ""
    return f"no number of {n} cases gives a recall of {one.cells['sensitivity'].printed}"


def _check_spreads(grid: NumberGrid, figures: Sequence[MetricRow]) -> Iterator[Finding]:
    """A standard deviation that no figures between 0 and 1 with that mean can have.

    With two or more of them the deviation is at most the root of 2 m (1 - m).
    """
    for one in figures:
        shares = one.list_shares()
        for name, (value, unit) in shares.items():
            match = _SPREAD.search(one.cells[name].printed)
            if not match or not 0 < value < 1:
                continue
            deviation = float(match[1].replace("·", ".")) * unit / one.cells[name].unit
            if deviation > math.sqrt(2 * value * (1 - value)) + unit:
                yield (
                    one.place,
                    Contradiction(
                        "deviation",
                        f"{grid.label}, '{shorten(one.name)}': {name} "
                        f"{one.cells[name].printed} has a larger deviation than figures of that "
                        "mean can have.",
                    ),
                )


_CHECKS: tuple[tuple[str, _Check], ...] = (
    ("F1", _exceed_mean_of_both),
    ("F1", _miss_harmonic_mean),
    ("dice", _break_overlap_bounds),
    ("accuracy", _leave_accuracy_between),
    ("error", _exceed_root_of_squares),
    ("balanced accuracy", _miss_mean_of_rates),
    ("sensitivity", _miss_whole_number),
)
