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

from fnst_live.stylenet.model_file import NORM_EPS, StyleModel, Weights
from fnst_live.stylenet.net_shape import NetShape, phase_taps

Node = Any                 # openvino.Node, whose package has no types
Affine = tuple[Node, Node]  # scale and shift, each (1, C, 1, 1)
Floats = npt.NDArray[np.float32]

Range = tuple[float, float]  # least and greatest value

SPATIAL = (2, 3)


def graph_of(
    model: StyleModel, height: int, width: int, ranges: Sequence[Range] | None = None, *, spares_bit: bool = False
) -> ov.Model:
    """uint8 (1, height, width, 3), and for the transformer network a style (1, style_length), to uint8 pixels.

    height, width: multiples of the network's `multiple_of`. ranges: of every convolution's input, in the order of
    `ranges_graph_of`; with them the convolutions are in int8, their weights in 7 bits if spares_bit. Raises TypeError
    for any other network.
    """
    pixels, parameters = _laid(model, Convolutions(ranges, spares_bit=spares_bit), height, width)
    return ov.Model([pixels], parameters)


def ranges_graph_of(model: StyleModel, height: int, width: int) -> ov.Model:
    """The same inputs to two numbers a convolution: the least and the greatest value of its input, in turn."""
    convolutions = Convolutions()
    _, parameters = _laid(model, convolutions, height, width)
    axes = _integers(0, 1, 2, 3)
    limits = [limit(x, axes, False) for x in convolutions.inputs for limit in (ops.reduce_min, ops.reduce_max)]  # noqa: FBT003
    return ov.Model(limits, parameters)


def _laid(model: StyleModel, convolutions: Convolutions, height: int, width: int) -> tuple[Node, list[Node]]:
    """The pixels that come out, and the parameters that go in."""
    if model.header.architecture == "transformer_net":
        return _transformer(model.header.shape or NetShape(), model.weights, convolutions, height, width)
    if model.header.architecture == "johnson2016":
        return _johnson(model.weights, model.norm_eps, convolutions, height, width)
    raise TypeError(f"there is no OpenVINO graph of the network {model.header.architecture}")


def _transformer(
    shape: NetShape, weights: Weights, convolved: Convolutions, height: int, width: int
) -> tuple[Node, list[Node]]:
    pixels = ops.parameter([1, height, width, 3], ov.Type.u8)
    style = ops.parameter([1, shape.style_length], ov.Type.f32)
    affines = _split(style, shape.affine_channels)
    x = convolved(_halved(pixels), _of_halved(weights["stem.conv.weight"]))                  # (1, half, H/2, W/2)
    x = ops.relu(_styled(_normalized(x), next(affines)))
    for down in ("down4", "down8"):
        x = convolved(x, weights[f"{down}.conv.weight"], stride=2)
        x = ops.relu(_styled(_normalized(x), next(affines)))                                 # (1, eighth, H/8, W/8)
    for block in range(shape.residual_blocks):
        first, second = (weights[f"blocks.{block}.{conv}.conv.weight"] for conv in ("conv1", "conv2"))
        y = ops.relu(_styled(_normalized(convolved(x, first)), next(affines)))
        x = ops.add(x, _styled(convolved(y, second), next(affines)))
    for up in ("up4", "up2"):
        x = convolved.upsampled(x, weights[f"{up}.conv.weight"])                             # (1, 4 C, h, w)
        x = ops.relu(_styled(x, [ops.concat([part] * 4, 1) for part in next(affines)]))
        x = ops.depth_to_space(x, "blocks_first", 2)                                         # (1, C, 2 h, 2 w)
    head, bias = weights["head.conv.weight"], weights["head.conv.bias"]
    x = convolved.upsampled(x, head * np.float32(255), (bias + np.float32(0.5)) * np.float32(255))  # (1, 12, H/2, W/2)
    return _doubled(_levels(x), height, width), [pixels, style]


