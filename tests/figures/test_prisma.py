"""The PRISMA diagram: its texts and layouts; nothing overlaps or is cut off."""

import csv
import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from prisma.test_prisma import entry, reviews, small
from support import figures

from review.errors import FlowError
from review.figures import convert, svg
from review.figures.convert import render_pdf, render_png
from review.figures.prisma import draw_flow_diagram
from review.figures.prisma_text import format_mermaid, format_prisma_table
from review.figures.svg import render_document, render_text, render_turning_line
from review.figures.text import measure_width, wrap_text
from review.prisma import (
    BoxLine,
    FlowEntry,
    FlowInputs,
    StageOutcome,
    combine_stage_boxes,
    count_flow,
)

LONG = (
    "controls were children between one and five years of age from a single paediatric centre, so"
    " that the model can tell age groups apart instead of disease; adults came from elsewhere"
)
WORD = "an_unbroken_reason_that_is_far_too_long_to_stand_in_one_line_of_any_box_whatever_it_be"


def busy(size: int = 62):
    """Other methods, a version before, a quality gate, long reasons, `size` included reports."""
    entries = [entry(f"R{n}", source=f"database {n % 7}") for n in range(size * 3)]
    entries += [entry(f"C{n}", via="citations", source="by hand") for n in range(9)]
    standings = []
    for n in range(size * 3):
        standings.append(StageOutcome(f"R{n}", "screening", "included"))
        if n < size:
            standings.append(StageOutcome(f"R{n}", "eligibility", "included"))
            standings.append(StageOutcome(f"R{n}", "quality", "included"))
        elif n < size * 2:
            reason = ("not imaging", LONG, WORD, "review, or editorial; letter")[n % 4]
            standings.append(StageOutcome(f"R{n}", "eligibility", "excluded", (reason,)))
        else:
            standings.append(StageOutcome(f"R{n}", "eligibility", "included"))
            standings.append(StageOutcome(f"R{n}", "quality", "excluded", (LONG, "RQS below 6")))
    standings += [StageOutcome(f"C{n}", "screening", "included") for n in range(6)]
    standings += [StageOutcome(f"C{n}", "eligibility", "included") for n in range(6)]
    standings += [StageOutcome(f"C{n}", "quality", "included") for n in range(6)]
    return count_flow(
        FlowInputs(
            entries,
            standings,
            not_retrieved={"C7": "paywall"},
            stages=("screening", "eligibility", "quality"),
            kinds={f"R{n}": "deep learning" for n in range(size)},
            previous_counts=(29, 31),
        )
    )


def frames(svg):
    """Boxes whose text stands level; the phase bars hold turned text."""
    return [one for one in figures.rects(svg) if one.w > 30]


def assert_fair(svg):
    assert figures.collisions(svg) == []
    boxes = frames(svg)
    for place, one in enumerate(boxes):
        assert all(figures.apart(one, two) for two in boxes[place + 1 :])
    foot = max(one.y + one.h for one in boxes)
    for one in figures.texts(svg):
        if one.turned:
            bar = next(
                two
                for two in figures.rects(svg)
                if two.w < 30 and two.y <= one.y + one.h and two.y + two.h >= one.y
            )
            assert one.w <= bar.h
        elif one.y < foot:
            assert any(figures.inside(one, box) for box in boxes), one.text


@pytest.mark.parametrize("size", [3, 62, 400])
def test_nothing_overlaps_or_is_cut_at_any_size(size):
    svg = draw_flow_diagram(busy(size), as_of="2020-10-03")
    assert_fair(svg)
    told = figures.all_text(svg)
    assert f"(n = {size + 6})" in told
    assert "Total studies included in review" in told
    assert "apart instead of disease" in told


@given(reviews())
@settings(max_examples=40, deadline=None)
def test_any_review_draws_fairly(inputs):
    assert_fair(draw_flow_diagram(count_flow(inputs)))


def test_the_words_are_those_of_prisma_2020():
    told = figures.all_text(draw_flow_diagram(count_flow(small())))
    for words in (
        "Identification of studies via databases and registers",
        "Records identified from: Databases (n = 8)",
        "Registers (n = 1)",
        "Records removed before screening: Duplicate records removed (n = 2)",
        "Records marked as ineligible by automation tools (n = 1)",
        "Records removed for other reasons (n = 0)",
        "Records screened (n = 6)",
        "Records excluded (n = 1)",
        "Reports sought for retrieval (n = 5)",
        "Reports not retrieved (n = 1): paywall (n = 1)",
        "Reports assessed for eligibility (n = 4)",
        "Reports excluded (n = 1): review (n = 1)",
        "Reports excluded by the quality gate (n = 1): no pre-processing (n = 1)",
        "Studies included in review (n = 1)",
        "Reports of included studies (n = 2)",
    ):
        assert words in told


