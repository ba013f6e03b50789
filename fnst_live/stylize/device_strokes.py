"""`stroke_size.paint_coarse_to_fine` with pictures that stay on a card between the passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from fnst_live.stylize.stroke_size import FEWEST_LINES


def painted_coarse_to_fine(image: Tensor, paint: Callable[[Tensor], Tensor], stroke_size: int) -> Tensor:
    """(1, 3, H, W) in [0, 1], painted in strokes of so many times the width, as far as the picture is large enough.

    paint: the same to the same, nominally in [0, 1], in the network's own strokes. stroke_size: a power of two.
    """
    height, width = image.shape[2:]
    if stroke_size == 1 or min(height, width) < 2 * FEWEST_LINES:
        return paint(image)
    half = halved(image)
    broad = painted_coarse_to_fine(half, paint, stroke_size // 2).clamp(0, 1)
    broad = functional.interpolate(broad, (height, width), mode="bicubic", align_corners=False).clamp(0, 1)
    return paint(torch.lerp(image, broad.to(image.dtype), 0.5))


def halved(image: Tensor) -> Tensor:
    """(1, 3, H, W) to (1, 3, H // 2, W // 2), each pixel the mean of what it covers."""
    height, width = image.shape[2:]
    if height % 2 == 0 and width % 2 == 0:
        return functional.avg_pool2d(image, 2)
    vertical, horizontal = (cover(side, side // 2, image.device) for side in (height, width))
    return (vertical @ image.float() @ horizontal.T).to(image.dtype)


@lru_cache(maxsize=32)
def cover(many: int, few: int, torch_device: torch.device) -> Tensor:
    """(few, many): of which share of each of many pixels each of few is made. Kept, since a graph can be captured only
    of what needs nothing from outside."""
    edges = torch.arange(few + 1, dtype=torch.float64) * many / few
    places = torch.arange(many, dtype=torch.float64)
    inside = torch.minimum(edges[1:, None], places + 1) - torch.maximum(edges[:-1, None], places)
    return (inside.clamp_(min=0) * few / many).float().to(torch_device)
