"""What learns on a card: steps for batches whose channels lie last, with their gradients.

Tensor cores want the channels last. torch's own padding and instance normalization put them first on a card, and every
layer pays for two copies on its way up and two on its way down, which cost more than all convolutions. These do not.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

WIDE = ((16, torch.complex128), (8, torch.int64), (4, torch.int32))  # bytes that are moved as one
LEAST_SIDE = 4  # below it the pixels beside one border are those beside the other


def learns_on_card(x: Tensor) -> bool:
    return x.is_cuda and torch.is_grad_enabled()


def framed(x: Tensor, mode: str) -> Tensor:
    """`F.pad` by one pixel all around, in the precision that the convolution after it will ask for."""
    if torch.is_autocast_enabled(x.device.type):
        x = x.to(torch.get_autocast_dtype(x.device.type))
    y: Tensor = _Framed.apply(x, mode)
    return y


class _Framed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, mode: str) -> Tensor:
        ctx.mode = mode
        return frame(x, mode)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return unframe(gradient, ctx.mode), None


def frame(x: Tensor, mode: str) -> Tensor:
    """(N, C, H, W) to (N, C, H + 2, W + 2), channels last, all of it in one pass."""
    rows, columns = (_places(side, mode, x.device) for side in x.shape[2:])
    pixels = _wide(x.permute(0, 2, 3, 1).contiguous())                         # (N, H, W, C or fewer)
    return pixels[:, rows.unsqueeze(1), columns].contiguous().view(x.dtype).permute(0, 3, 1, 2)


def unframe(gradient: Tensor, mode: str) -> Tensor:
    """The gradient of what `frame` was given: each pixel of the frame goes back to where it came from."""
    height, width = (side - 2 for side in gradient.shape[2:])
    if min(height, width) < LEAST_SIDE:
        pad_backward = getattr(torch.ops.aten, {"replicate": "replication", "reflect": "reflection"}[mode] +
                               "_pad2d_backward")
        small: Tensor = pad_backward(gradient, gradient[:, :, 1:-1, 1:-1], [1] * 4)
        return small
    pixels = gradient.permute(0, 2, 3, 1).contiguous()                         # (N, H + 2, W + 2, C)
    inner = _wide(pixels)[:, 1:-1, 1:-1].contiguous().view(pixels.dtype)       # (N, H, W, C)
    rows, columns = _sources(height, mode), _sources(width, mode)
    top_and_bottom, left_and_right = slice(None, None, height + 1), slice(None, None, width + 1)
    inner[:, rows] += pixels[:, top_and_bottom, 1:-1]
    inner[:, :, columns] += pixels[:, 1:-1, left_and_right]
    inner[:, rows, columns] += pixels[:, top_and_bottom, left_and_right]
    return inner.permute(0, 3, 1, 2)


@lru_cache(maxsize=256)
def _places(side: int, mode: str, torch_device: torch.device) -> Tensor:
    """(side + 2,): where each pixel of a framed row comes from."""
    places = torch.arange(-1, side + 1, device=torch_device)
    if mode == "replicate":
        return places.clamp(0, side - 1)
    return (side - 1) - ((side - 1) - places.abs()).abs()


def _sources(side: int, mode: str) -> slice:
    """The two places of a row that its frame is made of."""
    inset = {"replicate": 0, "reflect": 1}[mode]
    return slice(inset, side - inset, side - 1 - 2 * inset)


def _wide(pixels: Tensor) -> Tensor:
    """The same memory in fewer, larger numbers, which are only moved: the channels of a pixel, several at once."""
    pixel_bytes = pixels.shape[-1] * pixels.element_size()
    for size, dtype in WIDE:
        if pixel_bytes % size == 0 and pixels.data_ptr() % size == 0 and pixels.element_size() < size:
            return pixels.view(-1).view(dtype).view(*pixels.shape[:-1], -1)  # a side of 1 may have any stride
    return pixels


def instance_normalized(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    """Instance normalization of pictures (N, C, H, W) by scale and shift (N, C, 1, 1), in float32 at least."""
    y: Tensor = _Normalized.apply(x, scale, shift, eps)
    return y


class _Normalized(torch.autograd.Function):
    """Scale and shift are taken into the one pass that normalizes, their gradients into the sums it needs anyway."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> Tensor:
        exact = _exact(x)
        variance, mean = torch.var_mean(exact, (2, 3), correction=0, keepdim=True)     # (N, C, 1, 1)
        rate = (variance + eps).rsqrt()
        by = scale * rate
        ctx.save_for_backward(x, mean, rate, scale)
        return torch.addcmul(torch.addcmul(shift, mean, by, value=-1), exact, by)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, mean, rate, scale = ctx.saved_tensors
        gradient = _exact(gradient)
        normal = (_exact(x) - mean) * rate
        to_shift = gradient.sum((2, 3), keepdim=True)
        to_scale = (gradient * normal).sum((2, 3), keepdim=True)
        count = x.shape[2] * x.shape[3]
        unlike_mean = torch.addcmul(gradient - to_shift / count, normal, to_scale, value=-1 / count)
        to_x = (unlike_mean * (scale * rate)).to(x.dtype)
        return to_x, to_scale.sum_to_size(scale.shape), to_shift.sum_to_size(scale.shape), None


def _exact(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
