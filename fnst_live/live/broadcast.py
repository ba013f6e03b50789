"""The live picture as a camera for other programs. Whoever hands over a picture never waits; the newest is shown.

A camera that falls silent looks broken to who watches it, so a picture that stands still is shown again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from fnst_live.frames.frame import Frame
from fnst_live.frames.latest import LatestFrame
from fnst_live.pipeline.stages import Sink

SILENCE_S = 0.1


class Broadcast:
    """on_failed: called on the writing thread, once, where the camera can be written to no more."""

    def __init__(self, camera: Sink, on_failed: Callable[[Exception], None]):
        self._camera, self._on_failed = camera, on_failed
        self._newest: LatestFrame[Frame] = LatestFrame()
        self._thread = threading.Thread(target=self._run, name="broadcast")

    def start(self) -> None:
        self._thread.start()

    def show(self, painted: Frame) -> None:
        """From any thread; returns at once."""
        self._newest.put(painted)

    def stop(self) -> None:
        """Waits until its thread is gone; not on that thread."""
        self._newest.close()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._newest.is_closed:
                frame = self._newest.take(SILENCE_S) or self._newest.newest()
                if frame is not None and not self._newest.is_closed:
                    self._camera.write(frame)
        except Exception as error:  # noqa: BLE001  (told to the user; the picture goes on)
            self._newest.close()
            self._on_failed(error)
        finally:
            self._camera.finish()
