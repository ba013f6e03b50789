"""A bounded belt between two threads: it holds back whoever is faster, and never leaves either side waiting.

A `queue.Queue` alone does: a producer that dies without a last word blocks its consumer for ever. Here an error on
one side surfaces on the other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class BeltStopped(Exception):
    """The other side has given up; there is nothing to report that it does not report itself."""


class Belt(Generic[T]):
    """At most `capacity` items in flight."""

    def __init__(self, capacity: int):
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_stopped = False

    def put(self, item: T) -> None:
        """Waits for room. Raises BeltStopped once the consumer has given up."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or len(self._items) < self._capacity)
            if self._is_stopped:
                raise BeltStopped
            self._items.append(item)
            self._changed.notify_all()

    def offer(self, item: T) -> bool:
        """Puts it if there is room now; False if there is none, or nobody takes anything any more."""
        with self._changed:
            if self._is_stopped or self._is_closed or len(self._items) >= self._capacity:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def wait_for_room(self) -> None:
        """So that whoever has but one item to make makes it of what is newest then. Raises BeltStopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or len(self._items) < self._capacity)
            if self._is_stopped:
                raise BeltStopped

    def close(self) -> None:
        """The producer is done, well or not; the consumer still gets what lies on the belt."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Either side gives up: whoever waits is woken, what lies on the belt is dropped."""
        with self._changed:
            self._is_stopped = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Items until the belt is closed and empty, or stopped."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._items) or self._is_closed or self._is_stopped)
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
