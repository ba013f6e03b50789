"""Decodes a clip's sound ahead on a thread of its own, so that the window never waits for a file."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from typing import Protocol

from fnst_live.errors import InputError

QUEUED_CHUNKS = 32


class SoundChunk(Protocol):
    """samples: s16le, stereo, 48 kHz."""

    @property
    def samples(self) -> bytes: ...


class ChunkReader:
    def __init__(self, sound: Iterator[SoundChunk]):
        self._sound = sound
        self._chunks: queue.Queue[bytes] = queue.Queue(QUEUED_CHUNKS)
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._read, name="clip sound")
        self._thread.start()

    def take(self) -> bytes:
        """The next chunk, or nothing yet."""
        try:
            return self._chunks.get_nowait()
        except queue.Empty:
            return b""

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()

    def _read(self) -> None:
        with contextlib.suppress(InputError):  # a clip whose sound cannot be read plays without it
            for chunk in self._sound:
                if not self._put(chunk.samples):
                    return

    def _put(self, samples: bytes) -> bool:
        while not self._is_closed.is_set():
            with contextlib.suppress(queue.Full):
                self._chunks.put(samples, timeout=0.05)
                return True
        return False
