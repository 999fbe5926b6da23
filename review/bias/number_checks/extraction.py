"""Reads the figures and sizes that sentences state, each sentence for itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from review.bias.number_checks.arithmetic import (
    Contradiction,
    Figure,
    Stated,
    contradictions,
    figure,
)
from review.bias.number_checks.inline_counts import beside
from review.models import Sentence


def sensitivity_in(text: str) -> float | None:
    """The one sensitivity a text states, 0 to 1; None for none or several."""
    found = {one.strip() for one in _AFTER["sensitivity"].findall(text)}
    found |= {one.strip() for one in _BEFORE["sensitivity"].findall(text)}
    figure_ = _figure(found.pop()) if len(found) == 1 else None
    return figure_.value if figure_ else None


_DISEASED = (
    r"(?:confirmed |unique |different )?(?:(?:covid(?:[- ]?19)?|sars[- ]cov[- ]2|positive|infected|"
    r"malignant|diseased|abnormal)[- ]?(?:positive |infected )?(?:patients?|cases?|subjects?|"
    r"images?|scans?|x-?rays?|radiographs?|participants?|individuals|"
    r"lesions?)|positives|events)\b"
)
_N = r"(?P<n>\d{1,3}(?:,\d{3})+|\d{1,6})"
_TESTED = (
    r"\b(?:test|testing|external validation|hold-?out) (?:set|data ?set|cohort|data|sample)s?\b"
)
_TEST_POSITIVES = (
    re.compile(
        rf"{_TESTED}[^.;]{{0,40}}?\b(?:of|with|had|has|contain\w*|includ\w*|compris\w*|consist\w*|held|"
        rf"holds|and|:)\s*\(?(?:only |just )?(?<![\d.,]){_N}\s+{_DISEASED}",
        re.I,
    ),
    re.compile(
        rf"(?<![\d.,]){_N}\s+{_DISEASED}[^.;,\d]{{0,30}}\b(?:in|for|as|to|formed|made up) "
        rf"(?:the |our |an? )?(?:independent |external |final )?{_TESTED}",
        re.I,
    ),
)
_EVENTS = re.compile(
    r"(?<![\d.,])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,6})\s+(?:outcome )?(?:events|deaths|positives|"
    r"positive (?:patients|cases)|(?:patients|cases) (?:with|had) the outcome)\b",
    re.I,
)
_CANDIDATES = re.compile(
    r"(?<![\d.,])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,5})\s+(?:candidate |potential |possible |radiomic |"
    r"texture |clinical |imaging |quantitative ){0,2}"
    r"(?:predictors?|variables|features|parameters)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Counted:
    """Sizes that one sentence states; None where it is silent or gives several."""

    positives_test: int | None = None
    events: int | None = None
    predictors: int | None = None


def counted_in(text: str) -> Counted:
    """Positives of a test set, and events beside candidate predictors, as a sentence states them.

    Events and predictors are told only where both stand in it: a number of features alone may be
    of any model.
    """
    tested = {_whole(one["n"]) for found in _TEST_POSITIVES for one in found.finditer(text)}
    events = {_whole(one["n"]) for one in _EVENTS.finditer(text)}
    candidates = {_whole(one["n"]) for one in _CANDIDATES.finditer(text)}
    both = len(events) == 1 and len(candidates) == 1
    return Counted(
        tested.pop() if len(tested) == 1 else None,
        events.pop() if both else None,
        candidates.pop() if both else None,
    )


def _whole(printed: str) -> int:
    return int(printed.replace(",", ""))


@dataclass(frozen=True, slots=True)
class Found:
    """Figures of one sentence, and what does not agree among them."""

    sentence: int
    stated: Stated
    problems: tuple[Contradiction, ...]


_SHARE = r"(?P<{0}>\d{{1,3}}(?:[.·]\d+)?\s?%|[01]?[.·]\d+)"
_JOIN = (
    r"(?:\s*\([^)]{0,12}\))?\s*(?:values?|rates?)?\s*(?:of|was|is|were|at|=|:|,|about|≈|~|\s)*\s*"
)
_NAMES = {
    "sensitivity": r"sensitivity|recall|true positive rate",
    "specificity": r"specificity|true negative rate",
    "accuracy": r"accuracy",
    "ppv": r"positive predictive value|ppv|precision",
    "npv": r"negative predictive value|npv",
}
_AFTER = {
    name: re.compile(rf"\b(?:{words})\b{_JOIN}{_SHARE.format('v')}", re.I)
    for name, words in _NAMES.items()
}
_BEFORE = {
    name: re.compile(rf"{_SHARE.format('v')}\s*(?:\([^)]*\)\s*)?(?:test )?(?:{words})\b", re.I)
    for name, words in _NAMES.items()
}
_RESPECTIVELY = re.compile(
    rf"\b(?P<names>(?:(?:{'|'.join(_NAMES.values())})\b(?:\s*,\s*and\s+|\s*,\s*|\s+and\s+)?){{2,5}})"
    r"[^.%\d]{0,40}?(?P<values>(?:\d{1,3}(?:[.·]\d+)?\s?%?(?:\s*,\s*and\s+|\s*,\s*|\s+and\s+)?){2,5})"
    r"[^.]{0,20}?respectively",
    re.I,
)
_IN_ORDER = re.compile(
    rf"\b(?P<names>(?:{'|'.join(_NAMES.values())})(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)"
    rf"(?:{'|'.join(_NAMES.values())})){{1,4}})\s+(?:values?\s+|rates?\s+)?(?:of|were|was|are|=|:)\s*"
    r"(?P<values>\d{1,3}(?:[.·]\d+)?\s?%?(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)"
    r"\d{1,3}(?:[.·]\d+)?\s?%?)+)",
    re.I,
)
_NAMES_SLASHED = re.compile(
    rf"\b(?P<names>(?:{'|'.join(_NAMES.values())})(?:\s?/\s?(?:{'|'.join(_NAMES.values())}))+)\b",
    re.I,
)
_VALUES_SLASHED = re.compile(
    r"(?P<values>[~≈]?\d{1,3}(?:[.·]\d+)?\s?%?(?:\s?/\s?[~≈]?\d{1,3}(?:[.·]\d+)?\s?%?)+)"
)
_CELLS = re.compile(
    r"\b(?P<cell>TP|FN|FP|TN|true positives?|false negatives?|false positives?|true negatives?)\b"
    r"\s*(?:\([A-Z]{2}\))?\s*(?:=|:|was|were|of)?\s*(?P<v>\d{1,6})\b(?![.,]\d|\s?%)",
    re.I,
)
_CELLS_AFTER = re.compile(
    r"(?<![\d.,])(?P<v>\d{1,6})\s+(?P<cell>true[- ]positives?|false[- ]negatives?|"
    r"false[- ]positives?|true[- ]negatives?|TPs?|FNs?|FPs?|TNs?)\b",
    re.I,
)
_CELL_NAMES = {
    "true positive": "tp",
    "false negative": "fn",
    "false positive": "fp",
    "true negative": "tn",
}
_MODELS = re.compile(r"\b(versus|vs\.?|compared (with|to)|whereas|while|baseline)\b", re.I)


def find(sentences: Sequence[Sentence]) -> list[Found]:
    """Sentences that state two or more figures of one test, with what does not agree.

    Figures of sentences that compare models are not held against each other, for they belong to
    different tests; each is held against the counts and the interval in its own brackets.
    """
    out = []
    for index, sentence in enumerate(sentences):
        if sentence.section in ("references", "related work"):
            continue
        stated = stated_in(sentence.text)
        alone = beside(sentence.text)
        if stated is not None or alone:
            whole = stated or Stated()
            problems = contradictions(whole)
            told = {problem.figure for problem in problems}
            problems += [problem for problem in alone if problem.figure not in told]
            out.append(Found(index, whole, tuple(problems)))
    return out


def stated_in(text: str) -> Stated | None:
    """The figures of one sentence; None for fewer than two, or where one is given twice."""
    if _MODELS.search(text):
        return None
    shares: dict[str, set[str]] = {name: set() for name in _NAMES}
    together = _RESPECTIVELY.search(text) or _IN_ORDER.search(text)
    names, values = _NAMES_SLASHED.search(text), _VALUES_SLASHED.search(text)
    if together:
        _assign(together["names"], together["values"], shares)
    elif names and values:
        _assign(names["names"], values["values"], shares)
    rest = text if not together else text[: together.start()] + " | " + text[together.end() :]
    for name in _NAMES:
        if not (names and values) or together:
            found = _AFTER[name].findall(rest) or _BEFORE[name].findall(rest)
            shares[name].update(one.strip() for one in found)
    cells: dict[str, int] = {}
    after = list(_CELLS_AFTER.finditer(text))
    for found_cell in after if len(after) > 1 else _CELLS.finditer(text):
        word = found_cell["cell"].lower().replace("-", " ").rstrip("s")
        cells[_CELL_NAMES.get(word, word)] = int(found_cell["v"])
    if any(len(values) > 1 for values in shares.values()):
        return None
    given = {name: _figure(next(iter(values))) for name, values in shares.items() if values}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) + len(cells) < 2:
        return None
    return Stated(**cells, **given)  # type: ignore[arg-type]


def _figure(printed: str) -> Figure | None:
    """The figure, or None for one that cannot be a proportion."""
    try:
        return figure(printed)
    except ValueError:
        return None


def _assign(listed: str, figures: str, shares: dict[str, set[str]]) -> None:
    """'Sensitivity, specificity and accuracy were 90%, 80% and 85%, respectively', or with slashes.

    Nothing is told where the two lists differ in length.
    """
    names = [
        name
        for _, name in sorted(
            (place.start(), name)
            for name, words in _NAMES.items()
            for place in re.finditer(rf"\b(?:{words})\b", listed, re.I)
        )
    ]
    values = re.findall(r"\d{1,3}(?:[.·]\d+)?\s?%?", figures)
    if len(names) == len(values):
        percent = any("%" in value for value in values)
        for name, value in zip(names, values, strict=True):
            shares[name].add(value if "%" in value or not percent else f"{value}%")
