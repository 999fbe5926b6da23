"""Tables as text documents: CSV, HTML that stands alone, LaTeX with booktabs, and all formats."""

import csv
import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from review.formats.plain import shown_lines
from review.formats.tabular.writer import guarded
from review.tables.cells import told
from review.tables.latex import longest, tex
from review.tables.office import docx, xlsx
from review.tables.table import Cell, Table


def csv_text(table: Table) -> bytes:
    """The table as CSV (UTF-8 with mark, for Excel); what a spreadsheet would run is made text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(one) for one in table.columns])
    for row in table.rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _csv_cell(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    return guarded(shown_lines(cell)) if isinstance(cell, str) else cell


_STYLE = """
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
_PIECE = re.compile(r"(?:&[#\w]+;|[^&]){1,20}")


def html_page(title: str, parts: Sequence[str]) -> bytes:
    """A page that needs nothing beside it: no scripts, no fonts, no links out."""
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
    )
    return (page + "\n".join(parts) + "\n</body></html>\n").encode("utf-8")


def html_table(table: Table) -> str:
    """The table as HTML for a page."""
    head = "".join(_html_head(table, place) for place in range(len(table.columns)))
    lines = [f'<table id="{html.escape(table.name)}"><caption>{html.escape(table.title)}</caption>']
    lines.append(f"<thead><tr>{head}</tr></thead><tbody>")
    for row in table.rows:
        cells = "".join(_html_cell(cell) for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    lines.append("</tbody></table>")
    lines += [f'<p class="note">{html.escape(note)}</p>' for note in table.notes]
    return "\n".join(lines)


def _html_head(table: Table, place: int) -> str:
    """The head of a column, above its numbers where it holds nothing else."""
    cells = [row[place] for row in table.rows if row[place] is not None]
    numbers = bool(cells) and all(isinstance(one, int | float) for one in cells)
    kind = ' class="n"' if numbers else ""
    return f'<th scope="col"{kind}>{html.escape(table.columns[place])}</th>'


def _html_cell(cell: Cell) -> str:
    kind = ' class="n"' if isinstance(cell, int | float) else ""
    return f"<td{kind}>{_LONG_WORD.sub(_breakable, html.escape(told(cell)))}</td>"


def _breakable(word: re.Match[str]) -> str:
    """A long word with places where it may break, none of them inside an escaped character."""
    return "<wbr>".join(_PIECE.findall(word.group()))


def html_document(table: Table) -> bytes:
    """The table as an HTML page that stands alone."""
    return html_page(table.title, [html_table(table)])


_TEX_LONG = 60
"""Rows from which a table is set over several pages."""
_TEX_WIDE = 9
"""Columns from which it lies on its side."""
_PORTRAIT, _LANDSCAPE = 98, 152
"""About how many characters of footnote size a line of A4 holds with margins of 2 cm."""
_SIZES = (
    (r"\footnotesize", 1.0, 2.6),
    (r"\scriptsize\setlength{\tabcolsep}{3pt}", 1.13, 1.4),
    (r"\tiny\setlength{\tabcolsep}{2pt}", 1.45, 1.2),
)
"""Sizes from the largest down, how much more a line holds at each, and what the space beside a
column takes (characters)."""
_LINES_UPRIGHT, _LINES_LYING = 45, 25
"""Lines from which a table no longer fits on a page with its caption and notes."""
_BOLD = 1.12
"""How much wider bold letters run than upright ones."""
_COMMENT = """% Preamble: \\usepackage[T1]{fontenc} \\usepackage{booktabs,array,longtable,lscape}
% and, for LaTeX before 2018, \\usepackage[utf8]{inputenc}. Widths are for A4 with margins of 2 cm.
"""


@dataclass(frozen=True, slots=True)
class _Setting:
    """How LaTeX sets a table."""

    spec: str
    """The columns: r for numbers, l for short texts, paragraphs for the rest."""
    size: str
    lies: bool
    """On its side."""
    high: bool
    """Too high for one page."""


def latex(table: Table) -> bytes:
    """The table as LaTeX with booktabs, to be read in with \\input; high ones run over pages, wide
    ones lie on their side."""
    how = _setting(table)
    head = " & ".join(f"\\textbf{{{tex(one)}}}" for one in table.columns) + r" \\"
    rows = [" & ".join(tex(told(cell)) for cell in row) + r" \\" for row in table.rows]
    label = re.sub(r"[^a-z0-9-]+", "-", table.name.lower())
    caption = f"\\caption{{{tex(table.title)}}}\\label{{tab:{label}}}"
    notes = [f"\\par\\footnotesize {tex(note)}" for note in table.notes]
    if how.high:
        lines = [
            r"\begingroup" + how.size,
            rf"\begin{{longtable}}{{{how.spec}}}",
            caption + r"\\",
        ]
        lines += [r"\toprule", head, r"\midrule", r"\endfirsthead"]
        lines += [r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"]
        lines += [*rows, r"\end{longtable}", *notes, r"\endgroup"]
    else:
        lines = [r"\begin{table}[htbp]", r"\centering" + how.size, caption]
        lines += [rf"\begin{{tabular}}{{{how.spec}}}", r"\toprule", head, r"\midrule", *rows]
        lines += [r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"]
    if how.lies:
        lines = [r"\begin{landscape}", *lines, r"\end{landscape}"]
    return (_COMMENT + "\n".join(lines) + "\n").encode("utf-8")


def _setting(table: Table) -> _Setting:
    """A column takes at least its longest word; what is left goes to those with longer texts."""
    least, wanted, kinds = [], [], []
    for place, name in enumerate(table.columns):
        cells = [told(row[place]) for row in table.rows]
        word = max((longest(text) for text in cells), default=1)
        word = max(word, round(longest(name) * _BOLD))
        most = max(map(len, cells), default=0)
        number = bool(cells) and all(isinstance(r[place], int | float) for r in table.rows)
        plain = max(most, len(name)) <= 14
        kinds.append("r" if number and plain else "l" if plain else "p")
        least.append(max(most, len(name) * _BOLD) if plain else word * 1.1)
        wanted.append(0.0 if plain else max(min(most, 160) - word, 0) ** 0.75)
    lies = len(table.columns) >= _TEX_WIDE or sum(least) + 1.4 * len(least) > _PORTRAIT * 1.13
    size, line, gap = _fitting(least, _LANDSCAPE if lies else _PORTRAIT)
    spare = max(line - sum(least) - gap * len(least), 0) / (sum(wanted) or 1)
    wide = [min(low + more * spare, 90) for low, more in zip(least, wanted, strict=True)]
    spec = ""
    for kind, one in zip(kinds, wide, strict=True):
        para = f">{{\\raggedright\\arraybackslash}}p{{{one / line:.3f}\\linewidth}}"
        spec += para if kind == "p" else kind
    lines = sum(_lines(row, wide) for row in table.rows)
    high = lines > (_LINES_LYING if lies else _LINES_UPRIGHT) or len(table.rows) > _TEX_LONG
    return _Setting(spec, size, lies, high)


def _fitting(least: Sequence[float], line: int) -> tuple[str, int, float]:
    """The largest size at which the columns fit, else the smallest; what a line then holds, and the
    space beside a column (characters)."""
    for size, holds, gap in _SIZES:
        if sum(least) + gap * len(least) <= line * holds:
            return size, int(line * holds), gap
    size, holds, gap = _SIZES[-1]
    return size, int(line * holds), gap


def _lines(row: Sequence[Cell], wide: Sequence[float]) -> int:
    """About how many lines a row takes."""
    return (
        max(ceil(len(told(cell)) * 1.1 / most) for cell, most in zip(row, wide, strict=True)) or 1
    )


WRITERS: dict[str, Callable[[Table], bytes]] = {
    "csv": csv_text,
    "xlsx": lambda table: xlsx([table]),
    "docx": lambda table: docx([table]),
    "tex": latex,
    "html": html_document,
}
"""Formats a table is written in, by file ending."""
