"""Where the picture goes: the time recorded, virtual camera, microphone, record and snapshot.

Room for the time is always kept.
"""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QWidget

from fnst_live.gui import icons, theme
from fnst_live.gui.commands import Actions
from fnst_live.gui.controls import ActionButton
from fnst_live.gui.transport import clock


class Recorder(QWidget):
    def __init__(self, actions: Actions, parent: QWidget | None = None):
        super().__init__(parent)
        self._record = actions["record"]
        self._record_icon = icons.icon("record", theme.RECORD, theme.RECORD)
        self._stop_icon = icons.icon("stop", theme.RECORD, theme.RECORD)
        self._record.setIcon(self._record_icon)
        self.time = QLabel("")
        self.time.setObjectName("recording")
        self.time.setAccessibleName("Recorded time")
        self.time.setFont(theme.tabular(self.font()))
        self.time.setFixedWidth(self.time.fontMetrics().horizontalAdvance("00:00:00"))
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.time)
        row.addSpacing(theme.GAP)
        for name in ("broadcast", "microphone", "record", "snapshot"):
            row.addWidget(ActionButton(actions[name]))

    def show_recording(self, seconds: float | None) -> None:
        """None: nothing is recorded."""
        is_recording = seconds is not None
        self._record.setChecked(is_recording)
        self._record.setIcon(self._stop_icon if is_recording else self._record_icon)
        self._record.setText("Stop recording" if is_recording else "Record")
        self.time.setText("" if seconds is None else clock(seconds))
