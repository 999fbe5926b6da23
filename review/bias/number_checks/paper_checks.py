"""Compares figures over a paper: text with tables, abstract with text, parts with totals.

Each contradiction names both places. A check speaks only where the other figures agree, so that a
table read wrongly gives silence and not an alarm.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from review.bias.number_checks.arithmetic import (
    Contradiction,
    DiagnosticFigures,
    Finding,
    SentenceFigures,
    find_contradictions,
    parse_proportion,
)
from review.bias.number_checks.cited_figures import check_cited_figures
from review.bias.number_checks.exchanged_digits import check_exchanged_digits
from review.bias.number_checks.extraction import extract_figures
from review.bias.number_checks.inline_counts import check_inline_counts
from review.bias.number_checks.lists_of_parts import check_lists_of_parts
from review.bias.number_checks.parts_in_text import check_parts_in_text, check_remaining_parts
from review.bias.number_checks.printed import parse_count, shorten
from review.bias.number_checks.relations import check_relations
from review.bias.number_checks.repeated_counts import check_repeated_counts
from review.bias.number_checks.repeated_figures import (
    compare_repeated_figures,
    differ_by_one_digit,
)
from review.bias.number_checks.repeated_values import check_repeated_values
from review.bias.number_checks.restated_results import check_restated_results
from review.bias.number_checks.rows import (
    Block,
    Row,
    find_blocks,
    is_row,
    list_numbers,
    list_rows,
)
from review.bias.number_checks.sentence_arithmetic import check_sentence_arithmetic
from review.bias.number_checks.sentence_bounds import check_sentence_bounds
from review.bias.number_checks.sentence_identities import check_sentence_identities
from review.bias.number_checks.splits import check_splits
from review.bias.number_checks.stated_directions import check_directions
from review.bias.number_checks.stated_gains import check_gains
from review.bias.number_checks.statements import check_statements
from review.bias.number_checks.superiority_claims import check_superiority
from review.bias.number_checks.table_bounds import check_bounds
from review.bias.number_checks.table_cells import build_grids, check_grids
from review.bias.number_checks.table_columns import check_columns
from review.bias.number_checks.table_identities import check_identities
from review.bias.number_checks.table_means import check_means
from review.bias.number_checks.table_results import check_results
from review.bias.number_checks.table_statements import check_table_statements
from review.bias.number_checks.table_totals import check_totals
from review.bias.number_checks.text_and_tables import compare_text_with_grids
from review.models import PrintedTable, Sentence

_MIN_AGREEING = 3
"""Figures of a list that must agree with a row before the one that differs is an error."""
_LONG_LIST = 8
"""Figures of a list that may have two errors."""
_MAX_TOTAL_ERROR = 0.03
"""Share by which a sum and the stated total may differ for both to be meant as the same."""
_UNIT = (
    r"(?:patients?|subjects?|participants?|individuals?|volunteers?|cases?|images?|scans?|"
    r"slices?|slides?|x-?rays?|radiographs?|mammograms?|eyes?|cells?|lesions?|nodules?|tiles?|"
    r"patches|samples?|videos?|studies|examinations?|exams?|volumes?|records?)"
)
_COUNT = r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d+)(?![\d.,]*\d)(?!\s?%)"
_SIZE = re.compile(rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,3}}?{_UNIT}\b", re.I)
_STATED_TOTAL = re.compile(
    rf"\b(?:totals? of|in total,?|overall,?|data ?set (?:of|with|contains?|containing|includes?|"
    rf"comprises?|comprising|consists? of)|collected|includes?d?|included|enrol+ed|recruited|"
    rf"comprised?|"
    rf"consists? of)\s+(?:a (?:total|data ?set) "
    rf"of\s+)?{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,3}}?({_UNIT})\b",
    re.I,
)


def check_sentences(
    sentences: Sequence[Sentence], tables: Sequence[PrintedTable] = ()
) -> list[SentenceFigures]:
    """Sentences that report two or more figures of one test, or contradict another place.

    In sentences that compare models, figures belong to different tests and are not compared with
    each other, only with the counts and the interval in their own brackets. Figures are also
    compared over the paper, as find_paper_contradictions says.
    """
    elsewhere: dict[int, list[Contradiction]] = {}
    for index, problem in find_paper_contradictions(sentences, tables):
        elsewhere.setdefault(index, []).append(problem)
    results = []
    for index, sentence in enumerate(sentences):
        if sentence.section in ("references", "related work"):
            continue
        stated = extract_figures(sentence.text)
        inline_problems = check_inline_counts(sentence.text)
        found_elsewhere = elsewhere.get(index, [])
        if stated is not None or inline_problems or found_elsewhere:
            figures = stated or DiagnosticFigures()
            problems = find_contradictions(figures)
            reported_names = {problem.figure for problem in problems}
            problems += [
                problem for problem in inline_problems if problem.figure not in reported_names
            ]
            problems += found_elsewhere
            results.append(SentenceFigures(index, figures, tuple(problems)))
    return results


def find_paper_contradictions(
    sentences: Sequence[Sentence], tables: Sequence[PrintedTable] = ()
) -> list[Finding]:
    """The contradictions of all checks, one a sentence and figure, in reading order."""
    body = [s for s in sentences if s.section not in ("references", "related work")]
    if not body:
        return []
    blocks = list(find_blocks(sentences))
    findings = [
        *_compare_lists_with_rows(sentences, blocks),
        *_find_slips(sentences, blocks),
        *_check_tables(blocks, sentences),
        *_check_parts(sentences),
        *_compare_abstract(sentences),
        *compare_repeated_figures(sentences),
        *check_lists_of_parts(sentences),
        *check_relations(sentences),
        *check_splits(sentences),
        *check_statements(sentences),
    ]
    in_table = {index for index, problem in findings if problem.figure == "table"}
    findings = [f for f in findings if f[1].figure != "a figure" or f[0] not in in_table]
    known = {(index, problem.figure) for index, problem in findings}
    grids = build_grids(tables, sentences)
    for found in (
        check_parts_in_text(sentences),
        check_remaining_parts(sentences),
        check_sentence_arithmetic(sentences),
        check_sentence_bounds(sentences),
        check_sentence_identities(sentences),
        check_grids(grids),
        check_columns(grids, sentences),
        check_bounds(grids, sentences),
        check_identities(grids),
        check_means(grids, sentences),
        check_totals(grids, sentences),
        check_table_statements(sentences, grids),
        compare_text_with_grids(sentences, grids),
        check_superiority(sentences, grids, tables),
        check_results(sentences, grids, tables),
        check_repeated_counts(sentences, grids),
        check_repeated_values(sentences, grids),
        check_gains(sentences, grids, tables),
        check_directions(sentences),
        check_cited_figures(sentences, grids),
        check_restated_results(sentences, grids),
        check_exchanged_digits(sentences, grids),
    ):
        new = [one for one in found if (one[0], one[1].figure) not in known]
        known |= {(index, problem.figure) for index, problem in new}
        findings += new
    unique: dict[tuple[int, str], Finding] = {}
    for index, problem in findings:
        key = problem.figure if problem.figure == "table" else problem.text
        unique.setdefault((index, key), (index, problem))
    return sorted(unique.values(), key=lambda finding: finding[0])


def _is_own(sentence: Sentence) -> bool:
    return sentence.section not in ("references", "related work", "introduction", "statements")


# ---- a list in the text against a row of a table ----


def _list_columns(block: Block) -> Iterator[Row]:
    """The columns of a table whose rows have equally many numbers, each as a row."""
    widths = Counter(len(row.numbers) for row in block.rows)
    width, often = widths.most_common(1)[0]
    rows = [row for row in block.rows if len(row.numbers) == width]
    if often > _MIN_AGREEING:
        for column in range(width):
            numbers = tuple(row.numbers[column] for row in rows)
            yield Row(
                rows[0].sentence, block.label, numbers, f"{block.label}: {', '.join(numbers)}"
            )


def _compare_lists_with_rows(
    sentences: Sequence[Sentence], blocks: Sequence[Block]
) -> Iterator[Finding]:
    """'98.1, 97.2, 99.0 and 98.8' where the row has 98.1, 97.2, 99.0 and 88.8."""
    rows = [row for row in list_rows(sentences) if len(row.numbers) > _MIN_AGREEING]
    rows += [column for block in blocks for column in _list_columns(block)]
    for index, sentence in enumerate(sentences):
        if not _is_own(sentence) or is_row(sentence.text):
            continue
        values = [number for number in list_numbers(sentence.text) if "." in number]
        if len(values) <= _MIN_AGREEING:
            continue
        found = [match for row in rows if (match := _align(values, row)) is not None]
        if not found or any(not differing for _, differing in found):
            continue
        row, differing = max(found, key=lambda match: (-len(match[1]), len(match[0].numbers)))
        page = sentences[row.sentence].page
        place = f"p. {page}: " if page else ""
        text = "; ".join(f"{printed} in the text is {other}" for printed, other in differing)
        text += (
            f" in the table ({place}'{shorten(row.text, 60)}'); the "
            f"other {len(values) - len(differing)} figures agree."
        )
        yield index, Contradiction("table", text)


def _align(values: Sequence[str], row: Row) -> tuple[Row, list[tuple[str, str]]] | None:
    """The row, and the pairs that differ, if all values but one (of many: two) agree."""
    numbers = row.numbers
    most = 1 + (len(values) >= _LONG_LIST)
    for start in range(len(numbers) - len(values) + 1):
        pairs = list(zip(values, numbers[start : start + len(values)], strict=True))
        differing = [pair for pair in pairs if float(pair[0]) != float(pair[1])]
        agreeing = {pair[0] for pair in pairs} - {pair[0] for pair in differing}
        is_slip = all(_is_slip(printed, other, numbers) for printed, other in differing)
        if len(differing) <= most and len(agreeing) >= _MIN_AGREEING and is_slip:
            return row, differing
    return None


def _is_slip(printed: str, other: str, numbers: Sequence[str]) -> bool:
    """Whether two figures may be the same one: as many decimals, and the first nowhere else."""
    decimals = {len(number.partition(".")[2]) for number in (printed, other)}
    return len(decimals) == 1 and printed not in numbers


_NO_FIGURE = re.compile(
    r"\bp(?:[- ]values?)?\s*[<>=≤≥]\s*0?[.·]\d+|\b\d+\s?% (?:ci|confidence)|\b(?:table|fig\w*|"
    r"eq\w*|"
    r"section|version)\.?\s*[\d.]+|\d(?:\.\d+)?\s?(?:m2|m²|mm|cm|t)\b",
    re.I,
)
_MIN_DIGITS = 3
"""Digits of a figure that is not likely to differ from another by one digit by chance."""


def _find_slips(sentences: Sequence[Sentence], blocks: Sequence[Block]) -> Iterator[Finding]:
    """A figure of a sentence that is in no table, where the others are in one row or column with a
    figure that differs by one digit: 'from 26.00 to 36.21' where the column has 32.21."""
    lines = [[*block.rows, *_list_columns(block)] for block in blocks]
    printed = Counter(
        n for s in sentences if s.section != "references" for n in set(list_numbers(s.text))
    )
    for index, sentence in enumerate(sentences):
        if not _is_own(sentence) or is_row(sentence.text):
            continue
        text = _NO_FIGURE.sub(" ", sentence.text)
        values = [n for n in dict.fromkeys(list_numbers(text)) if "." in n]
        for block, block_lines in zip(blocks, lines, strict=True):
            numbers = {n for line in block_lines for n in line.numbers}
            present = [value for value in values if value in numbers]
            missing = [value for value in values if printed[value] == 1 and value not in numbers]
            if not present or len(missing) != 1:
                continue
            other = _find_near(missing[0], present, block_lines)
            if other and other not in values:
                text = (
                    f"{missing[0]} in the text is {other} in {block.label}"
                    f"{_format_page(sentences[block.rows[0].sentence])}, which has the other "
                    "figures of the sentence."
                )
                yield index, Contradiction("table", text)
                break


def _find_near(value: str, present: Sequence[str], lines: Sequence[Row]) -> str | None:
    """The figure that differs by one digit, in a row or column with enough of those present."""
    digits = sum(c.isdigit() for c in value)
    long_figures = [n for n in present if sum(c.isdigit() for c in n) >= _MIN_DIGITS]
    wanted = set(long_figures if digits >= _MIN_DIGITS else present)
    found: Counter[str] = Counter()
    for line in lines:
        companions = wanted & set(line.numbers)
        for number in line.numbers:
            if companions and differ_by_one_digit(value, number):
                found[number] += len(companions)
    if len(found) != 1:
        return None
    [(number, count)] = found.items()
    if digits > _MIN_DIGITS and all(sum(map(str.isdigit, n)) > _MIN_DIGITS for n in wanted):
        return number
    if digits >= _MIN_DIGITS:
        return number if count > 1 else None
    return number if count >= _MIN_AGREEING and len(present) > _MIN_AGREEING else None


# ---- tables ----

_CELL_LABELS = {"tp": "tp", "tn": "tn", "fp": "fp", "fn": "fn"} | {
    f"{truth} {sign}{plural}": f"{truth[0]}{sign[0]}"
    for truth in ("true", "false")
    for sign in ("positive", "negative")
    for plural in ("", "s")
}
_METRIC_LABELS = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "sensitivity": "sensitivity",
    "recall": "sensitivity",
    "tpr": "sensitivity",
    "specificity": "specificity",
    "tnr": "specificity",
    "precision": "ppv",
    "ppv": "ppv",
    "npv": "npv",
}
_HEAD_WORD = re.compile(
    r"\b(?:true (?:positive|negative)s?|false (?:positive|negative)s?|[A-Za-z][\w-]*)\b", re.I
)
_SIZES_CAPTION = re.compile(
    r"\b(statistic\w*|distribution|number of|numbers of|composition|breakdown|details of|class\w*|"
    r"categor\w+|split\w*|data ?sets?)\b",
    re.I,
)
_TOTAL_LABEL = re.compile(r"^(?:grand |over)?(?:totals?|all|sum|overall)\b", re.I)


def _check_tables(blocks: Sequence[Block], sentences: Sequence[Sentence]) -> Iterator[Finding]:
    largest = max((n for n, _ in _list_sizes(sentences)), default=0)
    yield from islice(_check_sizes_of_tests(blocks, largest), 1)
    for block in blocks:
        yield from _check_confusion(block)
        yield from _check_totals(block)
        yield from _check_class_sum(block, sentences)
        yield from _check_folds(block)
        yield from _check_shares(block)
        yield from _check_cell_intervals(block)


def _check_sizes_of_tests(blocks: Iterable[Block], largest: int) -> Iterator[Finding]:
    """TP, FP, FN and TN that are more cases than the text has anywhere."""
    for block in blocks:
        for sentence, values in _list_tests(block):
            total = sum(int(values[name]) for name in _CELL_NAMES if name in values)
            if set(_CELL_NAMES) <= set(values) and 0 < largest < total:
                yield (
                    sentence,
                    Contradiction(
                        "n",
                        f"{block.label}: TP, FP, FN and TN add up to {total:,}, more than the "
                        f"largest number of cases in the text ({largest:,}).",
                    ),
                )


def _check_confusion(block: Block) -> Iterator[Finding]:
    """TP, FP, FN and TN with the figures beside them, in rows or in columns."""
    for sentence, values in _list_tests(block):
        cells = {name: int(value) for name, value in values.items() if name in _CELL_NAMES}
        shares = {}
        for name, value in values.items():
            if name not in _CELL_NAMES:
                try:
                    shares[name] = parse_proportion(value)
                except ValueError:
                    continue
        stated = DiagnosticFigures(**cells, **shares)  # type: ignore[arg-type]
        for problem in find_contradictions(stated):
            yield sentence, Contradiction(problem.figure, f"{block.label}: {problem.text}")


_CELL_NAMES = ("tp", "fp", "fn", "tn")


def _list_tests(block: Block) -> Iterator[tuple[int, dict[str, str]]]:
    """Each test of a table: the sentence, and its cells and figures as printed."""
    by_label: dict[str, Row] = {}
    for row in block.rows:
        name = _name_figure(row.label)
        if name and (name not in by_label):
            by_label[name] = row
    if set(_CELL_NAMES) <= set(by_label):
        width = min(len(by_label[name].numbers) for name in _CELL_NAMES)
        usable = {n: r for n, r in by_label.items() if len(r.numbers) == width}
        for column in range(width):
            values = {name: row.numbers[column] for name, row in usable.items()}
            if all(values.get(name, ".").isdigit() for name in _CELL_NAMES):
                yield by_label["tp"].sentence, values
        return
    for head in block.heads:
        names = [_name_figure(word) for word in _HEAD_WORD.findall(head)]
        known = [name for name in names if name]
        if len(set(known)) != len(known) or len(set(_CELL_NAMES) & set(known)) < 3:
            continue
        figures = names[names.index(known[0]) :]
        for row in block.rows:
            if len(row.numbers) == len(figures):
                values = {n: v for n, v in zip(figures, row.numbers, strict=True) if n}
                if all(values[name].isdigit() for name in _CELL_NAMES if name in values):
                    yield row.sentence, values


def _name_figure(label: str) -> str | None:
    key = re.sub(r"\(.*?\)|[%:]", "", label).strip().lower()
    return _CELL_LABELS.get(key) or _METRIC_LABELS.get(key)


def _check_totals(block: Block) -> Iterator[Finding]:
    """Columns of whole numbers against a row 'Total', and rows against a last column."""
    rows = [row for row in block.rows if row.numbers and all(n.isdigit() for n in row.numbers)]
    totals = [row for row in rows if _TOTAL_LABEL.match(row.label)]
    if len(totals) == 1 and rows and rows[-1] is totals[0]:
        parts = [row for row in rows if row is not totals[0]]
        width = len(totals[0].numbers)
        is_complete = len(parts) > 1 and len(parts) + 1 == len(block.rows)
        if is_complete and all(len(row.numbers) == width for row in parts):
            yield from _compare_columns(block, parts, totals[0])
    if len(rows) > _MIN_AGREEING and len({len(row.numbers) for row in rows}) == 1:
        sums = [sum(map(int, row.numbers[:-1])) - int(row.numbers[-1]) for row in rows]
        wrong = [row for row, rest in zip(rows, sums, strict=True) if rest]
        if len(rows[0].numbers) > 2 and len(wrong) == 1:
            row = wrong[0]
            yield (
                row.sentence,
                Contradiction(
                    "n",
                    f"{block.label}, row '{row.label}': the parts add up to "
                    f"{sum(map(int, row.numbers[:-1])):,}, not {int(row.numbers[-1]):,}; the "
                    f"other rows "
                    "add up.",
                ),
            )


def _compare_columns(block: Block, parts: Sequence[Row], total: Row) -> Iterator[Finding]:
    for column, printed in enumerate(total.numbers):
        added, stated = sum(int(row.numbers[column]) for row in parts), int(printed)
        if added != stated and stated and abs(added - stated) <= 0.2 * stated:
            yield (
                total.sentence,
                Contradiction(
                    "n",
                    f"{block.label}: the rows add up to {added:,}, but the total is {stated:,}.",
                ),
            )


def _check_class_sum(block: Block, sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """The classes of a table against the number of images or patients in the text."""
    counted = [row for row in block.rows if not _TOTAL_LABEL.match(row.label)]
    pairs = [
        pair
        for row in counted
        for pair in re.findall(r"([A-Za-z)][\w()/ -]*?)[\s:]+(\d[\d,]*)(?![\d.%])", row.text)
    ]
    numbers = [n for row in counted for n in row.numbers]
    heads = " ".join((block.caption, *block.heads))
    is_sizes = _SIZES_CAPTION.search(block.caption) and re.search(_UNIT, heads, re.I)
    if len(counted) != len(block.rows) or not is_sizes or len(pairs) != len(numbers):
        return
    if len(numbers) < _MIN_AGREEING + 1 or not all(n.isdigit() for n in numbers):
        return
    added = sum(map(int, numbers))
    sizes = _list_sizes(sentences)
    if any(size == added for size, _ in sizes):
        return
    for size, index in sizes:
        if 0 < abs(size - added) <= _MAX_TOTAL_ERROR * size and index < block.rows[0].sentence:
            yield (
                index,
                Contradiction(
                    "n",
                    f"the text has {size:,}, but the {len(numbers)} classes of {block.label} add "
                    f"up to "
                    f"{added:,}.",
                ),
            )
            return


def _check_folds(block: Block) -> Iterator[Finding]:
    """Rows of folds whose counts have one total, but for one of them."""
    folds = [row for row in block.rows if re.match(r"^(?:fold|split|k)\b", row.text, re.I)]
    counts = [[int(n) for n in row.numbers[1:] if n.isdigit()] for row in folds]
    if (
        len(folds) <= _MIN_AGREEING
        or len({len(row_counts) for row_counts in counts}) != 1
        or len(counts[0]) < 2
    ):
        return
    sums = Counter(map(sum, counts))
    (usual, often), *rest = sums.most_common()
    if often >= len(folds) - 1 and len(rest) == 1 and abs(rest[0][0] - usual) > 1:
        row = next(
            r for r, row_counts in zip(folds, counts, strict=True) if sum(row_counts) == rest[0][0]
        )
        yield (
            row.sentence,
            Contradiction(
                "n",
                f"{block.label}, row '{shorten(row.text, 30)}': its counts add up to "
                f"{rest[0][0]:,}; those "
                f"of the other folds to {usual:,}.",
            ),
        )


_COLUMN_SIZE = re.compile(r"\bn\s*=\s*(\d[\d,]*)", re.I)
_CELL_WITH_SHARE = re.compile(r"(?<![\d.,])(\d[\d,]*)\s*\(\s*(\d{1,3}(?:\.\d+)?)\s?%?\s*\)")


_MEANS = re.compile(r"\b(mean|median|average|s\.?d\.?|iqr|age|years|kg|cm)\b", re.I)
"""Rows whose brackets hold a spread and not a share."""


def _check_shares(block: Block) -> Iterator[Finding]:
    """'205 (24.0)' in a column of n = 831."""
    heads = " ".join(
        (*block.heads, block.rows[0].text if _COLUMN_SIZE.search(block.rows[0].text) else "")
    )
    sizes = [parse_count(size) for size in _COLUMN_SIZE.findall(heads)]
    cells: dict[int, list[tuple[Row, int, str]]] = {}
    for row in block.rows:
        matches = [] if _MEANS.search(row.text) else _CELL_WITH_SHARE.findall(row.text)
        if len(matches) == len(sizes):
            for column, (count, share) in enumerate(matches):
                cells.setdefault(column, []).append((row, parse_count(count), share))
    for column, entries in cells.items():
        wrong = [e for e in entries if not _is_share(e[1], sizes[column], e[2])]
        right = len(entries) - len(wrong)
        if right >= _MIN_AGREEING and len(wrong) <= max(1, right // 4):
            for row, count, share in wrong:
                yield (
                    row.sentence,
                    Contradiction(
                        "a share",
                        f"{block.label}, row '{shorten(row.label, 40)}': {count} of "
                        f"{sizes[column]} is "
                        f"{count / sizes[column]:.1%}, not {share}%; {right} other rows of the "
                        f"column agree.",
                    ),
                )


_SIGNED = r"[-−]?\d+(?:\.\d+)?"
_CELL_WITH_INTERVAL = re.compile(
    rf"(?<![\d.,])({_SIGNED})\s*[(\[]\s*({_SIGNED})\s*(?:,|;|to|–|-)\s*({_SIGNED})\s*[)\]]"
)


def _check_cell_intervals(block: Block) -> Iterator[Finding]:
    """'-1.23 (9.96, 12.25)': a value outside its own interval, where the others are inside."""
    cells = [
        (row, match.group(), [float(part.replace("−", "-")) for part in match.groups()])
        for row in block.rows
        for match in _CELL_WITH_INTERVAL.finditer(row.text)
    ]
    wrong = [cell for cell in cells if not cell[2][1] <= cell[2][0] <= cell[2][2]]
    if len(cells) - len(wrong) >= _MIN_AGREEING and 3 * len(wrong) <= len(cells):
        for row, printed, _ in wrong:
            yield (
                row.sentence,
                Contradiction(
                    "interval",
                    f"{block.label}, row '{shorten(row.label, 40)}': {printed} lies outside its "
                    f"own "
                    "interval.",
                ),
            )


def _is_share(count: int, total: int, printed: str) -> bool:
    decimals = len(printed.partition(".")[2])
    return bool(total) and abs(100 * count / total - float(printed)) <= 1.01 * 10**-decimals


# ---- parts and totals in the text ----

_PARTS = {
    "training": r"train(?:ing)?|development|derivation",
    "validation": r"validation|tuning|validating",
    "test": r"test(?:ing)?|hold-?out",
}
_PART_COUNT = {
    part: (
        re.compile(
            rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,3}}?(?:\([^()%]*\)\s*)?(?:were |was )?(?:used "
            rf")?(?:as |for |in |into "
            rf"|to )?(?:the |a )?(?:model )?\b(?:{words})\b",
            re.I,
        ),
        re.compile(
            rf"\b(?:{words})\b(?: (?:and internal validation))?(?: (?:sets?|data ?sets?|cohorts?|"
            rf"groups?|subsets?|images|data))?\s*(?:\(\s*n\s*=\s*|\(|:\s*|of |with |had |"
            rf"contain\w* |compris\w+ )"
            rf"{_COUNT}",
            re.I,
        ),
    )
    for part, words in _PARTS.items()
}
_DIVIDED = re.compile(
    rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,4}}?{_UNIT}\b[^.;]{{0,60}}?\b(?:split|divided|"
    rf"partitioned|separated|"
    r"assigned|allocated)\b",
    re.I,
)
_LISTED = re.compile(
    rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,4}}?{_UNIT}\s*(?::|\(|, (?:consisting of|comprising|"
    rf"namely)|consisting of|"
    r"comprising)\s*(?P<list>[^.;:()]+)",
    re.I,
)
_LIST_ENTRY = re.compile(
    rf"^\s*(?:and\s+)?(?:n\s*=\s*)?{_COUNT}\s+(?!\s*(?:years|slices per|mm|cm|%))[a-z]", re.I
)
_OF_THESE = re.compile(
    rf"\bof (?:the |all |our |these |all the )?{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,3}}?{_UNIT},\s*"
    rf"(?:[a-z]+\s+)?(?P<part>\d[\d,]*)\s*(?:[a-z][\w-]*\s+){{0,3}}?\(\s*(?P<share>\d{{1,3}}(?:\.\d+)?)\s?%\s*\)",
    re.I,
)


def _check_parts(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Totals of a sentence against its parts, and a count against its share."""
    for index, sentence in enumerate(sentences):
        if not _is_own(sentence) and sentence.section != "abstract":
            continue
        text = sentence.text
        divided = _DIVIDED.search(text)
        before = (
            {parse_count(n) for n in re.findall(_COUNT, text[: divided.end()])}
            if divided
            else set()
        )
        if divided and not re.search(r"\b(exclu|remaining|rest|augment)", text, re.I):
            yield from _compare_parts(index, text[divided.end() :], parse_count(divided[1]), before)
        listed = _LISTED.search(text)
        if listed:
            entries = re.split(r",\s*(?:and\s+)?|\s+and\s+", listed["list"])
            counts = [match for entry in entries if (match := _LIST_ENTRY.match(entry))]
            if len(counts) == len(entries) > 1:
                added, total = (
                    sum(parse_count(match[1]) for match in counts),
                    parse_count(listed[1]),
                )
                if added != total and abs(added - total) <= 0.1 * total:
                    yield (
                        index,
                        Contradiction("n", f"the parts add up to {added:,}, not {total:,}."),
                    )
        for match in _OF_THESE.finditer(text):
            total, part = parse_count(match[1]), parse_count(match["part"])
            if part <= total and not _is_share(part, total, match["share"]):
                yield (
                    index,
                    Contradiction(
                        "a share",
                        f"{part} of {total} is {part / total:.1%}, not {match['share']}%.",
                    ),
                )


