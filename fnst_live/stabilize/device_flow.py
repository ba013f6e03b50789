"""Backward flow on a card: the CPU's quick search (`flow.py`), all patches at once.

The same patches, the same step downhill, the same spreading and the same refinement. But where a patch there tries what
its neighbor has found just now, in raster order, here it tries what its four neighbors found in the round before: what
is known goes one patch further in each round. A card has the room for more rounds, and for more steps in each.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fnst_live.stabilize import flow as cpu_flow
from fnst_live.stabilize import refinement
from fnst_live.stabilize.device_kernels import kernels_of
from fnst_live.stabilize.patch_search import PATCH

STRIDE = 3         # from patch to patch
SEARCH_ROUNDS = 4
STEPS = 1          # downhill in each round; more follow the noise, where there is little else
DAMPING = 200.0    # of a step
FIRST_ROUNDS = 8   # on the coarsest scale, where nothing is known yet and a patch is a large part of the picture
REFINEMENT_ROUNDS, SWEEPS = 4, 3
COLORS = 2         # of a chessboard

CONSTANTS = {
    "PATCH": PATCH, "STRIDE": STRIDE, "AREA": float(PATCH * PATCH), "STEPS": STEPS, "DAMPING": DAMPING,
    "STILL_PX": float(cpu_flow.STILL_PX),
    **{name: float(getattr(refinement, name))
       for name in ("SMOOTHNESS", "COLOR", "GRADIENT", "EDGE", "FLAT", "OVER_RELAXATION")},
}


def scale_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """(height, width) from the picture's down to the coarsest; none where it is too small for a search."""
    if min(height, width) < 2 * PATCH:
        return []
    sizes = [(height, width)]
    while min(sizes[-1]) >= cpu_flow.FEWEST_PX:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    return sizes


class DeviceFlow:
    """An estimator for pictures of one size, on one device. Its memory is the same for every pair of pictures."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self.sizes = scale_sizes(height, width)
        self._kernels = kernels_of("flow", CONSTANTS, torch_device)
        self._scales = [DeviceScale(*size, torch_device) for size in self.sizes]
        self._flow = torch.zeros((2, height, width), device=torch_device)

    def estimate(self, now: Sequence[Tensor], before: Sequence[Tensor]) -> Tensor:
        """The pictures as gray levels, uint8 (h, w), each at all of `sizes`; returns (2, H, W), x and y in pixels: see
        `BackwardFlow.estimate`."""
        coarser: Tensor | None = None
        scales = list(zip(self._scales, now, before, strict=True))
        for scale, now_at_scale, before_at_scale in reversed(scales):
            coarser = scale.estimate(now_at_scale, before_at_scale, coarser)
        if coarser is not None:
            self._kernels.launch("settle", coarser.numel(), coarser, self._flow)
        return self._flow


class DeviceScale:
    """The search at one size."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._patches = PatchGrid(height, width, torch_device)
        self._refinement = DeviceRefinement(height, width, torch_device)

    def estimate(self, now: Tensor, before: Tensor, coarser: Tensor | None) -> Tensor:
        """uint8 (H, W), both; coarser: the flow at half the size, (2, H/2, W/2)."""
        self._patches.search(now, before, coarser)
        self._patches.spread(now, before, self._refinement.start)
        return self._refinement.refined(now, before, REFINEMENT_ROUNDS, SWEEPS)


class PatchGrid:
    """Overlapping patches every STRIDE pixels of pictures of one size: L of them, in rows and columns."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._launch = kernels_of("flow", CONSTANTS, torch_device).launch
        self._size = (height, width)
        self._counts = (height - PATCH) // STRIDE + 1, (width - PATCH) // STRIDE + 1
        self._patch_count = self._counts[0] * self._counts[1]
        self._gradient = torch.zeros((2, height, width), device=torch_device)
        self._known = torch.zeros((5, self._patch_count), device=torch_device)
        self._found, self._better = torch.zeros((2, 2, self._patch_count), device=torch_device)  # flows, twice

    def search(self, now: Tensor, before: Tensor, coarser: Tensor | None) -> None:
        """Each patch begins with what was found at half the size."""
        columns = self._counts[1]
        self._launch("differentiate", now.numel(), now, self._gradient, *self._size)
        self._launch("prepare", self._patch_count, self._gradient, self._known, columns, *self._size)
        if coarser is None:
            self._found.zero_()
        else:
            self._launch("begin", self._patch_count, coarser, self._found, columns, *coarser.shape[1:], *self._size)
        for _ in range(FIRST_ROUNDS if coarser is None else SEARCH_ROUNDS):
            self._launch(
                "search", self._patch_count, now, before, self._gradient, self._known, self._found, self._better,
                *self._counts, *self._size,
            )
            self._found, self._better = self._better, self._found

    def spread(self, now: Tensor, before: Tensor, flow: Tensor) -> None:
        """From patches to pixels, into flow (2, H, W): the mean of those over it, by how well they explain it."""
        self._launch("spread", now.numel(), now, before, self._found, flow, *self._counts, *self._size)


class DeviceRefinement:
    """The variational refinement of `refinement.py`, same energy and solver, from the flow in `start`, (2, H, W)."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._launch = kernels_of("flow", CONSTANTS, torch_device).launch
        self._size = (height, width)
        self._warped, self._residual, self._system, self.start, self._field = (
            torch.zeros((planes, height, width), device=torch_device) for planes in (1, 9, 7, 2, 2)
        )

    def refined(self, now: Tensor, before: Tensor, rounds: int, sweeps: int) -> Tensor:
        """uint8 (H, W), both; (2, H, W), always in the same memory."""
        pixels, (height, width) = now.numel(), self._size
        self._field.copy_(self.start)
        self._launch("warp", pixels, before, self.start, self._warped, *self._size)
        self._launch("linearize", pixels, now, self._warped, self._residual, *self._size)
        for _ in range(rounds):
            self._launch("weigh", pixels, self._residual, self.start, self._field, self._system, *self._size)
            for sweep in range(COLORS * sweeps):
                half = height * ((width + 1) // COLORS)
                self._launch("relax", half, self._system, self._field, sweep % COLORS, *self._size)
        return self._field
