"""The render runner: every frame of a source, painted, into a sink. It never drops one.

Three threads so that the stages overlap: one decodes, the caller's processes, one encodes; two short belts between
them keep memory constant. The first error anywhere stops all three and comes out of `render`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from fnst_live.frames.frame import Frame
from fnst_live.pipeline.belt import Belt, BeltStopped
from fnst_live.pipeline.stages import Sink, Source

BELT_CAPACITY = 4


def render(
    source: Source,
    process: Callable[[Frame], Frame],
    sink: Sink,
    on_frame: Callable[[Frame], object] | None = None,
) -> int:
    """Returns the number of frames. On any error, Ctrl-C included, the sink is abandoned and the error raised.

    `on_frame` is called on the caller's thread with every finished frame.
    """
    decoded: Belt[Frame] = Belt(BELT_CAPACITY)
    painted: Belt[Frame] = Belt(BELT_CAPACITY)
    reader = _Worker("decode", lambda: _feed(source, decoded), decoded, painted)
    writer = _Worker("encode", lambda: _drain(painted, sink), decoded, painted)
    frame_count = 0
    try:
        reader.start()
        writer.start()
        for content in decoded:
            frame = process(content)
            painted.put(frame)
            if on_frame is not None:
                on_frame(frame)
            frame_count += 1
    except BeltStopped:
        pass  # a worker failed; its own error is raised below
    except BaseException:
        decoded.stop()
        painted.stop()
        _join(reader, writer)
        sink.abandon()
        raise
    painted.close()
    _join(reader, writer)
    for worker in (reader, writer):
        if worker.error is not None:
            sink.abandon()
            raise worker.error
    sink.finish()
    return frame_count


def _feed(source: Source, decoded: Belt[Frame]) -> None:
    for frame in source:
        decoded.put(frame)
    decoded.close()


def _drain(painted: Belt[Frame], sink: Sink) -> None:
    for frame in painted:
        sink.write(frame)


class _Worker(threading.Thread):
    """Runs one side of the belts; an error stops them both and is kept for the caller."""

    def __init__(self, name: str, work: Callable[[], None], *belts: Belt[Frame]):
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


def _join(*threads: threading.Thread) -> None:
    for thread in threads:
        if thread.ident is not None:
            thread.join()
