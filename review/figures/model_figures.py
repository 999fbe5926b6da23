"""Figures of a model's performance: a forest plot of AUCs by group, and a calibration plot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from review.figures import svg

WIDTH = 510.0
ROW = 15.0
LABEL_WIDTH, FIGURE_WIDTH = 190.0, 120.0
COLOURS = ("#1f4e9c", "#b3541e", "#2e7d32", "#7a3b8f")
"""One for each curve; curves differ by their sign as well."""
SIDE = 300.0
Placer = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """A group with its figure; without one, `note` says why."""

    label: str
    images: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    heading: bool = False
    """Whether the row only names the rows below it."""


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """Images of similar score: their mean score and the observed share, 0 to 1."""

    mean_score: float
    observed: float
    low: float
    high: float


def draw_forest(rows: Sequence[ForestRow], *, title: str, measure: str = "AUC") -> str:
    """The rows one below the other, each interval on one axis; the first figure's value dashed."""
    known = [row for row in rows if row.value is not None]
    lowest = min((row.low or 0.0 for row in known), default=0.5)
    start = max(0.0, min(0.5, int(lowest * 10) / 10))
    left, right = LABEL_WIDTH + 45, WIDTH - FIGURE_WIDTH

    def place(value: float) -> float:
        return left + (right - left) * (min(max(value, start), 1.0) - start) / (1.0 - start)

    top = 34.0
    bottom = top + ROW * len(rows)
    parts = [
        svg.render_text(4, 14, title, size=11, bold=True),
        svg.render_text(4, 29, "Group", bold=True),
        svg.render_text(LABEL_WIDTH + 32, 29, "Images", bold=True, anchor="end"),
        svg.render_text(right + 8, 29, f"{measure} (95 % CI)", bold=True),
        svg.render_path([(4, top), (WIDTH - 4, top)], line=0.6),
    ]
    if known and known[0].value is not None:
        x = place(known[0].value)
        parts.append(svg.render_path([(x, top), (x, bottom)], stroke=svg.PALE_INK, dashed=True))
    for number, row in enumerate(rows):
        parts += _draw_forest_row(row, top + ROW * number + ROW * 0.72, place, right)
    parts.append(svg.render_path([(left, bottom + 4), (right, bottom + 4)], line=0.6))
    ticks = round((1.0 - start) * 10)
    for step in range(ticks + 1):
        value = start + step / 10
        parts.append(svg.render_path([(place(value), bottom + 4), (place(value), bottom + 7)]))
        parts.append(
            svg.render_text(place(value), bottom + 17, f"{value:.1f}", size=8, anchor="middle")
        )
    words = "; ".join(f"{row.label}: {_format_figure(row)}" for row in rows if not row.heading)
    return svg.render_document(WIDTH, bottom + 24, parts, title=title, description=words)


def draw_calibration(
    curves: Sequence[tuple[str, Sequence[CalibrationPoint]]], *, title: str
) -> str:
    """Observed share against mean score, ten groups of equal size; the diagonal is perfect."""
    left, top = 44.0, 24.0

    def place(x: float, y: float) -> tuple[float, float]:
        return left + SIDE * x, top + SIDE * (1 - y)

    parts = [
        svg.render_text(4, 14, title, size=11, bold=True),
        svg.render_rectangle(left, top, SIDE, SIDE, line=0.6),
        svg.render_path([place(0, 0), place(1, 1)], stroke=svg.PALE_INK, dashed=True),
    ]
    for step in range(6):
        value = step / 5
        x, y = place(value, value)
        parts.append(svg.render_text(x, top + SIDE + 12, f"{value:.1f}", size=8, anchor="middle"))
        parts.append(svg.render_text(left - 5, y + 3, f"{value:.1f}", size=8, anchor="end"))
    parts.append(svg.render_text(left + SIDE / 2, top + SIDE + 26, "Mean score", anchor="middle"))
    parts.append(svg.render_text(12, top + SIDE / 2, "Observed share", anchor="middle", turn=-90))
    for number, (name, points) in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(
            svg.render_path([place(p.mean_score, p.observed) for p in points], stroke=colour)
        )
        for point in points:
            low, high = place(point.mean_score, point.low), place(point.mean_score, point.high)
            parts.append(svg.render_path([low, high], stroke=colour, line=0.6))
            parts.append(_draw_sign(number, *place(point.mean_score, point.observed), colour))
        y = top + 14 + 14 * number
        parts.append(_draw_sign(number, left + SIDE + 16, y - 3, colour))
        parts.append(svg.render_text(left + SIDE + 24, y, name))
    described = "; ".join(
        f"{name}: " + ", ".join(f"{p.mean_score:.2f} to {p.observed:.2f}" for p in points)
        for name, points in curves
    )
    return svg.render_document(WIDTH, top + SIDE + 34, parts, title=title, description=described)


def _draw_forest_row(row: ForestRow, y: float, place: Placer, right: float) -> list[str]:
    if row.heading:
        return [svg.render_text(4, y, row.label, bold=True)]
    parts = [
        svg.render_text(12, y, _shorten(row.label)),
        svg.render_text(LABEL_WIDTH + 32, y, f"{row.images:,}", anchor="end"),
        svg.render_text(right + 8, y, _format_figure(row)),
    ]
    if row.value is not None and row.low is not None and row.high is not None:
        parts.append(svg.render_path([(place(row.low), y - 3), (place(row.high), y - 3)]))
        x = place(row.value)
        parts.append(svg.render_rectangle(x - 2.5, y - 5.5, 5, 5, fill=COLOURS[0], stroke=None))
    return parts


def _format_figure(row: ForestRow) -> str:
    if row.value is None or row.low is None or row.high is None:
        return row.note or "not known"
    return f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})"


def _draw_sign(number: int, x: float, y: float, colour: str) -> str:
    if number % 2:
        return svg.render_rectangle(x - 2.5, y - 2.5, 5, 5, fill="#ffffff", stroke=colour)
    return svg.render_circle(x, y, 2.6, fill=colour)


def _shorten(text: str, most: int = 38) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
