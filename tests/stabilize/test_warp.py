"""Warping, held against what it says in words: each pixel is fetched from where the flow points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.stabilize.flow import Flow
from fnst_live.stabilize.warp import fetched

HEIGHT, WIDTH = 12, 17
Floats = npt.NDArray[np.float32]


def random_flow(seed: int, reach_px: float = 4) -> Flow:
    return np.random.default_rng(seed).uniform(-reach_px, reach_px, (2, HEIGHT, WIDTH)).astype(np.float32)


def random_picture(seed: int = 0) -> Floats:
    return np.random.default_rng(seed).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)


def naive_warp(picture: Floats, flow: Flow) -> Floats:
    """Bilinear, the border pixel repeated without end, one pixel after the other."""
    result = np.empty_like(picture)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            from_x, from_y = x + flow[0, y, x], y + flow[1, y, x]
            left, top = int(np.floor(from_x)), int(np.floor(from_y))
            result[y, x] = 0
            for row, down in ((top, 1 - (from_y - top)), (top + 1, from_y - top)):
                for column, across in ((left, 1 - (from_x - left)), (left + 1, from_x - left)):
                    source = picture[min(max(row, 0), HEIGHT - 1), min(max(column, 0), WIDTH - 1)]
                    result[y, x] += source * down * across
    return result


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_quick_is_bilinear(seed: int) -> None:
    picture, flow = random_picture(), random_flow(seed)
    assert np.abs(fetched(picture, flow) - naive_warp(picture, flow)).max() < 255 / 32  # 1/32 px steps


@pytest.mark.parametrize("seed", [0, 1])
def test_whole_pixels_are_fetched_exactly(seed: int) -> None:
    picture, flow = random_picture(), np.rint(random_flow(seed))
    assert np.array_equal(fetched(picture, flow), naive_warp(picture, flow))
    assert np.array_equal(fetched(picture.astype(np.uint8), flow), naive_warp(np.floor(picture), flow))


def test_it_comes_into_the_memory_that_is_given() -> None:
    picture, flow, memory = random_picture(), random_flow(3), np.empty((HEIGHT, WIDTH, 3), np.float32)
    assert np.shares_memory(fetched(picture, flow, memory), memory)
    assert np.array_equal(memory, fetched(picture, flow))
