"""Tables in every format, opened by an independent reader; reproducible byte for byte."""

import csv
import io
import re
import zipfile

import docx as word
import openpyxl
import pytest
from lxml import html

from review.formats.deterministic_zip import build_zip
from review.tables import latex as letters
from review.tables.documents import TABLE_WRITERS, escape_latex, table_to_latex
from review.tables.office import tables_to_docx, tables_to_xlsx
from review.tables.table import Table

HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1",
    "-1 and more",
    "@SUM(A1)",
    "<b>&amp;</b>",
    "50 % of $5 & #3_a^b~c {d} \\e",
    "line one\nline two",
    "naïve — “quoted” ≥ 3 × κ",
    "ctrl \x07 char",
    "x" * 40_000,
]
WORLD = (
    "李, 明; 김, 민수; たなか",
    "胸部X线片的深度学习：一个多中心研究",
    "Иванов, Пётр",
    "الحسيني, علي",
    "Nguyễn, Văn Anh; Łukasz, Żółć; Sørensen, Þór; Șerban",
    "สมชาย, ใจดี; שלום",
    "🫁 lungs 🧑‍⚕️ α-β → ∞ √",
    "R² = 0.9₂, −3 ± 2 × 10⁻⁵, ≤ ½ µm °C",
    "𝐱̄ and ﬁgure №4 † ‡ • … ‰ € ™",
)
TABLE = Table(
    "excluded",
    "Reports excluded on full text",
    ("Record", "Study", "Reason", "Score"),
    (
        ("R000001", "Ghoshal and Tucker 2020", HOSTILE[0], 3),
        ("R000002", None, HOSTILE[1], -4),
        *((f"R{n:06d}", "Li et al. 2020", words, 0.5) for n, words in enumerate(HOSTILE, 3)),
    ),
    ("A note with <, & and %.",),
)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="row 2"):
        Table("t", "T", ("a", "b"), (("1", "2"), ("1",)))


@pytest.mark.parametrize("kind", TABLE_WRITERS)
def test_the_same_table_is_the_same_bytes(kind, monkeypatch):
    import time

    first = TABLE_WRITERS[kind](TABLE)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    time.sleep(1.1 if kind in ("xlsx", "docx") else 0)
    assert TABLE_WRITERS[kind](TABLE) == first


def test_csv_reads_back_with_formulas_made_harmless():
    rows = list(
        csv.reader(io.StringIO(TABLE_WRITERS["csv"](TABLE).decode("utf-8-sig"), newline=""))
    )
    assert rows[0] == list(TABLE.columns)
    assert len(rows) == len(TABLE.rows) + 1
    assert rows[2] == ["R000002", "", "'+1", "-4"]
    assert not any(
        cell[:1] in ("=", "+", "@") or (cell[:1] == "-" and not re.fullmatch(r"-[\d.]+", cell))
        for row in rows
        for cell in row
    )


