"""The live runner: the newest frame of a source, painted, as fast as it goes. Late frames are dropped and counted.

    capture thread --LatestFrame--> painting thread --room for one--> finishing thread --LatestFrame--> whoever shows it

Painting and finishing overlap. The painting thread takes a frame only when the finishing thread has taken the last
one, so that no frame grows old in between. Where no new frames come (a picture, a paused clip, a frozen camera) the
last one is painted again when the look changes. Small jobs of others that need the engine run on the painting thread,
one between two frames.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.latest import LatestFrame
from fnst_live.pipeline.belt import Belt, BeltStopped
from fnst_live.pipeline.stages import Source
from fnst_live.pipeline.stats import LiveStats, Measured, StatsMeter

T = TypeVar("T")

STANDSTILL_S = 0.05  # a source that moves brings the next frame sooner, and needs no painting anew


@dataclass(frozen=True, eq=False)
class LiveResult:
    """What the viewport pulls.

    content, painted: uint8 (H, W, 3) RGB, same size, read-only, mirrored alike. style: empty while the first one is
    being loaded; painted is the content then. generation: counts the sources opened. time_s: position in a clip.
    """

    content: Pixels
    painted: Pixels
    stats: LiveStats
    style: str
    generation: int
    time_s: float | None


@dataclass(frozen=True, eq=False)
class Captured:
    """A frame on its way. epoch: changes where a frame does not follow the one before it. time_s: as in the result."""

    frame: Frame
    generation: int
    epoch: int
    time_s: float | None = None


@dataclass(frozen=True, eq=False)
class LiveSketch:
    """A frame between the two steps.

    content: as it is shown. small, stylized: at work size; both None where nothing is painted. past: frames that
    follow one another have equal ones. style, engine: what painted it. is_mirrored: for who sits before the window.
    """

    captured: Captured
    content: Frame
    small: Frame | None
    stylized: Frame | None
    past: object
    style: str
    engine: str
    stage_ms: Mapping[str, float]
    is_mirrored: bool = False


@dataclass(frozen=True, eq=False)
class Finished:
    """A frame that is ready: painted at the content's size, and what each stage took."""

    sketch: LiveSketch
    painted: Frame
    stage_ms: Mapping[str, float]

    @property
    def work_size(self) -> FrameSize:
        return FrameSize(0, 0) if self.sketch.small is None else self.sketch.small.size


class LiveSteps(Protocol):
    """The two steps of the work, each called on its own thread, in the order of the frames."""

    def paint(self, captured: Captured) -> LiveSketch: ...

    def finish(self, sketch: LiveSketch) -> Finished: ...


@dataclass(frozen=True)
class LiveListener:
    """Whom the runner tells, on its own threads: of results, and of errors, of which the last step goes on."""

    on_result: Callable[[LiveResult, Finished], None]
    on_error: Callable[[Exception], None]


