"""Tables to records: CSV, TSV and XLSX with one record a row, any database's column names."""

from collections.abc import Iterable
from itertools import chain

from review.formats import detect_database, funnel_note, tagged
from review.formats.tabular import columns, grid
from review.formats.tabular.grid import InputRow
from review.formats.tabular.rows import build_record
from review.models import ParseResult, Record, UnreadableEntry

NO_TITLE_MESSAGE = (
    "no column is a title. Accepted: Title, Article Title, Document Title, Primary Title, TI or T1 "
    "(beside them: Authors, Year, Journal, Abstract, DOI, PMID and what databases call these)."
)


def parse(data: bytes, source: str | None = None, *, name: str = "the table") -> ParseResult:
    """Records of a CSV or TSV file (UTF-8, \\n) or of all sheets of an XLSX workbook.

    Raises:
        SourceError: no row has a column that is a title; the message lists what was found.
    """
    parsed_tables = []
    for table in grid.read_tables(
        data, columns.score_header, name=name, requirement=NO_TITLE_MESSAGE
    ):
        is_funnel_export = funnel_note.NOTE_COLUMN in table.header and "title" in table.header
        row_parser = funnel_note.read_rows if is_funnel_export else parse_rows
        parsed = row_parser(table.rows, table.header, source)
        parsed_tables.append(
            parsed
            if table.row_count is None
            else ParseResult(parsed.records, parsed.rejected, table.row_count)
        )
    return ParseResult(
        tuple(chain.from_iterable(part.records for part in parsed_tables)),
        tuple(chain.from_iterable(part.rejected for part in parsed_tables)),
        sum(part.announced or 0 for part in parsed_tables),
    )


def parse_rows(
    rows: Iterable[InputRow | UnreadableEntry], header: list[str], source: str | None = None
) -> ParseResult:
    """Records of rows below a header; a row blank in all known columns is rejected."""
    keys = [columns.normalize_name(name) for name in header]
    header_source = columns.detect_source(header)
    is_wos = "pt" in keys and "ti" in keys and len(max(keys, key=len)) == 2
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for row in rows:
        if isinstance(row, UnreadableEntry):
            rejected.append(row)
            continue
        number = len(records) + len(rejected) + 1
        pairs = [(n, k, c) for n, k, c in zip(header, keys, row[1], strict=False) if c.strip()]
        if not any(k in columns.FIELD_BY_COLUMN for _, k, _ in pairs):
            raw = " | ".join(cell for _, _, cell in pairs)
            rejected.append(
                UnreadableEntry(number, f"line {row[0]}: no known column is filled", raw)
            )
        elif is_wos:
            fields = {n.upper(): _split_wos_cell(n.upper(), c) for n, _, c in pairs}
            records.append(tagged.build_wos_record(fields))
        else:
            records.append(build_record(pairs))
    default_source = (
        source
        or header_source
        or detect_database.choose_for_file((r.source or None for r in records), "table")
    )
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(records) + len(rejected),
    )


def _split_wos_cell(tag: str, cell: str) -> list[str]:
    """A cell of Web of Science's tab-delimited export: lists are parted by ';'."""
    return cell.split(";") if tag in ("AU", "AF", "C1", "CR", "RI", "OI") else [cell]
