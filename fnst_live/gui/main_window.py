"""The window: where everything stands, and nothing else. What happens is decided by the presenters.

    menu bar
    source   style                            compare   view
    +------------------------------------------+ panel
    | viewport, with banner and toast over it  |
    +------------------------------------------+
    gallery
    transport or freeze                      record, snapshot
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import (
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
)
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from fnst_live.gui import theme
from fnst_live.gui.banner import Banner
from fnst_live.gui.commands import Actions
from fnst_live.gui.control_panel import ControlPanel
from fnst_live.gui.controls import ActionButton
from fnst_live.gui.drop_hint import DropHint
from fnst_live.gui.idle_cursor import IdleCursor
from fnst_live.gui.recorder import Recorder
from fnst_live.gui.shortcuts_overlay import ShortcutsOverlay
from fnst_live.gui.source_picker import SourcePicker
from fnst_live.gui.style_gallery import StyleGallery
from fnst_live.gui.style_picker import StylePicker
from fnst_live.gui.toast import Toast
from fnst_live.gui.transport import Transport, clock
from fnst_live.gui.viewport import Viewport
from fnst_live.live_devices import CameraChoice

FIRST_SIZE = (1240, 806)
BAR_HEIGHT = theme.CONTROL_HEIGHT + 2 * theme.GAP
BANNER_WIDTH = 480  # at least
COMPARISON_ACTIONS = ("show_painted", "show_wipe", "show_side_by_side")
STYLE_PICKER_WIDTH = 250


class MainWindow(QMainWindow):
    """may_close: asked before it closes. files_dropped carries paths; original_held, whether the key is down."""

    files_dropped = pyqtSignal(list)
    original_held = pyqtSignal(bool)
    closing = pyqtSignal()

    def __init__(self, list_cameras: Callable[[], list[CameraChoice]]):
        super().__init__()
        self.setWindowTitle("fnst-live")
        self.resize(*FIRST_SIZE)
        self.setAcceptDrops(True)
        self.may_close: Callable[[], bool] = lambda: True
        self.actions_ = Actions(self)
        self.viewport = Viewport()
        self.source_picker = SourcePicker(self.actions_, list_cameras)
        self.style_picker = StylePicker("Style", "choose_style")
        self.style_picker.setFixedWidth(STYLE_PICKER_WIDTH)
        self.panel = ControlPanel(self.actions_)
        self._export: QWidget | None = None
        self._is_export_to_return = False
        self.gallery = StyleGallery()
        self.transport = Transport(self.actions_)
        self.recorder = Recorder(self.actions_)
        self._lay_out()
        self.idle_cursor = IdleCursor(self.viewport)
        self.banner = Banner(self.viewport)
        self.toast = Toast(self.viewport)
        self.drop_hint = DropHint(self.viewport)
        self.overlay = ShortcutsOverlay(self)
        self._prepare_actions()
        self.viewport.installEventFilter(self)

    def show_full_screen(self, is_full: bool) -> None:  # noqa: FBT001
        """Nothing but the picture; what was shown before comes back."""
        export = self._export if self._is_export_to_return else None
        self._is_export_to_return = is_full and self.is_export_shown
        for chrome in (self.menuBar(), self._top_bar, self._bottom_bar):
            if chrome is not None:
                chrome.setVisible(not is_full)
        self.show_panel(not is_full and self.actions_["show_panel"].isChecked())
        if export is not None:
            self.show_export(export)
        self.idle_cursor.switch(is_on=is_full)
        self.gallery.setVisible(not is_full and self.actions_["show_gallery"].isChecked())
        state = self.windowState() & ~Qt.WindowState.WindowFullScreen
        self.setWindowState(state | Qt.WindowState.WindowFullScreen if is_full else state)

    def show_recorded(self, seconds: float | None) -> None:
        """None: nothing is recorded. In full screen only the picture can say it."""
        self.recorder.show_recording(seconds)
        is_full_screen = self.actions_["full_screen"].isChecked()
        self.viewport.show_recording("" if seconds is None or not is_full_screen else clock(seconds))

    def show_export(self, panel: QWidget) -> None:
        """In place of the controls, beside the live picture."""
        if self._middle.indexOf(panel) < 0:
            self._middle.addWidget(panel)
        self._export = panel
        panel.show()
        self.panel.hide()

    def show_panel(self, is_shown: bool) -> None:  # noqa: FBT001
        """The exports give way."""
        if self._export is not None:
            self._export.hide()
        self.panel.setVisible(is_shown)

    @property
    def is_export_shown(self) -> bool:
        return self._export is not None and self._export.isVisible()

    def hide_export(self) -> None:
        self.show_panel(self.actions_["show_panel"].isChecked())

    def _lay_out(self) -> None:
        self._top_bar, self._bottom_bar = self._make_top_bar(), self._make_bottom_bar()
        self._middle = QHBoxLayout()
        self._middle.setSpacing(0)
        self._middle.addWidget(self.viewport, 1)
        self._middle.addWidget(self.panel)
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._top_bar)
        whole.addLayout(self._middle, 1)
        whole.addWidget(self.gallery)
        whole.addWidget(self._bottom_bar)
        central = QWidget()
        central.setLayout(whole)
        self.setCentralWidget(central)

    def _make_top_bar(self) -> QWidget:
        bar, row = _bar("top")
        row.addWidget(self.source_picker)
        row.addWidget(self.style_picker)
        row.addStretch()
        for name in COMPARISON_ACTIONS:
            row.addWidget(ActionButton(self.actions_[name], "segment"))
        self.original_button = ActionButton(self.actions_["hold_original"])
        row.addWidget(self.original_button)
        row.addSpacing(2 * theme.GAP)
        for name in ("mirror", "show_hud", "show_panel", "full_screen"):
            row.addWidget(ActionButton(self.actions_[name]))
        return bar

    def _make_bottom_bar(self) -> QWidget:
        bar, row = _bar("bottom")
        row.addWidget(self.transport, 1)
        row.addWidget(self.recorder)
        return bar

    def _prepare_actions(self) -> None:
        """Added to the window too, so that keys work while the menu bar is hidden."""
        self.addActions(list(self.actions_))
        comparisons = QActionGroup(self)
        for name in COMPARISON_ACTIONS:
            comparisons.addAction(self.actions_[name])

    def _place_overlays(self) -> None:
        """Banner above, toast below, the drop hint over all of the picture."""
        room = self.viewport.rect().adjusted(16, 16, -16, -16)
        width = min(room.width(), max(BANNER_WIDTH, self.banner.natural_width()))
        self.banner.setFixedSize(width, max(self.banner.heightForWidth(width), BAR_HEIGHT))
        self.banner.move(room.left() + (room.width() - width) // 2, room.top())
        self.viewport.keep_clear(0 if self.banner.isHidden() else self.banner.geometry().bottom() + theme.GAP)
        self.toast.fit(room.width())
        self.toast.move(room.left() + (room.width() - self.toast.width()) // 2, room.bottom() - self.toast.height())
        self.drop_hint.setGeometry(self.viewport.rect())
        self.overlay.setGeometry(self.rect())

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if watched is self.viewport and event is not None and event.type() in (QEvent.Type.Resize,
                                                                               QEvent.Type.LayoutRequest):
            self._place_overlays()
        return False

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._place_overlays()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        self._tell_held(event, is_held=True)
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        self._tell_held(event, is_held=False)
        super().keyReleaseEvent(event)

    def _tell_held(self, event: QKeyEvent | None, *, is_held: bool) -> None:
        if event is not None and event.key() == Qt.Key.Key_O and not event.isAutoRepeat() and not event.modifiers():
            self.original_held.emit(is_held)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """A key that goes up while another window is active is never told of."""
        if event is not None and event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.original_held.emit(False)  # noqa: FBT003
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        data = event.mimeData() if event is not None else None
        if event is not None and data is not None and any(url.isLocalFile() for url in data.urls()):
            event.acceptProposedAction()
            self.drop_hint.appear()

    def dragLeaveEvent(self, _event: QDragLeaveEvent | None) -> None:  # noqa: N802
        self.drop_hint.hide()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        self.drop_hint.hide()
        data = event.mimeData() if event is not None else None
        if data is not None:
            self.files_dropped.emit([Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()])

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        if event is None:
            return
        if not self.may_close():
            event.ignore()
            return
        self.hide()  # what follows may take a moment
        self.closing.emit()
        event.accept()


def _bar(edge: str) -> tuple[QWidget, QHBoxLayout]:
    bar = QWidget()
    bar.setObjectName("bar")
    bar.setProperty("edge", edge)
    bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    bar.setFixedHeight(BAR_HEIGHT)
    row = QHBoxLayout(bar)
    row.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
    row.setSpacing(4)
    return bar, row
