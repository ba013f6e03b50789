"""How the picture is shown: comparison, speed display, full screen, what lies on top. It needs no session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QMessageBox

from fnst_live import __version__
from fnst_live.gui.main_window import COMPARISON_ACTIONS, MainWindow
from fnst_live.gui.picture_layout import Comparison
from fnst_live.gui.qimage import PixelImage
from fnst_live.live_events import Event, Failed, Notice

if TYPE_CHECKING:
    from fnst_live.gui.window_state import WindowState
    from fnst_live.pipeline.live import LiveResult

COMPARISONS = dict(zip(COMPARISON_ACTIONS, Comparison, strict=True))
WIPE_STEP = 0.02
OPENING = "Opening the style …"
ABOUT = (
    f"<b>fnst-live {__version__}</b><br>Repaints live video: steady, sharp, in full color.<br><br>"
    "Free software under the GNU General Public License, version 3 or later."
)


class ViewPresenter(QObject):
    def __init__(self, window: MainWindow, state: WindowState):
        super().__init__(window)
        self._window = window
        self._is_opening_told = False
        self._connect()
        self._set_comparison(state.comparison)
        self._set_wipe(state.wipe)
        for name, is_on, show in (
            ("show_hud", state.is_hud_shown, window.viewport.show_hud),
            ("show_panel", state.is_panel_shown, window.show_panel),
            ("show_gallery", state.is_gallery_shown, window.gallery.setVisible),
        ):
            window.actions_[name].toggled.connect(show)
            window.actions_[name].setChecked(is_on)
            show(is_on)
        window.viewport.show_message("Opening …")

    def on_result(self, result: LiveResult) -> None:
        self._tell_of_opening(is_painted=bool(result.style))
        viewport = self._window.viewport
        viewport.hud.show_stats(result.stats)
        content = PixelImage(result.content)
        viewport.show_pictures(content, content if result.painted is result.content else PixelImage(result.painted))

    def _tell_of_opening(self, *, is_painted: bool) -> None:
        """Pictures come before the first style is open: that they are not painted yet is no fault."""
        if is_painted == self._is_opening_told:
            self._is_opening_told = not is_painted
            self._window.toast.show_text(OPENING) if not is_painted else self._window.toast.clear_text(OPENING)

    def on_event(self, event: Event) -> None:
        if isinstance(event, Failed):
            self._window.banner.show_error(event.sentence, event.details)
        elif isinstance(event, Notice):
            self._window.banner.show_notice(event.sentence)

    def _connect(self) -> None:
        window, actions = self._window, self._window.actions_
        for name, comparison in COMPARISONS.items():
            actions[name].triggered.connect(lambda _, comparison=comparison: self._set_comparison(comparison))
        window.viewport.wipe_moved.connect(self._set_wipe)
        window.viewport.double_clicked.connect(actions["full_screen"].toggle)
        window.original_held.connect(window.viewport.show_original)
        window.original_button.pressed.connect(lambda: window.original_held.emit(True))  # noqa: FBT003
        window.original_button.released.connect(lambda: window.original_held.emit(False))  # noqa: FBT003
        actions["full_screen"].toggled.connect(self._set_full_screen)
        for name, slot in (
            ("wipe_left", lambda: self._set_wipe(window.viewport.wipe - WIPE_STEP)),
            ("wipe_right", lambda: self._set_wipe(window.viewport.wipe + WIPE_STEP)),
            ("leave", self._leave), ("shortcuts", window.overlay.open), ("about", self._show_about),
            ("quit", window.close),
        ):
            actions[name].triggered.connect(slot)
        window.overlay.closed.connect(window.viewport.setFocus)

    def _set_comparison(self, comparison: Comparison) -> None:
        self._window.actions_[f"show_{comparison.value}"].setChecked(True)
        self._window.viewport.show_comparison(comparison)

    def _set_wipe(self, wipe: float) -> None:
        self._window.viewport.show_wipe(min(1.0, max(0.0, wipe)))

    def _set_full_screen(self, is_full: bool) -> None:  # noqa: FBT001  # a slot
        self._window.show_full_screen(is_full)
        if is_full:
            self._window.toast.show_text("Esc or a double click leaves full screen")

    def _leave(self) -> None:
        """The topmost thing first."""
        window = self._window
        if window.overlay.isVisible():
            window.overlay.close_overlay()
        elif window.banner.isVisible():
            window.banner.clear()
        elif window.is_export_shown:
            window.hide_export()
        elif window.actions_["full_screen"].isChecked():
            window.actions_["full_screen"].setChecked(False)
        else:
            window.viewport.setFocus()

    def _show_about(self) -> None:
        QMessageBox.about(self._window, "About fnst-live", ABOUT)
