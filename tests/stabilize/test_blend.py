"""Every pass, held against what they say in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.stabilize.blend import CRISP_ROW_STEP, blend, crispness, recolor

HEIGHT, WIDTH = 9, 13
SHAPE = (HEIGHT, WIDTH, 3)


def test_each_pixel_is_past_and_present_by_its_share() -> None:
    random = np.random.default_rng(0)
    past, fresh = random.uniform(0, 255, SHAPE).astype(np.float32), random.integers(0, 256, SHAPE, np.uint8)
    share = random.uniform(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    result = np.empty(SHAPE, np.float32)
    blend(past, fresh, np.zeros((2, HEIGHT, WIDTH), np.float32), share, result, sharpness=1, renewal=0)
    assert result == pytest.approx(share[..., None] * past + (1 - share[..., None]) * fresh, abs=1e-3)


@pytest.mark.parametrize("sharpness", [0.0, 0.5, 1.6])
def test_what_was_fetched_between_pixels_is_sharpened_by_as_much_and_in_that_direction(sharpness: float) -> None:
    random = np.random.default_rng(1)
    past = random.uniform(0, 255, SHAPE).astype(np.float32)
    flow = random.uniform(-3, 3, (2, HEIGHT, WIDTH)).astype(np.float32)
    result = np.empty(SHAPE, np.float32)
    ones, black = np.ones((HEIGHT, WIDTH), np.float32), np.zeros(SHAPE, np.uint8)
    blend(past, black, flow, ones, result, sharpness=sharpness, renewal=0)
    between = np.abs(flow - np.rint(flow))
    along_x, along_y = (sharpness * (between - between**2))[..., None]
    padded = np.pad(past.astype(np.float64), ((2, 2), (2, 2), (0, 0)), "edge")
    once_x, once_y = (padded - (np.roll(padded, 1, axis) + np.roll(padded, -1, axis)) / 2 for axis in (1, 0))
    twice_x = once_x - (np.roll(once_x, 1, 1) + np.roll(once_x, -1, 1)) / 2
    twice_y = once_y - (np.roll(once_y, 1, 0) + np.roll(once_y, -1, 0)) / 2
    once_x, once_y, twice_x, twice_y = (step[2:-2, 2:-2] for step in (once_x, once_y, twice_x, twice_y))
    expected = past + along_x * once_x + along_y * once_y + 1.5 * (along_x**2 * twice_x + along_y**2 * twice_y)
    assert result == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize("shift", [0.1, 0.25, 0.5])
def test_waves_come_through_again_and_again_and_none_grows(shift: float) -> None:
    """Fetched and sharpened two hundred times, by what the docstring says of it."""
    softened = shift - shift**2
    change = 1 - np.cos(np.linspace(0.01, np.pi, 500))
    kept = np.sqrt(1 - 2 * softened * change) * (1 + softened * change + 1.5 * softened**2 * change**2)
    assert kept.max() <= 1
    x = np.arange(256)
    for cycles in (8, 20, 40, 90):
        wave = np.tile(100 * np.sin(2 * np.pi * cycles * x / 256)[None, :, None], (3, 1, 3)).astype(np.float32)
        fetched = (1 - shift) * wave + shift * np.roll(wave, 1, 1)
        flow = np.zeros((2, 3, 256), np.float32)
        flow[0] = -shift
        result = np.empty_like(wave)
        ones, black = np.ones((3, 256), np.float32), np.zeros(wave.shape, np.uint8)
        blend(fetched, black, flow, ones, result, sharpness=1, renewal=0)
        inner = slice(8, -8)
        gain = np.abs(np.fft.rfft(result[1, inner, 0])).max() / np.abs(np.fft.rfft(wave[1, inner, 0])).max()
        assert gain == pytest.approx(np.interp(1 - np.cos(2 * np.pi * cycles / 256), change, kept), abs=0.02)


@pytest.mark.parametrize(("width", "height"), [(13, 9), (1, 1), (2, 5), (3, 2), (4, 3)])
def test_the_finest_detail_is_renewed_where_fetching_softened_it(width: int, height: int) -> None:
    random = np.random.default_rng(6)
    shape = (height, width, 3)
    past, fresh = random.uniform(0, 255, shape).astype(np.float32), random.integers(0, 256, shape, np.uint8)
    flow = random.uniform(-3, 3, (2, height, width)).astype(np.float32)
    flow[:, 0, 0] = (2, -1)
    share = random.uniform(0, 1, (height, width)).astype(np.float32)
    plain, renewed = np.empty(shape, np.float32), np.empty(shape, np.float32)
    blend(past, fresh, flow, share, plain, sharpness=1, renewal=0)
    blend(past, fresh, flow, share, renewed, sharpness=1, renewal=0.75)
    between = np.abs(flow - np.rint(flow))
    lost = np.minimum(4 * (between - between**2).sum(0), 1) * 0.75
    expected = (lost * share)[..., None] * (fine_detail(fresh) - fine_detail(past))
    assert renewed - plain == pytest.approx(expected, abs=1e-2)
    assert np.array_equal(renewed[0, 0], plain[0, 0])


def fine_detail(picture: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """What differs from the mean of the four neighbors."""
    padded = np.pad(picture.astype(np.float64), ((1, 1), (1, 1), (0, 0)), "edge")
    beside = padded[1:-1, :-2] + padded[1:-1, 2:] + padded[:-2, 1:-1] + padded[2:, 1:-1]
    return np.asarray(padded[1:-1, 1:-1] - beside / 4)


def test_colors_go_through_the_matrix_and_are_rounded_without_wrapping_around() -> None:
    random = np.random.default_rng(2)
    picture = random.uniform(-40, 300, SHAPE).astype(np.float32)
    matrix = random.uniform(-0.2, 0.9, (3, 4)).astype(np.float32)
    expected = picture @ matrix[:, :3].T + matrix[:, 3]
    pixels = np.empty(SHAPE, np.uint8)
    recolor(picture, matrix, pixels)
    assert picture == pytest.approx(expected, abs=1e-3)
    assert np.abs(pixels - expected.clip(0, 255)).max() < 0.51


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_crispness_is_the_mean_gradient_magnitude_of_green(kind: type) -> None:
    picture: npt.NDArray[Any] = np.random.default_rng(3).integers(0, 256, (30, 40, 3)).astype(kind)
    green = picture[..., 1].astype(np.float64)
    magnitude = np.hypot(green[1:-1, 2:] - green[1:-1, :-2], green[2:, 1:-1] - green[:-2, 1:-1])
    assert crispness(picture) == pytest.approx(magnitude[::CRISP_ROW_STEP].mean(), rel=1e-5)


def test_crispness_of_a_large_picture_is_that_of_its_pattern() -> None:
    tile = np.random.default_rng(4).integers(0, 256, (8, 64, 3), np.uint8)
    large = crispness(np.tile(tile, (270, 60, 1)))
    assert large == pytest.approx(crispness(np.tile(tile, (2, 60, 1))), rel=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 9, 3), (9, 2, 3)])
def test_a_picture_without_an_inside_has_no_crispness(shape: tuple[int, ...]) -> None:
    assert crispness(np.full(shape, 7, np.uint8)) == 0
