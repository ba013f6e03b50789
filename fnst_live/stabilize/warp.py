"""Warping: a picture of the past, moved to where its things are now."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.flow import Flow

Number = TypeVar("Number", np.uint8, np.float32)


class Warp:
    """Samples earlier pictures along one flow, at first along none."""

    def __init__(self, height: int, width: int):
        self.shape = (height, width)
        self._rows, self._columns = np.mgrid[0:height, 0:width].astype(np.float32)
        self.follow(np.zeros((height, width, 2), np.float32))

    def follow(self, flow: Flow) -> None:
        """Use this flow, float32 (H, W, 2) in pixels, from now on."""
        self.flow = flow
        self._x, self._y = self._columns + flow[..., 0], self._rows + flow[..., 1]

    def sharp(self, picture: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Bicubic: for what is seen, since it is resampled again and again."""
        return self._sampled(picture, cv2.INTER_CUBIC)

    def quick(self, picture: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Bilinear: for what is only compared."""
        return self._sampled(picture, cv2.INTER_LINEAR)

    def between(self, picture: npt.NDArray[np.float32], softness: float) -> npt.NDArray[np.float32]:
        """`sharp` for softness 0, `quick` for 1, sharper still below 0."""
        sharp = self.sharp(picture)
        if softness == 0:
            return sharp
        return np.asarray(cv2.addWeighted(sharp, 1 - softness, self.quick(picture), softness, 0), np.float32)

    def outside(self) -> npt.NDArray[np.bool_]:
        """(H, W), True where the flow comes from beyond the border."""
        height, width = self.shape
        is_outside: npt.NDArray[np.bool_] = (
            (self._x < 0) | (self._y < 0) | (self._x > width - 1) | (self._y > height - 1)
        )
        return is_outside

    def _sampled(self, picture: npt.NDArray[Number], interpolation: int) -> npt.NDArray[Number]:
        warped = cv2.remap(picture, self._x, self._y, interpolation, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, picture.dtype)
