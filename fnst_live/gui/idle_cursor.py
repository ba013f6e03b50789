"""In full screen the pointer goes away when it rests, and comes back when it moves."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer
from PyQt6.QtWidgets import QWidget

REST_MS = 2500


class IdleCursor(QObject):
    def __init__(self, widget: QWidget):
        super().__init__(widget)
        self._widget = widget
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(REST_MS)
        self.timer.timeout.connect(lambda: widget.setCursor(Qt.CursorShape.BlankCursor))
        widget.installEventFilter(self)
        self._is_on = False

    def switch(self, *, is_on: bool) -> None:
        self._is_on = is_on
        self._wake()

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if self._is_on and event is not None and event.type() == QEvent.Type.MouseMove:
            self._wake()
        return False

    def _wake(self) -> None:
        if self._widget.cursor().shape() == Qt.CursorShape.BlankCursor:
            self._widget.unsetCursor()
        if self._is_on:
            self.timer.start()
        else:
            self.timer.stop()
