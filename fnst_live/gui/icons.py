"""The icons, drawn here as strokes on a 24 x 24 grid, so that they are sharp on every screen and follow the theme."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QRectF, Qt
from PyQt6.QtGui import QIcon, QPainter, QPainterPath, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from fnst_live.gui import theme

SCALES = (1, 2, 3)  # device pixels per pixel that are drawn ahead

APP_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)

APP_ICON_ROUNDING = 0.22  # of its side
_APP_ICON = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
<rect width="64" height="64" fill="{theme.HOVER}"/><path d="M0 44L20 26l13 12v26H0z" fill="#5b6b7d"/>
<circle cx="20" cy="15" r="5" fill="{theme.ACCENT}"/>
<g fill="none" stroke-linecap="round" stroke-width="11.2">
<path d="M38 9c7-4 14 5 30 0" stroke="{theme.ACCENT}"/><path d="M38 20c7-4 14 5 30 0" stroke="#d8823f"/>
<path d="M38 31c7-4 14 5 30 0" stroke="#4f7f9e"/><path d="M38 42c7-4 14 5 30 0" stroke="#2f5d86"/>
<path d="M38 53c7-4 14 5 30 0" stroke="#24466b"/><path d="M38 64c7-4 14 5 30 0" stroke="#1c3450"/></g>
<rect x="31" width="2.4" height="64" fill="{theme.TEXT}"/></svg>"""
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{color}" stroke-width="1.7" '
    'stroke-linecap="round" stroke-linejoin="round">{shapes}</svg>'
)
_SHAPES = {
    "camera": '<rect x="3" y="7" width="12" height="10" rx="2"/><path d="M15 11l6-3v8l-6-3"/>',
    "video": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M10 9.5v5l4.5-2.5z"/>',
    "picture": '<rect x="3" y="5" width="18" height="14" rx="2"/><circle cx="9" cy="10" r="1.4"/>'
               '<path d="M4 17l5-4 3 2.5 4-4 5 4.5"/>',
    "network": '<path d="M3.5 9.5a12 12 0 0 1 17 0"/><path d="M6.5 13a7.8 7.8 0 0 1 11 0"/>'
               '<path d="M9.5 16.3a3.6 3.6 0 0 1 5 0"/><circle cx="12" cy="19.3" r="0.6"/>',
    "screen": '<rect x="3" y="4" width="18" height="12.5" rx="2"/><path d="M12 16.5v3.5"/><path d="M8 20h8"/>',
    "scene": '<path d="M2.5 18l6-9 4 6 2.5-3.5L21.5 18z"/><circle cx="17" cy="7" r="1.8"/>',
    "down": '<path d="M7 10l5 5 5-5"/>',
    "painted": '<rect x="4" y="5" width="16" height="14" rx="2"/>',
    "wipe": '<rect x="4" y="5" width="16" height="14" rx="2"/><path d="M12 3v18"/><path d="M9.5 12h5"/>',
    "side_by_side": '<rect x="3" y="6" width="8" height="12" rx="1.5"/><rect x="13" y="6" width="8" height="12" '
                    'rx="1.5"/>',
    "eye": '<path d="M2.5 12s3.5-6 9.5-6 9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6z"/><circle cx="12" '
           'cy="12" r="2.7"/>',
    "mirror": '<path d="M12 4v16"/><path d="M9 8L3.5 17H9z"/><path d="M15 8l5.5 9H15z"/>',
    "hud": '<path d="M4 19V11"/><path d="M9.3 19V5"/><path d="M14.7 19v-6"/><path d="M20 19V8"/>',
    "panel": '<path d="M4 7h9"/><path d="M17 7h3"/><circle cx="15" cy="7" r="2"/><path d="M4 17h3"/>'
             '<path d="M11 17h9"/><circle cx="9" cy="17" r="2"/>',
    "full_screen": '<path d="M4 9V4h5"/><path d="M20 9V4h-5"/><path d="M4 15v5h5"/><path d="M20 15v5h-5"/>',
    "play": '<path d="M7.5 5v14l11-7z" fill="{color}"/>',
    "pause": '<path d="M8.5 5.5v13"/><path d="M15.5 5.5v13"/>',
    "step_back": '<path d="M17 6v12l-8-6z"/><path d="M6.5 6v12"/>',
    "step_forward": '<path d="M7 6v12l8-6z"/><path d="M17.5 6v12"/>',
    "loop": '<path d="M17 3.5l3 3-3 3"/><path d="M4 11V9.5a3 3 0 0 1 3-3h13"/><path d="M7 20.5l-3-3 3-3"/>'
            '<path d="M20 13v1.5a3 3 0 0 1-3 3H4"/>',
    "freeze": '<path d="M12 3v18"/><path d="M4.2 7.5l15.6 9"/><path d="M19.8 7.5l-15.6 9"/>'
              '<path d="M9.5 4.5L12 7l2.5-2.5"/><path d="M9.5 19.5L12 17l2.5 2.5"/>',
    "microphone": '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0"/>'
                  '<path d="M12 18v3"/>',
    "volume": '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z"/><path d="M15.5 9a4.2 4.2 0 0 1 0 6"/>'
              '<path d="M18 6.5a7.8 7.8 0 0 1 0 11"/>',
    "record": '<circle cx="12" cy="12" r="6.5" fill="{color}"/>',
    "stop": '<rect x="6.5" y="6.5" width="11" height="11" rx="2" fill="{color}"/>',
    "snapshot": '<path d="M4 8h3.5l1.5-2.5h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 '
                '0 1 1-1z"/><circle cx="12" cy="13" r="3.3"/>',
    "broadcast": '<circle cx="12" cy="12" r="2.2" fill="{color}"/><path d="M8 16a5.6 5.6 0 0 1 0-8"/>'
                 '<path d="M16 8a5.6 5.6 0 0 1 0 8"/><path d="M5.2 18.8a9.6 9.6 0 0 1 0-13.6"/>'
                 '<path d="M18.8 5.2a9.6 9.6 0 0 1 0 13.6"/>',
    "close": '<path d="M7 7l10 10"/><path d="M17 7L7 17"/>',
    "right": '<path d="M10 7l5 5-5 5"/>',
    "retry": '<path d="M18.5 8.5A7.5 7.5 0 1 0 19.5 13"/><path d="M19 4v5h-5"/>',
    "folder": '<path d="M3.5 18V6.5a1 1 0 0 1 1-1H9l2 2.5h8.5a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1z"/>',
    "swap": '<path d="M7 4v14"/><path d="M4 15l3 3 3-3"/><path d="M17 20V6"/><path d="M14 9l3-3 3 3"/>',
}
NAMES = frozenset(_SHAPES)


