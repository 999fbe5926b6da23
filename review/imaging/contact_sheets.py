"""Contact sheets: images on one picture, each with its key, caption and marks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError
from review.imaging.files import scale_to_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEYS = "123456789abcdefghi"
"""Keys that choose a tile; a sheet of the audit has as many."""
COLUMNS = 6
CAPTION_HEIGHT = 18
GAP = 4
BACKGROUND, EMPTY, TEXT, KEY_TEXT = (24, 24, 24), (48, 48, 48), (220, 220, 220), (255, 210, 60)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tile:
    """One image of a sheet."""

    pixels: NDArray[Any] | None
    """Rows by columns, grey; None draws an empty tile that says so."""
    caption: str = ""
    key: str = ""
    frame: tuple[int, int, int] | None = None
    """Colour of a frame, to mark the tile."""
    window: tuple[float, float] | None = None
    """Centre and width of the grey values to show."""


@dataclass(frozen=True, slots=True)
class TileBox:
    """Position of a tile's image on the sheet, in pixels."""

    left: int
    top: int
    width: int
    height: int


def draw_sheet(tiles: Sequence[Tile], *, columns: int = COLUMNS, side: int = 256) -> bytes:
    """The sheet as PNG; images keep their shape inside square tiles.

    Raises:
        ReviewError: no tile, or a size below one.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not tiles:
        raise ReviewError("a sheet needs at least one image")
    boxes = locate_tiles(len(tiles), columns=columns, side=side)
    width = max(box.left + box.width for box in boxes) + GAP
    height = max(box.top + box.height for box in boxes) + CAPTION_HEIGHT + GAP
    sheet = Image.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=12)
    key_font = ImageFont.load_default(size=max(14, side // 12))
    for tile, box in zip(tiles, boxes, strict=True):
        area = (box.left, box.top, box.left + box.width - 1, box.top + box.height - 1)
        draw.rectangle(area, fill=EMPTY)
        if tile.pixels is None:
            draw.text((box.left + 8, box.top + side // 2 - 8), "not readable", TEXT, font=font)
        else:
            picture = Image.fromarray(scale_to_bytes(tile.pixels, tile.window))
            picture = _fit_picture(picture, side)
            left = box.left + (side - picture.width) // 2
            top = box.top + (side - picture.height) // 2
            sheet.paste(picture.convert("RGB"), (left, top))
        if tile.key:
            place = (box.left + 5, box.top + 3)
            draw.text(
                place, tile.key, KEY_TEXT, font=key_font, stroke_width=2, stroke_fill=(0,) * 3
            )
        if tile.caption:
            caption = _shorten(tile.caption, lambda text: draw.textlength(text, font=font), side)
            draw.text((box.left + 2, box.top + side + 2), caption, TEXT, font=font)
        if tile.frame:
            draw.rectangle(area, outline=tile.frame, width=3)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def locate_tiles(count: int, *, columns: int = COLUMNS, side: int = 256) -> tuple[TileBox, ...]:
    """Position of each tile on a sheet of that many, row by row.

    Raises:
        ReviewError: fewer than one column or pixel.
    """
    if columns < 1 or side < 1:
        raise ReviewError("a sheet has at least one column, and a tile at least one pixel")
    columns = min(columns, count)
    return tuple(
        TileBox(
            GAP + place % columns * (side + GAP),
            GAP + place // columns * (side + CAPTION_HEIGHT + GAP),
            side,
            side,
        )
        for place in range(count)
    )


def _fit_picture(picture: Any, side: int) -> Any:
    from PIL import Image

    scale = side / max(picture.size)
    size = tuple(max(1, round(length * scale)) for length in picture.size)
    smooth = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BILINEAR
    return picture.resize(size, smooth)


def _shorten(text: str, measure: Any, width: int) -> str:
    """The text, its middle left out if it is too long."""
    if measure(text) <= width - 4:
        return text
    kept = len(text) - 1
    while kept > 2 and measure(f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}") > width - 4:
        kept -= 1
    return f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}"
