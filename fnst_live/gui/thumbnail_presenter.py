"""Keeps the gallery's thumbnails fresh: asks for new ones while it is seen, never before the last ones have come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer

from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.qimage import PixelImage
from fnst_live.gui.session import Session
from fnst_live.gui.style_gallery import PICTURE
from fnst_live.live_events import Event, SourceOpened, StylesChanged, Thumbnails

if TYPE_CHECKING:
    from fnst_live.frames.frame import Pixels
    from fnst_live.pipeline.live import LiveResult

REFRESH_MS = 4000
FINENESS = 2  # painted larger than shown: strokes of the size they have in the large picture would hide everything
PATIENCE_S = 30.0  # after this an answer is no longer expected


class ThumbnailPresenter(QObject):
    def __init__(self, window: MainWindow, session: Session):
        super().__init__(window)
        self._window = window
        self._session = session
        self._generation = -1
        self._asked_s: float | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        """Nothing where nobody would see it, or where the last request is still being worked on."""
        is_seen = self._window.gallery.isVisible() and not self._window.isMinimized()
        is_waiting = self._asked_s is not None and time.monotonic() - self._asked_s < PATIENCE_S
        if is_seen and not is_waiting and self._generation >= 0:
            self._asked_s = time.monotonic()
            self._session.request_thumbnails(round(FINENESS * PICTURE.height() * self._window.devicePixelRatioF()))

    def stop(self) -> None:
        self._timer.stop()

    def on_result(self, result: LiveResult) -> None:
        """The first picture of a source is shown in all styles at once."""
        if result.generation != self._generation and result.style:
            self._generation, self._asked_s = result.generation, None
            self._timer.start()
            self.refresh()

    def on_event(self, event: Event) -> None:
        if isinstance(event, Thumbnails) and event.generation >= self._generation:
            self._asked_s = None
            self._show(event.pictures)
        elif isinstance(event, StylesChanged | SourceOpened):
            self._asked_s = None

    def _show(self, pictures: Mapping[str, Pixels]) -> None:
        images = {name: PixelImage(pixels) for name, pixels in pictures.items()}
        self._window.gallery.show_thumbnails(images)
        self._window.style_picker.show_thumbnails(images)
        self._window.panel.second_style.show_thumbnails(images)
