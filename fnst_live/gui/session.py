"""The one door between core threads and the window.

No signal carries a frame. A core thread that has a newer result wakes the window with an empty one, at most one at a
time; the window then pulls the newest. When painting is slower than the camera, frames are passed over, never queued.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from fnst_live.live_events import Event
from fnst_live.live_settings import LiveLook, SourceSpec

if TYPE_CHECKING:
    from fnst_live.gui.chunk_reader import SoundChunk
    from fnst_live.pipeline.live import LiveResult


class Session(Protocol):
    """What the window needs of `live_session.LiveSession`, which says what each command does."""

    def start(self, source: SourceSpec, look: LiveLook) -> None: ...
    def open_source(self, source: SourceSpec) -> None: ...
    def set_look(self, look: LiveLook) -> None: ...
    def newest(self) -> LiveResult | None: ...
    def freeze(self, frozen: bool) -> None: ...  # noqa: FBT001
    def play(self) -> None: ...
    def pause(self) -> None: ...
    def seek(self, seconds: float) -> None: ...
    def step(self, frames: int) -> None: ...
    def set_loop(self, is_looping: bool) -> None: ...  # noqa: FBT001
    def position_s(self) -> float | None: ...
    def sound(self, start_s: float) -> Iterator[SoundChunk]: ...
    def snapshot(self, folder: Path) -> None: ...
    def start_recording(self, folder: Path, with_original: bool, with_sound: bool = False) -> None: ...  # noqa: FBT001, FBT002
    def stop_recording(self) -> None: ...
    def start_broadcast(self) -> None: ...
    def stop_broadcast(self) -> None: ...
    def write_sound(self, samples: bytes, sample_rate: int, channels: int) -> None: ...
    def request_thumbnails(self, height: int) -> None: ...
    def add_model(self, file: Path) -> None: ...
    def close(self) -> None: ...


MakeSession = Callable[[Callable[[], None], Callable[[Event], None]], Session]


class SessionBridge(QObject):
    """result_arrived carries the newest LiveResult, event_arrived an Event; both on the window's thread."""

    result_arrived = pyqtSignal(object)
    event_arrived = pyqtSignal(object)
    _woken = pyqtSignal()
    _told = pyqtSignal(object)  # events are few and each matters: these may queue

    def __init__(self, make_session: MakeSession, parent: QObject | None = None):
        super().__init__(parent)
        self._is_waking = False
        self._waking_lock = threading.Lock()
        self._is_closed = False
        self._woken.connect(self._pull, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        self.session = make_session(self._wake, self._told.emit)

    def close(self) -> None:
        """What is still under way is not told any more."""
        self._is_closed = True
        self.session.close()

    def _wake(self) -> None:
        """On a core thread."""
        with self._waking_lock:
            if self._is_waking:
                return
            self._is_waking = True
        self._woken.emit()

    def _pull(self) -> None:
        with self._waking_lock:
            self._is_waking = False
        result = None if self._is_closed else self.session.newest()
        if result is not None:
            self.result_arrived.emit(result)

    def _tell(self, event: Event) -> None:
        if not self._is_closed:
            self.event_arrived.emit(event)

