"""What all networks are made with: steps that autocast on a CPU would take in float32, in the precision at hand, and
steps of a card's that torch would take in more passes over the picture, where it paints and does not learn.
"""

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


def paints_on_card(x: Tensor) -> bool:
    """Where nothing is learned: in steps that torch could not go back on."""
    return x.is_cuda and not torch.is_grad_enabled()


def padded_for(weight: Tensor, x: Tensor, margin: int, mode: str) -> Tensor:
    """`padded`, where a card paints in the layout of the convolution's weight (O, C, k, k).

    Torch's own padding makes planes of everything, slowly, and the convolution then copies them into that layout.
    """
    if paints_on_card(x) and has_channels_last(weight) and min(x.shape[2:]) > 2 * margin + 1:
        return padded_channels_last(x, margin, mode)
    return padded(x, margin, mode)


def has_channels_last(x: Tensor) -> bool:
    """(N, C, H, W), and not planes as well, as a single channel is."""
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def padded_channels_last(x: Tensor, margin: int, mode: str) -> Tensor:
    """As `F.pad` in the modes reflect and replicate, of any layout. Sides of x: at least 2 * margin + 2."""
    count, channels, height, width = x.shape
    shape = (count, channels, height + 2 * margin, width + 2 * margin)
    y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
    y[:, :, margin:-margin, margin:-margin] = x
    for i in range(margin):
        inward = 2 * margin - i if mode == "reflect" else margin
        y[:, :, margin:-margin, _both_from(i, shape[3])] = y[:, :, margin:-margin, _both_from(inward, shape[3])]
    for i in range(margin):
        inward = 2 * margin - i if mode == "reflect" else margin
        y[:, :, _both_from(i, shape[2])] = y[:, :, _both_from(inward, shape[2])]
    return y


def _both_from(i: int, length: int) -> slice:
    """The i-th from both ends."""
    return slice(i, length - i, length - 1 - 2 * i)


def shuffled(squares: Tensor) -> Tensor:
    """`F.pixel_shuffle(squares, 2)`: (N, 4 C, H, W) to (N, C, 2 H, 2 W); where a card paints, in the layout it had."""
    if not (paints_on_card(squares) and has_channels_last(squares)):
        return F.pixel_shuffle(squares, 2)
    return shuffled_channels_last(squares)


def shuffled_channels_last(squares: Tensor) -> Tensor:
    """(N, 4 C, H, W) of any layout."""
    count, channels, height, width = squares.shape
    phases = squares.permute(0, 2, 3, 1).reshape(count, height, width, channels // 4, 2, 2)
    rows = phases.permute(0, 1, 4, 2, 5, 3).reshape(count, 2 * height, 2 * width, channels // 4)
    return rows.permute(0, 3, 1, 2)


def is_one_on_card(x: Tensor) -> bool:
    return paints_on_card(x) and len(x) == 1  # in this order: a graph that is exported takes batches of any length


def one_normalized(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    """Instance normalization of one picture (1, C, H, W) by scale and shift (C), in its own precision and layout.

    Its statistics are a batch's: taken, and applied along with the style, in float32, without a copy of the picture.
    """
    return F.batch_norm(x, None, None, scale.float(), shift.float(), training=True, eps=eps)
