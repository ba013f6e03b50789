"""Which way up: the display matrix that phones write instead of turning the picture."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import Type as SideDataType

from fnst_live.frames.frame import FrameSize


@dataclass(frozen=True)
class Orientation:
    """Transpose first, then mirror: all eight ways a picture can lie."""

    is_transposed: bool = False
    flips_x: bool = False
    flips_y: bool = False

    def size_of(self, size: FrameSize) -> FrameSize:
        """The shown size of a coded one (and the other way round)."""
        return FrameSize(size.height, size.width) if self.is_transposed else size

    def upright(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A view of (H, W, 3) pixels the right way up."""
        turned = pixels.swapaxes(0, 1) if self.is_transposed else pixels
        return turned[:: -1 if self.flips_y else 1, :: -1 if self.flips_x else 1]


def orientation_of(picture: av.VideoFrame) -> Orientation:
    """From the 3x3 display matrix: x' = a x + c y, y' = b x + d y (ISO 14496-12). Skewed ones count as upright."""
    side_data = cast(Mapping[SideDataType, Any], picture.side_data).get(SideDataType.DISPLAYMATRIX)
    if side_data is None:
        return Orientation()
    a, b, _, c, d = struct.unpack("<5i", bytes(side_data)[:20])
    if a == d == 0 and b and c:
        return Orientation(is_transposed=True, flips_x=c < 0, flips_y=b < 0)
    if b == c == 0:
        return Orientation(flips_x=a < 0, flips_y=d < 0)
    return Orientation()
