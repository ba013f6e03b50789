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
        self._x, self._y = np.empty_like(self._columns), np.empty_like(self._rows)
        self._sharp, self._soft = (np.empty((height, width, 3), np.float32) for _ in range(2))
        self.follow(np.zeros((height, width, 2), np.float32))

    def follow(self, flow: Flow) -> None:
        """Use this flow, float32 (H, W, 2) in pixels, from now on."""
        self.flow = flow
        np.add(self._columns, flow[..., 0], out=self._x)
        np.add(self._rows, flow[..., 1], out=self._y)

    def sharp(self, picture: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Bicubic: for what is seen, since it is resampled again and again."""
        return self._sampled(picture, cv2.INTER_CUBIC)

    def quick(self, picture: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Bilinear: for what is only compared."""
        return self._sampled(picture, cv2.INTER_LINEAR)

    def between(self, picture: npt.NDArray[np.float32], softness: float) -> npt.NDArray[np.float32]:
        """`sharp` for softness 0, `quick` for 1, sharper still below 0; good until the next call.

        picture: (H, W, 3). Fresh memory for each frame would cost as much as half of the sampling.
        """
        if softness == 1:
            return self._sampled(picture, cv2.INTER_LINEAR, self._soft)
        sharp = self._sampled(picture, cv2.INTER_CUBIC, self._sharp)
        if softness == 0:
            return sharp
        soft = self._sampled(picture, cv2.INTER_LINEAR, self._soft)
        return np.asarray(cv2.addWeighted(sharp, 1 - softness, soft, softness, 0, dst=sharp), np.float32)

    def outside(self) -> npt.NDArray[np.bool_]:
        """(H, W), True where the flow comes from beyond the border."""
        height, width = self.shape
        is_outside: npt.NDArray[np.bool_] = (
            (self._x < 0) | (self._y < 0) | (self._x > width - 1) | (self._y > height - 1)
        )
        return is_outside

    def _sampled(
        self, picture: npt.NDArray[Number], interpolation: int, into: npt.NDArray[Number] | None = None
    ) -> npt.NDArray[Number]:
        warped = cv2.remap(picture, self._x, self._y, interpolation, dst=into, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, picture.dtype)
