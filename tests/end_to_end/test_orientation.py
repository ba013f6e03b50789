"""Row 4 of the video path: the same way up and the same shape."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from .clips import Clip, corner
from .conftest import PAINTED, Convert, RunCommand
from .h273 import Floats
from .probe import read_video

CORNERS = np.array([[(220, 40, 40), (40, 200, 40)], [(40, 40, 220), (30, 30, 30)]]) / 255


def shown_corners(rgb: Floats) -> Floats:
    """The middles of the four quarters, (2, 2, 3)."""
    height, width = rgb.shape[:2]
    return rgb[np.ix_([height // 4, height * 3 // 4], [width // 4, width * 3 // 4])]


def turned_clip(rotation: int, pixel_aspect: Fraction = Fraction(1)) -> Clip:
    """Held by a player, `corner` is the right way up; in the file it lies on its side."""
    lying = np.ascontiguousarray(np.rot90(corner(64, 96), -rotation // 90))
    return Clip([lying] * 3, rotation=rotation, pixel_aspect=pixel_aspect)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.gif"])
def test_shown_the_same_way_up(rotation: int, name: str, convert: Convert, tmp_path: Path) -> None:
    source = read_video(turned_clip(rotation).write(tmp_path / "in.mp4"))
    np.testing.assert_allclose(shown_corners(source.pictures[0].rgb), CORNERS, rtol=0, atol=2 / 255)
    report = convert(tmp_path / "in.mp4", tmp_path / name)
    painted = read_video(tmp_path / name)
    assert painted.shown_aspect == source.shown_aspect == Fraction(64, 96)
    assert report["size"] == list(painted.size)
    for picture in painted.pictures:
        np.testing.assert_allclose(shown_corners(picture.rgb), CORNERS, rtol=0, atol=4 / 255)


@pytest.mark.parametrize(("name", "codec"), [("out.webm", "vp9"), ("out.mkv", "ffv1"), ("out.mkv", "prores")])
def test_where_nothing_can_tell_the_shape_the_picture_is_drawn_to_it(
    name: str, codec: str, convert: Convert, tmp_path: Path
) -> None:
    source = read_video(turned_clip(0, Fraction(4, 3)).write(tmp_path / "in.mp4"))
    report = convert(tmp_path / "in.mp4", tmp_path / name, "--codec", codec)
    assert float(read_video(tmp_path / name).shown_aspect) == pytest.approx(float(source.shown_aspect), rel=0.03)
    assert "square pixels" in report["warnings"][0]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("pixel_aspect", [Fraction(4, 3), Fraction(8, 9), Fraction(1, 2)])
@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_shown_in_the_same_shape(
    rotation: int, pixel_aspect: Fraction, name: str, convert: Convert, tmp_path: Path
) -> None:
    source = read_video(turned_clip(rotation, pixel_aspect).write(tmp_path / "in.mp4"))
    convert(tmp_path / "in.mp4", tmp_path / name)
    painted = read_video(tmp_path / name)
    assert painted.shown_aspect == source.shown_aspect
    np.testing.assert_allclose(shown_corners(painted.pictures[0].rgb), CORNERS, rtol=0, atol=4 / 255)


def test_gif_has_square_pixels_only(convert: Convert, tmp_path: Path) -> None:
    """...so the picture itself must be drawn to shape, or the gif must say its aspect."""
    source = read_video(turned_clip(0, Fraction(2)).write(tmp_path / "in.mp4"))
    convert(tmp_path / "in.mp4", tmp_path / "out.gif")
    assert float(read_video(tmp_path / "out.gif").shown_aspect) == pytest.approx(float(source.shown_aspect), rel=0.03)


@pytest.mark.parametrize("pixel_aspect", [Fraction(1), Fraction(4, 3)])
def test_a_turned_clip_is_painted_upright(pixel_aspect: Fraction, fnst_live: RunCommand, tmp_path: Path) -> None:
    """The painted run sees the picture as people do; keeping the colors shows which way up it was painted."""
    source = read_video(turned_clip(90, pixel_aspect).write(tmp_path / "in.mp4"))
    run = fnst_live("video", tmp_path / "in.mp4", "-o", tmp_path / "out.mp4", *PAINTED, "--strength", "0.2", "--json")
    assert run.report["frames"] == 3
    painted = read_video(tmp_path / "out.mp4")
    assert painted.shown_aspect == source.shown_aspect
    np.testing.assert_allclose(shown_corners(painted.pictures[0].rgb), CORNERS, rtol=0, atol=0.25)
