"""The PRISMA 2020 flow diagram as SVG: boxes measured, aligned in rows and columns, joined.

Layouts: new review or updated review (with the version before), each with or without other
methods; a quality gate after eligibility where the review has one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from review.figures import prisma_words as words
from review.figures import svg
from review.figures.prisma_words import Para
from review.figures.text import width, wrap
from review.prisma import Flow, hold, total

SIZE, LEADING = 9.0, 11.6
"""Text size and distance between baselines (points)."""
PAD, STEP, HANG = 7.0, 9.0, 6.0
"""Space inside a box, one step of indent, and how far a list's second lines hang (points)."""
GAP, ROW_GAP, MARGIN = 30.0, 20.0, 12.0
BAR = 20.0
"""Width of the bars that name the phases."""
WIDTHS = {"previous": 150.0, "main": 205.0, "side": 225.0, "other": 175.0, "other_side": 185.0}
HEADS = {"main": "#f4c430", "other": "#dcdcdc", "previous": "#dcdcdc"}
PHASE = "#b0c8e4"
ROWS = ("head", "identified", "screened", "sought", "assessed", "gate", "included", "total")
PHASES = (
    ("Identification", ("head", "identified")),
    ("Screening", ("screened", "sought", "assessed", "gate")),
    ("Included", ("included", "total")),
)


@dataclass(frozen=True, slots=True)
class Node:
    """A box before it has a place."""

    column: str
    row: str
    lines: tuple[tuple[Para, tuple[str, ...]], ...]
    head: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box stands."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Left edges of the columns, tops and heights of the rows."""

    left: Mapping[str, float]
    tops: Mapping[str, float]
    heights: Mapping[str, float]
    size: tuple[float, float] = field(default=(0, 0))


def draw(
    flow: Flow,
    *,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    as_of: str | None = None,
    title: str = "PRISMA 2020 flow diagram",
) -> str:
    """The diagram as SVG.

    Args:
        names: printed names for sources, rules, reasons and kinds, where they differ.
        notes: lines under the figure.
        as_of: the day the flow stands for, printed under it.

    Raises:
        FlowError: the boxes do not sum; nothing is drawn.
    """
    hold(flow)
    nodes = _nodes(flow, names or {})
    grid = _grid(nodes)
    places = {(one.column, one.row): _place(one, grid) for one in nodes}
    parts = _bars(grid)
    parts += _joined(places)
    for one in nodes:
        parts += _box(one, places[one.column, one.row])
    foot, bottom = _foot(words.foot(flow, notes, as_of), grid)
    told = f"{flow.total_reports.n} reports of {flow.total_studies.n} studies included."
    return svg.page(grid.size[0], bottom, parts + foot, title=title, description=told)


def _high(node: Node) -> float:
    """Height the text of a box needs."""
    return sum(len(lines) for _, lines in node.lines) * LEADING + 2 * PAD


def _middle(place: Place) -> tuple[float, float]:
    return place.x + place.w / 2, place.y + place.h / 2


def _nodes(flow: Flow, names: Mapping[str, str]) -> list[Node]:
    new = "new " if flow.previous_studies is not None else ""
    main = flow.main
    texts: list[tuple[str, str, list[Para]]] = [
        ("main", "head", [_head(f"Identification of {new}studies via databases and registers")]),
        ("main", "identified", words.identified(main, names)),
        ("side", "identified", words.removed(main, names)),
    ]
    if "screening" in flow.stages:
        screened = [words.counted("Records screened", main.screened.n)]
        out = words.counted("Records excluded", total(main.excluded_screening))
        side = [out, *words.waiting_screening(main), *words.joint(flow, "excluded_screening")]
        texts += [("main", "screened", screened), ("side", "screened", side)]
    if "eligibility" in flow.stages:
        joint = [] if "quality" in flow.stages else words.joint(flow, "excluded_quality")
        away = [*words.not_retrieved(main, names), *words.waiting_eligibility(main)]
        assessed = words.counted("Reports assessed for eligibility", main.assessed.n)
        out_texts = [*words.excluded(main.excluded_eligibility, names), *joint]
        texts += [
            ("main", "sought", [words.counted("Reports sought for retrieval", main.sought.n)]),
            ("side", "sought", away),
            ("main", "assessed", [assessed]),
            ("side", "assessed", out_texts),
        ]
    if "quality" in flow.stages:
        kept_out = [*words.gated(flow, names), *words.waiting_quality(flow)]
        kept_out += words.joint(flow, "excluded_quality")
        texts += [("main", "gate", words.gate(flow)), ("side", "gate", kept_out)]
    texts.append(("main", "included", words.included(flow, names)))
    if flow.other:
        texts += _other(flow, names)
    if flow.previous_studies is not None:
        texts += [
            ("previous", "head", [_head("Previous studies")]),
            ("previous", "identified", words.previous(flow)),
            ("main", "total", words.totals(flow)),
        ]
    wide = _head_widths({column for column, _, _ in texts})
    return [_node(column, row, paras, wide) for column, row, paras in texts]


