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
    drop_other_numbers,
    join_thousands,
    list_counted,
    parse_number,
    write_digits,
)
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.rows import is_row
from review.bias.number_checks.sentence_arithmetic import list_respective_counts
from review.models import Sentence

_SECTIONS = frozenset(
    {"", "abstract", "methods", "results", "discussion", "conclusion", "supplement"}
)
_VAGUE = re.compile(
    r"\b(?:about|approximately|around|roughly|nearly|almost|at least|at most|up to|more than|"
    r"less than|"
    r"over|average\w*|mean|median|each|per|every|augment\w*|exclu\w*|remov\w*|"
    r"oversampl\w*|"
    r"overlap\w*|both|also|additional\w*|further|others?|synthetic|generated|respectively|"
    r"from \d[\d,]* to)\b|"
    r"[~≈∼<>≥≤]|\d\s?[x×]\s?\d",
    re.I,
)
_MIN_TOTAL, _MIN_LISTED = 20, 5
"""Totals that are compared; smaller ones if a colon or bracket shows that the list is theirs."""
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
    rf"includ\w+|has|have|had|used?|using|extracted|identified|annotated|evaluated|examined|"
    rf"retrieved|collected|gathered|obtained|acquired|enrol+ed|"
    rf"recruited|studied|analy[sz]ed|"
    rf"selected|provides?|data ?set of|database of|cohort of|series of|of the|all|the|our|"
    rf"these|^)\s+(?:a total of |in total |the |all )?"
    rf"(?P<n>{COUNT})\s+(?:(?!(?:and|or|of|with|were|was|to|from|"
    rf"in)\b)[A-Za-z][\w/+-]*\s+){{0,5}}?{UNIT}\b",
    re.I,
)
_OPENING = re.compile(
    rf"^(?:(?:from|of|among|out of)\s+(?:the |these |all |our )*)?(?P<n>{COUNT})\s+"
    rf"(?:(?!(?:and|or|of|with|were|was|to|from|in)\b)[A-Za-z][\w/+-]*\s+){{0,5}}?{UNIT}\b(?=,|"
    rf"\s*[:(])",
    re.I,
)
_NUMBER_OF = re.compile(
    rf"\b(?:total|overall) number of (?P<unit>{UNIT})\s+(?:is|was|were|:|=)\s+(?P<n>{COUNT})", re.I
)
_OF = re.compile(r"^(?:from|of|among|out of)\b", re.I)
_BRACKETED = re.compile(
    rf"\b(?:data ?set|cohort|sample|population|database|images|"
    rf"patients)\s*\(\s*n\s*=\s*(?P<n>{COUNT})\s*\)",
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
    r"subsets?|groups?|sets?|types?|kinds|models|networks|planes|views|methods|stages|steps|"
    r"sequences|modalities|organs|tasks|scanners|tables?|figures?)"
)
_ADJECTIVE = r"(?!(?:from|of|in|at|with|and|for|to|were|was|as)\b)[a-z][\w-]*"
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
        _prepare(s.text)
        if s.section in _SECTIONS and (s.text.rstrip().endswith(".") or not is_row(s.text))
        else ""
        for s in sentences
    ]
    for index, text in enumerate(texts):
        if not re.search(r"\d", text):
            continue
        yield from ((index, problem) for problem in _check_exclusion_reasons(text))
        yield from _check_respective_nearby(texts, index)
        if _VAGUE.search(text):
            continue
        yield from ((index, problem) for problem in _check_total_after(text))
        yield from ((index, problem) for problem in _check_split(text))
        total = _find_total(text)
        if total is None:
            continue
        parts = _list_parts(text[total.end :])
        if len(parts) > 1:
            yield from _report(index, parts, total.count, text)
            continue
        if len(_list_numbers(text)) != 1:
            continue
        for other in range(index + 1, min(index + 1 + _REACH, len(texts))):
            there = texts[other]
            if not there or _VAGUE.search(there) or _find_total(there):
                kinds = {thing.kind for thing in list_counted(there)} if there else set()
                if not there or _VAGUE.search(there) or len(kinds) > 1:
                    break
            parts = _list_parts(there)
            kinds = {thing.kind for thing in list_counted(there)}
            if len(parts) > 1 and total.kind and kinds <= {total.kind}:
                yield from _report(other, parts, total.count, there)
            if parts or kinds & {total.kind}:
                break


def _prepare(text: str) -> str:
    return write_digits(drop_other_numbers(join_thousands(text)))


