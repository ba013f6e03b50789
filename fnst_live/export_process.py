"""The export worker as its parent sees it: a process that is told commands and tells events, a JSON line each.

It is a process of its own so that the window never imports what paints, and so that a crash in there costs one job.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
PATIENCE_S = 5.0  # how long it may take to end once nothing is left to do


class WorkerProcess:
    """Started by making one. `send` may be called on any thread, the rest on one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fnst_live.export_worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            start_new_session=True,  # Ctrl-C in the terminal is for the window, which decides about its exports
        )
        self._sending = threading.Lock()
        self._has_ended = False

    @property
    def is_alive(self) -> bool:
        """False as soon as it is silent for good, which may be a little before the system has cleared it away."""
        return not self._has_ended and self._process.poll() is None

    def send(self, command: str, **details: Any) -> None:
        """To a process that has died this does nothing: its `events` tell."""
        line = json.dumps({"do": command, **details}) + "\n"
        with self._sending, contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def events(self) -> Iterator[Event]:
        """As they come; ends with the process."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # a line that a crash has cut
                yield json.loads(line)
        self._has_ended = True

    def kill(self) -> None:
        """At once. What it was writing stays under its provisional name."""
        self._process.kill()

    def close(self) -> None:
        """Nothing is left to do: lets it end, and waits for that."""
        with self._sending, contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
