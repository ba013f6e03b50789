"""The only door between arrays and tensors.

Outside: uint8 (H, W, 3) RGB. Inside: (1, 3, H, W) RGB in [0, 1]. Bytes cross to a device, not floats: a quarter of
the traffic, and the conversion costs nothing there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fnst_live.frames.frame import Pixels


def to_tensor(pixels: Pixels, torch_device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """uint8 (H, W, 3) to channels-last (1, 3, H, W) in [0, 1] on the device."""
    writable = pixels if pixels.flags.writeable else pixels.copy()  # torch has no read-only tensors
    return from_levels(torch.from_numpy(writable).to(torch_device), dtype)


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
