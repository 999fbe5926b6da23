"""The graph of data sets, by its geometry: no line behind a box, no words upon others, one page."""

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from support import figures

from review.bias import datasets
from review.figures.dataset_graph import draw_graph
from review.figures.layered_layout import (
    BoxSize,
    assign_columns,
    count_crossings,
    lay_out,
    split_components,
)
from review.figures.svg import render_turning_line
from review.workflow.bias import flags

SIZE = BoxSize(width=100, height=30, gap=40)
A4 = (595, 842)


@pytest.fixture(scope="module")
def registry():
    return flags.load_knowledge().registry


def make_matrix(registry, ids, seed, studies=30):
    """A made-up review: each study names up to four of the sets."""
    rng = random.Random(seed)
    named = {
        f"Study {n} 2021": tuple(rng.sample(ids, rng.randint(0, min(4, len(ids)))))
        for n in range(studies)
    }
    return datasets.build_matrix(registry, named)


def list_linked(registry):
    contained = {component.id for one in registry.values() for component in one.components}
    return [one for one in registry if one in contained or registry[one].components]


def trace(path):
    """Points along a path of lines and curves, a hundred a piece."""
    commands = re.findall(r"([MLC]) ([^MLC]+)", path)
    numbers = [[float(n) for n in re.findall(r"-?[\d.]+", words)] for _, words in commands]
    points = [tuple(numbers[0])]
    for (kind, _), values in zip(commands[1:], numbers[1:], strict=True):
        start = points[-1]
        corners = [start, *zip(values[::2], values[1::2], strict=True)]
        for step in range(1, 101):
            t = step / 100
            if kind == "L":
                weights = (1 - t, t)
            else:
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            points.append(
                tuple(
                    sum(w * corner[axis] for w, corner in zip(weights, corners, strict=True))
                    for axis in (0, 1)
                )
            )
    return points


def find_faults(svg):
    """Lines that run behind a box, boxes that overlap, words outside their box or the page."""
    root = etree.fromstring(svg.encode())
    width, height = figures.size(svg)
    groups = list(root.iter(f"{figures.NS}g"))
    boxes = []
    faults = figures.collisions(svg)
    for group in groups:
        rect = group.find(f"{figures.NS}rect")
        box = figures.Shape(*(float(rect.get(key)) for key in ("x", "y", "width", "height")))
        words = figures.texts(wrap(group))
        faults += [f"{one.text!r} leaves its box" for one in words if not figures.inside(one, box)]
        faults += [f"{box} meets {other}" for other in boxes if not figures.apart(box, other, 0)]
        boxes.append(box)
    page = figures.Shape(0, 0, width, height)
    faults += [f"{box} leaves the page" for box in boxes if not figures.inside(box, page)]
    for path in root.iter(f"{figures.NS}path"):
        for x, y in trace(path.get("d")):
            for box in boxes:
                if box.x + 0.5 < x < box.x + box.w - 0.5 and box.y - 2 < y < box.y + box.h + 2:
                    faults.append(f"a line at {x:.0f}, {y:.0f} runs behind {box}")
            if not (0 <= x <= width and 0 <= y <= height):
                faults.append(f"a line leaves the page at {x:.0f}, {y:.0f}")
    return faults


def wrap(group):
    inner = etree.tostring(group).decode()
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1">{inner}</svg>'


@pytest.mark.parametrize("seed", range(4))
def test_a_review_of_30_studies_and_25_linked_sets_is_sound_and_fits_a_page(registry, seed):
    ids = random.Random(seed).sample(list_linked(registry), 25)
    matrix = make_matrix(registry, ids, seed)
    svg = draw_graph(registry, matrix)
    assert find_faults(svg) == []
    assert svg.count("<g><title>") == len(matrix.datasets)
    assert measure_scale(svg) * 10.5 >= 5.5  # points, on paper


def measure_scale(svg):
    """How much a figure is reduced to fit A4, upright or across."""
    width, height = figures.size(svg)
    return max(min(w / width, h / height) for w, h in (A4, A4[::-1]))