class LiveRunner:
    """Commands come from any thread but `show` and `end_source`, which belong to one."""

    def __init__(self, steps: LiveSteps, listener: LiveListener):
        self._steps, self._listener = steps, listener
        self.results: LatestFrame[LiveResult] = LatestFrame()
        self._captured: LatestFrame[Captured] = LatestFrame()
        self._sketches: Belt[LiveSketch] = Belt(1)
        self._jobs: deque[_Job[Any]] = deque()
        self._is_frozen = self._is_repaint_wanted = False
        self._generation = self._epoch = 0
        self._source: Source | None = None
        self._capture_thread: threading.Thread | None = None
        self._last: Captured | None = None
        self._ledger = _Ledger()
        self._last_error = ""
        self._threads = (
            threading.Thread(target=self._paint_all, name="paint"),
            threading.Thread(target=self._finish_all, name="finish"),
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def show(self, source: Source, *, is_clip: bool = False) -> None:
        """Take frames from there, and close the old source. is_clip: whether its times mean anything to the user."""
        self.end_source()
        self._generation += 1
        self.forget_past()
        self._source = source
        self._capture_thread = threading.Thread(
            target=self._capture, args=(source, self._generation, is_clip), name="capture"
        )
        self._capture_thread.start()

    def end_source(self) -> None:
        """Close the source, and wait until it lets go of what it reads from; the last picture stays."""
        if self._source is not None and self._capture_thread is not None:
            self._source.close()
            self._capture_thread.join()
            self._source = self._capture_thread = None

    @property
    def generation(self) -> int:
        return self._generation

    def freeze(self, *, is_frozen: bool) -> None:
        """Frames are thrown away, not counted, until it goes on."""
        self.forget_past()
        self._is_frozen = is_frozen

    def repaint(self) -> None:
        """The look is another: show it even if no new frame comes."""
        self._is_repaint_wanted = True
        self._captured.wake()

    def forget_past(self) -> None:
        """The next frame that is captured does not follow the one before it."""
        self._epoch += 1

    def between_frames(self, job: Callable[[], T]) -> Future[T]:
        """Run a small job on the painting thread when no frame is being painted; cancelled if the runner is closed."""
        future: Future[T] = Future()
        self._jobs.append(_Job(job, future))
        self._captured.wake()
        if self._captured.is_closed:
            future.cancel()
        return future

    def close(self) -> None:
        """Waits until every thread is gone."""
        self.end_source()
        self._captured.close()
        self._sketches.stop()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for job in self._jobs:
            job.future.cancel()
        self.results.close()

    def _capture(self, source: Source, generation: int, is_clip: bool) -> None:  # noqa: FBT001
        try:
            for frame in source:
                if not self._is_frozen:
                    time_s = float(frame.time_s) if is_clip else None
                    self._captured.put(Captured(frame, generation, self._epoch, time_s))
        except Exception as error:  # noqa: BLE001  (told to the user; the window must live)
            self._listener.on_error(error)

    def _paint_all(self) -> None:
        try:
            while not self._captured.is_closed:
                self._sketches.wait_for_room()
                captured = self._next_to_paint()
                if captured is not None:
                    self._paint(captured)
                if self._jobs:
                    self._jobs.popleft().run()
        except BeltStopped:
            return

    def _next_to_paint(self) -> Captured | None:
        """The newest frame, or the last one again; None where something else is to be done first."""
        captured = self._captured.take(0 if self._jobs else None)
        if captured is None and self._is_repaint_wanted and self._last is not None:
            captured = self._captured.take(STANDSTILL_S) or self._once_more(self._last)
        if captured is not None:
            self._is_repaint_wanted = False
            self._last = captured
        return captured

    @staticmethod
    def _once_more(captured: Captured) -> Captured:
        return dataclasses.replace(
            captured, frame=dataclasses.replace(captured.frame, captured_s=time.monotonic())
        )

    def _paint(self, captured: Captured) -> None:
        self._guarded(lambda: self._sketches.put(self._steps.paint(captured)))

    def _finish_all(self) -> None:
        for sketch in self._sketches:
            self._guarded(lambda sketch=sketch: self._finish(sketch))  # type: ignore[misc]

    def _finish(self, sketch: LiveSketch) -> None:
        finished = self._steps.finish(sketch)
        captured = sketch.captured
        result = LiveResult(
            sketch.content.pixels, finished.painted.pixels, self._ledger.enter(finished), sketch.style,
            captured.generation, captured.time_s,
        )
        self._last_error = ""
        self.results.put(result)
        self._listener.on_result(result, finished)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A step that fails costs its frame; the same trouble, frame after frame, is told of once."""
        try:
            work()
        except BeltStopped:
            raise
        except Exception as error:  # noqa: BLE001  (told to the user; the window must live)
            description = f"{type(error).__name__}: {error}"
            if description != self._last_error:
                self._last_error = description
                self._listener.on_error(error)


@dataclass(frozen=True)
class _Job(Generic[T]):
    """Someone else's small work."""

    work: Callable[[], T]
    future: Future[T]

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.work())
        except Exception as error:  # noqa: BLE001  (raised where the result is awaited)
            self.future.set_exception(error)


class _Ledger:
    """Counts and clocks of the results of one source after another; used on the finishing thread only."""

    def __init__(self) -> None:
        self._meter = StatsMeter()
        self._generation = self._epoch = self._last_index = -1
        self._frame_count = self._dropped_count = 0

    def enter(self, finished: Finished) -> LiveStats:
        """The statistics with this result in them."""
        sketch, ready_s = finished.sketch, time.monotonic()
        frame = sketch.captured.frame
        self._count(sketch.captured)
        self._meter.note(Measured(ready_s, (ready_s - frame.captured_s) * 1000, finished.stage_ms))
        return LiveStats(
            self._meter.fps, self._meter.latency_ms, self._dropped_count, self._frame_count, self._meter.stage_ms,
            finished.work_size, frame.size, sketch.engine,
        )

    def _count(self, captured: Captured) -> None:
        """What was left out before a jump was not missed."""
        index = captured.frame.index
        if captured.generation != self._generation:
            self._frame_count = self._dropped_count = 0
            self._meter.clear()
        if (captured.generation, captured.epoch) == (self._generation, self._epoch):
            self._dropped_count += max(0, index - self._last_index - 1)
        self._generation, self._epoch = captured.generation, captured.epoch
        self._frame_count += 1
        self._last_index = index
