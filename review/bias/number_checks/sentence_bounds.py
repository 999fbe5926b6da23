"""Checks figures of one sentence against bounds and identities that hold for any data: F1, kappa,
balanced accuracy, likelihood ratios, percentages, spreads, quartiles, p values, rates of counts."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.number_words import COUNT, UNIT, join_thousands, parse_number
from review.bias.number_checks.repeated_figures import METRICS, read_metrics
from review.bias.number_checks.rows import NO_OWN_TEXT, is_row
from review.models import Sentence

_COMPARISON = re.compile(
    r"\b(?:versus|vs\.?|compared|whereas|while|than|baseline|range[sd]?|ranging|"
    r"improv\w*|increas\w*|et al)\b|\[\d",
    re.I,
)


def check_sentence_bounds(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Figures of a sentence that cannot all be right."""
    for index, sentence in enumerate(sentences):
        text = sentence.text
        if sentence.section in NO_OWN_TEXT or (is_row(text) and not text.rstrip().endswith(".")):
            continue
        text = join_thousands(text)
        for check in (
            _check_together,
            _check_likelihood_ratios,
            _check_maximum,
            _check_spread,
            _check_quartiles,
            _check_p_value,
            _check_rate,
            _check_misclassified,
        ):
            for problem in check(text):
                yield index, problem
    yield from _check_confusion_nearby(sentences)


# ---- metrics of one test ----

_BALANCED = re.compile(
    r"\bbalanced accuracy\b(?:\s*\([^()\d]*\))?\s*(?:of|was|is|=|"
    r":)?\s*(\d{1,3}(?:\.\d+)?)\s?%?",
    re.I,
)
_YOUDEN = re.compile(
    r"\byouden(?:['’]s)?(?: (?:index|j|statistic))*\s*(?:\([^()\d]*\)\s*)?(?:of|was|is|=|"
    r":)?\s*(0?\.\d+)",
    re.I,
)


def _check_together(text: str) -> Iterator[Contradiction]:
    """'Precision 90.0%, recall 98.0% and F1 96.2%': F1 is at most the mean of both, 94.0."""
    if _COMPARISON.search(text):
        return
    printed = read_metrics(_BALANCED.sub(" ", text))
    scale = 100.0 if any(float(value) > 1 for value in printed.values()) else 1.0
    values = {name: float(value) / scale for name, value in printed.items()}
    units = [10.0 ** -len(v.partition(".")[2]) / scale for v in printed.values()]
    if not values or max(values.values()) > 1 or (scale > 1 and min(values.values()) < 0.011):
        return
    coarsest = max(units)
    yield from _check_f1(values, printed, coarsest)
    if (
        values.keys() >= {"kappa", "accuracy"}
        and not re.search(r"weighted|quadratic", text, re.I)
        and values["kappa"] > values["accuracy"] + 2 * coarsest
    ):
        yield Contradiction(
            "kappa",
            f"kappa is {printed['kappa']}, above the accuracy of {printed['accuracy']}.",
        )
    if values.keys() >= {"sensitivity", "specificity"}:
        yield from _check_sums_of_rates(text, values, printed, coarsest)


def _check_f1(
    values: Mapping[str, float], printed: Mapping[str, str], coarsest: float
) -> Iterator[Contradiction]:
    """F1 lies between P + R - 1 and the mean of both, for means over classes as well."""
    if not values.keys() >= {"F1", "precision", "sensitivity"}:
        return
    f1, p, r = (values[name] for name in ("F1", "precision", "sensitivity"))
    slack = max(1.6 * coarsest, 0.004)
    shown = [printed[name] for name in ("F1", "precision", "sensitivity")]
    if max(p, r) >= f1 > (p + r) / 2 + slack:
        yield Contradiction(
            "F1",
            f"F1 is {shown[0]}, above the mean of precision {shown[1]} and recall {shown[2]}, "
            "which it cannot exceed.",
        )
    elif f1 < p + r - 1 - slack:
        yield Contradiction(
            "F1",
            f"F1 is {shown[0]}, below what precision {shown[1]} and recall {shown[2]} allow.",
        )


