"""Draws which data sets contain which, and how many studies use each, as SVG.

Data sets that share images form a group, drawn in columns: sources on the left, what was combined
from them on the right. Data sets linked to no other are in a grid below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from review.bias.datasets.ancestry import DatasetMatrix
from review.bias.datasets.models import Registry
from review.figures import svg
from review.figures.layered_layout import BoxSize, Layout, Link, Point, lay_out, split_components
from review.figures.text import measure_width, wrap_text

_BOX = BoxSize(width=200, height=40, gap=56)
_GRID_GAP = (14.0, 10.0)
_GROUP_GAP = (36.0, 22.0)
_MARGIN = 24.0
_WIDTHS = (640.0, 760.0, 880.0, 1000.0, 1160.0, 1320.0, 1500.0)
"""Widths tried for the figure; the one whose text is largest on a page is used."""
_PAGE = (539.0, 786.0)
"""Room on A4 with margins of 1 cm (points)."""
_TEXT_SIZE, _NOTE_SIZE = 10.5, 10.0
_NAME_SIZES = (10.5, 9.5, 8.5, 7.5)
_NAME_LINES = 3
_TITLE = "Ancestry of public data sets"
_INK = "#1d2733"
_FILL = {
    "primary": "#e3eef6",
    "case_collection": "#fdf0d5",
    "remix": "#f6dfe2",
    "subset": "#e7e3f2",
    "unknown": "#eeeeee",
}
_STROKE = {
    "primary": "#2b6a99",
    "case_collection": "#b07a12",
    "remix": "#b3434f",
    "subset": "#6650a4",
    "unknown": "#6b6b6b",
}
_KIND_LABELS = {
    "primary": "collected by one group",
    "case_collection": "from publications or submissions",
    "remix": "combined from other datasets",
    "subset": "subset of another dataset",
    "unknown": "not known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """Where everything is, from the top left corner of the figure."""

    width: float
    height: float
    boxes: Mapping[str, Point]
    routes: Mapping[Link, tuple[Point, ...]]


def draw_graph(registry: Registry, table: DatasetMatrix | None = None) -> str:
    """The graph as SVG: source datasets on the left, datasets combined from them on the right. No
    line runs behind a box.

    Args:
        table: study-by-dataset matrix of a review: only its datasets are drawn, with their
            studies. None draws all datasets in the registry that include others or are included.
    """
    nodes = _select_nodes(registry, table)
    if not nodes:
        return _draw_empty("The included studies name no known public dataset.")
    links = _list_links(registry, nodes)
    drawing = min(
        (_arrange(nodes, links, width, table) for width in _WIDTHS), key=_measure_shrinking
    )
    counts = _count_studies(table)
    elements = _draw_legend(table, drawing.width)
    elements += [
        _draw_line(registry, link, route) for link, route in sorted(drawing.routes.items())
    ]
    elements += [_draw_node(registry, set_id, drawing.boxes[set_id], counts) for set_id in nodes]
    return svg.render_document(
        drawing.width,
        drawing.height,
        elements,
        title=_TITLE,
        description=_describe_links(registry, links),
    )


def _measure_shrinking(drawing: _Drawing) -> float:
    """How many times a figure is too large for a page, upright or across. Rounded, so that the
    narrower of two figures that are equal to the eye is taken."""
    sides = ((drawing.width, drawing.height), (drawing.height, drawing.width))
    return round(min(max(w / _PAGE[0], h / _PAGE[1]) for w, h in sides), 3)


def _select_nodes(registry: Registry, table: DatasetMatrix | None) -> list[str]:
    if table is not None:
        return list(table.datasets)
    component_ids = {
        component.id for dataset in registry.values() for component in dataset.components
    }
    return [set_id for set_id in registry if set_id in component_ids or registry[set_id].components]


def _list_links(registry: Registry, nodes: Sequence[str]) -> list[Link]:
    """From each dataset to those that include it, and whether that is certain."""
    present = set(nodes)
    certain_by_pair: dict[tuple[str, str], bool] = {}
    for set_id in nodes:
        for component in registry[set_id].components:
            if component.id in present:
                pair = (component.id, set_id)
                certain_by_pair[pair] = certain_by_pair.get(pair, False) or component.certain
    return [(source, target, certain) for (source, target), certain in certain_by_pair.items()]


def _describe_links(registry: Registry, links: Iterable[Link]) -> str:
    sentences = [
        f"{registry[target].name} {'contains' if certain else 'may contain'} "
        f"{registry[source].name}."
        for source, target, certain in links
    ]
    return " ".join(sentences)


def _count_studies(table: DatasetMatrix | None) -> dict[str, tuple[int, int]]:
    """For each dataset, the studies that name it, and those that certainly use it indirectly."""
    if table is None:
        return {}
    counts = {}
    for node in table.datasets:
        kinds = [table.cells.get((study, node)) for study in table.studies]
        named_count = kinds.count("named")
        counts[node] = (named_count, named_count + kinds.count("held"))
    return counts


def _arrange(
    nodes: Sequence[str], links: Sequence[Link], width: float, table: DatasetMatrix | None
) -> _Drawing:
    """Groups side by side while they fit the width, the highest first; then the grid."""
    groups = split_components(nodes, links)
    layouts = [
        lay_out(members, [link for link in links if link[0] in members], _BOX)
        for members in groups
        if len(members) > 1
    ]
    single = [members[0] for members in groups if len(members) == 1]
    room = max([width - 2 * _MARGIN, *(layout.width for layout in layouts)])
    boxes: dict[str, Point] = {}
    routes: dict[Link, tuple[Point, ...]] = {}
    x, y, shelf = 0.0, 0.0, 0.0
    top = _measure_header(table, room + 2 * _MARGIN)
    for layout in sorted(layouts, key=lambda layout: -layout.height):
        if x and x + layout.width > room:
            x, y, shelf = 0.0, y + shelf + _GROUP_GAP[1], 0.0
        _move(layout, (_MARGIN + x, top + y), boxes, routes)
        x, shelf = x + layout.width + _GROUP_GAP[0], max(shelf, layout.height)
    y += shelf + (_GROUP_GAP[1] if layouts and single else 0)
    columns = max(1, int((room + _GRID_GAP[0]) // (_BOX.width + _GRID_GAP[0])))
    for place, set_id in enumerate(single):
        row, column = divmod(place, columns)
        boxes[set_id] = (
            _MARGIN + column * (_BOX.width + _GRID_GAP[0]),
            top + y + row * (_BOX.height + _GRID_GAP[1]),
        )
    return _Drawing(
        width=room + 2 * _MARGIN,
        height=max(corner[1] for corner in boxes.values()) + _BOX.height + _MARGIN
        if single
        else top + y + _MARGIN,
        boxes=boxes,
        routes=routes,
    )


def _move(
    layout: Layout,
    corner: Point,
    boxes: dict[str, Point],
    routes: dict[Link, tuple[Point, ...]],
) -> None:
    """Adds a group's boxes and lines, from its top left corner."""
    left, top = corner
    for name, (x, y) in layout.boxes.items():
        boxes[name] = (left + x, top + y)
    for link, points in layout.routes.items():
        routes[link] = tuple((left + x, top + y) for x, y in points)


