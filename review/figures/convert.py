"""Converts SVG to PNG and PDF, reproducibly."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from xml.sax.saxutils import escape, unescape

_OBJECT = re.compile(rb"(\d+) 0 obj\n")
_REFERENCE = re.compile(rb"(\d+) 0 R\b")


_UNASSIGNED_CHARACTER = "\U0010fffd"
"""A character that no font holds."""
_TEXT_ELEMENT = re.compile(r"<text[^>]*>([^<]*)</text>")
_BUNDLED_FONT_LIMIT = 0x250
"""Up to here the font that comes with the converter holds every letter."""


def find_missing_glyphs(figures: Iterable[str]) -> str:
    """Letters in SVG figures that no font of this machine holds, in order of their code: they come
    out as empty boxes in PNG and PDF, and right where the SVG is drawn with such a font."""
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
    """One letter drawn alone."""
    from review.figures import svg

    element = svg.render_text(4, 20, char, size=16)
    return render_png(svg.render_document(30, 30, [element], title=escape(char)), 40)


def render_png(svg: str, dpi: int = 300) -> bytes:
    """The figure as PNG; one SVG unit is a point, so a figure 510 wide is 7.1 inches."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, ppi=dpi))


def render_pdf(svg: str) -> bytes:
    """The figure as a one-page vector PDF with its fonts embedded.

    The converter numbers its objects in another order each time; they are put in the order in
    which the page needs them, so that equal figures are equal files.
    """
    import vl_convert

    return _renumber_objects(bytes(vl_convert.svg_to_pdf(svg)), _extract_title(svg))


def _extract_title(svg: str) -> str:
    match = re.search(r"<title>(.*?)</title>", svg, re.S)
    return unescape(match.group(1)) if match else ""


def _parse_objects(data: bytes) -> dict[int, tuple[bytes, bytes]]:
    """Number -> (dictionary, stream with its keywords or b'') of each object."""
    objects: dict[int, tuple[bytes, bytes]] = {}
    position = 0
    while match := _OBJECT.search(data, position):
        end = data.index(b"endobj", match.end())
        stream = data.find(b"stream\n", match.end(), end)
        if stream == -1:
            objects[int(match.group(1))] = (data[match.end() : end], b"")
        else:
            head = data[match.end() : stream]
            length = int(re.search(rb"/Length (\d+)", head).group(1))  # type: ignore[union-attr]
            end = data.index(b"endobj", stream + len(b"stream\n") + length)
            objects[int(match.group(1))] = (head, data[stream:end])
        position = end
    return objects


def _renumber_objects(data: bytes, title: str) -> bytes:
    """The document with its objects numbered in the order they are reached from the root."""
    objects = {
        object_number: (_sort_fonts(head), stream)
        for object_number, (head, stream) in _parse_objects(data).items()
    }
    root = int(re.search(rb"/Root (\d+) 0 R", data).group(1))  # type: ignore[union-attr]
    order: list[int] = []
    queue = [root]
    while queue:
        object_number = queue.pop(0)
        if object_number not in order:
            order.append(object_number)
            queue += [int(ref) for ref in _REFERENCE.findall(objects[object_number][0])]
    new_numbers = {object_number: number for number, object_number in enumerate(order, 1)}
    document = bytearray(b"%PDF-1.7\n%\x80\x80\x80\x80\n")
    offsets = []
    for object_number in order:
        head, stream = objects[object_number]
        head = _REFERENCE.sub(lambda ref: b"%d 0 R" % new_numbers[int(ref.group(1))], head)
        offsets.append(len(document))
        document += b"%d 0 obj\n" % new_numbers[object_number] + head + stream + b"endobj\n"
    offsets.append(len(document))
    title_hex = title.encode("utf-16-be").hex().upper().encode()
    document += b"%d 0 obj\n<< /Producer (Funnel) /Title <FEFF%s> >>\nendobj\n" % (
        len(offsets),
        title_hex,
    )
    start = len(document)
    document += b"xref\n0 %d\n0000000000 65535 f\r\n" % (len(offsets) + 1)
    document += b"".join(b"%010d 00000 n\r\n" % offset for offset in offsets)
    document += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (
        len(offsets) + 1,
        new_numbers[root],
        len(offsets),
    )
    return bytes(document + b"startxref\n%d\n%%%%EOF\n" % start)


def _sort_fonts(head: bytes) -> bytes:
    """A page's dictionary with its fonts in the order of their names."""
    block = re.search(rb"/Font <<\n((?:\s*/\w+ \d+ 0 R\n)+)", head)
    if not block:
        return head
    lines = b"".join(sorted(block.group(1).splitlines(keepends=True)))
    return head[: block.start(1)] + lines + head[block.end(1) :]
