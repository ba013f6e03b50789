"""One recording at a time, and snapshots beside it. How files are written is `test_recording`'s business."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame
from fnst_live.live.keeping import Keeping
from fnst_live.live_events import Event, RecordingSaved, RecordingStarted, SnapshotSaved
from fnst_live.pipeline.live import Captured, Finished, LiveResult, LiveSketch
from fnst_live.pipeline.stats import LiveStats

PATIENCE_S = 20


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def keeping(events: list[Event]) -> Iterator[Keeping]:
    keeping = Keeping(events.append)
    yield keeping
    keeping.stop_recording()


def finished() -> Finished:
    frame = Frame(np.full((48, 64, 3), 90, np.uint8), 0, Fraction(1), captured_s=time.monotonic())
    return Finished(LiveSketch(Captured(frame, 1, 0), frame, frame, frame, 0, "test", "spy u8", {}), frame, {})


def wait_for(events: list[Event], kind: type) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not any(isinstance(event, kind) for event in events):
        assert time.monotonic() < end_s
        threading.Event().wait(0.002)


def test_a_second_recording_waits_for_the_end_of_the_first(
    keeping: Keeping, events: list[Event], tmp_path: Path
) -> None:
    for _ in range(2):
        keeping.start_recording(finished(), tmp_path, with_original=False, with_sound=False)
    wait_for(events, RecordingStarted)
    keeping.record(finished())
    keeping.stop_recording()
    keeping.stop_recording()
    assert [type(event) for event in events] == [RecordingStarted, RecordingSaved]
    keeping.start_recording(finished(), tmp_path, with_original=False, with_sound=False)
    keeping.stop_recording()
    assert len(list(tmp_path.glob("*.mp4"))) == 2


def test_without_a_recording_pictures_and_sound_go_nowhere(keeping: Keeping, events: list[Event]) -> None:
    keeping.record(finished())
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
