"""Where pictures lie in the viewport: plain geometry, in pixels of the window."""

from __future__ import annotations

from enum import Enum

from PyQt6.QtCore import QPointF, QRectF, QSizeF

SIDE_GAP = 4.0
HANDLE_REACH = 22.0  # how near the pointer must be to take the handle


class Comparison(Enum):
    """How the original is shown beside the painted picture."""

    PAINTED = "painted"
    WIPE = "wipe"
    SIDE_BY_SIDE = "side_by_side"


def fitted(picture: QSizeF, area: QRectF, device_pixel_ratio: float = 1.0) -> QRectF:
    """The largest rectangle of the picture's shape in the area, on whole device pixels so that edges are sharp."""
    if picture.isEmpty() or area.isEmpty():
        return QRectF()
    scale = min(area.width() / picture.width(), area.height() / picture.height())
    width, height = picture.width() * scale, picture.height() * scale
    left, top = area.left() + (area.width() - width) / 2, area.top() + (area.height() - height) / 2
    return QRectF(*(round(value * device_pixel_ratio) / device_pixel_ratio for value in (left, top, width, height)))


def halves(area: QRectF, picture: QSizeF) -> tuple[QRectF, QRectF]:
    """Two areas for two pictures: beside each other, or one above the other where that makes them larger."""
    beside = (area.width() - SIDE_GAP) / 2
    above = (area.height() - SIDE_GAP) / 2
    if _scale(picture, beside, area.height()) >= _scale(picture, area.width(), above):
        left = QRectF(area.left(), area.top(), beside, area.height())
        return left, left.translated(beside + SIDE_GAP, 0)
    top = QRectF(area.left(), area.top(), area.width(), above)
    return top, top.translated(0, above + SIDE_GAP)


def wipe_at(position: QPointF, picture: QRectF) -> float:
    """The share of the picture left of a position, 0..1."""
    return min(1.0, max(0.0, (position.x() - picture.left()) / max(picture.width(), 1.0)))


def is_at_handle(position: QPointF, picture: QRectF, wipe: float) -> bool:
    return picture.contains(position) and abs(position.x() - wipe_x(picture, wipe)) <= HANDLE_REACH


def wipe_x(picture: QRectF, wipe: float) -> float:
    return picture.left() + picture.width() * wipe


def _scale(picture: QSizeF, width: float, height: float) -> float:
    return min(width / max(picture.width(), 1.0), height / max(picture.height(), 1.0))
