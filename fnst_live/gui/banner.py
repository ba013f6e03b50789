"""One line over the picture when something went wrong: what it is and what to do, with details to copy."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from fnst_live.gui import icons, theme

ERROR, NOTICE = "error", "notice"


class Banner(QFrame):
    """It lies over the picture and so moves nothing. It stays until it is closed or what it tells of is over."""

    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._details = ""
        self.label = QLabel()
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setWordWrap(True)
        self.copy_button = QPushButton("Copy details")
        self.copy_button.setToolTip("Copy what a helper needs to know to the clipboard  (Tab, Space)")
        self.copy_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QToolButton()
        self.close_button.setIcon(icons.icon("close"))
        self.close_button.setToolTip("Close  (Esc)")
        self.close_button.setAccessibleName("Close message")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, theme.GAP, theme.GAP, theme.GAP)
        row.setSpacing(theme.GAP)
        row.addWidget(self.label, 1)
        row.addWidget(self.copy_button)
        row.addWidget(self.close_button)
        self.hide()

    def show_error(self, sentence: str, details: str = "") -> None:
        self._show(ERROR, sentence, details)

    def show_notice(self, sentence: str) -> None:
        self._show(NOTICE, sentence, "")

    def clear(self) -> None:
        if self.isHidden():
            return
        self.hide()
        self.closed.emit()

    def clear_error(self, sentence: str) -> None:
        """It is over; another message that has come since stays."""
        if self.text == as_sentence(sentence):
            self.clear()

    def natural_width(self) -> int:
        """What one line needs."""
        label, buttons = self.label, [b for b in (self.copy_button, self.close_button) if not b.isHidden()]
        text_width = label.fontMetrics().horizontalAdvance(label.text()) + 2 * theme.GAP
        return 16 + text_width + sum(button.sizeHint().width() + theme.GAP for button in buttons) + theme.GAP

    @property
    def text(self) -> str:
        """Empty while nothing is shown."""
        return "" if self.isHidden() else self.label.text()

    def _show(self, kind: str, sentence: str, details: str) -> None:
        self._details = f"{sentence}\n\n{details}" if details else ""
        self.label.setText(as_sentence(sentence))
        self.setAccessibleName(f"{kind}: {sentence}")
        self.copy_button.setText("Copy details")
        self.copy_button.setVisible(bool(details))
        self.setProperty("kind", kind)
        self._read_style_anew()
        self.show()
        self.raise_()

    def _read_style_anew(self) -> None:
        """The style sheet asks for the kind, and does not notice that it has changed."""
        style = self.style()
        if style is not None:
            style.unpolish(self)
            style.polish(self)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._details)
        self.copy_button.setText("Copied")


def as_sentence(text: str) -> str:
    """Errors begin in lower case, for the command line's sake; the name of a file stays as it is."""
    first_word = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first_word.replace("-", "").isalpha() else text