def _find_total(text: str) -> _Total | None:
    """The first count of a text if it is stated as a whole."""
    bracketed = _BRACKETED.search(text)
    match = _WHOLE.search(text) or _SUBJECT.match(text) or _OPENING.match(text) or bracketed
    number_of = _NUMBER_OF.search(text)
    if match is None and number_of:
        kind = next(list_counted(f"2 {number_of['unit']}")).kind
        return _Total(parse_number(number_of["n"]), kind, number_of.end())
    first = re.search(COUNT, text, re.I)
    if match is None or first is None or first.start() != match.start("n"):
        return None
    if bracketed and match is bracketed:
        return _Total(parse_number(match["n"]), "", match.end())
    things = [thing for thing in list_counted(text) if thing.start == match.start("n")]
    is_list = things and re.match(r"[^\d,.;]{0,30}[:(]", text[things[0].end :])
    if not things or things[0].count < (_MIN_LISTED if is_list else _MIN_TOTAL):
        return None
    if not _OF.match(text) and re.match(
        rf"\s*(?:,|and|,\s*and)\s+{COUNT}", text[things[0].end :], re.I
    ):
        return None  # the first of a list
    return _Total(things[0].count, things[0].kind, things[0].end)


def _list_numbers(text: str) -> list[str]:
    """The counts of a text but those of folds, classes, hospitals and the like."""
    return [
        match[0]
        for match in re.finditer(COUNT, text, re.I)
        if not re.match(rf"\s+(?:{_ADJECTIVE}\s+)?{_NO_PART}\b", text[match.end() :], re.I)
    ]


def _list_parts(text: str) -> list[int]:
    """The counts of a list, if they are all counts of the text; else none."""
    numbers = _list_numbers(text)
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
    is_split = re.search(r"\btrain", text, re.I) and re.search(r"\btest|\bhold-?out", text, re.I)
    share = 0.1 if is_split else _MAX_ERROR.get(len(parts), _MAX_ERROR_OF_MANY)
    allowed = share * total
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
    r"\b(?:a total of|in total,?|totall?ing|total(?:s|led)?|altogether,?|giving|for a total of|"
    r"i\.e\.,?|making|thus,?|therefore,?|hence,?|so)\s+(?:that )?"
    rf"(?P<n>{COUNT})(?:\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT})?\b|"
    rf"(?P<m>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT}\s+(?:in (?:all|total)|altogether|"
    r"overall)\b",
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
    numbers = _list_numbers(text[: match.start()])
    parts = [t.count for t in things]
    if len(parts) < 2 or len({t.kind for t in things}) != 1 or len(numbers) != len(parts):
        return
    added = sum(parts)
    if 0 < abs(added - total) <= 0.1 * total and max(parts) < total and total >= 20:
        yield Contradiction(
            "n", f"{' + '.join(f'{part:,}' for part in parts)} is {added:,}, not {total:,}."
        )


def _check_split(text: str) -> Iterator[Contradiction]:
    """'1,840 eyes of 920 patients, 1,204 eyes for training and 626 eyes for testing'."""
    names = [
        bool(re.search(words, text, re.I))
        for words in (r"\btrain", r"\btest|\bhold-?out", r"\bvalid")
    ]
    if not (names[0] and names[1]):
        return
    things = list(list_counted(text))
    same = [thing for thing in things if things and thing.kind == things[0].kind]
    if len(same) != 1 + sum(names) or len(things) == len(same):
        return
    added = sum(thing.count for thing in same[1:])
    total = same[0].count
    if 0 < abs(added - total) <= 0.1 * total and total >= _MIN_TOTAL:
        yield Contradiction("n", f"the parts add up to {added:,}, not {total:,}.")


_REASONS = re.compile(
    rf"(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?(?:were|was|"
    rf"had to be)\s+(?:further )?(?:excluded|removed|"
    rf"discarded)[^:(\d]{{0,40}}[:(](?P<list>[^.()]+)",
    re.I,
)


def _check_exclusion_reasons(text: str) -> Iterator[Contradiction]:
    """'41 patients were excluded: 18 for motion, 12 for missing series and 10 for surgery'.

    More reasons than patients are no error, for a patient may have two.
    """
    match = _REASONS.search(text)
    if not match or re.search(r"\b(?:other|both|overlap\w*|including|e\.g|such as)\b", text, re.I):
        return
    total, parts = parse_number(match["n"]), _list_parts(match["list"])
    added = sum(parts)
    if len(parts) > 1 and 0 < total - added <= max(0.06 * total, 1):
        yield Contradiction("n", f"the reasons add up to {added:,}, not {total:,}.")


def _check_respective_nearby(texts: Sequence[str], index: int) -> Iterator[Finding]:
    """'5,216 and 634 images, respectively.' and then 'The number of images was 5,840.'"""
    parts = list_respective_counts(texts[index])
    if len(parts) < 2 or _VAGUE.search(texts[index].replace("respectively", "")):
        return
    for other in (index - 1, index + 1):
        there = texts[other] if 0 <= other < len(texts) else ""
        total = _find_total(there) if there and not _VAGUE.search(there) else None
        if total and len(_list_numbers(there)) == 1:
            kinds = {thing.kind for thing in list_counted(texts[index])}
            if kinds == {total.kind}:
                yield from _report(index, parts, total.count, texts[index])
            return


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
        text = drop_other_numbers(join_thousands(sentence.text))
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
            before = drop_other_numbers(join_thousands(sentences[index - 1].text))
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
