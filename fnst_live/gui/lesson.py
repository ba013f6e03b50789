"""A painting becomes a style: `fnst-train adapt` in a process of its own, since the app never imports the trainer."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, QProcess, pyqtSignal

TRAINER = (sys.executable, "-m", "trainer", "adapt")
TIME_BUDGET = "2m"
PROGRESS = re.compile(r"^step \d+ +(\d+)%")
SAID_BY = "fnst-train: "
PATIENCE_MS = 5000


class Lesson(QObject):
    """progressed carries percent; learned the model file, which lies there as long as the lesson does; failed the
    sentence for the user. One of the last two is the end, unless it is abandoned."""

    progressed = pyqtSignal(int)
    learned = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, painting: Path, base: Path, program: Sequence[str] = TRAINER, parent: QObject | None = None):
        """base: the model whose network learns it."""
        super().__init__(parent)
        self.name = painting.stem
        self._folder = tempfile.TemporaryDirectory(prefix="fnst-live-")
        self._file = Path(self._folder.name) / f"{self.name}.safetensors"
        self._last_line, self._is_stopped = "", False
        self._program = [*program, "--base", str(base), "--style-image", str(painting), "--output", str(self._file),
                         "--time-budget", TIME_BUDGET]
        self._process = QProcess(self)
        self._process.readyReadStandardError.connect(self._read)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def start(self) -> None:
        self._process.start(self._program[0], self._program[1:])

    def stop(self) -> None:
        """It ends soon, with what was learned so far."""
        self._is_stopped = True
        self._process.terminate()

    def abandon(self) -> None:
        """At once, and without a word."""
        self._process.blockSignals(True)  # noqa: FBT003  (Qt's)
        self._process.kill()
        self._process.waitForFinished(PATIENCE_MS)
        self._folder.cleanup()

    def _read(self) -> None:
        text = self._process.readAllStandardError().data().decode("utf-8", "replace")
        for line in filter(None, map(str.strip, text.splitlines())):
            self._last_line = line
            progress = PROGRESS.match(line)
            if progress:
                self.progressed.emit(int(progress[1]))

    def _on_finished(self, exit_code: int) -> None:
        self._read()
        if exit_code == 0 and self._file.exists():
            self.learned.emit(self._file)
        elif self._is_stopped:
            self.failed.emit("stopped before anything was learned")
        else:
            self.failed.emit(self._last_line.removeprefix(SAID_BY) or "the trainer ended without a word: try again")

    def _on_error(self, error: QProcess.ProcessError) -> None:
        """All others are told of as an end."""
        if error == QProcess.ProcessError.FailedToStart:
            self.failed.emit(f"{self._program[0]} cannot be started: install fnst-live again")
