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
UNCHANGED_LEVELS = 0.5
SAMPLE_STEP = 16  # every so many pixels tell whether the camera rests


class BackwardFlow:
    """An estimator with its settings and buffers; one per stream.

    exact: dense patches and a long refinement (the library's medium preset), for results that are kept; else a third
    of the time, for live pictures.
    """

    def __init__(self, *, exact: bool = True):
        if exact:
            self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
            return
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._search.setFinestScale(1)
        self._search.setPatchStride(5)
        self._search.setGradientDescentIterations(8)
        self._search.setVariationalRefinementIterations(1)

    def estimate(self, now: Gray, before: Gray) -> Flow:
        """uint8 (H, W) both; returns float32 (H, W, 2) in pixels: `now[y, x]` was at `before[(y, x) + flow]`."""
        flow = np.zeros((*now.shape, 2), np.float32)
        self._search.calc(now, before, flow)
        flow[np.abs(flow) < STILL_PX] = 0
        return flow


def is_camera_at_rest(flow: Flow, now: Gray, before: Gray) -> bool:
    """Whether most of the picture stands still: by its flow, or, where plain areas take on the motion beside them, by
    not having changed at all."""
    step = slice(None, None, SAMPLE_STEP)
    drift = np.median(flow[step, step].reshape(-1, 2), axis=0)
    change = cv2.absdiff(now[step, step], before[step, step])
    return bool(np.abs(drift).max() < STILL_PX or np.mean(change == 0) > 0.8)


def unchanged_pixels(now: Gray, before: Gray) -> npt.NDArray[np.bool_]:
    """(H, W), True where nothing has happened for some way around: flow spreads that far beyond whatever moves."""
    change = np.asarray(cv2.boxFilter(cv2.absdiff(now, before), cv2.CV_32F, (9, 9)))
    is_unchanged: npt.NDArray[np.bool_] = change < UNCHANGED_LEVELS
    return is_unchanged
