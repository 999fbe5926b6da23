"""Papers in JATS XML and plain text: sections, sentences, tables, and files that are neither."""

import pytest

from review.errors import FullTextError
from review.fulltext import full_text_from_dict, full_text_to_dict, read_markup

ARTICLE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS 1.2//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<title-group><article-title>Ultrasound of <italic>thyroid</italic> nodules</article-title>
</title-group>
<aff>Ward of Endocrinology, Northtown</aff>
<abstract><sec><title>Methods</title><p>We studied 212 nodules.</p></sec></abstract>
<abstract abstract-type="summary"><p>For lay readers only.</p></abstract>
</article-meta></front>
<body>
<sec sec-type="intro"><title>1. Why nodules matter</title>
<p>Nodules are common<sup><xref ref-type="bibr">3</xref></sup>.</p></sec>
<sec sec-type="materials|methods"><title>What we did</title>
<sec><title>Results of the pilot</title><p>It ran for 4&nbsp;weeks. Grey values were kept.</p></sec>
<p>Scans were read twice.<table-wrap>
<label>Table 1</label><caption><p>Nodules by centre</p></caption>
<table><thead><tr><th rowspan="2">Centre</th><th colspan="2">Nodules</th></tr>
<tr><th>benign</th><th>malignant</th></tr></thead>
<tbody><tr><td>North</td><td>80</td><td>32</td></tr>
<tr><td>South</td><td>70</td></tr></tbody></table>
</table-wrap></p>
</sec>
<sec><title>Discussion</title><p>It worked.</p>
<sec><title>Limitations</title><p>One device was used.</p></sec></sec>
</body>
<back><sec><title>Data availability</title><p>On request.</p></sec>
<ref-list><ref><label>3</label>
<mixed-citation>A. Author. <source>Journal</source>. 2019.</mixed-citation></ref></ref-list>
</back>
<sub-article><body><p>A letter by others.</p></body></sub-article>
</article>"""


def write(folder, text, name="paper.xml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_an_article_has_its_sections_and_sentences(tmp_path):
    text = read_markup(write(tmp_path, ARTICLE))
    said = [(s.section, s.text) for s in text.sentences]
    assert said[0] == ("", "Ultrasound of thyroid nodules")
    assert ("abstract", "We studied 212 nodules.") in said
    assert ("introduction", "Nodules are common [3].") in said
    assert ("methods", "It ran for 4 weeks.") in said  # a subsection is part of its section
    assert ("methods", "Scans were read twice.") in said
    assert ("limitations", "One device was used.") in said
    assert ("statements", "On request.") in said
    assert said[-1] == ("references", "3 A. Author. Journal . 2019.")
    words = " ".join(sentence for _, sentence in said)
    assert "letter by others" not in words
    assert "lay readers" not in words
    assert {s.page for s in text.sentences} == {0}
    headings = {s.text: s.heading for s in text.sentences}
    assert headings["Ultrasound of thyroid nodules"] == ""
    assert headings["It ran for 4 weeks."] == "Results of the pilot"
    assert headings["Scans were read twice."] == headings["North 80 32"] == "What we did"
    assert headings["One device was used."] == "Limitations"


def test_cells_stand_under_their_heads(tmp_path):
    (table,) = read_markup(write(tmp_path, ARTICLE)).tables
    assert (table.label, table.caption) == ("Table 1", "Nodules by centre")
    assert table.columns == ("Centre", "Nodules | benign", "Nodules | malignant")
    assert table.rows == (("North", "80", "32"), ("South", "70", ""))


SPANS = """<table><thead>
<tr><th rowspan="3">Model</th><th colspan="4">All cohorts</th></tr>
<tr><th colspan="2">Internal</th><th colspan="2">External</th></tr>
<tr><th>Acc. (%)</th><th>AUC</th><th>Acc. (%)</th><th>AUC</th></tr></thead>
<tbody><tr><td rowspan="2">Net</td><td>91,2*</td><td rowspan="2">0.93</td><td>-</td><td></td></tr>
<tr><td>90,1</td><td colspan="2">not tested</td></tr></tbody></table>
<table-wrap-foot><fn><label>*</label><p>p below 0.05.</p></fn><p>AUC: area.</p></table-wrap-foot>"""


def test_cells_that_cover_rows_and_columns_are_repeated_and_footnotes_are_kept(tmp_path):
    start, stop = ARTICLE.index("<table>"), ARTICLE.index("</table>") + len("</table>")
    (table,) = read_markup(write(tmp_path, ARTICLE[:start] + SPANS + ARTICLE[stop:])).tables
    assert table.columns == (
        "Model",
        "All cohorts | Internal | Acc. (%)",
        "All cohorts | Internal | AUC",
        "All cohorts | External | Acc. (%)",
        "All cohorts | External | AUC",
    )
    assert table.rows == (
        ("Net", "91,2*", "0.93", "-", ""),
        ("Net", "90,1", "0.93", "not tested", "not tested"),
    )
    assert table.notes == ("* p below 0.05.", "AUC: area.")


def test_a_text_with_tables_is_the_same_after_it_was_kept(tmp_path):
    text = read_markup(write(tmp_path, ARTICLE))
    assert full_text_from_dict(full_text_to_dict(text)) == text


def test_the_ending_of_a_name_decides_nothing(tmp_path):
    assert read_markup(write(tmp_path, ARTICLE, "paper.txt")).reader == "jats"
    assert read_markup(write(tmp_path, b"%PDF-1.7\n...", "paper.txt")) is None


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_an_encoding_is_read_as_announced(tmp_path, encoding):
    article = ARTICLE.replace("UTF-8", encoding).replace("Northtown", "Münster")
    text = read_markup(write(tmp_path, article.encode(encoding)))
    assert any("Münster" in s.text for s in text.sentences)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ARTICLE[:900], "incomplete or damaged"),
        (
            f"<pmc-articleset>{ARTICLE[ARTICLE.index('<article') :] * 2}</pmc-articleset>",
            "2 articles",
        ),
        ("<?xml version='1.0'?><TEI><text><body/></text></TEI>", "no <article> element"),
        ("<!DOCTYPE html><html><body>Paper</body></html>", "web page"),
        ("<?xml version='1.0'?><!DOCTYPE article [<!ENTITY a 'b'>]><article/>", "entities"),
        (
            "<article><front><article-meta><title-group><article-title>Only a title</article-title>"
            "</title-group></article-meta></front></article>",
            "only its description",
        ),
        (b"PK\x03\x04rest", "Word document"),
        (b"\x89PNG\r\n", "image"),
        (b"abc\x00\x01\x02def" * 9, "neither"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, content, reason):
    with pytest.raises(FullTextError) as refusal:
        read_markup(write(tmp_path, content))
    assert reason in str(refusal.value)
    assert str(refusal.value).startswith("paper.xml: ")
    assert "\n" not in str(refusal.value)


PLAIN = """Detecting cataract with a phone

