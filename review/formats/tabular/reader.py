"""Reads tables (CSV, TSV, XLSX, ODS) with one record per row and any database's column names."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from review.errors import SourceError
from review.formats import detect_database, funnel_note, tagged
from review.formats.tabular import columns, grid
from review.formats.tabular.broken_rows import reject_broken_rows
from review.formats.tabular.grid import InputRow
from review.formats.tabular.rows import STANDARD_LAYOUT, TableLayout, build_record
from review.models import ParseResult, Record, UnreadableEntry

NO_TITLE_MESSAGE = (
    "no title column found. Accepted: Title, Article Title, Document Title, Primary Title, TI or "
    "T1 (and Authors, Year, Journal, Abstract, DOI, PMID, or the names databases use for these). "
    "If another column holds the titles, map it with --map 'COLUMN=title'."
)


def parse(
    data: bytes,
    source: str | None = None,
    *,
    name: str = "the table",
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> ParseResult:
    """Records of a CSV or TSV file (UTF-8, \\n) or of one sheet of a workbook.

    Args:
        name: the file's name, for messages.
        sheet: the sheet to read; where None the only visible one that holds records.
        mapping: columns as the file writes them -> the field each one fills.

    Raises:
        SourceError: no row has a column that is a title, or a mapped column is not in the table;
            the message lists what was found.
    """
    fields = columns.add_mapping(mapping)
    table, notes = grid.read_table(
        data,
        lambda row: columns.score_header(row, fields),
        name=name,
        requirement=NO_TITLE_MESSAGE,
        sheet=sheet,
        is_other_header=partial(_is_other_header, fields),
    )
    mapped = _check_mapping(mapping or {}, table.header, name)
    if funnel_note.NOTE_COLUMN in table.header and "title" in table.header:
        parsed = funnel_note.read_rows(table.rows, table.header, source)
    else:
        layout = TableLayout(
            fields=fields,
            mapped=mapped,
            joins_names=columns.detect_source(table.header) == "springer",
            is_text=not data.startswith(b"PK"),
        )
        parsed = parse_rows(table.rows, table.header, source, layout)
    row_count = parsed.announced if table.row_count is None else table.row_count
    return replace(parsed, announced=row_count, notes=notes)


MIN_HEADER_COLUMNS = 3
"""Known columns from which on a row below the header is taken for the header of another table."""


def _is_other_header(fields: columns.ColumnFields, cells: list[str]) -> bool:
    """Whether most of a row's cells are known names of columns, a title's among them."""
    filled = sum(bool(cell.strip()) for cell in cells)
    return columns.score_header(cells, fields) >= max(MIN_HEADER_COLUMNS, filled // 2 + 1)


def _check_mapping(mapping: Mapping[str, str], header: list[str], name: str) -> frozenset[str]:
    """Compared names of the mapped columns. Raises SourceError for one that is not there."""
    keys = {columns.normalize_name(column) for column in header}
    for column in mapping:
        if columns.normalize_name(column) not in keys:
            column_names = ", ".join(cell for cell in header if cell)[:300]
            raise SourceError(
                f"{name}: there is no column {column!r} to map. Columns found: {column_names}."
            )
    return frozenset(columns.normalize_name(column) for column in mapping)


def parse_rows(
    rows: Iterable[InputRow | UnreadableEntry],
    header: list[str],
    source: str | None = None,
    layout: TableLayout = STANDARD_LAYOUT,
) -> ParseResult:
    """Records of rows below a header; a row blank in all known columns is rejected."""
    keys = [columns.normalize_name(name) for name in header]
    is_wos = _has_wos_tags(keys) and not layout.mapped
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for row in reject_broken_rows(rows, keys, layout.fields, is_text=layout.is_text):
        number = len(records) + len(rejected) + 1
        if isinstance(row, UnreadableEntry):
            rejected.append(replace(row, number=row.number or number))
            continue
        pairs = [(n, k, c) for n, k, c in zip(header, keys, row[1], strict=False) if c.strip()]
        if not any(k in layout.fields for _, k, _ in pairs):
            raw = " | ".join(cell for _, _, cell in pairs)
            rejected.append(
                UnreadableEntry(number, f"line {row[0]}: no recognised column has a value", raw)
            )
        elif is_wos:
            fields = {n.upper(): _split_wos_cell(n.upper(), c) for n, _, c in pairs}
            records.append(tagged.build_wos_record(fields))
        else:
            records.append(build_record(pairs, layout))
    default_source = source or _choose_default_source(header, keys, records)
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(records) + len(rejected),
    )


def _has_wos_tags(keys: list[str]) -> bool:
    """Whether the columns are Web of Science's tags; Ovid has two-letter tags of its own."""
    return (
        {"pt", "ti"} <= set(keys)
        and len(max(keys, key=len)) == 2
        and not {"vn", "db", "yr", "ui"} & set(keys)
    )


def _choose_default_source(header: list[str], keys: list[str], records: list[Record]) -> str:
    """The name for rows that name no database: whose header it is, else what the others say.

    In a table with a column for the database a row that leaves it empty names none.
    """
    if header_source := columns.detect_source(header):
        return header_source
    if any(columns.is_database_column(key) for key in keys):
        return "table"
    named = [record.source or detect_database.find_by_url(record.urls) for record in records]
    return detect_database.choose_for_file(named, "table")


def _split_wos_cell(tag: str, cell: str) -> list[str]:
    """A cell of Web of Science's tab-delimited export: lists are parted by ';'."""
    return cell.split(";") if tag in ("AU", "AF", "CA", "C1", "CR", "RI", "OI") else [cell]
