"""What the network gets to see, and how a picture comes there and back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fnst_live.frames.frame import FrameSize
from fnst_live.frames.resize import SMALLEST_SIDE, fit, lines_within, resize, within_lines, work_size

LIMIT = 1080


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1280, 720), (1280, 720)), ((1920, 1080), (1920, 1080)), ((3840, 2160), (1920, 1080)),
     ((1080, 1920), (608, 1080)), ((641, 359), (641, 359))],
)
def test_a_picture_is_painted_at_its_own_size_up_to_the_limit(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert work_size(FrameSize(*size), None, LIMIT) == expected


@pytest.mark.parametrize(
    ("work_height", "expected"), [(360, (640, 360)), (720, (1280, 720)), (1440, (2560, 1440))]
)
def test_the_wanted_lines_are_taken_even_beyond_the_limit(work_height: int, expected: tuple[int, int]) -> None:
    assert work_size(FrameSize(1920, 1080), work_height, LIMIT) == expected


def test_the_network_sees_square_pixels() -> None:
    assert work_size(FrameSize(720, 576), None, LIMIT, Fraction(64, 45)) == (1024, 576)
    assert work_size(FrameSize(1440, 1080), 540, LIMIT, Fraction(4, 3)) == (960, 540)
    assert work_size(FrameSize(720, 480), None, LIMIT, Fraction(8, 9)) == (640, 480)


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (1, 5000), (5000, 1)])
def test_tiny_pictures_are_large_enough_for_a_network(size: tuple[int, int]) -> None:
    assert min(work_size(FrameSize(*size), None, LIMIT)) >= SMALLEST_SIDE


def test_nothing_is_done_where_nothing_changes() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    assert resize(pixels, FrameSize(6, 4)) is pixels


@pytest.mark.parametrize("size", [FrameSize(30, 20), FrameSize(120, 80), FrameSize(30, 80), FrameSize(1, 1)])
def test_a_plain_picture_keeps_its_color_at_every_size(size: FrameSize) -> None:
    plain = np.full((40, 60, 3), (10, 128, 250), np.uint8)
    resized = resize(plain, size)
    assert resized.dtype == np.uint8
    assert np.array_equal(resized, np.full((size.height, size.width, 3), (10, 128, 250)))


def test_on_the_way_down_fine_detail_is_averaged_not_picked() -> None:
    checkered = np.indices((40, 40)).sum(axis=0) % 2 * np.uint8(200)
    small = resize(np.repeat(checkered[..., None], 3, axis=2).astype(np.uint8), FrameSize(10, 10))
    assert np.array_equal(small, np.full((10, 10, 3), 100))


def test_edges_do_not_overshoot_around_the_ends_of_the_range() -> None:
    halves = np.zeros((8, 8, 3), np.uint8)
    halves[:, 4:] = 255
    large = resize(halves, FrameSize(64, 64)).astype(int)
    assert large[:, :20].max() <= 8
    assert large[:, 44:].min() >= 247


def test_a_size_within_so_many_lines_keeps_its_shape_and_never_grows() -> None:
    assert within_lines(FrameSize(3840, 2160), 1080) == (1920, 1080)
    assert within_lines(FrameSize(640, 480), 1080) == (640, 480)
    assert within_lines(FrameSize(720, 576), 1080, Fraction(64, 45)) == (1024, 576)


@pytest.mark.parametrize(("width", "height"), [(40, 20), (20, 40), (80, 80), (7, 3)])
def test_a_picture_is_fitted_in_whole_with_black_beside_it(width: int, height: int) -> None:
    fitted = fit(np.full((height, width, 3), 200, np.uint8), FrameSize(40, 40))
    assert fitted.shape == (40, 40, 3)
    scale = min(40 / width, 40 / height)
    expected = round(width * scale) * round(height * scale)
    assert int((fitted[..., 0] == 200).sum()) == expected
    assert set(np.unique(fitted)) <= {0, 200}


def test_a_picture_that_fits_is_left_as_it_is() -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    assert fit(pixels, FrameSize(40, 20)) is pixels


@pytest.mark.parametrize(("size", "aspect", "lines"), [
    ((1920, 1080), Fraction(1), 1080), ((1080, 1920), Fraction(1), 1920), ((3840, 2160), Fraction(1), 1080),
    ((2160, 3840), Fraction(1), 1920), ((1600, 1200), Fraction(1), 1200), ((4000, 1000), Fraction(1), 720),
    ((1440, 1080), Fraction(4, 3), 1080), ((2880, 2160), Fraction(4, 3), 1080), ((9, 9), Fraction(1), 9),
])
def test_as_many_lines_as_there_are_pixels_for(size: tuple[int, int], aspect: Fraction, lines: int) -> None:
    assert lines_within(FrameSize(*size), 1920 * 1080, aspect) == lines
