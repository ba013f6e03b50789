"""The frame convention."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fnst_live.frames.frame import Frame, FrameSize


def make_frame() -> Frame:
    return Frame(np.zeros((4, 6, 3), np.uint8), pts=1001, time_base=Fraction(1, 30000), duration=7, index=3)


def test_size_is_width_then_height() -> None:
    assert make_frame().size == FrameSize(width=6, height=4)
    assert str(make_frame().size) == "6x4"


def test_time_is_exact() -> None:
    assert make_frame().time_s == Fraction(1001, 30000)


def test_pixels_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        make_frame().pixels[0, 0, 0] = 1


def test_with_pixels_keeps_the_moment_and_makes_them_contiguous() -> None:
    frame = make_frame()
    other = frame.with_pixels(np.ones((6, 4, 3), np.uint8).swapaxes(0, 1))
    assert (other.pts, other.duration, other.index) == (frame.pts, frame.duration, frame.index)
    assert other.pixels.flags.c_contiguous
    assert not other.pixels.flags.writeable
