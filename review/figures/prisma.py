"""Draws the PRISMA 2020 flow diagram as SVG.

Layouts: new review or updated review (with the version before), each with or without other
methods; a quality gate after eligibility where the review has one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from review.figures import prisma_words as words
from review.figures import svg
from review.figures.prisma_words import BoxParagraph
from review.figures.text import measure_width, wrap_text
from review.prisma import Flow, get_total, validate

TEXT_SIZE, LEADING = 9.0, 11.6
"""Text size and distance between baselines (points)."""
PAD, INDENT, HANGING_INDENT = 7.0, 9.0, 6.0
"""Padding of a box, one indent step, and hanging indent of list items (points)."""
COLUMN_GAP, ROW_GAP, MARGIN = 30.0, 20.0, 12.0
PHASE_BAR_WIDTH = 20.0
"""Width of the bars with the names of the phases."""
COLUMN_WIDTHS = {
    "previous": 150.0,
    "main": 205.0,
    "side": 225.0,
    "other": 175.0,
    "other_side": 185.0,
}
HEAD_COLOURS = {"main": "#f4c430", "other": "#dcdcdc", "previous": "#dcdcdc"}
PHASE_COLOUR = "#b0c8e4"
ROWS = ("head", "identified", "screened", "sought", "assessed", "gate", "included", "total")
PHASES = (
    ("Identification", ("head", "identified")),
    ("Screening", ("screened", "sought", "assessed", "gate")),
    ("Included", ("included", "total")),
)


@dataclass(frozen=True, slots=True)
class DiagramBox:
    """A box without a position."""

    column: str
    row: str
    lines: tuple[tuple[BoxParagraph, tuple[str, ...]], ...]
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class BoxPosition:
    """Position and size of a box."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class DiagramGrid:
    """Left edges of the columns; tops and heights of the rows."""

    left_edges: Mapping[str, float]
    tops: Mapping[str, float]
    heights: Mapping[str, float]
    size: tuple[float, float] = field(default=(0, 0))


def draw_flow_diagram(
    flow: Flow,
    *,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    as_of: str | None = None,
    title: str = "PRISMA 2020 flow diagram",
) -> str:
    """The diagram as SVG.

    Args:
        names: display names of sources, rules, reasons and types, if different.
        notes: lines under the figure.
        as_of: the date of the flow, printed below it.

    Raises:
        FlowError: the boxes do not add up; nothing is drawn.
    """
    validate(flow)
    boxes = _build_boxes(flow, names or {})
    grid = _build_grid(boxes)
    positions = {(box.column, box.row): _position_box(box, grid) for box in boxes}
    parts = _draw_phase_bars(grid)
    parts += _draw_arrows(positions)
    for box in boxes:
        parts += _draw_box(box, positions[box.column, box.row])
    footer, bottom = _draw_footer(words.build_footnotes(flow, notes, as_of), grid)
    description_text = f"{flow.total_reports.n} reports of {flow.total_studies.n} studies included."
    return svg.render_document(
        grid.size[0], bottom, parts + footer, title=title, description=description_text
    )


def _get_text_height(box: DiagramBox) -> float:
    """Height needed by the text of a box."""
    return sum(len(lines) for _, lines in box.lines) * LEADING + 2 * PAD


def _get_center(position: BoxPosition) -> tuple[float, float]:
    return position.x + position.w / 2, position.y + position.h / 2


def _build_boxes(flow: Flow, names: Mapping[str, str]) -> list[DiagramBox]:
    new_word = "new " if flow.previous_studies is not None else ""
    main = flow.main
    box_texts: list[tuple[str, str, list[BoxParagraph]]] = [
        (
            "main",
            "head",
            [_build_head(f"Identification of {new_word}studies via databases and registers")],
        ),
        ("main", "identified", words.build_identified(main, names)),
        ("side", "identified", words.build_removed(main, names)),
    ]
    if "screening" in flow.stages:
        screened_text = [words.build_count("Records screened", main.screened.n)]
        excluded_records = words.build_count("Records excluded", get_total(main.excluded_screening))
        side = [
            excluded_records,
            *words.build_waiting_screening(main),
            *words.build_combined(flow, "excluded_screening"),
        ]
        box_texts += [("main", "screened", screened_text), ("side", "screened", side)]
    if "eligibility" in flow.stages:
        combined = (
            [] if "quality" in flow.stages else words.build_combined(flow, "excluded_quality")
        )
        not_retrieved_side = [
            *words.build_not_retrieved(main, names),
            *words.build_waiting_eligibility(main),
        ]
        assessed_text = words.build_count("Reports assessed for eligibility", main.assessed.n)
        exclusions = [*words.build_excluded(main.excluded_eligibility, names), *combined]
        box_texts += [
            ("main", "sought", [words.build_count("Reports sought for retrieval", main.sought.n)]),
            ("side", "sought", not_retrieved_side),
            ("main", "assessed", [assessed_text]),
            ("side", "assessed", exclusions),
        ]
    if "quality" in flow.stages:
        gate_exclusions = [
            *words.build_gate_exclusions(flow, names),
            *words.build_waiting_quality(flow),
        ]
        gate_exclusions += words.build_combined(flow, "excluded_quality")
        box_texts += [("main", "gate", words.build_gate(flow)), ("side", "gate", gate_exclusions)]
    box_texts.append(("main", "included", words.build_included(flow, names)))
    if flow.other:
        box_texts += _build_other_boxes(flow, names)
    if flow.previous_studies is not None:
        box_texts += [
            ("previous", "head", [_build_head("Previous studies")]),
            ("previous", "identified", words.build_previous(flow)),
            ("main", "total", words.build_totals(flow)),
        ]
    head_widths = _compute_head_widths({column for column, _, _ in box_texts})
    return [_build_box(column, row, paras, head_widths) for column, row, paras in box_texts]


