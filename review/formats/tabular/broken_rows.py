"""Rows of a table that a line end within a cell broke in two, with no quotation marks round it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from review.formats.tabular.grid import InputRow
from review.models import UnreadableEntry

MAX_PARTS = 5
"""Lines that one broken row is looked for in."""

_TELLING = {
    "year": re.compile(r"(?:1[5-9]|20)\d\d"),
    "date": re.compile(r".*(?:1[5-9]|20)\d\d.*"),
    "doi": re.compile(r"(?:https?://\S*)?10\.\d{4,9}/\S+"),
    "urls": re.compile(r"https?://\S+"),
}
"""Fields whose cells can be recognised by what they look like."""
_CONTINUATION = re.compile(r"[ \t\u3000]{2,}[a-z]")
_MIDWAY = re.compile(r"[a-z]+(?=[\s,;:.)]|$)(?!\.[a-z])")
"""A first word in lower case that is no name of a gene or program: not mTOR, p53, scikit-learn."""
_LINK_WORD = re.compile(
    r"(?:of|and|or|for|with|by|from|to|on|at|as|using|versus|"
    r"in(?!\s+(?:vivo|vitro|silico|situ|utero|ovo|memoriam)\b))\s"
)
"""No title begins with one of these in lower case where the others begin with a capital."""
_RUN_ON = re.compile(r"(?:[a-z]{3}|[.;:)\]\d])[A-Z][a-z]+(?:\s[^.!?]*)?$")
"""Two texts with no blank between them, the second cut short: noteDeep nets, ended.Deep nets."""
MAX_MIDWAY_SHARE = 0.02
MAX_SHORT_SHARE = 0.1
"""Shares of the rows up to which what a row does is not the custom of its table."""
_GLUED = re.compile(r"(?<!\b[A-Z])(?<=[^\W\d_])\"[A-Z]")
"""Not the mark of a name: O"Brien."""
_TEXT_FIELDS = ("title", "authors", "journal", "abstract", "keywords")
_NO_TEXT = re.compile(r"https?://\S+|(?:1[5-9]|20)\d\d|10\.\d{4,9}/\S+")
"""A link, year or DOI: none is a title, a name or a journal."""


def reject_broken_rows(
    rows: Iterable[InputRow | UnreadableEntry],
    keys: list[str],
    fields: Mapping[str, str],
    *,
    is_text: bool = True,
) -> Iterator[InputRow | UnreadableEntry]:
    """The rows, with the lines of a broken row as rejected, and rows that lack a cell midway.

    Rows that hold the text of two are rejected as well. Lines are one broken row where each has
    too few cells, together they fill the header exactly, and the year, DOI or link is in its own
    column only in the joined row.

    Args:
        rows: rows in the order of the file.
        keys: the header's names as they are compared.
        fields: compared column name -> our field.
        is_text: the rows are lines of a text, so a line end may be lost; a workbook has none.
    """
    rows = _reject_parts(_reject_run_together(rows, len(keys)), keys, fields)
    return _reject_midway(rows, len(keys)) if is_text else rows


def _reject_parts(
    rows: Iterable[InputRow | UnreadableEntry], keys: list[str], fields: Mapping[str, str]
) -> Iterator[InputRow | UnreadableEntry]:
    """The rows, with the lines of a broken row as rejected, and rows that lack a cell midway."""
    patterns = {
        index: _TELLING[fields[key]]
        for index, key in enumerate(keys)
        if fields.get(key) in _TELLING
    }
    text_columns = [index for index, key in enumerate(keys) if fields.get(key) in _TEXT_FIELDS]

    def check_shift(row: InputRow) -> InputRow | UnreadableEntry:
        """The row, or the reason why it is none where its cells fit only behind a missing one."""
        line, cells, _ = row
        if not _has_misfit(cells, text_columns) or not _is_shifted(cells, len(keys), patterns):
            return row
        reason = (
            f"line {line}: {len(cells)} cells where the header has {len(keys)} columns, and they "
            "do not fit the columns they are in: a separator is missing"
        )
        return UnreadableEntry(0, reason, " | ".join(cells))

    parts: list[InputRow] = []
    for row in rows:
        if isinstance(row, UnreadableEntry) or len(row[1]) >= len(keys):
            yield from map(check_shift, parts)
            parts = []
            yield row
            continue
        parts.append(row)
        while len(parts) > 1 and (len(parts) > MAX_PARTS or len(_join_cells(parts)) > len(keys)):
            yield check_shift(parts.pop(0))
        if len(parts) > 1 and _is_one_row(parts, len(keys), patterns):
            yield from _reject(parts)
            parts = []
    yield from map(check_shift, parts)


