"""Flow as torch operations, on the CPU: as right as the quick search, and its refinement the same."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from fnst_live.stabilize.device_flow import DeviceFlow
from fnst_live.stabilize.device_planes import DeviceWarp
from fnst_live.stabilize.device_refinement import DeviceRefinement
from fnst_live.stabilize.flow import BackwardFlow, Flow, Gray
from tests.stabilize.test_flow import INTERIOR, TOLERANCE_PX, moved, texture
from tests.stabilize.test_refinement import refined_from

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread")


def tensor_of(plane: Gray | Flow) -> torch.Tensor:
    """(H, W) or (2, H, W) to (1, 1, H, W) or (1, 2, H, W)."""
    return torch.from_numpy(plane.astype(np.float32)).view(1, -1, *plane.shape[-2:])


def flow_of(now: Gray, before: Gray) -> Flow:
    height, width = now.shape
    return DeviceFlow(height, width, CPU).estimate(tensor_of(now), tensor_of(before))[0].numpy()


@pytest.mark.parametrize(
    ("right", "down"), [(1, 0), (0, 1), (-2, 3), (0.5, 0), (0, -0.5), (-0.5, 0.5), (2.5, -1.5), (6, 4)]
)
def test_flow_points_to_where_things_were(right: float, down: float) -> None:
    before = texture()
    flow = flow_of(moved(before, right, down), before)
    for component, expected in zip(flow, (-right, -down), strict=True):
        assert np.abs(component[INTERIOR] - expected).max() < TOLERANCE_PX


@pytest.mark.parametrize(("height", "width"), [(120, 160), (16, 16), (17, 23), (16, 300), (300, 16), (8, 40), (2, 1)])
def test_a_still_picture_does_not_flow_at_all(height: int, width: int) -> None:
    picture = texture(height, width)
    flow = flow_of(picture, picture)
    assert flow.shape == (2, height, width)
    assert not flow.any()


def test_a_plain_picture_does_not_flow_at_all() -> None:
    assert not flow_of(np.full((48, 64), 90, np.uint8), np.full((48, 64), 100, np.uint8)).any()


def test_it_finds_what_the_quick_search_does() -> None:
    y, x = np.mgrid[0:120, 0:160].astype(np.float32)
    before = texture()
    from_x, from_y = x + 0.02 * (y - 60), y - 0.03 * (x - 80)
    turned = np.asarray(cv2.remap(before, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8)
    difference = np.abs(flow_of(turned, before) - BackwardFlow(exact=False).estimate(turned, before))
    assert np.median(difference) < 0.03
    assert np.percentile(difference[(slice(None), *INTERIOR)], 95) < 0.15


@pytest.mark.parametrize(("height", "width"), [(60, 80), (61, 75), (17, 40)])
@pytest.mark.parametrize(("rounds", "sweeps"), [(1, 5), (3, 3)])
def test_its_refinement_is_the_kernels(height: int, width: int, rounds: int, sweeps: int) -> None:
    before = texture(height, width)
    now = moved(before, 1.3, -0.7)
    start = (np.random.default_rng(1).normal(0, 0.5, (2, height, width)) - 1).astype(np.float32)
    warped = DeviceWarp(height, width, CPU).fetched(tensor_of(before), tensor_of(start))
    refinement = DeviceRefinement(height, width, CPU)
    refined = refinement.refined(tensor_of(now), warped, tensor_of(start), rounds, sweeps)[0].numpy()
    expected = refined_from(start, now, before, rounds, sweeps)
    assert np.abs(expected - start).mean() > 0.1
    assert np.abs(refined - expected).mean() < 1e-3
