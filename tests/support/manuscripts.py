"""PDFs of manuscripts as authors and servers make them: numbered lines, watermarks, wide heads.

Everything is placed by hand, so that a test says where on the page a piece of print stands.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from support.hostile import pdf, stream

WIDTH, HEIGHT = 595, 842
FONTS = {"F1": b"Helvetica", "F2": b"Helvetica-Bold", "F3": b"Times-Roman"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Print:
    """A piece of text on a page; x and y in points from the bottom left."""

    text: str
    x: float
    y: float
    size: float = 10
    font: str = "F1"
    angle: float = 0
    """Degrees, anticlockwise."""
    grey: float = 0
    """0 black, 1 white."""
    spacing: float = 0
    """Points added between its letters."""


Ruled = tuple[float, float, float, float]
"""A line from x, y to x, y, in points from the bottom left."""


def draw_pages(
    pages: Sequence[Iterable[Print]],
    *,
    ruled: Sequence[Iterable[Ruled]] = (),
    rotate: int = 0,
) -> bytes:
    """A PDF of these pages, each piece drawn in the order given.

    Args:
        ruled: the lines drawn on each page.
        rotate: degrees by which viewers turn the pages clockwise.
    """
    count = len(FONTS)
    kids = b" ".join(b"%d 0 R" % (3 + count + 2 * place) for place in range(len(pages)))
    fonts = b"".join(b"/%s %d 0 R" % (name.encode(), 3 + n) for n, name in enumerate(FONTS))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % len(pages),
        *(
            b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>" % name
            for name in FONTS.values()
        ),
    ]
    for place, page in enumerate(pages):
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Rotate %d" % (WIDTH, HEIGHT, rotate)
            + b"/Contents %d 0 R" % (4 + count + 2 * place)
            + b"/Resources<</Font<<%s>>>>>>" % fonts,
            stream(
                b"BT "
                + b"".join(_draw(piece) for piece in page)
                + b"ET "
                + _draw_ruled(ruled, place)
            ),
        ]
    return pdf(objects)


def _draw_ruled(ruled: Sequence[Iterable[Ruled]], place: int) -> bytes:
    lines = ruled[place] if place < len(ruled) else ()
    return b"".join(f"{x} {y} m {u} {v} l S ".encode() for x, y, u, v in lines)


def _draw(piece: Print) -> bytes:
    turn = math.radians(piece.angle)
    sine, cosine = math.sin(turn), math.cos(turn)
    matrix = f"{cosine:.4f} {sine:.4f} {-sine:.4f} {cosine:.4f} {piece.x} {piece.y} Tm"
    text = piece.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    start = f"{piece.grey} g {piece.spacing} Tc /{piece.font} {piece.size} Tf {matrix} ("
    return start.encode() + text.encode("cp1252") + b") Tj "


def set_lines(
    lines: Iterable[str],
    *,
    x: float = 72,
    y: float = 740,
    leading: float = 14,
    size: float = 10,
) -> list[Print]:
    """The lines one under the other; '# ' makes one a bold heading, '' leaves a gap."""
    pieces = []
    for line in lines:
        if line.startswith("# "):
            pieces.append(Print(text=line[2:], x=x, y=y, size=size + 2, font="F2"))
        elif line:
            pieces.append(Print(text=line, x=x, y=y, size=size))
        y -= leading
    return pieces
