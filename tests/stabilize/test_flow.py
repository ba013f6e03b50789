"""Backward flow: the sign, the size, and rest where nothing moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fnst_live.stabilize.flow import STILL_PX, BackwardFlow, Flow, Gray, enlarged, snap

INTERIOR = (slice(16, -16), slice(16, -16))
TOLERANCE_PX = 0.2


def texture(height: int = 120, width: int = 160, seed: int = 0) -> Gray:
    """Soft spots of all brightnesses: uint8 (height, width)."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width))
    spots = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2))
    return np.asarray((spots - spots.min()) / np.ptp(spots) * 255, np.uint8)


def moved(picture: Gray, right: float, down: float) -> Gray:
    """The same things, so many pixels further to the right and down."""
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(
        cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint8
    )


def flow_of(now: Gray, before: Gray, *, exact: bool = True) -> Flow:
    return BackwardFlow(exact=exact).estimate(now, before)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    ("right", "down"), [(1, 0), (0, 1), (-2, 3), (0.5, 0), (0, -0.5), (-0.5, 0.5), (2.5, -1.5), (6, 4)]
)
def test_flow_points_to_where_things_were(right: float, down: float, exact: bool) -> None:
    before = texture()
    flow = flow_of(moved(before, right, down), before, exact=exact)
    assert flow.shape == (2, 120, 160)
    assert flow.dtype == np.float32
    for component, expected in zip(flow, (-right, -down), strict=True):
        assert np.abs(component[INTERIOR] - expected).max() < TOLERANCE_PX


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("height", "width"), [(120, 160), (16, 16), (17, 23), (16, 300), (300, 16), (8, 40), (2, 1)])
def test_a_still_picture_does_not_flow_at_all(height: int, width: int, exact: bool) -> None:
    picture = texture(height, width)
    flow = flow_of(picture, picture, exact=exact)
    assert flow.shape == (2, height, width)
    assert not flow.any()


@pytest.mark.parametrize("exact", [True, False])
def test_a_plain_picture_does_not_flow_at_all(exact: bool) -> None:
    assert not flow_of(np.full((48, 64), 90, np.uint8), np.full((48, 64), 100, np.uint8), exact=exact).any()


@pytest.mark.parametrize("exact", [True, False])
def test_an_estimator_remembers_nothing(exact: bool) -> None:
    before = texture()
    now = moved(before, 2, 1)
    estimator = BackwardFlow(exact=exact)
    estimator.estimate(texture(seed=1), texture(seed=2))
    kept = estimator.estimate(now, before)
    estimator.estimate(texture(seed=3), texture(seed=4))
    assert np.array_equal(kept, flow_of(now, before, exact=exact))


def test_an_estimator_takes_pictures_of_any_size_in_turn() -> None:
    estimator = BackwardFlow(exact=False)
    for height, width in ((120, 160), (40, 60), (120, 160)):
        before = texture(height, width)
        now = moved(before, 2, 1)
        assert np.array_equal(estimator.estimate(now, before), flow_of(now, before, exact=False))


def test_the_quick_search_finds_what_the_exact_one_does() -> None:
    y, x = np.mgrid[0:120, 0:160].astype(np.float32)
    before = texture()
    from_x, from_y = x + 0.02 * (y - 60), y - 0.03 * (x - 80)
    turned = cv2.remap(before, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    quick, exact = (flow_of(np.asarray(turned, np.uint8), before, exact=exact) for exact in (False, True))
    difference = quick - exact
    assert np.median(np.abs(difference)) < 0.03
    assert np.percentile(np.abs(difference[(slice(None), *INTERIOR)]), 95) < 0.15


def test_what_is_less_than_the_estimates_noise_is_nothing_and_all_else_stays() -> None:
    flow = np.random.default_rng(0).normal(0, 2 * STILL_PX, (2, 20, 30)).astype(np.float32)
    expected = np.where(np.abs(flow) <= STILL_PX, 0, flow)
    snap(flow)
    assert np.array_equal(flow, expected)


@pytest.mark.parametrize(("height", "width"), [(20, 30), (21, 31), (40, 45)])
def test_an_enlarged_flow_leads_to_the_same_places(height: int, width: int) -> None:
    flow = np.stack([np.full((10, 15), 1.5, np.float32), np.full((10, 15), -2, np.float32)])
    larger = enlarged(flow, np.empty((2, height, width), np.float32))
    assert larger[0] == pytest.approx(1.5 * width / 15)
    assert larger[1] == pytest.approx(-2 * height / 10)