def _list_legend_rows(width: float) -> list[list[tuple[str, float]]]:
    """Rows of the legend: kinds with the place of each, as many to a row as fit."""
    rows: list[list[tuple[str, float]]] = [[]]
    x = _MARGIN
    for kind, label in _KIND_LABELS.items():
        item_width = 18 + measure_width(label, _TEXT_SIZE) + 16
        if rows[-1] and x + item_width > width - _MARGIN:
            rows.append([])
            x = _MARGIN
        rows[-1].append((kind, x))
        x += item_width
    return rows


def _wrap_note(table: DatasetMatrix | None, width: float) -> list[str]:
    note = (
        "Solid line: contains its images. Dashed line: depends on the release or is not documented."
    )
    if table is not None:
        note += " Figures: studies that name the set / that rest on it."
    return wrap_text(note, width - 2 * _MARGIN, _NOTE_SIZE)


def _measure_header(table: DatasetMatrix | None, width: float) -> float:
    return 14 + 18 * len(_list_legend_rows(width)) + 13 * len(_wrap_note(table, width)) + 14


def _draw_legend(table: DatasetMatrix | None, width: float) -> list[str]:
    parts = []
    y = 14.0
    for row in _list_legend_rows(width):
        for kind, x in row:
            box = svg.render_rectangle(
                x, y, 12, 12, fill=_FILL[kind], stroke=_STROKE[kind], line=1, corner_radius=2
            )
            words = svg.render_text(x + 18, y + 10, _KIND_LABELS[kind], size=_TEXT_SIZE, fill=_INK)
            parts += [box, words]
        y += 18
    for line in _wrap_note(table, width):
        y += 13
        parts.append(svg.render_text(_MARGIN, y - 3, line, size=_NOTE_SIZE, fill=_INK))
    return parts


