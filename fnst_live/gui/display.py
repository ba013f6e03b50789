"""Whether there is a screen to open a window on. Qt itself would end the program without a word to its user."""

from __future__ import annotations

import ctypes
import os
import sys

from fnst_live.errors import UserError

XCB_CURSOR = "libxcb-cursor.so.0"


def require_display() -> None:
    """Raises UserError with what to do."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM", "xcb") != "xcb":
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    if not os.environ.get("DISPLAY"):
        raise UserError("there is no screen to open a window on: set DISPLAY, or paint files with fnst-live video")
    try:
        ctypes.CDLL(XCB_CURSOR)
    except OSError as error:
        raise UserError(f"Qt needs {XCB_CURSOR} to open a window: install the package libxcb-cursor0") from error
