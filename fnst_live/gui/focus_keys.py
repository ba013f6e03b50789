"""A focused control keeps the keys it needs: arrows move a focused slider, space presses a focused button.

Elsewhere the same keys are shortcuts of the window. Qt asks the focused widget first, by ShortcutOverride; sliders and
buttons do not answer, so this filter answers for them. They take the focus by Tab only: after a click, keys stay the
picture's.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QMenuBar

_ARROWS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down})
_KEYS = (
    (QAbstractSlider, _ARROWS),
    (QComboBox, _ARROWS | {Qt.Key.Key_Space}),
    (QAbstractSpinBox, _ARROWS),
    (QAbstractButton, frozenset({Qt.Key.Key_Space})),
    (QMenuBar, _ARROWS | {Qt.Key.Key_Space, Qt.Key.Key_Escape}),
)


class FocusKeys(QObject):
    """An event filter for the application."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _needs(watched, event):
            event.accept()
            return True
        return False


def _needs(widget: QObject | None, event: QKeyEvent) -> bool:
    is_plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
    return is_plain and any(isinstance(widget, kind) and event.key() in keys for kind, keys in _KEYS)
