"""One slot between two threads, in which the newest wins: nothing queues, whoever is slow sees less, never later."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestFrame(Generic[T]):
    """At most one item waits; a newer one takes its place."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: T | None = None
        self._is_untaken = False
        self._is_awake = False
        self._is_closed = False

    def put(self, item: T) -> bool:
        """True if an item that nobody took was replaced."""
        with self._changed:
            was_untaken = self._is_untaken
            self._newest, self._is_untaken = item, True
            self._changed.notify_all()
            return was_untaken

    def take(self, timeout_s: float | None = None) -> T | None:
        """The newest item that was not taken yet; waits for one. None once closed, timed out or woken."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_untaken or self._is_awake or self._is_closed, timeout_s)
            self._is_awake = False
            if not self._is_untaken or self._is_closed:
                return None
            self._is_untaken = False
            return self._newest

    def newest(self) -> T | None:
        """The last item put, taken or not; it stays."""
        return self._newest

    def wake(self) -> None:
        """Whoever waits in `take`, or comes there next, goes on without an item."""
        with self._changed:
            self._is_awake = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """Nobody waits here any more. The newest item can still be looked at."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
