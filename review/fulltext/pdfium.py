"""Reads lines with boxes by pypdfium2, and draws a page with highlights."""

import ctypes
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from review.fulltext.lines import Line, RawPage, clean, line_of
from review.fulltext.models import Limits
from review.models import Word

Box = tuple[float, float, float, float]

_BOLD = re.compile(r"bold|black|heavy|semib|demi|-medi|medium$|cmbx|\bbx\d", re.I)
_MAX_PIXELS = 24_000_000
_MAX_SIDE = 50_000
"""Points; the PDF standard's own limit is 14,400 a side (ISO 32000-1, annex C)."""
_GLYPHS_A_LINE_PROBE = 3
"""Letters per line whose font is asked for; asking all would double the time."""


_BROKEN_WORD = "\ufffe\x02"
"""What pdfium puts where a word is broken at the end of a line; no line break follows it."""
_BREAKS = "\r\n" + _BROKEN_WORD


class TooMuch(Exception):
    """A page or file passes the limits."""


def open_pdf(path: Path, password: str | None) -> Any:
    """The open pypdfium2 document. Raises pypdfium2.PdfiumError."""
    import pypdfium2

    return pypdfium2.PdfDocument(path, password=password)


def is_locked(problem: str) -> bool:
    """Whether a PdfiumError says that a password is wanted."""
    return "password" in problem.lower() or "security" in problem.lower()


def version() -> str:
    """The reader's name and version, kept with every full text."""
    from pypdfium2.version import PYPDFIUM_INFO

    return f"pypdfium2 {PYPDFIUM_INFO.version}"


def pages(document: Any, limits: Limits) -> Iterator[RawPage]:
    """Each page's lines in the order of the file. Raises TooMuch on a page of too many letters."""
    import pypdfium2

    for number in range(1, len(document) + 1):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            yield RawPage(number, 0.0, 0.0, ())
            continue
        yield _page(page, number, limits)
        page.close()


def _page(page: Any, number: int, limits: Limits) -> RawPage:
    width, height = page.get_size()
    if max(width, height) > _MAX_SIDE:
        raise TooMuch(f"page {number} is {width:,.0f} by {height:,.0f} points large")
    textpage = page.get_textpage()
    count = textpage.count_chars()
    if count > limits.page_chars:
        raise TooMuch(f"page {number} holds {count:,} letters (limit {limits.page_chars:,})")
    letters = _letters(textpage, count)
    place = _placer(page, width, height)
    lines = list(_lines(textpage, letters, place))
    textpage.close()
    return RawPage(number, width, height, tuple(lines))


def _letters(textpage: Any, count: int) -> list[str]:
    """One string per letter index; pdfium counts UTF-16 units, so odd ones are asked singly."""
    import pypdfium2.raw as raw

    text = textpage.get_text_range(0, count) if count else ""
    if len(text) == count:
        return list(text)
    codes = (raw.FPDFText_GetUnicode(textpage.raw, index) for index in range(count))
    return ["" if 0xD800 <= code < 0xE000 else chr(code) for code in codes]


def _placer(page: Any, width: float, height: float) -> tuple[float, ...]:
    """The affine map from PDF space to points from the top left, with rotation and crop."""
    import pypdfium2.raw as raw

    scale, reach = 100, 1000.0
    corners = []
    for x, y in ((0.0, 0.0), (reach, 0.0), (0.0, reach)):
        out_x, out_y = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(
            page.raw,
            0,
            0,
            max(1, int(width * scale)),
            max(1, int(height * scale)),
            0,
            x,
            y,
            ctypes.byref(out_x),
            ctypes.byref(out_y),
        )
        corners.append((out_x.value / scale, out_y.value / scale))
    (ox, oy), (xx, xy), (yx, yy) = corners
    return (
        (xx - ox) / reach,
        (yx - ox) / reach,
        ox,
        (xy - oy) / reach,
        (yy - oy) / reach,
        oy,
    )


