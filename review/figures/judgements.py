"""Risk-of-bias figures: traffic lights by study, weighted summary bars, and the robvis table.

For PROBAST and QUADAS-2, with applicability as columns of their own. A judgement is shown by colour
and by sign, in Cochrane or colour-blind safe colours. Source of the colours: robvis (McGuinness
2021, doi 10.1002/jrsm.1411); of the signs: PROBAST and QUADAS-2 (+ low, - high, ? unclear).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from review.errors import ReviewError
from review.figures import svg
from review.figures.text import measure_width, wrap_text

Palette = Literal["cochrane", "colour-blind"]
LEVELS = ("low", "unclear", "high", "not-judged")
LEVEL_NAMES = {"low": "Low", "unclear": "Unclear", "high": "High", "not-judged": "Not judged"}
SIGNS = {"low": "+", "unclear": "?", "high": "−", "not-judged": ""}
PALETTES: dict[Palette, dict[str, str]] = {
    "cochrane": {
        "low": "#02c100",
        "unclear": "#e2df07",
        "high": "#bf0000",
        "not-judged": "#cccccc",
    },
    "colour-blind": {
        "low": "#fed98e",
        "unclear": "#fe9929",
        "high": "#d95f0e",
        "not-judged": "#e3e3e3",
    },
}
WHITE_SIGN_LEVELS = {"high"}
"""Levels whose symbol is white."""
ROBVIS_LEVELS = {"low": "Low", "unclear": "Unclear", "high": "High", "not-judged": "Not applicable"}
LEVEL_SYNONYMS = {"at-risk": "high", "": "not-judged"}
"""Other names of a level: QUADAS-2 calls its overall judgement 'at risk of bias'."""
MARGIN, NAME_WIDTH = 14.0, 176.0
TEXT_SIZE, HEAD_SIZE = 8.0, 8.0
LINE_HEIGHT, DISC_RADIUS = 9.6, 6.2
MAX_ROWS_HEIGHT = 700.0
"""Height of the rows on one page (points); with heading and legend it fits on A4."""


@dataclass(frozen=True, slots=True)
class JudgementColumn:
    """One judgement made for every study."""

    id: str
    title: str
    group: str = "Risk of bias"
    """Group heading: what is judged, usually Risk of bias, or Applicability."""
    overall: bool = False
    unclear_name: str = LEVEL_NAMES["unclear"]
    """The instrument's own name of the level 'unclear'."""


@dataclass(frozen=True, slots=True)
class StudyJudgements:
    """One study with its judgements."""

    study: str
    levels: Mapping[str, str | None]
    """Column id -> low, unclear or high; None or no entry if it was not judged."""
    weight: float = 1.0
    """Weight in weighted bars, for example the sample size."""
    overridden: frozenset[str] = frozenset()
    """Ids of the columns that differ from the judgement suggested by the answers."""


def get_level(row: StudyJudgements, column: JudgementColumn) -> str:
    """The judgement as one of LEVELS.

    Raises:
        ReviewError: not a judgement; only the complete word is accepted, not its first letter.
    """
    stated_level = row.levels.get(column.id)
    standard_level = LEVEL_SYNONYMS.get(stated_level or "", stated_level or "")
    if standard_level not in LEVELS:
        raise ReviewError(
            f"{row.study}, {column.title}: {stated_level!r} is not a judgement. Use low, unclear "
            "or high, or leave it blank if it was not judged."
        )
    return standard_level


def draw_traffic_lights(
    rows: Sequence[StudyJudgements],
    columns: Sequence[JudgementColumn],
    *,
    tool: str = "PROBAST",
    palette: Palette = "cochrane",
    notes: Sequence[str] = (),
) -> list[str]:
    """The traffic-light plot, one SVG per page; studies in the given order, with full names.

    Raises:
        ReviewError: a judgement is not a level.
    """
    names = [wrap_text(row.study, NAME_WIDTH - 8, TEXT_SIZE) for row in rows]
    heights = [max(len(lines) * LINE_HEIGHT, 2 * DISC_RADIUS) + 5 for lines in names]
    pages = _split_pages(heights)
    cell_width = _compute_cell_width(columns)
    figures = []
    for number, page in enumerate(pages, 1):
        x0 = MARGIN + NAME_WIDTH
        page_width = max(x0 + cell_width * len(columns) + _compute_gap_width(columns) + MARGIN, 330)
        parts, y = _draw_column_heads(columns, x0, cell_width, page_width - 2 * MARGIN)
        for row_index in page:
            parts += _draw_light_row(
                rows[row_index],
                names[row_index],
                columns,
                (x0, y, cell_width, heights[row_index]),
                palette,
            )
            y += heights[row_index]
        footer = [*(f"* {change}" for change in _describe_overrides(rows)), *notes]
        if len(pages) > 1:
            footer.append(f"Page {number} of {len(pages)}; {len(rows):,} studies.")
        legend, y = _draw_legend(y + 14, page_width, palette, footer, columns)
        title = f"{tool}: judgements by study" + (f" ({number})" if len(pages) > 1 else "")
        figures.append(svg.render_document(page_width, y, parts + legend, title=title))
    return figures


