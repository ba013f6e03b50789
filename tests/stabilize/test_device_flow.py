"""The flow of a card, on the CPU: as right as the quick search, and its refinement the same."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
import torch

from fnst_live.stabilize.device_flow import CONSTANTS, DeviceFlow, DeviceRefinement
from fnst_live.stabilize.device_kernels import kernels_of
from fnst_live.stabilize.flow import BackwardFlow, Flow, Gray
from tests.stabilize.test_flow import INTERIOR, TOLERANCE_PX, moved, texture
from tests.stabilize.test_refinement import refined_from

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread", "host_kernels")


def flow_of(now: Gray, before: Gray) -> Flow:
    estimator = DeviceFlow(now.shape[0], now.shape[1], CPU)
    pyramids = [pyramid(torch.from_numpy(picture), estimator.sizes) for picture in (now, before)]
    return estimator.estimate(*pyramids).numpy()


def pyramid(picture: torch.Tensor, sizes: Sequence[tuple[int, int]]) -> list[torch.Tensor]:
    kernels, scales = kernels_of("flow", CONSTANTS, CPU), [picture][:len(sizes)]
    for size in sizes[1:]:
        smaller = torch.zeros(size, dtype=torch.uint8)
        kernels.launch("halve", smaller.numel(), scales[-1], smaller, *scales[-1].shape, 1, *size)
        scales.append(smaller)
    return scales


@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 47), (101, 64)])
def test_a_picture_is_halved_as_opencv_does_it(height: int, width: int) -> None:
    half = height // 2, width // 2
    found = pyramid(torch.from_numpy(texture(height, width)), [(height, width), half])[1].numpy()
    expected = cv2.resize(texture(height, width), half[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - expected).max() <= 1


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
    refinement = DeviceRefinement(height, width, CPU)
    refinement.start.copy_(torch.from_numpy(start))
    refined = refinement.refined(torch.from_numpy(now), torch.from_numpy(before), rounds, sweeps).numpy()
    expected = refined_from(start, now, before, rounds, sweeps)
    assert np.abs(expected - start).mean() > 0.1
    assert np.abs(refined - expected).mean() < 1e-3
