"""Compares figures that a paper states more than once in its text: sizes, and lists of results.

A paper has many numbers that look alike and belong to different things, so two places are compared
only if their words, or the other figures beside them, show that they speak of the same one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.rows import is_row, list_numbers
from review.models import Sentence

_LEFT_OUT = frozenset({"references", "related work", "keywords", "statements", ""})
_MIN_LIST = 4
"""Figures two sentences must have in order before one that differs is an error."""
_MIN_SHARED_METRICS = 2
_MIN_DIGITS = 3
"""Digits of a number that does not come near another one by chance."""
_MIN_SHARED_WORDS = 3
_MIN_SHARED_SHARE = 0.6
_MIN_REPEATS = 3
"""Times a number must be given before one that differs by a digit, given once, is an error."""

_COUNT = r"(?<![\d.,/±–-])(?P<n>\d{1,3}(?:,\d{3})+|\d{2,6})(?![\d.,/–-]*\d)(?!\s?%)"
_UNITS = {
    "patient": "people",
    "subject": "people",
    "participant": "people",
    "individual": "people",
    "volunteer": "people",
}
_SIZE = re.compile(
    rf"{_COUNT}\s+(?P<before>(?:[A-Za-z][\w-]*\s+){{0,4}}?)(?P<unit>patients?|subjects?|"
    r"participants?|individuals?|volunteers?|cases|images|scans|slices|slides|x-?rays|radiographs|"
    r"mammograms|eyes|cells|lesions|nodules|tiles|patches|samples|spectra|videos|examinations|"
    r"exams|"
    r"volumes|records|men|women|males|females|controls|sessions)\b",
    re.I,
)
_DEFINITE = re.compile(r"\b(?:the|these|all|all of the|our|total of|total number of)\s*$", re.I)
_NOT_WORDS = re.compile(
    r"^(?:the|and|were|was|are|for|with|from|that|this|which|ha[ds]|have|been|our|each|per|all|"
    r"these|those|who|whose|into|onto|than|then|their|its|can|may|not|also|both|only|us(?:ing|ed?)|"
    r"total|number|study|data|datasets?|sets?|includ\w*|contain\w*|consist\w*|compris\w*|"
    r"collected|obtained)$"
)
_ROLES = re.compile(
    r"\b(train\w*|test\w*|valid\w*|develop\w*|deriv\w*|hold-?out|external\w*|internal\w*|"
    r"independent|male|males|men|man|female|females|women|normal|abnormal|health\w*|control\w*|"
    r"positive|negative|benign|malignant|mild|moderate|severe|left|right|first|second|third|"
    r"fourth|fifth|last|pre\w*|post\w*|before|after|exclu\w*|remain\w*|eligib\w*|screened|"
    r"initial\w*|"
    r"original\w*|final\w*|augment\w*|balanc\w*|oversampl\w*|fold\w*|center|centre|hospital|"
    r"low|high|young\w*|old\w*|each|per|approximately|about|around|over|than|least|up|nearly|"
    r"out|of these|of those|of them|subset|cohort [a-z0-9]|"
    r"group [a-z0-9]|class [a-z0-9]|stage|grade|without|no|non\w*|unlabel\w*|label\w*|synthetic|"
    r"generated|simulated|real|adult\w*|child\w*|pediatric|paediatric|baseline|follow\w*)\b",
    re.I,
)
_NAME = re.compile(r"(?<!^)(?<![.:;(]\s)\b(?:[A-Z][\w-]*[A-Z0-9][\w-]*|[A-Z][a-z]+)\b")


@dataclass(frozen=True, slots=True)
class StatedSize:
    """A number of people, images or the like, with the words by which another place is known."""

    sentence: int
    number: str
    unit: str
    before: frozenset[str]
    """Words between the number and its unit, and the kind of thing counted."""
    words: frozenset[str]
    """Content words of the clause."""
    roles: frozenset[str]
    """Words that tell one group from another: training, men, healthy, excluded."""
    names: frozenset[str]
    """Names of places, classes and data sets near by."""
    is_definite: bool
    """'the 34 subjects', 'a total of 34 subjects'."""


def compare_repeated_figures(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Sizes and lists of results that two places of the text give differently."""
    texts = {
        index: sentence.text
        for index, sentence in enumerate(sentences)
        if sentence.section not in _LEFT_OUT and not is_row(sentence.text)
    }
    printed = Counter(
        number
        for sentence in sentences
        if sentence.section != "references"
        for number in set(list_numbers(sentence.text))
    )
    yield from _compare_sizes(sentences, texts, printed)
    yield from _compare_metrics(sentences, texts)
    yield from _compare_lists(sentences, texts, printed)
    yield from _compare_spreads(sentences)
    yield from _compare_folds(sentences)


