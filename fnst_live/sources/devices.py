"""Which cameras there are, whether they can be used, and their modes. No stream is started: no light goes on.

Each is asked what it offers (V4L2, VIDIOC_ENUM_FMT and its like).
"""

from __future__ import annotations

import itertools
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnst_live.video_nodes import DEV, SYSFS, Ioctl, kernel_ioctl, list_nodes

# linux/videodev2.h. struct v4l2_fmtdesc: index, type, flags, description, pixelformat, mbus_code, reserved
FORMAT = struct.Struct("=3I32s4sI12x")
VIDIOC_ENUM_FMT = 0xC0405602
BUFFER_TYPES = (1, 9)  # V4L2_BUF_TYPE_VIDEO_CAPTURE, ..._MPLANE

# struct v4l2_frmsizeenum: index, pixel_format, type, then width, height or the six numbers of a range; reserved
SIZE = struct.Struct("=I4sI6I8x")
VIDIOC_ENUM_FRAMESIZES = 0xC02C564A

# struct v4l2_frmivalenum: index, pixel_format, width, height, type, then one fraction or the three of a range; reserved
INTERVAL = struct.Struct("=I4sIII6I8x")
VIDIOC_ENUM_FRAMEINTERVALS = 0xC034564B
DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE, V4L2_FRMIVAL_TYPE_DISCRETE

# What is offered of a camera that takes anything within a range.
USUAL_SIZES = ((320, 240), (640, 360), (640, 480), (800, 600), (960, 540), (1280, 720), (1920, 1080), (3840, 2160))
USUAL_RATES = (60.0, 50.0, 30.0, 25.0, 15.0)

LARGEST_LIVE = (1280, 720)  # more costs time at every stage, and is rarely seen under paint
SMOOTH_FPS = 30


@dataclass(frozen=True)
class Camera:
    """A source of live pictures. problem: why it cannot be used, or empty."""

    name: str
    path: Path
    problem: str = ""


@dataclass(frozen=True)
class CameraMode:
    """What a camera can be asked for. pixel_format: its four letters, as MJPG or YUYV."""

    pixel_format: str
    width: int
    height: int
    fps: float


def list_cameras(sysfs: Path = SYSFS, dev: Path = DEV, ioctl: Ioctl | None = None) -> list[Camera]:
    """All cameras in the order of their numbers, those that cannot be used too; empty where the system is not Linux."""
    nodes = list_nodes(sysfs, dev, ioctl)
    return [Camera(node.name, node.path, node.problem) for node in nodes if node.gives_pictures]


def why_no_cameras() -> str:
    """The sentence for the user where `list_cameras` is empty."""
    return "no camera was found" if sys.platform == "linux" else "cameras are listed on Linux only so far"


def list_modes(node: Path, ioctl: Ioctl | None = None) -> list[CameraMode]:
    """All modes in the camera's own order; empty where it cannot be asked, as when it is not Linux's."""
    try:
        descriptor = os.open(node, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return []
    try:
        modes = _modes(_Questions(descriptor, ioctl or kernel_ioctl))
        return list(dict.fromkeys(modes))
    finally:
        os.close(descriptor)


def usual_mode(modes: list[CameraMode]) -> CameraMode | None:
    """The largest up to 1280x720 that is smooth, MJPG rather than raw, which is slow over USB; None of none."""

    def rank(mode: CameraMode) -> tuple[bool, bool, int, bool, float]:
        fits = mode.width <= LARGEST_LIVE[0] and mode.height <= LARGEST_LIVE[1]
        area = mode.width * mode.height
        return fits, mode.fps >= SMOOTH_FPS, area if fits else -area, mode.pixel_format == "MJPG", -mode.fps

    return max(modes, key=rank, default=None)


class _Questions:
    """Enumerations of one opened node: each counts up until the driver says EINVAL."""

    def __init__(self, descriptor: int, ioctl: Ioctl):
        self._descriptor, self._ioctl = descriptor, ioctl

    def formats(self) -> Iterator[bytes]:
        for kind in BUFFER_TYPES:
            for answer in self._count_up(VIDIOC_ENUM_FMT, FORMAT, kind, 0, b"", b"", 0):
                yield answer[4]

    def sizes(self, pixel_format: bytes) -> Iterator[tuple[int, int]]:
        for _, _, kind, *numbers in self._count_up(VIDIOC_ENUM_FRAMESIZES, SIZE, pixel_format, 0, *(0,) * 6):
            if kind == DISCRETE:
                yield numbers[0], numbers[1]
            else:
                low_width, high_width, _, low_height, high_height, _ = numbers
                yield from (
                    (width, height) for width, height in USUAL_SIZES
                    if low_width <= width <= high_width and low_height <= height <= high_height
                )

    def rates(self, pixel_format: bytes, width: int, height: int) -> Iterator[float]:
        wanted = (pixel_format, width, height, 0, *(0,) * 6)
        for *_, kind, a, b, c, d, _, _ in self._count_up(VIDIOC_ENUM_FRAMEINTERVALS, INTERVAL, *wanted):
            if kind == DISCRETE:
                yield _rate(a, b)
            else:  # the shortest interval, and the longest
                yield from (rate for rate in USUAL_RATES if _rate(c, d) <= rate <= _rate(a, b))

    def _count_up(self, request: int, layout: struct.Struct, *wanted: bytes | int) -> Iterator[tuple[Any, ...]]:
        for index in itertools.count():
            answer = bytearray(layout.pack(index, *wanted))
            try:
                self._ioctl(self._descriptor, request, answer)
            except OSError:  # EINVAL ends the list; ENOTTY: there is none
                return
            yield layout.unpack(answer)


def _modes(ask: _Questions) -> Iterator[CameraMode]:
    for pixel_format in ask.formats():
        letters = pixel_format.decode("ascii", "replace").strip()
        for width, height in ask.sizes(pixel_format):
            for fps in ask.rates(pixel_format, width, height):
                yield CameraMode(letters, width, height, fps)


def _rate(numerator: int, denominator: int) -> float:
    """Of an interval in seconds."""
    return round(denominator / numerator, 3) if numerator else 0.0
