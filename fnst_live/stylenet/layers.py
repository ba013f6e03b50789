"""What all networks are made with: steps that autocast on a CPU would take in float32, in the precision at hand."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from fnst_live.stylenet.channels_last import framed, learns_on_card


def padded(x: Tensor, margin: int, mode: str) -> Tensor:
    """The picture (N, C, H, W) with a margin all around, in its own precision.

    Left to itself, a CPU's autocast makes one in float32, of which the convolution then makes another in bfloat16.
    """
    if margin == 1 and learns_on_card(x):
        return framed(x, mode)
    if x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return F.pad(x, (margin,) * 4, mode=mode)
    with torch.autocast("cpu", enabled=False):
        return F.pad(x, (margin,) * 4, mode=mode)


def is_half_on_cpu(x: Tensor) -> bool:
    return x.dtype == torch.bfloat16 and x.device.type == "cpu"


def each_normalized(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    """Instance normalization of pictures (N, C, H, W) by scale and shift (N, C), where `is_half_on_cpu`.

    One picture after the other, as batches of one: a CPU's batch normalization adds up in float32 without a copy of the
    picture in it, and leaves the channels where they are.
    """
    each = zip(torch.split(x, 1), scale, shift, strict=True)
    return torch.cat([F.batch_norm(one, None, None, by, to, training=True, eps=eps) for one, by, to in each])
