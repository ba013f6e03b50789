"""Warping: a picture of the past, moved to where its things are now."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.flow import Flow

Number = TypeVar("Number", np.uint8, np.float32)

REGAINED = 1.2  # of the steps between neighbors, for half a pixel in both directions 0.6: as crisp as bicubic
NEIGHBORS = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
SUM_OF_TWO = np.ones((1, 2), np.float32)


class Warp:
    """Samples earlier pictures along one flow, at first along none."""

    def __init__(self, height: int, width: int):
        self.shape = (height, width)
        self._rows, self._columns = np.mgrid[0:height, 0:width].astype(np.float32)
        self._x, self._y = np.empty_like(self._columns), np.empty_like(self._rows)
        self._fetched, self._around, self._crisp = (np.empty((height, width, 3), np.float32) for _ in range(3))
        self.follow(np.zeros((height, width, 2), np.float32))

    def follow(self, flow: Flow) -> None:
        """Use this flow, float32 (H, W, 2) in pixels, from now on."""
        self.flow = flow
        np.add(self._columns, flow[..., 0], out=self._x)
        np.add(self._rows, flow[..., 1], out=self._y)

    def quick(self, picture: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Bilinear: for what is only compared."""
        warped = cv2.remap(picture, self._x, self._y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, picture.dtype)

    def between(self, picture: npt.NDArray[np.float32], softness: float) -> npt.NDArray[np.float32]:
        """For what is seen, since it is resampled again and again: `quick` for softness 1, as crisp as bicubic for 0,
        crisper still below.

        What fetching between pixels softens is sharpened by as much, and what is fetched from a whole pixel not at
        all: a third of a bicubic kernel's time. picture: (H, W, 3). The result is good until the next call, since
        fresh memory for each frame would cost as much as half of the fetching.
        """
        fetched = cv2.remap(
            picture, self._x, self._y, cv2.INTER_LINEAR, dst=self._fetched, borderMode=cv2.BORDER_REPLICATE
        )
        if softness >= 1:
            return np.asarray(fetched, np.float32)
        gain = softening(self.flow) * (REGAINED * (1 - softness))
        around = cv2.filter2D(fetched, -1, NEIGHBORS, dst=self._around)
        return np.asarray(cv2.blendLinear(fetched, around, 1 + gain, -gain, dst=self._crisp), np.float32)

    def outside(self) -> npt.NDArray[np.bool_]:
        """(H, W), True where the flow comes from beyond the border."""
        height, width = self.shape
        is_outside: npt.NDArray[np.bool_] = (
            (self._x < 0) | (self._y < 0) | (self._x > width - 1) | (self._y > height - 1)
        )
        return is_outside


def softening(flow: Flow) -> npt.NDArray[np.float32]:
    """By how much a bilinear fetch along the flow softens: float32 (H, W), 0 at whole pixels to 0.5 between four."""
    beside = np.abs(flow - np.rint(flow))
    return np.asarray(cv2.transform(beside - beside * beside, SUM_OF_TWO), np.float32)
