"""Reads lines with positions by pypdfium2, and draws a page with highlights."""

import ctypes
import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from review.fulltext.lines import (
    PageLines,
    TextLine,
    build_line,
    is_ruled_line,
    normalize_letters,
)
from review.fulltext.models import Limits
from review.models import Word

TextBox = tuple[float, float, float, float]

_BOLD = re.compile(r"bold|black|heavy|semib|demi|-medi|medium$|cmbx|\bbx\d", re.I)
_MAX_PIXELS = 24_000_000
_MAX_SIDE_POINTS = 50_000
"""Points; the PDF standard's own limit is 14,400 a side (ISO 32000-1, annex C)."""
_FONT_PROBES_PER_LINE = 3
"""Letters per line whose font is asked for; asking all would double the time."""

_MAX_LINE_HEIGHT = 2.0
"""Font sizes over which the height of one line is looked into."""
_MAX_TURN = 3.0
"""Degrees between two letters of one line."""
_MAX_SIZE_RATIO = 2.5
"""Of two letters of one line, a superscript and a large first letter included."""
_BROKEN_WORD_MARKS = "\ufffe\x02"
"""What pdfium puts where a word is broken at the end of a line; no line break follows it."""
_LINE_BREAKS = "\r\n" + _BROKEN_WORD_MARKS
_MAX_DRAWN_OBJECTS = 20_000
"""Objects of a page that are looked at for ruled lines; vector figures can have many more."""
_GRID_SEGMENTS = range(3, 1_000)
"""Segments of a path that may be a box or a grid of lines; longer ones are drawings."""


class LimitExceeded(Exception):
    """A page or file passes the limits."""


def open_pdf(path: Path, password: str | None) -> Any:
    """The open pypdfium2 document. Raises pypdfium2.PdfiumError."""
    import pypdfium2

    return pypdfium2.PdfDocument(path, password=password)


def is_locked(problem: str) -> bool:
    """Whether a PdfiumError says that a password is wanted."""
    return "password" in problem.lower() or "security" in problem.lower()


def get_reader_version() -> str:
    """The reader's name and version, kept with every full text."""
    from pypdfium2.version import PYPDFIUM_INFO

    return f"pypdfium2 {PYPDFIUM_INFO.version}"


def iter_pages(document: Any, limits: Limits) -> Iterator[PageLines]:
    """Each page's lines in the order of the file. Raises TooMuch on a page of too many letters."""
    import pypdfium2

    for number in range(1, len(document) + 1):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            yield PageLines(number, 0.0, 0.0, ())
            continue
        yield _read_page(page, number, limits)
        page.close()


def _read_page(page: Any, number: int, limits: Limits) -> PageLines:
    width, height = page.get_size()
    if max(width, height) > _MAX_SIDE_POINTS:
        raise LimitExceeded(f"page {number} is {width:,.0f} by {height:,.0f} points large")
    textpage = page.get_textpage()
    count = textpage.count_chars()
    if count > limits.page_chars:
        raise LimitExceeded(f"page {number} holds {count:,} letters (limit {limits.page_chars:,})")
    letters = _read_letters(textpage, count)
    transform = _compute_transform(page, width, height)
    lines = list(_iter_lines(textpage, letters, transform))
    textpage.close()
    return PageLines(number, width, height, tuple(lines), _read_ruled_lines(page, transform))


def _read_ruled_lines(page: Any, transform: tuple[float, ...]) -> tuple[TextBox, ...]:
    """The straight lines drawn across and down the page, as boxes in points from the top left."""
    import pypdfium2.raw as raw

    boxes: list[TextBox] = []
    for index in range(min(raw.FPDFPage_CountObjects(page.raw), _MAX_DRAWN_OBJECTS)):
        item = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_PATH:
            continue
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        refs = [ctypes.byref(value) for value in (left, bottom, right, top)]
        if raw.FPDFPageObj_GetBounds(item, *refs):
            corners = (left.value, bottom.value), (right.value, top.value)
            boxes.append(_build_page_box(corners, transform))
            if raw.FPDFPath_CountSegments(item) in _GRID_SEGMENTS and not is_ruled_line(boxes[-1]):
                boxes += _read_segments(item, transform)
    return tuple(box for box in boxes if is_ruled_line(box))


