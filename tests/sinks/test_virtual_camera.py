"""A camera for other programs.

No machine that runs tests has v4l2loopback. The node is a plain file here, and the ioctl, the boundary to the kernel,
is a fake that answers as the driver does (linux/videodev2.h). What is written into the file is what others see.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from fnst_live.errors import OutputError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.sinks.virtual_camera import VirtualCameraSink, find_virtual_camera
from fnst_live.video_nodes import VideoNode

S_FMT, S_PARM = 0xC0D05605, 0xC0CC5616
COLOR = (200, 60, 30)


@dataclass
class Loopback:
    """The driver. held: the size that a program who looks at the camera keeps it at. refusals: what fails, and how."""

    held: FrameSize | None = None
    pixel_format: bytes = b"YUYV"
    refusals: dict[int, int] = field(default_factory=dict)
    formats: list[tuple[object, ...]] = field(default_factory=list)
    rates: list[tuple[int, ...]] = field(default_factory=list)

    def ioctl(self, _descriptor: int, request: int, answer: bytearray) -> None:
        if request in self.refusals:
            raise OSError(self.refusals[request], os.strerror(self.refusals[request]))
        if request == S_PARM:
            self.rates.append(struct.unpack("=5I", answer[:20]))
            return
        assert request == S_FMT
        assert len(answer) == 208  # struct v4l2_format of 64-bit Linux
        self.formats.append(struct.unpack("=I4xII4s4I", answer[:36]))
        width, height = self.held or self.formats[-1][1:3]
        answer[8:20] = struct.pack("=II4s", width, height, self.pixel_format)


@pytest.fixture
def node(tmp_path: Path) -> VideoNode:
    path = tmp_path / "video9"
    path.touch()
    return VideoNode("fnst-live", path, gives_pictures=False, takes_pictures=True)


def open_files() -> int:
    """Of this process; where the system tells."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def frame(width: int, height: int) -> Frame:
    return Frame(np.full((height, width, 3), COLOR, np.uint8), 0, Fraction(1, 30))


def seen(node: VideoNode, size: FrameSize) -> list[Pixels]:
    """By another program: RGB pictures."""
    raw = np.frombuffer(node.path.read_bytes(), np.uint8).reshape(-1, size.height, size.width, 2)
    return [np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_YUYV), np.uint8) for picture in raw]


def test_what_is_written_is_seen(node: VideoNode) -> None:
    driver, size = Loopback(), FrameSize(64, 48)
    with VirtualCameraSink(node, size, Fraction(30), driver.ioctl) as camera:
        assert (camera.name, camera.size) == ("fnst-live", size)
        camera.write(frame(64, 48))
        camera.write(frame(64, 48))
    assert driver.formats == [(2, 64, 48, b"YUYV", 1, 128, 128 * 48, 8)]
    assert driver.rates == [(2, 0x1000, 0, 1, 30)]
    pictures = seen(node, size)
    assert len(pictures) == 2
    assert np.abs(pictures[0].astype(int) - COLOR).max() <= 2


def test_an_odd_width_is_made_even(node: VideoNode) -> None:
    driver = Loopback()
    with VirtualCameraSink(node, FrameSize(63, 47), ioctl=driver.ioctl) as camera:
        assert camera.size == FrameSize(64, 47)
        camera.write(frame(63, 47))
    assert len(seen(node, FrameSize(64, 47))) == 1


def test_while_a_program_looks_the_size_stays_and_pictures_are_fitted(node: VideoNode) -> None:
    size = FrameSize(80, 40)
    with VirtualCameraSink(node, FrameSize(64, 64), ioctl=Loopback(held=size).ioctl) as camera:
        assert camera.size == size
        camera.write(frame(64, 64))
    picture, = seen(node, size)
    assert np.abs(picture[:, 30:50].astype(int) - COLOR).max() <= 2
    assert picture[:, :16].max() <= 2
    assert picture[:, -16:].max() <= 2


def test_a_driver_that_knows_no_rates_will_do(node: VideoNode) -> None:
    with VirtualCameraSink(node, FrameSize(64, 48), ioctl=Loopback(refusals={S_PARM: errno.ENOTTY}).ioctl) as camera:
        camera.write(frame(64, 48))


@pytest.mark.parametrize(("driver", "sentence"), [
    (Loopback(refusals={S_FMT: errno.EBUSY}), "cannot be used: another program is using it"),
    (Loopback(refusals={S_FMT: errno.ENODEV}), "is gone: load v4l2loopback again"),
    (Loopback(pixel_format=b"MJPG"), "takes no YUYV pictures: close the programs that use it"),
])
def test_a_camera_that_cannot_be_had_is_let_go(node: VideoNode, driver: Loopback, sentence: str) -> None:
    before = open_files()
    with pytest.raises(OutputError, match=sentence):
        VirtualCameraSink(node, FrameSize(64, 48), ioctl=driver.ioctl)
    assert open_files() == before


def test_a_node_that_is_not_there(tmp_path: Path) -> None:
    gone = VideoNode("gone", tmp_path / "video8", gives_pictures=False, takes_pictures=True)
    with pytest.raises(OutputError, match="it has no node in /dev"):
        VirtualCameraSink(gone, FrameSize(64, 48))


def test_a_write_that_fails_is_told(node: VideoNode, monkeypatch: pytest.MonkeyPatch) -> None:
    def unplugged(*_: object) -> int:
        raise OSError(errno.ENODEV, "no such device")

    with VirtualCameraSink(node, FrameSize(64, 48), ioctl=Loopback().ioctl) as camera:
        monkeypatch.setattr(os, "write", unplugged)
        with pytest.raises(OutputError, match="is gone"):
            camera.write(frame(64, 48))


def node_of(name: str, *, takes: bool, problem: str = "") -> VideoNode:
    return VideoNode(name, Path("/dev") / name, gives_pictures=not takes, takes_pictures=takes, problem=problem)


def test_the_first_that_takes_pictures_is_found() -> None:
    nodes = [node_of("webcam", takes=False), node_of("shut", takes=True, problem="you may not open it"),
             node_of("virtual", takes=True), node_of("other", takes=True)]
    assert find_virtual_camera(nodes).name == "virtual"


def test_without_one_it_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, sentence in (("linux", "sudo modprobe v4l2loopback"), ("darwin", "let OBS capture this window")):
        monkeypatch.setattr(sys, "platform", platform)
        with pytest.raises(OutputError, match=sentence):
            find_virtual_camera([node_of("webcam", takes=False)])