def _reject_run_together(
    rows: Iterable[InputRow | UnreadableEntry], width: int
) -> Iterator[InputRow | UnreadableEntry]:
    """The rows; one that goes on with the beginning of the next is rejected.

    So it is where a quotation mark within its last cell begins another cell, or where the next
    line is indented and begins in the middle of a sentence (that line is rejected as well).
    """
    previous: InputRow | UnreadableEntry | None = None
    for row in rows:
        if not isinstance(row, UnreadableEntry):
            line, cells, _ = row
            if _CONTINUATION.match(cells[0]):
                if previous is not None and not isinstance(previous, UnreadableEntry):
                    previous = _reject_row(previous, f"line {line} goes on with its text")
                row = _reject_row(row, "it goes on with the text of the line before")
            elif len(cells) == width and _is_glued(row):
                row = _reject_row(row, "its last cell goes on with the next record")
        if previous is not None:
            yield previous
        previous = row
    if previous is not None:
        yield previous


def _reject_midway(
    rows: Iterable[InputRow | UnreadableEntry], width: int
) -> Iterator[InputRow | UnreadableEntry]:
    """The rows; one that begins in the middle of a sentence is rejected with the row before.

    So it is where the line end between them was lost and a later one breaks the title. The row
    before shows it: it is short, or its last cell runs on into another text; or the row begins
    with a word that no title begins with. Tables whose titles are in lower case are left alone.
    """
    previous: InputRow | UnreadableEntry | None = None
    customs: Counter[str] = Counter()
    for row in rows:
        if not isinstance(row, UnreadableEntry):
            line, cells, _ = row
            is_midway = _MIDWAY.match(cells[0]) is not None
            if previous is not None and not isinstance(previous, UnreadableEntry):
                is_short = len(previous[1]) < min(width, len(cells))
                is_told = (
                    (is_short and customs["short"] <= MAX_SHORT_SHARE * customs["rows"] + 1)
                    or _RUN_ON.search(previous[1][-1])
                    or _LINK_WORD.match(cells[0])
                )
                is_custom = customs["midway"] > MAX_MIDWAY_SHARE * customs["rows"]
                if is_midway and is_told and not is_custom:
                    previous = _reject_row(previous, f"line {line} goes on with its text")
                    row = _reject_row(row, "it goes on with the text of the line before")
            customs["rows"] += 1
            customs["midway"] += is_midway
            customs["short"] += len(cells) < width
        if previous is not None:
            yield previous
        previous = row
    if previous is not None:
        yield previous


def _is_glued(row: InputRow) -> bool:
    """Whether two quoted cells touch in the last one: "note""Title" as the file writes it.

    A mark that is written once ('a"Smith sign') belongs to the text of a cell without marks.
    """
    _, cells, text = row
    return (
        cells[-1].count('"') % 2 == 1
        and (match := _GLUED.search(cells[-1])) is not None
        and match.group().replace('"', '""') in text
    )


def _reject_row(row: InputRow, problem: str) -> UnreadableEntry:
    return UnreadableEntry(0, f"line {row[0]}: {problem}", " | ".join(row[1]))


def _has_misfit(cells: list[str], text_columns: list[int]) -> bool:
    return any(
        index < len(cells) and _NO_TEXT.fullmatch(cells[index].strip()) for index in text_columns
    )


def _is_shifted(cells: list[str], width: int, patterns: dict[int, re.Pattern[str]]) -> bool:
    """Whether year, DOI or link are in their columns only if the cells move to the right."""
    points = _count_telling(cells, patterns)
    return any(
        _count_telling([*cells[:index], *[""] * gap, *cells[index:]], patterns) > points
        for gap in range(1, min(width - len(cells), MAX_PARTS) + 1)
        for index in range(1, len(cells))
    )


def _join_cells(parts: list[InputRow]) -> list[str]:
    """The cells of the joined row: each line goes on with the last cell of the line before."""
    cells = list(parts[0][1])
    for _, more, _ in parts[1:]:
        cells[-1] = f"{cells[-1]} {more[0]}"
        cells += more[1:]
    return cells


def _is_one_row(parts: list[InputRow], width: int, patterns: dict[int, re.Pattern[str]]) -> bool:
    joined = _join_cells(parts)
    return len(joined) == width and _count_telling(joined, patterns) > max(
        _count_telling(cells, patterns) for _, cells, _ in parts
    )


def _count_telling(cells: list[str], patterns: dict[int, re.Pattern[str]]) -> int:
    """How many cells look like values of their column."""
    return sum(
        1
        for index, pattern in patterns.items()
        if index < len(cells) and pattern.fullmatch(cells[index].strip())
    )


def _reject(parts: list[InputRow]) -> Iterator[UnreadableEntry]:
    first = parts[0][0]
    for line, cells, _ in parts:
        reason = (
            f"line {line}: a line end within a cell breaks the record of line {first}; put the "
            "cell in quotation marks, or take the line end out"
        )
        yield UnreadableEntry(0, reason, " | ".join(cells))
