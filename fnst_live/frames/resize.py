"""Sizes: what the network gets to see, and how a picture comes there and back."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np

from fnst_live.frames.frame import FrameSize, Pixels

SMALLEST_SIDE = 16


def work_size(size: FrameSize, work_height: int | None, height_limit: int,
              pixel_aspect: Fraction = Fraction(1)) -> FrameSize:
    """The size to stylize at: the wanted lines, or the picture's own up to the limit, in square pixels.

    pixel_aspect: width over height of the picture's pixels; strokes would be stretched with them otherwise.
    """
    lines = min(size.height, height_limit) if work_height is None else work_height
    columns = round(size.width * pixel_aspect * Fraction(lines, size.height))
    return FrameSize(max(SMALLEST_SIDE, columns), max(SMALLEST_SIDE, lines))


def resize(pixels: Pixels, size: FrameSize) -> Pixels:
    """uint8 (H, W, 3) at another size: averaged on the way down, cubic on the way up; itself where nothing changes."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    shrinks = size.width <= width and size.height <= height
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC), np.uint8)
