"""How much there is to measure on, by the size: whole clips as ever, and shorter ones of large pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnst_live.bench import material
from fnst_live.bench.material import frame_count_at, is_large, make_material
from fnst_live.frames.frame import FrameSize


@pytest.mark.parametrize(("size", "count"), [
    (FrameSize(64, 48), 12), (FrameSize(640, 480), 12), (FrameSize(1280, 720), 12), (FrameSize(1920, 1080), 12),
    (FrameSize(2560, 1440), 6), (FrameSize(3840, 2160), 3), (FrameSize(7680, 4320), 2), (FrameSize(8192, 8192), 2),
])
def test_as_many_pixels_at_every_large_size(size: FrameSize, count: int) -> None:
    assert frame_count_at(size) == count
    assert is_large(size) == (count < 12)


def test_the_clip_has_all_frames_to_and_fro_three_times(tmp_path: Path) -> None:
    drawn = make_material(FrameSize(64, 48), tmp_path)
    assert (len(drawn.frames), drawn.clip_frame_count) == (12, 66)


def test_that_of_a_large_size_is_shorter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "LARGEST_WHOLE", FrameSize(32, 24))
    drawn = make_material(FrameSize(64, 48), tmp_path)
    assert (len(drawn.frames), drawn.clip_frame_count) == (3, 12)
