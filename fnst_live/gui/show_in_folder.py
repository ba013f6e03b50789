"""Opens the folder of a file in the system's file browser, the file marked where the system can do that."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QProcess, QUrl
from PyQt6.QtGui import QDesktopServices


def show_in_folder(path: Path) -> bool:
    """False where the system has no file browser to open."""
    if sys.platform == "darwin":
        return QProcess.startDetached("open", ["-R", str(path)])[0]
    if sys.platform == "win32":
        return QProcess.startDetached("explorer", [f"/select,{path}"])[0]
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def why_not_shown(path: Path) -> str:
    """The sentence for where that failed."""
    return f"no file browser could be opened: the file is {path}"
