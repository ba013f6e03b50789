"""The variational refinement of `refinement.py`, same energy and same solver, as torch operations on any device.

All pixels at once, and in the relaxation all of one color of the chessboard: the other color's are kept by factors of 0
and 1. The two constancies are three residuals, of color and of its gradient's two components, linear in the flow: what
they contribute to the linear system are products that are computed once and weighted anew in every round.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from fnst_live.stabilize import refinement
from fnst_live.stabilize.device_planes import slope_x, slope_y

SMOOTHNESS, COLOR, GRADIENT, EDGE, FLAT, OVER_RELAXATION = (
    float(value) for value in (
        refinement.SMOOTHNESS, refinement.COLOR, refinement.GRADIENT, refinement.EDGE, refinement.FLAT,
        refinement.OVER_RELAXATION,
    )
)
COLORS = 2  # of a chessboard


class DeviceRefinement:
    """For flows of one size."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        squares = (torch.arange(height)[:, None] + torch.arange(width)) % COLORS
        taken = [OVER_RELAXATION * (squares == color).float() for color in range(COLORS)]
        self._taken = [factor.to(torch_device) for factor in taken]
        self._kept = [1 - factor for factor in self._taken]

    def refined(self, now: Tensor, warped: Tensor, flow: Tensor, rounds: int, sweeps: int) -> Tensor:
        """flow (1, 2, H, W), by which `warped` was fetched from the earlier picture; both (1, 1, H, W) in 0..255."""
        start = flow[0]
        residual, products = linearized(now, warped)
        field = functional.pad(start, (1, 1, 1, 1))  # a border of nothing
        inner = field[:, 1:-1, 1:-1]
        for _ in range(rounds):
            system = weighted(residual, products, inner - start)
            pulls = smoothness(inner)
            self._relax(field, system, start, pulls, sweeps)
        return inner[None].contiguous()

    def _relax(self, field: Tensor, system: Tensor, start: Tensor, pulls: Sequence[Tensor], sweeps: int) -> None:
        """field (2, H + 2, W + 2), in place; system: see `weighted`."""
        uu, uv, vv, by_u, by_v = system
        right_side = torch.stack([uu * start[0] + uv * start[1] - by_u, uv * start[0] + vv * start[1] - by_v])
        diagonal = torch.stack([uu, vv]) + (pulls[0] + pulls[1] + pulls[2] + pulls[3])
        halves = [
            HalfSweep(kept, taken / diagonal, right_side, uv, pulls)
            for kept, taken in zip(self._kept, self._taken, strict=True)
        ]
        for _ in range(sweeps):
            for half in halves:
                half.relax(field)


class HalfSweep:
    """The unknowns of one color, all at once; all factors are 0 elsewhere, and `kept` is 1 there."""

    def __init__(self, kept: Tensor, share: Tensor, right_side: Tensor, coupling: Tensor, pulls: Sequence[Tensor]):
        """share: (2, H, W), the over-relaxation through the diagonal."""
        self._kept = kept
        self._right_side = share * right_side
        self._from_v, self._from_u = share * coupling
        self._pulls = [share * pull for pull in pulls]

    def relax(self, field: Tensor) -> None:
        inner = field[:, 1:-1, 1:-1]
        neighbors = (field[:, 1:-1, :-2], field[:, 1:-1, 2:], field[:, :-2, 1:-1], field[:, 2:, 1:-1])
        new = torch.addcmul(self._right_side, self._kept, inner)
        for pull, neighbor in zip(self._pulls, neighbors, strict=True):
            new.addcmul_(pull, neighbor)
        new[0].addcmul_(self._from_v, inner[1], value=-1)
        new[1].addcmul_(self._from_u, new[0], value=-1)
        inner.copy_(new)


def linearized(now: Tensor, warped: Tensor) -> tuple[Tensor, Tensor]:
    """The residuals' derivatives (3, 3, H, W): by u, by v, and what they are at the flow's start; each of color, and of
    its slope in x and y, normalized (Zimmer et al. 2011). And their products (5, 2, H, W): uu, uv, vv, u and v with the
    start; each of color, and of both slopes together."""
    mean, change = (now[0] + warped[0]) / 2, warped[0] - now[0]  # (1, H, W)
    along_x, along_y = slope_x(mean), slope_y(mean)
    xx, xy, yy = slope_x(along_x), slope_y(along_x), slope_y(along_y)
    by_u = torch.cat([along_x, xx, xy])
    by_v = torch.cat([along_y, xy, yy])
    at_start = torch.cat([change, slope_x(change), slope_y(change)])
    residual = torch.stack([by_u, by_v, at_start]) * torch.rsqrt(by_u * by_u + by_v * by_v + FLAT)
    u, v, rest = residual
    products = torch.stack([u * u, u * v, v * v, u * rest, v * rest])
    return residual, torch.stack([products[:, 0], products[:, 1] + products[:, 2]], dim=1)


def weighted(residual: Tensor, products: Tensor, step: Tensor) -> Tensor:
    """The linear system (5, H, W): uu, uv, vv, and what falls to u and v; step: (2, H, W), from the flow's start."""
    by_u, by_v, at_start = residual
    squared = torch.square(at_start + by_u * step[0] + by_v * step[1])
    color = COLOR * torch.rsqrt(squared[0] + EDGE)
    gradient = GRADIENT * torch.rsqrt(squared[1] + squared[2] + EDGE)
    system = color * products[:, 0] + gradient * products[:, 1]
    system[0:3:2] += FLAT
    return system


def smoothness(flow: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """How firmly each pixel is tied to its left, right, upper and lower neighbor, (H, W) each; over the border, not."""
    across, down = flow[:, :, 1:] - flow[:, :, :-1], functional.pad(flow[:, 1:] - flow[:, :-1], (0, 0, 0, 1))
    squared = torch.square(across).sum(0) + torch.square(down[:, :, :-1]).sum(0)
    tie = SMOOTHNESS * torch.rsqrt(squared + EDGE)  # (H, W - 1)
    to_right = functional.pad(tie, (1, 1))
    last = torch.cat([tie, tie[:, -1:]], dim=1)
    to_below = functional.pad(last[:-1], (0, 0, 1, 1))
    return to_right[:, :-1], to_right[:, 1:], to_below[:-1], to_below[1:]
