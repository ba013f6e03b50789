"""Playing a clip: play, step, seek, loop and the time. For live sources it gives way to the freeze button."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSlider, QStackedLayout, QStyle, QStyleOptionSlider, QWidget

from fnst_live.gui import icons, theme
from fnst_live.gui.commands import Actions
from fnst_live.gui.controls import ActionButton, quiet_label

STEPS_PER_S = 100


class Transport(QWidget):
    """sought carries seconds."""

    sought = pyqtSignal(float)

    def __init__(self, actions: Actions, parent: QWidget | None = None):
        super().__init__(parent)
        self._play = actions["play"]
        self._play_icon, self._pause_icon = icons.icon("play"), icons.icon("pause")
        self.seek_bar = SeekBar()
        self.seek_bar.sought.connect(self.sought)
        self.time = QLabel("0:00 / 0:00")
        self.time.setFont(theme.tabular(self.font()))
        self.time.setAccessibleName("Time")
        self.about = quiet_label("")
        self.pace = quiet_label("")
        self.pace.setFont(theme.tabular(self.font()))
        self.pace.setFixedWidth(self.pace.fontMetrics().horizontalAdvance("00 of 00 fps"))
        self.pace.setToolTip("This machine paints fewer frames than the video has: the rest is passed over")
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._live_page(actions))
        self._pages.addWidget(self._clip_page(actions))

    def show_clip(self, duration_s: float | None) -> None:
        """None: this is no clip."""
        self._pages.setCurrentIndex(0 if duration_s is None else 1)
        if duration_s is not None:
            self.seek_bar.show_duration(duration_s)
            self.show_time(0.0)

    def show_time(self, time_s: float) -> None:
        self.seek_bar.show_time(time_s)
        duration_s = self.seek_bar.maximum() / STEPS_PER_S
        self.time.setText(f"{clock(time_s)} / {clock(duration_s)}")

    def show_playing(self, is_playing: bool) -> None:  # noqa: FBT001
        self._play.setIcon(self._pause_icon if is_playing else self._play_icon)
        self._play.setText("Pause" if is_playing else "Play")

    def show_about(self, text: str) -> None:
        """A quiet line beside the freeze button: what the source gives."""
        self.about.setText(text)

    def show_pace(self, text: str) -> None:
        """Said only where the machine is slower than the clip; the room is always kept."""
        self.pace.setText(text)

    def _live_page(self, actions: Actions) -> QWidget:
        page = QWidget()
        row = _row(page)
        row.addWidget(ActionButton(actions["freeze"]))
        row.addWidget(self.about)
        row.addStretch()
        return page

    def _clip_page(self, actions: Actions) -> QWidget:
        page = QWidget()
        row = _row(page)
        for name in ("step_back", "play", "step_forward"):
            row.addWidget(ActionButton(actions[name]))
        row.addSpacing(theme.GAP)
        row.addWidget(self.seek_bar, 1)
        row.addSpacing(theme.GAP)
        row.addWidget(self.time)
        row.addSpacing(theme.GAP)
        row.addWidget(self.pace)
        row.addWidget(ActionButton(actions["loop"]))
        row.addWidget(ActionButton(actions["sound"]))
        return page


class SeekBar(QSlider):
    """A press jumps there; while it is held, the clip's own time does not move the handle."""

    sought = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSingleStep(STEPS_PER_S)
        self.setPageStep(5 * STEPS_PER_S)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Position in the video")
        self.setToolTip("Position in the video  (Shift+Left, Shift+Right)")
        self.valueChanged.connect(lambda value: self.sought.emit(value / STEPS_PER_S))

    def show_duration(self, duration_s: float) -> None:
        with QSignalBlocker(self):
            self.setRange(0, max(1, round(duration_s * STEPS_PER_S)))

    def show_time(self, time_s: float) -> None:
        if not self.isSliderDown():
            with QSignalBlocker(self):
                self.setValue(round(time_s * STEPS_PER_S))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.setValue(self._value_at(event.position().x()))
        super().mousePressEvent(event)

    def _value_at(self, x: float) -> int:
        handle = self._handle_width()
        room = max(1, round(self.width() - handle))
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), round(x - handle / 2), room)

    def _handle_width(self) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style = self.style()
        return 0 if style is None else style.subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self).width()


def clock(seconds: float) -> str:
    """1:02:03, or 2:03 where there are no hours."""
    minutes, whole_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_s:02}" if hours else f"{minutes}:{whole_s:02}"


def _row(page: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2)
    return row
