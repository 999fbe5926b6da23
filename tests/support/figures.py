"""Reads our SVG figures: boxes, texts with their measured positions, and collisions."""

import re
from dataclasses import dataclass

from lxml import etree

from review.figures.text import measure_width

NS = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Shape:
    x: float
    y: float
    w: float
    h: float
    text: str = ""
    turned: bool = False


def size(svg: str) -> tuple[float, float]:
    root = etree.fromstring(svg.encode())
    return float(root.get("width")), float(root.get("height"))


def rects(svg: str) -> list[Shape]:
    """All rectangles except the white background."""
    root = etree.fromstring(svg.encode())
    found = []
    for one in root.iter(f"{NS}rect"):
        x, y = float(one.get("x", "0")), float(one.get("y", "0"))
        found.append(Shape(x, y, float(one.get("width")), float(one.get("height"))))
    return found[1:]


def texts(svg: str) -> list[Shape]:
    """All texts with the box their characters fill."""
    root = etree.fromstring(svg.encode())
    found = []
    for one in root.iter(f"{NS}text"):
        points = float(one.get("font-size", "9"))
        wide = measure_width(one.text or "", points, bold=one.get("font-weight") == "bold")
        x, y = float(one.get("x")), float(one.get("y"))
        x -= {"middle": wide / 2, "end": wide}.get(one.get("text-anchor", "start"), 0)
        turned = "rotate" in one.get("transform", "")
        top = y - points * 0.74
        found.append(Shape(x, top, wide, points * 0.95, one.text or "", turned))
    return found


def apart(one: Shape, two: Shape, slack: float = 0.5) -> bool:
    return (
        one.x + one.w <= two.x + slack
        or two.x + two.w <= one.x + slack
        or one.y + one.h <= two.y + slack
        or two.y + two.h <= one.y + slack
    )


def inside(one: Shape, two: Shape, slack: float = 0.5) -> bool:
    return (
        one.x >= two.x - slack
        and one.y >= two.y - slack
        and one.x + one.w <= two.x + two.w + slack
        and one.y + one.h <= two.y + two.h + slack
    )


def collisions(svg: str) -> list[str]:
    """Texts that leave the page or overlap another text."""
    wide, high = size(svg)
    page = Shape(0, 0, wide, high)
    level = [one for one in texts(svg) if not one.turned]
    said = [f"{one.text!r} leaves the page" for one in level if not inside(one, page)]
    for place, one in enumerate(level):
        said += [
            f"{one.text!r} runs into {two.text!r}"
            for two in level[place + 1 :]
            if not apart(one, two, 1.0)
        ]
    return said


def all_text(svg: str) -> str:
    return re.sub(r"\s+", " ", " ".join(one.text for one in texts(svg)).replace("\u00a0", " "))
