"""Risk-of-bias figures: traffic lights by study, weighted summary bars, and the robvis table.

For PROBAST and QUADAS-2, with applicability as columns of their own. A judgement is told by colour
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
from review.figures.text import width, wrap

Palette = Literal["cochrane", "colour-blind"]
LEVELS = ("low", "unclear", "high", "not-judged")
LEVEL_NAMES = {"low": "Low", "unclear": "Unclear", "high": "High", "not-judged": "Not judged"}
SIGNS = {"low": "+", "unclear": "?", "high": "−", "not-judged": ""}
PALETTES: dict[Palette, dict[str, str]] = {
    "cochrane": {"low": "#02c100", "unclear": "#e2df07", "high": "#bf0000",
                 "not-judged": "#cccccc"},
    "colour-blind": {"low": "#fed98e", "unclear": "#fe9929", "high": "#d95f0e",
                     "not-judged": "#e3e3e3"},
}  # fmt: skip
LIGHT_ON = {"high"}
"""Levels whose sign is set white."""
ROBVIS = {"low": "Low", "unclear": "Unclear", "high": "High", "not-judged": "Not applicable"}
SAME = {"at-risk": "high", "": "not-judged"}
"""Other words for a level: QUADAS-2 calls its overall judgement 'at risk of bias'."""
MARGIN, NAME_WIDTH = 14.0, 176.0
SIZE, HEAD_SIZE = 8.0, 8.0
LINE, RADIUS = 9.6, 6.2
PAGE_ROWS = 700.0
"""Height of the rows on one page (points); with head and legend it fits an A4 sheet."""


@dataclass(frozen=True, slots=True)
class Column:
    """One thing judged of every study."""

    id: str
    title: str
    group: str = "Risk of bias"
    """Heading above: Risk of bias, or Applicability."""
    overall: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One study with its judgements."""

    study: str
    levels: Mapping[str, str | None]
    """Column id -> low, unclear or high; None or no entry where it was not judged."""
    weight: float = 1.0
    """For weighted bars, for example the sample size."""
    changed: frozenset[str] = frozenset()
    """Ids of the columns judged otherwise than the tool's logic proposed."""


def level(row: Row, column: Column) -> str:
    """The judgement as one of LEVELS.

    Raises:
        ReviewError: a word that is no judgement; it is matched whole, never by its first letter.
    """
    given = row.levels.get(column.id)
    word = SAME.get(given or "", given or "")
    if word not in LEVELS:
        raise ReviewError(
            f"{row.study}, {column.title}: {given!r} is no judgement. Use low, unclear or high, "
            "or leave it blank where it was not judged."
        )
    return word


def traffic(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    tool: str = "PROBAST",
    palette: Palette = "cochrane",
    notes: Sequence[str] = (),
) -> list[str]:
    """The traffic-light plot, one SVG a page; studies in the order given, names whole.

    Raises:
        ReviewError: a judgement that is no level.
    """
    names = [wrap(row.study, NAME_WIDTH - 8, SIZE) for row in rows]
    heights = [max(len(lines) * LINE, 2 * RADIUS) + 5 for lines in names]
    pages = _pages(heights)
    cell = _cell(columns)
    drawn = []
    for number, page in enumerate(pages, 1):
        x0 = MARGIN + NAME_WIDTH
        wide = max(x0 + cell * len(columns) + _gaps(columns) + MARGIN, 330)
        parts, y = _heads(columns, x0, cell, wide - 2 * MARGIN)
        for n in page:
            parts += _light_row(rows[n], names[n], columns, (x0, y, cell, heights[n]), palette)
            y += heights[n]
        foot = [*(f"* {one}" for one in _changes(rows)), *notes]
        if len(pages) > 1:
            foot.append(f"Page {number} of {len(pages)}; {len(rows):,} studies.")
        legend, y = _legend(y + 14, wide, palette, foot)
        title = f"{tool}: judgements by study" + (f" ({number})" if len(pages) > 1 else "")
        drawn.append(svg.page(wide, y, parts + legend, title=title))
    return drawn


def _pages(heights: Sequence[float]) -> list[list[int]]:
    """The places of the rows on each page: as few pages as hold them, about equally full."""
    full = _packed(heights, PAGE_ROWS)
    if len(full) < 2:
        return full
    most = sum(heights) / len(full)
    while most < PAGE_ROWS:
        even = _packed(heights, most)
        if len(even) == len(full):
            return even
        most += min(heights)
    return full


def _packed(heights: Sequence[float], most: float) -> list[list[int]]:
    pages: list[list[int]] = [[]]
    used = 0.0
    for place, height in enumerate(heights):
        if pages[-1] and used + height > min(most, PAGE_ROWS):
            pages.append([])
            used = 0.0
        pages[-1].append(place)
        used += height
    return pages


