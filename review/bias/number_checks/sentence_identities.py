"""Checks what a sentence derives from its own figures: differences, complements, groups of equal
size, repeated scans, years, and shares of counts written as words."""

import re
from collections.abc import Iterator, Sequence

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.number_words import (
    COUNT,
    UNIT,
    drop_other_numbers,
    join_thousands,
    list_counted,
    parse_number,
)
from review.bias.number_checks.rows import is_checked
from review.models import Sentence

_VAGUE = re.compile(
    r"\b(?:about|approximately|around|roughly|nearly|almost|at least|at most|up to|more than|"
    r"less than|over|"
    r"average|mean|median|exclu\w*|et al)\b|[~≈∼<>≥≤]|\[\d",
    re.I,
)


def check_sentence_identities(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Figures of a sentence that others of it fix, and that are something else."""
    for index, sentence in enumerate(sentences):
        text = sentence.text
        if not is_checked(sentence) or _VAGUE.search(text):
            continue
        yield from ((index, problem) for problem in _check_years(text))
        text = drop_other_numbers(join_thousands(text))
        for check in (
            _check_difference,
            _check_complementary_rate,
            _check_complement,
            _check_groups,
            _check_repeated_scans,
            _check_share_in_words,
        ):
            for problem in check(text):
                yield index, problem


# ---- differences ----

_FROM_TO = re.compile(
    r"\bfrom\s+(?:an? )?(?:[A-Za-z]+ (?:of )?)?(?P<a>0?\.\d+|"
    r"\d{1,3}\.\d+)\s*(?:\([^()]*\)\s*)?to\s+(?P<b>0?\.\d+|\d{1,3}\.\d+)(?![\d.]*\s?%)",
    re.I,
)
_DIFFERENCE = re.compile(
    r"\b(?:increase|gain|improvement|rise|difference|reduction|decrease|drop)\s+(?:of|"
    r"by)\s+(?P<d>0?\.\d+|\d{1,3}\.\d+)(?!\d)"
    r"(?!\s?(?:%|percent|fold|times|points))",
    re.I,
)


def _check_difference(text: str) -> Iterator[Contradiction]:
    """'The AUC rose from 0.812 to 0.874, an increase of 0.082': 0.062."""
    pairs, gains = list(_FROM_TO.finditer(text)), list(_DIFFERENCE.finditer(text))
    if len(pairs) != 1 or len(gains) != 1:
        return
    first, second, printed = pairs[0]["a"], pairs[0]["b"], gains[0]["d"]
    units = [10.0 ** -len(value.partition(".")[2]) for value in (first, second, printed)]
    exact = abs(float(second) - float(first))
    if abs(exact - float(printed)) > units[0] + 0.51 * units[2] and exact:
        yield Contradiction(
            "a difference",
            f"from {first} to {second} is {exact:.{len(first.partition('.')[2])}f}, not {printed}.",
        )


# ---- what is left of 100% ----

_COMPLEMENTS = (
    ("specificity", r"specificity|true negative rate", r"false[- ]positive (?:rate|fraction)|FPR"),
    (
        "sensitivity",
        r"sensitivity|recall|true positive rate",
        r"false[- ]negative (?:rate|fraction)|FNR|miss rate",
    ),
    ("accuracy", r"accuracy", r"(?:misclassification|classification error|error) rate"),
)
_VALUE = r"(?:\s*\([^()\d]*\))?\s*(?:of|was|is|=|:)\s*(\d{1,3}(?:\.\d+)?\s?%|0?\.\d+)"
_VALUE_BEFORE = r"(\d{1,3}(?:\.\d+)?\s?%|0?\.\d+)\s+"
_COMPARISON = re.compile(r"\b(?:versus|vs|compared|than|whereas|while|respectively|from)\b", re.I)


def _check_complementary_rate(text: str) -> Iterator[Contradiction]:
    """'Specificity 92% and a false positive rate of 18%': 8%."""
    if _COMPARISON.search(text):
        return
    for name, words, other in _COMPLEMENTS:
        values = [
            re.findall(rf"\b(?:{one})\b{_VALUE}", text, re.I)
            or re.findall(rf"{_VALUE_BEFORE}(?:{one})\b", text, re.I)
            for one in (words, other)
        ]
        if len(values[0]) != 1 or len(values[1]) != 1:
            continue
        (first, e1), (second, e2) = (_read_share(found[0]) for found in values)
        if abs(first + second - 1) > 2 * (e1 + e2) and first <= 1 and second <= 1:
            yield Contradiction(
                name,
                f"a {name} of {values[0][0].strip()} leaves {1 - first:.1%}, not "
                f"{values[1][0].strip()}.",
            )


def _read_share(printed: str) -> tuple[float, float]:
    """A proportion and half a unit of its last digit."""
    digits = printed.rstrip("% ")
    unit = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    return (float(digits) / 100, unit / 100) if "%" in printed else (float(digits), unit)


_PART_OF = re.compile(
    rf"(?P<a>{COUNT})\s+(?:out )?of (?:the |all |"
    rf"these )?(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT}\b[^;]{{3,80}}?"
    rf"\b(?:and|while|whereas)\s+(?:the )?(?:(?:remaining|"
    rf"other)\s+)?(?P<b>{COUNT})\s+(?:\([\d.]+\s?%\)\s*)?(?:patients |images |cases )?"
    r"(?:survived|did not|had no|had none|were not|was not|were negative|were alive|without|"
    r"were normal|were benign|remained)\b",
    re.I,
)


def _check_complement(text: str) -> Iterator[Contradiction]:
    """'58 of 210 patients died and 142 survived': 152."""
    for match in _PART_OF.finditer(text):
        part, total, rest = (parse_number(match[name]) for name in ("a", "n", "b"))
        if part < total and 0 < abs(total - part - rest) <= 0.08 * total:
            yield Contradiction(
                "n", f"{total:,} without {part:,} are {total - part:,}, not {rest:,}."
            )


# ---- groups of equal size, and repeated scans ----

_GROUPS = re.compile(
    rf"\b(?:into|in)\s+(?P<k>{COUNT})\s+(?:equal(?:ly sized)?\s+|disjoint\s+|"
    rf"non-overlapping\s+)*(?:folds|groups|subsets|parts|batches|"
    rf"partitions)\s+(?:of|with|containing|comprising)\s+(?P<m>{COUNT})\s+(?:{UNIT}\s+)?each\b",
    re.I,
)


def _check_groups(text: str) -> Iterator[Contradiction]:
    """'1,200 lesions in 5 folds of 250 lesions each': 240."""
    for match in _GROUPS.finditer(text):
        things = [thing for thing in list_counted(text) if thing.end <= match.start()]
        if len(things) != 1:
            continue
        total, k, each = things[0].count, parse_number(match["k"]), parse_number(match["m"])
        if k > 1 and each not in (total // k, -(-total // k)) and 0.5 < k * each / total < 2:
            yield Contradiction("n", f"{k} times {each:,} is {k * each:,}, not {total:,}.")


_TIMES = re.compile(
    r"\beach (?:of (?:the|these|our) )?.{0,60}?\b(?:scanned|imaged|examined|photographed|"
    r"measured|acquired)\s+"
    r"(?P<t>twice|three times|four times|five times)\b",
    re.I,
)
_TIMES_WORDS = {"twice": 2, "three times": 3, "four times": 4, "five times": 5}


def _check_repeated_scans(text: str) -> Iterator[Contradiction]:
    """'Each of the 82 volunteers was scanned twice, giving 174 scans': 164."""
    match = _TIMES.search(text)
    if not match:
        return
    things = list(list_counted(text))
    if len(things) == 2 and things[0].kind != things[1].kind:
        times = _TIMES_WORDS[match["t"].lower()]
        exact = times * things[0].count
        if exact != things[1].count and 0.75 < things[1].count / exact < 1.34:
            yield Contradiction(
                "n", f"{times} times {things[0].count:,} is {exact:,}, not {things[1].count:,}."
            )


# ---- years ----

_YEARS = re.compile(
    r"\b(?:from|between)\s+(?:[A-Z][a-z]+ )?(?P<a>(?:19|20)\d\d)\s+(?:to|and|until|"
    r"through)\s+(?:[A-Z][a-z]+ )?(?P<b>(?:19|20)\d\d)\b"
    rf"[^.;]{{0,30}}?\b(?:period of|over|spanning|during|covering|"
    rf"total of)\s+(?P<n>{COUNT})[- ]years?\b",
    re.I,
)


def _check_years(text: str) -> Iterator[Contradiction]:
    """'From January 2015 to December 2019, a period of six years'."""
    for match in _YEARS.finditer(text):
        years, stated = int(match["b"]) - int(match["a"]), parse_number(match["n"])
        if years > 0 and stated not in (years, years + 1):
            yield Contradiction(
                "a period",
                f"{match['a']} to {match['b']} is {years} to {years + 1} years, not {stated}.",
            )


# ---- shares of counts in words ----

_SHARE = re.compile(
    rf"(?P<a>{COUNT})\s+(?:out )?of (?:the |all |"
    rf"these )?(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,4}}?"
    rf"{UNIT}\s*\(\s*(?P<p>\d{{1,3}}(?:\.\d+)?)\s?%",
    re.I,
)


def _check_share_in_words(text: str) -> Iterator[Contradiction]:
    """'Sixty-two of 124 patients (55%)': 50%."""
    for match in _SHARE.finditer(text):
        part, total, printed = parse_number(match["a"]), parse_number(match["n"]), match["p"]
        if match["a"][0].isdigit() and match["n"][0].isdigit():
            continue  # check_inline_counts reads digits
        unit = 10.0 ** -len(printed.partition(".")[2])
        if 0 < part <= total and abs(100 * part / total - float(printed)) > 1.01 * unit:
            yield Contradiction(
                "a share", f"{part} of {total} is {part / total:.1%}, not {printed}%."
            )
