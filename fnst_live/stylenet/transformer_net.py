"""The transformer network: one compact net that holds many styles.

Johnson et al. 2016 trained one network per style. Dumoulin et al. 2017 ("A Learned Representation for
Artistic Style") showed that the convolutions can be shared: only the scale and shift of the instance
normalizations need to be a style's own. Here they arrive from outside as one flat *style vector*, so that
switching styles, or mixing two, never touches the network.

The shape is chosen for two CPU cores: everything expensive happens at an eighth of the resolution, and the
way up is nearest-neighbor upsampling followed by a convolution, since a pixel shuffle leaves a grid of dots. Both
are done in one, at the smaller size: see `UpsampleConv`.

Only what reads the picture (the way down, and the first half of each residual block) is normalized. Where every
layer is, the network has no other way to say "fainter here" than to grow a bright blot somewhere and let the
normalization pay for it: the droplets of StyleGAN (Karras et al. 2020). Elsewhere the style's scale and shift
act alone, which also saves a pass over the largest feature maps and a good part of the flicker.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812  (the field's own name for it)
from torch import Tensor, nn

from fnst_live.stylenet.channels_last import instance_normalized, learns_on_card
from fnst_live.stylenet.layers import (
    each_normalized,
    is_half_on_cpu,
    is_one_on_card,
    one_normalized,
    padded_for,
    shuffled,
)
from fnst_live.stylenet.net_shape import MIN_SIDE, MULTIPLE_OF, NetShape, phase_taps


class Affine(NamedTuple):
    """A style's scale and shift for one layer, each (N, C, 1, 1)."""

    scale: Tensor
    shift: Tensor


def split_style_vector(style: Tensor, channels: list[int]) -> list[Affine]:
    """Cut (N, style_length) into one `Affine` per layer."""
    pieces = torch.split(style[:, :, None, None], [c for c in channels for _ in range(2)], dim=1)
    return [Affine(*pair) for pair in zip(pieces[::2], pieces[1::2], strict=True)]


def conditional_instance_norm(x: Tensor, affine: Affine) -> Tensor:
    """Instance normalization with a scale and shift from outside; statistics always in float32.

    Half precision loses the mean of large pictures: the statistics are what overflows, not the result.
    """
    if learns_on_card(x):
        return instance_normalized(x, *affine)
    if is_half_on_cpu(x):
        return each_normalized(x, affine.scale.flatten(1), affine.shift.flatten(1))
    if is_one_on_card(x):
        return one_normalized(x, affine.scale.flatten(), affine.shift.flatten())
    return conditional_affine(F.instance_norm(x.float()).to(x.dtype), affine)


def conditional_affine(x: Tensor, affine: Affine) -> Tensor:
    """The style's scale and shift alone: what it may say where nothing is normalized."""
    return torch.addcmul(affine.shift, x, affine.scale)