def _changes(rows: Sequence[Row]) -> list[str]:
    """How many judgements differ from the proposal; nothing where none does."""
    count = sum(len(row.changed) for row in rows)
    if not count:
        return []
    what = "judgement differs" if count == 1 else "judgements differ"
    return [f"{count:,} {what} from what the answers propose; the table of judgements gives why."]


def _cell(columns: Sequence[Column]) -> float:
    widest = max((width(word, HEAD_SIZE, bold=True) for one in columns
                  for word in one.title.split()), default=30)  # fmt: skip
    return max(widest + 7, 36)


def _gaps(columns: Sequence[Column]) -> float:
    return 8.0 * sum(a.group != b.group for a, b in pairwise(columns))


def _lefts(columns: Sequence[Column], x0: float, cell: float) -> list[float]:
    lefts, x = [], x0
    for place, one in enumerate(columns):
        if place and columns[place - 1].group != one.group:
            x += 8
        lefts.append(x)
        x += cell
    return lefts


def _heads(
    columns: Sequence[Column], x0: float, cell: float, line: float
) -> tuple[list[str], float]:
    """Group headings and column titles; gives the parts and where the rows begin."""
    lefts = _lefts(columns, x0, cell)
    parts: list[str] = []
    spans = {}
    for group in dict.fromkeys(one.group for one in columns):
        own = [x for x, one in zip(lefts, columns, strict=True) if one.group == group]
        spans[group] = (own[0] + 3, own[-1] + cell - 3)
    labels = {
        group: wrap(group, max(right - left + 4, 60), SIZE + 0.5, bold=True)
        for group, (left, right) in spans.items()
    }
    base = MARGIN + 8 + LINE * (max((len(lines) for lines in labels.values()), default=1) - 1)
    for group, (left, right) in spans.items():
        for number, words in enumerate(reversed(labels[group])):
            y = base - number * LINE
            parts.append(svg.text((left + right) / 2, y, words, size=SIZE + 0.5, bold=True,
                                  anchor="middle"))  # fmt: skip
        parts.append(svg.path([(left, base + 5), (right, base + 5)], line=0.6))
    titles = [wrap(one.title, cell - 3, HEAD_SIZE, bold=one.overall) for one in columns]
    deep = max((len(lines) for lines in titles), default=1)
    for x, one, lines in zip(lefts, columns, titles, strict=True):
        for number, words in enumerate(lines):
            y = base + 16 + (deep - len(lines) + number) * LINE
            parts.append(svg.text(x + cell / 2, y, words, size=HEAD_SIZE, bold=one.overall,
                                  anchor="middle"))  # fmt: skip
    y = base + 16 + (deep - 1) * LINE + 6
    parts.append(svg.text(MARGIN, y - 6, "Study", size=SIZE, bold=True))
    parts.append(svg.path([(MARGIN, y), (MARGIN + line, y)], line=0.8))
    return parts, y + 3


def _light_row(
    row: Row, name: Sequence[str], columns: Sequence[Column],
    place: tuple[float, float, float, float], palette: Palette,
) -> list[str]:  # fmt: skip
    x0, y, cell, high = place
    middle = y + high / 2
    top = middle - len(name) * LINE / 2 + SIZE * 0.92
    parts = [
        svg.text(MARGIN, top + number * LINE, words, size=SIZE) for number, words in enumerate(name)
    ]
    for x, one in zip(_lefts(columns, x0, cell), columns, strict=True):
        parts += _disc(x + cell / 2, middle, level(row, one), palette)
        if one.id in row.changed:
            parts.append(svg.text(x + cell / 2 + RADIUS + 1, middle - 1, "*", size=9, bold=True))
    right = _lefts(columns, x0, cell)[-1] + cell if columns else x0
    parts.append(svg.path([(MARGIN, y + high), (right, y + high)], line=0.3, stroke="#c9ced6"))
    return parts


def _disc(x: float, y: float, word: str, palette: Palette) -> list[str]:
    ink = "#ffffff" if word in LIGHT_ON else svg.INK
    parts = [svg.circle(x, y, RADIUS, fill=PALETTES[palette][word], stroke="#4a4a4a", line=0.5)]
    if word in ("low", "high"):
        arm = RADIUS * 0.52
        parts.append(svg.path([(x - arm, y), (x + arm, y)], line=1.5, stroke=ink))
        if word == "low":
            parts.append(svg.path([(x, y - arm), (x, y + arm)], line=1.5, stroke=ink))
    elif SIGNS[word]:
        parts.append(svg.text(x, y + 3.2, SIGNS[word], bold=True, anchor="middle", fill=ink))
    return parts


