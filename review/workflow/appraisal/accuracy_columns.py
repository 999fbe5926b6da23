"""Titles of the columns of a table of accuracy: what each one holds."""

import re
from collections.abc import Sequence
from pathlib import Path

from review.errors import SourceError

COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "study": (
        *("study", "study id", "study name", "author", "authors", "first author", "author year"),
        *(
            "study year",
            "first author year",
            "author and year",
            "reference",
            "citation",
            "paper",
            "record",
        ),
    ),
    "model": ("model", "model name", "algorithm", "index test"),
    "data set": ("data set", "dataset", "test set", "cohort", "validation"),
    "threshold": ("threshold", "cut off", "cutoff", "operating point"),
    "tp": ("tp", "true positives", "true positive"),
    "fp": ("fp", "false positives", "false positive"),
    "fn": ("fn", "false negatives", "false negative"),
    "tn": ("tn", "true negatives", "true negative"),
    "cases": ("cases", "n", "total", "sample size", "n total"),
    "positives": ("positives", "n positive", "positive cases", "diseased", "with condition"),
    "negatives": ("negatives", "n negative", "negative cases", "healthy", "without condition"),
    "prevalence": ("prevalence",),
    "sensitivity": ("sensitivity", "sens", "recall", "tpr"),
    "specificity": ("specificity", "spec", "tnr"),
    "ppv": ("ppv", "precision", "positive predictive value"),
    "npv": ("npv", "negative predictive value"),
    "accuracy": ("accuracy", "acc"),
    "auc": (
        "auc",
        "auroc",
        "roc auc",
        "auc roc",
        "area under the curve",
        "area under the roc curve",
    ),
    "auc low": ("auc lcl",),
    "auc high": ("auc ucl",),
}
"""What is read -> the column names it goes by, in small letters without punctuation; those of a
figure may also name its interval or its error, as in 'AUC (95% CI)' and 'AUC lower limit'."""
SHARES = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "prevalence")
"""Figures that are the share of a count."""
FIGURES = (*SHARES, "auc")
"""Figures whose interval or error may have a column of its own."""
_PARTS: dict[str, frozenset[str]] = {
    "low": frozenset({"low", "lower", "lcl", "ll", "lb", "min"}),
    "high": frozenset({"high", "upper", "ucl", "ul", "ub", "max"}),
    "se": frozenset({"se", "standard error", "std error"}),
    "sd": frozenset({"sd", "standard deviation", "std"}),
    "ci": frozenset({"ci", "cis", "confidence interval", "confidence intervals", "cri", "n n"}),
}
"""Part of a figure -> the words for it in a column's title; 'n/N' beside a share is an
interval does."""
_FILLERS = frozenset(
    {"95", "limit", "bound", "of", "the", "with", "and", "for", "percent", "value", "mean"}
)


def score_header(cells: list[str]) -> int:
    """How many columns a row names, if it names the study and something else."""
    keys = {key for cell in cells if (key := classify_title(cell)) is not None}
    return len(keys) if "study" in keys and len(keys) > 1 else 0


def classify_title(title: str) -> str | None:
    """The key of COLUMN_NAMES of a column, followed for a figure by 'ci', 'se', 'sd', 'low' or
    'high' if the title names its interval or error; None if it is no column of accuracy."""
    plain = _simplify_title(title)
    for key, names in COLUMN_NAMES.items():
        if plain in names:
            return key
    for key in FIGURES:
        for name in sorted(COLUMN_NAMES[key], key=len, reverse=True):
            rest, found = re.subn(rf"\b{name}\b", " ", plain, count=1)
            if found and (part := _classify_part(rest)):
                return f"{key} {part}"
    return None


def _simplify_title(title: str) -> str:
    plain = re.sub(r"[\W_]+", " ", title.lower()).strip()
    for written, word in ((r"95", " 95 "), (r"\bc i\b", "ci"), (r"\bs e\b", "se")):
        plain = re.sub(written, word, plain)
    return " ".join(plain.split())


def _classify_part(words: str) -> str | None:
    """The part of a figure that words name with nothing else; a limit before the interval."""
    named = []
    for part, names in _PARTS.items():
        for name in sorted(names, key=len, reverse=True):
            words, found = re.subn(rf"\b{name}\b", " ", words)
            if found:
                named.append(part)
    return named[0] if named and set(words.split()) <= _FILLERS else None


def find_columns(header: Sequence[str], path: Path) -> dict[str, int]:
    """What each column holds -> its position; '95% CI' right of an AUC is that of the AUC.

    Raises:
        SourceError: two columns hold the same.
    """
    found: dict[str, int] = {}
    figure = None
    for index, title in enumerate(header):
        key = classify_title(title)
        if key is None and figure and (part := _classify_part(_simplify_title(title))):
            key = f"{figure} {part}"
        figure = next((name for name in FIGURES if key and f"{key} ".startswith(f"{name} ")), None)
        if key is None or (key in found and key not in COLUMN_NAMES):
            continue
        if key in found:
            raise SourceError(
                f"{path}: the columns '{header[found[key]]}' and '{title}' both give "
                f"{key}; rename or remove one."
            )
        found[key] = index
    return found
