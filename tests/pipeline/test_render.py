"""The render runner: every frame, in order, and one clear end whatever fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from fnst_live.errors import InputError, OutputError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.pipeline.render import belt_capacity, render


class Numbers:
    """A source of tiny numbered frames that can break."""

    size = FrameSize(2, 2)

    def __init__(self, count: int, breaks_at: int | None = None):
        self.count, self.breaks_at = count, breaks_at

    def __iter__(self) -> Iterator[Frame]:
        for i in range(self.count):
            if i == self.breaks_at:
                raise InputError("the source broke")
            yield Frame(np.full((2, 2, 3), i, np.uint8), i, Fraction(1, 25), index=i)

    def close(self) -> None: ...


class Memory:
    """A sink that remembers, and can break."""

    def __init__(self, breaks_at: int | None = None):
        self.written: list[int] = []
        self.end = "open"
        self.breaks_at = breaks_at

    def write(self, frame: Frame) -> None:
        if frame.index == self.breaks_at:
            raise OutputError("the disk is full")
        self.written.append(int(frame.pixels[0, 0, 0]))

    def finish(self) -> None:
        self.end = "finished"

    def abandon(self) -> None:
        self.end = "abandoned"


def brighten(frame: Frame) -> Frame:
    return frame.with_pixels(frame.pixels + 100)


def unchanged(frame: Frame) -> Frame:
    return frame


def test_every_frame_goes_through_once_and_in_order() -> None:
    sink, seen = Memory(), []
    assert render(Numbers(40), brighten, [unchanged], sink, lambda frame: seen.append(frame.index)) == 40
    assert sink.written == [100 + i for i in range(40)]
    assert seen == list(range(40))
    assert sink.end == "finished"


def test_what_is_painted_out_of_order_is_finished_in_order() -> None:
    """Two painters, the first of which waits for the second: frame 0 is ready only after frame 1."""
    second_is_painted, sink = threading.Event(), Memory()

    def paint(frame: Frame) -> Frame:
        if frame.index == 0:
            assert second_is_painted.wait(10)
        elif frame.index == 1:
            second_is_painted.set()
        return brighten(frame)

    assert render(Numbers(20), paint, [unchanged], sink, lanes=2) == 20
    assert sink.written == [100 + i for i in range(20)]


def test_no_more_frames_are_painted_at_once_than_there_are_lanes() -> None:
    lock, running, most = threading.Lock(), [0], [0]

    def paint(frame: Frame) -> Frame:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        with lock:
            running[0] -= 1
        return frame

    render(Numbers(60), paint, [unchanged], Memory(), lanes=3)
    assert 1 <= most[0] <= 3


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_painter_that_breaks_is_reported_with_any_number_of_lanes(lanes: int) -> None:
    def paint(frame: Frame) -> Frame:
        if frame.index == 5:
            raise InputError("the engine broke")
        return frame

    sink = Memory()
    with pytest.raises(InputError, match="the engine broke"):
        render(Numbers(400), paint, [unchanged], sink, lanes=lanes)
    assert sink.end == "abandoned"


def test_an_empty_source_finishes() -> None:
    sink = Memory()
    assert render(Numbers(0), brighten, [unchanged], sink) == 0
    assert sink.end == "finished"


@pytest.mark.parametrize("breaks_at", [0, 1, 20])
def test_a_source_that_breaks_is_reported_and_the_sink_abandoned(breaks_at: int) -> None:
    sink = Memory()
    with pytest.raises(InputError, match="the source broke"):
        render(Numbers(40, breaks_at), brighten, [unchanged], sink)
    assert sink.end == "abandoned"


@pytest.mark.parametrize("breaks_at", [0, 1, 20, 39])
def test_a_sink_that_breaks_is_reported_and_abandoned(breaks_at: int) -> None:
    sink = Memory(breaks_at)
    with pytest.raises(OutputError, match="disk is full"):
        render(Numbers(40), brighten, [unchanged], sink)
    assert sink.end == "abandoned"


@pytest.mark.parametrize("breaks_at", [0, 1, 20])
@pytest.mark.parametrize("step", ["paint", "watch", "finish"])
def test_a_step_that_breaks_is_reported_and_the_sink_abandoned(step: str, breaks_at: int) -> None:
    def explode(frame: Frame) -> Frame:
        if frame.index == breaks_at:
            raise RuntimeError("out of memory")
        return frame

    sink = Memory()
    places = ["paint", "watch", "finish"]
    paint, *steps = (explode if step == place else unchanged for place in places)
    with pytest.raises(RuntimeError, match="out of memory"):
        render(Numbers(40), paint, steps, sink)
    assert sink.end == "abandoned"


def test_ctrl_c_while_painting_abandons_the_sink() -> None:
    def interrupt(frame: Frame) -> Frame:
        if frame.index == 5:
            raise KeyboardInterrupt
        return frame

    sink = Memory()
    with pytest.raises(KeyboardInterrupt):
        render(Numbers(40), unchanged, [interrupt], sink)
    assert sink.end == "abandoned"


@pytest.mark.parametrize("early", [0, 1])
def test_the_steps_overlap(early: int) -> None:
    """Each step of a frame begins while the next step of the one before is still at work."""
    begun = [threading.Event() for _ in range(10)]

    def begin(frame: Frame) -> Frame:
        begun[frame.index].set()
        return frame

    def wait(frame: Frame) -> Frame:
        if frame.index < 9:
            assert begun[frame.index + 1].wait(10), "the next frame was not begun"
        return frame

    paint, *steps = [unchanged] * early + [begin, wait] + [unchanged] * (1 - early)
    assert render(Numbers(10), paint, steps, Memory()) == 10


@pytest.mark.parametrize(("width", "height", "frames"), [(2, 2, 3), (3840, 2160, 3), (7680, 4320, 1), (65536, 9, 3)])
def test_fewer_large_frames_lie_on_a_belt(width: int, height: int, frames: int) -> None:
    assert belt_capacity(FrameSize(width, height)) == frames
