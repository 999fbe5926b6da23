"""Reads Embase's CSV with one field per row ('TITLE','...'; 'AUTHOR NAMES','...','...')."""

import csv
import re

from review.formats import funnel_note
from review.formats.fields import find_merged
from review.formats.tabular import rows
from review.formats.tabular.columns import normalize_name
from review.models import ParseResult, Record, UnreadableEntry
from review.text.encodings import decode_utf8

_TITLE_ROW = re.compile(rb'^"?TITLE"?[,\t;]', re.M)

_SINGLE_COLUMNS = (
    *("authornames", "sourcetitle", "source", "publicationyear", "volume", "issue", "firstpage"),
    *("abstract", "doi", "embaseaccessionid", "medlinepmid"),
)
"""Columns a record has once, as they are compared."""


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a field-a-row CSV (UTF-8, \\n): a new one begins at each TITLE row."""
    starts = [match.start() for match in _TITLE_ROW.finditer(data)]
    mark = data[_TITLE_ROW.search(data).end() - 1 :][:1].decode() if starts else ","  # type: ignore[union-attr]
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    ends = [*starts[1:], len(data)]
    for number, (a, b) in enumerate(zip(starts, ends, strict=True), 1):
        text = decode_utf8(data[a:b])
        pairs: list[tuple[str, str, str]] = []
        try:
            for row in csv.reader(text.split("\n"), delimiter=mark, strict=True):
                cells = [cell.strip() for cell in row[1:] if cell.strip()]
                if row and row[0].strip() and cells:
                    joined = "; ".join(cells)
                    pairs.append((row[0].strip(), normalize_name(row[0]), joined))
        except csv.Error:
            reason = "a closing quotation mark is missing: the file is truncated or damaged"
            rejected.append(UnreadableEntry(number, reason, text.strip()))
            continue
        cells_by_column: dict[str, list[str]] = {}
        for _, column, cell in pairs:
            cells_by_column.setdefault(column, []).append(cell)
        if problem := find_merged(cells_by_column, _SINGLE_COLUMNS):
            rejected.append(UnreadableEntry(number, problem, text.strip()))
        else:
            records.append(rows.build_record(pairs))
    default_source = source or "embase"
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(starts),
    )