def _split_pages(heights: Sequence[float]) -> list[list[int]]:
    """Row indices of each page: as few pages as needed, about equally full."""
    fullest_pages = _pack_rows(heights, MAX_ROWS_HEIGHT)
    if len(fullest_pages) < 2:
        return fullest_pages
    height_limit = sum(heights) / len(fullest_pages)
    while height_limit < MAX_ROWS_HEIGHT:
        balanced_pages = _pack_rows(heights, height_limit)
        if len(balanced_pages) == len(fullest_pages):
            return balanced_pages
        height_limit += min(heights)
    return fullest_pages


def _pack_rows(heights: Sequence[float], height_limit: float) -> list[list[int]]:
    pages: list[list[int]] = [[]]
    used_height = 0.0
    for row_index, height in enumerate(heights):
        if pages[-1] and used_height + height > min(height_limit, MAX_ROWS_HEIGHT):
            pages.append([])
            used_height = 0.0
        pages[-1].append(row_index)
        used_height += height
    return pages


def _describe_overrides(rows: Sequence[StudyJudgements]) -> list[str]:
    """Number of judgements that differ from the suggestion; empty if there are none."""
    count = sum(len(row.overridden) for row in rows)
    if not count:
        return []
    phrase = "judgement differs" if count == 1 else "judgements differ"
    return [
        f"{count:,} {phrase} from the judgement suggested by the answers; for the reasons, "
        "see the table of judgements."
    ]


def _compute_cell_width(columns: Sequence[JudgementColumn]) -> float:
    widest = max(
        (
            measure_width(word, HEAD_SIZE, bold=True)
            for column in columns
            for word in column.title.split()
        ),
        default=30,
    )
    return max(widest + 7, 36)


def _compute_gap_width(columns: Sequence[JudgementColumn]) -> float:
    return 8.0 * sum(a.group != b.group for a, b in pairwise(columns))


def _compute_left_edges(
    columns: Sequence[JudgementColumn], x0: float, cell_width: float
) -> list[float]:
    left_edges, x = [], x0
    for column_index, column in enumerate(columns):
        if column_index and columns[column_index - 1].group != column.group:
            x += 8
        left_edges.append(x)
        x += cell_width
    return left_edges


def _draw_column_heads(
    columns: Sequence[JudgementColumn], x0: float, cell_width: float, line_length: float
) -> tuple[list[str], float]:
    """Group headings and column titles; returns the SVG parts and where the rows begin."""
    left_edges = _compute_left_edges(columns, x0, cell_width)
    parts: list[str] = []
    spans = {}
    for group in dict.fromkeys(column.group for column in columns):
        group_edges = [
            x for x, column in zip(left_edges, columns, strict=True) if column.group == group
        ]
        spans[group] = (group_edges[0] + 3, group_edges[-1] + cell_width - 3)
    labels = {
        group: wrap_text(group, max(span_right - span_left + 4, 60), TEXT_SIZE + 0.5, bold=True)
        for group, (span_left, span_right) in spans.items()
    }
    base = (
        MARGIN + 8 + LINE_HEIGHT * (max((len(lines) for lines in labels.values()), default=1) - 1)
    )
    for group, (span_left, span_right) in spans.items():
        for line_index, text_line in enumerate(reversed(labels[group])):
            y = base - line_index * LINE_HEIGHT
            parts.append(
                svg.render_text(
                    (span_left + span_right) / 2,
                    y,
                    text_line,
                    size=TEXT_SIZE + 0.5,
                    bold=True,
                    anchor="middle",
                )
            )
        parts.append(svg.render_path([(span_left, base + 5), (span_right, base + 5)], line=0.6))
    titles = [
        wrap_text(column.title, cell_width - 3, HEAD_SIZE, bold=column.overall)
        for column in columns
    ]
    title_lines = max((len(lines) for lines in titles), default=1)
    for x, column, lines in zip(left_edges, columns, titles, strict=True):
        for line_index, text_line in enumerate(lines):
            y = base + 16 + (title_lines - len(lines) + line_index) * LINE_HEIGHT
            parts.append(
                svg.render_text(
                    x + cell_width / 2,
                    y,
                    text_line,
                    size=HEAD_SIZE,
                    bold=column.overall,
                    anchor="middle",
                )
            )
    y = base + 16 + (title_lines - 1) * LINE_HEIGHT + 6
    parts.append(svg.render_text(MARGIN, y - 6, "Study", size=TEXT_SIZE, bold=True))
    parts.append(svg.render_path([(MARGIN, y), (MARGIN + line_length, y)], line=0.8))
    return parts, y + 3


