"""Perceptual losses: content and style (Gatys 2015, Johnson 2016), total variation, temporal stability.

Each is divided by what it would be for a hopeless picture, so that a weight means the same for every painting
and every layer: 1 is "nothing of it is right yet".
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.autograd.function import once_differentiable

BORDER = 24                              # pixels, as far as the border of a picture can be felt
BORDER_WEIGHT, INNER_WEIGHT = 2.0, 0.5   # of a pixel, in the temporal loss
GRID_CELL = 4  # squares each way; more would not see a grid that comes and goes with the colors

SPOTS = (4, 16)        # pixels each way: the colors of strokes, and of what they add up to
PALETTE_LENGTH = 1024  # colors from the least to the most
LEAST_SPREAD = 0.1     # of the mean over the axes, along an axis of which a painting has nothing,
LEAST_VARIANCE = 1e-3  # and where it has but one color

Features = dict[str, Tensor]
Palette = list[Tensor]
Energies = dict[str, Tensor]


def gram_matrix(features: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, C), divided by C*H*W so that the size of the picture does not matter; float32 at least."""
    if features.dtype == torch.float16:  # its range ends at 65504, and autocast would go back to it
        with torch.autocast(features.device.type, enabled=False):
            return gram_matrix(features.float())
    gram: Tensor = _Gram.apply(features)
    return full_precision(gram)


class _Gram(torch.autograd.Function):
    """F F' in the features' own precision, whose products are added up in float32 all the same.

    The largest feature maps are what training time goes to: no copy of them is made, and since the Gram matrix is
    symmetric, its gradient takes one product where the general rule takes two.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        n, c, h, w = features.shape
        rows = features.permute(0, 2, 3, 1).reshape(n, h * w, c)
        ctx.save_for_backward(rows)
        ctx.size = features.shape
        nothing = rows.new_zeros(())
        return torch.baddbmm(nothing, rows.transpose(1, 2), rows, beta=0, alpha=1 / (c * h * w))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        rows, = ctx.saved_tensors
        n, c, h, w = ctx.size
        both_ways = full_precision(gradient) + full_precision(gradient).transpose(1, 2)
        along_rows = torch.bmm(rows, (both_ways / (c * h * w)).to(rows.dtype))
        return along_rows.reshape(n, h, w, c).permute(0, 3, 1, 2)


def style_loss(features: Features, style_grams: Features, picture_weights: Tensor | float = 1.0) -> Tensor:
    """Mean over layers of |G - G_style|^2 / |G_style|^2; grams (N, C, C), one style per picture; weights (N,)."""
    layers = []
    for name, target in style_grams.items():
        error = (gram_matrix(features[name]) - target).square().sum((1, 2))
        layers.append((picture_weights * error / target.square().sum((1, 2))).mean())
    return torch.stack(layers).mean()


def content_loss(features: Features, content_features: Features, energies: Energies | None = None) -> Tensor:
    """Mean over layers of the squared feature error relative to the content's own mean square.

    energies: that mean square, where the pictures are a part of a larger batch. It is taken over the whole batch,
    since a dark picture's own would make its errors weigh more than all others.
    """
    energies = energies or feature_energies(content_features)
    layers = [
        mean_square(in_range(features[name]) - in_range(target)) / energies[name]
        for name, target in content_features.items()
    ]
    return torch.stack(layers).mean()


def feature_energies(features: Features) -> Energies:
    """Mean squares, layer by layer."""
    return {name: mean_square(feature).clamp_min(1e-12) for name, feature in features.items()}


def mean_square(x: Tensor) -> Tensor:
    """Summed up in float32 at least, without a copy of x in it."""
    return in_range(x).square().mean(dtype=torch.promote_types(x.dtype, torch.float32))


def in_range(x: Tensor) -> Tensor:
    """As it is where its square has room: bfloat16 has the range of float32, float16 has not."""
    return full_precision(x) if x.dtype == torch.float16 else x


def full_precision(x: Tensor) -> Tensor:
    """float32 at least: sums over a picture lose themselves in half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def palette_of(image: Tensor) -> Palette:
    """How its colors are spread, in spots of several sizes: for each (N, 10, PALETTE_LENGTH), from least to most.

    image: (N, 3, H, W). Ten are the axes through the cube of colors: see `_along_axes`.
    """
    sorted_colors = [_sorted_along_axes(image, spot) for spot in SPOTS]
    return [F.interpolate(colors, PALETTE_LENGTH, mode="linear") for colors in sorted_colors]


