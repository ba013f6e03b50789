"""What a stream of frames looks like before the first one: all that a sink must know to open."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from fnst_live.frames.color import RGB_TAGS, ColorTags
from fnst_live.frames.frame import FrameSize


@dataclass(frozen=True)
class VideoFormat:
    """Size, shape, timing and color of a stream.

    pixel_aspect: width over height of one pixel.
    time_base: seconds per unit of every frame's pts.
    frame_rate: nominal frames per second; the truth is in the pts.
    color: what the numbers in the source meant; frames themselves are always full-range RGB.
    """

    size: FrameSize
    time_base: Fraction
    frame_rate: Fraction
    pixel_aspect: Fraction = Fraction(1)
    color: ColorTags = RGB_TAGS

    @property
    def square_size(self) -> FrameSize:
        """The size that shows the same with square pixels: as high, wider or narrower."""
        return FrameSize(max(1, round(self.size.width * self.pixel_aspect)), self.size.height)
