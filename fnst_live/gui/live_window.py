"""The window put together: views, presenters and the session they share; and what is remembered for the next start."""

from __future__ import annotations

import base64
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QByteArray, QObject, Qt, QTimer
from PyQt6.QtWidgets import QApplication

from fnst_live.gui.export_presenter import ExportPresenter, Exports
from fnst_live.gui.keeping_presenter import KeepFolders, KeepingPresenter
from fnst_live.gui.lesson_presenter import LessonPresenter
from fnst_live.gui.look_presenter import LookPresenter
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.menus import MenuFillers, fill_menu_bar
from fnst_live.gui.session import MakeSession, SessionBridge
from fnst_live.gui.source_presenter import SourcePresenter
from fnst_live.gui.style_choice import StyleChoice
from fnst_live.gui.thumbnail_presenter import ThumbnailPresenter
from fnst_live.gui.view_presenter import ViewPresenter
from fnst_live.gui.window_state import WindowState, save_state
from fnst_live.live_devices import CameraChoice

if TYPE_CHECKING:
    from fnst_live.pipeline.live import LiveResult


@dataclass(frozen=True)
class Surroundings:
    """What the window needs from outside; tests give it other things than the program does."""

    make_session: MakeSession
    list_styles: Callable[[], Sequence[StyleChoice]]
    list_cameras: Callable[[], list[CameraChoice]]
    folders: KeepFolders
    exports: Exports
    state_file: Path | None = None


class LiveWindow(QObject):
    """Shown by `show`; the session starts when the window has been painted for the first time."""

    def __init__(self, surroundings: Surroundings, state: WindowState):
        super().__init__()
        self._surroundings = surroundings
        self._is_closing = self._begins_broadcast = False
        self.window = MainWindow(surroundings.list_cameras)
        self.bridge = SessionBridge(surroundings.make_session, self)
        session = self.bridge.session
        self.view = ViewPresenter(self.window, state)
        self.look = LookPresenter(self.window, session, state.look, surroundings.list_styles)
        self.source = SourcePresenter(self.window, session, spec=state.source, is_looping=state.is_looping,
                                      has_sound=state.has_sound, folder=state.folder)
        self.keeping = KeepingPresenter(self.window, session, surroundings.folders,
                                        keeps_original=state.keeps_original)
        self.thumbnails = ThumbnailPresenter(self.window, session)
        self.exports = ExportPresenter(self.window, session, self.look, self.source, surroundings.exports)
        self.lessons = LessonPresenter(self.window, session, lambda: self.source.folder)
        self._connect()
        self._restore_geometry(state.geometry)

    def show(self, *, is_full_screen: bool = False, is_broadcasting: bool = False) -> None:
        """is_broadcasting: other programs see it from the first painted picture on."""
        self._begins_broadcast = is_broadcasting
        self.window.actions_["full_screen"].setChecked(is_full_screen)
        self.window.viewport.setFocus()
        self.window.show()

    def end(self) -> None:
        """As its close button does, but without a question, and whatever question is open."""
        self.window.may_close = lambda: True
        question = QApplication.activeModalWidget()
        if question is None:
            self.window.close()
        else:  # it may be the one of a close button, within which there is no other closing
            question.close()
            QTimer.singleShot(0, self.end)

    def dispose(self) -> None:
        """Widgets must be gone before the application is, and Python alone gives no such order."""
        sip.delete(self.window)

    def state(self) -> WindowState:
        """What shall be as it is now at the next start."""
        actions, viewport = self.window.actions_, self.window.viewport
        return WindowState(
            source=self.source.spec,
            look=self.look.look,
            geometry=base64.b64encode(self.window.saveGeometry().data()).decode("ascii"),
            comparison=viewport.comparison,
            wipe=viewport.wipe,
            is_panel_shown=actions["show_panel"].isChecked(),
            is_gallery_shown=actions["show_gallery"].isChecked(),
            is_hud_shown=actions["show_hud"].isChecked(),
            is_looping=self.source.is_looping,
            has_sound=actions["sound"].isChecked(),
            keeps_original=self.keeping.keeps_original,
            folder=self.source.folder,
        )

    def _connect(self) -> None:
        for presenter in (self.view, self.source, self.thumbnails, self.exports):
            self.bridge.result_arrived.connect(presenter.on_result)
        for listener in (self.view, self.look, self.source, self.keeping, self.thumbnails, self.exports):
            self.bridge.event_arrived.connect(listener.on_event)
        bar = self.window.menuBar()
        if bar is not None:
            fill_menu_bar(bar, self.window.actions_, MenuFillers(
                self.window.source_picker.fill, self.look.fill_styles, self.look.fill_second_styles))
        self.bridge.result_arrived.connect(self._settle)
        self.window.viewport.first_painted.connect(self._start)
        self.window.closing.connect(self._close)

    def _start(self) -> None:
        self.bridge.session.start(self.source.spec, self.look.look)
        self.bridge.session.set_loop(self.source.is_looping)

    def _settle(self, result: LiveResult) -> None:
        """With the first painted result everything is imported, and lives as long as the program.

        The garbage collector need not look through it ever again, which holds up every thread for a tenth of a second.
        """
        if result.style:
            self.bridge.result_arrived.disconnect(self._settle)
            gc.freeze()
            if self._begins_broadcast:
                self.window.actions_["broadcast"].trigger()

    def _close(self) -> None:
        """Once: Ctrl-C may come again while threads are waited for."""
        if self._is_closing:
            return
        self._is_closing = True
        self._save()
        self.thumbnails.stop()
        self.source.stop_sound()
        self.keeping.stop()
        self.exports.close()
        self.lessons.close()
        self.bridge.close()

    def _save(self) -> None:
        """A full disk shall not keep the window from closing; the old file stands then."""
        if self._surroundings.state_file is not None:
            try:
                save_state(self._surroundings.state_file, self.state())
            except OSError:
                return

    def _restore_geometry(self, geometry: str) -> None:
        """A window that was closed in full screen opens as it was before that."""
        self.window.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowFullScreen)
