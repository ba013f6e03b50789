"""Sizes: what the network gets to see, and how a picture comes there and back."""

from __future__ import annotations

import math
from fractions import Fraction

import cv2
import numpy as np

from fnst_live.frames.frame import FrameSize, Pixels

SMALLEST_SIDE = 16


def work_size(size: FrameSize, work_height: int | None, height_limit: int,
              pixel_aspect: Fraction = Fraction(1), smallest_side: int = SMALLEST_SIDE) -> FrameSize:
    """The size to stylize at: the wanted lines, or the picture's own up to the limit, in square pixels.

    pixel_aspect: width over height of the picture's pixels; strokes would be stretched with them otherwise.
    smallest_side: what a shorter one is stretched to.
    """
    lines = min(size.height, height_limit) if work_height is None else work_height
    columns = round(size.width * pixel_aspect * Fraction(lines, size.height))
    return FrameSize(max(smallest_side, columns), max(smallest_side, lines))


def lines_within(size: FrameSize, most_pixels: int, pixel_aspect: Fraction = Fraction(1)) -> int:
    """The picture's own lines, or as many as it has when it is made of so many square pixels."""
    return min(size.height, math.isqrt(int(most_pixels * size.height / (size.width * pixel_aspect))))


def resize(pixels: Pixels, size: FrameSize) -> Pixels:
    """uint8 (H, W, 3) or (H, W) at another size: averaged on the way down, cubic on the way up, itself if it fits."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    shrinks = size.width <= width and size.height <= height
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC), np.uint8)


def within_lines(size: FrameSize, most_lines: int, pixel_aspect: Fraction = Fraction(1)) -> FrameSize:
    """The size that shows the same in square pixels and at most so many lines."""
    return work_size(size, None, most_lines, pixel_aspect)


def fit(pixels: Pixels, size: FrameSize) -> Pixels:
    """As large as it can be in a picture of that size, in its own shape; what is left over is black."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    scale = min(size.width / width, size.height / height)
    shrunk = resize(pixels, FrameSize(max(1, round(width * scale)), max(1, round(height * scale))))
    top, left = (size.height - shrunk.shape[0]) // 2, (size.width - shrunk.shape[1]) // 2
    framed = np.zeros((size.height, size.width, 3), np.uint8)
    framed[top : top + shrunk.shape[0], left : left + shrunk.shape[1]] = shrunk
    return framed
