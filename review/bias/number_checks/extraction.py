"""Extracts the figures and sizes that single sentences state."""

import re
from dataclasses import dataclass

from review.bias.number_checks.arithmetic import (
    DiagnosticFigures,
    PrintedProportion,
    parse_proportion,
)
from review.bias.number_checks.printed import parse_count


def extract_sensitivity(text: str) -> float | None:
    """The sensitivity reported in a text, 0 to 1; None if there is none or more than one."""
    values = {value_text.strip() for value_text in _VALUE_AFTER_NAME["sensitivity"].findall(text)}
    values |= {value_text.strip() for value_text in _VALUE_BEFORE_NAME["sensitivity"].findall(text)}
    proportion = _parse_figure(values.pop()) if len(values) == 1 else None
    return proportion.value if proportion else None


_POSITIVE_CASES = (
    r"(?:confirmed |unique |different )?(?:(?:covid(?:[- ]?19)?|sars[- ]cov[- ]2|positive|infected|"
    r"malignant|diseased|abnormal)[- ]?(?:positive |infected )?(?:patients?|cases?|subjects?|"
    r"images?|scans?|x-?rays?|radiographs?|participants?|individuals|"
    r"lesions?)|positives|events)\b"
)
_COUNT = r"(?P<n>\d{1,3}(?:,\d{3})+|\d{1,6})"
_TEST_SET = (
    r"\b(?:test|testing|external validation|hold-?out) (?:set|data ?set|cohort|data|sample)s?\b"
)
_TEST_POSITIVES = (
    re.compile(
        rf"{_TEST_SET}[^.;]{{0,40}}?\b(?:of|with|had|has|contain\w*|includ\w*|compris\w*|"
        rf"consist\w*|held|"
        rf"holds|and|:)\s*\(?(?:only |just )?(?<![\d.,]){_COUNT}\s+{_POSITIVE_CASES}",
        re.I,
    ),
    re.compile(
        rf"(?<![\d.,]){_COUNT}\s+{_POSITIVE_CASES}[^.;,\d]{{0,30}}\b(?:in|for|as|to|formed|made "
        rf"up) "
        rf"(?:the |our |an? )?(?:independent |external |final )?{_TEST_SET}",
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
class SentenceCounts:
    """Sample sizes reported in one sentence; None if not reported or ambiguous."""

    positives_test: int | None = None
    events: int | None = None
    predictors: int | None = None


def extract_counts(text: str) -> SentenceCounts:
    """Positives of a test set, and events with candidate predictors, reported in a sentence.

    Events and predictors are returned only if both occur: a number of features alone may belong
    to any model.
    """
    test_positives = {
        parse_count(match["n"]) for pattern in _TEST_POSITIVES for match in pattern.finditer(text)
    }
    events = {parse_count(match["n"]) for match in _EVENTS.finditer(text)}
    candidates = {parse_count(match["n"]) for match in _CANDIDATES.finditer(text)}
    has_pair = len(events) == 1 and len(candidates) == 1
    return SentenceCounts(
        test_positives.pop() if len(test_positives) == 1 else None,
        events.pop() if has_pair else None,
        candidates.pop() if has_pair else None,
    )


_SHARE = r"(?P<{0}>\d{{1,3}}(?:[.·]\d+)?\s?%|[01]?[.·]\d+)"
_NAME_TO_VALUE = (
    r"(?:\s*\([^)]{0,12}\))?\s*(?:values?|rates?)?\s*(?:of|was|is|were|at|=|:|,|about|≈|~|\s)*\s*"
)
_FIGURE_NAMES = {
    "sensitivity": r"sensitivity|recall|true positive rate",
    "specificity": r"specificity|true negative rate",
    "accuracy": r"accuracy",
    "ppv": r"positive predictive value|ppv|precision",
    "npv": r"negative predictive value|npv",
}
_VALUE_AFTER_NAME = {
    name: re.compile(rf"\b(?:{words})\b{_NAME_TO_VALUE}{_SHARE.format('v')}", re.I)
    for name, words in _FIGURE_NAMES.items()
}
_VALUE_BEFORE_NAME = {
    name: re.compile(rf"{_SHARE.format('v')}\s*(?:\([^)]*\)\s*)?(?:test )?(?:{words})\b", re.I)
    for name, words in _FIGURE_NAMES.items()
}
_LIST_RESPECTIVELY = re.compile(
    rf"\b(?P<names>(?:(?:{'|'.join(_FIGURE_NAMES.values())})\b(?:\s*,\s*and\s+|\s*,\s*|"
    rf"\s+and\s+)?){{2,5}})"
    r"[^.%\d]{0,40}?(?P<values>(?:\d{1,3}(?:[.·]\d+)?\s?%?(?:\s*,\s*and\s+|\s*,\s*|"
    r"\s+and\s+)?){2,5})"
    r"[^.]{0,20}?respectively",
    re.I,
)
_LIST_IN_ORDER = re.compile(
    rf"\b(?P<names>(?:{'|'.join(_FIGURE_NAMES.values())})(?:(?:\s*,\s*(?:and\s+)?|"
    rf"\s+and\s+)(?:{'|'.join(_FIGURE_NAMES.values())})){{1,4}})\s+(?:values?\s+|"
    rf"rates?\s+)?(?:of|were|was|are|=|:)\s*"
    r"(?P<values>\d{1,3}(?:[.·]\d+)?\s?%?(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)"
    r"\d{1,3}(?:[.·]\d+)?\s?%?)+)",
    re.I,
)
_NAMES_SLASHED = re.compile(
    rf"\b(?P<names>(?:{'|'.join(_FIGURE_NAMES.values())})(?:\s?/\s?(?:{'|'.join(_FIGURE_NAMES.values())}))+)\b",
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
_CELLS_AFTER_COUNT = re.compile(
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
_MODEL_COMPARISON = re.compile(
    r"\b(versus|vs\.?|compared (with|to)|whereas|while|baseline)\b", re.I
)


def extract_figures(text: str) -> DiagnosticFigures | None:
    """The figures of one sentence; None if there are fewer than two, or one appears twice."""
    if _MODEL_COMPARISON.search(text):
        return None
    shares: dict[str, set[str]] = {name: set() for name in _FIGURE_NAMES}
    listing = _LIST_RESPECTIVELY.search(text) or _LIST_IN_ORDER.search(text)
    names_match, values_match = _NAMES_SLASHED.search(text), _VALUES_SLASHED.search(text)
    if listing:
        _assign_values(listing["names"], listing["values"], shares)
    elif names_match and values_match:
        _assign_values(names_match["names"], values_match["values"], shares)
    rest = text if not listing else text[: listing.start()] + " | " + text[listing.end() :]
    for name in _FIGURE_NAMES:
        if not (names_match and values_match) or listing:
            value_texts = _VALUE_AFTER_NAME[name].findall(rest) or _VALUE_BEFORE_NAME[name].findall(
                rest
            )
            shares[name].update(value_text.strip() for value_text in value_texts)
    cells: dict[str, int] = {}
    cells_after = list(_CELLS_AFTER_COUNT.finditer(text))
    for cell_match in cells_after if len(cells_after) > 1 else _CELLS.finditer(text):
        word = cell_match["cell"].lower().replace("-", " ").rstrip("s")
        cells[_CELL_NAMES.get(word, word)] = int(cell_match["v"])
    if any(len(values) > 1 for values in shares.values()):
        return None
    figures = {name: _parse_figure(next(iter(values))) for name, values in shares.items() if values}
    figures = {name: value for name, value in figures.items() if value is not None}
    if len(figures) + len(cells) < 2:
        return None
    return DiagnosticFigures(**cells, **figures)  # type: ignore[arg-type]


def _parse_figure(printed: str) -> PrintedProportion | None:
    """The figure, or None if it cannot be a proportion."""
    try:
        return parse_proportion(printed)
    except ValueError:
        return None


def _assign_values(names_text: str, values_text: str, shares: dict[str, set[str]]) -> None:
    """'Sensitivity, specificity and accuracy were 90%, 80% and 85%, respectively', or with slashes.

    Empty if the two lists differ in length.
    """
    names = [
        name
        for _, name in sorted(
            (match.start(), name)
            for name, words in _FIGURE_NAMES.items()
            for match in re.finditer(rf"\b(?:{words})\b", names_text, re.I)
        )
    ]
    values = re.findall(r"\d{1,3}(?:[.·]\d+)?\s?%?", values_text)
    if len(names) == len(values):
        percent = any("%" in value for value in values)
        for name, value in zip(names, values, strict=True):
            shares[name].add(value if "%" in value or not percent else f"{value}%")
