"""The enlarging network as an OpenVINO graph: bytes in and out, no node between its convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from torch import Tensor, nn

from fnst_live.stylenet.upscale_net import UpscaleNet

Node = Any  # openvino.Node, whose package has no types


def upscale_graph_of(network: UpscaleNet, height: int, width: int) -> ov.Model:
    """uint8 (1, height, width, 3) to uint8 (1, factor * height, factor * width, 3)."""
    factor = network.shape.factor
    pixels = ops.parameter([1, height, width, 3], ov.Type.u8)
    levels = ops.transpose(ops.convert(pixels, "f32"), _integers(0, 3, 1, 2))
    x = ops.subtract(ops.multiply(levels, _constant(np.float32(1 / 255))), _constant(np.float32(0.5)))
    for layer in network.layers[:-1]:
        x = ops.relu(_convolved(x, layer))
    details = _convolved(x, network.last, by_phase=factor)                     # (1, 3 factor^2, H, W), in levels
    squares = ops.add(details, ops.tile(levels, _integers(1, factor**2, 1, 1)))
    rounded = ops.convert(ops.clamp(ops.round(squares, "half_to_even"), 0.0, 255.0), "u8")
    rows = ops.reshape(
        ops.transpose(rounded, _integers(0, 2, 3, 1)), _integers(height, width, factor, 3 * factor), False  # noqa: FBT003
    )
    large = ops.reshape(
        ops.transpose(rows, _integers(0, 2, 1, 3)), _integers(1, factor * height, factor * width, 3), False  # noqa: FBT003
    )
    return ov.Model([large], [pixels])


def _convolved(x: Node, layer: nn.Module, by_phase: int = 0) -> Node:
    """by_phase: the factor, for the last layer: pixel by pixel of a square, each with its three colors, in levels."""
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    weight, bias = layer.weight.detach(), layer.bias.detach()
    if by_phase:
        weight, bias = (_by_phase(values, by_phase) * 255 for values in (weight, bias))
    y = ops.convolution(x, _constant(weight), [1, 1], [1, 1], [1, 1], [1, 1])
    return ops.add(y, _constant(bias.reshape(1, -1, 1, 1)))


def _by_phase(values: Tensor, factor: int) -> Tensor:
    """From `pixel_shuffle`'s order of channels (color, phase) to (phase, color)."""
    return values.reshape(3, factor**2, *values.shape[1:]).transpose(0, 1).flatten(0, 1)


def _constant(values: Tensor | np.float32) -> Node:
    return ops.constant(np.ascontiguousarray(values.numpy() if isinstance(values, Tensor) else values, np.float32))


def _integers(*values: int) -> Node:
    return ops.constant(np.array(values, np.int64))
