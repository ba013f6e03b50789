"""From arrays to `QImage` without a copy: only this module knows that such an image is a view of foreign memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PyQt6 import sip
from PyQt6.QtGui import QImage

if TYPE_CHECKING:
    from fnst_live.frames.frame import Pixels


class PixelImage(QImage):
    """A view of uint8 (H, W, 3) RGB rows, C-contiguous. The array lives as long as this object does."""

    def __init__(self, pixels: Pixels):
        height, width, channels = pixels.shape
        memory: Any = sip.voidptr(pixels.data)  # the stub knows bytes only, which would be a copy
        super().__init__(memory, width, height, width * channels, QImage.Format.Format_RGB888)
        self._pixels = pixels
