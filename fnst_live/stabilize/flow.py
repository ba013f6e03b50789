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
SAMPLE_STEP = 8  # every so many pixels tell whether the camera rests


class BackwardFlow:
    """An estimator with its settings and buffers; one per stream.

    finest_scale: 0 estimates down to single pixels, 1 down to pairs of them. patch_stride: pixels between patches.
    """

    def __init__(self, finest_scale: int = 1, patch_stride: int = 4, gradient_steps: int = 12, refinements: int = 2):
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._search.setFinestScale(finest_scale)
        self._search.setPatchStride(patch_stride)
        self._search.setGradientDescentIterations(gradient_steps)
        self._search.setVariationalRefinementIterations(refinements)

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


def still_pixels(now: Gray, before: Gray, moved: Gray) -> npt.NDArray[np.bool_]:
    """(H, W), True where the past as it stood explains the present as well as the past `moved` along the flow.

    Flow spreads some way beyond whatever moves, and follows noise where nothing does.
    """
    error_of_still, error_of_moved = (
        np.asarray(cv2.boxFilter(cv2.absdiff(now, past), cv2.CV_32F, (9, 9))) for past in (before, moved)
    )
    is_still: npt.NDArray[np.bool_] = error_of_still <= 1.15 * error_of_moved + 0.3
    return is_still
