"""Compares the results that two tables give for one method: other scales, rows against columns."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, product

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.comparison_tables import (
    Measure,
    MethodComparison,
    read_comparisons,
    squeeze_method,
)
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import PrintedTable

_MIN_EQUAL = 3
_MAX_DIFFERENCE = 0.05
_OURS = re.compile(r"^(?:ours?|proposed(?: method)?)$", re.I)
_MEANT = re.compile(r"\b(?:ours?|proposed)\s*[:=]\s*(?P<name>[^.;,()]+)", re.I)


def check_repeated_results(
    grids: Sequence[NumberGrid], tables: Sequence[PrintedTable] = ()
) -> Iterator[Finding]:
    """A result that two tables give differently, where they agree in the others of the method."""
    captions = {table.label: table.caption for table in tables}
    comparisons = [one for one in read_comparisons(grids, captions) if one.measures]
    for first, second in combinations(comparisons, 2):
        if first.label == second.label:
            continue
        for here, there in product(range(len(first.names)), range(len(second.names))):
            name = _get_name(first, here)
            if name and name == _get_name(second, there):
                yield from _compare(first, here, second, there)


def _get_name(one: MethodComparison, row: int) -> str:
    """The name of a method; that of the caption if it is called 'ours'. Empty if not the only."""
    name = one.names[row]
    if _OURS.match(name.strip("() ")):
        meant = _MEANT.search(one.caption)
        name = meant["name"] if meant else ""
    key = squeeze_method(name)
    same = [n for n, other in enumerate(one.names) if squeeze_method(other) == key]
    return key if len(same) <= 1 and len(key) > 1 else ""


def _compare(
    first: MethodComparison, here: int, second: MethodComparison, there: int
) -> Iterator[Finding]:
    others = {_get_key(measure): measure for measure in second.measures}
    pairs: list[tuple[int, Measure, NumberCell, NumberCell]] = []
    for n, measure in enumerate(first.measures):
        other = others.get(_get_key(measure))
        if other is None or not (a := measure.cells[here]) or not (b := other.cells[there]):
            continue
        pairs.append((n, measure, a, b))
    wrong = [pair for pair in pairs if not is_rounded(pair[2], pair[3])]
    equal = {(a.value, b.value) for _, _, a, b in pairs if is_rounded(a, b)}
    if len(wrong) != 1 or len(equal) < _MIN_EQUAL:
        return
    n, measure, a, b = wrong[0]
    scale = 100.0 if a.value > 1.5 >= b.value else 0.01 if b.value > 1.5 >= a.value else 1.0
    if abs(a.value - b.value * scale) > _MAX_DIFFERENCE * a.value:
        return
    place = first.places[n if first.in_columns else here]
    page = f" (p. {second.page})" if second.page else ""
    yield (
        place,
        Contradiction(
            "table",
            f"{first.label}, '{shorten(first.names[here])}': {shorten(measure.head)} is "
            f"{shorten(a.printed, 25)}, {shorten(b.printed, 25)} in {second.label}{page}; the "
            f"other {len(equal)} figures agree.",
        ),
    )


def _get_key(measure: Measure) -> tuple[str | None, str]:
    return measure.metric, re.sub(r"[^a-z0-9]", "", measure.head.lower())


def is_rounded(a: NumberCell, b: NumberCell) -> bool:
    """Whether two cells can be one figure, printed with fewer digits or as a percentage."""
    for scale in (1.0, 100.0, 0.01):
        first, second = a.value, b.value * scale
        units = (a.unit, b.unit * scale)
        coarse = max(units)
        fine = min(units)
        if abs(first - second) <= 0.5 * coarse + 0.5 * fine + 1e-9:
            return True
        short, long = (first, second) if units[0] == coarse else (second, first)
        if short <= long + 1e-9 and long - short < coarse:
            return True  # cut, not rounded
    return False
