"""The render runner: every frame of a source, painted, into a sink. It never drops one.

Four threads so that the stages overlap: one decodes, one runs the network, the caller's steadies and composes, one
encodes; short belts between them keep memory constant. The first error anywhere stops all and comes out of `render`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
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
) -> int:
    """Returns the number of frames. On any error, Ctrl-C included, the sink is abandoned and the error raised.

    paint and finish: the pipeline's two steps; each gets the frames in order. on_frame is called on the caller's
    thread with every finished frame.
    """
    decoded: Belt[Frame] = Belt(BELT_CAPACITY)
    sketched: Belt[Between] = Belt(BELT_CAPACITY)
    finished: Belt[Frame] = Belt(BELT_CAPACITY)
    belts = (decoded, sketched, finished)
    workers = (
        _Worker("decode", lambda: _feed(source, decoded), belts),
        _Worker("paint", lambda: _transform(decoded, paint, sketched), belts),
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
    sink.finish()
    return frame_count


def _finish_all(
    sketched: Belt[Between],
    finish: Callable[[Between], Frame],
    finished: Belt[Frame],
    on_frame: Callable[[Frame], object] | None,
) -> int:
    """The caller's own share. Ends early where a worker failed, whose error is raised by whoever joins it."""
    frame_count = 0
    with contextlib.suppress(BeltStopped):
        for sketch in sketched:
            frame = finish(sketch)
            finished.put(frame)
            if on_frame is not None:
                on_frame(frame)
            frame_count += 1
        finished.close()
    return frame_count


def _feed(source: Source, decoded: Belt[Frame]) -> None:
    for frame in source:
        decoded.put(frame)
    decoded.close()


def _transform(decoded: Belt[Frame], paint: Callable[[Frame], Between], sketched: Belt[Between]) -> None:
    for frame in decoded:
        sketched.put(paint(frame))
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
