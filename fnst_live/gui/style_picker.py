"""The dropdown of styles: a picture, the painting's title, and who painted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PyQt6.QtCore import QModelIndex, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fnst_live.gui import theme
from fnst_live.gui.controls import Dropdown
from fnst_live.gui.style_choice import StyleChoice

NAME_ROLE = Qt.ItemDataRole.UserRole
CAPTION_ROLE = Qt.ItemDataRole.UserRole + 1
PICTURE_SIZE = QSize(80, 45)
ROW_HEIGHT = 57
LIST_WIDTH = 330
NOTHING = ""


class StylePicker(Dropdown):
    """chosen carries a style's name, or an empty one for the entry that says `nothing`."""

    chosen = pyqtSignal(str)

    def __init__(self, name: str, command: str, nothing: str = "", parent: QWidget | None = None):
        super().__init__(name, command, parent)
        self._nothing = nothing
        self.setIconSize(QSize(28, 16))
        self.setMinimumContentsLength(14)
        self.setSizeAdjustPolicy(self.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setItemDelegate(StyleRow(self))
        self.activated.connect(lambda index: self.chosen.emit(self.itemData(index, NAME_ROLE)))

    def show_styles(self, styles: Sequence[StyleChoice]) -> None:
        current = self.currentData(NAME_ROLE)
        self.clear()
        if self._nothing:
            self.addItem(self._nothing, NOTHING)
        for style in styles:
            self.addItem(_icon(QPixmap(str(style.preview))), style.title, style.name)
            self.setItemData(self.count() - 1, style.caption, CAPTION_ROLE)
            self.setItemData(self.count() - 1, style.description, Qt.ItemDataRole.AccessibleTextRole)
        self.show_current(current or NOTHING)

    def show_current(self, name: str) -> None:
        """A model file from the command line is in no list, but has a name."""
        self.setPlaceholderText(Path(name).name)
        self.setCurrentIndex(self.findData(name, NAME_ROLE))

    def show_thumbnails(self, pictures: Mapping[str, QImage]) -> None:
        for name, picture in pictures.items():
            index = self.findData(name, NAME_ROLE)
            if index >= 0:
                self.setItemIcon(index, _icon(QPixmap.fromImage(picture)))

    def showPopup(self) -> None:  # noqa: N802
        view = self.view()
        if view is not None:
            view.setMinimumWidth(LIST_WIDTH)
        super().showPopup()


class StyleRow(QStyledItemDelegate):
    """Picture left, title over caption."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        return QSize(LIST_WIDTH - 20, ROW_HEIGHT if index.data(NAME_ROLE) else theme.CONTROL_HEIGHT)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if painter is None:
            return
        row = option.rect.adjusted(2, 1, -2, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.HOVER))
            painter.drawRoundedRect(row, 5, 5)
        text = row.adjusted(10, 0, -8, 0)
        if index.data(NAME_ROLE):
            picture = QRect(row.left() + 6, row.center().y() - PICTURE_SIZE.height() // 2, PICTURE_SIZE.width(),
                            PICTURE_SIZE.height())
            index.data(Qt.ItemDataRole.DecorationRole).paint(painter, picture)
            text.setLeft(picture.right() + 12)
        self._paint_text(painter, text, index)
        painter.restore()

    def _paint_text(self, painter: QPainter, area: QRect, index: QModelIndex) -> None:
        caption = index.data(CAPTION_ROLE) or ""
        title_area = QRect(area.left(), area.top(), area.width(), area.height() // 2 + 8 if caption else area.height())
        for part, text, color, align in (
            (title_area, index.data(), theme.TEXT,
             Qt.AlignmentFlag.AlignVCenter),
            (QRect(area.left(), area.center().y() + 1, area.width(), area.height() // 2 - 4), caption, theme.QUIET,
             Qt.AlignmentFlag.AlignTop),
        ):
            painter.setPen(QColor(color))
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, part.width())
            painter.drawText(part, align | Qt.AlignmentFlag.AlignLeft, elided)


def _icon(picture: QPixmap) -> QIcon:
    """All of one shape, so that titles stand in one column."""
    if picture.isNull():
        picture = QPixmap(PICTURE_SIZE)
        picture.fill(QColor(theme.HOVER))
    return QIcon(cropped(picture, PICTURE_SIZE * 2))


def cropped(picture: QPixmap, size: QSize) -> QPixmap:
    """The middle of a picture, filling the size."""
    scaled = picture.scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                            Qt.TransformationMode.SmoothTransformation)
    corner = QRect((scaled.width() - size.width()) // 2, (scaled.height() - size.height()) // 2, 0, 0)
    return scaled.copy(QRect(corner.topLeft(), size))