def _check_sums_of_rates(
    text: str, values: Mapping[str, float], printed: Mapping[str, str], coarsest: float
) -> Iterator[Contradiction]:
    """Balanced accuracy and Youden's index from sensitivity and specificity."""
    se, sp = values["sensitivity"], values["specificity"]
    for match, exact, name in (
        (_BALANCED.search(text), (se + sp) / 2, "balanced accuracy"),
        (_YOUDEN.search(text), se + sp - 1, "Youden's index"),
    ):
        value = float(match[1]) if match else exact
        value /= 100.0 if value > 1 else 1.0
        if match and abs(value - exact) > 2.1 * coarsest:
            yield Contradiction(
                name,
                f"{name} is {match[1]}, but sensitivity {printed['sensitivity']} and "
                f"specificity {printed['specificity']} give {exact:.3f}.",
            )


_RATIO = r"(?:\s*\([^()\d]*\))?\s*(?:of|was|is|=|:|were)?\s*(\d{1,3}(?:\.\d+)?)(?![\d.]*\s?%)"
_RATIOS = (
    (re.compile(rf"(?:\bpositive likelihood ratio|\bLR\s?\+|\bPLR){_RATIO}", re.I), True),
    (re.compile(rf"(?:\bnegative likelihood ratio|\bLR\s?[-−–]|\bNLR){_RATIO}", re.I), False),
)


def _check_likelihood_ratios(text: str) -> Iterator[Contradiction]:
    """'Sensitivity 90%, specificity 80%, LR+ 9.0': 4.5."""
    if _COMPARISON.search(text):
        return
    printed = read_metrics(text)
    if not {"sensitivity", "specificity"} <= printed.keys():
        return
    (se, e1), (sp, e2) = (_scale(printed[name]) for name in ("sensitivity", "specificity"))
    for pattern, is_positive in _RATIOS:
        found = pattern.findall(text)
        if len(found) != 1:
            continue
        value, unit = float(found[0]), 0.5 * 10.0 ** -len(found[0].partition(".")[2])
        if is_positive:
            low = (se - e1) / (1 - sp + e2)
            high = (se + e1) / (1 - sp - e2) if 1 - sp - e2 > 0 else math.inf
        else:
            low, high = (1 - se - e1) / (sp + e2), (1 - se + e1) / (sp - e2)
        if value + 2 * unit < low or value - 2 * unit > high:
            exact = se / (1 - sp) if is_positive else (1 - se) / sp
            name = "positive" if is_positive else "negative"
            yield Contradiction(
                "likelihood ratio",
                f"the {name} likelihood ratio is {found[0]}, but sensitivity "
                f"{printed['sensitivity']} and specificity {printed['specificity']} give "
                f"{exact:.2f}.",
            )


def _scale(printed: str) -> tuple[float, float]:
    """A proportion and half a unit of its last digit."""
    value, unit = float(printed), 0.5 * 10.0 ** -len(printed.partition(".")[2])
    return (value / 100, unit / 100) if value > 1 else (value, unit)


_SHARE_NAME = (
    r"accuracy|sensitivity|specificity|precision|recall|auc|auroc|f1[- ]?score|"
    r"dice(?: \w+){0,2}|iou"
)
_TOO_MUCH = re.compile(
    rf"\b(?:{_SHARE_NAME})\s*(?:of|was|is|=|:|reached|at)\s*(?P<v>1\d\d(?:\.\d+)?)\s?%|"
    rf"\b(?:auc|auroc)\s*(?:of|was|is|=|:)\s*(?P<w>1\.(?!0+\b)\d+)(?!\s?%|\d)",
    re.I,
)


def _check_maximum(text: str) -> Iterator[Contradiction]:
    """'An accuracy of 109.3%', 'an AUC of 1.05'."""
    for match in _TOO_MUCH.finditer(text):
        value = match["v"] or match["w"]
        if float(value) != 100:
            yield Contradiction("a share", f"{value} is more than all.")


