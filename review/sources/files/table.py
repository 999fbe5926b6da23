"""Tables to records: CSV, TSV and XLSX with one record a row, and Embase's field-a-row CSV.

The header is found by its names below any preamble. Rows that do not fit it are rejected.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from review.errors import SourceError
from review.records import (
    Parsed,
    Record,
    Rejected,
)
from review.sources.files import columns, guess, own, tagged
from review.sources.files.rows import record_of as row_record
from review.sources.files.text import (
    decoded,
)

csv.field_size_limit(16_000_000)

DELIMITERS = ",;\t|"
LOOK = 30
"""Rows searched for the header, below a preamble such as a search strategy."""

MAX_UNPACKED = 1 << 30
"""Bytes a workbook may unpack to; a larger one is refused (a zip bomb)."""

_PUBMED = re.compile(r"\. (?P<date>\d{4}[^;.]*);(?P<volume>[^(:]*)(?:\((?P<issue>[^)]*)\))?"
                     r"(?::(?P<pages>[\w-]+))?\.")  # fmt: skip

Row = tuple[int, list[str], str]
"""Line number in the file, cells, and the row as it stands there."""


def parse_csv(data: bytes, source: str | None = None, *, name: str = "the table") -> Parsed:
    """Records of a CSV or TSV file (UTF-8, \\n).

    Raises:
        SourceError: no row has a column that is a title; the message lists what was found.
    """
    lines = data.split(b"\n")
    delimiter, at, header = _header(lines, name)
    ours = own.COLUMN in header and "title" in header
    rows = _csv_rows(lines, at + 1, delimiter, len(header))
    parsed = (own.from_rows if ours else parse_rows)(rows, header, source)
    counted = _independent_count(lines[at:], delimiter)
    return Parsed(parsed.records, parsed.rejected, counted)


def _header(lines: list[bytes], name: str) -> tuple[str, int, list[str]]:
    """Delimiter, line and cells of the row that knows most columns among the first rows."""
    best: tuple[int, int, str, list[str]] | None = None
    first: list[str] = []
    for at, line in enumerate(lines[:LOOK]):
        text = decoded(line)
        for delimiter in DELIMITERS:
            cells = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter), [])]
            if len(cells) > max(1, len(first)) and not first:
                first = cells
            score = columns.known(cells)
            if columns.has_title(cells) and (best is None or score > best[0]):
                best = (score, at, delimiter, cells)
    if best is None:
        raise SourceError(
            f"{name}: no column is a title. Found: {', '.join(first)[:300] or 'no columns'}. "
            f"Accepted: {', '.join(columns.COLUMNS['title'])} (any case); name one of them."
        )
    return best[2], best[1], best[3]


def _csv_rows(lines: list[bytes], at: int, delimiter: str, width: int) -> Iterator[Row | Rejected]:
    """Rows from line `at` on; after a quotation mark that never closes, reading starts anew.

    A row with more cells than the header that runs over several lines has met a stray quotation
    mark: its first line is rejected and the next line is read as a new row.
    """
    number = 0
    while at < len(lines):
        reader = csv.reader((decoded(lines[i]) + "\n" for i in range(at, len(lines))),
                            delimiter=delimiter)  # fmt: skip
        start = at
        for cells in reader:
            begin, at = at, start + reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            torn = at == len(lines) and _never_closes(lines[begin:at], delimiter)
            if torn or (len(cells) > width and any(c.strip() for c in cells[width:])):
                raw = decoded(b"\n".join(lines[begin:at])).strip()
                if at - begin > 1 + (not lines[at - 1].strip()):
                    at = begin + 1
                    raw = decoded(lines[begin])
                reason = (
                    "a quotation mark never closes: the file is cut short or the cell is damaged"
                    if torn or at == begin + 1
                    else f"{len(cells)} cells where the header has {width} columns"
                )
                yield Rejected(number, f"line {begin + 1}: {reason}", raw)
                if at == begin + 1:
                    break
            else:
                yield begin + 1, cells, ""
        else:
            return


def _never_closes(lines: list[bytes], delimiter: str) -> bool:
    """Whether the row's last quoted cell has no closing quotation mark."""
    try:
        list(csv.reader((decoded(x) + "\n" for x in lines), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _independent_count(lines: list[bytes], delimiter: str) -> int:
    """Rows below the header, counted by quotation marks alone, without the csv module."""
    blank = b" \t" + delimiter.encode()
    count, inside = 0, False
    for line in lines:
        if not inside and line.strip(blank + b'"'):
            count += 1
        if line.count(b'"') % 2:
            inside = not inside
    return count - 1


def parse_xlsx(data: bytes, source: str | None = None, *, name: str = "the workbook") -> Parsed:
    """Records of every sheet of an XLSX workbook that has a title column.

    Raises:
        SourceError: not a workbook, too large unpacked, or no sheet has a title column.
    """
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
                raise SourceError(f"{name}: the workbook unpacks to over 1 GiB; it is refused.")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise SourceError(f"{name}: not a readable Excel workbook ({error}).") from error
    done: list[Parsed] = []
    found: list[str] = []
    for sheet in book.worksheets:
        rows = ([_cell(v) for v in row] for row in sheet.iter_rows(values_only=True))
        head: list[list[str]] = list(islice(rows, LOOK))
        known = [(columns.known(row), -at) for at, row in enumerate(head) if columns.has_title(row)]
        if not known:
            found.extend(cell for cell in (head[0] if head else []) if cell)
            continue
        at = -max(known)[1]
        body = enumerate(chain(head[at + 1 :], rows), at + 2)
        cells: Iterator[Row] = ((n, row, "") for n, row in body if any(row))
        header = head[at]
        if own.COLUMN in header:
            done.append(own.from_rows(cells, header, source))
        else:
            done.append(parse_rows(cells, header, source))
    book.close()
    if not done:
        raise SourceError(
            f"{name}: no column is a title. Found: {', '.join(found)[:300] or 'no columns'}. "
            f"Accepted: {', '.join(columns.COLUMNS['title'])} (any case); name one of them."
        )
    return _joined(done)


def _joined(done: list[Parsed]) -> Parsed:
    records = tuple(chain.from_iterable(part.records for part in done))
    rejected = tuple(chain.from_iterable(part.rejected for part in done))
    return Parsed(records, rejected, len(records) + len(rejected))


def _cell(value: object) -> str:
    """A workbook cell as text: whole numbers without '.0', dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.removesuffix("T00:00:00").strip()


def parse_rows(
    rows: Iterable[Row | Rejected], header: list[str], source: str | None = None
) -> Parsed:
    """Records of rows below a header; a row blank in all known columns is rejected."""
    keys = [columns.key(name) for name in header]
    signed = columns.source_of(header)
    wos = "pt" in keys and "ti" in keys and len(max(keys, key=len)) == 2
    records: list[Record] = []
    rejected: list[Rejected] = []
    for row in rows:
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        number = len(records) + len(rejected) + 1
        pairs = [(n, k, c) for n, k, c in zip(header, keys, row[1], strict=False) if c.strip()]
        if not any(k in columns.FIELD for _, k, _ in pairs):
            raw = " | ".join(cell for _, _, cell in pairs)
            rejected.append(Rejected(number, f"line {row[0]}: no known column is filled", raw))
        elif wos:
            fields = {n.upper(): [c] for n, _, c in pairs}
            records.append(tagged.web_of_science({t: _wos_cell(t, v) for t, v in fields.items()}))
        else:
            records.append(row_record(pairs))
    named = source or signed or guess.of_file((r.source or None for r in records), "table")
    return Parsed(
        tuple(own.named(r, source, named) for r in records),
        tuple(rejected),
        len(records) + len(rejected),
    )


def _wos_cell(tag: str, values: list[str]) -> list[str]:
    """A cell of Web of Science's tab-delimited export: lists are parted by ';'."""
    return values[0].split(";") if tag in ("AU", "AF", "C1", "CR", "RI", "OI") else values
