"""Which cameras there are, and whether they can be used. No stream is started: no light goes on.

Linux tells by sysfs; each node is then opened and asked what it is (V4L2, VIDIOC_QUERYCAP), since most cameras have
a second node beside the one with pictures.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")

# linux/videodev2.h. struct v4l2_capability: driver, card, bus_info, version, capabilities, device_caps, reserved
CAPABILITY = struct.Struct("=16s32s32s3I12x")
VIDIOC_QUERYCAP = 0x80685600
VIDEO_CAPTURE = 0x00000001 | 0x00001000  # V4L2_CAP_VIDEO_CAPTURE, V4L2_CAP_VIDEO_CAPTURE_MPLANE
HAS_DEVICE_CAPS = 0x80000000

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


def list_cameras(sysfs: Path = SYSFS, dev: Path = DEV, ioctl: Ioctl | None = None) -> list[Camera]:
    """All cameras in the order of their numbers, those that cannot be used too; empty where the system is not Linux."""
    entries = sorted(sysfs.glob("video*"), key=_number)
    cameras = [_camera(entry, dev / entry.name, ioctl or _ioctl) for entry in entries]
    return [camera for camera in cameras if camera is not None]


def why_no_cameras() -> str:
    """The sentence for the user where `list_cameras` is empty."""
    return "no camera was found" if sys.platform == "linux" else "cameras are listed on Linux only so far"


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
