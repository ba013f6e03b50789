"""Backward flow: for every pixel of this frame, where it was in the previous one.

Dense inverse search (Kroeger et al. 2016), estimated on the content, never on the painting: strokes do not move like
things do. How exact it is decides how steady the result can be.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Flow = npt.NDArray[np.float32]
Gray = npt.NDArray[np.uint8]

STILL_PX = 0.06  # less than this is the estimate's own noise; snapped to nothing, the past is not resampled


class BackwardFlow:
    """An estimator with its settings and buffers; one per stream.

    exact: dense patches and a long refinement (the library's medium preset), for results that are kept; else a third
    of the time, for live pictures. The refinement is what steadies: it costs less and gains more than denser patches.
    """

    def __init__(self, *, exact: bool = True):
        self._is_exact = exact
        if exact:
            self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
            return
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._search.setFinestScale(1)
        self._search.setPatchStride(5)
        self._search.setGradientDescentIterations(8)
        self._search.setVariationalRefinementIterations(3)

    def estimate(self, now: Gray, before: Gray) -> Flow:
        """uint8 (H, W) both; returns float32 (H, W, 2) in pixels: `now[y, x]` was at `before[(y, x) + flow]`."""
        return without_noise(np.asarray(self._search.calc(now, before, self._guess(now)), np.float32))

    def _guess(self, now: Gray) -> Flow:
        """No motion: each patch tries that, too, which makes a long search better, and a short one only slower; it
        goes without, as of an array of another size nothing is read."""
        return np.zeros((*now.shape, 2) if self._is_exact else (0, 0, 2), np.float32)


def without_noise(flow: Flow) -> Flow:
    """The same, with nothing where there was next to nothing along an axis."""
    height, width = flow.shape[:2]
    values = flow.reshape(height, 2 * width)
    is_noise = cv2.inRange(values, -STILL_PX, STILL_PX)
    return np.asarray(cv2.copyTo(values, cv2.bitwise_not(is_noise)), np.float32).reshape(flow.shape)
