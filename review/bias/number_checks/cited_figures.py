"""Compares what the text says of a cited work with its row in the table of earlier works."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.comparison_tables import find_metrics
from review.bias.number_checks.number_words import list_counted
from review.bias.number_checks.repeated_figures import read_metrics
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import Sentence

_LEFT_OUT = frozenset({"references", "statements", "keywords", "abstract"})
_PAST_WORK = frozenset({"related work", "introduction", "discussion"})
"""Sections in which results without an owner belong to the work cited before."""
_MIN_ROWS = 3
_MAX_DIFFERENCE = 15.0
"""Points by which two values of one work may differ; more is another test or another scale."""
_MAX_SENTENCES = 3
"""Sentences after a citation that may still speak of it."""
_REFERENCE = re.compile(r"\[(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]")
_AUTHORS = re.compile(
    r"\b(?P<name>[A-Z][\w'’-]{2,})(?:,? [A-Z]\w*)?,?\s+et\s+al\b|"
    r"\b(?P<first>[A-Z][\w'’-]{2,})(?: and | & )[A-Z][\w'’-]{2,}(?=\s*[\[(]\d)"
)
_WORKS_HEAD = re.compile(
    r"^(?:authors?|ref\w*\.?|stud(?:y|ies)|(?:related |previous )?(?:works?|papers?)|"
    r"contributions?|literature|publications?|articles?|citations?|sources?)\b",
    re.I,
)
_WORKS_CAPTION = re.compile(
    r"\b(?:related|existing|previous|earlier|literature|state[- ]of[- ]the[- ]art|prior|"
    r"published|other (?:works?|studies|papers|methods|models)|recent)\b",
    re.I,
)
_OWN_RUNS = re.compile(
    r"\b(?:our (?:data|test|own|images)|same (?:data|test|split|sett)|re-?implement\w*|"
    r"re-?train\w*|reproduc\w+|rerun)",
    re.I,
)
_OWN = re.compile(
    r"\b(?:our|ours|we|us|proposed (?:here|work)|present (?:study|work|paper))\b", re.I
)
_ANAPHOR = re.compile(
    r"\b(?:they|their|the authors?|(?:this|that|the mentioned|the said|the former|the cited|their) "
    r"(?:study|work|paper|model|method|approach|network))\b",
    re.I,
)
_NOT_ONE = re.compile(
    r"\b(?:up to|at (?:least|most)|more than|less than|over|above|below|between|rang\w+|averag\w*|"
    r"than|compared|versus|vs|outperform\w*|improv\w+|increas\w+|decreas\w+|reduc\w+|gain\w*|by|"
    r"exceed\w*|surpass\w*|train(?:ing)? (?:accuracy|set|data)|"
    r"(?<!cross[- ])validation|each|class-?wise|"
    r"without|difference|error|confidence|binary|two-class|multi-?class|external\w*)\b|[±<>≥≤]",
    re.I,
)
_LIMIT = re.compile(r"\brather than [\w ]+?(?= and | the |,|$)", re.I)
_VALUE = re.compile(
    r"(?<![\w.,–-])(\d{1,3}\.\d+|\d{1,3})(\s?(?:%|percent\b))?(?![\w.,–-]*\d)", re.I
)
_LISTED = re.compile(r"(?<![\w.])(\d{2,3}(?:\.\d+)?)\s?%?\s*(?:\(\w+\)\s*)?\[(\d{1,3})\]")
_RESULT = re.compile(r"\b(?:results?|performance)\b", re.I)
_PARTS = re.compile(
    r"\b(?:train\w*|test\w*|valid\w*|augment\w*|each|per|balanc\w*|patches)\b", re.I
)
_COUNT_HEADS = {
    "image": re.compile(r"\b(?:images?|scans?|slices?|x-?rays?)\b", re.I),
    "people": re.compile(r"\b(?:patients?|subjects?|participants?)\b", re.I),
}


@dataclass(slots=True)
class _Work:
    """A cited work in a table: what all of its rows say."""

    name: str
    surname: str = ""
    values: dict[str, list[tuple[NumberCell, str]]] = field(default_factory=dict)
    """Cells of each measure with the table of each; sizes under 'image' and 'people'."""
    numbers: set[str] = field(default_factory=set)
    """All numbers of the rows."""


def check_cited_figures(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """Sentences that give another result or size for a cited work than its row does."""
    works = _list_works(grids)
    if not works:
        return
    key, age = "", 0
    for index, sentence in enumerate(sentences):
        if sentence.section in _LEFT_OUT:
            key = ""
            continue
        problem = _check_list(sentence.text, works) or _check_pairs(sentence.text, works)
        keys = _find_keys(sentence.text)
        is_direct = bool(keys)
        if keys:
            key, age = (keys[0] if len(keys) == 1 else ""), 0
        elif _OWN.search(sentence.text):
            key = ""
        age += 1
        may_follow = sentence.section in _PAST_WORK or _ANAPHOR.search(sentence.text)
        if (
            not problem
            and key in works
            and (is_direct or (age <= _MAX_SENTENCES + 1 and may_follow))
        ):
            problem = _check_sentence(sentence.text, works[key])
        if problem:
            yield index, problem


# ---- works ----


def _find_keys(text: str) -> list[str]:
    """The works that a text cites: by their numbers, or by the first author if it has none."""
    numbers = [n for group in _REFERENCE.findall(text) for n in re.split(r"\D+", group)]
    if any(re.search(r"\d\s*[–-]", group) for group in _REFERENCE.findall(text)):
        return [*numbers, ""]
    if numbers:
        return list(dict.fromkeys(numbers))
    return list(dict.fromkeys(_list_surnames(text)))


def _list_surnames(text: str) -> list[str]:
    return [(match["name"] or match["first"]).lower() for match in _AUTHORS.finditer(text)]


def _list_works(grids: Sequence[NumberGrid]) -> dict[str, _Work]:
    works: dict[str, _Work] = {}
    for grid in grids:
        head = grid.full_heads[0] if grid.full_heads else ""
        is_of_works = _WORKS_HEAD.search(head) or _WORKS_CAPTION.search(grid.caption)
        rows = _join_rows(grid)
        if not is_of_works or _OWN_RUNS.search(grid.caption) or len(rows) < _MIN_ROWS:
            continue
        for keys, numbers in rows:
            name = grid.texts[numbers[0]][0]
            work = next((works[key] for key in keys if key in works), None)
            work = work or _Work(name)
            work.surname = next((key for key in keys if not key.isdigit()), work.surname)
            works.update(dict.fromkeys(keys, work))
            for row in numbers:
                _read_row(grid, row, work)
    return works


def _join_rows(grid: NumberGrid) -> list[tuple[list[str], list[int]]]:
    """The rows of each cited work with its keys, those that go on below included."""
    rows: list[tuple[list[str], list[int]]] = []
    for row, texts in enumerate(grid.texts):
        label = texts[0].strip() if texts else ""
        rest = re.fullmatch(r"(?:\(\d{4}\)\s*)?\[(\d{1,3})\]", label)
        surnames, numbers = _list_surnames(label), _REFERENCE.findall(label)
        if rows and rest and not any(key.isdigit() for key in rows[-1][0]) and rows[-1][0]:
            rows[-1][0].append(rest[1])
            rows[-1][1].append(row)
        elif len(numbers) == 1 and numbers[0].isdigit():
            rows.append(([numbers[0], *surnames[:1]], [row]))
        elif len(surnames) == 1:
            rows.append((surnames, [row]))
        elif not label and rows:
            rows[-1][1].append(row)
        else:
            rows.append(([], [row]))
    return [(keys, numbers) for keys, numbers in rows if keys]


def _read_row(grid: NumberGrid, row: int, work: _Work) -> None:
    place = f"{grid.label} (p. {grid.page})" if grid.page else grid.label
    for column, (cell, text) in enumerate(zip(grid.cells[row], grid.texts[row], strict=True)):
        if column == 0:
            continue
        work.numbers |= set(re.findall(r"\d+(?:\.\d+)?", text.replace(",", "")))
        head = grid.full_heads[column]
        if cell is None:
            continue
        metrics = list(find_metrics(head))
        if len(metrics) == 1:
            work.values.setdefault(metrics[0], []).append((cell, place))
        for kind, pattern in _COUNT_HEADS.items():
            if pattern.search(head) and cell.is_count and not metrics:
                work.values.setdefault(kind, []).append((cell, place))


# ---- sentences ----


def _check_sentence(text: str, work: _Work) -> Contradiction | None:
    """The only value of a measure in a sentence that speaks of one work."""
    surnames = _list_surnames(text)
    if (work.surname and surnames and work.surname not in surnames) or len(surnames) > 1:
        return None
    bare = re.sub(r"\[[\d\s,;–-]+\]|\((?:19|20)\d\d\)", " ", text)
    if _OWN.search(bare):
        return None
    sizes = [thing for thing in list_counted(bare) if thing.kind in _COUNT_HEADS]
    for thing in sizes:
        if sum(other.kind == thing.kind for other in sizes) == 1 and not _PARTS.search(text):
            problem = _compare(str(thing.count), thing.kind, work)
            if problem:
                return problem
    if _NOT_ONE.search(bare):
        return None
    for metric, value in _read_values(bare, work).items():
        problem = _compare(value, metric, work)
        if problem:
            return problem
    return None


def _read_values(text: str, work: _Work) -> Mapping[str, str]:
    values = [match for match in _VALUE.finditer(text) if match[2] or "." in match[1]]
    metrics = list(find_metrics(text))
    if len(values) == 1:
        if len(metrics) == 1:
            return {metrics[0]: values[0][1]}
        known = [name for name in work.values if name not in _COUNT_HEADS]
        if not metrics and len(known) == 1 and _RESULT.search(text):
            return {known[0]: values[0][1]}
    found = read_metrics(text)
    return found if len(found) == len(values) else {}


def _check_pairs(text: str, works: Mapping[str, _Work]) -> Contradiction | None:
    """'[18] and [39] have an AUC of 94.2% and 98%, respectively'."""
    if "respectively" not in text.lower() or _OWN.search(text):
        return None
    keys = _find_keys(text)
    bare = _LIMIT.sub(" ", re.sub(r"\[[\d\s,;–-]+\]", " ", text))
    values = [match[1] for match in _VALUE.finditer(bare) if match[2] or "." in match[1]]
    metrics = list(find_metrics(bare))
    if len(metrics) != 1 or len(keys) != len(values) or len(keys) < 2 or _NOT_ONE.search(bare):
        return None
    for key, value in zip(keys, values, strict=True):
        problem = _compare(value, metrics[0], works[key]) if key in works else None
        if problem:
            return problem
    return None


def _check_list(text: str, works: Mapping[str, _Work]) -> Contradiction | None:
    """'96.97% [16], 85% [17]': a list of results of which one at least is in its row."""
    pairs = [(value, works[key]) for value, key in _LISTED.findall(text) if key in works]
    pairs = [(value, work) for value, work in pairs if work.values.keys() - _COUNT_HEADS.keys()]
    if not any(_is_in_row(value, work) for value, work in pairs):
        return None
    for value, work in pairs:
        metric = next(name for name in work.values if name not in _COUNT_HEADS)
        problem = _compare(value, metric, work)
        if problem:
            return problem
    return None


def _is_in_row(value: str, work: _Work) -> bool:
    return any(_can_equal(value, number) for number in work.numbers)


def _compare(value: str, measure: str, work: _Work) -> Contradiction | None:
    cells = work.values.get(measure, [])
    if not cells or _is_in_row(value, work):
        return None
    scale = 100.0 if measure not in _COUNT_HEADS and float(value) <= 1 else 1.0
    if measure not in _COUNT_HEADS:
        points = [cell.value * (100.0 if cell.value <= 1 else 1.0) for cell, _ in cells]
        if min(abs(point - float(value) * scale) for point in points) > _MAX_DIFFERENCE:
            return None
    else:
        largest = max(cell.value for cell, _ in cells)
        if not largest / 2 <= float(value) <= 2 * largest:
            return None
    noun = {"image": "The number of images", "people": "The number of people"}.get(measure, measure)
    cell, place = cells[0]
    return Contradiction(
        "cited",
        f"{noun} of {work.name} is {value} here, {cell.printed} in {place}.",
    )


def _can_equal(first: str, second: str) -> bool:
    """Whether two printed values can be one, rounded or cut, as a share or in per cent."""
    for scale in (1.0, 100.0, 0.01):
        digits = 0 if scale == 1 else 2 if scale < 1 else -2
        decimals = min(len(first.partition(".")[2]), len(second.partition(".")[2]) + digits)
        unit = 0.999 * 10.0 ** -max(decimals, 0)
        same = scale == 1 and len(first.partition(".")[2]) == len(second.partition(".")[2])
        if abs(float(first) - float(second) * scale) < (1e-9 if same else unit):
            return True
    return False