def _other(flow: Flow, names: Mapping[str, str]) -> list[tuple[str, str, list[Para]]]:
    other = flow.other
    assert other is not None
    new = "new " if flow.previous_studies is not None else ""
    texts = [
        ("other", "head", [_head(f"Identification of {new}studies via other methods")]),
        ("other", "identified", words.identified(other, names)),
    ]
    gone = words.removed_from_other(other)
    texts += [("other_side", "identified", gone)] if gone else []
    if "eligibility" in flow.stages:
        away = [*words.not_retrieved(other, names), *words.waiting_eligibility(other)]
        texts += [
            ("other", "sought", [words.counted("Reports sought for retrieval", other.sought.n)]),
            ("other_side", "sought", away),
            ("other", "assessed",
             [words.counted("Reports assessed for eligibility", other.assessed.n)]),
            ("other_side", "assessed", words.excluded(other.excluded_eligibility, names)),
        ]  # fmt: skip
    return texts


def _head(text: str) -> Para:
    return Para(text, bold=True)


def _head_widths(columns: set[str]) -> dict[str, float]:
    """Headings span their column and the one at its side."""
    other = WIDTHS["other"] + (GAP + WIDTHS["other_side"] if "other_side" in columns else 0)
    return {
        "main": WIDTHS["main"] + GAP + WIDTHS["side"],
        "other": other,
        "previous": WIDTHS["previous"],
    }


def _node(column: str, row: str, paras: Sequence[Para], wide: Mapping[str, float]) -> Node:
    inner = (wide[column] if row == "head" else WIDTHS[column]) - 2 * PAD
    lines = tuple(
        (one, tuple(wrap(one.text, inner - _left(one, 1), SIZE, bold=one.bold))) for one in paras
    )
    return Node(column, row, lines, head=row == "head")


def _left(para: Para, line: int) -> float:
    """How far a line of a paragraph stands to the right: lists hang from their second line on."""
    return para.indent * STEP + (HANG if para.indent and line else 0)


def _grid(nodes: Sequence[Node]) -> Grid:
    columns = [name for name in WIDTHS if any(one.column == name for one in nodes)]
    rows = [name for name in ROWS if any(one.row == name for one in nodes)]
    left: dict[str, float] = {}
    x = MARGIN + BAR + 10
    for name in columns:
        left[name] = x
        x += WIDTHS[name] + GAP
    heights = {row: max(_high(one) for one in nodes if one.row == row) for row in rows}
    for phase, members in PHASES:
        own = [row for row in members if row in rows]
        if not own:
            continue
        needed = width(phase, SIZE + 1, bold=True) + 2 * PAD
        short = needed - sum(heights[row] for row in own) - ROW_GAP * (len(own) - 1)
        if short > 0:
            heights[own[-1]] += short
    tops: dict[str, float] = {}
    y = MARGIN
    for row in rows:
        tops[row] = y
        y += heights[row] + ROW_GAP
    return Grid(left, tops, heights, (x - GAP + MARGIN, y - ROW_GAP))


