"""Row 7 of the video path: interlaced clips come out progressive, and the run says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from av.codec.context import Flags

from .clips import Clip, Coding, Rgb, numbered_clip
from .conftest import Convert, warnings_of
from .h273 import Floats
from .probe import read_video

SPEED = 8  # pixels a field
FRAMES = 8
CODINGS = {
    "h264": ("in.mp4", Coding("libx264", options={"crf": "8", "x264-params": "interlaced=1:tff=1"})),
    "mpeg2": (
        "in.mkv",
        Coding("mpeg2video", options={"qmin": "1", "qmax": "2"}, flags=Flags.interlaced_dct | Flags.interlaced_me),
    ),
}


def bar_at(left: int) -> Rgb:
    picture = np.full((96, 160, 3), 40, np.uint8)
    picture[:, left : left + 24] = 210
    return picture


def woven(index: int) -> Rgb:
    """Two moments in one picture: even lines show the first, odd lines the second."""
    picture = bar_at(2 * index * SPEED)
    picture[1::2] = bar_at((2 * index + 1) * SPEED)[1::2]
    return picture


def combing(rgb: Floats) -> float:
    """How much more neighboring lines differ than those two apart; 0 without combs."""
    luma = rgb.mean(axis=2)
    return float(np.abs(luma[1:-1] - luma[:-2]).mean() - np.abs(luma[2:] - luma[:-2]).mean())


@pytest.mark.parametrize("name", CODINGS)
def test_combs_are_gone(name: str, convert: Convert, tmp_path: Path) -> None:
    file_name, coding = CODINGS[name]
    clip = Clip([woven(i) for i in range(FRAMES)], coding)
    source = read_video(clip.write(tmp_path / file_name))
    assert all(picture.is_interlaced for picture in source.pictures)
    assert min(combing(picture.rgb) for picture in source.pictures) > 0.05
    report = convert(tmp_path / file_name, tmp_path / "out.mp4")
    assert "deinterlaced" in warnings_of(report)
    painted = read_video(tmp_path / "out.mp4")
    assert not any(picture.is_interlaced for picture in painted.pictures)
    assert max(combing(picture.rgb) for picture in painted.pictures) < 0.01


@pytest.mark.parametrize("name", CODINGS)
def test_no_picture_is_lost_or_moved(name: str, convert: Convert, tmp_path: Path) -> None:
    file_name, coding = CODINGS[name]
    clip = Clip([woven(i) for i in range(FRAMES)], coding)
    source = read_video(clip.write(tmp_path / file_name))
    report = convert(tmp_path / file_name, tmp_path / "out.mp4")
    painted = read_video(tmp_path / "out.mp4")
    assert report["frames"] == FRAMES
    assert painted.times_s == source.times_s
    for index, picture in enumerate(painted.pictures):
        columns = np.flatnonzero(picture.rgb.mean(axis=(0, 2)) > 0.5)
        assert columns.mean() == pytest.approx(2 * index * SPEED + 11.5, abs=SPEED), "each shows its own moment"


def test_colors_survive_deinterlacing(convert: Convert, tmp_path: Path) -> None:
    file_name, coding = CODINGS["h264"]
    clip = Clip([woven(i) for i in range(4)], coding)
    convert(clip.write(tmp_path / file_name), tmp_path / "out.mp4")
    shown = read_video(tmp_path / "out.mp4").pictures[0].rgb * 255
    assert shown[48, 12] == pytest.approx([210] * 3, abs=4)
    assert shown[48, 100] == pytest.approx([40] * 3, abs=4)


def test_trimming_an_interlaced_clip(convert: Convert, tmp_path: Path) -> None:
    file_name, coding = CODINGS["h264"]
    clip = Clip([woven(i) for i in range(FRAMES)], coding)
    report = convert(clip.write(tmp_path / file_name), tmp_path / "out.mp4", "--start", "0.08", "--end", "0.2")
    assert report["frames"] == 3
    painted = read_video(tmp_path / "out.mp4")
    assert painted.times_s[0] == 0
    columns = np.flatnonzero(painted.pictures[0].rgb.mean(axis=(0, 2)) > 0.5)
    assert columns.mean() == pytest.approx(4 * SPEED + 11.5, abs=SPEED)


def test_a_progressive_clip_is_left_alone(convert: Convert, tmp_path: Path) -> None:
    report = convert(numbered_clip(3).write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    assert report["warnings"] == []
