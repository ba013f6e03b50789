"""Stage 2: the flicker goes, color and crispness stay.

The previous result is warped along the content's motion and blended with the new stylized frame, but only where the
content says that it is still the same thing (after Lai et al. 2018, Ruder et al. 2016). Fetching a picture between its
pixels again and again is what turns such blends soft, so crispness is watched: where the result has lost any, the past
is fetched more sharply, and its finest detail gives way to the new frame's; where there is some to spare, it is fetched
more softly, which is steadier. In the same way contrast and saturation are held: averaging colors that flicker would
slowly turn them grey.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stabilize.blend import blend, crispness, recolor
from fnst_live.stabilize.motion import Motion, MotionWatch
from fnst_live.stabilize.warp import fetched

Floats = npt.NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
MOST_WEIGHT = 0.99     # of the past, at full stability
CRISPNESS_KEPT = 0.93  # of the new frame's
SOFTNESS_STEP = 1.5      # for each part of crispness too much
SOFTEST, CRISPEST = 1.0, -1.0  # at 0 the past is as crisp as before it was fetched, see `fetching`
MORE_SHARPNESS, MOST_RENEWAL = 0.5, 0.75  # at the crispest; with less renewal, waves would grow: ripples along a pan
STROKE_PX = 16         # what is finer is a stroke
LEAST_KEPT = 0.85      # of the past, where broad colors differ: it fades in a few frames
COLOR_FLICKER = 13.0   # levels by which broad colors differ from frame to frame
COLOR_SCALE = 10.0     # levels beyond that at which the past counts for a third
SAME_PICTURE, OTHER_PICTURE = 22.0, 32.0  # levels by which broad colors differ on the mean; the liveliest clips: 19
GREATEST_STRETCH = 0.01  # of contrast or saturation, a frame


class Stabilizer(ABC):
    """Two steps, that a runner may overlap: `watch` sees the content of each frame, in order, and may be ahead of
    `steady`, which sees what was painted. What the one hands to the other is theirs.

    stability: 0..1; how firmly the past is held; above 0, it may be changed between two frames. torch_device: what it
    was made for, None where that is the CPU without torch.
    """

    stability: float = 0
    torch_device: str | None = None

    @abstractmethod
    def watch(self, content: Frame) -> Any: ...

    @abstractmethod
    def steady(self, stylized: Frame, motion: Any) -> Frame: ...

    @abstractmethod
    def reset(self) -> None:
        """What comes next does not follow what was."""

    def stabilize(self, content: Frame, stylized: Frame) -> Frame:
        """Both steps at once."""
        return self.steady(stylized, self.watch(content))


class NoStabilizer(Stabilizer):
    """Stability 0: every frame for itself, bit for bit."""

    def watch(self, content: Frame) -> None:
        pass

    def steady(self, stylized: Frame, motion: Any) -> Frame:  # noqa: ARG002  (same signature)
        return stylized

    def reset(self) -> None:
        pass


class FlowStabilizer(Stabilizer):
    """Satisfies `pipeline.stages.Stabilizer`; its memory is its own, one per stream.

    stability: above 0 up to 1; how firmly the past is held; may be changed between two frames. exact: see
    `BackwardFlow`.
    """

    def __init__(self, stability: float, *, exact: bool = True):
        self.stability = stability
        self._watch = MotionWatch(exact=exact)
        self._past: Floats | None = None  # the previous frame, steadied: (H, W, 3) in 0..255
        self._softness = 0.0
        self._room = np.empty((1, 1, 3), np.float32)

    @property
    def weight(self) -> float:
        return weight_of_past(self.stability)

    def reset(self) -> None:
        self._watch.reset()
        self._past = None

    def watch(self, content: Frame) -> Motion | None:
        return self._watch.motion(content)

    def steady(self, stylized: Frame, motion: Motion | None) -> Frame:
        if motion is None or self._past is None:
            self._past, self._softness = stylized.pixels.astype(np.float32), 0.0
            return stylized
        return stylized.with_pixels(self._blended(self._past, stylized.pixels, motion))

    def _blended(self, past: Floats, fresh: Pixels, motion: Motion) -> Pixels:
        """uint8 (H, W, 3), and in full precision in the past's own memory."""
        warped = fetched(past, motion.flow, self._room_for(*fresh.shape[:2]))
        share = cv2.multiply(full_size(motion.trust, fresh), likeness(warped, fresh), scale=self.weight)
        sharpness, renewal = fetching(self._softness)
        blend(
            warped, fresh, motion.flow, np.asarray(share, np.float32), past, sharpness=sharpness, renewal=renewal
        )
        self._softness = next_softness(self._softness, crispness(past) / max(crispness(fresh), 1e-6))
        pixels = np.empty_like(fresh)
        recolor(past, color_correction(fresh, past), pixels)
        return pixels

    def _room_for(self, height: int, width: int) -> Floats:
        """(height, width, 3), the same for every frame: to ask for it anew would take longer than to fill it."""
        if self._room.shape[:2] != (height, width):
            self._room = np.empty((height, width, 3), np.float32)
        return self._room


