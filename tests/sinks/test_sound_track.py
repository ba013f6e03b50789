"""Microphone samples on the pictures' clock: together, without gaps, and never waited for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.sinks.video_file import VideoFileSink

TICK = Fraction(1, 90_000)
SIZE = FrameSize(32, 32)
ENCODER_DELAY = 2048  # samples; players leave it out


def sink_at(path: Path) -> VideoFileSink:
    return VideoFileSink(path, VideoFormat(SIZE, TICK, Fraction(30)), with_sound=True)


def write_pictures(sink: VideoFileSink, begin_s: float, end_s: float) -> None:
    for number in range(round(begin_s * 10), round(end_s * 10)):
        sink.write(Frame(np.full((32, 32, 3), 90, np.uint8), number * 9000, TICK, 9000))


def loud(seconds: float, rate: int = 48_000, channels: int = 1) -> bytes:
    """A loud tone of 440 Hz."""
    levels = np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 440 / rate) * 16000
    return np.repeat(levels.astype("<i2"), channels).tobytes()


def levels_of(path: Path) -> npt.NDArray[np.float32]:
    """What sounds when: (N,) the first channel at 48 kHz."""
    with av.open(str(path)) as file:
        pieces: list[npt.NDArray[Any]] = [sound.to_ndarray()[0] for sound in file.decode(audio=0)]
    return np.concatenate(pieces).astype(np.float32)


def is_loud(levels: npt.NDArray[np.float32], at_s: float) -> bool:
    begin = round(at_s * 48_000)
    return bool(np.abs(levels[begin : begin + 2400]).max() > 0.2)


@pytest.mark.parametrize("name", ["sound.mp4", "sound.mkv"])
@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (48_000, 2), (44_100, 2), (16_000, 1)])
def test_what_is_heard_is_written_whatever_the_microphone(
    tmp_path: Path, name: str, rate: int, channels: int
) -> None:
    sink = sink_at(tmp_path / name)
    for tenth in range(10):
        write_pictures(sink, tenth / 10, tenth / 10 + 0.1)
        sink.write_sound(loud(0.1, rate, channels), rate, channels, tenth / 10)
    sink.finish()
    levels = levels_of(tmp_path / name)
    assert len(levels) == pytest.approx(48_000, abs=2 * ENCODER_DELAY)
    assert all(is_loud(levels, at_s) for at_s in (0.1, 0.5, 0.9))


def test_silence_stands_where_nothing_was_heard(tmp_path: Path) -> None:
    sink = sink_at(tmp_path / "gap.mp4")
    sink.write_sound(loud(0.5), 48_000, 1, 0.0)
    write_pictures(sink, 0, 1.5)
    sink.write_sound(loud(0.5), 48_000, 1, 1.5)
    sink.finish()
    levels = levels_of(tmp_path / "gap.mp4")
    assert [is_loud(levels, at_s) for at_s in (0.2, 0.8, 1.2, 1.7)] == [True, False, False, True]


def test_small_shifts_between_the_clocks_are_not_heard(tmp_path: Path) -> None:
    sink = sink_at(tmp_path / "jitter.mp4")
    write_pictures(sink, 0, 0.1)
    for tenth in range(10):
        sink.write_sound(loud(0.1), 48_000, 1, tenth / 10 + 0.03 * (tenth % 2))
    sink.finish()
    assert len(levels_of(tmp_path / "jitter.mp4")) == pytest.approx(48_000, abs=ENCODER_DELAY)


def test_a_microphone_that_runs_ahead_is_held_back(tmp_path: Path) -> None:
    sink = sink_at(tmp_path / "ahead.mp4")
    write_pictures(sink, 0, 0.1)
    for _ in range(10):
        sink.write_sound(loud(0.5), 48_000, 1, 0.0)
    sink.finish()
    assert len(levels_of(tmp_path / "ahead.mp4")) < 0.8 * 48_000


def test_a_microphone_that_never_says_anything_holds_nothing_up(tmp_path: Path) -> None:
    sink = sink_at(tmp_path / "mute.mp4")
    write_pictures(sink, 0, 4)
    sink.finish()
    with av.open(str(tmp_path / "mute.mp4")) as file:
        assert sum(1 for _ in file.decode(video=0)) == 40
    assert not is_loud(levels_of(tmp_path / "mute.mp4"), 1)


def test_more_than_two_channels_become_the_first_two(tmp_path: Path) -> None:
    sink = sink_at(tmp_path / "array.mp4")
    write_pictures(sink, 0, 0.5)
    sink.write_sound(loud(0.5, channels=4), 48_000, 4, 0.0)
    sink.finish()
    assert is_loud(levels_of(tmp_path / "array.mp4"), 0.2)
