"""Stage 2: the flicker goes, color and crispness stay.

The previous result is warped along the content's motion and blended with the new stylized frame, but only where the
content says that it is still the same thing (after Lai et al. 2018, Ruder et al. 2016). Fetching a picture between its
pixels again and again is what turns such blends soft, so crispness is watched: the kernel that fetches becomes sharper
where the result has lost any, and softer, which is steadier, where there is some to spare. In the same way contrast and
saturation are held: averaging colors that flicker would slowly turn them grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stabilize.flow import BackwardFlow, Gray
from fnst_live.stabilize.occlusion import PastTrust
from fnst_live.stabilize.rest import pixels_at_rest
from fnst_live.stabilize.warp import Warp

Floats = npt.NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
MOST_WEIGHT = 0.99     # of the past, at full stability
CRISPNESS_KEPT = 0.85  # of the new frame's
SOFTEST, SHARPEST = 1.0, -0.6  # see `Warp.between`
STROKE_PX = 16         # what is finer is a stroke
LEAST_KEPT = 0.7       # of the past, where broad colors differ: it fades in a few frames
COLOR_FLICKER = 12.0   # levels by which broad colors differ from frame to frame
COLOR_SCALE = 10.0     # levels beyond that at which the past counts for a third
GREATEST_STRETCH = 0.01  # of contrast or saturation, a frame
LONGEST_GAP_S = 0.5    # between two frames of one scene, where some were dropped


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
    """What is remembered of the previous frame: its content, gray and at half size, and its steadied picture."""

    frame: Frame
    gray: Gray
    half: Pixels
    steady: Floats

    def is_followed_by(self, content: Frame) -> bool:
        """Not after a seek or a pause, and not by a frame of another size."""
        step = content.index - self.frame.index
        gap_s = content.time_s - self.frame.time_s
        return content.size == self.frame.size and (step == 1 or (step > 1 and 0 < gap_s <= LONGEST_GAP_S))


class FlowStabilizer:
    """Satisfies `pipeline.stages.Stabilizer`; its memory is its own, one per stream.

    stability: above 0 up to 1; how firmly the past is held; may be changed between two frames. exact: see
    `BackwardFlow`.
    """

    def __init__(self, stability: float, *, exact: bool = True):
        self.stability = stability
        self._flow = BackwardFlow(exact=exact)
        self._warp = Warp(1, 1)
        self._trust = PastTrust(1, 1)
        self._past: Past | None = None
        self._softness = 0.0

    @property
    def weight(self) -> float:
        """Of the past, where it can be believed."""
        return float(MOST_WEIGHT * (1 - (1 - self.stability) ** 2.5))

    def reset(self) -> None:
        self._past, self._softness = None, 0.0

    def stabilize(self, content: Frame, stylized: Frame) -> Frame:
        past = self._past if self._past is not None and self._past.is_followed_by(content) else None
        if past is None:
            self._begin(content)
        gray = np.asarray(cv2.cvtColor(content.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        half: Pixels = self._trust.halved(content.pixels)
        fresh = stylized.pixels.astype(np.float32)
        steady = None if past is None else self._blend(past, gray, half, fresh)
        self._past = Past(content, gray, half, fresh if steady is None else steady)
        return stylized if steady is None else stylized.with_pixels(_rounded(steady))

    def _begin(self, content: Frame) -> None:
        """Nothing of what was before counts."""
        height, width = content.pixels.shape[:2]
        self._softness = 0.0
        if self._warp.shape != (height, width):
            self._warp, self._trust = Warp(height, width), PastTrust(height, width)

    def _blend(self, past: Past, gray: Gray, half: Pixels, fresh: Floats) -> Floats | None:
        """The steadied picture, float32 (H, W, 3) in 0..255, or None after a cut. The past's gives its memory to it."""
        self._follow_motion(past.gray, gray)
        trust = self._trust.estimate(half, past.half, self._warp.flow)
        if trust is None:
            self._softness = 0.0
            return None
        warped = self._warp.between(past.steady, self._softness)
        share = cv2.multiply(trust, likeness(warped, fresh), scale=self.weight)
        blended = cv2.blendLinear(warped, fresh, share, 1 - share, dst=past.steady)
        steady = with_color_of(fresh, np.asarray(blended, np.float32))
        self._softness = next_softness(self._softness, crispness(steady) / max(crispness(fresh), 1e-6))
        return steady

    def _follow_motion(self, before: Gray, now: Gray) -> None:
        """Aim the warp from the previous frame to this one."""
        flow = self._flow.estimate(now, before)
        self._warp.follow(flow)
        resting = pixels_at_rest(now, before, self._warp)
        if resting is not None:
            self._warp.follow(np.asarray(cv2.copyTo(flow, (~resting).view(np.uint8)), np.float32))  # else nothing


