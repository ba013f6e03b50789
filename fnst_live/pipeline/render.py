"""The render runner: every frame of a source, painted, into a sink. It never drops one.

The stages overlap: one thread decodes, some run the network, the caller's steadies and composes, one encodes; short
belts between them keep memory constant. What is painted out of order waits for its turn, as a future on the belt. The
first error anywhere stops all and comes out of `render`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

from fnst_live.frames.frame import Frame
from fnst_live.pipeline.belt import Belt, BeltStopped
from fnst_live.pipeline.stages import Sink, Source

BELT_CAPACITY = 3

Between = TypeVar("Between")


def render(
    source: Source,
    paint: Callable[[Frame], Between],
    finish: Callable[[Between], Frame],
    sink: Sink,
    on_frame: Callable[[Frame], object] | None = None,
    *,
    lanes: int = 1,
) -> int:
    """Returns the number of frames. On any error, Ctrl-C included, the sink is abandoned and the error raised.

    paint and finish: the pipeline's two steps. paint is called by `lanes` threads at once, finish gets the frames in
    order. on_frame is called on the caller's thread with every finished frame.
    """
    sketched: Belt[Future[Between]] = Belt(BELT_CAPACITY + lanes)
    finished: Belt[Frame] = Belt(BELT_CAPACITY)
    belts = (sketched, finished)
    painters = ThreadPoolExecutor(lanes, thread_name_prefix="paint")
    workers = (
        _Worker("decode", lambda: _feed(source, paint, painters, sketched), belts),
        _Worker("encode", lambda: _drain(finished, sink), belts),
    )
    try:
        for worker in workers:
            worker.start()
        frame_count = _finish_all(sketched, finish, finished, on_frame)
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


def _finish_all(
    sketched: Belt[Future[Between]],
    finish: Callable[[Between], Frame],
    finished: Belt[Frame],
    on_frame: Callable[[Frame], object] | None,
) -> int:
    """The caller's own share. Ends early where a worker failed, whose error is raised by whoever joins it."""
    frame_count = 0
    with contextlib.suppress(BeltStopped):
        for sketch in sketched:
            frame = finish(sketch.result())
            finished.put(frame)
            if on_frame is not None:
                on_frame(frame)
            frame_count += 1
        finished.close()
    return frame_count


def _feed(source: Source, paint: Callable[[Frame], Between], painters: Executor,
          sketched: Belt[Future[Between]]) -> None:
    """Decode ahead of the painters, as far as the belt has room."""
    for frame in source:
        sketched.put(painters.submit(paint, frame))
    sketched.close()


def _drain(finished: Belt[Frame], sink: Sink) -> None:
    for frame in finished:
        sink.write(frame)


class _Worker(threading.Thread):
    """Runs one side of the belts; an error stops them both and is kept for the caller."""

    def __init__(self, name: str, work: Callable[[], None], belts: tuple[Belt[Any], ...]):
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
