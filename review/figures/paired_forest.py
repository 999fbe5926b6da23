"""Paired forest plot: sensitivity and specificity of each model with exact intervals, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from review.accuracy import ExactProportion, TwoByTwo, compute_sensitivity, compute_specificity
from review.figures import svg
from review.figures.text import measure_width, wrap_text

MARGIN, TEXT_SIZE = 14.0, 8.0
ROW_HEIGHT, DENSE_ROW_HEIGHT, DENSE_FROM = 15.0, 11.6, 41
"""Height of a row, and of each of many rows: 60 fit on a page at journal width."""
LABEL_WIDTH, COUNT_WIDTH, FIGURE_WIDTH, PANEL_WIDTH, GAP = 140.0, 26.0, 72.0, 76.0, 8.0
"""Together about 600 points: at a journal's 180 mm the text is still 6.8 points high."""
SQUARE_COLOUR, LINE_COLOUR, GRID_COLOUR = "#2a6f97", "#222222", "#d9dde2"
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class PairedForestRow:
    """One model on one data set."""

    label: str
    """Study and model, as printed in the plot."""
    table: TwoByTwo
    group: str = ""
    """Heading above the row, for example the data set; rows of a group follow each other."""
    is_exact: bool = True
    """False: the counts were worked back from rounded figures that leave several tables."""


def draw_paired_forest(
    rows: Sequence[PairedForestRow], *, title: str, notes: Sequence[str] = ()
) -> str:
    """The rows in their order. Squares are drawn in one size: nothing is weighted or pooled."""
    counts_left = MARGIN + LABEL_WIDTH
    figures_left = counts_left + 4 * COUNT_WIDTH + GAP
    panels_left = figures_left + 2 * FIGURE_WIDTH + GAP
    width = panels_left + 2 * PANEL_WIDTH + 2 * GAP + MARGIN
    row_height = ROW_HEIGHT if len(rows) < DENSE_FROM else DENSE_ROW_HEIGHT
    parts = _draw_header(counts_left, figures_left, panels_left)
    top = y = MARGIN + 26
    group = None
    for row in rows:
        if row.group and row.group != group:
            y += 4 if group is not None else 0
            for line in wrap_text(row.group, panels_left - 2 * MARGIN, TEXT_SIZE, bold=True):
                parts.append(svg.render_text(MARGIN, y + 10, line, size=TEXT_SIZE, bold=True))
                y += max(row_height - 2, 13)
        group = row.group
        lines = wrap_text(_format_label(row), LABEL_WIDTH - 8, TEXT_SIZE)
        height = max(row_height, len(lines) * 9.4 + row_height - 11)
        first = y + height / 2 - len(lines) * 4.7 + 7.2
        for index, line in enumerate(lines):
            parts.append(svg.render_text(MARGIN, first + index * 9.4, line, size=TEXT_SIZE))
        parts += _draw_counts(row.table, counts_left, y + height / 2 + 2.8)
        for index, share in enumerate(
            (compute_sensitivity(row.table), compute_specificity(row.table))
        ):
            parts.append(
                svg.render_text(
                    figures_left + index * FIGURE_WIDTH,
                    y + height / 2 + 2.8,
                    format_proportion(share),
                    size=TEXT_SIZE,
                )
            )
            left = panels_left + index * (PANEL_WIDTH + 2 * GAP)
            parts += _draw_estimate(share, left, y + height / 2)
        y += height
    grid = _draw_axes(panels_left, top, y)
    y += 26
    for note in _list_notes(rows, notes):
        for line in wrap_text(note, width - 2 * MARGIN, TEXT_SIZE - 0.5):
            parts.append(svg.render_text(MARGIN, y, line, size=TEXT_SIZE - 0.5, fill=svg.PALE_INK))
            y += 10
    description = (
        f"Sensitivity and specificity of {len(rows)} models with 95% confidence intervals: "
        + "; ".join(_describe_row(row) for row in rows)
        + "."
    )
    return svg.render_document(
        width, y + MARGIN - 4, grid + parts, title=title, description=description
    )


