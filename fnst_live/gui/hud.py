"""The speed display: what limits the speed, at a glance. It draws into the viewport and knows only `LiveStats`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter

from fnst_live.gui import theme
from fnst_live.gui.backdrop import paint_backdrop

if TYPE_CHECKING:
    from fnst_live.pipeline.stats import LiveStats

UPDATE_S = 0.25  # figures that change faster cannot be read
ROW_HEIGHT = 20
PADDING = 12
WIDTH = 272
LABEL_WIDTH = 68
VALUE_WIDTH = 64


class Hud:
    """Told of every result's stats, it takes a reading four times a second."""

    def __init__(self) -> None:
        self._stats: LiveStats | None = None
        self._read_s = 0.0

    def show_stats(self, stats: LiveStats, now_s: float | None = None) -> None:
        """The first of another source at once: a still picture gives no second."""
        now_s = time.monotonic() if now_s is None else now_s
        is_first = self._stats is None or stats.frame_count < self._stats.frame_count
        if is_first or now_s - self._read_s >= UPDATE_S:
            self._stats, self._read_s = stats, now_s

    @property
    def stats(self) -> LiveStats | None:
        """What is shown."""
        return self._stats

    def rows(self) -> list[tuple[str, str]]:
        """Label and value, without the stages."""
        stats = self._stats
        if stats is None:
            return []
        return [
            ("rate", f"{stats.fps:.1f} fps"),
            ("latency", f"{stats.latency_ms:.0f} ms"),
            ("dropped", f"{stats.dropped_count} of {stats.dropped_count + stats.frame_count}"),
            ("paints", f"{_size(stats.work_size)} of {_size(stats.source_size)}"),
            ("engine", stats.engine or "none"),
        ]

    def paint(self, painter: QPainter, corner: QPointF, font: QFont) -> None:
        """Upper left corner at `corner`."""
        stats = self._stats
        if stats is None:
            return
        rows, stages = self.rows(), list(stats.stage_ms.items())
        panel = QRectF(corner.x(), corner.y(), WIDTH, ROW_HEIGHT * (len(rows) + len(stages)) + 2 * PADDING + 9)
        painter.save()
        paint_backdrop(painter, panel, font)
        top = panel.top() + PADDING
        top = self._paint_rows(painter, panel, top, rows)
        painter.fillRect(QRectF(panel.left() + PADDING, top + 4, WIDTH - 2 * PADDING, 1), QColor(255, 255, 255, 28))
        self._paint_stages(painter, panel, top + 9, stages)
        painter.restore()

    def _paint_rows(self, painter: QPainter, panel: QRectF, top: float, rows: list[tuple[str, str]]) -> float:
        for label, value in rows:
            row = QRectF(panel.left() + PADDING, top, WIDTH - 2 * PADDING, ROW_HEIGHT)
            _text(painter, row, label, theme.QUIET)
            _text(painter, row.adjusted(LABEL_WIDTH, 0, 0, 0), value, theme.TEXT)
            top += ROW_HEIGHT
        return top

    def _paint_stages(self, painter: QPainter, panel: QRectF, top: float, stages: list[tuple[str, float]]) -> None:
        """A bar for each stage; the slowest, which sets the pace, has the accent."""
        slowest_ms = max((ms for _, ms in stages), default=0.0)
        bar_left = panel.left() + PADDING + LABEL_WIDTH
        bar_room = WIDTH - 2 * PADDING - LABEL_WIDTH - VALUE_WIDTH
        for name, ms in stages:
            row = QRectF(panel.left() + PADDING, top, WIDTH - 2 * PADDING, ROW_HEIGHT)
            _text(painter, row, name, theme.QUIET)
            bar = QRectF(bar_left, row.center().y() - 2, max(2.0, bar_room * ms / max(slowest_ms, 1e-9)), 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ACCENT if ms == slowest_ms else theme.FAINT))
            painter.drawRoundedRect(bar, 2, 2)
            _text(painter, row, f"{ms:.1f} ms", theme.TEXT, Qt.AlignmentFlag.AlignRight)
            top += ROW_HEIGHT


def _text(painter: QPainter, row: QRectF, text: str, color: str,
          align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
    painter.setPen(QColor(color))
    painter.drawText(row, align | Qt.AlignmentFlag.AlignVCenter, text)


def _size(size: tuple[int, int]) -> str:
    """Where nothing is painted there is none."""
    return f"{size[0]} × {size[1]}" if size[0] else "nothing"
