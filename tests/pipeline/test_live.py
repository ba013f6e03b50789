"""The live runner with painters that can be held up, so that nothing depends on how fast a machine is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from fractions import Fraction

import numpy as np
import pytest

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.latest import LatestFrame
from fnst_live.pipeline.live import Captured, Finished, LiveListener, LiveResult, LiveRunner, LiveSketch

PATIENCE_S = 20


def frame(index: int) -> Frame:
    pixels = np.full((4, 6, 3), index % 256, np.uint8)
    return Frame(pixels, index, Fraction(1, 10), 1, index, time.monotonic())


class HandFed:
    """A source that gives what a test feeds it."""

    size = FrameSize(6, 4)

    def __init__(self) -> None:
        self._frames: LatestFrame[Frame | Exception] = LatestFrame()
        self._is_free = threading.Event()
        self._is_free.set()
        self.is_closed = False

    def feed(self, index: int) -> None:
        """Returns when the frame was handed over."""
        self._is_free.clear()
        self._frames.put(frame(index))
        assert self._is_free.wait(PATIENCE_S)

    def fail(self, error: Exception) -> None:
        self._frames.put(error)

    def __iter__(self) -> Iterator[Frame]:
        while (item := self._frames.take()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
            self._is_free.set()

    def close(self) -> None:
        self.is_closed = True
        self._frames.close()


class Steps:
    """Paints by adding to each level; may be told to wait, or to fail."""

    def __init__(self) -> None:
        self.may_paint, self.may_finish = threading.Event(), threading.Event()
        self.may_paint.set()
        self.may_finish.set()
        self.added = 100
        self.error: Exception | None = None
        self.painted: list[int] = []
        self.began: list[int] = []
        self.pasts: list[object] = []

    def paint(self, captured: Captured) -> LiveSketch:
        self.began.append(captured.frame.index)
        assert self.may_paint.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        self.painted.append(captured.frame.index)
        self.pasts.append(captured.epoch)
        stylized = captured.frame.with_pixels(captured.frame.pixels + np.uint8(self.added))
        return LiveSketch(captured, captured.frame, captured.frame, stylized, 0, "test", "spy u8", {"stylize": 1.0})

    def finish(self, sketch: LiveSketch) -> Finished:
        assert self.may_finish.wait(PATIENCE_S)
        assert sketch.stylized is not None
        return Finished(sketch, sketch.stylized, {**sketch.stage_ms, "compose": 2.0})


class Watched:
    """A runner and all that it told."""

    def __init__(self) -> None:
        self.steps = Steps()
        self.results: list[LiveResult] = []
        self.errors: list[Exception] = []
        self._changed = threading.Condition()
        self.runner = LiveRunner(self.steps, LiveListener(self._on_result, self._on_error))
        self.runner.start()

    def _on_result(self, result: LiveResult, _: Finished) -> None:
        with self._changed:
            self.results.append(result)
            self._changed.notify_all()

    def _on_error(self, error: Exception) -> None:
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_S)

    def wait_for_results(self, count: int) -> None:
        self.wait(lambda: len(self.results) >= count)


@pytest.fixture
def live() -> Iterator[Watched]:
    watched = Watched()
    yield watched
    watched.steps.may_paint.set()
    watched.steps.may_finish.set()
    watched.runner.close()


def wait_until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.002)


def test_a_frame_becomes_a_result_with_its_statistics(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source)
    source.feed(0)
    live.wait_for_results(1)
    result = live.runner.results.newest()
    assert result is not None
    assert (result.content[0, 0, 0], result.painted[0, 0, 0]) == (0, 100)
    assert not result.painted.flags.writeable
    assert (result.style, result.generation, result.time_s) == ("test", 1, None)
    assert result.stats.stage_ms == {"stylize": 1, "compose": 2}
    assert (result.stats.work_size, result.stats.source_size) == ((6, 4), (6, 4))
    assert (result.stats.engine, result.stats.frame_count, result.stats.dropped_count) == ("spy u8", 1, 0)
    assert result.stats.latency_ms > 0


def test_late_frames_are_dropped_and_counted_and_the_newest_is_painted(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source)
    live.steps.may_paint.clear()
    source.feed(0)
    wait_until(lambda: live.steps.began == [0])
    for index in range(1, 6):
        source.feed(index)
    live.steps.may_paint.set()
    live.wait_for_results(2)
    assert live.steps.painted == [0, 5]
    assert live.results[-1].stats.dropped_count == 4
    assert live.results[-1].stats.frame_count == 2


def test_no_frame_grows_old_between_painting_and_finishing(live: Watched) -> None:
    """With the finisher held up one is in its hands and one waits; nothing further is painted in advance."""
    source = HandFed()
    live.runner.show(source)
    live.steps.may_finish.clear()
    for index in range(8):
        source.feed(index)
        wait_until(lambda index=index: len(live.steps.painted) == min(index + 1, 2))  # type: ignore[misc]
    live.steps.may_finish.set()
    live.wait_for_results(3)
    assert live.steps.painted == [0, 1, 7]


def test_a_clip_tells_its_times(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source, is_clip=True)
    source.feed(15)
    live.wait_for_results(1)
    assert live.results[0].time_s == 1.5


def test_a_look_that_changed_is_shown_though_no_frame_comes(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source)
    source.feed(3)
    live.wait_for_results(1)
    live.steps.added = 50
    live.runner.repaint()
    live.wait_for_results(2)
    assert live.results[-1].painted[0, 0, 0] == 53
    assert live.results[-1].stats.dropped_count == 0


def test_painting_anew_before_the_first_frame_is_nothing(live: Watched) -> None:
    live.runner.repaint()
    source = HandFed()
    live.runner.show(source)
    source.feed(0)
    live.wait_for_results(1)
    assert live.steps.painted == [0]


def test_a_frozen_picture_stays_takes_a_new_look_and_counts_no_drops(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source)
    source.feed(0)
    live.wait_for_results(1)
    live.runner.freeze(is_frozen=True)
    for index in range(1, 5):
        source.feed(index)
    live.steps.added = 10
    live.runner.repaint()
    live.wait_for_results(2)
    assert live.results[-1].painted[0, 0, 0] == 10
    live.runner.freeze(is_frozen=False)
    source.feed(5)
    live.wait_for_results(3)
    assert live.steps.painted == [0, 0, 5]
    assert live.results[-1].stats.dropped_count == 0


def test_another_source_begins_to_count_anew_and_the_old_one_is_closed(live: Watched) -> None:
    first, second = HandFed(), HandFed()
    live.runner.show(first)
    first.feed(0)
    live.wait_for_results(1)
    live.runner.show(second)
    assert first.is_closed
    second.feed(40)
    live.wait_for_results(2)
    assert (live.results[-1].generation, live.results[-1].stats.frame_count) == (2, 1)
    assert live.results[-1].stats.dropped_count == 0


def test_a_jump_is_told_to_the_painter(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source)
    source.feed(0)
    live.wait_for_results(1)
    source.feed(1)
    live.wait_for_results(2)
    live.runner.forget_past()
    source.feed(2)
    live.wait_for_results(3)
    assert live.steps.pasts[0] == live.steps.pasts[1] != live.steps.pasts[2]


def test_a_source_that_breaks_is_told_of_and_the_next_one_plays(live: Watched) -> None:
    broken, whole = HandFed(), HandFed()
    live.runner.show(broken)
    broken.fail(InputError("torn"))
    live.wait(lambda: len(live.errors) == 1)
    live.runner.show(whole)
    whole.feed(0)
    live.wait_for_results(1)


def test_trouble_at_every_frame_is_told_of_once_and_again_after_a_success(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source)
    live.steps.error = RuntimeError("out of memory")
    for index in range(4):
        source.feed(index)
        wait_until(lambda index=index: len(live.steps.began) == index + 1)  # type: ignore[misc]
    live.steps.error = None
    source.feed(4)
    live.wait_for_results(1)
    assert [str(error) for error in live.errors] == ["out of memory"]
    live.steps.error = RuntimeError("out of memory")
    source.feed(5)
    live.wait(lambda: len(live.errors) == 2)


def test_small_jobs_run_on_the_painting_thread_whether_frames_come_or_not(live: Watched) -> None:
    def name() -> str:
        return threading.current_thread().name

    assert live.runner.between_frames(name).result(PATIENCE_S) == "paint"
    futures = [live.runner.between_frames(name) for _ in range(3)]
    assert [future.result(PATIENCE_S) for future in futures] == ["paint"] * 3


def test_one_small_job_at_most_comes_between_two_frames(live: Watched) -> None:
    source = HandFed()
    live.runner.show(source)
    live.steps.may_paint.clear()
    source.feed(0)
    wait_until(lambda: live.steps.began == [0])
    order: list[str] = []
    futures = [live.runner.between_frames(lambda: order.append(f"job after {live.steps.painted}")) for _ in range(2)]
    source.feed(1)
    live.steps.may_paint.set()
    for future in futures:
        future.result(PATIENCE_S)
    assert order == ["job after [0]", "job after [0, 1]"]


def test_a_job_that_fails_fails_where_it_is_awaited(live: Watched) -> None:
    future = live.runner.between_frames(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        future.result(PATIENCE_S)
    assert not live.errors


def test_closing_ends_everything_whatever_is_going_on() -> None:
    live, source = Watched(), HandFed()
    live.runner.show(source)
    source.feed(0)
    live.wait_for_results(1)
    live.runner.close()
    assert source.is_closed
    with pytest.raises(CancelledError):
        live.runner.between_frames(lambda: 1).result(PATIENCE_S)


def test_a_runner_without_a_source_can_be_closed() -> None:
    Watched().runner.close()
