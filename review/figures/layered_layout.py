"""Places linked boxes in columns and leads each line around all of them.

Every box is in a column after those it is linked from. A line that passes a column does so in a
lane of its own between the boxes, and turns only in the gaps between columns, so that no line runs
behind a box. Method: Sugiyama 1981, doi 10.1109/TSMC.1981.4308636.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

LANE_HEIGHT = 6.0
BOX_GAP, LANE_GAP = 12.0, 5.0
"""Least distance of two boxes, and of a lane from a box or another lane."""
ORDER_SWEEPS, PLACE_SWEEPS = 12, 16

Link = tuple[str, str, bool]
"""From a box, to a box, and whether it is certain."""
Slot = tuple[str, int, bool]
"""A box (name, -1, True), or a lane: the box its lines come from, the column, certain."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSize:
    """The size of every box, and the gap between two columns."""

    width: float
    height: float
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Boxes and lines, from the top left corner at 0, 0."""

    width: float
    height: float
    boxes: Mapping[str, Point]
    """Top left corner of each box."""
    routes: Mapping[Link, tuple[Point, ...]]
    """Points of each line: between them it turns in a gap, or runs level along a lane."""


def split_components(names: Sequence[str], links: Sequence[Link]) -> list[list[str]]:
    """Groups of boxes that are linked with each other, in the order of their first box."""
    group = {name: [name] for name in names}
    for source, target, _ in links:
        if group[source] is not group[target]:
            joined = group[source] + group[target]
            for name in joined:
                group[name] = joined
    positions = {name: place for place, name in enumerate(names)}
    unique = {id(members): sorted(members, key=positions.__getitem__) for members in group.values()}
    return sorted(unique.values(), key=lambda members: positions[members[0]])


def assign_columns(names: Sequence[str], links: Sequence[Link]) -> dict[str, int]:
    """Box -> column: after all it is linked from, and as near as possible before what it links to.

    The links must not go in a circle.
    """
    sources: dict[str, list[str]] = {name: [] for name in names}
    targets: dict[str, list[str]] = {name: [] for name in names}
    for source, target, _ in links:
        sources[target].append(source)
        targets[source].append(target)
    columns: dict[str, int] = {}

    def find_column(name: str) -> int:
        if name not in columns:
            columns[name] = 1 + max(map(find_column, sources[name]), default=-1)
        return columns[name]

    for name in names:
        find_column(name)
    for name in sorted(names, key=lambda name: -columns[name]):
        if targets[name]:
            columns[name] = min(columns[target] for target in targets[name]) - 1
    return columns


def lay_out(names: Sequence[str], links: Sequence[Link], size: BoxSize) -> Layout:
    """The layout of one group of linked boxes; lines of one box share their lanes."""
    columns = assign_columns(names, links)
    chains = {link: _build_chain(link, columns) for link in links}
    layers: list[list[Slot]] = [[] for _ in range(max(columns.values()) + 1)]
    for name in names:
        layers[columns[name]].append(_get_box_slot(name))
    steps = {step for chain in chains.values() for step in pairwise(chain)}
    for slot in dict.fromkeys(slot for chain in chains.values() for slot in chain):
        if slot[1] >= 0:
            layers[slot[1]].append(slot)
    layers = _order_layers(layers, steps)
    centres = _place_slots(layers, steps, size)
    step_width = size.width + size.gap
    boxes = {
        name: (columns[name] * step_width, centres[_get_box_slot(name)] - size.height / 2)
        for name in names
    }
    return Layout(
        width=len(layers) * step_width - size.gap,
        height=max(centre + _get_height(slot, size) / 2 for slot, centre in centres.items()),
        boxes=boxes,
        routes={
            link: _build_route(chain, columns, centres, size) for link, chain in chains.items()
        },
    )


def _get_box_slot(name: str) -> Slot:
    return name, -1, True


def _build_chain(link: Link, columns: Mapping[str, int]) -> tuple[Slot, ...]:
    """The slots a line passes: its first box, a lane in each column between, its last box."""
    source, target, certain = link
    lanes = [(source, column, certain) for column in range(columns[source] + 1, columns[target])]
    return (_get_box_slot(source), *lanes, _get_box_slot(target))


def _get_height(slot: Slot, size: BoxSize) -> float:
    return size.height if slot[1] < 0 else LANE_HEIGHT


def _get_distance(above: Slot, below: Slot, size: BoxSize) -> float:
    """Least distance of the centres of two slots that follow each other in a column."""
    gap = BOX_GAP if above[1] < 0 and below[1] < 0 else LANE_GAP
    return (_get_height(above, size) + _get_height(below, size)) / 2 + gap


def _index_neighbours(steps: set[tuple[Slot, Slot]]) -> tuple[dict[Slot, list[Slot]], ...]:
    before: dict[Slot, list[Slot]] = {}
    after: dict[Slot, list[Slot]] = {}
    for left, right in sorted(steps):
        after.setdefault(left, []).append(right)
        before.setdefault(right, []).append(left)
    return before, after


def _order_layers(layers: list[list[Slot]], steps: set[tuple[Slot, Slot]]) -> list[list[Slot]]:
    """The slots of each column in an order with few crossings: each near the middle of those it is
    linked with, from left to right and back, the best order found."""
    before, after = _index_neighbours(steps)
    best, fewest = layers, count_crossings(layers, steps)
    current = [list(layer) for layer in layers]
    for sweep in range(ORDER_SWEEPS):
        neighbours = after if sweep % 2 else before
        for layer in reversed(current) if sweep % 2 else current:
            positions = {slot: place for other in current for place, slot in enumerate(other)}
            keys = {
                slot: _average(
                    [positions[other] for other in neighbours.get(slot, [])], positions[slot]
                )
                for slot in layer
            }
            layer.sort(key=keys.__getitem__)
        crossings = count_crossings(current, steps)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def count_crossings(layers: Sequence[Sequence[Slot]], steps: set[tuple[Slot, Slot]]) -> int:
    """Pairs of lines that cross between two columns."""
    positions = {slot: place for layer in layers for place, slot in enumerate(layer)}
    column = {slot: index for index, layer in enumerate(layers) for slot in layer}
    by_column: dict[int, list[tuple[int, int]]] = {}
    for left, right in steps:
        by_column.setdefault(column[left], []).append((positions[left], positions[right]))
    return sum(
        (a - c) * (b - d) < 0
        for column_steps in by_column.values()
        for (a, b), (c, d) in combinations(column_steps, 2)
    )


def _average(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _place_slots(
    layers: Sequence[Sequence[Slot]], steps: set[tuple[Slot, Slot]], size: BoxSize
) -> dict[Slot, float]:
    """Slot -> height of its centre: near those it is linked with, none too near another."""
    before, after = _index_neighbours(steps)
    centres: dict[Slot, float] = {}
    for layer in layers:
        for slot, place in zip(layer, _keep_apart(layer, [0.0] * len(layer), size), strict=True):
            centres[slot] = place
    for sweep in range(PLACE_SWEEPS):
        for layer in reversed(layers) if sweep % 2 else layers:
            wanted = [
                _average(
                    [centres[other] for other in (*before.get(slot, []), *after.get(slot, []))],
                    centres[slot],
                )
                for slot in layer
            ]
            for slot, place in zip(layer, _keep_apart(layer, wanted, size), strict=True):
                centres[slot] = place
    top = min(centres[slot] - _get_height(slot, size) / 2 for slot in centres)
    return {slot: place - top for slot, place in centres.items()}


def _keep_apart(layer: Sequence[Slot], wanted: Sequence[float], size: BoxSize) -> list[float]:
    """The places nearest to the wanted ones (least squares) that keep order and distance: isotonic
    regression by pooling neighbours that are too near."""
    offsets = [0.0]
    for above, below in pairwise(layer):
        offsets.append(offsets[-1] + _get_distance(above, below, size))
    pools: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets, strict=False):
        pools.append((place - offset, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (lower, m), (upper, n) = pools.pop(), pools.pop()
            pools.append(((lower * m + upper * n) / (m + n), m + n))
    bases = [value for value, count in pools for _ in range(count)]
    return [base + offset for base, offset in zip(bases, offsets, strict=False)]


def _build_route(
    chain: Sequence[Slot],
    columns: Mapping[str, int],
    centres: Mapping[Slot, float],
    size: BoxSize,
) -> tuple[Point, ...]:
    step_width = size.width + size.gap
    points: list[Point] = []
    for place, slot in enumerate(chain):
        left = (columns[slot[0]] if slot[1] < 0 else slot[1]) * step_width
        if place > 0:
            points.append((left, centres[slot]))
        if place < len(chain) - 1:
            points.append((left + size.width, centres[slot]))
    return tuple(points)
