"""Compares counts of classes or parts with their total, in one sentence or in neighbours.

'The data set consists of 6,432 images. It has 576 COVID-19, 4,273 pneumonia and 1,593 normal
images.' The parts must be all the counts of their sentence, and nearly make the total: a list that
is no partition seldom does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.number_words import (
    COUNT,
    UNIT,
    drop_dates,
    join_thousands,
    list_counted,
    parse_number,
)
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.rows import is_row
from review.models import Sentence

_SECTIONS = frozenset(
    {"", "abstract", "methods", "results", "discussion", "conclusion", "supplement"}
)
_VAGUE = re.compile(
    r"\b(?:about|approximately|around|roughly|nearly|almost|at least|at most|up to|more than|"
    r"less than|"
    r"over|average\w*|mean|median|each|per|every|augment\w*|exclu\w*|remov\w*|balanc\w*|"
    r"oversampl\w*|"
    r"overlap\w*|both|also|additional\w*|further|others?|synthetic|generated|respectively|"
    r"from \d[\d,]* to)\b|"
    r"[~≈∼<>≥≤]|\d\s?[x×]\s?\d",
    re.I,
)
_REACH = 2
"""Sentences after a total in which its parts may be."""
_MAX_ERROR = {2: 0.025}
_MAX_ERROR_OF_MANY = 0.06


@dataclass(frozen=True, slots=True)
class _Total:
    count: int
    kind: str
    end: int


_WHOLE = re.compile(
    rf"\b(?:total(?:s|ing|ling)?(?: number)?(?: of)?|in total,?|overall,?|consist\w* of|"
    rf"contain\w*|compris\w+(?: of)?|"
    rf"includ\w+|has|have|had|used?|using|collected|gathered|obtained|acquired|enrol+ed|"
    rf"recruited|studied|analy[sz]ed|"
    rf"selected|provides?|data ?set of|database of|cohort of|series of|of the|all|the|our|"
    rf"these|^)\s+(?:a total of |in total |the |all )?"
    rf"(?P<n>{COUNT})\s+(?:(?!(?:and|or|of|with|were|was|to|from|"
    rf"in)\b)[A-Za-z][\w/+-]*\s+){{0,5}}?{UNIT}\b",
    re.I,
)
_SUBJECT = re.compile(
    rf"^(?P<n>{COUNT})\s+(?:(?!(?:and|or|of|with|were|was|to|from|"
    rf"in)\b)[A-Za-z][\w/+-]*\s+){{0,5}}?{UNIT}\s+(?:were|was|are|from|took|of|in)\b",
    re.I,
)
_NO_PART = (
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|mm|cm|kg|epochs?|folds?|times|"
    r"points?|layers?|classes|"
    r"categories|channels?|pixels?|hospitals?|cent(?:er|re)s|radiologists?|readers?|experts?|"
    r"subsets?|groups?|sets?)"
)
_ITEM = re.compile(
    rf"^(?:(?:it|they|we|there|these|which|that|who|of (?:these|them|which|whom)|"
    rf"the (?:data ?set|data|cohort|database|images))\s+)*"
    rf"(?:(?:and|with|has|have|had|were|was|are|is|include\w*|including|contain\w*|compris\w+|"
    rf"consist\w* of|namely|i\.e\.|"
    rf"used|only|there|divided into|split into|the|"
    rf"randomly)\s+)*(?:n\s*=\s*)?(?P<n>{COUNT})\s+(?!{_NO_PART}\b)[A-Za-z(“‘]",
    re.I,
)
_BRACKET = re.compile(rf"\(\s*(?:n\s*=\s*)?(?P<n>{COUNT})(?:\s+{UNIT})?\s*\)", re.I)


def check_parts_in_text(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Lists of parts that do not make the total beside them or before them."""
    texts = [
        drop_dates(join_thousands(s.text))
        if s.section in _SECTIONS and (s.text.rstrip().endswith(".") or not is_row(s.text))
        else ""
        for s in sentences
    ]
    for index, text in enumerate(texts):
        if not re.search(r"\d", text) or _VAGUE.search(text):
            continue
        yield from ((index, problem) for problem in _check_total_after(text))
        total = _find_total(text)
        if total is None:
            continue
        parts = _list_parts(text[total.end :])
        if len(parts) > 1:
            yield from _report(index, parts, total.count, text)
            continue
        if len(re.findall(COUNT, text, re.I)) != 1:
            continue
        for other in range(index + 1, min(index + 1 + _REACH, len(texts))):
            there = texts[other]
            if not there or _VAGUE.search(there) or _find_total(there):
                kinds = {thing.kind for thing in list_counted(there)} if there else set()
                if not there or _VAGUE.search(there) or len(kinds) > 1:
                    break
            parts = _list_parts(there)
            kinds = {thing.kind for thing in list_counted(there)}
            if len(parts) > 1 and kinds <= {total.kind}:
                yield from _report(other, parts, total.count, there)
            if parts or kinds & {total.kind}:
                break


