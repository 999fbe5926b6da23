"""Converts SVG to PNG and PDF, reproducibly."""

import io
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from xml.sax.saxutils import escape, unescape

_UNASSIGNED_CHARACTER = "\U0010fffd"
"""A character that no font contains."""
_TEXT_ELEMENT = re.compile(r"<text[^>]*>([^<]*)</text>")
_BUNDLED_FONT_LIMIT = 0x250
"""Code point up to which the bundled font contains every letter."""


def find_missing_glyphs(figures: Iterable[str]) -> str:
    """Characters in SVG figures that no installed font contains, by code point. They appear as
    empty boxes in PNG and PDF, but correctly in the SVG if the viewer has a suitable font."""
    characters = {
        char for svg in figures for text in _TEXT_ELEMENT.findall(svg) for char in unescape(text)
    }
    candidates = [
        c
        for c in sorted(characters)
        if ord(c) >= _BUNDLED_FONT_LIMIT and unicodedata.category(c)[0] in "LNS"
    ]
    return "".join(
        char
        for char in candidates
        if _render_character(char) == _render_character(_UNASSIGNED_CHARACTER)
    )


@lru_cache(maxsize=4096)
def _render_character(char: str) -> bytes:
    """One character drawn on its own."""
    from review.figures import svg

    element = svg.render_text(4, 20, char, size=16)
    return render_png(svg.render_document(30, 30, [element], title=escape(char)), 40)


def render_png(svg: str, dpi: int = 300) -> bytes:
    """The figure as PNG; one SVG unit is a point, so a figure 510 wide is 7.1 inches."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, ppi=dpi))


def render_pdf(svg: str) -> bytes:
    """The figure as a one-page vector PDF with its fonts embedded.

    The converter numbers the parts of a file in another order each time; pikepdf writes them in the
    order in which the page needs them, so that equal figures are equal files.
    """
    import pikepdf
    import vl_convert

    with pikepdf.open(io.BytesIO(vl_convert.svg_to_pdf(svg))) as document:
        document.docinfo["/Producer"] = "Funnel"
        document.docinfo["/Title"] = _extract_title(svg)
        output = io.BytesIO()
        document.save(output, deterministic_id=True)
    return output.getvalue()


def _extract_title(svg: str) -> str:
    match = re.search(r"<title>(.*?)</title>", svg, re.S)
    return unescape(match.group(1)) if match else ""
