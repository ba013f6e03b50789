"""The one frame convention: what every stage receives and returns."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


class FrameSize(NamedTuple):
    """Size in pixels; never a bare pair, since half the world says (height, width)."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and its time.

    pixels: uint8 (H, W, 3) RGB, C-contiguous, read-only.
    pts: presentation time in units of time_base.
    time_base: seconds per unit.
    duration: in units of time_base; 0 where the source does not tell.
    index: counts the frames the source produced; a gap is a drop.
    captured_s: `time.monotonic()` at hand-over: for latency, and the clock of live recordings; a file's times are pts.
    """

    pixels: Pixels
    pts: int
    time_base: Fraction
    duration: int = 0
    index: int = 0
    captured_s: float = 0.0

    def __post_init__(self) -> None:
        self.pixels.flags.writeable = False

    @property
    def size(self) -> FrameSize:
        return FrameSize(self.pixels.shape[1], self.pixels.shape[0])

    @property
    def time_s(self) -> Fraction:
        """Presentation time in seconds, exactly."""
        return self.pts * self.time_base

    def with_pixels(self, pixels: Pixels) -> Frame:
        """The same moment with other pixels (uint8 (H, W, 3) RGB; made contiguous and read-only)."""
        return dataclasses.replace(self, pixels=np.ascontiguousarray(pixels))
