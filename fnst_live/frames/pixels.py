"""The only door between arrays and tensors.

Outside: uint8 (H, W, 3) RGB. Inside: (1, 3, H, W) RGB in [0, 1]. Bytes cross to a device, not floats: a quarter of
the traffic, and the conversion costs nothing there.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fnst_live.frames.frame import Pixels


def to_tensor(pixels: Pixels, torch_device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """uint8 (H, W, 3) to channels-last (1, 3, H, W) in [0, 1] on the device."""
    return from_levels(readable(pixels).to(torch_device), dtype)


def readable(pixels: Pixels) -> Tensor:
    """uint8 (H, W, 3) over the same memory, never to be written to; over a copy of what is not C-contiguous."""
    return torch.from_numpy(np.asarray(_SaidToBeWritable(np.ascontiguousarray(pixels))))


class _SaidToBeWritable:
    """An array's memory: torch has no read-only tensors, and warns of read-only arrays."""

    def __init__(self, pixels: Pixels):
        self._pixels = pixels  # lives as long as whatever looks at its memory
        described = pixels.__array_interface__
        self.__array_interface__ = {**described, "data": (described["data"][0], False)}


def to_pixels(image: Tensor) -> Pixels:
    """(1, 3, H, W), nominally in [0, 1], to uint8 (H, W, 3): clamped and rounded."""
    pixels: Pixels = to_levels(image).cpu().numpy()
    return pixels


def from_levels(levels: Tensor, dtype: torch.dtype) -> Tensor:
    """uint8 (H, W, 3) to channels-last (1, 3, H, W) in [0, 1], on the same device."""
    return levels.permute(2, 0, 1).unsqueeze(0).to(dtype).div_(255)


def to_levels(image: Tensor) -> Tensor:
    """(1, 3, H, W), nominally in [0, 1], to uint8 (H, W, 3), on the same device."""
    levels = image[0].float().mul(255).round_().clamp_(0, 255).to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous()
