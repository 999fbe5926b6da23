"""Checks how much better a sentence calls a method against the table that has both methods."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.comparison_tables import (
    COSTS,
    METRIC_WORDS,
    Measure,
    MethodComparison,
    find_metrics,
    read_comparisons,
)
from review.bias.number_checks.method_names import (
    LIMITS,
    MENTIONS,
    find_own_names,
    find_rows,
    has_scope,
    is_name,
    is_named,
    mark_names,
)
from review.bias.number_checks.rows import is_row
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import PrintedTable, Sentence

_SECTIONS = frozenset(
    {"", "abstract", "methods", "results", "discussion", "conclusion", "supplement"}
)
_MORE = (
    r"(?:improvements?|increases?|gains?|boosts?|margins?|drops?|reductions?|decreases?|higher|"
    r"lower|better|worse|more|less|fewer|difference|advantage)"
)
_VERB = (
    r"(?:improv\w+|increas\w+|outperform\w*|surpass\w*|exceed\w*|boost\w*|decreas\w+|reduc\w+|"
    r"gain\w*|drop\w*|higher|lower|better|worse|rais\w+|enhanc\w+)"
)
_VALUE = (
    r"(?P<about>about |around |approximately |roughly |nearly |almost |~|∼|≈)?\s*(?<![\d.,])"
    r"(?P<v>\d{1,2}(?:\.\d+)?)(?![\d.,]*\d)\s?(?P<unit>%|percent\b|"
    r"(?:percentage |absolute )?points?\b|pp\b)?"
)
_PLAIN_VALUE = re.sub(r"\(\?P<\w+>", "(?:", _VALUE)
_LISTED = re.compile(
    r"(?:\b(?:by|of|an?|yields?|has|obtains?|achieves?|shows?|improv\w+|and|,)\s+)(?:an? |by |of )?"
    rf"(?P<values>{_PLAIN_VALUE}"
    rf"(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)(?:an? |by )?{_PLAIN_VALUE}(?![a-zA-Z]))*)",
    re.I,
)
_ONE_VALUE = re.compile(_VALUE, re.I)
_OPEN = re.compile(
    r"(?:\b(?:up to|at (?:least|most)|more than|less than|over|above|below|ranging from|range of|"
    r"between|on average|average of|mean of|from|to|at|than)|[<>≥≤=])\s*(?:about |an? )?$",
    re.I,
)
_NO_GAIN = re.compile(r"\bp\s*[<=>]|×|\d\s?x\b|\bfactors?\b|\bconfidence\b|\bon average\b", re.I)
_OBJECT = re.compile(
    rf"\b(?:(?:than|over|to|with|from|against|outperform\w*|surpass\w*|exceed\w*|versus|vs\.?|upon|"
    rf"beats?|methods?(?: on this data ?set)?,? such as)\s+(?:the\s+|that of\s+|both\s+|two\s+|"
    rf"our\s+)*|compared (?:to|with)[^§]{{1,80}}?)(?P<object>{MENTIONS})",
    re.I,
)
_SECOND = re.compile(r"\bsecond[- ]best|\bnext[- ]best", re.I)
_RELATIVE = re.compile(r"\brelative(?:ly)?\b", re.I)
_MIN_WITHOUT_OBJECT = 3
"""Gains of a sentence that show which rows are meant if it does not name them."""
_NEAR = 0.35
"""Share by which a single gain may differ from the table's and still be meant as that one."""


@dataclass(frozen=True, slots=True)
class _Gain:
    """A printed gain: '5.57%'."""

    value: float
    decimals: int
    is_points: bool
    is_about: bool
    printed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _GainClaim:
    """What a sentence says of how much better a method is."""

    text: str
    gains: tuple[_Gain, ...]
    subjects: tuple[str, ...]
    objects: tuple[str, ...]
    is_second: bool
    """Whether the gain is one over the best of the others."""


def check_gains(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid], tables: Sequence[PrintedTable] = ()
) -> Iterator[Finding]:
    """Sentences that give another gain over a named method than the table has."""
    captions = {table.label: table.caption for table in tables}
    comparisons = [one for one in read_comparisons(grids, captions) if one.measures]
    names = {name for one in comparisons for name in one.names if is_name(name)}
    if not names:
        return
    own = find_own_names(sentences, names)
    for index, sentence in enumerate(sentences):
        is_text = not is_row(sentence.text) or sentence.text.rstrip().endswith(".")
        if sentence.section not in _SECTIONS or not is_text or sentence.text.startswith("Table"):
            continue
        if not re.search(_VERB, sentence.text, re.I) or _NO_GAIN.search(sentence.text):
            continue
        problem = _check_sentence(sentence.text, comparisons, names, own)
        if problem:
            yield index, problem