def test_xlsx_has_a_frozen_header_widths_and_texts_that_stay_texts():
    sheet = openpyxl.load_workbook(io.BytesIO(TABLE_WRITERS["xlsx"](TABLE)))["excluded"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:D{len(TABLE.rows) + 1}"
    assert [cell.value for cell in sheet[1]] == list(TABLE.columns)
    assert sheet["C2"].value == HOSTILE[0] and sheet["C2"].data_type == "s"
    assert sheet["D3"].value == -4 and sheet["D3"].data_type == "n"
    widths = [sheet.column_dimensions[letter].width for letter in "ABCD"]
    assert all(8 <= width <= 60 for width in widths) and widths[1] > widths[3]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert max(len(str(cell.value)) for row in sheet.iter_rows() for cell in row) <= 32_767


def test_a_workbook_holds_many_tables_under_names_excel_takes():
    named = [Table("a/b*c" * 9, "T", ("x",), ()), Table("A/B*C" * 9, "T", ("x",), ())]
    names = openpyxl.load_workbook(io.BytesIO(tables_to_xlsx(named))).sheetnames
    assert len({name.casefold() for name in names}) == 2
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert openpyxl.load_workbook(io.BytesIO(tables_to_xlsx([]))).sheetnames == ["empty"]


def test_docx_reads_back_in_words_own_style_with_a_repeated_header():
    made = word.Document(io.BytesIO(TABLE_WRITERS["docx"](TABLE)))
    table = made.tables[0]
    assert table.style.name == "Light Shading"
    assert [cell.text for cell in table.rows[0].cells] == list(TABLE.columns)
    assert len(table.rows) == len(TABLE.rows) + 1
    assert table.rows[1].cells[2].text == HOSTILE[0]
    assert table.rows[9].cells[2].text == "line one\nline two"
    assert "w:tblHeader" in table.rows[0]._tr.xml and "w:tblHeader" not in table.rows[1]._tr.xml
    paragraphs = [one.text for one in made.paragraphs]
    assert paragraphs[0] == TABLE.title and TABLE.notes[0] in paragraphs
    assert made.paragraphs[0].style.name == "Caption"


def test_docx_lies_on_its_side_for_wide_tables_and_holds_many():
    wide = Table("wide", "Wide", tuple("abcdefgh"), (tuple(range(8)),))
    made = word.Document(io.BytesIO(tables_to_docx([TABLE, wide], title="Tables")))
    assert [one.orientation for one in made.sections] == [0, 1]
    assert len(made.tables) == 2
    assert made.core_properties.title == "Tables"


def test_html_stands_alone_and_reads_back():
    page = TABLE_WRITERS["html"](TABLE)
    tree = html.fromstring(page)
    assert tree.xpath("//caption")[0].text == TABLE.title
    assert [one.text for one in tree.xpath("//th")] == list(TABLE.columns)
    assert len(tree.xpath("//tbody/tr")) == len(TABLE.rows)
    assert tree.xpath("//tbody/tr[7]/td[3]")[0].text == "<b>&amp;</b>"
    assert not tree.xpath("//script | //link | //img | //*[@src] | //*[@href]")
    assert "url(" not in page.decode() and "@import" not in page.decode()


def test_the_head_of_a_column_of_numbers_stands_above_them():
    table = Table("t", "T", ("Source", "n", "Blank"), (("PubMed", 3, None), ("Embase", None, None)))
    heads = html.fromstring(TABLE_WRITERS["html"](table)).xpath("//th")
    assert [one.get("class") for one in heads] == [None, "n", None]


def unescaped(text):
    """LaTeX's own view of a line: what is left once commands it knows are taken away."""
    text = re.sub(r"\\[&%$#_{}]", "", text)
    return re.sub(r"\\[A-Za-z]+", "", text)


def test_long_words_of_a_page_may_break_and_lose_no_letter():
    address = f"https://example.org/{'a' * 200}?b=1&c=2"
    table = Table("t", "T", ("a",), ((address,),))
    page = html.fromstring(TABLE_WRITERS["html"](table).decode())
    assert page.xpath("string(//td)") == address
    assert len(page.xpath("//td//wbr")) > 8


def test_latex_is_balanced_uses_booktabs_and_escapes_all_that_acts():
    short = Table(TABLE.name, TABLE.title, TABLE.columns, TABLE.rows[:-1], TABLE.notes)
    text = table_to_latex(short).decode()
    begun = re.findall(r"\\begin\{(\w+)\}", text)
    assert begun == re.findall(r"\\end\{(\w+)\}", text)[::-1] == ["table", "tabular"]
    assert text.index("\\toprule") < text.index("\\midrule") < text.index("\\bottomrule")
    body = text[text.index("\\midrule") + 8 : text.index("\\bottomrule")].strip().splitlines()
    assert len(body) == len(short.rows)
    for line in body:
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == len(TABLE.columns) - 1
        plain = unescaped(line)
        assert not set("%#_~") & set(plain)
        assert plain.count("{") == plain.count("}") and plain.count("$") % 2 == 0
    assert escape_latex("50 % & $5_a\\") == r"50 \% \& \$5\_a\textbackslash{}"


def test_latex_sets_every_table_without_an_error_or_a_line_too_wide(tmp_path):
    import shutil
    import subprocess

    assert shutil.which("pdflatex"), "pdflatex is absent; run make setup-tests"
    words = "The data came from _two_ hospitals & 50% more text, "
    rows = tuple((n, f"Van der Westhuizen {n} 2020", words * 3, n / 7) for n in range(90))
    long = Table("long", "Long & wide", ("No", "Study", "Text", "Score"), rows, ("note 5%",))
    short = Table(TABLE.name, TABLE.title, TABLE.columns, TABLE.rows[:-1], TABLE.notes)
    head = r"\documentclass[a4paper]{article}\usepackage[T1]{fontenc}"
    head += r"\usepackage{booktabs,array,longtable,lscape}\usepackage[margin=2cm]{geometry}"
    domains = ("Participants", "Predictors", "Outcome", "Analysis", "Overall")
    heads = ("Record", "Study", *domains, *(f"Applicability: {d.lower()}" for d in domains[:3]))
    judged = tuple(
        ("R000001", f"Van der Westhuizen et al. 202{n}b", *["unclear"] * 8) for n in range(9)
    )
    wide = Table("wide", "Judgements", heads, judged)
    many = Table("many", "Judgements", heads, judged * 9)
    every = "".join(
        sorted(
            letters._T1_CHARACTERS
            | {*letters._MATH_SYMBOLS, *letters._ESCAPES, *letters._GREEK_LETTERS}
        )
    )
    names = [*WORLD, " ".join(every), "https://example.org/" + "very/long-path_" * 12, "A" * 300]
    rows = tuple((f"R{n:06}", name, f"{name} and {name[:30]}") for n, name in enumerate(names))
    world = Table("world", f"Of {WORLD[0]} & all", ("Record", WORLD[1], "Text"), rows, WORLD)
    tall = Table("tall", "Few rows, much text", ("Study", "Text"), (("Li 2020", words * 30),) * 9)
    full = Table(
        "full",
        "Many columns",
        tuple(f"{n} Sample size" for n in range(15)),
        (("1,234 people in the development set",) * 15,) * 3,
    )
    tables = (short, long, wide, many, world, tall, full)
    body = b"".join(map(table_to_latex, tables)).decode()
    (tmp_path / "t.tex").write_text(
        head + r"\begin{document}\listoftables " + body + r"\end{document}"
    )
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    assert "Float too large" not in done.stdout  # what does not fit on the page would be cut
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=True)


