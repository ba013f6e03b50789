"""The live runner: the newest frame of a source, painted, as fast as it goes. Late frames are dropped and counted."""

from __future__ import annotations

from dataclasses import dataclass

from fnst_live.frames.frame import Pixels
from fnst_live.pipeline.stats import LiveStats


@dataclass(frozen=True, eq=False)
class LiveResult:
    """What the viewport pulls.

    content, painted: uint8 (H, W, 3) RGB, same size, read-only, mirrored alike. style: empty while the first one is
    being loaded; painted is the content then. generation: counts the sources opened. time_s: position in a clip.
    """

    content: Pixels
    painted: Pixels
    stats: LiveStats
    style: str
    generation: int
    time_s: float | None