def _read_segments(item: Any, transform: tuple[float, ...]) -> Iterator[TextBox]:
    """The straight segments of a path: the sides of a box, the lines of a grid drawn at once."""
    import pypdfium2.raw as raw

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, ctypes.byref(fill), ctypes.byref(stroke))
    matrix = raw.FS_MATRIX()
    if not stroke.value or not raw.FPDFPageObj_GetMatrix(item, matrix):
        return
    start: tuple[float, float] | None = None
    last: tuple[float, float] | None = None
    x, y = ctypes.c_float(), ctypes.c_float()
    for number in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, number)
        if not raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y)):
            return
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == raw.FPDF_SEGMENT_LINETO and last is not None:
            yield _build_page_box((last, point), transform)
        last = point
        if raw.FPDFPathSegment_GetClose(segment) and start is not None:
            yield _build_page_box((point, start), transform)


def _build_page_box(
    corners: tuple[tuple[float, float], tuple[float, float]], transform: tuple[float, ...]
) -> TextBox:
    """The box between two points of PDF space, in points from the top left."""
    a, b, c, d, e, f = transform
    xs = [a * x + b * y + c for x, y in corners]
    ys = [d * x + e * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _read_letters(textpage: Any, count: int) -> list[str]:
    """One string per letter index; pdfium counts UTF-16 units, so odd ones are asked singly."""
    import pypdfium2.raw as raw

    text = textpage.get_text_range(0, count) if count else ""
    if len(text) == count:
        return list(text)
    codes = (raw.FPDFText_GetUnicode(textpage.raw, index) for index in range(count))
    return ["" if 0xD800 <= code < 0xE000 else chr(code) for code in codes]


def _compute_transform(page: Any, width: float, height: float) -> tuple[float, ...]:
    """The affine map from PDF space to points from the top left, with rotation and crop."""
    import pypdfium2.raw as raw

    scale, probe_length = 100, 1000.0
    corners = []
    for x, y in ((0.0, 0.0), (probe_length, 0.0), (0.0, probe_length)):
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
        (xx - ox) / probe_length,
        (yx - ox) / probe_length,
        ox,
        (xy - oy) / probe_length,
        (yy - oy) / probe_length,
        oy,
    )


def _iter_lines(
    textpage: Any, letters: list[str], transform: tuple[float, ...]
) -> Iterator[TextLine]:
    start = 0
    total = len(letters)
    for index in range(total + 1):
        if index < total and letters[index] not in _LINE_BREAKS:
            continue
        stop = index + 1 if index < total and letters[index] in _BROKEN_WORD_MARKS else index
        if stop > start:
            line = _read_line(textpage, letters, start, stop, transform)
            if line and line.bottom - line.top > _MAX_LINE_HEIGHT * line.size:
                yield from _split_line(textpage, letters, start, stop, transform)
            elif line:
                yield line
        start = index + 1


def _split_line(
    textpage: Any, letters: list[str], start: int, stop: int, transform: tuple[float, ...]
) -> Iterator[TextLine]:
    """The lines of a run of letters, parted where their angle or their size jumps.

    pdfium puts a watermark that is drawn after the text on the last line of the text.
    """
    run_start, last = start, None
    for index in range(start, stop):
        if letters[index].isspace() or not letters[index]:
            continue
        size, angle = _read_letter_shape(textpage, index, transform)
        if last is not None:
            turn = abs(angle - last[1]) % 360
            ratio = max(size, last[0]) / max(min(size, last[0]), 0.1)
            if min(turn, 360 - turn) > _MAX_TURN or ratio > _MAX_SIZE_RATIO:
                line = _read_line(textpage, letters, run_start, index, transform)
                if line:
                    yield line
                run_start = index
        last = size, angle
    line = _read_line(textpage, letters, run_start, stop, transform)
    if line:
        yield line


