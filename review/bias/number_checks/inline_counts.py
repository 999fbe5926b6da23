"""Checks each printed figure against the counts and the interval printed next to it."""

import re

from review.bias.number_checks.arithmetic import (
    Contradiction,
    PrintedProportion,
    is_consistent,
    parse_proportion,
)
from review.bias.number_checks.printed import parse_count

_SHARE = r"(?:\d{1,3}(?:[.·]\d+)?\s?%|(?<![\d.])[01]?[.·]\d+)"
_WHOLE_NUMBER = r"\d{1,3}(?:,\d{3})+|\d{1,6}"
_COUNTS = (
    rf"(?<![\d.,/])(?P<part>{_WHOLE_NUMBER})\s?(?:/|of(?: the)?|out of(?: "
    rf"the)?)\s?(?P<of>{_WHOLE_NUMBER})"
)
_COUNT_END = r"(?![\d./]*\d)(?!\s?[%/])"
_INTERVAL = r"(?:9[059](?:\.\d)?\s?%\s*)?(?:CIs?|confidence intervals?|credible intervals?)\b"
_OPTIONAL_INTERVAL = rf"(?:\s*[(\[][^()\[\]]*{_INTERVAL}[^()\[\]]*[)\]])?"
_SHARE_THEN_COUNTS = re.compile(
    rf"(?P<share>{_SHARE}){_OPTIONAL_INTERVAL}\s*[(\[]\s*(?:n\s*=\s*)?{_COUNTS}{_COUNT_END}", re.I
)
_SHARE_THEN_BOTH = re.compile(
    rf"(?P<share>{_SHARE})\s*[(\[][^()\[\]]*{_INTERVAL}[^()\[\];]*;\s*{_COUNTS}{_COUNT_END}", re.I
)
_COUNTS_THEN_SHARE = re.compile(
    rf"{_COUNTS}{_COUNT_END}(?:\s+[a-z][\w-]*){{0,4}}\s*[(\[]\s*(?:[a-z]+\s(?:of\s|was\s)?)?"
    rf"(?P<share>{_SHARE})(?=\s*[)\];,])",
    re.I,
)
_OF_COUNT_THEN_SHARE = re.compile(
    rf"\bof (?:the |all "
    rf")?(?P<of>{_WHOLE_NUMBER})\s[^.;()%]{{0,60}}?,?\s(?P<part>{_WHOLE_NUMBER})\s(?:\w+\s)?"
    r"(?:were|was) (?:correctly |rightly )?(?:detected|identified|classified|recogni[sz]ed|found)\b"
    rf"[^.;%]{{0,60}}?(?P<name>sensitivity|accuracy|specificity|detection rate)[^.;%\d]{{0,20}}?"
    rf"(?P<share>{_SHARE})",
    re.I,
)
_NUMBER = r"-?\d+(?:[.·]\d+)?\s?%?"
_EXACT_SHARE = r"-?(?:\d+(?:[.·]\d+)?\s?%|\d+[.·]\d+)"
# The level of an interval, as in '34 (95% CI 31 to 38)', is no figure of its own.
_LEVEL = r"9[059](?:\.\d)?\s?%,?\s*(?:CIs?|confidence|credible)\b"
_WITH_INTERVAL = re.compile(
    rf"(?<![\d.,·/-])(?!{_LEVEL})(?P<share>{_EXACT_SHARE})\s*[(\[,;]*\s*"
    rf"(?:\d+\s?(?:/|of)\s?\d+\s*[;,]\s*)?"
    rf"{_INTERVAL}\s*[:=,]?\s*(?:of |from |was )?[(\[]?\s*"
    rf"(?P<low>{_NUMBER})\s*(?:-|–|—|to|,|;)\s*(?P<high>{_NUMBER})",
    re.I,
)
_FIGURE_NAME = re.compile(
    r"\b(sensitivity|specificity|accuracy|recall|precision|ppv|npv|positive predictive value|"
    r"negative predictive value|auc|auroc|area under|f1|dice|kappa|odds ratio|hazard ratio|"
    r"correlation|p|r|icc|jaccard|iou|mcc|youden|ratio|split|proportion)\b",
    re.I,
)
_SHARES_OF_PEOPLE = frozenset(
    {"sensitivity", "specificity", "accuracy", "recall", "precision", "ppv", "npv", "proportion"}
    | {"positive predictive value", "negative predictive value"}
)


