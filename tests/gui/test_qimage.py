"""Arrays seen as images: no copy, any width, and the memory stays while the image does."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from fnst_live.frames.frame import Pixels
from fnst_live.gui.qimage import PixelImage


def noise(width: int, height: int) -> Pixels:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels.flags.writeable = False
    return pixels


def test_it_is_a_view() -> None:
    pixels = noise(64, 36)
    bits = PixelImage(pixels).constBits()
    assert bits is not None
    assert int(bits) == pixels.ctypes.data


@pytest.mark.parametrize("width", [1, 2, 3, 5, 77, 1280])
def test_rows_of_any_width_are_read_right(width: int) -> None:
    pixels = noise(width, 3)
    image = PixelImage(pixels)
    for y in range(3):
        color = image.pixelColor(width - 1, y)
        assert (color.red(), color.green(), color.blue()) == tuple(pixels[y, -1])


def test_the_array_lives_as_long_as_its_image() -> None:
    pixels = noise(8, 8)
    image, array = PixelImage(pixels), weakref.ref(pixels)
    del pixels
    gc.collect()
    assert array() is not None
    del image
    gc.collect()
    assert array() is None
