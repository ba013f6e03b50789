"""Buttons with a drawn sign: in the palette's color, sharp on any screen, without a file."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QToolButton, QWidget

GRID = 16.0  # signs are drawn on a square of so many units
STROKE = 1.5

Glyph = Callable[[QPainterPath], None]


def pause(path: QPainterPath) -> None:
    for x in (5.5, 10.5):
        path.moveTo(x, 3.5)
        path.lineTo(x, 12.5)


def play(path: QPainterPath) -> None:
    path.addPolygon(QPolygonF([QPointF(5, 3.5), QPointF(12.5, 8), QPointF(5, 12.5), QPointF(5, 3.5)]))


def cross(path: QPainterPath) -> None:
    path.moveTo(4, 4)
    path.lineTo(12, 12)
    path.moveTo(12, 4)
    path.lineTo(4, 12)


def again(path: QPainterPath) -> None:
    """Nearly a circle, with an arrow's head at its end."""
    path.arcMoveTo(QRectF(3, 3, 10, 10), 40)
    path.arcTo(QRectF(3, 3, 10, 10), 40, 290)
    path.moveTo(12.4, 1.6)
    path.lineTo(12.2, 5)
    path.lineTo(8.8, 4.8)


def folder(path: QPainterPath) -> None:
    path.addPolygon(QPolygonF([
        QPointF(2, 12.5), QPointF(2, 3.5), QPointF(6.2, 3.5), QPointF(7.8, 5.3), QPointF(14, 5.3), QPointF(14, 12.5),
        QPointF(2, 12.5),
    ]))


class GlyphButton(QToolButton):
    """Shows a sign, tells a name: its tooltip, with the shortcut, and its accessible name say what it does."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setFixedSize(30, 30)
        self._glyph: Glyph = cross

    def set_role(self, glyph: Glyph, name: str, tooltip: str) -> None:
        """name: for screen readers, without a shortcut."""
        self._glyph = glyph
        self.setAccessibleName(name)
        self.setToolTip(tooltip)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        super().paintEvent(event)
        path = QPainterPath()
        self._glyph(path)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate((self.width() - GRID) / 2, (self.height() - GRID) / 2)
        painter.setPen(QPen(self.palette().buttonText(), STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                            Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(path)
        painter.end()