def icon(name: str, color: str = theme.QUIET, checked_color: str = theme.ACCENT) -> QIcon:
    """Grey, in the accent where it is switched on, faint where it is disabled."""
    drawn = QIcon()
    for mode, state, stroke in (
        (QIcon.Mode.Normal, QIcon.State.Off, color),
        (QIcon.Mode.Normal, QIcon.State.On, checked_color),
        (QIcon.Mode.Disabled, QIcon.State.Off, theme.FAINT),
        (QIcon.Mode.Disabled, QIcon.State.On, theme.FAINT),
    ):
        for scale in SCALES:
            drawn.addPixmap(pixmap(name, stroke, scale), mode, state)
    return drawn


def app_icon() -> QIcon:
    """A picture whose right half is painted."""
    drawn = QIcon()
    for size in APP_ICON_SIZES:
        drawn.addPixmap(_rendered(_APP_ICON.encode(), size, size * APP_ICON_ROUNDING))
    return drawn


def pixmap(name: str, color: str, scale: float, size: int = theme.ICON_SIZE) -> QPixmap:
    """One drawing of `size` pixels a side at that many device pixels per pixel."""
    image = _rendered(_svg(name, color), round(size * scale))
    image.setDevicePixelRatio(scale)
    return image


def _rendered(svg: bytes, side: int, radius: float = 0.0) -> QPixmap:
    """Its corners rounded."""
    image = QPixmap(side, side)
    image.fill(Qt.GlobalColor.transparent)
    outline = QPainterPath()
    outline.addRoundedRect(QRectF(image.rect()), radius, radius)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(outline)
    QSvgRenderer(QByteArray(svg)).render(painter, QRectF(image.rect()))
    painter.end()
    return image


def _svg(name: str, color: str) -> bytes:
    return _SVG.format(color=color, shapes=_SHAPES[name].replace("{color}", color)).encode()