def _draw_light_row(
    row: StudyJudgements,
    name_lines: Sequence[str],
    columns: Sequence[JudgementColumn],
    area: tuple[float, float, float, float],
    palette: Palette,
) -> list[str]:
    x0, y, cell_width, row_height = area
    middle = y + row_height / 2
    top = middle - len(name_lines) * LINE_HEIGHT / 2 + TEXT_SIZE * 0.92
    parts = [
        svg.render_text(MARGIN, top + line_index * LINE_HEIGHT, text_line, size=TEXT_SIZE)
        for line_index, text_line in enumerate(name_lines)
    ]
    for x, column in zip(_compute_left_edges(columns, x0, cell_width), columns, strict=True):
        parts += _draw_disc(x + cell_width / 2, middle, get_level(row, column), palette)
        if column.id in row.overridden:
            parts.append(
                svg.render_text(
                    x + cell_width / 2 + DISC_RADIUS + 1, middle - 1, "*", size=9, bold=True
                )
            )
    right_edge = _compute_left_edges(columns, x0, cell_width)[-1] + cell_width if columns else x0
    parts.append(
        svg.render_path(
            [(MARGIN, y + row_height), (right_edge, y + row_height)], line=0.3, stroke="#c9ced6"
        )
    )
    return parts


def _draw_disc(x: float, y: float, judged_level: str, palette: Palette) -> list[str]:
    ink = "#ffffff" if judged_level in WHITE_SIGN_LEVELS else svg.INK
    parts = [
        svg.render_circle(
            x, y, DISC_RADIUS, fill=PALETTES[palette][judged_level], stroke="#4a4a4a", line=0.5
        )
    ]
    if judged_level in ("low", "high"):
        arm = DISC_RADIUS * 0.52
        parts.append(svg.render_path([(x - arm, y), (x + arm, y)], line=1.5, stroke=ink))
        if judged_level == "low":
            parts.append(svg.render_path([(x, y - arm), (x, y + arm)], line=1.5, stroke=ink))
    elif SIGNS[judged_level]:
        parts.append(
            svg.render_text(x, y + 3.2, SIGNS[judged_level], bold=True, anchor="middle", fill=ink)
        )
    return parts


def name_level(level: str, column: JudgementColumn) -> str:
    """A level in the words of the instrument."""
    return column.unclear_name if level == "unclear" else LEVEL_NAMES[level]


def _draw_legend(
    y: float,
    page_width: float,
    palette: Palette,
    notes: Sequence[str],
    columns: Sequence[JudgementColumn],
) -> tuple[list[str], float]:
    parts: list[str] = []
    x = MARGIN + DISC_RADIUS
    for level in LEVELS:
        name = name_level(level, columns[0]) if columns else LEVEL_NAMES[level]
        parts += _draw_disc(x, y, level, palette)
        parts.append(svg.render_text(x + DISC_RADIUS + 5, y + 3, name, size=TEXT_SIZE))
        x += DISC_RADIUS * 2 + measure_width(name, TEXT_SIZE) + 22
    y += DISC_RADIUS + 12
    for note in notes:
        for text_line in wrap_text(note, page_width - 2 * MARGIN, 7):
            parts.append(svg.render_text(MARGIN, y, text_line, size=7, fill=svg.PALE_INK))
            y += 9
    return parts, y - (4 if notes else 10) + MARGIN / 2 + 6


def compute_shares(
    rows: Sequence[StudyJudgements], column: JudgementColumn, *, weighted: bool = False
) -> dict[str, float]:
    """Level -> its share of the studies or of their weight (0 to 1); zeros if there are none."""
    sums = dict.fromkeys(LEVELS, 0.0)
    for row in rows:
        sums[get_level(row, column)] += row.weight if weighted else 1.0
    total = sum(sums.values())
    return {level_name: value / total if total else 0.0 for level_name, value in sums.items()}


