"""Compares values that a paper fixes in several places: denominators of a class, symbols, sizes of
parts, results of a named row, and the cases of a confusion table."""

import re
from collections.abc import Iterator, Mapping, Sequence

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.metric_names import name_metric
from review.bias.number_checks.number_words import (
    COUNT,
    UNIT,
    drop_other_numbers,
    join_thousands,
    parse_number,
)
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.repeated_figures import differ_by_one_digit, read_metrics
from review.bias.number_checks.rows import count_printed, is_checked
from review.bias.number_checks.table_cells import NumberGrid
from review.models import Sentence


def check_repeated_values(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid]
) -> Iterator[Finding]:
    """Values of one thing that two places give differently."""
    texts = {
        index: drop_other_numbers(join_thousands(sentence.text.replace("¼", "=")))
        for index, sentence in enumerate(sentences)
        if is_checked(sentence)
    }
    printed = count_printed(sentences)
    yield from _compare_denominators(sentences, texts)
    yield from _compare_symbols(sentences, texts, printed)
    yield from _compare_roles(sentences, texts, printed)
    yield from _compare_each_with_all(sentences, texts)
    yield from _compare_results(sentences, texts, grids, printed)
    yield from _compare_cases(sentences, texts, grids, printed)


def _format_place(sentence: Sentence) -> str:
    section = sentence.section or "text"
    return f"{section} (p. {sentence.page})" if sentence.page else section


# ---- denominators ----

_FRACTION = re.compile(
    rf"(?<![\d.,/])(?P<k>\d{{1,5}})\s?/\s?(?P<n>\d{{2,5}})(?![\d/.,]*\d)\s+(?P<what>(?:[A-Za-z][\w-]*\s+){{0,3}}?{UNIT})\b",
    re.I,
)
_MAX_DENOMINATOR_ERROR = 0.03


def _compare_denominators(
    sentences: Sequence[Sentence], texts: Mapping[int, str]
) -> Iterator[Finding]:
    """'372/402 glioma images' once, where other sentences have '.../401 glioma images'."""
    found: dict[str, dict[int, list[int]]] = {}
    for index, text in texts.items():
        for match in _FRACTION.finditer(text):
            what = re.sub(r"[^a-z]+", " ", match["what"].lower()).strip().rstrip("s")
            found.setdefault(what, {}).setdefault(int(match["n"]), []).append(index)
    for what, counts in found.items():
        for rare, places in counts.items():
            near = [
                (usual, there)
                for usual, there in counts.items()
                if 0 < abs(usual - rare) <= _MAX_DENOMINATOR_ERROR * usual and len(there) > 1
            ]
            if len(places) == 1 and len(near) == 1:
                usual, there = near[0]
                yield (
                    places[0],
                    Contradiction(
                        "n",
                        f"of {rare:,} {what}s here, of {usual:,} in {len(there)} other places "
                        f"({_format_place(sentences[there[0]])}).",
                    ),
                )


# ---- symbols ----

_SYMBOL = re.compile(
    r"(?<![\w.])(?P<name>[A-Z][a-z]?|[nkmp])\s?=\s?(?P<v>\d{3,6})(?![\d.,]*\d|"
    r"\s?[×x%])"
)


def _compare_symbols(
    sentences: Sequence[Sentence], texts: Mapping[int, str], printed: Mapping[str, int]
) -> Iterator[Finding]:
    """'With T = 387' where the paper has defined T = 378."""
    found: dict[str, dict[str, list[int]]] = {}
    for index, text in texts.items():
        for match in _SYMBOL.finditer(text):
            found.setdefault(match["name"], {}).setdefault(match["v"], []).append(index)
    for name, values in found.items():
        if len(values) != 2 or name == "n":
            continue
        (usual, there), (rare, here) = sorted(values.items(), key=lambda one: -printed[one[0]])
        if printed[rare] == 1 and printed[usual] > 1 and differ_by_one_digit(usual, rare):
            yield (
                here[0],
                Contradiction(
                    "n",
                    f"{name} is {rare} here, {usual} in the {_format_place(sentences[there[0]])}.",
                ),
            )


# ---- the parts of a role against its total ----

