"""Where pictures come from: opening, losing and finding a source, and playing a clip with its sound."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QInputDialog

from fnst_live.errors import SettingError
from fnst_live.gui.banner import as_sentence
from fnst_live.gui.dropped_files import PAINTABLE
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.session import Session
from fnst_live.live_events import Event, Failed, SourceBack, SourceEnded, SourceLost, SourceOpened
from fnst_live.live_settings import SourceSpec

if TYPE_CHECKING:
    from fnst_live.pipeline.live import LiveResult

SEEK_STEP_S = 5.0
SLOW = 0.85  # below this share of its own rate a clip is said to be slow
SOUGHT_BEFORE_S, SOUGHT_AFTER_S = 0.3, 1.5  # the first picture after a seek may be so far from the place asked for
SEEK_PATIENCE_S = 2.0

AskForFile = Callable[[str], str]
AskForAddress = Callable[[str], str]


class Speaker(Protocol):
    """What plays a clip's sound beside its pictures."""

    def follow(self, position_s: float) -> None: ...
    def stop(self) -> None: ...


class Silence:
    """The speaker of a machine without sound."""

    def follow(self, position_s: float) -> None:
        del position_s

    def stop(self) -> None: ...


class SourcePresenter(QObject):
    """spec: what was asked for last and could be had, to be remembered. folder: where the last file lay."""

    def __init__(self, window: MainWindow, session: Session, *, spec: SourceSpec, is_looping: bool,
                 has_sound: bool, folder: str):
        super().__init__(window)
        self._window = window
        self._session = session
        self.spec = spec
        self.folder = folder
        self.is_looping = is_looping
        self.ask_for_file: AskForFile = self._file_dialog
        self.ask_for_address: AskForAddress = self._address_dialog
        self._opened: SourceOpened | None = None
        self._sought_s: float | None = None  # until a picture from there has come, or for a while
        self._patient_until_s = 0.0
        self._asked: SourceSpec | None = spec
        self._is_playing = True
        self._has_ended = False
        self._time_s = 0.0
        self._lost = ""
        self._speaker: Speaker | None = None
        self._connect()
        window.actions_["loop"].setChecked(is_looping)
        window.actions_["sound"].setChecked(has_sound)
        window.source_picker.show_opening(spec)
        self._show_controls()

    def open(self, spec: SourceSpec) -> None:
        self._asked = spec
        self.stop_sound()
        self._window.source_picker.show_opening(spec)
        if self._window.actions_["freeze"].isChecked():
            self._session.freeze(False)  # noqa: FBT003
        self._session.open_source(spec)
        self._window.banner.clear()

    def open_path(self, text: str) -> None:
        self.folder = str(Path(text).parent)
        self._open_text(text)

    def _open_text(self, text: str) -> None:
        try:
            spec = SourceSpec.parse(text)
        except SettingError as error:
            self._window.banner.show_error(str(error))
        else:
            self.open(spec)

    def stop_sound(self) -> None:
        if self._speaker is not None:
            self._speaker.stop()

    def on_event(self, event: Event) -> None:
        if isinstance(event, SourceOpened):
            self._on_opened(event)
        elif isinstance(event, SourceLost):
            self._lost = event.sentence
            self._window.banner.show_error(event.sentence)
        elif isinstance(event, SourceBack):
            self._window.banner.clear_error(self._lost)
        elif isinstance(event, SourceEnded):
            self._show_playing(is_playing=False)
            self._has_ended = True
        elif isinstance(event, Failed):
            self._on_failed()

    def on_result(self, result: LiveResult) -> None:
        if result.time_s is None or self._opened is None or self._opened.duration_s is None:
            return
        if self._is_from_before_seek(result.time_s):
            return
        self._time_s = result.time_s
        self._window.transport.show_time(result.time_s)
        is_slow = self._is_playing and 0 < result.stats.fps < SLOW * self._opened.fps
        self._window.transport.show_pace(f"{result.stats.fps:.0f} of {self._opened.fps:.0f} fps" if is_slow else "")
        self._follow_with_sound()

    def _on_opened(self, event: SourceOpened) -> None:
        self._opened, self._is_playing, self._has_ended = event, True, False
        self._sought_s = None
        if self._asked is not None and self._asked.kind == event.spec.kind:
            self.spec = self._asked  # the scene in place of a camera is not what shall be remembered
        self._asked = None
        window = self._window
        self._show_name(event)
        window.transport.show_clip(event.duration_s)
        window.transport.show_about(f"{event.size.width} × {event.size.height}" + (
            f" at {event.fps:.0f} fps" if event.spec.kind != "picture" else ""))
        window.actions_["freeze"].setChecked(False)
        self._show_controls()

    def _show_name(self, opened: SourceOpened) -> None:
        name = as_sentence(opened.name)
        self._window.source_picker.show_source(opened.spec.kind, name)
        self._window.setWindowTitle(f"{name} – fnst-live")

    def _on_failed(self) -> None:
        """If it was the source, the one before it goes on."""
        if self._asked is not None and self._opened is not None:
            self._asked = None
            self._show_name(self._opened)

    def _connect(self) -> None:
        window, actions = self._window, self._window.actions_
        window.source_picker.chosen.connect(self.open)
        window.transport.sought.connect(self._seek)
        for name, slot in (
            ("choose_source", window.source_picker.showMenu), ("open_file", self._ask),
            ("open_address", self._ask_for_address), ("show_screen", lambda: self.open(SourceSpec("screen"))),
            ("play_scene", lambda: self.open(SourceSpec("scene"))),
            ("play", lambda: self._set_playing(is_playing=not self._is_playing)),
            ("step_back", lambda: self._step(-1)), ("step_forward", lambda: self._step(1)),
            ("seek_back", lambda: self._seek(self._time_s - SEEK_STEP_S)),
            ("seek_forward", lambda: self._seek(self._time_s + SEEK_STEP_S)),
            ("freeze", lambda: self._session.freeze(actions["freeze"].isChecked())),
            ("sound", self.stop_sound),  # if it was switched on, it begins with the next picture
            ("loop", lambda: self._set_loop(is_looping=actions["loop"].isChecked())),
        ):
            actions[name].triggered.connect(slot)

    def _ask(self) -> None:
        file = self.ask_for_file(self.folder)
        if file:
            self.open_path(file)

    def _file_dialog(self, folder: str) -> str:
        patterns = " ".join(f"*{suffix}" for suffix in sorted(PAINTABLE))
        file, _ = QFileDialog.getOpenFileName(self._window, "Open video or picture", folder,
                                              f"Videos and pictures ({patterns});;All files (*)")
        return file

    def _ask_for_address(self) -> None:
        address = self.ask_for_address(self.spec.address or "" if self.spec.kind == "network" else "").strip()
        if address:
            self._open_text(address if "://" in address else f"http://{address}")

    def _address_dialog(self, address: str) -> str:
        text, is_wanted = QInputDialog.getText(
            self._window, "Camera in the network", "Its address, as in rtsp://192.168.1.20/live or "
            "http://192.168.1.20:8080/video:", text=address or "http://")
        return text if is_wanted else ""

    def _set_playing(self, *, is_playing: bool) -> None:
        if not self._is_clip:
            return
        (self._session.play if is_playing else self._session.pause)()
        self._show_playing(is_playing=is_playing)

    def _show_playing(self, *, is_playing: bool) -> None:
        self._is_playing = is_playing
        self._has_ended = self._has_ended and not is_playing
        if not is_playing:
            self.stop_sound()
        self._window.transport.show_playing(is_playing)

    def _set_loop(self, *, is_looping: bool) -> None:
        """A clip that stands at its end begins anew."""
        self.is_looping = is_looping
        self._session.set_loop(is_looping)
        if is_looping and self._has_ended:
            self._show_playing(is_playing=True)

    def _step(self, frames: int) -> None:
        self._sought_s = None
        self._set_playing(is_playing=False)
        self._session.step(frames)

    def _seek(self, seconds: float) -> None:
        if self._opened is not None and self._opened.duration_s is not None:
            self._time_s = min(self._opened.duration_s, max(0.0, seconds))
            self._sought_s, self._patient_until_s = self._time_s, time.monotonic() + SEEK_PATIENCE_S
            self.stop_sound()
            self._has_ended = False
            self._session.seek(self._time_s)
            self._window.transport.show_time(self._time_s)

    def _is_from_before_seek(self, time_s: float) -> bool:
        """Pictures that were on their way when another place was asked for must not move the slider back."""
        if self._sought_s is None:
            return False
        has_come = -SOUGHT_BEFORE_S <= time_s - self._sought_s <= SOUGHT_AFTER_S
        if has_come or time.monotonic() > self._patient_until_s:
            self._sought_s = None
        return self._sought_s is not None

    @property
    def _is_clip(self) -> bool:
        return self._opened is not None and self._opened.duration_s is not None

    def _show_controls(self) -> None:
        """Keys that mean nothing for this source are off, so that menus tell what can be done."""
        actions, is_clip = self._window.actions_, self._is_clip
        for name in ("play", "step_back", "step_forward", "seek_back", "seek_forward", "loop", "sound"):
            actions[name].setEnabled(is_clip)
        actions["freeze"].setEnabled(not is_clip)
        self._window.transport.show_playing(self._is_playing)

    def _follow_with_sound(self) -> None:
        position_s = self._session.position_s()
        if not self._is_playing or position_s is None or not self._window.actions_["sound"].isChecked():
            return
        if self._speaker is None:
            self._speaker = self._make_speaker()
        self._speaker.follow(position_s)

    def _make_speaker(self) -> Speaker:
        """Without a sound library Qt's own module cannot be imported; clips are silent then."""
        try:
            from fnst_live.gui.sound import ClipSpeaker
        except ImportError:
            return Silence()
        return ClipSpeaker(self._session.sound, self)