def _lines(textpage: Any, letters: list[str], place: tuple[float, ...]) -> Iterator[Line]:
    start = 0
    total = len(letters)
    for index in range(total + 1):
        if index < total and letters[index] not in _BREAKS:
            continue
        stop = index + 1 if index < total and letters[index] in _BROKEN_WORD else index
        if stop > start:
            line = _line(textpage, letters, start, stop, place)
            if line:
                yield line
        start = index + 1


def _line(
    textpage: Any, letters: list[str], start: int, stop: int, place: tuple[float, ...]
) -> Line | None:
    import pypdfium2.raw as raw

    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    refs = [ctypes.byref(value) for value in (left, right, bottom, top)]
    ask, handle = raw.FPDFText_GetCharBox, textpage.raw
    a, b, c, d, e, f = place
    words: list[Word] = []
    text: list[str] = []
    box: list[float] = []
    for index in range(start, stop + 1):
        letter = letters[index] if index < stop else " "
        if letter.isspace() or not letter:
            if text and box:
                word = clean("".join(text)).strip()
                if word:
                    words.append(Word(word, *box))
            text, box = [], []
            continue
        text.append(letter)
        if not ask(handle, index, *refs):
            continue
        x, y, u, v = left.value, bottom.value, right.value, top.value
        xs, ys = (a * x + b * y + c, a * u + b * v + c), (d * x + e * y + f, d * u + e * v + f)
        new = [min(xs), min(ys), max(xs), max(ys)]
        if not box:
            box = new
        elif new[0] != new[2] or new[1] != new[3]:
            box = [
                min(box[0], new[0]),
                min(box[1], new[1]),
                max(box[2], new[2]),
                max(box[3], new[3]),
            ]
    if not words:
        return None
    size, bold = _font(textpage, letters, start, stop, abs(e) + abs(d))
    return line_of(words, size, bold)


def _font(
    textpage: Any, letters: list[str], start: int, stop: int, scale: float
) -> tuple[float, bool]:
    """Font size in points and whether bold, by a few letters spread over the line."""
    import pypdfium2.raw as raw

    handle, sizes, bold = textpage.raw, Counter[float](), 0
    marks = [i for i in range(start, stop) if letters[i].isalnum()] or [start]
    step = max(1, len(marks) // _GLYPHS_A_LINE_PROBE)
    probes = marks[::step][:_GLYPHS_A_LINE_PROBE]
    buffer, flags, matrix = ctypes.create_string_buffer(128), ctypes.c_int(), raw.FS_MATRIX()
    for index in probes:
        grown = 1.0
        if raw.FPDFText_GetMatrix(handle, index, matrix):
            grown = (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
        sizes[round(raw.FPDFText_GetFontSize(handle, index) * grown * scale, 1)] += 1
        length = raw.FPDFText_GetFontInfo(handle, index, buffer, 128, ctypes.byref(flags))
        name = buffer.raw[: max(0, min(length, 128) - 1)].decode("utf-8", "replace")
        weight = raw.FPDFText_GetFontWeight(handle, index)
        bold += bool(_BOLD.search(name)) or weight >= 600
    return sizes.most_common(1)[0][0], bold * 2 > len(probes)


def draw(document: Any, number: int, boxes: list[Box], scale: float) -> bytes:
    """The page as PNG, boxes marked in translucent yellow; scale 1 is 72 dots an inch.

    The scale is lowered when the picture would pass 24 million dots.
    """
    from PIL import Image, ImageDraw

    page = document[number - 1]
    width, height = page.get_size()
    if width * height * scale * scale > _MAX_PIXELS:
        scale = (_MAX_PIXELS / (width * height)) ** 0.5
    picture = page.render(scale=scale).to_pil().convert("RGBA")
    if boxes:
        veil = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        pen = ImageDraw.Draw(veil)
        for x0, top, x1, bottom in boxes:
            corners = (x0 * scale - 1, top * scale - 2, x1 * scale + 1, bottom * scale + 2)
            pen.rectangle(corners, fill=(255, 214, 0, 96), outline=(204, 120, 0, 200))
        picture = Image.alpha_composite(picture, veil)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG", compress_level=3)
    return out.getvalue()