_ROLE = r"(?P<role>training|validation|test(?:ing)?|external|development|derivation)"
_ROLE_LIST = re.compile(
    rf"(?:\(\s*n\s*=\s*{COUNT}\s*\)[^().]{{0,40}}?){{2,6}}\s+(?:were|was|served|"
    rf"are)\s+(?:used\s+)?(?:as|for)\s+(?:the |our |an? )?"
    rf"(?:independent |external )?{_ROLE}\s+(?:data ?sets|sets|cohorts|data)\b",
    re.I,
)
_ROLE_TOTAL = re.compile(
    rf"(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,2}}?{UNIT}\s+(?:in|from|of|across|"
    rf"for)\s+(?:the |our |all |three |two |four )?"
    rf"(?:independent |external )?{_ROLE}\s+(?:data ?sets|sets|cohorts|data)\b",
    re.I,
)


def _compare_roles(
    sentences: Sequence[Sentence], texts: Mapping[int, str], printed: Mapping[str, int]
) -> Iterator[Finding]:
    """'A (n = 225), B (n = 136) and C (n = 95) were used as validation sets', and '545 patients in
    the validation sets' elsewhere."""
    sums: dict[str, tuple[int, int]] = {}
    for index, text in texts.items():
        for match in _ROLE_LIST.finditer(text):
            counts = [parse_number(n) for n in re.findall(rf"n\s*=\s*({COUNT})", match[0])]
            sums.setdefault(match["role"].lower()[:4], (sum(counts), index))
    for index, text in texts.items():
        for match in _ROLE_TOTAL.finditer(text):
            added, there = sums.get(match["role"].lower()[:4], (0, index))
            count = parse_number(match["n"])
            if there != index and added and added != count and 0.5 <= count / added <= 2:
                yield (
                    index,
                    Contradiction(
                        "n",
                        f"{count:,} for {match['role'].lower()} here, the sets of the "
                        f"{_format_place(sentences[there])} make {added:,}.",
                    ),
                )


# ---- a total that is given to each class ----

_EACH = re.compile(
    rf"(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,2}}?(?P<unit>{UNIT})\s+(?:for|of|in|from|"
    rf"per)\s+(?:each|every)\s+"
    r"(?:tumou?r|class|category|disease|type|group|label|condition|grade)\b",
    re.I,
)
_ALL = re.compile(
    rf"\btotal of\s+(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,3}}?(?P<unit>{UNIT})\b", re.I
)


def _compare_each_with_all(
    sentences: Sequence[Sentence], texts: Mapping[int, str]
) -> Iterator[Finding]:
    """'4,117 images for each tumour type', where the total is 4,117 images."""
    totals = {
        (parse_number(match["n"]), match["unit"].lower().rstrip("s")): index
        for index, text in texts.items()
        for match in _ALL.finditer(text)
    }
    for index, text in texts.items():
        for match in _EACH.finditer(text):
            count = parse_number(match["n"])
            there = totals.get((count, match["unit"].lower().rstrip("s")))
            if there is not None and there != index and count >= 20:
                yield (
                    index,
                    Contradiction(
                        "n",
                        f"{count:,} for each here, {count:,} in total in the "
                        f"{_format_place(sentences[there])}.",
                    ),
                )


# ---- results of a named row ----

_MIN_METRICS = 3
_MAX_GAP = 0.03


def _compare_results(
    sentences: Sequence[Sentence],
    texts: Mapping[int, str],
    grids: Sequence[NumberGrid],
    printed: Mapping[str, int],
) -> Iterator[Finding]:
    """'The LSTM alone had 89.41% accuracy, 90.03% precision and 89.41% recall', where its row has
    89.44, 89.31 and 89.44, and no row has these."""
    for index, text in texts.items():
        if sentences[index].section in ("introduction", "methods") or re.search(r"\bet al\b", text):
            continue
        metrics = read_metrics(text)
        if len(metrics) < _MIN_METRICS:
            continue
        named, all_equal = [], False
        for grid in grids:
            columns = {name: n for n, head in enumerate(grid.heads) if (name := name_metric(head))}
            shared = [name for name in metrics if name in columns]
            if len(shared) < _MIN_METRICS:
                continue
            for row, texts_of_row in enumerate(grid.texts):
                cells = [grid.cells[row][columns[name]] for name in shared]
                pairs = [
                    (metrics[name], cell.printed, cell.value)
                    for name, cell in zip(shared, cells, strict=True)
                    if cell
                ]
                if len(pairs) < _MIN_METRICS:
                    continue
                gaps = [abs(_scale(float(value)) - _scale(cell)) for value, _, cell in pairs]
                differing = sum(not _is_same(value, cell) for value, _, cell in pairs)
                all_equal |= differing < 2
                label = next((cell for cell in texts_of_row if re.search("[A-Za-z]{2}", cell)), "")
                if _is_named(label, text) and max(gaps) <= _MAX_GAP:
                    named.append((grid, label, pairs))
        verbatim = [one for one in named if one[1].lower() in text.lower()]
        named = verbatim if len(named) > 1 else named
        if all_equal or len(named) != 1:
            continue
        if all(printed[value] > 1 for value in metrics.values()):
            continue  # they stand elsewhere as well
        [(grid, label, pairs)] = named
        yield (
            index,
            Contradiction(
                "table",
                f"{', '.join(value for value, _, _ in pairs)} here, "
                f"{', '.join(cell for _, cell, _ in pairs)} in {grid.label}, row "
                f"'{shorten(label)}'.",
            ),
        )


