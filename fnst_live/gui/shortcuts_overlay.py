"""All keys on one sheet over the window. Any key or click closes it."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from fnst_live.gui import theme
from fnst_live.gui.commands import groups

COLUMNS = (("Source", "Video", "Keep"), ("Style", "Look"), ("Compare", "View", "Help"))
COLUMN_WIDTH, COLUMN_GAP = 268, 40
ROW_HEIGHT, HEADING_HEIGHT, GROUP_GAP = 26, 30, 18
PADDING, TITLE_HEIGHT = 32, 48


class ShortcutsOverlay(QWidget):
    """It covers its parent and has the focus while it is shown."""

    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Keyboard shortcuts")
        self._groups = groups()
        self.setAccessibleDescription("; ".join(f"{text}: {keys}" for rows in self._groups.values()
                                                for text, keys in rows))
        self.hide()

    def open(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def close_overlay(self) -> None:
        self.hide()
        self.closed.emit()

    def event(self, event: QEvent | None) -> bool:
        """Keys that are shortcuts of the window close it too, and do nothing else."""
        if event is not None and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, _event: QKeyEvent | None) -> None:  # noqa: N802
        self.close_overlay()

    def mousePressEvent(self, _event: QMouseEvent | None) -> None:  # noqa: N802
        self.close_overlay()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(8, 8, 10, 190))
        sheet = self._sheet()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.SURFACE))
        painter.drawRoundedRect(sheet, 12, 12)
        self._paint_title(painter, sheet)
        for number, names in enumerate(COLUMNS):
            left = sheet.left() + PADDING + number * (COLUMN_WIDTH + COLUMN_GAP)
            top = sheet.top() + PADDING + TITLE_HEIGHT
            for name in names:
                top = self._paint_group(painter, name, left, top) + GROUP_GAP

    def _sheet(self) -> QRectF:
        """In the middle, as large as its text, smaller where the window is."""
        width = len(COLUMNS) * COLUMN_WIDTH + (len(COLUMNS) - 1) * COLUMN_GAP + 2 * PADDING
        height = max(self._column_height(names) for names in COLUMNS) + TITLE_HEIGHT + 2 * PADDING
        sheet = QRectF(0, 0, width, height)
        sheet.moveCenter(QRectF(self.rect()).center())
        return sheet

    def _column_height(self, names: tuple[str, ...]) -> int:
        rows = sum(len(self._groups[name]) for name in names)
        return rows * ROW_HEIGHT + len(names) * HEADING_HEIGHT + (len(names) - 1) * GROUP_GAP

    def _paint_title(self, painter: QPainter, sheet: QRectF) -> None:
        font = self.font()
        font.setPixelSize(18)
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(sheet.adjusted(PADDING, PADDING - 6, 0, 0), Qt.AlignmentFlag.AlignLeft, "Keyboard shortcuts")
        painter.setFont(self.font())
        painter.setPen(QColor(theme.FAINT))
        painter.drawText(sheet.adjusted(0, PADDING - 2, -PADDING, 0), Qt.AlignmentFlag.AlignRight, "any key closes")

    def _paint_group(self, painter: QPainter, name: str, left: float, top: float) -> float:
        """Returns where it ends."""
        painter.setFont(self.font())
        painter.setPen(QColor(theme.ACCENT))
        painter.drawText(QRectF(left, top, COLUMN_WIDTH, HEADING_HEIGHT), Qt.AlignmentFlag.AlignTop, name)
        top += HEADING_HEIGHT - 4
        for text, keys in self._groups[name]:
            row = QRectF(left, top, COLUMN_WIDTH, ROW_HEIGHT)
            painter.setPen(QColor(theme.TEXT))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            painter.setPen(QColor(theme.QUIET))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
            top += ROW_HEIGHT
        return top
