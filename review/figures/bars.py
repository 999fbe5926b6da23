"""Bar charts: compliance with a checklist by item, and the distribution of a score with its
gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from review.figures import svg
from review.figures.text import measure_width, wrap_text

STATES = ("met", "partly", "unmet", "unclear", "not-applicable", "open")
STATE_NAMES = {
    "met": "Reported",
    "partly": "Partly",
    "unmet": "Not reported",
    "unclear": "Unclear",
    "not-applicable": "Not applicable",
    "open": "Not answered",
}
COLOURS = {
    "met": "#2a6f97",
    "partly": "#8fb8d1",
    "unmet": "#d98c3f",
    "unclear": "#efd9a7",
    "not-applicable": "#e3e3e3",
    "open": "#ffffff",
}
"""Blue to orange: distinguishable with all common forms of colour blindness and in greyscale."""
MARGIN, TEXT_SIZE = 14.0, 8.0
PASS_COLOUR, FAIL_COLOUR = "#2a6f97", "#d98c3f"
MAX_BINS = 48
"""Scores with more possible whole values than this are drawn in wider bins."""


@dataclass(frozen=True, slots=True)
class ItemBar:
    """One checklist item with the number of studies per state."""

    number: str
    name: str
    section: str
    counts: Mapping[str, int]
    """State (see STATES) -> studies."""
    required_by_gate: bool = False
    """Whether a quality gate requires it."""


def draw_compliance_bars(
    bars: Sequence[ItemBar], *, checklist: str, studies: int, notes: Sequence[str] = ()
) -> str:
    """Stacked bars per item as SVG, in checklist order; on the right, the percentage reported among
    the studies to which the item applies."""
    wrapped_names = [wrap_text(_format_name(bar), 196, TEXT_SIZE) for bar in bars]
    bar_left, bar_width = MARGIN + 228, 220.0
    page_width = bar_left + bar_width + 52
    parts: list[str] = []
    y = MARGIN
    for bar_index, (bar, lines) in enumerate(zip(bars, wrapped_names, strict=True)):
        if bar_index == 0 or bars[bar_index - 1].section != bar.section:
            y += 5 if bar_index else 0
            for text_line in wrap_text(
                bar.section, page_width - 2 * MARGIN, TEXT_SIZE + 0.5, bold=True
            ):
                parts.append(
                    svg.render_text(MARGIN, y + 9, text_line, size=TEXT_SIZE + 0.5, bold=True)
                )
                y += 13
        row_height = max(len(lines) * 9.4 + 3, 13)
        top = y + row_height / 2 - len(lines) * 4.7 + 7.2
        parts.append(svg.render_text(MARGIN + 20, top, bar.number, size=TEXT_SIZE, anchor="end"))
        for line_index, text_line in enumerate(lines):
            parts.append(
                svg.render_text(MARGIN + 26, top + line_index * 9.4, text_line, size=TEXT_SIZE)
            )
        parts += _draw_stack(bar, (bar_left, y + row_height / 2 - 4.5, bar_width, 9.0), studies)
        parts.append(
            svg.render_text(
                bar_left + bar_width + 6,
                y + row_height / 2 + 2.8,
                _format_share(bar),
                size=TEXT_SIZE,
            )
        )
        y += row_height
    for percent in (0, 25, 50, 75, 100):
        x = bar_left + bar_width * percent / 100
        parts.append(svg.render_path([(x, y + 2), (x, y + 5)], line=0.6))
        parts.append(svg.render_text(x, y + 13, f"{percent}%", size=7.5, anchor="middle"))
    y += 26
    present_states = [name for name in STATES if any(bar.counts.get(name) for bar in bars)]
    legend, y = _draw_legend(present_states or ["met"], y, page_width)
    remarks = [
        f"{studies:,} {'study' if studies == 1 else 'studies'}. Right: percentage reported among "
        "the studies to which the item applies."
    ]
    if any(bar.required_by_gate for bar in bars):
        remarks.append("* required by a quality gate")
    footer, y = _draw_notes([*remarks, *notes], y, page_width)
    return svg.render_document(
        page_width, y, [*parts, *legend, *footer], title=f"{checklist}: compliance by item"
    )


def _format_name(bar: ItemBar) -> str:
    return bar.name + (" *" if bar.required_by_gate else "")


def _format_share(bar: ItemBar) -> str:
    applies = sum(
        n for name, n in bar.counts.items() if name in ("met", "partly", "unmet", "unclear")
    )
    return f"{100 * bar.counts.get('met', 0) / applies:.0f}%" if applies else "–"


def _draw_stack(bar: ItemBar, area: tuple[float, float, float, float], studies: int) -> list[str]:
    x, y, stack_width, stack_height = area
    parts = [svg.render_rectangle(x, y, stack_width, stack_height, line=0.4, stroke="#8a919c")]
    for name in STATES:
        n = bar.counts.get(name, 0)
        if n and studies:
            segment_width = stack_width * n / studies
            parts.append(
                svg.render_rectangle(
                    x,
                    y,
                    segment_width,
                    stack_height,
                    fill=COLOURS[name],
                    line=0.4,
                    stroke="#5f6670",
                )
            )
            label = f"{n:,}"
            if measure_width(label, 6.5) + 3 < segment_width:
                ink = "#ffffff" if name == "met" else svg.INK
                parts.append(
                    svg.render_text(
                        x + segment_width / 2, y + 6.9, label, size=6.5, anchor="middle", fill=ink
                    )
                )
            x += segment_width
    return parts


def _draw_legend(names: Sequence[str], y: float, page_width: float) -> tuple[list[str], float]:
    parts: list[str] = []
    x = MARGIN
    for name in names:
        entry_width = 12 + measure_width(STATE_NAMES[name], TEXT_SIZE) + 14
        if x + entry_width > page_width - MARGIN and x > MARGIN:
            x, y = MARGIN, y + 13
        parts.append(
            svg.render_rectangle(x, y, 8, 8, fill=COLOURS[name], line=0.4, stroke="#5f6670")
        )
        parts.append(svg.render_text(x + 12, y + 7, STATE_NAMES[name], size=TEXT_SIZE))
        x += entry_width
    return parts, y + 22


def _draw_notes(notes: Sequence[str], y: float, page_width: float) -> tuple[list[str], float]:
    parts: list[str] = []
    for note in notes:
        for text_line in wrap_text(note, page_width - 2 * MARGIN, 7):
            parts.append(svg.render_text(MARGIN, y, text_line, size=7, fill=svg.PALE_INK))
            y += 9
    return parts, y + 4


def draw_score_distribution(
    totals: Sequence[float],
    *,
    score: str,
    lowest_total: float,
    highest_total: float,
    gate: float | None = None,
    notes: Sequence[str] = (),
) -> str:
    """A histogram of a score as SVG, with lines for its quality gate and the median.

    Args:
        totals: one total per study.
        low, high: lowest and highest possible total.
        gate: lowest total that passes; bars below it have a different colour.
    """
    step = max(1, -(-int(highest_total - lowest_total + 1) // MAX_BINS))
    bins = [lowest_total + step * n for n in range(int((highest_total - lowest_total) // step) + 1)]
    counts = [
        sum(
            start <= value < start + step or (value == highest_total and start == bins[-1])
            for value in totals
        )
        for start in bins
    ]
    plot_left, plot_height, plot_width = MARGIN + 26, 130.0, 400.0
    page_width, bottom = plot_left + plot_width + MARGIN, MARGIN + 26 + plot_height
    bar_width = plot_width / len(bins)
    highest_count = max([*counts, 1])
    parts = _draw_count_axis(highest_count, plot_left, bottom, plot_height)
    for bin_index, (start, n) in enumerate(zip(bins, counts, strict=True)):
        x = plot_left + bin_index * bar_width
        if n:
            fill = FAIL_COLOUR if gate is not None and start < gate else PASS_COLOUR
            bar_height = plot_height * n / highest_count
            parts.append(
                svg.render_rectangle(
                    x + 0.6,
                    bottom - bar_height,
                    bar_width - 1.2,
                    bar_height,
                    fill=fill,
                    stroke=None,
                )
            )
    parts.append(svg.render_path([(plot_left, bottom), (plot_left + plot_width, bottom)], line=0.8))
    label_interval = max(1, round(len(bins) / 12))
    zero_index = next((n for n, start in enumerate(bins) if start == 0), 0)
    for bin_index, start in enumerate(bins):
        if (bin_index - zero_index) % label_interval == 0:
            x = plot_left + (bin_index + 0.5) * bar_width
            parts.append(
                svg.render_text(x, bottom + 11, _format_value(start), size=7.5, anchor="middle")
            )
    parts.append(
        svg.render_text(
            plot_left + plot_width / 2, bottom + 24, score, size=TEXT_SIZE, anchor="middle"
        )
    )
    parts += _draw_gate_line(
        gate, (lowest_total, step, bar_width, plot_left), bottom, plot_height, page_width
    )
    remarks = [_summarize_totals(totals, gate), *notes]
    footer, y = _draw_notes(remarks, bottom + 40, page_width)
    return svg.render_document(page_width, y, parts + footer, title=f"{score}: distribution")


def _draw_count_axis(
    highest_count: int, plot_left: float, bottom: float, plot_height: float
) -> list[str]:
    step = next(
        s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**6) if highest_count / s <= 6
    )
    parts = []
    for n in range(0, highest_count + 1, step):
        y = bottom - plot_height * n / highest_count
        parts.append(svg.render_path([(plot_left - 3, y), (plot_left, y)], line=0.6))
        parts.append(svg.render_text(plot_left - 5, y + 2.6, f"{n:,}", size=7.5, anchor="end"))
    parts.append(
        svg.render_path([(plot_left, bottom), (plot_left, bottom - plot_height)], line=0.8)
    )
    parts.append(
        svg.render_text(
            MARGIN + 4,
            bottom - plot_height / 2,
            "Studies",
            size=TEXT_SIZE,
            anchor="middle",
            turn=-90,
        )
    )
    return parts


def _draw_gate_line(
    gate: float | None,
    scale: tuple[float, float, float, float],
    bottom: float,
    plot_height: float,
    page_width: float,
) -> list[str]:
    if gate is None:
        return []
    low, step, bar_width, plot_left = scale
    x = plot_left + (gate - low) / step * bar_width
    label = f"gate: {_format_value(gate)} or more"
    fits_right = x + 4 + measure_width(label, TEXT_SIZE) < page_width - 4
    return [
        svg.render_path([(x, bottom + 2), (x, bottom - plot_height - 12)], line=1.1, dashed=True),
        svg.render_text(
            x + (4 if fits_right else -4),
            bottom - plot_height - 14,
            label,
            size=TEXT_SIZE,
            anchor="start" if fits_right else "end",
        ),
    ]


def _summarize_totals(totals: Sequence[float], gate: float | None) -> str:
    if not totals:
        return "No study has a total yet."
    description = f"{len(totals):,} {'study' if len(totals) == 1 else 'studies'}"
    description += f"; median {_format_value(median(totals))}"
    description += f"; range {_format_value(min(totals))} to {_format_value(max(totals))}"
    if gate is not None:
        description += f"; {sum(value < gate for value in totals):,} below the gate"
    return description + "."


def _format_value(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace("-", "−")
