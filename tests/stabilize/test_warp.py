"""Warping, held against what it says in words: each pixel is fetched from where the flow points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.stabilize.flow import Flow
from fnst_live.stabilize.warp import Warp

HEIGHT, WIDTH = 12, 17
Floats = npt.NDArray[np.float32]


def random_flow(seed: int, reach_px: float = 4) -> Flow:
    return np.random.default_rng(seed).uniform(-reach_px, reach_px, (2, HEIGHT, WIDTH)).astype(np.float32)


def random_picture(seed: int = 0) -> Floats:
    return np.random.default_rng(seed).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)


def warp_along(flow: Flow) -> Warp:
    warp = Warp(HEIGHT, WIDTH)
    warp.follow(flow)
    return warp


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
    assert np.abs(warp_along(flow).quick(picture) - naive_warp(picture, flow)).max() < 255 / 32  # 1/32 px steps


@pytest.mark.parametrize("seed", [0, 1])
def test_whole_pixels_are_fetched_exactly(seed: int) -> None:
    picture, flow = random_picture(), np.rint(random_flow(seed))
    warp = warp_along(flow)
    expected = naive_warp(picture, flow)
    assert np.array_equal(warp.quick(picture), expected)
    assert np.array_equal(warp.quick(picture.astype(np.uint8)), naive_warp(np.floor(picture), flow))


def test_at_first_it_follows_no_flow() -> None:
    picture = random_picture()
    assert np.array_equal(Warp(HEIGHT, WIDTH).quick(picture), picture)


def test_outside_is_what_comes_from_beyond_the_border() -> None:
    flow = random_flow(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    from_x, from_y = x + flow[0], y + flow[1]
    inside = (from_x >= 0) & (from_y >= 0) & (from_x <= WIDTH - 1) & (from_y <= HEIGHT - 1)
    assert np.array_equal(warp_along(flow).outside(), ~inside)


def test_a_pan_leaves_the_edge_that_came_into_view_without_a_past() -> None:
    outside = warp_along(np.stack([np.full((HEIGHT, WIDTH), right, np.float32) for right in (3, 0)])).outside()
    assert outside[:, -3:].all()
    assert not outside[:, :-3].any()


def test_the_next_flow_replaces_the_last() -> None:
    picture, warp = random_picture(), warp_along(random_flow(0))
    warp.follow(np.zeros((2, HEIGHT, WIDTH), np.float32))
    assert np.array_equal(warp.quick(picture), picture)