def palette_loss(image: Tensor, palette: Palette) -> Tensor:
    """How far colors of the image (N, 3, H, W) must move for it to have the palette, relative to how they spread there.

    The sliced Wasserstein distance (Pitié et al. 2007; Heitz et al. 2021 use it for textures). A Gram matrix hardly
    minds a picture of one color: next to the mean, which it holds too, the spread around it is small.
    """
    distances = []
    for spot, target in zip(SPOTS, palette, strict=True):
        spread = target.var(2)                                                        # (N, 10)
        spread = (spread + LEAST_SPREAD * spread.mean(1, keepdim=True)).clamp_min(LEAST_VARIANCE)
        colors = _sorted_along_axes(image, spot)
        distance = (colors - F.interpolate(target, colors.shape[2], mode="linear")).square().mean(2)
        distances.append((distance / spread).mean())
    return torch.stack(distances).mean()


def _sorted_along_axes(image: Tensor, spot: int) -> Tensor:
    """(N, 3, H, W) to (N, 10, H / spot * W / spot)."""
    spots = F.avg_pool2d(image, min(spot, *image.shape[2:]))
    return _along_axes(*spots.flatten(2).unbind(1)).sort(2).values


def _along_axes(red: Tensor, green: Tensor, blue: Tensor) -> Tensor:
    """Each (N, M) to (N, 10, M): the colors, their light, and what they differ by. All axes are of length 1."""
    light = (red + green + blue) / math.sqrt(3)
    differences = [red - green, red - blue, green - blue]
    opposites = [red + green - 2 * blue, red + blue - 2 * green, green + blue - 2 * red]
    return torch.stack(
        [red, green, blue, light, *(each / math.sqrt(2) for each in differences),
         *(each / math.sqrt(6) for each in opposites)], 1,
    )


def total_variation_loss(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbors: what makes single-pixel hatching expensive."""
    return (image.diff(dim=2).abs().mean() + image.diff(dim=3).abs().mean()) / 2


def grid_loss(enlarged: Tensor, true: Tensor, factor: int) -> Tensor:
    """How much of a grid of `factor` pixels lies over an enlarged picture: (N, 3, H, W) both.

    Each pixel of a square of factor x factor is made by a kernel of its own (ESPCN, Shi et al. 2016). What one of them
    errs by on the mean of GRID_CELL x GRID_CELL squares, beyond what all of them do, repeats from square to square.
    """
    phases = F.pixel_unshuffle(enlarged - true, factor)                              # (N, 3 factor², H', W')
    means = F.avg_pool2d(phases, min(GRID_CELL, *phases.shape[2:]), stride=max(1, GRID_CELL // 2))
    by_phase = means.reshape(*enlarged.shape[:2], factor**2, *means.shape[2:])
    loss: Tensor = (by_phase - by_phase.mean(2, keepdim=True)).abs().mean()
    return loss


def temporal_loss(stylized: Tensor, stylized_moved: Tensor, grid: Tensor, mask: Tensor) -> Tensor:
    """How far the network is from commuting with motion: warp(net(x)) against net(warp(x)).

    stylized, stylized_moved (N, 3, H, W); grid (N, H, W, 2) in [-1, 1]; mask (N, 1, H, W), what a pixel counts for,
    0 where the warped picture is not known.
    """
    warped = warp(stylized, grid)
    return ((warped - stylized_moved).square() * mask).mean()


def warp(image: Tensor, grid: Tensor) -> Tensor:
    """Bilinear warp by a sampling grid in [-1, 1], reflecting at the border."""
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def random_motion(count: int, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The sampling grids and masks of so many `random_turns`."""
    return sampling_grid(random_turns(count, generator), size)


def random_turns(count: int, generator: torch.Generator) -> Tensor:
    """Random camera motions (count, 2, 3) of up to 3 degrees, 3 % zoom and a sixth of the side."""

    def uniform(limit: float) -> Tensor:
        return (torch.rand(count, generator=generator) * 2 - 1) * limit

    angle, zoom = uniform(math.radians(3)), 1 + uniform(0.03)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    return torch.stack([cos, -sin, uniform(1 / 3), sin, cos, uniform(1 / 3)], 1).view(count, 2, 3)


def sampling_grid(turns: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Where a camera that moved so finds each of its pixels.

    turns (N, 2, 3). Returns a sampling grid (N, size, size, 2) and the mask (N, 1, size, size): 0 where it looks
    outside, and more where one of the pictures has its border than where it has none. There a network paints a frame,
    unless it learns that what lies at the border of one picture lies in the midst of another.
    """
    grid = F.affine_grid(turns, [len(turns), 1, size, size], align_corners=False)
    unmoved = torch.eye(2, 3, device=turns.device).unsqueeze(0)
    here = F.affine_grid(unmoved, [1, 1, size, size], align_corners=False)
    there, here = (places.abs().amax(3) for places in (grid, here))  # 1 is the border of either picture
    near_border = torch.maximum(there, here) > 1 - 2 * BORDER / size
    mask = (there <= 1) * torch.where(near_border, BORDER_WEIGHT, INNER_WEIGHT)
    return grid, mask.unsqueeze(1)
