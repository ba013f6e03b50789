"""Plots: a panel per curve, and the lines where they belong."""

from __future__ import annotations

import numpy as np

from trainer.plot import CURVE, MARGIN, NETWORK, PANEL, Curve, draw_panels


def test_a_panel_per_curve() -> None:
    curve = Curve("wave", (4.0, 2.0, 1.0), 1.5)
    assert draw_panels([curve]).size == PANEL
    assert draw_panels([curve] * 4).size == (3 * PANEL[0], 2 * PANEL[1])


def test_the_lines_are_where_the_losses_are() -> None:
    """On a logarithmic scale from 1 to 100, 10 lies in the middle."""
    pixels = np.array(draw_panels([Curve("", (100.0, 1.0), 10.0)]))
    rows = np.nonzero((pixels[:, MARGIN + 100] == NETWORK).all(1))[0]
    assert abs(rows.mean() - PANEL[1] / 2) < 2
    first = np.nonzero((pixels[:, MARGIN + 2] == CURVE).all(1))[0]
    assert abs(first.mean() - MARGIN) < 4


def test_curves_without_a_slope() -> None:
    for losses in ((0.5,), (0.5, 0.5), (0.0, 0.0)):
        assert draw_panels([Curve("flat", losses, losses[0])]).size == PANEL