# ---- sizes ----


def _compare_sizes(
    sentences: Sequence[Sentence], texts: Mapping[int, str], printed: Mapping[str, int]
) -> Iterator[Finding]:
    sizes = [size for index, text in texts.items() for size in list_sizes(index, text)]
    repeats = Counter((size.number, size.unit) for size in sizes)
    reported: set[frozenset[str]] = set()
    for first, second in combinations(sizes, 2):
        numbers = frozenset((first.number, second.number))
        if len(numbers) == 1 or first.unit != second.unit or numbers in reported:
            continue
        if first.sentence == second.sentence or not may_be_same(first, second):
            continue
        rare, usual = sorted((second, first), key=lambda s: repeats[s.number, s.unit])
        if printed[rare.number] != 1:
            continue
        if _is_slip_of(rare, usual, repeats) or _is_same_clause(sentences, rare, usual):
            reported.add(numbers)
            yield (
                rare.sentence,
                Contradiction(
                    "n",
                    f"{int(rare.number):,} {rare.unit} here, {int(usual.number):,} in the "
                    f"{_format_place(sentences[usual.sentence])} "
                    f"('{_quote(sentences[usual.sentence].text, usual.number)}').",
                ),
            )


def list_sizes(index: int, text: str) -> Iterator[StatedSize]:
    """The numbers of people, images and the like in a sentence, with their words."""
    for match in _SIZE.finditer(text):
        start = max(text.rfind(mark, 0, match.start()) for mark in (";", ":", "(", ", and ", ". "))
        ends = [at for mark in ";:)(" if (at := text.find(mark, match.end())) > 0]
        clause = text[start + 1 : min(ends, default=len(text))]
        near = text[max(start + 1, match.start() - 60) : match.end() + 30]
        unit = match["unit"].lower()
        words = frozenset(_list_words(clause)) - {_stem(unit)}
        yield StatedSize(
            sentence=index,
            number=match["n"].replace(",", ""),
            unit=_UNITS.get(unit.rstrip("s"), unit),
            before=frozenset(_list_words(match["before"])),
            words=words,
            roles=frozenset(_stem(role) for role in _ROLES.findall(near.lower())),
            names=frozenset(name.lower() for name in _NAME.findall(near)),
            is_definite=bool(_DEFINITE.search(text[: match.start()])),
        )


def _list_words(text: str) -> list[str]:
    return [
        _stem(word)
        for word in re.findall(r"[a-z][a-z-]{2,}", text.lower())
        if not _NOT_WORDS.match(word)
    ]


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s)$", "", word) if len(word) > 4 else word


def may_be_same(first: StatedSize, second: StatedSize) -> bool:
    """Whether the words before two numbers, their roles and names let them be of one thing."""
    has_other_name = first.names and second.names and not first.names & second.names
    roles = first.roles ^ second.roles
    return first.before == second.before and not roles and not has_other_name


