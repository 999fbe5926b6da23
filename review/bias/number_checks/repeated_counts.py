"""Compares counts and performance that a paper states in more than one place: abstract and text,
text and table, methods and results.

Two counts are of the same thing if their noun, the words before it, their role (training, men,
excluded) and the names beside them agree. The one that is reported must appear nowhere else, not
even as the sum of counts that do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.metric_names import name_metric
from review.bias.number_checks.number_words import (
    COUNT,
    UNIT,
    join_thousands,
    list_counted,
    parse_number,
)
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.repeated_figures import (
    differ_by_one_digit,
    list_sizes,
    may_be_same,
    read_metrics,
)
from review.bias.number_checks.rows import count_printed, is_checked
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import Sentence

_SUMMARIES = frozenset({"abstract", "discussion", "conclusion"})
_VAGUE = re.compile(
    r"\b(?:about|approximately|around|roughly|nearly|almost|at least|more than|less than|over|"
    r"up to|"
    r"et al|previous\w*|prior|other (?:studies|authors|works)|reported by|they|augment\w*|"
    r"synthetic|"
    r"generated|after|before|remaining|exclu\w*|subset|first|second|per)\b|[~≈∼]",
    re.I,
)


def check_repeated_counts(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """Counts and results that two places of a paper give differently."""
    texts = {
        index: join_thousands(sentence.text)
        for index, sentence in enumerate(sentences)
        if is_checked(sentence)
    }
    printed = count_printed(sentences)
    reported: set[tuple[int, str]] = set()
    for findings in (
        _compare_summaries(sentences, texts, printed),
        _compare_with_rows(sentences, texts, grids, printed),
        _compare_with_parts(texts, grids),
        _compare_wholes(sentences, texts, printed),
        _compare_readers(sentences, texts),
        _compare_folds(sentences, texts),
        _compare_performance(sentences, texts, printed),
        _compare_with_best(sentences, texts, grids, printed),
    ):
        for index, problem in findings:
            if (index, problem.figure) not in reported:
                reported.add((index, problem.figure))
                yield index, problem


def _format_place(sentence: Sentence) -> str:
    section = sentence.section or "text"
    return f"{section} (p. {sentence.page})" if sentence.page else section


# ---- counts of the abstract, discussion or conclusion ----

_GENERIC = re.compile(
    r"^(?:total|number|overall|whole|entire|available|different|unique|"
    r"distinct|medical|real|"
    r"public\w*|large|annotated|labell?ed|image|data|gray-?scale|colou?r|rgb|"
    r"digital|raw)$"
)


def _compare_summaries(
    sentences: Sequence[Sentence], texts: Mapping[int, str], printed: Mapping[str, int]
) -> Iterator[Finding]:
    """'219 COVID-19 images' in the abstract, and only '224 COVID-19 images' in the methods."""
    sizes = [s for index, text in texts.items() for s in list_sizes(index, text)]
    sizes = [s for s in sizes if not _VAGUE.search(texts[s.sentence])]
    sums = _list_sums(texts)
    for size in sizes:
        section = sentences[size.sentence].section
        before = {word for word in size.before if not _GENERIC.match(word)}
        if section not in _SUMMARIES or printed[size.number] != 1 or int(size.number) < 20:
            continue
        if int(size.number) in sums or (not before and not size.is_definite):
            continue
        others = [
            other
            for other in sizes
            if sentences[other.sentence].section in ("methods", "results", "")
            and other.unit == size.unit
            and other.number != size.number
            and may_be_same(size, other)
            and (before or other.is_definite)
        ]
        values = {other.number for other in others}
        stated = {s.number for s in sizes if s.unit == size.unit and s.before == size.before}
        if len(values) != 1 or stated != values | {size.number}:
            continue
        [value] = values
        if 0.5 <= int(value) / int(size.number) <= 2:
            yield (
                size.sentence,
                Contradiction(
                    "n",
                    f"{int(size.number):,} {size.unit} here, {int(value):,} in the "
                    f"{_format_place(sentences[others[0].sentence])}; {int(size.number):,} is "
                    "nowhere else.",
                ),
            )


def _list_sums(texts: Mapping[int, str]) -> set[int]:
    """Sums of two or more counts of one sentence, or of a sentence and the next."""
    counts = {
        index: [parse_number(n) for n in re.findall(COUNT, text, re.I)][:10]
        for index, text in texts.items()
    }
    sums: set[int] = set()
    for index, numbers in counts.items():
        window = (numbers + counts.get(index + 1, []))[:12]
        for length in range(2, min(len(window), 6) + 1):
            sums |= {sum(window[at : at + length]) for at in range(len(window) - length + 1)}
        sums |= {a + b for a, b in combinations(window, 2)}
        sums |= {abs(a - b) for a, b in combinations(window, 2)}
    return sums


_WHOLE = re.compile(
    rf"\b(?:total of|data ?set of|database of|cohort of|consist\w* of|contain\w*|compris\w+|"
    rf"includ\w+|used?|using|"
    rf"collected|gathered|obtained|acquired|enrol+ed|recruited|studied|analy[sz]ed|evaluated|"
    rf"in|on)\s+(?:a total of )?"
    rf"(?P<n>{COUNT})\s+(?:(?!(?:and|or|of|with|were|was|to|from|"
    rf"in)\b)[A-Za-z][\w/+-]*\s+){{0,3}}?{UNIT}\b",
    re.I,
)
_MAX_WHOLE_ERROR = 0.1
_PARTLY = re.compile(
    r"\b(?:training set|test set|testing set|validation set|for (?:training|testing|"
    r"validation)|trained on|"
    r"tested on|external|internal|healthy|controls?|positive|negative|male|female|normal)\b",
    re.I,
)


def _compare_wholes(
    sentences: Sequence[Sentence], texts: Mapping[int, str], printed: Mapping[str, int]
) -> Iterator[Finding]:
    """'We used 1,125 chest X-rays' in the abstract, '1,127 chest X-rays' in the text."""
    found: dict[str, dict[int, list[int]]] = {}
    sums = _list_sums(texts)
    for index, text in texts.items():
        if sentences[index].section == "introduction" or _VAGUE.search(text):
            continue
        for match in _WHOLE.finditer(text):
            things = [t for t in list_counted(text) if t.start == match.start("n")]
            if things and things[0].count >= 50 and not _PARTLY.search(text[: match.end()]):
                key = f"{things[0].before}|{things[0].kind}"
                found.setdefault(key, {}).setdefault(things[0].count, []).append(index)
    for counts in found.values():
        if len(counts) != 2:
            continue
        for here, there in (tuple(counts), tuple(counts)[::-1]):
            places = counts[here]
            in_summary = all(sentences[n].section in _SUMMARIES for n in places)
            if not in_summary or printed[str(here)] > 1 or here in sums:
                continue
            if sentences[counts[there][0]].section not in ("methods", "results", ""):
                continue
            if abs(here - there) <= _MAX_WHOLE_ERROR * here:
                yield (
                    places[0],
                    Contradiction(
                        "n",
                        f"{here:,} here, {there:,} in the "
                        f"{_format_place(sentences[counts[there][0]])}; {here:,} is nowhere else.",
                    ),
                )


_READERS = re.compile(
    rf"(?P<n>{COUNT})\s+(?:[a-z][\w-]*\s+){{0,3}}?(?P<who>radiologists|dermatologists|"
    rf"pathologists|ophthalmologists|"
    r"neurologists|neuroradiologists|cardiologists|dentists|readers|raters|observers|experts|"
    r"physicians|clinicians|"
    r"hospitals|cent(?:er|re)s|institutions|sites)\b",
    re.I,
)
_SOME = re.compile(
    r"\b(?:other|additional|another|more|further|remaining|senior|junior|each|per|first|least|"
    r"or|of the|et al)\b|\[\d",
    re.I,
)


def _compare_readers(sentences: Sequence[Sentence], texts: Mapping[int, str]) -> Iterator[Finding]:
    """'Twelve dermatologists' in the abstract, '11 dermatologists' in the methods."""
    found: dict[str, tuple[dict[int, int], dict[int, int]]] = {}
    for index, text in texts.items():
        if sentences[index].section == "introduction":
            continue
        for match in _READERS.finditer(text):
            number = parse_number(match["n"])
            if number > 60 or _SOME.search(text[max(0, match.start() - 30) : match.end()]):
                number = -1
            who = re.sub("centre", "center", match["who"].lower())
            place = 0 if sentences[index].section == "abstract" else 1
            found.setdefault(who, ({}, {}))[place].setdefault(number, index)
    for who, (inside, body) in found.items():
        if len(inside) != 1 or len(body) != 1 or inside.keys() == body.keys():
            continue
        [(here, index)], [(there, other)] = inside.items(), body.items()
        if min(here, there) > 0:
            yield (
                index,
                Contradiction(
                    "a count",
                    f"{here} {who} here, {there} in the {_format_place(sentences[other])}.",
                ),
            )


# ---- counts of a class against its row ----

_SIZES = re.compile(
    r"\b(?:distribution|numbers? of|composition|breakdown|statistic\w*|details|description|"
    r"summary|split\w*|"
    r"partition\w*|data ?sets?|images|samples|patients|cases)\b",
    re.I,
)
_CLASS_COUNT = re.compile(
    rf"(?P<n>{COUNT})\s+(?:(?:of|were|are|images|cases|samples|scans|x-rays)\s+)*(?:from |"
    rf"with |in |belonging to |labell?ed (?:as )?)?"
    rf"(?:the )?(?P<name>[A-Za-z][\w/+-]*(?:\s+[A-Za-z][\w/+-]*){{0,2}}?)\s+(?:class\s+)?{UNIT}\b",
    re.I,
)
_MAX_ROW_ERROR = 0.1


def _read_row(texts: Sequence[str]) -> list[int]:
    found = [
        re.match(r"^\s*(\d{1,3}(?:,\d{3})+|\d+)\s*(?:\(\s*\d[\d.]*\s?%?\s*\))?\s*$", t)
        for t in texts
    ]
    return [int(match[1].replace(",", "")) for match in found if match]


def _compare_with_rows(
    sentences: Sequence[Sentence],
    texts: Mapping[int, str],
    grids: Sequence[NumberGrid],
    printed: Mapping[str, int],
) -> Iterator[Finding]:
    """'234 COVID-19 images', where the row 'COVID-19' of the table of images has 219."""
    tables = [grid for grid in grids if _SIZES.search(grid.caption) and _is_size_table(grid)]
    if not tables:
        return
    cells = {count for grid in grids for row in grid.texts for count in _read_row(row[1:])}
    for index, text in texts.items():
        if _VAGUE.search(text) or sentences[index].section in ("introduction",):
            continue
        for match in _CLASS_COUNT.finditer(text):
            count = parse_number(match["n"])
            if count in cells or count < 20 or printed[str(count)] > 2:
                continue
            found = [
                (grid, grid.texts[row][0], _read_row(grid.texts[row][1:]))
                for grid in tables
                for row in range(len(grid.texts))
                if _normalize(grid.texts[row][0]) == _normalize(match["name"])
            ]
            if len(found) != 1 or not found[0][2]:
                continue
            grid, label, counts = found[0]
            possible = _list_row_sums(counts)
            near = [n for n in possible if 0 < abs(n - count) <= _MAX_ROW_ERROR * count]
            if count in possible or not near:
                continue
            if len(counts) == 1 or any(differ_by_one_digit(str(count), str(n)) for n in near):
                yield (
                    index,
                    Contradiction(
                        "n",
                        f"{count:,} for '{shorten(label)}' here, {near[0]:,} in {grid.label}"
                        f"{f' (p. {grid.page})' if grid.page else ''}.",
                    ),
                )


def _is_size_table(grid: NumberGrid) -> bool:
    """Whether a table has whole numbers only."""
    cells = [cell for row in grid.cells for cell in row[1:] if cell]
    return len(cells) > 1 and all(cell.decimals == 0 for cell in cells)


def _list_row_sums(counts: Sequence[int]) -> set[int]:
    sums = set(counts)
    for start in range(len(counts)):
        for stop in range(start + 2, len(counts) + 1):
            sums.add(sum(counts[start:stop]))
    return sums


def _normalize(name: str) -> str:
    name = re.sub(r"\b(?:class|images?|cases?|patients?|positive)\b|\(.*?\)", "", name.lower())
    return re.sub(r"[^a-z0-9]", "", name).removesuffix("s")


# ---- parts of a split against their column ----

_PARTS = {"training": r"train\w*", "validation": r"valid\w*|val\.?", "test": r"test\w*"}
_PART_SIZES = {
    part: re.compile(
        rf"\b(?:{words})\s+(?:sets?|data ?sets?|cohorts?|subsets?|images|data|splits?|"
        rf"samples)\s*(?:\(\s*(?:n\s*=\s*)?|(?:of|has|had|with|"
        rf"contain\w*|compris\w+|includ\w+|consist\w* of|was|"
        rf"were)\s+(?:a total of )?)(?P<n>{COUNT})(?!\s*(?:%|folds?|epochs?|classes))|"
        rf"(?P<m>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,2}}?(?:{UNIT}\s+)?(?:(?:were|was|are|"
        rf"is)\s+)?(?:used |kept |selected |"
        rf"reserved |assigned )?(?:for|to|as|in) (?:the )?(?:model )?(?:{words})\b",
        re.I,
    )
    for part, words in _PARTS.items()
}
_MAX_PART_ERROR = 0.05


def _compare_with_parts(
    texts: Mapping[int, str],
    grids: Sequence[NumberGrid],
) -> Iterator[Finding]:
    """'The training set has 2,043 images', where the column 'Train' adds up to 2,033."""
    columns: dict[str, list[tuple[NumberGrid, set[int]]]] = {part: [] for part in _PARTS}
    for grid in grids:
        for part, words in _PARTS.items():
            found = [
                n for n, head in enumerate(grid.heads) if re.match(rf"(?:{words})\b", head, re.I)
            ]
            if len(found) == 1 and _is_size_table(grid):
                counts = _read_row([row[found[0]] for row in grid.texts])
                columns[part].append((grid, _list_row_sums(counts)))
            rows = [row for row in grid.texts if re.match(rf"(?:{words})\b", row[0], re.I)]
            if len(rows) == 1 and _is_size_table(grid):
                columns[part].append((grid, _list_row_sums(_read_row(rows[0][1:]))))
    cells = {count for grid in grids for row in grid.texts for count in _read_row(row[1:])}
    for index, text in texts.items():
        if _VAGUE.search(text):
            continue
        for part, pattern in _PART_SIZES.items():
            for match in pattern.finditer(text):
                count = parse_number(match["n"] or match["m"])
                if len(columns[part]) != 1 or count in cells or count < 50:
                    continue
                [(grid, sums)] = columns[part]
                near = [n for n in sums if 0 < abs(n - count) <= _MAX_PART_ERROR * count]
                if count not in sums and len(near) == 1 and near[0] == max(sums):
                    yield (
                        index,
                        Contradiction(
                            "n",
                            f"{count:,} for {part} here, {near[0]:,} in {grid.label}"
                            f"{f' (p. {grid.page})' if grid.page else ''}.",
                        ),
                    )


# ---- folds ----

_FOLDS = re.compile(
    r"\b(?:(?P<w>two|three|four|five|six|seven|eight|nine|ten)|"
    r"(?P<d>\d{1,2}))[- ]?fold\b(?=[\w\s-]{0,14}?(?:cross|CV\b))",
    re.I,
)
_MORE_FOLDS = re.compile(
    r"\b(?:nested|inner|outer|repeat\w*|second|additional\w*|another|"
    r"instead|also|et al)\b",
    re.I,
)


def _compare_folds(sentences: Sequence[Sentence], texts: Mapping[int, str]) -> Iterator[Finding]:
    """'Five-fold cross-validation' in the methods and 'ten-fold' in the results."""
    stated: dict[int, list[int]] = {}
    for index, text in texts.items():
        if sentences[index].section == "introduction":
            continue
        for match in _FOLDS.finditer(text):
            if _MORE_FOLDS.search(text):
                return
            stated.setdefault(parse_number(match["w"] or match["d"]), []).append(index)
    if len(stated) != 2:
        return
    (usual, there), (rare, here) = sorted(stated.items(), key=lambda one: -len(one[1]))
    sections = {sentences[n].section for n in here}
    others = {sentences[n].section for n in there}
    if sections & others or "abstract" in sections or others == {"abstract"}:
        return
    yield (
        here[0],
        Contradiction(
            "folds",
            f"{rare}-fold cross-validation here, {usual}-fold in the "
            f"{_format_place(sentences[there[0]])}.",
        ),
    )


# ---- performance without a name ----

_OWN = re.compile(
    r"\b(?:we|our|ours|proposed|the (?:model|method|network|system|framework|approach|classifier|"
    r"algorithm|cnn)|this (?:study|work|paper))\b",
    re.I,
)
_CONDITION = re.compile(
    r"\b(?:train\w*|validat\w*|test\w*|extern\w*|intern\w*|fold\w*|class\w*|binary|multi\w*|"
    r"patch\w*|slice\w*|"
    r"slide\w*|patient\w*|lesion\w*|without|ensemble\w*|augment\w*|weighted|macro|micro|per|"
    r"each|highest|"
    r"lowest|average\w*|mean|overall|best|maximum|normal|pneumonia|covid\w*|tumou?r|benign|"
    r"malignant|"
    r"\w+ data ?set)\b",
    re.I,
)
_NAME = re.compile(r"\b(?:[A-Z][\w-]*\d[\w-]*|[A-Z]{2,}[\w-]*|[A-Z][a-z]+[A-Z][\w-]*)\b")
_METRIC_NAMES = frozenset(
    {"AUC", "AUROC", "F1", "DSC", "IOU", "ROC", "CI", "PPV", "NPV", "F1-SCORE"}
)
_OTHERS = re.compile(
    r"\b(?:et al|versus|vs|compared|than|whereas|while|other|others|previous|they|baseline)\b|"
    r"\[\d",
    re.I,
)
_MAX_GAP = 0.05


def _compare_performance(
    sentences: Sequence[Sentence], texts: Mapping[int, str], printed: Mapping[str, int]
) -> Iterator[Finding]:
    """'Our model had an accuracy of 97.8%' in the abstract, 'of 96.8%' in the results."""
    facts = [
        (index, metrics, _list_conditions(text))
        for index, text in texts.items()
        if sentences[index].section in ("abstract", "results", "discussion", "conclusion")
        and _OWN.search(text)
        and not _OTHERS.search(text)
        and (metrics := read_metrics(text))
    ]
    for index, metrics, conditions in facts:
        for name, value in metrics.items():
            if _count_digits(value) < 3 or _is_printed(value, printed):
                continue
            same = [
                (other, there[name])
                for other, there, others in facts
                if sentences[other].section != sentences[index].section
                and others == conditions
                and name in there
            ]
            values = {value_there for _, value_there in same}
            if len(values) != 1 or value in values:
                continue
            [value_there] = values
            a, b = _scale(value), _scale(value_there)
            unit = max(
                10.0 ** -len(v.partition(".")[2]) / (100 if float(v) > 1 else 1)
                for v in (value, value_there)
            )
            if 1.01 * unit < abs(a - b) <= _MAX_GAP and _count_digits(value_there) > 1:
                yield (
                    index,
                    Contradiction(
                        name.lower(),
                        f"{name} is {value} here, {value_there} in the "
                        f"{_format_place(sentences[same[0][0]])}; {value} is nowhere else.",
                    ),
                )


def _list_conditions(text: str) -> frozenset[str]:
    names = {name for name in _NAME.findall(text) if name.upper() not in _METRIC_NAMES}
    return frozenset(names | {word[:5].lower() for word in _CONDITION.findall(text)})


def _count_digits(value: str) -> int:
    return sum(c.isdigit() for c in value.lstrip("0."))


def _scale(value: str) -> float:
    return float(value) / 100 if float(value) > 1 else float(value)


def _is_printed(value: str, printed: Mapping[str, int]) -> bool:
    """Whether a value is printed elsewhere, also rounded or as a share of 1."""
    share = _scale(value)
    unit = 10.0 ** -len(value.partition(".")[2]) / (100 if float(value) > 1 else 1)
    times = 0
    for number, often in printed.items():
        if "." in number and abs(_scale(number) - share) <= 0.51 * unit:
            times += often
    return times > 1


_OWN_ROW = re.compile(r"\b(?:ours?|proposed)\b", re.I)


def _compare_with_best(
    sentences: Sequence[Sentence],
    texts: Mapping[int, str],
    grids: Sequence[NumberGrid],
    printed: Mapping[str, int],
) -> Iterator[Finding]:
    """'Our method had a Dice of 92.35%' in the abstract, 92.53 in the row 'Ours', 92.35 nowhere."""
    for index, text in texts.items():
        if sentences[index].section not in ("abstract", "conclusion") or _OTHERS.search(text):
            continue
        for name, value in read_metrics(text).items():
            if _count_digits(value) < 3 or _is_printed(value, printed):
                continue
            cells = [cell for grid in grids for cell in _list_best(grid, name)]
            slips = {cell.printed for cell in cells if differ_by_one_digit(value, _strip(cell))}
            if len(slips) == 1 and len({_strip(cell) for cell in cells}) <= _MAX_BEST:
                yield (
                    index,
                    Contradiction(
                        name.lower(),
                        f"{name} is {value} here, {slips.pop()} in the tables; {value} is nowhere "
                        "else.",
                    ),
                )


_MAX_BEST = 3
"""Best figures of a metric in all tables; among more, one is near by chance."""


def _strip(cell: NumberCell) -> str:
    match = re.match(r"[\d.]+", cell.printed)
    return match[0] if match else ""


def _list_best(grid: NumberGrid, metric: str) -> Iterator[NumberCell]:
    """The figures of the authors' own row under a metric, or the highest if no row is theirs."""
    for column, head in enumerate(grid.heads):
        if column == 0 or name_metric(head) != metric:
            continue
        cells = [(row, cell) for row, cells in enumerate(grid.cells) if (cell := cells[column])]
        own = [cell for row, cell in cells if _OWN_ROW.search(grid.texts[row][0])]
        if own or cells:
            yield from own or [max((cell for _, cell in cells), key=lambda cell: cell.value)]
