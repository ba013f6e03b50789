"""The built-in scene: it loops, it moves everywhere, and it can be had at any size."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.frames.frame import FrameSize, Pixels
from fnst_live.scene.landscape import Landscape, fractal_noise

SIZE = FrameSize(160, 120)


def difference(a: Pixels, b: Pixels) -> npt.NDArray[np.float32]:
    """Absolute, per pixel, in levels."""
    return np.asarray(np.abs(a.astype(np.float32) - b).mean(axis=2), np.float32)


@pytest.fixture(scope="module")
def landscape() -> Landscape:
    return Landscape(SIZE)


def test_it_loops_without_a_seam(landscape: Landscape) -> None:
    assert difference(landscape.picture(0.0), landscape.picture(1.0)).max() <= 2
    step = difference(landscape.picture(0.0), landscape.picture(1 / 300)).mean()
    seam = difference(landscape.picture(299 / 300), landscape.picture(0.0)).mean()
    assert seam < 3 * step


def test_it_moves_in_every_part(landscape: Landscape) -> None:
    moved = difference(landscape.picture(0.1), landscape.picture(0.2))
    cells = cv2.resize(moved, (4, 3), interpolation=cv2.INTER_AREA)
    assert (cells > 0.5).all(), cells


def test_it_is_drawn_the_same_every_time(landscape: Landscape) -> None:
    assert (Landscape(SIZE).picture(0.3) == landscape.picture(0.3)).all()


def test_it_has_color_and_contrast(landscape: Landscape) -> None:
    pixels = landscape.picture(0.0).astype(np.int32)
    assert (pixels.max(2) - pixels.min(2)).mean() > 40
    assert pixels.mean(2).std() > 35


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (64, 16), (16, 64), (90, 160), (401, 120)])
def test_any_size(size: tuple[int, int]) -> None:
    for phase in (0.0, 0.25, 0.6):
        picture = Landscape(FrameSize(*size)).picture(phase)
        assert picture.shape == (size[1], size[0], 3)
        assert picture.dtype == np.uint8


def test_every_size_shows_the_same(landscape: Landscape) -> None:
    """A larger picture is the smaller one in more detail."""
    large = Landscape(FrameSize(SIZE.width * 2, SIZE.height * 2)).picture(0.0)
    small = cv2.resize(large, (8, 6), interpolation=cv2.INTER_AREA)
    expected = cv2.resize(landscape.picture(0.0), (8, 6), interpolation=cv2.INTER_AREA)
    assert difference(np.asarray(small, np.uint8), np.asarray(expected, np.uint8)).mean() < 4


def test_noise_is_bounded_and_of_the_wanted_grain() -> None:
    noise = fractal_noise(np.random.default_rng(0), 60, 80, 20, 1)
    assert noise.shape == (60, 80)
    assert np.abs(noise).max() < 1.6
    assert np.abs(np.diff(noise, axis=1)).mean() < 0.1
