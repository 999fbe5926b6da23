"""Finds how many cases the test part of a split has, from lists of parts and shares of a total."""

import re
from collections.abc import Sequence

_CASES = (
    r"\b(?:patients?|subjects?|participants?|individuals|volunteers|people|persons|adults|donors|"
    r"animals|mice|cases|scans|volumes|videos|recordings|wsis?|slides|examinations|specimens)\b"
)
_LIST = re.compile(
    r"(?<![\w.,/:-])(?P<first>\d{1,4}) ?(?P<sep>/|,) ?(?P<rest>\d{1,4}(?: ?(?:/|,|,? and) "
    r"?\d{1,4})*)"
    rf"(?![\d.,]*\d|%)\s+(?:[\w-]+\s+){{0,3}}?{_CASES}",
    re.I,
)
"""31/11/9 subjects; 31, 11 and 9 patients."""
_PARTS_IN_ORDER = re.compile(
    r"\btrain\w*\b.{0,30}?\b(?:valid\w*|tun\w+|dev\w*)\b.{0,30}?\btest\w*\b|"
    r"\btrain\w*\b.{0,30}?\b(?:test\w*|valid\w*)\b",
    re.I,
)
_NO_PARTS = re.compile(r"\b(?:folds?|epochs?|shots?|each|every|per|years?|labell?ed)\b", re.I)
_SHARES = (
    # 80/20 split; 70:15:15; 80%-20%
    re.compile(
        r"(?<![\d.:/])(?P<first>\d{1,2}) ?%? ?[:/–-] ?(?:(?P<middle>\d{1,2}) ?%? ?[:/–-] ?)?"
        r"(?P<test>\d{1,2}) ?%?(?![\d:/.]*\d)",
    ),
    # 80% for training and 20% for testing
    re.compile(
        r"(?P<first>\d{1,2}) ?%[^.;]{0,40}\btrain\w*[^.;%]{0,40}?"
        r"(?:(?P<middle>\d{1,2}) ?%[^.;%]{0,40}\bvalid\w*[^.;%]{0,40}?)?"
        r"(?P<test>\d{1,2}) ?%[^.;%]{0,40}\btest\w*",
        re.I,
    ),
)
_SPLIT = re.compile(r"\b(?:split|divided|partitioned|separated|allocated|ratio)\b", re.I)
_TESTED = re.compile(r"\btest\w*\b", re.I)
_MIN_PART = 3
_WHOLES = (10, 100)
"""What shares of a split add up to: 8:2, 80:20."""


def find_listed_test_part(text: str, below: int) -> tuple[int, str] | None:
    """The last part of a list of training, validation and test cases, if it is below a limit.

    '553/197/100 training/validation/test slices from 31/11/9 subjects' gives 9.
    """
    if not _PARTS_IN_ORDER.search(text) or _NO_PARTS.search(text):
        return None
    for match in _LIST.finditer(text):
        sizes = [int(match["first"]), *(int(n) for n in re.findall(r"\d+", match["rest"]))]
        is_parts = len(sizes) in (2, 3) and sizes[0] == max(sizes)
        if is_parts and _MIN_PART <= sizes[-1] < below:
            return sizes[-1], match.group()
    return None


def find_small_share(
    text: str, totals: Sequence[tuple[int, str] | None], below: int
) -> tuple[int, str] | None:
    """The test part by its share of a total, if it is below a limit.

    '240 images were used.' and 'They were split 80:20 into training and test sets.' give 48.

    Args:
        totals: the size of the study that the sentence gives, then that of each sentence before
            it, nearest first; None where there is none.
    """
    if not _SPLIT.search(text) or not _TESTED.search(text):
        return None
    for pattern in _SHARES:
        match = pattern.search(text)
        if match is None:
            continue
        shares = [int(share) for share in match.groups() if share]
        if sum(shares) not in _WHOLES or shares[0] != max(shares):
            continue
        total = next(filter(None, totals), None)
        if total is None:
            return None
        size = round(total[0] * shares[-1] / sum(shares))
        return (size, f"{match.group()} of {total[1]}") if _MIN_PART <= size < below else None
    return None
