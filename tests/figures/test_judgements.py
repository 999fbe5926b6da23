"""Traffic lights, summary bars, compliance bars and score distributions: correct and legible."""

import csv
import io
import re
from dataclasses import replace

import pytest
from PIL import Image
from support import figures

from review.errors import ReviewError
from review.figures.bars import ItemBar, draw_compliance_bars, draw_score_distribution
from review.figures.convert import render_png
from review.figures.judgements import (
    PALETTES,
    JudgementColumn,
    StudyJudgements,
    compute_shares,
    draw_summary,
    draw_traffic_lights,
    format_robvis_table,
)

COLUMNS = [
    JudgementColumn("d1", "Participants"),
    JudgementColumn("d2", "Predictors"),
    JudgementColumn("d3", "Outcome"),
    JudgementColumn("d4", "Analysis"),
    JudgementColumn("all", "Overall", overall=True),
    JudgementColumn("a1", "Participants", "Applicability"),
    JudgementColumn("a2", "Predictors", "Applicability"),
    JudgementColumn("a3", "Outcome", "Applicability"),
]
LEVELS = ("high", "low", "unclear", None)
NAMES = (
    "Ghoshal and Tucker 2020",
    "Van der Westhuizen-Featherstonehaugh, Papadopoulou-Nikolakopoulou and colleagues 2021b",
    "Unnamed record 31",
)


def rows(n):
    return [
        StudyJudgements(
            f"{NAMES[i % 3]} ({i})",
            {one.id: LEVELS[(i + place) % 4] for place, one in enumerate(COLUMNS)},
            weight=i + 1,
        )
        for i in range(n)
    ]


def test_a_judgement_that_differs_from_the_proposal_carries_a_star_and_is_counted():
    plain, starred = rows(2), rows(2)
    starred[1] = replace(starred[1], overridden=frozenset({"d1", "a1"}))
    for drawn in (draw_traffic_lights(starred, COLUMNS)[0], draw_summary(starred, COLUMNS)):
        assert (
            "2 judgements differ from the judgement suggested by the answers"
            in figures.all_text(drawn)
        )
    assert "*" not in figures.all_text(draw_summary(starred, COLUMNS))
    assert draw_traffic_lights(starred, COLUMNS)[0].count(">*<") == 2
    assert "differ" not in figures.all_text(draw_traffic_lights(plain, COLUMNS)[0])


@pytest.mark.parametrize(("n", "pages"), [(3, 1), (62, 3), (400, 15)])
@pytest.mark.parametrize("palette", PALETTES)
def test_every_study_stands_whole_on_one_page_and_nothing_overlaps(n, pages, palette):
    drawn = draw_traffic_lights(rows(n), COLUMNS, palette=palette)
    assert abs(len(drawn) - pages) <= 1
    told = " ".join(figures.all_text(one) for one in drawn)
    for i in range(n):
        assert f"({i})" in told
    for one in drawn:
        assert figures.collisions(one) == []
        assert figures.size(one)[1] < 842
    discs = sum(one.count("<circle") for one in drawn) - 4 * len(drawn)
    assert discs == n * len(COLUMNS)


def test_a_judgement_is_told_by_colour_and_by_sign():
    drawn = draw_traffic_lights([StudyJudgements("A", {"d1": "high"})], COLUMNS[:1])[0]
    one = drawn.split("<circle")[1]
    assert PALETTES["cochrane"]["high"] in one
    assert one.count("<polyline") >= 1 and "#ffffff" in one
    unclear = draw_traffic_lights([StudyJudgements("A", {"d1": "unclear"})], COLUMNS[:1])[0].split(
        "<circle"
    )[1]
    assert ">?<" in unclear


@pytest.mark.parametrize("word", ["hgih", "High", "h", "some"])
def test_a_word_that_is_no_judgement_is_refused(word):
    for make in (draw_traffic_lights, draw_summary, format_robvis_table):
        with pytest.raises(ReviewError, match="not a judgement"):
            make([StudyJudgements("A", {"d1": word})], COLUMNS[:1])


def test_shares_by_study_and_by_weight():
    two = [StudyJudgements("A", {"d1": "high"}, 3), StudyJudgements("B", {"d1": "low"}, 1)]
    assert compute_shares(two, COLUMNS[0])["high"] == 0.5
    assert compute_shares(two, COLUMNS[0], weighted=True)["high"] == 0.75
    assert sum(compute_shares([], COLUMNS[0]).values()) == 0


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [0, 1, 62, 400])
def test_summary_bars_run_from_0_to_100_per_cent(n, weighted):
    svg = draw_summary(rows(n), COLUMNS, weighted=weighted)
    assert figures.collisions(svg) == []
    assert {"0%", "100%"} <= {one.text for one in figures.texts(svg)}
    bars = {}
    for one in figures.rects(svg):
        bars.setdefault(one.y, []).append(one.w)
    if n:
        assert len(bars) == len(COLUMNS)
        assert all(sum(widths) == pytest.approx(330, abs=0.1) for widths in bars.values())


