"""Recordings: real times, the untouched picture beside, sound, a full disk, and what a crash leaves."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fnst_live.errors import OutputError
from fnst_live.frames.frame import Frame
from fnst_live.live.recording import LiveRecording
from fnst_live.sources.video_file import VideoFileSource

PATIENCE_S = 30


class Told:
    """What a recording told; satisfies `RecordingListener`."""

    def __init__(self) -> None:
        self.started: list[tuple[Path, ...]] = []
        self.saved: list[tuple[tuple[Path, ...], tuple[str, ...]]] = []
        self.failed: list[Exception] = []
        self.has_started = threading.Event()

    def on_recording_started(self, paths: tuple[Path, ...]) -> None:
        self.started.append(paths)
        self.has_started.set()

    def on_recording_saved(self, paths: tuple[Path, ...], warnings: tuple[str, ...]) -> None:
        self.saved.append((paths, warnings))

    def on_recording_failed(self, error: Exception) -> None:
        self.failed.append(error)


def frame(level: int, captured_s: float, width: int = 64, height: int = 48) -> Frame:
    return Frame(np.full((height, width, 3), level, np.uint8), 0, Fraction(1), captured_s=captured_s)


def noise(seed: int, captured_s: float) -> Frame:
    pixels = np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    return Frame(pixels, 0, Fraction(1), captured_s=captured_s)


def pictures_of(path: Path) -> list[tuple[float, int]]:
    """Time and level of each."""
    with av.open(str(path)) as file:
        return [
            (float((picture.pts or 0) * (picture.time_base or Fraction(1))),
             round(float(picture.to_ndarray(format="rgb24").mean())))
            for picture in file.decode(video=0)
        ]


def record(
    folder: Path, frames: list[tuple[Frame, Frame]], told: Told, *, with_original: bool = False,
    with_sound: bool = False, then: Callable[[LiveRecording], None] = lambda recording: None,
) -> LiveRecording:
    recording = LiveRecording(folder, told, with_original=with_original, with_sound=with_sound)
    recording.start()
    for painted, original in frames:
        recording.write(painted, original)
        assert told.has_started.wait(PATIENCE_S)
    then(recording)
    recording.stop()
    recording.join()
    return recording


def test_pictures_bear_the_times_of_their_arrival_and_the_last_one_lasts_to_the_end(tmp_path: Path) -> None:
    told, now_s = Told(), time.monotonic() - 2
    times = (0.0, 0.04, 0.5, 1.25)
    frames = [(frame(40 * i, now_s + at_s),) * 2 for i, at_s in enumerate(times)]
    recording = record(tmp_path, frames, told)
    (path,) = recording.paths
    assert told.started == [(path,)]
    assert told.saved == [((path,), ())]
    pictures = pictures_of(path)
    assert [at_s for at_s, _ in pictures] == [pytest.approx(at_s, abs=2e-4) for at_s in times]
    assert [level for _, level in pictures] == [pytest.approx(40 * i, abs=3) for i in range(4)]
    with av.open(str(path)) as file:
        assert (file.duration or 0) / av.time_base >= 2 - 0.01


def test_the_untouched_picture_stands_beside_with_the_same_times(tmp_path: Path) -> None:
    told, now_s = Told(), time.monotonic() - 1
    frames = [(frame(200, now_s + i / 10), frame(50, now_s + i / 10)) for i in range(5)]
    painted, original = record(tmp_path, frames, told, with_original=True).paths
    assert original.name == f"{painted.stem} original.mp4"
    assert [level for _, level in pictures_of(painted)] == [pytest.approx(200, abs=3)] * 5
    assert [level for _, level in pictures_of(original)] == [pytest.approx(50, abs=3)] * 5
    assert [at_s for at_s, _ in pictures_of(painted)] == [at_s for at_s, _ in pictures_of(original)]


def test_sound_is_heard_when_it_was_spoken(tmp_path: Path) -> None:
    told, now_s = Told(), time.monotonic() - 0.5
    tone = (np.sin(np.arange(24_000) / 10) * 16000).astype("<i2").tobytes()

    def speak(recording: LiveRecording) -> None:
        recording.write_sound(tone, 48_000, 1)

    frames = [(frame(100, now_s + i / 10),) * 2 for i in range(5)]
    (path,) = record(tmp_path, frames, told, with_sound=True, then=speak).paths
    with av.open(str(path)) as file:
        assert (file.streams.audio[0].duration or 0) / 48_000 == pytest.approx(0.5, abs=0.2)


def test_sound_without_a_track_is_nothing(tmp_path: Path) -> None:
    told = Told()

    def speak(recording: LiveRecording) -> None:
        recording.write_sound(bytes(9600), 48_000, 1)

    (path,) = record(tmp_path, [(frame(1, time.monotonic()),) * 2], told, then=speak).paths
    with av.open(str(path)) as file:
        assert not file.streams.audio


def test_a_picture_of_another_size_is_fitted_in(tmp_path: Path) -> None:
    told, now_s = Told(), time.monotonic() - 1
    frames = [(frame(200, now_s),) * 2, (frame(200, now_s + 0.5, width=48),) * 2]
    (path,) = record(tmp_path, frames, told).paths
    with av.open(str(path)) as file:
        _, second = (picture.to_ndarray(format="rgb24") for picture in file.decode(video=0))
    assert second.shape == (48, 64, 3)
    assert second[24, 2].max() < 30
    assert second[24, 32].min() > 180


def test_what_comes_too_fast_is_left_out_and_counted(tmp_path: Path) -> None:
    told, now_s = Told(), time.monotonic()
    recording = LiveRecording(tmp_path, told, with_original=False, with_sound=False)
    for i in range(20):  # nobody writes yet
        recording.write(frame(100, now_s + i / 1000), frame(100, now_s + i / 1000))
    recording.start()
    recording.stop()
    recording.join()
    ((_, warnings),) = told.saved
    assert warnings == ("8 pictures came faster than they could be written, and are left out",)
    assert len(pictures_of(recording.paths[0])) == 12


def test_without_a_picture_there_is_no_file(tmp_path: Path) -> None:
    told = Told()
    record(tmp_path, [], told)
    ((paths, warnings),) = told.saved
    assert paths == ()
    assert "nothing was saved" in warnings[0]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        LiveRecording(tmp_path / "file" / "folder", Told(), with_original=False, with_sound=False)


def test_a_full_disk_ends_it_and_what_there_is_plays(tmp_path: Path) -> None:
    told, now_s = Told(), time.monotonic() - 60
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    recording = LiveRecording(tmp_path, told, with_original=True, with_sound=False)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        recording.start()
        end_s = time.monotonic() + PATIENCE_S
        number = 0
        while not told.failed and time.monotonic() < end_s:
            recording.write(noise(number, now_s + number / 10), noise(number, now_s + number / 10))
            number += 1
            time.sleep(0.005)
        recording.stop()
        recording.join()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(told.failed) == 1
    assert isinstance(told.failed[0], OutputError)
    assert "no space left" in str(told.failed[0])
    assert not told.saved
    partial = recording.paths[0].with_name(f"{recording.paths[0].stem}.part.mp4")
    with VideoFileSource(partial) as source:
        assert sum(1 for _ in source) > 5


CRASH = """
import os, sys, time
from pathlib import Path
sys.path[:0] = [sys.argv[2], str(Path(sys.argv[2]) / "tests")]
import numpy as np
from fractions import Fraction
from fnst_live.frames.frame import Frame
from fnst_live.live.recording import LiveRecording

class Told:
    def on_recording_started(self, paths): pass

recording = LiveRecording(Path(sys.argv[1]), Told(), with_original=False, with_sound=True)
recording.start()
begin_s = time.monotonic()
for number in range(100):
    pixels = np.full((48, 64, 3), number, np.uint8)
    recording.write(*[Frame(pixels, 0, Fraction(1), captured_s=begin_s + number / 20)] * 2)
    time.sleep(0.01)
os._exit(9)
"""


def test_a_crash_leaves_what_was_recorded(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path), str(root)], check=False, timeout=60)
    assert run.returncode == 9
    (partial,) = tmp_path.iterdir()
    assert ".part" in partial.name
    with VideoFileSource(partial) as source:
        assert sum(1 for _ in source) > 20
