"""The pace of real time, for sources that could be quicker: a clip, the built-in scene."""

from __future__ import annotations

import threading
import time


class Pace:
    """A clock that stands or runs; waiting on it ends at once when it is closed or jolted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._zero_s = time.monotonic()
        self._paused_at_s: float | None = 0.0
        self._is_jolted = self._is_closed = False

    @property
    def now_s(self) -> float:
        """Seconds on this clock."""
        paused_at_s = self._paused_at_s
        return time.monotonic() - self._zero_s if paused_at_s is None else paused_at_s

    @property
    def is_running(self) -> bool:
        return self._paused_at_s is None

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def run(self) -> None:
        with self._changed:
            if self._paused_at_s is not None:
                self._zero_s = time.monotonic() - self._paused_at_s
                self._paused_at_s = None
            self._changed.notify_all()

    def stand(self) -> None:
        with self._changed:
            self._paused_at_s = self.now_s
            self._changed.notify_all()

    def set(self, seconds: float) -> None:
        with self._changed:
            if self._paused_at_s is not None:
                self._paused_at_s = seconds
            self._zero_s = time.monotonic() - seconds
            self._changed.notify_all()

    def jolt(self) -> None:
        """Whoever waits, or waits next, shall look up: something else is wanted."""
        with self._changed:
            self._is_jolted = True
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def wait_until(self, seconds: float | None) -> bool:
        """True when the clock shows it; False if jolted or closed before. None, and a clock that stands, never come."""
        with self._changed:
            while not (self._is_jolted or self._is_closed):
                left_s = None if seconds is None or not self.is_running else seconds - self.now_s
                if left_s is not None and left_s <= 0:
                    return True
                self._changed.wait(left_s)
            self._is_jolted = False
            return False