def _draw_line(registry: Registry, link: Link, route: Sequence[Point]) -> str:
    source, _, certain = link
    return svg.render_turning_line(
        route,
        stroke=_STROKE[registry[source].kind],
        line=1.2,
        opacity=0.8,
        dashed=not certain,
    )


def _draw_node(
    registry: Registry, set_id: str, corner: Point, counts: Mapping[str, tuple[int, int]]
) -> str:
    dataset = registry[set_id]
    x, y = corner
    figures = ""
    if set_id in counts:
        named_count, resting_count = counts[set_id]
        figures = f"{named_count} / {resting_count}" if resting_count else "possible"
    room = _BOX.width - 18 - (measure_width(figures, _TEXT_SIZE) + 10 if figures else 0)
    size, lines = _fit_name(dataset.name, room)
    first = y + _BOX.height / 2 - size * 1.15 * (len(lines) - 1) / 2 + size * 0.36
    text_elements = [
        svg.render_text(x + 9, first + size * 1.15 * row, line, size=size, bold=True, fill=_INK)
        for row, line in enumerate(lines)
    ]
    if figures:
        text_elements.append(
            svg.render_text(
                x + _BOX.width - 9,
                y + _BOX.height / 2 + 3.8,
                figures,
                size=_TEXT_SIZE,
                anchor="end",
                fill=_INK,
            )
        )
    box = svg.render_rectangle(
        x,
        y,
        _BOX.width,
        _BOX.height,
        fill=_FILL[dataset.kind],
        stroke=_STROKE[dataset.kind],
        line=1,
        corner_radius=5,
    )
    return svg.render_group(
        [box, *text_elements],
        title=f"{dataset.name} ({dataset.year or 'year unknown'}): "
        f"{dataset.size or 'size unknown'}",
    )


def _fit_name(name: str, room: float) -> tuple[float, list[str]]:
    """The largest type in which a name fits a box, and its lines; shortened only if none does."""
    for size in _NAME_SIZES:
        lines = wrap_text(name, room, size, bold=True)
        if len(lines) <= _NAME_LINES and len(lines) * size * 1.15 <= _BOX.height - 3:
            return size, lines
    size = _NAME_SIZES[-1]
    lines = wrap_text(name, room - measure_width("…", size, bold=True), size, bold=True)
    return size, [*lines[: _NAME_LINES - 1], f"{lines[_NAME_LINES - 1]}…"]


def _draw_empty(message: str) -> str:
    text = svg.render_text(_MARGIN, 44, message, size=13, fill=_INK)
    return svg.render_document(900, 80, [text], title=_TITLE)
