"""The export queue behind the window. It is made when it is first needed, or when the last time left work behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnst_live.export_queue import ExportQueue
from fnst_live.gui.export_panel import ExportPanel


class QueuedExports:
    """Satisfies `export_presenter.Exports`. file: where the queue is kept between two starts."""

    def __init__(self, file: Path):
        self._file = file
        self._queue: ExportQueue | None = None

    def take_up(self) -> bool:
        """Go on with what the last time left; False where it left nothing."""
        return self._file.exists() and self._the_queue().has_running_jobs()

    def make_panel(self, styles: Sequence[str]) -> ExportPanel:
        return ExportPanel(self._the_queue(), styles)

    def has_running_jobs(self) -> bool:
        return self._queue is not None and self._queue.has_running_jobs()

    def close(self) -> None:
        """What is unfinished goes on at the next start."""
        if self._queue is not None:
            self._queue.close(keep=True)

    def _the_queue(self) -> ExportQueue:
        if self._queue is None:
            self._queue = ExportQueue(file=self._file)
        return self._queue
