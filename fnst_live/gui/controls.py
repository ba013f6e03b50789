"""The small controls that bars and panels are made of: each named for screen readers, with its key in the tooltip."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt
from PyQt6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from fnst_live.gui import icons, theme
from fnst_live.gui.commands import tooltip
from fnst_live.settings import STROKE_SIZES, UPSCALES

SWITCH_WIDTH, SWITCH_HEIGHT = 34, 20
CHEVRON_ROOM = 26


class ActionButton(QToolButton):
    """A button that is its action: icon, switch, tooltip and name come from there."""

    def __init__(self, action: QAction, role: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        self.setDefaultAction(action)
        self.setProperty("role", role)
        self.setAccessibleName(action.text().rstrip("…"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)


class Slider(QSlider):
    """A share from 0 to 1 in steps of a hundredth; a click on the groove goes there."""

    STEPS = 100

    def __init__(self, name: str, command: str = "", parent: QWidget | None = None):
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, self.STEPS)
        self.setSingleStep(5)
        self.setPageStep(20)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.setToolTip(tooltip(command) if command else "")
        self.setMinimumHeight(22)

    def show_share(self, share: float) -> None:
        """Told, not edited: nothing is sent. A handle in the user's hand is left there."""
        if self.isSliderDown():
            return
        with QSignalBlocker(self):
            self.setValue(round(share * self.STEPS))

    @property
    def share(self) -> float:
        return self.value() / self.STEPS


class Switch(QToolButton):
    """On or off, drawn as a small switch behind its text."""

    def __init__(self, action: QAction, parent: QWidget | None = None):
        super().__init__(parent)
        self.setDefaultAction(action)
        self.setAccessibleName(action.text())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(28)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.TEXT if self.isEnabled() else theme.FAINT))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        track = QRectF(self.width() - SWITCH_WIDTH - 1, (self.height() - SWITCH_HEIGHT) / 2, SWITCH_WIDTH,
                       SWITCH_HEIGHT)
        painter.setPen(QPen(QColor(theme.TEXT), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.ACCENT if self.isChecked() else theme.HOVER))
        painter.drawRoundedRect(track, SWITCH_HEIGHT / 2, SWITCH_HEIGHT / 2)
        radius = SWITCH_HEIGHT / 2 - 3
        x = track.right() - radius - 3 if self.isChecked() else track.left() + radius + 3
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.ON_ACCENT if self.isChecked() else theme.QUIET))
        painter.drawEllipse(QPointF(x, track.center().y()), radius, radius)


class Dropdown(QComboBox):
    """A combo box with our chevron, which the style sheet cannot draw sharply."""

    def __init__(self, name: str, command: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.setToolTip(tooltip(command) if command else "")
        self.setMaxVisibleItems(12)
        self.setFixedHeight(theme.CONTROL_HEIGHT)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """The style cuts a long text off; it shall end in dots."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.width() - CHEVRON_ROOM - 24 - (0 if option.currentIcon.isNull() else self.iconSize().width() + 4)
        text = option.currentText or self.placeholderText()
        option.currentText = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()
        paint_chevron(self)

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """The wheel over a closed list would switch by accident: what lies around it may scroll."""
        if event is not None:
            event.ignore()


class StrokesDropdown(Dropdown):
    """How broad strokes are: its data is `stroke_size`, None for automatic."""

    def __init__(self, automatic: str, command: str = "", parent: QWidget | None = None):
        super().__init__("Strokes", command, parent)
        self.addItem(automatic, None)
        for stroke_size in STROKE_SIZES:
            self.addItem("Fine" if stroke_size == 1 else f"{stroke_size} times as broad", stroke_size)

    def show_stroke_size(self, stroke_size: int | None) -> None:
        self.setCurrentIndex(self.findData(stroke_size))


class EnlargeDropdown(Dropdown):
    """How many times what was painted is enlarged: its data is `upscale`."""

    def __init__(self, command: str = "", parent: QWidget | None = None):
        super().__init__("Enlarge", command, parent)
        for factor in UPSCALES:
            self.addItem("Off" if factor == 1 else f"{factor} times", factor)

    def show_upscale(self, factor: int) -> None:
        self.setCurrentIndex(self.findData(factor))


def paint_chevron(widget: QWidget) -> None:
    """At the right edge of a control that opens a list."""
    painter = QPainter(widget)
    size = 16
    color = theme.QUIET if widget.isEnabled() else theme.FAINT
    image = icons.pixmap("down", color, widget.devicePixelRatioF(), size)
    painter.drawPixmap(QPointF(widget.width() - CHEVRON_ROOM + 4, (widget.height() - size) / 2), image)
    painter.end()


def quiet_label(text: str, role: str = "quiet") -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    return label