def _build_other_boxes(
    flow: Flow, names: Mapping[str, str]
) -> list[tuple[str, str, list[BoxParagraph]]]:
    other = flow.other
    assert other is not None
    new_word = "new " if flow.previous_studies is not None else ""
    box_texts = [
        ("other", "head", [_build_head(f"Identification of {new_word}studies via other methods")]),
        ("other", "identified", words.build_identified(other, names)),
    ]
    removed_records = words.build_removed_from_other(other)
    box_texts += [("other_side", "identified", removed_records)] if removed_records else []
    if "eligibility" in flow.stages:
        not_retrieved_side = [
            *words.build_not_retrieved(other, names),
            *words.build_waiting_eligibility(other),
        ]
        box_texts += [
            (
                "other",
                "sought",
                [words.build_count("Reports sought for retrieval", other.sought.n)],
            ),
            ("other_side", "sought", not_retrieved_side),
            (
                "other",
                "assessed",
                [words.build_count("Reports assessed for eligibility", other.assessed.n)],
            ),
            ("other_side", "assessed", words.build_excluded(other.excluded_eligibility, names)),
        ]
    return box_texts


def _build_head(text: str) -> BoxParagraph:
    return BoxParagraph(text, bold=True)


def _compute_head_widths(columns: set[str]) -> dict[str, float]:
    """Headings span their column and the adjacent one."""
    other_width = COLUMN_WIDTHS["other"] + (
        COLUMN_GAP + COLUMN_WIDTHS["other_side"] if "other_side" in columns else 0
    )
    return {
        "main": COLUMN_WIDTHS["main"] + COLUMN_GAP + COLUMN_WIDTHS["side"],
        "other": other_width,
        "previous": COLUMN_WIDTHS["previous"],
    }


def _build_box(
    column: str, row: str, paras: Sequence[BoxParagraph], head_widths: Mapping[str, float]
) -> DiagramBox:
    inner_width = (head_widths[column] if row == "head" else COLUMN_WIDTHS[column]) - 2 * PAD
    lines = tuple(
        (
            para,
            tuple(
                wrap_text(para.text, inner_width - _get_indent(para, 1), TEXT_SIZE, bold=para.bold)
            ),
        )
        for para in paras
    )
    return DiagramBox(column, row, lines, is_head=row == "head")


def _get_indent(para: BoxParagraph, line: int) -> float:
    """Indent of a line of a paragraph: list items have a hanging indent."""
    return para.indent * INDENT + (HANGING_INDENT if para.indent and line else 0)


def _build_grid(boxes: Sequence[DiagramBox]) -> DiagramGrid:
    columns = [name for name in COLUMN_WIDTHS if any(box.column == name for box in boxes)]
    rows = [name for name in ROWS if any(box.row == name for box in boxes)]
    left_edges: dict[str, float] = {}
    x = MARGIN + PHASE_BAR_WIDTH + 10
    for name in columns:
        left_edges[name] = x
        x += COLUMN_WIDTHS[name] + COLUMN_GAP
    heights = {row: max(_get_text_height(box) for box in boxes if box.row == row) for row in rows}
    for phase, members in PHASES:
        phase_rows = [row for row in members if row in rows]
        if not phase_rows:
            continue
        needed_height = measure_width(phase, TEXT_SIZE + 1, bold=True) + 2 * PAD
        missing_height = (
            needed_height
            - sum(heights[row] for row in phase_rows)
            - ROW_GAP * (len(phase_rows) - 1)
        )
        if missing_height > 0:
            heights[phase_rows[-1]] += missing_height
    tops: dict[str, float] = {}
    y = MARGIN
    for row in rows:
        tops[row] = y
        y += heights[row] + ROW_GAP
    return DiagramGrid(left_edges, tops, heights, (x - COLUMN_GAP + MARGIN, y - ROW_GAP))