Abstract
We photographed 90 eyes. Results were poor.

2. Methods

Eyes were photo-
graphed in a dark room, and
the lens was graded.

# Discussion
**Limitations**
Only one phone was used.

References
[1] B. Writer. Eyes.
2018.
[2] C. Writer. Lenses. 2020.
"""


def test_plain_text_has_sections_and_joined_lines(tmp_path):
    text = read_markup(write(tmp_path, PLAIN, "paper.txt"))
    assert [(s.section, s.text) for s in text.sentences] == [
        ("", "Detecting cataract with a phone"),
        ("abstract", "We photographed 90 eyes."),
        ("abstract", "Results were poor."),
        ("methods", "Eyes were photographed in a dark room, and the lens was graded."),
        ("limitations", "Only one phone was used."),
        ("references", "[1] B. Writer. Eyes. 2018."),
        ("references", "[2] C. Writer. Lenses. 2020."),
    ]
    assert {s.page for s in text.sentences} == {0}
    assert text.sentences[0].heading == ""
    assert text.sentences[3].heading == "Methods"


def test_form_feeds_part_pages(tmp_path):
    text = read_markup(write(tmp_path, "Methods\n\nOne here.\n\f\nTwo here.\n\f", "paper.txt"))
    assert [(s.page, s.section, s.text) for s in text.sentences] == [
        (1, "methods", "One here."),
        (2, "methods", "Two here."),
    ]
    assert text.page_count == 2


def test_a_sentence_that_begins_like_a_heading_is_none(tmp_path):
    paper = "Introduction\n\nWe compare\nmethods\nof two kinds in this work.\n"
    text = read_markup(write(tmp_path, paper, "paper.txt"))
    assert [s.text for s in text.sentences] == ["We compare methods of two kinds in this work."]
