"""Compares results that the text states twice: of the paper's own model, and best ones."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.repeated_figures import METRICS
from review.bias.number_checks.rows import is_row
from review.bias.number_checks.table_cells import NumberGrid
from review.models import Sentence

_LEFT_OUT = frozenset({"references", "related work", "introduction", "statements", "keywords"})
_MAX_GAP = 4
"""Sentences between two best results of one series."""
_OWN_MODEL = re.compile(
    r"\b(?:our(?: \w[\w-]*){0,3}? (?:models?|methods?|networks?|approach|system|framework|"
    r"classifier|cnn|algorithm|architecture|results?)|the (?:proposed|suggested|presented|"
    r"developed)(?: [\w-]+){0,3}? (?:model|method|network|approach|system|framework|classifier|"
    r"cnn|algorithm|architecture)|we (?:can |could |have |were able to )?(?:achiev|obtain|reach|"
    r"attain)\w*)\b",
    re.I,
)
_RIVAL = re.compile(
    r"\b(?:compared|than|versus|vs|whereas|while|against|outperform\w*|in contrast|respectively|"
    r"unlike)\b",
    re.I,
)
_SCOPE = re.compile(
    r"\b(?:folds?|cross[- ]valid\w*|"
    r"class\w*|each|per|without|ablation|baseline|only|before|after|augment\w*|"
    r"stages?|tasks?|subsets?|external|internal|binary|multi\w*|averag\w*|mean|up to|at least|"
    r"more than|over|above|below|about|around|nearly|improv\w*|increas\w*|decreas\w*|by|from|"
    r"data ?sets|both|views?|levels?|epochs?|segment\w*|detection of|grades?|cohorts?|hospitals?|"
    r"cent(?:er|re)s?|et al)\b|[±<>≥≤]|\[\d",
    re.I,
)
_NAMED_SET = re.compile(r"\b[A-Z][\w-]*\s+data ?set\b")
_OTHER_PART = re.compile(r"\b(?:train\w*|valid\w*|verif\w*)\b", re.I)
_VALUE = re.compile(
    r"(?<![\w.,–-])(?:(\d{1,3}(?:\.\d+)?)\s?(?:%|percent\b)|([01]\.\d{2,}))(?![\w.,–-]*\d)", re.I
)
_METRICS = {name: re.compile(rf"\b(?:{words})\b", re.I) for name, words in METRICS.items()}
_METRICS["accuracy"] = re.compile(r"\baccura(?:cy|te)\b", re.I)
_NAME = re.compile(r"\b(?!(?:CNN|MRI|CT|AUC|ROC|DL|AI|PET|ML)\b)[A-Za-z][\w-]*[A-Z0-9][\w-]*")
_BEST = r"\b(?:highest|best|maximum|largest|top)\s+"


@dataclass(frozen=True, slots=True)
class _Result:
    sentence: int
    metric: str
    value: str
    names: frozenset[str]


def check_restated_results(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """Results of the own model, and best results of a series, that differ."""
    texts = [
        (n, s.text)
        for n, s in enumerate(sentences)
        if s.section not in _LEFT_OUT and not is_row(s.text)
    ]
    yield from _compare_own(sentences, texts, grids)
    yield from _compare_best(texts)


def _get_points(value: str) -> float:
    number = float(value)
    return 100 * number if number <= 1 else number


def _is_same(first: str, second: str) -> bool:
    """Whether two results can be one, rounded, cut, or as a share and in per cent."""
    units = []
    for value in (first, second):
        decimals = len(value.partition(".")[2])
        units.append(10.0 ** -(decimals - 2 if float(value) <= 1 and decimals else decimals))
    return abs(_get_points(first) - _get_points(second)) < max(*units, 0.01)


def _name_metric(text: str) -> str | None:
    found = [name for name, pattern in _METRICS.items() if pattern.search(text)]
    return found[0] if len(found) == 1 else None


# ---- the own model ----


def _read_own(index: int, text: str) -> Iterator[_Result]:
    """What a sentence says of the own model on the test data, or on data it does not name."""
    own = _OWN_MODEL.search(text)
    if not own:
        return
    rival = _RIVAL.search(text, own.end())
    said = text[own.start() : rival.start() if rival else len(text)]
    if _SCOPE.search(text) or _NAMED_SET.search(text):
        return
    metric = _name_metric(said)
    names = frozenset(_NAME.findall(said))
    for part in re.split(r"\s+and\s+|[,;]\s+", said):
        values = [match[1] or match[2] for match in _VALUE.finditer(part)]
        if metric and len(values) == 1 and not _OTHER_PART.search(part):
            yield _Result(index, metric, values[0], names)


def _compare_own(
    sentences: Sequence[Sentence],
    texts: Sequence[tuple[int, str]],
    grids: Sequence[NumberGrid],
) -> Iterator[Finding]:
    """'Our model was 89 percent accurate with test data', and else '100 percent accuracy'."""
    results = [result for index, text in texts for result in _read_own(index, text)]
    cells = [c.value for grid in grids for row in grid.cells for c in row if c]
    printed = Counter(
        value
        for s in sentences
        for value in {m[1] or m[2] for m in _VALUE.finditer(s.text)}
        if s.section != "references"
    )
    for metric in {result.metric for result in results}:
        stated = [result for result in results if result.metric == metric]
        kinds: list[list[_Result]] = []
        for result in stated:
            kind = next((k for k in kinds if _is_same(k[0].value, result.value)), None)
            if kind is None:
                kinds.append([result])
            else:
                kind.append(result)
        if len(kinds) != 2 or len({result.names for result in stated}) > 1:  # two values in all
            continue
        rare, usual = sorted(kinds, key=len)
        if len(rare) > 1 or len(usual) < 2 or printed[rare[0].value] > 1:
            continue
        if any(abs(_scale(cell) - _get_points(rare[0].value)) < 0.5 for cell in cells):
            continue
        other = usual[0]
        yield (
            rare[0].sentence,
            Contradiction(
                "restated",
                f"{metric} of the own model is {rare[0].value} here, {other.value} in the "
                f"{_format_place(sentences[other.sentence])} and again later.",
            ),
        )


def _scale(value: float) -> float:
    return 100 * value if 0 <= value <= 1 else value


def _format_place(sentence: Sentence) -> str:
    section = sentence.section or "text"
    return f"{section} (p. {sentence.page})" if sentence.page else section


# ---- best results ----


def _compare_best(texts: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    """Two best sensitivities of one model, within a few sentences."""
    best: list[_Result] = []
    for index, text in texts:
        if _SCOPE.search(re.sub(r"\bmulti-?modal\w*", "", text)) or _RIVAL.search(text):
            continue
        values = [match[1] or match[2] for match in _VALUE.finditer(text)]
        names = frozenset(_NAME.findall(text))
        for metric, words in METRICS.items():
            is_best = re.search(rf"{_BEST}(?:\w+\s+)?(?:{words})\b", text, re.I)
            if is_best and _name_metric(text) == metric and len(values) == 1 and names:
                best.append(_Result(index, metric, values[0], names))
    for first, second in combinations(best, 2):
        is_near = second.sentence - first.sentence <= _MAX_GAP
        if not is_near or first.metric != second.metric or first.names != second.names:
            continue
        if not _is_same(first.value, second.value):
            text = f"the best {first.metric} is {second.value} here, {first.value} before."
            yield second.sentence, Contradiction("restated", text)
