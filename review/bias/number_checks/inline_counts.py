"""Checks each printed figure against what stands right beside it: its counts, its interval."""

import re

from review.bias.number_checks.arithmetic import Contradiction, Figure, agrees, figure

_SHARE = r"(?:\d{1,3}(?:[.·]\d+)?\s?%|(?<![\d.])[01]?[.·]\d+)"
_WHOLE = r"\d{1,3}(?:,\d{3})+|\d{1,6}"
_COUNTS = rf"(?<![\d.,/])(?P<part>{_WHOLE})\s?(?:/|of(?: the)?|out of(?: the)?)\s?(?P<of>{_WHOLE})"
_ENDS = r"(?![\d./]*\d)(?!\s?[%/])"
_INTERVAL = r"(?:9[059](?:\.\d)?\s?%\s*)?(?:CIs?|confidence intervals?|credible intervals?)\b"
_OPTIONAL_INTERVAL = rf"(?:\s*[(\[][^()\[\]]*{_INTERVAL}[^()\[\]]*[)\]])?"
_SHARE_THEN_COUNTS = re.compile(
    rf"(?P<share>{_SHARE}){_OPTIONAL_INTERVAL}\s*[(\[]\s*(?:n\s*=\s*)?{_COUNTS}{_ENDS}", re.I
)
_SHARE_THEN_BOTH = re.compile(
    rf"(?P<share>{_SHARE})\s*[(\[][^()\[\]]*{_INTERVAL}[^()\[\];]*;\s*{_COUNTS}{_ENDS}", re.I
)
_COUNTS_THEN_SHARE = re.compile(
    rf"{_COUNTS}{_ENDS}(?:\s+[a-z][\w-]*){{0,4}}\s*[(\[]\s*(?:[a-z]+\s(?:of\s|was\s)?)?"
    rf"(?P<share>{_SHARE})(?=\s*[)\];,])",
    re.I,
)
_OF_THEN = re.compile(
    rf"\bof (?:the |all )?(?P<of>{_WHOLE})\s[^.;()%]{{0,60}}?,?\s(?P<part>{_WHOLE})\s(?:\w+\s)?"
    r"(?:were|was) (?:correctly |rightly )?(?:detected|identified|classified|recogni[sz]ed|found)\b"
    rf"[^.;%]{{0,60}}?(?P<name>sensitivity|accuracy|specificity|detection rate)[^.;%\d]{{0,20}}?"
    rf"(?P<share>{_SHARE})",
    re.I,
)
_NUMBER = r"-?\d+(?:[.·]\d+)?\s?%?"
_EXACT = r"-?(?:\d+(?:[.·]\d+)?\s?%|\d+[.·]\d+)"
_WITH_INTERVAL = re.compile(
    rf"(?<![\d.,·/-])(?P<share>{_EXACT})\s*[(\[,;]*\s*(?:\d+\s?(?:/|of)\s?\d+\s*[;,]\s*)?"
    rf"{_INTERVAL}\s*[:=,]?\s*(?:of |from |was )?[(\[]?\s*"
    rf"(?P<low>{_NUMBER})\s*(?:-|–|—|to|,|;)\s*(?P<high>{_NUMBER})",
    re.I,
)
_NAMED = re.compile(
    r"\b(sensitivity|specificity|accuracy|recall|precision|ppv|npv|positive predictive value|"
    r"negative predictive value|auc|auroc|area under|f1|dice|kappa|odds ratio|hazard ratio|"
    r"correlation|p|r|icc|jaccard|iou|mcc|youden|ratio|split|proportion)\b",
    re.I,
)
_SHARES_OF_PEOPLE = frozenset(
    {"sensitivity", "specificity", "accuracy", "recall", "precision", "ppv", "npv", "proportion"}
    | {"positive predictive value", "negative predictive value"}
)


def beside(text: str) -> list[Contradiction]:
    """Figures of a sentence that their own counts or their own interval contradict.

    '92% (46 of 52)' and '0.85 (95% CI 0.90 to 0.95)'. A share that was cut off and not rounded is
    let pass. What is named otherwise than a share of cases (AUC, Dice) is not held against counts.
    """
    out = []
    seen: set[int] = set()
    for pattern in (_SHARE_THEN_BOTH, _SHARE_THEN_COUNTS, _COUNTS_THEN_SHARE, _OF_THEN):
        for found in pattern.finditer(text):
            if found.start("share") in seen:
                continue
            seen.add(found.start("share"))
            name = (found.groupdict().get("name") or _name(text, found.start("share"))).lower()
            problem = _against_counts(name, found["share"], found["part"], found["of"])
            out += [problem] if problem else []
    for found in _WITH_INTERVAL.finditer(text):
        name = _name(text, found.start()) or "figure"
        if name != "p":
            problem = _against_interval(name, found["share"], found["low"], found["high"])
            out += [problem] if problem else []
    return out


def _name(text: str, place: int) -> str:
    """What the figure at a place is called: the last name before it in the sentence."""
    names = [found.group(1).lower() for found in _NAMED.finditer(text[:place])]
    return names[-1] if names else ""


def _share(printed: str) -> Figure | None:
    try:
        return figure(printed)
    except ValueError:
        return None


def _against_counts(name: str, printed: str, part: str, of: str) -> Contradiction | None:
    share, few, many = _share(printed), int(part.replace(",", "")), int(of.replace(",", ""))
    if share is None or few > many or not many or (name and name not in _SHARES_OF_PEOPLE):
        return None
    if not name and "%" not in printed:
        return None  # '0.05 (3 of 4 tests)': nothing says that the number is a share
    if agrees(share, few / many):
        return None
    called = name or "a share"
    text = f"{called} is given as {share.printed}, {few} of {many} is {few / many:.1%}."
    return Contradiction(called, text)


def _against_interval(name: str, printed: str, low: str, high: str) -> Contradiction | None:
    (value, unit), (least, _), (most, _) = map(_number, (printed, low, high))
    percent = ["%" in one for one in (printed, low, high)]
    if percent[0] and not any(percent[1:]) and most <= 1 < value:
        least, most = 100 * least, 100 * most
    elif not percent[0] and value <= 1 < most and (any(percent[1:]) or least > 1):
        value, unit = 100 * value, 100 * unit
    if least > most:
        text = f"{name} is given with an interval from {low.strip()} to {high.strip()}."
        return Contradiction(name, text)
    if least - unit <= value <= most + unit:
        return None
    text = (
        f"{name} is given as {printed.strip()}, outside its interval from {low.strip()} to "
        f"{high.strip()}."
    )
    return Contradiction(name, text)


def _number(printed: str) -> tuple[float, float]:
    """A printed number and one unit of its last digit."""
    digits = printed.replace("%", "").replace("·", ".").strip()
    return float(digits), 10.0 ** -len(digits.partition(".")[2])
