"""Whole files to paint: what is dropped goes to the export panel. The panel is made when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fnst_live.gui.dropped_files import MODEL_SUFFIXES, sort_dropped
from fnst_live.gui.look_presenter import LookPresenter
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.session import Session
from fnst_live.gui.source_presenter import SourcePresenter
from fnst_live.live_events import Event, ModelAdded, StylesChanged
from fnst_live.live_settings import LiveLook
from fnst_live.settings import LookSettings

if TYPE_CHECKING:
    from fnst_live.pipeline.live import LiveResult


class ExportView(Protocol):
    """`gui.export_panel.ExportPanel`, a QWidget."""

    closed: Any

    def add_files(self, paths: list[Path], look: LookSettings) -> None: ...
    def set_styles(self, styles: Sequence[str]) -> None: ...


class Exports(Protocol):
    """`gui.exports.QueuedExports`, which says what each does."""

    @property
    def is_kept(self) -> bool: ...
    def take_up(self) -> bool: ...
    def make_panel(self, styles: Sequence[str]) -> ExportView: ...
    def has_running_jobs(self) -> bool: ...
    def close(self) -> None: ...


class ExportPresenter(QObject):
    """Closing asks while files are painted."""

    def __init__(self, window: MainWindow, session: Session, look: LookPresenter, source: SourcePresenter,
                 exports: Exports):
        super().__init__(window)
        self._window = window
        self._session = session
        self._look = look
        self._source = source
        self._exports = exports
        self._is_taken_up = False
        self._panel: ExportView | None = None
        window.files_dropped.connect(self.take)
        window.actions_["add_style"].triggered.connect(self._ask_for_model)
        window.actions_["export"].triggered.connect(self.open)
        window.may_close = self.may_close

    def take(self, files: list[Path]) -> None:
        """Models are added, videos and pictures painted; what is neither is told of."""
        dropped = sort_dropped(files)
        for model in dropped.models:
            self._session.add_model(model)
        if dropped.paintable:
            self.open().add_files(list(dropped.paintable), export_look(self._look.look))
        if dropped.complaint:
            self._window.banner.show_error(dropped.complaint)

    def open(self) -> ExportView:
        """It begins with the look that is seen at that moment."""
        if self._panel is None:
            self._panel = self._exports.make_panel(self._look.style_names)
            self._panel.closed.connect(self._window.hide_export)
            self._panel.add_files([], export_look(self._look.look))
        self._window.show_export(_as_widget(self._panel))
        return self._panel

    def on_result(self, result: LiveResult) -> None:
        """What the last time left goes on when the live picture is painted: that comes first."""
        if result.style and not self._is_taken_up:
            self._is_taken_up = True
            if self._exports.take_up():
                self._window.toast.show_text("Files of the last time go on being painted  (Ctrl+E)")

    def on_event(self, event: Event) -> None:
        if isinstance(event, StylesChanged | ModelAdded) and self._panel is not None:
            self._panel.set_styles(self._look.style_names)

    def close(self) -> None:
        self._exports.close()

    def may_close(self) -> bool:
        if not self._exports.has_running_jobs():
            return True
        what_comes = ("They go on at the next start." if self._exports.is_kept else
                      "They do not go on at the next start: another window keeps the list.")
        box = QMessageBox(QMessageBox.Icon.Question, "Close fnst-live?",
                          f"Files are still being painted. {what_comes}", parent=self._window)
        close = box.addButton("Close", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Keep painting", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is close

    def _ask_for_model(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in sorted(MODEL_SUFFIXES))
        file, _ = QFileDialog.getOpenFileName(self._window, "Add a style model", self._source.folder,
                                              f"Style models ({patterns})")
        if file:
            self._session.add_model(Path(file))


def export_look(look: LiveLook) -> LookSettings:
    """What is seen live, as far as a render can paint it: files have as many lines as they have."""
    is_mixed = look.second_style is not None and look.mix > 0
    return LookSettings(style=look.style, strength=look.strength, keep_color=look.keep_color,
                        work_height=look.work_height, stroke_size=look.stroke_size, stability=look.stability,
                        engine=look.engine, second_style=look.second_style if is_mixed else None,
                        mix=look.mix if is_mixed else LookSettings().mix)


def _as_widget(panel: ExportView) -> QWidget:
    assert isinstance(panel, QWidget)
    return panel