def _find_total(text: str) -> _Total | None:
    """The first count of a text if it is stated as a whole."""
    match = _WHOLE.search(text) or _SUBJECT.match(text)
    first = re.search(COUNT, text, re.I)
    if match is None or first is None or first.start() != match.start("n"):
        return None
    things = [thing for thing in list_counted(text) if thing.start == match.start("n")]
    if not things or things[0].count < 20:
        return None
    if re.match(rf"\s*(?:,|and|,\s*and)\s+{COUNT}", text[things[0].end :], re.I):
        return None  # the first of a list
    return _Total(things[0].count, things[0].kind, things[0].end)


def _list_parts(text: str) -> list[int]:
    """The counts of a list, if they are all counts of the text; else none."""
    numbers = re.findall(COUNT, text, re.I)
    brackets = [parse_number(match["n"]) for match in _BRACKET.finditer(text)]
    if len(brackets) == len(numbers) > 1:
        return brackets
    plain = re.sub(r"(\d),(\d{3})", r"\1\2", re.sub(r"\(\s*\d[\d.]*\s?%\s*\)", " ", text))
    pieces = re.split(r"\s*[,;:(]\s*(?:and\s+)?|\s+(?:and|as well as|plus)\s+(?=\d)", plain.strip())
    items = [
        parse_number(match["n"]) for piece in pieces if (match := _ITEM.match(piece.strip() + " "))
    ]
    return items if len(items) == len(numbers) else []


def _report(index: int, parts: Sequence[int], total: int, text: str) -> Iterator[Finding]:
    added = sum(parts)
    allowed = _MAX_ERROR.get(len(parts), _MAX_ERROR_OF_MANY) * total
    if added == total or abs(added - total) > max(allowed, 1) or max(parts) >= total:
        return
    if len(parts) == 2 and max(parts) < 0.1 * total:
        return
    yield (
        index,
        Contradiction(
            "n",
            f"{' + '.join(f'{part:,}' for part in parts)} is {added:,}, not {total:,}: "
            f"'{shorten(text, 60)}'.",
        ),
    )


_TOTAL_AFTER = re.compile(
    rf"\b(?:a total of|in total,?|totall?ing|total(?:s|led)?|altogether,?|giving|"
    rf"for a total of|i\.e\.,?|making)\s+(?P<n>{COUNT})"
    rf"(?:\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT})?\b|"
    rf"(?P<m>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT}\s+(?:in (?:all|total)|altogether|"
    rf"overall)\b",
    re.I,
)


def _check_total_after(text: str) -> Iterator[Contradiction]:
    """'312 patients from hospital A and 205 patients from hospital B, a total of 527 patients'."""
    matches = list(_TOTAL_AFTER.finditer(text))
    if len(matches) != 1:
        return
    match = matches[0]
    total = parse_number(match["n"] or match["m"])
    things = [t for t in list_counted(text[: match.start()])]
    numbers = re.findall(COUNT, text[: match.start()], re.I)
    parts = [t.count for t in things]
    numbers = [n for n in numbers if n[0].isdigit()]
    if len(parts) < 2 or len({t.kind for t in things}) != 1 or len(numbers) != len(parts):
        return
    added = sum(parts)
    if 0 < abs(added - total) <= 0.1 * total and max(parts) < total and total >= 20:
        yield Contradiction(
            "n", f"{' + '.join(f'{part:,}' for part in parts)} is {added:,}, not {total:,}."
        )


_REST = re.compile(
    rf"\b(?:remaining|rest(?: of the)?|other)\s+(?:\()?(?P<n>{COUNT})\b|"
    rf"(?P<m>{COUNT})\s+(?:remaining|other)\b",
    re.I,
)


def check_remaining_parts(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """'888 scans.' and then '710 scans were for training, the remaining 188 for testing.'"""
    for index, sentence in enumerate(sentences):
        if sentence.section not in _SECTIONS:
            continue
        text = drop_dates(join_thousands(sentence.text))
        matches = list(_REST.finditer(text))
        if len(matches) != 1 or re.search(
            r"\b(?:exclu\w*|augment\w*|each|about|"
            r"approximately)\b",
            text,
            re.I,
        ):
            continue
        rest = parse_number(matches[0]["n"] or matches[0]["m"])
        spot = matches[0].start("n") if matches[0]["n"] else matches[0].start("m")
        window = text
        if index and sentences[index - 1].section == sentence.section:
            before = drop_dates(join_thousands(sentences[index - 1].text))
            window = f"{before} {text}"
            spot += len(before) + 1
        things = [t for t in list_counted(window) if t.start != spot and t.start < spot]
        kind = next((t.kind for t in list_counted(window) if t.start == spot), "")
        things = [t for t in things if not kind or t.kind == kind]
        if len(things) != 2 or len({t.kind for t in things}) != 1:
            continue
        total, part = things[0].count, things[1].count
        if part < total and 0 < abs(total - part - rest) <= 0.05 * total and total >= 20:
            yield (
                index,
                Contradiction(
                    "n", f"{total:,} without {part:,} are {total - part:,}, not {rest:,}."
                ),
            )
