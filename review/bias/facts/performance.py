"""Reads the performance that a sentence reports: one measure and its value, or lists of both."""

import re
from collections.abc import Iterator

from review.bias.facts.models import Cell

_METRIC = (
    r"(?:balanced )?accurac(?:y|ies)|sensitivit(?:y|ies)|specificit(?:y|ies)|auroc|auc(?:-roc)?|"
    r"area under the (?:\w+ ){0,4}curve|f1(?:[- ](?:scores?|measure))?|f-(?:score|measure)|"
    r"dice(?: (?:similarity )?(?:scores?|coefficients?))?|dsc|iou|precision|recall|ppv|npv|"
    r"(?:cohen['’]s )?kappa|mcc|c-?index|concordance index"
)
_VALUE = r"(?:\d{1,3}(?:\.\d+)?\s?(?:%|per ?cent\b)|[01]?\.\d+)"
_INTERVAL = (
    r"(?:\s*(?:[(\[][^()\[\]]*(?:CI|confidence|[-–]|to|\d\s?/\s?\d|\d of \d)[^()\[\]]*[)\]]|"
    r"±\s*\d*\.?\d+\s?%?))?"
)
_LISTED = re.compile(
    rf"\b(?P<metrics>(?:{_METRIC})(?:\s*\([^()]*\))?(?:(?:\s*,\s*(?:and )?|\s+and\s+)(?:{_METRIC})"
    rf"(?:\s*\([^()]*\))?)+)\s*(?:scores?|values?)?\s*(?:of|was|were|is|are|=|:|reached)\s*"
    rf"(?P<values>{_VALUE}(?:\s*±\s*\d*\.?\d+\s?%?)?(?:(?:\s*,\s*(?:and )?|\s+and\s+){_VALUE}"
    r"(?:\s*±\s*\d*\.?\d+\s?%?)?)+)",
    re.I,
)
"""'sensitivity and specificity of 93.1% and 88.4%'."""
_AFTER = re.compile(
    rf"\b(?P<metric>{_METRIC})\b(?:\s*\([^()%]*\))?\s*(?:scores?|values?|rates?)?\s*"
    r"(?:of|was|is|=|:|reached|at|were|in)\s*(?:about |approximately |up to )?"
    rf"(?P<value>{_VALUE})(?P<interval>{_INTERVAL})",
    re.I,
)
_APART = re.compile(
    rf"\b(?P<metric>{_METRIC})\b(?:(?!\b(?:{_METRIC})\b)[^;()%=]){{1,90}}?"
    rf"\b(?:was|is|were|reached|amounted to|attained)\s+(?P<value>{_VALUE})"
    rf"(?P<interval>{_INTERVAL})",
    re.I,
)
"""'The accuracy for ten classes on the test set was 85.2%'."""
_BRACKETED = re.compile(
    rf"\b(?P<metric>{_METRIC})\s*\(\s*(?P<value>{_VALUE})(?P<interval>[^()%]*)\)", re.I
)
_BEFORE = re.compile(
    rf"(?<![\d.,])(?P<value>{_VALUE})(?P<interval>{_INTERVAL})\s+(?:(?:test|classification|overall|"
    rf"mean|average|diagnostic|recognition)\s+)?(?P<metric>{_METRIC}|accurate)\b",
    re.I,
)
"""'98.78% accuracy'."""
_OTHER_STUDY = re.compile(
    r"\b(?:prior|previous|earlier|another|other|existing) (?:\w+ )?(?:study|studies|work|works|"
    r"authors|methods|models)\b",
    re.I,
)
_GAIN = re.compile(
    r"\b(?:(?:increas|improv|gain|difference|drop|decreas|reduc|boost)\w* (?:in|of|the|by) "
    r"(?:\w+ ){0,3}|by (?:about )?)$",
    re.I,
)
_LEARNING = re.compile(r"\b(?:training|train) (?:data|set|accuracy)\b", re.I)
_NAMES = (("accura", "accuracy"), ("sensitivit", "sensitivity"), ("specificit", "specificity"))


def find_performance(text: str) -> Iterator[Cell]:
    """Each measure with its value and interval as printed; gains and other studies' are none."""
    if _OTHER_STUDY.search(text):
        return
    taken: list[tuple[int, int]] = []
    for match in _LISTED.finditer(text):
        metrics = re.findall(_METRIC, match["metrics"], re.I)
        values = re.findall(_VALUE, match["values"], re.I)
        taken.append(match.span())
        if len(metrics) == len(values):
            for metric, value in zip(metrics, values, strict=True):
                yield "performance", _name_metric(metric), _format_value(value)
    for pattern in (_AFTER, _BRACKETED, _BEFORE, _APART):
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            around = text[max(0, match.start() - 10) : match.end() + 25]
            if _GAIN.search(text[: match.start()]) or _LEARNING.search(around):
                continue
            value = _format_value(f"{match['value']}{match['interval'] or ''}")
            yield "performance", _name_metric(match["metric"]), value


def _name_metric(words: str) -> str:
    name = words.lower()
    return next((long for stem, long in _NAMES if name.startswith(stem)), name.removesuffix("s"))


def _format_value(value: str) -> str:
    return re.sub(r"\s?per ?cent\b", "%", " ".join(value.split()), flags=re.I)
