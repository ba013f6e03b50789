"""What lies behind text that is painted over the picture."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter

COLOR = QColor(10, 10, 12, 205)
CORNER_RADIUS = 8


def paint_backdrop(painter: QPainter, panel: QRectF, font: QFont) -> None:
    """A dark panel with round corners; what is painted next is smooth, without an outline, and in this font."""
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(COLOR)
    painter.drawRoundedRect(panel, CORNER_RADIUS, CORNER_RADIUS)
