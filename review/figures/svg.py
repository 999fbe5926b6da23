"""The SVG shapes of our figures, as text. Units are points (1/72 inch)."""

import re
from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from review.figures.text import FONT_FAMILY

INK = "#222222"
PALE_INK = "#5f6670"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def format_number(value: float) -> str:
    """A coordinate with at most two decimals and no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def escape_text(text: str) -> str:
    """The text as valid XML: control characters removed, <, > and & escaped."""
    return escape(_CONTROL.sub("", text))


def render_document(
    width: float, height: float, parts: Sequence[str], *, title: str, description: str = ""
) -> str:
    """A complete SVG document on white, with a title and a description for screen readers."""
    w, h = format_number(width), format_number(height)
    description_element = f"<desc>{escape_text(description)}</desc>" if description else ""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}"'
            f' viewBox="0 0 {w} {h}" role="img" font-family={quoteattr(FONT_FAMILY)}'
            f' font-size="9" fill="{INK}">',
            f"<title>{escape_text(title)}</title>{description_element}",
            f'<rect width="{w}" height="{h}" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def render_rectangle(
    x: float,
    y: float,
    w: float,
    h: float,
    *,
    fill: str = "#ffffff",
    stroke: str | None = INK,
    line: float = 0.8,
    corner_radius: float = 0,
    dashed: bool = False,
) -> str:
    """A rectangle with its top left corner at x, y."""
    edge = f' stroke="{stroke}" stroke-width="{format_number(line)}"' if stroke else ""
    edge += ' stroke-dasharray="3 2"' if dashed and stroke else ""
    corner = f' rx="{format_number(corner_radius)}"' if corner_radius else ""
    return (
        f'<rect x="{format_number(x)}" y="{format_number(y)}" '
        f'width="{format_number(w)}" height="{format_number(h)}"'
        f'{corner} fill="{fill}"{edge}/>'
    )


def render_text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 9,
    bold: bool = False,
    italic: bool = False,
    anchor: str = "start",
    fill: str | None = None,
    turn: float | None = None,
) -> str:
    """One line of text with its baseline at y; `turn` rotates it about x, y (degrees)."""
    attributes = f' font-size="{format_number(size)}"' if size != 9 else ""
    attributes += ' font-weight="bold"' if bold else ""
    attributes += ' font-style="italic"' if italic else ""
    attributes += f' text-anchor="{anchor}"' if anchor != "start" else ""
    attributes += f' fill="{fill}"' if fill else ""
    if turn is not None:
        attributes += (
            f' transform="rotate({format_number(turn)} {format_number(x)} {format_number(y)})"'
        )
    return (
        f'<text x="{format_number(x)}" y="{format_number(y)}"{attributes}>'
        f"{escape_text(words)}</text>"
    )


def render_path(
    points: Sequence[tuple[float, float]],
    *,
    line: float = 0.9,
    stroke: str = INK,
    dashed: bool = False,
) -> str:
    """An open line through points."""
    coordinates = " ".join(f"{format_number(x)},{format_number(y)}" for x, y in points)
    dash = ' stroke-dasharray="3 2"' if dashed else ""
    return (
        f'<polyline points="{coordinates}" fill="none" stroke="{stroke}"'
        f' stroke-width="{format_number(line)}"{dash}/>'
    )


def render_turning_line(
    points: Sequence[tuple[float, float]],
    *,
    stroke: str = INK,
    line: float = 0.9,
    opacity: float = 1,
    dashed: bool = False,
) -> str:
    """A line through points that leaves and reaches each of them level, from left to right; it
    stays between the two points it connects."""
    commands = [f"M {format_number(points[0][0])} {format_number(points[0][1])}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        if y1 == y2:
            commands.append(f"L {format_number(x2)} {format_number(y2)}")
            continue
        middle = (x1 + x2) / 2
        handles = ", ".join(
            f"{format_number(x)} {format_number(y)}"
            for x, y in ((middle, y1), (middle, y2), (x2, y2))
        )
        commands.append(f"C {handles}")
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<path d="{" ".join(commands)}" fill="none" stroke="{stroke}"'
        f' stroke-width="{format_number(line)}" stroke-opacity="{format_number(opacity)}"{dash}/>'
    )


def render_group(parts: Sequence[str], *, title: str) -> str:
    """Shapes that belong together, with a title that a pointer or screen reader finds."""
    return f"<g><title>{escape_text(title)}</title>{''.join(parts)}</g>"


def render_arrow(points: Sequence[tuple[float, float]], *, head: float = 5) -> str:
    """A line of horizontal and vertical segments with an arrowhead at its end."""
    (x0, y0), (x, y) = points[-2], points[-1]
    half = head * 0.45
    if x == x0:
        direction = 1 if y > y0 else -1
        base, tip = (
            (x, y - direction * head),
            [(x - half, y - direction * head), (x + half, y - direction * head)],
        )
    else:
        direction = 1 if x > x0 else -1
        base, tip = (
            (x - direction * head, y),
            [(x - direction * head, y - half), (x - direction * head, y + half)],
        )
    coordinates = " ".join(f"{format_number(a)},{format_number(b)}" for a, b in [(x, y), *tip])
    return render_path([*points[:-1], base]) + f'<polygon points="{coordinates}" fill="{INK}"/>'


def render_circle(
    x: float, y: float, radius: float, *, fill: str, stroke: str | None = None, line: float = 0.6
) -> str:
    """A disc."""
    edge = f' stroke="{stroke}" stroke-width="{format_number(line)}"' if stroke else ""
    return (
        f'<circle cx="{format_number(x)}" cy="{format_number(y)}" '
        f'r="{format_number(radius)}" fill="{fill}"{edge}/>'
    )
