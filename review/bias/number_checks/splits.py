"""Compares the shares of a split with each other, with its counts, and with other places."""

import re
from collections.abc import Iterator, Sequence

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.printed import parse_count
from review.models import Sentence

_SECTIONS = frozenset({"abstract", "methods", "results", "discussion", "conclusion", "supplement"})
_NAMES = {
    "training": r"train(?:ing)?|development|learning",
    "validation": r"validation|validating|tuning",
    "test": r"test(?:ing)?|hold-?out|evaluation",
}
_UNIT = r"(?:images|patients|cases|samples|scans|slides|slices|subjects|data|examples|records)"
_SHARE_BEFORE = {
    part: re.compile(
        rf"(?<![\d.])(\d{{1,2}}(?:\.\d+)?)\s?%\s*(?:\([^()%]*\)\s*)?"
        rf"(?:of (?:the |all |these |our )?(?:[\w-]+ ){{0,2}}?{_UNIT}\s*)?(?:was |were |is |are )?"
        rf"(?:randomly )?(?:used |assigned |allocated |selected |reserved |kept |set aside )?"
        rf"(?:for |to |as |in |into )?(?:the |a |model )?(?:{words})\b",
        re.I,
    )
    for part, words in _NAMES.items()
}
_SHARE_AFTER = {
    part: re.compile(
        rf"\b(?:{words})(?: (?:sets?|data|data ?sets?|cohorts?|subsets?|images|samples))?\s*"
        rf"(?:\(|\[|:|=|of\s)\s*(?:n\s*=\s*[\d,]+\s*[,;]\s*|[\d,]+\s*(?:{_UNIT})?\s*[,;]\s*)?"
        rf"(\d{{1,2}}(?:\.\d+)?)\s?%",
        re.I,
    )
    for part, words in _NAMES.items()
}
_RATIO = re.compile(
    r"(?<![\d.:/])(\d{1,2}(?:\.\d)?)\s?%?\s*([:/])\s*(\d{1,2}(?:\.\d)?)\s?%?"
    r"(?:\s*\2\s*(\d{1,2}(?:\.\d)?)\s?%?)?(?![\d.:/]*\d)"
)
_COUNT = r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d{2,7})(?![\d.,]*\d)(?!\s?%)"
_COUNT_BEFORE = {
    part: re.compile(
        rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,2}}?(?:were |was )?(?:used |assigned |allocated )?"
        rf"(?:for |to |as |in )?(?:the )?(?:{words})\b",
        re.I,
    )
    for part, words in _NAMES.items()
}
_COUNT_AFTER = {
    part: re.compile(
        rf"\b(?:{words})(?: (?:sets?|data|data ?sets?|cohorts?|subsets?))?\s*"
        rf"(?:\(\s*(?:n\s*=\s*)?|:\s*|of |with |contain\w* |compris\w+ )(?:\d+\s?%\s*[,;:]\s*)?"
        rf"(?:n\s*=\s*)?{_COUNT}",
        re.I,
    )
    for part, words in _NAMES.items()
}
_SPLIT = re.compile(r"\b(split\w*|divid\w+|partition\w*|ratio|proportion)\b", re.I)
_OTHER_STEP = re.compile(
    r"\b(augment\w*|oversampl\w*|balanc\w*|exclu\w*|accuracy|drop-?out|remaining|rest|"
    r"of the training|of training|from the training|tile|patch\w*|respectively)\b",
    re.I,
)
_MAX_SHARE_ERROR = 3.0
"""Percentage points by which counts may miss the shares of their split."""


def check_splits(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Shares of a split that do not make 100%, and counts that are no such shares."""
    ratios: dict[str, dict[tuple[float, ...], int]] = {"abstract": {}, "methods": {}}
    for index, sentence in enumerate(sentences):
        if sentence.section not in _SECTIONS:
            continue
        text = sentence.text
        shares = _read_shares(text)
        if len(shares) == len(_NAMES) and not _OTHER_STEP.search(text):
            total = sum(shares.values())
            if 101 < total <= 125 or 75 <= total < 99:
                yield (
                    index,
                    Contradiction("a split", f"the shares of the split add up to {total:g}%."),
                )
                continue
        if not shares and (ratio := _read_ratio(text)):
            where = "abstract" if sentence.section == "abstract" else "methods"
            ratios[where].setdefault(ratio, index)
            names = ("training", "validation", "test") if len(ratio) > 2 else ("training", "test")
            shares = dict(zip(names, ratio, strict=True))
        counts = {part: count for part in shares if (count := _read_count(text, part))}
        yield from _compare_counts(index, text, shares, counts)
    yield from _compare_ratios(sentences, ratios)


def _read_shares(text: str) -> dict[str, float]:
    """Part -> share in percent, as the sentence gives them."""
    shares = {}
    for part in _NAMES:
        match = _SHARE_AFTER[part].search(text) or _SHARE_BEFORE[part].search(text)
        if match:
            shares[part] = float(match[1])
    return shares


def _read_ratio(text: str) -> tuple[float, ...] | None:
    """The shares of 'a ratio of 8:1:1' or 'split 80/20'; None unless they make 10 or 100."""
    names = sum(bool(re.search(rf"\b(?:{words})\b", text, re.I)) for words in _NAMES.values())
    matches = list(_RATIO.finditer(text))
    if not _SPLIT.search(text) or len(matches) != 1 or names == 1:
        return None
    numbers = [float(n) for n in (matches[0][1], matches[0][3], matches[0][4]) if n]
    if sum(numbers) not in (10.0, 100.0) or (names and len(numbers) != names):
        return None
    return tuple(100 * number / sum(numbers) for number in numbers)


def _read_count(text: str, part: str) -> int | None:
    match = _COUNT_AFTER[part].search(text) or _COUNT_BEFORE[part].search(text)
    return parse_count(match[1]) if match else None


def _compare_counts(
    index: int, text: str, shares: dict[str, float], counts: dict[str, int]
) -> Iterator[Finding]:
    """'split 80:20 into 4,000 training and 1,500 test images': 73% and 27%."""
    if len(shares) < 2 or counts.keys() != shares.keys() or _OTHER_STEP.search(text):
        return
    if not 99 <= sum(shares.values()) <= 101 or len(set(counts.values())) != len(counts):
        return
    total = sum(counts.values())
    if total < 50:
        return
    wrong = [p for p in shares if abs(100 * counts[p] / total - shares[p]) > _MAX_SHARE_ERROR]
    if wrong:
        listed = ", ".join(f"{counts[p]:,} ({100 * counts[p] / total:.0f}%)" for p in shares)
        stated = ":".join(f"{share:g}" for share in shares.values())
        yield (
            index,
            Contradiction("a split", f"the split is {stated}, but its parts have {listed}."),
        )


def _compare_ratios(
    sentences: Sequence[Sentence], ratios: dict[str, dict[tuple[float, ...], int]]
) -> Iterator[Finding]:
    """A ratio in the abstract, and another, the only one, in the text."""
    inside, body = ratios["abstract"], ratios["methods"]
    if len(inside) != 1 or len(body) != 1 or inside.keys() == body.keys():
        return
    [(here, index)], [(there, other)] = inside.items(), body.items()
    if len(here) == len(there):
        page = f" (p. {sentences[other].page})" if sentences[other].page else ""
        yield (
            index,
            Contradiction(
                "a split",
                f"the split is {':'.join(f'{n:g}' for n in here)} in the abstract, "
                f"{':'.join(f'{n:g}' for n in there)} in the {sentences[other].section}{page}.",
            ),
        )
