"""How much arithmetic a network is: the multiply-adds of its convolutions and linear layers, counted, not estimated.

The network runs once on torch's meta device, where tensors have shapes and no numbers, so that any size costs nothing.
Everything else in it (normalization, upsampling) is bound by memory, and has no place in a share of the matmul rate.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from fnst_live.frames.frame import FrameSize
from fnst_live.stylenet.model_file import StyleModel

COUNTED = (nn.Conv2d, nn.Linear)


def count_multiply_adds(model: StyleModel, size: FrameSize) -> int:
    """For one picture of that size, extended to what the network can take."""
    width, height = (padded_side(side, model) for side in size)
    image = torch.empty(1, 3, height, width, device="meta")
    style = torch.empty(1, model.styles.shape[1], device="meta")
    return count_in(model.network, image, style)


def count_in(network: nn.Module, *inputs: Tensor) -> int:
    """During one forward pass. inputs: on the meta device."""
    total = 0

    def count(layer: nn.Module, _: Any, result: Tensor) -> None:
        nonlocal total
        weight = layer.get_parameter("weight")
        total += result.numel() * weight[0].numel()  # a convolution's row: channels of its group times kernel

    abstract = copy.deepcopy(network).to("meta")
    for module in abstract.modules():
        if isinstance(module, COUNTED):
            module.register_forward_hook(count)
    with torch.inference_mode():
        abstract(*inputs)
    return total


def padded_side(side: int, model: StyleModel) -> int:
    """As the stylizer pads it."""
    return max(model.min_side, -(-side // model.multiple_of) * model.multiple_of)
