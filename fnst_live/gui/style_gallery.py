"""The strip of thumbnails: the current frame in every style. A click takes the style, Ctrl-click mixes it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QEnterEvent, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from fnst_live.gui import theme
from fnst_live.gui.commands import NUMBERED_STYLES
from fnst_live.gui.style_choice import StyleChoice

PICTURE = QSize(144, 81)
CARD = QSize(PICTURE.width() + 4, PICTURE.height() + 26)
HEIGHT = CARD.height() + 2 * theme.GAP + 8  # the scroll bar's room is always kept, so that nothing jumps


class StyleGallery(QWidget):
    """chosen, mixed_in: a style's name."""

    chosen = pyqtSignal(str)
    mixed_in = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("gallery")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Gallery of styles")
        self.setFixedHeight(HEIGHT)
        self._cards: dict[str, StyleCard] = {}
        self._row = QHBoxLayout()
        self._row.setContentsMargins(theme.MARGIN, theme.GAP + 4, theme.MARGIN, 0)
        self._row.setSpacing(theme.GAP)
        self._row.addStretch()
        self._scroll = _horizontal_scroll(self._row)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)

    @property
    def cards(self) -> dict[str, StyleCard]:
        return self._cards

    def show_styles(self, styles: Sequence[StyleChoice]) -> None:
        """Cards of styles that stay are kept, with their thumbnails."""
        for name in set(self._cards) - {style.name for style in styles}:
            self._remove(name)
        for position, style in enumerate(styles):
            if style.name not in self._cards:
                self._cards[style.name] = self._new_card(style)
            card = self._cards[style.name]
            card.show_number(position + 1 if position < NUMBERED_STYLES else 0)
            self._row.insertWidget(position, card, 0, Qt.AlignmentFlag.AlignTop)  # nothing jumps for a scroll bar

    def show_current(self, name: str, second: str | None) -> None:
        for card in self._cards.values():
            card.show_choice(is_current=card.name == name, is_second=card.name == second)
        if name in self._cards:
            self._scroll.ensureWidgetVisible(self._cards[name], CARD.width() // 2, 0)

    def show_thumbnails(self, pictures: Mapping[str, QImage]) -> None:
        for name, picture in pictures.items():
            if name in self._cards:
                self._cards[name].show_picture(picture)

    def _new_card(self, style: StyleChoice) -> StyleCard:
        card = StyleCard(style)
        card.chosen.connect(self.chosen)
        card.mixed_in.connect(self.mixed_in)
        return card

    def _remove(self, name: str) -> None:
        card = self._cards.pop(name)
        self._row.removeWidget(card)
        card.deleteLater()


class StyleCard(QAbstractButton):
    """One thumbnail with its number and title."""

    chosen = pyqtSignal(str)
    mixed_in = pyqtSignal(str)

    def __init__(self, style: StyleChoice, parent: QWidget | None = None):
        super().__init__(parent)
        self.name = style.name
        self._title = style.title
        self._number = 0
        self._is_second = False
        self._picture = QImage(str(style.preview))
        self.setCheckable(True)
        self.setFixedSize(CARD)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(style.title)
        self._description = style.description
        self.clicked.connect(self._on_click)

    def show_number(self, number: int) -> None:
        """Its number key, or 0 for none."""
        self._number = number
        keys = f"  ({number}; Ctrl-click or Ctrl+{number} mixes it in)" if number else "  (Ctrl-click mixes it in)"
        self.setToolTip(self._description + keys)
        self.update()

    def show_choice(self, *, is_current: bool, is_second: bool) -> None:
        self._is_second = is_second
        self.setChecked(is_current)
        self.setAccessibleDescription("mixed in" if is_second else "")
        self.update()

    @property
    def picture_key(self) -> int:
        """Another picture has another."""
        return self._picture.cacheKey()

    def show_picture(self, picture: QImage) -> None:
        self._picture = picture
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        if event is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.setDown(False)
            self.mixed_in.emit(self.name)
            return
        super().mouseReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent | None) -> None:  # noqa: N802
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(2, 2, PICTURE.width(), PICTURE.height())
        self._paint_picture(painter, frame)
        self._paint_frame(painter, frame)
        if self._number:
            self._paint_number(painter, frame)
        self._paint_title(painter)

    def _paint_picture(self, painter: QPainter, frame: QRectF) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(frame, 5, 5)
        painter.fillPath(outline, QColor(theme.RAISED))
        if self._picture.isNull():
            return
        painter.save()
        painter.setClipPath(outline)
        painter.drawImage(frame, self._picture, _middle(self._picture, frame))
        painter.restore()

    def _paint_frame(self, painter: QPainter, frame: QRectF) -> None:
        """Accent: this style. Dashed: mixed in. White: the keyboard's focus."""
        pen = None
        if self.hasFocus():
            pen = QPen(QColor(theme.TEXT), 2)
        elif self.isChecked():
            pen = QPen(QColor(theme.ACCENT), 2)
        elif self._is_second:
            pen = QPen(QColor(theme.ACCENT), 2, Qt.PenStyle.DotLine)
        elif self.underMouse():
            pen = QPen(QColor(theme.FAINT), 1)
        if pen is not None:
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(-1, -1, 1, 1), 6, 6)

    def _paint_number(self, painter: QPainter, frame: QRectF) -> None:
        badge = QRectF(frame.left() + 6, frame.top() + 6, 18, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.ACCENT) if self.isChecked() else QColor(10, 10, 12, 170))
        painter.drawRoundedRect(badge, 4, 4)
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QColor(theme.ON_ACCENT if self.isChecked() else theme.TEXT))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(self._number))

    def _paint_title(self, painter: QPainter) -> None:
        painter.setFont(self.font())
        painter.setPen(QColor(theme.TEXT if self.isChecked() else theme.QUIET))
        room = QRectF(2, PICTURE.height() + 5, PICTURE.width(), CARD.height() - PICTURE.height() - 5)
        text = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, PICTURE.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _on_click(self) -> None:
        self.setChecked(True)  # a second click on the current style leaves it current
        self.chosen.emit(self.name)


def _middle(picture: QImage, frame: QRectF) -> QRectF:
    """The part of a picture that fills the frame."""
    scale = min(picture.width() / frame.width(), picture.height() / frame.height())
    width, height = frame.width() * scale, frame.height() * scale
    return QRectF((picture.width() - width) / 2, (picture.height() - height) / 2, width, height)


def _horizontal_scroll(row: QHBoxLayout) -> QScrollArea:
    inside = QWidget()
    inside.setLayout(row)
    scroll = QScrollArea()
    scroll.setWidget(inside)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return scroll
