"""A layer of the loss network on a card: frame, convolution, bias, ReLU and pooling as one step, channels last.

Its weights never learn, so its gradient needs nothing but where the result is above zero. The largest feature maps are
what training time goes to, and each pass over them that is spared shows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.autograd.function import once_differentiable

from fnst_live.stylenet.channels_last import frame, unframe

CLOSE = 0.05  # of the largest value: half precision rounds, and what is wrong is wrong by far more


def frozen_layer(x: Tensor, weight: Tensor, bias: Tensor, *, pools: bool) -> Tensor:
    """x (N, C, H, W), continued over its border; weight (O, C, 3, 3). All in one precision."""
    y: Tensor = _FrozenLayer.apply(x, weight, bias, pools)
    return y


class _FrozenLayer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, pools: bool) -> Tensor:  # noqa: FBT001
        y = conv_relu(frame(x, "replicate"), weight, bias)
        ctx.pools = pools
        if not pools:
            ctx.save_for_backward(weight, y)
            return y
        pooled, places = torch.ops.aten.max_pool2d_with_indices(y, [2, 2], [2, 2])
        ctx.save_for_backward(weight, pooled, y, places)
        return pooled  # type: ignore[no-any-return]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        weight, result, *pooling = ctx.saved_tensors
        gradient = torch.ops.aten.threshold_backward(gradient, result, 0)
        if ctx.pools:
            before, places = pooling
            gradient = torch.ops.aten.max_pool2d_with_indices_backward(
                gradient, before, [2, 2], [2, 2], [0, 0], [1, 1], False, places  # noqa: FBT003
            )
        return unframe(F.conv_transpose2d(gradient, weight), "replicate"), None, None, None


def conv_relu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if x.is_cuda and can_fuse(x.device, x.dtype):
        fused: Tensor = _fused(x, weight, bias)
        return fused
    return F.conv2d(x, weight, bias).relu_()


def _fused(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    y: Tensor = torch.cudnn_convolution_relu(x, weight, bias, [1, 1], [0, 0], [1, 1], 1)
    return y


@cache
def can_fuse(torch_device: torch.device, dtype: torch.dtype) -> bool:
    """Whether this card's cuDNN has convolution, bias and ReLU in one, and rightly: tried once, at sizes as VGG's."""
    generator = torch.Generator().manual_seed(0)
    for channels in (3, 64):
        shapes = (1, channels, 66, 66), (64, channels, 3, 3), (64,)
        x, weight, bias = (torch.randn(shape, generator=generator).to(torch_device, dtype) for shape in shapes)
        x, weight = (tensor.contiguous(memory_format=torch.channels_last) for tensor in (x, weight))
        expected = F.conv2d(x, weight, bias).relu_()
        try:
            error = (_fused(x, weight, bias) - expected).abs().max()
        except RuntimeError:
            return False
        if not error <= CLOSE * expected.max():
            return False
    return True
