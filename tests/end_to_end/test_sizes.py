"""Row 6 of the video path: any size, and the nearest even one where the pixel format asks for it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from .clips import Clip, Coding, corner, patches
from .conftest import PAINTED, Convert, RunCommand, warnings_of
from .probe import read_video

ANY_SIZE = Coding("ffv1", "yuv444p", options={})


def clip_of(width: int, height: int, count: int = 2) -> Clip:
    return Clip([corner(width, height)] * count, ANY_SIZE)


@pytest.mark.parametrize("size", [(33, 17), (641, 481), (64, 49), (65, 48)])
@pytest.mark.parametrize("name", ["out.mp4", "out.webm"])
def test_odd_sizes_become_the_nearest_even_ones(
    size: tuple[int, int], name: str, convert: Convert, tmp_path: Path
) -> None:
    report = convert(clip_of(*size).write(tmp_path / "in.mkv"), tmp_path / name)
    painted = read_video(tmp_path / name)
    assert max(abs(a - b) for a, b in zip(painted.size, size, strict=True)) <= 1
    assert all(side % 2 == 0 for side in painted.size)
    assert report["size"] == list(painted.size)
    assert "even" in warnings_of(report)


@pytest.mark.parametrize("size", [(33, 17), (641, 481)])
@pytest.mark.parametrize(("name", "codec"), [("out.mkv", ("--codec", "ffv1")), ("out.gif", ())])
def test_odd_sizes_stay_where_they_can(
    size: tuple[int, int], name: str, codec: tuple[str, ...], convert: Convert, tmp_path: Path
) -> None:
    report = convert(clip_of(*size).write(tmp_path / "in.mkv"), tmp_path / name, *codec)
    assert read_video(tmp_path / name).size == size
    assert report["warnings"] == []


def test_an_odd_size_keeps_the_whole_picture_in_place(convert: Convert, tmp_path: Path) -> None:
    """Cropped or scaled by one pixel, not shifted or stretched by more."""
    convert(clip_of(65, 49).write(tmp_path / "in.mkv"), tmp_path / "out.mp4", "--quality", "1")
    shown = read_video(tmp_path / "out.mp4").pictures[0].rgb
    original = corner(65, 49)[: shown.shape[0], : shown.shape[1]] / 255
    assert float(np.abs(shown - original).mean()) * 255 < 4


@pytest.mark.parametrize(
    "extra",
    [("out.mp4",), ("out.mkv", "--codec", "ffv1"), ("out.webm",), ("out.gif",), ("out.mp4", "--codec", "vp9")],
    ids=" ".join,
)
def test_the_smallest(extra: tuple[str, ...], convert: Convert, tmp_path: Path) -> None:
    name, *flags = extra
    report = convert(clip_of(16, 16).write(tmp_path / "in.mkv"), tmp_path / name, *flags)
    assert report["size"] == [16, 16]
    assert read_video(tmp_path / name).size == (16, 16)


@pytest.mark.parametrize("codec", ["hevc", "av1", "prores"])
def test_the_smallest_in_pickier_codecs(codec: str, convert: Convert, tmp_path: Path) -> None:
    report = convert(clip_of(16, 16).write(tmp_path / "in.mkv"), tmp_path / "out.mkv", "--codec", codec)
    assert report["frames"] == 2
    assert read_video(tmp_path / "out.mkv").size == (16, 16)


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (17, 33), (16, 200), (130, 98)])
def test_every_size_can_be_painted(size: tuple[int, int], fnst_live: RunCommand, tmp_path: Path) -> None:
    source = clip_of(*size).write(tmp_path / "in.mkv")
    run = fnst_live("video", source, "-o", tmp_path / "out.mkv", "--codec", "ffv1", *PAINTED, "--json")
    assert run.report["frames"] == 2
    assert read_video(tmp_path / "out.mkv").size == size


@pytest.mark.parametrize("work_height", ["16", "24", "333"])
def test_the_work_height_does_not_change_the_output(work_height: str, fnst_live: RunCommand, tmp_path: Path) -> None:
    source = clip_of(65, 49).write(tmp_path / "in.mkv")
    flags = ("--codec", "ffv1", "--work-height", work_height)
    run = fnst_live("video", source, "-o", tmp_path / "out.mkv", *flags, *PAINTED, "--json")
    assert run.report["size"] == [65, 49]
    assert read_video(tmp_path / "out.mkv").size == (65, 49)


def test_wide_pixels_with_an_odd_size(convert: Convert, tmp_path: Path) -> None:
    """The shape is right to within the pixel that was cut."""
    clip = Clip([patches(65, 49)] * 2, ANY_SIZE, pixel_aspect=Fraction(4, 3))
    source = read_video(clip.write(tmp_path / "in.mkv"))
    convert(tmp_path / "in.mkv", tmp_path / "out.mp4")
    shown_aspect = read_video(tmp_path / "out.mp4").shown_aspect
    assert float(shown_aspect) == pytest.approx(float(source.shown_aspect), rel=1 / 49)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--strength", "1", "--work-height", "64")], ids=["unpainted", "painted"])
def test_8k(flags: tuple[str, ...], convert: Convert, tmp_path: Path) -> None:
    clip = Clip([corner(7680, 4320)] * 2)
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4", *flags)
    assert report["frames"] == 2
    assert read_video(tmp_path / "out.mp4").size == (7680, 4320)
