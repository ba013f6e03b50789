"""A video file looked at rather than rendered; what is exact is tested end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnst_live.sources.video_file import VideoFileSource

WriteClip = Callable[..., Path]


@pytest.mark.parametrize(("most_lines", "size"), [(1080, (64, 48)), (24, (32, 24))])
def test_fewer_lines_keep_shape_times_and_levels(
    write_clip: WriteClip, most_lines: int, size: tuple[int, int]
) -> None:
    path = write_clip(frame_count=10)
    with VideoFileSource(path) as exact, VideoFileSource(path, most_lines=most_lines) as quick:
        assert quick.size == size
        for wanted, frame in zip(exact, quick, strict=True):
            assert (frame.size, frame.pts, frame.index) == (size, wanted.pts, wanted.index)
            assert abs(float(frame.pixels.mean()) - float(wanted.pixels.mean())) <= 2


def test_colors_stay_those_of_the_file(write_clip: WriteClip) -> None:
    path = write_clip(frame_count=1)
    with VideoFileSource(path) as exact, VideoFileSource(path, most_lines=1080) as quick:
        (wanted,), (frame,) = list(exact), list(quick)
    assert np.abs(frame.pixels.astype(int) - wanted.pixels).max() <= 3


def test_a_moment_that_is_left_out_is_not_converted(write_clip: WriteClip, monkeypatch: pytest.MonkeyPatch) -> None:
    with VideoFileSource(write_clip(frame_count=6)) as source:
        moments = source.moments()
        monkeypatch.setattr(type(next(moments).converter), "to_pixels", None)
        assert sum(1 for _ in moments) == 5
