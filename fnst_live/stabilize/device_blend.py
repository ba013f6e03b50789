"""Past and present become one, as torch operations on any device: what `FlowStabilizer` and `blend.py` do."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fnst_live.stabilize import blend, stabilizer
from fnst_live.stabilize.device_motion import GREEN, MotionPlanes
from fnst_live.stabilize.device_planes import AreaResize, DeviceWarp, enlarged, framed, planes_of
from fnst_live.stabilize.stabilizer import (
    COLOR_FLICKER,
    COLOR_SCALE,
    CRISPEST,
    CRISPNESS_KEPT,
    GREATEST_STRETCH,
    LEAST_KEPT,
    MORE_SHARPNESS,
    MOST_RENEWAL,
    OTHER_PICTURE,
    SAME_PICTURE,
    SOFTEST,
    STROKE_PX,
)

LUMA = tuple(float(part) for part in stabilizer.LUMA)
SECOND = float(blend.SECOND)
CRISP_ROW_STEP = blend.CRISP_ROW_STEP
SOFTNESS_STEP = 1.5   # for each part of crispness too much
COLOR_SAMPLE_STEP = 8  # every so many rows and columns tell of contrast and saturation
LEAST = 1e-6          # that is divided by
WHITE = 255


class Past(NamedTuple):
    """The previous frame, steadied, (1, 3, H, W) in 0..255, and how soft the past is fetched, ()."""

    picture: Tensor
    softness: Tensor


class DeviceBlend:
    """For frames of one size; it remembers nothing."""

    def __init__(self, height: int, width: int, torch_device: torch.device):
        self._warp = DeviceWarp(height, width, torch_device)
        coarse = max(1, height // STROKE_PX), max(1, width // STROKE_PX)
        self._coarse = AreaResize((height, width), coarse, torch_device)

    def blended(self, past: Past, levels: Tensor, motion: MotionPlanes, weight: Tensor) -> tuple[Past, Tensor]:
        """The frame steadied, as the next one's past and as bytes (H, W, 3); after a cut, just as it was painted.

        levels: uint8 (H, W, 3), as painted. weight: (), of the past where it can be believed.
        """
        fresh = planes_of(levels)
        warped = self._warp.fetched(past.picture, motion.flow)
        share = weight * enlarged(motion.trust, *self._warp.shape) * self._likeness(warped, fresh)
        softened = softened_by(motion.flow)
        crisper = (-past.softness).clamp(min=0)
        old = sharpened(warped, softened * (1 - past.softness.clamp(min=0) + MORE_SHARPNESS * crisper))
        renewed = MOST_RENEWAL * crisper * renewable(softened)
        mixed = fresh + share * (old - fresh + renewed * (fine_detail(fresh) - fine_detail(warped)))
        softness = next_softness(past.softness, crispness(mixed) / crispness(fresh).clamp(min=LEAST))
        picture = fresh.where(motion.is_cut, recolored(mixed, fresh))
        return Past(picture, softness.masked_fill(motion.is_cut, 0)), bytes_of(picture)

    def _likeness(self, warped: Tensor, fresh: Tensor) -> Tensor:
        """(1, 1, H, W) in 0..1: see `stabilizer.likeness`."""
        difference = (self._coarse(warped) - self._coarse(fresh)).abs().amax(1, keepdim=True)
        excess = (difference - COLOR_FLICKER).clamp(min=0) / COLOR_SCALE
        kept = LEAST_KEPT + (1 - LEAST_KEPT) * torch.exp(-excess * excess)
        sameness = ((OTHER_PICTURE - difference.mean()) / (OTHER_PICTURE - SAME_PICTURE)).clamp(0, 1)
        return enlarged(kept * sameness, *self._warp.shape)


def bytes_of(picture: Tensor) -> Tensor:
    """float32 (1, 3, H, W) to uint8 (H, W, 3), rounded."""
    return (picture[0].clamp(0, WHITE) + 0.5).to(torch.uint8).permute(1, 2, 0).contiguous()


def softened_by(flow: Tensor) -> Tensor:
    """(1, 2, H, W): by how much fetching along the flow softens, along x and along y."""
    beside = (flow - flow.round()).abs()
    return beside - beside * beside


def sharpened(picture: Tensor, along: Tensor) -> Tensor:
    """As crisp as it was before it was fetched, where `along` is by how much that softened: see `blend.blend`."""
    wider = framed(framed(picture))
    inner = slice(2, -2)
    regained = picture
    for axis, gain in ((3, along[:, :1]), (2, along[:, 1:])):
        line = wider[..., inner, :] if axis == 3 else wider[..., inner]
        length = picture.shape[axis]
        beside, far_beside = (
            (line.narrow(axis, 2 - reach, length) + line.narrow(axis, 2 + reach, length)) / 2 for reach in (1, 2)
        )
        again = 1.5 * picture - 2 * beside + far_beside / 2
        regained = regained + gain * (picture - beside) + SECOND * gain * gain * again
    return regained


def renewable(softened: Tensor) -> Tensor:
    """(1, 1, H, W) in 0..1: how much of the past's finest detail is lost by fetching."""
    return (4 * softened.sum(1, keepdim=True)).clamp(max=1)


def fine_detail(picture: Tensor) -> Tensor:
    """What differs from the mean of the four neighbors."""
    wider = framed(picture)
    inner = slice(1, -1)
    beside = wider[..., inner, :-2] + wider[..., inner, 2:]
    return picture - (beside + wider[..., :-2, inner] + wider[..., 2:, inner]) / 4


def next_softness(softness: Tensor, kept_crispness: Tensor) -> Tensor:
    """(): see `stabilizer.next_softness`."""
    return (softness + SOFTNESS_STEP * (kept_crispness - CRISPNESS_KEPT)).clamp(CRISPEST, SOFTEST)


def crispness(picture: Tensor) -> Tensor:
    """(): see `blend.crispness`."""
    green = picture[0, GREEN][0]
    above, rows, below = (green[first:last:CRISP_ROW_STEP] for first, last in ((0, -2), (1, -1), (2, None)))
    magnitude = torch.hypot(rows[:, 2:] - rows[:, :-2], (below - above)[:, 1:-1])
    return magnitude.sum() / max(magnitude.numel(), 1)


def recolored(steady: Tensor, fresh: Tensor) -> Tensor:
    """Contrast and saturation a little nearer to those of `fresh`: see `stabilizer.color_correction`."""
    mean, spread, saturation = color_figures(steady)
    _, wanted_spread, wanted_saturation = color_figures(fresh)
    contrast_gain, color_gain = gain(wanted_spread, spread), gain(wanted_saturation, saturation)
    gray = luma(steady)
    return color_gain * (steady - gray) + (contrast_gain * (gray - mean) + mean)


def gain(wanted: Tensor, found: Tensor) -> Tensor:
    """(): by how much to stretch, a little at a time."""
    return (wanted / found.clamp(min=LEAST)).clamp(1 - GREATEST_STRETCH, 1 + GREATEST_STRETCH)


def color_figures(picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and standard deviation of luma, and mean saturation, () each: see `stabilizer.color_figures`."""
    sample = picture[:, :, ::COLOR_SAMPLE_STEP, ::COLOR_SAMPLE_STEP]
    gray = luma(sample)
    mean = gray.mean()
    saturation = sample.amax(1) - sample.amin(1)
    return mean, (gray - mean).square().mean().sqrt(), saturation.mean()


def luma(picture: Tensor) -> Tensor:
    """(1, 3, H, W) to (1, 1, H, W)."""
    red, green, blue = (picture[:, channel:channel + 1] * LUMA[channel] for channel in range(3))
    return red + green + blue
