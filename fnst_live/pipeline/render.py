"""The render runner: every frame of a source, painted, into a sink. It never drops one.

The stages overlap: one thread decodes, some run the network, one sees what moves, the caller's steadies and composes,
one encodes; short belts between them keep memory constant. What is painted out of order waits for its turn, as a future
on the belt. The first error anywhere stops all and comes out of `render`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.pipeline.belt import Belt, BeltStopped
from fnst_live.pipeline.stages import Sink, Source

BELT_CAPACITY = 3
BELT_BYTES = 128 << 20  # of frames on it, as long as there is one

Step = Callable[[Any], Any]


def render(
    source: Source,
    paint: Step,
    steps: Sequence[Step],
    sink: Sink,
    on_frame: Callable[[Frame], object] | None = None,
    *,
    lanes: int = 1,
) -> int:
    """Returns the number of frames. On any error, Ctrl-C included, the sink is abandoned and the error raised.

    paint: gets the frames, on `lanes` threads at once. steps: each gets what the one before returned, in the order of
    the frames, on a thread of its own; the last, on the caller's, returns the finished frame. on_frame is called on the
    caller's thread, too, with every finished frame.
    """
    capacity = belt_capacity(source.size)
    painted: Belt[Future[Any]] = Belt(capacity + lanes)
    belts: list[Belt[Any]] = [painted, *(Belt[Any](1) for _ in steps[:-1]), Belt[Any](capacity)]
    painters = ThreadPoolExecutor(lanes, thread_name_prefix="paint")
    arrived: Iterable[Any] = (sketch.result() for sketch in painted)
    workers = [_Worker("decode", lambda: _feed(source, paint, painters, painted), belts)]
    for place, step in enumerate(steps[:-1], 1):
        arrived, taken = iter(belts[place]), arrived
        workers.append(_Worker("step", partial(_pass_on, taken, step, belts[place]), belts))
    workers.append(_Worker("encode", lambda: _drain(belts[-1], sink), belts))
    try:
        for worker in workers:
            worker.start()
        frame_count = _pass_on(arrived, steps[-1], belts[-1], on_frame)
        _join(workers)
        for worker in workers:
            if worker.error is not None:
                raise worker.error
    except BaseException:
        for belt in belts:
            belt.stop()
        _join(workers)
        sink.abandon()
        raise
    finally:
        painters.shutdown(cancel_futures=True)
    sink.finish()
    return frame_count


def belt_capacity(size: FrameSize) -> int:
    """How many frames of a film lie on a belt: memory shall not grow with their size as it does with their number."""
    return max(1, min(BELT_CAPACITY, BELT_BYTES // (size.width * size.height * 3)))


def _pass_on(
    arrived: Iterable[Any], step: Step, belt: Belt[Any], on_each: Callable[[Any], object] | None = None
) -> int:
    """One step of all frames. Ends early where another has failed, whose error is raised by whoever joins it."""
    count = 0
    with contextlib.suppress(BeltStopped):
        for item in arrived:
            result = step(item)
            belt.put(result)
            if on_each is not None:
                on_each(result)
            count += 1
        belt.close()
    return count


def _feed(source: Source, paint: Step, painters: Executor, painted: Belt[Future[Any]]) -> None:
    """Decode ahead of the painters, as far as the belt has room."""
    for frame in source:
        painted.put(painters.submit(paint, frame))
    painted.close()


def _drain(finished: Belt[Frame], sink: Sink) -> None:
    for frame in finished:
        sink.write(frame)


class _Worker(threading.Thread):
    """Runs one side of the belts; an error stops them all and is kept for the caller."""

    def __init__(self, name: str, work: Callable[[], object], belts: Sequence[Belt[Any]]):
        super().__init__(name=name)
        self._work, self._belts = work, belts
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BeltStopped:
            return
        except BaseException as error:  # noqa: BLE001  (raised again on the caller's thread)
            self.error = error
            for belt in self._belts:
                belt.stop()


def _join(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        if thread.ident is not None:
            thread.join()