def format_proportion(share: ExactProportion) -> str:
    """0.90 (0.78 to 0.97); a dash where the class has no cases."""
    if share.value is None or share.low is None or share.high is None:
        return "–"
    return f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"


def _format_label(row: PairedForestRow) -> str:
    return row.label if row.is_exact else f"{row.label} *"


def _describe_row(row: PairedForestRow) -> str:
    return (
        f"{row.label}, sensitivity {format_proportion(compute_sensitivity(row.table))}, "
        f"specificity {format_proportion(compute_specificity(row.table))}"
    )


def _list_notes(rows: Sequence[PairedForestRow], notes: Sequence[str]) -> list[str]:
    listed = ["95% confidence intervals are exact (Clopper and Pearson). Nothing is pooled."]
    if not all(row.is_exact for row in rows):
        listed.append(
            "* Counts worked back from rounded figures; neighbouring counts agree with the report "
            "as well."
        )
    return [*listed, *notes]


def _draw_header(counts_left: float, figures_left: float, panels_left: float) -> list[str]:
    y = MARGIN + 16
    parts = [svg.render_text(MARGIN, y, "Study", size=TEXT_SIZE, bold=True)]
    for index, name in enumerate(("TP", "FP", "FN", "TN")):
        x = counts_left + (index + 1) * COUNT_WIDTH - 4
        parts.append(svg.render_text(x, y, name, size=TEXT_SIZE, bold=True, anchor="end"))
    for index, name in enumerate(("Sensitivity", "Specificity")):
        x = figures_left + index * FIGURE_WIDTH
        parts.append(svg.render_text(x, y - 9.4, name, size=TEXT_SIZE, bold=True))
        parts.append(svg.render_text(x, y, "(95% CI)", size=TEXT_SIZE, bold=True))
        middle = panels_left + index * (PANEL_WIDTH + 2 * GAP) + PANEL_WIDTH / 2
        parts.append(svg.render_text(middle, y, name, size=TEXT_SIZE, bold=True, anchor="middle"))
    return parts


def _draw_counts(table: TwoByTwo, left: float, y: float) -> list[str]:
    counts = (
        table.true_positives,
        table.false_positives,
        table.false_negatives,
        table.true_negatives,
    )
    parts = []
    for index, count in enumerate(counts):
        text = f"{count:,}"
        size = min(TEXT_SIZE, TEXT_SIZE * (COUNT_WIDTH - 3) / measure_width(text, TEXT_SIZE))
        parts.append(
            svg.render_text(left + (index + 1) * COUNT_WIDTH - 4, y, text, size=size, anchor="end")
        )
    return parts


def _draw_estimate(share: ExactProportion, left: float, y: float) -> list[str]:
    if share.value is None or share.low is None or share.high is None:
        return []
    low, high = left + share.low * PANEL_WIDTH, left + share.high * PANEL_WIDTH
    middle = left + share.value * PANEL_WIDTH
    return [
        svg.render_path([(low, y), (high, y)], stroke=LINE_COLOUR, line=0.9),
        *(svg.render_path([(x, y - 2), (x, y + 2)], stroke=LINE_COLOUR) for x in (low, high)),
        svg.render_rectangle(middle - 2.6, y - 2.6, 5.2, 5.2, fill=SQUARE_COLOUR, stroke=None),
    ]


def _draw_axes(panels_left: float, top: float, bottom: float) -> list[str]:
    parts = []
    for index in range(2):
        left = panels_left + index * (PANEL_WIDTH + 2 * GAP)
        for tick in TICKS:
            x = left + tick * PANEL_WIDTH
            parts.append(svg.render_path([(x, top), (x, bottom)], stroke=GRID_COLOUR, line=0.5))
            parts.append(
                svg.render_text(x, bottom + 11, f"{tick:g}", size=TEXT_SIZE - 0.5, anchor="middle")
            )
        parts.append(svg.render_path([(left, bottom), (left + PANEL_WIDTH, bottom)], line=0.8))
    return parts
