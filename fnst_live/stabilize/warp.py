"""Warping: a picture of the past, moved to where its things are now."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.bands import CHEAP_ROWS, in_bands
from fnst_live.stabilize.kernel import kernel

Flow = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Number = TypeVar("Number", np.uint8, np.float32)


class Warp:
    """Samples earlier pictures along one flow, at first along none."""

    def __init__(self, height: int, width: int):
        self.shape = (height, width)
        self.flow: Flow = np.zeros((2, height, width), np.float32)
        self._from = np.mgrid[:height, :width][::-1].astype(np.float32)  # columns, rows

    def follow(self, flow: Flow) -> None:
        """Use this flow, float32 (2, H, W) in pixels, from now on."""
        self.flow = flow
        in_bands(partial(_aim, flow, self._from), self.shape[0], CHEAP_ROWS)

    def quick(self, picture: npt.NDArray[Number], into: npt.NDArray[Number] | None = None) -> npt.NDArray[Number]:
        """Bilinear; the border's pixels go on beyond it."""
        columns, rows = self._from
        warped = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, dst=into, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, picture.dtype)

    def outside(self) -> npt.NDArray[np.bool_]:
        """(H, W), True where the flow comes from beyond the border."""
        height, width = self.shape
        columns, rows = self._from
        is_outside: npt.NDArray[np.bool_] = (columns < 0) | (rows < 0) | (columns > width - 1) | (rows > height - 1)
        return is_outside


@kernel
def _aim(flow: Flow, source: Plane, top: int, bottom: int) -> None:
    width = flow.shape[2]
    for y in range(top, bottom):
        u, v, columns, rows = flow[0, y], flow[1, y], source[0, y], source[1, y]
        row = np.float32(y)
        for x in range(width):
            columns[x] = np.float32(x) + u[x]
            rows[x] = row + v[x]
