"""SVG -> PNG and PDF, the same bytes for the same figure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from xml.sax.saxutils import escape, unescape

_OBJECT = re.compile(rb"(\d+) 0 obj\n")
_REFERENCE = re.compile(rb"(\d+) 0 R\b")


_NOBODYS = "\U0010fffd"
"""A character that no font holds."""
_TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")
_OURS = 0x250
"""Up to here the font that comes with the converter holds every letter."""


def missing(figures: Iterable[str]) -> str:
    """Letters in SVG figures that no font of this machine holds, in order of their code: they come
    out as empty boxes in PNG and PDF, and right where the SVG is drawn with such a font."""
    told = {char for svg in figures for text in _TEXT.findall(svg) for char in unescape(text)}
    foreign = [c for c in sorted(told) if ord(c) >= _OURS and unicodedata.category(c)[0] in "LNS"]
    return "".join(char for char in foreign if _alone(char) == _alone(_NOBODYS))


@lru_cache(maxsize=4096)
def _alone(char: str) -> bytes:
    """One letter drawn alone."""
    from review.figures import svg

    words = svg.text(4, 20, char, size=16)
    return png(svg.page(30, 30, [words], title=escape(char)), 40)


def png(svg: str, dpi: int = 300) -> bytes:
    """The figure as PNG; one SVG unit is a point, so a figure 510 wide is 7.1 inches."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, ppi=dpi))


def pdf(svg: str) -> bytes:
    """The figure as a one-page vector PDF with its fonts embedded.

    The converter numbers its objects in another order each time; they are put in the order in
    which the page needs them, so that equal figures are equal files.
    """
    import vl_convert

    return _ordered(bytes(vl_convert.svg_to_pdf(svg)), _title(svg))


def _title(svg: str) -> str:
    found = re.search(r"<title>(.*?)</title>", svg, re.S)
    return unescape(found.group(1)) if found else ""


def _objects(data: bytes) -> dict[int, tuple[bytes, bytes]]:
    """Number -> (dictionary, stream with its keywords or b'') of each object."""
    found: dict[int, tuple[bytes, bytes]] = {}
    at = 0
    while match := _OBJECT.search(data, at):
        end = data.index(b"endobj", match.end())
        stream = data.find(b"stream\n", match.end(), end)
        if stream == -1:
            found[int(match.group(1))] = (data[match.end() : end], b"")
        else:
            head = data[match.end() : stream]
            length = int(re.search(rb"/Length (\d+)", head).group(1))  # type: ignore[union-attr]
            end = data.index(b"endobj", stream + len(b"stream\n") + length)
            found[int(match.group(1))] = (head, data[stream:end])
        at = end
    return found


def _ordered(data: bytes, title: str) -> bytes:
    """The document with its objects numbered in the order they are reached from the root."""
    objects = {one: (_sorted_fonts(head), stream) for one, (head, stream) in _objects(data).items()}
    root = int(re.search(rb"/Root (\d+) 0 R", data).group(1))  # type: ignore[union-attr]
    order: list[int] = []
    ahead = [root]
    while ahead:
        one = ahead.pop(0)
        if one not in order:
            order.append(one)
            ahead += [int(ref) for ref in _REFERENCE.findall(objects[one][0])]
    place = {one: number for number, one in enumerate(order, 1)}
    out = bytearray(b"%PDF-1.7\n%\x80\x80\x80\x80\n")
    offsets = []
    for one in order:
        head, stream = objects[one]
        head = _REFERENCE.sub(lambda ref: b"%d 0 R" % place[int(ref.group(1))], head)
        offsets.append(len(out))
        out += b"%d 0 obj\n" % place[one] + head + stream + b"endobj\n"
    offsets.append(len(out))
    told = title.encode("utf-16-be").hex().upper().encode()
    out += b"%d 0 obj\n<< /Producer (Funnel) /Title <FEFF%s> >>\nendobj\n" % (len(offsets), told)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f\r\n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n\r\n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (
        len(offsets) + 1, place[root], len(offsets),
    )  # fmt: skip
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _sorted_fonts(head: bytes) -> bytes:
    """A page's dictionary with its fonts in the order of their names."""
    block = re.search(rb"/Font <<\n((?:\s*/\w+ \d+ 0 R\n)+)", head)
    if not block:
        return head
    lines = b"".join(sorted(block.group(1).splitlines(keepends=True)))
    return head[: block.start(1)] + lines + head[block.end(1) :]
