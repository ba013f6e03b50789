"""What the content tells, on a card: `motion.py`, `rest.py` and `occlusion.py` in one.

Every decision stays on the device: to ask for it would be to wait for it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fnst_live.stabilize import occlusion, rest
from fnst_live.stabilize.device_flow import CONSTANTS as FLOW_CONSTANTS
from fnst_live.stabilize.device_flow import DeviceFlow
from fnst_live.stabilize.device_kernels import PLACES, kernels_of
from fnst_live.stabilize.flow import STILL_PX

REST_AROUND = 9       # pixels, over which a change is averaged
STILL_SHARE = 0.8     # of pixels that have not changed at all, before a camera at rest
COUNTED = 8           # what is counted of a picture

CONSTANTS = {
    "GRAY_RED": 9798, "GRAY_GREEN": 19235, "GRAY_BLUE": 3735, "GRAY_BITS": 15,  # OpenCV's luma in whole numbers
    "REST_AROUND": REST_AROUND, "STILL_SHARE": STILL_SHARE, "STILL_DRIFT_PX": 2 * float(STILL_PX),
    "ERROR_AROUND": 3, "TEXTURE_AROUND": 7,  # pixels, over which they are averaged
    "SAMPLE_STEP": rest.SAMPLE_STEP,
    **{name: float(getattr(rest, name))
       for name in ("FOLLOWED_NOISE", "UNCHANGED_LEVELS", "NOISY_LEVELS", "AT_REST_SHARE")},
    **{name: float(getattr(occlusion, name))
       for name in ("FORGIVEN_PX", "MOST_FORGIVEN", "OTHER_SCENE_ERROR", "RELATIVE_SLOPE", "LEAST_SLOPE", "NOISE_FLOOR",
                    "PHOTOMETRIC_SCALE", "BESIDE", "MOVING_PX")},
}


class Seen(NamedTuple):
    """What is remembered of a frame, as bytes: gray (H, W); at half size, color (h, w, 3) and gray; smaller grays."""

    gray: Tensor
    half_color: Tensor
    half_gray: Tensor
    smaller_grays: tuple[Tensor, ...]

    @property
    def tensors(self) -> list[Tensor]:
        return [self.gray, self.half_color, self.half_gray, *self.smaller_grays]


class MotionPlanes(NamedTuple):
    """flow (2, H, W) in pixels; at half size, trust (h, w) in 0..1; is_cut (1,), 1 where nothing of it counts."""

    flow: Tensor
    trust: Tensor
    is_cut: Tensor


class DeviceEye:
    """Compares frames of one size, (height, width), with the ones before. Its memory is the same for all of them."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._torch_device = torch_device
        self._kernels = kernels_of("motion", CONSTANTS, torch_device)
        self._flow_kernels = kernels_of("flow", FLOW_CONSTANTS, torch_device)
        self._size, self._half_size = (height, width), (max(1, height // 2), max(1, width // 2))
        self._flow = DeviceFlow(*self._half_size, torch_device)
        self._changes, self._sums = self._bytes(2, *self._size), self._bytes(2, *self._size, dtype=torch.int16)
        self._flags, self._flag_of_rest = self._bytes(*self._size), self._bytes(1)
        self._counted = self._bytes(COUNTED, PLACES, dtype=torch.int64)
        self._error = self._bytes(*self._half_size)
        self._texture, self._unforgiven, self._steepness = self._halves(3)
        self._medians = self._halves(2)
        self._planes = MotionPlanes(
            torch.zeros((2, height, width), device=torch_device), self._halves(1)[0], self._bytes(1)
        )

    def _bytes(self, *shape: int, dtype: torch.dtype = torch.uint8) -> Tensor:
        return torch.zeros(shape, dtype=dtype, device=self._torch_device)

    def _halves(self, count: int) -> Tensor:
        return torch.zeros((count, *self._half_size), device=self._torch_device)

    def memory(self) -> Seen:
        """For what is seen of one frame."""
        smaller = tuple(self._bytes(*size) for size in self._flow.sizes[1:])
        return Seen(self._bytes(*self._size), self._bytes(*self._half_size, 3), self._bytes(*self._half_size), smaller)

    def look(self, content: Tensor, seen: Seen) -> None:
        """content: uint8 (H, W, 3)."""
        self._kernels.launch("make_gray", seen.gray.numel(), content, seen.gray)
        self._halve(content, seen.half_color, colors=3)
        larger = seen.gray
        for smaller in (seen.half_gray, *seen.smaller_grays):
            self._halve(larger, smaller, colors=1)
            larger = smaller

    def _halve(self, picture: Tensor, smaller: Tensor, colors: int) -> None:
        self._flow_kernels.launch(
            "halve", smaller.numel(), picture, smaller, *picture.shape[:2], colors, *smaller.shape[:2]
        )

    def motion(self, now: Seen, before: Seen) -> MotionPlanes:
        """Always in the same memory."""
        scales = [[seen.half_gray, *seen.smaller_grays][:len(self._flow.sizes)] for seen in (now, before)]
        half_flow = self._flow.estimate(*scales)
        self._counted.zero_()
        self._let_rest(now, before, half_flow)
        self._judge(now, before, half_flow)
        return self._planes

    def _let_rest(self, now: Seen, before: Seen, half_flow: Tensor) -> None:
        """The flow of all pixels, and none where nothing moves before a camera at rest: see `rest.pixels_at_rest`."""
        launch, size, pixels, halves = self._kernels.launch, self._size, self._flags.numel(), half_flow[0].numel()
        flow, samples = self._planes.flow, now.gray[::rest.SAMPLE_STEP, ::rest.SAMPLE_STEP].numel()
        launch("follow", pixels, now.gray, before.gray, half_flow, flow, self._changes, *self._half_size, *size)
        launch("sum_rows", 2 * pixels, self._changes, self._sums, *size)
        launch("look_for_rest", pixels, now.gray, before.gray, flow, self._sums, self._flags, self._counted, *size)
        launch("rule_rest", 1, self._counted, self._flag_of_rest, pixels, samples)
        launch("rest", pixels, self._flags, self._flag_of_rest, flow)
        launch("rest_halves", halves, self._flags, self._flag_of_rest, half_flow, self._half_size[1], *size)

    def _judge(self, now: Seen, before: Seen, half_flow: Tensor) -> None:
        """How far the past can be believed: see `occlusion.judge`."""
        launch, size, halves = self._kernels.launch, self._half_size, half_flow[0].numel()
        launch("compare", halves, now.half_color, before.half_color, half_flow, self._error, self._texture, *size)
        launch("forgive", halves, self._error, self._texture, self._unforgiven, self._counted, *size)
        launch("take_medians", halves, half_flow, self._medians, *size)
        launch("find_boundaries", halves, self._medians, self._steepness, *size)
        launch("judge", halves, self._unforgiven, self._steepness, half_flow, self._planes.trust, *size)
        launch("rule_cut", 1, self._counted, self._planes.is_cut, halves)
