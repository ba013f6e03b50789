"""How much arithmetic a network is: the multiply-adds of its convolutions and linear layers, counted, not estimated.

The network runs once on torch's meta device, where tensors have shapes and no numbers, so that any size costs nothing.
Everything else in it (normalization, upsampling) is bound by memory, and has no place in a share of the matmul rate.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from fnst_live.frames.frame import FrameSize
from fnst_live.stylenet.model_file import StyleModel

aten = torch.ops.aten
COUNTED = (aten.convolution, aten.addmm, aten.mm)  # not bmm, which only sums up weights, once for all pixels


def count_multiply_adds(model: StyleModel, size: FrameSize) -> int:
    """For one picture of that size, extended to what the network can take."""
    width, height = (padded_side(side, model) for side in size)
    image = torch.empty(1, 3, height, width, device="meta")
    style = torch.empty(1, model.styles.shape[1], device="meta")
    return count_in(model.network, image, style)


def count_in(network: nn.Module, *inputs: Tensor) -> int:
    """During one forward pass. inputs: on the meta device."""
    abstract = copy.deepcopy(network).to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        abstract(*inputs)
    operations = counter.get_flop_counts()["Global"]
    products_and_sums: int = sum(operations.get(kind, 0) for kind in COUNTED)
    return products_and_sums // 2


def padded_side(side: int, model: StyleModel) -> int:
    """As the stylizer pads it."""
    return max(model.min_side, -(-side // model.multiple_of) * model.multiple_of)