def _is_slip_of(
    rare: StatedSize, usual: StatedSize, repeats: Mapping[tuple[str, str], int]
) -> bool:
    """'2,689 images' once, where the paper else has 2,698."""
    if not differ_by_one_digit(rare.number, usual.number):
        return False
    often = repeats[usual.number, usual.unit]
    has_words = len(rare.words & usual.words) > 1
    if len(rare.number) > _MIN_DIGITS and not rare.number.endswith("00"):
        return bool(rare.before) or rare.is_definite or has_words or often >= _MIN_REPEATS
    if len(rare.number) == _MIN_DIGITS and not rare.number.endswith("0"):
        return often >= _MIN_REPEATS or has_words
    return often > 1 and rare.is_definite  # 'the 43 subjects' that no sentence has introduced


def _is_same_clause(sentences: Sequence[Sentence], rare: StatedSize, usual: StatedSize) -> bool:
    """Whether two sections say the same of the number in mostly the same words."""
    if sentences[rare.sentence].section == sentences[usual.sentence].section:
        return False
    shared = rare.words & usual.words
    smaller = min(len(rare.words), len(usual.words))
    return len(shared) >= _MIN_SHARED_WORDS and len(shared) >= _MIN_SHARED_SHARE * smaller


# ---- results ----

METRICS = {
    "accuracy": r"accuracy",
    "sensitivity": r"sensitivity|recall|true positive rate",
    "specificity": r"specificity|true negative rate",
    "precision": r"precision|positive predictive value|ppv",
    "npv": r"negative predictive value|npv",
    "AUC": r"auc|auroc|au-?roc|area under (?:the )?(?:roc |receiver[\w -]*?)?curve",
    "F1": r"f1(?:[- ]?(?:score|measure))?|f[- ]score|f[- ]measure",
    "Dice": r"dice(?: (?:score|similarity)?(?: ?coefficient)?)?|dsc",
    "IoU": r"iou|jaccard(?: index)?|intersection over union",
    "kappa": r"kappa",
}
_VALUE = r"(?P<v>\d{1,3}\.\d+|\d{2,3}(?=\s?%))(?![\d.]*\d)"
_METRIC_FIGURE = {
    name: re.compile(
        rf"\b(?:{words})\b(?:\s*\([^()\d]*\))?(?:\s(?:scores?|values?|rates?|coefficients?))?"
        rf"(?:\s*(?:of|was|is|=|:|reached|reaching|at|were|to|up|about|approximately|≈|"
        rf"~))*\s*{_VALUE}"
        rf"|(?<![\d.]){_VALUE.replace('<v>', '<w>')}\s?%?\s*(?:\([^()]*\)\s*)?"
        rf"(?:in |for |of )?(?:{words})\b",
        re.I,
    )
    for name, words in METRICS.items()
}
_LISTED_METRICS = re.compile(
    r"(?P<names>(?:(?:" + "|".join(METRICS.values()) + r")(?:\s*\([^()\d]*\))?"
    r"(?:\s*,\s*(?:and\s+)?|\s+and\s+)?){2,8})"
    r"(?:\s*(?:of|were|was|are|is|=|:|reached|values|scores|rates|at|to))*\s*"
    r"(?P<values>(?:\d{1,3}(?:\.\d+)?(?:\s?%)?(?:\s*(?:,|;)\s*(?:and\s+)?|\s+and\s+)?){2,8})",
    re.I,
)


def read_metrics(text: str) -> dict[str, str]:
    """Metric -> value as printed, for metrics that a sentence gives once."""
    found: dict[str, set[str]] = {}
    text = re.sub(r"(?<=\d)\s?per\s?cent\b", "%", text)
    rest = text
    for listing in _LISTED_METRICS.finditer(text):
        names = _list_metric_names(listing["names"])
        values = re.findall(r"\d{1,3}(?:\.\d+)?", listing["values"])
        if len(names) == len(values):
            for name, value in zip(names, values, strict=True):
                found.setdefault(name, set()).add(value)
            rest = rest.replace(listing.group(), " | ")
    for name, pattern in _METRIC_FIGURE.items():
        for match in pattern.finditer(rest):
            found.setdefault(name, set()).add(match["v"] or match["w"])
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def _list_metric_names(text: str) -> list[str]:
    places = {
        match.start(): name
        for name, words in METRICS.items()
        for match in re.finditer(rf"\b(?:{words})\b", text, re.I)
    }
    return [places[at] for at in sorted(places)]