def make_stabilizer(stability: float, *, exact: bool = True) -> Stabilizer:
    """For the setting 0..1."""
    return FlowStabilizer(stability, exact=exact) if stability > 0 else NoStabilizer()


def likeness(warped: Floats, fresh: Floats) -> Floats:
    """float32 (H, W) in 0..1: how near the past's colors come to the new frame's, strokes aside.

    Strokes flicker, broad colors hardly do: where those differ, something else was there, whatever the content says.
    """
    height, width = fresh.shape[:2]
    coarse = (max(1, width // STROKE_PX), max(1, height // STROKE_PX))
    past, now = (cv2.resize(picture, coarse, interpolation=cv2.INTER_AREA) for picture in (warped, fresh))
    red, green, blue = cv2.split(cv2.absdiff(past, now))
    excess = np.maximum(cv2.max(cv2.max(red, green), blue) - COLOR_FLICKER, 0) / COLOR_SCALE
    kept = LEAST_KEPT + (1 - LEAST_KEPT) * np.exp(-excess * excess)
    return np.asarray(cv2.resize(kept, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def with_color_of(fresh: Floats, steady: Floats) -> Floats:
    """Brightness spread around its mean, and colors away from gray, each by a little a frame, as far as in fresh.

    Works in place: what it returns is steady.
    """
    mean, spread, saturation = color_figures(steady)
    _, wanted_spread, wanted_saturation = color_figures(fresh)
    contrast_gain, color_gain = (
        float(np.clip(wanted / max(found, 1e-6), 1 - GREATEST_STRETCH, 1 + GREATEST_STRETCH))
        for wanted, found in ((wanted_spread, spread), (wanted_saturation, saturation))
    )
    gray = np.tile(LUMA, (3, 1))
    matrix = contrast_gain * gray + color_gain * (np.eye(3) - gray)
    shift = np.full((3, 1), mean * (1 - contrast_gain))
    return np.asarray(cv2.transform(steady, np.hstack([matrix, shift]), dst=steady), np.float32)


def color_figures(picture: Floats) -> tuple[float, float, float]:
    """Mean and standard deviation of luma, and mean saturation (largest less smallest channel), of every 64th pixel."""
    sample = np.ascontiguousarray(picture[::8, ::8])
    mean, deviation = cv2.meanStdDev(cv2.transform(sample, LUMA[None]))
    red, green, blue = cv2.split(sample)
    saturation = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return float(mean[0, 0]), float(deviation[0, 0]), cv2.mean(saturation)[0]


def adjusted(stabilizer: Stabilizer, stability: float, *, exact: bool = True) -> Stabilizer:
    """For another setting: the same one, with its memory, unless it is switched on or off."""
    if isinstance(stabilizer, FlowStabilizer) and stability > 0:
        stabilizer.stability = stability
        return stabilizer
    return make_stabilizer(stability, exact=exact)


def next_softness(softness: float, kept_crispness: float) -> float:
    """A step towards the kernel with which the result keeps as much of the new frame's crispness as it shall."""
    return min(max(softness + 1.5 * (kept_crispness - CRISPNESS_KEPT), SHARPEST), SOFTEST)


def crispness(picture: Floats) -> float:
    """Mean step in green from one pixel to its neighbor, in every fourth row."""
    rows = np.ascontiguousarray(picture[::4, :, 1])
    return float(cv2.norm(rows[:, 1:], rows[:, :-1], cv2.NORM_L1)) / rows.size


def _rounded(picture: Floats) -> Pixels:
    """Clamped to 0..255, to the nearest level."""
    return np.asarray(cv2.add(picture, np.zeros(4), dtype=cv2.CV_8U), np.uint8)