def _position_box(box: DiagramBox, grid: DiagramGrid) -> BoxPosition:
    columns = set(grid.left_edges)
    box_width = (
        _compute_head_widths(columns)[box.column] if box.is_head else COLUMN_WIDTHS[box.column]
    )
    spare_height = grid.heights[box.row] - _get_text_height(box)
    top = grid.tops[box.row] + (0 if box.is_head else spare_height / 2)
    height = grid.heights[box.row] if box.is_head else _get_text_height(box)
    return BoxPosition(grid.left_edges[box.column], top, box_width, height)


def _draw_box(box: DiagramBox, position: BoxPosition) -> list[str]:
    if box.is_head:
        parts = [
            svg.render_rectangle(
                position.x,
                position.y,
                position.w,
                position.h,
                fill=HEAD_COLOURS[box.column],
                corner_radius=5,
            )
        ]
    else:
        parts = [svg.render_rectangle(position.x, position.y, position.w, position.h)]
    y = position.y + PAD + TEXT_SIZE * 0.95
    for para, lines in box.lines:
        for number, line in enumerate(lines):
            if box.is_head:
                parts.append(
                    svg.render_text(_get_center(position)[0], y, line, bold=True, anchor="middle")
                )
            else:
                x = position.x + PAD + _get_indent(para, number)
                parts.append(svg.render_text(x, y, line, bold=para.bold, italic=para.italic))
            y += LEADING
    return parts


def _draw_phase_bars(grid: DiagramGrid) -> list[str]:
    parts = []
    for name, members in PHASES:
        phase_rows = [row for row in members if row in grid.tops]
        if name == "Identification":
            phase_rows = [row for row in phase_rows if row != "head"] or phase_rows
        if not phase_rows:
            continue
        top = grid.tops[phase_rows[0]]
        bar_height = grid.tops[phase_rows[-1]] + grid.heights[phase_rows[-1]] - top
        middle = MARGIN + PHASE_BAR_WIDTH / 2
        parts.append(
            svg.render_rectangle(
                MARGIN, top, PHASE_BAR_WIDTH, bar_height, fill=PHASE_COLOUR, corner_radius=5
            )
        )
        parts.append(
            svg.render_text(
                middle + 3.4,
                top + bar_height / 2,
                name,
                size=TEXT_SIZE + 1,
                bold=True,
                anchor="middle",
                turn=-90,
            )
        )
    return parts


def _draw_arrows(positions: Mapping[tuple[str, str], BoxPosition]) -> list[str]:
    """Arrows down each column, to the side boxes, and from the other columns to the main one."""
    parts: list[str] = []
    for column, side in (("main", "side"), ("other", "other_side")):
        rows = [row for row in ROWS[1:] if (column, row) in positions]
        for row, below in pairwise(rows):
            upper, lower = positions[column, row], positions[column, below]
            x = _get_center(upper)[0]
            parts.append(svg.render_arrow([(x, upper.y + upper.h), (x, lower.y)]))
        for row in rows:
            if (side, row) in positions:
                main_box, side_box = positions[column, row], positions[side, row]
                parts.append(
                    svg.render_arrow(
                        [
                            (main_box.x + main_box.w, _get_center(main_box)[1]),
                            (side_box.x, _get_center(main_box)[1]),
                        ]
                    )
                )
    other_rows = [row for row in ROWS[1:] if ("other", row) in positions]
    if other_rows:
        parts.append(_draw_arrow_into_main(positions, positions["other", other_rows[-1]]))
    if ("previous", "identified") in positions:
        box, target = positions["previous", "identified"], positions["main", "total"]
        x, y = _get_center(box)[0], _get_center(target)[1]
        parts.append(svg.render_arrow([(x, box.y + box.h), (x, y), (target.x, y)]))
    return parts


def _draw_arrow_into_main(
    positions: Mapping[tuple[str, str], BoxPosition], last: BoxPosition
) -> str:
    """The other methods join the main column: above the quality gate, else at the included box."""
    x = _get_center(last)[0]
    if ("main", "gate") in positions:
        above = [
            position
            for (_, row), position in positions.items()
            if row not in ("gate", "included", "total")
        ]
        lowest = max(position.y + position.h for position in above)
        target = positions["main", "gate"]
        y = lowest + ROW_GAP * 0.45
        return svg.render_arrow([(x, last.y + last.h), (x, y), (_get_center(target)[0], y)])
    target = positions["main", "included"]
    y = _get_center(target)[1]
    return svg.render_arrow([(x, last.y + last.h), (x, y), (target.x + target.w, y)])


def _draw_footer(notes: Sequence[str], grid: DiagramGrid) -> tuple[list[str], float]:
    text_width = grid.size[0] - 2 * MARGIN - PHASE_BAR_WIDTH - 10
    y = grid.size[1] + 18
    parts = []
    for note in notes:
        for line in wrap_text(note, text_width, 7.5):
            parts.append(
                svg.render_text(MARGIN + PHASE_BAR_WIDTH + 10, y, line, size=7.5, fill=svg.PALE_INK)
            )
            y += 10
    return parts, y - 10 + MARGIN
