"""Facts from the cells of a paper's tables: sizes of classes and parts, and performance."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from review.bias.facts.models import FIELDS, Fact
from review.models import PrintedTable, Sentence

_COUNT = re.compile(r"^(\d{1,3}(?:[,\u2009 ]\d{3})+|\d+)(?:\s*\(\s*\d+(?:[.,]\d+)?\s?%?\s*\))?$")
_VALUE = re.compile(
    r"^[<>≤≥~]?\s?\d{1,3}(?:[.,]\d+)?\s?%?(?:\s?±\s?\d+(?:[.,]\d+)?\s?%?)?"
    r"(?:\s?[(\[][^()\[\]]*[)\]])?[*†‡∗⋆]*$"
)
_COUNTS_CAPTION = re.compile(
    r"\b(number|numbers|amount|no\.|statistic\w*|distribution|composition|breakdown|characteristics|"
    r"summary|details|overview|splits?|demographic\w*|occurrences|partition\w*)\b",
    re.I,
)
_CLASSES = re.compile(
    r"\b(class(?:es)?|categor\w+|diagnos\w+|patholog\w+|labels?|types?|lesions?|stages?|disease|"
    r"severity|findings|conditions?|grades?)\b",
    re.I,
)
_COUNT_HEAD = re.compile(
    r"#|\bn\b|\b(number|no\.|images?|cases?|patients?|subjects?|samples?|scans?|volumes?|slices|"
    r"count|total|studies|slides|wsi|occurrences|events|examinations?)\b",
    re.I,
)
_NO_COUNT_HEAD = re.compile(
    r"\b(age|years?|mmse|time|size|spacing|thickness|dose|epochs?|batch|dropout|parameters?|kvp|"
    r"tr|te|ti|index|rank|fold|layers?|seconds|scale|"
    r"categor\w+|features?|models?|class(?:es)?)\b|±",
    re.I,
)
_UNIT = re.compile(
    r"\b(images?|patients?|cases?|subjects?|samples?|scans?|volumes?|slices|slides?|wsis?|studies|"
    r"events|occurrences|participants|lesions?|data ?sets?|radiographs|x-?rays|labels)\b",
    re.I,
)
_HEAD_START = r"^\W*(?:(?:number|no\.?|n) (?:of )?)?"
_PEOPLE_HEAD = re.compile(
    rf"{_HEAD_START}(?:patients?|subjects?|participants?|individuals)\W*$", re.I
)
_PICTURES_HEAD = re.compile(
    rf"{_HEAD_START}(?:images?|scans?|radiographs?|x-?rays?|slices|slides?|wsis?|photographs?)\W*$",
    re.I,
)
_PART = re.compile(
    r"^\W*(?:the )?(?P<part>train(?:ing)?|validation|val\.?|tuning|test(?:ing)?)"
    r"(?:[ -]?(?:set|data|dataset|cohort|split|partition|images))?(?:\s*\(.*\))?\W*$",
    re.I,
)
_PART_NAMES = {"tr": "training", "va": "validation", "tu": "validation", "te": "test"}
_TOTAL = re.compile(r"^\W*(?:total|overall|all|sum|whole|entire)\b", re.I)
_METRIC = re.compile(
    r"\b(accuracy|acc\.?|balanced accuracy|bac|sensitivity|sens\.?|specificity|spec\.?|auc|auroc|"
    r"roc-auc|pr-auc|auprc|f1(?:[- ]score)?|dice|dsc|iou|precision|recall|ppv|npv|kappa|mcc|"
    r"c-index|rmse|mae|hausdorff|hd95|h95|tpr|fpr|tp|fp|tn|fn)\b",
    re.I,
)
_OWN_ROW = re.compile(
    r"\b(ours?|our (?:\w+ )?(?:method|model|net\w*)|proposed|this (?:work|study)|current study)\b",
    re.I,
)
_OWN_NAME = re.compile(
    r"\b(?:propos\w+|introduc\w+|present\w*|call(?:ed)?|nam(?:e|ed)|dubbed|term(?:ed)?|develop\w*)\b"
    r"[^.;]{0,80}?\b(?P<name>[A-Z][\w-]*[A-Z\d][\w+-]*)"
)
_OTHERS = re.compile(
    r"\bet al\b|\[\d+\]|\(\d{4}\)|\bcompar\w+ (?:with|to) (?:related|other|previous)"
)
_MAX_ROWS_ALL_OWN = 3
"""Rows of a table of results up to which each is the study's own; longer ones compare."""
_MAX_FACTS = 40
"""Facts of one field from tables at most, so that they do not hide the rest."""


@dataclass(frozen=True, slots=True)
class _Cell:
    field: str
    label: str
    value: str
    row: int
    column: int


