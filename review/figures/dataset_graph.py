"""Draws which data sets hold which, and how many studies rest on each, as SVG."""

from collections.abc import Mapping
from html import escape

from review.bias.datasets.ancestry import Matrix, holds
from review.bias.datasets.models import Registry

_BOX = (264, 46)
_GAP = (90, 14)
_MARGIN = 24
_HEAD = 64
_FONT = "font-family='Helvetica, Arial, sans-serif'"
_FILL = {
    "primary": "#e3eef6",
    "case_collection": "#fdf0d5",
    "remix": "#f6dfe2",
    "subset": "#e7e3f2",
}
_STROKE = {
    "primary": "#2b6a99",
    "case_collection": "#b07a12",
    "remix": "#b3434f",
    "subset": "#6650a4",
}
_WORDS = {
    "primary": "collected by one group",
    "case_collection": "taken from publications or submissions",
    "remix": "put together from other sets",
    "subset": "chosen from one other set",
}


def draw(registry: Registry, table: Matrix | None = None) -> str:
    """The graph as SVG text: sources left, what was put together from them to the right.

    Args:
        table: of a review: only its data sets are drawn, with the studies on each. None draws every
            set of the registry that is part of, or made of, another.
    """
    nodes = _nodes(registry, table)
    counts = _counts(table)
    places = _places(registry, nodes, counts)
    if not places:
        return _empty("No registered public data set is named by the included studies.")
    width = max(x for x, _ in places.values()) + _BOX[0] + _MARGIN
    height = max(y for _, y in places.values()) + _BOX[1] + _MARGIN
    width = max(width, 900)
    parts = [_open(width, height), *_legend(table)]
    parts += [_edge(registry, places, a, b) for a in nodes for b in _inside(registry, nodes, a)]
    parts += [_node(registry, one, places[one], counts) for one in nodes]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _nodes(registry: Registry, table: Matrix | None) -> list[str]:
    if table is not None:
        return list(table.datasets)
    inside = {component.id for one in registry.values() for component in one.components}
    return [one for one in registry if one in inside or registry[one].components]


def _counts(table: Matrix | None) -> dict[str, tuple[int, int]]:
    """For each set the studies that name it, and those that certainly rest on it."""
    if table is None:
        return {}
    out = {}
    for node in table.datasets:
        kinds = [table.cells.get((study, node)) for study in table.studies]
        named = kinds.count("named")
        out[node] = (named, named + kinds.count("held"))
    return out


def _inside(registry: Registry, nodes: list[str], one: str) -> list[str]:
    return [c.id for c in registry[one].components if c.id in nodes]