_WITH_SPREAD = re.compile(
    rf"\b(?:{'|'.join(METRICS.values())})\b[^.;±\d]{{0,20}}(?P<v>\d{{1,3}}\.\d+|"
    rf"\.\d+)\s?%?\s*(?:±|\+/-)\s*"
    r"(?P<s>\d*\.\d+)",
    re.I,
)


def _check_spread(text: str) -> Iterator[Contradiction]:
    """'A Dice of 0.95 ± 0.40': shares with that mean deviate by 0.31 at most."""
    for match in _WITH_SPREAD.finditer(text):
        value, spread = float(match["v"]), float(match["s"])
        scale = 100.0 if value > 1 else 1.0
        share = value / scale
        if 0 < share < 1 and spread / scale > math.sqrt(2 * share * (1 - share)) + 0.005:
            yield Contradiction(
                "deviation",
                f"{match['v']} ± {match['s']}: shares with that mean cannot deviate so much.",
            )


# ---- quartiles and ranges ----

_NUMBER = r"\d{1,4}(?:\.\d+)?"
_MIDDLE = re.compile(
    rf"\b(?P<what>median|mean|average)\b[^.;()\d]{{0,40}}?(?P<v>{_NUMBER})\s?(?:%|years?|y|"
    rf"yrs?|months?|days|mm|cm|"
    rf"ml|kg|s|min)?\s*(?:±\s*{_NUMBER}\s?(?:years?|mm|cm)?\s*)?[,;]?\s*[(\[][^()\d]{{0,30}}?"
    rf"(?P<kind>IQR|interquartile range|quartiles?|"
    rf"range)[^()\d]{{0,15}}?(?P<low>{_NUMBER})\s?%?\s*(?:-|–|—|to|,)\s*"
    rf"(?P<high>{_NUMBER})(?![\d.])",
    re.I,
)


def _check_quartiles(text: str) -> Iterator[Contradiction]:
    """'Median 45 (IQR 50 to 62)'."""
    for match in _MIDDLE.finditer(text):
        value, low, high = (float(match[name]) for name in ("v", "low", "high"))
        is_median = match["what"].lower() == "median"
        if not is_median and match["kind"].lower() != "range":
            continue  # a mean may lie outside the quartiles
        if low > high:
            yield Contradiction(
                "a range", f"the range goes from {match['low']} to {match['high']}."
            )
        elif not low <= value <= high:
            yield Contradiction(
                "a range",
                f"the {match['what'].lower()} of {match['v']} lies outside {match['low']} to "
                f"{match['high']}.",
            )


# ---- p values ----

_EFFECT = re.compile(
    r"\b(?P<name>odds ratio|hazard ratio|risk ratio|relative risk|rate ratio|a?OR|a?HR|a?RR|"
    r"mean difference|difference|MD)\b"
    r"[^.;\d]{0,25}?(?P<v>[-−]?\d+(?:[.·]\d+)?)\s?%?\s*[,;(\[]+\s*(?:95\s?%\s*)?(?:CI|"
    r"confidence interval)?\s*[:=,]?\s*"
    r"(?P<low>[-−]?\d+(?:[.·]\d+)?)\s?%?\s*(?:-|–|—|to|"
    r",)\s*(?P<high>[-−]?\d+(?:[.·]\d+)?)\s?%?\s*[)\]]?\s*[,;(]*\s*"
    r"p\s*(?P<sign>[=<>])\s*(?P<p>0?[.·]\d+)",
    re.I,
)
_CLEAR = (0.02, 0.1)
"""p values that an interval of 95% contradicts, whichever test was used."""


