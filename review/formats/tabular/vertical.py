"""Embase's CSV with one field a row ('TITLE','...'; 'AUTHOR NAMES','...','...') to records."""

import csv
import re

from review.formats import funnel_note
from review.formats.fields import decoded
from review.formats.tabular import rows
from review.formats.tabular.columns import key
from review.models import Parsed, Record, Rejected

_FIRST = re.compile(rb'^"?TITLE"?[,\t;]', re.M)


def parse(data: bytes, source: str | None = None) -> Parsed:
    """Records of a field-a-row CSV (UTF-8, \\n): a new one begins at each TITLE row."""
    starts = [found.start() for found in _FIRST.finditer(data)]
    mark = data[_FIRST.search(data).end() - 1 :][:1].decode() if starts else ","  # type: ignore[union-attr]
    records: list[Record] = []
    rejected: list[Rejected] = []
    ends = [*starts[1:], len(data)]
    for number, (a, b) in enumerate(zip(starts, ends, strict=True), 1):
        text = decoded(data[a:b])
        pairs: list[tuple[str, str, str]] = []
        try:
            for row in csv.reader(text.split("\n"), delimiter=mark, strict=True):
                cells = [cell.strip() for cell in row[1:] if cell.strip()]
                if row and row[0].strip() and cells:
                    joined = "; ".join(cells)
                    pairs.append((row[0].strip(), key(row[0]), joined))
        except csv.Error as error:
            reason = f"a cell does not close ({error}): the file is cut short or damaged"
            rejected.append(Rejected(number, reason, text.strip()))
            continue
        records.append(rows.record_of(pairs))
    named = source or "embase"
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records), tuple(rejected), len(starts)
    )
