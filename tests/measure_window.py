"""Measures the real window at work, on the display there is: `python -m tests.measure_window [SECONDS [CLIP LINES]]`.

A clip of 60 frames a second, painted at so many lines, shows how many there can be, as `fnst-live bench` tells of its
stand-in camera; without one it is the built-in scene at automatic detail.

Prints one JSON object: how long after the start of the process the window was painted, the first picture came and the
first painted one; the longest stretch in which the window was deaf (a timer of 5 ms that came late), while starting
and afterwards, with a style switch every tenth of the time; frames a second, latency and memory at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

TICK_MS = 5
SWITCHES = 10

if TYPE_CHECKING:
    from fnst_live.pipeline.live import LiveResult


class Ears:
    """Hears every tick; the longest silence is how long nobody would have been heard."""

    def __init__(self) -> None:
        self._last_s = time.monotonic()
        self.longest_ms = 0.0

    def hear(self) -> None:
        now_s = time.monotonic()
        self.longest_ms = max(self.longest_ms, (now_s - self._last_s) * 1000 - TICK_MS)
        self._last_s = now_s

    def take_longest_ms(self) -> float:
        longest_ms, self.longest_ms = self.longest_ms, 0.0
        return round(longest_ms, 1)


class Measurement:
    def __init__(self, started_s: float, seconds: float, clip: str, lines: str):
        self._started_s = started_s
        self._seconds = seconds
        self._source, self._lines = clip or "scene", int(lines) if lines else None
        self._ears = Ears()
        self._switch_count = 0
        self.found: dict[str, float | str] = {}

    def run(self) -> None:
        from PyQt6.QtCore import QTimer

        from fnst_live.export_queue import default_file
        from fnst_live.gui.app import make_application
        from fnst_live.gui.exports import QueuedExports
        from fnst_live.gui.keeping_presenter import KeepFolders
        from fnst_live.gui.live_window import LiveWindow, Surroundings
        from fnst_live.gui.style_choice import installed_styles
        from fnst_live.gui.window_state import WindowState
        from fnst_live.live_devices import camera_choices
        from fnst_live.live_session import LiveSession
        from fnst_live.live_settings import LiveLook, SourceSpec

        app = make_application()
        folders = KeepFolders(Path(tempfile.gettempdir()), Path(tempfile.gettempdir()))
        self._live = LiveWindow(
            Surroundings(LiveSession, installed_styles, camera_choices, folders, QueuedExports(default_file())),
            WindowState(SourceSpec.parse(self._source), LiveLook(work_height=self._lines)),
        )
        self._live.window.viewport.first_painted.connect(lambda: self._note("window_painted_s"))
        self._live.bridge.result_arrived.connect(self._on_result)
        self._tick, self._next_style = QTimer(), QTimer()
        self._tick.timeout.connect(self._ears.hear)
        self._next_style.timeout.connect(self._switch)
        self._live.show()
        self._tick.start(TICK_MS)
        app.exec()
        self._live.dispose()

    def _note(self, what: str) -> None:
        self.found.setdefault(what, round(time.time() - self._started_s, 2))

    def _on_result(self, result: LiveResult) -> None:
        self._note("first_picture_s")
        if result.style and "first_painted_s" not in self.found:
            self._note("first_painted_s")
            self.found["deaf_while_starting_ms"] = self._ears.take_longest_ms()
            self._next_style.start(round(self._seconds * 1000 / SWITCHES))
        self._result = result

    def _switch(self) -> None:
        self._switch_count += 1
        if self._switch_count < SWITCHES:
            self._live.window.actions_["next_style"].trigger()
            return
        stats = self._result.stats
        self.found |= {
            "deaf_ms": self._ears.take_longest_ms(), "fps": round(stats.fps, 1), "latency_ms": round(stats.latency_ms),
            "work_size": str(stats.work_size), "engine": stats.engine, "memory_mb": memory_mb(),
        }
        self._next_style.stop()
        self._live.end()


def memory_mb() -> int:
    """Resident, as Linux tells it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def main(seconds: str = "60", clip: str = "", lines: str = "") -> None:
    """In a process of its own, whose start is known."""
    subprocess.run([sys.executable, "-m", "tests.measure_window", seconds, clip, lines, str(time.time())], check=True)


if __name__ == "__main__":
    if len(sys.argv) == 5:
        measurement = Measurement(float(sys.argv[4]), float(sys.argv[1]), sys.argv[2], sys.argv[3])
        measurement.run()
        print(json.dumps(measurement.found))  # noqa: T201
    else:
        main(*sys.argv[1:])