def _check_p_value(text: str) -> Iterator[Contradiction]:
    """'Odds ratio 1.4 (95% CI 0.8 to 2.3; p = 0.003)': the interval includes 1."""
    if re.search(r"\b(?:90|99)\s?% (?:CI|confidence)|adjusted p|bonferroni|corrected", text, re.I):
        return
    for match in _EFFECT.finditer(text):
        low, high, p = (
            float(match[name].replace("·", ".").replace("−", "-")) for name in ("low", "high", "p")
        )
        null = 0.0 if "diff" in match["name"].lower() or match["name"] == "MD" else 1.0
        if low >= high or (null == 1.0 and low < 0):
            continue
        margin = 0.02 * (high - low)
        includes = low + margin < null < high - margin
        excludes = null < low - margin or null > high + margin
        is_small = match["sign"] in "=<" and p <= _CLEAR[0]
        is_large = match["sign"] in "=>" and p >= _CLEAR[1]
        if (includes and is_small) or (excludes and is_large):
            yield Contradiction(
                "p",
                f"p {match['sign']} {match['p']} with an interval from {match['low']} to "
                f"{match['high']}, which {'includes' if includes else 'excludes'} {null:g}.",
            )


# ---- rates of counts ----

_RATE = re.compile(
    rf"\b(?P<name>accuracy|sensitivity|recall|specificity|detection rate)\s*(?:of|was|is|=|:|"
    rf"reached)\s*(?P<v>\d{{1,3}}\.\d+)\s?%"
    rf"\s+(?:in|for|on|among|over|across)\s+(?:the |all |our |an? |"
    rf"these )?(?:[a-z-]+ ){{0,2}}?(?:set of |cohort of |of )?(?P<n>{COUNT})\s+"
    rf"(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT}\b|"
    rf"\b(?:in|among|for|of|on)\s+(?:the |all |"
    rf"these )?(?P<n2>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT},?\s+(?:the |with |an? )*"
    rf"(?P<name2>accuracy|sensitivity|recall|specificity)\s*(?:of|was|is|=|"
    rf":)\s*(?P<v2>\d{{1,3}}\.\d+)\s?%",
    re.I,
)
_AVERAGED = re.compile(
    r"\b(?:average\w*|mean|fold|folds|cross|macro|weighted|slices?|voxels?|"
    r"pixels?|per)\b|±",
    re.I,
)


def _check_rate(text: str) -> Iterator[Contradiction]:
    """'A sensitivity of 87.3% in 20 patients': no number of 20 gives it.

    Source: the GRIM idea, Brown and Heathers 2017, doi:10.1177/1948550616673876.
    """
    if _AVERAGED.search(text) or _COMPARISON.search(text):
        return
    for match in _RATE.finditer(text):
        printed, n = match["v"] or match["v2"], parse_number(match["n"] or match["n2"])
        unit = 10.0 ** -len(printed.partition(".")[2])
        low = math.ceil((float(printed) - 0.5 * unit) * n / 100 - 1e-9)
        high = math.floor((float(printed) + unit) * n / 100 + 1e-9)
        if 1 < n < 50 / unit and low > high:
            name = (match["name"] or match["name2"]).lower()
            yield Contradiction(name, f"no number of {n} gives a {name} of {printed}%.")


_WRONG = re.compile(
    rf"(?:\b(?:misclassif\w+|misdiagnos\w+|incorrectly (?:classified|labelled|"
    rf"predicted))\s+(?:only )?(?P<k>{COUNT})(?:\s+[a-z]+)?\s+"
    rf"(?:out )?of (?:the |all |its )?(?P<n>{COUNT})|(?P<k2>{COUNT})\s+(?:out )?of (?:the |"
    rf"all )?(?P<n2>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,4}}?"
    rf"(?:were|was)\s+(?P<how>misclassified|incorrectly classified|wrongly classified|"
    rf"misdiagnosed|correctly (?:classified|identified|"
    rf"recogni[sz]ed|predicted|labelled)|classified correctly))",
    re.I,
)
_ACCURACY = re.compile(
    r"\b(?:accuracy|error rate)\b[^.;%\d]{0,25}?(?P<v>\d{1,3}(?:\.\d+)?)\s?%|"
    r"(?P<w>\d{1,3}(?:\.\d+)?)\s?%\s+(?:overall |total |classification )?accuracy",
    re.I,
)


