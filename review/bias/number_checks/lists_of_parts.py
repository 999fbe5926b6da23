"""Compares the parts that a sentence lists with their total, and counts with their shares."""

import re
from collections.abc import Iterator, Sequence

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.printed import parse_count
from review.bias.number_checks.rows import is_row
from review.models import Sentence

_SECTIONS = frozenset({"abstract", "methods", "results", "discussion", "conclusion", "supplement"})
_UNIT = (
    r"(?:patients?|subjects?|participants?|individuals?|volunteers?|cases|images|scans|slices|"
    r"slides|x-?rays|radiographs|mammograms|eyes|cells|lesions|nodules|tiles|patches|samples|"
    r"spectra|videos|examinations|exams|volumes|records)"
)
_COUNT = r"(?<![\d.,/±–-])(\d{1,3}(?:,\d{3})+|\d{2,6})(?![\d.,/–-]*\d)(?!\s?%)"
_TOTAL = re.compile(rf"{_COUNT}\s+(?:[A-Za-z][\w-]*\s+){{0,4}}?{_UNIT}\b", re.I)
_OF_THESE = re.compile(r"^(?:of (?:these|them|which)|among (?:these|them)|these)\b", re.I)
_PART = re.compile(
    r"^\s*(?:and\s+|including\s+|namely\s+|comprising\s+|there were\s+|only\s+)*"
    r"(?:n\s*=\s*)?(?<![\d.,/])(\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.,/–-]*\d)(?!\s?%)\s+"
    r"(?!(?:years?|months?|weeks?|days?|hours?|mm|cm|kg|epochs?|slices per|times|points?|"
    r"layers?)\b)"
    r"[A-Za-z“‘\"']",
    re.I,
)
_NO_PARTS = re.compile(
    r"\b(exclu\w*|remain\w*|after|augment\w*|before|additional\w*|further|also|both|overlap\w*|"
    r"at least|more than|less than|aged?|respectively|range|from [^,;]* to)\b",
    re.I,
)
_MIN_PARTS = 3
_MAX_ERROR = 0.05
"""Share of the total by which listed parts may miss it and still be meant to add up to it."""
_COUNT_WITH_SHARE = re.compile(
    r"(?<![\d.,/])(\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.,]*\d)(?:\s+(?:of\s+(?:these|the|them)\s+)?"
    r"[A-Za-z][\w-]*){0,4}\s*[(\[]\s*(\d{1,3}(?:\.\d+)?)\s?%\s*[)\];,]"
)
_WHOLE = (99.0, 101.0)
"""Sum of rounded shares that are meant to be all."""


def check_lists_of_parts(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Lists whose parts do not add up, and counts whose shares are of no common total."""
    total: int | None = None
    for index, sentence in enumerate(sentences):
        if sentence.section not in _SECTIONS or is_row(sentence.text):
            total = None
            continue
        yield from _check_parts(index, sentence.text, total)
        yield from _check_complementary_shares(index, sentence.text)
        sizes = _TOTAL.findall(sentence.text)
        total = parse_count(sizes[-1]) if sizes else None


def _check_parts(index: int, text: str, before: int | None) -> Iterator[Finding]:
    """'396 spectra, 98 from controls, 82 from mild cases and 80 from severe ones'.

    A sentence that opens with 'Of these' has its total in the one before.
    """
    if _NO_PARTS.search(text):
        return
    match = _TOTAL.search(text)
    if _OF_THESE.match(text):
        total, rest = before, text.partition(",")[2]
    elif match:
        total, rest = parse_count(match[1]), text[match.end() :]
    else:
        return
    if total is None:
        return
    items = re.split(r"[,;:(]\s*(?:and\s+)?|\s+and\s+", re.sub(r"(\d),(\d{3})", r"\1\2", rest))
    parts = [parse_count(part[1]) for item in items if (part := _PART.match(item))]
    if len(parts) < _MIN_PARTS or total < 10 * len(parts) or _is_entry(match, rest):
        return
    added = sum(parts)
    if added != total and abs(added - total) <= _MAX_ERROR * total and max(parts) < total:
        yield (
            index,
            Contradiction(
                "n", f"the {len(parts)} parts listed add up to {added:,}, not {total:,}."
            ),
        )


def _is_entry(first: re.Match[str] | None, rest: str) -> bool:
    """Whether the first number is one of the list: '492 mild lesions, 264 severe lesions'."""
    unit = first.group().split()[-1] if first else ""
    return bool(unit) and len(re.findall(rf"\b{unit}\b", rest, re.I)) >= _MIN_PARTS


def _check_complementary_shares(index: int, text: str) -> Iterator[Finding]:
    """'120 (60.0%) men and 85 (40.0%) women': shares of one total, counts of another."""
    pairs = [(parse_count(n), share) for n, share in _COUNT_WITH_SHARE.findall(text)]
    if len(pairs) < 2 or not _WHOLE[0] <= sum(float(share) for _, share in pairs) <= _WHOLE[1]:
        return
    total = sum(count for count, _ in pairs)
    wrong = [(n, share) for n, share in pairs if total and not _is_share(n, total, share)]
    stated = {parse_count(size) for size in re.findall(_COUNT, text)}
    if not wrong or total < 10 or any(_fit(pairs, size) for size in stated):
        return
    listed = " and ".join(f"{count} of {total} is {count / total:.1%}" for count, _ in wrong)
    yield (
        index,
        Contradiction(
            "a share",
            f"the shares add up to 100%, but {listed}, not "
            f"{' and '.join(f'{share}%' for _, share in wrong)}.",
        ),
    )


def _fit(pairs: Sequence[tuple[int, str]], total: int) -> bool:
    """Whether all counts are shares of another total of the sentence."""
    return all(_is_share(count, total, share) for count, share in pairs)


def _is_share(count: int, total: int, printed: str) -> bool:
    unit = 10.0 ** -len(printed.partition(".")[2])
    return bool(total) and abs(100 * count / total - float(printed)) <= 1.01 * unit