def test_an_updated_review_speaks_of_new_studies_and_totals():
    told = figures.all_text(draw_flow_diagram(busy()))
    assert "Identification of new studies via other methods" in told
    assert "Studies included in previous version of review (n = 29)" in told
    assert "New studies included in review (n = 68)" in told
    assert "Total studies included in review (n = 97)" in told


def test_what_was_not_published_says_so():
    flow = combine_stage_boxes(
        count_flow(small()), "screening", "Removed or excluded before full text, together"
    )
    told = figures.all_text(draw_flow_diagram(flow))
    assert "Records screened (not published here)" in told
    assert "Removed or excluded before full text, together (n = 4)" in told


def test_a_review_under_way_shows_what_waits():
    flow = count_flow(replace(small(), outcomes=[], not_retrieved={}))
    told = figures.all_text(draw_flow_diagram(flow))
    assert "Records awaiting screening (n = 7)" in told
    assert "Review in progress" in told


def test_boxes_that_do_not_sum_are_not_drawn():
    flow = count_flow(small())
    broken = replace(flow, main=replace(flow.main, excluded_screening=()))
    for make in (draw_flow_diagram, format_prisma_table, format_mermaid):
        with pytest.raises(FlowError, match="R7"):
            make(broken)


def test_png_has_the_size_its_dpi_asks_for_and_ink_in_every_box():
    svg = draw_flow_diagram(busy())
    wide, high = figures.size(svg)
    image = Image.open(io.BytesIO(render_png(svg, 150))).convert("L")
    assert image.size == (
        pytest.approx(wide * 150 / 72, abs=2),
        pytest.approx(high * 150 / 72, abs=2),
    )
    for one in figures.texts(svg):
        if not one.turned:
            area = [one.x, one.y, one.x + one.w, one.y + one.h]
            crop = image.crop([int(v * 150 / 72) for v in area])
            assert crop.getextrema()[0] < 140, one.text


@pytest.mark.parametrize("dpi", [300, 600])
def test_png_carries_its_dpi(dpi):
    image = Image.open(io.BytesIO(render_png(draw_flow_diagram(count_flow(small())), dpi)))
    assert image.info["dpi"][0] == pytest.approx(dpi, abs=1)


def test_the_graph_of_data_sets_is_the_same_pdf_each_time():
    """Its lines are half transparent and some are broken, which a page notes in several lists."""
    line = render_turning_line([(0, 10), (90, 40)], opacity=0.7, dashed=True)
    other = render_turning_line([(0, 40), (90, 10)], opacity=0.4)
    svg = render_document(100, 50, [line, other, render_text(4, 20, "RSNA")], title="Sets")
    assert len({render_pdf(svg) for _ in range(6)}) == 1


def test_pdf_is_the_same_bytes_each_time_and_its_text_reads_back():
    import pdfplumber

    svg = draw_flow_diagram(busy())
    made = {render_pdf(svg) for _ in range(5)}
    assert len(made) == 1
    with pdfplumber.open(io.BytesIO(made.pop())) as book:
        assert len(book.pages) == 1
        assert "Reports sought for retrieval" in book.pages[0].extract_text()
        assert book.metadata["Title"] == "PRISMA 2020 flow diagram"
        assert {char["fontname"].split("+")[-1] for char in book.pages[0].chars} <= {
            "LiberationSans",
            "LiberationSans-Bold",
            "LiberationSans-Italic",
        }


def as_the_package_reads(text):
    """The rules of PRISMA2020 1.1.4, restated: numbers by key, lists split at ';', then ','."""
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == [
        "data",
        "node",
        "box",
        "description",
        "boxtext",
        "tooltips",
        "url",
        "n",
    ]
    found = {}
    for row in rows:
        if row["data"] == "NA":
            continue
        if row["data"].endswith("_specific_results") or row["data"].endswith("_excluded"):
            if row["data"] == "records_excluded":
                found[row["data"]] = int(row["n"]) if row["n"] else None
                continue
            parts = [part.strip() for part in row["n"].split(";") if part.strip()]
            found[row["data"]] = [(p.split(",")[0].strip(), int(p.split(",")[1])) for p in parts]
        else:
            found[row["data"]] = int(row["n"]) if row["n"] else None
    return found


