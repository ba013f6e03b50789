"""Backward flow: the sign, the size, and rest where nothing moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fnst_live.stabilize.flow import STILL_PX, BackwardFlow, Flow, Gray, snapped

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


def flow_of(now: Gray, before: Gray) -> Flow:
    return BackwardFlow().estimate(now, before)


@pytest.mark.parametrize(
    ("right", "down"), [(1, 0), (0, 1), (-2, 3), (0.5, 0), (0, -0.5), (-0.5, 0.5), (2.5, -1.5), (6, 4)]
)
def test_flow_points_to_where_things_were(right: float, down: float) -> None:
    before = texture()
    flow = flow_of(moved(before, right, down), before)
    assert flow.shape == (120, 160, 2)
    assert flow.dtype == np.float32
    assert np.abs(flow[INTERIOR] - (-right, -down)).max() < TOLERANCE_PX


@pytest.mark.parametrize(("height", "width"), [(120, 160), (16, 16), (17, 23), (16, 300), (300, 16)])
def test_a_still_picture_does_not_flow_at_all(height: int, width: int) -> None:
    picture = texture(height, width)
    assert not flow_of(picture, picture).any()


def test_a_plain_picture_does_not_flow_at_all() -> None:
    assert not flow_of(np.full((48, 64), 90, np.uint8), np.full((48, 64), 100, np.uint8)).any()


def test_an_estimator_remembers_nothing() -> None:
    before = texture()
    estimator = BackwardFlow()
    estimator.estimate(texture(seed=1), texture(seed=2))
    assert np.array_equal(estimator.estimate(moved(before, 2, 1), before), flow_of(moved(before, 2, 1), before))


def test_what_is_less_than_the_estimates_noise_is_nothing_and_all_else_stays() -> None:
    flow = np.random.default_rng(0).normal(0, 2 * STILL_PX, (20, 30, 2)).astype(np.float32)
    assert np.array_equal(snapped(flow), np.where(np.abs(flow) <= np.float32(STILL_PX), 0, flow))