class ConvLayer(nn.Module):
    """Reflection-padded convolution: zero padding would draw a frame around the picture."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, *, bias: bool = False):
        super().__init__()
        self.pad = kernel_size // 2
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(padded_for(self.conv.weight, x, self.pad, "reflect"))
        return y


class UpsampleConv(nn.Module):
    """Twice the size by nearest neighbor, then a convolution, without ever making the larger picture.

    Of the k x k neighbors that a pixel of the larger picture sees, many are one and the same pixel of the smaller one,
    and which ones depends on nothing but the pixel's place in its square of four. So four 3 x 3 kernels, sums of the
    weights that fall on one pixel, give the four pixels of each square (Shi et al. 2016 train such kernels freely,
    which leaves a grid; summed from one kernel they cannot).
    """

    taps: Tensor
    settled_kernels: Tensor | None
    settled_bias: Tensor | None

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *, bias: bool = False):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias)
        self.register_buffer("taps", torch.from_numpy(phase_taps(kernel_size)), persistent=False)
        self.register_buffer("settled_kernels", None, persistent=False)
        self.register_buffer("settled_bias", None, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernels, bias = self._phases()
        return shuffled(F.conv2d(padded_for(kernels, x, 1, "replicate"), kernels, bias))

    @torch.no_grad()
    def settle(self) -> None:
        """What the weights come to is kept, and no longer made for every picture: they will not change."""
        self.settled_kernels, self.settled_bias = self._phases()

    def _phases(self) -> tuple[Tensor, Tensor | None]:
        """(4 O, I, 3, 3), channels last, and (4 O)."""
        if self.settled_kernels is not None:
            return self.settled_kernels.to(memory_format=torch.channels_last), self.settled_bias
        bias = None if self.conv.bias is None else self.conv.bias.repeat_interleave(4)
        return phase_kernels(self.conv.weight, self.taps).to(memory_format=torch.channels_last), bias


def settle(network: nn.Module) -> None:
    """What its weights alone decide is made once: for a network that only paints, before it is cast or moved."""
    for module in network.modules():
        if isinstance(module, UpsampleConv):
            module.settle()


def phase_kernels(weight: Tensor, taps: Tensor) -> Tensor:
    """Kernels for the four pixels of a square, row by row, of a kernel of 5x5 or less for the upsampled picture.

    weight (O, I, k, k) and `phase_taps(k)` to (4 O, I, 3, 3), the four side by side, as `pixel_shuffle` takes them.
    """
    return torch.einsum("pak,qbl,oikl->opqiab", taps, taps, weight).reshape(-1, weight.shape[1], 3, 3)


class ResidualBlock(nn.Module):
    """Two convolutions and a way around them (He et al. 2016)."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = ConvLayer(channels, channels, 3)
        self.conv2 = ConvLayer(channels, channels, 3)

    def forward(self, x: Tensor, first: Affine, second: Affine) -> Tensor:
        y = F.relu(conditional_instance_norm(self.conv1(x), first))
        return x + conditional_affine(self.conv2(y), second)


class TransformerNet(nn.Module):
    """Content image and style vector in, stylized image out.

    `forward(image, style)`: image (N, 3, H, W) RGB in [0, 1] with H and W multiples of `multiple_of` and at least
    `min_side`; style (N, style_length). Returns (N, 3, H, W), nominally in [0, 1] but not clamped: a bounded
    output (tanh) is duller, and clamping is the business of whoever makes pixels of it.
    """

    multiple_of, min_side = MULTIPLE_OF, MIN_SIDE

    def __init__(self, shape: NetShape | None = None):
        super().__init__()
        self.shape = shape = shape or NetShape()
        self.stem = ConvLayer(12, shape.half, 3)
        self.down4 = ConvLayer(shape.half, shape.quarter, 3, stride=2)
        self.down8 = ConvLayer(shape.quarter, shape.eighth, 3, stride=2)
        self.blocks = nn.ModuleList(ResidualBlock(shape.eighth) for _ in range(shape.residual_blocks))
        self.up4 = UpsampleConv(shape.eighth, shape.quarter, 3)
        self.up2 = UpsampleConv(shape.quarter, shape.half, 3)
        self.head = UpsampleConv(shape.half, 3, 5, bias=True)
        nn.init.normal_(self.head.conv.weight, std=0.01)  # training starts from grey, not from glare

    def forward(self, image: Tensor, style: Tensor) -> Tensor:
        affines = iter(split_style_vector(style, self.shape.affine_channels))
        x = F.pixel_unshuffle(image - 0.5, 2)  # (N, 12, H/2, W/2)
        x = F.relu(conditional_instance_norm(self.stem(x), next(affines)))  # (N, half, H/2, W/2)
        x = F.relu(conditional_instance_norm(self.down4(x), next(affines)))  # (N, quarter, H/4, W/4)
        x = F.relu(conditional_instance_norm(self.down8(x), next(affines)))  # (N, eighth, H/8, W/8)
        for block in self.blocks:
            x = block(x, next(affines), next(affines))
        x = F.relu(conditional_affine(self.up4(x), next(affines)))  # (N, quarter, H/4, W/4)
        x = F.relu(conditional_affine(self.up2(x), next(affines)))  # (N, half, H/2, W/2)
        y: Tensor = self.head(x).float() + 0.5  # (N, 3, H, W)
        return y


def initial_styles(style_count: int, shape: NetShape) -> Tensor:
    """Style vectors to start training from: (style_count, style_length), scales 1 and shifts 0."""
    row = [torch.cat([torch.ones(c), torch.zeros(c)]) for c in shape.affine_channels]
    return torch.cat(row).repeat(style_count, 1)