def _check_misclassified(text: str) -> Iterator[Contradiction]:
    """'12 of 300 images were misclassified, an accuracy of 97.3%': 96.0%."""
    wrong, stated = list(_WRONG.finditer(text)), list(_ACCURACY.finditer(text))
    if len(wrong) != 1 or len(stated) != 1 or _COMPARISON.search(text):
        return
    part = parse_number(wrong[0]["k"] or wrong[0]["k2"])
    total = parse_number(wrong[0]["n"] or wrong[0]["n2"])
    is_correct = bool(wrong[0]["how"]) and "correctly" in wrong[0]["how"].lower().replace(
        "incorrectly", ""
    )
    printed = stated[0]["v"] or stated[0]["w"]
    if not 0 < part <= total or "error rate" in stated[0][0].lower():
        return
    exact = 100 * (part if is_correct else total - part) / total
    unit = 10.0 ** -len(printed.partition(".")[2])
    if not -0.51 * unit <= exact - float(printed) < 0.999 * unit:
        yield Contradiction(
            "accuracy", f"accuracy is {printed}%, but the counts give {exact:.1f}% of {total:,}."
        )


# ---- TP, FN, FP and TN, and the figures of the next sentences ----

_CELL = re.compile(
    r"\b(?P<name>TP|FN|FP|TN|true positives?|false negatives?|false positives?|true negatives?)\b"
    r"\s*(?:\((?:TP|FN|FP|TN)\)\s*)?(?:=|:|was|were|of|is|are)?\s*(?P<v>\d{1,6})\b(?![.,]\d|\s?%)|"
    r"(?<![\d.,])(?P<w>\d{1,6})\s+(?:images |cases |patients )?(?:were |was )?"
    r"(?P<after>true[- ]positives?|false[- ]negatives?|false[- ]positives?|true[- ]negatives?|"
    r"TPs?|FNs?|FPs?|TNs?)\b",
    re.I,
)
_INITIALS = {"true p": "tp", "false n": "fn", "false p": "fp", "true n": "tn"}
_NEXT_SENTENCES = 2


def _check_confusion_nearby(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """'TP = 190, FN = 10, FP = 8, TN = 192.' and then 'The sensitivity was 93.0%.'"""
    for index, sentence in enumerate(sentences):
        counts: dict[str, set[int]] = {}
        for match in _CELL.finditer(sentence.text):
            name = (match["name"] or match["after"]).lower().replace("-", " ")
            name = _INITIALS.get(name[:7].rstrip("eogs"), name.rstrip("s"))
            counts.setdefault(name[:2] if len(name) < 4 else name, set()).add(
                int(match["v"] or match["w"])
            )
        if counts.keys() != {"tp", "fn", "fp", "tn"} or any(len(v) > 1 for v in counts.values()):
            continue
        tp, fn, fp, tn = (next(iter(counts[name])) for name in ("tp", "fn", "fp", "tn"))
        exact = {
            "sensitivity": (tp, tp + fn),
            "specificity": (tn, tn + fp),
            "accuracy": (tp + tn, tp + fn + fp + tn),
            "precision": (tp, tp + fp),
            "npv": (tn, tn + fn),
        }
        for other in range(index + 1, min(index + 1 + _NEXT_SENTENCES, len(sentences))):
            there = sentences[other]
            if _COMPARISON.search(there.text) or there.section != sentence.section:
                break
            for name, printed in read_metrics(_BALANCED.sub(" ", there.text)).items():
                part, total = exact.get(name, (0, 0))
                if not total:
                    continue
                value, half = _scale(printed)
                if not -1.1 * half <= part / total - value < 2 * half:
                    yield (
                        other,
                        Contradiction(
                            name,
                            f"{name} is {printed}, but {part} of {total} in the sentence before "
                            f"is {part / total:.1%}.",
                        ),
                    )
