"""Cells of a table of accuracy: unknown values, intervals beside a figure, counts that follow."""

import re
from collections.abc import Mapping

from review.accuracy import IncompleteFiguresError
from review.errors import ReviewError
from review.text.placeholders import is_placeholder

COUNTS = ("tp", "fp", "fn", "tn")
_UNKNOWN = {"", "-", "–", "—", "?", "nr", "ns", "na", "none", "not reported", "unclear", "unknown"}
_NUMBER = r"[-+]?\d[\d.,·'\u00a0\u202f ]*%?"
_INTERVAL = re.compile(
    rf"\s*({_NUMBER})\s*[\[(]\s*(?:95\s*%\s*(?:CI|confidence interval)\s*[:,=]?\s*)?"
    rf"({_NUMBER})\s*(?:-|–|—|−|to|,|;)\s*({_NUMBER})\s*[\])]\s*",
    re.I,
)
_REMARK = re.compile(rf"\s*({_NUMBER})\s*[\[(][^\[\]()]*[\])]\s*")
_TEXTS = ("study", "model", "data set", "threshold")


def clean_cells(values: Mapping[str, str]) -> dict[str, str]:
    """The values of one row without unknown ones, and with each figure apart from what follows it
    in brackets. An interval beside an AUC is its interval, unless the row gives one already."""
    cleaned: dict[str, str] = {}
    for key, text in values.items():
        if key in _TEXTS:
            cleaned[key] = text
        elif not _is_unknown(text):
            interval = _INTERVAL.fullmatch(text)
            remark = interval or _REMARK.fullmatch(text)
            cleaned[key] = remark[1].strip() if remark else text.strip()
            if key == "auc" and interval:
                for name, index in (("auc low", 2), ("auc high", 3)):
                    if _is_unknown(values.get(name, "")):
                        cleaned[name] = interval[index].strip()
    return cleaned


def _is_unknown(text: str) -> bool:
    plain = text.strip().rstrip(".").lower().replace("n.r", "nr").replace("n/a", "na")
    return plain in _UNKNOWN or is_placeholder(text)


def read_count(text: str, name: str) -> int:
    """A count of cases as printed: 1,234 or 12.0.

    Raises:
        ReviewError: it is not a whole number.
    """
    cleaned = re.sub(r"(?<=\d)[,' \u00a0\u202f](?=\d{3}\b)", "", text)
    if not re.fullmatch(r"\d+(\.0+)?", cleaned):
        raise ReviewError(f"{name} '{text}' is no whole number.")
    return int(float(cleaned))


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
        names = " and ".join(key.upper() for key in missing)
        raise IncompleteFiguresError(f"{names} of the 2×2 table is missing.")
    for key in COUNTS:
        if key not in given and counts[key] < 0:
            raise ReviewError(
                f"{key.upper()} would be {counts[key]}: the counts exceed the cases reported."
            )
    return counts