def _scale(value: float) -> float:
    return value / 100 if value > 1 else value


def _is_same(printed: str, cell: float) -> bool:
    """Whether a figure can be that of a cell, as printed or rounded to its own decimals."""
    unit = 10.0 ** -len(printed.partition(".")[2]) / (100 if float(printed) > 1 else 1)
    return abs(_scale(float(printed)) - _scale(cell)) <= 0.51 * unit


def _is_named(label: str, text: str) -> bool:
    """Whether a sentence has all words of a row's label, one of them a name."""
    words = re.findall(r"[A-Za-z][\w-]+", re.sub(r"\(.*?\)|\[.*?\]", "", label))
    if not words or not re.search(r"[A-Z]{2}|[A-Z][a-z]+[A-Z\d]|\d", " ".join(words)):
        return False
    return all(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.I) for word in words)


# ---- the cases of a confusion table ----

_CELL_HEADS = {
    "tp": r"tps?|true positives?",
    "fp": r"fps?|false positives?",
    "fn": r"fns?|false negatives?",
    "tn": r"tns?|true negatives?",
}
_TEST_SIZE = re.compile(
    rf"(?P<n>{COUNT})\s+(?:[A-Za-z][\w-]*\s+){{0,2}}?(?:{UNIT}\s+)?(?:were |was |"
    rf"are )?(?:used |kept )?(?:for|in|as) (?:the )?(?:model )?"
    rf"(?:test(?:ing)?|evaluation)\b|\btest(?:ing)? (?:set|data ?set|cohort|"
    rf"data)\s*(?:\(\s*(?:n\s*=\s*)?|(?:of|with|has|had|contain\w*|"
    rf"compris\w+|includ\w+|consist\w* of)\s+)(?P<m>{COUNT})(?!\s*(?:%|folds?|classes|epochs?))",
    re.I,
)


def _compare_cases(
    sentences: Sequence[Sentence],
    texts: Mapping[int, str],
    grids: Sequence[NumberGrid],
    printed: Mapping[str, int],
) -> Iterator[Finding]:
    """Rows of TP, FP, FN and TN that all add up to 28, where 20 images were for evaluation."""
    sizes = {
        (parse_number(match["n"] or match["m"]), index)
        for index, text in texts.items()
        if sentences[index].section in ("", "methods", "results", "abstract")
        for match in _TEST_SIZE.finditer(text)
    }
    if len({size for size, _ in sizes}) != 1:
        return
    size, there = min(sizes)
    for grid in grids:
        columns = []
        for words in _CELL_HEADS.values():
            columns += [
                n for n, head in enumerate(grid.heads) if re.fullmatch(words, head.strip(), re.I)
            ]
        if len(columns) != len(_CELL_HEADS):
            continue
        rows = [[cells[n] for n in columns] for cells in grid.cells]
        counts = [
            sum(int(cell.value) for cell in row if cell)
            for row in rows
            if all(cell and cell.is_count for cell in row)
        ]
        if len(counts) < 2 or len(set(counts)) != 1 or counts[0] == size:
            continue
        if not printed[str(counts[0])] and 0.5 <= counts[0] / size <= 2.5:
            yield (
                there,
                Contradiction(
                    "n",
                    f"{size:,} for testing here, but each row of {grid.label} counts "
                    f"{counts[0]:,} cases.",
                ),
            )