def add_table_facts(
    facts: Sequence[Fact], tables: Sequence[PrintedTable], sentences: Sequence[Sentence]
) -> list[Fact]:
    """Facts found in sentences with those in tables, in the order of FIELDS.

    Where a table gives a cell, sizes read from its line as a sentence are left out.
    """
    found = read_table_facts(tables, sentences)
    lines = {index for fact in found for index in fact.sentences}
    kept = [f for f in facts if f.field != "class size" or not lines & set(f.sentences)]
    known = {(fact.field, fact.label.lower(), fact.value) for fact in kept}
    new = [f for f in found if (f.field, f.label.lower(), f.value) not in known]
    order = list(FIELDS)
    merged = {(f.field, f.label, f.value): f for f in (*new, *kept)}
    return sorted(
        merged.values(), key=lambda f: (order.index(f.field), f.cell != "", f.sentences[0])
    )


def read_table_facts(tables: Sequence[PrintedTable], sentences: Sequence[Sentence]) -> list[Fact]:
    """The facts in tables, each with the line of its row and the name of its cell.

    A cell whose row is no line of the text is left out: nobody could check it.
    """
    facts: list[Fact] = []
    counts: Counter[str] = Counter()
    names = _find_own_names(sentences)
    for table in tables:
        for cell in (*_read_sizes(table), *_read_performance(table, names)):
            counts[cell.field] += 1
            if counts[cell.field] > _MAX_FACTS:
                continue
            index = _find_row_sentence(table, cell.row, sentences)
            if index is not None:
                place = f"{table.label or 'Table'}: {_name_cell(table, cell)}"
                facts.append(Fact(cell.field, cell.label, cell.value, (index,), place))
    return facts


def _find_own_names(sentences: Sequence[Sentence]) -> frozenset[str]:
    """The names that the authors give their model in the abstract or introduction."""
    return frozenset(
        match["name"].lower()
        for sentence in sentences
        if sentence.section in ("", "abstract", "introduction")
        for match in _OWN_NAME.finditer(sentence.text)
        if re.search(r"\b(?:we|our|this)\b", sentence.text, re.I)
    )


def _name_cell(table: PrintedTable, cell: _Cell) -> str:
    row = next((text for text in table.rows[cell.row] if text), "")
    head = table.columns[cell.column].replace(" | ", ", ")
    return ", ".join(filter(None, (row, head)))


def _read_sizes(table: PrintedTable) -> Iterator[_Cell]:
    """Counts of classes and of parts, whichever way the table is turned."""
    heads = table.columns
    counts = [n for n in range(1, len(heads)) if _is_count_column(table, n)]
    is_of_cases = _UNIT.search(table.caption) or any(_UNIT.search(heads[n]) for n in counts)
    if not counts or not is_of_cases or any(_METRIC.search(heads[n]) for n in counts):
        return
    parts = {n: part for n in counts if (part := _name_part(heads[n]))}
    says_counts = bool(
        len(parts) > 1
        or _COUNTS_CAPTION.search(table.caption)
        or any(_COUNT_HEAD.search(heads[n]) for n in counts)
    )
    if not says_counts:
        return
    part_rows = [n for n, row in enumerate(table.rows) if _name_part(row[0])]
    if part_rows:
        yield from _read_part_rows(table, part_rows, counts)
    elif parts or _CLASSES.search(table.caption) or _CLASSES.search(heads[0]):
        yield from _read_class_rows(table, counts, parts)
    else:
        yield from _read_cohort_rows(table, counts)


def _read_cohort_rows(table: PrintedTable, counts: Sequence[int]) -> Iterator[_Cell]:
    """Patients and images of each data set or cohort that is a row; the total has no label."""
    for n, row in enumerate(table.rows):
        for column in counts:
            value, head = _parse_count(row[column]), _last_level(table.columns[column])
            field = "patients" if _PEOPLE_HEAD.match(head) else "images"
            if value and row[0] and (_PEOPLE_HEAD.match(head) or _PICTURES_HEAD.match(head)):
                label = "" if _TOTAL.match(row[0]) else row[0]
                yield _Cell(field, label, value, n, column)


def _is_count_column(table: PrintedTable, column: int) -> bool:
    """Whether a column holds whole numbers that count cases, and does not number the rows."""
    if not _is_mostly(table, column, _COUNT) or _NO_COUNT_HEAD.search(table.columns[column]):
        return False
    values = [_parse_count(row[column]) for row in table.rows]
    return values != [str(n) for n in range(1, len(values) + 1)] and not _numbers_rows(values)


def _numbers_rows(values: Sequence[str | None]) -> bool:
    numbers = [int(value) for value in values if value]
    return len(numbers) > _MAX_ROWS_ALL_OWN and numbers == list(range(1, len(numbers) + 1))