def _compare_parts(index: int, text: str, total: int, stated: set[int]) -> Iterator[Finding]:
    """The parts of a split with their total; any other number before them may be it as well."""
    parts: dict[str, int] = {}
    for name, (before, after) in _PART_COUNT.items():
        match = after.search(text) or before.search(text)
        if match:
            parts[name] = parse_count(match[1])
    added = sum(parts.values())
    if {"training", "test"} <= set(parts) and len(set(parts.values())) == len(parts):
        names = sum(bool(re.search(rf"\b(?:{w})\b", text, re.I)) for w in _PARTS.values())
        if names == len(parts) and added not in stated and abs(added - total) <= 0.2 * total:
            yield (
                index,
                Contradiction(
                    "n", f"the parts ({', '.join(parts)}) add up to {added:,}, not {total:,}."
                ),
            )


# ---- the abstract against the text ----

_METRIC_VALUE = re.compile(
    r"\b(accuracy|sensitivity|specificity|auc|auroc|f1[- ]score|dice|precision|"
    r"recall)\b(?:\s*\([^()]*\))?(?:\s(?:score|value|rate|coefficient))?\s*(?:of|was|is|=|:|"
    r"reached|at|were)\s*"
    r"(?:about |up to )?(\d{1,3}(?:\.\d+)?\s?%|0?\.\d+)",
    re.I,
)