def draw_summary(
    rows: Sequence[StudyJudgements],
    columns: Sequence[JudgementColumn],
    *,
    tool: str = "PROBAST",
    palette: Palette = "cochrane",
    weighted: bool = False,
    notes: Sequence[str] = (),
) -> str:
    """The summary bars as SVG: one bar per column from 0 to 100%, low on the left.

    Numbers in the bars are studies; with weights, bar length is the share of the weight.
    """
    name_width = max(
        (measure_width(column.title, TEXT_SIZE, bold=True) for column in columns), default=60
    )
    bar_left, bar_width, bar_height, row_step = MARGIN + name_width + 10, 330.0, 15.0, 21.0
    page_width = bar_left + bar_width + MARGIN + 10
    parts: list[str] = []
    y = MARGIN
    for column_index, column in enumerate(columns):
        if column_index == 0 or columns[column_index - 1].group != column.group:
            y += 10 if column_index else 0
            parts.append(
                svg.render_text(MARGIN, y + 8, column.group, size=TEXT_SIZE + 0.5, bold=True)
            )
            y += 15
        parts.append(
            svg.render_text(
                MARGIN, y + bar_height / 2 + 3, column.title, size=TEXT_SIZE, bold=column.overall
            )
        )
        parts += _draw_bar(rows, column, (bar_left, y, bar_width, bar_height), palette, weighted)
        y += row_step
    y += 2
    for percent in range(0, 101, 20):
        x = bar_left + bar_width * percent / 100
        parts.append(svg.render_path([(x, y - 6), (x, y - 2)], line=0.6))
        parts.append(svg.render_text(x, y + 7, f"{percent}%", size=7.5, anchor="middle"))
    caption = (
        "Percentage by weight; numbers are studies"
        if weighted
        else f"Percentage of {len(rows):,} studies"
    )
    parts.append(
        svg.render_text(bar_left + bar_width / 2, y + 19, caption, size=7.5, anchor="middle")
    )
    legend, y = _draw_legend(
        y + 36, page_width, palette, [*_describe_overrides(rows), *notes], columns
    )
    return svg.render_document(
        page_width, y, parts + legend, title=f"{tool}: summary of judgements"
    )


def _draw_bar(
    rows: Sequence[StudyJudgements],
    column: JudgementColumn,
    area: tuple[float, float, float, float],
    palette: Palette,
    weighted: bool,
) -> list[str]:
    bar_left, y, bar_width, bar_height = area
    parts: list[str] = []
    x = bar_left
    counts = {
        level_name: sum(get_level(row, column) == level_name for row in rows)
        for level_name in LEVELS
    }
    for level_name, share in compute_shares(rows, column, weighted=weighted).items():
        if not share:
            continue
        segment_width = bar_width * share
        parts.append(
            svg.render_rectangle(
                x, y, segment_width, bar_height, fill=PALETTES[palette][level_name], line=0.5
            )
        )
        label = f"{SIGNS[level_name]} {counts[level_name]:,}".strip()
        if measure_width(label, 7.5, bold=True) + 3 < segment_width:
            ink = "#ffffff" if level_name in WHITE_SIGN_LEVELS else svg.INK
            parts.append(
                svg.render_text(
                    x + segment_width / 2,
                    y + bar_height / 2 + 2.8,
                    label,
                    size=7.5,
                    bold=True,
                    anchor="middle",
                    fill=ink,
                )
            )
        x += segment_width
    return parts


def format_robvis_table(
    rows: Sequence[StudyJudgements], columns: Sequence[JudgementColumn], *, weights: bool = False
) -> str:
    """The table read by robvis as its Generic tool: Study, domains, Overall, and optionally Weight.

    robvis does not support applicability and has one overall column, so only risk of bias is
    written.
    """
    bias_columns = [
        column for column in columns if column.group == columns[0].group and not column.overall
    ]
    overall_columns = [
        column for column in columns if column.group == columns[0].group and column.overall
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        [
            "Study",
            *(column.title for column in bias_columns),
            "Overall",
            *(["Weight"] if weights else []),
        ]
    )
    for row in rows:
        name = "'" + row.study if row.study[:1] in ("=", "+", "-", "@") else row.study
        level_cells = [
            ROBVIS_LEVELS[get_level(row, column)]
            for column in [*bias_columns, *overall_columns[:1]]
        ]
        level_cells += [] if overall_columns else ["No information"]
        writer.writerow([name, *level_cells, *([f"{row.weight:g}"] if weights else [])])
    return buffer.getvalue()