def _read_line(
    textpage: Any, letters: list[str], start: int, stop: int, transform: tuple[float, ...]
) -> TextLine | None:
    import pypdfium2.raw as raw

    char_left, char_right, char_bottom, char_top = (ctypes.c_double() for _ in range(4))
    refs = [ctypes.byref(value) for value in (char_left, char_right, char_bottom, char_top)]
    get_char_box, handle = raw.FPDFText_GetCharBox, textpage.raw
    a, b, c, d, e, f = transform
    words: list[Word] = []
    text: list[str] = []
    box: list[float] = []
    for index in range(start, stop + 1):
        letter = letters[index] if index < stop else " "
        if letter.isspace() or not letter:
            if text and box:
                word = normalize_letters("".join(text)).strip()
                if word:
                    words.append(Word(word, *box))
            text, box = [], []
            continue
        text.append(letter)
        if not get_char_box(handle, index, *refs):
            continue
        x, y, u, v = char_left.value, char_bottom.value, char_right.value, char_top.value
        xs, ys = (a * x + b * y + c, a * u + b * v + c), (d * x + e * y + f, d * u + e * v + f)
        char_box = [min(xs), min(ys), max(xs), max(ys)]
        if not box:
            box = char_box
        elif char_box[0] != char_box[2] or char_box[1] != char_box[3]:
            box = [
                min(box[0], char_box[0]),
                min(box[1], char_box[1]),
                max(box[2], char_box[2]),
                max(box[3], char_box[3]),
            ]
    if not words:
        return None
    size, bold, angle = _read_font(textpage, letters, start, stop, transform)
    return build_line(words, size, bold, angle)


def _read_font(
    textpage: Any, letters: list[str], start: int, stop: int, transform: tuple[float, ...]
) -> tuple[float, bool, float]:
    """Font size in points, whether bold, and the angle, by a few letters spread over the line."""
    import pypdfium2.raw as raw

    handle, sizes, bold_count, angle = textpage.raw, Counter[float](), 0, 0.0
    letter_indices = [i for i in range(start, stop) if letters[i].isalnum()] or [start]
    step = max(1, len(letter_indices) // _FONT_PROBES_PER_LINE)
    probes = letter_indices[::step][:_FONT_PROBES_PER_LINE]
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    for index in probes:
        size, angle = _read_letter_shape(textpage, index, transform)
        sizes[round(size, 1)] += 1
        length = raw.FPDFText_GetFontInfo(handle, index, buffer, 128, ctypes.byref(flags))
        name = buffer.raw[: max(0, min(length, 128) - 1)].decode("utf-8", "replace")
        weight = raw.FPDFText_GetFontWeight(handle, index)
        bold_count += bool(_BOLD.search(name)) or weight >= 600
    return sizes.most_common(1)[0][0], bold_count * 2 > len(probes), round(angle, 1)


def _read_letter_shape(
    textpage: Any, index: int, transform: tuple[float, ...]
) -> tuple[float, float]:
    """A letter's size in points, and the degrees by which it is turned anticlockwise."""
    import pypdfium2.raw as raw

    a, b, _, d, e, _ = transform
    size = raw.FPDFText_GetFontSize(textpage.raw, index) * (abs(e) + abs(d))
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(textpage.raw, index, matrix):
        return size, 0.0
    along_x = a * matrix.a + b * matrix.b
    along_y = d * matrix.a + e * matrix.b
    angle = math.degrees(math.atan2(-along_y, along_x))
    return size * ((matrix.c**2 + matrix.d**2) ** 0.5 or 1.0), angle


def draw_page(document: Any, number: int, boxes: list[TextBox], scale: float) -> bytes:
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
        overlay = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        pen = ImageDraw.Draw(overlay)
        for x0, top, x1, bottom in boxes:
            corners = (x0 * scale - 1, top * scale - 2, x1 * scale + 1, bottom * scale + 2)
            pen.rectangle(corners, fill=(255, 214, 0, 96), outline=(204, 120, 0, 200))
        picture = Image.alpha_composite(picture, overlay)
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