@pytest.mark.parametrize("seed", range(2))
def test_sets_without_links_stand_in_a_grid(registry, seed):
    ids = [one for one in registry if one not in list_linked(registry)]
    matrix = make_matrix(registry, random.Random(seed).sample(ids, 25), seed)
    svg = draw_graph(registry, matrix)
    assert find_faults(svg) == [] and "<path" not in svg
    assert measure_scale(svg) * 10.5 >= 7


def test_the_complete_registry_is_sound(registry):
    svg = draw_graph(registry)
    assert find_faults(svg) == [] and "…" not in svg
    links = sum(len(registry[one].components) for one in registry)
    assert len(re.findall("<path", svg)) == links


def test_every_link_is_drawn_and_described(registry):
    matrix = datasets.build_matrix(registry, {"S": ["covidx_cxr"]})
    svg = draw_graph(registry, matrix)
    present = set(matrix.datasets)
    links = [
        (one, component.certain)
        for one in matrix.datasets
        for component in registry[one].components
        if component.id in present
    ]
    paths = re.findall("<path[^>]*>", svg)
    assert len(paths) == len(links) > 5
    assert sum("dasharray" in path for path in paths) == sum(not certain for _, certain in links)
    description = re.search("<desc>(.*)</desc>", svg).group(1)
    assert description.count(" may contain ") == sum(not certain for _, certain in links)
    assert find_faults(svg) == []


def test_the_checker_sees_a_line_behind_a_box(registry):
    svg = draw_graph(registry, datasets.build_matrix(registry, {"S": ["covidx_cxr"]}))
    box = figures.rects(svg)[-1]
    line = render_turning_line([(box.x - 20, box.y + 5), (box.x + 50, box.y + 5)])
    assert any(
        "runs behind" in fault for fault in find_faults(svg.replace("</svg>", f"{line}</svg>"))
    )


@st.composite
def graphs(draw):
    """Names, and links from earlier to later ones."""
    count = draw(st.integers(2, 14))
    names = [f"n{place}" for place in range(count)]
    pairs = draw(
        st.sets(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30)
    )
    return names, [(names[a], names[b], (a + b) % 3 > 0) for a, b in sorted(pairs) if a < b]


@given(graphs())
def test_any_group_is_laid_out_without_a_line_behind_a_box(graph):
    names, links = graph
    for members in split_components(names, links):
        own = [link for link in links if link[0] in members]
        layout = lay_out(members, own, SIZE)
        assert layout.boxes.keys() == set(members) and layout.routes.keys() == set(own)
        corners = sorted(layout.boxes.values())
        for (x1, y1), (x2, y2) in pairwise(corners):
            assert x1 != x2 or y2 - y1 >= SIZE.height + 11.9
        for points in layout.routes.values():
            assert [x for x, _ in points] == sorted(x for x, _ in points)
            for (x1, y1), (x2, _) in pairwise(points):
                for x, y in corners:  # in the gap between two columns, or level past the boxes
                    if x1 < x + SIZE.width and x < x2:
                        assert not y - 4 < y1 < y + SIZE.height + 4
        assert min(y for _, y in corners) >= -0.01
        assert max(y for _, y in corners) + SIZE.height <= layout.height + 0.01


@given(graphs())
def test_every_box_stands_after_those_it_is_linked_from(graph):
    names, links = graph
    columns = assign_columns(names, links)
    assert all(columns[source] < columns[target] for source, target, _ in links)
    for name in names:
        targets = [columns[target] for source, target, _ in links if source == name]
        assert not targets or columns[name] == min(targets) - 1


def test_groups_are_split_and_crossings_counted():
    links = [("a", "c", True), ("b", "d", True)]
    assert split_components(["a", "b", "c", "d", "e"], links) == [["a", "c"], ["b", "d"], ["e"]]
    slots = {name: (name, -1, True) for name in "abcd"}
    steps = {(slots["a"], slots["c"]), (slots["b"], slots["d"])}
    left = [slots["a"], slots["b"]]
    assert count_crossings([left, [slots["c"], slots["d"]]], steps) == 0
    assert count_crossings([left, [slots["d"], slots["c"]]], steps) == 1
