"""What stands still is known, with noise and without, and what moves is not taken for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.stabilize.flow import BackwardFlow, Flow, Gray, enlarged, halved
from fnst_live.stabilize.rest import hold_still, is_camera_at_rest, pixels_at_rest
from tests.stabilize.test_flow import moved, texture


def flow_of(now: Gray, before: Gray) -> Flow:
    """As it is found: at half size."""
    half = BackwardFlow().estimate(halved(now), halved(before))
    return enlarged(half, np.empty((2, *now.shape), np.float32))


def noisy(picture: Gray, noise: float, seed: int) -> Gray:
    return noisy_levels(picture, noise, seed).astype(np.uint8)


def noisy_levels(picture: npt.NDArray[Any], noise: float, seed: int) -> npt.NDArray[np.float64]:
    """Not rounded yet."""
    return np.clip(picture + np.random.default_rng(seed).normal(0, noise, picture.shape), 0, 255)


def test_a_camera_rests_while_things_move_before_it() -> None:
    before = texture()
    now = before.copy()
    now[40:80, 40:90] = texture(40, 50, seed=1)
    assert is_camera_at_rest(flow_of(now, before), now, before)


@pytest.mark.parametrize("right", [0.5, 1, 5])
def test_a_camera_that_pans_does_not_rest(right: float) -> None:
    before = texture()
    now = moved(before, right, 0)
    assert not is_camera_at_rest(flow_of(now, before), now, before)


def test_what_has_not_changed_is_still_and_what_moved_is_not() -> None:
    before = texture()
    now = before.copy()
    now[:, 100:] = moved(before, 3, 0)[:, 100:]
    is_still = pixels_at_rest(now, before, flow_of(now, before))
    assert is_still is not None
    assert is_still[16:-16, :90].all()
    assert is_still[16:-16, 110:-16].mean() < 0.02


@pytest.mark.parametrize("noise", [2.0, 4.0])
@pytest.mark.parametrize("contrast", [0.1, 1.0])
def test_a_noisy_wall_is_at_rest(noise: float, contrast: float) -> None:
    wall = (100 + texture() * contrast * 0.5).astype(np.uint8)
    now, before = noisy(wall, noise, 1), noisy(wall, noise, 2)
    resting = pixels_at_rest(now, before, flow_of(now, before))
    assert resting is not None
    assert resting.mean() > 0.8


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_noise_as_faint_as_rounding_makes_it_is_no_rest_in_any_frame(seed: int) -> None:
    """What is held still in some frames and follows the flow in others flickers more than either."""
    wall = 100 + texture() * 0.5
    now, before = (np.rint(noisy_levels(wall, 0.35, seed=seed + k)).astype(np.uint8) for k in (0, 1))
    resting = pixels_at_rest(now, before, flow_of(now, before))
    assert resting is None or resting.mean() < 0.05


@pytest.mark.parametrize("right", [0.5, 2, 5])
def test_a_noisy_pan_is_no_rest(right: float) -> None:
    now, before = noisy(moved(texture(), right, 0), 3, 1), noisy(texture(), 3, 2)
    assert pixels_at_rest(now, before, flow_of(now, before)) is None


def test_held_still_is_what_rests_and_at_half_size_what_rests_as_a_whole() -> None:
    flow, half_flow = np.full((2, 5, 7), 3, np.float32), np.full((2, 2, 3), 2, np.float32)
    resting = np.ones((5, 7), np.bool_)
    resting[1, 4] = False
    hold_still(flow, half_flow, resting)
    assert np.array_equal(flow != 0, np.stack([~resting, ~resting]))
    assert np.array_equal(half_flow[0], [[0, 0, 2], [0, 0, 0]])
