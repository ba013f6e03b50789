"""Cameras that open, give pictures, vanish and return. The fake stands where OpenCV and the system would."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame
from fnst_live.sources import camera as camera_module
from fnst_live.sources.camera import CameraAccess, CameraSource, Capture, open_capture
from fnst_live.sources.devices import Camera, CameraMode

NODE, OTHER_NODE = Path("/dev/video0"), Path("/dev/video4")
WEBCAM = Camera("HD Webcam", NODE)
PATIENCE_S = 20


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_module, "LOOK_AGAIN_S", 0.01)


@dataclass
class FakeUsb:
    """What is plugged in where; a capture reads as long as its camera stays."""

    plugged: dict[Path, Camera] = field(default_factory=dict)
    opened: list[tuple[Path, CameraMode | None]] = field(default_factory=list)
    released_count: int = 0
    picture: Any = None
    claimed_fps: float = 25.0
    damaged_reads: int = 0

    def plug_in(self, camera: Camera) -> None:
        self.plugged[camera.path] = camera

    def unplug(self) -> None:
        self.plugged.clear()

    def access(self) -> CameraAccess:
        return CameraAccess(self.open, lambda: list(self.plugged.values()), lambda node: [])

    def open(self, node: Path, mode: CameraMode | None) -> Capture:
        self.opened.append((node, mode))
        return FakeCapture(self, node)


class FakeCapture:
    def __init__(self, usb: FakeUsb, node: Path):
        self._usb, self._node = usb, node

    def isOpened(self) -> bool:  # noqa: N802
        return self._node in self._usb.plugged

    def read(self) -> tuple[bool, Any]:
        if self._usb.damaged_reads:
            self._usb.damaged_reads -= 1
            return False, None
        return (True, self._usb.picture.copy()) if self.isOpened() else (False, None)

    def get(self, prop: int, /) -> float:
        return self._usb.claimed_fps if prop == cv2.CAP_PROP_FPS else 0.0

    def release(self) -> None:
        self._usb.released_count += 1


@pytest.fixture
def usb() -> FakeUsb:
    blue = np.zeros((6, 8, 3), np.uint8)
    blue[..., 0] = 255  # OpenCV's order
    fake = FakeUsb(picture=blue)
    fake.plug_in(WEBCAM)
    return fake


def frames_of(source: CameraSource, count: int) -> list[Frame]:
    frames: Iterator[Frame] = iter(source)
    taken = [next(frames) for _ in range(count)]
    source.close()
    assert next(frames, None) is None
    return taken


def test_blue_is_blue(usb: FakeUsb) -> None:
    source = CameraSource(WEBCAM, access=usb.access())
    (frame,) = frames_of(source, 1)
    assert tuple(frame.pixels[0, 0]) == (0, 0, 255)
    assert (source.size, source.frame_rate) == ((8, 6), 25)


def test_gray_cameras_give_gray(usb: FakeUsb) -> None:
    usb.picture = np.full((6, 8), 77, np.uint8)
    (frame,) = frames_of(CameraSource(WEBCAM, access=usb.access()), 1)
    assert tuple(frame.pixels[0, 0]) == (77, 77, 77)


def test_frames_bear_the_times_of_their_arrival(usb: FakeUsb) -> None:
    frames = frames_of(CameraSource(WEBCAM, access=usb.access()), 5)
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    for before, after in itertools.pairwise(frames):
        assert float(after.time_s - before.time_s) == pytest.approx(after.captured_s - before.captured_s, abs=2e-6)


def test_the_mode_is_wanted_when_it_is_opened(usb: FakeUsb) -> None:
    mode = CameraMode("MJPG", 1280, 720, 30)
    frames_of(CameraSource(WEBCAM, mode, access=usb.access()), 1)
    assert usb.opened == [(NODE, mode)]


@pytest.mark.parametrize(("mode", "rate"), [(None, 30), (CameraMode("MJPG", 8, 6, 60), 60)])
def test_a_camera_that_claims_no_rate_has_the_wanted_one(usb: FakeUsb, mode: CameraMode | None, rate: float) -> None:
    usb.claimed_fps = 0
    source = CameraSource(WEBCAM, mode, access=usb.access())
    assert source.frame_rate == rate


def test_a_camera_that_cannot_be_opened_says_so(usb: FakeUsb) -> None:
    usb.unplug()
    with pytest.raises(InputError, match="HD Webcam cannot be used: it gives no picture"):
        CameraSource(WEBCAM, access=usb.access())
    with pytest.raises(InputError, match="another program is using it"):
        CameraSource(Camera("HD Webcam", NODE, "another program is using it"), access=usb.access())
    assert usb.released_count == 2


def test_a_damaged_picture_or_two_is_no_loss(usb: FakeUsb) -> None:
    lost: list[str] = []
    source = CameraSource(WEBCAM, access=usb.access(), on_lost=lost.append)
    frames = iter(source)
    next(frames)
    usb.damaged_reads = 2
    next(frames)
    source.close()
    assert next(frames, None) is None
    assert not lost


@pytest.mark.parametrize("node", [NODE, OTHER_NODE])
def test_a_camera_that_vanishes_is_picked_up_again_wherever_it_returns(usb: FakeUsb, node: Path) -> None:
    told: list[str] = []
    is_lost = threading.Event()

    def on_lost(sentence: str) -> None:
        told.append(sentence)
        is_lost.set()

    source = CameraSource(WEBCAM, access=usb.access(), on_lost=on_lost, on_back=lambda: told.append("back"))
    frames = iter(source)
    first = next(frames)
    usb.unplug()

    def return_when_missed() -> None:
        assert is_lost.wait(PATIENCE_S)
        usb.plug_in(Camera("Another", Path("/dev/video9")))
        usb.plug_in(Camera("HD Webcam", node))

    returning = threading.Thread(target=return_when_missed)
    returning.start()
    second = next(frames)
    returning.join()
    assert told == ["the camera HD Webcam is gone: plug it in again, it will be picked up", "back"]
    assert second.index > first.index
    assert second.time_s > first.time_s
    assert usb.opened[-1][0] == node
    source.close()
    assert next(frames, None) is None


def test_closing_ends_the_wait_for_a_camera_that_is_gone(usb: FakeUsb) -> None:
    is_lost = threading.Event()
    source = CameraSource(WEBCAM, access=usb.access(), on_lost=lambda _: is_lost.set())
    frames: list[Frame] = []
    capturing = threading.Thread(target=lambda: frames.extend(source))
    capturing.start()
    usb.unplug()
    assert is_lost.wait(PATIENCE_S)
    source.close()
    capturing.join(PATIENCE_S)
    assert not capturing.is_alive()


def test_opencv_is_told_everything_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def note(*arguments: Any) -> Callable[..., Any]:
        calls.append(arguments)
        return lambda: None

    monkeypatch.setattr(cv2, "VideoCapture", note)
    open_capture(NODE, CameraMode("MJPG", 1280, 720, 29.97))
    open_capture(NODE, None)
    assert calls[0] == ("/dev/video0", cv2.CAP_V4L2, [
        cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"), cv2.CAP_PROP_FRAME_WIDTH, 1280,
        cv2.CAP_PROP_FRAME_HEIGHT, 720, cv2.CAP_PROP_FPS, 30,
    ])
    assert calls[1] == ("/dev/video0", cv2.CAP_V4L2, [])


def test_opencv_takes_these_arguments(tmp_path: Path) -> None:
    """Of the real one; there is nothing to open here."""
    capture = open_capture(tmp_path / "video0", CameraMode("MJPG", 1280, 720, 30))
    assert not capture.isOpened()
