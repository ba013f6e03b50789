"""Snapshots, recordings and the virtual camera: one key each, a word when they are there, the way to the folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QStandardPaths, QTimer

from fnst_live.errors import InputError
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.session import Session
from fnst_live.gui.show_in_folder import show_in_folder, why_not_shown
from fnst_live.live_events import (
    BroadcastEnded,
    BroadcastStarted,
    Event,
    Failed,
    RecordingLost,
    RecordingSaved,
    RecordingStarted,
    SnapshotSaved,
)

if TYPE_CHECKING:
    from fnst_live.gui.sound import Microphone

CLOCK_MS = 250


@dataclass(frozen=True)
class KeepFolders:
    """Where snapshots and recordings go."""

    pictures: Path
    videos: Path

    @classmethod
    def of_the_user(cls) -> KeepFolders:
        place = QStandardPaths.StandardLocation
        return cls(*(Path(QStandardPaths.writableLocation(one))
                     for one in (place.PicturesLocation, place.MoviesLocation)))


class KeepingPresenter(QObject):
    def __init__(self, window: MainWindow, session: Session, folders: KeepFolders, *, keeps_original: bool):
        super().__init__(window)
        self._window = window
        self._session = session
        self._folders = folders
        self._microphone: Microphone | None = None
        self._started_s: float | None = None
        self._is_broadcasting = False
        self._clock = QTimer(self)
        self._clock.setInterval(CLOCK_MS)
        self._clock.timeout.connect(self._show_time)
        self.show_in_folder: Callable[[Path], bool] = show_in_folder
        actions = window.actions_
        actions["keep_original"].setChecked(keeps_original)
        actions["snapshot"].triggered.connect(lambda: session.snapshot(folders.pictures))
        actions["record"].triggered.connect(self._on_record)
        actions["microphone"].triggered.connect(self._on_microphone)
        actions["broadcast"].triggered.connect(self._on_broadcast)
        window.toast.show_in_folder.connect(self._open_folder)

    @property
    def keeps_original(self) -> bool:
        return self._window.actions_["keep_original"].isChecked()

    @property
    def is_recording(self) -> bool:
        return self._started_s is not None

    def stop(self) -> None:
        """Before the session is closed."""
        self._end()
        if self._microphone is not None:
            self._microphone.stop()

    def on_event(self, event: Event) -> None:
        if isinstance(event, SnapshotSaved):
            self._window.toast.show_saved(f"Saved {event.path.name}", event.path)
        elif isinstance(event, RecordingStarted):
            self._begin()
        elif isinstance(event, RecordingSaved):
            self._end()
            self._tell_saved(event)
        elif isinstance(event, RecordingLost):
            self._end()
        elif isinstance(event, BroadcastStarted):
            self._show_broadcast(is_on=True)
            self._window.toast.show_text(f"Other programs see this as the camera {event.camera_name}")
        elif isinstance(event, BroadcastEnded):
            self._show_broadcast(is_on=False)
        elif isinstance(event, Failed):
            self._show_state()

    def _open_folder(self, path: Path) -> None:
        if not self.show_in_folder(path):
            self._window.banner.show_notice(why_not_shown(path))

    def _tell_saved(self, event: RecordingSaved) -> None:
        """Without a picture there is no file, and a warning says so."""
        if event.paths:
            self._window.toast.show_saved(f"Saved {event.paths[0].name}", event.paths[0])
        if event.warnings:
            self._window.banner.show_notice(event.warnings[0])

    def _on_record(self) -> None:
        """The button shows what is, not what was asked for: the session says when a recording has begun."""
        if self.is_recording:
            self._session.stop_recording()
        else:
            self._session.start_recording(self._folders.videos, self.keeps_original, self._microphone is not None)
        self._show_state()

    def _on_broadcast(self) -> None:
        """As with a recording, the session says when it has begun."""
        if self._is_broadcasting:
            self._session.stop_broadcast()
        else:
            self._session.start_broadcast()
        self._show_broadcast(is_on=self._is_broadcasting)

    def _show_broadcast(self, *, is_on: bool) -> None:
        self._is_broadcasting = is_on
        self._window.actions_["broadcast"].setChecked(is_on)

    def _on_microphone(self) -> None:
        if self._microphone is not None:
            self._microphone.stop()
            self._microphone = None
            return
        try:
            self._microphone = self._open_microphone()
        except (InputError, ImportError) as error:  # without a sound library Qt's own module cannot be imported
            self._window.actions_["microphone"].setChecked(False)
            self._window.banner.show_error(str(error))

    def _open_microphone(self) -> Microphone:
        """Raises InputError, ImportError."""
        from fnst_live.gui.sound import Microphone

        microphone = Microphone(self._hear, self)
        microphone.start()
        return microphone

    def _hear(self, samples: bytes, sample_rate: int, channels: int) -> None:
        if self.is_recording:
            self._session.write_sound(samples, sample_rate, channels)

    def _begin(self) -> None:
        self._started_s = time.monotonic()
        self._clock.start()
        self._show_state()

    def _end(self) -> None:
        self._started_s = None
        self._clock.stop()
        self._show_state()

    def _show_state(self) -> None:
        self._show_time()
        for name in ("microphone", "keep_original"):  # a file must know of its tracks from the beginning
            self._window.actions_[name].setEnabled(not self.is_recording)

    def _show_time(self) -> None:
        self._window.show_recorded(
            None if self._started_s is None else time.monotonic() - self._started_s)
