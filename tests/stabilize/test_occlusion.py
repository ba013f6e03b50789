"""Motion boundaries: found where things pass each other, not where the estimate errs."""

from __future__ import annotations

import numpy as np

from fnst_live.stabilize.occlusion import motion_boundary


def test_one_thing_passing_another_makes_a_boundary_along_their_contour() -> None:
    flow = np.zeros((2, 40, 60), np.float32)
    flow[0, :, 30:] = 3
    boundary = motion_boundary(flow)
    assert (boundary[:, 29:31] == 1).all()
    assert not boundary[:, :27].any()
    assert not boundary[:, 33:].any()


def test_lone_errors_of_the_flow_are_no_boundaries() -> None:
    flow = np.full((2, 40, 60), 1, np.float32)
    flow[:, 5:35:10, 5:55:10] = 4
    assert not motion_boundary(flow).any()


def test_a_turning_picture_has_no_boundaries() -> None:
    y, x = np.mgrid[-20:20, -30:30].astype(np.float32)
    assert not motion_boundary(np.stack([-0.02 * y, 0.02 * x])).any()
