"""Cameras, told from the nodes beside them.

No machine that runs tests has a camera. So sysfs and /dev are folders made here, with plain files for nodes, and the
ioctl, the boundary to the kernel, is a fake that answers as V4L2 does (linux/videodev2.h). Everything above is real.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fnst_live.sources.devices import Camera, CameraMode, list_cameras, list_modes, usual_mode, why_no_cameras

CAPTURE, CAPTURE_MPLANE, OUTPUT, METADATA = 0x1, 0x1000, 0x2, 0x00800000
STREAMING, DEVICE_CAPS = 0x04000000, 0x80000000


@dataclass
class FakeMachine:
    """Nodes, and what the kernel says of each: capabilities of the camera, and of the node."""

    sysfs: Path
    dev: Path
    answers: dict[str, tuple[int, int] | int] = field(default_factory=dict)

    def add(self, node: str, name: str, capabilities: int, device_caps: int = 0) -> None:
        self.add_silent(node, name)
        self.answers[node] = (capabilities, device_caps)

    def add_failing(self, node: str, name: str, error: int) -> None:
        self.add_silent(node, name)
        self.answers[node] = error

    def add_silent(self, node: str, name: str) -> None:
        (self.sysfs / node).mkdir(parents=True)
        (self.sysfs / node / "name").write_text(f"{name}\n")
        self.dev.mkdir(exist_ok=True)
        (self.dev / node).touch()

    def ioctl(self, descriptor: int, request: int, answer: bytearray) -> None:
        assert request == 0x80685600  # VIDIOC_QUERYCAP and nothing else: no stream is started
        node = next(n for n in self.answers if (self.dev / n).stat().st_ino == os.fstat(descriptor).st_ino)
        known = self.answers[node]
        if isinstance(known, int):
            raise OSError(known, os.strerror(known))
        answer[:] = struct.pack("=16s32s32s3I12x", b"uvcvideo", b"Webcam", b"usb-1", 0x60100, *known)

    def cameras(self) -> list[Camera]:
        return list_cameras(self.sysfs, self.dev, self.ioctl)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "sys", tmp_path / "dev")


def test_a_webcam_is_listed_once_though_it_has_two_nodes(machine: FakeMachine) -> None:
    of_both = CAPTURE | METADATA | STREAMING | DEVICE_CAPS
    machine.add("video0", "HD Webcam: HD Webcam", of_both, CAPTURE | STREAMING)
    machine.add("video1", "HD Webcam: HD Webcam", of_both, METADATA | STREAMING)
    assert machine.cameras() == [Camera("HD Webcam: HD Webcam", machine.dev / "video0")]


def test_cameras_come_in_the_order_of_their_numbers(machine: FakeMachine) -> None:
    for number in (10, 2, 0):
        machine.add(f"video{number}", f"camera {number}", CAPTURE | DEVICE_CAPS, CAPTURE)
    assert [camera.name for camera in machine.cameras()] == ["camera 0", "camera 2", "camera 10"]


def test_what_takes_pictures_instead_of_giving_them_is_no_camera(machine: FakeMachine) -> None:
    machine.add("video0", "decoder", OUTPUT | STREAMING | DEVICE_CAPS, OUTPUT | STREAMING)
    machine.add("radio0", "a radio", CAPTURE | DEVICE_CAPS, CAPTURE)
    machine.add("v4l-subdev0", "a lens", CAPTURE | DEVICE_CAPS, CAPTURE)
    assert machine.cameras() == []


def test_a_camera_with_planar_buffers_and_one_of_an_old_driver_count(machine: FakeMachine) -> None:
    machine.add("video0", "planar", CAPTURE_MPLANE | DEVICE_CAPS, CAPTURE_MPLANE)
    machine.add("video1", "old", CAPTURE | STREAMING)  # device_caps came with Linux 3.4
    assert [camera.name for camera in machine.cameras()] == ["planar", "old"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(errno.EACCES, "group 'video'"), (errno.EBUSY, "another program"), (errno.ENODEV, "No such device")],
)
def test_why_a_camera_cannot_be_used(machine: FakeMachine, error: int, sentence: str) -> None:
    machine.add_failing("video0", "Webcam", error)
    camera, = machine.cameras()
    assert camera.name == "Webcam"
    assert sentence in camera.problem


def test_a_camera_without_a_node_is_said_to_have_none(machine: FakeMachine) -> None:
    machine.add("video0", "Webcam", CAPTURE | DEVICE_CAPS, CAPTURE)
    (machine.dev / "video0").unlink()
    assert "no node" in machine.cameras()[0].problem


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may open everything")
def test_a_node_that_may_not_be_opened(machine: FakeMachine) -> None:
    machine.add("video0", "Webcam", CAPTURE | DEVICE_CAPS, CAPTURE)
    (machine.dev / "video0").chmod(stat.S_IWGRP)
    assert "group 'video'" in machine.cameras()[0].problem


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel that is asked is Linux")
def test_the_real_kernel_answers_for_a_file_that_is_no_camera(machine: FakeMachine) -> None:
    machine.add_silent("video0", "not really")
    camera, = list_cameras(machine.sysfs, machine.dev)
    assert "Inappropriate ioctl" in camera.problem


def test_a_machine_without_cameras(tmp_path: Path) -> None:
    assert list_cameras(tmp_path / "none", tmp_path) == []


def test_the_sentence_depends_on_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert why_no_cameras() == "no camera was found"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux only" in why_no_cameras()


def test_this_machine_can_be_asked() -> None:
    for camera in list_cameras():
        assert camera.name


@dataclass
class FakeFormats:
    """What a driver enumerates: sizes and intervals per format; answers as linux/videodev2.h lays them out."""

    sizes: dict[bytes, list[tuple[int, ...]]]
    intervals: dict[tuple[bytes, int, int], list[tuple[int, ...]]]
    requests: set[int] = field(default_factory=set)

    def ioctl(self, descriptor: int, request: int, answer: bytearray) -> None:
        self.requests.add(request)
        try:
            self._answer(request, answer)
        except (IndexError, KeyError) as error:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from error

    def _answer(self, request: int, answer: bytearray) -> None:
        index = struct.unpack_from("=I", answer)[0]
        if request == 0xC0405602:  # VIDIOC_ENUM_FMT
            assert len(answer) == 64
            kind = struct.unpack_from("=I", answer, 4)[0]
            formats = list(self.sizes) if kind == 1 else []
            struct.pack_into("=32s4s", answer, 12, b"Motion-JPEG", formats[index])
        elif request == 0xC02C564A:  # VIDIOC_ENUM_FRAMESIZES
            assert len(answer) == 44
            numbers = self.sizes[bytes(answer[4:8])][index]
            struct.pack_into(f"={1 + len(numbers)}I", answer, 8, 1 if len(numbers) == 2 else 3, *numbers)
        else:
            assert (request, len(answer)) == (0xC034564B, 52)  # VIDIOC_ENUM_FRAMEINTERVALS
            width, height = struct.unpack_from("=2I", answer, 8)
            numbers = self.intervals[bytes(answer[4:8]), width, height][index]
            struct.pack_into(f"={1 + len(numbers)}I", answer, 16, 1 if len(numbers) == 2 else 3, *numbers)


WEBCAM = FakeFormats(
    {b"MJPG": [(1920, 1080), (1280, 720)], b"YUYV": [(640, 480)]},
    {
        (b"MJPG", 1920, 1080): [(1, 30)],
        (b"MJPG", 1280, 720): [(1, 30), (1, 15)],
        (b"YUYV", 640, 480): [(1001, 30000)],
    },
)


def test_modes_are_told_without_a_stream(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    assert list_modes(node, WEBCAM.ioctl) == [
        CameraMode("MJPG", 1920, 1080, 30), CameraMode("MJPG", 1280, 720, 30), CameraMode("MJPG", 1280, 720, 15),
        CameraMode("YUYV", 640, 480, 29.97),
    ]
    assert WEBCAM.requests == {0xC0405602, 0xC02C564A, 0xC034564B}


def test_ranges_offer_what_is_usual_within_them(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    virtual = FakeFormats(
        {b"YUYV": [(16, 800, 16, 16, 600, 8)]}, {(b"YUYV", 640, 480): [(1, 30, 1, 1, 1, 1)]},
    )
    assert list_modes(node, virtual.ioctl) == [CameraMode("YUYV", 640, 480, rate) for rate in (30, 25, 15)]


def test_a_camera_that_cannot_be_asked_has_no_modes(tmp_path: Path) -> None:
    assert list_modes(tmp_path / "gone") == []
    node = tmp_path / "video0"
    node.touch()
    assert list_modes(node) == []  # a plain file: the real ioctl refuses


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([("MJPG", 1920, 1080, 30), ("MJPG", 1280, 720, 30), ("MJPG", 640, 480, 30)], 1),
        ([("YUYV", 1280, 720, 10), ("YUYV", 640, 480, 30)], 1),
        ([("YUYV", 640, 480, 30), ("MJPG", 640, 480, 30)], 1),
        ([("MJPG", 640, 480, 60), ("MJPG", 640, 480, 30)], 1),
        ([("MJPG", 3840, 2160, 30), ("MJPG", 1920, 1080, 30)], 1),
        ([("YUYV", 640, 480, 15)], 0),
    ],
)
def test_the_usual_mode_is_smooth_and_not_larger_than_need_be(
    offered: list[tuple[str, int, int, float]], chosen: int
) -> None:
    modes = [CameraMode(*mode) for mode in offered]
    assert usual_mode(modes) == modes[chosen]


def test_no_modes_no_choice() -> None:
    assert usual_mode([]) is None
