"""A word that something was saved, with the way to it. It goes by itself."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from fnst_live.gui import theme

SHOWN_MS = 7000


class Toast(QFrame):
    """show_in_folder carries the path that was saved."""

    show_in_folder = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._path: Path | None = None
        self._text = ""
        self.label = QLabel()
        self.button = QPushButton("Show in folder")
        self.button.setToolTip("Open the folder it was saved in  (Tab, Space)")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(lambda: self.show_in_folder.emit(self._path))
        self._row = QHBoxLayout(self)
        self._row.setSpacing(16)
        self._row.addWidget(self.label)
        self._row.addWidget(self.button)
        self.setMinimumHeight(theme.CONTROL_HEIGHT + 2 * theme.GAP)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(SHOWN_MS)
        self.timer.timeout.connect(self._go)
        self.hide()

    def show_saved(self, text: str, path: Path) -> None:
        self._path = path
        self._show(text)

    def show_text(self, text: str) -> None:
        self._path = None
        self._show(text)

    def clear_text(self, text: str) -> None:
        """It is over; another word that has come since stays."""
        if self.text == text:
            self.hide()

    @property
    def text(self) -> str:
        return "" if self.isHidden() else self._text

    def fit(self, most_width: int) -> None:
        """What has no room ends in dots."""
        margins, button = self._row.contentsMargins(), self.button
        taken = margins.left() + margins.right() + self.width() - self.contentsRect().width()
        if not button.isHidden():
            taken += self._row.spacing() + button.sizeHint().width()
        room = max(0, most_width - taken)
        self.label.setText(self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, room))
        self.adjustSize()

    def _show(self, text: str) -> None:
        self._text = text
        self.label.setText(text)
        self.setAccessibleName(text)
        self.button.setVisible(self._path is not None)
        self._row.setContentsMargins(16, theme.GAP, 16 if self._path is None else theme.GAP, theme.GAP)
        self.adjustSize()
        self.show()
        self.raise_()
        self.timer.start()

    def _go(self) -> None:
        """Not under the pointer, and not from under the keyboard."""
        if self.underMouse() or self.button.hasFocus():
            self.timer.start()
        else:
            self.hide()
