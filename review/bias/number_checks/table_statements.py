"""Compares what sentences say of a table with its cells: averages, ranges, peaks, pairs of counts,
rounded counts, p values beside an interval."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.printed import parse_count, shorten
from review.bias.number_checks.repeated_figures import METRICS, differ_by_one_digit
from review.bias.number_checks.rows import is_row, list_numbers
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import Sentence

_SECTIONS = frozenset(
    {"", "abstract", "methods", "results", "discussion", "conclusion", "supplement"}
)


def check_table_statements(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """Sentences that say something else than the table they speak of."""
    for index, sentence in enumerate(sentences):
        text = sentence.text
        if sentence.section not in _SECTIONS or (is_row(text) and not text.endswith(".")):
            continue
        for check in (
            _check_average,
            _check_labelled_row,
            _check_range,
            _check_peak,
            _check_pair,
            _check_thousands,
            _check_p_value,
            _check_part,
        ):
            for problem in check(text, grids):
                yield index, problem


def _place(grid: NumberGrid) -> str:
    return f"{grid.label} (p. {grid.page})" if grid.page else grid.label


def _is_same(value: str, cell: NumberCell) -> bool:
    """Whether a printed value can be the cell's, rounded or as a percentage."""
    decimals = len(value.partition(".")[2])
    return any(
        abs(float(value) - cell.value * scale) <= 1.01 * max(10.0**-decimals, cell.unit * scale)
        for scale in (1.0, 100.0, 0.01)
    )


# ---- averages ----

_AVERAGE_LABEL = re.compile(r"^(?:mean|averages?|avg\.?|overall average)$", re.I)
_AVERAGE = re.compile(
    rf"\b(?:average|mean)\s+(?P<metric>{'|'.join(METRICS.values())})(?:\s+(?:score|value|rate))?"
    r"(?:\s+(?:of|was|is|reached))?\s*[=:]?\s*(?P<v>\d{1,3}(?:\.\d+))\s?%?(?!\s*(?:±|\(±))",
    re.I,
)


def _find_metric(text: str) -> str | None:
    key = re.sub(r"\(.*?\)|[%↑↓|]", "", text).strip()
    key = {"acc": "accuracy", "sens": "sensitivity", "spec": "specificity"}.get(key.lower(), key)
    for name, words in METRICS.items():
        if re.fullmatch(rf"(?:{words})(?: scores?| values?)?", key, re.I):
            return name
    return None


