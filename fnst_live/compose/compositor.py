"""Stage 3: painted and original picture become the frame that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.resize import resize

if TYPE_CHECKING:
    from fnst_live.compose.upscaler import Upscaler  # which loads torch: a second that the window need not wait


class StrengthCompositor:
    """Satisfies `pipeline.stages.Compositor`.

    strength: 0 gives the content's pixels bit for bit, 1 the painted ones. keep_color: the painting's light on the
    content's own colors.
    """

    def __init__(self, strength: float, keep_color: bool):  # noqa: FBT001  (a look is a look)
        self.strength = strength
        self.keep_color = keep_color

    @property
    def shows_painted_only(self) -> bool:
        return self.strength == 1 and not self.keep_color

    def compose(self, content: Frame, painted: Frame) -> Frame:
        if self.strength == 0:
            return content
        pixels = resize(painted.pixels, content.size)
        if self.keep_color:
            pixels = with_color_of(content.pixels, pixels)
        if self.strength < 1:
            pixels = np.asarray(
                cv2.addWeighted(pixels, self.strength, content.pixels, 1 - self.strength, 0), np.uint8
            )
        return content.with_pixels(pixels)


class UpscalingCompositor:
    """Enlarges what was painted, and composes it with the content at that size. Satisfies `pipeline.stages.Compositor`.

    size: of the result: so many times the painted picture's, unless that had to be stretched for the network.
    """

    def __init__(self, compositor: StrengthCompositor, upscaler: Upscaler, size: FrameSize):
        self._compositor, self._upscaler, self._size = compositor, upscaler, size

    def compose(self, content: Frame, painted: Frame) -> Frame:
        large = painted.with_pixels(resize(self._upscaler.enlarge(painted.pixels), self._size))
        if self._compositor.shows_painted_only:
            return content.with_pixels(large.pixels)
        return self._compositor.compose(content.with_pixels(resize(content.pixels, self._size)), large)


def enlarged_size(content: FrameSize, painted: FrameSize, factor: int) -> FrameSize:
    """The content's, or, where that is larger, so many times the painted picture's lines in the content's shape."""
    lines = factor * painted.height
    return content if lines <= content.height else FrameSize(round(content.width * lines / content.height), lines)


def with_color_of(content: Pixels, painted: Pixels) -> Pixels:
    """The painting's brightness with the content's color (Gatys et al. 2016, luminance-only transfer).

    YCrCb rather than a ratio of brightnesses: a ratio blows up where the content is dark.
    """
    color = cv2.cvtColor(content, cv2.COLOR_RGB2YCrCb)
    color[..., 0] = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(color, cv2.COLOR_YCrCb2RGB), np.uint8)
