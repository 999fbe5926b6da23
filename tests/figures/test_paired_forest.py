"""The paired forest plot at journal width: few and many rows, long names, empty classes."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from review.accuracy import TwoByTwo
from review.figures.paired_forest import PairedForestRow, draw_paired_forest

JOURNAL_WIDTH, PAGE_HEIGHT = 510.0, 740.0
"""180 mm, and what A4 leaves between its margins (points)."""


def draw(count, label="Abe 2021, CNN"):
    table = TwoByTwo(40, 5, 10, 95)
    rows = [
        PairedForestRow(label, table, "internal" if n % 2 else "external") for n in range(count)
    ]
    return ET.fromstring(draw_paired_forest(sorted(rows, key=lambda r: r.group), title="Accuracy"))


def measure(figure):
    return float(figure.get("width").rstrip("pt")), float(figure.get("height").rstrip("pt"))


def list_texts(figure):
    return [
        (float(node.get("x")), float(node.get("y")), "".join(node.itertext()))
        for node in figure.iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.mark.parametrize("count", [1, 30, 60])
def test_it_fits_a_page_at_journal_width_in_legible_text(count):
    width, height = measure(draw(count))
    scale = JOURNAL_WIDTH / width
    assert 8 * scale > 6.5  # points
    assert height * scale < PAGE_HEIGHT


@pytest.mark.parametrize("count", [4, 60])
def test_no_line_of_text_lies_on_another(count):
    first_column = sorted(y for x, y, _ in list_texts(draw(count)) if x < 20)
    assert all(lower - upper > 7 for upper, lower in pairwise(first_column))


def test_a_long_name_wraps_before_the_counts():
    label = "Hernández-García and colleagues 2022, DenseNet-121 pretrained on a large collection"
    lines = [text for x, _, text in list_texts(draw(1, label)) if x < 20]
    assert len(lines) > 4  # heading, data set, name on several lines, note
    assert label in " ".join(lines)


def test_a_class_without_cases_has_a_dash_and_no_mark():
    row = PairedForestRow("Abe 2021", TwoByTwo(0, 3, 0, 97))
    drawn = draw_paired_forest([row], title="Accuracy")
    assert ">–</text>" in drawn
    assert len(re.findall(r"<rect[^>]*#2a6f97", drawn)) == 1
