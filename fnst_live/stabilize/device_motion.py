"""What the content tells, as torch operations on any device: `motion.py`, `rest.py` and `occlusion.py` in one.

Every decision stays a tensor, a mask or a number that is 0 or 1: to ask the device for it would be to wait for it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from fnst_live.stabilize import occlusion, rest
from fnst_live.stabilize.device_flow import DeviceFlow
from fnst_live.stabilize.device_planes import (
    AreaResize,
    DeviceWarp,
    box_mean,
    enlarged_flow,
    gray_of,
    median_of_nine,
    planes_of,
    rounded,
    slope_x,
    slope_y,
)
from fnst_live.stabilize.flow import STILL_PX

PHOTOMETRIC_SCALE, NOISE_FLOOR, FORGIVEN_PX, MOST_FORGIVEN, BESIDE, MOVING_PX, RELATIVE_SLOPE, LEAST_SLOPE = (
    float(value) for value in (
        occlusion.PHOTOMETRIC_SCALE, occlusion.NOISE_FLOOR, occlusion.FORGIVEN_PX, occlusion.MOST_FORGIVEN,
        occlusion.BESIDE, occlusion.MOVING_PX, occlusion.RELATIVE_SLOPE, occlusion.LEAST_SLOPE,
    )
)
ERROR_AROUND, TEXTURE_AROUND = 3, 7  # pixels, over which they are averaged
REST_AROUND = 9                      # pixels, over which a change is averaged
STILL_DRIFT_PX = 2 * float(STILL_PX)
STILL_SHARE = 0.8                    # of pixels that have not changed at all, before a camera at rest
GREEN = slice(1, 2)


class Seen(NamedTuple):
    """What is remembered of a frame, in whole levels: gray (1, 1, H, W); at half size, color (1, 3, h, w) and gray."""

    gray: Tensor
    half_color: Tensor
    half_gray: Tensor


class MotionPlanes(NamedTuple):
    """flow (1, 2, H, W) in pixels; at half size, trust (1, 1, h, w) in 0..1; is_cut (), bool: nothing of it counts."""

    flow: Tensor
    trust: Tensor
    is_cut: Tensor


class DeviceEye:
    """Compares frames of one size, (height, width), with the ones before; it remembers nothing."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        half_size = max(1, height // 2), max(1, width // 2)
        self._halved = AreaResize((height, width), half_size, torch_device)
        self._flow = DeviceFlow(*half_size, torch_device)
        self._warp, self._half_warp = DeviceWarp(height, width, torch_device), DeviceWarp(*half_size, torch_device)

    def seen(self, content: Tensor) -> Seen:
        """content: uint8 (H, W, 3)."""
        color = planes_of(content)
        gray = gray_of(color)
        return Seen(gray, rounded(self._halved(color)), rounded(self._halved(gray)))

    def motion(self, now: Seen, before: Seen) -> MotionPlanes:
        half_flow = self._flow.estimate(now.half_gray, before.half_gray)
        flow = enlarged_flow(half_flow, *self._warp.shape)
        past = rounded(self._warp.fetched(before.gray, flow))
        resting = pixels_at_rest(now.gray, before.gray, past, flow)
        flow, half_flow = flow.masked_fill(resting, 0), half_flow.masked_fill(halved_rest(resting), 0)
        error, texture = compared(now.half_color, rounded(self._half_warp.fetched(before.half_color, half_flow)))
        is_cut = share_of(box_mean(error, ERROR_AROUND) > occlusion.OTHER_SCENE_ERROR) > 0.5
        return MotionPlanes(flow, trusted(error, texture, half_flow, self._half_warp.coordinates), is_cut)


def share_of(mask: Tensor) -> Tensor:
    """(), 0..1: how much of the mask is True."""
    return mask.float().mean()