def _place(node: Node, grid: Grid) -> Place:
    columns = set(grid.left)
    wide = _head_widths(columns)[node.column] if node.head else WIDTHS[node.column]
    spare = grid.heights[node.row] - _high(node)
    top = grid.tops[node.row] + (0 if node.head else spare / 2)
    height = grid.heights[node.row] if node.head else _high(node)
    return Place(grid.left[node.column], top, wide, height)


def _box(node: Node, place: Place) -> list[str]:
    if node.head:
        parts = [svg.rect(place.x, place.y, place.w, place.h, fill=HEADS[node.column], round_=5)]
    else:
        parts = [svg.rect(place.x, place.y, place.w, place.h)]
    y = place.y + PAD + SIZE * 0.95
    for para, lines in node.lines:
        for number, line in enumerate(lines):
            if node.head:
                parts.append(svg.text(_middle(place)[0], y, line, bold=True, anchor="middle"))
            else:
                x = place.x + PAD + _left(para, number)
                parts.append(svg.text(x, y, line, bold=para.bold, italic=para.italic))
            y += LEADING
    return parts


def _bars(grid: Grid) -> list[str]:
    parts = []
    for name, members in PHASES:
        own = [row for row in members if row in grid.tops]
        if name == "Identification":
            own = [row for row in own if row != "head"] or own
        if not own:
            continue
        top = grid.tops[own[0]]
        tall = grid.tops[own[-1]] + grid.heights[own[-1]] - top
        middle = MARGIN + BAR / 2
        parts.append(svg.rect(MARGIN, top, BAR, tall, fill=PHASE, round_=5))
        parts.append(
            svg.text(middle + 3.4, top + tall / 2, name, size=SIZE + 1, bold=True,
                     anchor="middle", turn=-90)
        )  # fmt: skip
    return parts


def _joined(places: Mapping[tuple[str, str], Place]) -> list[str]:
    """Arrows down each column, out to its side, and from the other columns into the main one."""
    parts: list[str] = []
    for column, side in (("main", "side"), ("other", "other_side")):
        rows = [row for row in ROWS[1:] if (column, row) in places]
        for row, below in pairwise(rows):
            upper, lower = places[column, row], places[column, below]
            x = _middle(upper)[0]
            parts.append(svg.arrow([(x, upper.y + upper.h), (x, lower.y)]))
        for row in rows:
            if (side, row) in places:
                one, two = places[column, row], places[side, row]
                parts.append(
                    svg.arrow([(one.x + one.w, _middle(one)[1]), (two.x, _middle(one)[1])])
                )
    last = [row for row in ROWS[1:] if ("other", row) in places]
    if last:
        parts.append(_into_main(places, places["other", last[-1]]))
    if ("previous", "identified") in places:
        box, target = places["previous", "identified"], places["main", "total"]
        x, y = _middle(box)[0], _middle(target)[1]
        parts.append(svg.arrow([(x, box.y + box.h), (x, y), (target.x, y)]))
    return parts


def _into_main(places: Mapping[tuple[str, str], Place], last: Place) -> str:
    """The other methods join the main column: above the quality gate, else at the included box."""
    x = _middle(last)[0]
    if ("main", "gate") in places:
        above = [
            one for (_, row), one in places.items() if row not in ("gate", "included", "total")
        ]
        lowest = max(one.y + one.h for one in above)
        target = places["main", "gate"]
        y = lowest + ROW_GAP * 0.45
        return svg.arrow([(x, last.y + last.h), (x, y), (_middle(target)[0], y)])
    target = places["main", "included"]
    y = _middle(target)[1]
    return svg.arrow([(x, last.y + last.h), (x, y), (target.x + target.w, y)])


def _foot(notes: Sequence[str], grid: Grid) -> tuple[list[str], float]:
    wide = grid.size[0] - 2 * MARGIN - BAR - 10
    y = grid.size[1] + 18
    parts = []
    for note in notes:
        for line in wrap(note, wide, 7.5):
            parts.append(svg.text(MARGIN + BAR + 10, y, line, size=7.5, fill=svg.PALE_INK))
            y += 10
    return parts, y - 10 + MARGIN
