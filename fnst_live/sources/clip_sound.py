"""The sound of a clip as chunks for a sound device: s16, stereo, 48 kHz, each with its time in the clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAMPLE_RATE = 48_000
CHANNELS = 2


@dataclass(frozen=True)
class SoundChunk:
    """samples: s16le, channels interleaved. time_s: where in the clip it begins."""

    samples: bytes
    time_s: float


class ClipSound:
    """Iterated once, on any thread; `close` may be called from another."""

    def __init__(self, path: Path, start_s: float = 0.0):
        """Raises InputError. A clip without sound gives no chunks."""

    def __iter__(self) -> Iterator[SoundChunk]:
        return iter(())

    def close(self) -> None: ...
