"""Writes tables as text: CSV, standalone HTML, LaTeX with booktabs, and in all formats."""

import csv
import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from review.formats.plain import clean_cell
from review.formats.tabular.writer import guard_formula
from review.tables.cells import format_cell
from review.tables.latex import escape_latex, measure_longest_piece
from review.tables.office import tables_to_docx, tables_to_xlsx
from review.tables.table import Cell, Table


def table_to_csv(table: Table) -> bytes:
    """The table as CSV (UTF-8 with BOM, for Excel); cells that look like formulas are made text."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([guard_formula(column) for column in table.columns])
    for row in table.rows:
        writer.writerow([_format_csv_cell(cell) for cell in row])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def _format_csv_cell(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    return guard_formula(clean_cell(cell)) if isinstance(cell, str) else cell


_PAGE_STYLE = """
body{font:15px/1.45 "Helvetica Neue",Arial,sans-serif;color:#222;margin:2rem auto;max-width:80rem;
padding:0 1.2rem}h1{font-size:1.25rem;margin:2.2rem 0 .6rem}nav{font-size:.92rem}
table{border-collapse:collapse;width:100%;font-size:.86rem;border-bottom:2px solid #222}
caption{text-align:left;font-weight:bold;font-size:1.05rem;padding:.3rem 0 .6rem}
th{position:sticky;top:0;background:#fff;border-top:2px solid #222;border-bottom:1px solid #222;
text-align:left;vertical-align:bottom;padding:.35rem .5rem}
td{vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid #e4e4e4;white-space:pre-line}
.n{text-align:right}p.note{color:#5f6670;font-size:.82rem;margin:.35rem 0}
figure{margin:1.5rem 0;overflow-x:auto}figure svg{max-width:100%;height:auto}
@media print{th{position:static}body{margin:0;max-width:none}}
"""


_LONG_WORD = re.compile(r"\S{40,}")
_HTML_PIECE = re.compile(r"(?:&[#\w]+;|[^&]){1,20}")


def build_html_page(title: str, parts: Sequence[str]) -> bytes:
    """A self-contained page: no scripts, fonts or external links."""
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_PAGE_STYLE}</style></head>\n<body>\n"
    )
    return (page + "\n".join(parts) + "\n</body></html>\n").encode("utf-8")


def table_to_html(table: Table) -> str:
    """The table as HTML for a page."""
    head = "".join(
        _build_html_head(table, column_index) for column_index in range(len(table.columns))
    )
    lines = [f'<table id="{html.escape(table.name)}"><caption>{html.escape(table.title)}</caption>']
    lines.append(f"<thead><tr>{head}</tr></thead><tbody>")
    for row in table.rows:
        cells = "".join(_build_html_cell(cell) for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    lines.append("</tbody></table>")
    lines += [f'<p class="note">{html.escape(note)}</p>' for note in table.notes]
    return "\n".join(lines)


def _build_html_head(table: Table, column_index: int) -> str:
    """The heading of a column, right-aligned above columns of numbers."""
    cells = [row[column_index] for row in table.rows if row[column_index] is not None]
    is_numeric = bool(cells) and all(isinstance(cell, int | float) for cell in cells)
    class_attribute = ' class="n"' if is_numeric else ""
    return f'<th scope="col"{class_attribute}>{html.escape(table.columns[column_index])}</th>'


def _build_html_cell(cell: Cell) -> str:
    class_attribute = ' class="n"' if isinstance(cell, int | float) else ""
    text = _LONG_WORD.sub(_insert_breaks, html.escape(format_cell(cell)))
    return f"<td{class_attribute}>{text}</td>"


def _insert_breaks(word: re.Match[str]) -> str:
    """A long word with allowed line breaks, none of them inside an escaped character."""
    return "<wbr>".join(_HTML_PIECE.findall(word.group()))


def build_html_document(table: Table) -> bytes:
    """The table as a self-contained HTML page."""
    return build_html_page(table.title, [table_to_html(table)])


_LONG_TABLE_ROWS = 60
"""Number of rows from which a table spans several pages."""
_LANDSCAPE_COLUMNS = 9
"""Number of columns from which a table is set in landscape."""
_PORTRAIT_CHARACTERS, _LANDSCAPE_CHARACTERS = 98, 152
"""Approximate number of footnote-size characters per line of A4 with 2 cm margins."""
_FONT_SIZES = (
    (r"\footnotesize", 1.0, 2.6),
    (r"\scriptsize\setlength{\tabcolsep}{3pt}", 1.13, 1.4),
    (r"\tiny\setlength{\tabcolsep}{2pt}", 1.45, 1.2),
)
"""Font sizes from largest to smallest, relative characters per line, and column spacing
(characters)."""
_PORTRAIT_LINES, _LANDSCAPE_LINES = 45, 25
"""Number of lines above which a table no longer fits on a page with caption and notes."""
_BOLD_FACTOR = 1.12
"""Width of bold relative to regular letters."""
_PREAMBLE_COMMENT = """\
% Preamble: \\usepackage[T1]{fontenc} \\usepackage{booktabs,array,longtable,lscape}
% and, for LaTeX before 2018, \\usepackage[utf8]{inputenc}. Widths are for A4 with margins of 2 cm.
"""


@dataclass(frozen=True, slots=True)
class _TableLayout:
    """How LaTeX sets a table."""

    spec: str
    """The columns: r for numbers, l for short text, paragraphs for the rest."""
    size: str
    is_landscape: bool
    """Whether it is set in landscape."""
    spans_pages: bool
    """Whether it is too long for one page."""


def table_to_latex(table: Table) -> bytes:
    """The table as LaTeX with booktabs, for \\input; long tables span pages, wide ones are set in
    landscape."""
    layout = _compute_layout(table)
    head = " & ".join(f"\\textbf{{{escape_latex(column)}}}" for column in table.columns) + r" \\"
    rows = [
        " & ".join(escape_latex(format_cell(cell)) for cell in row) + r" \\" for row in table.rows
    ]
    label = re.sub(r"[^a-z0-9-]+", "-", table.name.lower())
    caption = f"\\caption{{{escape_latex(table.title)}}}\\label{{tab:{label}}}"
    notes = [f"\\par\\footnotesize {escape_latex(note)}" for note in table.notes]
    if layout.spans_pages:
        lines = [
            r"\begingroup" + layout.size,
            rf"\begin{{longtable}}{{{layout.spec}}}",
            caption + r"\\",
        ]
        lines += [r"\toprule", head, r"\midrule", r"\endfirsthead"]
        lines += [r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"]
        lines += [*rows, r"\end{longtable}", *notes, r"\endgroup"]
    else:
        lines = [r"\begin{table}[htbp]", r"\centering" + layout.size, caption]
        lines += [rf"\begin{{tabular}}{{{layout.spec}}}", r"\toprule", head, r"\midrule", *rows]
        lines += [r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"]
    if layout.is_landscape:
        lines = [r"\begin{landscape}", *lines, r"\end{landscape}"]
    return (_PREAMBLE_COMMENT + "\n".join(lines) + "\n").encode("utf-8")


def _compute_layout(table: Table) -> _TableLayout:
    """Each column fits its longest word; the rest goes to columns with more text."""
    min_widths, extra_weights, kinds = [], [], []
    for column_index, name in enumerate(table.columns):
        cells = [format_cell(row[column_index]) for row in table.rows]
        longest_word = max((measure_longest_piece(text) for text in cells), default=1)
        longest_word = max(longest_word, round(measure_longest_piece(name) * _BOLD_FACTOR))
        longest_cell = max(map(len, cells), default=0)
        is_numeric = bool(cells) and all(
            isinstance(r[column_index], int | float) for r in table.rows
        )
        is_short = max(longest_cell, len(name)) <= 14
        kinds.append("r" if is_numeric and is_short else "l" if is_short else "p")
        min_widths.append(
            max(longest_cell, len(name) * _BOLD_FACTOR) if is_short else longest_word * 1.1
        )
        extra_weights.append(
            0.0 if is_short else max(min(longest_cell, 160) - longest_word, 0) ** 0.75
        )
    is_landscape = (
        len(table.columns) >= _LANDSCAPE_COLUMNS
        or sum(min_widths) + 1.4 * len(min_widths) > _PORTRAIT_CHARACTERS * 1.13
    )
    size, line_length, gap = _choose_size(
        min_widths, _LANDSCAPE_CHARACTERS if is_landscape else _PORTRAIT_CHARACTERS
    )
    spare = max(line_length - sum(min_widths) - gap * len(min_widths), 0) / (
        sum(extra_weights) or 1
    )
    widths = [
        min(low + more * spare, 90) for low, more in zip(min_widths, extra_weights, strict=True)
    ]
    spec = ""
    for kind, width in zip(kinds, widths, strict=True):
        paragraph_spec = (
            f">{{\\raggedright\\arraybackslash}}p{{{width / line_length:.3f}\\linewidth}}"
        )
        spec += paragraph_spec if kind == "p" else kind
    lines = sum(_count_lines(row, widths) for row in table.rows)
    spans_pages = (
        lines > (_LANDSCAPE_LINES if is_landscape else _PORTRAIT_LINES)
        or len(table.rows) > _LONG_TABLE_ROWS
    )
    return _TableLayout(spec, size, is_landscape, spans_pages)


def _choose_size(min_widths: Sequence[float], line_length: int) -> tuple[str, int, float]:
    """The largest size at which the columns fit, else the smallest, with the characters per line
    and the column spacing (characters)."""
    for size, capacity, gap in _FONT_SIZES:
        if sum(min_widths) + gap * len(min_widths) <= line_length * capacity:
            return size, int(line_length * capacity), gap
    size, capacity, gap = _FONT_SIZES[-1]
    return size, int(line_length * capacity), gap


def _count_lines(row: Sequence[Cell], widths: Sequence[float]) -> int:
    """Approximate number of lines of a row."""
    return (
        max(
            ceil(len(format_cell(cell)) * 1.1 / column_width)
            for cell, column_width in zip(row, widths, strict=True)
        )
        or 1
    )


TABLE_WRITERS: dict[str, Callable[[Table], bytes]] = {
    "csv": table_to_csv,
    "xlsx": lambda table: tables_to_xlsx([table]),
    "docx": lambda table: tables_to_docx([table]),
    "tex": table_to_latex,
    "html": build_html_document,
}
"""Table formats by file extension."""
