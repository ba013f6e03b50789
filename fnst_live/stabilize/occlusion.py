"""What of the past can be believed: 1 where the same thing is still seen, 0 where it came into view just now.

Judged at half the size, in both directions: neighbors agree anyway, and it costs a quarter.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Pixels
from fnst_live.stabilize.bands import CHEAP_ROWS, in_bands
from fnst_live.stabilize.kernel import kernel
from fnst_live.stabilize.warp import Flow, Plane, fetched

Trust = npt.NDArray[np.float32]

PHOTOMETRIC_SCALE = np.float32(13)  # levels of color error at which a pixel's past counts for a third
NOISE_FLOOR = np.float32(5)         # levels of color error that are the camera's, not the scene's
OTHER_SCENE_ERROR = 20.0            # levels of color error that no flow and no camera make in half of a picture
FORGIVEN_PX = np.float32(2)         # misalignment that is the flow's, not the scene's, where there is texture
MOST_FORGIVEN = np.float32(40)      # levels; the contour of a thing that moves is steeper
ERRATIC_PX = 3                      # a median over so many takes lone errors away; over 5, strokes follow noise
BESIDE = np.float32(0.25)           # of its steepness counts for a boundary's neighbors
MOVING_PX = np.float32(0.5)         # this far, and it cannot come from what has stayed where it is

ZERO, ONE, HALF, QUARTER = np.float32(0), np.float32(1), np.float32(0.5), np.float32(0.25)
RELATIVE_SLOPE, LEAST_SLOPE = np.float32(0.04), np.float32(0.002)  # squared, from which on the flow has a boundary


class PastTrust:
    """Compares pictures of one size with their past; one per stream."""

    def __init__(self, height: int, width: int):
        self.shape = (height, width)
        self._before = np.empty((height, width, 3), np.uint8)
        self._planes = np.empty((2, height, width), np.float32)

    def estimate(self, now: Pixels, before: Pixels, flow: Flow) -> Trust | None:
        """float32 (H, W) in 0..1, or None after a cut.

        now, before: uint8 (H, W, 3); flow: float32 (2, H, W) in pixels.
        """
        error, texture = self._planes
        trust = np.empty_like(error)  # the caller's to keep: it may be read while the next one is made
        past, height = fetched(before, flow, self._before), now.shape[0]
        in_bands(partial(compare, now, past, error, texture), height)
        if float((cv2.blur(error, (3, 3)) > OTHER_SCENE_ERROR).mean()) > 0.5:
            return None
        forgive(error, blurred(texture, 7))  # a lone contour, of something that moves, is no texture
        in_bands(partial(judge, blurred(error, 3), motion_boundary(flow), flow, trust), height)
        return trust


def blurred(plane: Plane, side_px: int) -> Plane:
    return np.asarray(cv2.blur(plane, (side_px, side_px)), np.float32)


@kernel
def compare(now: Pixels, before: Pixels, error: Plane, texture: Plane, top: int, bottom: int) -> None:
    """error (H, W): in levels, of the channel where it is largest, since two colors can be of one brightness;
    texture (H, W): levels from one pixel to the next in green, both directions together."""
    height, width, _ = now.shape
    for y in range(top, bottom):
        above, below = now[max(y - 1, 0)], now[min(y + 1, height - 1)]
        here, past = now[y], before[y]
        for x in range(width):
            largest = ZERO
            for channel in range(3):
                largest = max(largest, abs(np.float32(here[x, channel]) - np.float32(past[x, channel])))
            error[y, x] = largest
            along_x = np.float32(here[min(x + 1, width - 1), 1]) - np.float32(here[max(x - 1, 0), 1])
            along_y = np.float32(below[x, 1]) - np.float32(above[x, 1])
            texture[y, x] = (abs(along_x) + abs(along_y)) * HALF


@kernel
def forgive(error: Plane, texture: Plane) -> None:
    """In place: of the error, the levels beyond what a slight misalignment does to the texture here.

    Without that allowance, foliage and fur would never have a past, and they flicker most.
    """
    height, width = error.shape
    for y in range(height):
        for x in range(width):
            error[y, x] -= min(texture[y, x] * FORGIVEN_PX, MOST_FORGIVEN)


def motion_boundary(flow: Flow) -> Plane:
    """0..1: where one thing passes before another, and what is uncovered has no past: float32 (H, W).

    Ruder et al. 2016, equation 6, for a flow of half the frame's size, less its lone errors; from 0 at their threshold
    to 1 at twice as much.
    """
    u, v = (np.asarray(cv2.medianBlur(component, ERRATIC_PX), np.float32) for component in flow)
    ratio = np.empty_like(u)
    in_bands(partial(_steepness, u, v, ratio), ratio.shape[0], CHEAP_ROWS)
    _either(ratio, np.asarray(cv2.dilate(ratio, np.ones((3, 3), np.uint8)), np.float32))
    return ratio


@kernel
def _steepness(u: Plane, v: Plane, ratio: Plane, top: int, bottom: int) -> None:
    """Squared slope of the flow relative to the least that is a boundary."""
    height, width = u.shape
    for y in range(top, bottom):
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            ux, vx = u[y, right] - u[y, left], v[y, right] - v[y, left]
            uy, vy = u[below, x] - u[above, x], v[below, x] - v[above, x]
            slope = QUARTER * (ux * ux + vx * vx + uy * uy + vy * vy)  # over two pixels, squared
            ratio[y, x] = slope / (RELATIVE_SLOPE * (u[y, x] * u[y, x] + v[y, x] * v[y, x]) + LEAST_SLOPE)


@kernel
def _either(ratio: Plane, beside: Plane) -> None:
    height, width = ratio.shape
    for y in range(height):
        for x in range(width):
            ratio[y, x] = min(max(max(ratio[y, x], beside[y, x] * BESIDE) - ONE, ZERO), ONE)


@kernel
def judge(error: Plane, boundary: Plane, flow: Flow, trust: Plane, top: int, bottom: int) -> None:
    """trust (H, W): less with the error, nothing over boundaries, from beyond the border, and where something that
    moves would come from what has stayed where it is: one thing cannot do both."""
    height, width = error.shape
    for y in range(top, bottom):
        for x in range(width):
            excess = max(error[y, x] - NOISE_FLOOR, ZERO) / PHOTOMETRIC_SCALE
            trust[y, x] = np.exp(-excess * excess) * (ONE - boundary[y, x])
            u, v = flow[0, y, x], flow[1, y, x]
            from_x, from_y = x + u, y + v
            if from_x < 0 or from_y < 0 or from_x > width - 1 or from_y > height - 1:
                trust[y, x] = 0
            elif max(abs(u), abs(v)) > MOVING_PX:
                near_x, near_y = int(from_x + HALF), int(from_y + HALF)
                if flow[0, near_y, near_x] == 0 and flow[1, near_y, near_x] == 0:
                    trust[y, x] = 0