def _places(
    registry: Registry, nodes: list[str], counts: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Top left corner of each box: one column for each level, related boxes near each other."""
    level = {one: _level(registry, nodes, one) for one in nodes}
    columns: dict[int, list[str]] = {}
    for one in nodes:
        columns.setdefault(level[one], []).append(one)
    rows: dict[str, float] = {}
    for depth in sorted(columns):
        column = columns[depth]
        if depth == 0:
            users = {one: [n for n in nodes if one in holds(registry, n)] for one in column}
            column.sort(key=lambda one: (-counts.get(one, (0, 0))[1], sorted(users[one]), one))
        else:
            column.sort(key=lambda one: (_middle(registry, nodes, rows, one), one))
        rows |= {one: float(row) for row, one in enumerate(column)}
    tallest = max((len(column) for column in columns.values()), default=0)
    return {
        one: (
            _MARGIN + level[one] * (_BOX[0] + _GAP[0]),
            _HEAD
            + int((rows[one] + (tallest - len(columns[level[one]])) / 2) * (_BOX[1] + _GAP[1])),
        )
        for one in nodes
    }


def _middle(registry: Registry, nodes: list[str], rows: Mapping[str, float], one: str) -> float:
    inside = [rows[low] for low in _inside(registry, nodes, one) if low in rows]
    return sum(inside) / len(inside) if inside else 0.0


def _level(registry: Registry, nodes: list[str], one: str) -> int:
    inside = _inside(registry, nodes, one)
    return 1 + max(_level(registry, nodes, low) for low in inside) if inside else 0


def _open(width: int, height: int) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' role='img' aria-label='Ancestry of public data sets'>\n"
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>"
    )


def _legend(table: Matrix | None) -> list[str]:
    parts = []
    x = _MARGIN
    for kind, words in _WORDS.items():
        parts.append(
            f"<rect x='{x}' y='14' width='12' height='12' rx='2' fill='{_FILL[kind]}' "
            f"stroke='{_STROKE[kind]}'/>{_text(x + 18, 24, words, 11)}"
        )
        x += 30 + int(6.1 * len(words))
    note = "Line: holds its images. Broken line: differs by release or is not documented."
    if table is not None:
        note += " Figures: studies that name the set / that rest on it."
    return [*parts, _text(_MARGIN, 46, note, 11)]


def _text(
    x: float, y: float, words: str, size: float, *, weight: str = "normal", anchor: str = "start"
) -> str:
    return (
        f"<text x='{x:g}' y='{y:g}' {_FONT} font-size='{size:g}' font-weight='{weight}' "
        f"text-anchor='{anchor}' "
        f"fill='#1d2733'>{escape(words, quote=False)}</text>"
    )


def _edge(registry: Registry, places: Mapping[str, tuple[int, int]], a: str, b: str) -> str:
    """A curve from a set's left side to the right side of one it holds."""
    certain = any(c.id == b and c.certain for c in registry[a].components)
    (ax, ay), (bx, by) = places[a], places[b]
    x1, y1 = bx + _BOX[0], by + _BOX[1] / 2
    x2, y2 = ax, ay + _BOX[1] / 2
    bend = max(30.0, min(_GAP[0] * 0.6, (x2 - x1) * 0.5))
    broken = "" if certain else " stroke-dasharray='5 4'"
    return (
        f"<path d='M{x1:g} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}' "
        f"fill='none' stroke='{_STROKE[registry[b].kind]}' stroke-opacity='0.7' "
        f"stroke-width='1.3'{broken}/>"
    )


def _node(
    registry: Registry,
    one: str,
    place: tuple[int, int],
    counts: Mapping[str, tuple[int, int]],
) -> str:
    dataset = registry[one]
    x, y = place
    fill, stroke = _FILL[dataset.kind], _STROKE[dataset.kind]
    lines = _wrapped(dataset.name, 27 if one in counts else 36)
    size, step = (12, 15) if len(lines) < 3 else (10.5, 12.5)
    top = y + _BOX[1] / 2 - step * (len(lines) - 1) / 2 + size * 0.36
    words = [
        _text(x + 10, top + step * row, line, size, weight="bold") for row, line in enumerate(lines)
    ]
    if one in counts:
        named, resting = counts[one]
        figures = f"{named} / {resting}" if resting else "possible"
        middle = y + _BOX[1] / 2 + 4
        words.append(_text(x + _BOX[0] - 10, middle, figures, 12, anchor="end"))
    title = f"<title>{escape(dataset.name)} ({dataset.year}): {escape(dataset.size)}</title>"
    return (
        f"<g>{title}<rect x='{x}' y='{y}' width='{_BOX[0]}' height='{_BOX[1]}' rx='5' "
        f"fill='{fill}' stroke='{stroke}'/>{''.join(words)}</g>"
    )


def _wrapped(name: str, width: int) -> list[str]:
    """A name on one or two lines, or on three of a smaller letter; cut only past those."""
    lines = _lines(name, width)
    if len(lines) > 2:
        lines = _lines(name, width + 2)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2][: width + 1].rstrip() + "…"]
    return lines


def _lines(name: str, width: int) -> list[str]:
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _empty(words: str) -> str:
    return "\n".join([_open(900, 80), _text(_MARGIN, 44, words, 13), "</svg>"]) + "\n"
