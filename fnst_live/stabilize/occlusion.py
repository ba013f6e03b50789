"""What of the past can be believed: 1 where the same thing is still seen, 0 where it came into view just now.

Judged at half the size, in both directions: neighbors agree anyway, and it costs a quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Pixels
from fnst_live.stabilize.flow import Flow
from fnst_live.stabilize.warp import Warp

Trust = npt.NDArray[np.float32]

PHOTOMETRIC_SCALE = 13.0  # levels of color error at which a pixel's past counts for a third
NOISE_FLOOR = 5.0         # levels of color error that are the camera's, not the scene's
OTHER_SCENE_ERROR = 20.0  # levels of color error that no flow and no camera make in half of a picture
FORGIVEN_PX = 2.0         # misalignment that is the flow's, not the scene's, where texture turns it into color error
MOST_FORGIVEN = 40.0      # levels; the contour of a thing that moves is steeper
ERRATIC_PX = 3            # a median over so many takes lone errors of the flow away; over 5, strokes follow noise
BESIDE = 0.25             # of its steepness counts for a boundary's neighbors


class PastTrust:
    """Compares frames of one size with their past; keeps the half-size pictures, one per stream."""

    def __init__(self, height: int, width: int):
        """Of the frames, in pixels."""
        self._size = (width, height)
        self._half = (max(1, width // 2), max(1, height // 2))
        self._warp = Warp(self._half[1], self._half[0])

    def halved(self, picture: npt.NDArray[Any]) -> Any:
        return cv2.resize(picture, self._half, interpolation=cv2.INTER_AREA)

    def estimate(self, now: Pixels, before: Pixels, flow: Flow) -> Trust | None:
        """float32 (H, W) in 0..1, or None after a cut.

        now, before: uint8 (H/2, W/2, 3), halved; flow: float32 (H, W, 2) in pixels, full size.
        """
        self._warp.follow(self.halved(flow) / 2)
        error = largest_channel(cv2.absdiff(now, self._warp.quick(before)))
        if float((cv2.blur(error, (3, 3)) > OTHER_SCENE_ERROR).mean()) > 0.5:
            return None
        excess = np.maximum(unexplained(error, now) - NOISE_FLOOR, 0) / PHOTOMETRIC_SCALE
        trust = np.exp(-excess * excess) * (1 - motion_boundary(self._warp.flow))
        trust[self._warp.outside() | taken_from_still(self._warp)] = 0
        return np.asarray(cv2.resize(trust, self._size, interpolation=cv2.INTER_LINEAR), np.float32)


def unexplained(error: npt.NDArray[np.uint8], now: Pixels) -> npt.NDArray[np.float32]:
    """Of the color error, the levels beyond what a slight misalignment does to the texture here: float32 (H, W).

    Without that allowance, foliage and fur would never have a past, and they flicker most.
    """
    texture = cv2.blur(steepness(now), (7, 7))  # a lone contour, of something that moves, is none
    forgiven = np.minimum(texture * FORGIVEN_PX, MOST_FORGIVEN)
    return np.asarray(cv2.blur(cv2.subtract(error, forgiven, dtype=cv2.CV_32F), (3, 3)), np.float32)


def steepness(picture: Pixels) -> npt.NDArray[np.float32]:
    """Levels from one pixel to the next, both directions together: float32 (H, W)."""
    green = picture[..., 1]
    along_x = cv2.Sobel(green, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    along_y = cv2.Sobel(green, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    return np.asarray(np.abs(along_x) + np.abs(along_y), np.float32)


def motion_boundary(flow: Flow) -> npt.NDArray[np.float32]:
    """0..1: where one thing passes before another, and what is uncovered has no past: float32 (H, W).

    Ruder et al. 2016, equation 6, for a flow of half the size, less its lone errors; from 0 at their threshold to 1 at
    twice as much.
    """
    components = [cv2.medianBlur(component, ERRATIC_PX) for component in cv2.split(flow)]
    slopes = [cv2.Sobel(component, cv2.CV_32F, *axis, ksize=1) for component in components for axis in ((1, 0), (0, 1))]
    threshold = 0.04 * sum_of_squares(components) + 0.002
    ratio = np.asarray(0.25 * sum_of_squares(slopes) / threshold, np.float32)  # a slope over two pixels, squared
    beside = cv2.dilate(ratio * BESIDE - 1, np.ones((3, 3), np.uint8))
    return np.clip(cv2.max(ratio - 1, beside), 0, 1)


def sum_of_squares(planes: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    """float32 (H, W), from as many planes of that size as there are."""
    total = np.zeros_like(planes[0])
    for plane in planes:
        cv2.accumulateSquare(plane, total)
    return total


def taken_from_still(warp: Warp) -> npt.NDArray[np.bool_]:
    """(H, W), True where a moving pixel would come from one that has stayed where it is: one thing cannot do both."""
    is_still = np.asarray(cv2.inRange(warp.flow, np.zeros(2), np.zeros(2)), np.uint8)  # 0 or 255
    is_moving = cv2.bitwise_not(cv2.inRange(warp.flow, np.full(2, -0.5), np.full(2, 0.5)))
    is_taken: npt.NDArray[np.bool_] = cv2.bitwise_and(warp.quick(is_still), is_moving) > 0
    return is_taken


def largest_channel(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """(H, W, 3) to (H, W): two colors can be of one brightness."""
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
