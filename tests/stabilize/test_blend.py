"""Every pass, held against what they say in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.stabilize.blend import CRISP_ROW_STEP, REGAINED, blend, crispness, recolor

HEIGHT, WIDTH = 9, 13
SHAPE = (HEIGHT, WIDTH, 3)


def test_each_pixel_is_past_and_present_by_its_share() -> None:
    random = np.random.default_rng(0)
    past, fresh = random.uniform(0, 255, SHAPE).astype(np.float32), random.integers(0, 256, SHAPE, np.uint8)
    share = random.uniform(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    result = np.empty(SHAPE, np.float32)
    blend(past, fresh, np.zeros((2, HEIGHT, WIDTH), np.float32), share, 1, result)
    assert result == pytest.approx(share[..., None] * past + (1 - share[..., None]) * fresh, abs=1e-3)


@pytest.mark.parametrize("sharpness", [0.0, 0.5, 1.6])
def test_what_was_fetched_between_pixels_is_sharpened_by_as_much_and_in_that_direction(sharpness: float) -> None:
    random = np.random.default_rng(1)
    past = random.uniform(0, 255, SHAPE).astype(np.float32)
    flow = random.uniform(-3, 3, (2, HEIGHT, WIDTH)).astype(np.float32)
    result = np.empty(SHAPE, np.float32)
    blend(past, np.zeros(SHAPE, np.uint8), flow, np.ones((HEIGHT, WIDTH), np.float32), sharpness, result)
    between = np.abs(flow - np.rint(flow))
    along_x, along_y = (float(REGAINED) * sharpness * (between - between**2))[..., None]
    padded = np.pad(past, ((1, 1), (1, 1), (0, 0)), "edge")
    step_x = past - (padded[1:-1, :-2] + padded[1:-1, 2:]) / 2
    step_y = past - (padded[:-2, 1:-1] + padded[2:, 1:-1]) / 2
    assert result == pytest.approx(past + along_x * step_x + along_y * step_y, abs=1e-2)


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
