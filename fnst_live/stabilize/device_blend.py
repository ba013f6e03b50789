"""Past and present become one on a card: what `FlowStabilizer` and `blend.py` do."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fnst_live.stabilize import blend, stabilizer
from fnst_live.stabilize.blend import CRISP_ROW_STEP
from fnst_live.stabilize.device_kernels import PLACES, kernels_of
from fnst_live.stabilize.device_motion import MotionPlanes
from fnst_live.stabilize.stabilizer import LUMA, STROKE_PX

COLOR_STEP = 8  # every so many rows and columns tell of contrast and saturation
KNOWN, SUMMED = 5, 9  # what is known of a whole picture, and what that is found by

CONSTANTS = {
    "SECOND": float(blend.SECOND), "CRISP_ROW_STEP": CRISP_ROW_STEP, "COLOR_STEP": COLOR_STEP,
    **{f"LUMA_{color}": float(share) for color, share in zip(("RED", "GREEN", "BLUE"), LUMA, strict=True)},
    **{name: float(getattr(stabilizer, name))
       for name in ("COLOR_FLICKER", "COLOR_SCALE", "LEAST_KEPT", "OTHER_PICTURE", "SAME_PICTURE", "MORE_SHARPNESS",
                    "MOST_RENEWAL", "GREATEST_STRETCH", "SOFTNESS_STEP", "CRISPNESS_KEPT", "CRISPEST", "SOFTEST")},
}


class Past(NamedTuple):
    """The previous frame, steadied, (3, H, W) in 0..255; and what is known of all of it, (5,), see device_blend.cu."""

    picture: Tensor
    known: Tensor


class DeviceBlend:
    """For frames of one size. Its memory is the same for all of them; it remembers nothing."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._kernels = kernels_of("blend", CONSTANTS, torch_device)
        self._size = (height, width)
        self._coarse_size = max(1, height // STROKE_PX), max(1, width // STROKE_PX)
        self._next, self._painted = self.memory(torch_device), torch.zeros((height, width, 3), dtype=torch.uint8)
        self._painted = self._painted.to(torch_device)
        self._warped = torch.zeros_like(self._next.picture)
        self._difference = torch.zeros((3, *self._coarse_size), device=torch_device)
        self._likeness = torch.zeros(self._coarse_size, device=torch_device)
        self._sums = torch.zeros((SUMMED, PLACES), dtype=torch.int64, device=torch_device)

    def memory(self, torch_device: torch.device) -> Past:
        """For one frame."""
        return Past(torch.zeros((3, *self._size), device=torch_device), torch.zeros(KNOWN, device=torch_device))

    def begin(self, levels: Tensor, past: Past) -> None:
        """With a frame that stays as it is. levels: uint8 (H, W, 3), as painted."""
        self._kernels.launch("take", levels[..., 0].numel(), levels, *past)

    def blended(self, past: Past, levels: Tensor, motion: MotionPlanes, weight: Tensor) -> tuple[Past, Tensor]:
        """The frame steadied, as the next one's past and as bytes (H, W, 3), always in the same memory; after a cut,
        just as it was painted.

        levels: uint8 (H, W, 3), as painted. weight: (), of the past where it can be believed.
        """
        launch, size, pixels = self._kernels.launch, self._size, levels[..., 0].numel()
        picture, known = self._next
        known.copy_(past.known)
        self._sums.zero_()
        launch("carry", pixels, past.picture, motion.flow, self._warped, *size)
        self._compare(levels)
        launch(
            "mix", pixels, self._warped, levels, motion.flow, motion.trust, self._likeness, weight, known, picture,
            *motion.trust.shape, *self._coarse_size, *size,
        )
        self._measure(levels, motion.is_cut)
        launch("recolor", pixels, picture, levels, motion.is_cut, known, picture, self._painted)
        return self._next, self._painted

    def _compare(self, levels: Tensor) -> None:
        """How like the past is to the frame, in broad colors: see `stabilizer.likeness`."""
        launch, cells = self._kernels.launch, self._likeness.numel()
        launch("coarsen", 3 * cells, self._warped, levels, self._difference, *self._size, *self._coarse_size)
        launch("liken", cells, self._difference, self._likeness, self._sums)
        launch("rule_sameness", 1, self._sums, self._next.known, cells)

    def _measure(self, levels: Tensor, is_cut: Tensor) -> None:
        """How crisp, and how colorful, what was mixed is beside the frame."""
        launch, (picture, known), (height, width) = self._kernels.launch, self._next, self._size
        crisp_pixels = len(range(1, height - 1, CRISP_ROW_STEP)) * max(0, width - 2)
        color_pixels = -(-height // COLOR_STEP) * -(-width // COLOR_STEP)
        launch("measure_crispness", crisp_pixels, picture, levels, self._sums, *self._size)
        launch("measure_color", color_pixels, picture, levels, self._sums, *self._size)
        launch("rule_picture", 1, self._sums, is_cut, known, crisp_pixels, color_pixels)
