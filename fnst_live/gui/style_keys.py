"""Number keys: 1 to 9 choose a style, Ctrl+1 to 9 mix one in, Ctrl+0 ends the mix."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QWidget

from fnst_live.gui.commands import NUMBERED_STYLES


class StyleKeys(QObject):
    """Both carry the position in the list of styles, from 0; mixed_in -1 for none."""

    chosen = pyqtSignal(int)
    mixed_in = pyqtSignal(int)

    def __init__(self, window: QWidget):
        super().__init__(window)
        for number in range(1, NUMBERED_STYLES + 1):
            self._add(f"{number}", window, self.chosen.emit, number - 1)
            self._add(f"Ctrl+{number}", window, self.mixed_in.emit, number - 1)
        self._add("Ctrl+0", window, self.mixed_in.emit, -1)

    def _add(self, key: str, window: QWidget, tell: Callable[[int], None], position: int) -> None:
        shortcut = QShortcut(QKeySequence(key), window)
        shortcut.activated.connect(lambda: tell(position))
