"""Backward flow: for every pixel of this frame, where it was in the previous one.

Dense inverse search (Kroeger et al. 2016), estimated on the content, never on the painting: strokes do not move like
things do. How exact it is decides how steady the result can be. It is sought at half of the frame's size, in both
directions: what full size adds is less than what it costs.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.bands import in_bands
from fnst_live.stabilize.kernel import kernel
from fnst_live.stabilize.patch_search import BANDS, MARGIN, PATCH, Plane, search, spread, structure_tensors
from fnst_live.stabilize.refinement import Refinement
from fnst_live.stabilize.warp import fetched

Flow = npt.NDArray[np.float32]
Gray = npt.NDArray[np.uint8]

STILL_PX = np.float32(0.03)  # less than this is the estimate's own noise; snapped to nothing, the past is not resampled
FEWEST_PX = 32               # of the shorter side, on the coarsest scale but one
STRIDE = 3                   # from patch to patch of the quick search
PATCH_ROWS = 24              # of patches, that are worth a core of their own
ROUNDS, SWEEPS = 2, 3        # of its refinement


class BackwardFlow:
    """An estimator with its settings and buffers; one per stream.

    exact: OpenCV's medium preset, for results that are kept; else a search of our own, in a third of the time, for live
    pictures. The refinement is what steadies: it costs less and gains more than denser patches.
    """

    def __init__(self, *, exact: bool = True):
        self._preset = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM) if exact else None
        if self._preset is not None:
            self._preset.setFinestScale(0)
        self._scales: list[Scale] = []

    def estimate(self, now: Gray, before: Gray) -> Flow:
        """uint8 (H, W) both; returns float32 (2, H, W) in pixels: what is at (x, y) was at (x, y) + flow[:, y, x]."""
        if min(now.shape) < 2 * PATCH:
            return np.zeros((2, *now.shape), np.float32)
        flow = self._searched(now, before) if self._preset is None else self._found_by_preset(now, before)
        snap(flow)
        return flow

    def _found_by_preset(self, now: Gray, before: Gray) -> Flow:
        assert self._preset is not None
        at_rest = np.zeros((*now.shape, 2), np.float32)  # searched from, too: gains one point of E_warp
        flow = np.asarray(self._preset.calc(now, before, at_rest), np.float32)
        return np.ascontiguousarray(flow.transpose(2, 0, 1))

    def _searched(self, now: Gray, before: Gray) -> Flow:
        pairs = [(now, before)]
        while min(pairs[-1][0].shape) >= FEWEST_PX:
            pairs.append((halved(pairs[-1][0]), halved(pairs[-1][1])))
        if not self._scales or self._scales[0].shape != now.shape:
            self._scales = [Scale(*now.shape) for now, _ in pairs]
        flow: Flow | None = None
        for scale, pair in zip(reversed(self._scales), reversed(pairs), strict=True):
            flow = scale.estimate(*pair, flow)
        assert flow is not None
        return flow.copy()


class Scale:
    """The quick search at one size, with the room that it needs."""

    def __init__(self, height: int, width: int):
        self.shape = (height, width)
        patches = ((height - PATCH) // STRIDE + 1, (width - PATCH) // STRIDE + 1)
        self._bands_at_once = -(-BANDS * PATCH_ROWS // patches[0])
        self._tensors = np.empty((*patches, 5), np.float32)
        self._found = np.empty((2, *patches), np.float32)
        self._flow, self._start = (np.zeros((2, height, width), np.float32) for _ in range(2))
        self._weight = np.empty((height, width), np.float32)
        self._refinement = Refinement()

    def estimate(self, now: Gray, before: Gray, coarser: Flow | None) -> Flow:
        """coarser: the flow at half the size, (2, H/2, W/2). The result is good until the next call."""
        height = self.shape[0]
        here, there = now.astype(np.float32), before.astype(np.float32)
        along_x, along_y = _gradient(here)
        in_bands(partial(structure_tensors, along_x, along_y, STRIDE, self._tensors), len(self._tensors), PATCH_ROWS)
        pictures = (here, _extended(there), along_x, along_y, self._tensors)
        start = self._start if coarser is None else enlarged(coarser, self._start)
        in_bands(partial(search, pictures, start, STRIDE, self._found), BANDS, self._bands_at_once)
        in_bands(partial(spread, pictures, self._found, STRIDE, self._flow, self._weight), height)
        self._refinement.refine(here, fetched(there, self._flow), self._flow, ROUNDS, SWEEPS)
        return self._flow


def _gradient(picture: Plane) -> list[Plane]:
    axes = ((1, 0), (0, 1))
    return [np.asarray(cv2.Sobel(picture, cv2.CV_32F, *axis, scale=1 / 8), np.float32) for axis in axes]


def _extended(picture: Plane) -> Plane:
    """By MARGIN pixels on every side."""
    extended = cv2.copyMakeBorder(picture, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REPLICATE)
    return np.asarray(extended, np.float32)


def halved(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(H, W) or (H, W, 3)."""
    height, width = picture.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarged(flow: Flow, larger: Flow) -> Flow:
    """Into `larger`, (2, H, W) of another size, whose pixels it counts in."""
    height, width = larger.shape[1:]
    factors = (width / flow.shape[2], height / flow.shape[1])
    for component, target, factor in zip(flow, larger, factors, strict=True):
        cv2.resize(cv2.multiply(component, factor), (width, height), dst=target)
    return larger


@kernel
def snap(flow: Plane) -> None:
    """Each component below STILL_PX becomes nothing, in place."""
    values = flow.reshape(-1)
    for place in range(values.size):
        if abs(values[place]) <= STILL_PX:
            values[place] = 0
