"""Checks counts of tables: totals, folds, men and women, confusion matrices, classes and the text.

In tables with several rows a total is held to the sum of its parts only if most totals are such
sums. In a table with one row or column of counts, a near miss is enough.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.printed import parse_count, shorten
from review.bias.number_checks.rows import is_row, list_numbers
from review.bias.number_checks.table_cells import NumberGrid
from review.bias.number_checks.table_series import Series, list_series
from review.models import Sentence

_TOTAL = re.compile(r"^(?:grand |over)?(?:totals?|all|sum)\b(?!.*(?:\bavg|\bmean|%))", re.I)
_NO_PART = re.compile(
    r"\b(?:mean|median|average|avg|age|years|ratio|size|resolution|dim\w*|pixels?|epochs?|batch|"
    r"time|params?|parameters|flops|layers?|kernel|sens\w*|spec\w*|acc\w*|precision|recall|f1|auc|"
    r"tp|fp|fn|tn|p|year|p-?values?|original|augment\w*|before|after)\b|%",
    re.I,
)
_COUNT_CELL = re.compile(r"^(\d{1,3}(?:,\d{3})+|\d+)\s*(?:\(\s*\d{1,3}(?:\.\d+)?\s?%?\s*\))?$")
_MAX_ERROR = 0.2
"""Share by which a sum and a total may differ for the parts to be meant as all there are."""
_MIN_TOTAL = 20


def check_totals(grids: Sequence[NumberGrid], sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Counts of a table that do not make their total, in the table or in the text."""
    for grid in grids:
        for series in list_series(grid):
            yield from _check_total(series)
        yield from _check_fold_sizes(grid)
        yield from _check_sexes(grid)
        yield from _check_confusion(grid, sentences)
        yield from _compare_classes(grid, sentences)


def _read_count(text: str) -> int | None:
    match = _COUNT_CELL.match(text.strip())
    return parse_count(match[1]) if match else None


def _list_counts(series: Series, line: int, *, by_row: bool) -> list[int | None]:
    """The counts of a line; None where a cell is no count."""
    texts = series.grid.texts
    if by_row:
        return [_read_count(text) for text in texts[line][1:]]
    return [_read_count(row[line + 1]) for row in texts]


# ---- totals ----


