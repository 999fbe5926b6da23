"""Simple measures of an image: margins, halves and what they are counted from."""

import numpy as np
import pytest

from review.imaging.features import FLAT_PART, MEASURES, measure_image
from review.imaging.files import DecodedImage


def measure(pixels):
    image = DecodedImage(
        pixels=pixels, format="PNG", mode="L", bits=8, frames=1, orientation=1, used_range=1.0
    )
    return dict(zip(MEASURES, measure_image(image, 1000), strict=True))


def draw(height, width):
    return np.random.default_rng(3).integers(0, 255, (height, width)).astype(np.uint8)


@pytest.mark.parametrize("top", [0, 1, FLAT_PART - 1, FLAT_PART, FLAT_PART + 1, 3 * FLAT_PART])
@pytest.mark.parametrize("bottom", [0, 5, 2 * FLAT_PART])
def test_flat_rows_and_columns_at_the_border_are_counted(top, bottom):
    pixels = draw(top + bottom + 90, 200)
    pixels[:top], pixels[len(pixels) - bottom :] = 7, 250
    share = (top + bottom) / len(pixels)
    assert measure(pixels)["margin top and bottom"] == pytest.approx(share)
    turned = np.ascontiguousarray(pixels.T)
    assert measure(turned)["margin left and right"] == pytest.approx(share)


def test_a_flat_band_inside_is_no_margin_and_an_even_image_is_one():
    pixels = draw(200, 200)
    pixels[60:140] = 9
    assert measure(pixels)["margin top and bottom"] == 0
    even = measure(np.full((90, 70), 40, dtype=np.uint8))
    assert even["margin top and bottom"] == even["margin left and right"] == 1


@pytest.mark.parametrize("shape", [(64, 64), (65, 131), (1, 9), (300, 2)])
def test_halves_are_compared_by_their_means(shape):
    pixels = draw(*shape)
    height, width = shape
    grey = pixels / 255
    measures = measure(pixels)
    left, right = grey[:, : (width + 1) // 2].mean(), grey[:, width // 2 :].mean()
    top, bottom = grey[: (height + 1) // 2].mean(), grey[height // 2 :].mean()
    assert measures["left minus right"] == pytest.approx(left - right, abs=1e-6)
    assert measures["top minus bottom"] == pytest.approx(top - bottom, abs=1e-6)
    assert measures["brightness"] == pytest.approx(grey.mean(), abs=1e-6)
