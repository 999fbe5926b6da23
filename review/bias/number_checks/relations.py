"""Compares figures of a statement that arithmetic ties together, and parts with a total nearby."""

import re
from collections.abc import Iterator, Sequence

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.number_words import ONES, parse_number
from review.bias.number_checks.printed import parse_count, shorten
from review.bias.number_checks.repeated_figures import read_metrics
from review.bias.number_checks.rows import is_row, list_numbers
from review.models import Sentence

_SECTIONS = frozenset({"abstract", "methods", "results", "discussion", "conclusion", "supplement"})
_COMPARISON = re.compile(
    r"\b(?:versus|vs\.?|compared|whereas|while|baseline|than|improv\w*|increas\w*|respectively|"
    r"gain\w*|range\w*|from)\b",
    re.I,
)


def check_relations(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Metrics, gains, complementary parts, listed names and means that contradict themselves."""
    printed = {number for sentence in sentences for number in list_numbers(sentence.text)}
    for index, sentence in enumerate(sentences):
        is_sentence = sentence.text.rstrip().endswith(".") or not is_row(sentence.text)
        if sentence.section not in _SECTIONS or not is_sentence:
            continue
        for check in (_check_metrics, _check_gain, _check_pair, _check_names, _check_range):
            for problem in check(sentence.text):
                yield index, problem
        yield from _check_parts_nearby(sentences, index, printed)
    yield from _compare_counted_names(sentences)
    yield from _compare_named_metrics(sentences)


def _check_metrics(text: str) -> Iterator[Contradiction]:
    """F1 above precision and recall, IoU above Dice, and a balanced accuracy that is no mean.

    By concavity the bounds hold for means over classes and images as well.
    """
    if _COMPARISON.search(text):
        return
    metrics = read_metrics(text)
    values = {name: float(value) for name, value in metrics.items()}
    if len({value > 1 for value in values.values()}) > 1:
        return
    unit = max((10.0 ** -len(v.partition(".")[2]) for v in metrics.values()), default=1.0)
    if values.keys() >= {"F1", "precision", "sensitivity"}:
        highest = max(values["precision"], values["sensitivity"])
        if values["F1"] > highest + unit:
            yield Contradiction(
                "F1",
                f"F1 is {metrics['F1']}, above both precision {metrics['precision']} and recall "
                f"{metrics['sensitivity']}, whose mean it is.",
            )
    if values.keys() >= {"Dice", "IoU"}:
        whole = 100.0 if values["IoU"] > 1 else 1.0
        most = 2 * values["IoU"] / (1 + values["IoU"] / whole)
        if values["Dice"] < values["IoU"] - unit or values["Dice"] > most + 2 * unit:
            yield Contradiction(
                "dice",
                f"Dice is {metrics['Dice']} with IoU {metrics['IoU']}; it must lie between that "
                f"and {most:.{len(metrics['Dice'].partition('.')[2])}f}.",
            )


_SHARE = r"(\d{1,3}(?:\.\d+)?)\s?%"
_FROM_TO = re.compile(rf"\bfrom\s+(?:[a-z]+\s+)?{_SHARE}\s*(?:\([^()]*\)\s*)?to\s+{_SHARE}", re.I)
_GAIN = re.compile(
    r"\b(?:improvements?|increases?|gains?|rise|reductions?|decreases?|drops?|difference)\s+of\s+"
    r"(?:about |almost )?(\d{1,3}(?:\.\d+)?)\s?(?:%|(?:percentage )?points?|percent)|"
    r"\b(?:improved|increased|rose|gained|reduced|decreased|dropped|"
    r"fell)\s+(?:[a-z]+\s+){0,3}?by\s+"
    r"(?:about |almost )?(\d{1,3}(?:\.\d+)?)\s?(?:%|(?:percentage )?points?|percent)",
    re.I,
)


def _check_gain(text: str) -> Iterator[Contradiction]:
    """'From 85.2% to 91.3%, an improvement of 5.1%': neither points nor a share of the first."""
    pairs, gains = _FROM_TO.findall(text), _GAIN.findall(text)
    if len(pairs) != 1 or len(gains) != 1 or len(re.findall(r"\d\s?%", text)) > 3:
        return
    (first, second), printed = pairs[0], gains[0][0] or gains[0][1]
    a, b = float(first), float(second)
    decimals = [len(value.partition(".")[2]) for value in (first, second, printed)]
    slack = 10.0 ** -min(decimals[:2]) + 0.51 * 10.0 ** -decimals[2]
    possible = [abs(b - a), *(100 * abs(b - a) / base for base in (a, b, 100 - a) if base)]
    slacks = [slack, *(slack * 100 / base for base in (a, b, 100 - a) if base)]
    if all(
        abs(gain - float(printed)) > allowed for gain, allowed in zip(possible, slacks, strict=True)
    ):
        yield Contradiction(
            "a gain",
            f"from {first}% to {second}% is {abs(b - a):.{max(decimals[:2])}f} points "
            f"({abs(b - a) / a if a else 0:.1%} of the first), not {printed}.",
        )


_UNIT = (
    r"(?:patients?|subjects?|participants?|individuals?|volunteers?|cases|images|scans|slices|"
    r"slides|radiographs|mammograms|eyes|lesions|nodules|samples|children|adults|people|persons)"
)
_COUNT = r"(?<![\d.,/±–-])(\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.,/–-]*\d)(?!\s?%)"
_OPPOSITES = (
    (r"(?:men|males?|boys)", r"(?:women|females?|girls)"),
    (r"benign", r"malignant"),
    (r"positives?", r"negatives?"),
    (r"normal", r"abnormal"),
)
_EITHER_ORDER = "|".join(
    rf"{first}\b[^.;:\d%]{{0,25}}?(?:\(\s*\d[\d.]*\s?%\s*\)\s*)?(?:,|;|and|/|\s)+\s*{_COUNT}\s+"
    rf"(?:[a-z][\w-]*\s+)?{second}"
    for pair in _OPPOSITES
    for first, second in (pair, pair[::-1])
)
_PAIR = re.compile(
    rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,4}}?{_UNIT}\s*(?:\(|\[|,|:|–|—)\s*(?:including |"
    rf"comprising |of whom |consisting of |with )?{_COUNT}\s+(?:\(\s*\d[\d.]*\s?%\s*\)\s*)?"
    rf"(?:[a-z][\w-]*\s+)?(?:were )?(?:{_EITHER_ORDER})\b",
    re.I,
)


def _check_pair(text: str) -> Iterator[Contradiction]:
    """'100 patients (52 men, 41 women)': two parts that are all there is."""
    for match in _PAIR.finditer(text):
        total, first, second = (parse_count(n) for n in match.groups() if n)
        rest = text[match.end() : match.end() + 60]
        has_more = re.match(
            r"[\w\s-]{0,30}?[,;]?\s*(?:and\s+)?\d|[^.)]*\b(?:unknown|missing|other)", rest
        )
        if first + second != total and max(first, second) < total and not has_more:
            yield Contradiction(
                "n", f"{first:,} and {second:,} make {first + second:,}, not {total:,}."
            )


_NUMBER_WORDS = ONES[2:13]
"""From two to twelve."""
_NAMES = re.compile(
    rf"\b({'|'.join(_NUMBER_WORDS)}|[3-9]|1[0-2])\s+(?:different |distinct |pre-?trained |"
    r"deep |main |popular |well-known |state-of-the-art |classical |common )*"
    r"(?:[a-z][\w-]*\s+){0,3}?(?:models|"
    r"networks|architectures|classes|categories|types|classifiers|algorithms|methods|datasets|"
    r"data sets|hospitals|centers|centres|sequences|modalities|groups|metrics|sites|CNNs|grades|"
    r"stages|readers|features|tissues|organs|structures|subtypes)"
    r"\s*(?::|\(|, namely,?|, i\.e\.,?|, including only)\s*(?P<list>[^.;:()]+?)"
    r"(?:\)|\.|;|$)",
    re.I,
)


def _check_names(text: str) -> Iterator[Contradiction]:
    """'Five networks: A, B, C and D': a list with more or fewer names than said."""
    for match in _NAMES.finditer(text):
        said = match[1].lower()
        count = parse_number(said)
        listed = re.sub(r"(?<=\d),(?=\d{3}\b)", "", match["list"].strip())
        if not re.search(r",?\s+(?:and|&)\s+\S", listed) or "," not in listed:
            continue  # nothing shows where the list ends
        if re.search(r"\b(?:e\.g|such as|etc|for example|or|with|which|where|each|both)\b", listed):
            continue
        names = [
            n for n in re.split(r"\s*,\s*(?:and\s+|&\s+)?|\s+(?:and|&)\s+", listed) if n.strip()
        ]
        without_joined = [n for n in re.split(r"\s*,\s*(?:and\s+|&\s+)?", listed) if n.strip()]
        is_short = all(len(name.split()) <= 4 for name in names)
        if is_short and len(names) > 2 and count not in (len(names), len(without_joined)):
            yield Contradiction(
                "a count", f"{len(names)} are listed, not {said}: {shorten(listed, 60)}."
            )


_COUNTED = re.compile(
    rf"(?<![\w.,-])(?P<n>{'|'.join(_NUMBER_WORDS)}|[2-9]|"
    rf"[12]\d)\s+(?P<phrase>(?:[a-z][\w-]*\s+){{1,2}}?"
    r"(?:models|networks|architectures|classes|categories|classifiers|algorithms|datasets|"
    r"hospitals|"
    r"centers|centres|sites|readers|radiologists|pathologists|observers|experts|sequences|"
    r"convolutional layers|blocks|feature sets|cohorts))\b",
    re.I,
)
_OTHER_COUNT = re.compile(
    r"\b(?:remaining|other|additional|further|last|first|best|top|more)\b", re.I
)


def _compare_counted_names(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """'Eight trained models' in the abstract, and only 'nine trained models' in the text."""
    inside: dict[str, dict[int, int]] = {}
    body: dict[str, dict[int, int]] = {}
    for index, sentence in enumerate(sentences):
        if sentence.section not in _SECTIONS or is_row(sentence.text):
            continue
        for match in _COUNTED.finditer(sentence.text):
            number = match["n"].lower()
            count = parse_number(number)
            phrase = match["phrase"].lower().replace("-", "")
            if not _OTHER_COUNT.search(phrase):
                place = inside if sentence.section == "abstract" else body
                place.setdefault(phrase, {}).setdefault(count, index)
    for phrase in inside.keys() & body.keys():
        if len(inside[phrase]) == 1 and not inside[phrase].keys() & body[phrase].keys():
            [(count, index)] = inside[phrase].items()
            if len(body[phrase]) == 1:
                [(there, other)] = body[phrase].items()
                page = f" (p. {sentences[other].page})" if sentences[other].page else ""
                yield (
                    index,
                    Contradiction(
                        "a count",
                        f"{count} {phrase} in the abstract, {there} in the "
                        f"{sentences[other].section}{page}.",
                    ),
                )


_NAME = re.compile(r"\b(?:[A-Z][\w-]*\d[\w-]*|[A-Z]{2,}[\w-]*|[A-Z][a-z]+[A-Z][\w-]*)\b")
_METRIC_NAMES = frozenset(
    {"AUC", "AUROC", "F1", "DSC", "IOU", "ROC", "CI", "PPV", "NPV", "F1-SCORE"}
)
_CONDITION = re.compile(
    r"\b(?:train\w*|validat\w*|test\w*|extern\w*|intern\w*|fold|class\w*|binary|multi\w*|patch\w*|"
    r"slice\w*|slide\w*|patient\w*|image\w*|lesion\w*|without|before|after|ensemble\w*|augment\w*|"
    r"weighted|macro|micro|per|each|highest|lowest)\b",
    re.I,
)
_MAX_GAP = 0.05
_MIN_DIGITS = 3


def _compare_named_metrics(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """'DenseNet201 reached an accuracy of 99.25%' in the abstract, 99.68% in the text.

    Only where both sentences have the same names and the same conditions.
    """
    facts = {
        n: list(_list_facts(s.text))
        for n, s in enumerate(sentences)
        if s.section in ("abstract", "results", "discussion", "conclusion")
        and (s.text.rstrip().endswith(".") or not is_row(s.text))
    }
    for index, stated in facts.items():
        if sentences[index].section != "abstract":
            continue
        for other, there in facts.items():
            if sentences[other].section == "abstract":
                continue
            for fact, same in ((a, b) for a in stated for b in there if a[:3] == b[:3]):
                value, value_there = fact[3], same[3]
                numbers = list_numbers(sentences[other].text)
                if _differ(value, value_there) and value not in numbers:
                    page = f" (p. {sentences[other].page})" if sentences[other].page else ""
                    yield (
                        index,
                        Contradiction(
                            fact[0].lower(),
                            f"{fact[0]} of {' and '.join(sorted(fact[1]))} is {value} in the "
                            f"abstract, {value_there} in the {sentences[other].section}{page}.",
                        ),
                    )


_CLAUSE = re.compile(r"\s+and\s+(?=\d)|;\s+|,\s+(?:while|whereas|and)\s+(?=[a-z])")


def _list_facts(text: str) -> Iterator[tuple[str, frozenset[str], frozenset[str], str]]:
    """Metric, names, conditions and value of each clause that names something."""
    for clause in _CLAUSE.split(text):
        names = _list_names(clause)
        if names:
            for name, value in read_metrics(clause).items():
                yield name, names, _list_conditions(clause), value


def _list_names(text: str) -> frozenset[str]:
    return frozenset(name for name in _NAME.findall(text) if name.upper() not in _METRIC_NAMES)


def _list_conditions(text: str) -> frozenset[str]:
    return frozenset(word[:5].lower() for word in _CONDITION.findall(text))


def _differ(first: str, second: str) -> bool:
    digits = [sum(c.isdigit() for c in value.lstrip("0.")) for value in (first, second)]
    a, b = float(first), float(second)
    decimals = min(len(value.partition(".")[2]) for value in (first, second))
    is_near = abs(a - b) <= _MAX_GAP * max(a, b)
    return min(digits) >= _MIN_DIGITS and is_near and abs(a - b) > 1.01 * 10.0**-decimals


_AGE = re.compile(
    r"\b(?:mean|median|"
    r"average)\s+age\b[^.;\d]{0,20}?(\d{1,3}(?:\.\d+)?)\s*(?:±\s*\d+(?:\.\d+)?\s*)?"
    r"(?:years?|y)?\s*(?:\(|,|;|\[)?\s*(?:±\s*\d+(?:\.\d+)?\s*[,;]?\s*)?(?:age )?"
    r"(?:range|ranging|ranged)[^\d.;]{0,20}?(\d{1,3})\s*(?:-|–|—|to|and)\s*(\d{1,3})\b",
    re.I,
)


def _check_range(text: str) -> Iterator[Contradiction]:
    """'Mean age 45 years, range 50 to 80'."""
    for match in _AGE.finditer(text):
        mean, low, high = (float(part) for part in match.groups())
        if low < high and not low <= mean <= high:
            yield Contradiction(
                "an age", f"the mean of {match[1]} lies outside the range {match[2]} to {match[3]}."
            )


_PART_NAMES = {
    "training": r"train(?:ing)?|development|derivation",
    "validation": r"validation|tuning",
    "test": r"test(?:ing)?|hold-?out",
}
_PART_SIZES = {
    part: re.compile(
        rf"{_COUNT}\s+(?:(?!and\b)[a-z][\w-]*\s+){{0,2}}?(?:{_UNIT}\s+)?(?:were |was )?(?:used )?"
        rf"(?:for |in |into |to )?(?:the |a )?(?:{words})\b|"
        rf"\b(?:{words})(?: (?:sets?|data|data ?sets?|cohorts?|subsets?))?\s*"
        rf"(?:\(\s*(?:n\s*=\s*)?|:\s*|(?:of|with|contain\w*|compris\w+|includ\w+|had|"
        rf"has)\s+){_COUNT}",
        re.I,
    )
    for part, words in _PART_NAMES.items()
}
_SIZE = re.compile(rf"{_COUNT}\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?({_UNIT})\b", re.I)
_NO_SUM = re.compile(
    r"\b(?:exclu\w*|remain\w*|augment\w*|additional\w*|further|external\w*|each|per|fold|folds|"
    r"balanc\w*|overlap\w*|subset of|about|approximately|public\w*)\b",
    re.I,
)
_REACH = 2
"""Sentences before a split in which its total may be."""
_MAX_ERROR = 0.1


def _check_parts_nearby(
    sentences: Sequence[Sentence], index: int, printed: set[str]
) -> Iterator[Finding]:
    """'1,000 images were read.' and then '700 for training, 100 for validation, 150 for test'."""
    text = sentences[index].text
    parts = {}
    for part, pattern in _PART_SIZES.items():
        matches = pattern.findall(text)
        if len(matches) > 1:
            return
        if matches:
            parts[part] = parse_count(matches[0][0] or matches[0][1])
    if not {"training", "test"} <= parts.keys() or len(set(parts.values())) != len(parts):
        return
    named = {
        part for part, words in _PART_NAMES.items() if re.search(rf"\b(?:{words})", text, re.I)
    }
    added = sum(parts.values())
    if named != parts.keys() or str(added) in printed or _NO_SUM.search(text) or added < 50:
        return
    section = sentences[index].section
    for before in range(index - 1, max(index - 1 - _REACH, -1), -1):
        other = sentences[before]
        if other.section != section or is_row(other.text) or _NO_SUM.search(other.text):
            return
        totals = {parse_count(count) for count, _ in _SIZE.findall(other.text)}
        near = [total for total in totals if 0 < abs(total - added) <= _MAX_ERROR * total]
        if len(totals) == 1 and near:
            where = f" (p. {other.page})" if other.page else ""
            yield (
                index,
                Contradiction(
                    "n",
                    f"the parts ({', '.join(parts)}) add up to {added:,}, not to the {near[0]:,} "
                    f"of the {other.section}{where}: '{shorten(other.text, 60)}'.",
                ),
            )
        if totals:
            return
