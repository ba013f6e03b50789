"""What the content tells, before anything is painted: where each pixel was, and whether that can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stabilize.flow import BackwardFlow, Flow, Gray, enlarged, halved
from fnst_live.stabilize.occlusion import PastTrust, Trust
from fnst_live.stabilize.rest import hold_still, pixels_at_rest

LONGEST_GAP_S = 0.5  # between two frames of one scene, where some were dropped


@dataclass(frozen=True)
class Motion:
    """From the previous frame: flow (2, H, W) in pixels, and at half size trust (H / 2, W / 2)."""

    flow: Flow
    trust: Trust


@dataclass(frozen=True)
class _Seen:
    """What is remembered of the previous frame."""

    frame: Frame
    half: Pixels
    gray: Gray
    half_gray: Gray


def follows(last: Frame, content: Frame) -> bool:
    """Not after a seek or a pause, and not where its size is another."""
    step = content.index - last.index
    gap_s = content.time_s - last.time_s
    return content.size == last.size and (step == 1 or (step > 1 and 0 < gap_s <= LONGEST_GAP_S))


class MotionWatch:
    """Looks at one frame after the other; one per stream. exact: see `BackwardFlow`."""

    def __init__(self, *, exact: bool = True):
        self._flow = BackwardFlow(exact=exact)
        self._trust = PastTrust(1, 1)
        self._last: _Seen | None = None

    def reset(self) -> None:
        self._last = None

    def motion(self, content: Frame) -> Motion | None:
        """Since the last frame; None where that tells nothing: it is the first, or another scene."""
        gray = np.asarray(cv2.cvtColor(content.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        seen = _Seen(content, halved(content.pixels), gray, halved(gray))
        last, self._last = self._last, seen
        if last is None or not follows(last.frame, content):
            return None
        if self._trust.shape != seen.half_gray.shape:
            self._trust = PastTrust(*seen.half_gray.shape)
        half_flow = self._flow.estimate(seen.half_gray, last.half_gray)
        flow = enlarged(half_flow, np.empty((2, *gray.shape), np.float32))
        resting = pixels_at_rest(gray, last.gray, flow)
        if resting is not None:
            hold_still(flow, half_flow, resting)
        trust = self._trust.estimate(seen.half, last.half, half_flow)
        return None if trust is None else Motion(flow, trust)