def test_the_table_reads_back_by_the_package_rules_and_sums():
    flow = busy()
    found = as_the_package_reads(format_prisma_table(flow))
    assert found["database_results"] == sum(n for _, n in found["database_specific_results"])
    assert found["records_screened"] - found["records_excluded"] == found["dbr_sought_reports"]
    out = sum(n for _, n in found["dbr_excluded"]) + sum(n for _, n in found["other_excluded"])
    assert found["dbr_assessed"] + found["other_assessed"] - out == found["new_reports"]
    assert ("review / or editorial / letter", 16) in found["dbr_excluded"]


def test_the_table_of_an_update_sums_with_what_was_carried_over():
    entries = [FlowEntry("R2", "pubmed", "databases", "R2")]
    flow = count_flow(FlowInputs(entries, previous_counts=(3, 3), carried={"R1": "databases"}))
    found = as_the_package_reads(format_prisma_table(flow))
    assert ("Carried over", 1) in found["database_specific_results"]
    assert found["database_results"] == flow.main.waiting_screening.n == 2


def test_a_label_that_a_spreadsheet_would_run_is_made_harmless():
    flow = count_flow(
        FlowInputs(
            [entry("R1")],
            [
                StageOutcome("R1", "screening", "included"),
                StageOutcome("R1", "eligibility", "excluded", ("=1+1",)),
            ],
        )
    )
    row = next(
        r
        for r in csv.DictReader(io.StringIO(format_prisma_table(flow)))
        if r["data"] == "dbr_excluded"
    )
    assert row["n"] == "'=1+1, 1"


def test_a_number_that_was_not_published_stays_empty_in_the_table():
    found = as_the_package_reads(
        format_prisma_table(combine_stage_boxes(count_flow(small()), "screening", "together"))
    )
    assert found["records_screened"] is None
    assert found["dbr_sought_reports"] == 5


def test_mermaid_names_each_box_once_and_escapes_its_text():
    flow = count_flow(small())
    lines = (BoxLine('a "quoted" <b>#1', 1, ("R8",)),)
    text = format_mermaid(replace(flow, main=replace(flow.main, not_retrieved=lines)))
    nodes = re.findall(r"^    (\w+)\[\"(.*)\"\]$", text, re.M)
    assert len({name for name, _ in nodes}) == len(nodes)
    assert all('"' not in label for _, label in nodes)
    edges = re.findall(r"^    (\w+) --> (\w+)$", text, re.M)
    assert {one for edge in edges for one in edge} == {name for name, _ in nodes}
    assert "#quot;quoted#quot; &lt;b&gt;#35;1" in text


def test_letters_no_font_holds_are_named():
    def drawn(words):
        return svg.render_document(90, 30, [svg.render_text(4, 20, words)], title="t")

    assert convert.find_missing_glyphs([drawn("Müller & Łukasz Ω я ≥ (n = 3)")]) == ""
    rare = "\U0001e900"  # a letter of Adlam, which no font of the test machines holds
    assert convert.find_missing_glyphs([drawn("Li 2020"), drawn(f"{rare} et al. 2020")]) == rare


def test_words_are_measured_as_the_converter_sets_them():
    """A text's measured width holds its ink, and not much more."""
    from review.figures import svg

    for words in ("Reports excluded (n = 1,234)", "WAVE éàü – “quoted” 50 %", "illicit fjords"):
        for bold in (False, True):
            page = svg.render_document(
                400, 30, [svg.render_text(10, 20, words, size=12, bold=bold)], title="t"
            )
            image = (
                Image.open(io.BytesIO(render_png(page, 288))).convert("L").point(lambda v: v < 128)
            )
            left, _, right, _ = (edge / 4 for edge in image.getbbox())
            measured = measure_width(words, 12, bold=bold)
            assert right - left <= measured + 1
            assert right - left >= measured * 0.93 - 2


@given(st.text(min_size=1, max_size=80), st.floats(30, 200))
def test_wrapped_lines_fit_and_lose_no_letter(text, most):
    lines = wrap_text(text, most, 9)
    assert all(measure_width(line, 9) <= most or len(line) == 1 for line in lines)
    plain = re.sub(r"[ \t\r\n]+", "", text)
    assert "".join(lines).replace(" ", "") == plain.replace(" ", "")


def test_hostile_text_leaves_a_well_formed_figure():
    lines = (BoxLine("</text><script>x</script>\x00\x08 & \ud800", 1, ("R8",)),)
    flow = count_flow(small())
    svg = draw_flow_diagram(
        replace(flow, main=replace(flow.main, not_retrieved=lines)), title="<&>"
    )
    assert "<script" not in svg
    assert figures.collisions(svg) == []
