"""Both networks as OpenVINO graphs, layer by layer as its CPU plugin likes them.

The graph that OpenVINO makes of an exported torch network spends two thirds of its time between the convolutions:
padding and enlarging pictures, changing their layout, normalizing in five passes. Here a normalization is one node, an
upsampling is part of the convolution after it (see `UpsampleConv`), pixels change places while they are bytes, and all
sides are fixed, without which the plugin joins hardly anything.

Convolutions take 8-bit integers where it is known between which limits their inputs lie (see quantization.py); every
output channel's weights have a scale of their own (Jacob et al. 2018). A processor without VNNI adds two products in 16
bits, where weights of 8 bits overflow and those of 7 do not. All else stays in floating point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import opset13 as ops
from torch import Tensor, nn

from fnst_live.stylenet.johnson_net import InstanceNorm, JohnsonNet
from fnst_live.stylenet.transformer_net import ResidualBlock, TransformerNet, phase_kernels, phase_taps

Node = Any                 # openvino.Node, whose package has no types
Affine = tuple[Node, Node]  # scale and shift, each (1, C, 1, 1)

Range = tuple[float, float]  # least and greatest value

SPATIAL = (2, 3)
NORM_EPS = 1e-5  # of torch's instance_norm


def graph_of(
    network: nn.Module, height: int, width: int, ranges: Sequence[Range] | None = None, *, spares_bit: bool = False
) -> ov.Model:
    """uint8 (1, height, width, 3), and for the transformer network a style (1, style_length), to uint8 pixels.

    height, width: multiples of the network's `multiple_of`. ranges: of every convolution's input, in the order of
    `ranges_graph_of`; with them the convolutions are in int8, their weights in 7 bits if spares_bit. Raises TypeError
    for any other network.
    """
    pixels, parameters = _laid(network, Convolutions(ranges, spares_bit=spares_bit), height, width)
    return ov.Model([pixels], parameters)


def ranges_graph_of(network: nn.Module, height: int, width: int) -> ov.Model:
    """The same inputs to two numbers a convolution: the least and the greatest value of its input, in turn."""
    convolutions = Convolutions()
    _, parameters = _laid(network, convolutions, height, width)
    axes = _integers(0, 1, 2, 3)
    limits = [limit(x, axes, False) for x in convolutions.inputs for limit in (ops.reduce_min, ops.reduce_max)]  # noqa: FBT003
    return ov.Model(limits, parameters)


def _laid(
    network: nn.Module, convolutions: Convolutions, height: int, width: int
) -> tuple[Node, list[Node]]:
    """The pixels that come out, and the parameters that go in."""
    if isinstance(network, TransformerNet):
        return _transformer(network, convolutions, height, width)
    if isinstance(network, JohnsonNet):
        return _johnson(network, convolutions, height, width)
    raise TypeError(f"there is no OpenVINO graph of a {type(network).__name__}")


def _transformer(network: TransformerNet, convolved: Convolutions, height: int, width: int) -> tuple[Node, list[Node]]:
    pixels = ops.parameter([1, height, width, 3], ov.Type.u8)
    style = ops.parameter([1, network.shape.style_length], ov.Type.f32)
    affines = _split(style, network.shape.affine_channels)
    x = convolved(_halved(pixels), _of_halved(network.stem.conv.weight))                     # (1, half, H/2, W/2)
    x = ops.relu(_styled(_normalized(x), next(affines)))
    for down in (network.down4, network.down8):
        x = convolved(x, down.conv.weight, stride=2)
        x = ops.relu(_styled(_normalized(x), next(affines)))                                 # (1, eighth, H/8, W/8)
    for block in network.blocks:
        assert isinstance(block, ResidualBlock)
        y = ops.relu(_styled(_normalized(convolved(x, block.conv1.conv.weight)), next(affines)))
        x = ops.add(x, _styled(convolved(y, block.conv2.conv.weight), next(affines)))
    for up in (network.up4, network.up2):
        x = convolved.upsampled(x, up.conv.weight)                                           # (1, 4 C, h, w)
        x = ops.relu(_styled(x, [ops.concat([part] * 4, 1) for part in next(affines)]))
        x = ops.depth_to_space(x, "blocks_first", 2)                                         # (1, C, 2 h, 2 w)
    head = network.head.conv
    assert head.bias is not None
    x = convolved.upsampled(x, head.weight * 255, (head.bias + 0.5) * 255)                   # (1, 12, H/2, W/2)
    return _doubled(_levels(x), height, width), [pixels, style]


def _johnson(network: JohnsonNet, convolved: Convolutions, height: int, width: int) -> tuple[Node, list[Node]]:
    pixels = ops.parameter([1, height, width, 3], ov.Type.u8)
    x = _planes(ops.convert(pixels, "f32"))
    downwards = ((network.conv1, network.in1, 1), (network.conv2, network.in2, 2), (network.conv3, network.in3, 2))
    for layer, norm, stride in downwards:
        x = ops.relu(_own_norm(convolved(x, layer.conv2d.weight, layer.conv2d.bias, stride=stride), norm))
    for block in (network.res1, network.res2, network.res3, network.res4, network.res5):
        first, second = block.conv1.conv2d, block.conv2.conv2d
        y = ops.relu(_own_norm(convolved(x, first.weight, first.bias), block.in1))
        x = ops.add(x, _own_norm(convolved(y, second.weight, second.bias), block.in2))
    for up, norm in ((network.deconv1, network.in4), (network.deconv2, network.in5)):
        x = ops.depth_to_space(convolved.upsampled(x, up.conv2d.weight, up.conv2d.bias), "blocks_first", 2)
        x = ops.relu(_own_norm(x, norm))
    x = convolved(x, network.deconv3.conv2d.weight, network.deconv3.conv2d.bias)
    return ops.transpose(_levels(x), _integers(0, 2, 3, 1)), [pixels]


class Convolutions:
    """Lays one convolution after the other, in int8 where the ranges of their inputs are given, in the same order."""

    def __init__(self, ranges: Sequence[Range] | None = None, *, spares_bit: bool = False):
        self.inputs: list[Node] = []  # of all that were laid, as they came
        self._ranges, self._headroom = ranges, 2 if spares_bit else 1

    def __call__(
        self, x: Node, weight: Tensor, bias: Tensor | None = None, *, stride: int = 1, border: str = "reflect"
    ) -> Node:
        """Of a picture extended over its border, so that it keeps its size."""
        margin = weight.shape[-1] // 2
        margins = _integers(0, 0, margin, margin)
        x, kernel = self._operands(x, weight)
        y = ops.convolution(ops.pad(x, margins, margins, border), kernel, [stride] * 2, [0, 0], [0, 0], [1, 1])
        return y if bias is None else ops.add(y, _constant(bias.reshape(1, -1, 1, 1)))

    def upsampled(self, x: Node, weight: Tensor, bias: Tensor | None = None) -> Node:
        """Upsampling and convolution in one, the four pixels of each square as channels, phase by phase."""
        out_channels, in_channels, size, _ = weight.shape
        kernels = phase_kernels(weight, phase_taps(size)).reshape(out_channels, 4, in_channels, 3, 3)
        by_phase = kernels.transpose(0, 1).flatten(0, 1)
        return self(x, by_phase, None if bias is None else bias.repeat(4), border="edge")

    def _operands(self, x: Node, weight: Tensor) -> tuple[Node, Node]:
        self.inputs.append(x)
        if self._ranges is None:
            return x, _constant(weight)
        low, high = self._ranges[len(self.inputs) - 1]
        largest = weight.abs().amax((1, 2, 3), keepdim=True).clamp_min(1e-12) * self._headroom
        return _in_256_levels(x, low, high), _in_levels(_constant(weight), -largest, largest, 255)


def _in_256_levels(x: Node, low: float, high: float) -> Node:
    """Unsigned if nothing is below 0, else signed around it, where a processor can do both."""
    if low >= 0:
        return _in_levels(x, np.float32(0), np.float32(max(high, 1e-12)), 256)
    largest = max(-low, high)
    return _in_levels(x, np.float32(-largest * 128 / 127), np.float32(largest), 256)


def _in_levels(x: Node, low: Tensor | np.float32, high: Tensor | np.float32, count: int) -> Node:
    limits = [_constant(limit) for limit in (low, high)]
    return ops.fake_quantize(x, *limits, *limits, count)


def _split(style: Node, channels: Sequence[int]) -> Iterator[Affine]:
    """(1, style_length) to scale and shift of every layer, in turn."""
    lengths = [count for count in channels for _ in range(2)]
    pieces = ops.variadic_split(style, _integers(1), _integers(*lengths))
    shaped = [ops.reshape(pieces.output(i), _integers(1, n, 1, 1), False) for i, n in enumerate(lengths)]  # noqa: FBT003
    return iter(list(zip(shaped[::2], shaped[1::2], strict=True)))


def _normalized(x: Node, eps: float = NORM_EPS) -> Node:
    """Instance normalization, whose statistics the plugin takes in float32 in any precision."""
    return ops.mvn(x, _integers(*SPATIAL), True, eps, "inside_sqrt")  # noqa: FBT003


def _styled(x: Node, affine: Sequence[Node]) -> Node:
    scale, shift = affine
    return ops.add(ops.multiply(x, scale), shift)


def _own_norm(x: Node, norm: InstanceNorm) -> Node:
    return _styled(_normalized(x, norm.eps), [_constant(p.reshape(1, -1, 1, 1)) for p in (norm.weight, norm.bias)])


def _halved(pixels: Node) -> Node:
    """Squares of four pixels become one of 12 channels, in -0.5..0.5: uint8 (1, H, W, 3) to (1, 12, H/2, W/2)."""
    _, height, width, _ = pixels.shape
    squares = ops.reshape(pixels, _integers(height // 2, 2, width // 2, 6), False)  # noqa: FBT003
    gathered = ops.reshape(
        ops.transpose(squares, _integers(0, 2, 1, 3)), _integers(1, height // 2, width // 2, 12), False  # noqa: FBT003
    )
    shares = ops.multiply(ops.convert(gathered, "f32"), _constant(np.float32(1 / 255)))
    return _planes(ops.subtract(shares, _constant(np.float32(0.5))))


def _of_halved(weight: Tensor) -> Tensor:
    """A kernel for `pixel_unshuffle`'s channels (color, row, column), for those of `_halved`: (row, column, color)."""
    out_channels, _, *kernel = weight.shape
    return weight.reshape(out_channels, 3, 2, 2, *kernel).permute(0, 2, 3, 1, 4, 5).flatten(1, 3)


def _doubled(squares: Node, height: int, width: int) -> Node:
    """uint8 (1, 12, H/2, W/2), phase by phase, to (1, H, W, 3)."""
    rows = ops.reshape(
        ops.transpose(squares, _integers(0, 2, 3, 1)), _integers(height // 2, width // 2, 2, 6), False  # noqa: FBT003
    )
    return ops.reshape(ops.transpose(rows, _integers(0, 2, 1, 3)), _integers(1, height, width, 3), False)  # noqa: FBT003


def _levels(x: Node) -> Node:
    """Rounded and clamped to uint8."""
    rounded = ops.round(ops.convert(x, "f32"), "half_to_even")
    return ops.convert(ops.clamp(rounded, 0.0, 255.0), "u8")


def _planes(x: Node) -> Node:
    """(1, H, W, C) to (1, C, H, W)."""
    return ops.transpose(x, _integers(0, 3, 1, 2))


def _constant(values: Tensor | npt.NDArray[np.float32] | np.float32) -> Node:
    numbers = values.detach().numpy() if isinstance(values, Tensor) else values
    return ops.constant(np.ascontiguousarray(numbers, np.float32))


def _integers(*values: int) -> Node:
    return ops.constant(np.array(values, np.int64))
