"""Stage 2: the flicker goes, color and crispness stay.

The previous result is warped along the content's motion and blended with the new stylized frame, but only where the
content says that it is still the same thing (after Lai et al. 2018, Ruder et al. 2016). Averaging textures that do not
line up is what turns such blends soft and grey, so two bands are kept apart: the low one follows the new frame
quickly, and color with it; the high one, where the flicker of strokes lives, holds on to the past, and is lifted by a
little where averaging has cost it energy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stabilize.flow import BackwardFlow, Gray, is_camera_at_rest, still_pixels
from fnst_live.stabilize.occlusion import Trust, trust_in_past
from fnst_live.stabilize.warp import Warp

Floats = npt.NDArray[np.float32]

LOW_WEIGHT = 0.9     # of the past in the low band, at full stability
HIGH_WEIGHT = 0.99   # of the past in the high band, at full stability
BAND_SHRINK = 4      # the low band is what survives this reduction
LIFT_TARGET = 0.97   # of the new frame's amplitude in the high band
HIGHEST_LIFT = 1.03  # per frame, of the high band's amplitude
CUT_SHARE = 0.5      # of pixels without a past: then it is another scene


class Stabilizer(Protocol):
    def stabilize(self, content: Frame, stylized: Frame) -> Frame: ...

    def reset(self) -> None: ...


class NoStabilizer:
    """Stability 0: every frame for itself, bit for bit."""

    def stabilize(self, content: Frame, stylized: Frame) -> Frame:  # noqa: ARG002  (same signature)
        return stylized

    def reset(self) -> None:
        pass


@dataclass(frozen=True)
class Past:
    """What is remembered of the previous frame: its content, as it came and gray, and its steadied picture."""

    index: int
    content: Pixels
    gray: Gray
    steady: Floats


class FlowStabilizer:
    """Satisfies `pipeline.stages.Stabilizer`; its memory is its own, one per stream.

    stability: above 0 up to 1; how firmly the past is held.
    """

    def __init__(self, stability: float):
        self.low_weight = LOW_WEIGHT * stability
        self.high_weight = HIGH_WEIGHT * (1 - (1 - stability) ** 2.5)
        self._flow = BackwardFlow()
        self._warp: Warp | None = None
        self._past: Past | None = None

    def reset(self) -> None:
        self._past = None

    def stabilize(self, content: Frame, stylized: Frame) -> Frame:
        gray = np.asarray(cv2.cvtColor(content.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        fresh = stylized.pixels.astype(np.float32)
        past = self._past_of(content)
        steady = None if past is None else self._blend(past, content.pixels, gray, fresh)
        self._past = Past(content.index, content.pixels, gray, fresh if steady is None else steady)
        return stylized if steady is None else stylized.with_pixels(_rounded(steady))

    def _past_of(self, content: Frame) -> Past | None:
        """A frame that was jumped to, or came after dropped ones, has no past; one of another size neither."""
        past = self._past
        follows = past is not None and past.index + 1 == content.index and past.content.shape == content.pixels.shape
        return past if follows else None

    def _blend(self, past: Past, content: Pixels, gray: Gray, fresh: Floats) -> Floats | None:
        """The steadied picture, float32 (H, W, 3) in 0..255, or None after a cut."""
        warp = self._follow_motion(past.gray, gray)
        trust = trust_in_past(content, past.content, warp)
        if float((trust < 0.1).mean()) > CUT_SHARE:
            return None
        change = np.asarray(cv2.subtract(warp.sharp(past.steady), fresh), np.float32)  # (H, W, 3)
        high_share, low_share = self.high_weight, self.low_weight - self.high_weight
        kept = cv2.addWeighted(change, high_share, low_band(change), low_share, 0)
        return lift_details(fresh + kept * trust[..., None], fresh, trust)

    def _follow_motion(self, before: Gray, now: Gray) -> Warp:
        """A warp from the previous frame to this one."""
        if self._warp is None or self._warp.shape != now.shape:
            self._warp = Warp(*now.shape)
        flow = self._flow.estimate(now, before)
        self._warp.follow(flow)
        if is_camera_at_rest(flow, now, before):
            flow[still_pixels(now, before, self._warp.quick(before))] = 0
            self._warp.follow(flow)
        return self._warp


def make_stabilizer(stability: float) -> Stabilizer:
    """For the setting 0..1."""
    return FlowStabilizer(stability) if stability > 0 else NoStabilizer()


def low_band(picture: Floats) -> Floats:
    """What is coarser than a stroke; by reduction, which is quicker than a wide blur."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(1, width // BAND_SHRINK), max(1, height // BAND_SHRINK)),
                       interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def lift_details(steady: Floats, fresh: Floats, trust: Trust) -> Floats:
    """Give the high band back what averaging took, a few percent a frame, never more than the new frame has.

    It stops a little below that: energy is measured on frames that flicker, and each overshoot would stay.
    """
    low = low_band(steady)
    high = cv2.subtract(steady, low)
    lost = np.sqrt((energy(cv2.subtract(fresh, low_band(fresh))) + 1) / (energy(high) + 1))
    gain = 1 + (np.clip(lost * LIFT_TARGET, 1, HIGHEST_LIFT) - 1) * trust
    return np.asarray(low + high * gain[..., None], np.float32)


def energy(band: npt.NDArray[Any]) -> Floats:
    """Local mean square over a neighborhood and all channels: float32 (H, W)."""
    mean_of_channels = cv2.transform(cv2.multiply(band, band), np.full((1, 3), 1 / 3, np.float32))
    return np.asarray(cv2.blur(mean_of_channels, (15, 15)), np.float32)


def _rounded(picture: Floats) -> Pixels:
    """Clamped to 0..255, to the nearest level."""
    return np.asarray(cv2.convertScaleAbs(np.maximum(picture, 0)), np.uint8)
