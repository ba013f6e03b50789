"""The built-in scene as a source of frames."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fnst_live.frames.frame import FrameSize
from fnst_live.sources.scene import LOOP_S, SceneSource

SIZE = FrameSize(48, 32)


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(30000, 1001), Fraction(5, 2)])
def test_frames_come_at_their_exact_times(rate: Fraction) -> None:
    frames = list(SceneSource(SIZE, rate, seconds=2))
    assert len(frames) == round(2 * rate)
    assert [frame.time_s for frame in frames] == [i / rate for i in range(len(frames))]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert {frame.size for frame in frames} == {SIZE}
    assert all(frame.duration == 1 for frame in frames)


def test_it_repeats_after_its_loop() -> None:
    frames = list(SceneSource(SIZE, Fraction(2), seconds=LOOP_S + 1))
    assert (frames[0].pixels == frames[2 * LOOP_S].pixels).all()
    assert (frames[0].pixels != frames[LOOP_S].pixels).any()


def test_at_least_one_frame() -> None:
    assert len(list(SceneSource(SIZE, Fraction(30), seconds=0.001))) == 1


def test_closed_while_it_plays() -> None:
    source = SceneSource(SIZE, Fraction(30), seconds=10)
    frames = iter(source)
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []
