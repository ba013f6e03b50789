"""The refinement, held against OpenCV's of the same energy."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.stabilize.refinement import OVER_RELAXATION, make_workspace, refine
from fnst_live.stabilize.warp import fetched
from tests.stabilize.test_flow import moved, texture


@pytest.mark.parametrize(("height", "width"), [(60, 80), (61, 75), (17, 40)])
@pytest.mark.parametrize(("rounds", "sweeps"), [(1, 5), (3, 3)])
def test_it_is_what_opencv_makes_of_it(height: int, width: int, rounds: int, sweeps: int) -> None:
    before = texture(height, width)
    now = moved(before, 1.3, -0.7)
    start = (np.random.default_rng(1).normal(0, 0.5, (2, height, width)) - 1).astype(np.float32)
    refined = refined_from(start, now, before, rounds, sweeps)
    expected = refined_by_opencv(start, now, before, rounds, sweeps)
    assert np.abs(expected - start).mean() > 0.1
    inside = (slice(None), slice(8, -8), slice(8, -8))  # what is beyond the border is repeated there, and nothing here
    assert np.abs(refined - expected)[inside].mean() < 1e-3


def test_a_wrong_flow_comes_nearer_to_the_right_one() -> None:
    before = texture()
    start = np.random.default_rng(1).normal(0, 0.3, (2, 120, 160)).astype(np.float32)
    start[0] -= 2
    refined = refined_from(start, moved(before, 2, 0), before, 5, 5)
    errors = [np.abs(flow[0] + 2).mean() + np.abs(flow[1]).mean() for flow in (refined, start)]
    assert errors[0] < errors[1] / 4


Flow = npt.NDArray[np.float32]
Gray = npt.NDArray[np.uint8]


def refined_from(start: Flow, now: Gray, before: Gray, rounds: int, sweeps: int) -> Flow:
    flow = start.copy()
    warped = fetched(before.astype(np.float32), flow)
    refine(now.astype(np.float32), warped, flow, make_workspace(*now.shape), rounds, sweeps)
    return flow


def refined_by_opencv(start: Flow, now: Gray, before: Gray, rounds: int, sweeps: int) -> Flow:
    opencv = cv2.VariationalRefinement.create()
    opencv.setFixedPointIterations(rounds)
    opencv.setSorIterations(sweeps)
    opencv.setOmega(float(OVER_RELAXATION))
    opencv.setEpsilon(0.01)
    u, v = opencv.calcUV(now, before, start[0].copy(), start[1].copy())
    return np.stack([np.asarray(u, np.float32), np.asarray(v, np.float32)])