def pixels_at_rest(now: Tensor, before: Tensor, past: Tensor, flow: Tensor) -> Tensor:
    """(1, 1, H, W), True where nothing moves before a camera at rest: see `rest.pixels_at_rest`; nowhere, where nobody
    can tell that the camera rests. past: what was before, fetched along the flow."""
    change = local_change(now, before)
    is_noisy = share_of(sampled(change) > rest.NOISY_LEVELS) > 0.5
    gained_nothing = change <= rest.FOLLOWED_NOISE * local_change(now, past)
    rests_in_noise = gained_nothing & (share_of(gained_nothing) > rest.AT_REST_SHARE)
    rests = (change < rest.UNCHANGED_LEVELS) & is_camera_at_rest(flow, now, before)
    return torch.where(is_noisy, rests_in_noise, rests)


def halved_rest(resting: Tensor) -> Tensor:
    """(1, 1, H, W) to (1, 1, h, w): True where all four pixels rest."""
    sides = [min(2, side) for side in resting.shape[2:]]
    return functional.max_pool2d((~resting).float(), sides) == 0


def is_camera_at_rest(flow: Tensor, now: Tensor, before: Tensor) -> Tensor:
    """(), bool: see `rest.is_camera_at_rest`. That a median lies between two bounds is told by how many do not reach
    them: nothing need be sorted."""
    drift = sampled(flow).flatten(2)
    beyond = torch.cat([drift >= STILL_DRIFT_PX, drift <= -STILL_DRIFT_PX]).float().mean(2)
    return (beyond.amax() < 0.5) | (share_of(sampled(now) == sampled(before)) > STILL_SHARE)


def sampled(picture: Tensor) -> Tensor:
    """Every so many rows and columns."""
    return picture[:, :, ::rest.SAMPLE_STEP, ::rest.SAMPLE_STEP]


def local_change(now: Tensor, before: Tensor) -> Tensor:
    """(1, 1, H, W): see `rest.local_change`."""
    return box_mean((now - before).abs(), REST_AROUND)


def compared(now: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Error and texture, (1, 1, H, W) in levels each: see `occlusion.compare`."""
    error = (now - before).abs().amax(1, keepdim=True)
    green = now[:, GREEN]
    return error, (slope_x(green).abs() + slope_y(green).abs()) / 2


def trusted(error: Tensor, texture: Tensor, flow: Tensor, coordinates: Tensor) -> Tensor:
    """(1, 1, H, W) in 0..1: see `occlusion.judge`."""
    forgiven = (box_mean(texture, TEXTURE_AROUND) * FORGIVEN_PX).clamp(max=MOST_FORGIVEN)
    error = box_mean(error - forgiven, ERROR_AROUND)
    excess = (error - NOISE_FLOOR).clamp(min=0) / PHOTOMETRIC_SCALE
    trust = torch.exp(-excess * excess) * (1 - motion_boundary(flow))
    return trust.masked_fill(comes_from_outside(flow, coordinates) | comes_from_rest(flow, coordinates), 0)


def motion_boundary(flow: Tensor) -> Tensor:
    """(1, 1, H, W) in 0..1: see `occlusion.motion_boundary`."""
    flow = median_of_nine(flow)
    slope = (slope_x(flow).square() + slope_y(flow).square()).sum(1, keepdim=True) / 4  # over two pixels, squared
    ratio = slope / (RELATIVE_SLOPE * flow.square().sum(1, keepdim=True) + LEAST_SLOPE)
    beside = functional.max_pool2d(ratio, 3, stride=1, padding=1)
    return (torch.maximum(ratio, BESIDE * beside) - 1).clamp(0, 1)


def comes_from_outside(flow: Tensor, coordinates: Tensor) -> Tensor:
    """(1, 1, H, W), True where the flow leads over the border."""
    source, farthest = coordinates + flow, coordinates[:, :, -1:, -1:]
    return ((source < 0) | (source > farthest)).any(1, keepdim=True)


def comes_from_rest(flow: Tensor, coordinates: Tensor) -> Tensor:
    """(1, 1, H, W), True where something that moves would come from what has stayed where it is."""
    _, _, height, width = flow.shape
    column, row = torch.floor(coordinates + flow + 0.5).long()[0]
    place = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    stays = ~flow.any(1).flatten()
    return ((flow.abs().amax(1) > MOVING_PX) & stays[place])[None]
