"""Compliance with a checklist item by item, and how a score spreads with the line of its gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from review.figures import svg
from review.figures.text import width, wrap

STATES = ("met", "partly", "unmet", "unclear", "not-applicable", "open")
STATE_NAMES = {"met": "Reported", "partly": "Partly", "unmet": "Not reported",
               "unclear": "Unclear", "not-applicable": "Not applicable",
               "open": "Not answered"}  # fmt: skip
COLOURS = {"met": "#2a6f97", "partly": "#8fb8d1", "unmet": "#d98c3f", "unclear": "#efd9a7",
           "not-applicable": "#e3e3e3", "open": "#ffffff"}  # fmt: skip
"""Blue to orange: told apart in all common forms of colour blindness and in grey print."""
MARGIN, SIZE = 14.0, 8.0
PASS, FAIL = "#2a6f97", "#d98c3f"
MOST_BINS = 48
"""A score with more whole values than this is drawn in wider bins."""


@dataclass(frozen=True, slots=True)
class ItemBar:
    """One item of a checklist with how many studies stand where."""

    number: str
    name: str
    section: str
    counts: Mapping[str, int]
    """State (see STATES) -> studies."""
    gate: bool = False
    """A quality gate requires it."""


def compliance(
    bars: Sequence[ItemBar], *, checklist: str, studies: int, notes: Sequence[str] = ()
) -> str:
    """Item-by-item bars as SVG, in the order of the checklist; the share reported stands at the
    right, of the studies the item applies to."""
    names = [wrap(_named(one), 196, SIZE) for one in bars]
    left, wide_bar = MARGIN + 228, 220.0
    wide = left + wide_bar + 52
    parts: list[str] = []
    y = MARGIN
    for place, (one, lines) in enumerate(zip(bars, names, strict=True)):
        if place == 0 or bars[place - 1].section != one.section:
            y += 5 if place else 0
            for words in wrap(one.section, wide - 2 * MARGIN, SIZE + 0.5, bold=True):
                parts.append(svg.text(MARGIN, y + 9, words, size=SIZE + 0.5, bold=True))
                y += 13
        high = max(len(lines) * 9.4 + 3, 13)
        top = y + high / 2 - len(lines) * 4.7 + 7.2
        parts.append(svg.text(MARGIN + 20, top, one.number, size=SIZE, anchor="end"))
        for number, words in enumerate(lines):
            parts.append(svg.text(MARGIN + 26, top + number * 9.4, words, size=SIZE))
        parts += _stack(one, (left, y + high / 2 - 4.5, wide_bar, 9.0), studies)
        parts.append(svg.text(left + wide_bar + 6, y + high / 2 + 2.8, _share(one), size=SIZE))
        y += high
    for percent in (0, 25, 50, 75, 100):
        x = left + wide_bar * percent / 100
        parts.append(svg.path([(x, y + 2), (x, y + 5)], line=0.6))
        parts.append(svg.text(x, y + 13, f"{percent}%", size=7.5, anchor="middle"))
    y += 26
    shown = [name for name in STATES if any(one.counts.get(name) for one in bars)]
    keys, y = _key(shown or ["met"], y, wide)
    told = [f"{studies:,} {'study' if studies == 1 else 'studies'}. At the right: share reported,"
            " of the studies the item applies to."]  # fmt: skip
    if any(one.gate for one in bars):
        told.append("* required by a quality gate.")
    foot, y = _notes([*told, *notes], y, wide)
    return svg.page(wide, y, [*parts, *keys, *foot], title=f"{checklist}: compliance by item")


def _named(one: ItemBar) -> str:
    return one.name + (" *" if one.gate else "")


def _share(one: ItemBar) -> str:
    applies = sum(
        n for name, n in one.counts.items() if name in ("met", "partly", "unmet", "unclear")
    )
    return f"{100 * one.counts.get('met', 0) / applies:.0f}%" if applies else "–"


def _stack(one: ItemBar, place: tuple[float, float, float, float], studies: int) -> list[str]:
    x, y, wide, high = place
    parts = [svg.rect(x, y, wide, high, line=0.4, stroke="#8a919c")]
    for name in STATES:
        n = one.counts.get(name, 0)
        if n and studies:
            part = wide * n / studies
            parts.append(svg.rect(x, y, part, high, fill=COLOURS[name], line=0.4, stroke="#5f6670"))
            label = f"{n:,}"
            if width(label, 6.5) + 3 < part:
                ink = "#ffffff" if name == "met" else svg.INK
                parts.append(svg.text(x + part / 2, y + 6.9, label, size=6.5, anchor="middle",
                                      fill=ink))  # fmt: skip
            x += part
    return parts


def _key(names: Sequence[str], y: float, wide: float) -> tuple[list[str], float]:
    parts: list[str] = []
    x = MARGIN
    for name in names:
        needs = 12 + width(STATE_NAMES[name], SIZE) + 14
        if x + needs > wide - MARGIN and x > MARGIN:
            x, y = MARGIN, y + 13
        parts.append(svg.rect(x, y, 8, 8, fill=COLOURS[name], line=0.4, stroke="#5f6670"))
        parts.append(svg.text(x + 12, y + 7, STATE_NAMES[name], size=SIZE))
        x += needs
    return parts, y + 22


def _notes(notes: Sequence[str], y: float, wide: float) -> tuple[list[str], float]:
    parts: list[str] = []
    for note in notes:
        for words in wrap(note, wide - 2 * MARGIN, 7):
            parts.append(svg.text(MARGIN, y, words, size=7, fill=svg.PALE_INK))
            y += 9
    return parts, y + 4


def distribution(
    totals: Sequence[float],
    *,
    score: str,
    low: float,
    high: float,
    gate: float | None = None,
    notes: Sequence[str] = (),
) -> str:
    """A histogram of a score as SVG, with the line of its quality gate and the median.

    Args:
        totals: one total a study.
        low, high: least and greatest total the score can have.
        gate: least total that passes; bars below it are drawn in the other colour.
    """
    step = max(1, -(-int(high - low + 1) // MOST_BINS))
    bins = [low + step * n for n in range(int((high - low) // step) + 1)]
    counts = [sum(start <= one < start + step or (one == high and start == bins[-1])
                  for one in totals) for start in bins]  # fmt: skip
    left, deep, wide_plot = MARGIN + 26, 130.0, 400.0
    wide, bottom = left + wide_plot + MARGIN, MARGIN + 26 + deep
    bar = wide_plot / len(bins)
    tall = max([*counts, 1])
    parts = _counts_axis(tall, left, bottom, deep)
    for place, (start, n) in enumerate(zip(bins, counts, strict=True)):
        x = left + place * bar
        if n:
            fill = FAIL if gate is not None and start < gate else PASS
            size = deep * n / tall
            parts.append(svg.rect(x + 0.6, bottom - size, bar - 1.2, size, fill=fill, stroke=None))
    parts.append(svg.path([(left, bottom), (left + wide_plot, bottom)], line=0.8))
    every = max(1, round(len(bins) / 12))
    zero = next((n for n, start in enumerate(bins) if start == 0), 0)
    for place, start in enumerate(bins):
        if (place - zero) % every == 0:
            x = left + (place + 0.5) * bar
            parts.append(svg.text(x, bottom + 11, _plain(start), size=7.5, anchor="middle"))
    parts.append(svg.text(left + wide_plot / 2, bottom + 24, score, size=SIZE, anchor="middle"))
    parts += _gate_line(gate, (low, step, bar, left), bottom, deep, wide)
    told = [_summed(totals, gate), *notes]
    foot, y = _notes(told, bottom + 40, wide)
    return svg.page(wide, y, parts + foot, title=f"{score}: distribution")


def _counts_axis(tall: int, left: float, bottom: float, deep: float) -> list[str]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**6) if tall / s <= 6)
    parts = []
    for n in range(0, tall + 1, step):
        y = bottom - deep * n / tall
        parts.append(svg.path([(left - 3, y), (left, y)], line=0.6))
        parts.append(svg.text(left - 5, y + 2.6, f"{n:,}", size=7.5, anchor="end"))
    parts.append(svg.path([(left, bottom), (left, bottom - deep)], line=0.8))
    parts.append(svg.text(MARGIN + 4, bottom - deep / 2, "Studies", size=SIZE, anchor="middle",
                          turn=-90))  # fmt: skip
    return parts


def _gate_line(
    gate: float | None, scale: tuple[float, float, float, float], bottom: float, deep: float,
    wide: float,
) -> list[str]:  # fmt: skip
    if gate is None:
        return []
    low, step, bar, left = scale
    x = left + (gate - low) / step * bar
    label = f"gate: {_plain(gate)} or more"
    fits = x + 4 + width(label, SIZE) < wide - 4
    return [
        svg.path([(x, bottom + 2), (x, bottom - deep - 12)], line=1.1, dashed=True),
        svg.text(x + (4 if fits else -4), bottom - deep - 14, label, size=SIZE,
                 anchor="start" if fits else "end"),
    ]  # fmt: skip


def _summed(totals: Sequence[float], gate: float | None) -> str:
    if not totals:
        return "No study has a total yet."
    told = f"{len(totals):,} {'study' if len(totals) == 1 else 'studies'}"
    told += f"; median {_plain(median(totals))}"
    told += f"; range {_plain(min(totals))} to {_plain(max(totals))}"
    if gate is not None:
        told += f"; {sum(one < gate for one in totals):,} below the gate"
    return told + "."


def _plain(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace("-", "−")
