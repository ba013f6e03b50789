"""The export queue behind the window. It is made when it is first needed, or when the last time left work behind.

The file it is kept in belongs to one window at a time: two would paint the same files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QLockFile

from fnst_live.export_queue import ExportQueue
from fnst_live.gui.export_panel import ExportPanel


class QueuedExports:
    """Satisfies `export_presenter.Exports`. file: where the queue is kept between two starts.

    is_kept: what is unfinished goes on at the next start; False where another window has the file.
    """

    def __init__(self, file: Path):
        self._file = file
        self._queue: ExportQueue | None = None
        self._lock = QLockFile(f"{file}.lock")
        self._lock.setStaleLockTime(0)  # old is not stale: only if its process is gone

    @property
    def is_kept(self) -> bool:
        return self._lock.isLocked()

    def take_up(self) -> bool:
        """Go on with what the last time left; False where it left nothing, or another window is at it."""
        return self._file.exists() and self._is_ours() and self._the_queue().has_running_jobs()

    def make_panel(self, styles: Sequence[str]) -> ExportPanel:
        return ExportPanel(self._the_queue(), styles)

    def has_running_jobs(self) -> bool:
        return self._queue is not None and self._queue.has_running_jobs()

    def close(self) -> None:
        """What is unfinished goes on at the next start, where it is kept."""
        if self._queue is not None:
            self._queue.close(keep=True)
        self._lock.unlock()

    def _the_queue(self) -> ExportQueue:
        if self._queue is None:
            self._queue = ExportQueue(file=self._file if self._is_ours() else None)
        return self._queue

    def _is_ours(self) -> bool:
        """Where there can be no lock the queue cannot be kept either."""
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
        return self._lock.isLocked() or self._lock.tryLock(0)
