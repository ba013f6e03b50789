"""Linux's video nodes: what stands behind each, and what it can do. No stream is started: no light goes on.

sysfs tells which there are; each is then opened and asked (V4L2, VIDIOC_QUERYCAP), since most cameras have a second
node beside the one with pictures, and some nodes take pictures instead of giving them.
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
VIDEO_OUTPUT = 0x00000002                # V4L2_CAP_VIDEO_OUTPUT
HAS_DEVICE_CAPS = 0x80000000

PROBLEMS = {
    errno.EACCES: "you may not open it: join the group 'video' and log in anew",
    errno.EPERM: "you may not open it: join the group 'video' and log in anew",
    errno.EBUSY: "another program is using it",
    errno.ENOENT: "it has no node in /dev: a container must be given it",
}

Ioctl = Callable[[int, int, bytearray], object]


@dataclass(frozen=True)
class VideoNode:
    """problem: why it cannot be used, or empty; it may be of any kind then."""

    name: str
    path: Path
    gives_pictures: bool
    takes_pictures: bool
    problem: str = ""


def list_nodes(sysfs: Path = SYSFS, dev: Path = DEV, ioctl: Ioctl | None = None) -> list[VideoNode]:
    """All of them in the order of their numbers; empty where the system is not Linux."""
    entries = sorted(sysfs.glob("video*"), key=_number)
    return [_node(_name(entry), dev / entry.name, ioctl or kernel_ioctl) for entry in entries]


def kernel_ioctl(descriptor: int, request: int, answer: bytearray) -> None:
    """Raises OSError."""
    import fcntl  # there is none on Windows

    fcntl.ioctl(descriptor, request, answer)


def problem_of(error: OSError) -> str:
    return PROBLEMS.get(error.errno or 0) or error.strerror or str(error)


def _node(name: str, path: Path, ioctl: Ioctl) -> VideoNode:
    try:
        capabilities = _capabilities(path, ioctl)
    except OSError as error:
        return VideoNode(name, path, gives_pictures=True, takes_pictures=True, problem=problem_of(error))
    return VideoNode(name, path, bool(capabilities & VIDEO_CAPTURE), bool(capabilities & VIDEO_OUTPUT))


def _capabilities(path: Path, ioctl: Ioctl) -> int:
    """Raises OSError for a node that cannot be opened or asked."""
    answer = bytearray(CAPABILITY.size)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        ioctl(descriptor, VIDIOC_QUERYCAP, answer)
    finally:
        os.close(descriptor)
    *_, of_the_device, of_this_node = CAPABILITY.unpack(answer)
    return int(of_this_node if of_the_device & HAS_DEVICE_CAPS else of_the_device)


def _name(entry: Path) -> str:
    """As the driver calls it; the node's own where it was unplugged a moment ago."""
    try:
        return (entry / "name").read_text(errors="replace").strip() or entry.name
    except OSError:
        return entry.name


def _number(entry: Path) -> int:
    digits = entry.name.removeprefix("video")
    return int(digits) if digits.isdecimal() else sys.maxsize