def _legend(
    y: float, wide: float, palette: Palette, notes: Sequence[str]
) -> tuple[list[str], float]:
    parts: list[str] = []
    x = MARGIN + RADIUS
    for word in LEVELS:
        parts += _disc(x, y, word, palette)
        parts.append(svg.text(x + RADIUS + 5, y + 3, LEVEL_NAMES[word], size=SIZE))
        x += RADIUS * 2 + width(LEVEL_NAMES[word], SIZE) + 22
    y += RADIUS + 12
    for note in notes:
        for words in wrap(note, wide - 2 * MARGIN, 7):
            parts.append(svg.text(MARGIN, y, words, size=7, fill=svg.PALE_INK))
            y += 9
    return parts, y - (4 if notes else 10) + MARGIN / 2 + 6


def shares(rows: Sequence[Row], column: Column, *, weighted: bool = False) -> dict[str, float]:
    """Level -> its share of the studies (0 to 1) or of their weight; zeros where there are none."""
    sums = dict.fromkeys(LEVELS, 0.0)
    for row in rows:
        sums[level(row, column)] += row.weight if weighted else 1.0
    whole = sum(sums.values())
    return {name: value / whole if whole else 0.0 for name, value in sums.items()}


def summary(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    tool: str = "PROBAST",
    palette: Palette = "cochrane",
    weighted: bool = False,
    notes: Sequence[str] = (),
) -> str:
    """The summary bars as SVG: one bar a column from 0 to 100 per cent, low at the left.

    Numbers in the bars are studies; with weights the bars show the share of the weight.
    """
    names = max((width(one.title, SIZE, bold=True) for one in columns), default=60)
    left, bar, high, step = MARGIN + names + 10, 330.0, 15.0, 21.0
    wide = left + bar + MARGIN + 10
    parts: list[str] = []
    y = MARGIN
    for place, one in enumerate(columns):
        if place == 0 or columns[place - 1].group != one.group:
            y += 10 if place else 0
            parts.append(svg.text(MARGIN, y + 8, one.group, size=SIZE + 0.5, bold=True))
            y += 15
        parts.append(svg.text(MARGIN, y + high / 2 + 3, one.title, size=SIZE, bold=one.overall))
        parts += _bar(rows, one, (left, y, bar, high), palette, weighted)
        y += step
    y += 2
    for percent in range(0, 101, 20):
        x = left + bar * percent / 100
        parts.append(svg.path([(x, y - 6), (x, y - 2)], line=0.6))
        parts.append(svg.text(x, y + 7, f"{percent}%", size=7.5, anchor="middle"))
    what = (
        "Share of the weight; numbers are studies"
        if weighted
        else f"Share of {len(rows):,} studies"
    )
    parts.append(svg.text(left + bar / 2, y + 19, what, size=7.5, anchor="middle"))
    legend, y = _legend(y + 36, wide, palette, [*_changes(rows), *notes])
    return svg.page(wide, y, parts + legend, title=f"{tool}: judgements in sum")


def _bar(
    rows: Sequence[Row], one: Column, place: tuple[float, float, float, float], palette: Palette,
    weighted: bool,
) -> list[str]:  # fmt: skip
    left, y, bar, high = place
    parts: list[str] = []
    x = left
    counts = {name: sum(level(row, one) == name for row in rows) for name in LEVELS}
    for name, share in shares(rows, one, weighted=weighted).items():
        if not share:
            continue
        wide = bar * share
        parts.append(svg.rect(x, y, wide, high, fill=PALETTES[palette][name], line=0.5))
        label = f"{SIGNS[name]} {counts[name]:,}".strip()
        if width(label, 7.5, bold=True) + 3 < wide:
            ink = "#ffffff" if name in LIGHT_ON else svg.INK
            parts.append(svg.text(x + wide / 2, y + high / 2 + 2.8, label, size=7.5, bold=True,
                                  anchor="middle", fill=ink))  # fmt: skip
        x += wide
    return parts


def robvis(rows: Sequence[Row], columns: Sequence[Column], *, weights: bool = False) -> str:
    """The table robvis reads as its Generic tool: Study, domains, Overall, Weight where asked for.

    robvis has no place for applicability and one overall column, so only risk of bias is written.
    """
    bias = [one for one in columns if one.group == columns[0].group and not one.overall]
    overall = [one for one in columns if one.group == columns[0].group and one.overall]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["Study", *(one.title for one in bias), "Overall", *(["Weight"] if weights else [])]
    )
    for row in rows:
        name = "'" + row.study if row.study[:1] in ("=", "+", "-", "@") else row.study
        told = [ROBVIS[level(row, one)] for one in [*bias, *overall[:1]]]
        told += [] if overall else ["No information"]
        writer.writerow([name, *told, *([f"{row.weight:g}"] if weights else [])])
    return out.getvalue()
