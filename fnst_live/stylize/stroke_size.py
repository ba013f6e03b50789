"""How broad strokes are: the network's own are as many pixels wide in a large picture as in a small one.

Coarse to fine (Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", section 6), without
anything learned: the network paints the picture at half the size, and again over the mean of the enlarged result and
the picture. The first pass lays down strokes of twice the width, the second makes them crisp; the picture in the mean
keeps faces and letters.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fnst_live.frames.frame import FrameSize, Pixels
from fnst_live.frames.resize import resize
from fnst_live.settings import STROKE_SIZES

FINEST_LINES = 480  # of these the network's own strokes are broad enough ...
FEWEST_LINES = 64   # ... and of fewer nothing can be recognized


def automatic_stroke_size(size: FrameSize) -> int:
    """So that strokes are as broad in the picture as at 480 to 960 lines, upright or not."""
    return max((s for s in STROKE_SIZES if min(size) >= s * FINEST_LINES), default=STROKE_SIZES[0])


def paint_coarse_to_fine(pixels: Pixels, paint: Callable[[Pixels], Pixels], stroke_size: int) -> Pixels:
    """uint8 (H, W, 3) painted in strokes of so many times the width, as far as the picture is large enough.

    paint: uint8 (H, W, 3) to the same, in the network's own strokes. stroke_size: a power of two.
    """
    size = FrameSize(pixels.shape[1], pixels.shape[0])
    if stroke_size == 1 or min(size) < 2 * FEWEST_LINES:
        return paint(pixels)
    half = resize(pixels, FrameSize(size.width // 2, size.height // 2))
    broad = resize(paint_coarse_to_fine(half, paint, stroke_size // 2), size)
    return paint(np.asarray(cv2.addWeighted(pixels, 0.5, broad, 0.5, 0), np.uint8))
