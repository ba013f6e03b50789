"""Stage 2 on a card: what `FlowStabilizer` does, with pictures that stay there.

Bytes cross the bus, from and to pinned memory: content and painting in, the steadied painting out. The two steps may
run on two threads: each has a stream and buffers of its own, and what `watch` has seen crosses with an event for which
the stream of `steady` waits, on the card. Python waits once a frame, for the result. What is done to a picture is
captured as a CUDA graph for its size. For tests all of it works on the CPU as well, without streams, where somebody
builds the kernels for it.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, NamedTuple

import torch
from torch import Tensor

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.pinned import fetched
from fnst_live.stabilize.device_blend import DeviceBlend, Past
from fnst_live.stabilize.device_lane import Captured, Lane, Upload, copy_all
from fnst_live.stabilize.device_motion import DeviceEye, MotionPlanes
from fnst_live.stabilize.motion import follows
from fnst_live.stabilize.stabilizer import FlowStabilizer, Stabilizer, weight_of_past

log = logging.getLogger(__name__)


class DeviceMotion(NamedTuple):
    """From the previous frame; is_there: when the card will have it, None where that is at once."""

    planes: MotionPlanes
    is_there: torch.cuda.Event | None


class DeviceStabilizer(Stabilizer):
    """As `FlowStabilizer`, on a torch device. `watch` and `steady` may be called from one thread each.

    Raises RuntimeError, from any method, where the device fails: no memory, no kernel for it.
    """

    def __init__(self, stability: float, torch_device: str):
        self.stability, self.torch_device = stability, torch_device
        device = torch.device(torch_device)
        if device.type == "cuda" and not torch.cuda.is_available():
            raise RuntimeError("no CUDA device was found")
        self._watch, self._hand = DeviceWatch(device), DeviceHand(device)

    def reset(self) -> None:
        self._watch.reset()
        self._hand.reset()

    def watch(self, content: Frame) -> DeviceMotion | None:
        return self._watch.motion(content)

    def steady(self, stylized: Frame, motion: DeviceMotion | None) -> Frame:
        if motion is None or self._hand.holds_nothing:
            self._hand.begin(stylized.pixels)
            return stylized
        return stylized.with_pixels(self._hand.steadied(stylized.pixels, motion, weight_of_past(self.stability)))


class DeviceWatch:
    """The first step: holds what was seen last."""

    def __init__(self, torch_device: torch.device):
        self._lane = Lane(torch_device)
        self._room: WatchRoom | None = None
        self._last: Frame | None = None

    def reset(self) -> None:
        self._last = None

    def motion(self, content: Frame) -> DeviceMotion | None:
        """Since the last frame; None where that tells nothing. Whether it is another scene is for the device to say."""
        last, self._last = self._last, content
        with self._lane.entered():
            room = self._room_for(content.pixels)
            room.look(content.pixels)
            planes = room.motion() if last is not None and follows(last, content) else None
            room.remember()
            return None if planes is None else DeviceMotion(planes, self._lane.mark())

    def _room_for(self, pixels: Pixels) -> WatchRoom:
        if self._room is None or self._room.upload.shape != pixels.shape:
            self._room = None  # before there is another: two may be too many
            self._room = WatchRoom(pixels.shape, self._lane)
        return self._room


class WatchRoom:
    """Memory and captured work for contents of one size."""

    def __init__(self, shape: tuple[int, ...], lane: Lane):
        """shape: (height, width, 3)."""
        self.upload = Upload(shape, lane)
        self._eye = DeviceEye(shape[0], shape[1], lane.torch_device)
        self._now, self._before = self._eye.memory(), self._eye.memory()
        self._look = Captured(lane, lambda: self._eye.look(self.upload.levels, self._now))
        self._compare = Captured(lane, lambda: self._eye.motion(self._now, self._before))

    def look(self, pixels: Pixels) -> None:
        self.upload.send(pixels)
        self._look()

    def motion(self) -> MotionPlanes:
        """The caller's to keep: this step may be some frames ahead of the other."""
        return MotionPlanes(*(plane.clone() for plane in self._compare()))

    def remember(self) -> None:
        copy_all(self._now.tensors, self._before.tensors)


