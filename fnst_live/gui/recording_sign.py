"""The sign in the picture that it is being recorded, for when there is nothing around the picture to say so."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from fnst_live.gui import theme
from fnst_live.gui.backdrop import paint_backdrop

HEIGHT = 28.0
PADDING = 10.0
DOT_RADIUS = 5.0


def paint_recording_sign(painter: QPainter, corner: QPointF, time: str, font: QFont) -> None:
    """Upper right corner at `corner`: a red dot and the time."""
    text_width = QFontMetricsF(font).horizontalAdvance(time)
    width = 3 * PADDING + 2 * DOT_RADIUS + text_width
    panel = QRectF(corner.x() - width, corner.y(), width, HEIGHT)
    painter.save()
    paint_backdrop(painter, panel, font)
    painter.setBrush(QColor(theme.RECORD))
    painter.drawEllipse(QPointF(panel.left() + PADDING + DOT_RADIUS, panel.center().y()), DOT_RADIUS, DOT_RADIUS)
    painter.setPen(QColor(theme.TEXT))
    painter.drawText(panel.adjusted(0, 0, -PADDING, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                     time)
    painter.restore()
