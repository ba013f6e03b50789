"""Encoders that fail, and files that never got a picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from fnst_live.errors import InputError, OutputError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.sinks.video_file import VideoFileSink

FORMAT = VideoFormat(FrameSize(32, 24), Fraction(1, 30), Fraction(30))


def frame(index: int = 0) -> Frame:
    return Frame(np.full((24, 32, 3), 99, np.uint8), index, Fraction(1, 30), 1, index)


class BrokenStream:
    """As of a card whose memory somebody else has taken."""

    def encode(self, _: Any) -> Any:
        raise av.error.ExternalError(1, "Generic error in an external library")


def test_an_encoder_that_fails_half_way_is_told_of_in_a_sentence(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "clip.mp4", FORMAT)
    sink.write(frame())
    stream, sink._stream = sink._stream, BrokenStream()  # type: ignore[assignment]
    with pytest.raises(OutputError, match=r"clip\.mp4 could not be written: libx264 fails .*--encoder cpu"):
        sink.write(frame(1))
    with pytest.raises(OutputError, match="libx264 fails"):
        sink.finish()
    sink._stream = stream
    sink.abandon()
    assert [file.name for file in tmp_path.iterdir()] == ["clip.part.mp4"]


def test_what_never_got_a_picture_leaves_nothing(tmp_path: Path) -> None:
    VideoFileSink(tmp_path / "clip.mp4", FORMAT).abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_is_too_small(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a picture of 12x8 is too small: 16x16 is the least"):
        VideoFileSink(tmp_path / "clip.mp4", VideoFormat(FrameSize(12, 8), Fraction(1, 30), Fraction(30)))