def test_letters_pdflatex_has_no_font_for_stand_as_they_are_and_romanised():
    assert escape_latex("李, 明") == (
        r"\ifdefined\Umathchar 李\else Li\fi{}, \ifdefined\Umathchar 明\else Ming\fi{}"
    )
    assert escape_latex("β-blocker, Müller ≥ 5 µm²") == r"$\beta$-blocker, Müller $\geq$ 5 µm²"
    assert escape_latex("Ελένη") == r"\ifdefined\Umathchar Ελένη\else Eleni\fi{}"
    assert escape_latex("e\u0301ﬁ") == "éfi"


def test_a_long_latex_table_runs_over_pages_with_its_header():
    long = Table("long", "Long", ("a", "b"), tuple((f"row {n}", n) for n in range(61)))
    text = table_to_latex(long).decode()
    assert "\\begin{longtable}{lr}" in text
    assert "\\endfirsthead" in text and "\\endhead" in text
    assert text.count(r"\toprule") == 2


def test_a_zip_is_the_same_bytes_and_keeps_its_order():
    files = {"b.txt": b"1", "a/c.txt": b"2" * 999}
    assert build_zip(files) == build_zip(dict(files))
    with zipfile.ZipFile(io.BytesIO(build_zip(files))) as book:
        assert book.namelist() == ["b.txt", "a/c.txt"]
        assert book.testzip() is None
        assert {one.date_time for one in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