def _check_total(series: Series) -> Iterator[Finding]:
    by_row = not series.corner and len(series.lines) == len(series.grid.texts)
    for position, name in enumerate(series.names):
        if not _TOTAL.match(name):
            continue
        parts = _take_parts(series.names, position)
        right, wrong = 0, []
        for number, line in enumerate(series.lines):
            counts = _list_counts(series, number, by_row=by_row)
            total, cells = counts[position], [counts[n] for n in parts]
            known = [count for count in cells if count is not None]
            if total is None or len(known) < 2 or len(known) != len(cells):
                continue
            if _NO_PART.search(line.name):
                continue
            if sum(known) == total:
                right += 1
            elif total >= _MIN_TOTAL and abs(sum(known) - total) <= _MAX_ERROR * total:
                wrong.append((line, known, total))
            else:
                right -= 1
        is_exception = right > 0 and len(wrong) <= max(1, right // 3)
        is_alone = right == 0 and len(wrong) == 1 and not _is_nested(*wrong[0][1:])
        if not is_exception and not is_alone:
            continue
        for line, known, total in wrong:
            more = f"; {right} other{'s add' if right > 1 else ' adds'} up" if right else ""
            yield (
                line.places[position],
                Contradiction(
                    "n",
                    f"{series.grid.label}, '{shorten(line.name or name)}': the parts add up to "
                    f"{sum(known):,}, not {total:,}{more}.",
                ),
            )


def _take_parts(names: Sequence[str], position: int) -> list[int]:
    """The positions before a total, up to another total; those after it if it is the first."""
    before: list[int] = []
    for n in range(position - 1, -1, -1):
        if _TOTAL.match(names[n]):
            break
        before.insert(0, n)
    parts = [n for n in before if names[n]]
    if not parts and position == 0:
        parts = [n for n in range(1, len(names)) if names[n]]
    return [] if any(_NO_PART.search(names[n]) for n in parts) else parts


def _is_nested(parts: Sequence[int], total: int) -> bool:
    """Whether some of the parts make the total, or one is the sum of neighbours: subtotals."""
    for start, stop in combinations(range(len(parts) + 1), 2):
        added = sum(parts[start:stop])
        if stop - start > 1 and (added == total or added in (*parts[:start], *parts[stop:])):
            return True
    return total in parts or len(parts) < 2


# ---- folds ----

_FOLD = re.compile(r"^(?:(?:cv[- ]?)?(?:fold|split)[- #]*\d{1,2}|k\s?=\s?\d)$", re.I)
_PART_HEAD = re.compile(r"\b(?:train\w*|valid\w*|val|test\w*|tuning)\b", re.I)
_MIN_FOLDS = 3


def _check_fold_sizes(grid: NumberGrid) -> Iterator[Finding]:
    """Folds whose parts make one total, but for one of them."""
    columns = [
        n
        for n, head in enumerate(grid.full_heads)
        if n and _PART_HEAD.search(head) and not _NO_PART.search(head)
    ]
    is_numbered = bool(re.match(r"^(?:folds?|splits?)\b", grid.heads[0], re.I))
    folds = [
        (row, counts)
        for row, texts in enumerate(grid.texts)
        if _FOLD.match(texts[0].strip()) or (is_numbered and texts[0].strip().isdigit())
        if (counts := [_read_count(texts[n]) for n in columns]) and None not in counts
    ]
    if len(folds) < _MIN_FOLDS or len(columns) < 2:
        return
    sums = {row: sum(count for count in counts if count is not None) for row, counts in folds}
    (usual, often), *rest = Counter(sums.values()).most_common()
    if often != len(folds) - 1 or abs(rest[0][0] - usual) < 2:
        return
    for row, added in sums.items():
        if added != usual:
            yield (
                grid.places[row],
                Contradiction(
                    "n",
                    f"{grid.label}, row '{shorten(grid.texts[row][0])}': its parts add up to "
                    f"{added:,}; those of the other {often} folds to {usual:,}.",
                ),
            )


# ---- men and women ----

_MALE = re.compile(
    r"^(?:(?:sex|gender)[\s,:(-]*)?(?:males?|men|m|boys)\b(?!\s*[/:]|\s*(?:and|or)\b)", re.I
)
_FEMALE = re.compile(
    r"^(?:(?:sex|gender)[\s,:(-]*)?(?:females?|women|f|girls)\b(?!\s*[/:]|\s*(?:and|or)\b)", re.I
)
_BOTH = re.compile(
    r"\b(?:males?|men|m)\s*[/:]\s*(?:females?|women|f)\b|\bfemales?\s*[/:]\s*males?\b", re.I
)
_HEAD_SIZE = re.compile(r"\bn\s*=\s*(\d[\d,]*)|\(\s*(\d[\d,]*)\s*\)", re.I)
_PEOPLE = re.compile(
    r"^(?:(?:total )?(?:no\.?|number|#) ?(?:of )?(?:patients|subjects|participants|people|"
    r"cases|individuals)|"
    r"patients|subjects|participants|n|total)(?:,? ?\(?n\)?)?$",
    re.I,
)
_UNKNOWN = re.compile(
    r"\b(?:unknown|missing|not (?:reported|known|available)|other|n/?a|diverse)\b", re.I
)
_MAX_SEX_ERROR = 0.1


def _check_sexes(grid: NumberGrid) -> Iterator[Finding]:
    """Men and women of a column against its number of people."""
    labels = [texts[0].strip() for texts in grid.texts]
    male = [row for row, label in enumerate(labels) if _MALE.match(label)]
    female = [row for row, label in enumerate(labels) if _FEMALE.match(label)]
    both = [row for row, label in enumerate(labels) if _BOTH.search(label)]
    people = [row for row, label in enumerate(labels) if _PEOPLE.match(label)]
    if any(_UNKNOWN.search(label) for label in labels):
        return
    for column in range(1, len(grid.heads)):
        if len(male) == len(female) == 1:
            counts = [_read_leading(grid.texts[rows[0]][column]) for rows in (male, female)]
            place = grid.places[female[0]]
        elif len(both) == 1 and not male and not female:
            match = re.fullmatch(r"\s*(\d+)\s*[/:]\s*(\d+)\s*", grid.texts[both[0]][column])
            counts = [int(match[1]), int(match[2])] if match else [None]
            place = grid.places[both[0]]
        else:
            return
        size = _HEAD_SIZE.search(grid.full_heads[column])
        total = parse_count(size[1] or size[2]) if size else None
        if total is None and len(people) == 1:
            total = _read_leading(grid.texts[people[0]][column])
        known = [count for count in counts if count is not None]
        if total is None or len(known) != 2 or total < _MIN_TOTAL:
            continue
        if 0 < abs(sum(known) - total) <= _MAX_SEX_ERROR * total:
            yield (
                place,
                Contradiction(
                    "n",
                    f"{grid.label}, column '{shorten(grid.full_heads[column])}': {known[0]} and "
                    f"{known[1]} men and women are {sum(known)}, not {total}.",
                ),
            )


def _read_leading(text: str) -> int | None:
    match = re.match(r"^\s*(?:n\s*=\s*)?(\d{1,3}(?:,\d{3})+|\d+)(?![\d.]*\d)(?!\s?%)", text)
    return parse_count(match[1]) if match else None


# ---- confusion matrices ----

_ACCURACY = re.compile(
    r"\baccuracy\b[^.;%\d]{0,25}?(\d{1,3}(?:\.\d+)?\s?%|0?\.\d+)|(\d{1,3}(?:\.\d+)?\s?%)\s+"
    r"(?:overall |total )?accuracy\b",
    re.I,
)


def _check_confusion(grid: NumberGrid, sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """A table of true against predicted classes, with the accuracy of the sentences on it."""
    heads = [_normalize(head) for head in grid.heads]
    rows = [row for row, texts in enumerate(grid.texts) if _normalize(texts[0]) in heads[1:]]
    names = [_normalize(grid.texts[row][0]) for row in rows]
    is_confusion = re.search(
        r"confus|contingency|predict|actual", f"{grid.caption} {' '.join(grid.full_heads)}", re.I
    )
    if len(names) < 2 or len(set(names)) != len(names) or not is_confusion:
        return
    columns = [heads.index(name, 1) for name in names]
    counts = [[_read_count(grid.texts[row][n]) for n in columns] for row in rows]
    if any(count is None for row in counts for count in row):
        return
    total = sum(count or 0 for row in counts for count in row)
    correct = sum(row[n] or 0 for n, row in enumerate(counts))
    if total < _MIN_TOTAL:
        return
    number = re.search(r"\d+|[IVX]+$", grid.label)
    for index, sentence in enumerate(sentences):
        refers = number and re.search(rf"\btable\s*{number[0]}\b", sentence.text, re.I)
        if sentence.section in ("references", "related work") or not (
            refers or re.search(r"\bconfusion matrix\b", sentence.text, re.I)
        ):
            continue
        values = [a or b for a, b in _ACCURACY.findall(sentence.text)]
        if len(values) != 1:
            continue
        printed = values[0].rstrip("% ")
        scale = 1.0 if "%" in values[0] else 0.01
        unit = 10.0 ** -len(printed.partition(".")[2])
        exact = 100 * correct / total * scale
        if abs(exact - float(printed)) > 1.01 * unit:
            yield (
                index,
                Contradiction(
                    "accuracy",
                    f"accuracy is {values[0].strip()}, but {correct:,} of the {total:,} cases of "
                    f"{grid.label} are on its diagonal: {correct / total:.1%}.",
                ),
            )


def _normalize(name: str) -> str:
    name = re.sub(r"\b(?:predicted|actual|true|class|label)\b|\(.*?\)", "", name.lower())
    return re.sub(r"[^a-z0-9]", "", name)


# ---- the classes of a table, and the total of the text ----

_SIZES_CAPTION = re.compile(
    r"\b(?:distribution|number of|numbers of|composition|breakdown|statistics|details of|summary of"
    r"|split\w*|partition\w*|data ?sets?|class(?:es)?)\b",
    re.I,
)
_UNIT = (
    r"(?:images|patients|scans|slices|slides|x-?rays|radiographs|samples|cases|subjects|volumes|"
    r"lesions|mammograms|videos|eyes)"
)
_STATED_TOTAL = re.compile(
    rf"\b(?:total(?:s|ing|led)? (?:of )?(?:around )?|in total,? |data ?set (?:of|with|has|"
    rf"contain\w+|"
    rf"includ\w+|compris\w+|consist\w+ of)(?: a total of)? |contain\w* |compris\w+ |"
    rf"consist\w* of |collect\w+ |overall,? )(\d{{1,3}}(?:,\d{{3}})+|\d{{3,7}})(?![\d.,]*\d)\s+"
    rf"(?:[A-Za-z][\w-]*\s+){{0,4}}?({_UNIT})\b",
    re.I,
)
_MAX_CLASS_ERROR = 0.04


def _compare_classes(grid: NumberGrid, sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """'A total of 5,863 images', where the classes of the table of images add up to 5,856."""
    added = _sum_all(grid)
    if not _SIZES_CAPTION.search(grid.caption) or added is None or added < 100:
        return
    heads = f"{grid.caption} {' '.join(grid.full_heads)}".lower()
    printed = {n for s in sentences if s.section != "references" for n in list_numbers(s.text)}
    if str(added) in printed:
        return
    near = [
        (index, match)
        for index, sentence in enumerate(sentences)
        if sentence.section not in ("references", "related work", "introduction")
        and not is_row(sentence.text)
        for match in _STATED_TOTAL.finditer(sentence.text)
        if 0 < abs(parse_count(match[1]) - added) <= _MAX_CLASS_ERROR * added
        and match[2].lower().rstrip("s") in heads
    ]
    values = {match[1] for _, match in near}
    cells = {count for texts in grid.texts for text in texts if (count := _read_count(text))}
    if len(values) == 1 and parse_count(near[0][1][1]) not in cells:
        index, match = near[0]
        yield (
            index,
            Contradiction(
                "n", f"{match[1]} {match[2]} here, but {grid.label} adds up to {added:,}."
            ),
        )


def _sum_all(grid: NumberGrid) -> int | None:
    """The sum of the rows of the only column of counts, or of the columns of a split.

    None if a cell is missing or other columns are counts as well.
    """
    rows = [
        row
        for row, texts in enumerate(grid.texts)
        if texts[0].strip() and not _TOTAL.match(texts[0])
    ]
    if len(rows) < 2 or len(rows) != len({grid.texts[row][0] for row in rows}):
        return None
    columns = [
        n
        for n in range(1, len(grid.heads))
        if all(_read_count(grid.texts[row][n]) is not None for row in rows)
        and not _NO_PART.search(grid.full_heads[n])
    ]
    totals = [n for n in columns if _TOTAL.match(grid.heads[n])]
    chosen = totals or columns
    are_parts = len(chosen) > 1 and all(_PART_HEAD.search(grid.full_heads[n]) for n in chosen)
    if len(chosen) != 1 and not are_parts:
        return None
    counts = [[_read_count(grid.texts[row][n]) or 0 for row in rows] for n in chosen]
    if any(_is_nested(column, -1) for column in counts if len(column) > 2):
        return None
    return sum(map(sum, counts))