def _check_sentence(
    text: str, comparisons: Sequence[MethodComparison], names: set[str], own: frozenset[str]
) -> Contradiction | None:
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", text)
    marked, found = mark_names(bare, names)
    gains = _list_gains(marked)
    objects = _list_objects(marked, found)
    is_second = bool(_SECOND.search(marked)) and not objects
    if not gains or (len(gains) < _MIN_WITHOUT_OBJECT and not objects and not is_second):
        return None
    claim = _GainClaim(
        text=bare,
        gains=tuple(gains),
        subjects=_list_subjects(found, objects),
        objects=tuple(objects),
        is_second=is_second,
    )
    limits = tuple(LIMITS.findall(marked))
    best: tuple[int, MethodComparison, tuple[bool, ...]] | None = None
    count = 0
    for one in comparisons:
        if len(gains) == 1 and not has_scope(limits, one):
            continue
        checks = list(_compare(claim, one, own))
        if any(all(check) for check in checks):
            return None
        count += bool(checks)
        for check in checks:
            if best is None or sum(check) > best[0]:
                best = (sum(check), one, check)
    if best is None or not _is_sure(claim, best[2], best[1], own, count):
        return None
    _, one, check = best
    wrong = [gain.printed for gain, right in zip(gains, check, strict=True) if not right]
    page = f" (p. {one.page})" if one.page else ""
    rest = "" if len(gains) == 1 else f"; {sum(check)} of {len(check)} differences agree"
    return Contradiction(
        "a difference",
        f"{' and '.join(wrong)} is not how the figures of {one.label}{page} differ{rest}.",
    )


def _list_subjects(found: Sequence[str], objects: Sequence[str]) -> tuple[str, ...]:
    """The methods that a sentence names beside its objects; 'we' only if it names none."""
    named = tuple(name for name in dict.fromkeys(found) if name and name not in objects)
    return named or (("",) if "" in found else ())


def _list_objects(marked: str, found: Sequence[str]) -> list[str]:
    objects: list[str] = []
    for match in _OBJECT.finditer(marked):
        names = [found[int(n)] for n in re.findall(r"§(\d+)§", match["object"])]
        if len(names) > 1 and re.match(rf"\s*(?:\w+\s+)?{_VERB}", marked[match.end() :], re.I):
            names.pop()  # 'compared with A, B improves'
        objects += names
    return list(dict.fromkeys(name for name in objects if name))


def _is_sure(
    claim: _GainClaim,
    check: Sequence[bool],
    one: MethodComparison,
    own: frozenset[str],
    tables: int,
) -> bool:
    """Whether the table is the one meant: all gains but one agree, or the only one is near."""
    if len(check) > 1:
        least = 1 if claim.objects or claim.is_second else _MIN_WITHOUT_OBJECT - 1
        return sum(check) == len(check) - 1 >= least
    metrics = find_metrics(claim.text).keys()
    if tables != 1 or not claim.subjects or not claim.objects or len(metrics) != 1:
        return False
    values = [
        abs(a.value - b.value) * (100.0 if max(a.value, b.value) <= 1.0 else 1.0)
        for pairs in _list_pairs(claim, one, own)
        for a, b in pairs
    ]
    gain = claim.gains[0]
    return len(values) == 1 and abs(values[0] - gain.value) <= _NEAR * gain.value


def _list_gains(text: str) -> list[_Gain]:
    gains: list[_Gain] = []
    for match in _LISTED.finditer(text):
        after = text[match.end() : match.end() + 45]
        start = max(text.rfind(mark, 0, match.start()) for mark in (". ", "; "))
        before = text[start + 1 : match.start()]
        has_verb = re.search(
            _VERB, before + match[0][: match.start("values") - match.start()], re.I
        )
        has_noun = re.match(
            rf"\s*(?:absolute |relative |performance |[A-Za-z0-9-]+ )?{_MORE}\b", after, re.I
        )
        is_next = bool(gains) and re.match(r"\s*(?:on|in|for|of)\b", after)
        is_first = not re.match(r"(?:and|,)\s", match[0], re.I)
        if not (is_next or (is_first and (has_verb or has_noun))):
            continue
        if _OPEN.search(text[: match.start("values")]) and not is_next:
            continue
        for value in _ONE_VALUE.finditer(match["values"]):
            unit = (value["unit"] or "").lower()
            printed = value["v"]
            if not unit and "." not in printed:
                continue
            gains.append(
                _Gain(
                    float(printed),
                    len(printed.partition(".")[2]),
                    "point" in unit or unit == "pp",
                    bool(value["about"]),
                    f"{printed}{'%' if unit in ('%', 'percent') else ''}",
                )
            )
    return gains


def _compare(
    claim: _GainClaim, one: MethodComparison, own: frozenset[str]
) -> Iterator[tuple[bool, ...]]:
    """Whether the table has each gain, for each row the sentence may speak of; none if the table
    has not both methods and the metrics."""
    for pairs in _list_pairs(claim, one, own):
        yield tuple(
            _is_gain(gain, *pair, claim.text) for gain, pair in zip(claim.gains, pairs, strict=True)
        )


