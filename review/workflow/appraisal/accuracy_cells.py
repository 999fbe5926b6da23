"""Cells of a table of accuracy: unknown values, intervals beside a figure, counts that follow."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from review.accuracy import IncompleteFiguresError, parse_share
from review.accuracy.reconstruction import MIN_PERCENTAGE
from review.errors import ReviewError
from review.text.placeholders import is_placeholder
from review.workflow.appraisal.accuracy_columns import SHARES

COUNTS = ("tp", "fp", "fn", "tn")
USED_LEVEL = 95
"""Level of the intervals that are read, in per cent."""
LEAST_AREA = 10
"""An AUC without % is a percentage from here on."""
MAX_AREA_ERROR = 0.5
"""No AUC has a larger standard error."""
_SIZES = ("cases", "positives", "negatives")
_CLASSES = {
    "sensitivity": ("positives", "with", "tp", "fn"),
    "specificity": ("negatives", "without", "tn", "fp"),
}
"""Share of a class -> its cases, 'with' or 'without' the condition, its right and wrong counts."""
_UNKNOWN = {"", "-", "–", "—", "?", "nr", "ns", "na", "none", "not reported", "unclear", "unknown"}
_COUNT = r"\d[\d.,'\u00a0\u202f ]*"
_COUNT_CELL = re.compile(rf"\s*({_COUNT})\s*[\[(][^\[\]()]*[\])]\s*")
_NUMBER = r"(?:\d+(?:[.,·]\d+)?|[.,·]\d+)(?:\s*%)?"
_TO = r"(?:\s*(?:-|–|—|−|‐|‑|~|∼|～|\bto\b|\band\b|;|,|/(?=\d*[.,])|\.\.+|…)\s*|\s+)"
_INTERVAL = re.compile(
    r"(?:(?:(?P<level>\d\d(?:[.,]\d)?)\s*%?\s*-?\s*)?"
    r"(?:(?:exact|bootstrap(?:ped)?|wald|delong)\s+)?(?:(?:confidence|credible)\s+intervals?|c\.?\s?i\.?s?|cri|ki|ic)\.?\s*"
    r"(?:(?P<level_after>\d\d)\s*%?)??\s*[:,;=]?\s*|(?P<level_alone>\d\d)\s*%\s*[:,;=]?\s*)?"
    rf"(?:(?:from|of|between)\s+)?(?P<low>{_NUMBER}){_TO}(?P<high>{_NUMBER})",
    re.I,
)
_ERROR_WORD = r"(?:se|s\.\s?e\.|std\.?\s*err(?:or)?|standard\s+error)"
_ERROR = re.compile(
    rf"(?:±|\+/-)?\s*{_ERROR_WORD}\s*[:,=]?\s*({_NUMBER})|(?:±|\+/-)\s*({_NUMBER})\s*{_ERROR_WORD}",
    re.I,
)
_FIGURE = re.compile(
    rf"\s*(?:(?:auc|auroc)\s*[:=]?\s*)?(?P<value>{_NUMBER})"
    r"(?P<rest>(?:\s*(?:[\[({,;±]|\+/-)|\s+(?![-–—−~/]|to\b|of\b)).*)?",
    re.I | re.S,
)
_FRACTION = r"(?P<part>\d+)\s*(?:/|\bof\b)\s*(?P<total>\d+)"
_FRACTION_FIRST = re.compile(
    rf"\s*{_FRACTION}\s*(?:[\[(=]\s*(?:(?P<share>{_NUMBER})\s*(?:[\])]|[,;:]\s*(?:95|CI)|$))?.*)?",
    re.I | re.S,
)
_FRACTION_WITHIN = re.compile(rf"(?<![\d.,]){_FRACTION}(?![.,]?\d)", re.I)
_TEXTS = ("study", "model", "data set", "threshold")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFigures:
    """An AUC with what is printed beside it, as text."""

    value: str | None = None
    low: str | None = None
    high: str | None = None
    error: str | None = None
    unused: str = ""
    """What is printed beside the AUC and not used, with the reason."""


def clean_cells(values: Mapping[str, str]) -> dict[str, str]:
    """The values of one row without unknown ones, and with each count and share apart from what
    follows it in brackets. A share printed with its fraction becomes the fraction. The cells of an
    AUC are kept as printed.

    Raises:
        ReviewError: a share is not that of its fraction.
    """
    cleaned: dict[str, str] = {}
    for key, text in values.items():
        if key in _TEXTS:
            cleaned[key] = text
        elif not is_unknown(text):
            remark = _COUNT_CELL.fullmatch(text) if key in (*COUNTS, *_SIZES) else None
            cleaned[key] = remark[1].strip() if remark else text.strip().rstrip("*†‡§¶ ")
    for key in SHARES:
        beside = cleaned.pop(f"{key} ci", None)
        if key not in cleaned and beside is not None and not _is_interval(beside):
            cleaned[key] = beside
        if key in cleaned:
            cleaned[key] = _read_share_cell(key, cleaned[key])
    return _mark_percentages(cleaned)


def find_unused_keys(values: Mapping[str, str]) -> set[str]:
    """The filled cells of a row that are not used: intervals of a share, the spread of an AUC."""
    filled = {key: text for key, text in values.items() if not is_unknown(text)}
    unused = {
        f"{key} ci"
        for key in SHARES
        if f"{key} ci" in filled and (key in filled or _is_interval(filled[f"{key} ci"]))
    }
    unused |= {
        f"{key} {part}"
        for key in SHARES
        for part in ("low", "high", "se", "sd")
        if f"{key} {part}" in filled
    }
    spread = filled.get("auc sd")
    if spread is not None and ("auc" in filled or re.fullmatch(_NUMBER, spread.strip())):
        unused.add("auc sd")
    return unused


def is_unknown(text: str) -> bool:
    """Whether a cell says that nothing is reported."""
    plain = text.strip().rstrip(".").lower().replace("n.r", "nr").replace("n/a", "na")
    return plain in _UNKNOWN or is_placeholder(text)


def _is_interval(text: str) -> bool:
    return _INTERVAL.fullmatch(text.strip().strip("[](){} ")) is not None


def _read_share_cell(key: str, text: str) -> str:
    """The fraction of a share if it is printed, else the share without what follows it."""
    if fraction := _FRACTION_FIRST.fullmatch(text):
        share = fraction["share"]
    elif figure := _FIGURE.fullmatch(text):
        share = figure["value"]
        fraction = _FRACTION_WITHIN.search(figure["rest"] or "")
        if fraction is None:
            return figure["value"]
    else:
        return text
    part, total = int(fraction["part"]), int(fraction["total"])
    exact = f"{part}/{total}"
    printed = parse_share(share, key) if share is not None else None
    value = parse_share(exact, key).value
    if printed is not None and not printed.low <= value <= printed.high:
        raise ReviewError(
            f"{key} {part:,}/{total:,} is {part / total:.4f}, but {share} is printed beside it."
        )
    return exact


def _mark_percentages(values: dict[str, str]) -> dict[str, str]:
    """Numbers between 1 and 2 are percentages in a row whose other figures are."""
    numbers = {key: _read_number(values[key]) for key in SHARES if key in values}
    if any(
        "%" in values[key] or (number or 0) >= MIN_PERCENTAGE for key, number in numbers.items()
    ):
        for key, number in numbers.items():
            if number is not None and 1 < number < MIN_PERCENTAGE:
                values[key] += "%"
    return values


def _read_number(text: str) -> float | None:
    """A number without %, or None."""
    try:
        return float(text.replace(",", ".").replace("·", "."))
    except ValueError:
        return None


def read_area_cells(values: Mapping[str, str]) -> AreaFigures:
    """The AUC of a row with its interval or standard error, from one cell or several.

    Raises:
        ReviewError: two cells give different values.
    """
    figures = _read_area_cell(values["auc"]) if "auc" in values else AreaFigures()
    for key in ("auc ci", "auc se", "auc sd"):
        if key not in values:
            continue
        text = values[key].strip()
        number = re.fullmatch(_NUMBER, text)
        if key == "auc ci" and _is_interval(text):
            interval = _parse_beside(text.strip("[](){} ")) or AreaFigures()
            figures = replace(figures, low=interval.low, high=interval.high)
        elif number and figures.value is not None:
            figures = replace(figures, error=text) if key == "auc se" else figures
        elif number and key != "auc ci":
            raise IncompleteFiguresError(f"its error of {text} is given, but no AUC.")
        else:
            figures = _join_figures(figures, _read_area_cell(text, bare_error=key == "auc se"))
    limits = {part: values[f"auc {part}"] for part in ("low", "high") if f"auc {part}" in values}
    return replace(figures, **limits) if limits else figures


def read_area_value(text: str) -> tuple[float, bool]:
    """An AUC as a share, and whether it is printed as a percentage.

    Raises:
        ReviewError: it is no number or outside 0 to 1; a percentage below 10 needs its sign.
    """
    value = float(parse_share(text, "AUC").value)
    number = _read_number(text)
    if number is not None and MIN_PERCENTAGE <= number < LEAST_AREA:
        raise ReviewError(
            f"AUC '{text}' lies outside 0 to 1; if it is a percentage, write {text.strip()}%."
        )
    return value, number is None or number >= LEAST_AREA


def read_area_error(text: str, *, of_percentage: bool) -> float:
    """The standard error of an AUC as a share.

    Args:
        of_percentage: the AUC is printed as a percentage, so that its error is one too.

    Raises:
        ReviewError: it is no number, 0, or more than an error of a share can be.
    """
    number = _read_number(text.removesuffix("%").strip())
    if number is None:
        raise ReviewError(f"its standard error '{text}' is no number.")
    error = number / 100 if of_percentage or text.endswith("%") else number
    if not 0 < error <= MAX_AREA_ERROR:
        raise ReviewError(f"its standard error '{text}' lies outside 0 to {MAX_AREA_ERROR}.")
    return error


def _join_figures(first: AreaFigures, second: AreaFigures) -> AreaFigures:
    if first.value is None:
        return second
    if second.value is not None:
        values = [parse_share(figures.value or "", "AUC") for figures in (first, second)]
        if values[0].low > values[1].high or values[1].low > values[0].high:
            raise ReviewError(
                f"the AUC is {first.value} in one column and {second.value} in another."
            )
    return AreaFigures(
        value=first.value,
        low=first.low or second.low,
        high=first.high or second.high,
        error=first.error or second.error,
        unused=f"{first.unused} {second.unused}".strip(),
    )


def _read_area_cell(text: str, bare_error: bool = False) -> AreaFigures:
    """An AUC with what follows it in the same cell.

    Args:
        bare_error: a lone number in brackets is the standard error, as the column's title says.
    """
    figure = _FIGURE.fullmatch(text)
    if figure is None:
        return AreaFigures(value=text.strip())
    beside = " ".join(re.sub(r"[\[\](){}]", " ", figure["rest"] or "").split()).strip(" ,;:")
    if not beside or is_unknown(beside):
        return AreaFigures(value=figure["value"])
    if bare_error and (number := re.fullmatch(rf"(?:±|\+/-)?\s*({_NUMBER})", beside)):
        return AreaFigures(value=figure["value"], error=number[1])
    area_figures = _parse_beside(beside) or _split_beside(beside)
    if area_figures is None:
        pieces = re.split(r"\s*[\[\](){}]\s*", figure["rest"] or "")
        area_figures = _split_beside(" ; ".join(piece for piece in pieces if piece.strip(" ,;:")))
    return replace(
        area_figures or AreaFigures(unused=_describe_unused(beside)), value=figure["value"]
    )


def _split_beside(text: str) -> AreaFigures | None:
    """An interval or a standard error beside something else, which is used or named."""
    for mark in re.finditer(r"[,;]", text):
        pieces = [text[: mark.start()].strip(" ,;"), text[mark.end() :].strip(" ,;")]
        parsed = [_parse_beside(piece) for piece in pieces]
        known = [figures for figures in parsed if figures is not None]
        if known:
            unknown = next((p for p, f in zip(pieces, parsed, strict=True) if f is None), "")
            other = known[1] if len(known) > 1 else AreaFigures(unused=_describe_unused(unknown))
            return _join_figures(replace(known[0], value=""), other)
    return None


def _parse_beside(text: str) -> AreaFigures | None:
    """An interval or a standard error and nothing else."""
    if error := _ERROR.fullmatch(text):
        return AreaFigures(error=error[1] or error[2])
    interval = _INTERVAL.fullmatch(text)
    if interval is None:
        return None
    level = interval["level"] or interval["level_after"] or interval["level_alone"] or "95"
    if float(level.replace(",", ".")) != USED_LEVEL:
        return AreaFigures(
            unused=f"'{text}' beside the AUC is not used: only a 95% interval is read."
        )
    return AreaFigures(low=interval["low"], high=interval["high"])


def _describe_unused(text: str) -> str:
    if is_unknown(text):
        return ""
    if re.match(r"±|\+/-", text):
        return (
            f"'{text}' beside the AUC is not used: the table does not say whether it is a standard "
            "error (SE) or a standard deviation."
        )
    reason = "it is neither a 95% interval nor a standard error (SE)."
    return f"'{text}' beside the AUC is not used: {reason}"


def read_count(text: str, name: str) -> int:
    """A count of cases as printed: 1,234 or 12.0.

    Raises:
        ReviewError: it is not a whole number, or a point may separate thousands.
    """
    cleaned = re.sub(r"(?<=\d)[,' \u00a0\u202f](?=\d{3}\b)", "", text)
    if re.fullmatch(r"[1-9]\d{0,2}(\.\d{3}){2,}", cleaned):
        cleaned = cleaned.replace(".", "")
    elif re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", cleaned):
        raise ReviewError(
            f"{name} '{text}' may be {cleaned.replace('.', ',')} or a number with decimals; write "
            f"{cleaned.replace('.', '')} if the point separates thousands."
        )
    if not re.fullmatch(r"\d+(\.0+)?", cleaned):
        raise ReviewError(f"{name} '{text}' is no whole number.")
    return int(float(cleaned))


def read_sizes(values: Mapping[str, str]) -> dict[str, int | None]:
    """Cases, positives and negatives as given, or as the counts and fractions of a row give them.

    Raises:
        ReviewError: a count is no whole number, or a fraction is of another number of cases.
    """
    sizes = {key: read_count(values[key], key) if key in values else None for key in _SIZES}
    for share, (size, condition, *pair) in _CLASSES.items():
        if sizes[size] is None and all(key in values for key in pair):
            sizes[size] = sum(read_count(values[key], key.upper()) for key in pair)
        _, total = _split_fraction(values.get(share, ""))
        if total is not None and sizes[size] not in (None, total):
            raise ReviewError(
                f"{share} {values[share]} is of {total:,} cases {condition} the condition, but "
                f"{sizes[size]:,} are reported."
            )
        sizes[size] = total if sizes[size] is None else sizes[size]
    if sizes["cases"] is None and None in (sizes["positives"], sizes["negatives"]):
        part, sizes["cases"] = _split_fraction(values.get("prevalence", ""))
        if sizes["negatives"] is None and sizes["positives"] is None:
            sizes["positives"] = part
        if sizes["cases"] is None:
            sizes["cases"] = _split_fraction(values.get("accuracy", ""))[1]
    return sizes


def complete_shares(
    values: Mapping[str, str], sizes: Mapping[str, int | None]
) -> dict[str, str | None]:
    """The shares of a row; sensitivity and specificity also where counts alone give them."""
    shares = {key: values.get(key) for key in SHARES}
    cases = sizes["cases"]
    others = {"positives": sizes["negatives"], "negatives": sizes["positives"]}
    for share, (size, _, right, wrong) in _CLASSES.items():
        total, other = sizes[size], others[size]
        if total is None and cases is not None and other is not None:
            total = cases - other
        if shares[share] is not None or not total or total < 0:
            continue
        if right in values:
            shares[share] = f"{read_count(values[right], right.upper())}/{total}"
        elif wrong in values:
            shares[share] = f"{total - read_count(values[wrong], wrong.upper())}/{total}"
    return shares


def _split_fraction(text: str) -> tuple[int | None, int | None]:
    """The whole numbers of a fraction such as 27/30; None for a share that is no fraction."""
    fraction = re.fullmatch(r"(\d+)/(\d+)", text)
    return (int(fraction[1]), int(fraction[2])) if fraction else (None, None)


def complete_counts(given: Mapping[str, int], sizes: Mapping[str, int | None]) -> dict[str, int]:
    """The four counts, where those that are missing follow from the cases of each class.

    Args:
        given: tp, fp, fn and tn, as far as reported.
        sizes: cases, positives and negatives, as far as reported.

    Raises:
        ReviewError: a count is missing and does not follow, or it would be below zero.
    """
    counts = dict(given)
    cases, positives, negatives = (sizes.get(k) for k in ("cases", "positives", "negatives"))
    if cases is not None:
        if positives is None and negatives is not None:
            positives = cases - negatives
        if negatives is None and positives is not None:
            negatives = cases - positives
    for total, pair in ((positives, ("tp", "fn")), (negatives, ("tn", "fp"))):
        for unknown, known in (pair, pair[::-1]):
            if unknown not in counts and known in counts and total is not None:
                counts[unknown] = total - counts[known]
    missing = [key for key in COUNTS if key not in counts]
    if len(missing) == 1 and cases is not None:
        counts[missing[0]] = cases - sum(counts.values())
        missing = []
    if missing:
        *others, last = (key.upper() for key in missing)
        names = f"{', '.join(others)} and {last}" if others else last
        verb = "are" if others else "is"
        raise IncompleteFiguresError(f"{names} of the 2×2 table {verb} missing.")
    for key in COUNTS:
        if key not in given and counts[key] < 0:
            raise ReviewError(
                f"{key.upper()} would be {counts[key]}: the counts exceed the cases reported."
            )
    return counts
