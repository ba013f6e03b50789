"""What of the past can be believed: 1 where the same thing is still seen, 0 where it came into view just now."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Pixels
from fnst_live.stabilize.flow import Flow
from fnst_live.stabilize.warp import Warp

Trust = npt.NDArray[np.float32]

PHOTOMETRIC_SCALE = 0.035  # color error (0..1) at which a pixel's past counts for a third
NOISE_FLOOR = 0.02         # color error that is the camera's, not the scene's
BOUNDARY_SCALE = 0.02      # squared slope of the flow at which a pixel's past counts for a third


def trust_in_past(now: Pixels, before: Pixels, warp: Warp) -> Trust:
    """float32 (H, W) in 0..1: how well the content agrees with its past, and how sure the flow can be of it."""
    difference = largest_channel(cv2.absdiff(now, warp.quick(before)))
    error = cv2.boxFilter(difference, cv2.CV_32F, (5, 5)) / 255
    excess = np.maximum(error - NOISE_FLOOR, 0) / PHOTOMETRIC_SCALE
    trust: Trust = np.exp(-excess * excess - motion_boundary(warp.flow) / BOUNDARY_SCALE)
    trust[warp.outside() | taken_from_still(warp)] = 0
    return trust


def motion_boundary(flow: Flow) -> npt.NDArray[np.float32]:
    """Squared slope of the flow, the largest of a pixel's neighborhood: float32 (H, W).

    It is steep where one thing passes before another; what is uncovered there has no past, whatever the colors say
    (Sundaram et al. 2010, Ruder et al. 2016).
    """
    along_x = cv2.Sobel(flow, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    along_y = cv2.Sobel(flow, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    squares = cv2.add(cv2.multiply(along_x, along_x), cv2.multiply(along_y, along_y))  # (H, W, 2)
    slope = cv2.transform(squares, np.ones((1, 2), np.float32))
    return np.asarray(cv2.dilate(slope, np.ones((3, 3), np.uint8)), np.float32)


def taken_from_still(warp: Warp) -> npt.NDArray[np.bool_]:
    """(H, W), True where a moving pixel would come from one that has stayed where it is: one thing cannot do both."""
    reach = np.abs(warp.flow)
    is_still = np.asarray(cv2.inRange(reach, np.zeros(2), np.zeros(2)), np.uint8)  # 0 or 255
    is_moving = cv2.bitwise_not(cv2.inRange(reach, np.zeros(2), np.ones(2)))
    is_taken: npt.NDArray[np.bool_] = cv2.bitwise_and(warp.quick(is_still), is_moving) > 0
    return is_taken


def largest_channel(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """(H, W, 3) to (H, W): two colors can be of one brightness."""
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