def _compare_abstract(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Sizes and figures of the abstract that the text gives otherwise, and nowhere as there."""
    body = [s for s in sentences if s.section not in ("abstract", "references", "related work", "")]
    body_numbers = {number for s in body for number in list_numbers(s.text)}
    sized = [
        (match, n)
        for n, s in enumerate(sentences)
        if s.section in ("methods", "results")
        for match in _STATED_TOTAL.finditer(s.text)
    ]
    metrics = [
        (match, n)
        for n, s in enumerate(sentences)
        if s.section in ("results", "discussion", "conclusion") and not is_row(s.text)
        for match in _METRIC_VALUE.finditer(s.text)
    ]
    for index, sentence in enumerate(sentences):
        if sentence.section != "abstract":
            continue
        for match in _STATED_TOTAL.finditer(sentence.text):
            size, unit = parse_count(match[1]), match[2].lower().rstrip("s")
            others = [
                (parse_count(other[1]), n)
                for other, n in sized
                if other[2].lower().rstrip("s") == unit
            ]
            near = [
                (n, size_there)
                for size_there, n in others
                if 0 < abs(size_there - size) <= 0.1 * size
            ]
            if near and str(size) not in body_numbers and size > 20:
                where, there = near[0]
                yield (
                    index,
                    Contradiction(
                        "n",
                        f"{size:,} {match[2]} in the abstract, {there:,} in the "
                        f"{sentences[where].section}"
                        f"{_format_page(sentences[where])}; {size:,} is nowhere else.",
                    ),
                )
        for match in _METRIC_VALUE.finditer(sentence.text):
            yield from _compare_metric(index, match, metrics, body_numbers, sentences)


def _compare_metric(
    index: int,
    match: re.Match[str],
    metrics: Sequence[tuple[re.Match[str], int]],
    body_numbers: set[str],
    sentences: Sequence[Sentence],
) -> Iterator[Finding]:
    printed = match[2].rstrip("% ")
    if len(printed.replace(".", "").lstrip("0")) < 2:
        return
    value = float(printed)
    decimals = len(printed.partition(".")[2])
    unit = 10.0**-decimals
    forms = [value, value / 100, value * 100]
    for number in body_numbers:
        if any(abs(float(number) - form) <= 0.51 * unit * form / (value or 1) for form in forms):
            return
    same = [
        (other, n)
        for other, n in metrics
        if other[1].lower() == match[1].lower()
        and abs(float(other[2].rstrip("% ")) - value) <= 0.05 * value
    ]
    same = [
        (other, n) for other, n in same if _is_average(match.string) == _is_average(other.string)
    ]
    if same:
        other, where = same[0]
        yield (
            index,
            Contradiction(
                match[1].lower(),
                f"{match[1].lower()} is {match[2]} in the abstract, {other[2]} in the "
                f"{sentences[where].section}{_format_page(sentences[where])}; {match[2]} is "
                f"nowhere else.",
            ),
        )


def _is_average(text: str) -> bool:
    return bool(re.search(r"\b(?:averag\w*|mean|macro|weighted)\b", text, re.I))


def _format_page(sentence: Sentence) -> str:
    return f" (p. {sentence.page})" if sentence.page else ""


def _list_sizes(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Numbers of people or images in running text, with the sentence of each."""
    return [
        (parse_count(match[1]), index)
        for index, sentence in enumerate(sentences)
        if sentence.section not in ("references", "related work", "introduction")
        and not is_row(sentence.text)
        for match in _SIZE.finditer(sentence.text)
    ]