class DeviceHand:
    """The second step: holds the previous frame, steadied."""

    def __init__(self, torch_device: torch.device):
        self._lane = Lane(torch_device)
        self._room: HandRoom | None = None
        self.holds_nothing = True

    def reset(self) -> None:
        self.holds_nothing = True

    def begin(self, stylized: Pixels) -> None:
        """With a frame that stays as it is."""
        with self._lane.entered():
            if self._room is None or self._room.upload.shape != stylized.shape:
                self._room = None  # before there is another: two may be too many
                self._room = HandRoom(stylized.shape, self._lane)
            self._room.begin(stylized)
        self.holds_nothing = False

    def steadied(self, stylized: Pixels, motion: DeviceMotion, weight: float) -> Pixels:
        assert self._room is not None
        with self._lane.entered():
            self._room.upload.send(stylized)  # while the motion is still being found
            self._lane.wait_for(motion.is_there, motion.planes)
            return self._room.steadied(motion.planes, weight)


class HandRoom:
    """Memory and captured work for paintings of one size."""

    def __init__(self, shape: tuple[int, ...], lane: Lane):
        """shape: (height, width, 3)."""
        self.upload = Upload(shape, lane)
        self._lane = lane
        self._blend = DeviceBlend(shape[0], shape[1], lane.torch_device)
        self._past = self._blend.memory(lane.torch_device)
        self._weight = torch.zeros((), device=lane.torch_device)
        self._motion: MotionPlanes | None = None
        self._mix = Captured(lane, self._mixed)

    def begin(self, stylized: Pixels) -> None:
        self._blend.begin(self.upload.send(stylized), self._past)

    def steadied(self, motion: MotionPlanes, weight: float) -> Pixels:
        """What was sent last."""
        self._weight.fill_(weight)
        self._take(motion)
        past, painted = self._mix()
        copy_all(past, self._past)
        return fetched(painted)

    def _take(self, motion: MotionPlanes) -> None:
        """To where the captured work reads it."""
        if self._motion is None:
            self._motion = MotionPlanes(*(torch.empty_like(plane) for plane in motion))
        copy_all(motion, self._motion)

    def _mixed(self) -> tuple[Past, Tensor]:
        assert self._motion is not None
        return self._blend.blended(self._past, self.upload.levels, self._motion, self._weight)


class GuardedMotion(NamedTuple):
    """What was seen, and by whom: one stabilizer knows nothing of the other's."""

    owner: Stabilizer
    motion: Any


class GuardedStabilizer(Stabilizer):
    """The device's stabilizer as long as that works; from its first failure on the CPU's, with one warning of it.

    exact: the CPU's, see `BackwardFlow`.
    """

    def __init__(self, stability: float, torch_device: str, *, exact: bool):
        self.stability, self.torch_device = stability, torch_device
        self._refuge = FlowStabilizer(stability, exact=exact)
        self._in_use: Stabilizer = self._refuge
        self._giving_up = threading.Lock()
        self._has_given_up = False
        try:
            self._in_use = DeviceStabilizer(stability, torch_device)
        except RuntimeError as error:
            self._give_up(error)

    def reset(self) -> None:
        self._in_use.reset()

    def watch(self, content: Frame) -> GuardedMotion:
        used = self._in_use
        try:
            return GuardedMotion(used, used.watch(content))
        except RuntimeError as error:
            if used is self._refuge:
                raise
            self._give_up(error)
        return GuardedMotion(self._refuge, self._refuge.watch(content))

    def steady(self, stylized: Frame, motion: GuardedMotion) -> Frame:
        used = self._in_use
        used.stability = self.stability
        try:
            return used.steady(stylized, motion.motion if motion.owner is used else None)
        except RuntimeError as error:
            if used is self._refuge:
                raise
            self._give_up(error)
        return self._refuge.steady(stylized, None)

    def _give_up(self, error: RuntimeError) -> None:
        with self._giving_up:
            if not self._has_given_up:  # both steps may fail at once
                reason = str(error).partition("\n")[0]
                log.warning("steadying on the CPU, since the device %s fails: %s", self.torch_device, reason)
            self._has_given_up, self._in_use = True, self._refuge