def _read_part_rows(
    table: PrintedTable, part_rows: Sequence[int], counts: Sequence[int]
) -> Iterator[_Cell]:
    """Sizes of parts that are rows; of a part with several rows, its row of totals."""
    names = [_name_part(table.rows[n][0]) for n in part_rows]
    for n, part in zip(part_rows, names, strict=True):
        row = table.rows[n]
        is_total = any(_TOTAL.match(cell) for cell in row[1:])
        if part is None or (names.count(part) > 1 and not is_total):
            continue
        for column in counts:
            value, head = _parse_count(row[column]), _last_level(table.columns[column])
            if not value:
                continue
            if len(counts) == 1 or _TOTAL.match(head):
                yield _Cell("part size", part, value, n, column)
            elif _COUNT_HEAD.search(head):
                yield _Cell("part size", f"{part}, {head}", value, n, column)
            elif _CLASSES.search(table.caption) or _CLASSES.search(table.columns[column]):
                yield _Cell("class size", f"{head}, {part}", value, n, column)


def _read_class_rows(
    table: PrintedTable, counts: Sequence[int], parts: Mapping[int, str]
) -> Iterator[_Cell]:
    """Sizes of classes that are rows, and of the parts that are columns."""
    heads = table.columns
    names_classes = _CLASSES.search(table.caption) or _CLASSES.search(heads[0])
    for n, row in enumerate(table.rows):
        for column in counts:
            value, label = _parse_count(row[column]), _find_label(table, row, column)
            part = parts.get(column)
            if value and part and (not label or _TOTAL.match(label)):
                yield _Cell("part size", part, value, n, column)
            elif value and label and not _TOTAL.match(label) and names_classes:
                is_list = len(counts) == 1 or heads.count(heads[column]) > 1
                head = "" if is_list else part or _last_level(heads[column])
                if not (head and _TOTAL.match(head)):
                    name = ", ".join(filter(None, (label, head)))
                    yield _Cell("class size", name, value, n, column)


def _find_label(table: PrintedTable, row: Sequence[str], column: int) -> str:
    """The name of a row; in a list set in several columns, the one left of the cell."""
    heads = table.columns
    named = [n for n in range(column) if heads[n] == heads[0]]
    if re.search(r"[A-Za-z]", row[named[-1]]):
        return row[named[-1]]
    names = [cell for cell in row[:column] if re.search(r"[A-Za-z]{3}", cell)]
    return names[-1] if names else ""


def _read_performance(table: PrintedTable, names: frozenset[str]) -> Iterator[_Cell]:
    """Figures of the study's own model: its row, or all rows of a short table."""
    heads = table.columns
    metrics = [n for n in range(1, len(heads)) if _METRIC.search(heads[n])]
    in_rows = [n for n, row in enumerate(table.rows) if _METRIC.search(row[0])]
    if metrics:
        own = [
            n
            for n, row in enumerate(table.rows)
            if _OWN_ROW.search(row[0]) or row[0].lower() in names
        ]
        if not own and len(table.rows) <= _MAX_ROWS_ALL_OWN:
            own = [n for n, row in enumerate(table.rows) if not _OTHERS.search(row[0])]
        for n in own:
            for column in metrics:
                value = table.rows[n][column]
                if _VALUE.match(value):
                    label = _last_level(heads[column])
                    yield _Cell("performance", f"{label} ({table.rows[n][0]})", value, n, column)
    elif in_rows and not _OTHERS.search(table.caption):
        own_columns = [n for n in range(1, len(heads)) if _OWN_ROW.search(heads[n])]
        if not own_columns and len(heads) <= _MAX_ROWS_ALL_OWN:
            own_columns = list(range(1, len(heads)))
        for n in in_rows:
            for column in own_columns:
                value = table.rows[n][column]
                if _VALUE.match(value):
                    label = " ".join(filter(None, (table.rows[n][0], f"({heads[column]})")))
                    yield _Cell("performance", label, value, n, column)


def _is_mostly(table: PrintedTable, column: int, pattern: re.Pattern[str]) -> bool:
    cells = [row[column].strip() for row in table.rows if row[column].strip(" -–")]
    return bool(cells) and sum(bool(pattern.match(cell)) for cell in cells) > 0.7 * len(cells)


def _parse_count(text: str) -> str | None:
    match = _COUNT.match(text.strip())
    return re.sub(r"\D", "", match[1]) if match and int(re.sub(r"\D", "", match[1])) else None


def _name_part(text: str) -> str | None:
    match = _PART.match(_last_level(text))
    return _PART_NAMES[match["part"][:2].lower()] if match else None


def _last_level(head: str) -> str:
    return head.rsplit(" | ", 1)[-1]


def _find_row_sentence(table: PrintedTable, row: int, sentences: Sequence[Sentence]) -> int | None:
    """The line of the text that holds most of a row's cells, at least half of them."""
    wanted = {
        word for cell in table.rows[row] for word in cell.split() if any(map(str.isalnum, word))
    }
    best: tuple[float, int] | None = None
    for index, sentence in enumerate(sentences):
        if sentence.page != table.page or sentence.section == "references":
            continue
        words = sentence.text.split()
        share = len(wanted & set(words)) / max(len(wanted), 1)
        score = share - 0.001 * len(words)
        if share >= 0.5 and (best is None or score > best[0]):
            best = (score, index)
    return best[1] if best else None