def _johnson(
    weights: Weights, eps: float, convolved: Convolutions, height: int, width: int
) -> tuple[Node, list[Node]]:
    def layer(name: str) -> tuple[Floats, Floats]:
        return weights[f"{name}.conv2d.weight"], weights[f"{name}.conv2d.bias"]

    def normalized(x: Node, name: str) -> Node:
        own = (weights[f"{name}.{part}"].reshape(1, -1, 1, 1) for part in ("weight", "bias"))
        return _styled(_normalized(x, eps), [_constant(part) for part in own])

    pixels = ops.parameter([1, height, width, 3], ov.Type.u8)
    x = _planes(ops.convert(pixels, "f32"))
    for conv, norm, stride in (("conv1", "in1", 1), ("conv2", "in2", 2), ("conv3", "in3", 2)):
        x = ops.relu(normalized(convolved(x, *layer(conv), stride=stride), norm))
    for block in ("res1", "res2", "res3", "res4", "res5"):
        y = ops.relu(normalized(convolved(x, *layer(f"{block}.conv1")), f"{block}.in1"))
        x = ops.add(x, normalized(convolved(y, *layer(f"{block}.conv2")), f"{block}.in2"))
    for up, norm in (("deconv1", "in4"), ("deconv2", "in5")):
        x = ops.depth_to_space(convolved.upsampled(x, *layer(up)), "blocks_first", 2)
        x = ops.relu(normalized(x, norm))
    x = convolved(x, *layer("deconv3"))
    return ops.transpose(_levels(x), _integers(0, 2, 3, 1)), [pixels]


class Convolutions:
    """Lays one convolution after the other, in int8 where the ranges of their inputs are given, in the same order."""

    def __init__(self, ranges: Sequence[Range] | None = None, *, spares_bit: bool = False):
        self.inputs: list[Node] = []  # of all that were laid, as they came
        self._ranges, self._headroom = ranges, 2 if spares_bit else 1

    def __call__(
        self, x: Node, weight: Floats, bias: Floats | None = None, *, stride: int = 1, border: str = "reflect"
    ) -> Node:
        """Of a picture extended over its border, so that it keeps its size."""
        margin = weight.shape[-1] // 2
        margins = _integers(0, 0, margin, margin)
        x, kernel = self._operands(x, weight)
        y = ops.convolution(ops.pad(x, margins, margins, border), kernel, [stride] * 2, [0, 0], [0, 0], [1, 1])
        return y if bias is None else ops.add(y, _constant(bias.reshape(1, -1, 1, 1)))

    def upsampled(self, x: Node, weight: Floats, bias: Floats | None = None) -> Node:
        """Upsampling and convolution in one (see `UpsampleConv`), the four pixels of each square as channels, phase by
        phase."""
        taps = phase_taps(weight.shape[-1])
        by_phase = np.einsum("pak,qbl,oikl->pqoiab", taps, taps, weight).reshape(-1, weight.shape[1], 3, 3)
        return self(x, by_phase, None if bias is None else np.tile(bias, 4), border="edge")

    def _operands(self, x: Node, weight: Floats) -> tuple[Node, Node]:
        self.inputs.append(x)
        if self._ranges is None:
            return x, _constant(weight)
        low, high = self._ranges[len(self.inputs) - 1]
        largest = np.maximum(np.abs(weight).max((1, 2, 3), keepdims=True), np.float32(1e-12)) * self._headroom
        return _in_256_levels(x, low, high), _in_levels(_constant(weight), -largest, largest, 255)


def _in_256_levels(x: Node, low: float, high: float) -> Node:
    """Unsigned if nothing is below 0, else signed around it, where a processor can do both."""
    if low >= 0:
        return _in_levels(x, np.float32(0), np.float32(max(high, 1e-12)), 256)
    largest = max(-low, high)
    return _in_levels(x, np.float32(-largest * 128 / 127), np.float32(largest), 256)


def _in_levels(x: Node, low: Floats | np.float32, high: Floats | np.float32, count: int) -> Node:
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


def _halved(pixels: Node) -> Node:
    """Squares of four pixels become one of 12 channels, in -0.5..0.5: uint8 (1, H, W, 3) to (1, 12, H/2, W/2)."""
    _, height, width, _ = pixels.shape
    squares = ops.reshape(pixels, _integers(height // 2, 2, width // 2, 6), False)  # noqa: FBT003
    gathered = ops.reshape(
        ops.transpose(squares, _integers(0, 2, 1, 3)), _integers(1, height // 2, width // 2, 12), False  # noqa: FBT003
    )
    shares = ops.multiply(ops.convert(gathered, "f32"), _constant(np.float32(1 / 255)))
    return _planes(ops.subtract(shares, _constant(np.float32(0.5))))


def _of_halved(weight: Floats) -> Floats:
    """A kernel for `pixel_unshuffle`'s channels (color, row, column), for those of `_halved`: (row, column, color)."""
    out_channels, _, *kernel = weight.shape
    return weight.reshape(out_channels, 3, 2, 2, *kernel).transpose(0, 2, 3, 1, 4, 5).reshape(out_channels, 12, *kernel)


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


def _constant(values: Floats | np.float32) -> Node:
    return ops.constant(np.ascontiguousarray(values, np.float32))


def _integers(*values: int) -> Node:
    return ops.constant(np.array(values, np.int64))
