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
NO_START = np.empty(0, np.float32)  # a flow of zeros would be one, searched from beside the coarser scale's: 5 ms more


class BackwardFlow:
    """An estimator with its settings and buffers; one per stream.

    exact: dense patches and a long refinement (the library's medium preset), for results that are kept; else a third
    of the time, for live pictures. The refinement is what steadies: it costs less and gains more than denser patches.
    """

    def __init__(self, *, exact: bool = True):
        self._starts_at_rest = exact  # helps the long refinement by one point of E_warp, hinders the short one
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
        start = np.zeros((*now.shape, 2), np.float32) if self._starts_at_rest else NO_START
        return snapped(np.asarray(self._search.calc(now, before, start), np.float32))


def snapped(flow: Flow) -> Flow:
    """Each component below STILL_PX becomes nothing."""
    height, width = flow.shape[:2]
    components = flow.reshape(height, 2 * width)
    moving = cv2.bitwise_not(cv2.inRange(components, np.array(-STILL_PX), np.array(STILL_PX)))
    return np.asarray(cv2.copyTo(components, moving), np.float32).reshape(flow.shape)
