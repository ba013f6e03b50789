"""One recording at a time, one broadcast, and snapshots beside them. How they are written is tested elsewhere."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fnst_live.errors import InputError, OutputError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.live.keeping import Keeping
from fnst_live.live_events import (
    BroadcastEnded,
    BroadcastStarted,
    Event,
    Failed,
    RecordingSaved,
    RecordingStarted,
    SnapshotSaved,
)
from fnst_live.pipeline.live import Captured, Finished, LiveResult, LiveSketch
from fnst_live.pipeline.stats import LiveStats

PATIENCE_S = 20
GREY = np.full((48, 64, 3), 90, np.uint8)


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def keeping(events: list[Event]) -> Iterator[Keeping]:
    keeping = Keeping(events.append)
    yield keeping
    keeping.stop_recording()
    keeping.stop_broadcast()


def finished(pixels: Pixels = GREY) -> Finished:
    frame = Frame(pixels, 0, Fraction(1), captured_s=time.monotonic())
    return Finished(LiveSketch(Captured(frame, 1, 0), frame, frame, frame, 0, "test", "spy u8", {}), frame, {})


def wait_for(events: list[Event], kind: type) -> None:
    wait_until(lambda: any(isinstance(event, kind) for event in events))


def wait_until(is_so: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s
        threading.Event().wait(0.002)


def test_a_second_recording_waits_for_the_end_of_the_first(
    keeping: Keeping, events: list[Event], tmp_path: Path
) -> None:
    for _ in range(2):
        keeping.start_recording(finished(), tmp_path, with_original=False, with_sound=False)
    wait_for(events, RecordingStarted)
    keeping.take(finished())
    keeping.stop_recording()
    keeping.stop_recording()
    assert [type(event) for event in events] == [RecordingStarted, RecordingSaved]
    keeping.start_recording(finished(), tmp_path, with_original=False, with_sound=False)
    keeping.stop_recording()
    assert len(list(tmp_path.glob("*.mp4"))) == 2


def test_without_a_recording_pictures_and_sound_go_nowhere(keeping: Keeping, events: list[Event]) -> None:
    keeping.take(finished())
    keeping.record_sound(bytes(96), 48_000, 1)
    assert events == []


def test_a_snapshot_needs_a_picture(keeping: Keeping, events: list[Event], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture yet"):
        keeping.snapshot(None, tmp_path)
    pixels = np.full((4, 6, 3), 90, np.uint8)
    keeping.snapshot(LiveResult(pixels, pixels, LiveStats(), "test", 1, None), tmp_path)
    (event,) = events
    assert isinstance(event, SnapshotSaved)
    assert event.path.exists()


class SpyCamera:
    """In place of a virtual one."""

    def __init__(self, node: object, size: FrameSize):
        self.name, self.size = "spy", size
        self.trouble: Exception | None = None
        self.shown = GREY
        self.written_count = self.finished_count = 0

    def write(self, frame: Frame) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.shown = frame.pixels
        self.written_count += 1

    def finish(self) -> None:
        self.finished_count += 1

    abandon = finish


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[SpyCamera]:
    """Those that were opened."""
    opened: list[SpyCamera] = []

    def open_camera(node: object, size: FrameSize) -> SpyCamera:
        opened.append(SpyCamera(node, size))
        return opened[-1]

    monkeypatch.setattr("fnst_live.live.keeping.find_virtual_camera", object)
    monkeypatch.setattr("fnst_live.live.keeping.VirtualCameraSink", open_camera)
    return opened


def test_other_programs_see_the_picture_from_start_to_stop(
    keeping: Keeping, events: list[Event], cameras: list[SpyCamera]
) -> None:
    keeping.start_broadcast(finished())
    keeping.take(finished())
    keeping.stop_broadcast()
    keeping.take(finished())
    keeping.stop_broadcast()
    camera, = cameras
    assert camera.size == FrameSize(64, 48)
    assert camera.finished_count == 1
    assert events == [BroadcastStarted("spy"), BroadcastEnded()]


def test_others_see_no_mirror_image(keeping: Keeping, cameras: list[SpyCamera]) -> None:
    """Of what the window shows mirrored."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :8] = 255
    plain = finished(pixels)
    keeping.start_broadcast(dataclasses.replace(plain, sketch=dataclasses.replace(plain.sketch, is_mirrored=True)))
    wait_until(lambda: cameras[0].written_count > 0)
    assert cameras[0].shown[:, -8:].all()
    keeping.take(plain)
    wait_until(lambda: bool(cameras[0].shown[:, :8].all()))


def test_a_virtual_camera_that_breaks_ends_the_broadcast(
    keeping: Keeping, events: list[Event], cameras: list[SpyCamera]
) -> None:
    keeping.start_broadcast(finished())
    cameras[0].trouble = OutputError("it is gone")
    wait_for(events, Failed)
    keeping.take(finished())
    keeping.stop_broadcast()
    assert [type(event) for event in events] == [BroadcastStarted, BroadcastEnded, Failed]


def test_a_broadcast_needs_a_picture_and_a_camera(
    keeping: Keeping, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="no picture yet"):
        keeping.start_broadcast(None)
    monkeypatch.setattr("fnst_live.sinks.virtual_camera.list_nodes", list)
    with pytest.raises(OutputError, match="virtual camera"):
        keeping.start_broadcast(finished())
    assert events == []
