"""Which cameras there are, whether they can be used, and their modes. No stream is started: no light goes on.

Linux tells by sysfs; each node is then opened and asked what it is (V4L2, VIDIOC_QUERYCAP), since most cameras have
a second node beside the one with pictures, and what it offers (VIDIOC_ENUM_FMT and its like).
"""

from __future__ import annotations

import errno
import itertools
import os
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")

# linux/videodev2.h. struct v4l2_capability: driver, card, bus_info, version, capabilities, device_caps, reserved
CAPABILITY = struct.Struct("=16s32s32s3I12x")
VIDIOC_QUERYCAP = 0x80685600
VIDEO_CAPTURE = 0x00000001 | 0x00001000  # V4L2_CAP_VIDEO_CAPTURE, V4L2_CAP_VIDEO_CAPTURE_MPLANE
HAS_DEVICE_CAPS = 0x80000000

# struct v4l2_fmtdesc: index, type, flags, description, pixelformat, mbus_code, reserved
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

PROBLEMS = {
    errno.EACCES: "you may not open it: join the group 'video' and log in anew",
    errno.EPERM: "you may not open it: join the group 'video' and log in anew",
    errno.EBUSY: "another program is using it",
    errno.ENOENT: "it has no node in /dev: a container must be given it",
}

Ioctl = Callable[[int, int, bytearray], object]


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
    entries = sorted(sysfs.glob("video*"), key=_number)
    cameras = [_camera(entry, dev / entry.name, ioctl or _ioctl) for entry in entries]
    return [camera for camera in cameras if camera is not None]


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
        modes = _modes(_Questions(descriptor, ioctl or _ioctl))
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


def _camera(entry: Path, node: Path, ioctl: Ioctl) -> Camera | None:
    """What stands behind one node, or None if it gives no pictures."""
    try:
        return Camera(_name(entry), node) if _gives_pictures(node, ioctl) else None
    except OSError as error:
        return Camera(_name(entry), node, PROBLEMS.get(error.errno or 0) or error.strerror or str(error))


def _gives_pictures(node: Path, ioctl: Ioctl) -> bool:
    """Raises OSError for a node that cannot be opened or asked."""
    answer = bytearray(CAPABILITY.size)
    descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    try:
        ioctl(descriptor, VIDIOC_QUERYCAP, answer)
    finally:
        os.close(descriptor)
    *_, of_the_camera, of_this_node = CAPABILITY.unpack(answer)
    capabilities = of_this_node if of_the_camera & HAS_DEVICE_CAPS else of_the_camera
    return bool(capabilities & VIDEO_CAPTURE)


def _ioctl(descriptor: int, request: int, answer: bytearray) -> None:
    import fcntl  # there is none on Windows

    fcntl.ioctl(descriptor, request, answer)


def _name(entry: Path) -> str:
    """As the driver calls it; the node's own where it was unplugged a moment ago."""
    try:
        return (entry / "name").read_text(errors="replace").strip() or entry.name
    except OSError:
        return entry.name


def _number(entry: Path) -> int:
    digits = entry.name.removeprefix("video")
    return int(digits) if digits.isdecimal() else sys.maxsize
