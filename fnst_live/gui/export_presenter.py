"""Whole files to paint: what is dropped goes to the export panel. The panel is made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fnst_live.gui.dropped_files import MODEL_SUFFIXES, sort_dropped
from fnst_live.gui.look_presenter import LookPresenter
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.session import Session
from fnst_live.gui.source_presenter import SourcePresenter
from fnst_live.live_settings import LiveLook
from fnst_live.settings import LookSettings


class ExportView(Protocol):
    """`gui.export_panel.ExportPanel`, a QWidget."""

    closed: Any

    def add_files(self, paths: list[Path], look: LookSettings) -> None: ...
    def has_running_jobs(self) -> bool: ...


MakeExportView = Callable[[Sequence[str]], ExportView]  # of the styles' names


class ExportPresenter(QObject):
    """make_panel: None where this build has no export; then a dropped file is shown live."""

    def __init__(self, window: MainWindow, session: Session, look: LookPresenter, source: SourcePresenter,
                 make_panel: MakeExportView | None):
        super().__init__(window)
        self._window = window
        self._session = session
        self._look = look
        self._source = source
        self._make_panel = make_panel
        self._panel: ExportView | None = None
        window.files_dropped.connect(self.take)
        window.actions_["add_style"].triggered.connect(self._ask_for_model)
        window.actions_["export"].triggered.connect(self.open)
        window.actions_["export"].setEnabled(make_panel is not None)
        window.may_close = self.may_close

    def take(self, files: list[Path]) -> None:
        """Models are added, videos and pictures painted; what is neither is told of."""
        dropped = sort_dropped(files)
        for model in dropped.models:
            self._session.add_model(model)
        if dropped.paintable:
            self._paint(list(dropped.paintable))
        if dropped.complaint:
            self._window.banner.show_error(dropped.complaint)

    def open(self) -> ExportView | None:
        if self._panel is None and self._make_panel is not None:
            self._panel = self._make_panel(self._look.style_names)
            self._panel.closed.connect(self._window.hide_export)
        if self._panel is not None:
            self._window.show_export(_as_widget(self._panel))
        return self._panel

    def may_close(self) -> bool:
        if self._panel is None or not self._panel.has_running_jobs():
            return True
        box = QMessageBox(QMessageBox.Icon.Question, "Close fnst-live?",
                          "Files are still being painted. They go on at the next start.", parent=self._window)
        close = box.addButton("Close", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Keep painting", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is close

    def _paint(self, files: list[Path]) -> None:
        panel = self.open()
        if panel is None:
            self._source.open_path(str(files[0]))
        else:
            panel.add_files(files, export_look(self._look.look))

    def _ask_for_model(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in sorted(MODEL_SUFFIXES))
        file, _ = QFileDialog.getOpenFileName(self._window, "Add a style model", self._source.folder,
                                              f"Style models ({patterns})")
        if file:
            self._session.add_model(Path(file))


def export_look(look: LiveLook) -> LookSettings:
    """What is seen live, as far as a render can paint it: files have one style, and as many lines as they have."""
    return LookSettings(style=look.style, strength=look.strength, keep_color=look.keep_color,
                        work_height=look.work_height, stability=look.stability, engine=look.engine)


def _as_widget(panel: ExportView) -> QWidget:
    assert isinstance(panel, QWidget)
    return panel