def _check_average(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'Average accuracy = 97.7%', which is a data set's, where the row 'Average' has 97.1."""
    for match in _AVERAGE.finditer(text):
        metric = _find_metric(match["metric"])
        found = [
            (grid, cell, [cells[column] for cells in grid.cells])
            for grid in grids
            for row, label in enumerate(grid.labels)
            if _AVERAGE_LABEL.match(label)
            for column, head in enumerate(grid.full_heads)
            if _find_metric(head) == metric and (cell := grid.cells[row][column])
        ]
        if len(found) != 1:
            continue
        grid, cell, column_cells = found[0]
        others = [one for one in column_cells if one and one is not cell]
        is_other = any(one.value == float(match["v"]) for one in others)
        if is_other and not _is_same(match["v"], cell):
            yield Contradiction(
                (metric or "").lower(),
                f"the average {metric} is {match['v']} here, {cell.printed} in {_place(grid)}; "
                f"{match['v']} is that of one row.",
            )


# ---- a row that the sentence names and repeats ----

_MIN_LABEL = 8


def _check_labelled_row(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'Severity grading: 90.4% and 89.6%, kappa 0.84', where its row has 90.4, 84.6, 0.84."""
    values = [n for n in dict.fromkeys(list_numbers(text)) if "." in n]
    if not 3 <= len(values) <= 6:
        return
    cited = {
        n
        for grid in grids
        if re.search(rf"\b{re.escape(grid.label)}(?!\d)", text)
        for texts in grid.texts
        for cell in texts
        for n in list_numbers(cell)
    }
    for grid in grids:
        everywhere = {n for texts in grid.texts for cell in texts for n in list_numbers(cell)}
        everywhere |= cited
        named = {label for label in grid.labels if label and label.lower() in text.lower()}
        for row, label in enumerate(grid.labels):
            if len(label) < _MIN_LABEL or named != {label}:
                continue
            printed = {n for cell in grid.texts[row][1:] for n in list_numbers(cell)}
            missing = [value for value in values if value not in printed]
            if len(missing) != 1 or len(values) - len(missing) < 2 or missing[0] in everywhere:
                continue
            near = [n for n in printed if n not in values and differ_by_one_digit(missing[0], n)]
            if len(near) == 1:
                yield Contradiction(
                    "table",
                    f"{missing[0]} here is {near[0]} in {_place(grid)}, row '{shorten(label)}', "
                    "which has the other figures of the sentence.",
                )


# ---- ranges ----

_RANGE = re.compile(
    r"\b(?P<what>(?:[a-z-]+\s+){1,5}?)(?:rang(?:ing|ed|es)|var(?:ying|ied|ies))\s+(?:between\s+|"
    r"from\s+)?(?P<low>\d[\d,]*(?:\.\d+)?)\s?%?\s*(?:to|and|–|-)\s*(?P<high>\d[\d,]*(?:\.\d+)?)",
    re.I,
)
_MIN_CELLS = 5


def _check_range(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'Patients ranging from 4 to 1287', where the column has 15 to 1287."""
    for match in _RANGE.finditer(text):
        low, high = (float(match[end].replace(",", "")) for end in ("low", "high"))
        words = {word[:6] for word in re.findall(r"[a-z]{4,}", match["what"].lower())}
        for grid in grids:
            for column in range(1, len(grid.heads)):
                head = {
                    word[:6] for word in re.findall(r"[a-z]{4,}", grid.full_heads[column].lower())
                }
                values = [cell.value for cells in grid.cells if (cell := cells[column])]
                if not words & head or len(values) < _MIN_CELLS or low >= high:
                    continue
                ends = (min(values), max(values))
                is_one = (ends[0] == low) != (ends[1] == high)
                if is_one and (low not in values or high not in values):
                    yield Contradiction(
                        "a range",
                        f"{match['low']} to {match['high']} here, {ends[0]:g} to {ends[1]:g} in "
                        f"{_place(grid)}, column '{shorten(grid.heads[column])}'.",
                    )


# ---- peaks ----

_PEAK = re.compile(
    r"\b(?P<verb>peaked|(?:was|were|is|are) (?:the )?(?:highest|lowest|largest|smallest))\s+"
    r"(?:in|for|at|with)\s+(?:the (?:year )?)?(?P<where>[A-Z0-9][\w-]*)",
)


def _check_peak(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'Public data peaked in 2021', where the row 'Public data' has its maximum under 2020."""
    match = _PEAK.search(text)
    if not match:
        return
    best = min if re.search(r"lowest|smallest", match["verb"]) else max
    words = re.findall(r"[a-z]{4,}", text[: match.start()].lower())
    for grid in grids:
        heads = list(grid.heads)
        for texts in grid.texts:
            if match["where"] in texts:  # a head read as a row
                heads = list(texts)
        named = [
            row
            for row, label in enumerate(grid.labels)
            if len(own := re.findall(r"[a-z]{4,}", label.lower())) > 1
            and all(any(word.startswith(part[:5]) for word in words) for part in own)
        ]
        if match["where"] not in heads or len(named) != 1:
            continue
        cells = [
            (head, list_numbers(text.replace(",", ".")))
            for head, text in zip(heads, grid.texts[named[0]], strict=True)
        ]
        values = {head: float(numbers[0]) for head, numbers in cells[1:] if numbers}
        if match["where"] in values and len(values) > 2:
            top = best(values, key=lambda head: values[head])
            if values[top] != values[match["where"]]:
                yield Contradiction(
                    "a peak",
                    f"{match['where']} has {values[match['where']]:g} in {_place(grid)}, row "
                    f"'{shorten(grid.labels[named[0]])}', {top} has {values[top]:g}.",
                )


# ---- two counts of one thing ----

_COUNTED = re.compile(
    r"(?<![\d.,/–-])(?P<n>\d{1,3}(?:,\d{3})+|"
    r"\d{2,7})(?![\d.,/–-]*\d)(?!\s?%)\s+(?:[A-Za-z0-9-]+\s+){0,3}?"
    r"(?P<unit>patients|subjects|participants|images|scans|volumes|slides|WSIs|slices|cases|"
    r"studies|eyes|"
    r"patches|tiles|lesions|nodules|videos|exams|radiographs|people|individuals|annotations)\b",
    re.I,
)
_MAX_ERROR = 0.12


def _check_pair(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'90 volumes, 4,500 images', where the rows with 90 volumes have 4,140 images."""
    counts = [(parse_count(m["n"]), m["unit"].lower(), m) for m in _COUNTED.finditer(text)]
    pairs = [
        (first, second)
        for first, second in permutations(counts, 2)
        if first[1] != second[1]
        and abs(first[2].start() - second[2].start()) < 60
        and ";"
        not in text[min(first[2].end(), second[2].end()) : max(first[2].start(), second[2].start())]
    ]
    for first, second in pairs:
        for grid in grids:
            found = _sum_rows(grid, first[1], second[1])
            sums = {other for value, other in found if value == first[0]}
            known = {other for _, other in found}
            if len(sums) != 1 or second[0] in known or first[0] < 20:
                continue
            [other] = sums
            if 0 < abs(other - second[0]) <= _MAX_ERROR * second[0]:
                yield Contradiction(
                    "n",
                    f"{first[0]:,} {first[1]} have {other:,} {second[1]} in {_place(grid)}, not "
                    f"{second[0]:,}.",
                )
                return


def _sum_rows(grid: NumberGrid, unit: str, other: str) -> set[tuple[int, int]]:
    """The counts of two units for each row, for all rows, and for all rows but one."""
    columns = [
        [
            n
            for n, head in enumerate(grid.full_heads)
            if re.search(rf"\b{one.rstrip('s')}", head, re.I)
        ]
        for one in (unit, other)
    ]
    if any(len(found) != 1 for found in columns):
        return set()
    rows = [
        (int(a.value), int(b.value))
        for row, cells in enumerate(grid.cells)
        if not re.match(r"total|all\b|sum\b|overall", grid.labels[row], re.I)
        and (a := cells[columns[0][0]])
        and (b := cells[columns[1][0]])
        and a.is_count
        and b.is_count
    ]
    chosen = [[row] for row in rows] + [rows]
    chosen += [list(part) for part in combinations(rows, len(rows) - 1)] if len(rows) > 2 else []
    return {(sum(a for a, _ in part), sum(b for _, b in part)) for part in chosen if part}


# ---- rounded counts ----

_THOUSANDS = re.compile(
    r"(?<![\d.,])(?P<n>\d{1,3}(?:\.\d)?)\s?[kK]\s+(?P<what>(?:[a-z-]+\s+){0,2}[a-z]{4,}s)\b"
)
_MAX_ROUNDING = 0.04


def _check_thousands(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'All 43K events', where the column of events has 42,203."""
    for match in _THOUSANDS.finditer(text):
        value, decimals = float(match["n"]), len(match["n"].partition(".")[2])
        noun = match["what"].split()[-1].lower()
        for grid in grids:
            cells = [
                cell
                for column, head in enumerate(grid.full_heads)
                if re.search(rf"\b{noun.rstrip('s')}", head, re.I)
                for cells in grid.cells
                if (cell := cells[column]) and cell.is_count and cell.value >= 1000
            ]
            near = [c for c in cells if abs(c.value / 1000 - value) <= _MAX_ROUNDING * value]
            slack = 10.0**-decimals * 0.51
            if len(near) == 1 and abs(near[0].value / 1000 - value) > slack:
                yield Contradiction(
                    "n", f"{match['n']}K {noun} here, {near[0].printed} in {_place(grid)}."
                )


# ---- p values ----

_INTERVAL = r"([-−–]?\d+[.·]\d+)\s*(?:,|;|to|–|-|—)\s*([-−]?\d+[.·]\d+)"
_P_VALUE = re.compile(r"\bp\s*=\s*(0?[.·]\d+)", re.I)


def _check_p_value(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'p = 0.41, 95% CI -1.77 to 0.25', where the row with that interval has p 0.140."""
    intervals = [match.groups() for match in re.finditer(_INTERVAL, text)]
    values = _P_VALUE.findall(text)
    if len(intervals) != 1 or len(values) != 1:
        return
    wanted, value = _normalize(intervals[0]), float(values[0].replace("·", "."))
    for grid in grids:
        for texts in grid.texts:
            for column, cell in enumerate(texts):
                found = [_normalize(m.groups()) for m in re.finditer(_INTERVAL, cell)]
                if wanted not in found or column + 1 >= len(texts):
                    continue
                if not re.search(r"\bp\b", grid.full_heads[column + 1], re.I):
                    continue
                match = re.fullmatch(r"\s*(0?[.·]\d+)\s*[*†‡a-c]?\s*", texts[column + 1])
                if match is None:
                    continue
                other = float(match[1].replace("·", "."))
                decimals = min(
                    len(n.replace("·", ".").partition(".")[2]) for n in (values[0], match[1])
                )
                if abs(other - value) > 0.51 * 10.0**-decimals:
                    yield Contradiction(
                        "p",
                        f"p is {values[0]} here, {match[1]} in {_place(grid)}, beside the same "
                        "interval.",
                    )
                    return


def _normalize(interval: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(
        float(part.replace("·", ".").replace("−", "-").replace("–", "-")) for part in interval
    )


# ---- the size of a part of a split ----

_PART_UNIT = (
    r"patients|subjects|participants|images|scans|volumes|slides|WSIs|slices|cases|studies|"
    r"patches|tiles|"
    r"videos|exams"
)
_PART = re.compile(
    r"(?<![\d.,])(?P<n>\d{1,3}(?:,\d{3})+|\d{2,7})(?![\d.,]*\d)\s+(?:[A-Za-z-]+\s+){0,2}?"
    rf"(?P<unit>{_PART_UNIT})\s+(?:(?:are|were|is|was)\s+)?"
    r"(?:used\s+|kept\s+|held out\s+)?(?:as|for|in)\s+(?:the\s+)?"
    r"(?P<part>training|validation|test(?:ing)?)\b",
    re.I,
)
_PART_HEADS = {"training": r"^train", "validation": r"^val", "test": r"^test", "testing": r"^test"}
_MAX_PART_ERROR = 0.05


def _check_part(text: str, grids: Sequence[NumberGrid]) -> Iterator[Contradiction]:
    """'128 slides are used for testing', where the rows of slides have 81 and 49 under 'Test'."""
    for match in _PART.finditer(text):
        count, unit = parse_count(match["n"]), match["unit"].rstrip("s").lower()
        for grid in grids:
            columns = [
                n
                for n, head in enumerate(grid.heads)
                if re.search(_PART_HEADS[match["part"].lower()], head, re.I)
            ]
            if len(columns) != 1:
                continue
            groups: dict[str, list[int]] = {}
            group = ""
            for texts, cells in zip(grid.texts, grid.cells, strict=True):
                group = texts[0].strip() or group
                cell = cells[columns[0]]
                if cell and cell.is_count:
                    groups.setdefault(group, []).append(int(cell.value))
            sums = {
                sum(counts)
                for name, counts in groups.items()
                if re.search(rf"\b{unit}", name, re.I) and len(counts) > 1
            }
            known = {value for counts in groups.values() for value in counts} | sums
            near = [one for one in sums if abs(one - count) <= _MAX_PART_ERROR * count]
            if count not in known and len(near) == 1:
                yield Contradiction(
                    "n",
                    f"{count:,} {match['unit']} for {match['part']} here, {near[0]:,} in "
                    f"{_place(grid)}.",
                )
