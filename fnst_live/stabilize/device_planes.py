"""What is done to pictures everywhere in the stabilizer, as torch operations on any device.

Pictures, flows and masks are float32 (N, C, H, W), colors in levels 0..255. Each does what the OpenCV call of the CPU's
stabilizer does, borders included. No operation waits for the device, so a frame's work can be queued or captured
whole.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SOLE_SAMPLE = 1  # a side of one pixel has no distance from first to last; any number serves

GRAY_WEIGHTS = (9798, 19235, 3735)  # of 2 ** GRAY_BITS: OpenCV's luma in whole numbers
GRAY_BITS = 15


class DeviceWarp:
    """Fetches earlier pictures of one size along a flow, bilinearly; the border's pixels go on beyond it."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self.shape = (height, width)
        self.coordinates = pixel_coordinates(height, width, torch_device)
        self._to_unit = unit_steps(height, width, torch_device)

    def fetched(self, picture: Tensor, flow: Tensor) -> Tensor:
        """picture (1, C, H, W), flow (1, 2, H, W) in pixels."""
        grid = ((self.coordinates + flow) * self._to_unit - 1).permute(0, 2, 3, 1)
        return bilinear(picture, grid)


def bilinear(picture: Tensor, grid: Tensor) -> Tensor:
    """grid (N, H, W, 2): where to fetch from, x and y, with -1 and 1 the centers of the first and last pixels."""
    return functional.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=True)


def pixel_coordinates(height: int, width: int, torch_device: torch.device) -> Tensor:
    """(1, 2, H, W): each pixel's column and row."""
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=torch.float32, device=torch_device),
        torch.arange(width, dtype=torch.float32, device=torch_device),
        indexing="ij",
    )
    return torch.stack([columns, rows])[None]


def unit_steps(height: int, width: int, torch_device: torch.device) -> Tensor:
    """(1, 2, 1, 1): by what columns and rows are multiplied, for 0..2 from the first to the last."""
    steps = [2 / max(side - 1, SOLE_SAMPLE) for side in (width, height)]
    return torch.tensor(steps, device=torch_device).view(1, 2, 1, 1)


def planes_of(levels: Tensor) -> Tensor:
    """uint8 (H, W, 3) to float32 (1, 3, H, W)."""
    return levels.permute(2, 0, 1)[None].to(torch.float32, memory_format=torch.contiguous_format)


def rounded(picture: Tensor) -> Tensor:
    """To whole levels, as they would be kept in bytes."""
    return torch.floor(picture + 0.5)


def gray_of(picture: Tensor) -> Tensor:
    """(1, 3, H, W) in levels to (1, 1, H, W) in whole levels."""
    red, green, blue = (picture[:, channel:channel + 1] * GRAY_WEIGHTS[channel] for channel in range(3))
    return rounded((red + green + blue) / 2**GRAY_BITS)


class AreaResize:
    """To fewer pixels, each the mean of what it covers: `cv2.INTER_AREA` for one pair of sizes (height, width)."""

    def __init__(self, larger: tuple[int, int], smaller: tuple[int, int], torch_device: torch.device):
        self._factors = tuple(many // few for many, few in zip(larger, smaller, strict=True))
        self._is_whole = all(many % few == 0 for many, few in zip(larger, smaller, strict=True))
        self._vertical, self._horizontal = (
            cover(many, few).to(torch_device) for many, few in zip(larger, smaller, strict=True)
        )

    def __call__(self, picture: Tensor) -> Tensor:
        """(N, C, H, W)."""
        if self._is_whole:
            return functional.avg_pool2d(picture, self._factors)
        return self._vertical @ picture @ self._horizontal.T


def cover(many: int, few: int) -> Tensor:
    """(few, many): of which share of each of many pixels each of few is made."""
    edges = torch.arange(few + 1, dtype=torch.float64) * many / few
    places = torch.arange(many, dtype=torch.float64)
    inside = torch.minimum(edges[1:, None], places + 1) - torch.maximum(edges[:-1, None], places)
    return (inside.clamp_(min=0) * few / many).float()


def enlarged(picture: Tensor, height: int, width: int) -> Tensor:
    """(N, C, h, w) to (N, C, H, W), bilinearly."""
    return functional.interpolate(picture, (height, width), mode="bilinear", align_corners=False)


def enlarged_flow(flow: Tensor, height: int, width: int) -> Tensor:
    """(1, 2, h, w) to (1, 2, H, W), whose pixels it counts in then."""
    u, v = flow[:, :1] * (width / flow.shape[3]), flow[:, 1:] * (height / flow.shape[2])
    return enlarged(torch.cat([u, v], dim=1), height, width)


def box_mean(plane: Tensor, side: int) -> Tensor:
    """Of side * side pixels around each; the border is a mirror, but where the picture is too small for one."""
    reach = side // 2
    mode = "reflect" if min(plane.shape[2:]) > reach else "replicate"
    return functional.avg_pool2d(functional.pad(plane, (reach,) * 4, mode=mode), side, stride=1)


def framed(picture: Tensor) -> Tensor:
    """One pixel wider on each side, where the border's pixels stand again."""
    return functional.pad(picture, (1, 1, 1, 1), mode="replicate")


def slope_x(picture: Tensor) -> Tensor:
    """From the left neighbor to the right one; from the pixel itself where there is none."""
    wider = functional.pad(picture, (1, 1, 0, 0), mode="replicate")
    return wider[..., 2:] - wider[..., :-2]


def slope_y(picture: Tensor) -> Tensor:
    """From the neighbor above to the one below; from the pixel itself where there is none."""
    higher = functional.pad(picture, (0, 0, 1, 1), mode="replicate")
    return higher[..., 2:, :] - higher[..., :-2, :]


def median_of_nine(picture: Tensor) -> Tensor:
    """Of each pixel and its eight neighbors: columns are sorted first, then what stands in one row of them."""
    higher = functional.pad(picture, (1, 1, 1, 1), mode="replicate")
    above, here, below = higher[..., :-2, :], higher[..., 1:-1, :], higher[..., 2:, :]
    lesser, greater = torch.minimum(above, here), torch.maximum(above, here)
    low = torch.minimum(lesser, below)
    high = torch.maximum(greater, below)
    middle = torch.maximum(lesser, torch.minimum(greater, below))
    highest_low = torch.maximum(torch.maximum(low[..., :-2], low[..., 1:-1]), low[..., 2:])
    lowest_high = torch.minimum(torch.minimum(high[..., :-2], high[..., 1:-1]), high[..., 2:])
    return median_of_three(
        highest_low, median_of_three(middle[..., :-2], middle[..., 1:-1], middle[..., 2:]), lowest_high
    )


def median_of_three(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.maximum(torch.minimum(a, b), torch.minimum(torch.maximum(a, b), c))
