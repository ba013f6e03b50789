"""Backward flow as torch operations on any device: the CPU's quick search (`flow.py`), all patches at once.

The same patches, the same step downhill, the same spreading and the same refinement. But where a patch there tries what
its neighbor has found just now, in raster order, here it tries what its four neighbors found in the round before: what
is known goes one patch further in each round. A card has the room for denser patches and for more rounds.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor
from torch.nn import functional

from fnst_live.stabilize import flow as cpu_flow
from fnst_live.stabilize import patch_search
from fnst_live.stabilize.device_planes import AreaResize, DeviceWarp, bilinear, enlarged_flow, rounded, unit_steps
from fnst_live.stabilize.device_refinement import DeviceRefinement
from fnst_live.stabilize.patch_search import PATCH

STRIDE = 3         # from patch to patch
SEARCH_ROUNDS = 3  # more follow the noise, where there is little else
FIRST_ROUNDS = 8   # on the coarsest scale, where nothing is known yet and a patch is a large part of the picture
REFINEMENT_ROUNDS, SWEEPS = 4, 3

STILL_PX, DAMPING = float(cpu_flow.STILL_PX), float(patch_search.DAMPING)
AREA = PATCH * PATCH
SOBEL_SUM = 8  # of an operator's weights, by size


class DeviceFlow:
    """An estimator for pictures of one size, on one device; it remembers nothing."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        sizes = scale_sizes(height, width)
        self._scales = [DeviceScale(*size, torch_device) for size in sizes]
        self._halvings = [AreaResize(*pair, torch_device) for pair in itertools.pairwise(sizes)]

    def estimate(self, now: Tensor, before: Tensor) -> Tensor:
        """(1, 1, H, W) in whole levels, both; returns (1, 2, H, W), x and y in pixels: see `BackwardFlow.estimate`."""
        if not self._scales:
            return now.new_zeros((1, 2, *now.shape[2:]))
        pairs = [(now, before)]
        for halve in self._halvings:
            now, before = rounded(halve(now)), rounded(halve(before))
            pairs.append((now, before))
        flow: Tensor | None = None
        for scale, pair in zip(reversed(self._scales), reversed(pairs), strict=True):
            flow = scale.estimate(*pair, flow)
        assert flow is not None
        return flow.masked_fill(flow.abs() <= STILL_PX, 0)


def scale_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """(height, width) from the picture's down to the coarsest; none where it is too small for a search."""
    if min(height, width) < 2 * PATCH:
        return []
    sizes = [(height, width)]
    while min(sizes[-1]) >= cpu_flow.FEWEST_PX:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    return sizes