def check_inline_counts(text: str) -> list[Contradiction]:
    """Figures of a sentence that contradict their own counts or interval.

    '92% (46 of 52)' and '0.85 (95% CI 0.90 to 0.95)'. Truncated instead
    of rounded proportions are accepted. Measures that are not proportions of cases (AUC, Dice) are
    not compared with counts.
    """
    problems = []
    checked_positions: set[int] = set()
    for pattern in (_SHARE_THEN_BOTH, _SHARE_THEN_COUNTS, _COUNTS_THEN_SHARE, _OF_COUNT_THEN_SHARE):
        for match in pattern.finditer(text):
            if match.start("share") in checked_positions:
                continue
            checked_positions.add(match.start("share"))
            name = (
                match.groupdict().get("name") or _find_figure_name(text, match.start("share"))
            ).lower()
            problem = _check_counts(name, match["share"], match["part"], match["of"])
            problems += [problem] if problem else []
    for match in _WITH_INTERVAL.finditer(text):
        name = _find_figure_name(text, match.start()) or "figure"
        if name != "p":
            problem = _check_interval(name, match["share"], match["low"], match["high"])
            problems += [problem] if problem else []
    return problems


def _find_figure_name(text: str, position: int) -> str:
    """Name of the figure at a position: the last name before it in the sentence."""
    names = [match.group(1).lower() for match in _FIGURE_NAME.finditer(text[:position])]
    return names[-1] if names else ""


def _parse_share(printed: str) -> PrintedProportion | None:
    try:
        return parse_proportion(printed)
    except ValueError:
        return None


def _check_counts(name: str, printed: str, part: str, total: str) -> Contradiction | None:
    share, part_count, total_count = (
        _parse_share(printed),
        parse_count(part),
        parse_count(total),
    )
    if (
        share is None
        or part_count > total_count
        or not total_count
        or (name and name not in _SHARES_OF_PEOPLE)
    ):
        return None
    if not name and "%" not in printed:
        return None  # '0.05 (3 of 4 tests)': nothing shows that the number is a proportion
    if is_consistent(share, part_count / total_count):
        return None
    figure_name = name or "a share"
    text = (
        f"{figure_name} is reported as {share.printed}, but {part_count} of {total_count} is "
        f"{part_count / total_count:.1%}."
    )
    return Contradiction(figure_name, text)


def _check_interval(name: str, printed: str, low: str, high: str) -> Contradiction | None:
    (value, unit), (lower, _), (upper, _) = map(_parse_number, (printed, low, high))
    percent_signs = ["%" in number_text for number_text in (printed, low, high)]
    if percent_signs[0] and not any(percent_signs[1:]) and upper <= 1 < value:
        lower, upper = 100 * lower, 100 * upper
    elif not percent_signs[0] and value <= 1 < upper and (any(percent_signs[1:]) or lower > 1):
        value, unit = 100 * value, 100 * unit
    if lower > upper:
        text = f"{name} is reported with an interval from {low.strip()} to {high.strip()}."
        return Contradiction(name, text)
    if lower - unit <= value <= upper + unit:
        return None
    text = (
        f"{name} is reported as {printed.strip()}, outside its interval from {low.strip()} to "
        f"{high.strip()}."
    )
    return Contradiction(name, text)


def _parse_number(printed: str) -> tuple[float, float]:
    """A printed number and one unit of its last digit."""
    digits = printed.replace("%", "").replace("·", ".").strip()
    return float(digits), 10.0 ** -len(digits.partition(".")[2])
