"""The dropdown of sources: cameras by their names, each with its modes; files; the screen; the built-in scene."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QPaintEvent
from PyQt6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from fnst_live.gui import icons, theme
from fnst_live.gui.commands import Actions, tooltip
from fnst_live.gui.controls import CHEVRON_ROOM, paint_chevron
from fnst_live.live_devices import CameraChoice
from fnst_live.live_settings import SourceSpec

WIDTH = 230


class SourcePicker(QToolButton):
    """chosen carries a SourceSpec; files are chosen by the action `open_file`. Cameras are listed when it opens."""

    chosen = pyqtSignal(object)

    def __init__(self, actions: Actions, list_cameras: Callable[[], list[CameraChoice]],
                 parent: QWidget | None = None):
        super().__init__(parent)
        self._actions = actions
        self._list_cameras = list_cameras
        self._text = ""
        self.setProperty("role", "choice")
        self.setFixedSize(WIDTH, theme.CONTROL_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(tooltip("choose_source"))
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: self.fill(menu))
        self.setMenu(menu)

    def show_opening(self, spec: SourceSpec) -> None:
        """What was asked for, until it is there and has a name."""
        names = {"camera": "Camera", "network": "Camera in the network", "screen": "Screen", "scene": "Built-in scene"}
        self.show_source(spec.kind, spec.path.name if spec.path and spec.kind not in names else names[spec.kind])

    def show_source(self, kind: str, name: str) -> None:
        self.setIcon(icons.icon(kind))
        self.setAccessibleName(f"Source: {name}")
        room = WIDTH - CHEVRON_ROOM - theme.ICON_SIZE - 28
        self.setText(" " + self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room))

    def fill(self, menu: QMenu) -> None:
        """Also the menu bar's, which is filled the same way."""
        menu.clear()
        cameras = self._list_cameras()
        for camera in cameras:
            self._add_camera(menu, camera)
        if not cameras:
            menu.addAction("No camera found").setEnabled(False)  # type: ignore[union-attr]
        menu.addSeparator()
        for name in ("open_file", "open_address", "show_screen", "play_scene"):
            menu.addAction(self._actions[name])

    def _add_camera(self, menu: QMenu, camera: CameraChoice) -> None:
        if camera.problem:
            action = QAction(f"{camera.name}: {camera.problem}", menu)
            action.setEnabled(False)
            menu.addAction(action)
            return
        best = SourceSpec("camera", camera.path)
        if not camera.modes:
            menu.addAction(self._choice(menu, camera.name, best))
            return
        submenu = QMenu(camera.name, menu)
        menu.addMenu(submenu)
        submenu.addAction(self._choice(submenu, "Best for this machine", best))
        submenu.addSeparator()
        for mode in camera.modes:
            submenu.addAction(self._choice(submenu, mode_text(mode), mode))

    def _choice(self, menu: QMenu, text: str, spec: SourceSpec) -> QAction:
        action = QAction(text, menu)
        action.triggered.connect(lambda: self.chosen.emit(spec))
        return action

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        super().paintEvent(event)
        paint_chevron(self)


def mode_text(mode: SourceSpec) -> str:
    """1280 × 720 · 30 fps · MJPG"""
    parts = [f"{mode.width} × {mode.height}"]
    if mode.fps:
        parts.append(f"{mode.fps:g} fps")
    if mode.pixel_format:
        parts.append(mode.pixel_format)
    return "  ·  ".join(parts)
