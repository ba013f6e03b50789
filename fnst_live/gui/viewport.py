"""The picture. A plain QWidget that draws a QImage over the frame's own memory: no copy, no pixmap.

Wipe, side by side and the held original need no work from the pipeline: every result carries both pictures.
"""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from fnst_live.gui import theme
from fnst_live.gui.hud import Hud
from fnst_live.gui.picture_layout import Comparison, fitted, halves, is_at_handle, wipe_at, wipe_x
from fnst_live.gui.recording_sign import paint_recording_sign

MARGIN = 16
HANDLE_RADIUS = 15.0
LEAST_WIDTH, LEAST_HEIGHT = 320, 180


class Viewport(QWidget):
    """Shows what it is told. first_painted: the window is on the screen, heavy work may begin."""

    wipe_moved = pyqtSignal(float)
    double_clicked = pyqtSignal()
    first_painted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Picture")
        self.hud = Hud()
        self._content: QImage | None = None
        self._painted: QImage | None = None
        self._comparison = Comparison.PAINTED
        self._wipe = 0.5
        self._message = ""
        self._is_original_held = False
        self._is_hud_shown = False
        self._hud_top = MARGIN
        self._recorded_time = ""
        self._is_dragging = False
        self._was_painted = False

    def show_pictures(self, content: QImage, painted: QImage) -> None:
        self._content, self._painted, self._message = content, painted, ""
        self.update()

    def show_message(self, text: str) -> None:
        """A quiet line in place of the first picture; a picture that is there stays."""
        self._message = text
        self.update()

    def show_comparison(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self.unsetCursor()
        self.update()

    def show_wipe(self, wipe: float) -> None:
        self._wipe = wipe
        self.update()

    def show_original(self, is_held: bool) -> None:  # noqa: FBT001  # a setter of one switch
        self._is_original_held = is_held
        self.update()

    def show_hud(self, is_shown: bool) -> None:  # noqa: FBT001
        self._is_hud_shown = is_shown
        self.update()

    def keep_clear(self, height: int) -> None:
        """The speed display begins below so many lines, which something else covers."""
        self._hud_top = max(MARGIN, height)
        self.update()

    def show_recording(self, time: str) -> None:
        """The time that was recorded, as a sign in the picture; empty for none."""
        if time != self._recorded_time:
            self._recorded_time = time
            self.update()

    @property
    def hud_top(self) -> int:
        return self._hud_top

    @property
    def recorded_time(self) -> str:
        return self._recorded_time

    @property
    def comparison(self) -> Comparison:
        return self._comparison

    @property
    def is_original_held(self) -> bool:
        return self._is_original_held

    @property
    def is_hud_shown(self) -> bool:
        return self._is_hud_shown

    @property
    def wipe(self) -> float:
        return self._wipe

    def picture_area(self) -> QRectF:
        """Where the one picture lies; empty while there is none."""
        size = QSizeF(self._painted.size()) if self._painted is not None else QSizeF()
        return fitted(size, QRectF(self.rect()), self.devicePixelRatioF())

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.CANVAS))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._painted is None or self._content is None:
            self._paint_message(painter)
        else:
            self._paint_pictures(painter, self._content, self._painted)
        if self._is_hud_shown:
            self.hud.paint(painter, QPointF(MARGIN, self._hud_top), theme.tabular(self.font()))
        if self._recorded_time:
            corner = QPointF(self.width() - MARGIN, MARGIN)
            paint_recording_sign(painter, corner, self._recorded_time, theme.tabular(self.font()))
        painter.end()
        if not self._was_painted:
            self._was_painted = True
            self.first_painted.emit()

    def _paint_message(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.QUIET))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._message)

    def _paint_pictures(self, painter: QPainter, content: QImage, painted: QImage) -> None:
        area = self.picture_area()
        if self._is_original_held:
            painter.drawImage(area, content)
        elif self._comparison is Comparison.WIPE:
            self._paint_wipe(painter, area, content, painted)
        elif self._comparison is Comparison.SIDE_BY_SIDE:
            size, ratio = QSizeF(painted.size()), self.devicePixelRatioF()
            left, right = halves(QRectF(self.rect()), size)
            painter.drawImage(fitted(size, left, ratio), content)
            painter.drawImage(fitted(size, right, ratio), painted)
        else:
            painter.drawImage(area, painted)

    def _paint_wipe(self, painter: QPainter, area: QRectF, content: QImage, painted: QImage) -> None:
        """Both are drawn whole and clipped, so that neither shifts by a part of a pixel as the handle moves."""
        edge = wipe_x(area, self._wipe)
        painter.drawImage(area, painted)
        painter.save()
        painter.setClipRect(QRectF(area.left(), area.top(), edge - area.left(), area.height()))
        painter.drawImage(area, content)
        painter.restore()
        self._paint_handle(painter, QPointF(edge, area.center().y()), area)

    def _paint_handle(self, painter: QPainter, center: QPointF, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(center.x() - 2, area.top(), 4, area.height()), QColor(0, 0, 0, 60))
        painter.fillRect(QRectF(center.x() - 0.75, area.top(), 1.5, area.height()), QColor(255, 255, 255, 230))
        painter.setPen(QPen(QColor(0, 0, 0, 60), 3))
        painter.setBrush(QColor(255, 255, 255, 240))
        painter.drawEllipse(center, HANDLE_RADIUS, HANDLE_RADIUS)
        painter.setPen(QPen(QColor(theme.BACKGROUND), 1.8, cap=Qt.PenCapStyle.RoundCap, join=Qt.PenJoinStyle.RoundJoin))
        for side in (-1, 1):
            chevron = [QPointF(center.x() + side * x, center.y() + y) for x, y in ((4, -4), (8, 0), (4, 4))]
            painter.drawPolyline(QPolygonF(chevron))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        if event is not None and event.button() == Qt.MouseButton.LeftButton and self._is_at_handle(event.position()):
            self._is_dragging = True

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        if event is None:
            return
        if self._is_dragging:
            self.wipe_moved.emit(wipe_at(event.position(), self.picture_area()))
        elif self._is_at_handle(event.position()):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, _event: QMouseEvent | None) -> None:  # noqa: N802
        self._is_dragging = False

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        if event is not None and not self._is_at_handle(event.position()):
            self.double_clicked.emit()

    def _is_at_handle(self, position: QPointF) -> bool:
        return self._comparison is Comparison.WIPE and is_at_handle(position, self.picture_area(), self._wipe)
