"""Tables to records: CSV, TSV and XLSX with one record a row, any database's column names."""

from collections.abc import Iterable
from itertools import chain

from review.formats import detect_database, funnel_note, tagged
from review.formats.tabular import columns, grid
from review.formats.tabular.grid import Row
from review.formats.tabular.rows import record_of
from review.models import Parsed, Record, Rejected

WANTED = (
    "no column is a title. Accepted: Title, Article Title, Document Title, Primary Title, TI or T1 "
    "(beside them: Authors, Year, Journal, Abstract, DOI, PMID and what databases call these)."
)


def parse(data: bytes, source: str | None = None, *, name: str = "the table") -> Parsed:
    """Records of a CSV or TSV file (UTF-8, \\n) or of all sheets of an XLSX workbook.

    Raises:
        SourceError: no row has a column that is a title; the message lists what was found.
    """
    done = []
    for one in grid.grids(data, columns.as_header, name=name, wanted=WANTED):
        ours = funnel_note.COLUMN in one.header and "title" in one.header
        read = funnel_note.from_rows if ours else parse_rows
        parsed = read(one.rows, one.header, source)
        done.append(
            parsed if one.counted is None else Parsed(parsed.records, parsed.rejected, one.counted)
        )
    return Parsed(
        tuple(chain.from_iterable(part.records for part in done)),
        tuple(chain.from_iterable(part.rejected for part in done)),
        sum(part.announced or 0 for part in done),
    )


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
            fields = {n.upper(): _wos_cell(n.upper(), c) for n, _, c in pairs}
            records.append(tagged.web_of_science(fields))
        else:
            records.append(record_of(pairs))
    named = (
        source or signed or detect_database.of_file((r.source or None for r in records), "table")
    )
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records),
        tuple(rejected),
        len(records) + len(rejected),
    )


def _wos_cell(tag: str, cell: str) -> list[str]:
    """A cell of Web of Science's tab-delimited export: lists are parted by ';'."""
    return cell.split(";") if tag in ("AU", "AF", "C1", "CR", "RI", "OI") else [cell]
