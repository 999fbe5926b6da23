"""Tables as text documents: CSV, HTML that stands alone, LaTeX with booktabs, and all formats."""

import csv
import html
import io
import re
from collections.abc import Callable, Sequence

from review.exports.cells import told
from review.exports.office import docx, xlsx
from review.exports.plain import shown_lines
from review.exports.sheets import guarded
from review.table import Cell, Table


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
td.n{text-align:right}p.note{color:#5f6670;font-size:.82rem;margin:.35rem 0}
figure{margin:1.5rem 0;overflow-x:auto}figure svg{max-width:100%;height:auto}
@media print{th{position:static}body{margin:0;max-width:none}}
"""


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
    head = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in table.columns)
    lines = [f'<table id="{html.escape(table.name)}"><caption>{html.escape(table.title)}</caption>']
    lines.append(f"<thead><tr>{head}</tr></thead><tbody>")
    for row in table.rows:
        cells = "".join(_html_cell(cell) for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    lines.append("</tbody></table>")
    lines += [f'<p class="note">{html.escape(note)}</p>' for note in table.notes]
    return "\n".join(lines)


def _html_cell(cell: Cell) -> str:
    kind = ' class="n"' if isinstance(cell, int | float) else ""
    return f"<td{kind}>{html.escape(told(cell))}</td>"


def html_document(table: Table) -> bytes:
    """The table as an HTML page that stands alone."""
    return html_page(table.title, [html_table(table)])


_TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "−": "$-$", "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$", "±": r"$\pm$", "κ": r"$\kappa$",
    "α": r"$\alpha$", "…": r"\ldots{}", "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`",
    "’": "'", "\u00a0": "~", "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_TEX_LONG = 60
"""Rows from which a table is set over several pages."""
_TEX_WIDE = 9
"""Columns from which it lies on its side."""
_PORTRAIT, _LANDSCAPE = 98, 152
"""About how many characters of footnote size a line of A4 holds with margins of 2 cm."""
_GAP = 2.6
"""Characters that the space beside a column takes."""
_COMMENT = """% Preamble: \\usepackage[T1]{fontenc} \\usepackage{booktabs,array,longtable,lscape}
% and, for LaTeX before 2018, \\usepackage[utf8]{inputenc}. Widths are for A4 with margins of 2 cm.
"""


def tex(text: str) -> str:
    """A text as LaTeX sets it letter for letter; line breaks become spaces."""
    flat = " ".join(shown_lines(text).split())
    return "".join(_TEX.get(char, char) for char in flat)


def latex(table: Table) -> bytes:
    """The table as LaTeX with booktabs, to be read in with \\input; long ones run over pages, wide
    ones lie on their side."""
    spec, size = _tex_columns(table)
    head = " & ".join(f"\\textbf{{{tex(one)}}}" for one in table.columns) + r" \\"
    rows = [" & ".join(tex(told(cell)) for cell in row) + r" \\" for row in table.rows]
    label = re.sub(r"[^a-z0-9-]+", "-", table.name.lower())
    caption = f"\\caption{{{tex(table.title)}}}\\label{{tab:{label}}}"
    notes = [f"\\par\\footnotesize {tex(note)}" for note in table.notes]
    if len(rows) > _TEX_LONG:
        lines = [r"\begingroup" + size, rf"\begin{{longtable}}{{{spec}}}", caption + r"\\"]
        lines += [r"\toprule", head, r"\midrule", r"\endfirsthead"]
        lines += [r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"]
        lines += [*rows, r"\end{longtable}", *notes, r"\endgroup"]
    else:
        lines = [r"\begin{table}[htbp]", r"\centering" + size, caption]
        lines += [rf"\begin{{tabular}}{{{spec}}}", r"\toprule", head, r"\midrule", *rows]
        lines += [r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"]
    if len(table.columns) >= _TEX_WIDE:
        lines = [r"\begin{landscape}", *lines, r"\end{landscape}"]
    return (_COMMENT + "\n".join(lines) + "\n").encode("utf-8")


def _tex_columns(table: Table) -> tuple[str, str]:
    """The columns, and the size of their text: r for numbers, l for short texts, paragraphs for the
    rest. A column takes at least its longest word; what is left goes to those with longer texts."""
    least, wanted, kinds = [], [], []
    for place, name in enumerate(table.columns):
        cells = [told(row[place]) for row in table.rows]
        word = max((len(one) for text in (*cells, name) for one in text.split()), default=1)
        longest = max(map(len, cells), default=0)
        number = bool(cells) and all(isinstance(r[place], int | float) for r in table.rows)
        plain = max(longest, len(name)) <= 14
        kinds.append("r" if number and plain else "l" if plain else "p")
        least.append(min(max(longest, len(name)) if plain else word * 1.1, 40.0))
        wanted.append(0.0 if plain else max(min(longest, 160) - word, 0) ** 0.75)
    line = _LANDSCAPE if len(table.columns) >= _TEX_WIDE else _PORTRAIT
    gap, size = _GAP, r"\footnotesize"
    if sum(least) + gap * len(least) > line:
        line, gap = int(line * 1.13), 1.4
        size = r"\scriptsize\setlength{\tabcolsep}{3pt}"
    spare = max(line - sum(least) - gap * len(least), 0) / (sum(wanted) or 1)
    spec = ""
    for kind, low, more in zip(kinds, least, wanted, strict=True):
        share = min(low + more * spare, 90) / line
        wide = f">{{\\raggedright\\arraybackslash}}p{{{share:.3f}\\linewidth}}"
        spec += wide if kind == "p" else kind
    return spec, size


WRITERS: dict[str, Callable[[Table], bytes]] = {
    "csv": csv_text,
    "xlsx": lambda table: xlsx([table]),
    "docx": lambda table: docx([table]),
    "tex": latex,
    "html": html_document,
}
"""Formats a table is written in, by file ending."""
