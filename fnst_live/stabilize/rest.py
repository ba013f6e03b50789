"""What stands still before a camera that stands still: there strokes must not follow a flow that is not there."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.flow import STILL_PX, Flow, Gray
from fnst_live.stabilize.kernel import kernel
from fnst_live.stabilize.warp import fetched

UNCHANGED_LEVELS = 0.1  # of difference to the past, in a picture without noise
NOISY_LEVELS = 0.45     # of difference in most of the picture: there is noise, or all of it moves
FOLLOWED_NOISE = 1.3    # by so much flow lowers the difference between two pictures of nothing but noise
AT_REST_SHARE = 0.8     # of a noisy picture, in which nothing is gained by moving it
SAMPLE_STEP = 16        # every so many pixels tell whether the camera rests


def is_camera_at_rest(flow: Flow, now: Gray, before: Gray) -> bool:
    """Whether most of the picture stands still: by its flow, or, where plain areas take on the motion beside them, by
    not having changed at all."""
    step = slice(None, None, SAMPLE_STEP)
    drift = np.median(flow[:, step, step].reshape(2, -1), axis=1)
    change = cv2.absdiff(now[step, step], before[step, step])
    return bool(np.abs(drift).max() < 2 * STILL_PX or np.mean(change == 0) > 0.8)


def local_change(now: Gray, before: Gray) -> npt.NDArray[np.float32]:
    """Mean difference in levels over a neighborhood: float32 (H, W)."""
    return np.asarray(cv2.boxFilter(cv2.absdiff(now, before), cv2.CV_32F, (9, 9)), np.float32)


def pixels_at_rest(now: Gray, before: Gray, flow: Flow) -> npt.NDArray[np.bool_] | None:
    """(H, W), True where nothing moves before a camera at rest; None where nobody can tell that the camera rests.

    Flow spreads some way beyond whatever moves, and follows noise where nothing does. Strokes that followed it would
    wander. At full size: noise is a measure here, and halving would take half of it away.
    """
    change = local_change(now, before)
    is_noisy = float(np.median(change[::SAMPLE_STEP, ::SAMPLE_STEP])) > NOISY_LEVELS
    if is_noisy:
        gained_nothing = change <= FOLLOWED_NOISE * local_change(now, fetched(before, flow))
        return gained_nothing if gained_nothing.mean() > AT_REST_SHARE else None
    return change < UNCHANGED_LEVELS if is_camera_at_rest(flow, now, before) else None


@kernel
def hold_still(flow: Flow, half_flow: Flow, resting: npt.NDArray[np.bool_]) -> None:
    """No flow where the picture rests, resting (H, W), in place; at half size where all four pixels do."""
    _, height, width = flow.shape
    for y in range(height):
        for x in range(width):
            if resting[y, x]:
                flow[0, y, x] = 0
                flow[1, y, x] = 0
    _, half_height, half_width = half_flow.shape
    for y in range(half_height):
        above, below = min(2 * y, height - 1), min(2 * y + 1, height - 1)
        for x in range(half_width):
            left, right = min(2 * x, width - 1), min(2 * x + 1, width - 1)
            if resting[above, left] and resting[above, right] and resting[below, left] and resting[below, right]:
                half_flow[0, y, x] = 0
                half_flow[1, y, x] = 0