class DeviceScale:
    """The search at one size."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._patches = PatchGrid(height, width, torch_device)
        self._warp = DeviceWarp(height, width, torch_device)
        self._refinement = DeviceRefinement(height, width, torch_device)

    def estimate(self, now: Tensor, before: Tensor, coarser: Tensor | None) -> Tensor:
        """coarser: the flow at half the size, (1, 2, H/2, W/2)."""
        height, width = self._warp.shape
        if coarser is None:
            start, rounds = now.new_zeros((1, 2, height, width)), FIRST_ROUNDS
        else:
            start, rounds = enlarged_flow(coarser, height, width), SEARCH_ROUNDS
        flow = self._patches.spread(now, before, self._patches.searched(now, before, start, rounds))
        return self._refinement.refined(now, self._warp.fetched(before, flow), flow, REFINEMENT_ROUNDS, SWEEPS)


class PatchGrid:
    """Overlapping patches every STRIDE pixels of pictures of one size.

    There are L of them, in rows and columns, with PATCH * PATCH = 64 pixels each; flows of patches are (K, 2, L), where
    K are tried at once.
    """

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._size = (height, width)
        self._counts = (height - PATCH) // STRIDE + 1, (width - PATCH) // STRIDE + 1
        self._corners = places(self._counts, STRIDE, torch_device)
        self._to_unit = unit_steps(height, width, torch_device)[..., 0]  # (1, 2, 1)
        offsets = places((PATCH, PATCH), 1, torch_device) * self._to_unit
        self._steps = offsets.transpose(1, 2).contiguous()[:, :, None]  # (1, 64, 1, 2)
        self._nearest = torch.full((2, 1), float(1 - PATCH), device=torch_device)
        self._farthest = torch.tensor([[width - 1.0], [height - 1.0]], device=torch_device)

    def searched(self, now: Tensor, before: Tensor, start: Tensor, rounds: int) -> Tensor:
        """(1, 2, L), from start, (1, 2, H, W)."""
        template = self._cut(now)
        slopes = self._cut(gradient(now))
        inverse = damped_inverse(slopes)
        slopes = slopes - slopes.mean(1, keepdim=True)
        found = self._at_centers(start)
        for _ in range(rounds):
            tried = torch.cat([found, *self._of_neighbors(found)])
            difference = self._fetched(before, tried) - template
            difference = difference - difference.mean(1, keepdim=True)  # brightness may change
            found = descended(*best_of(tried, difference), slopes, inverse)
        return found

    def spread(self, now: Tensor, before: Tensor, found: Tensor) -> Tensor:
        """From patches (1, 2, L) to pixels (1, 2, H, W): the mean of those over it, by how well they explain it."""
        share = 1 / (self._fetched(before, found) - self._cut(now)).abs().clamp(min=1)  # (1, 64, L)
        parts = torch.cat([share * found[:, :1], share * found[:, 1:], share])
        sums = functional.fold(parts, self._size, PATCH, stride=STRIDE)
        covered_height, covered_width = (STRIDE * (count - 1) + PATCH for count in self._counts)
        covered = sums[:, :, :covered_height, :covered_width]
        flow = (covered[:2] / covered[2:]).transpose(0, 1)
        beyond = (0, self._size[1] - covered_width, 0, self._size[0] - covered_height)
        return functional.pad(flow, beyond, mode="replicate")

    def _cut(self, pictures: Tensor) -> Tensor:
        """(N, 1, H, W) to patches (N, 64, L)."""
        return functional.unfold(pictures, PATCH, stride=STRIDE)

    def _fetched(self, picture: Tensor, flows: Tensor) -> Tensor:
        """(K, 64, L): what of the earlier picture (1, 1, H, W) the patches see through flows (K, 2, L)."""
        corners = torch.clamp(self._corners + flows, self._nearest, self._farthest) * self._to_unit - 1
        grid = corners.transpose(1, 2).contiguous()[:, None] + self._steps  # (K, 64, L, 2), the only large one
        count, pixels, patches, _ = grid.shape
        return bilinear(picture, grid.view(1, count * pixels, patches, 2)).view(count, pixels, patches)

    def _at_centers(self, flow: Tensor) -> Tensor:
        """(1, 2, H, W) to (1, 2, L)."""
        rows, columns = self._counts
        return flow[:, :, PATCH // 2::STRIDE, PATCH // 2::STRIDE][:, :, :rows, :columns].flatten(2)

    def _of_neighbors(self, found: Tensor) -> list[Tensor]:
        """What the patches to the left, right, above and below have, (1, 2, L) each; at the border, their own."""
        framed = functional.pad(found.view(1, 2, *self._counts), (1, 1, 1, 1), mode="replicate")
        views = framed[..., 1:-1, :-2], framed[..., 1:-1, 2:], framed[..., :-2, 1:-1], framed[..., 2:, 1:-1]
        return [view.flatten(2) for view in views]


def places(counts: tuple[int, int], step: int, torch_device: torch.device) -> Tensor:
    """(1, 2, N): x and y of so many rows and columns of points, `step` pixels apart."""
    rows, columns = (torch.arange(0, count * step, step, dtype=torch.float32) for count in counts)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y]).flatten(1)[None].to(torch_device)


def best_of(tried: Tensor, difference: Tensor) -> tuple[Tensor, Tensor]:
    """Of flows (K, 2, L) and what they leave unexplained (K, 64, L), the best, with K = 1; the first unless another is
    truly better, so that nothing spreads over what looks the same everywhere."""
    error = difference.square().sum(1)
    least, index = error[1:].min(0)
    index = (index + 1).masked_fill(least >= error[0], 0)[None, None]
    return (
        tried.gather(0, index.expand(-1, tried.shape[1], -1)),
        difference.gather(0, index.expand(-1, difference.shape[1], -1)),
    )


def damped_inverse(slopes: Tensor) -> Tensor:
    """(3, L): xx, xy, yy of the inverted structure tensors of gradients (2, 64, L)."""
    along_x, along_y = slopes
    xx, yy = along_x.square().sum(0) + DAMPING, along_y.square().sum(0) + DAMPING
    xy = (along_x * along_y).sum(0)
    inverse: Tensor = torch.stack([yy, -xy, xx]) / (xx * yy - xy * xy)
    return inverse


def descended(found: Tensor, difference: Tensor, slopes: Tensor, inverse: Tensor) -> Tensor:
    """found (1, 2, L) one Gauss-Newton step further, but where that leads farther than a patch, which is anywhere."""
    x, y = (difference * slopes).sum(1)
    xx, xy, yy = inverse
    step = torch.stack([xx * x + xy * y, xy * x + yy * y])
    step = step.masked_fill(step.square().sum(0) > AREA, 0)
    return found - step


def gradient(picture: Tensor) -> Tensor:
    """(2, 1, H, W) of (1, 1, H, W), in levels a pixel, by Sobel's operators; the border is a mirror."""
    wider = functional.pad(picture, (1, 1, 1, 1), mode="reflect")
    across, down = wider[..., 2:] - wider[..., :-2], wider[..., 2:, :] - wider[..., :-2, :]
    along_x = across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]
    along_y = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    return torch.cat([along_x, along_y]) / SOBEL_SUM