def test_summary_prints_the_counts_in_the_bars():
    told = [
        StudyJudgements(str(n), {"d1": "high" if n < 45 else "unclear" if n < 56 else "low"})
        for n in range(62)
    ]
    shown = figures.all_text(draw_summary(told, COLUMNS[:1]))
    assert "+ 6" in shown and "? 11" in shown and "− 45" in shown


def test_robvis_table_has_the_columns_and_words_robvis_reads():
    table = list(csv.reader(io.StringIO(format_robvis_table(rows(4), COLUMNS, weights=True))))
    assert table[0] == [
        "Study",
        "Participants",
        "Predictors",
        "Outcome",
        "Analysis",
        "Overall",
        "Weight",
    ]
    known = {"High", "Unclear", "Low", "Not applicable", "No information"}
    assert {word for row in table[1:] for word in row[1:-1]} <= known
    assert [float(row[-1]) for row in table[1:]] == [1, 2, 3, 4]
    first = format_robvis_table([StudyJudgements("=cmd", {})], COLUMNS).splitlines()[1]
    assert first.startswith("'=cmd")


def bars(n=42):
    return [
        ItemBar(
            str(i + 1),
            "Preparation of images and data, with all steps that the authors took" * (i % 9 == 0)
            or "Name",
            f"Section {i // 5}",
            {"met": 30, "partly": 2, "unmet": 20, "not-applicable": 8, "open": 2},
            required_by_gate=i == 8,
        )
        for i in range(n)
    ]


@pytest.mark.parametrize("n", [0, 3, 42, 58])
def test_compliance_bars_are_fair_and_give_the_share_of_what_applies(n):
    svg = draw_compliance_bars(bars(n), checklist="CLAIM 2020", studies=62)
    assert figures.collisions(svg) == []
    shown = [one.text for one in figures.texts(svg)]
    assert shown.count("58%") == n  # 30 of the 52 studies the item applies to
    assert any("*" in one for one in shown) is (n > 8)


def test_an_item_that_never_applies_has_no_share():
    bar = ItemBar("1", "Name", "S", {"not-applicable": 3})
    assert "–" in [
        one.text for one in figures.texts(draw_compliance_bars([bar], checklist="C", studies=3))
    ]


def test_distribution_draws_the_gate_between_what_passes_and_what_does_not():
    svg = draw_score_distribution(
        [5, 5, 6, 36, -8], score="RQS", lowest_total=-8, highest_total=36, gate=6
    )
    assert figures.collisions(svg) == []
    shown = figures.all_text(svg)
    assert "gate: 6 or more" in shown
    assert "median 5; range −8 to 36; 3 below the gate." in shown
    drawn = sorted(figures.rects(svg), key=lambda one: one.x)
    line = float(re.search(r'points="([\d.]+),[\d.]+ [\d. ,]+" fill="none"[^>]*dasharray', svg)[1])
    below = [one for one in drawn if one.x + one.w <= line + 0.1]
    assert [round(one.h) for one in below] == [65, 130]
    assert len(drawn) == 4


@pytest.mark.parametrize(
    ("totals", "low", "high"), [([], -8, 36), ([3], 0, 100), ([0, 100, 99.5], 0, 100), ([1], 1, 1)]
)
def test_distribution_of_few_or_finely_graded_totals(totals, low, high):
    svg = draw_score_distribution(
        totals, score="METRICS", lowest_total=low, highest_total=high, gate=None
    )
    assert figures.collisions(svg) == []
    assert len(figures.rects(svg)) == len(set(totals)) - (99.5 in totals)


def test_figures_become_pictures_with_ink():
    for svg in (draw_traffic_lights(rows(3), COLUMNS)[0], draw_summary(rows(3), COLUMNS)):
        image = Image.open(io.BytesIO(render_png(svg, 300)))
        assert image.width == pytest.approx(figures.size(svg)[0] * 300 / 72, abs=2)
        assert len(image.convert("RGB").getcolors(10**7)) > 5


def test_pages_of_many_studies_are_about_equally_full():
    many = [StudyJudgements(f"Study {n}", {}) for n in range(401)]
    pages = draw_traffic_lights(many, [JudgementColumn("d", "Domain")])
    full = [page.count("Study ") for page in pages]
    assert sum(full) >= 401
    assert max(full) - min(full) <= len(pages)