_Pair = tuple[NumberCell, NumberCell]


def _list_pairs(
    claim: _GainClaim, one: MethodComparison, own: frozenset[str]
) -> Iterator[tuple[_Pair, ...]]:
    """The cells that each gain of a sentence may compare: one subject, and objects and measures
    in the order of the gains if there are as many."""
    count = len(claim.gains)
    rows = [find_rows(name, one, own) for name in claim.objects]
    mine = sorted({row for name in claim.subjects for row in find_rows(name, one, own)})
    measures = _select(claim.text, one)
    if not all(rows) or not measures or (claim.subjects and not mine):
        return
    allowed = {row for found in rows for row in found}
    mine = mine or [row for row in range(len(one.names)) if row not in allowed]
    by_object = count > 1 and len(rows) == count
    groups = [[m] * count for m in measures]
    ordered = _order_measures(measures, claim.text, count)
    if count > 1 and not by_object:
        groups = ordered
    for row in mine:
        for chosen in groups:
            if by_object:
                choices = rows
            elif claim.is_second:
                choices = [_find_second(m, mine, one) for m in chosen]
            else:
                others = sorted(allowed) or [n for n in range(len(one.names)) if n != row]
                for other in others:
                    yield from _take_pairs(one, row, [[other]] * count, chosen)
                continue
            yield from _take_pairs(one, row, choices, chosen)


def _take_pairs(
    one: MethodComparison, row: int, choices: Sequence[Sequence[int]], measures: Sequence[Measure]
) -> Iterator[tuple[_Pair, ...]]:
    for others in product(*choices):
        pairs = [
            (m.cells[row], m.cells[other])
            for other, m in zip(others, measures, strict=True)
            if other != row and one.groups[other] == one.groups[row]
        ]
        cells = tuple((a, b) for a, b in pairs if a and b)
        if len(cells) == len(measures):
            yield cells


def _select(text: str, one: MethodComparison) -> list[Measure]:
    metrics = find_metrics(text).keys()
    measures = [m for m in one.measures if m.metric in metrics]
    if not metrics:
        measures = [m for m in one.measures if m.metric not in COSTS]
    if len({m.metric for m in measures}) < len(metrics - COSTS):
        return []
    return [m for m in measures if is_named(m.head, text)] or measures


def _find_second(measure: Measure, mine: Sequence[int], one: MethodComparison) -> list[int]:
    """The best of the other methods."""
    others = [
        (cell.value * measure.direction, row)
        for row, cell in enumerate(measure.cells)
        if cell and row not in mine and one.groups[row] == one.groups[mine[0]]
    ]
    return [max(others)[1]] if others else []


def _order_measures(measures: Sequence[Measure], text: str, count: int) -> list[list[Measure]]:
    """The measures in the order of the metrics, or of the data sets, that a text names; one list
    for each choice of the other of the two."""
    named = sorted(find_metrics(text).items(), key=lambda found: found[1])
    names = [name for name, _ in named if any(m.metric == name for m in measures)]
    heads = _order_heads(measures, text)
    if len(names) == count:
        columns = [[m for m in measures if m.metric == name] for name in names]
        rests = {tuple(m.head.split(" | ")[:-1]) for m in measures}
        found = [
            [m for column in columns for m in column if tuple(m.head.split(" | ")[:-1]) == rest]
            for rest in rests
        ]
    elif len(heads) == count:
        columns = [[m for m in measures if head in m.head] for head in heads]
        metrics = {m.metric for m in measures}
        found = [
            [m for column in columns for m in column if m.metric == metric] for metric in metrics
        ]
    else:
        return []
    return [chosen for chosen in found if len(chosen) == count]


def _order_heads(measures: Sequence[Measure], text: str) -> list[str]:
    """The data sets of the heads that a text names, in its order."""
    words = {
        word
        for m in measures
        for word in re.findall(r"[A-Za-z][\w-]+", m.head)
        if word not in METRIC_WORDS and not find_metrics(word)
    }
    places = {
        match.start(): word
        for word in words
        if (match := re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.I))
    }
    return [places[at] for at in sorted(places)]


def _is_gain(gain: _Gain, a: NumberCell, b: NumberCell, text: str) -> bool:
    """Whether two cells differ by a gain: in points, or in per cent of either."""
    difference, unit = abs(a.value - b.value), max(a.unit, b.unit)
    rounding = 0.51 * 10.0**-gain.decimals * (2.0 if gain.is_about else 1.0)
    scale = 100.0 if max(a.value, b.value) <= 1.0 else 1.0
    possible = [(difference * scale, unit * scale), (difference, unit)]
    if _RELATIVE.search(text):
        possible = []
    if not gain.is_points:
        possible += [
            (100 * difference / base, 100 * unit / base) for base in (a.value, b.value) if base > 0
        ]
    return any(abs(value - gain.value) <= rounding + slack for value, slack in possible)
