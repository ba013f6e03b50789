"""The painted picture and the original, brought together."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.compose.compositor import StrengthCompositor
from fnst_live.frames.frame import Frame, Pixels
from fnst_live.frames.resize import resize

HEIGHT, WIDTH = 24, 36


def picture(seed: int, height: int = HEIGHT, width: int = WIDTH, lowest: int = 0, highest: int = 255) -> Frame:
    pixels = np.random.default_rng(seed).integers(lowest, highest + 1, (height, width, 3), dtype=np.uint8)
    return Frame(pixels, pts=seed, time_base=Fraction(1, 25), index=seed)


def luma(pixels: Pixels) -> npt.NDArray[np.int64]:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.int64)


def chroma(pixels: Pixels) -> npt.NDArray[np.int64]:
    """(H, W, 2)."""
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)[..., 1:].astype(np.int64)


@pytest.mark.parametrize("keep_color", [False, True])
def test_strength_0_is_the_content_bit_for_bit(keep_color: bool) -> None:
    content = picture(1)
    assert StrengthCompositor(0, keep_color).compose(content, picture(2)) is content


def test_strength_1_is_the_painting_bit_for_bit() -> None:
    painted = picture(2)
    assert np.array_equal(StrengthCompositor(1, False).compose(picture(1), painted).pixels, painted.pixels)


@pytest.mark.parametrize("strength", [0.5, 0.25, 0.9])
def test_between_them_it_is_the_weighted_mean(strength: float) -> None:
    content, painted = picture(1), picture(2)
    result = StrengthCompositor(strength, False).compose(content, painted).pixels
    expected = strength * painted.pixels.astype(np.float64) + (1 - strength) * content.pixels
    assert np.abs(result - expected).max() <= 0.51


def test_the_result_is_the_contents_moment_at_the_contents_size() -> None:
    content, painted = picture(1), picture(2, HEIGHT // 2, WIDTH // 2)
    for compositor in (StrengthCompositor(0.5, False), StrengthCompositor(1, False), StrengthCompositor(1, True)):
        result = compositor.compose(content, painted)
        assert (result.size, result.pts, result.index) == (content.size, content.pts, content.index)
        assert result.pixels.flags.c_contiguous


@pytest.mark.parametrize("scale", [0.5, 2])
def test_a_painting_of_another_size_is_scaled_to_the_contents(scale: float) -> None:
    content, painted = picture(1), picture(2, int(HEIGHT * scale), int(WIDTH * scale))
    result = StrengthCompositor(1, False).compose(content, painted)
    assert np.array_equal(result.pixels, resize(painted.pixels, content.size))


def test_kept_color_is_the_contents_and_light_is_the_paintings() -> None:
    """Of muted pictures: a bright painting on a deep color has no place in RGB."""
    content, painted = picture(1, lowest=100, highest=155), picture(2, lowest=90, highest=165)
    result = StrengthCompositor(1, True).compose(content, painted).pixels
    assert np.abs(luma(result) - luma(painted.pixels)).max() <= 1
    assert np.abs(chroma(result) - chroma(content.pixels)).max() <= 1


def test_kept_color_of_a_grey_content_is_grey_whatever_the_painting() -> None:
    grey = Frame(np.full((HEIGHT, WIDTH, 3), 77, np.uint8), pts=0, time_base=Fraction(1, 25))
    result = StrengthCompositor(1, True).compose(grey, picture(2)).pixels.astype(int)
    assert np.ptp(result, axis=2).max() <= 1


def test_kept_color_goes_by_the_strength_too() -> None:
    content, painted = picture(1), picture(2)
    whole = StrengthCompositor(1, True).compose(content, painted).pixels.astype(np.float64)
    half = StrengthCompositor(0.5, True).compose(content, painted).pixels
    assert np.abs(half - (whole + content.pixels) / 2).max() <= 0.51


def test_a_content_painted_as_itself_is_itself() -> None:
    content = picture(1)
    result = StrengthCompositor(1, True).compose(content, picture(1)).pixels
    assert np.abs(result.astype(int) - content.pixels).max() <= 2


def test_what_it_was_given_is_left_alone() -> None:
    content, painted = picture(1), picture(2)
    for compositor in (StrengthCompositor(0.5, False), StrengthCompositor(0.5, True)):
        compositor.compose(content, painted)
    assert np.array_equal(content.pixels, picture(1).pixels)
    assert np.array_equal(painted.pixels, picture(2).pixels)
