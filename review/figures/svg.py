"""The few SVG shapes our figures are made of, as text. Units are points (1/72 inch)."""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from review.figures.text import FAMILY

INK = "#222222"
PALE_INK = "#5f6670"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def number(value: float) -> str:
    """A coordinate with at most two decimals and no needless zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def clean(text: str) -> str:
    """The text as XML may hold it: control characters left out, <, > and & escaped."""
    return escape(_CONTROL.sub("", text))


def page(
    width: float, height: float, parts: Sequence[str], *, title: str, description: str = ""
) -> str:
    """A whole SVG document on white, with a title and a description for screen readers."""
    w, h = number(width), number(height)
    told = f"<desc>{clean(description)}</desc>" if description else ""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}"'
            f' viewBox="0 0 {w} {h}" role="img" font-family={quoteattr(FAMILY)}'
            f' font-size="9" fill="{INK}">',
            f"<title>{clean(title)}</title>{told}",
            f'<rect width="{w}" height="{h}" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def rect(
    x: float, y: float, w: float, h: float, *,
    fill: str = "#ffffff", stroke: str | None = INK, line: float = 0.8, round_: float = 0,
    dashed: bool = False,
) -> str:  # fmt: skip
    """A rectangle with its top left corner at x, y."""
    edge = f' stroke="{stroke}" stroke-width="{number(line)}"' if stroke else ""
    edge += ' stroke-dasharray="3 2"' if dashed and stroke else ""
    corner = f' rx="{number(round_)}"' if round_ else ""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
        f'{corner} fill="{fill}"{edge}/>'
    )


def text(
    x: float, y: float, words: str, *,
    size: float = 9, bold: bool = False, italic: bool = False, anchor: str = "start",
    fill: str | None = None, turn: float | None = None,
) -> str:  # fmt: skip
    """One line of text with its baseline at y; `turn` rotates it about x, y (degrees)."""
    more = f' font-size="{number(size)}"' if size != 9 else ""
    more += ' font-weight="bold"' if bold else ""
    more += ' font-style="italic"' if italic else ""
    more += f' text-anchor="{anchor}"' if anchor != "start" else ""
    more += f' fill="{fill}"' if fill else ""
    if turn is not None:
        more += f' transform="rotate({number(turn)} {number(x)} {number(y)})"'
    return f'<text x="{number(x)}" y="{number(y)}"{more}>{clean(words)}</text>'


def path(points: Sequence[tuple[float, float]], *, line: float = 0.9, stroke: str = INK,
         dashed: bool = False) -> str:  # fmt: skip
    """An open line through points."""
    told = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    dash = ' stroke-dasharray="3 2"' if dashed else ""
    return (
        f'<polyline points="{told}" fill="none" stroke="{stroke}"'
        f' stroke-width="{number(line)}"{dash}/>'
    )


def arrow(points: Sequence[tuple[float, float]], *, head: float = 5) -> str:
    """A line through points with an arrow head at the last one; its legs run level or upright."""
    (x0, y0), (x, y) = points[-2], points[-1]
    half = head * 0.45
    if x == x0:
        way = 1 if y > y0 else -1
        base, tip = (x, y - way * head), [(x - half, y - way * head), (x + half, y - way * head)]
    else:
        way = 1 if x > x0 else -1
        base, tip = (x - way * head, y), [(x - way * head, y - half), (x - way * head, y + half)]
    told = " ".join(f"{number(a)},{number(b)}" for a, b in [(x, y), *tip])
    return path([*points[:-1], base]) + f'<polygon points="{told}" fill="{INK}"/>'


def circle(x: float, y: float, radius: float, *, fill: str, stroke: str | None = None,
           line: float = 0.6) -> str:  # fmt: skip
    """A disc."""
    edge = f' stroke="{stroke}" stroke-width="{number(line)}"' if stroke else ""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}"{edge}/>'
