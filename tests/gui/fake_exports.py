"""Exports without a queue: the panel remembers what it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QWidget

from fnst_live.gui.export_presenter import ExportView
from fnst_live.settings import LookSettings


class FakeExportPanel(QWidget):
    closed = pyqtSignal()

    def __init__(self, styles: Sequence[str]):
        super().__init__()
        self.styles = list(styles)
        self.look: LookSettings | None = None
        self.added: list[tuple[list[Path], LookSettings]] = []

    def add_files(self, paths: list[Path], look: LookSettings) -> None:
        self.look = look
        if paths:
            self.added.append((paths, look))

    def set_styles(self, styles: Sequence[str]) -> None:
        self.styles = list(styles)


class FakeExports:
    """make_panel: a test may give it another panel."""

    def __init__(self, make_panel: Callable[[Sequence[str]], ExportView] | None = None):
        self.panels: list[FakeExportPanel] = []
        self._make_panel = make_panel or self._make_fake_panel
        self.is_running = False
        self.left_count = 0
        self.taken_up_count = 0
        self.is_closed = False
        self.is_kept = True

    def take_up(self) -> bool:
        self.taken_up_count += 1
        return self.left_count > 0

    def make_panel(self, styles: Sequence[str]) -> ExportView:
        return self._make_panel(styles)

    def _make_fake_panel(self, styles: Sequence[str]) -> FakeExportPanel:
        self.panels.append(FakeExportPanel(styles))
        return self.panels[-1]

    def has_running_jobs(self) -> bool:
        return self.is_running

    def close(self) -> None:
        self.is_closed = True
