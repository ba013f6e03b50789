"""The look of the window: dark and quiet, so that the picture is the brightest thing in it.

One background, one raised surface, one line, two greys of text, and one accent, the ochre of old varnish.
"""

from __future__ import annotations

from PyQt6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PyQt6.QtWidgets import QApplication

BACKGROUND = "#111113"
SURFACE = "#18181b"
RAISED = "#232327"
HOVER = "#2d2d32"
LIFTED = "#3a3a40"
TEXT = "#e9e7e4"
QUIET = "#a09da6"
FAINT = "#66646b"
ACCENT = "#e3a857"
ON_ACCENT = "#1d1405"
RECORD = "#ea5a52"
CANVAS = "#08080a"  # around the picture

GAP = 8  # between neighbors
MARGIN = 12  # from an edge
RADIUS = 6
CONTROL_HEIGHT = 32
ICON_SIZE = 18

FONTS = ("Inter", "SF Pro Text", "Segoe UI", "Cantarell", "Ubuntu", "Noto Sans", "DejaVu Sans")
FONT_SIZE_PX = 13

STYLE_SHEET = f"""
QMainWindow, QDialog {{ background: {BACKGROUND}; }}
QWidget {{ color: {TEXT}; }}
QWidget:disabled {{ color: {FAINT}; }}
#bar, #panel, #gallery {{ background: {SURFACE}; }}
#bar[edge="top"], #gallery {{ border-bottom: 1px solid {BACKGROUND}; }}
QLabel {{ background: transparent; }}
QLabel[role="quiet"] {{ color: {QUIET}; }}
QLabel[role="heading"] {{ color: {QUIET}; font-size: 11px; font-weight: 600; }}

QMenuBar {{ background: {SURFACE}; padding: 2px 6px; }}
QMenuBar::item {{ background: transparent; padding: 5px 10px; border-radius: 4px; color: {QUIET}; }}
QMenuBar::item:selected {{ background: {RAISED}; color: {TEXT}; }}
QMenu {{ background: {RAISED}; border: 1px solid {HOVER}; padding: 5px; }}
QMenu::item {{ padding: 6px 26px 6px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {HOVER}; }}
QMenu::item:disabled {{ color: {FAINT}; }}
QMenu::separator {{ height: 1px; background: {HOVER}; margin: 5px 8px; }}
QMenu::indicator {{ width: 8px; height: 8px; left: 8px; border-radius: 4px; }}
QMenu::indicator:checked {{ background: {ACCENT}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {HOVER}; padding: 5px 7px; }}

QToolButton, QPushButton {{
    background: transparent; border: 1px solid transparent; border-radius: {RADIUS}px;
    min-height: 30px; padding: 0 7px;
}}
QToolButton:hover, QPushButton:hover {{ background: {RAISED}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {HOVER}; }}
QToolButton:focus, QPushButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus {{
    border: 1px solid {ACCENT};
}}
QToolButton[role="choice"], QPushButton {{ background: {RAISED}; padding: 0 12px; }}
QToolButton[role="choice"] {{ text-align: left; padding: 0 28px 0 10px; }}
QToolButton[role="choice"]:hover, QPushButton:hover {{ background: {HOVER}; }}
QToolButton[role="segment"]:checked {{ background: {HOVER}; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton:default {{ background: {ACCENT}; color: {ON_ACCENT}; }}
QPushButton:disabled {{ color: {FAINT}; }}

QComboBox, QAbstractSpinBox, QLineEdit {{
    background: {RAISED}; border: 1px solid transparent; border-radius: {RADIUS}px;
    min-height: {CONTROL_HEIGHT - 2}px; padding: 0 10px; selection-background-color: {ACCENT};
    selection-color: {ON_ACCENT};
}}
QComboBox:hover, QAbstractSpinBox:hover, QLineEdit:hover {{ background: {HOVER}; }}
QComboBox::drop-down {{ border: none; width: 26px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{
    background: {RAISED}; border: 1px solid {HOVER}; padding: 4px; outline: none;
    selection-background-color: {HOVER}; selection-color: {TEXT};
}}

QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {HOVER}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {QUIET}; }}
QSlider::sub-page:horizontal:disabled {{ background: {HOVER}; }}
QSlider::handle:horizontal {{
    width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: {TEXT}; border: 1px solid {SURFACE};
}}
QSlider::handle:horizontal:hover {{ background: white; }}
QSlider::handle:horizontal:disabled {{ background: {FAINT}; }}
QSlider::sub-page:horizontal:focus {{ background: {ACCENT}; }}
QSlider::handle:horizontal:focus {{ background: {ACCENT}; }}

QScrollBar:horizontal, QScrollBar:vertical {{ background: transparent; height: 8px; width: 8px; margin: 0; }}
QScrollBar::handle {{ background: {HOVER}; border-radius: 3px; margin: 1px; min-width: 32px; min-height: 32px; }}
QScrollBar::handle:hover {{ background: {FAINT}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: none; width: 0; height: 0;
}}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}

#banner, #toast {{ background: {RAISED}; border: 1px solid {HOVER}; border-radius: 8px; }}
#banner QPushButton, #toast QPushButton {{ background: {HOVER}; }}
#banner QPushButton:hover, #toast QPushButton:hover {{ background: {LIFTED}; }}
#banner[kind="error"] {{ border-left: 3px solid {RECORD}; }}
#banner[kind="notice"] {{ border-left: 3px solid {ACCENT}; }}
#banner[kind="error"] QLabel {{ font-weight: 500; }}
#recording {{ color: {RECORD}; }}
"""


def apply_theme(app: QApplication) -> None:
    """Fusion is the one base that looks the same everywhere."""
    app.setStyle("Fusion")
    app.setPalette(_palette())
    app.setFont(_font())
    app.setStyleSheet(STYLE_SHEET)


def _palette() -> QPalette:
    """For what the style sheet does not reach: file dialogs, message boxes, placeholders."""
    role = QPalette.ColorRole
    palette = QPalette()
    for roles, color in (
        ((role.Window, role.AlternateBase), SURFACE),
        ((role.Base,), BACKGROUND),
        ((role.Button, role.ToolTipBase), RAISED),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText), TEXT),
        ((role.Highlight, role.Link, role.Accent), ACCENT),
        ((role.HighlightedText,), ON_ACCENT),
        ((role.PlaceholderText,), FAINT),
        ((role.Light, role.Midlight), HOVER),
        ((role.Dark, role.Mid, role.Shadow), BACKGROUND),
    ):
        for one in roles:
            palette.setColor(one, QColor(color))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(FAINT))
    return palette


def _font() -> QFont:
    known = set(QFontDatabase.families())
    family = next((family for family in FONTS if family in known), QFont().family())
    font = QFont(family)
    font.setPixelSize(FONT_SIZE_PX)
    return font


def tabular(font: QFont) -> QFont:
    """The same font with figures of one width, so that a changing number does not shift its neighbors."""
    font = QFont(font)
    font.setFeature(QFont.Tag.fromString("tnum"), 1)  # type: ignore[arg-type]  # the stub forgets the optional's value
    return font