def _compare_metrics(sentences: Sequence[Sentence], texts: Mapping[int, str]) -> Iterator[Finding]:
    """'Sensitivity 92.1%, specificity 88.4%, AUC 0.953', and elsewhere specificity 84.4% with the
    same sensitivity and AUC."""
    stated = [(index, read_metrics(text)) for index, text in texts.items()]
    stated = [(index, metrics) for index, metrics in stated if len(metrics) > _MIN_SHARED_METRICS]
    for (first, metrics), (second, others) in combinations(stated, 2):
        both = metrics.keys() & others.keys()
        equal = [name for name in both if _is_equal(metrics[name], others[name])]
        differing = [name for name in both if name not in equal]
        distinct = {metrics[name] for name in equal if _count_digits(metrics[name]) >= _MIN_DIGITS}
        if len(differing) != 1 or len(distinct) < _MIN_SHARED_METRICS:
            continue
        [name] = differing
        if metrics[name] in list_numbers(texts[second]):
            continue
        if others[name] in list_numbers(texts[first]):
            continue
        yield (
            first,
            Contradiction(
                name.lower(),
                f"{name} is {metrics[name]} here, {others[name]} in the "
                f"{_format_place(sentences[second])}, with the same "
                f"{' and '.join(sorted(equal))}.",
            ),
        )


def _is_equal(first: str, second: str) -> bool:
    """Whether two printed values can be one value, rounded or as a percentage."""
    for scale in (1.0, 100.0, 0.01):
        a, b = float(first), float(second) * scale
        decimals = min(len(first.partition(".")[2]), len(second.partition(".")[2]))
        if abs(a - b) <= 0.51 * 10.0 ** -min(decimals, 3) * max(1.0, scale):
            return True
    return False


def _count_digits(value: str) -> int:
    return sum(c.isdigit() for c in value.lstrip("0."))


def _compare_lists(
    sentences: Sequence[Sentence], texts: Mapping[int, str], printed: Mapping[str, int]
) -> Iterator[Finding]:
    """Two sections with the same figures in the same order, but for one."""
    lists = {
        index: [n for n in list_numbers(text) if _count_digits(n) > 1]
        for index, text in texts.items()
    }
    lists = {index: numbers for index, numbers in lists.items() if len(numbers) >= _MIN_LIST}
    for first, second in combinations(lists, 2):
        if sentences[first].section == sentences[second].section:
            continue
        numbers, others = lists[first], lists[second]
        if len(numbers) != len(others):
            continue
        pairs = [pair for pair in zip(numbers, others, strict=True) if pair[0] != pair[1]]
        if len(pairs) != 1:
            continue
        [(here, there)] = pairs
        agreeing = set(numbers) - {here}
        if len(agreeing) < _MIN_LIST - 1 or min(printed[here], printed[there]) != 1:
            continue
        if len(here.partition(".")[2]) == len(there.partition(".")[2]):
            yield (
                first,
                Contradiction(
                    "a figure",
                    f"{here} here is {there} in the {_format_place(sentences[second])}, which "
                    f"repeats the other {len(numbers) - 1} figures of the sentence.",
                ),
            )


# ---- figures with their spread or interval ----

_DECIMAL = r"\d{1,3}[.·]\d+"
_WITH_SPREAD = re.compile(rf"(?<![\d.,])({_DECIMAL})\s?%?\s*(?:±|\+/-|\+-)\s*({_DECIMAL})")
_WITH_INTERVAL = re.compile(
    rf"(?<![\d.,])({_DECIMAL})\s?%?,?\s*(?:[(\[]\s*(?:95\s?%\s*)?"
    rf"(?:CI|confidence interval)?|[;,]?\s*95\s?%\s*(?:CI|confidence interval))\s*[:=,]?\s*"
    rf"({_DECIMAL})\s?%?\s*(?:-|–|—|to|,|;)\s*({_DECIMAL})",
    re.I,
)


