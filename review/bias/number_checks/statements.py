"""Compares statements of the text that speak of one thing: settings, sources, totals, lists of
names, thresholds, and sentences that share their rare figures."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.printed import parse_count
from review.bias.number_checks.repeated_figures import differ_by_one_digit
from review.bias.number_checks.rows import NO_OWN_TEXT, is_row, list_numbers
from review.models import Sentence

_NUMBER_WORDS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
_NUMBER_WORD = "|".join(_NUMBER_WORDS)


def check_statements(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """What two sentences say differently of one thing, or one sentence against its own figures."""
    texts = {
        index: sentence.text
        for index, sentence in enumerate(sentences)
        if sentence.section not in NO_OWN_TEXT
        and (sentence.text.rstrip().endswith(".") or not is_row(sentence.text))
    }
    for index, text in texts.items():
        yield from ((index, problem) for problem in _check_threshold(text))
        yield from ((index, problem) for problem in _check_share_of_these(text))
    yield from _compare_settings(sentences, texts)
    yield from _compare_sources(sentences, texts)
    yield from _compare_totals(sentences, texts)
    yield from _compare_name_lists(sentences, texts)
    yield from _compare_companions(sentences, texts)


def _format_place(sentence: Sentence) -> str:
    section = sentence.section or "text"
    return f"{section} (p. {sentence.page})" if sentence.page else section


# ---- thresholds ----

_QUANTITY = r"(?<![\d.,])(\d+(?:\.\d+)?)\s?({unit})(?![A-Za-z])"
_THRESHOLD = re.compile(
    r"\b(?P<verb>surpass\w*|exceed\w*|above|higher than|more than|over|meet\w*|below|"
    r"under|less than|lower than|faster than)\b[^.;]{0,40}?\b(?:threshold|requirement|limit|target|"
    r"cut-?off|criterion)\b[^.;\d]{0,25}?(?P<n>\d+(?:\.\d+)?)\s?(?P<unit>%|[A-Za-z]+)",
    re.I,
)
_UPPER = re.compile(r"^(?:below|under|less|lower|faster)", re.I)


def _check_threshold(text: str) -> Iterator[Contradiction]:
    """'14.7 FPS, surpassing the real-time threshold of 15 FPS'."""
    match = _THRESHOLD.search(text)
    if not match or re.search(r"\b(?:not|fail\w*|except|but|although|only)\b", text, re.I):
        return
    pattern = _QUANTITY.format(unit=re.escape(match["unit"]))
    values = [number for number, _ in re.findall(pattern, text[: match.start()])]
    limit = float(match["n"])
    is_upper = bool(_UPPER.match(match["verb"]))
    wrong = [v for v in values if (float(v) > limit if is_upper else float(v) < limit)]
    if values and wrong:
        unit = match["unit"]
        yield Contradiction(
            "a limit",
            f"{' and '.join(wrong)} {unit} {'are' if len(wrong) > 1 else 'is'} "
            f"{'above' if is_upper else 'below'} {match['n']} {unit}.",
        )


_SHARE_OF_THESE = re.compile(
    r"(?<![\d.,])(?P<part>\d[\d,]*)\s+(?P<noun>[a-z]{4,}s)\b[^;()%\d]{0,90}?,\s+(?:out )?of "
    r"(?:the|all|all the|our|these) "
    r"(?P<of>\d[\d,]*)\s+(?P<again>[a-z]{4,}s)\s*\((?P<share>\d{1,3}(?:\.\d+)?)\s?%\)",
    re.I,
)


def _check_share_of_these(text: str) -> Iterator[Contradiction]:
    """'64 repositories were repeatable, of the 163 repositories (42%)'."""
    for match in _SHARE_OF_THESE.finditer(text):
        part, total = parse_count(match["part"]), parse_count(match["of"])
        unit = 10.0 ** -len(match["share"].partition(".")[2])
        if match["noun"].lower() != match["again"].lower() or not 0 < part < total:
            continue
        if abs(100 * part / total - float(match["share"])) > 1.01 * unit:
            yield Contradiction(
                "a share", f"{part} of {total} is {part / total:.1%}, not {match['share']}%."
            )


# ---- settings ----

_SETTINGS = {
    "patience": re.compile(
        r"\bpatience\b(?:\s+(?:of|was|is|set|to|parameter|value|equal|[=:(]))*\s*=?\s*(\d{1,3})\b(?!\.\d)",
        re.I,
    ),
}


def _compare_settings(sentences: Sequence[Sentence], texts: Mapping[int, str]) -> Iterator[Finding]:
    """Early stopping 'with a patience of 10 epochs', and '(patience = 7)' elsewhere."""
    for name, pattern in _SETTINGS.items():
        found: dict[str, list[int]] = {}
        for index, text in texts.items():
            for value in pattern.findall(text):
                found.setdefault(value, []).append(index)
        if len(found) != 2:
            continue
        (usual, there), (rare, here) = sorted(found.items(), key=lambda one: -len(one[1]))
        if not set(there) & set(here):
            yield (
                here[0],
                Contradiction(
                    "a setting",
                    f"{name} is {rare} here, {usual} in the {_format_place(sentences[there[0]])}.",
                ),
            )


# ---- so many images from so many sources ----

_SIZE = (
    r"(?P<size>(?<![\d.,])\d[\d,]*)\s+(?:[a-z][\w-]*\s+){{0,3}}?(?P<unit>patients|subjects|"
    r"participants|people|images|scans|volumes|slides|cases|studies|examinations|exams|radiographs|"
    r"videos|eyes)"
)
_COUNT = rf"(?P<count>{_NUMBER_WORD}|[2-9]|[1-9]\d)"
_SOURCE = (
    r"(?P<source>data ?sets|cohorts|databases|hospitals|cent(?:er|re)s|institutions|sites|"
    r"countries)"
)
_SOURCES = (
    re.compile(
        _SIZE.format()
        + r"\s+(?:were\s+)?(?:collected\s+|acquired\s+|obtained\s+)?(?:from|across|at|in)\s+"
        r"(?:the\s+)?"
        rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,3}}?{_SOURCE}\b",
        re.I,
    ),
    re.compile(
        rf"\b{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,3}}?{_SOURCE}\s+(?:comprising|containing|with|of|totall?ing|including|"
        rf"consisting of)\s+(?:a total of |in total )?" + _SIZE.format() + r"\b",
        re.I,
    ),
)
_SOURCE_KINDS = {"data": "sets", "coho": "sets", "coun": "countries"}


def _compare_sources(sentences: Sequence[Sentence], texts: Mapping[int, str]) -> Iterator[Finding]:
    """'128 volumes from three cohorts' and 'four data sets comprising 128 volumes'."""
    found: dict[tuple[int, str, str], dict[int, int]] = {}
    for index, text in texts.items():
        for pattern in _SOURCES:
            for match in pattern.finditer(text):
                count = _NUMBER_WORDS.get(match["count"].lower()) or int(match["count"])
                kind = _SOURCE_KINDS.get(match["source"].lower()[:4], "sites")
                key = (parse_count(match["size"]), match["unit"].lower(), kind)
                found.setdefault(key, {}).setdefault(count, index)
    for (size, unit, _), counts in found.items():
        if len(counts) == 2 and size > 9:
            (there, first), (here, second) = sorted(counts.items(), key=lambda one: one[1])
            yield (
                second,
                Contradiction(
                    "a count",
                    f"{size:,} {unit} from {here} sources here, from {there} in the "
                    f"{_format_place(sentences[first])}.",
                ),
            )


# ---- the total in the discussion ----

_TOTAL = re.compile(
    r"\b(?:a |our )?total (?:sample )?(?:number )?of (?:\d+ (?:[a-z]+ )?(?:studies|trials|reports|"
    r"articles) (?:with|comprising|including|of|involving) )?(?P<n>\d[\d,]*)\s+(?P<unit>patients|"
    r"subjects|participants|people|images|scans|volumes|slides|cases|radiographs)\b",
    re.I,
)
_OF_OTHERS = re.compile(
    r"\bet al\b|\[\d|\(\d{4}\)|\b(?:previous|prior|another|other|earlier|reported|their|they|"
    r"exclu\w*|remain\w*|train\w*|test\w*|valid\w*|subset|augment\w*|after)\b",
    re.I,
)


def _compare_totals(sentences: Sequence[Sentence], texts: Mapping[int, str]) -> Iterator[Finding]:
    """'A total of 817 patients' in the discussion, which is nowhere else, where the abstract has a
    total of 2,309."""
    printed = Counter(
        number for s in sentences if s.section != "references" for number in list_numbers(s.text)
    )
    stated: dict[str, list[tuple[int, str]]] = {}
    for index, text in texts.items():
        for match in _TOTAL.finditer(text):
            number = match["n"].rstrip(",").replace(",", "")
            if not _OF_OTHERS.search(text):
                stated.setdefault(match["unit"].lower(), []).append((index, number))
    for unit, totals in stated.items():
        inside = [one for one in totals if sentences[one[0]].section == "abstract"]
        for index, number in totals:
            is_late = sentences[index].section in ("discussion", "conclusion")
            if not is_late or not inside or printed[number] != 1 or int(number) < 20:
                continue
            there, other = inside[0]
            if len(inside) == 1 and printed[other] > 1 and other != number:
                yield (
                    index,
                    Contradiction(
                        "n",
                        f"a total of {int(number):,} {unit} here, {int(other):,} in the "
                        f"{_format_place(sentences[there])}; {int(number):,} is nowhere else.",
                    ),
                )


# ---- lists of names ----

_NAME = re.compile(r"\b[A-Z][\w-]*(?:[A-Z\d][\w-]*)+\b")
_ENTRY = re.compile(r"\b[A-Z][\w-]+\b")
_MIN_NAMES = 5
_COUNTED = re.compile(
    rf"\b({_NUMBER_WORD}|[3-9]|1\d)\s+(?:[a-z][\w-]*\s+|[A-Z(][\w()-]*\s+){{0,5}}?\w+s\b", re.I
)


def _list_names(text: str) -> list[str]:
    """The names of the longest list of a sentence, without hyphens."""
    entry = rf"{_ENTRY.pattern}(?:\s*\([^()]*\))?"
    lists = re.findall(rf"{entry}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){entry})+", text)
    longest = re.sub(r"\([^()]*\)", "", max(lists, key=len, default=""))
    return [name.replace("-", "") for name in _ENTRY.findall(longest)]


def _compare_name_lists(
    sentences: Sequence[Sentence], texts: Mapping[int, str]
) -> Iterator[Finding]:
    """A list of names that leaves out one of those that another sentence counts and lists."""
    listed = {index: set(_list_names(text)) for index, text in texts.items()}
    for index, names in listed.items():
        if sentences[index].section != "abstract" or len(names) < _MIN_NAMES:
            continue
        if re.search(r"\b(?:such as|e\.g|for example|like|among|best)\b", texts[index], re.I):
            continue
        for other, others in listed.items():
            missing = others - names
            match = _COUNTED.search(texts[other])
            if not names < others or len(missing) != 1 or match is None:
                continue
            said = match[1].lower()
            if (_NUMBER_WORDS.get(said) or int(said)) == len(others) and index != other:
                yield (
                    index,
                    Contradiction(
                        "a count",
                        f"{len(names)} names are listed here, {len(others)} in the "
                        f"{_format_place(sentences[other])}; {missing.pop()} is missing.",
                    ),
                )
                break


# ---- sentences that share their rare figures ----

_MIN_DIGITS = 4
_MIN_SUM = 9
_NEAR = 0.01
_PHRASE = re.compile(r"\b[A-Z][\w-]+(?:\s+[A-Z][\w-]+)+\b")


def _compare_companions(
    sentences: Sequence[Sentence], texts: Mapping[int, str]
) -> Iterator[Finding]:
    """Two sentences with the same figures in order but for one, which differs by a digit.

    Two figures are enough if both sentences have the same names as well: 'Slice Thickness (76.66%)
    and FOV (51.21%)' and 'Slice Thickness (76.77%) and FOV (51.21%)'.
    """
    lists = {
        index: [n for n in list_numbers(re.sub(r"p\s*[<=>]\s*0?[.·]\d+", " ", text)) if "." in n]
        for index, text in texts.items()
    }
    lists = {index: numbers for index, numbers in lists.items() if len(numbers) > 1}
    printed = Counter(
        n for s in sentences if s.section != "references" for n in set(list_numbers(s.text))
    )
    reported: set[frozenset[str]] = set()
    for first, second in combinations(lists, 2):
        if second - first < 2 or not set(lists[first]) & set(lists[second]):
            continue
        pair = _find_slip(lists[first], lists[second], printed, _share_names(texts, first, second))
        if pair and frozenset(pair) not in reported:
            reported.add(frozenset(pair))
            yield (
                first,
                Contradiction(
                    "a figure",
                    f"{pair[0]} here is {pair[1]} in the {_format_place(sentences[second])}, "
                    "which has the figures beside it.",
                ),
            )


def _share_names(texts: Mapping[int, str], first: int, second: int) -> bool:
    names = [set(_PHRASE.findall(texts[n])) | set(_NAME.findall(texts[n])) for n in (first, second)]
    return len(names[0] & names[1]) > 1


def _find_slip(
    first: Sequence[str], second: Sequence[str], printed: Mapping[str, int], has_names: bool
) -> tuple[str, str] | None:
    for shift in range(-len(second) + 2, len(first) - 1):
        pairs = list(zip(first[max(0, shift) :], second[max(0, -shift) :], strict=False))
        for at, (a, b) in enumerate(pairs):
            if a == b or len(a.partition(".")[2]) != len(b.partition(".")[2]):
                continue
            if a in second or b in first:
                continue
            start, stop = at, at + 1
            while start > 0 and pairs[start - 1][0] == pairs[start - 1][1]:
                start -= 1
            while stop < len(pairs) and pairs[stop][0] == pairs[stop][1]:
                stop += 1
            same = {pairs[n][0] for n in range(start, stop) if n != at}
            digits = sum(_count_digits(n) for n in same)
            is_rare = min(printed[a], printed[b]) == 1
            if len(same) > 1 and digits >= _MIN_SUM and is_rare and differ_by_one_digit(a, b):
                return a, b
            is_long = min(map(_count_digits, (a, b, *same)), default=0) >= _MIN_DIGITS
            is_near = abs(float(a) - float(b)) <= _NEAR * float(a)
            if same and has_names and is_long and is_near and is_rare:
                return a, b
    return None


def _count_digits(value: str) -> int:
    return sum(c.isdigit() for c in value.lstrip("0."))