def weight_of_past(stability: float) -> float:
    """Where it can be believed."""
    return float(MOST_WEIGHT * (1 - (1 - stability) ** 2.6))


def full_size(plane: Floats, picture: Pixels) -> Floats:
    """(h, w) to the picture's (H, W)."""
    height, width = picture.shape[:2]
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def likeness(warped: Floats, fresh: Pixels) -> Floats:
    """float32 (H, W) in 0..1: how near the past's colors come to the new frame's, strokes aside.

    Strokes flicker, broad colors hardly do: where those differ, something else was there, whatever the content says.
    Where they differ all over, it was another picture: two dark scenes are hardly told apart before they are painted.
    """
    height, width = fresh.shape[:2]
    coarse = (max(1, width // STROKE_PX), max(1, height // STROKE_PX))
    past, now = (cv2.resize(picture, coarse, interpolation=cv2.INTER_AREA) for picture in (warped, fresh))
    difference = np.abs(past - now).max(2)
    excess = np.maximum(difference - COLOR_FLICKER, 0) / COLOR_SCALE
    kept = LEAST_KEPT + (1 - LEAST_KEPT) * np.exp(-excess * excess)
    sameness = np.clip((OTHER_PICTURE - difference.mean()) / (OTHER_PICTURE - SAME_PICTURE), 0, 1)
    return full_size(np.asarray(kept * sameness, np.float32), fresh)


def color_correction(fresh: Pixels, steady: Floats) -> Floats:
    """A matrix, (3, 4), that brings contrast and saturation of `steady` a little nearer to those of `fresh`: brightness
    is spread around its mean, and colors away from gray."""
    mean, spread, saturation = color_figures(steady)
    _, wanted_spread, wanted_saturation = color_figures(fresh)
    contrast_gain, color_gain = (
        float(np.clip(wanted / max(found, 1e-6), 1 - GREATEST_STRETCH, 1 + GREATEST_STRETCH))
        for wanted, found in ((wanted_spread, spread), (wanted_saturation, saturation))
    )
    gray = np.tile(LUMA, (3, 1))
    matrix = contrast_gain * gray + color_gain * (np.eye(3) - gray)
    shift = np.full((3, 1), mean * (1 - contrast_gain))
    return np.hstack([matrix, shift]).astype(np.float32)


def color_figures(picture: Floats | Pixels) -> tuple[float, float, float]:
    """Mean and standard deviation of luma, and mean saturation (largest less smallest channel), of every 64th pixel."""
    sample = picture[::8, ::8].astype(np.float32)
    mean, deviation = cv2.meanStdDev(cv2.transform(sample, LUMA[None]))
    red, green, blue = cv2.split(sample)
    saturation = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return float(mean[0, 0]), float(deviation[0, 0]), cv2.mean(saturation)[0]


def next_softness(softness: float, kept_crispness: float) -> float:
    """A step towards that with which the result keeps as much of the new frame's crispness as it shall."""
    return min(max(softness + SOFTNESS_STEP * (kept_crispness - CRISPNESS_KEPT), CRISPEST), SOFTEST)


def fetching(softness: float) -> tuple[float, float]:
    """Sharpness and renewal, see `blend`: what shall be crisper than it was is sharpened beyond that, and takes as much
    more of its finest detail from the new frame as keeps anything from growing."""
    crisper = max(-softness, 0)
    return 1 - max(softness, 0) + MORE_SHARPNESS * crisper, MOST_RENEWAL * crisper