def _compare_spreads(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """'0.713 ± 0.058' and elsewhere '0.173 ± 0.058': all parts of a figure are equal but one.

    A figure counts as the same only if it is given once like this, and nowhere else like that.
    """
    stated: dict[tuple[str, ...], list[int]] = {}
    for index, sentence in enumerate(sentences):
        if sentence.section in ("references", "related work"):
            continue
        for pattern in (_WITH_SPREAD, _WITH_INTERVAL):
            for match in pattern.finditer(sentence.text):
                parts = tuple(part.replace("·", ".") for part in match.groups())
                stated.setdefault(parts, []).append(index)
    for figure, places in stated.items():
        others = [other for other in stated if _differs_in_one(figure, other)]
        if len(places) != 1 or len(others) != 1 or is_row(sentences[places[0]].text):
            continue
        other = others[0]
        if abs(stated[other][0] - places[0]) < 2:
            continue
        there = sentences[stated[other][0]]
        yield (
            places[0],
            Contradiction(
                "a figure",
                f"{_format_figure(figure)} here, {_format_figure(other)} in the "
                f"{_format_place(there)}.",
            ),
        )


def _differs_in_one(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether two figures differ in one part by a digit, and the rest is no chance."""
    if len(first) != len(second) or first == second:
        return False
    different = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    equal = [a for a, b in zip(first, second, strict=True) if a == b]
    if len(different) != 1 or not differ_by_one_digit(*different[0]):
        return False
    return sum(_count_digits(value) for value in equal) > _MIN_DIGITS or (
        len(equal) == 1
        and _count_digits(different[0][0]) >= _MIN_DIGITS
        and len(equal[0].partition(".")[2]) >= _MIN_DIGITS
    )


def _format_figure(parts: tuple[str, ...]) -> str:
    return " ± ".join(parts) if len(parts) == 2 else f"{parts[0]} ({parts[1]} to {parts[2]})"


_FOLDS = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|\d{1,2})[- ]fold\b(?=[\w\s-]{0,12}?cross)",
    re.I,
)
_FOLD_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS = {word: str(number) for number, word in enumerate(_FOLD_WORDS, start=2)}


def _compare_folds(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Folds of cross-validation that the abstract and the text give differently."""
    inside: dict[str, int] = {}
    body: dict[str, int] = {}
    for index, sentence in enumerate(sentences):
        if sentence.section in ("references", "related work", "introduction"):
            continue
        for match in _FOLDS.findall(sentence.text):
            folds = inside if sentence.section == "abstract" else body
            folds.setdefault(_WORDS.get(match.lower(), match), index)
    if len(inside) == 1 and len(body) == 1 and inside.keys() != body.keys():
        [(here, index)], [(there, other)] = inside.items(), body.items()
        yield (
            index,
            Contradiction(
                "folds",
                f"{here}-fold cross-validation in the abstract, {there}-fold in the "
                f"{_format_place(sentences[other])}.",
            ),
        )


def differ_by_one_digit(first: str, second: str) -> bool:
    """Whether two figures have the same digits but for one, or for two that changed places."""
    pairs = list(zip(first, second, strict=False))
    different = [a + b for a, b in pairs if a != b]
    if len(first) != len(second) or any("." in pair for pair in different):
        return False
    is_transposed = len(different) == 2 and different[0] == different[1][::-1]
    return len(different) == 1 or is_transposed


def _format_place(sentence: Sentence) -> str:
    return f"{sentence.section} (p. {sentence.page})" if sentence.page else sentence.section


def _quote(text: str, number: str) -> str:
    """The words around a number."""
    at = max(text.replace(",", " ").find(number), text.find(f"{int(number):,}"), 0)
    start = text.rfind(" ", 0, max(at - 20, 0)) + 1
    stop = text.find(" ", min(at + 40, len(text)))
    return text[start : stop if stop > 0 else len(text)]
