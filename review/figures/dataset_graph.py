"""Draws which data sets contain which, and how many studies use each, as SVG."""

from collections.abc import Mapping

from review.bias.datasets.ancestry import DatasetMatrix, find_contained_sets
from review.bias.datasets.models import Registry
from review.figures import svg

_BOX_SIZE = (264, 46)
_BOX_GAP = (90, 14)
_MARGIN = 24
_HEADER_HEIGHT = 64
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


def draw_graph(registry: Registry, table: DatasetMatrix | None = None) -> str:
    """The graph as SVG: source datasets on the left, datasets combined from them on the right.

    Args:
        table: study-by-dataset matrix of a review: only its datasets are drawn, with their
            studies. None draws all datasets in the registry that include others or are included.
    """
    nodes = _select_nodes(registry, table)
    counts = _count_studies(table)
    positions = _place_boxes(registry, nodes, counts)
    if not positions:
        return _draw_empty("The included studies name no known public dataset.")
    width = max(x for x, _ in positions.values()) + _BOX_SIZE[0] + _MARGIN
    height = max(y for _, y in positions.values()) + _BOX_SIZE[1] + _MARGIN
    width = max(width, 900)
    elements = _draw_legend(table)
    elements += [
        _draw_edge(registry, positions, container_id, component_id)
        for container_id in nodes
        for component_id in _list_components(registry, nodes, container_id)
    ]
    elements += [_draw_node(registry, set_id, positions[set_id], counts) for set_id in nodes]
    return svg.render_document(width, height, elements, title=_TITLE)


def _select_nodes(registry: Registry, table: DatasetMatrix | None) -> list[str]:
    if table is not None:
        return list(table.datasets)
    component_ids = {
        component.id for dataset in registry.values() for component in dataset.components
    }
    return [set_id for set_id in registry if set_id in component_ids or registry[set_id].components]


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


def _list_components(registry: Registry, nodes: list[str], set_id: str) -> list[str]:
    return [c.id for c in registry[set_id].components if c.id in nodes]


def _place_boxes(
    registry: Registry, nodes: list[str], counts: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Top left corner of each box: one column per level, related boxes close together."""
    levels = {set_id: _compute_level(registry, nodes, set_id) for set_id in nodes}
    columns: dict[int, list[str]] = {}
    for set_id in nodes:
        columns.setdefault(levels[set_id], []).append(set_id)
    rows: dict[str, float] = {}
    for depth in sorted(columns):
        column = columns[depth]
        if depth == 0:
            users = {
                set_id: [
                    other_id
                    for other_id in nodes
                    if set_id in find_contained_sets(registry, other_id)
                ]
                for set_id in column
            }
            column.sort(
                key=lambda set_id: (-counts.get(set_id, (0, 0))[1], sorted(users[set_id]), set_id)
            )
        else:
            column.sort(key=lambda set_id: (_average_row(registry, nodes, rows, set_id), set_id))
        rows |= {set_id: float(row) for row, set_id in enumerate(column)}
    tallest = max((len(column) for column in columns.values()), default=0)
    return {
        set_id: (
            _MARGIN + levels[set_id] * (_BOX_SIZE[0] + _BOX_GAP[0]),
            _HEADER_HEIGHT
            + int(
                (rows[set_id] + (tallest - len(columns[levels[set_id]])) / 2)
                * (_BOX_SIZE[1] + _BOX_GAP[1])
            ),
        )
        for set_id in nodes
    }


def _average_row(
    registry: Registry, nodes: list[str], rows: Mapping[str, float], set_id: str
) -> float:
    component_rows = [
        rows[component_id]
        for component_id in _list_components(registry, nodes, set_id)
        if component_id in rows
    ]
    return sum(component_rows) / len(component_rows) if component_rows else 0.0


def _compute_level(registry: Registry, nodes: list[str], set_id: str) -> int:
    component_ids = _list_components(registry, nodes, set_id)
    return (
        1 + max(_compute_level(registry, nodes, component_id) for component_id in component_ids)
        if component_ids
        else 0
    )


def _draw_legend(table: DatasetMatrix | None) -> list[str]:
    parts = []
    x = _MARGIN
    for kind, words in _KIND_LABELS.items():
        box = svg.render_rectangle(
            x, 14, 12, 12, fill=_FILL[kind], stroke=_STROKE[kind], line=1, corner_radius=2
        )
        parts += [box, svg.render_text(x + 18, 24, words, size=11, fill=_INK)]
        x += 30 + int(6.1 * len(words))
    note = (
        "Solid line: contains its images. Dashed line: depends on the release or is not documented."
    )
    if table is not None:
        note += " Figures: studies that name the set / that rest on it."
    return [*parts, svg.render_text(_MARGIN, 46, note, size=11, fill=_INK)]


def _draw_edge(
    registry: Registry,
    positions: Mapping[str, tuple[int, int]],
    container_id: str,
    component_id: str,
) -> str:
    """A curve from the left side of a dataset to the right side of one it includes."""
    certain = any(c.id == component_id and c.certain for c in registry[container_id].components)
    (ax, ay), (bx, by) = positions[container_id], positions[component_id]
    x1, y1 = bx + _BOX_SIZE[0], by + _BOX_SIZE[1] / 2
    x2, y2 = ax, ay + _BOX_SIZE[1] / 2
    bend = max(30.0, min(_BOX_GAP[0] * 0.6, (x2 - x1) * 0.5))
    return svg.render_curve(
        (x1, y1),
        (x2, y2),
        bend=bend,
        stroke=_STROKE[registry[component_id].kind],
        line=1.3,
        opacity=0.7,
        dashed=not certain,
    )


def _draw_node(
    registry: Registry,
    set_id: str,
    position: tuple[int, int],
    counts: Mapping[str, tuple[int, int]],
) -> str:
    dataset = registry[set_id]
    x, y = position
    fill, stroke = _FILL[dataset.kind], _STROKE[dataset.kind]
    lines = _wrap_name(dataset.name, 27 if set_id in counts else 36)
    size, line_height = (12, 15) if len(lines) < 3 else (10.5, 12.5)
    top = y + _BOX_SIZE[1] / 2 - line_height * (len(lines) - 1) / 2 + size * 0.36
    text_elements = [
        svg.render_text(x + 10, top + line_height * row, line, size=size, bold=True, fill=_INK)
        for row, line in enumerate(lines)
    ]
    if set_id in counts:
        named_count, resting_count = counts[set_id]
        figures = f"{named_count} / {resting_count}" if resting_count else "possible"
        middle = y + _BOX_SIZE[1] / 2 + 4
        text_elements.append(
            svg.render_text(
                x + _BOX_SIZE[0] - 10, middle, figures, size=12, anchor="end", fill=_INK
            )
        )
    box = svg.render_rectangle(x, y, *_BOX_SIZE, fill=fill, stroke=stroke, line=1, corner_radius=5)
    return svg.render_group(
        [box, *text_elements],
        title=f"{dataset.name} ({dataset.year or 'year unknown'}): "
        f"{dataset.size or 'size unknown'}",
    )


def _wrap_name(name: str, width: int) -> list[str]:
    """A name on one or two lines, or on three in smaller type; truncated if longer."""
    lines = _split_lines(name, width)
    if len(lines) > 2:
        lines = _split_lines(name, width + 2)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2][: width + 1].rstrip() + "…"]
    return lines


def _split_lines(name: str, width: int) -> list[str]:
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _draw_empty(message: str) -> str:
    text = svg.render_text(_MARGIN, 44, message, size=13, fill=_INK)
    return svg.render_document(900, 80, [text], title=_TITLE)
