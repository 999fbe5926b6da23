"""Contact sheets."""

import io

import numpy as np
import pytest
from PIL import Image

from review.errors import ReviewError
from review.imaging.contact_sheets import KEYS, Tile, draw_sheet, locate_tiles


def test_eighteen_images_make_three_rows_of_six():
    tiles = [
        Tile(pixels=np.full((40, 40), 10 * place, np.uint8), key=KEYS[place], caption="a" * 99)
        for place in range(18)
    ]
    sheet = np.asarray(Image.open(io.BytesIO(draw_sheet(tiles, side=64))))
    boxes = locate_tiles(18, side=64)
    assert len({box.top for box in boxes}) == 3 and len({box.left for box in boxes}) == 6
    for place, box in enumerate(boxes):
        corner = sheet[box.top + 60, box.left + 60]
        assert (corner == 10 * place).all()
    assert sheet.shape == (3 * (64 + 18 + 4) + 4, 6 * 68 + 4, 3)


def test_images_keep_their_shape():
    sheet = np.asarray(
        Image.open(io.BytesIO(draw_sheet([Tile(pixels=np.full((20, 80), 255, np.uint8))], side=80)))
    )
    box = locate_tiles(1, side=80)[0]
    shown = (sheet[box.top : box.top + 80, box.left : box.left + 80] == 255).all(axis=2)
    assert shown.sum() == 80 * 20


def test_an_unreadable_image_keeps_its_place():
    assert draw_sheet([Tile(pixels=None, caption="gone.png", frame=(255, 0, 0))], side=64)


def test_a_window_is_shown():
    tile = Tile(pixels=np.full((8, 8), 1000, np.uint16), window=(1000, 100))
    sheet = np.asarray(Image.open(io.BytesIO(draw_sheet([tile], side=32))))
    assert sheet[20, 20, 0] == 128


def test_a_sheet_needs_an_image():
    with pytest.raises(ReviewError, match="at least one image"):
        draw_sheet([])
    with pytest.raises(ReviewError, match="at least one column"):
        locate_tiles(3, columns=0)
