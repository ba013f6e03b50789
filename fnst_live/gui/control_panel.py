"""The live controls. Each edit is told as (field of `LiveLook`, value) and shows on the next frame."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from fnst_live.gui import theme
from fnst_live.gui.commands import Actions, tooltip
from fnst_live.gui.controls import ActionButton, Dropdown, EnlargeDropdown, Slider, StrokesDropdown, Switch, quiet_label
from fnst_live.gui.style_choice import StyleChoice
from fnst_live.gui.style_picker import StylePicker
from fnst_live.live_settings import LiveLook

WIDTH = 264
WORK_HEIGHTS = (180, 240, 288, 360, 432, 480, 540, 720, 1080)
LEAST_FPS, MOST_FPS = 5, 60


class ControlPanel(QWidget):
    edited = pyqtSignal(str, object)

    def __init__(self, actions: Actions, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Controls")
        self.setFixedWidth(WIDTH)
        self.strength = Slider("Strength", "focus_strength")
        self.stability = Slider("Stability", "focus_stability")
        self.mix = Slider("Mix", "focus_mix")
        self.second_style = StylePicker("Second style", "choose_second_style", nothing="No second style")
        self.detail = _detail()
        self.target_fps = _target_fps()
        self.strokes = StrokesDropdown("Auto", "focus_strokes")
        self.enlarge = EnlargeDropdown("focus_enlarge")
        self.enlarge.setMinimumWidth(self.strokes.sizeHint().width())  # they stand under one another
        self.keep_color = Switch(actions["keep_color"])
        self.mirror = Switch(actions["mirror"])
        self._values = {slider: quiet_label("") for slider in (self.strength, self.stability, self.mix)}
        self._lay_out(actions)
        self._connect()

    def show_styles(self, styles: Sequence[StyleChoice]) -> None:
        self.second_style.show_styles(styles)

    def show_look(self, look: LiveLook) -> None:
        for slider, share in ((self.strength, look.strength), (self.stability, look.stability), (self.mix, look.mix)):
            slider.show_share(share)
            self._values[slider].setText(f"{share:.0%}")
        self.second_style.show_current(look.second_style or "")
        self.mix.setEnabled(look.second_style is not None)
        self._values[self.mix].setEnabled(look.second_style is not None)
        self.detail.setCurrentIndex(_index_of_height(look.work_height))
        self.strokes.show_stroke_size(look.stroke_size)
        self.enlarge.show_upscale(look.upscale)
        with QSignalBlocker(self.target_fps):
            self.target_fps.setValue(round(look.target_fps))
        self.target_fps.setEnabled(look.work_height is None)

    def _connect(self) -> None:
        for field, slider in (("strength", self.strength), ("stability", self.stability), ("mix", self.mix)):
            slider.valueChanged.connect(lambda _, field=field, slider=slider: self.edited.emit(field, slider.share))
        self.second_style.chosen.connect(lambda name: self.edited.emit("second_style", name or None))
        self.detail.activated.connect(lambda index: self.edited.emit("work_height", self.detail.itemData(index)))
        self.strokes.activated.connect(lambda index: self.edited.emit("stroke_size", self.strokes.itemData(index)))
        self.enlarge.activated.connect(lambda index: self.edited.emit("upscale", self.enlarge.itemData(index)))
        self.target_fps.valueChanged.connect(lambda fps: self.edited.emit("target_fps", float(fps)))

    def _lay_out(self, actions: Actions) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        self._add_slider(column, "Strength", self.strength)
        self._add_slider(column, "Stability", self.stability)
        column.addWidget(self.keep_color)
        column.addWidget(self.mirror)
        column.addSpacing(8)
        column.addWidget(quiet_label("MIX", "heading"))
        column.addLayout(_row(self.second_style, ActionButton(actions["swap_styles"]), stretch_first=True))
        self._add_slider(column, "Share of the second", self.mix)
        column.addSpacing(8)
        column.addWidget(quiet_label("DETAIL", "heading"))
        column.addLayout(_row(self.detail, self.target_fps, stretch_first=True))
        column.addLayout(_row(quiet_label("Strokes", ""), self.strokes))
        column.addLayout(_row(quiet_label("Enlarge", ""), self.enlarge))
        column.addStretch()

    def _add_slider(self, column: QVBoxLayout, text: str, slider: Slider) -> None:
        """A line with name and value, the slider below."""
        value = self._values[slider]
        value.setFont(theme.tabular(self.font()))
        value.setAlignment(Qt.AlignmentFlag.AlignRight)
        label = quiet_label(text, "")
        label.setBuddy(slider)
        column.addLayout(_row(label, value))
        column.addWidget(slider)
        column.addSpacing(2)


def _row(first: QWidget, last: QWidget, *, stretch_first: bool = False) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.GAP)
    row.addWidget(first, 1 if stretch_first else 0)
    if not stretch_first:
        row.addStretch()
    row.addWidget(last)
    return row


def _detail() -> Dropdown:
    detail = Dropdown("Detail", "focus_detail")
    detail.addItem("Auto", None)
    for lines in WORK_HEIGHTS:
        detail.addItem(f"{lines} lines", lines)
    return detail


def _target_fps() -> QSpinBox:
    box = QSpinBox()
    box.setRange(LEAST_FPS, MOST_FPS)
    box.setSuffix(" fps")
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    box.setFixedSize(76, theme.CONTROL_HEIGHT)
    box.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    box.setKeyboardTracking(False)
    box.setAccessibleName("Target rate")
    box.setToolTip(tooltip("focus_rate"))
    return box


def _index_of_height(work_height: int | None) -> int:
    """A height from a settings file or the command line may not be in the list."""
    if work_height is None:
        return 0
    return 1 + min(range(len(WORK_HEIGHTS)), key=lambda i: abs(WORK_HEIGHTS[i] - work_height))
