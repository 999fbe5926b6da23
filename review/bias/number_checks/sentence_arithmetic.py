"""Recomputes what sentences add, subtract, multiply or divide: exclusions, scans per patient,
durations, lists of classes, men and women, counts with their shares."""

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
    r"less than|"
    r"over|average|mean|median|between|range\w*|minimum|maximum|or more|each fold)\b|[~≈∼<>≥≤]",
    re.I,
)


def check_sentence_arithmetic(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Numbers of one sentence, or of neighbours, that do not give what is said."""
    texts = [drop_other_numbers(join_thousands(s.text)) if is_checked(s) else "" for s in sentences]
    for index, text in enumerate(texts):
        if not re.search(r"\d", text) and not re.search(COUNT, text, re.I):
            continue
        for check in (
            _check_products,
            _check_growth,
            _check_duration,
            _check_shares,
            _check_respective,
        ):
            for problem in check(text):
                yield index, problem
        yield from _check_exclusions(texts, index)
        yield from _check_sexes(texts, index)


# ---- exclusions ----

_OUT = (
    r"(?:exclu(?:ded|ding|sion of)|remov(?:ed|ing|al of)|discard(?:ed|ing)|eliminat(?:ed|ing)|"
    r"dropp(?:ed|ing)|reject(?:ed|ing)|omitt(?:ed|ing)|withdrew|withdrawn|filter(?:ed|ing) out|"
    r"lost to follow-?up|drop(?:ped)? out|left out)"
)
_OUT_AFTER = re.compile(
    rf"(?P<n>{COUNT})(?:\s+(?!(?:and|but|of)\b)[A-Za-z][\w-]*){{0,5}}?\s+(?:(?:were|was|are|"
    rf"had been|have been)\s+)?"
    rf"(?:further |then |therefore |also |subsequently )?{_OUT}\b",
    re.I,
)
_OUT_BEFORE = re.compile(
    rf"\b{_OUT}\s+(?:a further |another |an additional |the |a total of |"
    rf"of )?(?P<n>{COUNT})\b(?!\s*(?:%|years?|months?|mm|cm))",
    re.I,
)
_REST = (
    re.compile(
        rf"\b(?:leaving|leaves?|left|result(?:ed|ing) in|yield(?:ed|ing)|giving|retain(?:ed|ing)|"
        rf"remaining|left(?: us)? with|"
        rf"reduced to|(?:final|resulting|remaining) (?:[a-z-]+ ){{0,3}}?(?:of|comprised|"
        rf"comprising|consisted of|included|"
        rf"contained|with|had))\s+(?:us with |a |an |the |only )?(?:total of |"
        rf"final (?:[a-z-]+ ){{0,3}}?of |remaining )?(?P<n>{COUNT})",
        re.I,
    ),
    re.compile(
        rf"(?P<n>{COUNT})(?:\s+(?!(?:and|but|were|was|"
        rf"of)\b)[A-Za-z][\w-]*){{0,4}}?\s+(?:(?:were|was)\s+(?:thus |then |finally |"
        rf"ultimately |therefore |eventually )?(?:left|retained|included|analy[sz]ed)|remained|"
        rf"remain)\b",
        re.I,
    ),
)
_MAX_ERROR = 0.2


def _check_exclusions(texts: Sequence[str], index: int) -> Iterator[Finding]:
    """'Of 500 patients, 45 were excluded, leaving 465', in one sentence or up to three."""
    for length in (1, 2, 3):
        window = [text for text in texts[index : index + length] if text]
        text = " ".join(window)
        if len(window) != length:
            return
        if not re.search(_OUT, text, re.I):
            continue
        rests = [match for pattern in _REST for match in pattern.finditer(text)]
        if not rests:
            continue
        result = _compute_rest(text, rests)
        if result and not _VAGUE.search(text):
            yield index + length - 1, Contradiction("n", result)
        return


def _compute_rest(text: str, rests: Sequence[re.Match[str]]) -> str:
    """What is wrong with what is left after exclusions; '' if nothing is, or it is not clear."""
    spans = {match.start("n") for match in rests}
    out = {
        match.start("n"): parse_number(match["n"])
        for pattern in (_OUT_AFTER, _OUT_BEFORE)
        for match in pattern.finditer(text)
        if match.start("n") not in spans
    }
    rest = rests[0]
    things = [thing for thing in list_counted(text) if thing.start not in out]
    totals = [thing for thing in things if thing.start < rest.start("n")]
    if not out or len(spans) != 1 or not totals or max(out) > rest.start("n"):
        return ""
    total = totals[0]
    out.update({t.start: t.count for t in totals[1:] if t.start > min(out)})
    left = parse_number(rest["n"])
    unit = next((t.kind for t in list_counted(text[rest.start("n") :])), total.kind)
    excluded = [thing.kind for thing in list_counted(text) if thing.start in out]
    if unit != total.kind or any(kind != total.kind for kind in excluded):
        return ""
    if any(thing.start < min(out) for thing in totals[1:]):
        return ""
    numbers = [parse_number(m) for m in re.findall(COUNT, text, re.I)]
    expected = total.count - sum(out.values())
    others = [n for n in numbers if n not in (total.count, left, *out.values())]
    if expected == left or left >= total.count or abs(expected - left) > _MAX_ERROR * total.count:
        return ""
    if any(total.count - sum(out.values()) - n == left for n in others):
        return ""
    if any(total.count - value == left for value in out.values()) or _explains(
        total.count - left, [*out.values(), *others]
    ):
        return ""
    listed = " and ".join(f"{value:,}" for value in out.values())
    return f"{total.count:,} without {listed} are {expected:,}, not {left:,}."


def _explains(difference: int, numbers: Sequence[int]) -> bool:
    """Whether some of the numbers add up to a difference."""
    sums = {0}
    for number in numbers[:12]:
        sums |= {known + number for known in sums}
    return difference in sums


# ---- products ----

_PER = re.compile(
    rf"(?P<k>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?(?P<item>{UNIT})\s+(?:(?:were |"
    rf"was )?(?:acquired |taken |obtained |"
    rf"selected |extracted |generated |collected )?(?:per|for each|from each|of each|for every|"
    rf"from every|in each)\s+"
    rf"(?P<holder>{UNIT})|each\b|(?:from|of|for|in) each of (?:the|these|our) (?:{COUNT}\s+)?"
    rf"(?P<holders>{UNIT}))",
    re.I,
)
_NO_PRODUCT = re.compile(
    r"\b(?:exclu\w*|remov\w*|discard\w*|remain\w*|except|missing|some|most|both)\b", re.I
)


def _check_products(text: str) -> Iterator[Contradiction]:
    """'1,000 patients with 3 scans each, 3,200 scans in total'."""
    matches = list(_PER.finditer(text))
    if len(matches) != 1 or _VAGUE.search(text) or _NO_PRODUCT.search(text):
        return
    match = matches[0]
    each, item = parse_number(match["k"]), _get_kind(match["item"])
    things = [thing for thing in list_counted(text) if thing.start != match.start("k")]
    holder = match["holder"] or match["holders"]
    holders = [
        thing
        for thing in things
        if thing.kind != item and (not holder or thing.kind == _get_kind(holder))
    ]
    products = [thing for thing in things if thing.kind == item]
    if len(holders) != 1 or len(products) != 1 or each < 2:
        return
    exact, stated = holders[0].count * each, products[0].count
    if exact != stated and 0.75 <= stated / exact <= 1.34 and stated > holders[0].count:
        yield Contradiction(
            "n",
            f"{holders[0].count:,} times {each:,} is {exact:,}, not {stated:,}.",
        )


def _get_kind(unit: str) -> str:
    return next(list_counted(f"2 {unit}")).kind


_GROWTH = re.compile(
    rf"\bfrom\s+(?P<a>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?(?:{UNIT}\s+)?to\s+(?P<b>{COUNT})\b",
    re.I,
)
_TIMES = re.compile(
    rf"(?P<k>{COUNT}|\d{{1,3}}(?:\.\d+)?)(?:[- ]?fold\b(?!\s*cross)|\s+times\b)|"
    rf"\bfactor of\s+(?P<f>{COUNT})"
    r"|\b(?P<w>doubl\w+|tripl\w+|quadrupl\w+)\b",
    re.I,
)
_MULTIPLES = {"doubl": 2.0, "tripl": 3.0, "quadrupl": 4.0}
_MAX_GROWTH_ERROR = 0.06


def _check_growth(text: str) -> Iterator[Contradiction]:
    """'From 500 to 3,000 images, an eightfold increase': six times."""
    growths, times = list(_GROWTH.finditer(text)), list(_TIMES.finditer(text))
    if len(growths) != 1 or len(times) != 1 or _VAGUE.search(text):
        return
    first, second = (parse_number(growths[0][name]) for name in "ab")
    match = times[0]
    if match["w"]:
        multiple = next(v for name, v in _MULTIPLES.items() if match["w"].lower().startswith(name))
    else:
        word = match["k"] or match["f"]
        multiple = float(word) if "." in word else float(parse_number(word))
    if not 10 < first < second or multiple < 1.5:
        return
    exact = second / first
    wanted = (multiple, multiple + 1)  # the copies alone, or with the originals
    if all(abs(exact / one - 1) > _MAX_GROWTH_ERROR for one in wanted) and exact < 4 * multiple:
        yield Contradiction(
            "n", f"{second:,} is {exact:.1f} times {first:,}, not {match[0].strip()}."
        )


# ---- durations ----

_STEP = re.compile(
    r"(?:(?:repetition time|\bTR\b|interval|each|every|per \w+)\D{0,15}?)(?P<t>\d+(?:\.\d+)?)\s?"
    r"(?P<unit>ms|s|sec|secs|seconds?|min|minutes?)\b|(?P<t2>\d+(?:\.\d+)?)\s?(?P<unit2>ms|s|"
    r"sec|secs|seconds?|min|"
    r"minutes?)\s?(?:per|each|/|for each)\b",
    re.I,
)
_ITEMS = re.compile(
    rf"(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,2}}?(?:time ?points?|volumes|frames|images|"
    rf"epochs|samples|scans|slices|"
    r"patients|cases|steps|iterations|repetitions|subjects)\b",
    re.I,
)
_DURATION = re.compile(
    r"(?<![\d.])(?P<d>\d+(?:\.\d+)?)[\s-]?(?P<unit>s|sec|seconds?|min|mins|minutes?|h|hours?|"
    r"days)\b(?!\s?(?:per|each|/))",
    re.I,
)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MAX_DURATION_ERROR = 0.5


def _get_seconds(unit: str) -> float:
    return _SECONDS["ms" if unit.lower() == "ms" else unit[0].lower()]


def _check_duration(text: str) -> Iterator[Contradiction]:
    """'1,200 time points at 0.72 s each (15 minutes)': 14.4 minutes."""
    steps = list(_STEP.finditer(text))
    items = [parse_number(match["n"]) for match in _ITEMS.finditer(text)]
    if len(steps) != 1 or len(items) != 1 or _VAGUE.search(text):
        return
    step = steps[0]
    each = float(step["t"] or step["t2"]) * _get_seconds(step["unit"] or step["unit2"])
    rest = text[: step.start()] + " | " + text[step.end() :]
    durations = [(m["d"], m["unit"]) for m in _DURATION.finditer(rest)]
    if len(durations) != 1 or items[0] < 3:
        return
    printed, unit = durations[0]
    exact = items[0] * each / _get_seconds(unit)
    slack = 0.51 * 10.0 ** -len(printed.partition(".")[2])
    slack += (
        exact
        * 0.2
        * 10.0 ** -len((step["t"] or step["t2"]).partition(".")[2])
        / float(step["t"] or step["t2"])
    )
    if slack < abs(exact - float(printed)) <= _MAX_DURATION_ERROR * float(printed):
        yield Contradiction(
            "a duration",
            f"{items[0]:,} times {step['t'] or step['t2']} {step['unit'] or step['unit2']} is "
            f"{exact:.1f} {unit}, not {printed}.",
        )


# ---- counts and shares of a total ----

_PAIR = re.compile(
    rf"(?P<n>{COUNT})(?:\s+(?:[A-Za-z][\w-]*)){{0,6}}?\s*[(\[]\s*(?P<p>\d{{1,3}}(?:\.\d+)?)\s?%\s*[)\];,]",
    re.I,
)
_PAIR_TURNED = re.compile(
    rf"(?P<p>\d{{1,3}}(?:\.\d+)?)\s?%\s*[(\[]\s*(?:n\s*=\s*)?(?P<n>{COUNT})(?:\s+[a-z]+)?\s*[)\];,]",
    re.I,
)
_MIN_SHARES = 3


def _check_shares(text: str) -> Iterator[Contradiction]:
    """'Of the 305 patients, 120 (39.3%) had ... and 95 (31.8%) had ...': 31.1%."""
    totals = {thing.count: thing for thing in list_counted(text)}
    pairs = [(parse_number(m["n"]), m["p"]) for m in _PAIR.finditer(text)]
    pairs += [(parse_number(m["n"]), m["p"]) for m in _PAIR_TURNED.finditer(text)]
    if len(pairs) < 2 or len(set(pairs)) < 2:
        return
    fits = {total: [pair for pair in pairs if _is_share(*pair, total)] for total in totals}
    best = max(fits, key=lambda total: len(fits[total]), default=0)
    right = fits.get(best, [])
    wrong = [pair for pair in pairs if pair not in right and pair[0] <= best]
    numbers = {parse_number(n) for n in re.findall(COUNT, text, re.I)}
    wrong = [
        (count, share)
        for count, share in wrong
        if not any(_is_share(count, share, total) for total in numbers)
    ]
    opens = re.match(rf"^(?:among|of|out of|from)\b[^,]{{0,40}}?\b{best:,}\b", text, re.I)
    is_whole = sum(count for count, _ in pairs) == best
    enough = len(right) >= _MIN_SHARES - 1 or (len(right) == 1 and (opens or is_whole))
    if enough and len(wrong) == 1 and best >= 10:
        count, share = wrong[0]
        near = abs(100 * count / best - float(share)) <= 15
        if near:
            yield Contradiction(
                "a share", f"{count} of {best} is {count / best:.1%}, not {share}%."
            )


def _is_share(count: int, printed: str, total: int) -> bool:
    unit = 10.0 ** -len(printed.partition(".")[2])
    return bool(total) and abs(100 * count / total - float(printed)) <= 1.01 * unit


# ---- numbers of classes or parts in the order of their names ----

_RESPECTIVE = re.compile(
    rf"(?P<list>{COUNT}(?:(?:\s+{UNIT})?\s*,\s*(?:and\s+)?{COUNT})*(?:\s+{UNIT})?\s*,?\s+and\s+{COUNT})\b"
    rf"[^.;]{{0,60}}?\brespectively\b",
    re.I,
)
_WHOLE = re.compile(
    rf"\b(?:total(?:ing| of|ling| number of \w+(?: is| was|:)?)?|in total,?|data ?set (?:of|"
    rf"has|contains|includes|comprises|"
    rf"consists of|with)|all|divided|split|contain(?:s|ing)|compris(?:es|ing)|consist(?:s|"
    rf"ing) of)\s+(?:a total of |the |in total )?"
    rf"(?P<n>{COUNT})(?=\s+(?:[A-Za-z][\w-]*\s+){{0,4}}?{UNIT}\b)|"
    rf"(?P<m>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,4}}?"
    rf"{UNIT}\s+(?:in total|were (?:randomly )?(?:split|divided)|overall)",
    re.I,
)


def list_respective_counts(text: str) -> list[int]:
    """The counts of the only list with 'respectively' in a text; none if it is not of counts."""
    lists = list(_RESPECTIVE.finditer(text))
    if len(lists) != 1:
        return []
    return [parse_number(n) for n in re.findall(COUNT, lists[0]["list"], re.I)]


def _check_respective(text: str) -> Iterator[Contradiction]:
    """'2,905 images, of which 219, 1,341 and 1,335 were COVID-19, normal and pneumonia, "
    "respectively'."""
    lists = list(_RESPECTIVE.finditer(text))
    if len(lists) != 1 or _VAGUE.search(text):
        return
    parts = [parse_number(n) for n in re.findall(COUNT, lists[0]["list"], re.I)]
    rest = text[: lists[0].start("list")] + " | " + text[lists[0].end("list") :]
    totals = {parse_number(match["n"] or match["m"]) for match in _WHOLE.finditer(rest)}
    if len(totals) != 1 or len(parts) < 2:
        return
    [total] = totals
    added = sum(parts)
    if added != total and total > max(parts) and abs(added - total) <= 0.1 * total and total >= 20:
        yield Contradiction(
            "n", f"{', '.join(f'{part:,}' for part in parts)} add up to {added:,}, not {total:,}."
        )


# ---- men and women ----

_MALE = re.compile(
    rf"(?P<n>{COUNT})\s+(?:\([\d.]+\s?%\)\s*)?(?:were |are )?(?:[a-z]+ )?(?:males?|men|boys)\b|"
    rf"\b(?:males?|men|boys)\s*(?:,|:|=|\(n\s*=|\()\s*(?P<m>{COUNT})",
    re.I,
)
_FEMALE = re.compile(
    rf"(?P<n>{COUNT})\s+(?:\([\d.]+\s?%\)\s*)?(?:were |are )?(?:[a-z]+ )?(?:females?|women|"
    rf"girls)\b|\b(?:females?|women|girls)\s*(?:,|:|=|\(n\s*=|\()\s*(?P<m>{COUNT})",
    re.I,
)
_OTHER_PEOPLE = re.compile(
    r"\b(?:unknown|missing|not (?:reported|available|recorded)|exclu\w*|control\w*|"
    r"groups|group [a-z0-9]\b|(?:each|either|one) group|cohort [a-z]\b|"
    r"training|test\w*|validation|respectively|remain\w*|each|aged? (?:over|under)|pregnant|"
    r"healthy)\b",
    re.I,
)
_MAX_SEX_ERROR = 0.1


def _check_sexes(texts: Sequence[str], index: int) -> Iterator[Finding]:
    """'200 patients took part.' and then '110 were men and 80 were women.'"""
    text = texts[index]
    male, female = list(_MALE.finditer(text)), list(_FEMALE.finditer(text))
    if (
        len(male) != 1
        or len(female) != 1
        or re.search(r"\b(?:unknown|missing|not reported|other)\b", text, re.I)
    ):
        return
    added = sum(parse_number(match["n"] or match["m"]) for match in (male[0], female[0]))
    spans = {match.start("n") for match in (male[0], female[0])}
    people = [
        thing
        for thing in list_counted(text)
        if thing.kind in ("people", "case")
        and thing.start not in spans
        and not re.search(r"\b(?:male|female)\b", thing.before)
    ]
    if (
        not people
        and index
        and texts[index - 1]
        and not _OTHER_PEOPLE.search(texts[index - 1] + text)
    ):
        people = [t for t in list_counted(texts[index - 1]) if t.kind in ("people", "case")]
    totals = {thing.count for thing in people}
    if len(totals) != 1 or _VAGUE.search(text.replace("age range", "").replace("mean age", "")):
        return
    [total] = totals
    if 0 < abs(added - total) <= _MAX_SEX_ERROR * total and total >= 20:
        yield (
            index,
            Contradiction("n", f"the men and women are {added:,} people, not {total:,}."),
        )
