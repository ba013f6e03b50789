"""Stage 1: a frame of any size through an engine, and back to its size."""

from __future__ import annotations

import cv2
import numpy as np

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stylize.engine import BroadEngine, Engine, StyleVector, taken_side
from fnst_live.stylize.stroke_size import automatic_stroke_size, paint_coarse_to_fine


class NetworkStylizer:
    """Satisfies `pipeline.stages.Stylizer`.

    `style` may be replaced whole between two frames: the next one shows it. stroke_size: None is automatic; see
    `stylize.stroke_size`.
    """

    def __init__(self, engine: Engine, style: StyleVector, multiple_of: int, min_side: int,
                 stroke_size: int | None = 1):
        self.engine = engine
        self.lanes = engine.lanes
        self.style = style
        self.stroke_size = stroke_size
        self._multiple_of = multiple_of
        self._min_side = min_side

    def stylize(self, content: Frame) -> Frame:
        stroke_size = self.stroke_size or automatic_stroke_size(content.size)
        return content.with_pixels(self._painted_broadly(content.pixels, stroke_size))

    def _painted_broadly(self, pixels: Pixels, stroke_size: int) -> Pixels:
        if stroke_size > 1 and isinstance(self.engine, BroadEngine):
            painted = self.engine.run_broad(pixels, self.style, stroke_size)
            if painted is not None:
                return painted
        return paint_coarse_to_fine(pixels, self._painted, stroke_size)

    def _painted(self, pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        return self.engine.run(self._padded(pixels), self.style)[:height, :width]

    def _padded(self, pixels: Pixels) -> Pixels:
        """Extended to the right and down until the network can take it: mirrored, so that no border shows."""
        height, width = (taken_side(side, self._multiple_of, self._min_side) for side in pixels.shape[:2])
        bottom, right = height - pixels.shape[0], width - pixels.shape[1]
        if not bottom and not right:
            return pixels
        can_mirror = bottom < pixels.shape[0] and right < pixels.shape[1]
        border = cv2.BORDER_REFLECT_101 if can_mirror else cv2.BORDER_REPLICATE
        return np.asarray(cv2.copyMakeBorder(pixels, 0, bottom, 0, right, border), np.uint8)


class NoStylizer:
    """Paints nothing: for whoever only enlarges. Satisfies `pipeline.stages.Stylizer`."""

    lanes = 1

    def stylize(self, content: Frame) -> Frame:
        return content


def mix_styles(a: StyleVector, b: StyleVector, amount: float) -> StyleVector:
    """A style between two of one network: amount 0 is a, 1 is b (Dumoulin et al. 2017, section 3.2)."""
    mixed: StyleVector = ((1 - amount) * a + amount * b).astype(np.float32)
    return mixed
